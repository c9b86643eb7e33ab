"""A team's case that helps another, as it is kept: it goes with that one, and is shown by the same message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.service.case_store import Kept, Ledger


def found(ledger: Ledger, case_id: str) -> Kept | None:
    """Find a case; one that helps another has its place, card, name and rights from that one, and goes with it."""
    kept = ledger.get(case_id)
    if kept is None or not kept.case.parent_id:
        return kept
    helped = ledger.get(kept.case.parent_id)
    return helping(helped, kept) if helped else None


def helping(helped: Kept, kept: Kept) -> Kept:
    """Give a case that helps another as it is kept: at that one's place, and under no vote or decision of its own."""
    team = replace(helped.team, giver="", poll="", ballot=None, minutes=None) if helped.team else None
    return replace(helped, case=kept.case, touched=kept.touched, team=team)


def brought_along(helped: Kept, helps: Kept, as_id: str) -> Kept:
    """Give a copy of what helped with a case elsewhere, as it helps the copy of that case that is opened here."""
    case = replace(helps.case, id=as_id, parent_id=helped.case.id, talk=())
    return helping(helped, replace(helps, case=case, touched=helped.touched))


def put(ledger: Ledger, kept: Kept, expected: int) -> None:
    """Keep a case anew; the one that it helps is shown by the same message, and was touched with it."""
    ledger.put(kept, expected)
    helped = ledger.get(kept.case.parent_id) if kept.case.parent_id else None
    if helped:
        touched = max(helped.touched, kept.touched)
        ledger.put(replace(helped, card=kept.card, touched=touched), helped.case.revision)


def leading(cases: Iterable[Kept]) -> list[Kept]:
    """Leave out the cases that help others: those have no name of their own, and never rest by themselves."""
    return [kept for kept in cases if not kept.case.parent_id]
