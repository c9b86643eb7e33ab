"""What a message of a group is that a tap came from, and whether another card may take its place."""

from __future__ import annotations

from bot.service.case_store import Kept, Ledger, chat_of
from bot.service.replies import Reply, Show, Visit
from bot.service.tap_rules import Where
from bot.service.team.linked_cases import leading
from flows.cards.card import Card


def kind_of(ledger: Ledger, kept: Kept, visit: Visit) -> Where | None:
    """Return what the message is that a tap on a case came from; None where it is another case's."""
    if visit.card == kept.card:
        return Where.card
    if kept.team and visit.card == kept.team.minutes:
        return Where.record
    return None if shows_a_case(ledger, visit) else Where.card


def shows_a_case(ledger: Ledger, visit: Visit) -> bool:
    """Return whether the message that was tapped shows a case or records a decision."""
    here = leading(ledger.of_chat(chat_of(visit.place)))
    return any(visit.card in (k.card, k.team and k.team.minutes) for k in here) and visit.card is not None


def instead(card: Card, visit: Visit, toast: str) -> Reply:
    """Replace a message that bears the button which was tapped; any other stays as it is.

    A client can send any bytes for any message, and must not paint over a record or another card with them.
    """
    return Reply((Show(card, visit.card),) if visit.bears else (), toast)
