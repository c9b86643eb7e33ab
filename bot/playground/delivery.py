"""Delivery to the webhook: in order for each chat, chats side by side, each update until it arrives."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from bot.playground.courier import CarryOut, Courier, connections
from bot.playground.disk import Json
from bot.playground.world import World

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0


Sleep: TypeAlias = Callable[[float], Awaitable[None]]
"""Waits for so many seconds."""


class Delivery:
    """Brings the updates to the bot, whenever it has set a webhook."""

    def __init__(
        self,
        world: World,
        *,
        deliver_to: Callable[[], str] | None = None,
        first_pause: float = _FIRST_PAUSE,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Watch the world for updates.

        Args:
            world: where they come from.
            deliver_to: gives the URL of each attempt in place of the webhook's own, for a bot of several replicas.
            first_pause: seconds before the second attempt; each later pause is twice as long, up to a minute.
            sleep: waits for so many seconds.
        """
        self._world = world
        self._deliver_to = deliver_to
        self._first_pause = first_pause
        self._sleep = sleep
        self._news = asyncio.Event()
        world.listen(lambda event, _: self._news.set() if event in ("update", "webhook") else None)

    async def run(self, carry_out: CarryOut) -> None:
        """Deliver until cancelled."""
        async with connections() as session:
            courier = Courier(session, carry_out, self._deliver_to)
            while True:
                try:
                    async with asyncio.TaskGroup() as tasks:
                        lanes = _Lanes(self._world, courier, tasks, self._first_pause, self._sleep)
                        await self._feed(lanes)
                except* _Changed:
                    pass

    async def _feed(self, lanes: _Lanes) -> None:
        """Put every update into its lane, until the webhook changes."""
        webhook, updates = self._world.webhook, self._world.updates
        changes, highest = webhook.changes, 0
        while changes == webhook.changes:
            self._news.clear()
            if webhook.address.url:
                found, highest = updates.above(highest)
                for update in found:
                    lanes.take(update)
            if webhook.address.url and updates.held:
                await self._sleep(self._first_pause)
            else:
                await self._news.wait()
        raise _Changed


class _Changed(Exception):
    """The webhook has changed: what is under way is given up, and begun anew from the queue."""


class _Lanes:
    """What is on its way to one address, a lane for each chat."""

    def __init__(
        self, world: World, courier: Courier, tasks: asyncio.TaskGroup, first_pause: float, sleep: Sleep
    ) -> None:
        self._world = world
        self._address = world.webhook.address
        self._courier = courier
        self._tasks = tasks
        self._first_pause = first_pause
        self._sleep = sleep
        self._free = asyncio.Semaphore(self._address.max_connections)
        self._lanes: dict[int, deque[Json]] = {}

    def take(self, update: Json) -> None:
        """Put an update at the end of its lane."""
        chat_id = _chat_id(update)
        if chat_id not in self._lanes:
            self._lanes[chat_id] = deque()
            self._tasks.create_task(self._empty(chat_id))
        self._lanes[chat_id].append(update)

    async def _empty(self, chat_id: int) -> None:
        lane = self._lanes[chat_id]
        while lane:
            await self._insist(lane.popleft())
        del self._lanes[chat_id]

    async def _insist(self, update: Json) -> None:
        """Bring an update again and again, until it arrives or is too old."""
        pause = self._first_pause
        while not await self._arrives(update):
            await self._sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            if not self._world.updates.waits(update["update_id"]):
                return
        self._world.updates.confirm(update["update_id"])

    async def _arrives(self, update: Json) -> bool:
        async with self._free:
            failure = await self._courier.bring(update, self._address)
        if failure:
            self._world.webhook.failed(failure)
        self._world.tell("delivered", {"arrived": not failure})
        return not failure


def _chat_id(update: Json) -> int:
    """Tell which chat an update comes from, or which person where it is of no chat; 0 where nothing tells."""
    match update:
        case (
            {"message": {"chat": {"id": int(chat_id)}}}
            | {"callback_query": {"message": {"chat": {"id": int(chat_id)}}}}
            | {"my_chat_member": {"chat": {"id": int(chat_id)}}}
            | {"inline_query": {"from": {"id": int(chat_id)}}}
            | {"callback_query": {"inline_message_id": str(), "from": {"id": int(chat_id)}}}
        ):
            return chat_id
        case _:
            return 0
