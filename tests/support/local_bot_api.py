"""A local Bot API on the loopback, and the hands of a bot and of a person to try it with."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiogram.types
import aiohttp
import telegram
from faults.injector import FaultInjector
from faults.rate_limit import GroupRateLimit

from bot.playground.botapi.http import BotApi, FaultHook, RequestHook, Unheeded
from bot.playground.botapi.webhook_delivery import Sleep, WebhookDelivery
from bot.playground.chats.models import PRIVATE, Chat
from bot.playground.server import Playground, playground_app, serve
from bot.playground.storage import JsonStore
from bot.playground.world.world import FakeTelegram

TOKEN = "42:local-play"  # noqa: S105 - it opens nothing
CHAT = PRIVATE.id
TAP = {"inline_keyboard": [[{"text": "None", "callback_data": "1f.3.deficit.none"}]]}


PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 320, 200, 8, 2, 0, 0, 0) + bytes(4)
JPEG = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 90, 160) + bytes(9)


SERVER = "Telegram's server"
"""Where the words of a refusal are known from answers alone: that part of Telegram has no public source."""

OWN = "not offered here"
"""Where a refusal is this project's own: Telegram takes such a thing, or drops it without a word."""

SOURCES = frozenset(
    (
        "telegram-bot-api/Client.cpp",
        "telegram-bot-api/WebhookActor.cpp",
        "td/telegram/BotCommand.cpp",
        "td/telegram/DialogManager.cpp",
        "td/telegram/InlineQueriesManager.cpp",
        "td/telegram/LinkManager.cpp",
        "td/telegram/MessageContent.cpp",
        "td/telegram/MessageEntity.cpp",
        "td/telegram/MessagesManager.cpp",
        "td/telegram/PollManager.cpp",
        "td/telegram/PollOption.cpp",
        "td/telegram/files/FileLoaderUtils.cpp",
        SERVER,
        OWN,
    )
)  # fmt: skip - a list of words
"""The files of tdlib/telegram-bot-api and tdlib/td in which the words of refusals were read."""


def refused(source: str, words: str) -> str:
    """Return the description of a refusal whose words were read in a source; what is our own must say so."""
    assert source in SOURCES, source
    assert words.startswith(f"{OWN}: ") == (source == OWN), words
    return f"Bad Request: {words}"


_TICK = 0.05


class Clock:
    """A clock that stands still until it is moved."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def ticking(clock: Clock) -> AsyncIterator[None]:
    """Let a clock go on meanwhile: a bot sets its webhook once a second of it, and waits for that."""

    async def tick() -> None:
        while True:
            await asyncio.sleep(_TICK)
            clock.now += _TICK

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass
class RunningPlayground:
    """A running playground."""

    world: FakeTelegram
    app: Playground
    clock: Clock
    session: aiohttp.ClientSession
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bot_url(self) -> str:
        return f"{self.url}/bot{TOKEN}"

    async def call(self, method: str, **params: Any) -> Any:
        """Call a method as a bot; give its result."""
        async with self.session.post(f"{self.bot_url}/{method}", json=params) as response:
            answer = await response.json()
        assert answer["ok"], answer
        return answer["result"]

    async def refusal(self, method: str, **params: Any) -> str:
        """Call a method that is refused with 400; give the words."""
        async with self.session.post(f"{self.bot_url}/{method}", json=params) as response:
            answer = await response.json()
            assert (response.status, answer["ok"], answer["error_code"]) == (400, False, 400), answer
        return str(answer["description"])

    async def failure(self, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
        """Call a method that is refused; give the status and the whole answer, its `parameters` too."""
        async with self.session.post(f"{self.bot_url}/{method}", json=params) as response:
            answer = await response.json()
        assert not answer["ok"], answer
        return response.status, answer

    async def send(self, text: str = "a card", **more: Any) -> dict[str, Any]:
        """Send a message as the bot."""
        message: dict[str, Any] = await self.call("sendMessage", chat_id=CHAT, text=text, **more)
        return message

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        """Get the updates that wait; PTB and aiogram must both understand them."""
        updates: list[dict[str, Any]] = await self.call("getUpdates", **params)
        for update in updates:
            assert aiogram.types.Update.model_validate(update).event_type
            read = telegram.Update.de_json(update, None)
            assert read.effective_user or read.effective_sender or read.poll
        return updates

    async def page(self, path: str, **said: Any) -> tuple[int, dict[str, Any]]:
        """Do something as the page does it; give the status and the answer."""
        async with self.session.post(f"{self.url}/play/{path}", json=said) as response:
            return response.status, await response.json()

    async def say(self, text: str, chat_id: int = CHAT, **more: Any) -> int:
        """Write a message as the person, or as another one: `person_id`; `thread` and `reply_to` say where."""
        status, answer = await self.page("send", chat_id=chat_id, text=text, **more)
        assert status == 200, answer
        return int(answer["message_id"])

    async def tap(self, message_id: int, data: str = "1f.3.deficit.none", **more: Any) -> str:
        """Tap a button as the person, or elsewhere (`chat_id`), or as another one (`person_id`)."""
        status, answer = await self.page("tap", **{"chat_id": CHAT, "message_id": message_id, "data": data} | more)
        assert status == 200, answer
        return str(answer["callback_query_id"])

    async def vote(self, poll: dict[str, Any], person_id: int, *options: int) -> int:
        """Vote in the poll of a message as a person, without options take the vote back; give the status."""
        place = {"chat_id": poll["chat"]["id"], "message_id": poll["message_id"]}
        status, _ = await self.page("vote", person_id=person_id, options=options, **place)
        return status

    async def state(self, person_id: int = CHAT) -> dict[str, Any]:
        """Read what the page of a person reads first."""
        async with self.session.get(f"{self.url}/play/state", params={"person": person_id}) as response:
            state: dict[str, Any] = await response.json()
            return state

    @asynccontextmanager
    async def events(self, person_id: int = CHAT) -> AsyncIterator[asyncio.Queue[tuple[str, dict[str, Any]]]]:
        """Listen as the page of a person does."""
        heard: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        async with self.session.get(f"{self.url}/play/events", params={"person": person_id}) as response:
            assert response.content_type == "text/event-stream"
            await response.content.readuntil(b"\n\n")
            listening = asyncio.create_task(_listen(response.content, heard))
            try:
                yield heard
            finally:
                listening.cancel()


async def _listen(stream: aiohttp.StreamReader, heard: asyncio.Queue[tuple[str, dict[str, Any]]]) -> None:
    while block := (await stream.readuntil(b"\n\n")).decode():
        fields = dict(line.split(": ", 1) for line in block.strip().splitlines())
        if "event" in fields:
            heard.put_nowait((fields["event"], json.loads(fields["data"])))


def key_of(app: Playground, port: int) -> dict[str, str]:
    """Bear the key that the page of this run has."""
    return {"Cookie": f"playground-{port}={app.key}"}


@asynccontextmanager
async def running_playground(
    disk: Path | None = None,
    *,
    token: str | None = None,
    observe: RequestHook | None = None,
    fault_hook: FaultHook | None = None,
    unheeded: Unheeded | None = None,
    faults: FaultInjector | None = None,
    deliver_to: Callable[[], str] | None = None,
    second: float = 0.01,
    sleep: Sleep = asyncio.sleep,
    rooms: Iterable[Chat] = (PRIVATE,),
    group_limit: int = 0,
) -> AsyncIterator[RunningPlayground]:
    """Run a playground; with a path, go on where the last one on it stopped; in trouble, where there is to be some.

    `rooms` are the chats: the private one of Dr. Reyes alone, or `shapes.START` for all that `make run` opens with.
    `second` is how long a second lasts between failed deliveries.
    `group_limit` is how many calls a minute a group bears (Telegram: 20), 0 for any number; it takes the place of
    trouble and of `fault_hook`.
    """
    clock = Clock()
    world = FakeTelegram(JsonStore(disk) if disk else None, clock, rooms, faults.update_faults if faults else None)
    hook = faults.inject if faults else fault_hook
    if group_limit:
        hook = GroupRateLimit(clock, group_limit).inject
    delivery = WebhookDelivery(world, deliver_to=deliver_to, second=second, sleep=sleep)
    api = BotApi(world, token=token, request_hook=observe, fault_hook=hook, unheeded=unheeded, delivery=delivery)
    app = playground_app(world, api)
    async with serve(app) as port, aiohttp.ClientSession(headers=key_of(app, port)) as session:
        yield RunningPlayground(world, app, clock, session, port)
    world.close()
