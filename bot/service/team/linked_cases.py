"""A team's case that helps another, as it is kept: it goes with that one, and is shown by the same message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.service.case_store import NO_PICTURE, CaseRecord, CaseRepository


def load(repository: CaseRepository, case_id: str) -> CaseRecord | None:
    """Find a case; one that helps another has its place, card, name and rights from that one, and goes with it."""
    record = repository.get(case_id)
    if record is None or not record.case.parent_id:
        return record
    parent = repository.get(record.case.parent_id)
    return as_linked(parent, record) if parent else None


def as_linked(parent: CaseRecord, record: CaseRecord) -> CaseRecord:
    """Return a linked case as it is stored: in its parent's chat, and under no vote or decision of its own."""
    team = (
        replace(parent.team, shared_by="", poll_id="", poll_message_id=None, decision_message_id=None, undelivered="")
        if parent.team
        else None
    )
    return replace(parent, case=record.case, updated_at=record.updated_at, team=team, picture=NO_PICTURE)


def copy_linked(parent: CaseRecord, helps: CaseRecord, as_id: str) -> CaseRecord:
    """Return a copy of what helped with a case elsewhere, as it helps the copy of that case that is opened here."""
    case = replace(helps.case, id=as_id, parent_id=parent.case.id, discussion_events=())
    return as_linked(parent, replace(helps, case=case, updated_at=parent.updated_at))


def save(repository: CaseRepository, record: CaseRecord, expected: int) -> None:
    """Keep a case anew; the one that it helps is shown by the same message, and was touched with it."""
    repository.update(record, expected)
    parent = repository.get(record.case.parent_id) if record.case.parent_id else None
    if parent:
        updated_at = max(parent.updated_at, record.updated_at)
        repository.update(
            replace(parent, card_message_id=record.card_message_id, updated_at=updated_at), parent.case.revision
        )


def roots(cases: Iterable[CaseRecord]) -> list[CaseRecord]:
    """Leave out the cases that help others: those have no name of their own, and never rest by themselves."""
    return [record for record in cases if not record.case.parent_id]
