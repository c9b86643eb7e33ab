"""The page of the playground: what it reads, what it does, what it hears, and who is kept out."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiogram.types
import aiohttp
import pytest
from local_bot_api import CHAT, TAP, RunningPlayground, running_playground

from bot.playground import server
from bot.playground.server import playground_app, serve
from bot.playground.web import sse as events
from bot.playground.world.world import FakeTelegram

STRICT = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
}


@pytest.fixture
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground() as playground:
        yield playground


async def test_the_page_reads_the_whole_state(playground: RunningPlayground) -> None:
    card = await playground.send("<b>Case</b>", parse_mode="HTML", reply_markup=TAP)
    said = await playground.say("/start")
    await playground.call("setMyCommands", commands=[{"command": "new", "description": "A new case"}])
    state = await playground.state()
    (chat,) = state.pop("chats")
    assert state == {
        "bot": {"id": 42, "is_bot": True, "first_name": "spinemets", "username": "spinemets_bot"},
        "person": {"id": CHAT, "first_name": "Dr. Reyes"},
        "people": [{"id": CHAT, "first_name": "Dr. Reyes"}],
        "commands": [{"command": "new", "description": "A new case"}],
        "bot_alive": False,
    }
    first, second = chat.pop("messages")
    assert chat == {
        "id": CHAT,
        "type": "private",
        "title": "spinemets",
        "is_forum": False,
        "topics": [],
        "members": [{"id": CHAT, "first_name": "Dr. Reyes", "status": "member", "is_anonymous": False}],
        "bot": "member",
        "pinned": [],
        "commands": [{"command": "new", "description": "A new case"}],
        "votes": {},
    }
    assert (first, second["message_id"], second["from"]["id"]) == (card, said, CHAT)
    assert aiogram.types.Message.model_validate(second).text == "/start"


async def test_the_page_hears_what_happens(playground: RunningPlayground) -> None:
    async with playground.events() as heard:
        message = await playground.send(reply_markup=TAP)
        assert await heard.get() == ("message", {"chat_id": CHAT, "message": message})
        place = {"chat_id": CHAT, "message_id": message["message_id"]}
        edited = await playground.call("editMessageText", text="2 of 5", **place)
        assert await heard.get() == ("edited", {"chat_id": CHAT, "message": edited})
        await playground.call("deleteMessage", **place)
        assert await heard.get() == ("deleted", place)
        said = await playground.say("hello")
        name, data = await heard.get()
        assert (name, data["message"]["message_id"], data["message"]["text"]) == ("message", said, "hello")
        await playground.call("setMyCommands", commands=[{"command": "new", "description": "A new case"}])
        assert await heard.get() == ("commands", {})


async def test_a_tap_carries_the_whole_message(playground: RunningPlayground) -> None:
    card = await playground.send(reply_markup=TAP)
    query = await playground.tap(card["message_id"])
    (update,) = await playground.updates()
    assert update["callback_query"] == {
        "id": query,
        "from": {"id": CHAT, "is_bot": False, "first_name": "Dr. Reyes", "language_code": "en"},
        "message": card,
        "chat_instance": str(CHAT),
        "data": "1f.3.deficit.none",
    }


async def test_a_button_that_was_replaced_cannot_be_tapped_but_by_a_stale_tap(playground: RunningPlayground) -> None:
    card = await playground.send(reply_markup=TAP)
    place = {"chat_id": CHAT, "message_id": card["message_id"], "data": "1f.3.deficit.none"}
    edited = await playground.call("editMessageText", text="2 of 5", chat_id=CHAT, message_id=card["message_id"])
    assert await playground.page("tap", **place) == (409, {"error": "This button has just been replaced."})
    assert (await playground.page("tap", stale=True, **place))[0] == 200
    (update,) = await playground.updates()
    assert update["callback_query"]["message"] == edited


async def test_a_message_that_is_gone_cannot_be_tapped_but_by_a_stale_tap(playground: RunningPlayground) -> None:
    card = await playground.send(reply_markup=TAP)
    place = {"chat_id": CHAT, "message_id": card["message_id"]}
    await playground.call("deleteMessage", **place)
    assert await playground.page("tap", data="x", **place) == (404, {"error": "This message is gone."})
    assert (await playground.page("tap", data="x", stale=True, **place))[0] == 200
    (update,) = await playground.updates()
    assert update["callback_query"]["message"]["date"] == 0


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ({"text": ""}, 400, "A message has 1 to 4096 characters."),
        ({"text": " \n"}, 400, "A message has 1 to 4096 characters."),
        ({"text": "🦴" * 2049}, 400, "A message has 1 to 4096 characters."),
        ({"text": 7}, 400, "“text” must be a text."),
        ({"text": "x", "chat_id": 7}, 400, "chat not found"),
        ({"text": "x", "chat_id": "7"}, 400, "“chat_id” must be a whole number."),
        ({"text": "x", "chat_id": 2**60}, 400, "“chat_id” must be a whole number."),
        ({"text": "x", "person_id": 7}, 404, "This person is not in the chat."),
    ],
)
async def test_what_cannot_be_sent_is_told_to_the_page(
    playground: RunningPlayground, said: dict[str, Any], status: int, error: str
) -> None:
    assert await playground.page("send", **{"chat_id": CHAT} | said) == (status, {"error": error})
    assert await playground.updates() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_what_cannot_be_read_is_told_to_the_page(playground: RunningPlayground, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with playground.session.post(f"{playground.url}/play/send", data=body, headers=headers) as response:
        assert (response.status, await response.json()) == (400, {"error": "The body must be a JSON object."})


async def test_the_page_may_say_a_megabyte(playground: RunningPlayground) -> None:
    headers = {"Content-Type": "application/json"}
    async with playground.session.post(
        f"{playground.url}/play/send", data=BytesIO(bytes(1024 * 1024 + 1)), headers=headers
    ) as response:
        assert (response.status, (await response.json())["error"]) == (413, "Request Entity Too Large")


async def test_the_files_of_the_page_are_served_with_strict_headers(tmp_path: Path) -> None:
    for name in ("index.html", "app.js", "style.css", "icon.svg", "notes.txt"):
        (tmp_path / name).write_text("x")
    types = {"": "text/html", "app.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"}
    world = FakeTelegram()
    async with serve(playground_app(world, page=tmp_path)) as port, aiohttp.ClientSession() as session:
        for path, media_type in types.items():
            async with session.get(f"http://localhost:{port}/{path}") as response:
                assert (response.status, response.content_type, await response.text()) == (200, media_type, "x")
                assert STRICT.items() <= response.headers.items()
        for path in ("notes.txt", "none.js", "%2e%2e%2fserver.py", "page/app.js", "play/file/file-1", "play/file/x"):
            async with session.get(f"http://localhost:{port}/{path}") as response:
                assert response.status == 404
    world.close()


async def test_the_real_page_is_there(playground: RunningPlayground) -> None:
    async with playground.session.get(playground.url) as response:
        assert (response.status, response.content_type) == (200, "text/html")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "127.0.0.1"}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 403),
    ],
)
async def test_foreign_pages_are_kept_out(playground: RunningPlayground, headers: dict[str, str], status: int) -> None:
    body = f'{{"chat_id": {CHAT}, "text": "x"}}'
    sent = {"Content-Type": "application/json"} | headers
    async with playground.session.post(f"{playground.url}/play/send", data=body, headers=sent) as response:
        assert response.status == status
    async with playground.session.get(f"{playground.bot_url}/getMe", headers=headers) as response:
        assert response.status == (200 if "Content-Type" in headers else status)


async def test_a_page_that_does_not_keep_up_is_sent_away(
    playground: RunningPlayground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_MOST_WAITING", 3)
    async with playground.session.get(f"{playground.url}/play/events") as response:
        await response.content.readuntil(b"\n\n")
        for text in "abcde":  # in one go, so that the stream has no turn in between
            playground.world.say(CHAT, text)
        assert await asyncio.wait_for(response.content.read(), 2) == b""
    assert (await playground.send())["text"] == "a card"


async def test_a_page_hears_a_heart_beat(playground: RunningPlayground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_HEARTBEAT_EVERY", 0.02)
    async with playground.session.get(f"{playground.url}/play/events") as response:
        for _ in range(3):
            assert await response.content.readuntil(b"\n\n") == b": still here\n\n"


async def test_a_fault_of_our_own_is_no_stack_trace(
    playground: RunningPlayground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playground.world, "send", None)
    async with playground.session.post(
        f"{playground.bot_url}/sendMessage", json={"chat_id": CHAT, "text": "x"}
    ) as response:
        assert response.status == 500
        assert (await response.json())["description"] == "Internal Server Error"


async def test_a_port_that_is_taken_makes_room_for_the_next() -> None:
    world = FakeTelegram()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        wished = taken.getsockname()[1]
        async with serve(playground_app(world), wished) as port:
            assert wished < port <= wished + 50
    world.close()


async def test_no_free_port_and_no_port_at_all_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_PORTS_TRIED", 1)
    world = FakeTelegram()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken, pytest.raises(OSError, match="in use"):
        await serve(playground_app(world), taken.getsockname()[1]).__aenter__()
    with pytest.raises(ValueError, match="70000 is no port"):
        await serve(playground_app(world), 70_000).__aenter__()
    world.close()
