"""The port of the bot: callers who dawdle or crowd harm nobody, and it is there on both kinds of network."""

from __future__ import annotations

import asyncio
import resource
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from browser import free_port
from commands import CLEAN
from local_bot_api import TOKEN, running_playground
from webhook_door import RIGHT, Door, Taken

from bot.settings import read_settings
from bot.telegram.health import Health
from bot.telegram.receiving import http_limits
from bot.telegram.receiving.http_server import AddressTaken, serve
from bot.telegram.receiving.webhook import SECRET, create_webhook_app

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = f"POST /hook HTTP/1.1\r\nHost: x\r\n{SECRET}: {RIGHT}\r\nContent-Length: 16\r\n\r\n".encode()
BODY = b'{"update_id": 1}'


@asynccontextmanager
async def opened(accept: Callable[[list[Any]], Any] | None = None) -> AsyncIterator[Door]:
    """A door on a port, and whoever knocks."""
    port = free_port()
    app = create_webhook_app(Health(time.monotonic), accept or Taken(), "/hook", RIGHT)
    async with serve(app, f"127.0.0.1:{port}"), aiohttp.ClientSession() as session:
        yield Door(port, session)


@asynccontextmanager
async def callers(at: Door, count: int, says: bytes = b"") -> AsyncIterator[list[Pair]]:
    """So many connections, of which each says that and then nothing."""
    found = [await asyncio.open_connection("127.0.0.1", at.port) for _ in range(count)]
    for _, writer in found:
        writer.write(says)
    yield found
    for _, writer in found:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ended(pair: Pair, within: float) -> float:
    """Wait until a connection is cut; tell after how many seconds."""
    began = time.monotonic()
    async with asyncio.timeout(within):
        with suppress(ConnectionError):
            await pair[0].read()
    return time.monotonic() - began


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "HEAD", 0.4)
    monkeypatch.setattr(http_limits, "BODY", 0.8)


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    ("says", "least"),
    [
        (b"", 0.2),
        (b"POST", 0.2),
        (HEAD[:-2], 0.2),
        (HEAD, 0.5),
        (HEAD + BODY[:-1], 0.5),
        (HEAD.replace(RIGHT.encode(), b"wrong") + BODY[:-1], 0.5),
        (HEAD.replace(b"Content-Length: 16", b"Transfer-Encoding: chunked") + b"5\r\n{", 0.5),
    ],
    ids=["nothing", "a word", "no end of the head", "no body", "half a body", "no secret", "half a piece"],
)
@pytest.mark.case("X13")
async def test_who_dawdles_is_cut_off(says: bytes, least: float) -> None:
    async with opened() as at, callers(at, 1, says) as (caller,):
        assert await ended(caller, 3) > least


@pytest.mark.usefixtures("_quick")
@pytest.mark.case("X13")
async def test_who_says_a_byte_now_and_then_is_cut_off_as_well() -> None:
    async with opened() as at, callers(at, 2) as (in_the_head, in_the_body):

        async def trickle(pair: Pair, first: bytes, rest: bytes) -> None:
            pair[1].write(first)
            for byte in rest:
                pair[1].write(bytes((byte,)))
                await asyncio.sleep(0.1)

        tasks = [
            asyncio.create_task(trickle(in_the_head, b"", HEAD + BODY)),
            asyncio.create_task(trickle(in_the_body, HEAD, BODY)),
        ]
        assert await ended(in_the_head, 3) < 2
        assert await ended(in_the_body, 3) < 2
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.usefixtures("_quick")
@pytest.mark.case("X13")
async def test_who_dawdles_with_the_second_request_is_cut_off() -> None:
    async with opened() as at, callers(at, 1, HEAD + BODY) as (caller,):
        assert b"200 OK" in await caller[0].readuntil(b"\r\n\r\n")
        caller[1].write(b"GET /hea")
        assert 0.2 < await ended(caller, 3) < 2


@pytest.mark.usefixtures("_quick")
async def test_a_request_that_is_there_is_given_all_the_time_that_the_bot_needs() -> None:
    taken = Taken()

    async def slow(batch: list[Any]) -> int:
        await asyncio.sleep(1.5)
        return await taken(batch)

    async with opened(slow) as at:
        assert await at.deliver({"update_id": 1}) == 200
        assert taken.updates == [{"update_id": 1}]


@pytest.mark.case("X13")
async def test_a_head_without_end_is_cut_off_at_once() -> None:
    async with opened() as at, callers(at, 1) as (caller,):
        caller[1].write(b"GET /healthz HTTP/1.1\r\n")
        with suppress(ConnectionError):
            for number in range(100_000):
                caller[1].write(b"X-%d: %b\r\n" % (number, b"x" * 100))
                await caller[1].drain()
        assert number < 99_999
        assert (await at.get("/readyz"))[0] == 503


@pytest.mark.parametrize("says", [b"", HEAD[:40], HEAD, HEAD + BODY[:-1], HEAD.replace(RIGHT.encode(), b"wrong")])
@pytest.mark.case("X13")
async def test_a_crowd_that_asks_for_nothing_has_so_many_places_and_holds_up_nobody(says: bytes) -> None:
    async with opened() as at, callers(at, 400, says) as crowd:
        took = []
        for number in range(50):
            began = time.monotonic()
            assert await at.deliver({"update_id": number}) == 200
            took.append(time.monotonic() - began)
        assert sorted(took)[45] < 0.5
        still = [pair for pair in crowd if not pair[0].at_eof() and pair[0].exception() is None]
        assert len(still) <= http_limits.MOST


@pytest.mark.case("X13")
async def test_a_crowd_pushes_out_nobody_whose_request_is_in_hand() -> None:
    go_on = asyncio.Event()

    async def held(_: list[Any]) -> int:
        await go_on.wait()
        return 1

    async with opened(held) as at:
        delivery = asyncio.create_task(at.deliver({"update_id": 1}))
        await asyncio.sleep(0.1)
        async with callers(at, 400):
            go_on.set()
            assert await delivery == 200


async def test_a_place_that_was_used_outlives_those_that_never_were() -> None:
    async with opened() as at, callers(at, 1, b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n") as (regular,):
        await regular[0].readuntil(b"}")
        async with callers(at, 300):
            regular[1].write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"503" in await regular[0].readuntil(b"}")


def test_the_places_are_a_part_of_the_files_that_may_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, places in ((1024, 256), (400, 100), (10**6, 256), (resource.RLIM_INFINITY, 256)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        assert http_limits.most() == places


@pytest.mark.slow
@pytest.mark.case("X13")
async def test_a_bot_that_may_open_few_files_answers_every_tap_beside_a_crowd(tmp_path: Path) -> None:
    """As with the 1,024 of systemd and as many callers, in small."""
    port = free_port()

    async with running_playground(tmp_path / "chats.db", token=TOKEN) as playground:
        env = CLEAN | {"BOT_TOKEN": TOKEN, "BOT_API_URL": playground.url, "XDG_DATA_HOME": str(tmp_path)}
        env |= {"WEBHOOK_URL": f"http://127.0.0.1:{port}/hook", "WEBHOOK_SECRET": RIGHT}
        env |= {"HTTP_LISTEN": f"127.0.0.1:{port}", "ACCESS": "open"}
        words = ["sh", "-c", 'ulimit -n 200 && exec "$0" -m bot run', sys.executable]
        quiet = subprocess.DEVNULL
        bot = subprocess.Popen(words, env=env, cwd=tmp_path, stdout=quiet, stderr=quiet)  # noqa: ASYNC220 - a moment
        try:
            async with aiohttp.ClientSession() as session:
                at = Door(port, session)
                async with asyncio.timeout(60):
                    while not await ready(at):  # noqa: ASYNC110 - another process has no event
                        await asyncio.sleep(0.2)
                async with callers(at, 300):
                    for number in range(20):
                        await playground.say(f"/help {number}")
                        async with asyncio.timeout(5):
                            while len((await playground.state())["chats"][0]["messages"]) < 2 * number + 2:  # noqa: ASYNC110
                                await asyncio.sleep(0.02)
                    assert (await at.get("/healthz"))[0] == 200
        finally:
            bot.terminate()
            assert await asyncio.to_thread(bot.wait, 15) == 0


async def ready(at: Door) -> bool:
    try:
        return (await at.get("/readyz"))[0] == 200
    except aiohttp.ClientError:
        return False


@pytest.mark.parametrize(
    ("listen", "called"),
    [
        ("[::1]:{}", "[::1]"),
        ("[::]:{}", "[::1]"),
        ("[::]:{}", "127.0.0.1"),
        ("127.0.0.1:{}", "127.0.0.1"),
        ("localhost:{}", "127.0.0.1"),
        ("0.0.0.0:{}", "127.0.0.1"),
    ],
)
async def test_the_port_is_there_on_either_kind_of_network(
    listen: str, called: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port = free_port()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTP_LISTEN", listen.format(port))
    app = create_webhook_app(Health(time.monotonic), Taken(), "/hook", RIGHT)
    async with serve(app, read_settings().http_listen), aiohttp.ClientSession() as session:
        assert (await Door(port, session, called).get("/readyz"))[0] == 503


@pytest.mark.parametrize("address", ["[::1]:{}", "127.0.0.1:{}", "no-such-host.invalid:80", "[::9:9]:80"])
async def test_an_address_that_cannot_be_listened_on_is_told_in_plain_words(address: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        taken = six if "::1" in address else four
        listen = address.format(taken.getsockname()[1])
        with pytest.raises(AddressTaken, match="cannot be listened on"):
            async with serve(create_webhook_app(Health(time.monotonic), Taken()), listen):
                pass
