"""The real adapter against the local Bot API over HTTP, with a person who taps by label; every request is checked."""

from __future__ import annotations

import asyncio
import io
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiogram.methods
import structlog
from empty_database import empty_database
from local_bot_api import CHAT, RunningPlayground, running_playground

from bot.playground.botapi.http import FaultHook
from bot.playground.chats.models import PRIVATE, Chat
from bot.service.policies import AccessPolicy
from bot.service.retention import RetentionPolicy
from bot.service.services import build_services
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage
from bot.telegram.application import TelegramApplication
from bot.telegram.client import TelegramBot
from bot.telegram.webapp.routes import Inbox, SpinePage
from flows.pathways.registry import flow_registry

TOKEN = "4242:planted-Token_that-must-never-leak"  # noqa: S105 - planted, to be looked for
SPINE = "/spine"
SOON = 5.0
EVERYBODY = AccessPolicy()
TERMS = RetentionPolicy()


def check_request(method: str, params: dict[str, Any], _: dict[str, Any]) -> None:
    """Hold a request of the bot against aiogram's model of the method; aiogram lets unknown parameters pass."""
    model = getattr(aiogram.methods, method[0].upper() + method[1:])
    unknown = set(params) - set(model.model_fields)
    assert not unknown, f"{method} knows no {unknown}"
    model.model_validate(params)


@dataclass
class PlaygroundHarness:
    """A running bot, and the person in front of it."""

    play: RunningPlayground
    store: SqlStorage
    application: TelegramApplication
    log: io.StringIO
    faults: list[AssertionError]
    task: asyncio.Task[None] | None = None
    toasts: list[str] = field(default_factory=list)

    async def messages(self) -> list[dict[str, Any]]:
        state = await self.play.state()
        messages: list[dict[str, Any]] = state["chats"][0]["messages"]
        return messages

    async def cards(self) -> list[dict[str, Any]]:
        return [message for message in await self.messages() if message["from"]["is_bot"]]

    async def newest(self) -> dict[str, Any]:
        return (await self.cards())[-1]

    async def until(self, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """Wait until the bot's cards are as they should be."""
        end = time.monotonic() + SOON
        while not holds(cards := await self.cards()):
            assert time.monotonic() < end, [card.get("text") for card in cards]
            await asyncio.sleep(0.01)
        assert not self.faults, self.faults
        return cards

    async def reads(self, text: str) -> dict[str, Any]:
        """Wait until the newest card says so."""
        return (await self.until(lambda cards: bool(cards) and text in cards[-1]["text"]))[-1]

    async def say(self, text: str, answer: str) -> dict[str, Any]:
        """Write a message, and wait until the newest card says so."""
        await self.play.say(text)
        return await self.reads(answer)

    async def tap(self, label: str, answer: str = "") -> None:
        """Tap a button of the newest card by the beginning of its label, and wait for the card that should follow."""
        card = await self.newest()
        await self.play.tap(card["message_id"], data(card, label))
        if answer:
            await self.reads(answer)

    async def answer(self, *taps: tuple[str, str]) -> None:
        for question, label in taps:
            await self.reads(question)
            await self.tap(label)


def labels(card: dict[str, Any]) -> list[str]:
    return [button["text"] for row in card["reply_markup"]["inline_keyboard"] for button in row]


def data(card: dict[str, Any], label: str) -> str:
    """Give the callback data of a button."""
    buttons = [button for row in card["reply_markup"]["inline_keyboard"] for button in row]
    found = next((b["callback_data"] for b in buttons if b["text"].startswith(label)), None)
    assert found, (label, labels(card))
    return str(found)


@asynccontextmanager
async def playground_harness(
    folder: Path,
    *,
    fault_hook: FaultHook | None = None,
    start: bool = True,
    access: AccessPolicy = EVERYBODY,
    retention: RetentionPolicy = TERMS,
    chats: Iterable[Chat] = (PRIVATE,),
    group_limit: int = 0,
    drawn: bool = False,
) -> AsyncIterator[PlaygroundHarness]:
    """Run the bot on a playground whose files lie in a folder; a second time, it goes on where the first one ended.

    Where it is `drawn`, the page of the spine is served too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faults: list[AssertionError] = []

    def observe(method: str, params: dict[str, Any], answer: dict[str, Any]) -> None:
        try:
            check_request(method, params, answer)
        except AssertionError as fault:
            faults.append(fault)

    log = io.StringIO()
    playground = running_playground(
        folder / "chats.db",
        token=TOKEN,
        observe=observe,
        fault_hook=fault_hook,
        rooms=chats,
        group_limit=group_limit,
    )
    async with playground as play:
        store = create_storage(empty_database(folder))
        numbers = itertools.count(int(time.time() * 1000))
        offered = flow_registry()
        both = build_services(offered, time.time, lambda: f"{next(numbers):x}", drawn=drawn)
        logger = structlog.wrap_logger(structlog.PrintLogger(log), processors=[structlog.processors.JSONRenderer()])
        application = TelegramApplication(
            TelegramBot(TOKEN, play.url),
            store,
            both,
            offered.catalog,
            logger,
            access,
            retention,
            page_url=play.url + SPINE if drawn else "",
        )
        if drawn:
            inbox = Inbox(application.accept_delivery, application.toast_of)
            play.app.add_pages(SpinePage(TOKEN, offered.flow(), offered.catalog, inbox).routes(SPINE))
        harness = PlaygroundHarness(play, store, application, log, faults)
        if start:
            harness.task = asyncio.create_task(application.run_polling())
        async with _hearing(harness):
            yield harness
        if harness.task:
            harness.task.cancel()
            with suppress(asyncio.CancelledError):
                await harness.task
        await store.close()
        assert not faults
        assert not play.app.api.ignored_params
        assert TOKEN.partition(":")[2] not in log.getvalue()


@asynccontextmanager
async def _hearing(harness: PlaygroundHarness) -> AsyncIterator[None]:
    """Note every toast."""

    async def hear() -> None:
        async with harness.play.events() as heard:
            ready.set()
            while True:
                event, content = await heard.get()
                if event == "answered":
                    harness.toasts.append(content["text"])

    ready = asyncio.Event()
    listening = asyncio.create_task(hear())
    await ready.wait()
    try:
        yield
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


LEVELS = "Which symptomatic levels"
FRESH = ((LEVELS, "T8"), ("T8 · 1 level", "Only T8"), ("fit for surgery", "Fit"), ("Neurological", "None"))
REST = (
    ("Where is the tumour", "Body only"),
    ("How extensive is the destruction", "Limited"),
    ("Earlier thoracic or abdominal", "None"),
)

__all__ = [
    "CHAT",
    "FRESH",
    "LEVELS",
    "REST",
    "SPINE",
    "TOKEN",
    "PlaygroundHarness",
    "check_request",
    "data",
    "labels",
    "playground_harness",
]
