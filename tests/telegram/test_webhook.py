"""The door of the bot over HTTP: who may deliver, what is refused, when it is confirmed, and what health is told."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import orjson
import pytest
from browser import free_port
from conftest import BotHarness, bot_harness, data_of, virtual_bot_harness
from webhook_door import RIGHT, Door, Taken

from bot.service.ports import NotSaved, UnitOfWork
from bot.settings import SettingsError, read_settings
from bot.storage.factory import create_storage
from bot.telegram.health import STALE, Health
from bot.telegram.receiving.http_server import AddressTaken, serve
from bot.telegram.receiving.webhook import LARGEST, SECRET, create_webhook_app
from bot.telegram.updates.inbox import to_inbox

Result = TypeVar("Result")


@asynccontextmanager
async def opened(health: Health, accept: Callable[[list[Any]], Any], hook: str = "/hook") -> AsyncIterator[Door]:
    port = free_port()
    async with (
        serve(create_webhook_app(health, accept, hook, RIGHT), f"127.0.0.1:{port}"),
        aiohttp.ClientSession() as session,
    ):
        yield Door(port, session)


@pytest.fixture
async def taken() -> Taken:
    return Taken()


@pytest.fixture
async def at_door(taken: Taken) -> AsyncIterator[Door]:
    async with opened(Health(time.monotonic), taken) as found:
        yield found


@pytest.mark.parametrize("secret", [None, "", "wrong", RIGHT[:-1], RIGHT + "x", RIGHT.upper(), "é" * 10, " "])
@pytest.mark.case("D1")
async def test_a_delivery_without_the_secret_is_refused_and_not_looked_at(
    at_door: Door, taken: Taken, secret: str | None
) -> None:
    assert await at_door.post(b'{"update_id": 1}', secret) == 403
    assert await at_door.post(b"no json", secret) == 403
    assert taken.updates == []


@pytest.mark.case("D1")
async def test_the_secret_is_compared_in_constant_time(
    at_door: Door, taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("hmac.compare_digest", compare)
    await at_door.post(b"{}", "wrong")
    assert compared == [(b"wrong", RIGHT.encode())]
    assert taken.updates == []


@pytest.mark.parametrize("missing", ["WEBHOOK_SECRET", "HTTP_LISTEN"])
@pytest.mark.case("D1")
def test_the_bot_does_not_start_with_a_webhook_that_has_no_secret(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said = {"WEBHOOK_URL": "https://bot.example/hook", "WEBHOOK_SECRET": RIGHT, "HTTP_LISTEN": "127.0.0.1:8081"}
    for name, value in (said | {missing: ""}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET"):
        read_settings()


@pytest.mark.case("D1")
def test_a_door_with_a_webhook_and_no_secret_lets_nobody_in() -> None:
    async def knock() -> int:
        taken, port = Taken(), free_port()
        app = create_webhook_app(Health(time.monotonic), taken, "/hook", "")
        async with serve(app, f"127.0.0.1:{port}"), aiohttp.ClientSession() as session:
            return await Door(port, session).post(b'{"update_id": 1}', None)

    assert asyncio.run(knock()) == 403


async def test_a_right_delivery_is_taken_in_and_confirmed(at_door: Door, taken: Taken) -> None:
    assert await at_door.deliver({"update_id": 1, "message": {"text": "\u202e\0😀"}}) == 200
    assert taken.updates == [{"update_id": 1, "message": {"text": "\u202e\0😀"}}]


@pytest.mark.case("A21")
async def test_a_body_that_says_it_is_too_large_is_refused(at_door: Door, taken: Taken) -> None:
    assert await at_door.post(b" " * (LARGEST + 1)) == 413
    assert await at_door.post(b'{"update_id": 1}'.ljust(LARGEST)) == 200
    assert len(taken.updates) == 1


@pytest.mark.case("A21")
async def test_a_body_that_never_says_how_large_it_is_is_refused_once_it_is_too_large(
    at_door: Door, taken: Taken
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            yield b" " * 50_000
            sent += 50_000

    with suppress(aiohttp.ClientError):  # it may hang up while we are still sending: refused as well
        assert await at_door.post(endless()) == 413
    assert sent < 50_000_000
    assert taken.updates == []
    assert await at_door.deliver({"update_id": 2}) == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"no json", b'{"message": 1', b"[]", b"7", b"null", b'"x"', b"[" * 5000, b"\xff\xfe", b'{"\\ud800": 1}'],
)
async def test_what_is_no_json_object_is_refused(at_door: Door, taken: Taken, body: bytes) -> None:
    assert await at_door.post(body) == 400
    assert taken.updates == []


async def test_other_doors_are_shut(at_door: Door) -> None:
    assert await at_door.post(b"{}", path="/") == 404
    async with at_door.session.get(at_door.url + "/hook") as answer:
        assert answer.status == 405
    async with opened(Health(time.monotonic), Taken(), hook="") as found:
        assert await found.post(b"{}") == 404


@asynccontextmanager
async def bot_at_door(folder: Path) -> AsyncIterator[tuple[BotHarness, Door]]:
    store = create_storage(f"sqlite:///{folder / 'cases.db'}")
    harness = bot_harness(store, clock=time.monotonic)
    async with opened(harness.application.health, harness.application.receiver.accept) as found:
        yield harness, found
    await harness.settled()
    await store.close()


def inbox_of(folder: Path) -> dict[int, str]:
    with closing(sqlite3.connect(folder / "cases.db")) as connection:
        return dict(connection.execute("SELECT update_id, state FROM inbox"))


@pytest.mark.case("B2")
async def test_a_delivery_is_confirmed_once_it_is_kept_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):
        real = harness.application.receiver._store.transact
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def held(work: Callable[[UnitOfWork], Any]) -> Any:
            begun.set()
            await go_on.wait()
            return await real(work)

        monkeypatch.setattr(harness.application.receiver._store, "transact", held)
        delivery = asyncio.create_task(at_door.deliver(harness.telegram.writes(7, "/new")))
        await begun.wait()
        await asyncio.sleep(0.1)
        assert not delivery.done()
        assert inbox_of(tmp_path) == {}
        go_on.set()
        assert await delivery == 200
        assert set(inbox_of(tmp_path)) == {1}


@pytest.mark.case("B2")
async def test_every_delivery_of_a_burst_is_in_the_database_at_the_moment_it_is_confirmed(tmp_path: Path) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):

        async def deliver(user: int) -> bool:
            update = harness.telegram.writes(user, "/new")
            assert await at_door.deliver(update) == 200
            return update["update_id"] in inbox_of(tmp_path)

        assert all(await asyncio.gather(*(deliver(user) for user in range(1, 41))))
        await harness.settled()
        assert set(inbox_of(tmp_path).values()) == {"done"}


@pytest.mark.case("B7", "B8")
async def test_a_delivery_that_cannot_be_kept_is_not_confirmed_and_its_repeat_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):

        async def full(_: Callable[[UnitOfWork], Any]) -> Any:
            raise NotSaved("the disk is full")

        update = harness.telegram.taps(7, 5, ".0.nw", "q")
        with monkeypatch.context() as patched:
            patched.setattr(harness.application.receiver._store, "transact", full)
            assert await at_door.deliver(update) == 503
            assert await at_door.deliver(update) == 503
            await harness.settled()
        told = [call.text for call in harness.telegram.of("answerCallbackQuery")]
        assert [text[:9] for text in told] == ["Not saved"], "once, and no more often"
        assert inbox_of(tmp_path) == {}
        assert await at_door.deliver(update) == 200
        await harness.settled()
        assert "Which symptomatic levels" in harness.telegram.newest(7)[1]["text"]


@pytest.mark.case("B2")
def test_what_is_delivered_during_the_start_waits_for_what_was_left_before_it(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def story() -> None:
            await harness.begun(7)
            number, card = harness.telegram.newest(7)
            mark, done = (harness.telegram.taps(7, number, data_of(card, label), label) for label in ("T8", "Done"))
            left = to_inbox(mark)
            assert left
            await harness.store.transact(lambda uow: uow.add_updates([left]))
            listening = asyncio.create_task(harness.application.run_webhook("https://bot.example.org/hook", "secret"))
            await harness.application.accept_delivery([done])
            await harness.settled()
            assert harness.telegram.toasts() == {"T8": "", "Done": ""}
            assert "fit for surgery" in harness.telegram.newest(7)[1]["text"]
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

        run(story())


@pytest.mark.case("B12")
async def test_a_delivery_that_is_repeated_is_confirmed_again_and_done_once(tmp_path: Path) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):
        await at_door.deliver(harness.telegram.writes(7, "/new"))
        await harness.settled()
        number, data = harness.telegram.button(7, "T8")
        update = harness.telegram.taps(7, number, data)
        assert [await at_door.deliver(update) for _ in range(3)] == [200] * 3
        await harness.settled()
        assert "T8 · 1 level" in harness.telegram.newest(7)[1]["text"]
        assert len(harness.telegram.of("sendMessage")) == 1


@pytest.mark.case("B15")
async def test_a_delivery_that_cannot_be_read_is_confirmed_and_set_aside(tmp_path: Path) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):
        assert await at_door.deliver({"update_id": 900, "callback_query": {"id": "q900", "from": []}}) == 200
        assert await at_door.deliver({"no": "id"}) == 200
        await harness.settled()
        assert inbox_of(tmp_path) == {900: "dead"}
        assert harness.telegram.toasts()["q900"].startswith("That failed")


GARBLED = {
    "no UTF-8": b'"first_name":"x\xff"',
    "half of a sign": b'"first_name":"\xed\xa0\x80"',
    "half of a sign, written out": b'"first_name":"\\ud800"',
    "no number": b'"first_name":NaN',
    "nested 1,100 deep": b'"first_name":' + b"[" * 1100 + b"]" * 1100,
    "a text without end": b'"first_name":"x',
    "its end is missing": b'"first_name":"x"}, "message"',
}


@pytest.mark.parametrize("spoilt", GARBLED.values(), ids=GARBLED.keys())
@pytest.mark.case("B15")
async def test_a_delivery_with_one_bad_byte_is_set_aside_and_the_next_is_served(tmp_path: Path, spoilt: bytes) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):
        tap = harness.telegram.taps(7, 5, ".0.nw", "4321") | {"update_id": 900}
        body = orjson.dumps(tap).replace(b'"first_name":"x"', spoilt)
        assert [await at_door.post(body) for _ in range(2)] == [200, 200]
        assert await at_door.deliver(harness.telegram.writes(8, "/new")) == 200
        await harness.settled()
        assert inbox_of(tmp_path)[900] == "dead"
        assert harness.telegram.toasts()["4321"].startswith("That failed")
        assert "Which symptomatic levels" in harness.telegram.newest(8)[1]["text"]


async def test_a_number_that_is_delivered_again_with_other_content_is_done(tmp_path: Path) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):
        for user in (7, 8, 8):
            assert await at_door.deliver(harness.telegram.writes(user, "/new") | {"update_id": 900}) == 200
            await harness.settled()
        assert [call.chat for call in harness.telegram.of("sendMessage")] == [7, 8]


@pytest.mark.slow
@pytest.mark.case("A21")
async def test_clients_that_dawdle_hold_back_nobody(tmp_path: Path) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):
        head = f"POST /hook HTTP/1.1\r\nHost: x\r\n{SECRET}: {RIGHT}\r\nContent-Length: 999999\r\n\r\n{{".encode()
        dawdlers = [await asyncio.open_connection("127.0.0.1", at_door.port) for _ in range(100)]
        for number, (_, writer) in enumerate(dawdlers):
            writer.write(head if number % 2 else head[: 10 + number])
            await writer.drain()
        took: list[float] = []
        for user in range(1, 101):
            began = time.monotonic()
            assert await at_door.deliver(harness.telegram.writes(user, "/help")) == 200
            took.append(time.monotonic() - began)
        assert sorted(took)[len(took) // 2] < 0.2
        await harness.settled()
        assert len({call.chat for call in harness.telegram.of("sendMessage")}) >= 30
        for _, writer in dawdlers:
            writer.close()


async def test_whoever_hangs_up_in_the_midst_of_a_delivery_is_no_trouble(at_door: Door, taken: Taken) -> None:
    for _ in range(5):
        _, writer = await asyncio.open_connection("127.0.0.1", at_door.port)
        writer.write(f"POST /hook HTTP/1.1\r\nHost: x\r\n{SECRET}: {RIGHT}\r\nContent-Length: 99\r\n\r\n{{".encode())
        await writer.drain()
        writer.close()
    assert await at_door.deliver({"update_id": 3}) == 200
    assert taken.updates == [{"update_id": 3}]


async def test_health_is_told_in_each_state() -> None:
    now = 1000.0
    health = Health(lambda: now)
    async with opened(health, Taken()) as found:
        assert await found.get("/readyz") == (503, {"ready": False})
        assert (await found.get("/healthz"))[0] == 503
        health.ready()
        assert await found.get("/readyz") == (200, {"ready": True})
        assert await found.get("/healthz") == (
            200,
            {
                "ready": True,
                "well": True,
                "can_save": True,
                "seconds_since_poll": None,
                "seconds_since_commit": None,
            },
        )
        health.expect_polls()
        health.polled()
        health.committed()
        now += STALE - 1
        status, told = await found.get("/healthz")
        assert (status, told["seconds_since_poll"], told["seconds_since_commit"]) == (200, STALE - 1, STALE - 1)
        now += 2
        status, told = await found.get("/healthz")
        assert (status, told["well"], told["ready"]) == (503, False, True)
        health.polled()
        assert (await found.get("/healthz"))[0] == 200


async def test_a_bot_that_never_heard_from_telegram_is_not_well_for_long() -> None:
    now = 0.0
    health = Health(lambda: now)
    health.expect_polls()
    health.ready()
    assert health.is_well
    now += STALE
    assert not health.is_well


@pytest.mark.slow
@pytest.mark.case("B17")
async def test_a_loop_that_is_blocked_cannot_say_that_it_is_well(tmp_path: Path) -> None:
    async with bot_at_door(tmp_path) as (harness, at_door):
        harness.application.health.ready()

        def ask() -> bytes:
            time.sleep(0.1)
            with closing(socket.create_connection(("127.0.0.1", at_door.port), 5)) as line:
                line.settimeout(0.5)
                line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                try:
                    return line.recv(1000)
                except TimeoutError:
                    return b""

        assert b"200" in await asyncio.to_thread(ask)
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(None, ask)
        loop.call_soon(time.sleep, 1.5)  # that is the fault
        assert await asked == b""
        assert await at_door.deliver(harness.telegram.writes(7, "/new")) == 200
        await harness.settled()
        assert "Which symptomatic levels" in harness.telegram.newest(7)[1]["text"]
        assert b"200" in await asyncio.to_thread(ask)


async def test_a_port_that_is_taken_is_told_in_plain_words() -> None:
    async with opened(Health(time.monotonic), Taken()) as found:
        with pytest.raises(AddressTaken, match="cannot be listened on"):
            async with serve(create_webhook_app(Health(time.monotonic), Taken()), f"127.0.0.1:{found.port}"):
                pass
