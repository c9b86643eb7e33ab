"""The power fails at a random instant: what was acknowledged is in what is left on the disk, whole."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any, Final, Self

import pytest
from conftest import Report
from crash_images import CrashableDisk
from io_recorder import IoRecorder
from life_kit import Known, Life, News, Told
from store_kit import FORKED, chance_of, sqlite_url

from bot.storage.backends import sqlite

pytestmark = pytest.mark.untraced  # hundreds of openings of lines that other tests cover

IMAGES: Final = int(os.environ.get("SPINEMETS_IMAGES", "200"))
SEED: Final = int(os.environ.get("SPINEMETS_POWER_SEED", "20263"))
FULL: Final = "PRAGMA synchronous = FULL"


def live(url: str, flushing: str, told: Connection) -> None:
    """Be a process whose every deed is recorded; give the record."""
    settings = tuple(flushing if setting == FULL else setting for setting in sqlite.SETTINGS)
    sqlite.SETTINGS = settings  # type: ignore[misc,assignment] # never in the bot
    recorder = IoRecorder()
    asyncio.run(Life(url, recorder.log).lasts())
    told.send(recorder.log)


def recorded(folder: Path, flushing: str) -> list[Any]:
    """Let a bot live in a process of its own; give all that it did to its files, and all that it told people."""
    folder.mkdir()
    here, there = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=live, args=(sqlite_url(folder), flushing, there))
    process.start()
    there.close()
    log: list[Any] = here.recv()
    process.join()
    assert process.exitcode == 0
    return log


@dataclass
class Cuts:
    """What was found after so many cuts of the power, at random instants of a recorded life."""

    log: list[Any]
    faults: Counter[str] = field(default_factory=Counter)
    images: int = 0
    due: int = 0
    at_stake: int = 0

    def at(self, instants: Iterable[int], chance: Random, folder: Path) -> Self:
        """Cut the power after so many entries of the record."""
        many = Counter(instants)
        disk, known = CrashableDisk(), Known()
        for number, entry in enumerate([*self.log, None]):
            for _ in range(many[number]):
                self._cut(disk, known, chance, folder / f"{self.images}")
            if isinstance(entry, News):
                known.hears(entry)
            elif entry:
                disk.apply(entry)
        return self

    def at_random(self, many: int, folder: Path) -> Self:
        """Cut the power so often, half of the times in the very moment in which somebody is told something."""
        chance = chance_of(SEED)
        told = [number for number, entry in enumerate(self.log, 1) if isinstance(entry, Told)]
        any_time = range(told[0], len(self.log) + 1)
        return self.at((chance.choice(chance.choice((told, any_time))) for _ in range(many)), chance, folder)

    def _cut(self, disk: CrashableDisk, known: Known, chance: Random, image: Path) -> None:
        image.mkdir(parents=True)
        self.at_stake += disk.loses_power(chance, image)
        self.faults += asyncio.run(known.faults(sqlite_url(image)))
        shutil.rmtree(image)
        self.images += 1
        self.due += sum(answers + 1 for answers in known.told.values())

    def told(self) -> str:
        """Say what was done, with its denominators."""
        done = Counter(type(entry).__name__ for entry in self.log)
        return (
            f"{self.images} images of a disk that lost its power, in a life of {done['Written']} writes and "
            f"{done['Flushed']} flushes; {self.at_stake} deeds at stake, {self.due} answers looked for, "
            f"faults {dict(self.faults)}"
        )


@pytest.mark.slow
@pytest.mark.case("B6")
def test_power_that_fails_at_any_instant_takes_no_acknowledged_answer_and_halves_nothing(
    tmp_path: Path, report: Report
) -> None:
    cuts = Cuts(recorded(tmp_path / "life", FULL)).at_random(IMAGES, tmp_path / "images")
    report(f"power: seed {SEED}, {cuts.told()}")
    assert cuts.faults == Counter(), f"again with SPINEMETS_POWER_SEED={SEED}"
    assert cuts.images == IMAGES
    assert cuts.at_stake >= IMAGES, "a disk on which all is flushed proves nothing"
    assert cuts.due >= 100 * IMAGES


@pytest.mark.slow
@pytest.mark.case("B6")
def test_with_flushes_left_to_the_checkpoints_the_same_images_lose_answers_and_nothing_else(tmp_path: Path) -> None:
    cuts = Cuts(recorded(tmp_path / "life", "PRAGMA synchronous = NORMAL")).at_random(50, tmp_path / "images")
    assert set(cuts.faults) == {"lost"}, f"again with SPINEMETS_POWER_SEED={SEED}: {cuts.told()}"


@pytest.mark.slow
@pytest.mark.case("B6")
def test_without_flushes_the_same_images_lose_answers_and_the_file_itself(tmp_path: Path) -> None:
    cuts = Cuts(recorded(tmp_path / "life", "PRAGMA synchronous = OFF")).at_random(50, tmp_path / "images")
    assert {"lost", "unsound"} <= set(cuts.faults), cuts.told()


@pytest.mark.slow
@pytest.mark.case("B6")
def test_power_that_fails_while_the_database_is_made_leaves_one_that_can_be_made(tmp_path: Path) -> None:
    life = recorded(tmp_path / "life", FULL)
    making = life[: next(number for number, entry in enumerate(life) if isinstance(entry, News))]
    cuts = Cuts(making).at(range(len(making) + 1), chance_of(SEED), tmp_path / "images")
    assert cuts.faults == Counter(), f"again with SPINEMETS_POWER_SEED={SEED}"
    assert cuts.images > 50
