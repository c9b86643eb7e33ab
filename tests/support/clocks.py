"""Passes hours of a bot of the tests, by both of its clocks."""

from __future__ import annotations

import asyncio

from conftest import BotHarness

from bot.telegram.clock_watch import ClockWatch

HOUR = 3600.0


async def passes(harness: BotHarness, seconds: float, *jumps: tuple[float, float]) -> None:
    """Pass time in a process of the bot; at each of some times, the clock on the wall jumps."""
    looking = asyncio.create_task(harness.application._housekeeping.expire_cases())
    begun, wall, jumped = asyncio.get_running_loop().time(), harness.wall.now, dict(jumps)
    for half_hour in range(int(seconds / HOUR * 2)):
        wall += jumped.get(half_hour * HOUR / 2, 0.0)
        harness.wall.now = wall + half_hour * HOUR / 2
        await asyncio.sleep(begun + (half_hour + 1) * HOUR / 2 - asyncio.get_running_loop().time())
    looking.cancel()
    harness.wall.now = wall + seconds


def restarted(harness: BotHarness) -> None:
    """Have another process look at the clocks from now on."""
    harness.application._housekeeping._clock_watch = ClockWatch(
        harness.wall, harness.application._housekeeping._clock_watch._steady
    )
