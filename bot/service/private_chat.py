"""What a message or a tap does to a case, the same for every channel: a value in, a value out, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from bot.service.case_store import CaseRecord, CaseRepository, chat_of
from bot.service.pictures.requests import change_theme, require_picture, send_picture
from bot.service.ports import UnitOfWork
from bot.service.read_links import page_in
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
from bot.service.share_links import sign
from bot.service.tap_rules import Where, allows
from bot.service.times import in_utc
from bot.service.wipe_offers import offer, offered
from flows.cards.card import Action, Block, Button, Card, Line, Tap
from flows.cards.case import CaseRenderer
from flows.cards.note import DANGER, IDENTIFIERS, LONG, delete_button, emergency, note_card
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.engine.interview import Interview, InterviewState
from flows.errors import AnswersWouldGo, ChosenOtherwise, EmptySelection, FlowError, NothingToUndo, StaleTap
from flows.export.picture import SpineView
from flows.export.start_payload import decode_start_payload
from flows.model.case import MESSAGE, Case
from flows.model.code_names import code_name
from flows.model.findings import NOT_ASKED, Codes
from flows.model.flow import Flow
from flows.model.levels import as_spans
from flows.model.scored import Scored
from flows.model.source_scope import decode_scope, encode_scope

COMMANDS: Final = (
    "new",
    "recent",
    "sins",
    "scores",
    "options",
    "scales",
    "help",
    "about",
    "cancel",
    "forget",
    "start",
)
"""Every command, in the order of the menu."""


SLOW: Final = "slow"
"""What stands in place of a command that is one too many; nobody can type it."""

NO_TEXT: Final = "no_text"
OWN_CARD: Final = "own_card"
"""What stands in place of a command for a message that holds no text, and for a card of the bot's that comes back."""

READ_ONLY: Final = frozenset(
    {Action.answers, Action.option, Action.changes, Action.what_if, Action.compare, Action.copy}
)
"""What is read beside a case and changes nothing of it: its answers at any time, the rest beside a recommendation."""

CLOCK_STEP: Final = 1e-6

MOST_RECENT: Final = 8
"""Cases on a page of the list."""

MOST_ERASED: Final = 100
"""Pictures that are deleted with what is erased; each costs a call to Telegram."""

APART: Final = 20
"""A new case gets another name than each of so many before it."""

DRAWS: Final = 64
"""How many ids are drawn at most for a name that is free: of 24 names four always are."""

ASKS_ABOVE: Final = 3
"""Answers that start over without a question; where more would go, it is asked first."""

SURE: Final = "sure"
"""What the button bears that starts over after it was asked."""

HOUR: Final = 60
DAY: Final = 24 * HOUR
"""Minutes."""

REFUSALS: Final[Mapping[type[FlowError], str]] = {
    StaleTap: "stale",
    EmptySelection: "empty_selection",
    ChosenOtherwise: "chosen_otherwise",
    NothingToUndo: "nothing_to_undo",
}
"""The toast for each reason why a tap is not taken."""

MINUTE: Final = 60.0
"""Seconds."""

LOOKS_APART: Final = 86_400.0
"""Seconds of running between the two looks that find the time of a case over: a clock that jumps erases nothing."""

BEFORE_THIS: Final = 1_735_689_600.0
"""The beginning of 2025: no case is older, so a clock that was not set yet has dated it."""

MARGIN: Final = 3600.0
"""Seconds by which a clock may be off."""

NOTE_KEPT: Final = 86400.0
"""Seconds that a note is kept which nobody confirms."""


class FlowServices(NamedTuple):
    """What serves the cases of one flow."""

    interview: Interview
    renderer: CaseRenderer


class PrivateChat:
    """Conducts: fetches the case, lets the interview take the answer, keeps it, and draws the card."""

    def __init__(
        self, flows: Mapping[str, Flow], catalog: Catalog, clock: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        """Store the flows, the default first, their words, the clock (seconds since 1970) and the source of ids."""
        self._flow_services = {
            code: FlowServices(Interview(flow), CaseRenderer(flow, catalog)) for code, flow in flows.items()
        }
        self._default = next(iter(flows))
        self._scores = tuple(code for code, flow in flows.items() if flow.guidance.bands)
        self._pages = Pages(catalog)
        self._words = catalog.wording
        self._catalog = catalog
        self._clock = clock
        self._new_id = new_id

    def command(self, repository: CaseRepository, name: str, context: ActionContext) -> Reply:
        """Answer a command, given without its slash."""
        pages = self._pages
        match name:
            case "new" | "case":
                return self._new(repository, context)
            case "sins":
                return self._new(repository, context, name)
            case "cancel":
                return self._cancel(repository, context)
            case "recent":
                card = self._recent(repository, context)
            case "start":
                card = pages.start(self._open_case(repository, context))
            case "slow":
                card = pages.plain(self._words.pages.slow)
            case "no_text" | "own_card":
                open_case = self._open_case(repository, context)
                card = pages.plain(getattr(self._words.pages, name), *((open_case,) if open_case else ()))
            case "scores":
                card = pages.scores(self._scores)
            case "help" | "about" | "options" | "scales" | "forget":
                card = getattr(pages, name)()
            case _:
                card = pages.plain(self._words.pages.unknown_command)
        return _new_message(card)

    def on_start_link(self, repository: CaseRepository, payload: str, context: ActionContext) -> Reply:
        """Begin where a link leads: a page, a case to be confirmed; a link that is none of ours leads to the start."""
        page = page_in(payload)
        if page and page.action is Action.help:
            return _new_message(self._pages.plain(self._catalog.team.pages.help))
        if page:
            return self._tap_page(repository, page, replace(context, message_id=None))
        prefill = decode_start_payload(self._flow_services[self._default].interview.flow, payload)
        if prefill is None or not prefill.findings:
            return self.command(repository, "start", context)
        return self._begin_from_note(
            repository, context, NoteInput(prefill.findings, scope=encode_scope(prefill.scope))
        )

    def text(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Read a typed note back, as a case to be confirmed; where nothing was found in it, say what can be typed."""
        if note_input.findings:
            return self._begin_from_note(repository, context, note_input)
        open_case = self._open_case(repository, context)
        return _new_message(
            self._not_understood(repository, context, note_input, *((open_case,) if open_case else ()))
        )

    def edited(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Read a note again whose message was changed before it was confirmed; a confirmed case stays as it is.

        A message of which nothing was read, and after which no case was shown, is read as if it had just been typed.
        """
        if note_input.message_id is None:
            return Reply()
        record = repository.unconfirmed(context.chat, context.user_id, note_input.message_id)
        if record is None:
            newest = repository.newest_card(context.chat, context.user_id)
            return (
                self._begin_from_note(repository, context, note_input)
                if note_input.findings and newest < note_input.message_id
                else Reply()
            )
        interview = self._flow_services[record.case.flow].interview
        case = interview.start_from_note(
            record.case, note_input.findings, heading(note_input), context.user_id, note_input.scope
        )
        updated = replace(record, case=case, updated_at=next_timestamp(self._clock, record))
        repository.update(updated, record.case.revision)
        return Reply() if updated.archived else Reply((self._show_case(repository, updated),))

    def tap(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle a tap; None where its callback data could not be parsed."""
        if tap is None:
            return self.refused(UNREADABLE)
        if not allows(tap.action, Where.own if tap.case else Where.page):
            return self.refused(MISPLACED)
        if tap.action is Action.new:
            return self._new(repository, context, tap.question if tap.question in self._flow_services else "")
        if not tap.case:
            return self._tap_page(repository, tap, context)
        record = repository.get(tap.case)
        # A message that is gone bears no topic: its tap is known by the chat alone.
        if record is None or (chat_of(record.place), record.owner) != (chat_of(context.chat), context.user_id):
            gone = self._replace_tapped(self._pages.plain(self._words.pages.gone), context, self._words.toasts.gone)
            return replace(gone, forged=FOREIGN if record else "")
        return self._tap_own(repository, record, tap, replace(context, chat=record.place))

    def _tap_own(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Handle a button of a case of the person's own."""
        if tap.action is Action.theme:
            old = self._words.toasts.old_picture
            return change_theme(repository, record, tap.question, context.message_id, old)
        if context.message_id is not None and context.message_id == record.picture.message_id:
            return self.refused(MISPLACED)
        if tap.action is Action.show:
            return self._bring_here(repository, record, context)
        if tap.action is Action.delete_message:
            message = record.case.note_message
            return self._delete_message(message) if message and str(message) == tap.choice else self.refused(MISPLACED)
        if record.archived:
            return self._replace_tapped(self._archived_card(record), context, self._words.toasts.archived)
        if record.card_message_id not in (None, context.message_id):
            return self._replace_tapped(self._superseded_card(record), context, self._words.toasts.shown_elsewhere)
        return self._tap_case(repository, record, tap, context)

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
            ShowCard(self._archived_card(updated), message)
            if updated.archived
            else self._show_case(repository, updated)
        )
        return Reply((present, *self._mark_superseded(record, message).shows))

    def failure_notice(self, *, tapped: bool) -> Reply:
        """Return the words that nothing was changed."""
        words = self._words
        return Reply(toast=words.toasts.failed) if tapped else _new_message(self._pages.plain(words.pages.failed))

    def not_listed_notice(self, user_id: str, *, tapped: bool) -> Reply:
        """Return the card that says: the bot is for listed people, and under which number this one would be listed."""
        words = self._words
        if tapped:
            return Reply(toast=words.toasts.not_listed.format(number=user_id))
        return _new_message(self._pages.number_page(words.pages.not_listed, user_id))

    def redraw(self, repository: CaseRepository, case_id: str) -> Reply:
        """Draw where a case stands, in the message that shows it."""
        record = repository.get(case_id)
        return Reply(
            (self._show_case(repository, record),)
            if record and record.card_message_id is not None and not record.archived
            else ()
        )

    def expire_due(self, repository: CaseRepository, keep: float, observed: float) -> int:
        """Erase the cases whose time is over by two looks, a day of running apart, and return how many they were.

        A note that nobody confirms is kept for a day at most.
        """
        now = self._clock()
        return repository.delete_due(now - keep, now - NOTE_KEPT, observed, LOOKS_APART)

    def redate(self, uow: UnitOfWork, since: float, jump: float) -> int:
        """Date anew what was dated by a clock that was put right: forward what is too old, back what is to come.

        Args:
            uow: the transaction.
            since: what the clock said when its time began to be wrong, or earlier.
            jump: seconds by which it was put right; 0 for none.
        """
        now = self._clock()
        redated = uow.redate(-BEFORE_THIS, BEFORE_THIS, now) if now > BEFORE_THIS else 0
        if jump > 0:
            redated += uow.redate(since, now - jump + MARGIN, now)
        if jump < 0:
            redated += uow.redate(now + MARGIN, float(2**53), now)
        return redated

    def warning(self, note_input: NoteInput) -> Card | None:
        """Draw what a group's line should not hold of which nothing was read; None where all is well with it."""
        texts = {IDENTIFIERS: self._words.note.leave_out, LONG: self._words.note.long}
        told = [text for fault, text in texts.items() if fault in note_input.marks]
        danger = self._dangers(note_input)
        if not told and not danger:
            return None
        card = self._pages.list_page(self._words.pages.stray.title, told[0] if told else "", ())
        blocks = tuple(block for block in card.blocks if any(line.text for line in block.lines))
        return replace(card, blocks=(*danger, *blocks))

    def _dangers(self, note_input: NoteInput) -> tuple[Block, ...]:
        """Draw the emergency note for a note that holds a sign of one."""
        return (emergency(self._flow_services[self._default].renderer),) if DANGER in note_input.marks else ()

    def refused(self, forged: str) -> Reply:
        """Refuse what no button of ours can have asked for there."""
        toasts = self._words.toasts
        return Reply(toast=toasts.misplaced if forged == MISPLACED else toasts.unknown_button, forged=forged)

    def outage_notice(self) -> Card:
        """Draw the words that taps of an outage may be missing."""
        return self._pages.bare(self._words.pages.outage)

    def slow_save_notice(self) -> Reply:
        """Return the notice that the database is slow."""
        return Reply(toast=self._words.toasts.slow_save)

    def not_saved_notice(self) -> Reply:
        """Return the words that the database could not keep it."""
        return Reply(toast=self._words.toasts.not_saved)

    def _tap_page(self, repository: CaseRepository, tap: Tap, context: ActionContext) -> Reply:
        """Turn a card that belongs to no case into another."""
        match tap.action:
            case Action.erase:
                return self._erase(repository, context)
            case Action.delete_message:
                message = offered(repository.signing_secret(), context.chat, tap.choice)
                return self._delete_message(message) if message is not None else self.refused(MISPLACED)
        card = self._page(repository, tap, context)
        return Reply((ShowCard(card, context.message_id),)) if card else Reply(toast=self._words.toasts.unknown_button)

    def _page(self, repository: CaseRepository, tap: Tap, context: ActionContext) -> Card | None:
        """Draw the page that a button leads to; None where it leads to none."""
        match tap.action:
            case Action.home if tap.question == "keep":
                return self._pages.plain(self._words.pages.nothing_kept)
            case Action.home:
                return self._pages.start(self._open_case(repository, context))
            case Action.help | Action.about:
                card: Card = getattr(self._pages, tap.action.name)()
                return card
            case Action.recent:
                return self._recent(repository, context, int(tap.choice[:4]) if tap.choice.isdecimal() else 0)
            case _:
                return self._looked_up(tap)

    def _looked_up(self, tap: Tap) -> Card | None:
        """Draw the options or the scales, or one of them; None where there is no such thing."""
        match tap.action:
            case Action.browse if not tap.question:
                return self._pages.options()
            case Action.browse if tap.question in self._catalog.options:
                return self._flow_services[self._default].renderer.browse_card(tap.question)
            case Action.scale if not tap.question:
                return self._pages.scales()
            case Action.scale if tap.question in self._catalog.scales:
                return self._pages.scale(tap.question)
            case _:
                return None

    def _delete_button(self, repository: CaseRepository, context: ActionContext, message: int) -> tuple[Button, ...]:
        """Offer to delete a message of which no case was read."""
        return (
            delete_button(
                self._words.labels.delete_message, offer(repository.signing_secret(), context.chat, message)
            ),
        )

    def _delete_message(self, message: int) -> Reply:
        """Delete a message that the person was offered to delete."""
        return Reply(toast=self._words.toasts.message_deleted, effects=(DeleteMessage(message),))

    def _tap_case(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Apply a tap to the interview; one that comes too late redraws where the case stands, and says so."""
        updated, toast = replace(record, card_message_id=context.message_id), ""
        try:
            if tap.action in READ_ONLY:
                return self._show_read_only(repository, updated, tap)
            if tap.action is Action.share:
                return self._share(repository, updated)
            if tap.action is Action.picture:
                return self._send_picture(repository, updated, tap.question)
            if tap.action is Action.scale:
                return self._scale(updated, tap)
            if tap.action is Action.linked_case:
                return self._open_linked(repository, updated, tap, context)
            updated = replace(
                updated,
                case=self.apply(record.case, tap, context.user_id),
                updated_at=next_timestamp(self._clock, record),
            )
        except AnswersWouldGo:
            return self._start_over(updated)
        except (StaleTap, EmptySelection, ChosenOtherwise, NothingToUndo) as refused:
            toast = getattr(self._words.toasts, REFUSALS[type(refused)])
        if updated != record:
            repository.update(updated, record.case.revision)
        return Reply((self._show_case(repository, updated),), toast)

    def apply(self, case: Case, tap: Tap, user_id: str) -> Case:
        """Apply a tap on the question at hand.

        Raises:
            StaleTap, EmptySelection, ChosenOtherwise, NothingToUndo: as the interview does.
            AnswersWouldGo: as `require_confirmation` does.
        """
        interview = self._flow_services[case.flow].interview
        if tap.turn != case.turn:
            raise StaleTap(tap.question)
        match tap.action:
            case Action.answer:
                return interview.answer(case, tap.question, tap.choice, user_id)
            case Action.mark | Action.unmark:
                return interview.mark(case, tap.question, tap.choice, user_id, on=tap.action is Action.mark)
            case Action.done:
                return interview.done(case, tap.question, user_id, tap.choice)
            case Action.change:
                return interview.change(case, tap.question, user_id)
            case Action.back:
                return interview.back(case)
            case Action.restart:
                begun = interview.restart(case, user_id)
                require_confirmation(interview.state(case), tap)
                return begun
            case Action.confirm:
                return interview.confirm(case, user_id)
            case Action.drop:
                return interview.drop(case, tap.question)
            case _:
                raise StaleTap(tap.question)

    def read(self, case: Case, tap: Tap, scored: Scored | None = None) -> Card:
        """Draw what is read beside a case, or the case itself with what was scored of it; nobody is named on it.

        Raises:
            StaleTap: where there is no such thing to read where the case stands.
        """
        interview, cards = self._flow_services[case.flow]
        state = interview.state(case)
        match tap.action:
            case Action.show:
                return note_card(cards, case, state) if case.unconfirmed else cards.case(case, state, scored)
            case Action.scale if state.current is not None and tap.question in state.current.scales:
                return self._pages.scale(tap.question, Button(self._words.labels.to_question, self._show(case)))
            case Action.option | Action.changes | Action.what_if | Action.compare:
                return read_only_card(cards, case, state, tap)
            case _:
                raise StaleTap(tap.question)

    @staticmethod
    def _show(case: Case) -> Tap:
        return Tap(Action.show, case=case.id)

    def _show_read_only(self, repository: CaseRepository, record: CaseRecord, tap: Tap) -> Reply:
        """Show what is read beside a recommendation; it changes nothing of the case."""
        interview, cards = self._flow_services[record.case.flow]
        state, now = interview.state(record.case), in_utc(self._clock())
        if state.current is None and tap.action is Action.copy:
            card = cards.copy_card(record.case, state, now, self._scored(repository, record, state))
        else:
            card = read_only_card(cards, record.case, state, tap)
        return Reply((ShowCard(self._with_name(record.case, card), record.card_message_id, record.case.id),))

    def _start_over(self, record: CaseRecord) -> Reply:
        """Ask whether a case shall begin again."""
        interview, cards = self._flow_services[record.case.flow]
        card = cards.starting_over(record.case, interview.state(record.case))
        return Reply((ShowCard(self._with_name(record.case, card), record.card_message_id, record.case.id),))

    def _share(self, repository: CaseRepository, record: CaseRecord) -> Reply:
        """Offer the link that hands a finished case to a group."""
        if self._flow_services[record.case.flow].interview.state(record.case).current:
            return Reply((self._show_case(repository, record),), self._catalog.team.toasts.not_finished)
        token = sign(repository.signing_secret(), record.case.id, record.owner, self._clock())
        labels = self._catalog.team.labels
        to_group = Button(labels.to_group, self._go_on(record).tap, share_token=token)
        back = Button(self._words.labels.to_card, self._go_on(record).tap)
        card = self._pages.bare(self._catalog.team.pages.share, to_group, back)
        return Reply((ShowCard(self._with_name(record.case, card), record.card_message_id, record.case.id),))

    def _send_picture(self, repository: CaseRepository, record: CaseRecord, option: str) -> Reply:
        """Have the picture of a case sent, of an option where one is named.

        Raises:
            StaleTap: where it has none.
        """
        interview = self._flow_services[record.case.flow].interview
        require_picture(interview.flow, interview.state(record.case), option)
        others = repository.list_recent(record.place, record.owner, MOST_RECENT)
        return send_picture(repository, record, record.case.revision, option, others)

    def spine_view(self, repository: CaseRepository, record: CaseRecord) -> SpineView:
        """Return what the picture of a case shows."""
        state = self._flow_services[record.case.flow].interview.state(record.case)
        return SpineView(
            state.findings,
            record.picture.option,
            name=self._name(record.case),
            scope=state.scope,
            scored=self._scored(repository, record, state),
        )

    def _scale(self, record: CaseRecord, tap: Tap) -> Reply:
        """Show a scale beside the question at hand."""
        return Reply((ShowCard(self.read(record.case, tap), record.card_message_id, record.case.id),))

    def _open_linked(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Open the case that helps with the question at hand; it starts from what is found already."""
        state = self._flow_services[record.case.flow].interview.state(record.case)
        if tap.turn != record.case.turn or state.current is None or state.current.linked_flow != tap.question:
            raise StaleTap(tap.question)
        linked_id = linked_case_id(record.case, state)
        begun = repository.get(linked_id)
        if begun:
            return self._bring_here(repository, begun, context)
        fresh = record.case.helper(tap.question, self._catalog.edition, levels_of(state))
        case = self._flow_services[tap.question].interview.prefill(fresh, state.findings, context.user_id)
        opened = CaseRecord(
            case, context.chat, context.user_id, next_timestamp(self._clock, record), context.message_id
        )
        repository.add(opened)
        return Reply((self._show_case(repository, opened),))

    def _begin_from_note(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Begin a case with what was read of a note."""
        fresh = Case(self._free_id(repository, context), self._default, self._catalog.edition)
        interview = self._flow_services[self._default].interview
        case = interview.start_from_note(
            fresh, note_input.findings, heading(note_input), context.user_id, note_input.scope
        )
        now = next_timestamp(self._clock, repository.get_current(context.chat, context.user_id))
        record = CaseRecord(case, context.chat, context.user_id, updated_at=now)
        repository.add(record)
        return Reply((self._show_case(repository, record),))

    def _new(self, repository: CaseRepository, context: ActionContext, flow: str = "") -> Reply:
        """Begin a case; one that was begun and never answered is taken instead of another."""
        code = flow or self._default
        present = repository.get_current(context.chat, context.user_id)
        now = next_timestamp(self._clock, present)
        if present and present.case.flow == code and not present.case.answer_events and not present.case.parent_id:
            case = replace(present.case, edition=self._catalog.edition)
            fresh = replace(present, case=case, card_message_id=None, updated_at=now)
            repository.update(fresh, present.case.revision)
            before = self._mark_superseded(present, None).shows
        else:
            case = Case(self._free_id(repository, context), code, self._catalog.edition)
            fresh = CaseRecord(case, context.chat, context.user_id, updated_at=now)
            repository.add(fresh)
            before = ()
        return Reply((*before, self._show_case(repository, fresh)))

    def _bring_here(self, repository: CaseRepository, record: CaseRecord, context: ActionContext) -> Reply:
        """Bring a case to the message that was tapped; the one that showed it before is out of date."""
        now = next_timestamp(self._clock, repository.get_current(context.chat, context.user_id))
        updated = replace(record, card_message_id=context.message_id, archived=False, updated_at=now)
        repository.update(updated, record.case.revision)
        return Reply((self._show_case(repository, updated), *self._mark_superseded(record, context.message_id).shows))

    def _recent(self, repository: CaseRepository, context: ActionContext, page: int = 0) -> Card:
        """List a person's last cases, each with its name, its level, its headline or how far it has come, its age."""
        found = repository.list_recent(context.chat, context.user_id, MOST_RECENT + 1, page * MOST_RECENT)
        if not found:
            return self._recent(repository, context) if page else self._pages.none_recent()
        rows = [
            (
                Button(name, self._go_on(record).tap),
                Line(f"{self._short_title(record)} · {self._ago(record)}", lead=name),
            )
            for record in found[:MOST_RECENT]
            if (name := self._name(record.case))
        ]
        return self._pages.recent(rows, page, more=len(found) > MOST_RECENT)

    def _ago(self, record: CaseRecord) -> str:
        """Return how long ago a case was touched."""
        words, seconds = self._words.recent, self._clock() - record.updated_at
        return words.now if seconds < MINUTE else words.ago.format(age=age_text(seconds))

    def _short_title(self, record: CaseRecord) -> str:
        """Return a case in a line: its levels, and its headline or how far it has come."""
        interview, cards = self._flow_services[record.case.flow]
        state = interview.state(record.case)
        card = cards.case(record.case, state)
        if state.current is None:
            return f"{card.label.partition(' · ')[0]} · {cards.short_title(card.title)}"
        first = state.current is cards.flow.questions[0]
        levels = as_spans(state.selected if first else state.findings.get("levels", NOT_ASKED))
        scale, _, step = card.label.rpartition(" · ")
        progress = self._words.recent.progress.format(step=step)
        return " · ".join(filter(None, (levels, scale.removeprefix(self._words.case), progress)))

    def _name(self, case: Case) -> str:
        """Return the name that tells a case from the others of its chat; one that helps another bears that one's."""
        return code_name(case.parent_id or case.id, self._catalog.team.names)

    def _with_name(self, case: Case, card: Card) -> Card:
        """Return the card with the name of its case first."""
        return replace(card, label=with_code_name(self._name(case), card.label, self._words.case))

    def _free_id(self, repository: CaseRepository, context: ActionContext) -> str:
        """Draw an id whose name none of the person's last cases here has."""
        names = self._catalog.team.names
        taken = {code_name(last, names) for last in repository.last_ids(context.chat, context.user_id, APART)}
        drawn = [self._new_id()]
        while code_name(drawn[-1], names) in taken and len(drawn) < DRAWS:
            drawn.append(self._new_id())
        return drawn[-1]

    def _cancel(self, repository: CaseRepository, context: ActionContext) -> Reply:
        """Archive the open case; nothing of it is lost."""
        record = repository.get_current(context.chat, context.user_id)
        if record is None:
            return _new_message(self._pages.plain(self._words.pages.nothing_open))
        repository.update(
            replace(record, archived=True, updated_at=next_timestamp(self._clock, record)), record.case.revision
        )
        card = self._archived_card(record)
        return Reply((*((ShowCard(card, record.card_message_id),) if record.card_message_id else ()), ShowCard(card)))

    def _erase(self, repository: CaseRepository, context: ActionContext) -> Reply:
        """Erase everything kept about the person's cases; the open card no longer shows findings."""
        record = repository.get_current(context.chat, context.user_id)
        pictures = [
            DeleteMessage(shown.picture.message_id)
            for shown in repository.list_recent(context.chat, context.user_id, MOST_ERASED)
            if shown.picture.message_id is not None
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

    def _show_case(self, repository: CaseRepository, record: CaseRecord) -> ShowCard:
        """Draw where a case stands, in the message that shows it."""
        clinic = self._flow_services[record.case.flow]
        state = clinic.interview.state(record.case)
        if record.case.unconfirmed:
            return ShowCard(
                self._with_name(record.case, note_card(clinic.renderer, record.case, state)),
                record.card_message_id,
                record.case.id,
                picture=record.picture.message_id,
            )
        scored = self._scored(repository, record, state)
        card = clinic.renderer.case(record.case, state, scored, in_utc(record.updated_at))
        named, picture = self._with_name(record.case, card), record.picture.message_id
        return ShowCard(named, record.card_message_id, record.case.id, picture=picture)

    def _not_understood(
        self, repository: CaseRepository, context: ActionContext, note_input: NoteInput, *more: Button
    ) -> Card:
        """Draw why nothing of a case was found in a text, and what can be typed; more buttons come first."""
        words, title = self._words.note, self._words.pages.stray.title
        if IDENTIFIERS in note_input.marks:
            delete = (
                self._delete_button(repository, context, note_input.message_id)
                if note_input.message_id is not None
                else ()
            )
            card = self._pages.notice(title, words.leave_out, *delete, *more)
        elif LONG in note_input.marks:
            card = self._pages.notice(title, words.long, *more)
        else:
            outside = self._flow_services[self._default].renderer.outside(decode_scope(note_input.scope))
            card = replace(self._pages.plain(self._words.pages.stray, *more), above=outside)
        return replace(card, blocks=(*self._dangers(note_input), *card.blocks))

    def _scored(self, repository: CaseRepository, record: CaseRecord, state: InterviewState) -> Scored | None:
        """Return what was scored of a case at its levels, where its card says it and it is complete."""
        flow = self._flow_services[record.case.flow].interview.flow
        is_linked = flow.is_aided if state.current is None else state.current.linked_flow
        helps = repository.get(linked_case_id(record.case, state)) if is_linked else None
        if helps is None:
            return None
        clinic = self._flow_services[helps.case.flow]
        return clinic.renderer.scored(helps.case, clinic.interview.state(helps.case))

    def _mark_superseded(self, record: CaseRecord, message: int | None) -> Reply:
        """Mark the card that showed a case before, if it is another message."""
        if record.card_message_id in (None, message):
            return Reply()
        return Reply((ShowCard(self._superseded_card(record), record.card_message_id),))

    def _superseded_card(self, record: CaseRecord) -> Card:
        return self._with_name(record.case, self._pages.bare(self._words.pages.superseded, self._go_on(record)))

    def _archived_card(self, record: CaseRecord) -> Card:
        return self._with_name(record.case, self._pages.plain(self._words.pages.archived, self._go_on(record)))

    def _go_on(self, record: CaseRecord) -> Button:
        return Button(self._words.labels.go_on, Tap(Action.show, case=record.case.id))

    def _open_case(self, repository: CaseRepository, context: ActionContext) -> Button | None:
        """Return the way back to the open case, where one was begun."""
        record = repository.get_current(context.chat, context.user_id)
        if record is None or not record.case.answer_events:
            return None
        nothing_read = (
            record.case.unconfirmed
            and not self._flow_services[record.case.flow].interview.state(record.case).unconfirmed
        )
        return None if nothing_read else self._go_on(record)


def heading(note_input: NoteInput) -> Codes:
    """Write what begins a note in a case: which note it was, what else was in it, its message."""
    return (
        note_input.note,
        *note_input.marks,
        *((f"{MESSAGE}{note_input.message_id}",) if note_input.message_id is not None else ()),
    )


def with_code_name(name: str, label: str, case: str) -> str:
    """Begin the first line of a card with the name of its case, in place of the bare word for one."""
    return " · ".join(filter(None, (name, label.removeprefix(f"{case} · "))))


def require_confirmation(state: InterviewState, tap: Tap) -> None:
    """Check that few answers would go, or that it was asked before.

    Raises:
        AnswersWouldGo: where it is to be asked first.
    """
    if len(state.answers) > ASKS_ABOVE and tap.question != SURE:
        raise AnswersWouldGo


def next_timestamp(clock: Callable[[], float], record: CaseRecord | None) -> float:
    """Return the time, but never one before a case was touched: the clock may have been set back."""
    return max(clock(), record.updated_at + CLOCK_STEP) if record else clock()


def read_only_card(cards: CaseRenderer, case: Case, state: InterviewState, tap: Tap) -> Card:
    """Draw what is read beside a case: its answers, an option, what would change it, what if, options side by side.

    Raises:
        StaleTap: where the recommendation is not reached, or has no such thing beside it.
    """
    if tap.action is Action.answers:
        return cards.answers(case, state)
    if state.current or cards.flow.guidance.bands:
        raise StaleTap(tap.question)
    match tap.action:
        case Action.changes:
            return cards.changes(case, state, tap.question)
        case Action.what_if:
            return cards.what_if(case, state, tap.question, tap.choice)
        case Action.compare:
            return cards.compare(case, state, cards.comparison.options(tap.question, tap.choice))
        case Action.option if not tap.question:
            return cards.options(case, state)
        case _ if tap.question in cards.catalog.options:
            return cards.option(case, state, tap.question)
        case _:
            raise StaleTap(tap.question)


def linked_case_id(case: Case, state: InterviewState) -> str:
    """Return the id of the case that helps where this one stands, at its level."""
    return case.linked_case_id(levels_of(state))


def levels_of(state: InterviewState) -> Codes:
    """Return the levels that were found; none where they were not asked."""
    return state.findings.get("levels", NOT_ASKED)


def age_text(seconds: float) -> str:
    """Write an age in its largest unit: "5 min", "3 h", "2 d"."""
    minutes = max(0, int(seconds // 60))
    if minutes < HOUR:
        return f"{minutes} min"
    return f"{minutes // HOUR} h" if minutes < 2 * DAY else f"{minutes // DAY} d"


def _new_message(card: Card) -> Reply:
    """Answer with a new message."""
    return Reply((ShowCard(card),))
