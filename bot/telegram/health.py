"""How the bot is: whether it has started, and when it last heard from Telegram and last committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

STALE: Final = 120.0
"""Seconds without a successful poll after which the bot is not well: a poll stays open for 50."""


class Health:
    """Notes signs of life, by a clock that never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin: not ready, nothing heard."""
        self._clock = clock
        self._began = clock()
        self._ready = False
        self._polled: float | None = None
        self._committed: float | None = None
        self._polls = False

    def ready(self) -> None:
        """Note that the bot has started."""
        self._ready = True

    def expect_polls(self) -> None:
        """Note that it is well only while it hears from Telegram."""
        self._polls = True

    def polled(self) -> None:
        """Note a successful poll."""
        self._polled = self._clock()

    def committed(self) -> None:
        """Note a commit."""
        self._committed = self._clock()

    @property
    def unheard(self) -> float | None:
        """Seconds since updates last came through; 0 where they are delivered, None where no poll ever succeeded."""
        if not self._polls:
            return 0.0
        return None if self._polled is None else self._clock() - self._polled

    @property
    def is_ready(self) -> bool:
        """Whether the bot has started."""
        return self._ready

    @property
    def is_well(self) -> bool:
        """Whether it has started, and, where it polls, has heard from Telegram lately."""
        heard = self._polled if self._polled is not None else self._began
        return self._ready and (not self._polls or self._clock() - heard < STALE)

    def as_dict(self) -> dict[str, object]:
        """Return the numbers: seconds since the last poll and the last commit; None if there was none."""
        now = self._clock()
        return {
            "ready": self._ready,
            "well": self.is_well,
            "seconds_since_poll": None if self._polled is None else round(now - self._polled, 1),
            "seconds_since_commit": None if self._committed is None else round(now - self._committed, 1),
        }
