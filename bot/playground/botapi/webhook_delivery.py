"""Delivery to the webhook: in the order of each chat, person or poll, these side by side, each until it arrives."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from bot.playground.botapi.webhook_client import CarryOut, Failed, WebhookClient, connections
from bot.playground.storage import Json
from bot.playground.world.world import FakeTelegram

_SECOND: Final = 1.0
_LONGEST_PAUSES: Final = (60, 120)
"""Seconds: between these the longest pause is drawn each time."""

_MOST_HEEDED: Final = 3600
"""Seconds of a `Retry-After` that are heeded."""

_Lane: TypeAlias = tuple[str, int | str]
"""What comes in order: the kind of a queue, and whose it is."""

Sleep: TypeAlias = Callable[[float], Awaitable[None]]
"""Waits for so many seconds."""


class WebhookDelivery:
    """Brings the updates to the bot, whenever it has set a webhook."""

    def __init__(
        self,
        world: FakeTelegram,
        *,
        deliver_to: Callable[[], str] | None = None,
        second: float = _SECOND,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Watch the world for updates.

        Args:
            world: where they come from.
            deliver_to: gives the URL of each attempt in place of the webhook's own, for a bot of several replicas.
            second: how long a second of the pauses lasts, for tests that cannot wait.
            sleep: waits for so many seconds.
        """
        self._world = world
        self._deliver_to = deliver_to
        self._second = second
        self._sleep = sleep
        self._news = asyncio.Event()
        world.listen(lambda event, _: self._news.set() if event in ("update", "webhook") else None)

    async def run(self, carry_out: CarryOut) -> None:
        """Deliver until cancelled."""
        async with connections() as session:
            client = WebhookClient(session, carry_out, self._deliver_to)
            while True:
                try:
                    async with asyncio.TaskGroup() as tasks:
                        queues = _ChatQueues(self._world, client, tasks, self._second, self._sleep)
                        await self._feed(queues)
                except* _Changed:
                    pass

    async def _feed(self, queues: _ChatQueues) -> None:
        """Add every update to its queue, until the webhook changes."""
        webhook, updates = self._world.webhook, self._world.updates
        changes, highest = webhook.changes, 0
        while changes == webhook.changes:
            self._news.clear()
            if webhook.address.url:
                found, highest = updates.above(highest)
                for update in found:
                    queues.take(update)
            if webhook.address.url and updates.held:
                await self._sleep(self._second)
            else:
                await self._news.wait()
        raise _Changed


class _Changed(Exception):
    """The webhook has changed: what is under way is given up, and begun anew from the queue."""


class _ChatQueues:
    """What is on its way to one address, a lane for each of Telegram's queues."""

    def __init__(
        self, world: FakeTelegram, client: WebhookClient, tasks: asyncio.TaskGroup, second: float, sleep: Sleep
    ) -> None:
        self._world = world
        self._address = world.webhook.address
        self._client = client
        self._tasks = tasks
        self._second = second
        self._sleep = sleep
        self._free = asyncio.Semaphore(self._address.max_connections)
        self._queues: dict[_Lane, deque[Json]] = {}

    def take(self, update: Json) -> None:
        """Append an update to its queue."""
        queue = _lane_of(update)
        if queue not in self._queues:
            self._queues[queue] = deque()
            self._tasks.create_task(self._empty(queue))
        self._queues[queue].append(update)

    async def _empty(self, queue: _Lane) -> None:
        waiting = self._queues[queue]
        while waiting:
            await self._deliver_with_retry(waiting.popleft())
        del self._queues[queue]

    async def _deliver_with_retry(self, update: Json) -> None:
        """Bring an update again and again, until it arrives or would be too old the next time.

        The second attempt follows at once; then the pauses grow, unless the bot says itself when to come again.
        """
        number, pause, failures = update["update_id"], 1, 0
        while failed := await self._failure(update):
            heeded, failures = min(failed.retry_after, _MOST_HEEDED), failures + 1
            if not heeded and failures > 1:
                pause = min(random.randint(*_LONGEST_PAUSES), pause * 2)  # noqa: S311 - no secret
            wait = (heeded or (pause if failures > 1 else 0)) * self._second
            if self._world.updates.left(number) < wait:
                break
            await self._sleep(wait)
        self._world.updates.confirm(number)

    async def _failure(self, update: Json) -> Failed | None:
        async with self._free:
            failed = await self._client.deliver(update, self._address)
        if failed:
            self._world.webhook.failed(failed.words)
        self._world.tell("delivered", {"arrived": not failed})
        return failed


def _lane_of(update: Json) -> _Lane:
    """Return the queue of Telegram's that an update comes in; one that shows nothing of it is alone in its own.

    A tap stands in the queue of its person: two people who tap one card reach the bot side by side, and a tap
    may overtake a message of its chat.
    """
    match update:
        case {"message": {"chat": {"id": int(chat)}}} | {"edited_message": {"chat": {"id": int(chat)}}}:
            return "chat", chat
        case {"callback_query": {"from": {"id": int(person)}}}:
            return "taps", person
        case {"inline_query": {"from": {"id": int(person)}}}:
            return "queries", person
        case {"chosen_inline_result": {"from": {"id": int(person)}}}:
            return "chosen", person
        case {"poll": {"id": str(poll)}} | {"poll_answer": {"poll_id": str(poll)}}:
            return "poll", poll
        case {"my_chat_member": {"chat": {"id": int(chat)}}}:
            return "own standing", chat
        case {"chat_member": {"new_chat_member": {"user": {"id": int(person)}}}}:
            return "standing", person
        case _:
            return "alone", update["update_id"]
