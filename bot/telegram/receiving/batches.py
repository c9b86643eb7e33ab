"""Asks for updates: many at once, and one at a time where one of them cannot be read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from bot.telegram.client import TelegramBot
from bot.telegram.garbled import Garbled
from bot.telegram.updates.inbox import KINDS

POLL: Final = 50
"""Seconds that one poll stays open."""

MOST: Final = 100
"""Updates that are asked for at once."""

LOOK_AGAIN: Final = 0.2
"""Seconds until an update that cannot be read is asked for once more: it may have been the way and not the update."""


class Batches:
    """Fetches batches of raw updates."""

    def __init__(self, bot: TelegramBot, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Store the bot, and what waits for so many seconds."""
        self._bot = bot
        self._sleep = sleep
        self._alone = 0
        self._suspect: int | None = None

    @property
    def searching(self) -> bool:
        """Whether updates are asked for one at a time, to find one that cannot be read."""
        return self._alone > 0

    async def fetch(self, offset: int) -> list[Any]:
        """Return the updates from a number on; what stands for one that cannot be read is among them.

        Raises:
            TelegramError: if they cannot be had; if nothing that Telegram says can be read, that is so as well.
        """
        limit = 1 if self._alone else MOST
        try:
            batch = await self._bot.get_raw_updates(offset, limit, POLL, list(KINDS))
        except Garbled as error:
            if error.update is None:
                raise
            return await self._passed_over(error.update)
        self._alone, self._suspect = max(0, self._alone - 1), None
        return batch if isinstance(batch, list) else []

    async def _passed_over(self, update: dict[str, Any]) -> list[Any]:
        """Return what stands for an update that cannot be read, once it was asked for alone and twice.

        Raises:
            TelegramError: if other answers of Telegram cannot be read either: the way is at fault, no update.
        """
        if not self._alone:
            self._alone = MOST
            return []
        if self._suspect != update["update_id"]:
            self._suspect = update["update_id"]
            await self._sleep(LOOK_AGAIN)
            return []
        await self._bot.get_me()
        self._alone, self._suspect = 0, None
        return [update]
