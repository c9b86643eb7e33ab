"""What becomes of a chat's cases when the chat moves, a topic or the bot goes, or nobody touches them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.service.case_store import RECORD, CaseRecord, CaseRepository, place_of
from bot.service.replies import (
    Effect,
    Reply,
    ShowCard,
)
from bot.service.team.cases import TeamCases
from bot.service.team.linked_cases import roots
from bot.service.team.opening import CaseOpening
from bot.service.team.votes import Votes
from flows.catalog.loader import Catalog


class ChatChanges:
    """Moves cases along, and archives them."""

    def __init__(
        self, cases: TeamCases, opening: CaseOpening, votes: Votes, catalog: Catalog, clock: Callable[[], float]
    ) -> None:
        """Store what draws a case, what brings one back, what ends a vote, the words, the clock (since 1970)."""
        self._cases = cases
        self._opening = opening
        self._votes = votes
        self._words = catalog.team
        self._clock = clock

    def on_chat_migrated(self, repository: CaseRepository, old: str, new: str) -> Reply:
        """Go on in the chat that a group has become; its messages bear other numbers there: each case gets a card.

        Telegram says it in both chats, and once more to what is sent to the old one: what has moved stays as it is.
        """
        is_moving = bool(repository.list_in_chat(old))
        repository.migrate_chat(old, new)
        if not is_moving:
            return Reply()
        shows: list[ShowCard] = []
        effects: list[Effect] = []
        for record in roots(repository.list_in_chat(new)):
            if self._cases.is_open(record):
                shows.append(self._cases.show_case(repository, record))
                unasked = self._cases.is_voting(record) and record.team and record.team.poll_message_id is None
                effects += [self._cases.open_poll(record)] if unasked else []
            elif record.team and record.team.decision_message_id is None:
                shows.append(self._cases.show_decision(repository, record))
        return Reply(tuple(shows), effects=tuple(effects))

    def on_bot_removed(self, repository: CaseRepository, chat: str) -> Reply:
        """Archive the cases of a chat that the bot was removed from; `/cases` offers them once it is back."""
        for record in roots(repository.list_in_chat(chat)):
            unposted = record.team and not self._cases.is_open(record) and record.team.decision_message_id is None
            rested = replace(record, archived=True, card_message_id=None, picture=record.picture.gone())
            rested = replace(rested, team=record.team.refused(RECORD)) if record.team and unposted else rested
            unasked = self._cases.is_voting(record) and record.team and record.team.poll_message_id is None
            repository.update(self._votes.without_poll(rested) if unasked else rested, record.case.revision)
        return Reply()

    def on_topic_gone(self, repository: CaseRepository, chat: str, topic: int) -> Reply:
        """Go on in the chat itself with the cases of a topic that is closed or gone, and say so."""
        place = place_of(chat, topic)
        moving = {k.case.id for k in roots(repository.list_in_chat(chat)) if k.place == place}
        if not repository.leave_topic(chat, topic) or not moving:
            return Reply()
        shows: list[ShowCard] = []
        names: list[str] = []
        for record in (k for k in roots(repository.list_in_chat(chat)) if k.case.id in moving):
            named = self._opening.unarchive(repository, record) or record
            repository.update(named, record.case.revision)
            if named.team and self._cases.is_open(named):
                names.append(named.team.code_name)
                shows.append(self._cases.show_case(repository, named))
        title = self._words.heads.topic_gone.format(name=", ".join(names))
        notice = self._cases.notice(chat, title, self._words.lines.topic_gone)
        return Reply((*notice.shows, *shows)) if names else Reply()

    def archive_idle(self, repository: CaseRepository, rest_after: float) -> Reply:
        """Archive cases that nobody touched for `rest_after` seconds, and announce it once in each place."""
        idle = [k for k in roots(repository.list_idle(self._clock() - rest_after)) if self._cases.is_open(k)]
        resting: dict[str, list[CaseRecord]] = {}
        shows: list[ShowCard] = []
        for record in idle:
            repository.update(replace(record, archived=True), record.case.revision)
            resting.setdefault(record.place, []).append(record)
            if record.card_message_id is not None:
                shows.append(ShowCard(self._cases.archived_card(record), record.card_message_id, chat=record.place))
        hours = round(rest_after / 3600)
        for place, cases in resting.items():
            shows.append(ShowCard(self._cases.archive_notice(cases, hours), chat=place))
        return Reply(tuple(shows))
