"""What the tests of the store share: what is kept, how to look behind its back, and a process that is killed."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import sqlalchemy

from bot.service.case_store import CaseRecord
from bot.service.ports import InboxUpdate, OutboxKind, UnitOfWork
from bot.storage.errors import StorageError
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage
from flows.catalog.loader import catalog
from flows.model.case import AnswerEvent, AnswerEventKind, Case

STEPS = (
    AnswerEvent(AnswerEventKind.mark, "levels", ("T8", "T9"), "7"),
    AnswerEvent(AnswerEventKind.answer, "fitness", ("fit",), "7"),
    AnswerEvent(AnswerEventKind.restart, who="8"),
)


FORKED = get_context("forkserver")
"""Makes processes that have all loaded, and begin in a blink."""
FORKED.set_forkserver_preload(["bot.storage.factory", "alembic.command", "sqlalchemy.dialects.postgresql.psycopg"])


def kept(case_id: str = "1f", place: str = "chat", owner: str = "ann", **more: Any) -> CaseRecord:
    """A case as it is kept; what is said of revision, steps or the case that it helps is the case's own."""
    own = {
        name: more.pop(name) for name in ("revision", "turn", "answer_events", "parent_id", "level") if name in more
    }
    return CaseRecord(
        Case(case_id, "metastasis", catalog().edition, **own), place, owner, more.pop("updated_at", 1.5), **more
    )


def letters(*update_ids: int) -> list[InboxUpdate]:
    return [InboxUpdate(update_id, "chat", f'{{"tap": {update_id}}}') for update_id in update_ids]


def chance_of(seed: int) -> Random:
    return Random(seed)  # noqa: S311 # the same each time: nothing here is secret


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder}/spinemets.db"


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def bytes_of(path: Path) -> bytes:
    """Every byte of a SQLite database."""
    return b"".join(part.read_bytes() for part in sorted(path.parent.glob(f"{path.name}*")))


def ask(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Ask a database behind the back of the store."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(path_of(url), isolation_level=None)) as connection:
            return connection.execute(sql).fetchall()
    with psycopg.connect(url, autocommit=True) as server:
        cursor = server.execute(sql)
        return cursor.fetchall() if cursor.description else []


def step(number: int) -> Callable[[UnitOfWork], int]:
    """A transaction with a part in each table, so that half of one would be seen."""

    def work(uow: UnitOfWork) -> int:
        uow.add(kept(f"case{number}"))
        uow.add_updates(letters(number))
        uow.enqueue("chat", OutboxKind.send_card, f"case{number}", "{}", f"case{number}")
        return number

    return work


def write_until_killed(url: str, first: int, told: Connection) -> None:
    """Write, several jobs at a time, and tell the number of each one that was acknowledged."""

    async def write(store: SqlStorage, numbers: Iterator[int]) -> None:
        for number in numbers:
            os.write(told.fileno(), b"%d\n" % await store.transact(step(number)))

    async def main() -> None:
        store, numbers = create_storage(url), count(first)
        await asyncio.gather(*(write(store, numbers) for _ in range(8)))

    asyncio.run(main())


def open_each(urls: Connection) -> None:
    """Open each database that is named, when it is named, and tell what became of it."""
    with suppress(EOFError):
        while True:
            try:
                asyncio.run(create_storage(urls.recv()).close())
                urls.send("opened")
            except StorageError as fault:
                urls.send(str(fault))


def connection_of(store: SqlStorage) -> sqlalchemy.Connection:
    return store._writer._transactions._connection


@contextmanager
def full_disk(store: SqlStorage) -> Iterator[None]:
    """Keep the file from growing."""
    raw = connection_of(store).connection.driver_connection
    assert raw
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages}")
    yield
    raw.execute("PRAGMA max_page_count = 1000000")


@contextmanager
def locked(store: SqlStorage) -> Iterator[None]:
    """Have another process write, for longer than anybody waits."""
    raw = connection_of(store).connection.driver_connection
    assert raw
    raw.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(raw.execute("PRAGMA database_list").fetchone()[2], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
