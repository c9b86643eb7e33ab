"""The card of a typed note: what was read of it, each with its words, to be confirmed or changed before it counts."""

from __future__ import annotations

from flows.card import Block, Button, Card, Line, Style, Tap, Verb, quote
from flows.cards import Cards
from flows.case import Case, Kind
from flows.findings import Codes
from flows.interview import SCOPE, Standing
from flows.keyboard import bound, laid_out

PARTS = ("context", "left", "outside")
"""What a note may hold beside findings, by its key: what helps and answers nothing, what was not understood, vertebrae
that are not in scope."""

MORE = "more"
"""Marks a note of a group that holds such parts: nothing of them is shown there."""

IDENTIFIERS = "identifiers"
"""Marks a note in which something looked like a person."""

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
    blocks = tuple(block for block in (named, Block(told)) if block.lines)
    rows = ((Button(wording.labels.by_buttons, Tap(Verb.confirm)),), *_wipers(cards, case))
    label, above = f"{wording.case} · {wording.note.label}", cards.outside(standing.scope)
    return bound(Card(label, wording.pages.stray.title, blocks, rows, above=above), case)


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
