"""What one transaction did that is counted, noted beside it: the transaction itself does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from bot.service.case_store import CaseRecord
from bot.service.ports import InboxUpdate, OutboxKind, OutboxMessage, UnitOfWork

Result = TypeVar("Result")


@dataclass(slots=True)
class TransactionNotes:
    """What is counted of a transaction.

    Attributes:
        arrived: the updates that were new.
        finished: the update that was handled; None where none was.
        dead_letters: how many updates were set aside.
        queued: the messages that follow.
        records: the cases that were written.
    """

    arrived: list[int] = field(default_factory=list)
    finished: int | None = None
    dead_letters: int = 0
    queued: list[OutboxMessage] = field(default_factory=list)
    records: list[CaseRecord] = field(default_factory=list)


class NotedUnitOfWork:
    """A unit of work that is passed on, and what is counted of it noted."""

    def __init__(self, uow: UnitOfWork, notes: TransactionNotes) -> None:
        """Store both."""
        self._uow = uow
        self._notes = notes

    def __getattr__(self, name: str) -> Any:
        """Pass on what is not counted."""
        return getattr(self._uow, name)

    def add_updates(self, inbox_updates: Sequence[InboxUpdate]) -> list[int]:
        """Note which updates are new."""
        new = self._uow.add_updates(inbox_updates)
        self._notes.arrived += new
        return new

    def mark_handled(self, update_id: int, answer_text: str) -> bool:
        """Note that an update was handled."""
        done = self._uow.mark_handled(update_id, answer_text)
        if done:
            self._notes.finished = update_id
        return done

    def move_to_dead_letters(self, update_id: int, error: str) -> None:
        """Note that an update was set aside."""
        self._uow.move_to_dead_letters(update_id, error)
        self._notes.dead_letters += 1

    def enqueue(
        self, queue: str, kind: OutboxKind, target: str, payload: str, case: str = "", number: int = 0
    ) -> OutboxMessage:
        """Note a message that follows."""
        message = self._uow.enqueue(queue, kind, target, payload, case, number)
        self._notes.queued.append(message)
        return message

    def add(self, record: CaseRecord) -> None:
        """Note a case that is new."""
        self._uow.add(record)
        self._notes.records.append(record)

    def update(self, record: CaseRecord, expected: int) -> None:
        """Note a case that was written."""
        self._uow.update(record, expected)
        self._notes.records.append(record)


def noted(
    work: Callable[[UnitOfWork], Result],
) -> Callable[[UnitOfWork], tuple[Result, TransactionNotes]]:
    """Return the work with the notes of it; each time that it is done again they begin anew."""

    def work_and_note(uow: UnitOfWork) -> tuple[Result, TransactionNotes]:
        notes = TransactionNotes()
        return work(cast("UnitOfWork", NotedUnitOfWork(uow, notes))), notes

    return work_and_note
