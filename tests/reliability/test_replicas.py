"""Three replicas on one PostgreSQL database: whichever a tap goes to, it counts once, is answered, and is shown."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from functools import partial

import aiohttp
import orjson
import pytest
from browser import free_port
from conftest import BotHarness, Fields, bot_harness, data_of, running
from store_kit import chance_of

from bot.service.case_store import CaseRecord
from bot.service.ports import UnitOfWork
from bot.storage.factory import create_storage
from bot.telegram import application as channel
from bot.telegram.receiving.http_server import serve
from bot.telegram.receiving.webhook import SECRET, create_webhook_app

pytest_plugins = ("store_fixtures",)

USERS = range(1, 6)
LEVELS = [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]
RIGHT = "secret"


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.case("C8")
async def test_taps_of_one_case_spread_over_three_replicas_all_count_once(  # noqa: C901, PLR0915 - one story
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "ADOPTION_CHECK_SECONDS", 4.0)
    chance = chance_of(3)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        rigs: list[BotHarness] = []
        doors: list[str] = []
        for _ in range(3):
            store = create_storage(url)
            stack.push_async_callback(store.close)
            harness = bot_harness(store, clock=time.monotonic)
            if rigs:
                share(harness, rigs[0])
            await stack.enter_async_context(running(harness))
            port = free_port()
            app = create_webhook_app(harness.application.health, harness.application.receiver.accept, "/hook", RIGHT)
            await stack.enter_async_context(serve(app, f"127.0.0.1:{port}"))
            rigs.append(harness)
            doors.append(f"http://127.0.0.1:{port}/hook")
        telegram = rigs[0].telegram

        async def deliver(update: Fields) -> None:
            """As Telegram does: anywhere, now and then twice, again where it is refused."""
            for _ in range(chance.choice((1, 1, 1, 2))):
                for _ in range(10):
                    headers = {SECRET: RIGHT}
                    body = orjson.dumps(update)
                    async with session.post(chance.choice(doors), data=body, headers=headers) as answer:
                        if answer.status == 200:
                            break

        async def shown(text: str) -> None:
            async with asyncio.timeout(20):
                while not all(telegram.screens and text in newest(user) for user in USERS):  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(0.02)

        def newest(user: int) -> str:
            found = [screen["text"] for (chat, _), screen in sorted(telegram.screens.items()) if chat == user]
            return str(found[-1]) if found else ""

        await asyncio.gather(*(deliver(telegram.writes(user, "/new")) for user in USERS))
        await shown("Which symptomatic levels")
        taps = [
            telegram.taps(user, telegram.newest(user)[0], telegram.button(user, level)[1])
            for user in USERS
            for level in LEVELS
        ]
        chance.shuffle(taps)
        await asyncio.gather(*map(deliver, taps))
        await shown("T1–L5 · 17 levels")
        done = [telegram.taps(user, *telegram.button(user, "Done")) for user in USERS for _ in range(3)]
        await asyncio.gather(*map(deliver, done))
        await shown("fit for surgery")
        await asyncio.sleep(2)
        await shown("fit for surgery")
        for user in USERS:
            record = await rigs[0].store.transact(partial(case_of, who=str(user)))
            assert record
            assert record.case.revision == len(LEVELS) + 1, "each counts once"
            assert sum(chat == user for chat, _ in telegram.screens) == 1, [harness.events() for harness in rigs]
            assert data_of(telegram.newest(user)[1], "Fit").split(".")[1] == str(record.case.turn), (
                "the newest is shown"
            )
        assert {update["callback_query"]["id"] for update in (*taps, *done)} <= telegram.toasts().keys()
        async with asyncio.timeout(20):
            while await rigs[0].store.transact(  # noqa: ASYNC110
                lambda uow: (uow.pending_updates(), uow.dead_letters(), uow.pending_messages())
            ) != ([], [], []):
                await asyncio.sleep(0.1)
        for harness in rigs:
            assert not harness.events()["task_failed"], harness.events()
            assert not harness.events()["screen_failed"], harness.events()


def case_of(uow: UnitOfWork, who: str) -> CaseRecord | None:
    return uow.get_current(who, who)


def share(harness: BotHarness, first: BotHarness) -> None:
    """Let a replica talk to the same Telegram, and draw case ids of its own."""
    harness.telegram = first.telegram
    harness.application._bot._request = first.application._bot._request
    harness.application._housekeeping._private.cases._new_id = lambda: f"b{time.monotonic_ns():x}"[-12:]
