"""People change what they typed: the bot is told as Telegram tells it, and what cannot be changed is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from local_bot_api import CHAT, RunningPlayground, running_playground

from bot.playground.chats.models import DR_OKAFOR, DR_REYES, SPINE_BOARD, START

TWO_DAYS = 48 * 60 * 60


@pytest.fixture
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground(rooms=START) as playground:
        yield playground


async def changed(
    playground: RunningPlayground, number: int, text: str, chat_id: int = CHAT, person_id: int = CHAT
) -> int:
    """Change a message as the page does it; give the status."""
    status, _ = await playground.page("edit", chat_id=chat_id, message_id=number, text=text, person_id=person_id)
    return status


async def edits(playground: RunningPlayground) -> list[dict[str, Any]]:
    return [update["edited_message"] for update in await playground.updates() if "edited_message" in update]


async def test_a_person_changes_a_message_and_the_bot_and_the_page_are_told(playground: RunningPlayground) -> None:
    number = await playground.say("/new T8 fit")
    async with playground.events() as heard:
        assert await changed(playground, number, "T9 <b> fit") == 200
        name, told = await heard.get()
    assert (name, told["message"]["text"]) == ("edited", "T9 <b> fit")
    [edited] = await edits(playground)
    assert (edited["message_id"], edited["text"], edited["from"]["id"]) == (number, "T9 <b> fit", CHAT)
    assert edited["edit_date"] >= edited["date"]
    assert "entities" not in edited


async def test_a_change_that_changes_nothing_is_no_update(playground: RunningPlayground) -> None:
    number = await playground.say("/new T8 fit")
    assert await changed(playground, number, "/new T8 fit") == 200
    assert await edits(playground) == []


async def test_a_bot_that_does_not_ask_for_changes_hears_of_none(playground: RunningPlayground) -> None:
    await playground.updates(allowed_updates=["message"])
    number = await playground.say("T8")
    assert await changed(playground, number, "T9") == 200
    assert await edits(playground) == []


async def test_in_a_group_a_bot_hears_only_of_changes_to_what_it_is_given(playground: RunningPlayground) -> None:
    board = SPINE_BOARD.id
    command, chatter = await playground.say("/case T8", board), await playground.say("good morning", board)
    for number in (command, chatter):
        assert await changed(playground, number, "/case T9" if number == command else "good evening", board) == 200
    assert [edited["text"] for edited in await edits(playground)] == ["/case T9"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 4097])
async def test_a_message_cannot_be_changed_into_nothing_or_too_much(playground: RunningPlayground, text: str) -> None:
    number = await playground.say("T8")
    assert await changed(playground, number, text) == 400


async def test_what_is_not_one_s_own_or_was_not_typed_or_is_old_cannot_be_changed(
    playground: RunningPlayground,
) -> None:
    board = SPINE_BOARD.id
    theirs = await playground.say("T8", board, person_id=DR_OKAFOR.id)
    card = (await playground.send())["message_id"]
    _, copy = await playground.page("forward", chat_id=CHAT, message_id=card, to_chat_id=CHAT, person_id=DR_REYES.id)
    old = await playground.say("T8")
    playground.clock.now += TWO_DAYS + 1
    assert await changed(playground, theirs, "T9", board) == 400
    for number in (card, copy["message_id"], old, 999_999):
        assert await changed(playground, number, "T9") == 400
    assert await edits(playground) == []
