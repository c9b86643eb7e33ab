"""A soak: kills, blows to replicas, fuzzed updates and power cuts, in rounds, each with a seed, and evidence of it.

Run it with `python -m bench.soak [--kills 10000] [--blows 2000] [--updates 1000000] [--images 5000] [--seed 1]
[--at-once 1] [--minutes M] [--into FILE]`. `--at-once` rounds run side by side; after `--minutes` no further round is
begun, and what was counted until then is written down. It stops at the first round that fails, prints what failed,
writes nothing, and ends with the status of that round.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Part:
    """One kind of hardship: how much of it in all, and in a round (as in its test); the test and its settings."""

    name: str
    whole: int
    round: int
    test: str
    seed: str
    amount: str


PARTS = (
    Part("kills", 10_000, 300, "test_kill.py", "SPINEMETS_SEED", "SPINEMETS_KILLS"),
    Part("blows", 2_000, 50, "test_replicas_die.py", "SPINEMETS_SEED", "SPINEMETS_BLOWS"),
    Part("updates", 1_000_000, 50_000, "test_fuzz.py", "SPINEMETS_FUZZ_SEED", "SPINEMETS_FUZZ"),
    Part("images", 5_000, 200, "test_power.py", "SPINEMETS_POWER_SEED", "SPINEMETS_IMAGES"),
)

TOLD = re.compile(r"^(?:kill|replicas|fuzz|power)\b.*seed \d+.*$", re.MULTILINE)
COUNTED = re.compile(
    r"(?<![\w.])(\d+) (kills|pauses|taps due|taps|acknowledged answers|cards shown|troubles|calls|updates"
    r"|images of a disk that lost its power|deeds at stake|answers looked for|answers)\b"
)


Round = tuple[str, dict[str, str]]
"""A test, and the settings that it is run with."""


class RoundFailed(Exception):
    """A round found a fault, or did not run; it bears the status of its test."""

    def __init__(self, status: int) -> None:
        """Take the status."""
        super().__init__(status)
        self.status = status


@dataclass
class Soak:
    """What came of all rounds so far; none begins after `end`, a moment of the steady clock."""

    end: float
    counts: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    failed: bool = False

    def round(self, planned: Round) -> None:
        """Run a test with settings of its own, and add up what it tells; nothing once the time is over or one failed.

        Raises:
            RoundFailed: where the test fails, or tells nothing.
        """
        if self.failed or time.monotonic() > self.end:
            return
        test, settings = planned
        command = [sys.executable, "-m", "pytest", "-q", f"tests/reliability/{test}"]
        ran = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        told = TOLD.findall(ran.stdout)
        print("\n".join(told), flush=True)
        if ran.returncode or not told:
            self.failed = True
            print(ran.stdout[-5000:], ran.stderr[-2000:], flush=True)
            raise RoundFailed(ran.returncode or 1)
        self.rounds += 1
        for line in told:
            self.counts.update({what: int(number) for number, what in COUNTED.findall(line)})


def rounds(wanted: dict[str, int], seed: int) -> list[Round]:
    """Split what is wanted of each part into rounds, and mix them, so that a soak cut short has had some of each."""
    planned: list[tuple[float, Round]] = []
    for part in PARTS:
        whole = wanted[part.name]
        for number, begun in enumerate(range(0, whole, part.round)):
            settings = {part.seed: str(seed + number), part.amount: str(min(part.round, whole - begun))}
            planned.append((begun / whole, (part.test, settings)))
    return [planned_round for _, planned_round in sorted(planned, key=lambda place: place[0])]


def evidence(soak: Soak, command: str, seed: int, began: datetime, seconds: float) -> str:
    """Write down what was done, so that it can be done again."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    counted = "\n".join(f"| {what} | {number:,} |" for what, number in soak.counts.items())
    return f"""# Soak of {began:%Y-%m-%d}: kills, fuzzed updates, power cuts: nothing lost, doubled, changed or silent

| what | |
|---|---|
| command | `{command}` |
| seeds | {seed} and upwards, anew for each part; {soak.rounds} rounds in all |
| machine | {machine}, shared with other work |
| began | {began:%Y-%m-%d %H:%M} UTC |
| took | {seconds / 60:.0f} minutes |
| faults | 0; a soak that finds one stops and writes nothing |

What was counted, over all rounds:

| what | how many |
|---|---|
{counted}

The draws of taps, troubles, kills and cuts are repeated by the seed, the timing of the machine is not.
"""


def main() -> None:
    """Soak as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for part in PARTS:
        parser.add_argument(f"--{part.name}", type=int, default=part.whole)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf)
    began, clock = datetime.now(UTC), time.monotonic()
    parser.add_argument("--into", type=Path, default=ROOT / f"docs/evidence/{began:%Y-%m-%d}-soak.md")
    given = parser.parse_args()
    soak = Soak(clock + given.minutes * 60)
    wanted = {part.name: getattr(given, part.name) for part in PARTS}
    with ThreadPoolExecutor(given.at_once) as pool:
        try:
            list(pool.map(soak.round, rounds(wanted, given.seed)))
        except RoundFailed as fault:
            raise SystemExit(fault.status) from None
    amounts = " ".join(f"--{name} {amount}" for name, amount in wanted.items())
    command = f"python -m bench.soak {amounts} --seed {given.seed} --at-once {given.at_once}"
    command += f" --minutes {given.minutes:g}" if given.minutes < math.inf else ""
    given.into.parent.mkdir(parents=True, exist_ok=True)
    given.into.write_text(evidence(soak, command, given.seed, began, time.monotonic() - clock), "utf-8")


if __name__ == "__main__":
    main()
