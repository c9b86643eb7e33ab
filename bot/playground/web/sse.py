"""What happens, told to every open page as Server-Sent Events; a page that does not keep up is sent away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import orjson

from bot.playground.storage import Json
from bot.playground.world.world import FakeTelegram

_TOLD: Final = frozenset(
    ("message", "edited", "deleted", "answered", "commands", "alive", "rooms", "votes", "inline")
)  # fmt: skip - a list of words
_MOST_WAITING: Final = 256
_HEARTBEAT_EVERY: Final = 15.0
_HEARTBEAT: Final = b": still here\n\n"


class EventStreams:
    """The open pages."""

    def __init__(self, world: FakeTelegram) -> None:
        """Hear from the world what happens."""
        self._world = world
        self._readers: dict[asyncio.Queue[bytes], int] = {}
        world.listen(self._tell)

    async def stream(self, person_id: int) -> AsyncIterator[bytes]:
        """Yield what happens from now on as a person may see it, until the reader falls behind or the server stops."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(_MOST_WAITING)
        self._readers[queue] = person_id
        try:
            yield _HEARTBEAT  # at once, so that the page knows that it is connected
            while queue in self._readers or not queue.empty():
                yield await _next(queue)
        finally:
            self._readers.pop(queue, None)

    def close(self) -> None:
        """Close the stream of every page."""
        for queue in tuple(self._readers):
            self._disconnect(queue)

    def _tell(self, event: str, data: Json) -> None:
        if event not in _TOLD or not self._readers:
            return
        told = b"event: %b\ndata: %b\n\n" % (event.encode(), orjson.dumps(data))
        for queue, person_id in tuple(self._readers.items()):
            if not self._concerns(data, person_id):
                continue
            if queue.full():
                self._disconnect(queue)
            else:
                queue.put_nowait(told)

    def _concerns(self, data: Json, person_id: int) -> bool:
        """Return whether a person may hear of something: it is for all, or theirs, or of a chat that they may read."""
        if data.get("person_id", person_id) != person_id:
            return False
        return "chat_id" not in data or self._world.chats.get(data["chat_id"]).is_visible_to(person_id)

    def _disconnect(self, queue: asyncio.Queue[bytes]) -> None:
        """End a stream; the page comes back and reads the whole state."""
        self._readers.pop(queue, None)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(b"")


async def _next(queue: asyncio.Queue[bytes]) -> bytes:
    try:
        return await asyncio.wait_for(queue.get(), _HEARTBEAT_EVERY)
    except TimeoutError:
        return _HEARTBEAT
