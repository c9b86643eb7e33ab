"""Delivers queued messages: in order within a chat, side by side across chats; of several edits only the newest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

from structlog.typing import FilteringBoundLogger
from telegram.error import TelegramError

from bot.service.ports import NotSaved, OutboxKind, OutboxMessage, Storage, UnitOfWork
from bot.telegram.errors import Failure, Outcome, failure_of
from bot.telegram.members import ChatMemberCache
from bot.telegram.sending.documents import DOCUMENTS
from bot.telegram.sending.message_sender import CHANGES, MessageSender, Sent
from bot.telegram.sending.pictures import PICTURES, SETTLES
from bot.telegram.sending.rate_limit import RateLimiter
from bot.telegram.sending.receipts import OutboxReceipts
from bot.telegram.sending.turns import ChatSlot, Slot, Turns
from bot.telegram.sending.unnamed import UnnamedScreens
from flows.errors import VersionConflict

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
ACK_INTERVAL: Final = 0.2
"""Seconds in which edits that were shown are gathered before they are struck out together: one that is lost
with the process is shown again, which changes nothing."""

_REFUSED: Final = (Outcome.topic_gone, Outcome.forbidden, Outcome.rejected)
"""What is not sent again as it is: the case says so."""

_ELSEWHERE: Final = (Outcome.message_gone, Outcome.unpinned)
"""What is said of a message that is there; of one that is to be sent it means that it is not."""


class Outbox:
    """Sends messages. What it holds is in the database as well, until it was sent."""

    def __init__(
        self,
        sender: MessageSender,
        store: Storage,
        receipts: OutboxReceipts,
        members: ChatMemberCache,
        rate_limiter: RateLimiter,
        log: FilteringBoundLogger,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Store what it works with."""
        self._sender = sender
        self._store = store
        self._receipts = receipts
        self._rate_limiter = rate_limiter
        self._log = log
        self._sleep = sleep
        self._queues: dict[str, dict[Slot, OutboxMessage]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._newest: dict[ChatSlot, int] = {}
        self._acks: list[OutboxMessage] = []
        self._flush_task: asyncio.Task[None] | None = None
        self._unnamed = UnnamedScreens(store, members, self.enqueue, self._queue_ack, sleep)

    def enqueue(self, outbox_messages: Iterable[OutboxMessage]) -> None:
        """Enqueue messages that are committed; a newer one for the same target replaces the older one."""
        for outbox_message in outbox_messages:
            self._queues.setdefault(outbox_message.queue, {})[outbox_message.key] = outbox_message
            self._newest[outbox_message.queue, outbox_message.key] = outbox_message.version
            if outbox_message.queue not in self._workers:
                self._workers[outbox_message.queue] = asyncio.create_task(self._run_queue(outbox_message.queue))

    def adopt(self, outbox_messages: Iterable[OutboxMessage]) -> None:
        """Adopt messages that another process has left, but those that are in hand, or superseded by one that is."""
        self.enqueue(
            outbox_message
            for outbox_message in outbox_messages
            if self._newest.get((outbox_message.queue, outbox_message.key), 0) < outbox_message.version
        )

    async def close(self, within: float) -> None:
        """Send what can be sent within some seconds; the rest stays in the store for the next start."""
        if self._workers:
            await asyncio.wait(self._workers.values(), timeout=within)
        for worker in list(self._workers.values()):
            worker.cancel()
        self._unnamed.close()
        if self._flush_task:
            self._flush_task.cancel()
        await self._flush_acks()

    async def _run_queue(self, place: str) -> None:
        """Send everything that waits in one queue, each in its turn."""
        waiting, turns = self._queues[place], Turns(place)
        try:
            while waiting:
                await self._deliver(turns.take(waiting), waiting, turns)
        finally:
            del self._queues[place], self._workers[place]

    async def _deliver(self, outbox_message: OutboxMessage, newer: dict[Slot, OutboxMessage], turns: Turns) -> None:
        """Send one message, again and again until its fate is settled or another one is to be sent before it."""
        wait = FIRST_WAIT
        while True:
            pause = self._pause_before(outbox_message)  # what is tried again counts at Telegram again
            if pause:
                await self._sleep(pause)
            outbox_message = turns.again(outbox_message, newer)
            turns.sent(outbox_message)
            again = await self._attempt(outbox_message, newer)
            if again is None:
                return
            await self._sleep(again or wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _pause_before(self, outbox_message: OutboxMessage) -> float:
        """Return the seconds to wait before a message is sent; what is drawn books its turn once it is."""
        if outbox_message.kind in PICTURES:
            return SETTLES if outbox_message.kind is OutboxKind.edit_picture else 0.0
        if outbox_message.kind in DOCUMENTS:
            return 0.0
        edit = outbox_message.kind in CHANGES or outbox_message.kind is OutboxKind.answer_callback
        return self._rate_limiter.reserve(outbox_message.queue, edit=edit)

    async def _attempt(self, outbox_message: OutboxMessage, newer: dict[Slot, OutboxMessage]) -> float | None:
        """Send a message once; return how long to wait where it is to be tried again (0: as is fit), else None."""
        try:
            return await self._settle(outbox_message, newer)
        except Exception as fault:  # noqa: BLE001 - one screen that cannot be shown holds back no other
            self._log.error("screen_failed", error=type(fault).__name__)
            self._forget(outbox_message)
            return None

    async def _settle(self, outbox_message: OutboxMessage, newer: dict[Slot, OutboxMessage]) -> float | None:
        """Send a message once, and do what follows from how that ends."""
        try:
            sent = await self._sender.send(outbox_message)
        except TelegramError as error:
            failure = failure_of(error)
            self._log.info("not_shown", fate=failure.outcome.value, error=type(error).__name__)
        else:
            self._sender.forget(outbox_message)
            await self._settle_sent(outbox_message, sent)
            return None
        if failure.outcome is not Outcome.retry:
            lacks_name = self._sender.lacks_name(outbox_message)
            self._sender.forget(outbox_message)
            await self._give_up(outbox_message, failure, newer, lacks_name=lacks_name)
            return None
        if failure.wait:
            self._rate_limiter.hold(outbox_message.chat, failure.wait)
        return failure.wait or 0.0

    async def _settle_sent(self, outbox_message: OutboxMessage, sent: Sent) -> None:
        """Record what was sent; a screen that lacks a name stays queued until it can be drawn with it."""
        if sent.record:
            await self._record(sent.record)
            self._forget(outbox_message)
        elif sent.lacks_name:
            self._unnamed.keep(outbox_message)
        else:
            self._queue_ack(outbox_message)

    async def _give_up(
        self,
        outbox_message: OutboxMessage,
        failure: Failure,
        newer: dict[Slot, OutboxMessage],
        *,
        lacks_name: bool,
    ) -> None:
        """End a message that is not tried again: it is shown already, given up, or its case gets a new one."""
        if failure.outcome is Outcome.already_done:
            await self._settle_sent(outbox_message, Sent(lacks_name=lacks_name))
            return
        if (
            failure.outcome is Outcome.message_gone
            and outbox_message.case
            and outbox_message.kind is OutboxKind.edit_card
        ):
            await self._record(lambda uow: self._receipts.on_message_gone(uow, outbox_message))
            return
        if failure.outcome is Outcome.unpinned and outbox_message.kind in (OutboxKind.pin, OutboxKind.unpin):
            await self._record(lambda uow: self._receipts.on_pin_refused(uow, outbox_message))
            return
        if failure.outcome in _REFUSED or (failure.outcome in _ELSEWHERE and outbox_message.case):
            topic_gone = failure.outcome is Outcome.topic_gone
            await self._record(lambda uow: self._receipts.on_refused(uow, outbox_message, topic_gone=topic_gone))
            return
        self._queue_ack(outbox_message)
        if failure.outcome is Outcome.chat_unreachable:
            await self._record(lambda uow: self._receipts.on_chat_unreachable(uow, outbox_message))
        if failure.outcome is Outcome.chat_migrated:
            await self._record(
                lambda uow: self._receipts.on_chat_migrated(uow, outbox_message.chat, failure.new_chat_id)
            )
        if failure.outcome in (Outcome.chat_unreachable, Outcome.chat_migrated):
            for later in list(newer.values()):
                self._queue_ack(later)
            newer.clear()

    async def _record(self, work: Callable[[UnitOfWork], Iterable[OutboxMessage]]) -> None:
        """Keep what was sent, however long the database takes to come back, and send the messages that follow.

        The first tries follow soon: until it is kept, another process may take it for unsent, and send it again.
        """
        wait = FIRST_WAIT
        while True:
            try:
                self.enqueue(await self._store.transact(work))
            except VersionConflict:
                await self._sleep(FIRST_WAIT)
            except NotSaved:
                self._log.error("not_saved")
                await self._sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                return

    def _queue_ack(self, outbox_message: OutboxMessage) -> None:
        """Gather messages that are done with, to delete them together."""
        self._unnamed.forget(outbox_message)
        self._acks.append(outbox_message)
        if self._flush_task is None:
            self._flush_task = asyncio.create_task(self._flush_acks_soon())

    async def _flush_acks_soon(self) -> None:
        await asyncio.sleep(ACK_INTERVAL)
        self._flush_task = None
        await self._flush_acks()

    async def _flush_acks(self) -> None:
        """Delete what is done with; where another process queued anew meanwhile, draw what holds now."""
        acks, self._acks = self._acks, []
        if not acks:
            return
        try:
            overtaken = {
                outbox_message.version
                for outbox_message in await self._store.transact(lambda uow: uow.acknowledge(acks))
            }
        except NotSaved:
            self._acks = [*acks, *self._acks]
            return
        for outbox_message in acks:
            if self._forget(outbox_message) and outbox_message.version in overtaken and outbox_message.case:
                await self._record(partial(self._receipts.on_version_superseded, outbox_message=outbox_message))

    def _forget(self, outbox_message: OutboxMessage) -> bool:
        """Forget a message; return whether it was the newest for its target that came by here."""
        newest = self._newest.get((outbox_message.queue, outbox_message.key)) == outbox_message.version
        if newest:
            del self._newest[outbox_message.queue, outbox_message.key]
        return newest
