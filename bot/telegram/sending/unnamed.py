"""Remembers the screens that were shown with "someone" in place of a name, and has them drawn again with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from bot.service.ports import NotSaved, OutboxMessage, Storage, UnitOfWork
from bot.telegram.members import ChatMemberCache
from bot.telegram.sending.turns import ChatSlot

LOOK: Final = 5.0
"""Seconds between looks whether the people were heard of meanwhile."""

FIRST_ASK: Final = 15.0
"""Seconds until Telegram is asked again, and twice as long each time after that."""

LONGEST_ASK: Final = 600.0

GIVE_UP: Final = 86400.0
"""Seconds after which a name is not looked for any more."""


class UnnamedScreens:
    """Waits for names. Such a screen stays in the outbox of the store meanwhile, so that a restart forgets none."""

    def __init__(
        self,
        store: Storage,
        members: ChatMemberCache,
        redraw: Callable[[Iterable[OutboxMessage]], None],
        give_up: Callable[[OutboxMessage], None],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Store what it works with: what sends a message once more, and what deletes one that is given up."""
        self._store = store
        self._members = members
        self._redraw = redraw
        self._give_up = give_up
        self._sleep = sleep
        self._waiting: dict[ChatSlot, asyncio.Task[None]] = {}

    def keep(self, outbox_message: OutboxMessage) -> None:
        """Keep a screen in mind until its names are known; it takes the place of an older one of its message."""
        self.forget(outbox_message)
        self._waiting[_slot(outbox_message)] = asyncio.create_task(self._wait(outbox_message))

    def forget(self, outbox_message: OutboxMessage) -> None:
        """Wait for no name any more: the message shows something else."""
        task = self._waiting.pop(_slot(outbox_message), None)
        if task and task is not asyncio.current_task():
            task.cancel()

    def close(self) -> None:
        """End all waiting; the messages are in the store."""
        for task in self._waiting.values():
            task.cancel()
        self._waiting.clear()

    async def _wait(self, outbox_message: OutboxMessage) -> None:
        """Look and ask for the names again and again; then have the screen drawn, if nothing has taken its place."""
        clock = asyncio.get_running_loop().time
        end, pause = clock() + GIVE_UP, FIRST_ASK
        asks_at = clock() + pause
        while self._members.unnamed(outbox_message.payload):
            if clock() >= end:
                self._give_up(outbox_message)
                return
            await self._sleep(LOOK)
            if clock() >= asks_at:
                await self._members.ask_names(outbox_message.payload, int(outbox_message.queue))
                pause = min(2 * pause, LONGEST_ASK)
                asks_at = clock() + pause
        # As it is kept by now: whoever had their number erased meanwhile is named no more.
        kept = await self._kept(outbox_message)
        self._waiting.pop(_slot(outbox_message), None)
        self._redraw(kept)

    async def _kept(self, outbox_message: OutboxMessage) -> list[OutboxMessage]:
        """Return the message as it is stored, however long that takes; nothing where a newer one replaced it."""

        def pending(uow: UnitOfWork) -> list[OutboxMessage]:
            waiting = uow.pending_messages(outbox_message.queue)
            return [kept for kept in waiting if kept.version == outbox_message.version]

        while True:
            try:
                return await self._store.transact(pending)
            except NotSaved:
                await self._sleep(LOOK)


def _slot(outbox_message: OutboxMessage) -> ChatSlot:
    return outbox_message.queue, outbox_message.key
