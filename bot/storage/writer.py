"""The writer: one thread that takes jobs in the order they came, as many at a time as are waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Final

from bot.storage.errors import StoreClosed
from bot.storage.transactions import Outcome, Transactions, Work

MOST: Final = 64
"""How many jobs share a commit at most: beyond, its cost for each is small and the first ones only wait longer."""

CLEAN_AGAIN: Final = 2.0
"""Seconds of quiet until what was erased is overwritten, where that could not be done at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work, and the future of whoever waits for it."""

    work: Work
    future: asyncio.Future[Any]


class Writer:
    """Carries out jobs on a thread of its own.

    The thread does not outlive the program: what it had not committed, nobody was told was kept.
    """

    def __init__(self, transactions: Transactions) -> None:
        """Begin; the transactions, and their connection, are the thread's alone from here on."""
        self._transactions = transactions
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._closed = False
        self._closing = Lock()
        self._thread = Thread(target=self._serve, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> asyncio.Future[Any]:
        """Put work in the queue; its future is for the running loop.

        Raises:
            StoreClosed: after `stop`.
        """
        job = Job(work, asyncio.get_running_loop().create_future())
        with self._closing:
            if self._closed:
                raise StoreClosed
            self._jobs.put(job)
        return job.future

    def stop(self) -> None:
        """Accept no more; what was accepted is still done."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)

    def join(self) -> None:
        """Wait until all that was accepted is done and the connection is closed."""
        self._thread.join()

    def _serve(self) -> None:
        """Do what is in the queue until it was closed."""
        last = False
        while not last:
            jobs, last = self._take()
            if jobs:
                _deliver(jobs, self._transactions.carry_out([job.work for job in jobs]))
            else:
                self._transactions.clean()
        self._transactions.close()

    def _take(self) -> tuple[list[Job], bool]:
        """Wait for a job, take what else is waiting, and tell whether nothing will follow."""
        jobs: list[Job] = []
        with suppress(Empty):
            job = self._jobs.get(timeout=CLEAN_AGAIN if self._transactions.unclean else None)
            while job:
                jobs.append(job)
                if len(jobs) == MOST:
                    return jobs, False
                job = self._jobs.get_nowait()
            return jobs, True
        return jobs, False


def _deliver(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Tell each who waits what became of their job: one call for each loop, not one for each job."""
    answers: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        answers.setdefault(job.future.get_loop(), []).append((job.future, outcome))
    for loop, told in answers.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_tell, told)


def _tell(told: Sequence[tuple[asyncio.Future[Any], Outcome]]) -> None:
    """Resolve futures, but those of callers who have gone."""
    for future, outcome in told:
        if future.done():
            continue
        if isinstance(outcome.fault, StopIteration):  # a future refuses it, and its caller would wait for ever
            future.set_exception(RuntimeError("the work raised StopIteration"))
        elif outcome.fault:
            future.set_exception(outcome.fault)
        else:
            future.set_result(outcome.result)
