"""A soak: kills, blows to replicas, fuzzed updates and power cuts, in rounds, each with a seed, and evidence of it.

Run it with `python -m bench.soak [--kills 10000] [--blows 2000] [--updates 1000000] [--images 5000] [--seed 1]
[--into FILE]`. It stops at the first round that fails, prints what failed, writes nothing, and ends with the status of
that round.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
KILLS = 300
"""Kills in a round: as many as in the test itself."""

BLOWS = 50
"""Kills and pauses of replicas in a round, likewise."""

UPDATES = 50_000
"""Updates in a round, likewise."""

IMAGES = 200
"""Images of a disk in a round, likewise."""

TOLD = re.compile(r"^(?:kill|replicas|fuzz|power)\b.*seed \d+.*$", re.MULTILINE)
COUNTED = re.compile(
    r"(?<![\w.])(\d+) (kills|pauses|taps due|taps|acknowledged answers|cards shown|troubles|calls|updates"
    r"|images of a disk that lost its power|deeds at stake|answers looked for|answers)\b"
)


@dataclass
class Soak:
    """What came of all rounds so far."""

    counts: Counter[str] = field(default_factory=Counter)
    rounds: int = 0

    def round(self, test: str, settings: dict[str, str]) -> None:
        """Run a test with settings of its own, and add up what it tells.

        Raises:
            SystemExit: with the status of the test, where it fails.
        """
        command = [sys.executable, "-m", "pytest", "-q", f"tests/{test}"]
        ran = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        told = TOLD.findall(ran.stdout)
        print("\n".join(told), flush=True)
        if ran.returncode or not told:
            print(ran.stdout[-5000:], ran.stderr[-2000:])
            raise SystemExit(ran.returncode or 1)
        self.rounds += 1
        for line in told:
            self.counts.update({what: int(number) for number, what in COUNTED.findall(line)})


def shares(whole: int, part: int) -> Iterator[int]:
    """Split a number into rounds; a last small one is run like the others."""
    for begun in range(0, whole, part):
        yield min(part, whole - begun)


def evidence(soak: Soak, command: str, seed: int, began: datetime, seconds: float) -> str:
    """Write down what was done, so that it can be done again."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    counted = "\n".join(f"| {what} | {number:,} |" for what, number in soak.counts.items())
    return f"""# Soak of {began:%Y-%m-%d}: kills, fuzzed updates, power cuts: nothing lost, doubled, changed or silent

| what | |
|---|---|
| command | `{command}` |
| seeds | {seed} and upwards, one for each of {soak.rounds} rounds |
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
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--blows", type=int, default=2_000)
    parser.add_argument("--updates", type=int, default=1_000_000)
    parser.add_argument("--images", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    began, clock = datetime.now(UTC), time.monotonic()
    parser.add_argument("--into", type=Path, default=ROOT / f"docs/evidence/{began:%Y-%m-%d}-soak.md")
    given = parser.parse_args()
    soak = Soak()
    for number, kills in enumerate(shares(given.kills, KILLS)):
        soak.round("test_kill.py", {"SPINEMETS_SEED": str(given.seed + number), "SPINEMETS_KILLS": str(kills)})
    for number, blows in enumerate(shares(given.blows, BLOWS)):
        soak.round("test_replicas_die.py", {"SPINEMETS_SEED": str(given.seed + number), "SPINEMETS_BLOWS": str(blows)})
    for number, updates in enumerate(shares(given.updates, UPDATES)):
        seed = str(given.seed + number)
        soak.round("test_fuzz.py", {"SPINEMETS_FUZZ_SEED": seed, "SPINEMETS_FUZZ": str(updates)})
    for number, images in enumerate(shares(given.images, IMAGES)):
        seed = str(given.seed + number)
        soak.round("test_power.py", {"SPINEMETS_POWER_SEED": seed, "SPINEMETS_IMAGES": str(images)})
    amounts = f"--kills {given.kills} --blows {given.blows} --updates {given.updates} --images {given.images}"
    command = f"python -m bench.soak {amounts} --seed {given.seed}"
    given.into.parent.mkdir(parents=True, exist_ok=True)
    given.into.write_text(evidence(soak, command, given.seed, began, time.monotonic() - clock), "utf-8")


if __name__ == "__main__":
    main()
