"""What a message or a tap does in a group, the same for every channel: one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bot.service.case_store import CaseRepository, chat_of
from bot.service.commands import ADMIN_COMMANDS, GROUP_COMMANDS
from bot.service.links.read_links import link_to_page
from bot.service.pictures.board_minutes import BoardMinutes
from bot.service.pictures.requests import change_theme
from bot.service.private.private_chat import PrivateChat
from bot.service.private.typed_notes import heading
from bot.service.replies import (
    FOREIGN,
    MISPLACED,
    ActionContext,
    NoteInput,
    Reply,
    SendRecord,
    ShowCard,
)
from bot.service.tap_rules import Where, allows
from bot.service.team.case_taps import TeamCaseTaps
from bot.service.team.cases import TeamCases
from bot.service.team.chat_changes import ChatChanges
from bot.service.team.linked_cases import load, roots
from bot.service.team.opening import CaseOpening
from bot.service.team.reading import PrivateReading
from bot.service.team.receipts import DeliveryReceipts
from bot.service.team.refusals import RefusalTexts
from bot.service.team.tapped_message import instead, kind_of, shows_a_case
from bot.service.team.votes import Votes
from bot.service.times import next_timestamp
from flows.cards.card import Action, Card, Tap
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.model.case import Case
from flows.model.flow import Flow

_ANSWERED: Final = frozenset((*GROUP_COMMANDS, *ADMIN_COMMANDS, "new", "cancel", "forget"))
"""Commands that get an answer in a group; some are of private chats, and of no menu there."""

BEGIN_PAYLOAD: Final = "case"
"""The payload of a link that begins a case in the group it leads to."""


class GroupChat:
    """Hands what the members of a group do to their case, their vote or a page.

    Attributes:
        cases: how a case is drawn.
        opening: how one is begun, and brought back.
        votes: how votes are counted.
        receipts: what follows when a message was sent, or refused.
        changes: what follows when a chat moves, or the bot goes.
        reading: what a member reads of a case in private.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        catalog: Catalog,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        private: PrivateChat,
    ) -> None:
        """Store the flows, the one that a team works first, and their words, clock, ids, what a person alone is shown.

        Args:
            flows: by their codes; the others help with a question of the first.
            catalog: their words.
            clock: gives seconds since 1970, UTC.
            new_id: gives an id for a case.
            private: what answers where it is no matter of a team.
        """
        self._pages = Pages(catalog)
        self._catalog = catalog
        self._words = catalog.team
        self._clock = clock
        self._private = private
        self._notices = private.notices
        self.cases = TeamCases(flows, catalog, clock)
        self.opening = CaseOpening(self.cases, next(iter(flows)), catalog, clock, new_id)
        self.votes = Votes(self.cases, self.opening, catalog, clock)
        self.receipts = DeliveryReceipts(self.cases, catalog)
        self.changes = ChatChanges(self.cases, self.opening, self.votes, catalog, clock)
        self.reading = PrivateReading(self.cases, private.cases, private.notices, catalog, clock)
        self.minutes = BoardMinutes(self.cases, catalog, clock)
        self._refusals = RefusalTexts(self.cases, catalog)
        self._case_taps = TeamCaseTaps(self.cases, self.opening, self.reading, self._refusals, catalog, clock)

    def command(self, repository: CaseRepository, name: str, argument: str, context: ActionContext) -> Reply:
        """Answer a command, given without its slash; one that is none of ours is nobody's business here."""
        match name:
            case "case" | "new":
                return self.opening.new(repository, context)
            case "cases" | "cancel":
                return self._list(repository, context.chat)
            case "minutes":
                return self.minutes.command(repository, argument, context)
            case "start" if argument:
                return (
                    self.opening.new(repository, context)
                    if argument == BEGIN_PAYLOAD
                    else self.opening.open_shared(repository, argument, context)
                )
            case "forget":
                return _new_message(self._pages.bare(self._words.pages.erase_privately))
            case "help":
                return _new_message(self._pages.plain(self._words.pages.help))
            case "start" | "about" | "options" | "scales":
                return self._private.command(repository, name, context)
            case _:
                return Reply()

    def _list(self, repository: CaseRepository, place: str) -> Reply:
        """List what is open, with the cases that no message shows and those whose decision waits, which is tried."""
        unshown = roots(repository.list_unshown(place))
        known = {k.case.id: k for k in (*roots(repository.list_team_cases(place)), *unshown)}
        listed = [k for k in known.values() if self.cases.is_open(k) or (k.team and k.team.undelivered)]
        listed.sort(key=lambda k: -k.team.created_at if k.team else 0.0)
        page = ShowCard(self.cases.case_list(listed, self._clock()))
        waiting = self.receipts.retry(repository, [k for k in unshown if not k.archived])
        return Reply((page, *waiting.shows), effects=waiting.effects)

    def typed(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Begin a case of this place with what was read of the line behind the command, for a member to confirm.

        Where nothing was found in it, every question is asked; what the line should not hold is said beside.
        """
        case = self.opening.fresh()
        if note_input.findings or note_input.scope:
            return self.opening.open(repository, self._with_note(case, note_input, context.user_id), context, "")
        opened = self.opening.open(repository, case, context, "")
        warning = self._private.notes.warning(note_input)
        return replace(opened, shows=(*opened.shows, ShowCard(warning))) if warning else opened

    def edited(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Read the line again whose message was changed before it was confirmed; a confirmed case stays as it is."""
        record = (
            repository.unconfirmed(context.chat, context.user_id, note_input.message_id)
            if note_input.message_id is not None
            else None
        )
        if record is None or record.team is None:
            return Reply()
        case = self._with_note(record.case, note_input, context.user_id)
        updated = replace(record, case=case, updated_at=next_timestamp(self._clock, record))
        repository.update(updated, record.case.revision)
        return Reply() if updated.archived else Reply((self.cases.show_case(repository, updated),))

    def _with_note(self, case: Case, note_input: NoteInput, user_id: str) -> Case:
        """Show the members what was read of a line."""
        return self.cases.services_for(case.flow).interview.start_from_note(
            case, note_input.findings, heading(note_input), user_id, note_input.scope
        )

    def tap(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle a tap; None where its callback data could not be parsed."""
        reply = self._on_tap(repository, tap, context)
        return replace(reply, late=reply.late or (self._refusals.late(reply.toast) if reply.shows else ""))

    def _on_tap(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle a button press."""
        if tap is None or not tap.case:
            return self._tap_page(repository, tap, context)
        toasts = self._catalog.wording.toasts
        record = load(repository, tap.case)
        if record is None and shows_a_case(repository, context):
            return self._notices.refused(MISPLACED)
        if record is None:
            # A record is no less one when its case is erased: nothing takes its place.
            gone = instead(self._pages.bare(self._catalog.wording.pages.gone), context, toasts.gone)
            return Reply(toast=toasts.gone) if tap.action is Action.reopen else gone
        # A message that is gone bears no topic: its tap is known by the chat alone.
        if record.team is None or chat_of(record.place) != chat_of(context.chat):
            return Reply(toast=toasts.gone, forged=FOREIGN)
        where = kind_of(repository, record, context)
        if where is None or not allows(tap.action, where):
            return self._notices.refused(MISPLACED)
        if tap.action is Action.record:
            return Reply(effects=(SendRecord(record.case.id, chat=record.place),))
        if where is Where.record:
            return self._case_taps.on_button(repository, record, record, tap, context)
        if where is Where.picture:
            return change_theme(repository, record, tap.question, context.message_id, toasts.old_picture)
        return self._case_taps.on_card(repository, record, tap, context)

    def _tap_page(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle a tap on a button that belongs to no case."""
        if tap is None:
            return self._private.tap(repository, tap, context)
        if not allows(tap.action, Where.group_page) or shows_a_case(repository, context):
            return self._notices.refused(MISPLACED)
        return self.opening.new(repository, context) if tap.action is Action.new else Reply(opens=link_to_page(tap))

    def refusal(self, why: str, command: str = "") -> Reply:
        """Answer why somebody cannot take part: a tap by a toast, a command by a line."""
        if not command:
            return Reply(toast=getattr(self._words.toasts, why))
        return _new_message(self._pages.bare(getattr(self._words.pages, why))) if command in _ANSWERED else Reply()

    def not_allowed_notice(self, chat: str, user_id: str, *, tapped: bool, told: bool) -> Reply:
        """Answer once that the bot is not for this group."""
        if tapped:
            return self._notices.not_listed(user_id, tapped=True)
        return Reply() if told else _new_message(self._pages.number_page(self._words.pages.not_here, chat))


def _new_message(card: Card) -> Reply:
    return Reply((ShowCard(card),))
