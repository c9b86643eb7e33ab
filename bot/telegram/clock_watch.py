"""Watches the wall clock by the steady one: nothing is erased or put to rest on the word of a clock that jumped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

JUMP: Final = 3600.0
"""Seconds by which the wall clock may be put right between two looks; more is a jump."""

SETTLED: Final = 86_400.0
"""Seconds without a jump after which the wall clock is believed again."""


@dataclass(frozen=True, slots=True)
class ClockLook:
    """What is seen of the clocks.

    Attributes:
        elapsed: steady seconds since the look before.
        jump: seconds by which the wall clock jumped since then; 0 for none.
        since: what the wall clock said when this process began, or after the jump before.
        settled: whether it has not jumped for a day of this process, or since it began.
    """

    elapsed: float
    jump: float
    since: float
    settled: bool


class ClockWatch:
    """Compares the two clocks, look by look."""

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        """Store the clock on the wall, and the one that never jumps."""
        self._wall = wall
        self._steady = steady
        self._last = (wall(), steady())
        self._since = self._last[0]
        self._jumped_at: float | None = None

    def look(self) -> ClockLook:
        """Return what happened to the clocks since the look before."""
        wall, steady = self._wall(), self._steady()
        elapsed = steady - self._last[1]
        jump = wall - self._last[0] - elapsed
        since, self._last = self._since, (wall, steady)
        if abs(jump) > JUMP:
            self._since, self._jumped_at = wall, steady
        settled = self._jumped_at is None or steady - self._jumped_at > SETTLED
        return ClockLook(elapsed, jump if abs(jump) > JUMP else 0.0, since, settled)
