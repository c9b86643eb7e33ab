"""People change what they typed: the bot is told as Telegram tells it, and what cannot be changed is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from local_bot_api import CHAT, Play, playing

from bot.playground.chats.models import DR_OKAFOR, DR_REYES, SPINE_BOARD, START

TWO_DAYS = 48 * 60 * 60


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with playing(rooms=START) as play:
        yield play


async def changed(play: Play, number: int, text: str, chat_id: int = CHAT, person_id: int = CHAT) -> int:
    """Change a message as the page does it; give the status."""
    status, _ = await play.page("edit", chat_id=chat_id, message_id=number, text=text, person_id=person_id)
    return status


async def edits(play: Play) -> list[dict[str, Any]]:
    return [update["edited_message"] for update in await play.updates() if "edited_message" in update]


async def test_a_person_changes_a_message_and_the_bot_and_the_page_are_told(play: Play) -> None:
    number = await play.say("/new T8 fit")
    async with play.events() as heard:
        assert await changed(play, number, "T9 <b> fit") == 200
        name, told = await heard.get()
    assert (name, told["message"]["text"]) == ("edited", "T9 <b> fit")
    [edited] = await edits(play)
    assert (edited["message_id"], edited["text"], edited["from"]["id"]) == (number, "T9 <b> fit", CHAT)
    assert edited["edit_date"] >= edited["date"]
    assert "entities" not in edited


async def test_a_change_that_changes_nothing_is_no_update(play: Play) -> None:
    number = await play.say("/new T8 fit")
    assert await changed(play, number, "/new T8 fit") == 200
    assert await edits(play) == []


async def test_a_bot_that_does_not_ask_for_changes_hears_of_none(play: Play) -> None:
    await play.updates(allowed_updates=["message"])
    number = await play.say("T8")
    assert await changed(play, number, "T9") == 200
    assert await edits(play) == []


async def test_in_a_group_a_bot_hears_only_of_changes_to_what_it_is_given(play: Play) -> None:
    board = SPINE_BOARD.id
    command, chatter = await play.say("/case T8", board), await play.say("good morning", board)
    for number in (command, chatter):
        assert await changed(play, number, "/case T9" if number == command else "good evening", board) == 200
    assert [edited["text"] for edited in await edits(play)] == ["/case T9"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 4097])
async def test_a_message_cannot_be_changed_into_nothing_or_too_much(play: Play, text: str) -> None:
    number = await play.say("T8")
    assert await changed(play, number, text) == 400


async def test_what_is_not_one_s_own_or_was_not_typed_or_is_old_cannot_be_changed(play: Play) -> None:
    board = SPINE_BOARD.id
    theirs = await play.say("T8", board, person_id=DR_OKAFOR.id)
    card = (await play.send())["message_id"]
    _, copy = await play.page("forward", chat_id=CHAT, message_id=card, to_chat_id=CHAT, person_id=DR_REYES.id)
    old = await play.say("T8")
    play.clock.now += TWO_DAYS + 1
    assert await changed(play, theirs, "T9", board) == 400
    for number in (card, copy["message_id"], old, 999_999):
        assert await changed(play, number, "T9") == 400
    assert await edits(play) == []
