"""The writer: one thread that takes jobs in the order they came, as many at a time as are waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Final

from bot.storage.errors import StorageClosed
from bot.storage.transactions import Transactions, Work, WorkResult

MAX_BATCH: Final = 64
"""How many jobs share a commit at most: beyond, its cost for each is small and the first ones only wait longer."""

STALL_SECONDS: Final = 10.0
"""Seconds that a transaction may take; then its connection is given up, for nobody else is served meanwhile."""

SCRUB_RETRY_SECONDS: Final = 2.0
"""Seconds of quiet until what was erased is overwritten, where that could not be done at once."""


@dataclass(frozen=True, slots=True)
class WriteTask:
    """Work, and the future of whoever waits for it."""

    work: Work
    future: asyncio.Future[Any]


class WriteThread:
    """Carries out jobs on a thread of its own.

    The thread does not outlive the program: what it had not committed, nobody was told was kept.
    """

    def __init__(self, transactions: Transactions) -> None:
        """Begin; the transactions, and their connection, are the thread's alone from here on."""
        self._transactions = transactions
        self._tasks: SimpleQueue[WriteTask | None] = SimpleQueue()
        self._closed = False
        self._closing = Lock()
        self._thread = Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> asyncio.Future[Any]:
        """Queue work; its future is for the running loop.

        Raises:
            StorageClosed: after `stop`.
        """
        task = WriteTask(work, asyncio.get_running_loop().create_future())
        with self._closing:
            if self._closed:
                raise StorageClosed
            self._tasks.put(task)
        return task.future

    def break_off(self) -> None:
        """End a transaction that has stood still for too long; the work is tried again on a new connection."""
        self._transactions.break_off(STALL_SECONDS)

    def stop(self) -> None:
        """Accept no more; what was accepted is still done."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._tasks.put(None)

    def join(self) -> None:
        """Wait until all that was accepted is done and the connection is closed."""
        self._thread.join()

    def _run(self) -> None:
        """Do what is in the queue until it was closed."""
        last = False
        while not last:
            tasks, last = self._next_batch()
            if tasks:
                _deliver_results(tasks, self._transactions.execute_batch([task.work for task in tasks]))
            else:
                self._transactions.scrub()
        self._transactions.close()

    def _next_batch(self) -> tuple[list[WriteTask], bool]:
        """Wait for a job, take what else is waiting, and tell whether nothing will follow."""
        tasks: list[WriteTask] = []
        with suppress(Empty):
            task = self._tasks.get(timeout=SCRUB_RETRY_SECONDS if self._transactions.needs_scrub else None)
            while task:
                tasks.append(task)
                if len(tasks) == MAX_BATCH:
                    return tasks, False
                task = self._tasks.get_nowait()
            return tasks, True
        return tasks, False


def _deliver_results(tasks: Sequence[WriteTask], outcomes: Sequence[WorkResult]) -> None:
    """Deliver the results to those who wait: one call for each loop, not one for each job."""
    answers: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], WorkResult]]] = {}
    for task, outcome in zip(tasks, outcomes, strict=True):
        answers.setdefault(task.future.get_loop(), []).append((task.future, outcome))
    for loop, told in answers.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, told)


def _resolve(told: Sequence[tuple[asyncio.Future[Any], WorkResult]]) -> None:
    """Resolve futures, but those of callers who have gone."""
    for future, outcome in told:
        if future.done():
            continue
        if isinstance(outcome.error, StopIteration):  # a future refuses it, and its caller would wait for ever
            future.set_exception(RuntimeError("the work raised StopIteration"))
        elif outcome.error:
            future.set_exception(outcome.error)
        else:
            future.set_result(outcome.value)
