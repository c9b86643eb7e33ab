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
from conftest import Fields, Rig, data_of, living, rig_on
from store_kit import chance_of

from bot.service.case_store import Kept
from bot.service.ports import Desk
from bot.storage.factory import open_store
from bot.telegram import application as channel
from bot.telegram.receiving.http_server import serving
from bot.telegram.receiving.webhook import SECRET, door

pytest_plugins = ("store_fixtures",)

USERS = range(1, 6)
LEVELS = [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]
RIGHT = "secret"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_c8_taps_of_one_case_spread_over_three_replicas_all_count_once(  # noqa: C901, PLR0915 - one story
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "SWEEP", 4.0)
    chance = chance_of(3)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        rigs: list[Rig] = []
        doors: list[str] = []
        for _ in range(3):
            store = open_store(url)
            stack.push_async_callback(store.close)
            rig = rig_on(store, clock=time.monotonic)
            if rigs:
                share(rig, rigs[0])
            await stack.enter_async_context(living(rig))
            port = free_port()
            app = door(rig.channel.health, rig.channel.reception.accept, "/hook", RIGHT)
            await stack.enter_async_context(serving(app, f"127.0.0.1:{port}"))
            rigs.append(rig)
            doors.append(f"http://127.0.0.1:{port}/hook")
        cloud = rigs[0].cloud

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
                while not all(cloud.screens and text in newest(user) for user in USERS):  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(0.02)

        def newest(user: int) -> str:
            found = [screen["text"] for (chat, _), screen in sorted(cloud.screens.items()) if chat == user]
            return str(found[-1]) if found else ""

        await asyncio.gather(*(deliver(cloud.writes(user, "/new")) for user in USERS))
        await shown("Which symptomatic levels")
        taps = [
            cloud.taps(user, cloud.newest(user)[0], cloud.button(user, level)[1]) for user in USERS for level in LEVELS
        ]
        chance.shuffle(taps)
        await asyncio.gather(*map(deliver, taps))
        await shown("T1–L5 · 17 levels")
        done = [cloud.taps(user, *cloud.button(user, "Done")) for user in USERS for _ in range(3)]
        await asyncio.gather(*map(deliver, done))
        await shown("fit for surgery")
        await asyncio.sleep(2)
        await shown("fit for surgery")
        for user in USERS:
            kept = await rigs[0].store.run(partial(case_of, who=str(user)))
            assert kept
            assert kept.case.revision == len(LEVELS) + 1, "each counts once"
            assert sum(chat == user for chat, _ in cloud.screens) == 1, [rig.events() for rig in rigs]
            assert data_of(cloud.newest(user)[1], "Fit").split(".")[1] == str(kept.case.turn), "the newest is shown"
        assert {update["callback_query"]["id"] for update in (*taps, *done)} <= cloud.toasts().keys()
        async with asyncio.timeout(20):
            while await rigs[0].store.run(lambda desk: (desk.waiting(), desk.dead(), desk.wishes())) != ([], [], []):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        for rig in rigs:
            assert not rig.events()["task_failed"], rig.events()
            assert not rig.events()["screen_failed"], rig.events()


def case_of(desk: Desk, who: str) -> Kept | None:
    return desk.current(who, who)


def share(rig: Rig, first: Rig) -> None:
    """Let a replica talk to the same Telegram, and draw case ids of its own."""
    api = first.channel._api
    rig.cloud = first.cloud
    for part in (rig.channel, rig.channel.reception, rig.channel._outbox, rig.channel._poller):
        part._api = api
    rig.channel.reception._conversation._new_id = lambda: f"b{time.monotonic_ns():x}"[-12:]
