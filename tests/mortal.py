"""A bot in the test's own process that dies at a given step, with its database and Telegram living on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import psycopg
from conftest import Cloud, Fields, InlineStore, Rig, refused, rig_on
from kit import reading
from witness import Witness

from bot.service.ports import Desk
from bot.storage.factory import database_at
from bot.storage.transactions import Transactions

Result = TypeVar("Result")

TOO_OLD = refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")


class Died(BaseException):
    """The process is no more; nothing that is left of it in memory may do anything."""


class Fate:
    """Counts the steps of a life, and ends it at one of them.

    Attributes:
        steps: the names of the steps that were taken.
        dead: set at the end of the life.
    """

    def __init__(self, last: int | None) -> None:
        """Take the number of the step that is the last; with none the bot lives."""
        self.steps: list[str] = []
        self.dead = asyncio.Event()
        self._last = last

    def meets(self, step: str) -> bool:
        """Take a step; tell whether the process is dead."""
        if not self.dead.is_set():
            if len(self.steps) == self._last:
                self.dead.set()
            self.steps.append(step)
        return self.dead.is_set()


class MortalStore(InlineStore):
    """The tables of the real store, with a step before and after each statement, each commit and each wiping."""

    def __init__(self, url: str, fate: Fate) -> None:
        """Take a database whose tables are there already."""
        database = database_at(url)
        connection = database.engine.connect()
        raw: Any = connection.connection.driver_connection
        if url.startswith("sqlite"):
            raw.execute("PRAGMA synchronous = OFF")  # a process dies here, not the power
        self._raw = raw
        self._transactions = Transactions(connection, database)
        self._connection = connection
        self._fate = fate

        self._surround(self._transactions._driver, "execute", lambda text, *_: str(text.split()[0]))
        self._surround(self._transactions._driver, "commit", lambda: "commit")
        self._surround(database, "wipe", lambda _: "wipe")

    def abandoned(self) -> None:
        """Let the database notice that its client is gone."""
        self._connection.invalidate()

    def _surround(self, owner: object, method: str, named: Callable[..., str]) -> None:
        """Put a step before and after something, named by what it is given."""
        inner: Callable[..., Any] = getattr(owner, method)

        def outer(*given: Any) -> Any:
            self._must_outlive(f"before {named(*given)}")
            result = inner(*given)
            self._must_outlive(f"after {named(*given)}")
            return result

        setattr(owner, method, outer)

    def _must_outlive(self, step: str) -> None:
        """Take a step.

        Raises:
            Died: where the process is dead; the database then forgets what was not committed.
        """
        if self._fate.meets(step):
            with suppress(sqlite3.ProgrammingError, psycopg.OperationalError):  # it is closed already
                self._raw.rollback()
            raise Died


class Heaven(Cloud):
    """Telegram, which outlives every bot; a person looks on. It answers nobody who has died."""

    def __init__(self, witness: Witness) -> None:
        super().__init__(self._too_late)
        self.witness = witness
        self.fate = Fate(None)

    async def do_request(self, url: str, method: str, *more: Any, **named: Any) -> tuple[int, bytes]:
        fate, name = self.fate, url.rpartition("/")[2]
        if fate.meets(f"before {name}"):
            await _nothing_more()
        known = len(self.calls)
        answer = await super().do_request(url, method, *more, **named)
        for call in self.calls[known:]:
            self._witnessed(call.method, call.params, answered=call.well)
        if fate.meets(f"after {name}"):
            await _nothing_more()
        return answer

    async def _too_late(self, method: str, params: Fields) -> Fields | None:
        late = method == "answerCallbackQuery" and params["callback_query_id"] in self.witness.told
        return TOO_OLD if late else None

    def _witnessed(self, method: str, params: Fields, *, answered: bool) -> None:
        if method in {"sendMessage", "editMessageText"} and answered:
            number = params.get("message_id") or max(self.screens)[1]
            self.witness.sees({**params, "message_id": number, "text": reading(params["text"]).text})
        elif method == "answerCallbackQuery" and answered:
            self.witness.hears(params["callback_query_id"], params.get("text", ""))


async def _nothing_more() -> NoReturn:
    """Wait for ever."""
    await asyncio.Event().wait()
    raise Died


async def lived(url: str, cloud: Heaven, fate: Fate) -> None:
    """Run a bot until it dies, or until cancelled."""
    cloud.fate = fate
    mine = asyncio.all_tasks()
    store = MortalStore(url, fate)
    rig = rig_on(store)
    share(rig, cloud)
    polling = asyncio.create_task(rig.channel.poll())
    try:
        await fate.dead.wait()
    finally:
        fate.dead.set()
        left = asyncio.all_tasks() - mine
        for task in left:
            task.cancel()
        await asyncio.gather(polling, *left, return_exceptions=True)
        store.abandoned()


def share(rig: Rig, cloud: Cloud) -> None:
    """Let a bot talk to a Telegram that was there before it."""
    rig.cloud = cloud
    rig.channel._api._wire = cloud


async def count(store: InlineStore) -> tuple[int, int, int]:
    """Count what waits to be handled, what is dead, and what waits to be shown."""

    def work(desk: Desk) -> tuple[int, int, int]:
        return len(desk.waiting()), len(desk.dead()), len(desk.wishes())

    return await store.run(work)
