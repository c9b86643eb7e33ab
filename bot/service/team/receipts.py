"""What follows when Telegram has taken, refused or lost a card, or the record of a decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.service.case_store import CARD, RECORD, CaseRecord, CaseRepository, chat_of
from bot.service.replies import (
    Effect,
    PinMessage,
    Reply,
    ShowCard,
)
from bot.service.team.cases import TeamCases
from bot.service.team.linked_cases import load, roots, save
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog


class DeliveryReceipts:
    """Remembers which message shows what, and shows once more what has changed since, or was refused."""

    def __init__(self, cases: TeamCases, catalog: Catalog) -> None:
        """Store what draws a case, and the words."""
        self._cases = cases
        self._pages = Pages(catalog)
        self._words = catalog.team

    def on_card_sent(self, repository: CaseRepository, case_id: str, message: int) -> Reply:
        """Remember which message shows a case, and draw how it stands by now; the one before is outdated."""
        record = load(repository, case_id)
        if record is None:
            return Reply()
        updated = replace(record, card_message_id=message, team=record.team.delivered(CARD) if record.team else None)
        if updated != record:
            save(repository, updated, record.case.revision)
        before = record.card_message_id not in (None, message)
        outdated = (
            (ShowCard(self._cases.superseded_card(record), record.card_message_id, chat=record.place),)
            if before
            else ()
        )
        return Reply((self._cases.show_case(repository, updated), *outdated))

    def on_decision_sent(self, repository: CaseRepository, case_id: str, message: int) -> Reply:
        """Remember which message records the decision, and pin it; one that was sent before it does not hold."""
        record = repository.get(case_id)
        if record is None or record.team is None:
            return Reply()
        earlier = record.team.decision_message_id
        case = self._cases.services_of(record).discussion.recorded(record.case, (chat_of(record.place), message))
        team = replace(record.team.delivered(RECORD), decision_message_id=message)
        updated = replace(record, case=case, team=team)
        repository.update(updated, record.case.revision)
        waited = record.team.lacks(RECORD) and record.card_message_id is not None and not record.archived
        holds = not self._cases.is_open(record)
        pins: list[Effect] = [PinMessage(message, chat=record.place)] if holds else []
        late = ShowCard(self._cases.superseded_card(record), message, chat=record.place)
        # A record that comes after its case was reopened would bear what was answered since.
        shows = [self._cases.show_decision(repository, updated) if holds else late]
        shows += [self._cases.show_case(repository, updated)] if waited else []
        if earlier not in (None, message):
            pins.append(PinMessage(earlier, on=False, chat=record.place))
            shows.append(ShowCard(self._cases.superseded_card(record), earlier, chat=record.place))
        return Reply(tuple(shows), effects=tuple(pins))

    def on_part_refused(self, repository: CaseRepository, case_id: str, part: str) -> Reply:
        """Note that Telegram refused the card or the record of a case; the card says so, where there is one."""
        record = repository.get(case_id)
        if record is None or record.team is None:
            return Reply()
        card = None if part == CARD else record.card_message_id
        updated = replace(record, team=record.team.refused(part), card_message_id=card)
        repository.update(updated, record.case.revision)
        return self.redraw(repository, case_id) if not record.team.lacks(part) else Reply()

    def on_record_stays(self, repository: CaseRepository, chat: str, message: int) -> Reply:
        """Announce that the record of a decision could not be changed, where that message is one."""
        for record in roots(repository.list_in_chat(chat)):
            places = [decision.record for decision in self._cases.view(record).discussion.decisions]
            if record.team and (chat, message) in places:
                title = self._words.heads.record_stays.format(name=record.team.code_name)
                return self._cases.notice(record.place, title, self._words.lines.record_stays)
        return Reply()

    def unpinned(self, place: str) -> Reply:
        """Return the notice that a decision could not be pinned, and why."""
        card = self._pages.list_page(self._words.heads.unpinned, self._words.lines.unpinned, ())
        return Reply((ShowCard(card, chat=place),))

    def retry(self, repository: CaseRepository, cases: Iterable[CaseRecord]) -> Reply:
        """Show once more what Telegram has refused of some cases."""
        shows: list[ShowCard] = []
        for record in roots(cases):
            if record.team and record.team.lacks(RECORD) and not self._cases.is_open(record):
                shows.append(self._cases.show_decision(repository, record))
            if record.team and record.team.lacks(CARD):
                shows.append(self._cases.show_case(repository, record))
        return Reply(tuple(shows))

    def redraw(self, repository: CaseRepository, case_id: str) -> Reply:
        """Draw where a case stands, in the message that shows it."""
        record = load(repository, case_id)
        return Reply(
            (self._cases.show_case(repository, record),)
            if record and record.card_message_id is not None and not record.archived
            else ()
        )

    def unsigned(self, repository: CaseRepository, cases: Iterable[CaseRecord]) -> tuple[ShowCard, ...]:
        """Draw every card and record anew on which somebody was named whose number was erased from these cases."""
        ids = dict.fromkeys(record.case.parent_id or record.case.id for record in cases)
        return tuple(show for case_id in ids for show in self._shown_anew(repository.get(case_id), repository))

    def _shown_anew(self, case_record: CaseRecord | None, repository: CaseRepository) -> list[ShowCard]:
        """Draw a case in the message that shows it, and its records in theirs, in the chat where it is now."""
        if case_record is None:
            return []
        view, board = self._cases.view(case_record, repository), self._cases.services_of(case_record).renderer
        shows = (
            [self._cases.show_case(repository, case_record)]
            if case_record.card_message_id is not None and not case_record.archived
            else []
        )
        for decision in view.discussion.decisions:
            chat, message = decision.record or ("", 0)
            if chat == chat_of(case_record.place):
                record = board.decision(view, decision)
                shows.append(ShowCard(record, message, case_record.case.id, chat=case_record.place, is_decision=True))
        return shows
