"""A siege: simulated clinicians tap, the Bot API misbehaves, and the bot is killed at random and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson
from faults.injector import FaultInjector
from faults.rates import FaultRates
from local_bot_api import RunningPlayground, running_playground, ticking
from oracle import Button, UserOracle, buttons_of
from store_kit import chance_of

from bot.playground.chats.models import Chat, ChatMember, Person

TOKEN: Final = "4242:siege"  # noqa: S105 - it opens nothing
SEED: Final = int(os.environ.get("SPINEMETS_SEED", "20261"))
"""Draws every tap, every trouble and every moment of a kill; the machine's own timing is not repeated."""

MILD: Final = FaultRates(
    too_many=0.001,
    internal=0.001,
    bad_gateway=0.001,
    cut_before=0.001,
    cut_after=0.003,
    truncated=0.001,
    no_result=0.001,
    twice=0.05,
)
USERS: Final = range(2001, 2013)
LONG: Final = 40
"""Answers after which a clinician begins another case."""

PATIENCE: Final = 30.0
"""Seconds in which whatever is due must have come: a bound for a hang, and no measure of speed."""

Start = Callable[[], int]
"""Starts a bot, and gives the number of its process."""

Kill = Callable[[int], Awaitable[None]]
"""Kills a process, and returns once it is gone."""


@dataclass
class SimulatedUser:
    """One chat, and the person who taps there by chance."""

    chat: int
    play: RunningPlayground
    chance: Random
    oracle: UserOracle = field(default_factory=UserOracle)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    old: list[Button] = field(default_factory=list)

    def tap(self, *buttons: Button) -> None:
        """Tap, faster than anybody can answer."""
        for button in buttons:
            query = self.play.world.tap(self.chat, button.message, button.data, stale=True)
            self.oracle.taps_on(query, button)
        self.old = [*self.old[-20:], *buttons]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what is due."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self.news.clear()
                await self.news.wait()

    async def work(self, over: asyncio.Event) -> None:
        """Tap until it is over, then wait for the last answers."""
        while not over.is_set():
            await self._act()
            await self.until(lambda: not self.oracle.waiting)

    async def new(self) -> None:
        """Ask for a case, and wait for its card."""
        seen = len(self.oracle.seen)
        self.play.world.say(self.chat, "/new")
        await self.until(lambda: len(self.oracle.seen) > seen)

    async def _act(self) -> None:
        """Do something that a clinician may do in front of the newest card."""
        newest = self.oracle.newest
        if newest is None or newest.turn > LONG:
            await self.new()
            return
        buttons = [button for _, button in buttons_of(self.oracle.messages[newest.message])]
        draw = self.chance.random()
        if draw < 0.05 and self.old:
            self.tap(self.chance.choice(self.old))
        elif (grid := [button for button in buttons if button.verb in {"on", "off"}]) and draw < 0.9:
            self.tap(*self.chance.sample(grid, self.chance.randint(1, 3)), *(b for b in buttons if b.verb == "ok"))
        else:
            weights = [{"a": 8, "on": 3, "ok": 8, "op": 1, "sh": 4, "rs": 0.3}.get(b.verb, 1.0) for b in buttons]
            [button] = self.chance.choices(buttons, weights)
            self.tap(*[button] * self.chance.choice((1, 1, 1, 1, 2)))


@dataclass
class KillLoop:
    """A bot that is killed again and again, and what came of it."""

    play: RunningPlayground
    trouble: FaultInjector
    users: list[SimulatedUser]
    chance: Random
    news: asyncio.Event = field(default_factory=asyncio.Event)
    process: int = 0
    kills: int = 0
    seconds: float = 0.0

    @property
    def acknowledged(self) -> int:
        return sum(user.oracle.acknowledged for user in self.users)

    async def run(self, start: Start, kills: int, kill: Kill | None = None) -> None:
        """Start and kill the bot so many times, then let it live and have every tap answered."""
        began, over = time.monotonic(), asyncio.Event()
        try:
            async with asyncio.TaskGroup() as working:
                for user in self.users:
                    working.create_task(user.work(over))
                for _ in range(kills):
                    self._begin(start)
                    await self._live()
                    await (kill or killed)(self.process)
                    self.kills += 1
                self._begin(start)
                over.set()
            await self.nothing_is_dead()
            await self.is_quiet()
        finally:
            await killed(self.process)
        self.seconds = time.monotonic() - began

    def _begin(self, start: Start) -> None:
        """Start a bot a second after the last one, so that it need not wait to set its webhook."""
        self.play.clock.now += 1
        self.process = start()

    async def _live(self) -> None:
        """Let a bot live until some answers were taken, and a moment more; a few die while they start."""
        enough = self.acknowledged + self.chance.choice((0, 2, 4, 5, 6, 7, 8))
        dies_young = enough == self.acknowledged
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self.acknowledged < enough:
                    self.news.clear()
                    await self.news.wait()
        await asyncio.sleep(self.chance.uniform(0, 0.15 if dies_young else 0.02))

    async def nothing_is_dead(self) -> None:
        """Tap one button of every message that has any, and wait for the answers."""
        for user in self.users:
            for message in user.oracle.messages.values():
                buttons = [button for _, button in buttons_of(message) if button.verb != "nw"]
                user.tap(*self.chance.sample(buttons, min(1, len(buttons))))
        for user in self.users:
            oracle = user.oracle
            await user.until(lambda oracle=oracle: not oracle.waiting)  # type: ignore[misc]

    async def is_quiet(self) -> None:
        """Wait until all that is due was shown; what still differs after that is told as a fault."""
        end = time.monotonic() + PATIENCE
        while self.faults() and time.monotonic() < end:  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.1)

    def faults(self) -> list[str]:
        return [f"{person.chat}: {fault}" for person in self.users for fault in person.oracle.faults()]

    def report(self) -> str:
        """Say what was done, with its denominators."""
        taps = sum(len(user.oracle.taps) for user in self.users)
        cards = sum(len(user.oracle.seen) for user in self.users)
        troubles, calls = self.trouble.counts.total(), self.trouble.calls.total()
        return (
            f"{self.kills} kills in {self.seconds:.0f} s, {taps} taps, {self.acknowledged} acknowledged answers, "
            f"{cards} cards shown, {troubles} troubles in {calls} calls"
        )


@asynccontextmanager
async def kill_loop(
    seed: int = SEED, harness: type[SimulatedUser] = SimulatedUser, deliver_to: Callable[[], str] | None = None
) -> AsyncIterator[KillLoop]:
    """Run the local Bot API with trouble, and seat the clinicians; updates go to the webhook, or where it is said."""
    faults = FaultInjector(MILD, seed, hang=0.2)
    rooms = [Chat(number, (ChatMember(Person(number, "Dr.")),)) for number in USERS]
    async with running_playground(
        token=TOKEN, faults=faults, rooms=rooms, sleep=_briefly, deliver_to=deliver_to
    ) as playground:
        people = {chat: harness(chat, playground, chance_of(seed + chat)) for chat in USERS}
        loop = KillLoop(playground, faults, list(people.values()), chance_of(seed))
        playground.world.listen(_heard_by(people, loop.news))
        async with ticking(playground.clock):
            yield loop


async def killed(process: int) -> None:
    """Kill a process, and wait until it is gone."""
    os.kill(process, signal.SIGKILL)
    while _lives(process):  # noqa: ASYNC110 - nobody would tell
        await asyncio.sleep(0.001)


def _lives(process: int) -> bool:
    """Tell whether there is more of a process than its number, which stays until somebody asks how it ended.

    One whose first thread is gone still holds its files and its ports while another thread waits for the disk.
    """
    here = Path(f"/proc/{process}")
    with suppress(FileNotFoundError, ProcessLookupError):
        ended = (here / "stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z"
        return not ended or len(list((here / "task").iterdir())) > 1
    return False


def _heard_by(people: dict[int, SimulatedUser], news: asyncio.Event) -> Callable[[str, dict[str, Any]], None]:
    """Let each person see and hear what happens in their chat."""

    def heard(event: str, data: dict[str, Any]) -> None:
        if event in {"message", "edited"} and data["message"]["from"]["is_bot"]:
            people[data["chat_id"]].oracle.sees(data["message"])
            people[data["chat_id"]].news.set()
        elif event == "answered":
            query = data["callback_query_id"]
            [person] = [p for p in people.values() if query in p.oracle.waiting]
            person.oracle.hears(query, data["text"])
            person.news.set()
            news.set()

    return heard


async def _briefly(seconds: float) -> None:
    """Wait as deliveries do, but not for as long: the bot is back in a blink."""
    await asyncio.sleep(min(seconds, 0.1))


HARMLESS = {
    "started", "access_open", "telegram_unreachable", "not_shown", "not_answered", "not_offered", "update_unreadable",
}  # fmt: skip
"""What a bot may log in a siege."""


def logged(log: Path) -> Counter[str]:
    """Count what was logged; the last line of a life may be cut off."""
    found: Counter[str] = Counter()
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        if line.endswith("}"):
            found[orjson.loads(line[line.rindex("{") :])["event"]] += 1
    return found
