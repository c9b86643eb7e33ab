"""What a durable step costs: load, compare-and-set, a wish and a letter marked as handled, in one job of the store."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.service.case_store import CaseRecord
from bot.service.ports import InboxUpdate, OutboxKind, UnitOfWork
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage
from flows.model.case import AnswerEvent, AnswerEventKind, Case

STEPS = tuple(AnswerEvent(AnswerEventKind.answer, f"question{n}", ("choice",), "1234567890") for n in range(7))
SCREEN = '{"text": "' + "x" * 600 + '"}'


def tap(chat: int, update: int) -> Callable[[UnitOfWork], None]:
    """Make the job of one tap."""

    def work(uow: UnitOfWork) -> None:
        record = uow.get(f"case{chat}")
        if record is None:
            raise LookupError(chat)
        case = replace(record.case, revision=record.case.revision + 1)
        uow.update(replace(record, case=case, updated_at=float(update)), record.case.revision)
        uow.enqueue(record.place, OutboxKind.edit_card, str(chat), SCREEN, case.id)
        if not uow.mark_handled(update, ""):
            raise LookupError(update)

    return work


def prepare(chats: int, first: int, taps: int) -> Callable[[UnitOfWork], None]:
    """Make the job that sets the stage."""

    def work(uow: UnitOfWork) -> None:
        for chat in range(chats):
            if uow.get(f"case{chat}") is None:
                uow.add(
                    CaseRecord(Case(f"case{chat}", "metastasis", "1", answer_events=STEPS), str(chat), str(chat), 0.0)
                )
        uow.add_updates([InboxUpdate(first + n, "lane", "{}") for n in range(taps)])

    return work


async def measure(store: SqlStorage, at_once: int, first: int, taps: int) -> str:
    """Do taps, so many of them in flight at any time."""
    await store.transact(prepare(at_once, first, taps))
    numbers = iter(range(first, first + taps))

    async def chat(number: int) -> None:
        for update in numbers:
            await store.transact(tap(number, update))

    started, spent = time.perf_counter(), time.process_time()
    await asyncio.gather(*(chat(number) for number in range(at_once)))
    took, spent = time.perf_counter() - started, time.process_time() - spent
    wait, cost = took * at_once / taps * 1e3, spent / taps * 1e6
    return f"{at_once:3} in flight: {taps / took:7,.0f} jobs/s, {wait:6.2f} ms each, {cost:4.0f} µs CPU"


async def main(url: str, taps: int) -> None:
    """Measure a store at a URL, alone and under load."""
    opening = time.perf_counter()
    store = create_storage(url)
    say = sys.stdout.write
    say(f"{store!r} opened in {(time.perf_counter() - opening) * 1e3:.0f} ms\n")
    start = await store.transact(lambda uow: max((n.update_id for n in uow.pending_updates()), default=0)) + 1
    for at_once in (1, 16, 64, 16):
        say(await measure(store, at_once, start, taps) + "\n")
        start += taps
    await store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a new file in the temporary folder where none is given")
    parser.add_argument("--taps", type=int, default=5000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(given.url or f"sqlite:///{Path(folder) / 'bench.db'}", given.taps))
