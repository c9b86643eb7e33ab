"""Polls in the local Bot API: what Telegram refuses, votes and their change, and what the bot hears of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiogram.types
import pytest
import telegram
from local_bot_api import CHAT, OWN, TAP, TOKEN, RunningPlayground, refused, running_playground

from bot.playground.chats.models import DR_LINDQVIST, DR_OKAFOR, DR_REYES, SPINE_BOARD, START

BOARD = SPINE_BOARD.id
REYES, OKAFOR, LINDQVIST = DR_REYES.id, DR_OKAFOR.id, DR_LINDQVIST.id
CLIENT, OPTION = "telegram-bot-api/Client.cpp", "td/telegram/PollOption.cpp"
OPTIONS = [{"text": "Posterior MIS"}, {"text": "Anterior"}, {"text": "No surgery"}]


@pytest.fixture
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground(rooms=START) as playground:
        yield playground


async def ask(playground: RunningPlayground, **more: Any) -> dict[str, Any]:
    asked = {"chat_id": BOARD, "question": "Which way?", "options": OPTIONS, "is_anonymous": False}
    message: dict[str, Any] = await playground.call("sendPoll", **asked | more)
    return message


async def counts(playground: RunningPlayground, message: dict[str, Any]) -> list[int]:
    poll = (playground.world.messages.get(message["chat"]["id"], message["message_id"]) or {})["poll"]
    return [option["voter_count"] for option in poll["options"]]


async def test_votes_with_names_are_told_changed_and_taken_back(playground: RunningPlayground) -> None:
    message = await ask(playground)
    assert aiogram.types.Message.model_validate(message).poll
    assert await playground.vote(message, OKAFOR, 0) == 200
    assert await playground.vote(message, LINDQVIST, 0) == 200
    assert await playground.vote(message, OKAFOR, 2) == 200
    assert await counts(playground, message) == [1, 0, 1]
    playground.world.polls.retract(BOARD, message["message_id"], LINDQVIST)
    assert await counts(playground, message) == [0, 0, 1]
    updates = await playground.updates()
    answers = [update["poll_answer"] for update in updates if "poll_answer" in update]
    assert [(each["user"]["id"], each["option_ids"]) for each in answers] == [
        (OKAFOR, [0]),
        (LINDQVIST, [0]),
        (OKAFOR, [2]),
        (LINDQVIST, []),
    ]
    assert {each["poll_id"] for each in answers} == {message["poll"]["id"]}
    assert updates[-2]["poll"]["total_voter_count"] == 1


async def test_an_anonymous_poll_tells_the_bot_numbers_alone(playground: RunningPlayground) -> None:
    message = await ask(playground, is_anonymous=True)
    await playground.vote(message, OKAFOR, 1)
    assert ["poll" in update for update in await playground.updates()] == [True]
    poll = message["poll"]["id"]
    seen = {who: (await playground.state(who))["chats"][1]["votes"] for who in (OKAFOR, LINDQVIST)}
    assert seen == {OKAFOR: {poll: {str(OKAFOR): [1]}}, LINDQVIST: {poll: {}}}


async def test_an_anonymous_administrator_votes_as_the_group(playground: RunningPlayground) -> None:
    message = await ask(playground)
    playground.world.admin.make_anonymous(BOARD, OKAFOR)
    await playground.vote(message, OKAFOR, 1)
    answer = (await playground.updates())[-1]["poll_answer"]
    assert (answer["voter_chat"]["id"], answer["user"]["username"]) == (BOARD, "Channel_Bot")


async def test_several_answers_and_a_vote_that_stays(playground: RunningPlayground) -> None:
    message = await ask(playground, allows_multiple_answers=True, allows_revoting=False)
    assert await playground.vote(message, OKAFOR, 2, 0) == 200
    assert await counts(playground, message) == [1, 0, 1]
    assert await playground.vote(message, OKAFOR, 1) == 409
    assert await playground.vote(message, OKAFOR) == 409


async def test_a_vote_that_cannot_be(playground: RunningPlayground) -> None:
    message = await ask(playground)
    assert await playground.vote(message, OKAFOR, 0, 1) == 400
    assert await playground.vote(message, OKAFOR, 3) == 400
    assert await playground.vote(message, 7, 0) == 404
    assert await playground.vote(message | {"message_id": 999}, OKAFOR, 0) == 404
    assert (await playground.page("vote", chat_id=BOARD, message_id=1, person_id=OKAFOR, options="0"))[0] == 400


async def test_ptb_stops_a_poll_once(playground: RunningPlayground) -> None:
    async with telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot:
        message = await bot.send_poll(BOARD, "Which way?", ["Posterior", "Anterior"], is_anonymous=False)
        sent = {"chat": {"id": BOARD}, "message_id": message.message_id}
        await playground.vote(sent, OKAFOR, 1)
        poll = await bot.stop_poll(BOARD, message.message_id)
        assert (poll.is_closed, poll.options[1].voter_count) == (True, 1)
        with pytest.raises(telegram.error.BadRequest, match="Poll has already been closed"):
            await bot.stop_poll(BOARD, message.message_id)
    assert (await playground.updates())[-1]["poll"]["is_closed"] is True
    assert await playground.vote(sent, OKAFOR, 0) == 409


async def test_a_stop_that_telegram_refuses(playground: RunningPlayground) -> None:
    card = await playground.call("sendMessage", chat_id=BOARD, text="a card", reply_markup=TAP)
    words = await playground.refusal("stopPoll", chat_id=BOARD, message_id=999)
    assert words == refused(CLIENT, "message with poll to stop not found")
    words = await playground.refusal("stopPoll", chat_id=BOARD, message_id=card["message_id"])
    assert words == refused("td/telegram/MessagesManager.cpp", "message is not a poll")
    poll = await ask(playground)
    copy = playground.world.forward(BOARD, poll["message_id"], BOARD, REYES)
    words = await playground.refusal("stopPoll", chat_id=BOARD, message_id=copy)
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
async def test_a_poll_that_telegram_refuses(playground: RunningPlayground, params: dict[str, Any], words: str) -> None:
    asked = {"chat_id": CHAT, "question": "Which way?", "options": OPTIONS} | params
    assert await playground.refusal("sendPoll", **asked) == words


async def test_as_much_of_a_poll_as_telegram_takes(playground: RunningPlayground) -> None:
    short = await ask(playground, options=["Posterior MIS"])
    assert [option["text"] for option in short["poll"]["options"]] == ["Posterior MIS"]
    assert await ask(playground, question="🦴" * 300, options=["🦴" * 100, {"text": 7}])
    message = await ask(playground, question="x" * 300, options=[{"text": "y" * 100}] * 12)
    assert len(message["poll"]["options"]) == 12
