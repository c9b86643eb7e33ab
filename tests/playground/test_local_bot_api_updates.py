"""Updates of the local Bot API wait until they are confirmed, through a crash too, and one bot polls at a time."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from local_bot_api import CHAT, TAP, RunningPlayground, key_of, running_playground

from bot.playground.botapi import polling
from bot.playground.chats.models import PRIVATE
from bot.playground.storage import JsonStore
from bot.playground.world.world import FakeTelegram

CONFLICT = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)  # fmt: skip


@pytest.fixture
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground() as playground:
        yield playground


def texts(updates: list[dict[str, Any]]) -> list[str]:
    return [update["message"]["text"] for update in updates]


async def poll(playground: RunningPlayground, **params: Any) -> tuple[int, dict[str, Any]]:
    async with playground.session.post(f"{playground.bot_url}/getUpdates", json=params) as response:
        return response.status, await response.json()


async def until(holds: Callable[[], Any]) -> None:
    """Give the server its turns until something holds."""
    async with asyncio.timeout(3):
        while not holds():  # noqa: ASYNC110 - the server has no event for what a test wants to know
            await asyncio.sleep(0.005)


async def waiting(playground: RunningPlayground) -> asyncio.Task[tuple[int, dict[str, Any]]]:
    """Begin a long poll, and come back when the server waits in it."""
    task = asyncio.create_task(poll(playground, timeout=30))
    await until(lambda: playground.app.api.polling._waiting)
    return task


async def test_an_update_waits_until_it_is_confirmed(playground: RunningPlayground) -> None:
    for text in ("a", "b", "c"):
        await playground.say(text)
    updates = await playground.updates()
    assert texts(updates) == texts(await playground.updates()) == ["a", "b", "c"]
    assert texts(await playground.updates(limit=2)) == ["a", "b"]
    assert texts(await playground.updates(offset=updates[1]["update_id"])) == ["b", "c"]
    assert texts(await playground.updates()) == ["b", "c"]
    assert await playground.updates(offset=updates[2]["update_id"] + 1) == []


async def test_a_negative_offset_forgets_all_but_the_last(playground: RunningPlayground) -> None:
    for text in ("a", "b", "c"):
        await playground.say(text)
    assert texts(await playground.updates(offset=-2)) == ["b", "c"]
    assert texts(await playground.updates()) == ["b", "c"]
    assert texts(await playground.updates(offset=-9)) == ["b", "c"]


async def test_an_offset_far_beyond_what_was_numbered_confirms_nothing_and_is_answered_from_the_beginning(
    playground: RunningPlayground,
) -> None:
    for text in ("a", "b"):
        await playground.say(text)
    after_last = (await playground.updates())[-1]["update_id"] + 1
    assert texts(await playground.updates(offset=after_last + 11)) == ["a", "b"]
    assert texts(await playground.updates(offset=2**31 - 1)) == ["a", "b"]
    assert await playground.updates(offset=after_last + 10) == []
    assert await playground.updates() == []


async def test_a_long_poll_ends_with_the_first_update(playground: RunningPlayground) -> None:
    polled = await waiting(playground)
    await playground.say("hello")
    status, answer = await polled
    assert (status, texts(answer["result"])) == (200, ["hello"])


async def test_a_long_poll_ends_with_its_timeout(playground: RunningPlayground) -> None:
    assert await asyncio.wait_for(poll(playground, timeout=1), 3) == (200, {"ok": True, "result": []})


async def test_the_bot_gets_the_kinds_that_it_asks_for_until_it_asks_for_others(playground: RunningPlayground) -> None:
    message_id = (await playground.send(reply_markup=TAP))["message_id"]
    assert await playground.updates(allowed_updates=["callback_query"]) == []
    await playground.say("unheard")
    await playground.tap(message_id)
    (update,) = await playground.updates()
    assert update["callback_query"]["data"] == "1f.3.deficit.none"
    assert (await playground.call("getWebhookInfo"))["allowed_updates"] == ["callback_query"]
    await playground.updates(allowed_updates=[])
    await playground.say("heard")
    assert len(await playground.updates()) == 2


async def test_a_long_poll_is_not_disturbed_by_what_the_bot_does_not_want(playground: RunningPlayground) -> None:
    await playground.updates(allowed_updates=["callback_query"])
    polled = await waiting(playground)
    await playground.say("unheard")
    await playground.tap((await playground.send(reply_markup=TAP))["message_id"])
    ((update,),) = [(await polled)[1]["result"]]
    assert "callback_query" in update


async def test_waiting_updates_can_be_dropped(playground: RunningPlayground) -> None:
    await playground.say("old")
    assert (await playground.call("getWebhookInfo"))["pending_update_count"] == 1
    await playground.call("deleteWebhook", drop_pending_updates=True)
    assert await playground.updates() == []


async def test_a_message_is_kept_for_a_day(playground: RunningPlayground) -> None:
    await playground.say("yesterday")
    playground.clock.now += 24 * 60 * 60
    assert texts(await playground.updates()) == ["yesterday"]
    playground.clock.now += 1
    assert await playground.updates() == []
    await playground.say("today")
    assert texts(await playground.updates()) == ["today"]


async def test_a_tap_is_kept_for_a_hundred_and_fifty_seconds(playground: RunningPlayground) -> None:
    await playground.tap((await playground.send(reply_markup=TAP))["message_id"])
    await playground.say("tapped")
    playground.clock.now += 150
    assert ["callback_query" in update for update in await playground.updates()] == [True, False]
    playground.clock.now += 1
    assert texts(await playground.updates()) == ["tapped"]


async def test_an_inline_query_is_kept_for_half_a_minute_and_a_chosen_result_for_ten(
    playground: RunningPlayground,
) -> None:
    asked = {"chat_id": CHAT, "query": "T8", "person_id": CHAT}
    query = (await playground.page("inline", **asked))[1]["inline_query_id"]
    await playground.updates(allowed_updates=["inline_query", "chosen_inline_result"])
    content = {"message_text": "T8"}
    article = {"type": "article", "id": "a", "title": "T8", "input_message_content": content}
    await playground.call("answerInlineQuery", inline_query_id=query, results=[article])
    chosen = {"chat_id": CHAT, "inline_query_id": query, "result_id": "a", "person_id": CHAT}
    assert (await playground.page("choose", **chosen))[0] == 200

    async def waiting_kinds() -> list[str]:
        return [kind for update in await playground.updates() for kind in update if kind != "update_id"]

    playground.clock.now += 30
    assert await waiting_kinds() == ["inline_query", "chosen_inline_result"]
    playground.clock.now += 1
    assert await waiting_kinds() == ["chosen_inline_result"]
    playground.clock.now += 600 - 31
    assert await waiting_kinds() == ["chosen_inline_result"]
    playground.clock.now += 1
    assert await waiting_kinds() == []


async def test_of_two_pollers_the_older_one_is_terminated(playground: RunningPlayground) -> None:
    older = await waiting(playground)
    newer = asyncio.create_task(poll(playground, timeout=30))
    assert await older == (409, {"ok": False, "error_code": 409, "description": CONFLICT})
    await playground.say("for the newer one")
    assert texts((await newer)[1]["result"]) == ["for the newer one"]


async def test_a_poller_that_hung_up_loses_nothing(playground: RunningPlayground) -> None:
    polled = await waiting(playground)
    polled.cancel()
    await until(lambda: not playground.app.api.polling._waiting)
    await playground.say("kept")
    assert texts(await playground.updates()) == ["kept"]


async def test_the_page_sees_whether_the_bot_is_there(
    playground: RunningPlayground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_ABSENT_AFTER", 0.05)
    assert (await playground.state())["bot_alive"] is False
    async with playground.events() as heard:
        await playground.updates()
        assert await heard.get() == ("alive", {"bot_alive": True})
        assert await heard.get() == ("alive", {"bot_alive": False})
    polled = await waiting(playground)
    assert (await playground.state())["bot_alive"] is True
    polled.cancel()


async def test_the_server_stops_at_once_with_polls_and_pages_open() -> None:
    async with aiohttp.ClientSession() as outside:
        async with running_playground() as playground:
            polled = await waiting(replace(playground, session=outside))
            page = await outside.get(f"{playground.url}/play/events", headers=key_of(playground.app, playground.port))
            begun = time.monotonic()
        assert time.monotonic() - begun < 1
        assert await polled == (200, {"ok": True, "result": []})
        assert await page.read() == b": still here\n\n"


async def test_nothing_is_lost_over_a_restart(tmp_path: Path) -> None:
    disk = tmp_path / "play.db"
    async with running_playground(disk) as playground:
        card = await playground.send("<b>Case</b> · 1 of 5", parse_mode="HTML", reply_markup=TAP)
        await playground.call("setMyCommands", commands=[{"command": "new", "description": "A new case"}])
        await playground.say("confirmed")
        said = await playground.say("not yet")
        query = await playground.tap(card["message_id"])
        confirmed, *before = await playground.updates()
        await playground.updates(offset=confirmed["update_id"] + 1)
        state = await playground.state()

    async with running_playground(disk) as playground:
        assert await playground.updates() == before
        after = await playground.state()
        assert after["chats"][0]["messages"][0] == card
        assert [after[key] for key in ("chats", "commands")] == [state[key] for key in ("chats", "commands")]
        assert await playground.call("answerCallbackQuery", callback_query_id=query)
        assert int(await playground.tap(card["message_id"])) > int(query)
        assert await playground.say("on we go") > said
        assert (await playground.updates())[-1]["update_id"] == before[-1]["update_id"] + 2
        assert await playground.call("editMessageText", chat_id=CHAT, message_id=card["message_id"], text="2 of 5")


def test_a_playground_from_before_there_were_groups_still_opens(tmp_path: Path) -> None:
    before = FakeTelegram(JsonStore(tmp_path / "play.db"), chats=(PRIVATE,))
    before.say(CHAT, "long ago")
    with before.disk.transaction():
        before.disk.drop("room", 0, CHAT)
    before.close()
    world = FakeTelegram(JsonStore(tmp_path / "play.db"))
    assert [room.title for room in world.chats.every()][-2:] == ["Spine board", "Tumour conference"]
    assert world.messages.every(CHAT)[0]["text"] == "long ago"
    world.close()


async def test_numbers_do_not_restart_when_all_that_carried_them_is_gone(tmp_path: Path) -> None:
    async with running_playground(tmp_path / "play.db") as playground:
        first = await playground.send()
        await playground.call("deleteMessage", chat_id=CHAT, message_id=first["message_id"])
        await playground.say("gone with the webhook")
        (update,) = await playground.updates()
        await playground.call("deleteWebhook", drop_pending_updates=True)
    async with running_playground(tmp_path / "play.db") as playground:
        assert await playground.say("later") == first["message_id"] + 2
        assert (await playground.updates())[0]["update_id"] == update["update_id"] + 1


def test_nothing_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; from bot.playground.storage import JsonStore\n"
        "from bot.playground.world.world import FakeTelegram\n"
        "world = FakeTelegram(JsonStore(sys.argv[1]))\n"
        f"world.say({CHAT}, 'still here'); print(flush=True); sys.stdin.read()"
    )
    killed = [sys.executable, "-c", script, str(tmp_path / "play.db")]
    with subprocess.Popen(killed, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    world = FakeTelegram(JsonStore(tmp_path / "play.db"))
    assert texts(world.updates.since(0, 100)) == ["still here"]
    assert world.messages.every(CHAT)[0]["text"] == "still here"
    world.close()


def test_a_chat_keeps_its_newest_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.playground.chats.messages._KEPT", 3)
    world = FakeTelegram()
    for text in "abcde":
        world.say(CHAT, text)
    assert [message["text"] for message in world.messages.every(CHAT)] == ["c", "d", "e"]
    world.close()


def test_a_write_that_fails_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = FakeTelegram()

    def fail(*_: Any) -> None:
        raise sqlite3.OperationalError("disk is full")

    monkeypatch.setattr(world.updates, "add", fail)
    with pytest.raises(sqlite3.OperationalError):
        world.say(CHAT, "a")
    assert world.messages.every(CHAT) == []
    world.close()
