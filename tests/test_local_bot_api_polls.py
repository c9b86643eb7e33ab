"""Polls in the local Bot API: what Telegram refuses, votes and their change, and what the bot hears of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiogram.types
import pytest
import telegram
from local_bot_api import CHAT, OWN, TAP, TOKEN, Play, playing, refused

from bot.playground.chats.models import DR_LINDQVIST, DR_OKAFOR, DR_REYES, SPINE_BOARD, START

BOARD = SPINE_BOARD.id
REYES, OKAFOR, LINDQVIST = DR_REYES.id, DR_OKAFOR.id, DR_LINDQVIST.id
CLIENT, OPTION = "telegram-bot-api/Client.cpp", "td/telegram/PollOption.cpp"
OPTIONS = [{"text": "Posterior MIS"}, {"text": "Anterior"}, {"text": "No surgery"}]


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with playing(rooms=START) as play:
        yield play


async def ask(play: Play, **more: Any) -> dict[str, Any]:
    asked = {"chat_id": BOARD, "question": "Which way?", "options": OPTIONS, "is_anonymous": False}
    message: dict[str, Any] = await play.call("sendPoll", **asked | more)
    return message


async def counts(play: Play, message: dict[str, Any]) -> list[int]:
    poll = (play.world.messages.get(message["chat"]["id"], message["message_id"]) or {})["poll"]
    return [option["voter_count"] for option in poll["options"]]


async def test_votes_with_names_are_told_changed_and_taken_back(play: Play) -> None:
    message = await ask(play)
    assert aiogram.types.Message.model_validate(message).poll
    assert await play.vote(message, OKAFOR, 0) == 200
    assert await play.vote(message, LINDQVIST, 0) == 200
    assert await play.vote(message, OKAFOR, 2) == 200
    assert await counts(play, message) == [1, 0, 1]
    play.world.polls.retract(BOARD, message["message_id"], LINDQVIST)
    assert await counts(play, message) == [0, 0, 1]
    updates = await play.updates()
    answers = [update["poll_answer"] for update in updates if "poll_answer" in update]
    assert [(each["user"]["id"], each["option_ids"]) for each in answers] == [
        (OKAFOR, [0]),
        (LINDQVIST, [0]),
        (OKAFOR, [2]),
        (LINDQVIST, []),
    ]
    assert {each["poll_id"] for each in answers} == {message["poll"]["id"]}
    assert updates[-2]["poll"]["total_voter_count"] == 1


async def test_an_anonymous_poll_tells_the_bot_numbers_alone(play: Play) -> None:
    message = await ask(play, is_anonymous=True)
    await play.vote(message, OKAFOR, 1)
    assert ["poll" in update for update in await play.updates()] == [True]
    poll = message["poll"]["id"]
    seen = {who: (await play.state(who))["chats"][1]["votes"] for who in (OKAFOR, LINDQVIST)}
    assert seen == {OKAFOR: {poll: {str(OKAFOR): [1]}}, LINDQVIST: {poll: {}}}


async def test_an_anonymous_administrator_votes_as_the_group(play: Play) -> None:
    message = await ask(play)
    play.world.stage.make_anonymous(BOARD, OKAFOR)
    await play.vote(message, OKAFOR, 1)
    answer = (await play.updates())[-1]["poll_answer"]
    assert (answer["voter_chat"]["id"], answer["user"]["username"]) == (BOARD, "Channel_Bot")


async def test_several_answers_and_a_vote_that_stays(play: Play) -> None:
    message = await ask(play, allows_multiple_answers=True, allows_revoting=False)
    assert await play.vote(message, OKAFOR, 2, 0) == 200
    assert await counts(play, message) == [1, 0, 1]
    assert await play.vote(message, OKAFOR, 1) == 409
    assert await play.vote(message, OKAFOR) == 409


async def test_a_vote_that_cannot_be(play: Play) -> None:
    message = await ask(play)
    assert await play.vote(message, OKAFOR, 0, 1) == 400
    assert await play.vote(message, OKAFOR, 3) == 400
    assert await play.vote(message, 7, 0) == 404
    assert await play.vote(message | {"message_id": 999}, OKAFOR, 0) == 404
    assert (await play.page("vote", chat_id=BOARD, message_id=1, person_id=OKAFOR, options="0"))[0] == 400


async def test_ptb_stops_a_poll_once(play: Play) -> None:
    async with telegram.Bot(TOKEN, base_url=f"{play.url}/bot") as bot:
        message = await bot.send_poll(BOARD, "Which way?", ["Posterior", "Anterior"], is_anonymous=False)
        sent = {"chat": {"id": BOARD}, "message_id": message.message_id}
        await play.vote(sent, OKAFOR, 1)
        poll = await bot.stop_poll(BOARD, message.message_id)
        assert (poll.is_closed, poll.options[1].voter_count) == (True, 1)
        with pytest.raises(telegram.error.BadRequest, match="Poll has already been closed"):
            await bot.stop_poll(BOARD, message.message_id)
    assert (await play.updates())[-1]["poll"]["is_closed"] is True
    assert await play.vote(sent, OKAFOR, 0) == 409


async def test_a_stop_that_telegram_refuses(play: Play) -> None:
    card = await play.call("sendMessage", chat_id=BOARD, text="a card", reply_markup=TAP)
    words = await play.refusal("stopPoll", chat_id=BOARD, message_id=999)
    assert words == refused(CLIENT, "message with poll to stop not found")
    words = await play.refusal("stopPoll", chat_id=BOARD, message_id=card["message_id"])
    assert words == refused("td/telegram/MessagesManager.cpp", "message is not a poll")
    poll = await ask(play)
    copy = play.world.forward(BOARD, poll["message_id"], BOARD, REYES)
    words = await play.refusal("stopPoll", chat_id=BOARD, message_id=copy)
    assert words == refused("td/telegram/MessagesManager.cpp", "poll can't be stopped")


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"options": {"a": 1}}, refused(CLIENT, "expected an Array of String as options")),
        ({"options": [1, 2]}, refused(CLIENT, "expected an option to be of type String")),
        ({"options": [{"x": 1}, "y"]}, refused(CLIENT, 'can\'t find field "text"')),
        ({"type": "loud"}, refused(CLIENT, "unsupported poll type specified")),
        ({"type": "quiz"}, refused(OWN, "not offered here: a quiz")),
        ({"chat_id": 7}, refused(CLIENT, "chat not found")),
        ({"question": " "}, refused("td/telegram/MessageEntity.cpp", "text must be non-empty")),
        (
            {"question": "x" * 301},
            refused("td/telegram/MessageContent.cpp", "poll question length must not exceed 300"),
        ),
        ({"options": []}, refused(OPTION, "poll must have at least one answer option")),
        ({"options": OPTIONS * 5}, refused(OPTION, "poll can't have more than 12 options")),
        ({"options": [" ", "x"]}, refused("td/telegram/MessageEntity.cpp", "text must be non-empty")),
        ({"options": ["x" * 101, "x"]}, refused(OPTION, "poll options length must not exceed 100")),
    ],
)
async def test_a_poll_that_telegram_refuses(play: Play, params: dict[str, Any], words: str) -> None:
    asked = {"chat_id": CHAT, "question": "Which way?", "options": OPTIONS} | params
    assert await play.refusal("sendPoll", **asked) == words


async def test_as_much_of_a_poll_as_telegram_takes(play: Play) -> None:
    short = await ask(play, options=["Posterior MIS"])
    assert [option["text"] for option in short["poll"]["options"]] == ["Posterior MIS"]
    assert await ask(play, question="🦴" * 300, options=["🦴" * 100, {"text": 7}])
    message = await ask(play, question="x" * 300, options=[{"text": "y" * 100}] * 12)
    assert len(message["poll"]["options"]) == 12
