"""How often one person may send from a page: no thumb is faster, and each costs a write to the disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

BURST: Final = 20
"""Taps at once."""

SECONDS: Final = 3.0
"""Seconds until one more may be sent."""

MAX_PEOPLE: Final = 10_000
"""People of whom it is remembered; who was quiet longest is forgotten first."""


class PostLimiter:
    """Counts what each person sends."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Store a clock in seconds."""
        self._clock = clock
        self._due: dict[int, float] = {}

    def allows(self, user_id: int) -> bool:
        """Return whether a person may send now, and count it if so."""
        now = self._clock()
        due = max(self._due.pop(user_id, now), now)
        allowed = due - now <= (BURST - 1) * SECONDS
        self._due[user_id] = due + SECONDS * allowed
        if len(self._due) > MAX_PEOPLE:
            del self._due[next(iter(self._due))]
        return allowed
