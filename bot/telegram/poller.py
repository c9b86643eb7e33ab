"""Fetches updates by long polling: each batch is committed first and only then confirmed, each update read alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from structlog.typing import FilteringBoundLogger
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.desk import NotSaved
from bot.telegram.api import Api
from bot.telegram.failures import failure_of
from bot.telegram.intake import KINDS

POLL: Final = 50
"""Seconds that one poll stays open."""

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 5.0
"""Seconds between attempts after a failure: short, for a clinician waits at the other end."""

SAVE_WAIT: Final = 2.0
"""Seconds between attempts to save while the database cannot."""

PATIENCE: Final = 600.0
"""Seconds that a refused token is tried again, before the bot gives up: it may be the server's mistake."""


class TokenRefused(Exception):
    """Telegram has refused the token for as long as patience lasts."""


class SecondPoller(Exception):
    """Another process polls with the same token."""


class Poller:
    """Fetches batches of raw updates and hands them on; a batch is confirmed by asking for what comes after it."""

    def __init__(
        self,
        api: Api,
        accept: Callable[[list[Any]], Awaitable[int]],
        log: FilteringBoundLogger,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take the Bot API, what keeps a batch (giving its last update id), a steady clock, a sleep."""
        self._api = api
        self._accept = accept
        self._log = log
        self._clock = clock
        self._sleep = sleep
        self._refused_since: float | None = None

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            SecondPoller: where another process polls with the same token.
            TokenRefused: where the token has been refused for ten minutes.
        """
        offset = 0
        conflicts = 0
        wait = FIRST_WAIT
        while True:
            try:
                batch = await self._api.call("getUpdates", _asking(offset), wait=POLL + 10)
            except Conflict:
                # A poll of a bot that was just killed may still be open: the first conflict proves nothing.
                conflicts += 1
                if conflicts > 1:
                    raise SecondPoller from None
                await self._sleep(LONGEST_WAIT)
                continue
            except TelegramError as error:
                wait = await self.again(error, wait)
                continue
            conflicts, wait = 0, FIRST_WAIT
            self.heard()
            try:
                offset = max(offset, await self._accept(batch if isinstance(batch, list) else []) + 1)
            except NotSaved:
                await self._sleep(SAVE_WAIT)

    def heard(self) -> None:
        """Note that the token is accepted."""
        self._refused_since = None

    async def again(self, error: TelegramError, wait: float) -> float:
        """Wait after a failure, and give how long to wait after the next.

        Raises:
            TokenRefused: where the token has been refused for ten minutes.
        """
        if isinstance(error, InvalidToken):
            now = self._clock()
            self._refused_since = self._refused_since if self._refused_since is not None else now
            self._log.error("token_refused", advice="check BOT_TOKEN", seconds=round(now - self._refused_since))
            if now - self._refused_since >= PATIENCE:
                raise TokenRefused
        else:
            self._refused_since = None
            self._log.warning("telegram_unreachable", error=type(error).__name__, retry_in=wait)
        await self._sleep(failure_of(error).wait or wait)
        return min(wait * 2, LONGEST_WAIT)


def _asking(offset: int) -> dict[str, Any]:
    return {"offset": offset, "timeout": POLL, "allowed_updates": list(KINDS)}
