"""The card of a typed note: what was read of it, each with its words, to be confirmed or changed before it counts."""

from __future__ import annotations

from collections.abc import Iterable

from flows.cards.card import Block, Button, Card, Line, Style, Tap, Verb, quote
from flows.cards.case import Cards
from flows.cards.layout import bound, laid_out
from flows.engine.interview import SCOPE, Standing
from flows.model.case import Case, Kind
from flows.model.findings import Codes
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


def heard(cards: Cards, case: Case, standing: Standing) -> Card:
    """Draw what was read of a note; nothing of it counts before it is confirmed."""
    if not standing.read:
        return _nothing(cards, case, standing)
    words, labels = cards.catalog.wording.note, cards.catalog.wording.labels
    note, *beside = note_of(case)
    found = [(q, standing.read[q.code]) for q in cards.flow.questions if q.code in standing.read]
    lines = tuple(Line(f"{q.said(codes)}{quote(note, q.code) if note else ''}") for q, codes in found)
    outside = cards.outside(standing.scope)
    chips = [Button(words.drop.format(finding=q.said(codes)), Tap(Verb.drop, q.code)) for q, codes in found]
    if outside:
        left_out = cards.catalog.wording.scope.left_out
        chips.append(Button(words.drop.format(finding=left_out), Tap(Verb.drop, SCOPE)))
    blocks = (
        emergency(cards) if DANGER in beside else Block(()),
        Block((Line(words.leave_out),) if IDENTIFIERS in beside else (), style=Style.urgent),
        Block(lines, style=Style.listed),
        Block(tuple(Line(quote(note, part), lead=getattr(words, part)) for part in PARTS if part in beside)),
        Block((Line(words.more),) if MORE in beside else ()),
        Block((Line(words.missing),), style=Style.small),
    )
    rows = [(Button(labels.confirm, Tap(Verb.confirm)),), *laid_out(chips, (2,) * len(chips))]
    label = f"{cards.catalog.wording.case} · {words.label}"
    shown = tuple(block for block in blocks if block.lines)
    return bound(Card(label, words.title, shown, (*rows, *_wipers(cards, case)), above=outside), case)


def _nothing(cards: Cards, case: Case, standing: Standing) -> Card:
    """Draw a note of which nothing is read any more, since its message was changed; it can be changed once more."""
    wording = cards.catalog.wording
    _, *beside = note_of(case)
    told = (Line(wording.note.long),) if LONG in beside else tuple(map(Line, wording.pages.stray.lines))
    named = Block((Line(wording.note.leave_out),) if IDENTIFIERS in beside else (), style=Style.urgent)
    danger = emergency(cards) if DANGER in beside else Block(())
    blocks = tuple(block for block in (danger, named, Block(told)) if block.lines)
    rows = ((Button(wording.labels.by_buttons, Tap(Verb.confirm)),), *_wipers(cards, case))
    label, above = f"{wording.case} · {wording.note.label}", cards.outside(standing.scope)
    return bound(Card(label, wording.pages.stray.title, blocks, rows, above=above), case)


def read_back(cards: Cards, reading: Reading) -> tuple[Block, ...]:
    """Draw what was read of a note with its words, what was left over and that something was hidden."""
    words = cards.catalog.wording.note
    found = [(q, reading.findings[q.code]) for q in cards.flow.questions if q.code in reading.findings]
    lines = tuple(Line(f"{q.said(heard.answer)} — {quotations(heard.words)}") for q, heard in found)
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


def emergency(cards: Cards) -> Block:
    """Draw the safety note of the project on signs of an emergency."""
    urgent = (note.text for note in cards.flow.guidance.notes if note.urgent)
    return Block(tuple(map(Line, urgent)), style=Style.urgent)


def _wipers(cards: Cards, case: Case) -> tuple[tuple[Button, ...], ...]:
    """Offer to delete the message of a note that seems to name somebody."""
    message = case.note_message if IDENTIFIERS in note_of(case) else None
    return ((wiper(cards.catalog.wording.labels.wipe, str(message)),),) if message is not None else ()


def wiper(label: str, message: str) -> Button:
    """Offer to delete a message that says too much."""
    return Button(label, Tap(Verb.wipe, "m", message))


def note_of(case: Case) -> Codes:
    """Give which note a case was read from, empty where its words are not known, and what else was in it."""
    return next((step.codes for step in case.steps if step.kind is Kind.read and not step.question), ("",))
