"""Fetches updates by long polling: each batch is committed first and only then confirmed, each update read alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from structlog.typing import FilteringBoundLogger
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.service.ports import NotSaved
from bot.telegram.client import TelegramBot
from bot.telegram.errors import failure_of
from bot.telegram.receiving.batches import Batches
from bot.telegram.receiving.progress import PollingProgress

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 5.0
"""Seconds between attempts after a failure: short, for a clinician waits at the other end."""

SAVE_WAIT: Final = 2.0
"""Seconds between attempts to save while the database cannot."""

PATIENCE: Final = 600.0
"""Seconds that a refused token is tried again, before the bot gives up: it may be the server's mistake."""


class TokenRefused(Exception):
    """Telegram has refused the token for as long as patience lasts."""


class PollingConflict(Exception):
    """Another process polls with the same token."""


class Poller:
    """Fetches batches of raw updates and hands them on; a batch is confirmed by asking for what comes after it."""

    def __init__(
        self,
        bot: TelegramBot,
        accept: Callable[[list[Any]], Awaitable[int]],
        log: FilteringBoundLogger,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        polled: Callable[[], None] = lambda: None,
    ) -> None:
        """Store what it works with.

        Args:
            bot: the bot.
            accept: keeps a batch and returns its last update id.
            log: the log.
            clock: a steady clock.
            sleep: waits for so many seconds.
            polled: is told of each poll that got somewhere.
        """
        self._bot = bot
        self._accept = accept
        self._log = log
        self._clock = clock
        self._sleep = sleep
        self._polled = polled
        self._refused_since: float | None = None
        self._offset = 0
        self._batches = Batches(bot, sleep)
        self._taken_back = False
        self._progress = PollingProgress()

    async def run(self) -> None:
        """Poll until cancelled.

        Raises:
            PollingConflict: where another process polls with the same token.
            TokenRefused: where the token has been refused for ten minutes.
        """
        conflicts = 0
        wait = FIRST_WAIT
        while True:
            began = self._clock()
            try:
                batch = await self._batches.fetch(self._offset)
            except Conflict as error:
                if "webhook" in error.message.lower():
                    await self._take_back()
                    continue
                # A poll of a bot that was just killed may still be open: the first conflict proves nothing.
                conflicts += 1
                if conflicts > 1:
                    raise PollingConflict from None
                await self._sleep(LONGEST_WAIT)
                continue
            except TelegramError as error:
                wait = await self.back_off(error, wait)
                continue
            conflicts, wait, self._taken_back = 0, FIRST_WAIT, False
            self.reset()
            await self._take(batch, self._clock() - began)

    async def _take(self, batch: list[Any], took: float) -> None:
        """Hand a batch on, and go on behind it: Telegram's numbers may start anew, and then lower."""
        if self._progress.made(batch, took) or self._batches.searching:
            self._polled()
        try:
            last = await self._accept(batch)
        except NotSaved:
            self._progress = PollingProgress()  # what comes again is not known yet
            await self._sleep(SAVE_WAIT)
            return
        self._offset = last + 1 if last else self._offset
        if self._progress.pause:
            if self._progress.stuck:
                self._log.warning("no_progress", advice="polls bring nothing new; look at what BOT_API_URL leads to")
            await self._sleep(self._progress.pause)

    async def _take_back(self) -> None:
        """Delete a webhook that somebody has set: while there is one, Telegram gives no updates to who polls."""
        self._log.warning("webhook_taken_back", advice="a webhook was set for this token; see who else has it")
        try:
            await self._bot.delete_webhook()
        except TelegramError as error:
            await self.back_off(error, FIRST_WAIT)
            return
        if self._taken_back:
            await self._sleep(FIRST_WAIT)
        self._taken_back = True

    def reset(self) -> None:
        """Note that the token is accepted."""
        self._refused_since = None

    async def back_off(self, error: TelegramError, wait: float) -> float:
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
