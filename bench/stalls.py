"""Runs the bot, and writes down what kept its event loop from everything else for long.

`python -m bench.stalls FILE` is `spinemets run` with a watch around each callback of the loop; at the end it writes a
JSON line for each that took 5 ms or more: when (by the steady clock), how long, how much of that on the processor, and
its name. `bench.taps --stalls` reads it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from bot.run import run

NOTED: Final = 0.005
"""Seconds from which a callback is written down."""

NAMED: Final = 90
"""Characters of its name."""


class Stall(NamedTuple):
    """A callback that took long, in seconds; the processor's are less where something else had the processor."""

    at: float
    seconds: float
    processor: float
    name: str


def watch(stalls: list[Stall]) -> None:
    """Time each callback of every loop."""
    run_handle = asyncio.Handle._run  # noqa: SLF001 - the only place that every callback passes

    def timed(handle: asyncio.Handle) -> None:
        begun, spent = time.perf_counter(), time.thread_time()
        run_handle(handle)
        seconds = time.perf_counter() - begun
        if seconds >= NOTED:
            task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined] # noqa: SLF001 - the same
            name = str(task.get_coro()).partition(" at 0x")[0] if isinstance(task, asyncio.Task) else repr(handle)
            stalls.append(Stall(begun, seconds, time.thread_time() - spent, name[:NAMED]))

    setattr(asyncio.Handle, "_run", timed)  # noqa: B010 - a method that its type does not let replace


def read_stalls(file: Path, since: float, until: float) -> list[Stall]:
    """Return the stalls of a time, the longest first."""
    stalls = [Stall(*orjson.loads(line)) for line in file.read_bytes().splitlines()]
    return sorted((s for s in stalls if since <= s.at <= until), key=lambda stall: -stall.seconds)


def main() -> None:
    """Run the bot until it is told to end, then write."""
    stalls: list[Stall] = []
    watch(stalls)
    status = run()
    Path(sys.argv[1]).write_bytes(b"".join(orjson.dumps(stall) + b"\n" for stall in map(list, stalls)))
    sys.exit(status)


if __name__ == "__main__":
    main()
