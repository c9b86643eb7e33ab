"""The card of a typed note: what was read of it, each with its words, to be confirmed or changed before it counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap, quote
from flows.cards.case import CaseRenderer
from flows.cards.layout import bind, split_rows
from flows.engine.interview import SCOPE, InterviewState
from flows.model.case import AnswerEventKind, Case
from flows.model.findings import Codes

if TYPE_CHECKING:  # the reader is loaded with the first note
    from flows.notes.reader import Reading

PARTS = ("context", "left", "guess", "outside")
"""What a note may hold beside findings, by its key: what helps and answers nothing, what was not understood, what may
be a slip of the keyboard, vertebrae that are not in scope."""

MORE = "more"
"""Marks a note of a group that holds such parts: nothing of them is shown there."""

IDENTIFIERS = "identifiers"
"""Marks a note in which something looked like a person."""

DANGER = "danger"
"""Marks a note that holds a sign of an emergency, whatever else was read of it."""

LONG = "long"
"""Marks a note that has more characters than are read."""


def note_card(cards: CaseRenderer, case: Case, state: InterviewState) -> Card:
    """Draw what was read of a note; nothing of it counts before it is confirmed."""
    if not state.unconfirmed:
        return _nothing(cards, case, state)
    words, labels = cards.catalog.wording.note, cards.catalog.wording.labels
    note, *linked_result = note_of(case)
    found = [(q, state.unconfirmed[q.code]) for q in cards.flow.questions if q.code in state.unconfirmed]
    lines = tuple(Line(f"{q.finding_text(codes)}{quote(note, q.code) if note else ''}") for q, codes in found)
    outside = cards.findings.outside(state.scope)
    chips = [Button(words.drop.format(finding=q.finding_text(codes)), Tap(Action.drop, q.code)) for q, codes in found]
    if outside:
        left_out = cards.catalog.wording.scope.left_out
        chips.append(Button(words.drop.format(finding=left_out), Tap(Action.drop, SCOPE)))
    blocks = (
        emergency(cards) if DANGER in linked_result else Block(()),
        Block((Line(words.leave_out),) if IDENTIFIERS in linked_result else (), style=Style.urgent),
        Block(lines, style=Style.listed),
        Block(tuple(Line(quote(note, part), lead=getattr(words, part)) for part in PARTS if part in linked_result)),
        Block((Line(words.more),) if MORE in linked_result else ()),
        Block((Line(words.missing),), style=Style.small),
    )
    rows = [(Button(labels.confirm, Tap(Action.confirm)),), *split_rows(chips, (2,) * len(chips))]
    label = f"{cards.catalog.wording.case} · {words.label}"
    shown = tuple(block for block in blocks if block.lines)
    return bind(Card(label, words.title, shown, (*rows, *_wipers(cards, case)), above=outside), case)


def _nothing(cards: CaseRenderer, case: Case, state: InterviewState) -> Card:
    """Draw a note of which nothing is read any more, since its message was changed; it can be changed once more."""
    wording = cards.catalog.wording
    _, *linked_result = note_of(case)
    told = (Line(wording.note.long),) if LONG in linked_result else tuple(map(Line, wording.pages.stray.lines))
    named = Block((Line(wording.note.leave_out),) if IDENTIFIERS in linked_result else (), style=Style.urgent)
    danger = emergency(cards) if DANGER in linked_result else Block(())
    blocks = tuple(block for block in (danger, named, Block(told)) if block.lines)
    rows = ((Button(wording.labels.by_buttons, Tap(Action.confirm)),), *_wipers(cards, case))
    label, above = f"{wording.case} · {wording.note.label}", cards.findings.outside(state.scope)
    return bind(Card(label, wording.pages.stray.title, blocks, rows, above=above), case)


def read_back(cards: CaseRenderer, reading: Reading) -> tuple[Block, ...]:
    """Draw what was read of a note with its words, what was left over and that something was hidden."""
    words = cards.catalog.wording.note
    found = [(q, reading.findings[q.code]) for q in cards.flow.questions if q.code in reading.findings]
    lines = tuple(Line(f"{q.finding_text(heard.answer)} — {quotations(heard.words)}") for q, heard in found)
    rest = rest_of(reading)
    blocks = (
        emergency(cards) if reading.danger else Block(()),
        Block((Line(words.leave_out),) if reading.identifiers else (), style=Style.urgent),
        Block(lines, style=Style.listed),
        Block(tuple(Line(rest[part], lead=getattr(words, part)) for part in PARTS if part in rest)),
    )
    return tuple(block for block in blocks if block.lines)


def rest_of(reading: Reading) -> dict[str, str]:
    """Return what else a note holds, as quotations, by the keys of `PARTS`."""
    parts = {
        "context": quotations([context.words for context in reading.context]),
        "left": quotations(reading.not_understood),
        "guess": ", ".join(f"“{typed}” – {meant}" for typed, meant in reading.did_you_mean),
        "outside": quotations(reading.outside),
    }
    return {part: said for part, said in parts.items() if said}


def quotations(pieces: Iterable[str]) -> str:
    """Return pieces of a note as quotations."""
    return ", ".join(f"“{piece}”" for piece in pieces)


def emergency(cards: CaseRenderer) -> Block:
    """Draw the safety note of the project on signs of an emergency."""
    urgent = (note.text for note in cards.flow.guidance.notes if note.urgent)
    return Block(tuple(map(Line, urgent)), style=Style.urgent)


def _wipers(cards: CaseRenderer, case: Case) -> tuple[tuple[Button, ...], ...]:
    """Offer to delete the message of a note that seems to name somebody."""
    message = case.note_message if IDENTIFIERS in note_of(case) else None
    return (
        ((delete_button(cards.catalog.wording.labels.delete_message, str(message)),),) if message is not None else ()
    )


def delete_button(label: str, message: str) -> Button:
    """Offer to delete a message that says too much."""
    return Button(label, Tap(Action.delete_message, "m", message))


def note_of(case: Case) -> Codes:
    """Return which note a case was read from, empty where its words are not known, and what else was in it."""
    return next(
        (step.codes for step in case.answer_events if step.kind is AnswerEventKind.read and not step.question), ("",)
    )
