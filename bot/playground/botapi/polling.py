"""Long polling: one bot waits for updates at a time, and whether there is one that takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.world.world import FakeTelegram

_ABSENT_AFTER: Final = 5.0
_CONFLICT: Final = "terminated by other getUpdates request; make sure that only one bot instance is running"
_TERMINATED: Final = "terminated by setWebhook request"
_WEBHOOK: Final = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class Polling:
    """Hands the updates to the bot."""

    def __init__(self, world: FakeTelegram) -> None:
        """Watch the world for updates."""
        self._world = world
        self._waiting: asyncio.Future[str] | None = None
        self._closed = False
        self._polls = 0
        self._farewell: asyncio.TimerHandle | None = None
        self.alive = False
        world.listen(self._on_event)

    async def wait(self, offset: int, limit: int, patience: float, gone: Callable[[], Awaitable[None]]) -> list[Json]:
        """Return the updates that wait, or those that come while one has patience.

        Args:
            offset: confirms what lies below it, as `UpdateQueue.since` does.
            limit: how many at most.
            patience: for how many seconds to wait for the first.
            gone: returns when the bot has hung up.

        Raises:
            ApiError: 409 where there is a webhook, or where it is set, or another request for updates comes, while
                this one waits.
        """
        if self._world.webhook.address.url:
            raise ApiError(_WEBHOOK, 409)
        self._wake(_CONFLICT)
        self._arrive()
        try:
            found = self._world.updates.since(offset, limit)
            if not found and patience > 0 and not self._world.updates.held:
                await self._wait(patience, gone)
                found = self._world.updates.since(0, limit)
            return found
        finally:
            self._leave()

    def close(self) -> None:
        """Send everyone home who waits, and let nobody wait again."""
        self._closed = True
        self._wake()
        self._stay()

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
        if waiting.done() and (conflict := waiting.result()):
            raise ApiError(conflict, 409)

    def _on_event(self, event: str, data: Json) -> None:
        if event == "update":
            self._wake()
        elif event == "webhook" and self._world.webhook.address.url:
            self._wake(_TERMINATED)
        elif event == "webhook" and not self._polls:
            self._tell()
        elif event == "delivered":
            self._stay()
            self._tell(alive=data["arrived"])

    def _wake(self, why: str = "") -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(why)

    def _arrive(self) -> None:
        self._polls += 1
        self._stay()
        self._tell(alive=True)

    def _leave(self) -> None:
        self._polls -= 1
        if not self._polls and not self._closed:
            self._farewell = asyncio.get_running_loop().call_later(_ABSENT_AFTER, self._tell)

    def _stay(self) -> None:
        if self._farewell:
            self._farewell.cancel()

    def _tell(self, *, alive: bool = False) -> None:
        if alive != self.alive:
            self.alive = alive
            self._world.tell("alive", {"bot_alive": alive})
