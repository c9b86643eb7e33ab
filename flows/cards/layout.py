"""How buttons are laid out: the choices of a question, rows for a phone, and what binds them to a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from flows.cards.card import Action, Button, Card, Tap
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.flow import Question
from flows.model.levels import as_spans

CHANGE: Final = "✎"
TICK: Final = "✓"

LONGEST_LABEL: Final = 24
"""A button that changes an answer is no longer than this; a longer choice of levels shows its count instead."""

WIDE: Final = 42
"""Characters of a label that has a row to itself: of what is longer, a narrow phone cuts the end."""

WIDTHS: Final = ((3, 13), (2, 20))
"""How many buttons share a row on a phone, and the characters of a label that fit there; a longer one stands alone."""


def wrap_rows(buttons: Sequence[Button]) -> list[tuple[Button, ...]]:
    """Break buttons into rows, as many in a row as their labels leave room for."""
    rows: list[tuple[Button, ...]] = []
    rest = list(buttons)
    while rest:
        fits = (many for many, most in WIDTHS if all(len(button.label) <= most for button in rest[:many]))
        width = next(fits, 1)
        rows.append(tuple(rest[:width]))
        rest = rest[width:]
    return rows


def short_label(question: Question, codes: Codes) -> str:
    """Name an answer on a button: short, and levels by their count where they are scattered."""
    if not question.several:
        return question.finding_text(codes)
    levels = as_spans(codes)
    return levels if len(levels) + len(CHANGE) < LONGEST_LABEL else f"{len(codes)} levels"


def choice_grid(question: Question, chosen: Codes, alone: Action, on: Action, off: Action) -> list[tuple[Button, ...]]:
    """Lay out the choices of a question, ticked where chosen: `alone` takes one, `on` and `off` one of several."""
    buttons: list[Button] = []
    for choice in question.choices:
        ticked = choice.code in chosen
        verb = (off if ticked else on) if question.several else alone
        label = f"{choice.label} {TICK}" if ticked else choice.label
        buttons.append(Button(label, Tap(verb, question.code, choice.code)))
    return split_rows(buttons, question.rows or (1,) * len(buttons))


def split_rows(buttons: Sequence[Button], widths: Iterable[int]) -> list[tuple[Button, ...]]:
    """Break buttons into rows of the given widths."""
    rest = list(buttons)
    rows: list[tuple[Button, ...]] = []
    for width in widths:
        row, rest = rest[:width], rest[width:]
        if row:
            rows.append(tuple(row))
    return rows


def bind(card: Card, case: Case) -> Card:
    """Bind the buttons of a card to a case, and to the turn at which it is drawn."""
    return replace(card, case=case.id, turn=case.turn)
