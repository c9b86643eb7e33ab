"""Three replicas and a group: clinicians who tap one card at once reach the bot side by side, as at Telegram."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import count, cycle
from typing import Any

import pytest
import structlog
from browser import free_port
from group_kit import CHATS, LEVELS, LINDQVIST, OKAFOR, REYES, Group
from local_bot_api import TOKEN, RunningPlayground, running_playground, ticking
from telegram_kit import EVERYBODY, TERMS, PlaygroundHarness

from bot.service.services import build_services
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage
from bot.telegram.application import TelegramApplication
from bot.telegram.client import TelegramBot
from bot.telegram.receiving.http_server import serve
from bot.telegram.receiving.webhook import create_webhook_app
from flows.pathways.registry import flow_registry

pytest_plugins = ("store_fixtures",)

RIGHT = "secret"
HOOK = "https://spinemets.example/hook"
TEAM = (REYES, OKAFOR, LINDQVIST)


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run meanwhile."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def replica(playground: RunningPlayground, store: SqlStorage, number: int) -> PlaygroundHarness:
    """Put a channel together that draws case ids of its own."""
    log, ids, offered = io.StringIO(), count(0xA000_0000 + 0x100_0000 * number), flow_registry()
    logger = structlog.wrap_logger(structlog.PrintLogger(log), processors=[structlog.processors.JSONRenderer()])
    both = build_services(offered, time.time, lambda: f"{next(ids):x}")
    return PlaygroundHarness(
        playground,
        store,
        TelegramApplication(
            TelegramBot(TOKEN, playground.url), store, both, offered.catalog, logger, EVERYBODY, TERMS
        ),
        log,
        [],
    )


def side_by_side(meeting: asyncio.Barrier, application: TelegramApplication) -> Callable[[list[Any]], Awaitable[int]]:
    """Take a tap in once those of all three people have arrived: one after the other they never would."""

    async def accept(batch: list[Any]) -> int:
        if any("callback_query" in update for update in batch):
            async with asyncio.timeout(10):
                await meeting.wait()
        return await application.accept_delivery(batch)

    return accept


def answers_on(card: dict[str, Any]) -> list[str]:
    """Give the data of the buttons that answer the question at hand."""
    keys = [key for row in card["reply_markup"]["inline_keyboard"] for key in row]
    return [key["callback_data"] for key in keys if ".a." in key.get("callback_data", "")]


def stands_at(board: Group, turn: int) -> bool:
    """Tell whether the card bears the buttons of a turn."""
    return any(f".{turn}." in str(card.get("reply_markup")) for card in board.cards())


async def at_once(board: Group, card: dict[str, Any], offered: list[str]) -> None:
    """Let each of the team tap one of these, at one instant."""
    board.toasts.clear()
    place = {"chat_id": board.chat, "stale": True}
    for turn, member in enumerate(TEAM):
        bearing = offered[turn % len(offered)]
        await board.seat.play.tap(card["message_id"], bearing, person_id=member, **place)
    await board.until(lambda: len(board.toasts) == len(TEAM))


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.case("C8")
async def test_clinicians_of_a_group_who_tap_at_once_reach_three_replicas_and_the_first_answer_counts(
    url: str,
) -> None:
    async with AsyncExitStack() as stack:
        doors: list[str] = []
        spread = cycle(range(3))
        playground = await stack.enter_async_context(
            running_playground(token=TOKEN, rooms=CHATS, deliver_to=lambda: doors[next(spread)], second=0.05)
        )
        await stack.enter_async_context(ticking(playground.clock))
        meeting = asyncio.Barrier(len(TEAM))
        seats = []
        for number in range(3):
            store = create_storage(url)
            stack.push_async_callback(store.close)
            harness = replica(playground, store, number)
            seats.append(harness)
            port = free_port()
            app = create_webhook_app(
                harness.application.health, side_by_side(meeting, harness.application), "/hook", RIGHT
            )
            await stack.enter_async_context(serve(app, f"127.0.0.1:{port}"))
            doors.append(f"http://127.0.0.1:{port}/hook")
        for harness in seats:
            await stack.enter_async_context(beside(harness.application.run_webhook(HOOK, RIGHT)))
        board = Group(seats[0])
        await board.say("/case", answer=LEVELS)
        card = await board.reads(LEVELS)
        for label, then in (("T8", "T8 · 1 level"), ("Only T8", "fit for surgery")):
            keys = [key for row in card["reply_markup"]["inline_keyboard"] for key in row]
            await at_once(board, card, [key["callback_data"] for key in keys if key["text"].startswith(label)][:1])
            card = await board.reads(then)
        rounds = 0
        while offered := answers_on(card):
            [before] = await board.worked()
            await at_once(board, card, offered)
            [after] = await board.worked()
            assert after.revision == before.revision + 1, "of three answers the first counts"
            assert sum("answered first" in words for _, words in board.toasts) == len(TEAM) - 1, board.toasts
            await board.until(partial(stands_at, board, after.turn))
            card, rounds = board.cards()[-1], rounds + 1
        assert rounds > 0
        assert len(board.cards()) == 1, "one card"
        for harness in seats:
            assert "failed" not in harness.log.getvalue()
