"""The queue of updates by the rules of Telegram's own server, as its public source has them; its answers are bytes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson
from conftest import Fields

BEYOND = 10
"""An offset that lies farther beyond the next number is an error of the queue, and answered from its head."""

AGAIN_AT_ONCE = 0.5
"""Seconds within which the same offset gets one update alone."""

HIGH, LOW = 727334705, 117314199
"""Numbers before and after a silent week, as they were seen."""


class Queue:
    """Updates that wait, each as the bytes that Telegram would send."""

    def __init__(self, tail: int = HIGH) -> None:
        """Begin with a number."""
        self.tail = tail
        self.events: dict[int, bytes] = {}
        self.polls = 0
        self._before = (0, -1.0)
        self._news = asyncio.Event()

    def push(self, update: Fields, spoil: tuple[bytes, bytes] | None = None) -> int:
        """Queue an update under the next number; `spoil` is what to put in place of what in its bytes."""
        number, self.tail = self.tail, self.tail + 1
        raw = orjson.dumps({"update_id": number} | {key: update[key] for key in update if key != "update_id"})
        if spoil:
            assert spoil[0] in raw, (spoil, raw)
            raw = raw.replace(*spoil)
        self.events[number] = raw
        self._news.set()
        return number

    async def answer(self, method: str, params: Fields) -> bytes | None:
        """Answer getUpdates; the hook of the scripted Telegram."""
        if method != "getUpdates":
            return None
        self.polls += 1
        await asyncio.sleep(0.001)
        offset, limit, now = params["offset"], params.get("limit", 100), asyncio.get_running_loop().time()
        if self._before[0] == offset and now < self._before[1] + AGAIN_AT_ONCE:
            limit = 1
        self._before = offset, now
        if not self._found(offset, limit):
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), params["timeout"])
        return answered(self._found(offset, limit))

    def _found(self, offset: int, limit: int) -> list[bytes]:
        """Confirm what lies below the offset, and give the first of the rest."""
        if 0 < offset <= self.tail + BEYOND:
            self.events = {number: raw for number, raw in self.events.items() if number >= offset}
        return [self.events[number] for number in sorted(self.events)][:limit]


def answered(updates: list[bytes]) -> bytes:
    """Write an answer as Telegram does."""
    return b'{"ok":true,"result":[' + b",\n".join(updates) + b"]}"
