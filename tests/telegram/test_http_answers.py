"""Answers of the Bot API however HTTP lets a server, or a proxy in between, put them; and pages of somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from conftest import PLANTED_TOKEN, Fields, connected
from local_bot_api import TOKEN, running_playground
from starlette.responses import HTMLResponse, Response
from telegram.error import NetworkError, TelegramError
from telegram.request import RequestData

from bot.telegram.errors import Outcome, failure_of
from bot.telegram.request import MAX_CONNECTIONS, AiohttpRequest

BODY = b'{"ok":true,"result":{"known":1}}'
OK = b"HTTP/1.1 200 OK\r\n"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)


def chunked(*pieces: bytes, header: bytes = b"Transfer-Encoding: chunked\r\n", trailer: bytes = b"") -> bytes:
    return (
        OK + header + b"\r\n" + b"".join(b"%X\r\n%b\r\n" % (len(p), p) for p in pieces) + b"0\r\n" + trailer + b"\r\n"
    )


WHOLE = {
    "with its length": OK + LENGTH + b"\r\n" + BODY,
    "with its length, and an end": OK + LENGTH + b"Connection: close\r\n\r\n" + BODY,
    "as far as the connection": OK + b"\r\n" + BODY,
    "as far as the connection, said so": OK + b"Connection: close\r\n\r\n" + BODY,
    "as far as the connection, by HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
    "as far as the connection, in another coding": OK + b"Transfer-Encoding: identity\r\n\r\n" + BODY,
    "in pieces": chunked(BODY[:3], BODY[3:]),
    "in pieces, with extensions and a trailer": chunked(BODY, trailer=b"X-Sum: 1\r\n").replace(
        b"20\r\n", b"20;a=b\r\n"
    ),
    "in pieces, by another case": chunked(BODY, header=b"TRANSFER-ENCODING: Chunked\r\n"),
    "behind one that goes on": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH + b"\r\n" + BODY,
    "behind two that only announce it": b"HTTP/1.1 102 Processing\r\n\r\n" + EARLY + chunked(BODY),
    "behind one that announces it, as far as the connection": EARLY + OK + b"\r\n" + BODY,
    "kept open by HTTP/1.0": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + LENGTH + b"\r\n" + BODY,
    "without a reason": b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + BODY,
    "with line feeds alone": (OK + LENGTH + b"\r\n").replace(b"\r\n", b"\n") + BODY,
    "with a header over two lines": OK + b"Via: one\r\n  two\r\n" + LENGTH + b"\r\n" + BODY,
    "with a header that is no ASCII": OK + b"X-Ort: M\xfcnchen\r\n" + LENGTH + b"\r\n" + BODY,
    "with an offer of another protocol": OK + b"Upgrade: h2c\r\nConnection: upgrade\r\n" + LENGTH + b"\r\n" + BODY,
    "with a mark of byte order": OK + b"Content-Length: %d\r\n\r\n\xef\xbb\xbf%b" % (len(BODY) + 3, BODY),
}
CUT = {
    "nothing": b"",
    "in its head": OK + b"Content-",
    "in a body with a length": (OK + LENGTH + b"\r\n" + BODY)[:-1],
    "in a piece": chunked(BODY)[:-12],
    "before the last piece": chunked(BODY)[:-5],
    "in the last piece": chunked(BODY)[:-2],
    "behind one that only announces another": EARLY,
}


@asynccontextmanager
async def answering(raw: bytes, piece: int, *, ends: bool) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """A server that answers every request with these bytes, so many at a time, and then hangs up or goes on."""

    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            for _ in range(1 if ends else 2):
                await reader.readuntil(b"{}")
                for begin in range(0, len(raw), piece):
                    writer.write(raw[begin : begin + piece])
                    await writer.drain()
                    await asyncio.sleep(0)
            if not ends:
                await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(begin, "127.0.0.1", 0) as server:
        async with AiohttpRequest() as request:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/bot{TOKEN}/getMe"
            yield lambda: request.post(url, RequestData(), read_timeout=5)
        await asyncio.wait(served, timeout=5)


@pytest.mark.parametrize("piece", [1, 7, 10_000])
@pytest.mark.parametrize("how", WHOLE)
async def test_an_answer_is_read_however_http_lets_it_come(how: str, piece: int) -> None:
    async with answering(WHOLE[how], piece, ends="as far as the connection" in how) as ask:
        for _ in range(2):
            assert await ask() == {"known": 1}


@pytest.mark.parametrize("piece", [1, 10_000])
async def test_an_answer_with_two_lengths_is_none(piece: int) -> None:
    raw = chunked(BODY, header=b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")
    async with answering(raw, piece, ends=True) as ask:
        with pytest.raises(NetworkError, match=r"^ClientResponseError$"):
            await ask()


async def test_what_comes_behind_an_answer_is_not_taken_for_the_next_one() -> None:
    raw = OK + LENGTH + b"\r\n" + BODY + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    async with answering(raw, 10_000, ends=False) as ask:
        for _ in range(2):
            assert await ask() == {"known": 1}


@pytest.mark.parametrize("piece", [1, 10_000])
@pytest.mark.parametrize("raw", CUT.values(), ids=CUT.keys())
async def test_an_answer_that_is_cut_off_is_none(raw: bytes, piece: int) -> None:
    async with answering(raw, piece, ends=True) as ask:
        with pytest.raises(NetworkError, match=r"^(ServerDisconnectedError|ClientPayloadError|ClientOSError)$"):
            await ask()


PAGE = "<html>Blocked by the filter of the hospital</html>"
NOT_TELEGRAMS: list[Response] = [
    *(HTMLResponse(PAGE, code) for code in (400, 401, 403, 404, 407, 409, 429, 451, 500, 503)),
    Response(b'{"error":"blocked"}', 403),
    Response(b'{"message":"not found"}', 400),
    Response(b"[]", 403),
    Response(b"", 403),
    Response(b'{"ok":"false","description":"Forbidden"}', 403),
    Response(b'{"ok":false,"description":7}', 400),
    Response(b'{"ok":false,"description":"x","parameters":[1]}', 400),
    Response(b'{"ok":false,"description":"x","parameters":{"retry_after":"soon"}}', 429),
    Response(b'{"ok":false,"description":"x","parameters":{"migrate_to_chat_id":"no"}}', 400),
    Response(b"", 302, {"Location": "http://filter.example/"}),
]


@pytest.mark.parametrize("page", NOT_TELEGRAMS, ids=lambda page: f"{page.status_code} {page.body[:40]!r}")
async def test_a_refusal_that_is_not_telegrams_is_taken_for_a_broken_way_and_tried_again(page: Response) -> None:
    async def fault_hook(when: str, _: str, __: Fields) -> Response | None:
        return page if when == "before" else None

    async with (
        running_playground(token=PLANTED_TOKEN, fault_hook=fault_hook) as playground,
        connected(playground.url) as bot,
    ):
        with pytest.raises(TelegramError) as caught:
            await bot.send_message(1, "x")
    assert failure_of(caught.value).outcome is Outcome.retry
    assert type(caught.value) is NetworkError
    assert "hospital" not in f"{caught.value!r} {caught.value}"


async def test_a_crowd_of_calls_is_carried_by_so_many_lines_and_no_more() -> None:
    under_way = most = 0

    async def fault_hook(when: str, _: str, __: Fields) -> None:
        nonlocal under_way, most
        if when == "before":
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.2)
        else:
            under_way -= 1

    async with (
        running_playground(token=PLANTED_TOKEN, fault_hook=fault_hook) as playground,
        connected(playground.url) as bot,
    ):
        calls = [bot.get_me() for _ in range(MAX_CONNECTIONS + 100)]
        assert {me.username for me in await asyncio.gather(*calls)} == {"spinemets_bot"}
    assert most <= MAX_CONNECTIONS
