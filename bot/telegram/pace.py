"""How fast may be sent: new messages about one a second in a chat and 30 a second in all, as Telegram allows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

CHAT_RATE: Final = 1.0
CHAT_BURST: Final = 3
ALL_RATE: Final = 30.0
MOST_CHATS: Final = 10_000
"""Chats whose pace is remembered; the ones that were quiet longest are forgotten first."""


class Pace:
    """Tells how long a new message has to wait. Edits are not paced here: the newest alone is sent."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock in seconds that never goes back."""
        self._clock = clock
        self._chats: dict[str, float] = {}
        self._all = 0.0

    def wait(self, place: str) -> float:
        """Book a new message in a chat, and give the seconds until it may go."""
        now = self._clock()
        free = max(self._chats.pop(place, 0.0), now - (CHAT_BURST - 1) / CHAT_RATE)
        self._chats[place] = free + 1 / CHAT_RATE
        self._all = max(self._all, now - 1.0) + 1 / ALL_RATE
        if len(self._chats) > MOST_CHATS:
            del self._chats[next(iter(self._chats))]
        return max(0.0, free - now, self._all - now)
