"""Two replicas on one PostgreSQL database are killed and paused in turns: no answer is lost, doubled or changed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from browser import free_port
from conftest import Report
from fork_server import ForkServer
from kill_loop import HARMLESS, PATIENCE, SEED, TOKEN, KillLoop, SimulatedUser, kill_loop, killed, logged
from oracle import Button
from store_kit import chance_of

pytest_plugins = ("store_fixtures",)

BLOWS: Final = int(os.environ.get("SPINEMETS_BLOWS", "50"))


class Careful(SimulatedUser):
    """Taps once and waits, so that no two taps of a chat are under way in two replicas: these know no order."""

    def tap(self, *buttons: Button) -> None:
        super().tap(*buttons[-1:])


class Replicas:
    """Processes that serve one webhook from one database."""

    def __init__(self, start: Callable[[int], int], many: int = 2) -> None:
        self.ports = [free_port() for _ in range(many)]
        self.start = start
        self.processes: list[int] = []
        self.kills = self.pauses = 0

    def doors(self) -> list[str]:
        return [f"http://127.0.0.1:{port}/hook" for port in self.ports]

    def all_start(self) -> None:
        self.processes = [self.start(port) for port in self.ports]

    async def killed(self, number: int) -> None:
        """Kill one, and start another in its place."""
        await killed(self.processes[number])
        self.processes[number] = self.start(self.ports[number])
        self.kills += 1

    async def paused(self, number: int, seconds: float) -> None:
        """Stop one in whatever it does, and let it go on later, as if nothing had been."""
        os.kill(self.processes[number], signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(self.processes[number], signal.SIGCONT)
        self.pauses += 1


async def more(loop: KillLoop, answers: int) -> None:
    """Wait until some more answers were acknowledged."""
    enough = loop.acknowledged + answers
    async with asyncio.timeout(PATIENCE):
        while loop.acknowledged < enough:
            loop.news.clear()
            await loop.news.wait()


@pytest.mark.slow
@pytest.mark.case("C9")
async def test_replicas_that_are_killed_and_paused_in_turns_lose_double_and_change_no_answer(
    tmp_path: Path, url_for: Callable[[str], str], report: Report
) -> None:
    log, url, chance = tmp_path / "log", url_for("postgresql"), chance_of(SEED)
    with ForkServer() as fork_server:

        def start(port: int) -> int:
            door = {
                "webhook_url": "http://127.0.0.1/hook",
                "webhook_secret": "siege",
                "http_listen": f"127.0.0.1:{port}",
            }
            return fork_server.fork(
                log, bot_token=TOKEN, bot_api_url=loop.play.url, database_url=url, access="open", **door
            )

        replicas = Replicas(start)
        async with kill_loop(harness=Careful, deliver_to=lambda: chance.choice(replicas.doors())) as loop:
            began, over = time.monotonic(), asyncio.Event()
            replicas.all_start()
            try:
                async with asyncio.TaskGroup() as working:
                    for user in loop.users:
                        working.create_task(user.work(over))
                    for _ in range(BLOWS):
                        await more(loop, chance.randint(3, 6))
                        number = chance.randrange(len(replicas.processes))
                        if chance.random() < 0.5:
                            await replicas.killed(number)
                        else:
                            await replicas.paused(number, chance.uniform(0.05, 0.5))
                    over.set()
                await loop.nothing_is_dead()
                await loop.is_quiet()
            finally:
                for process in replicas.processes:
                    await killed(process)
            loop.kills, loop.seconds = replicas.kills, time.monotonic() - began
            report(f"replicas: seed {SEED}, {replicas.pauses} pauses, {loop.report()}")
            assert not loop.faults(), f"again with SPINEMETS_SEED={SEED}"
            assert set(logged(log)) <= HARMLESS, logged(log)
            assert loop.acknowledged >= 3 * BLOWS, "blows that nothing happens between prove nothing"
