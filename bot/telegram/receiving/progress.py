"""Whether polling gets anywhere: a poll that comes back at once with nothing new must not be made at full speed."""

from __future__ import annotations

from typing import Any, Final

from bot.telegram.updates.fingerprint import fingerprint_of
from bot.telegram.updates.inbox import update_id_of

OPEN: Final = 1.0
"""Seconds after which a poll counts as one that stayed open, whatever it brought."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
"""Seconds between polls that bring nothing new: twice as long each time."""

REMEMBERED: Final = 1_000
"""Updates of the last polls, by which a repeat is known."""


class PollingProgress:
    """Looks at each poll.

    Attributes:
        pause: seconds to wait before the next one.
    """

    def __init__(self) -> None:
        """Begin: nothing was seen."""
        self._seen: dict[tuple[int, str], None] = {}
        self.pause = 0.0

    def made(self, batch: list[Any], took: float) -> bool:
        """Return whether a poll got somewhere: it brought something new, or stayed open.

        Args:
            batch: what it brought.
            took: seconds that it was open.
        """
        found = [(number, fingerprint_of(update)) for update in batch if (number := update_id_of(update)) is not None]
        fresh = [update for update in found if update not in self._seen]
        self._seen |= dict.fromkeys(fresh)
        while len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        moved = bool(fresh) or took >= OPEN
        self.pause = 0.0 if moved else min(self.pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
        return moved

    @property
    def stuck(self) -> bool:
        """Whether nothing has been got for so long that the pause grows no more."""
        return self.pause == LONGEST_PAUSE
