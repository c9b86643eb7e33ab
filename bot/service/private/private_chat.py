"""What a message or a tap does in a private chat: a value in, a value out, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bot.service.case_store import CaseRecord, CaseRepository, chat_of
from bot.service.links.read_links import page_in
from bot.service.links.wipe_offers import offered
from bot.service.notices import Notices
from bot.service.pictures.requests import change_theme
from bot.service.private.case_taps import CaseTaps
from bot.service.private.cases import PrivateCases
from bot.service.private.pages import PrivatePages
from bot.service.private.typed_notes import TypedNotes
from bot.service.replies import (
    FOREIGN,
    MISPLACED,
    UNREADABLE,
    ActionContext,
    DeleteMessage,
    NoteInput,
    Reply,
    ShowCard,
)
from bot.service.tap_rules import Where, allows
from bot.service.times import next_timestamp
from flows.cards.card import Action, Card, Tap
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.export.start_payload import decode_start_payload
from flows.model.flow import Flow
from flows.model.source_scope import encode_scope

MOST_ERASED: Final = 100
"""Pictures that are deleted with what is erased; each costs a call to Telegram."""


class PrivateChat:
    """Hands what a person does to their case, their note or a page.

    Attributes:
        notices: what anybody is told who is refused, or could not be served.
        cases: how a case is drawn.
        notes: what a typed note leads to.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        catalog: Catalog,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        *,
        drawn: bool = False,
    ) -> None:
        """Store the flows, the default first, their words, the clock (seconds since 1970) and the source of ids.

        With `drawn` the levels can also be tapped on a page of the spine.
        """
        scores = tuple(code for code, flow in flows.items() if flow.guidance.bands)
        self.notices = Notices(catalog)
        self.cases = PrivateCases(flows, catalog, clock, new_id, drawn=drawn)
        self.notes = TypedNotes(self.cases, catalog, clock)
        self._case_taps = CaseTaps(self.cases, catalog, clock)
        self._private_pages = PrivatePages(self.cases, scores, catalog, clock)
        self._pages = Pages(catalog)
        self._catalog = catalog
        self._words = catalog.wording
        self._clock = clock

    def command(self, repository: CaseRepository, name: str, context: ActionContext) -> Reply:
        """Answer a command, given without its slash."""
        match name:
            case "new" | "case":
                return self._new(repository, context)
            case "sins":
                return self._new(repository, context, name)
            case "cancel":
                return self._cancel(repository, context)
            case _:
                return _new_message(self._private_pages.of_command(repository, name, context))

    def on_start_link(self, repository: CaseRepository, payload: str, context: ActionContext) -> Reply:
        """Begin where a link leads: a page, a case to be confirmed; a link that is none of ours leads to the start."""
        page = page_in(payload)
        if page and page.action is Action.help:
            return _new_message(self._pages.plain(self._catalog.team.pages.help))
        if page:
            return self._tap_page(repository, page, replace(context, message_id=None))
        prefill = decode_start_payload(self.cases.default.interview.flow, payload)
        if prefill is None or not prefill.findings:
            return self.command(repository, "start", context)
        return self.notes.begin(repository, context, NoteInput(prefill.findings, scope=encode_scope(prefill.scope)))

    def tap(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle a tap; None where its callback data could not be parsed."""
        if tap is None:
            return self.notices.refused(UNREADABLE)
        if not allows(tap.action, Where.own if tap.case else Where.page):
            return self.notices.refused(MISPLACED)
        if tap.action is Action.new:
            return self._new(repository, context, tap.question if self.cases.serves(tap.question) else "")
        if not tap.case:
            return self._tap_page(repository, tap, context)
        record = repository.get(tap.case)
        # A message that is gone bears no topic: its tap is known by the chat alone.
        if record is None or (chat_of(record.place), record.owner) != (chat_of(context.chat), context.user_id):
            gone = self._replace_tapped(self._pages.plain(self._words.pages.gone), context, self._words.toasts.gone)
            return replace(gone, forged=FOREIGN if record else "")
        return self._tap_own(repository, record, tap, replace(context, chat=record.place))

    def drawing(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle what was tapped on the page of the spine; it comes from no message, and is for its case's card."""
        if tap is None or tap.action is not Action.draw:
            return self.notices.refused(UNREADABLE)
        record = repository.get(tap.case)
        if record is None or (chat_of(record.place), record.owner) != (chat_of(context.chat), context.user_id):
            return Reply(toast=self._words.toasts.gone, forged=FOREIGN if record else "")
        return self._tap_own(
            repository, record, tap, replace(context, chat=record.place, message_id=record.card_message_id)
        )

    def _tap_own(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Handle a button of a case of the person's own."""
        if tap.action is Action.theme:
            old = self._words.toasts.old_picture
            return change_theme(repository, record, tap.question, context.message_id, old)
        if context.message_id is not None and context.message_id in record.picture.messages:
            return self.notices.refused(MISPLACED)
        if tap.action is Action.show:
            return self.cases.bring_here(repository, record, context)
        if tap.action is Action.delete_message:
            message = record.case.note_message
            return (
                self._delete_message(message)
                if message and str(message) == tap.choice
                else self.notices.refused(MISPLACED)
            )
        if record.archived:
            return self._replace_tapped(self.cases.archived_card(record), context, self._words.toasts.archived)
        if record.card_message_id not in (None, context.message_id):
            return self._replace_tapped(
                self.cases.superseded_card(record), context, self._words.toasts.shown_elsewhere
            )
        return self._case_taps.apply(repository, record, tap, context)

    def _tap_page(self, repository: CaseRepository, tap: Tap, context: ActionContext) -> Reply:
        """Turn a card that belongs to no case into another."""
        match tap.action:
            case Action.erase:
                return self._erase(repository, context)
            case Action.delete_message:
                message = offered(repository.signing_secret(), context.chat, tap.choice)
                return self._delete_message(message) if message is not None else self.notices.refused(MISPLACED)
        card = self._private_pages.of_button(repository, tap, context)
        return Reply((ShowCard(card, context.message_id),)) if card else Reply(toast=self._words.toasts.unknown_button)

    def on_card_sent(self, repository: CaseRepository, case_id: str, message: int) -> Reply:
        """Remember which message shows a case, and draw how it stands by now; one that showed it before is outdated.

        The case may have gone on since the message was drawn: where its sending was in doubt it was sent once more,
        and the first one was tapped meanwhile.
        """
        record = repository.get(case_id)
        if record is None:
            return Reply()
        updated = replace(record, card_message_id=message)
        if updated != record:
            repository.update(updated, record.case.revision)
        present = (
            ShowCard(self.cases.archived_card(updated), message)
            if updated.archived
            else self.cases.show_case(repository, updated)
        )
        return Reply((present, *self.cases.mark_superseded(record, message).shows))

    def redraw(self, repository: CaseRepository, case_id: str) -> Reply:
        """Draw where a case stands, in the message that shows it."""
        record = repository.get(case_id)
        return Reply(
            (self.cases.show_case(repository, record),)
            if record and record.card_message_id is not None and not record.archived
            else ()
        )

    def _delete_message(self, message: int) -> Reply:
        """Delete a message that the person was offered to delete."""
        return Reply(toast=self._words.toasts.message_deleted, effects=(DeleteMessage(message),))

    def _new(self, repository: CaseRepository, context: ActionContext, flow: str = "") -> Reply:
        """Begin a case; one that was begun and never answered is taken instead of another."""
        code = flow or self.cases.default.interview.flow.code
        present = repository.get_current(context.chat, context.user_id)
        now = next_timestamp(self._clock, present)
        if present and present.case.flow == code and not present.case.answer_events and not present.case.parent_id:
            case = replace(present.case, edition=self._catalog.edition)
            fresh = replace(present, case=case, card_message_id=None, updated_at=now)
            repository.update(fresh, present.case.revision)
            before = self.cases.mark_superseded(present, None).shows
        else:
            case = self.cases.fresh(repository, context, flow)
            fresh = CaseRecord(case, context.chat, context.user_id, updated_at=now)
            repository.add(fresh)
            before = ()
        return Reply((*before, self.cases.show_case(repository, fresh)))

    def _cancel(self, repository: CaseRepository, context: ActionContext) -> Reply:
        """Archive the open case; nothing of it is lost."""
        record = repository.get_current(context.chat, context.user_id)
        if record is None:
            return _new_message(self._pages.plain(self._words.pages.nothing_open))
        repository.update(
            replace(record, archived=True, updated_at=next_timestamp(self._clock, record)), record.case.revision
        )
        card = self.cases.archived_card(record)
        return Reply((*((ShowCard(card, record.card_message_id),) if record.card_message_id else ()), ShowCard(card)))

    def _erase(self, repository: CaseRepository, context: ActionContext) -> Reply:
        """Erase everything kept about the person's cases; the open card no longer shows findings."""
        record = repository.get_current(context.chat, context.user_id)
        pictures = [
            DeleteMessage(message)
            for shown in repository.list_recent(context.chat, context.user_id, MOST_ERASED)
            for message in shown.picture.messages
        ]
        repository.erase_person(context.user_id)
        shows = [ShowCard(self._pages.plain(self._words.pages.forgotten), context.message_id)]
        if record and record.card_message_id:
            shows.append(ShowCard(self._pages.plain(self._words.pages.gone), record.card_message_id))
        return Reply(tuple(shows), effects=tuple(pictures))

    @staticmethod
    def _replace_tapped(card: Card, context: ActionContext, toast: str) -> Reply:
        """Show a card in place of the one that was tapped, with a toast that says why."""
        return Reply((ShowCard(card, context.message_id),), toast)


def _new_message(card: Card) -> Reply:
    """Answer with a new message."""
    return Reply((ShowCard(card),))
