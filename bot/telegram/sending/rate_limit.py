"""How fast may be sent: about one new message a second in a chat, 30 in all, 20 of anything a minute in a group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

CHAT_RATE: Final = 1.0
CHAT_BURST: Final = 3
GROUP_RATE: Final = 12 / 60
GROUP_BURST: Final = 6
"""In a group 6 at once and 12 more in the minute: below the 20 that Telegram takes, with room for what is late."""

ALL_RATE: Final = 30.0
MAX_CHATS: Final = 10_000
"""Chats whose pace is remembered; the ones that were quiet longest are forgotten first."""


class RateLimiter:
    """Computes how long a call has to wait. Edits wait in groups alone: elsewhere only the newest is sent anyhow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Store a clock in seconds that never goes back."""
        self._clock = clock
        self._chats: dict[str, float] = {}
        self._all = 0.0

    def reserve(self, place: str, *, edit: bool) -> float:
        """Book a message or an edit in a chat, and give the seconds until it may go."""
        group = _is_group(place)
        if edit and not group:
            return 0.0
        now = self._clock()
        rate, burst = (GROUP_RATE, GROUP_BURST) if group else (CHAT_RATE, CHAT_BURST)
        free = max(self._chats.pop(place, 0.0), now - (burst - 1) / rate)
        self._chats[place] = free + 1 / rate
        if len(self._chats) > MAX_CHATS:
            del self._chats[next(iter(self._chats))]
        if not edit:
            self._all = max(self._all + 1 / ALL_RATE, now)
        return max(0.0, free - now, 0.0 if edit else self._all - now)

    def ahead(self, place: str) -> float:
        """Return the seconds that an edit would wait which was booked now."""
        return max(0.0, self._chats.get(place, 0.0) - self._clock()) if _is_group(place) else 0.0

    def hold(self, place: str, seconds: float) -> None:
        """Book nothing in a group for some seconds: Telegram has asked for them."""
        if _is_group(place):
            self._chats[place] = max(self._chats.get(place, 0.0), self._clock() + seconds)


def _is_group(place: str) -> bool:
    return place.startswith("-")
