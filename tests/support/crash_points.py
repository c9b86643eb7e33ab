"""A bot in the test's own process that dies at a given step, with its database and Telegram living on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import psycopg
from conftest import BotHarness, Fields, InlineStorage, ScriptedTelegram, bot_harness, refused
from kit import reading
from oracle import UserOracle

from bot.service.ports import UnitOfWork
from bot.storage.factory import parse_database_url
from bot.storage.transactions import Transactions

Result = TypeVar("Result")

TOO_OLD = refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")


class Crash(BaseException):
    """The process is no more; nothing that is left of it in memory may do anything."""


class CrashPlan:
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

    def reach(self, step: str) -> bool:
        """Take a step; tell whether the process is dead."""
        if not self.dead.is_set():
            if len(self.steps) == self._last:
                self.dead.set()
            self.steps.append(step)
        return self.dead.is_set()


class CrashingStorage(InlineStorage):
    """The tables of the real store, with a step before and after each statement, each commit and each wiping."""

    def __init__(self, url: str, plan: CrashPlan) -> None:
        """Take a database whose tables are there already."""
        database = parse_database_url(url)
        connection = database.engine.connect()
        raw: Any = connection.connection.driver_connection
        if url.startswith("sqlite"):
            raw.execute("PRAGMA synchronous = OFF")  # a process dies here, not the power
        self._raw = raw
        self._transactions = Transactions(connection, database)
        self._connection = connection
        self._plan = plan

        self._surround(self._transactions._statements, "execute", lambda text, *_: str(text.split()[0]))
        self._surround(self._transactions._statements, "commit", lambda: "commit")
        self._surround(database, "scrub", lambda _: "scrub")

    def abandoned(self) -> None:
        """Let the database notice that its client is gone."""
        self._connection.invalidate()

    def _surround(self, owner: object, method: str, named: Callable[..., str]) -> None:
        """Put a step before and after something, named by what it is given."""
        inner: Callable[..., Any] = getattr(owner, method)

        def outer(*given: Any) -> Any:
            self._crash_point(f"before {named(*given)}")
            result = inner(*given)
            self._crash_point(f"after {named(*given)}")
            return result

        setattr(owner, method, outer)

    def _crash_point(self, step: str) -> None:
        """Take a step.

        Raises:
            Crash: where the process is dead; the database then forgets what was not committed.
        """
        if self._plan.reach(step):
            with suppress(sqlite3.ProgrammingError, psycopg.OperationalError):  # it is closed already
                self._raw.rollback()
            raise Crash


class SurvivingTelegram(ScriptedTelegram):
    """Telegram, which outlives every bot; a person looks on. It answers nobody who has died."""

    def __init__(self, oracle: UserOracle) -> None:
        super().__init__(self._too_late)
        self.oracle = oracle
        self.plan = CrashPlan(None)

    async def do_request(self, url: str, method: str, *more: Any, **named: Any) -> tuple[int, bytes]:
        plan, name = self.plan, url.rpartition("/")[2]
        if plan.reach(f"before {name}"):
            await _nothing_more()
        known = len(self.calls)
        answer = await super().do_request(url, method, *more, **named)
        for call in self.calls[known:]:
            self._witnessed(call.method, call.params, answered=call.well)
        if plan.reach(f"after {name}"):
            await _nothing_more()
        return answer

    async def _too_late(self, method: str, params: Fields) -> Fields | None:
        late = method == "answerCallbackQuery" and params["callback_query_id"] in self.oracle.told
        return TOO_OLD if late else None

    def _witnessed(self, method: str, params: Fields, *, answered: bool) -> None:
        if method in {"sendMessage", "editMessageText"} and answered:
            number = params.get("message_id") or max(self.screens)[1]
            self.oracle.sees({**params, "message_id": number, "text": reading(params["text"]).text})
        elif method == "answerCallbackQuery" and answered:
            self.oracle.hears(params["callback_query_id"], params.get("text", ""))


async def _nothing_more() -> NoReturn:
    """Wait for ever."""
    await asyncio.Event().wait()
    raise Crash


async def run_until_crash(url: str, telegram: SurvivingTelegram, plan: CrashPlan) -> None:
    """Run a bot until it dies, or until cancelled."""
    telegram.plan = plan
    mine = asyncio.all_tasks()
    store = CrashingStorage(url, plan)
    harness = bot_harness(store)
    share(harness, telegram)
    polling = asyncio.create_task(harness.application.run_polling())
    try:
        await plan.dead.wait()
    finally:
        plan.dead.set()
        left = asyncio.all_tasks() - mine
        for task in left:
            task.cancel()
        await asyncio.gather(polling, *left, return_exceptions=True)
        store.abandoned()


def share(harness: BotHarness, telegram: ScriptedTelegram) -> None:
    """Let a bot talk to a Telegram that was there before it."""
    harness.telegram = telegram
    harness.application._bot._request = (telegram, telegram)


async def count(store: InlineStorage) -> tuple[int, int, int]:
    """Count what waits to be handled, what is dead, and what waits to be shown."""

    def work(uow: UnitOfWork) -> tuple[int, int, int]:
        return len(uow.pending_updates()), len(uow.dead_letters()), len(uow.pending_messages())

    return await store.transact(work)
