"""The local Bot API refuses what Telegram refuses, in Telegram's words, each with the file they were read in."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from local_bot_api import CHAT, JPEG, OWN, PNG, SERVER, TAP, RunningPlayground, refused, running_playground

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
CLIENT = "telegram-bot-api/Client.cpp"
COMMANDS = "td/telegram/BotCommand.cpp"
ENTITIES = "td/telegram/MessageEntity.cpp"
MESSAGES = "td/telegram/MessagesManager.cpp"
LINKS = "td/telegram/LinkManager.cpp"
ENTITY = "can't parse MessageEntity: "
BUTTON = "can't parse inline keyboard button: "
SCOPE = "can't parse BotCommandScope: "
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground() as playground:
        yield playground


def bold(offset: int, length: int) -> list[dict[str, Any]]:
    return [{"type": "bold", "offset": offset, "length": length}]


def bare(offset: int, length: int) -> dict[str, Any]:
    """Give an entity without a type."""
    return {"offset": offset, "length": length}


def buttons(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


def button(**action: Any) -> dict[str, Any]:
    return buttons([{"text": "None", **action}])


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"text": ""}, refused(CLIENT, "message text is empty")),
        ({}, refused(CLIENT, "message text is empty")),
        ({"text": "x" * 32769}, refused(CLIENT, "text is too long")),
        ({"text": " \n "}, refused(ENTITIES, "text must be non-empty")),
        ({"text": "<b></b>", "parse_mode": "HTML"}, refused(ENTITIES, "text must be non-empty")),
        ({"text": "x" * 4097}, refused(MESSAGES, "message is too long")),
        ({"text": "🦴" * 2049}, refused(MESSAGES, "message is too long")),
        ({"text": "<b>" + "x" * 4097 + "</b>", "parse_mode": "HTML"}, refused(MESSAGES, "message is too long")),
        ({"text": "*bold*", "parse_mode": "loud"}, refused(CLIENT, "unsupported parse_mode")),
        ({"text": "*bold*", "parse_mode": "MarkdownV2"}, refused(OWN, "not offered here: parse_mode MarkdownV2")),
        (
            {"text": "<b>x</b> " * 101, "parse_mode": "HTML"},
            refused(OWN, "not offered here: 101 entities, of which Telegram keeps the first 100"),
        ),
        ({"text": "x", "entities": ["x"]}, refused(CLIENT, ENTITY + "expected an Object")),
        ({"text": "x", "entities": [{"type": "bold"}]}, refused(CLIENT, ENTITY + 'Can\'t find field "offset"')),
        ({"text": "x", "entities": [{"offset": 0}]}, refused(CLIENT, ENTITY + 'Can\'t find field "length"')),
        ({"text": "x", "entities": [bare(0, 1)]}, refused(CLIENT, ENTITY + 'Can\'t find field "type"')),
        (
            {"text": "x", "entities": [bare(0, 1) | {"offset": []}]},
            refused(CLIENT, ENTITY + 'Field "offset" must be a Number'),
        ),
        (
            {"text": "x", "entities": [bare(0, 1) | {"type": "loud"}]},
            refused(CLIENT, ENTITY + "Unsupported type specified"),
        ),
        (
            {"text": "x", "entities": [bare(0, 1) | {"type": "text_link"}]},
            refused(CLIENT, ENTITY + 'Can\'t find field "url"'),
        ),
        (
            {"text": "x", "entities": [bare(0, 1) | {"type": "text_mention"}]},
            refused(OWN, "not offered here: entities of type text_mention"),
        ),
        ({"text": "x", "entities": bold(-1, 1)}, refused(ENTITIES, "receive an entity with incorrect offset -1")),
        ({"text": "x", "entities": bold(0, -1)}, refused(ENTITIES, "receive an entity with incorrect length -1")),
        (
            {"text": "x", "entities": bold(9, 1)},
            refused(ENTITIES, "entity begins after the end of the text at UTF-16 offset 9"),
        ),
        (
            {"text": "x", "entities": bold(0, 9)},
            refused(ENTITIES, "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 9"),
        ),
        (
            {"text": "🦴x", "entities": bold(1, 2)},
            refused(ENTITIES, "entity begins in a middle of a UTF-16 symbol at byte offset 4"),
        ),
        (
            {"text": "x🦴", "entities": bold(0, 2)},
            refused(
                ENTITIES, "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 5"
            ),
        ),
        ({"text": "x", "chat_id": ""}, refused(CLIENT, "chat_id is empty")),
        ({"text": "x", "chat_id": 7}, refused(CLIENT, "chat not found")),
        ({"text": "x", "chat_id": "@nobody"}, refused(CLIENT, "chat not found")),
        ({"text": "x", "chat_id": 10**40}, refused(CLIENT, "chat not found")),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, refused(CLIENT, "message to be replied not found")),
        ({"text": "x", "reply_parameters": [1]}, refused(CLIENT, "object expected as reply parameters")),
    ],
)
async def test_a_text_that_telegram_refuses(playground: RunningPlayground, params: dict[str, Any], words: str) -> None:
    before = (await playground.state())["chats"]
    assert await playground.refusal("sendMessage", **{"chat_id": CHAT} | params) == words
    assert (await playground.state())["chats"] == before


async def test_as_much_as_telegram_takes(playground: RunningPlayground) -> None:
    passed_over: list[Any] = [{"type": "bold"}, bold(0, 0), [bare(0, 1) | {"type": "email"}]]
    for entities in passed_over:
        assert "entities" not in await playground.send("x", entities=entities)
    assert (await playground.send("x", entities=bold(0, 1), parse_mode="none"))["entities"] == bold(0, 1)
    assert len((await playground.send("<b>" + "x" * 4096 + "</b>", parse_mode="HTML"))["text"]) == 4096
    assert len((await playground.send("<b>x</b> " * 100, parse_mode="HTML"))["entities"]) == 100
    assert await playground.send("x", reply_parameters={"message_id": 999, "allow_sending_without_reply": True})


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (button(callback_data="ä" * 33), refused(SERVER, "BUTTON_DATA_INVALID")),
        (button(callback_data=""), refused(CLIENT, BUTTON + "Text buttons are unallowed in the inline keyboard")),
        (button(), refused(CLIENT, BUTTON + "Text buttons are unallowed in the inline keyboard")),
        (
            button(callback_data="x", url="https://a.org"),
            refused(OWN, "not offered here: a button with callback_data and url, of which Telegram takes one"),
        ),
        (button(copy_text={"text": ""}), refused(SERVER, "BUTTON_COPY_TEXT_INVALID")),
        (button(copy_text={"text": "x" * 257}), refused(SERVER, "BUTTON_COPY_TEXT_INVALID")),
        (button(url="not-a-url"), refused(LINKS, "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL")),
        (
            button(url="http://localhost:8080/x"),
            refused(LINKS, "inline keyboard button URL 'http://localhost:8080/x' is invalid: Wrong HTTP URL"),
        ),
        (button(callback_data="x", style="loud"), refused(CLIENT, BUTTON + "invalid button style specified")),
        (
            button(web_app={"url": "http://a.org/spine"}),
            refused(
                LINKS,
                "inline keyboard button Web App URL 'http://a.org/spine' is invalid: Only HTTPS links are allowed",
            ),
        ),
        (button(web_app="https://a.org"), refused(CLIENT, BUTTON + 'field "web_app" must be of type Object')),
        (button(web_app={"href": "https://a.org"}), refused(CLIENT, BUTTON + 'Can\'t find field "url"')),
        (button(pay=True), refused(OWN, "not offered here: pay buttons")),
        (
            button(callback_data="x", icon_custom_emoji_id="5368324170671202286"),
            refused(OWN, "not offered here: a button with icon_custom_emoji_id"),
        ),
        (buttons([{"callback_data": "x"}]), refused(CLIENT, BUTTON + 'Can\'t find field "text"')),
        (
            buttons([{"text": " ", "callback_data": "x"}]),
            refused(OWN, "not offered here: a button with an empty text, which Telegram leaves out"),
        ),
        ({"inline_keyboard": [["x"]]}, refused(CLIENT, BUTTON + "InlineKeyboardButton must be an Object")),
        (
            {"inline_keyboard": ["x"]},
            refused(CLIENT, 'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'),
        ),
        (buttons([{"text": "x", "callback_data": "x"}] * 9), refused(CLIENT, "reply markup is too long")),
        (buttons(*[[{"text": "x", "callback_data": "x"}]] * 101), refused(CLIENT, "reply markup is too long")),
        ({"inline_keyboard": "x"}, refused(CLIENT, 'field "inline_keyboard" must be of type Array')),
        ({"keyboard": [[{"text": "x"}]]}, refused(OWN, "not offered here: keyboards that are not inline")),
        (["x"], refused(CLIENT, "object expected as reply markup")),
    ],
)
async def test_a_keyboard_that_telegram_refuses(playground: RunningPlayground, markup: Any, words: str) -> None:
    assert await playground.refusal("sendMessage", chat_id=CHAT, text="x", reply_markup=markup) == words


async def test_as_many_buttons_as_telegram_takes(playground: RunningPlayground) -> None:
    rows = [[{"text": "x", "callback_data": "x" * 64, "style": "primary"}] * 8] * 12
    copy: list[dict[str, Any]] = [
        {"text": "Copy", "copy_text": {"text": "x" * 256}},
        {"text": "AO", "url": "https://a.org/"},
    ]
    message = await playground.send(reply_markup=buttons(*rows, copy))
    assert message["reply_markup"] == buttons(*rows, copy)


async def test_buttons_that_begin_an_inline_query(playground: RunningPlayground) -> None:
    row: list[dict[str, Any]] = [
        {"text": "Here", "switch_inline_query_current_chat": ""},
        {"text": "Elsewhere", "switch_inline_query": "T8"},
        {"text": "In a group", "switch_inline_query_chosen_chat": {"query": "T8", "allow_group_chats": True}},
    ]
    assert (await playground.send(reply_markup=buttons(row)))["reply_markup"] == buttons(row)
    long = button(switch_inline_query="x" * 257)
    assert OWN in await playground.refusal("sendMessage", chat_id=CHAT, text="x", reply_markup=long)


async def test_a_keyboard_without_buttons_is_none(playground: RunningPlayground) -> None:
    assert "reply_markup" not in await playground.send(reply_markup=buttons([]))


async def test_an_edit_that_changes_nothing_is_refused(playground: RunningPlayground) -> None:
    message = await playground.send("a <b>card</b>", parse_mode="HTML", reply_markup=TAP)
    same = {"chat_id": CHAT, "message_id": message["message_id"], "reply_markup": TAP}
    assert (
        await playground.refusal("editMessageText", text=" a <b>card</b>\n", parse_mode="HTML", **same) == NOT_MODIFIED
    )
    assert await playground.refusal("editMessageReplyMarkup", **same) == NOT_MODIFIED
    assert await playground.call("editMessageText", text="a card", **same)
    assert await playground.refusal("editMessageText", text="a card", **same) == NOT_MODIFIED


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"message_id": 999}, refused(CLIENT, "message to edit not found")),
        ({"message_id": 0}, refused(CLIENT, "message to edit not found")),
        ({"chat_id": "", "message_id": 0}, refused(CLIENT, "message identifier is not specified")),
        ({"text": ""}, refused(CLIENT, "message text is empty")),
        ({"text": "x" * 4097}, refused(SERVER, "MESSAGE_TOO_LONG")),
        ({"chat_id": 7}, refused(CLIENT, "chat not found")),
        ({"reply_markup": button(callback_data="x" * 65)}, refused(SERVER, "BUTTON_DATA_INVALID")),
    ],
)
async def test_an_edit_that_telegram_refuses(
    playground: RunningPlayground, params: dict[str, Any], words: str
) -> None:
    message = await playground.send()
    edit = {"chat_id": CHAT, "message_id": message["message_id"], "text": "another"} | params
    assert await playground.refusal("editMessageText", **edit) == words


async def test_only_its_own_texts_can_a_bot_edit(playground: RunningPlayground) -> None:
    theirs = await playground.say("T8 fit no deficit")
    form = aiohttp.FormData({"chat_id": str(CHAT)})
    form.add_field("photo", JPEG, filename="spine.jpg")
    async with playground.session.post(f"{playground.bot_url}/sendPhoto", data=form) as response:
        picture = (await response.json())["result"]
    assert (picture["photo"][0]["width"], picture["photo"][0]["height"]) == (160, 90)
    edit = {"chat_id": CHAT, "text": "x"}
    assert (
        await playground.refusal("editMessageText", message_id=theirs, **edit)
        == "Bad Request: message can't be edited"
    )
    assert (
        await playground.refusal("editMessageText", message_id=picture["message_id"], **edit)
        == "Bad Request: there is no text in the message to edit"
    )
    assert await playground.call(
        "editMessageReplyMarkup", chat_id=CHAT, message_id=picture["message_id"], reply_markup=TAP
    )


async def test_a_deletion_that_telegram_refuses(playground: RunningPlayground) -> None:
    message_id = (await playground.send())["message_id"]
    for params, words in (
        ({"message_id": message_id}, "chat identifier is not specified"),
        ({"chat_id": CHAT}, "message identifier is not specified"),
        ({"chat_id": CHAT, "message_id": 999}, "message to delete not found"),
    ):
        assert await playground.refusal("deleteMessage", **params) == refused(CLIENT, words)
    playground.clock.now += 48 * 60 * 60 + 1
    assert (
        await playground.refusal("deleteMessage", chat_id=CHAT, message_id=message_id)
        == "Bad Request: message can't be deleted for everyone"
    )


async def test_a_tap_is_answered_once(playground: RunningPlayground) -> None:
    query = await playground.tap((await playground.send(reply_markup=TAP))["message_id"])
    assert await playground.call("answerCallbackQuery", callback_query_id=query)
    assert await playground.refusal("answerCallbackQuery", callback_query_id=query) == TOO_OLD


async def test_a_tap_is_answered_within_fifteen_seconds(playground: RunningPlayground) -> None:
    message_id = (await playground.send(reply_markup=TAP))["message_id"]
    in_time, late = await playground.tap(message_id), await playground.tap(message_id)
    playground.clock.now += 15
    assert await playground.call("answerCallbackQuery", callback_query_id=in_time)
    playground.clock.now += 0.1
    assert await playground.refusal("answerCallbackQuery", callback_query_id=late) == TOO_OLD


@pytest.mark.parametrize("query", ["", "999", "x", "9" * 40])
async def test_a_tap_that_never_was_is_not_answered(playground: RunningPlayground, query: str) -> None:
    assert await playground.refusal("answerCallbackQuery", callback_query_id=query) == TOO_OLD


async def test_a_toast_has_two_hundred_characters(playground: RunningPlayground) -> None:
    query = await playground.tap((await playground.send(reply_markup=TAP))["message_id"])
    long = {"callback_query_id": query, "text": "x" * 201}
    assert await playground.refusal("answerCallbackQuery", **long) == "Bad Request: MESSAGE_TOO_LONG"
    assert await playground.call("answerCallbackQuery", callback_query_id=query, text="x" * 200)


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([{"command": "New", "description": "x"}], refused(SERVER, "BOT_COMMAND_INVALID")),
        ([{"command": "a-b", "description": "x"}], refused(SERVER, "BOT_COMMAND_INVALID")),
        ([{"command": "", "description": "x"}], refused(COMMANDS, "command must be non-empty")),
        ([{"command": "x" * 33, "description": "x"}], refused(COMMANDS, "command length must not exceed 32")),
        ([{"command": "new", "description": " "}], refused(COMMANDS, "command description must be non-empty")),
        (
            [{"command": "new", "description": "x" * 257}],
            refused(COMMANDS, "command description length must not exceed 256"),
        ),
        ([{"command": "new"}], refused(CLIENT, "can't parse BotCommand: Can't find field \"description\"")),
        ([{"description": "x"}], refused(CLIENT, "can't parse BotCommand: Can't find field \"command\"")),
        (["x"], refused(CLIENT, "can't parse BotCommand: expected an Object")),
        ({"a": 1}, refused(CLIENT, "expected an Array of BotCommand")),
        ([{"command": f"c{n}", "description": "x"} for n in range(101)], refused(SERVER, "BOT_COMMANDS_TOO_MUCH")),
    ],
)
async def test_a_menu_that_telegram_refuses(playground: RunningPlayground, commands: Any, words: str) -> None:
    assert await playground.refusal("setMyCommands", commands=commands) == words


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (["x"], refused(CLIENT, SCOPE + "BotCommandScope must be an Object")),
        ({"chat_id": CHAT}, refused(CLIENT, SCOPE + 'Can\'t find field "type"')),
        ({"type": "nonsense"}, refused(CLIENT, SCOPE + "Unsupported type specified")),
        ({"type": "chat"}, refused(CLIENT, SCOPE + 'Can\'t find field "chat_id"')),
        ({"type": "chat_member", "chat_id": ""}, refused(CLIENT, SCOPE + "Empty chat_id specified")),
    ],
)
async def test_a_scope_of_commands_that_telegram_refuses(
    playground: RunningPlayground, scope: Any, words: str
) -> None:
    commands = [{"command": "new", "description": "x"}]
    assert await playground.refusal("setMyCommands", commands=commands, scope=scope) == words


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendPhoto", {}, refused(CLIENT, "there is no photo in the request")),
        ("sendDocument", {}, refused(CLIENT, "there is no document in the request")),
        (
            "sendPhoto",
            {"photo": "https://aofoundation.org/spine.png"},
            refused(OWN, "not offered here: files by URL, or by an identifier that is not known"),
        ),
        (
            "sendPhoto",
            {"photo": "file-999"},
            refused(OWN, "not offered here: files by URL, or by an identifier that is not known"),
        ),
    ],
)
async def test_what_else_telegram_refuses(
    playground: RunningPlayground, method: str, params: dict[str, Any], words: str
) -> None:
    assert await playground.refusal(method, chat_id=CHAT, **params) == words


@pytest.mark.parametrize(
    ("content", "caption", "words"),
    [
        (b"", "", refused("td/telegram/files/FileLoaderUtils.cpp", "file must be non-empty")),
        (b"GIF89a", "", refused(SERVER, "IMAGE_PROCESS_FAILED")),
        (JPEG[:6], "", refused(SERVER, "IMAGE_PROCESS_FAILED")),
        (
            PNG.replace(struct.pack(">I", 320), struct.pack(">I", 9999)),
            "",
            refused(SERVER, "PHOTO_INVALID_DIMENSIONS"),
        ),
        (PNG + bytes(10 * 1024 * 1024), "", refused(SERVER, "file is too big")),
        (PNG, "x" * 1025, refused(MESSAGES, "message caption is too long")),
    ],
)
async def test_a_picture_that_telegram_refuses(
    playground: RunningPlayground, content: bytes, caption: str, words: str
) -> None:
    form = aiohttp.FormData({"chat_id": str(CHAT), "caption": caption})
    form.add_field("photo", BytesIO(content), filename="spine.png")
    async with playground.session.post(f"{playground.bot_url}/sendPhoto", data=form) as response:
        assert (response.status, (await response.json())["description"]) == (400, words)


@pytest.mark.parametrize(
    ("media", "words"),
    [
        ("", refused(CLIENT, 'parameter "media" is required')),
        ("{broken", refused(CLIENT, "can't parse input media JSON object")),
        ([], refused(CLIENT, "can't parse InputMedia: expected an Object")),
        ({"media": "file-1"}, refused(CLIENT, "can't parse InputMedia: Can't find field \"type\"")),
        ({"type": "photo"}, refused(CLIENT, "can't parse InputMedia: media not found")),
        ({"type": "photo", "media": "attach://x"}, refused(CLIENT, "can't parse InputMedia: media not found")),
        ({"type": "loud", "media": "file-1"}, refused(CLIENT, 'can\'t parse InputMedia: type "loud" is unsupported')),
        ({"type": "video", "media": "file-1"}, refused(OWN, "not offered here: media of type video")),
        (
            {"type": "photo", "media": "file-1", "has_spoiler": True},
            refused(OWN, "not offered here: media with has_spoiler"),
        ),
        (
            {"type": "photo", "media": "file-999"},
            refused(OWN, "not offered here: files by URL, or by an identifier that is not known"),
        ),
    ],
)
async def test_a_change_of_media_that_telegram_refuses(playground: RunningPlayground, media: Any, words: str) -> None:
    message = await playground.send()
    params = {"chat_id": CHAT, "message_id": message["message_id"], "media": media}
    assert await playground.refusal("editMessageMedia", **params) == words


async def test_what_holds_no_file_has_no_caption_and_a_poll_takes_none(playground: RunningPlayground) -> None:
    options = [{"text": "Posterior"}, {"text": "Anterior"}]
    poll = await playground.call("sendPoll", chat_id=CHAT, question="Which way?", options=options)
    text = await playground.send()
    form = aiohttp.FormData({"chat_id": str(CHAT), "message_id": str(poll["message_id"])})
    form.add_field("media", '{"type": "photo", "media": "attach://spine"}')
    form.add_field("spine", JPEG, filename="spine.jpg")
    async with playground.session.post(f"{playground.bot_url}/editMessageMedia", data=form) as response:
        assert (await response.json())["description"] == refused(MESSAGES, "message media can't be edited")
    told = await playground.refusal("editMessageCaption", chat_id=CHAT, message_id=text["message_id"], caption="x")
    assert told == refused(MESSAGES, "there is no caption in the message to edit")
    gone = {"chat_id": CHAT, "message_id": 9_999_999, "caption": "x"}
    assert await playground.refusal("editMessageCaption", **gone) == refused(CLIENT, "message to edit not found")
