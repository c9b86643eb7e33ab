"""Reads a card as the model of the interview says what is seen: the question, what is ticked, what was found."""

from __future__ import annotations

from interview_model import TITLES
from kit import buttons, lines

from flows.cards.card import Card, Style


def display_of(card: Card) -> tuple[str, frozenset[str], str]:
    """Read a card as the model says what is seen."""
    at = next((question for question, title in TITLES.items() if card.title == title), "")
    ticks = [button.tap.choice for button in buttons(card) if at == "levels" and button.label.endswith("✓")]
    found = next((line.text for line in lines(card) if line.lead == "Findings"), "") if at else concluded(card)
    return at, frozenset(ticks), found


def concluded(card: Card) -> str:
    """Read the findings of a recommendation: its levels end the first line, the others stand in a plain block."""
    plain = [line.text for block in card.blocks if block.style is Style.plain for line in block.lines if not line.lead]
    return " · ".join((*card.label.split(" · ")[-2:], *plain))
