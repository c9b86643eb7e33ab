"""What a typed note leads to: a case to be confirmed, or what can be typed where nothing was read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.service.case_store import CaseRecord, CaseRepository
from bot.service.links.wipe_offers import offer
from bot.service.private.cases import PrivateCases
from bot.service.replies import ActionContext, NoteInput, Reply, ShowCard
from bot.service.times import next_timestamp
from flows.cards.card import Block, Button, Card
from flows.cards.note import DANGER, IDENTIFIERS, LONG, delete_button, emergency
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.model.case import MESSAGE
from flows.model.findings import Codes
from flows.model.source_scope import decode_scope


class TypedNotes:
    """Begins cases with what was read of a note."""

    def __init__(self, cases: PrivateCases, catalog: Catalog, clock: Callable[[], float]) -> None:
        """Store what draws a case, the words, the clock (seconds since 1970)."""
        self._cases = cases
        self._pages = Pages(catalog)
        self._words = catalog.wording
        self._clock = clock

    def typed(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Read a typed note back, as a case to be confirmed; where nothing was found in it, say what can be typed."""
        if note_input.findings:
            return self.begin(repository, context, note_input)
        open_case = self._cases.way_back(repository, context)
        why = self._not_understood(repository, context, note_input, *((open_case,) if open_case else ()))
        return Reply((ShowCard(why),))

    def begin(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Begin a case with what was read of a note."""
        fresh = self._cases.fresh(repository, context)
        interview = self._cases.default.interview
        case = interview.start_from_note(
            fresh, note_input.findings, heading(note_input), context.user_id, note_input.scope
        )
        now = next_timestamp(self._clock, repository.get_current(context.chat, context.user_id))
        record = CaseRecord(case, context.chat, context.user_id, updated_at=now)
        repository.add(record)
        return Reply((self._cases.show_case(repository, record),))

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
                self.begin(repository, context, note_input)
                if note_input.findings and newest < note_input.message_id
                else Reply()
            )
        interview = self._cases.services_of(record).interview
        case = interview.start_from_note(
            record.case, note_input.findings, heading(note_input), context.user_id, note_input.scope
        )
        updated = replace(record, case=case, updated_at=next_timestamp(self._clock, record))
        repository.update(updated, record.case.revision)
        return Reply() if updated.archived else Reply((self._cases.show_case(repository, updated),))

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
            outside = self._cases.default.renderer.findings.outside(decode_scope(note_input.scope))
            card = replace(self._pages.plain(self._words.pages.stray, *more), above=outside)
        return replace(card, blocks=(*self._dangers(note_input), *card.blocks))

    def _dangers(self, note_input: NoteInput) -> tuple[Block, ...]:
        """Draw the emergency note for a note that holds a sign of one."""
        return (emergency(self._cases.default.renderer),) if DANGER in note_input.marks else ()

    def _delete_button(self, repository: CaseRepository, context: ActionContext, message: int) -> tuple[Button, ...]:
        """Offer to delete a message of which no case was read."""
        return (
            delete_button(
                self._words.labels.delete_message, offer(repository.signing_secret(), context.chat, message)
            ),
        )


def heading(note_input: NoteInput) -> Codes:
    """Write what begins a note in a case: which note it was, what else was in it, its message."""
    return (
        note_input.note,
        *note_input.marks,
        *((f"{MESSAGE}{note_input.message_id}",) if note_input.message_id is not None else ()),
    )
