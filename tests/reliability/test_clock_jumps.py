"""A clock that jumps erases nobody: the time of a case is over when two looks say so, a day of running apart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from clocks import HOUR, passes, restarted
from conftest import BotHarness, virtual_bot_harness

import bot.telegram.housekeeping

USER = 7
DAY = 24 * HOUR
NOW = 1_800_000_000.0
MONTHS = 100 * DAY


@pytest.fixture(autouse=True)
def hourly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look every hour instead of every minute: a month has few enough of these."""
    monkeypatch.setattr(bot.telegram.housekeeping, "EXPIRY_CHECK_SECONDS", HOUR)


async def kept(harness: BotHarness) -> bool:
    return await harness.store.transact(lambda uow: uow.get_current(str(USER), str(USER))) is not None


@pytest.mark.parametrize("hours", [31 * 24, 40 * 24, 400 * 24, -2, -40 * 24])
@pytest.mark.parametrize("lasts", [HOUR, 20 * HOUR])
def test_a_clock_that_is_wrong_for_a_while_erases_nobody(tmp_path: Path, hours: int, lasts: float) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.begun(USER))
        jump = hours * HOUR
        run(passes(harness, 4 * DAY, (5 * HOUR, jump), (5 * HOUR + lasts, -jump)), MONTHS)
        assert run(kept(harness))
        assert harness.events()["clock_jumped"] == 2


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.case("G1")
def test_what_was_begun_before_the_clock_was_set_is_kept(tmp_path: Path, *, restarts: bool) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        harness.wall.now = 100.0
        restarted(harness)
        run(harness.begun(USER))
        if restarts:
            run(passes(harness, 2 * HOUR), MONTHS)
            harness.wall.now = NOW
            restarted(harness)
            run(passes(harness, 5 * DAY), MONTHS)
        else:
            run(passes(harness, 5 * DAY, (3 * HOUR, NOW)), MONTHS)
        assert run(kept(harness))


@pytest.mark.case("G1")
def test_what_was_begun_while_the_clock_was_a_month_behind_is_kept(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.begun(USER))
        run(passes(harness, 5 * DAY, (3 * HOUR, 31 * DAY)), MONTHS)
        assert run(kept(harness))


@pytest.mark.parametrize("run_for", [HOUR * 12, DAY * 40])
@pytest.mark.case("F4")
def test_a_case_is_erased_a_day_after_its_time_also_by_a_bot_that_starts_twice_a_day(
    tmp_path: Path, run_for: float
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.begun(USER))
        run(passes(harness, 29 * DAY), MONTHS)
        assert run(kept(harness))
        for _ in range(int(5 * DAY / min(run_for, 5 * DAY))):
            restarted(harness)
            run(passes(harness, min(run_for, 5 * DAY)), MONTHS)
        assert not run(kept(harness))


@pytest.mark.case("F4")
def test_several_processes_on_one_database_count_a_day_once(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def three() -> None:
            looking = [asyncio.create_task(harness.application._housekeeping.expire_cases()) for _ in range(3)]
            await asyncio.sleep(10 * DAY)
            for task in looking:
                task.cancel()

        run(three(), MONTHS)
        observed = run(harness.store.transact(lambda uow: uow.observed()))
        assert 9 * DAY < observed <= 10 * DAY
