"""The store when things go wrong: killed in the midst, disk full, locked, server away, overtaken."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest
from conftest import Report
from store_kit import (
    FORKED,
    ask,
    chance_of,
    connection_of,
    full_disk,
    kept,
    locked,
    sqlite_url,
    step,
    write_until_killed,
)

from bot.service.ports import NotSaved, UnitOfWork
from bot.storage import storage, writer
from bot.storage import transactions as transaction
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage
from flows.errors import VersionConflict

pytest_plugins = ("store_fixtures",)


def killed_while_writing(url: str, first: int, patience: float) -> set[int]:
    """Let a process write, kill it in the midst, and give the numbers that were acknowledged to it."""
    told, tell = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=write_until_killed, args=(url, first, tell))
    process.start()
    tell.close()
    with open(told.fileno(), "rb", closefd=False) as lines:  # a pipe has no path
        heard = [lines.readline()]
        time.sleep(patience)
        process.kill()
        process.join()
        heard += lines.readlines()
    told.close()
    return {int(line) for line in heard if line.endswith(b"\n")}


@pytest.mark.slow
def test_twenty_kills_lose_nothing_that_was_acknowledged_and_halve_nothing(url: str, report: Report) -> None:
    chance = chance_of(20)
    acknowledged: set[int] = set()
    cases: set[int] = set()
    for kill in range(20):
        acknowledged |= killed_while_writing(url, kill * 1_000_000, chance.uniform(0, 0.05))
        cases = {int(case_id.removeprefix("case")) for (case_id,) in ask(url, "SELECT id FROM cases")}
        taken_in = {update_id for (update_id,) in ask(url, "SELECT update_id FROM inbox")}
        wished = {int(case_id.removeprefix("case")) for (case_id,) in ask(url, "SELECT target FROM outbox")}
        assert acknowledged <= cases
        assert cases == taken_in == wished
    if url.startswith("sqlite"):
        assert ask(url, "PRAGMA integrity_check") == [("ok",)]
    report(f"20 kills: {len(acknowledged)} acknowledged, 0 lost, {len(cases)} kept, 0 halved")
    assert len(acknowledged) >= 3 * 20


@pytest.mark.parametrize(("fault", "says"), [(full_disk, "full"), (locked, "locked")])
async def test_what_cannot_be_kept_is_said_to_be_so_and_can_be_when_the_fault_is_over(
    tmp_path: Path, fault: Callable[[SqlStorage], AbstractContextManager[None]], says: str
) -> None:
    store = create_storage(sqlite_url(tmp_path))
    await store.transact(step(0))
    with fault(store):
        outcomes = await asyncio.gather(*(store.transact(step(n)) for n in range(1, 200)), return_exceptions=True)
        refused = [n for n, outcome in enumerate(outcomes, 1) if isinstance(outcome, NotSaved)]
        assert refused
        assert all(says in str(outcomes[n - 1]) for n in refused)
        assert all(outcome == n for n, outcome in enumerate(outcomes, 1) if n not in refused)
    there = await store.transact(lambda uow: {n for n in range(200) if uow.get(f"case{n}")})
    assert there == set(range(200)) - set(refused), "no half of anything"
    assert await asyncio.gather(*(store.transact(step(n)) for n in refused)) == refused
    await store.close()


HANG_UP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spinemets'"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_connection_that_was_lost_is_made_anew_and_the_work_is_done(url: str, store: SqlStorage) -> None:
    begun: list[str] = []

    def work(uow: UnitOfWork) -> None:
        begun.append("again")
        uow.add(kept())
        if len(begun) == 1:
            ask(url, HANG_UP)
        uow.add(kept("2f"))

    await store.transact(work)
    assert len(begun) == 2
    ask(url, HANG_UP)
    assert await store.transact(lambda uow: (uow.get("1f"), uow.get("2f"))) == (kept(), kept("2f"))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_server_that_stays_away_keeps_nothing_until_it_is_back(
    url: str, store: SqlStorage, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "PAUSES", (0.0, 0.01))
    name = url.partition("?")[0].rpartition("/")[2]
    ask(server.format("postgres"), f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    ask(server.format("postgres"), HANG_UP)
    for _ in range(2):
        with pytest.raises(NotSaved, match="away"):
            await store.transact(step(1))
    ask(server.format("postgres"), f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert await store.transact(step(1)) == 1


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.case("X5")
async def test_a_server_that_only_reads_is_left_for_the_one_that_writes(
    url: str, store: SqlStorage, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "PAUSES", (0.0,))
    await store.transact(step(1))
    name = url.partition("?")[0].rpartition("/")[2]

    def becomes(state: str) -> None:
        """Have new connections, and the present one, only read or write again, as where an address changes hands."""
        ask(server.format("postgres"), f"ALTER DATABASE {name} SET default_transaction_read_only = {state}")

    becomes("on")
    raw = connection_of(store).connection.driver_connection
    assert raw
    raw.execute("SET default_transaction_read_only = on")
    raw.commit()
    for _ in range(2):
        with pytest.raises(NotSaved, match="away"):
            await store.transact(step(2))
    becomes("off")
    assert await store.transact(step(2)) == 2
    assert await store.transact(lambda uow: bool(uow.get("case2")))


BACKENDS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'spinemets'"


@contextmanager
def stopped(processes: Iterable[int]) -> Iterator[None]:
    """Have processes stand still, as where the disk of a server does."""
    found = list(processes)
    for process in found:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.case("X10")
async def test_a_connection_that_stands_still_is_given_up_for_another(
    url: str, store: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(storage, "STALL_SECONDS", 0.2)
    await store.transact(step(1))
    with stopped(process for (process,) in ask(url, BACKENDS)):
        assert await asyncio.wait_for(store.transact(step(2)), 5) == 2
        assert await store.transact(step(3)) == 3


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.case("X10")
async def test_a_server_that_stands_still_is_said_to_save_nothing_until_it_goes_on(
    url: str, store: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(storage, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(transaction, "PAUSES", (0.0,))
    await store.transact(step(1))
    ((folder,),) = ask(url, "SHOW data_directory")
    postmaster = int((Path(folder) / "postmaster.pid").read_text().partition("\n")[0])
    processes = [postmaster, *(process for (process,) in ask(url, BACKENDS))]
    with stopped(processes), pytest.raises(NotSaved, match="away"):
        await asyncio.wait_for(store.transact(step(2)), 15)
    assert await store.transact(step(2)) == 2


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_what_another_process_changed_meanwhile_is_seen_by_the_next_try(url: str, store: SqlStorage) -> None:
    seen: list[int | None] = []

    def work(uow: UnitOfWork) -> None:
        present = uow.get("1f")
        assert present
        seen.append(present.card_message_id)
        if len(seen) <= meddling:
            ask(url, "UPDATE cases SET card_message_id = card_message_id + 1")
        uow.update(kept(card_message_id=100), 0)

    await store.transact(lambda uow: uow.add(kept(card_message_id=0)))
    meddling = 2
    await store.transact(work)
    assert seen == [0, 1, 2]
    seen.clear()
    meddling = transaction.TRIES
    with pytest.raises(VersionConflict):
        await store.transact(work)
