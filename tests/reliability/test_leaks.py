"""What must never be written: the token, and whatever a person is called or writes; every byte is searched."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from commands import Spinemets
from conftest import PLANTED_TOKEN, SECRET_PART, Fields, bot_harness, connected
from local_bot_api import CHAT, running_playground
from starlette.responses import Response
from store_kit import ask, bytes_of, path_of
from telegram.error import TelegramError

from bot.log import make_log
from bot.settings import LogLevel
from bot.storage.factory import create_storage
from bot.telegram.client import TelegramBot
from bot.telegram.request import AiohttpRequest

pytest_plugins = ("store_fixtures",)

CANARIES = {
    "name": "Zebediah", "surname": "Quuxington", "user name": "zquux_77",
    "phone": "+4915112345678",
    "mail": "zeb@quux.example", "date of birth": "12.03.1950", "ISO date": "1950-03-12",
    "record number": "MRN7788990",
    "insurance number": "X123456789",
    "account": "DE89370400440532013000", "licence": "LIC-55-ZQ",
    "address": "Quuxgasse",
    "postal code": "ZQ99 8QX", "device": "SN-ZQ-0042", "address on the net": "http://quux.example/zeb",
    "IP": "203.0.113.77",
    "photograph": "AgACzebphoto", "fax": "+4930998877665",
}  # fmt: skip
ALL = " ".join(CANARIES.values())
NEVER = (*CANARIES.values(), SECRET_PART)


def planted(number: int) -> list[Fields]:
    """Updates that bear every canary, wherever a person can put one."""
    called = {"first_name": ALL, "last_name": ALL, "username": ALL}
    who = {"id": CHAT, "is_bot": False, "language_code": ALL} | called
    chat = {"id": CHAT, "type": "private", "title": ALL, "bio": ALL} | called
    base = {"message_id": 5, "date": 1_800_000_000, "from": who, "chat": chat, "author_signature": ALL}
    group = base | {"chat": {"id": -100_5, "type": "supergroup", "title": ALL, "username": ALL}}
    photo = [{"file_id": ALL, "file_unique_id": ALL, "width": 1, "height": 1}]
    contact = {"phone_number": CANARIES["phone"], "first_name": ALL, "vcard": ALL, "user_id": CHAT}
    kinds: list[Fields] = [
        {"message": base | {"text": ALL}},
        {"message": base | {"text": f"/start {ALL}"}},
        {"message": base | {"text": f"/new@{CANARIES['user name']} {ALL}"}},
        {"message": base | {"text": f"/{CANARIES['user name']} {ALL}"}},
        {"message": base | {"text": f"/new T8 fit {ALL}"}},
        {"message": base | {"text": f"T8 fit no deficit {ALL}"}},
        {"message": base | {"photo": photo, "caption": ALL}},
        {"message": base | {"contact": contact}},
        {"message": base | {"document": {"file_id": ALL, "file_name": ALL}, "caption": ALL}},
        {"message": base | {"reply_to_message": base | {"text": ALL}, "text": ALL}},
        {
            "message": base
            | {"forward_origin": {"type": "hidden_user", "sender_user_name": ALL, "date": 1}, "text": ALL}
        },
        {"message": base | {"new_chat_title": ALL}},
        {"message": base | {"location": ALL, "venue": {"title": ALL, "address": ALL}}},
        {"message": base | {"sticker": {"file_id": ALL, "emoji": ALL, "set_name": ALL}}},
        {"message": base | {"pinned_message": base | {"text": ALL}}},
        {"message": base | {"users_shared": {"request_id": 1, "users": [called | {"user_id": CHAT}]}}},
        {"message": base | {"quote": {"text": ALL, "position": 0}, "text": ALL}},
        {"message": group | {"text": ALL}},
        {"message": group | {"text": f"/case T8 fit no deficit {ALL}"}},
        {"message": group | {"text": f"/case {ALL}"}},
        {"edited_message": base | {"text": ALL}},
        {"edited_message": base | {"text": f"T9 fit {ALL}"}},
        {"edited_message": base | {"photo": photo, "caption": ALL}},
        {"edited_message": base | {"location": ALL}},
        {"edited_message": base | {"from": ALL, "text": ALL}},
        {"edited_message": group | {"text": f"/case L2 unfit {ALL}"}},
        {"edited_message": ALL},
        {"channel_post": group | {"text": ALL}},
        {"inline_query": {"id": "1", "from": who, "query": ALL, "offset": ALL}},
        {"poll_answer": {"poll_id": ALL, "user": who, "option_ids": []}},
        {"my_chat_member": group | {"old_chat_member": {"user": who, "status": ALL}}},
        {ALL: {"from": who}},
        {
            "callback_query": {
                "id": "7",
                "from": who,
                "chat_instance": ALL,
                "data": ".0.hm",
                "message": base | {"text": ALL},
            }
        },
        {"callback_query": {"id": "8", "from": who, "chat_instance": ALL, "game_short_name": ALL, "message": base}},
        # unreadable in one place, planted in the others
        {"message": base | {"chat": ALL, "text": ALL}},
        {"message": base | {"from": ALL, "text": ALL}},
        {"message": base | {"message_id": ALL, "text": ALL}},
        {"message": base | {"from": who | {"id": ALL}, "text": ALL}},
        {"callback_query": {"id": "9", "from": ALL, "message": base, "data": ".0.hm"}},
        {"message": ALL},
        {"callback_query": [ALL]},
    ]
    return [{"update_id": number + n} | kind for n, kind in enumerate(kinds)]


class Errors:
    """Provokes every kind of error of the Bot API, with canaries in its answers."""

    def __init__(self) -> None:
        told = orjson.dumps({"ok": False, "error_code": 401, "description": f"Unauthorized {ALL}"})
        self.answers = [
            Response(f'{{"ok": true, "result": "{ALL}'),
            Response(f"<html>{ALL}</html>"),
            Response(f"<html>{ALL}</html>", 502),
            Response(told, 401),
            Response(orjson.dumps({"ok": True})),
            Response(orjson.dumps([ALL])),
            Response(orjson.dumps({"ok": False, "parameters": {ALL: ALL}, "description": ALL}), 500),
        ]
        self.left: dict[str, int] = {}

    async def __call__(self, when: str, method: str, _: dict[str, object]) -> Response | None:
        turn = self.left.get(method, 0)
        if when == "after" or turn >= len(self.answers):
            return None
        self.left[method] = turn + 1
        return self.answers[turn]


@pytest.fixture
def everything_logged(tmp_path: Path) -> Iterator[Path]:
    """Let every logger of every library write all it has to a file."""
    path = tmp_path / "debug.log"
    handler = logging.FileHandler(path, encoding="utf-8")
    root = logging.getLogger()
    level, known = root.level, [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    levels = [logger.level for logger in known]
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for logger in known:
        logger.setLevel(logging.DEBUG if "playground" not in logger.name else logging.CRITICAL)
    yield path
    root.removeHandler(handler)
    handler.close()
    root.setLevel(level)
    for logger, before in zip(known, levels, strict=True):
        logger.setLevel(before)


def dumped(url: str) -> bytes:
    """Give every byte of a database."""
    if url.startswith("sqlite"):
        return bytes_of(path_of(url))
    tables = ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return repr([ask(url, f"SELECT * FROM {name}") for (name,) in tables]).encode()  # noqa: S608 - their own names


def hits(text: bytes) -> list[str]:
    low = text.lower()
    return [word for word in NEVER if word.lower().encode() in low]


@pytest.mark.slow
@pytest.mark.case("S1", "F1")
async def test_no_byte_of_log_or_database_bears_the_token_or_what_a_person_wrote(
    url: str, everything_logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.receiving.polling.FIRST_WAIT", 0.01)
    monkeypatch.setattr("bot.telegram.receiving.polling.LONGEST_WAIT", 0.01)
    monkeypatch.setattr("bot.telegram.sending.outbox.FIRST_WAIT", 0.01)
    monkeypatch.setattr("bot.telegram.sending.outbox.LONGEST_WAIT", 0.01)
    monkeypatch.setattr("bot.telegram.sending.callback_answers.FIRST_WAIT", 0.01)
    monkeypatch.setattr("bot.telegram.application.FIRST_WAIT", 0.01)
    asyncio.get_running_loop().set_debug(enabled=True)
    errors = Errors()
    found: list[bytes] = []
    async with running_playground(token=PLANTED_TOKEN, fault_hook=errors) as playground:
        store = create_storage(url)
        # It is the real wire that is looked at.
        harness = bot_harness(store, bot=TelegramBot(PLANTED_TOKEN, playground.url))
        harness.telegram = None  # type: ignore[assignment]
        task = asyncio.create_task(harness.application.run_polling())
        await until(lambda: harness.application.health.is_ready)
        for turn in range(3):
            await harness.application.receiver.accept(planted(1_000 * (turn + 1)))
            found.append(dumped(url))
            await playground.say(ALL)
            await asyncio.sleep(0.5)
        await until(lambda: errors.left.get("getUpdates", 0) == len(errors.answers))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        found.append(dumped(url))
        dead = await store.transact(lambda uow: uow.dead_letters())
        await store.close()
        found.append(dumped(url))
    events = harness.events()
    assert len(dead) >= 15, "those that cannot be read are kept by their number"
    assert events["telegram_unreachable"] > 5
    assert events["token_refused"] >= 2
    assert events["update_unreadable"] >= 15
    assert everything_logged.stat().st_size > 1_000
    leaks = {
        "log": hits(harness.log.getvalue().encode()),
        "library logs": hits(everything_logged.read_bytes()),
        "database": hits(b"".join(found)),
    }
    assert not {where: words for where, words in leaks.items() if words}


async def until(holds: Any) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.02)


def told_of(error: BaseException) -> str:
    """Give all that is told of an error and of what led to it, with the values that lay around left out."""
    found = ["".join(traceback.format_exception(error)), repr(error), str(error), repr(error.args)]
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
        found += [repr(error), str(error), repr(error.args), repr(vars(error))]
    return "\n".join(found)


@pytest.mark.parametrize("number", range(len(Errors().answers)))
@pytest.mark.case("S2")
async def test_no_error_of_an_answer_bears_the_token(number: int) -> None:
    errors = Errors()
    errors.left["getMe"] = number
    async with running_playground(token=PLANTED_TOKEN, fault_hook=errors) as playground:
        bot = TelegramBot(PLANTED_TOKEN, playground.url)
        with pytest.raises(TelegramError) as caught:
            await bot.initialize()
        await bot.shutdown()
    assert SECRET_PART not in told_of(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1",
        "http://no-such-host.invalid",
        "http://[::1",
        "nonsense",
        "http://127.0.0.1:99999",
        "ftp://x",
    ],
)
@pytest.mark.case("S2")
async def test_no_error_of_a_connection_bears_the_token(url: str) -> None:
    async with connected(url) as bot:
        with pytest.raises(TelegramError) as caught:
            await bot.get_me(read_timeout=2)
    assert SECRET_PART not in told_of(caught.value)


@pytest.mark.case("S2")
async def test_no_error_of_a_timeout_or_of_a_closed_wire_bears_the_token() -> None:
    async def hang(_: str, __: str, ___: dict[str, object]) -> None:
        await asyncio.sleep(1)

    async with running_playground(token=PLANTED_TOKEN, fault_hook=hang) as playground:
        with pytest.raises(TelegramError) as closed:
            await TelegramBot(PLANTED_TOKEN, playground.url).get_me()
        async with connected(playground.url) as bot:
            with pytest.raises(TelegramError) as late:
                await bot.get_me(read_timeout=0.05)
            with pytest.raises(TelegramError) as unwritable:
                await bot.send_message(1, "\ud800")
    for caught in (closed, late, unwritable):
        assert SECRET_PART not in told_of(caught.value)


@pytest.mark.case("S2")
async def test_nothing_shows_the_token_when_it_is_printed(tmp_path: Path) -> None:
    store = create_storage(f"sqlite:///{tmp_path / 'cases.db'}")
    harness = bot_harness(store)
    request = AiohttpRequest()
    application = harness.application
    parts = (
        TelegramBot(PLANTED_TOKEN, "http://x", request),
        request,
        application,
        application._application,
        application.receiver,
        application._outbox,
        application._poller,
        store,
    )
    for part in parts:
        assert SECRET_PART not in f"{part!r} {part!s}"
    await store.close()


@pytest.mark.case("S1")
def test_making_an_api_tells_no_log_the_token(everything_logged: Path) -> None:
    TelegramBot(PLANTED_TOKEN, "http://nowhere")
    assert SECRET_PART not in everything_logged.read_text(encoding="utf-8")


@pytest.mark.case("S1")
def test_a_field_that_is_not_on_the_list_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers = list(root.handlers)
    make_log(LogLevel.debug).error("not_shown", error="TimedOut", url=f"http://x/bot{PLANTED_TOKEN}", text=ALL)
    root.handlers[:] = handlers
    assert hits(capsys.readouterr().err.encode()) == []


@pytest.mark.slow
@pytest.mark.case("S1", "S3", "F1")
async def test_no_byte_of_a_process_bears_the_token_or_what_a_person_wrote(tmp_path: Path) -> None:
    spinemets = Spinemets(tmp_path)
    errors = Errors()
    async with running_playground(token=PLANTED_TOKEN, fault_hook=errors) as playground:
        settings = {
            "BOT_TOKEN": PLANTED_TOKEN,
            "BOT_API_URL": playground.url,
            "ACCESS": "open",
            "LOG_LEVEL": "debug",
            "PYTHONASYNCIODEBUG": "1",
        }
        most = len(errors.answers)
        errors.left = dict.fromkeys(("getMe", "setMyCommands", "deleteWebhook"), most - 1)
        errors.left |= dict.fromkeys(("getUpdates", "sendMessage"), most - 2)
        with (tmp_path / "out").open("wb") as out:
            bot = subprocess.Popen(  # noqa: ASYNC220 - it takes a moment, and nobody waits
                spinemets.words("run"), stdout=out, stderr=out, cwd=tmp_path, env=spinemets.env(settings)
            )
            await playground.say(ALL)
            await playground.say("/new " + ALL)
            async with asyncio.timeout(40):
                while not any(m["from"]["is_bot"] for m in (await playground.state())["chats"][0]["messages"]):  # noqa: ASYNC110 - it has none
                    await asyncio.sleep(0.05)
            command_line = Path(f"/proc/{bot.pid}/cmdline").read_bytes()
            limits = Path(f"/proc/{bot.pid}/limits").read_text("ascii")
            bot.terminate()
            assert await asyncio.to_thread(bot.wait, 15) == 0
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"telegram_unreachable" in written
    assert hits(written) == []
    assert hits(command_line) == []
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), "a core would bear the token"
