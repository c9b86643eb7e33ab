"""What a tap on a person's own case does: it answers, or opens what is read beside the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bot.service.answers import apply_answer
from bot.service.case_store import CaseRecord, CaseRepository
from bot.service.links.share_links import sign
from bot.service.pictures.requests import require_picture, send_picture
from bot.service.private.cases import PrivateCases, read_only_card
from bot.service.private.recent_cases import MOST_RECENT
from bot.service.replies import ActionContext, Reply, SendRecord, ShowCard
from bot.service.times import in_utc, next_timestamp
from flows.cards.card import Action, Button, Tap
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.errors import AnswersWouldGo, ChosenOtherwise, EmptySelection, FlowError, NothingToUndo, StaleTap

READ_ONLY: Final = frozenset(
    {Action.answers, Action.option, Action.changes, Action.what_if, Action.compare, Action.copy}
)
"""What is read beside a case and changes nothing of it: its answers at any time, the rest beside a recommendation."""

REFUSALS: Final[Mapping[type[FlowError], str]] = {
    StaleTap: "stale",
    EmptySelection: "empty_selection",
    ChosenOtherwise: "chosen_otherwise",
    NothingToUndo: "nothing_to_undo",
}
"""The toast for each reason why a tap is not taken."""


class CaseTaps:
    """Applies taps to a case that is shown by the message they come from."""

    def __init__(self, cases: PrivateCases, catalog: Catalog, clock: Callable[[], float]) -> None:
        """Store what draws a case, the words, the clock (seconds since 1970)."""
        self._cases = cases
        self._catalog = catalog
        self._words = catalog.wording
        self._pages = Pages(catalog)
        self._clock = clock

    def apply(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Apply a tap to the interview; one that comes too late redraws where the case stands, and says so."""
        updated, toast = replace(record, card_message_id=context.message_id), ""
        try:
            if tap.action in READ_ONLY:
                return self._show_read_only(repository, updated, tap)
            if tap.action is Action.share:
                return self._share(repository, updated)
            if tap.action is Action.picture:
                return self._send_picture(repository, updated, tap.question)
            if tap.action is Action.record:
                return self._send_record(repository, updated)
            if tap.action is Action.scale:
                return self._scale(updated, tap)
            if tap.action is Action.linked_case:
                return self._open_linked(repository, updated, tap, context)
            updated = replace(
                updated,
                case=apply_answer(self._cases.services_of(record).interview, record.case, tap, context.user_id),
                updated_at=next_timestamp(self._clock, record),
            )
        except AnswersWouldGo:
            return self._start_over(updated)
        except (StaleTap, EmptySelection, ChosenOtherwise, NothingToUndo) as refused:
            toast = getattr(self._words.toasts, REFUSALS[type(refused)])
        if updated != record:
            repository.update(updated, record.case.revision)
        return Reply((self._cases.show_case(repository, updated),), toast)

    def _show_read_only(self, repository: CaseRepository, record: CaseRecord, tap: Tap) -> Reply:
        """Show what is read beside a recommendation; it changes nothing of the case."""
        interview, cards = self._cases.services_of(record)
        state, now = interview.state(record.case), in_utc(self._clock())
        if state.current is None and tap.action is Action.copy:
            card = cards.copy_card(record.case, state, now, self._cases.scored(repository, record, state))
        else:
            card = read_only_card(cards, record.case, state, tap)
        return Reply((ShowCard(self._cases.with_name(record.case, card), record.card_message_id, record.case.id),))

    def _start_over(self, record: CaseRecord) -> Reply:
        """Ask whether a case shall begin again."""
        interview, cards = self._cases.services_of(record)
        card = cards.starting_over(record.case, interview.state(record.case))
        return Reply((ShowCard(self._cases.with_name(record.case, card), record.card_message_id, record.case.id),))

    def _share(self, repository: CaseRepository, record: CaseRecord) -> Reply:
        """Offer the link that hands a finished case to a group."""
        if self._cases.services_of(record).interview.state(record.case).current:
            return Reply((self._cases.show_case(repository, record),), self._catalog.team.toasts.not_finished)
        token = sign(repository.signing_secret(), record.case.id, record.owner, self._clock())
        labels = self._catalog.team.labels
        to_group = Button(labels.to_group, self._cases.go_on(record).tap, share_token=token)
        back = Button(self._words.labels.to_card, self._cases.go_on(record).tap)
        card = self._pages.bare(self._catalog.team.pages.share, to_group, back)
        return Reply((ShowCard(self._cases.with_name(record.case, card), record.card_message_id, record.case.id),))

    def _send_picture(self, repository: CaseRepository, record: CaseRecord, option: str) -> Reply:
        """Have the picture of a case sent, of an option where one is named.

        Raises:
            StaleTap: where it has none.
        """
        interview = self._cases.services_of(record).interview
        require_picture(interview.flow, interview.state(record.case), option)
        others = repository.list_recent(record.place, record.owner, MOST_RECENT)
        return send_picture(repository, record, record.case.revision, option, others)

    def _send_record(self, repository: CaseRepository, record: CaseRecord) -> Reply:
        """Have the record of a case sent.

        Raises:
            StaleTap: where it has none.
        """
        interview = self._cases.services_of(record).interview
        require_picture(interview.flow, interview.state(record.case), "")
        repository.update(record, record.case.revision)
        return Reply(effects=(SendRecord(record.case.id, chat=record.place),))

    def _scale(self, record: CaseRecord, tap: Tap) -> Reply:
        """Show a scale beside the question at hand."""
        return Reply((ShowCard(self._cases.to_read(record.case, tap), record.card_message_id, record.case.id),))

    def _open_linked(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Open the case that helps with the question at hand; it starts from what is found already."""
        state = self._cases.services_of(record).interview.state(record.case)
        if tap.turn != record.case.turn or state.current is None or state.current.linked_flow != tap.question:
            raise StaleTap(tap.question)
        linked_id = record.case.linked_case_id(state.levels)
        begun = repository.get(linked_id)
        if begun:
            return self._cases.bring_here(repository, begun, context)
        fresh = record.case.helper(tap.question, self._catalog.edition, state.levels)
        case = self._cases.services_for(tap.question).interview.prefill(fresh, state.findings, context.user_id)
        opened = CaseRecord(
            case, context.chat, context.user_id, next_timestamp(self._clock, record), context.message_id
        )
        repository.add(opened)
        return Reply((self._cases.show_case(repository, opened),))
