"""How a vote is counted, and what becomes of its poll: posted, refused, closed, or known by nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from bot.service.case_store import POLL, CaseRecord, CaseRepository
from bot.service.replies import (
    ClosePoll,
    Reply,
    ShowCard,
)
from bot.service.team.cases import TeamCases
from bot.service.team.linked_cases import roots
from bot.service.team.opening import CaseOpening
from bot.service.times import next_timestamp
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.engine.discussion import Member
from flows.errors import FlowError
from flows.model.case import DiscussionAction
from flows.model.editions import upgrade
from flows.pathways.editions import CHANGES

CLOCK_SKEW: Final = 86400.0
"""Seconds: no case was touched later than that from now, whatever the clock did."""


class Votes:
    """Records the votes of members, and the messages of their polls."""

    def __init__(self, cases: TeamCases, opening: CaseOpening, catalog: Catalog, clock: Callable[[], float]) -> None:
        """Store what draws a case, what brings one back, the words, the clock (seconds since 1970)."""
        self._cases = cases
        self._opening = opening
        self._pages = Pages(catalog)
        self._words = catalog.team
        self._clock = clock

    def count(self, repository: CaseRepository, poll: str, numbers: Iterable[int], user_id: str) -> Reply:
        """Record a vote: the number of an answer of the poll, or none if it was taken back."""
        record = repository.get_by_poll(poll)
        if record is None:
            return Reply()
        offered = self._cases.view(record).discussion.offered
        voted = next((offered[number] for number in numbers if number < len(offered)), "")
        try:
            case = self._cases.services_of(record).discussion.vote(record.case, voted, user_id, self._clock())
        except FlowError:
            return Reply()
        woken = self._opening.unarchive(repository, record) or record
        updated = replace(woken, case=case, updated_at=next_timestamp(self._clock, record))
        repository.update(updated, record.case.revision)
        return Reply((self._cases.show_case(repository, updated),))

    def on_stray_vote(self, repository: CaseRepository, poll: str, asks: Callable[[str], bool]) -> Reply:
        """Answer a vote in a poll that no case knows: its sending was in doubt, so it was sent once more.

        Whose vote it is cannot be told, nor can the poll be stopped: its message is not known. Nothing is said where
        it might be another case's.

        Args:
            repository: the transaction.
            poll: the channel's id of the poll.
            asks: tells whether a question is the one that the poll asks.
        """
        if repository.get_by_poll(poll):
            return Reply()
        voting = [k for k in roots(repository.list_idle(self._clock() + CLOCK_SKEW)) if self._cases.is_voting(k)]
        meant = [k for k in voting if asks(self._cases.open_poll(k).question)]
        if len(meant) != 1 or meant[0].team is None:
            return Reply()
        title = self._words.heads.stray_vote.format(name=meant[0].team.code_name)
        card = self._pages.list_page(title, self._words.lines.stray_vote, ())
        return Reply((ShowCard(card, chat=meant[0].place),))

    def on_unknown_poll(self, voter: str) -> Reply:
        """Announce to a voter that no case knows the poll: it is a copy, or a restored backup is older than it."""
        return self._cases.notice(voter, self._words.heads.unknown_poll, self._words.lines.unknown_poll)

    def on_unproven_vote(self, repository: CaseRepository, poll: str) -> Reply:
        """Announce that a vote was not counted, since nobody knows if the voter is a member."""
        record = repository.get_by_poll(poll)
        if record is None or record.team is None:
            return Reply()
        title = self._words.heads.unproven_vote.format(name=record.team.code_name)
        return self._cases.notice(record.place, title, self._words.lines.unproven_vote)

    def on_poll_sent(self, repository: CaseRepository, case_id: str, number: int, poll: str, message: int) -> Reply:
        """Remember the poll of a vote; one that came too late is stopped."""
        record = repository.get(case_id)
        if record is None or record.team is None:
            return Reply(effects=(ClosePoll(message),))
        if not self._cases.is_voting(record) or self._cases.view(record).discussion.rounds != number:
            return Reply(effects=(ClosePoll(message, chat=record.place),))
        earlier = record.team.poll_message_id
        repository.update(
            replace(record, team=replace(record.team, poll_id=poll, poll_message_id=message)), record.case.revision
        )
        return Reply(effects=(ClosePoll(earlier, chat=record.place),) if earlier not in (None, message) else ())

    def on_poll_refused(self, repository: CaseRepository, case_id: str, number: int) -> Reply:
        """End a vote whose poll Telegram refused; the card says so."""
        record = repository.get(case_id)
        if record is None or not self._cases.is_voting(record) or self._cases.view(record).discussion.rounds != number:
            return Reply()
        updated = self.without_poll(record)
        repository.update(updated, record.case.revision)
        return Reply((self._cases.show_case(repository, updated),)) if not record.archived else Reply()

    def on_poll_stays(self, place: str) -> Reply:
        """Announce that a poll which is over could not be closed."""
        return self._cases.notice(place, self._words.heads.poll_stays, self._words.lines.poll_stays)

    def without_poll(self, record: CaseRecord) -> CaseRecord:
        """Return a case whose vote has no poll as it was before the vote, with a word that the poll was refused."""
        asked = next(s.who for s in reversed(record.case.discussion_events) if s.action is DiscussionAction.discuss)
        discussion = self._cases.services_of(record).discussion
        case = upgrade(discussion.withdraw(record.case, Member(asked, leads=True), self._clock()), CHANGES)
        return replace(record, case=case, team=record.team.refused(POLL) if record.team else None)
