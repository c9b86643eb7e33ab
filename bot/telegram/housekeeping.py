"""What is done now and then, whoever taps: cases rest and end, what was refused is tried again, outages are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from structlog.typing import FilteringBoundLogger

from bot.service.ports import NotSaved, OutboxMessage, Storage, UnitOfWork
from bot.service.retention import RetentionPolicy
from bot.service.services import Services
from bot.telegram.clock_watch import ClockLook, ClockWatch
from bot.telegram.health import Health
from bot.telegram.receiving.outage import OPEN_SECONDS, OutageWatch
from bot.telegram.sending.outbox import Outbox
from bot.telegram.sending.outbox_writer import OutboxWriter
from flows.errors import VersionConflict

EXPIRY_CHECK_SECONDS: Final = 60.0
"""Seconds between looks for cases that nobody touches any more."""

UNDELIVERED_RETRY_SECONDS: Final = 600.0
"""Seconds between attempts to send what Telegram refused for lack of a right, or for another reason."""

OUTAGE_CHECK_SECONDS: Final = 30.0
"""Seconds between notes of when updates last came through."""


class Housekeeping:
    """Looks after the cases of all chats; each look is one transaction, and its messages are sent."""

    def __init__(
        self,
        store: Storage,
        services: Services,
        writer: OutboxWriter,
        outbox: Outbox,
        retention: RetentionPolicy,
        health: Health,
        log: FilteringBoundLogger,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        """Store what it works with; the clock counts steady seconds, the wall clock those since 1970."""
        self._store = store
        self._private = services.private
        self._team = services.team
        self._cases = services.retention
        self._access = services.access
        self._writer = writer
        self._outbox = outbox
        self._retention = retention
        self._health = health
        self._log = log
        self._clock_watch = ClockWatch(wall, clock)
        self._outage_watch = OutageWatch(wall, clock)

    async def expire_cases(self) -> None:
        """Archive and delete the cases whose time has come, every minute."""
        seen, owed = -1.0, 0.0
        jump, since = 0.0, 0.0
        while True:
            look = self._clock_watch.look()
            if look.jump:
                self._log.warning("clock_jumped", seconds=round(look.jump), advice="check the time of the machine")
                jump, since = look.jump, look.since
            owed += look.elapsed
            with suppress(NotSaved, VersionConflict):
                work = partial(self._expire, replace(look, jump=jump, since=since), seen, owed)
                seen, outbox_messages = await self._store.transact(work)
                self._health.committed()
                jump, owed = 0.0, 0.0
                self._outbox.enqueue(outbox_messages)
            await asyncio.sleep(EXPIRY_CHECK_SECONDS)

    async def tell_outages(self) -> None:
        """Warn chats whose taps may be missing, once updates come through again."""
        while True:
            if (unheard := self._health.unheard) is not None:
                with suppress(NotSaved, VersionConflict):
                    self._outbox.enqueue(await self._store.transact(partial(self._look_for_outage, unheard)))
            await asyncio.sleep(OUTAGE_CHECK_SECONDS)

    async def retry_undelivered(self) -> None:
        """Try again now and then what Telegram has refused: nothing tells when the bot may send it."""
        while True:
            await asyncio.sleep(UNDELIVERED_RETRY_SECONDS)
            with suppress(NotSaved, VersionConflict):
                self._outbox.enqueue(await self._store.transact(self.retry))

    def _expire(
        self, look: ClockLook, seen: float, owed: float, uow: UnitOfWork
    ) -> tuple[float, tuple[OutboxMessage, ...]]:
        """Count how long the bot has run, unless another process counts, and do what is due; return the count.

        Something is written each time, so that a bot that nobody uses notices when nothing can be saved.
        """
        observed = uow.observed()
        if observed == seen:
            observed += owed
        uow.observe(observed)
        return observed, self.expire(uow, look, observed)

    def expire(self, uow: UnitOfWork, look: ClockLook, observed: float) -> tuple[OutboxMessage, ...]:
        """Archive cases that nobody touches, and erase those whose time is over; neither by a clock that jumped.

        Args:
            uow: the transaction.
            look: what is seen of the clocks.
            observed: how many seconds the bot has run in all.
        """
        self._access.expire(uow)
        self._cases.redate(uow, look.since, look.jump)
        self._cases.expire_due(uow, self._retention.delete_after, observed)
        if not look.settled:
            return ()
        return self._writer.enqueue(uow, "", self._team.changes.archive_idle(uow, self._retention.archive_after))

    def _look_for_outage(self, unheard: float, uow: UnitOfWork) -> tuple[OutboxMessage, ...]:
        """Where an outage is over, warn each chat with an open card that was last touched before it or in it."""
        gap = self._outage_watch.look(uow, unheard)
        if not gap:
            return ()
        self._log.warning("outage", seconds=round(gap.seconds), advice="taps of that time may be missing")
        notice = self._private.notices.outage()
        places = uow.open_places(gap.began - OPEN_SECONDS, gap.began + gap.seconds)
        return tuple(self._writer.enqueue_outage_notice(uow, place, notice) for place in places)

    def retry(self, uow: UnitOfWork) -> tuple[OutboxMessage, ...]:
        """Try again what Telegram has refused of cases that are open."""
        return self._writer.enqueue(uow, "", self._team.receipts.retry(uow, uow.list_undelivered()))
