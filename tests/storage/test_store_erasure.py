"""The store when a person is erased: not one byte of theirs is left in the file."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from store_kit import STEPS, ask, bytes_of, chance_of, kept, path_of, sqlite_url

from bot.service.ports import InboxUpdate, OutboxKind, OutboxMessage, UnitOfWork
from bot.storage import writer
from bot.storage.backends.sqlite import Sqlite
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage

pytest_plugins = ("store_fixtures",)

MARK = "5ec2e7"
"""Stands in every row of the person who is to be erased."""


def cases_of_many(seed: int) -> Callable[[UnitOfWork], None]:
    """Keep cases of twenty people, one of whom is to be erased, so that rows move from page to page.

    With these seeds, SQLite 3.40 leaves copies of erased rows in the gaps, secure_delete notwithstanding.
    """

    def work(uow: UnitOfWork) -> None:
        chance = chance_of(seed)
        for number in range(1000):
            mine = number % 20 == 0
            owner = f"{MARK}-person" if mine else f"person{chance.randrange(20)}"
            case_id = f"{chance.getrandbits(48):012x}{MARK if mine else ''}"
            uow.add(kept(case_id, owner, owner))
            uow.update(kept(case_id, owner, owner, answer_events=STEPS[1:2] * chance.randrange(20), revision=1), 0)
            uow.enqueue(owner, OutboxKind.send_card, case_id, "{}", case_id)

    return work


def forgotten(uow: UnitOfWork) -> int:
    return uow.erase_person(f"{MARK}-person")


def left_in(path: Path) -> int:
    """Count the traces in a database, its log included."""
    return bytes_of(path).count(MARK.encode())


async def wiped_soon(path: Path) -> None:
    """Wait until no trace is left, for as long as that may take."""
    for _ in range(100):
        await asyncio.sleep(0.02)
        if not left_in(path):
            return


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return path_of(sqlite_url(tmp_path))


@pytest.mark.parametrize("seed", [1, 6])
async def test_nothing_of_an_erased_person_is_left_in_the_file(path: Path, seed: int) -> None:
    store = create_storage(f"sqlite:///{path}")
    await store.transact(cases_of_many(seed))
    assert left_in(path) > 200
    assert await store.transact(forgotten) == 50
    assert left_in(path) == 0, "the moment it is acknowledged"
    await store.close()
    assert left_in(path) == 0


@pytest.mark.parametrize("seed", [1, 6])
async def test_what_a_killed_process_had_no_time_to_wipe_is_wiped_at_the_next_opening(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(Sqlite, "scrub", lambda *_: True)
        store = create_storage(f"sqlite:///{path}")
        await store.transact(cases_of_many(seed))
        await store.transact(forgotten)
        as_killed = Path(shutil.copytree(path.parent, tmp_path / "as killed")) / path.name
        await store.close()
    assert left_in(as_killed) > 200
    store = create_storage(f"sqlite:///{as_killed}")
    assert left_in(as_killed) == 0
    assert await store.transact(lambda uow: uow.get_current("person3", "person3"))
    await store.close()


async def test_an_erasure_that_a_backup_holds_up_is_made_good_when_the_backup_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SCRUB_RETRY_SECONDS", 0.05)
    store = create_storage(f"sqlite:///{path}")
    await store.transact(cases_of_many(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM cases").fetchone()
        assert await store.transact(forgotten) == 50
        assert left_in(path) > 0
    await wiped_soon(path)
    assert left_in(path) == 0
    await store.close()


@pytest.mark.case("X15")
async def test_the_last_screen_of_an_erased_person_leaves_no_trace_once_it_was_shown(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SCRUB_RETRY_SECONDS", 0.05)
    store = create_storage(f"sqlite:///{path}")
    await store.transact(cases_of_many(1))

    def erased(uow: UnitOfWork) -> list[OutboxMessage]:
        uow.erase_person(f"{MARK}-person")
        return [uow.enqueue(f"{MARK}-person", OutboxKind.send_page, str(slot), "{}") for slot in range(3)]

    last = await store.transact(erased)
    for screen in last:
        assert left_in(path) > 0, "it waits to be shown"
        await store.transact(lambda uow, screen=screen: uow.acknowledge([screen]))  # type: ignore[misc]
    await wiped_soon(path)
    assert left_in(path) == 0, "though the screens of others still wait"
    assert ask(f"sqlite:///{path}", "SELECT count(*) FROM outbox") == [(950,)]
    await store.close()


@pytest.mark.case("X15")
async def test_what_a_killed_process_had_no_time_to_wipe_after_the_last_screen_is_wiped_by_the_next(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "SCRUB_RETRY_SECONDS", 0.05)
    store = create_storage(f"sqlite:///{path}")
    await store.transact(cases_of_many(1))

    def erased(uow: UnitOfWork) -> OutboxMessage:
        uow.erase_person(f"{MARK}-person")
        return uow.enqueue(f"{MARK}-person", OutboxKind.send_page, "0", "{}")

    screen = await store.transact(erased)
    await store.close()
    store = create_storage(f"sqlite:///{path}")
    assert left_in(path) > 0
    await store.transact(lambda uow: uow.acknowledge([screen]))
    await wiped_soon(path)
    assert left_in(path) == 0
    await store.close()


@pytest.mark.case("X15")
async def test_what_was_set_aside_of_an_erased_person_in_a_group_is_erased_and_of_others_kept(
    store: SqlStorage,
) -> None:
    def set_aside(uow: UnitOfWork) -> None:
        kept = '{"update_id":%d,"callback_query":{"id":"q","from":{"id":%d,"is_bot":false,"first_name":""}}}'
        tapped = [InboxUpdate(number, "-100", kept % (number, who)) for number, who in ((1, 77), (2, 777))]
        uow.add_updates(tapped)
        for number in (1, 2):
            uow.move_to_dead_letters(number, "KeyError")

    await store.transact(set_aside)
    await store.transact(lambda uow: uow.erase_person("77"))
    left = await store.transact(lambda uow: uow.dead_letters())
    assert [letter.update_id for letter, _ in left] == [2]
    forgotten = await store.transact(lambda uow: uow.get_update(1))
    assert forgotten
    assert (forgotten.chat, forgotten.payload) == ("", "")
