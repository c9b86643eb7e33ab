"""The local Bot API misbehaves as it is told to: by a seed, counted, and as a real client sees it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, replace
from typing import Any

import aiohttp
import pytest
import telegram
from aiohttp import web
from conftest import PLANTED_TOKEN, connected
from faults.injector import FaultInjector
from faults.rates import OF_UPDATES, FaultRates
from local_bot_api import CHAT, TOKEN, RunningPlayground, running_playground

NOT_DONE = ("too_many", "internal", "bad_gateway", "unauthorized", "page", "cut_before", "hang_before")
DONE = ("cut_after", "hang_after", "truncated", "no_result")
MIXED = FaultRates(**dict.fromkeys((*NOT_DONE, *DONE), 0.05))


async def at_once(_: float) -> None:
    """Wait no time."""


def always(kind: str, **more: Any) -> FaultInjector:
    return FaultInjector(FaultRates(**{kind: 1.0}), 7, sleep=at_once, **more)


def texts(playground: RunningPlayground) -> list[str]:
    return [message["text"] for message in playground.world.messages.every(CHAT)]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Any:
    """Hold that no trouble leaves an error in the log."""
    yield
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def post(
    playground: RunningPlayground, text: str = "a card", method: str = "sendMessage"
) -> tuple[int, str, bytes]:
    async with playground.session.post(
        f"{playground.bot_url}/{method}", json={"chat_id": CHAT, "text": text}
    ) as response:
        return response.status, response.content_type, await response.read()


# What a client sees


@pytest.mark.parametrize("kind", ["cut_before", "hang_before", "cut_after", "hang_after"])
async def test_a_cut_is_an_end_without_an_answer(kind: str) -> None:
    async with running_playground(faults=always(kind)) as playground:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await post(playground)
        assert texts(playground) == ["a card"] * (kind in DONE)


@pytest.mark.parametrize("kind", ["cut_before", "hang_after"])
async def test_a_cut_closes_the_connection_and_not_a_byte_comes(kind: str) -> None:
    async with running_playground(faults=always(kind)) as playground:
        reader, writer = await asyncio.open_connection("127.0.0.1", playground.port)
        writer.write(f"GET /bot{TOKEN}/sendMessage?chat_id={CHAT}&text=a HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert await asyncio.wait_for(reader.read(), 3) == b""
        writer.close()


@pytest.mark.parametrize("kind", ["hang_before", "hang_after"])
async def test_a_hang_outlasts_the_patience_of_a_client(kind: str) -> None:
    hanging = asyncio.Event()

    async def for_ever(seconds: float) -> None:
        assert seconds == 3600
        try:
            hanging.set()
            await asyncio.Event().wait()
        finally:
            hanging.clear()

    async with running_playground(
        faults=FaultInjector(FaultRates(**{kind: 1.0}), 7, hang=3600, sleep=for_ever)
    ) as playground:
        with pytest.raises(TimeoutError):
            await playground.session.post(f"{playground.bot_url}/getMe", timeout=aiohttp.ClientTimeout(0.05))
        async with asyncio.timeout(3):
            while hanging.is_set():  # noqa: ASYNC110 - the server sees in its own time that the client has gone
                await asyncio.sleep(0.005)


async def test_the_server_stops_although_a_call_hangs() -> None:
    async with aiohttp.ClientSession() as outside:
        faults = FaultInjector(FaultRates(hang_before=1), 7)
        async with running_playground(faults=faults) as playground:
            call = asyncio.create_task(post(replace(playground, session=outside)))
            while not faults.counts:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.005)
            begun = time.monotonic()
        assert time.monotonic() - begun < 1.5
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await call


async def test_too_many_calls_are_told_how_long_to_wait() -> None:
    async with running_playground(faults=always("too_many", retry_after=3)) as playground:
        status, _, body = await post(playground)
    assert status == 429
    assert json.loads(body) == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 3",
        "parameters": {"retry_after": 3},
    }


@pytest.mark.parametrize(
    ("kind", "status", "media_type", "words"),
    [
        ("internal", 500, "application/json", b'"Internal Server Error"'),
        ("unauthorized", 401, "application/json", b'"Unauthorized"'),
        ("bad_gateway", 502, "text/html", b"502 Bad Gateway"),
        ("page", 200, "text/html", b"Please sign in"),
    ],
)
async def test_a_failure_does_nothing(kind: str, status: int, media_type: str, words: bytes) -> None:
    async with running_playground(faults=always(kind)) as playground:
        code, seen, body = await post(playground)
        assert (code, seen, texts(playground)) == (status, media_type, [])
        assert words in body


async def test_an_answer_that_ends_too_early_is_no_json_and_the_message_is_there() -> None:
    async with running_playground(faults=always("truncated")) as playground:
        bodies = [(await post(playground, "words of a patient"))[2] for _ in range(20)]
        assert texts(playground) == ["words of a patient"] * 20
    for body in bodies:
        with pytest.raises(ValueError, match=r"char|Expecting|Unterminated"):
            json.loads(body)
    assert any(b"patient" in body for body in bodies)
    assert len(set(bodies)) > 1


async def test_an_answer_without_a_result_is_json_and_the_message_is_there() -> None:
    async with running_playground(faults=always("no_result")) as playground:
        bodies = {(await post(playground))[2] for _ in range(40)}
        assert texts(playground) == ["a card"] * 40
    assert bodies == {b'{"ok":true}', b"{}", b"[]", b"null"}


@pytest.mark.parametrize("kind", [*NOT_DONE, *DONE])
async def test_the_wire_of_the_bot_sees_an_error_of_the_library_and_never_anything_else(kind: str) -> None:
    faults = always(kind)
    async with running_playground(token=PLANTED_TOKEN, faults=faults) as playground, connected(playground.url) as bot:
        for _ in range(20):
            with pytest.raises(telegram.error.TelegramError) as caught:
                await bot.send_message(CHAT, "words of a patient")
            assert PLANTED_TOKEN not in repr(caught.value)
            assert "patient" not in str(caught.value)
    assert faults.counts == {kind: 20}


async def test_the_wire_of_the_bot_loses_patience_with_a_call_that_hangs() -> None:
    hanging = FaultInjector(FaultRates(hang_after=1), 7)
    async with running_playground(token=PLANTED_TOKEN, faults=hanging) as playground, connected(playground.url) as bot:
        with pytest.raises(telegram.error.TimedOut):
            await bot.send_message(CHAT, "there it is", read_timeout=0.1)
        assert texts(playground) == ["there it is"]


# The schedule


async def fates(seed: int, *methods: str, rates: FaultRates = MIXED) -> list[str]:
    """Ask what the first call of a method meets, and the next one; the last method named is looked at."""
    faults = FaultInjector(rates, seed)
    met = []
    for method in methods:
        before = faults.counts.copy()
        for moment in ("before", "after"):
            if await faults.inject(moment, method, {}):
                break
        met.append(next(iter(faults.counts - before), ""))
    return met


async def test_the_same_seed_makes_the_same_trouble_and_another_seed_another() -> None:
    calls = ["sendMessage"] * 200
    assert await fates(7, *calls) == await fates(7, *calls)
    assert await fates(7, *calls) != await fates(8, *calls)
    assert set(await fates(7, *calls)) == {"", *NOT_DONE, *DONE}


async def test_what_a_call_meets_does_not_hang_on_the_calls_of_other_methods() -> None:
    mixed = await fates(7, *["sendMessage", "getUpdates", "getUpdates"] * 100)
    assert mixed[::3] == await fates(7, *["sendMessage"] * 100)


async def test_kinds_come_as_often_as_they_should_and_are_counted() -> None:
    faults = FaultInjector(MIXED, 7)
    for _ in range(4000):
        if not await faults.inject("before", "sendMessage", {}):
            await faults.inject("after", "sendMessage", {})
    assert faults.calls == {"sendMessage": 4000}
    assert set(faults.counts) == {*NOT_DONE, *DONE}
    assert all(150 < count < 250 for count in faults.counts.values()), faults.counts


async def test_a_schedule_holds_over_http() -> None:
    async def seen() -> list[Any]:
        met: list[Any] = []
        async with running_playground(faults=FaultInjector(MIXED, 11, sleep=at_once)) as playground:
            for number in range(60):
                try:
                    met.append((await post(playground, str(number)))[::2])
                except aiohttp.ClientError as error:
                    met.append(type(error))
            return [*met, texts(playground)]

    assert await seen() == await seen()


async def test_trouble_can_be_for_some_methods_alone() -> None:
    faults = FaultInjector(FaultRates(internal=1), 7, methods=("sendMessage",))
    async with running_playground(faults=faults) as playground:
        assert (await playground.call("getMe"))["id"] == 42
        assert (await post(playground))[0] == 500
    assert (faults.calls, faults.counts) == ({"sendMessage": 1}, {"internal": 1})


@pytest.mark.parametrize("shares", [{"page": 1.1}, {"late": -0.1}, {"page": 0.6, "internal": 0.6}, {"twice": 2}])
def test_rates_are_shares_of_one(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="shares of one"):
        FaultRates(**shares)


def test_without_rates_there_is_no_trouble() -> None:
    assert set(asdict(FaultRates())) == {*NOT_DONE, *DONE, *OF_UPDATES}
    assert not any(asdict(FaultRates()).values())


# Updates


class Poller:
    """A bot that polls with the highest number that it has seen, and reads each update alone."""

    def __init__(self, playground: RunningPlayground) -> None:
        self.play = playground
        self.offset = 0
        self.batches: list[list[int]] = []
        self.unreadable: list[int] = []
        self.texts: Counter[str] = Counter()

    async def poll(self) -> list[int]:
        async with self.play.session.post(f"{self.play.bot_url}/getUpdates", json={"offset": self.offset}) as response:
            batch = json.loads(await response.read())["result"]
        self.batches.append([update["update_id"] for update in batch])
        for update in batch:
            try:
                message = telegram.Update.de_json(update, None).message
            except (TypeError, AttributeError, KeyError, ValueError):
                self.unreadable.append(update["update_id"])
            else:
                assert message
                self.texts[str(message.text)] += 1
        self.offset = max([self.offset, *(number + 1 for number in self.batches[-1])])
        return self.batches[-1]

    async def drain(self) -> None:
        empty = 0
        while empty < 4:
            empty = empty + 1 if await self.try_to_poll() == [] else 0

    async def try_to_poll(self) -> list[int] | None:
        with suppress(aiohttp.ClientError, ValueError, KeyError, TypeError):
            return await self.poll()
        return None


@asynccontextmanager
async def polled(rates: FaultRates, seed: int = 7) -> AsyncIterator[tuple[RunningPlayground, Poller, FaultInjector]]:
    faults = FaultInjector(rates, seed, sleep=at_once)
    async with running_playground(faults=faults) as playground:
        yield playground, Poller(playground), faults


async def test_an_update_comes_twice_although_it_is_confirmed() -> None:
    async with polled(FaultRates(twice=1)) as (playground, poller, faults):
        await playground.say("a")
        await poller.drain()
    assert poller.batches[0] == [1]
    assert poller.texts == {"a": 2}
    assert [batch for batch in poller.batches if batch] == [[1], [1]]
    assert (faults.counts, faults.updates) == ({"twice": 1}, 1)


async def test_a_late_update_comes_after_newer_ones_are_confirmed() -> None:
    async with polled(FaultRates(late=0.5)) as (playground, poller, faults):
        for text in "abcdefgh":
            await playground.say(text)
        await poller.drain()
    assert poller.texts == Counter("abcdefgh")
    first, *later = (batch for batch in poller.batches if batch)
    late = [number for batch in later for number in batch]
    assert len(late) == faults.counts["late"] > 1
    assert min(late) < max(first)
    assert faults.updates == 8


async def test_a_batch_loses_its_order() -> None:
    async with polled(FaultRates(shuffled=1)) as (playground, poller, faults):
        for text in "abcdef":
            await playground.say(text)
        batch = await poller.poll()
        assert batch != sorted(batch) == [1, 2, 3, 4, 5, 6]
        assert await poller.poll() == []
    assert faults.counts == {"shuffled": 1}


async def test_an_unreadable_update_lies_between_others_and_is_confirmed_like_them() -> None:
    async with polled(FaultRates(unreadable=1)) as (playground, poller, faults):
        for text in "abcdefgh":
            await playground.say(text)
        assert await poller.poll() == list(range(1, 17))
        assert await poller.poll() == []
    assert poller.unreadable == list(range(2, 17, 2))
    assert poller.texts == Counter("abcdefgh")
    assert faults.counts == {"unreadable": 8}


async def test_an_unreadable_update_comes_until_it_is_confirmed() -> None:
    async with polled(FaultRates(unreadable=1)) as (playground, _, _):
        await playground.say("a")
        first = await playground.call("getUpdates")
        assert await playground.call("getUpdates") == first
        assert len(first) == 2


@pytest.mark.parametrize("kind", DONE)
async def test_a_late_update_whose_answer_is_lost_comes_again(kind: str) -> None:
    rates = FaultRates(**{"late": 0.5, "twice": 0.5, kind: 0.5})
    async with polled(rates) as (playground, poller, faults):
        for number in range(20):
            await playground.say(str(number))
        await poller.drain()
    assert set(poller.texts) == {str(number) for number in range(20)}
    assert faults.counts[kind] > 3


async def test_what_is_held_back_keeps_no_poll_waiting() -> None:
    async with polled(FaultRates(late=1)) as (playground, _, faults):
        await playground.say("a")
        begun = time.monotonic()
        batches = [await playground.call("getUpdates", timeout=30) for _ in range(2)]
        while not batches[-1]:
            batches.append(await playground.call("getUpdates", timeout=30))
        assert time.monotonic() - begun < 3
        assert faults.counts == {"late": 1}


async def test_a_limit_holds_in_disorder_too_and_nothing_is_lost_by_it() -> None:
    async with polled(FaultRates(late=0.3, twice=0.3, shuffled=0.5, unreadable=0.2)) as (playground, poller, _):
        for number in range(30):
            await playground.say(str(number))
        empty = 0
        while empty < 4:
            batch = await playground.call("getUpdates", offset=poller.offset, limit=3)
            assert len(batch) <= 3
            empty = 0 if batch else empty + 1
            poller.offset = max([poller.offset, *(update["update_id"] + 1 for update in batch)])
            poller.texts.update(update["message"]["text"] for update in batch if readable(update))
    assert set(poller.texts) == {str(number) for number in range(30)}


def readable(update: dict[str, Any]) -> bool:
    return isinstance(update["message"], dict) and isinstance(update["message"].get("from"), dict)


async def test_what_waits_can_be_dropped_in_disorder_too() -> None:
    async with polled(FaultRates(late=0.5, twice=0.5)) as (playground, poller, _):
        for text in "abcdef":
            await playground.say(text)
        await poller.poll()
        await playground.call("deleteWebhook", drop_pending_updates=True)
        assert [await poller.poll() for _ in range(5)] == [[]] * 5


async def test_in_all_trouble_at_once_no_update_is_lost() -> None:
    everything = replace(MIXED, twice=0.2, late=0.2, shuffled=0.3, unreadable=0.1)
    did: Counter[str] = Counter()
    for seed in range(5):
        async with polled(everything, seed) as (playground, poller, faults):
            for number in range(60):
                await playground.say(str(number))
                if number % 7 == 0:
                    await poller.try_to_poll()
            await poller.drain()
        assert set(poller.texts) == {str(number) for number in range(60)}, seed
        assert len(set(poller.unreadable)) == faults.counts["unreadable"]
        did += faults.counts
    assert set(did) == {kind for kind, share in asdict(everything).items() if share}


async def test_deliveries_come_in_disorder_too() -> None:
    got: list[dict[str, Any]] = []

    async def receive(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response(status=500 if len(got) % 5 == 0 else 200)

    runner = web.AppRunner(web.Application(), access_log=None)
    runner.app.router.add_post("/hook", receive)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    faults = FaultInjector(FaultRates(twice=0.3, late=0.3, unreadable=0.2), 7)
    async with running_playground(faults=faults) as playground:
        await playground.call("setWebhook", url=f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
        for number in range(40):
            await playground.say(str(number))
        async with asyncio.timeout(5):
            while playground.world.updates.waiting or playground.world.updates.held or len(got) < 60:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.005)
    await runner.cleanup()
    seen = [update["message"]["text"] for update in got if readable(update)]
    assert set(seen) == {str(number) for number in range(40)}
    first = list(dict.fromkeys(seen))
    assert first != sorted(first, key=int)
    assert set(faults.counts) == {"twice", "late", "unreadable"}
    assert len({update["update_id"] for update in got if not readable(update)}) == faults.counts["unreadable"]
