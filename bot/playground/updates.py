"""The queue of updates: each is kept until the bot confirms it, as Telegram does it, and for a day at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bot.playground.disk import Disk, Json

_DAY: Final = 24 * 60 * 60.0


class Updates:
    """What happened and has not been confirmed."""

    def __init__(self, disk: Disk, clock: Callable[[], float]) -> None:
        """Go on with the queue that the disk keeps."""
        self._disk = disk
        self._clock = clock

    def add(self, kind: str, body: Json) -> bool:
        """Queue an update; tell whether the bot wants to have it, or asked for other kinds only."""
        if kind not in (self.allowed or [kind]):
            return False
        now = self._clock()
        number = self._disk.number("update")
        self._disk.put("update", 0, number, {"update_id": number, kind: body}, at=now)
        self._disk.drop_before("update", 0, now - _DAY)
        return True

    def since(self, offset: int, limit: int) -> list[Json]:
        """Give the oldest updates that wait.

        Args:
            offset: confirms everything below it; a negative one everything but the last of the queue.
            limit: how many to give at most.
        """
        with self._disk.transaction():
            first = offset if offset >= 0 else self._disk.nth_newest("update", 0, -offset)
            if first > 0:
                self._disk.drop_below("update", 0, first)
        return self._disk.every("update", 0, limit)

    def forget(self) -> None:
        """Drop whatever waits."""
        with self._disk.transaction():
            self._disk.drop_before("update", 0, float("inf"))

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._disk.count("update", 0)

    @property
    def allowed(self) -> list[str]:
        """The kinds the bot asked for; empty where it takes them all."""
        return list((self._disk.get("allowed updates", 0, 0) or {}).get("kinds", ()))

    def allow(self, kinds: Sequence[str]) -> None:
        """Remember which kinds the bot asks for; what already waits is not touched."""
        with self._disk.transaction():
            self._disk.put("allowed updates", 0, 0, {"kinds": list(kinds)})
