"""Long polling: one bot waits for updates at a time, and whether there is one that does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from bot.playground.disk import Json
from bot.playground.refused import Refused
from bot.playground.world import World

_ABSENT_AFTER: Final = 5.0
_CONFLICT: Final = "terminated by other getUpdates request; make sure that only one bot instance is running"


class Polling:
    """Hands the updates to the bot."""

    def __init__(self, world: World) -> None:
        """Watch the world for updates."""
        self._world = world
        self._waiting: asyncio.Future[str] | None = None
        self._closed = False
        self._polls = 0
        self._farewell: asyncio.TimerHandle | None = None
        self.alive = False
        world.listen(lambda event, _: self._wake() if event == "update" else None)

    async def wait(self, offset: int, limit: int, patience: float, gone: Callable[[], Awaitable[None]]) -> list[Json]:
        """Give the updates that wait, or those that come while one has patience.

        Args:
            offset: confirms what lies below it, as `Updates.since` does.
            limit: how many at most.
            patience: for how many seconds to wait for the first.
            gone: returns when the bot has hung up.

        Raises:
            Refused: 409 where another request for updates comes while this one waits.
        """
        self._wake(_CONFLICT)
        self._arrive()
        try:
            found = self._world.updates.since(offset, limit)
            if not found and patience > 0:
                await self._wait(patience, gone)
                found = self._world.updates.since(0, limit)
            return found
        finally:
            self._leave()

    def close(self) -> None:
        """Send everyone home who waits, and let nobody wait again."""
        self._closed = True
        self._wake()
        if self._farewell:
            self._farewell.cancel()

    async def _wait(self, patience: float, gone: Callable[[], Awaitable[None]]) -> None:
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        hung_up = asyncio.ensure_future(gone())
        try:
            if not self._closed:
                await asyncio.wait((waiting, hung_up), timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hung_up.cancel()
            if self._waiting is waiting:
                self._waiting = None
        if waiting.done() and waiting.result() == _CONFLICT:
            raise Refused(_CONFLICT, 409)

    def _wake(self, why: str = "") -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(why)

    def _arrive(self) -> None:
        self._polls += 1
        if self._farewell:
            self._farewell.cancel()
        self._tell(alive=True)

    def _leave(self) -> None:
        self._polls -= 1
        if not self._polls and not self._closed:
            self._farewell = asyncio.get_running_loop().call_later(_ABSENT_AFTER, self._tell)

    def _tell(self, *, alive: bool = False) -> None:
        if alive != self.alive:
            self.alive = alive
            self._world.tell("alive", {"bot_alive": alive})
