"""A start among a hundred thousand cases with a day's backlog: all is answered; what it took is printed."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from conftest import Report
from local_bot_api import RunningPlayground, running_playground
from oracle import Button, buttons_of
from store_kit import ask, sqlite_url

from bot.playground.chats.models import Chat, ChatMember, Person
from bot.storage.factory import create_storage

TOKEN: Final = "4242:restart"  # noqa: S105 - it opens nothing
PEOPLE: Final = range(5001, 5101)
CASES: Final = 100_000
BACKLOG: Final = 2_000
MEMORY: Final = 200 * 1024
"""Kibibytes that the process may ever hold."""

LONG: Final = 120.0
"""Seconds in which all must have come: a bound for a hang, and no measure of speed."""


class Chats:
    """What people see and hear."""

    def __init__(self, playground: RunningPlayground) -> None:
        self.play = playground
        self.cards: dict[int, dict[str, Any]] = {}
        self.answered: dict[str, float] = {}
        self.edited: dict[int, float] = {}
        playground.world.listen(self._hear)

    def button(self, chat: int, label: str) -> Button:
        return next(button for said, button in buttons_of(self.cards[chat]) if said.startswith(label))

    def tap(self, chat: int, button: Button) -> str:
        return self.play.world.tap(chat, button.message, button.data, stale=True)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LONG):
            while not holds():  # noqa: ASYNC110 - it has no event for that
                await asyncio.sleep(0.01)

    def _hear(self, event: str, data: dict[str, Any]) -> None:
        if event == "answered":
            self.answered[data["callback_query_id"]] = time.monotonic()
        elif event in {"message", "edited"} and data["message"]["from"]["is_bot"]:
            self.cards[data["chat_id"]] = data["message"]
            self.edited[data["chat_id"]] = time.monotonic()


@asynccontextmanager
async def running(url: str, playground: RunningPlayground, folder: Path) -> AsyncIterator[Process]:
    """Run the command itself, and tell it to end at the end."""
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    settings = {"BOT_TOKEN": TOKEN, "BOT_API_URL": playground.url, "DATABASE_URL": url, "ACCESS": "open"}
    with (folder / "log").open("ab") as log:
        words = [sys.executable, "-m", "bot", "run"]
        process = await asyncio.create_subprocess_exec(
            *words, stdout=subprocess.DEVNULL, stderr=log, cwd=folder, env=clean | settings
        )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


def multiplied(url: str, times: int) -> None:
    """Give every case so many doubles, each of a person of its own."""
    columns = [str(column[1]) for column in ask(url, "PRAGMA table_info(cases)")]
    changed = {"id": "printf('%x', i) || id", "chat_id": "chat_id || '.' || i", "owner": "owner || '.' || i"}
    ask(
        url,
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) "  # noqa: S608 - our own
        f"INSERT INTO cases ({', '.join(columns)}) "
        f"SELECT {', '.join(changed.get(name, name) for name in columns)} FROM cases, n",
    )


def most_memory(process: Process) -> int:
    """Give the most memory that a process ever held, in kibibytes."""
    (found,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{process.pid}/status").read_text("ascii"), re.MULTILINE)
    return int(found)


@pytest.mark.slow
@pytest.mark.case("B14")
async def test_a_bot_that_starts_among_a_hundred_thousand_cases_works_a_days_backlog_off(
    tmp_path: Path, report: Report
) -> None:
    url = sqlite_url(tmp_path)
    rooms = [Chat(number, (ChatMember(Person(number, "Dr.")),)) for number in PEOPLE]
    async with running_playground(token=TOKEN, rooms=rooms) as playground:
        chats = Chats(playground)
        async with running(url, playground, tmp_path):
            for chat in PEOPLE:
                playground.world.say(chat, "/new")
            await chats.until(lambda: len(chats.cards) == len(PEOPLE))
        multiplied(url, CASES // len(PEOPLE))
        queries = []
        for _ in range(BACKLOG // (4 * len(PEOPLE))):
            for chat in PEOPLE:
                queries += [chats.tap(chat, chats.button(chat, label)) for label in ("T8", "Done", "T9")]
                playground.world.say(chat, "anybody?")
        chats.answered.clear()
        chats.edited.clear()
        began = time.monotonic()
        async with running(url, playground, tmp_path) as process:
            await chats.until(lambda: set(queries) <= chats.answered.keys())
            await chats.until(lambda: set(PEOPLE) <= chats.edited.keys())
            memory = most_memory(process)
        assert ask(url, "SELECT count(*) FROM cases") == [(CASES + len(PEOPLE),)]
        store = create_storage(url)
        waiting, dead, cases = await store.transact(
            lambda uow: (
                uow.pending_updates(),
                uow.dead_letters(),
                [uow.get_current(str(chat), str(chat)) for chat in PEOPLE],
            )
        )
        await store.close()
    answered = sorted(chats.answered[query] - began for query in queries)
    report(
        f"restart among {CASES} cases: first answer after {answered[0]:.2f} s, {len(answered)} taps and "
        f"{BACKLOG - len(answered)} messages worked off after {answered[-1]:.1f} s, {memory / 1024:.0f} MB at most"
    )
    assert len(queries) * 4 == BACKLOG * 3
    assert (waiting, dead) == ([], [])
    assert all(case and case.case.revision == 2 for case in cases), "one mark and one Done count, the rest is stale"
    assert memory < MEMORY
