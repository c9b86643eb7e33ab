"""The bot is killed while people tap, hundreds of times: no answer is lost, doubled or changed, no tap is silent."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from browser import free_port
from conftest import Report
from fork_server import ForkServer
from kill_loop import HARMLESS, SEED, TOKEN, KillLoop, kill_loop, killed, logged
from store_kit import ask

pytestmark = pytest.mark.slow

pytest_plugins = ("store_fixtures",)

KILLS = int(os.environ.get("SPINEMETS_KILLS", "150"))


SERVING = "SELECT pid FROM pg_stat_activity WHERE application_name = 'spinemets' AND datname = current_database()"
"""Asks which of a server's processes serve the bot."""


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer() as ready:
        yield ready


def settings_of(loop: KillLoop, door: str, url: str) -> dict[str, str]:
    """Say how a bot in a siege is reached, and which database is its own."""
    settings = {"bot_token": TOKEN, "bot_api_url": loop.play.url, "database_url": url, "access": "open"}
    if door == "polling":
        return settings
    port = free_port()
    return settings | {
        "webhook_url": f"http://127.0.0.1:{port}/hook",
        "webhook_secret": "siege",
        "http_listen": f"127.0.0.1:{port}",
    }


def judged(loop: KillLoop, log: Path, what: str, report: Report) -> None:
    """Print what was done; nothing may be lost, doubled, changed or silent, and enough must have happened."""
    report(f"kill ({what}): seed {SEED}, {loop.report()}")
    assert not loop.faults(), f"again with SPINEMETS_SEED={SEED}"
    assert set(logged(log)) <= HARMLESS, logged(log)
    assert loop.acknowledged >= 3 * loop.kills, "a siege in which nothing happens proves nothing"


@pytest.mark.parametrize(
    ("database", "door", "share"),
    [
        ("sqlite", "polling", 0.82),
        ("sqlite", "webhook", 0.08),
        ("postgresql", "polling", 0.06),
        ("postgresql", "webhook", 0.03),
    ],
)
@pytest.mark.case("B1", "B2", "B4")
async def test_kills_lose_double_and_change_no_answer_and_silence_no_tap(
    database: str,
    door: str,
    share: float,
    fork_server: ForkServer,
    tmp_path: Path,
    url_for: Callable[[str], str],
    report: Report,
) -> None:
    log = tmp_path / "log"
    async with kill_loop() as loop:
        settings = settings_of(loop, door, url_for(database))
        await loop.run(lambda: fork_server.fork(log, **settings), round(KILLS * share))
        judged(loop, log, f"{database}, {door}", report)


@pytest.mark.parametrize("door", ["polling", "webhook"])
@pytest.mark.case("B1")
async def test_what_a_server_commits_only_after_the_next_bot_began_is_in_order_and_shown(
    door: str, fork_server: ForkServer, tmp_path: Path, url_for: Callable[[str], str], report: Report
) -> None:
    """What a bot that is dead had told a server to commit is committed all the same, at some time."""
    log, url = tmp_path / "log", url_for("postgresql")
    stopped: set[int] = set()

    def go_on() -> None:
        while stopped:
            with suppress(ProcessLookupError):
                os.kill(stopped.pop(), signal.SIGCONT)

    async def kill(process: int) -> None:
        """Stop the server's own processes that serve the bot; they go on while the next bot starts."""
        stopped.update(number for (number,) in ask(url, SERVING))
        for number in stopped:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGSTOP)
        await killed(process)
        asyncio.get_running_loop().call_later(loop.chance.uniform(0, 0.4), go_on)

    async with kill_loop() as loop:
        settings = settings_of(loop, door, url)
        try:
            await loop.run(lambda: fork_server.fork(log, **settings), max(1, KILLS // 15), kill)
        finally:
            go_on()
        judged(loop, log, f"postgresql that commits late, {door}", report)


@pytest.mark.case("B1")
async def test_the_command_itself_is_killed_and_goes_on(tmp_path: Path, report: Report) -> None:
    log = tmp_path / "log"
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    async with kill_loop() as loop:
        environment = clean | {
            "BOT_TOKEN": TOKEN,
            "BOT_API_URL": loop.play.url,
            "ACCESS": "open",
            "DATABASE_URL": f"sqlite:///{tmp_path}/spinemets.db",
        }
        living: list[subprocess.Popen[bytes]] = []

        def start() -> int:
            with log.open("ab") as record:
                words = [sys.executable, "-m", "bot", "run"]
                living.append(
                    subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=record, cwd=tmp_path, env=environment)
                )
            return living[-1].pid

        await loop.run(start, max(1, KILLS // 100))
        for process in living:
            process.wait()
        judged(loop, log, "sqlite, polling, the command itself", report)
