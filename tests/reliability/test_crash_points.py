"""A bot dies before and after every statement, commit and call of a case: each time the case can be completed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field

import pytest
from conftest import Report, open_and_close, virtually
from crash_points import CrashingStorage, CrashPlan, SurvivingTelegram, count, run_until_crash
from oracle import Button, UserOracle, buttons_of
from store_kit import ask, path_of

pytestmark = pytest.mark.untraced  # thousands of runs over lines that other tests cover

pytest_plugins = ("store_fixtures",)

CHAT = 3001
CASE: tuple[tuple[str, str], ...] = (
    ("say", "/start"),
    ("say", "/new"),
    ("tap", "T8"),
    ("tap", "T9"),
    ("tap", "Done"),
    ("tap", "Fit"),
    ("tap", "‹ Back"),
    ("tap", "Unfit: comorbidities"),
    ("tap", "All options"),
    ("tap", "Non-operative"),
    ("tap", "‹ Back to the card"),
    ("tap", "‹ Back"),
    ("tap", "↺ Restart"),
    ("tap", "L2"),
    ("say", "/forget"),
    ("tap", "Erase everything"),
)
"""What the person does: a case with a correction, a look at an option, a new beginning, and the erasure."""

EMPTYING = " ".join(f"DELETE FROM {table};" for table in ("cases", "inbox", "outbox", "bots"))  # noqa: S608 - our own


@dataclass
class Person:
    """Goes through a case by what is read on the screen; what was refused is tapped once more on the newest card."""

    cloud: SurvivingTelegram
    again: int = 0
    done: list[str] = field(default_factory=list)

    async def goes_through(self) -> None:
        for how, what in CASE:
            await (self._says(what) if how == "say" else self._taps(what))
            self.done.append(what)

    async def _says(self, what: str) -> None:
        known = len(self.cloud.screens)
        self.cloud.deliver(self.cloud.writes(CHAT, what))
        await _until(lambda: len(self.cloud.screens) > known)

    async def _taps(self, label: str) -> None:
        oracle = self.cloud.oracle
        told = "not yet"
        while told:
            await _until(lambda: self._button(label) is not None)
            button = self._button(label)
            assert button
            query = f"q{len(oracle.taps)}"
            oracle.taps_on(query, button)
            self.cloud.deliver(self.cloud.taps(CHAT, button.message, button.data, query))
            await _until(lambda: not oracle.waiting)
            told = oracle.told[query]
            self.again += bool(told)

    def _button(self, label: str) -> Button | None:
        """Find a button on the newest message that has it."""
        messages = sorted(self.cloud.oracle.messages.items(), reverse=True)
        buttons = [found for _, message in messages for found in buttons_of(message)]
        return next((button for said, button in buttons if said.startswith(label)), None)


async def _until(holds: Callable[[], bool]) -> None:
    """Wait in virtual time, for as long as anything may take."""
    async with asyncio.timeout(1_000):
        while not holds():  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.1)


async def through_death(url: str, last: int | None) -> tuple[CrashPlan, Person]:
    """Go through the case with a bot that dies at a step and is started again; hold everything against the model."""
    telegram = SurvivingTelegram(UserOracle())
    person, plan = Person(telegram), CrashPlan(last)
    going = asyncio.create_task(person.goes_through())
    living = asyncio.create_task(_dies_and_lives_again(url, telegram, plan))
    await asyncio.wait((going, living), return_when=asyncio.FIRST_COMPLETED)
    if living.done():  # nothing ends the second bot but a fault
        await living
    await going
    looking = CrashingStorage(url, CrashPlan(None))
    while await count(looking) != (0, 0, 0):  # noqa: ASYNC110 - it has no event for that
        await asyncio.sleep(0.05)
    await looking.close()
    living.cancel()
    with suppress(asyncio.CancelledError):
        await living
    assert telegram.oracle.faults() == []
    assert ask(url, "SELECT count(*) FROM cases") == [(0,)]
    return plan, person


async def _dies_and_lives_again(url: str, telegram: SurvivingTelegram, plan: CrashPlan) -> None:
    """Run a bot until it dies, be it after the person is done, and then another one until cancelled."""
    await run_until_crash(url, telegram, plan)
    await run_until_crash(url, telegram, CrashPlan(None))


def emptied(url: str) -> str:
    """Give a database as it was in the beginning."""
    if url.startswith("sqlite"):  # at once, and not to the disk: that is done for each of hundreds of points
        with closing(sqlite3.connect(path_of(url))) as connection:
            connection.executescript(f"PRAGMA synchronous = OFF; BEGIN; {EMPTYING} COMMIT")
    else:
        ask(url, EMPTYING)
    return url


PARTS = 6
"""Into which the points on SQLite are dealt, so that several processes share them."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "first", "every"),
    [*(("sqlite", part, PARTS) for part in range(PARTS)), ("postgresql", 0, 40)],
    indirect=["url"],
)
@pytest.mark.case("B3")
def test_wherever_the_bot_dies_the_case_goes_on_and_nothing_is_lost(
    url: str, first: int, every: int, report: Report
) -> None:
    open_and_close(url)
    whole, undisturbed = virtually(through_death(url, None))
    assert undisturbed.again == 0
    points = range(first, len(whole.steps), every)
    died: Counter[str] = Counter()
    again = 0
    for point in points:
        plan, person = virtually(through_death(emptied(url), point))
        died[plan.steps[-1]] += 1
        again += person.again
        assert len(person.done) == len(CASE)
    report(f"crash points: {len(points)} of {len(whole.steps)}, from the {first}th, {again} taps again; {dict(died)}")
    assert died.total() == len(points)
    assert len(whole.steps) > 300, "a case in which nothing happens proves nothing"
