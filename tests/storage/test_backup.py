"""Backups that are made while the bot works, and what comes back with them."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clocks import HOUR, passes, restarted
from conftest import Report, data_of, virtual_bot_harness
from life_kit import Asked, Known, Life
from store_kit import ask, sqlite_url

from bot.storage.backup.making import make_backup

pytest_plugins = ("store_fixtures",)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.case("B19")
async def test_a_backup_that_is_made_under_load_holds_whole_what_was_acknowledged_before_it(
    tmp_path: Path,
    kind: str,
    url_for: Callable[[str], str],
    report: Report,
) -> None:
    url = url_for(kind)
    log: list[Any] = []
    backups: list[tuple[Known, str]] = []
    life = asyncio.create_task(Life(url, log).lasts())
    while not life.done():
        await asyncio.sleep(0.05)
        known, before = Known(), list(log)
        copy = tmp_path / f"backup{len(backups)}/spinemets.db"
        copy.parent.mkdir()
        await asyncio.to_thread(make_backup, url, copy)
        for news in (*before, *(later for later in log[len(before) :] if isinstance(later, Asked))):
            known.hears(news)
        backups.append((known, sqlite_url(copy.parent)))
    await life
    due = sum(answers + 1 for known, _ in backups for answers in known.told.values())
    report(f"backups ({kind}): {len(backups)} of a bot at work, {due} answers looked for")
    for known, url in backups:
        assert await known.faults(url) == Counter()
    assert len(backups) >= 3
    assert due > 100 * len(backups)


@pytest.mark.case("B19")
def test_a_backup_goes_on_where_it_was_made(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    with virtual_bot_harness(tmp_path / "old") as (run, harness):

        async def until_backup() -> None:
            await harness.begun(7)
            await harness.tap(7, "T8")
            make_backup(tmp_path / "old/cases.db", tmp_path / "new/cases.db")
            await harness.tap(7, "T9")
            await harness.tap(7, "Done")

        run(until_backup())
        later = harness.telegram.newest(7)
    with virtual_bot_harness(tmp_path / "new") as (run, restored):

        async def after() -> None:
            restored.telegram._updates = itertools.count(100)
            await restored.accept(restored.telegram.taps(7, later[0], data_of(later[1], "Fit"), "ahead"))
            assert restored.telegram.toasts()["ahead"].startswith("That question is closed")
            assert "T8 · 1 level" in restored.telegram.newest(7)[1]["text"]
            assert await restored.tap(7, "Only T8") == ""
            assert "fit for surgery" in restored.telegram.newest(7)[1]["text"]

        run(after())


@pytest.mark.parametrize(("days", "there"), [(1, 1), (31, 0)])
@pytest.mark.case("B19")
def test_a_backup_older_than_cases_are_kept_brings_back_nobody_for_more_than_a_day(
    tmp_path: Path, days: int, there: int
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    with virtual_bot_harness(tmp_path / "old") as (run, harness):

        async def erased_after_backup() -> None:
            await harness.begun(7)
            await harness.tap(7, "T8")
            make_backup(tmp_path / "old/cases.db", tmp_path / "new/cases.db")
            await harness.accept(harness.telegram.writes(7, "/forget"))
            await harness.tap(7, "Erase everything")

        run(erased_after_backup())
    assert ask(f"sqlite:///{tmp_path}/old/cases.db", "SELECT count(*) FROM cases") == [(0,)]
    with virtual_bot_harness(tmp_path / "new") as (run, restored):
        restored.wall.now += days * 24 * HOUR
        restarted(restored)
        run(passes(restored, 25 * HOUR))
    assert ask(f"sqlite:///{tmp_path}/new/cases.db", "SELECT count(*) FROM cases") == [(there,)]
