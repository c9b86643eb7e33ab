"""Inline mode in the local Bot API: queries, answers and how long they are shared, and messages by way of the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import telegram
from local_bot_api import CHAT, OWN, SERVER, TAP, TOKEN, RunningPlayground, refused, running_playground

from bot.playground.chats.models import DR_LINDQVIST, DR_OKAFOR, DR_REYES, SPINE_BOARD, START

BOARD = SPINE_BOARD.id
REYES, OKAFOR, LINDQVIST = DR_REYES.id, DR_OKAFOR.id, DR_LINDQVIST.id
CLIENT, MANAGER = "telegram-bot-api/Client.cpp", "td/telegram/InlineQueriesManager.cpp"
RESULT = "can't parse inline query result: "
BUTTON = "can't parse inline query results button: "
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


@pytest.fixture
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground(rooms=START) as playground:
        yield playground


def article(number: str = "a", **more: Any) -> dict[str, Any]:
    content = {"message_text": "<b>T8</b> · no deficit", "parse_mode": "HTML"}
    return {"type": "article", "id": number, "title": "T8", "input_message_content": content} | more


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in article().items() if name != field}


async def ask(playground: RunningPlayground, query: str = "T8", person_id: int = OKAFOR, chat_id: int = BOARD) -> str:
    status, answer = await playground.page("inline", chat_id=chat_id, query=query, person_id=person_id)
    assert status == 200, answer
    return str(answer["inline_query_id"])


async def choose(playground: RunningPlayground, query: str, person_id: int = OKAFOR, chat_id: int = BOARD) -> int:
    chosen = {"inline_query_id": query, "result_id": "a", "person_id": person_id}
    status, answer = await playground.page("choose", chat_id=chat_id, **chosen)
    assert status == 200, answer
    return int(answer["message_id"])


async def shared(playground: RunningPlayground, **more: Any) -> str:
    """Ask, and let the bot answer with one article; give the query's id."""
    query = await ask(playground)
    await playground.call("answerInlineQuery", inline_query_id=query, results=[article(reply_markup=TAP)], **more)
    return query


async def test_a_query_says_what_is_typed_and_in_what_kind_of_chat(playground: RunningPlayground) -> None:
    await ask(playground)
    await ask(playground, "L2", REYES, CHAT)
    board, own = (update["inline_query"] for update in await playground.updates())
    assert (board["query"], board["chat_type"], board["from"]["first_name"]) == ("T8", "supergroup", "Dr. Okafor")
    assert (own["query"], own["chat_type"], own["offset"]) == ("L2", "sender", "")
    assert (await playground.page("inline", chat_id=BOARD, query="x" * 257, person_id=OKAFOR))[0] == 400
    assert (await playground.page("inline", chat_id=BOARD, query="x", person_id=7))[0] == 404


async def test_ptb_answers_and_the_person_alone_sees_it(playground: RunningPlayground) -> None:
    async with (
        telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot,
        playground.events(OKAFOR) as hers,
        playground.events(REYES) as his,
    ):
        query = await ask(playground)
        content = telegram.InputTextMessageContent("T8", parse_mode="HTML")
        found = telegram.InlineQueryResultArticle("a", "T8, no deficit", content, description="2 of 5")
        button = telegram.InlineQueryResultsButton("My cases", start_parameter="mine")
        assert await bot.answer_inline_query(query, [found], cache_time=0, is_personal=True, button=button)
        name, data = await hers.get()
        assert (name, data["results"]) == ("inline", [{"id": "a", "title": "T8, no deficit", "description": "2 of 5"}])
        assert data["button"] == {"text": "My cases", "start_parameter": "mine"}
        await playground.send("for Dr. Reyes")
        assert (await his.get())[0] == "message"
    assert bot.supports_inline_queries


async def test_a_chosen_result_is_the_persons_message_by_way_of_the_bot(playground: RunningPlayground) -> None:
    query = await shared(playground)
    await choose(playground, query)
    message = (await playground.updates())[-1]["message"]
    assert (message["from"]["id"], message["via_bot"]["username"], message["text"]) == (
        OKAFOR,
        "spinemets_bot",
        "T8 · no deficit",
    )
    assert message["reply_markup"] == TAP


async def test_a_tap_on_it_and_an_edit_know_no_chat(playground: RunningPlayground) -> None:
    sent = await choose(playground, await shared(playground))
    tapped = await playground.tap(sent, chat_id=BOARD, person_id=LINDQVIST)
    query = (await playground.updates())[-1]["callback_query"]
    assert (query["id"], "message" in query) == (tapped, False)
    inline_id = query["inline_message_id"]
    async with telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot:
        assert await bot.edit_message_text("T8 · superseded", inline_message_id=inline_id) is True
        with pytest.raises(telegram.error.BadRequest, match="Message_id_invalid"):
            await bot.edit_message_text("x", inline_message_id="inline-99")
        with pytest.raises(telegram.error.BadRequest, match="Message can't be edited"):
            await bot.edit_message_text("x", BOARD, sent)
    board = next(chat for chat in (await playground.state(REYES))["chats"] if chat["id"] == BOARD)
    assert (board["messages"][-1]["text"], "reply_markup" in board["messages"][-1]) == ("T8 · superseded", False)


async def test_it_works_where_the_bot_is_not_in_the_group(playground: RunningPlayground) -> None:
    playground.world.admin.set_bot(BOARD, "kicked")
    sent = await choose(playground, await shared(playground))
    await playground.tap(sent, chat_id=BOARD, person_id=LINDQVIST)
    kinds = [next(kind for kind in update if kind != "update_id") for update in await playground.updates()]
    assert kinds == ["my_chat_member", "inline_query", "callback_query"]


async def test_what_was_chosen_is_told_to_a_bot_that_asks_and_of_nobody_anonymous(
    playground: RunningPlayground,
) -> None:
    await playground.updates(allowed_updates=["chosen_inline_result"])
    query = await shared(playground)
    await choose(playground, query)
    (update,) = await playground.updates()
    assert update["chosen_inline_result"]["result_id"] == "a"
    assert update["chosen_inline_result"]["inline_message_id"].startswith("inline-")
    playground.world.admin.make_anonymous(BOARD, OKAFOR)
    await choose(playground, query)
    assert len(await playground.updates()) == 1


async def test_an_answer_is_given_to_everyone_who_types_the_same_unless_it_is_personal(
    playground: RunningPlayground,
) -> None:
    first = await shared(playground)
    assert await ask(playground, person_id=LINDQVIST) == first
    playground.clock.now += 300
    second = await ask(playground, person_id=LINDQVIST)
    assert second != first
    await playground.call(
        "answerInlineQuery", inline_query_id=second, results=[article()], is_personal=True, cache_time=5
    )
    assert await ask(playground, person_id=LINDQVIST) == second
    assert await ask(playground, person_id=OKAFOR) != second
    playground.clock.now += 5
    assert await ask(playground, person_id=LINDQVIST) != second
    gone = {"inline_query_id": second, "result_id": "a", "person_id": OKAFOR}
    assert (await playground.page("choose", chat_id=BOARD, **gone))[0] == 404


async def test_a_query_is_answered_once_and_within_ten_seconds(playground: RunningPlayground) -> None:
    query = await shared(playground, cache_time=0)
    assert await playground.refusal("answerInlineQuery", inline_query_id=query, results=[]) == TOO_OLD
    late = await ask(playground)
    playground.clock.now += 10.1
    assert await playground.refusal("answerInlineQuery", inline_query_id=late, results=[]) == TOO_OLD
    assert await playground.refusal("answerInlineQuery", inline_query_id="x", results=[]) == TOO_OLD


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (
            {"results": [article(str(n)) for n in range(51)]},
            refused(CLIENT, "too many inline query results specified"),
        ),
        ({"results": {"a": 1}}, refused(CLIENT, "expected an Array of inline query results")),
        ({"results": ["x"]}, refused(CLIENT, RESULT + "Inline query result must be an object")),
        ({"results": [without("type")]}, refused(CLIENT, RESULT + 'Can\'t find field "type"')),
        ({"results": [without("id")]}, refused(CLIENT, RESULT + 'Can\'t find field "id"')),
        ({"results": [article(id=True)]}, refused(CLIENT, RESULT + 'Field "id" must be of type String')),
        (
            {"results": [article(type="loud")]},
            refused(CLIENT, RESULT + 'type "loud" is unsupported for the inline query result'),
        ),
        ({"results": [article(type="photo")]}, refused(OWN, "not offered here: inline results of type photo")),
        (
            {"results": [without("input_message_content")]},
            refused(CLIENT, RESULT + 'Can\'t find field "message_text"'),
        ),
        (
            {"results": [article(input_message_content=7)]},
            refused(CLIENT, RESULT + 'Field "input_message_content" must be of type Object'),
        ),
        (
            {"results": [article(input_message_content={})]},
            refused(CLIENT, RESULT + "Input message content is not specified"),
        ),
        (
            {"results": [article(input_message_content={"message_text": " "})]},
            refused("td/telegram/MessageEntity.cpp", "text must be non-empty"),
        ),
        (
            {"results": [article(reply_markup=["x"])]},
            refused(CLIENT, RESULT + 'Field "reply_markup" must be of type Object'),
        ),
        ({"results": [without("title")]}, refused(CLIENT, RESULT + 'Can\'t find field "title"')),
        ({"results": [article(title=" ")]}, refused(SERVER, "ARTICLE_TITLE_EMPTY")),
        (
            {"results": [article(input_message_content={"message_text": "x" * 4097})]},
            refused(SERVER, "MESSAGE_TOO_LONG"),
        ),
        ({"results": [article(), article()]}, refused(SERVER, "RESULT_ID_DUPLICATE")),
        ({"results": [article("x" * 65)]}, refused(SERVER, "RESULT_ID_INVALID")),
        ({"button": ["x"]}, refused(CLIENT, BUTTON + "InlineQueryResultsButton must be an Object")),
        ({"button": {"start_parameter": "x"}}, refused(CLIENT, BUTTON + 'Can\'t find field "text"')),
        (
            {"button": {"text": "x"}},
            refused(CLIENT, BUTTON + "InlineQueryResultsButton must have exactly one optional field"),
        ),
        (
            {"button": {"text": "x", "web_app": {"url": "https://a.org"}}},
            refused(OWN, "not offered here: a button with web_app above the results"),
        ),
        ({"button": {"text": "x", "start_parameter": ""}}, refused(MANAGER, "can't use empty start_parameter")),
        (
            {"button": {"text": "x", "start_parameter": "x" * 65}},
            refused(MANAGER, "too long start_parameter specified"),
        ),
        (
            {"button": {"text": "x", "start_parameter": "a b"}},
            refused(MANAGER, "unallowed characters in start_parameter are used"),
        ),
        ({"button": {"text": "", "start_parameter": "x"}}, refused(SERVER, "SWITCH_PM_TEXT_EMPTY")),
        ({"next_offset": "x" * 65}, refused(SERVER, "NEXT_OFFSET_INVALID")),
    ],
)
async def test_an_answer_that_telegram_refuses(
    playground: RunningPlayground, params: dict[str, Any], words: str
) -> None:
    query = await ask(playground)
    assert await playground.refusal("answerInlineQuery", inline_query_id=query, **params) == words
    fifty = [article(str(n)) for n in range(50)]
    assert await playground.call("answerInlineQuery", inline_query_id=query, results=fifty)
