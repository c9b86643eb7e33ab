"""The local Bot API speaks to an unchanged bot as Telegram does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiogram.methods
import aiogram.types
import aiohttp
import pytest
import telegram
from conftest import PLANTED_TOKEN, connected
from local_bot_api import CHAT, JPEG, PNG, TAP, TOKEN, RunningPlayground, running_playground
from starlette.responses import JSONResponse, Response

from bot.playground.botapi.methods import METHODS


@pytest.fixture
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground() as playground:
        yield playground


@pytest.fixture
async def ptb(playground: RunningPlayground) -> AsyncIterator[telegram.Bot]:
    async with telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot:
        yield bot


# What PTB does with it


async def test_an_unchanged_bot_finds_itself(ptb: telegram.Bot) -> None:
    assert (ptb.id, ptb.username, ptb.first_name) == (42, "spinemets_bot", "spinemets")


async def test_a_bot_sends_edits_and_deletes(ptb: telegram.Bot, playground: RunningPlayground) -> None:
    keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("T8", callback_data="1f.1.levels.T8")]])
    sent = await ptb.send_message(CHAT, "<b>Case</b> · 1 of 5", parse_mode="HTML", reply_markup=keyboard)
    assert (sent.text, sent.chat.first_name, sent.from_user and sent.from_user.id) == (
        "Case · 1 of 5",
        "Dr. Reyes",
        42,
    )
    assert sent.entities[0].type == "bold"
    assert sent.reply_markup == keyboard

    edited = await ptb.edit_message_text("Case · 2 of 5", CHAT, sent.message_id)
    assert isinstance(edited, telegram.Message)
    assert (edited.text, edited.reply_markup, edited.entities) == ("Case · 2 of 5", None, ())
    assert edited.edit_date

    assert await ptb.edit_message_reply_markup(CHAT, sent.message_id, reply_markup=keyboard)
    assert await ptb.delete_message(CHAT, sent.message_id)
    assert (await playground.state())["chats"][0]["messages"] == []


async def test_a_bot_sends_pictures_and_documents(ptb: telegram.Bot, playground: RunningPlayground) -> None:
    picture = await ptb.send_photo(CHAT, PNG, caption="<i>T8</i>", parse_mode="HTML")
    assert (picture.photo[0].width, picture.photo[0].height, picture.caption) == (320, 200, "T8")
    assert picture.caption_entities[0].type == "italic"
    paper = await ptb.send_document(CHAT, b"%PDF-1.7\r\n--x\r\n", filename="Fälle, 1.pdf")
    assert paper.document
    assert (paper.document.file_name, paper.document.mime_type) == ("Fälle, 1.pdf", "application/pdf")
    again = await ptb.send_photo(CHAT, picture.photo[0].file_id)
    assert again.photo[0].file_size == len(PNG)

    for file_id, kind, content in (
        (again.photo[0].file_id, "image/png", PNG),
        (paper.document.file_id, "application/octet-stream", b"%PDF-1.7\r\n--x\r\n"),
    ):
        async with playground.session.get(f"{playground.url}/play/file/{file_id}") as response:
            assert (response.content_type, await response.read()) == (kind, content)


async def test_a_bot_puts_another_picture_and_other_words_into_a_message(
    ptb: telegram.Bot, playground: RunningPlayground
) -> None:
    keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("T8", callback_data="x")]])
    sent = await ptb.send_photo(CHAT, PNG, caption="T8", reply_markup=keyboard)
    media = telegram.InputMediaPhoto(JPEG, "<b>T9</b>", parse_mode="HTML", filename="spine.jpg")
    edited = await ptb.edit_message_media(media, CHAT, sent.message_id)
    assert isinstance(edited, telegram.Message)
    assert (edited.photo[0].width, edited.caption, edited.reply_markup) == (160, "T9", None)
    assert edited.caption_entities[0].type == "bold"
    assert edited.edit_date
    named = await ptb.edit_message_caption(CHAT, sent.message_id, caption="T10")
    assert isinstance(named, telegram.Message)
    assert (named.photo[0].width, named.caption, named.caption_entities) == (160, "T10", ())
    paper = telegram.InputMediaDocument(b"%PDF-1.7", filename="spine.pdf")
    filed = await ptb.edit_message_media(paper, CHAT, sent.message_id)
    assert isinstance(filed, telegram.Message)
    assert filed.document
    assert (filed.document.file_name, filed.photo, filed.caption) == ("spine.pdf", (), None)
    assert not playground.app.api.ignored_params


async def test_our_own_bot_changes_a_picture() -> None:
    async with running_playground(token=PLANTED_TOKEN) as playground, connected(playground.url) as bot:
        sent = await bot.send_photo(CHAT, PNG, caption="T8")
        await bot.edit_message_media(telegram.InputMediaPhoto(JPEG, "T9", filename="spine.jpg"), CHAT, sent.message_id)
        (message,) = (await playground.state())["chats"][0]["messages"]
    assert (message["photo"][0]["file_size"], message["caption"]) == (len(JPEG), "T9")


async def test_our_own_bot_sends_a_picture_with_its_words() -> None:
    keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("T8", callback_data="x")]])
    async with running_playground(token=PLANTED_TOKEN) as playground, connected(playground.url) as bot:
        sent = await bot.send_photo(CHAT, PNG, caption="T8 & L2", reply_markup=keyboard)
        (message,) = (await playground.state())["chats"][0]["messages"]
    assert (message["message_id"], message["caption"]) == (sent.message_id, "T8 & L2")
    assert message["photo"][0]["file_size"] == len(PNG)


async def test_a_bot_answers_a_tap_with_a_toast(ptb: telegram.Bot, playground: RunningPlayground) -> None:
    query = await playground.tap((await playground.send(reply_markup=TAP))["message_id"])
    async with playground.events() as heard:
        assert await ptb.answer_callback_query(query, "No deficit.", show_alert=True)
        assert await heard.get() == (
            "answered",
            {"callback_query_id": query, "text": "No deficit.", "show_alert": True, "person_id": CHAT},
        )


async def test_a_bot_sets_the_menu(ptb: telegram.Bot, playground: RunningPlayground) -> None:
    private = telegram.BotCommandScopeAllPrivateChats()
    await ptb.set_my_commands([("new", "A new case")])
    await ptb.set_my_commands([("new", "A new case"), ("help", "What I do")], scope=private)
    assert [each.command for each in await ptb.get_my_commands()] == ["new"]
    assert [each["command"] for each in (await playground.state())["commands"]] == ["new", "help"]


async def test_small_questions_have_answers(ptb: telegram.Bot, playground: RunningPlayground) -> None:
    assert (await ptb.get_chat(CHAT)).first_name == "Dr. Reyes"
    assert (await ptb.get_webhook_info()).url == ""
    assert await ptb.delete_webhook(drop_pending_updates=True)
    aiogram.types.ChatFullInfo.model_validate(await playground.call("getChat", chat_id=CHAT))
    aiogram.types.WebhookInfo.model_validate(await playground.call("getWebhookInfo"))
    aiogram.types.User.model_validate(await playground.call("getMe"))


async def test_a_bot_polls(ptb: telegram.Bot, playground: RunningPlayground) -> None:
    message_id = await playground.say("/start demo")
    (update,) = await ptb.get_updates(timeout=5)
    assert update.message
    assert (update.message.message_id, update.message.text) == (message_id, "/start demo")
    assert update.message.parse_entities() == {update.message.entities[0]: "/start"}
    assert await ptb.get_updates(offset=update.update_id + 1) == ()


async def test_what_the_server_says_reads_as_the_bot_api_with_aiogram_too(playground: RunningPlayground) -> None:
    first = await playground.send("a <b>card</b>", parse_mode="HTML", reply_markup=TAP, protect_content=True)
    second = await playground.send("and its reply", reply_parameters={"message_id": first["message_id"]})
    for message in (first, second):
        assert aiogram.types.Message.model_validate(message).text
    assert second["reply_to_message"]["message_id"] == first["message_id"]


# The ways in


@pytest.mark.parametrize("way", ["json", "form", "multipart", "query"])
async def test_parameters_travel_in_every_way_that_telegram_takes(playground: RunningPlayground, way: str) -> None:
    values = {"chat_id": str(CHAT), "text": "T8 · fit & well", "reply_markup": '{"inline_keyboard": []}'}
    form = aiohttp.FormData(values, default_to_multipart=way == "multipart")
    sent: dict[str, dict[str, Any]] = {
        "json": {"json": values},
        "form": {"data": form},
        "multipart": {"data": form},
        "query": {"params": values},
    }
    verb = "GET" if way == "query" else "POST"
    async with playground.session.request(verb, f"{playground.bot_url}/SendMessage", **sent[way]) as response:
        assert (await response.json())["result"]["text"] == "T8 · fit & well"


@pytest.mark.parametrize(
    "sent",
    [
        {"data": b"{", "headers": {"Content-Type": "application/json"}},
        {"data": b"[]", "headers": {"Content-Type": "application/json"}},
        {"data": b'{"text": "\\ud800"}', "headers": {"Content-Type": "application/json"}},
        {"data": b"text=%ff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"data": b"reply_markup=%7B", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"data": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": b"--x\r\n\r\n\xff\r\n--x--", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    ],
)
async def test_a_request_that_cannot_be_read_is_a_bad_request(
    playground: RunningPlayground, sent: dict[str, Any]
) -> None:
    async with playground.session.post(f"{playground.bot_url}/sendMessage", **sent) as response:
        assert response.status == 400
        assert (await response.json())["description"].startswith("Bad Request: can't parse the request")


async def test_a_request_that_is_cut_off_troubles_nobody(
    playground: RunningPlayground, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", playground.port)
    writer.write(f"POST /bot{TOKEN}/sendMessage HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{".encode())
    await writer.drain()
    writer.close()
    assert (await playground.send())["text"] == "a card"
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_request_may_have_twenty_megabytes(playground: RunningPlayground) -> None:
    async with playground.session.post(
        f"{playground.bot_url}/sendMessage", data=BytesIO(bytes(20 * 1024 * 1024 + 1))
    ) as response:
        assert (response.status, (await response.json())["error_code"]) == (413, 413)


@pytest.mark.parametrize("token", ["42", "42:", "42:ab", "x:abc", "42:a b c", "42:ünknown"])
async def test_a_malformed_token_is_unauthorized(playground: RunningPlayground, token: str) -> None:
    async with playground.session.get(f"{playground.url}/bot{token}/getMe") as response:
        assert response.status == 401
        assert await response.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_an_expected_token_lets_no_other_in() -> None:
    async with running_playground(token=TOKEN) as playground:
        assert (await playground.call("getMe"))["id"] == 42
        async with playground.session.get(f"{playground.url}/bot42:another/getMe") as response:
            assert response.status == 401


async def test_an_unknown_method_is_not_found(playground: RunningPlayground) -> None:
    async with playground.session.get(f"{playground.bot_url}/sendDice") as response:
        assert response.status == 404
        assert (await response.json())["description"] == "Not Found: method not found"


# The contract


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_that_is_heeded_is_one_of_the_bot_api(name: str) -> None:
    model = getattr(aiogram.methods, name[0].upper() + name[1:])
    assert METHODS[name].accepts <= set(model.model_fields)


async def test_a_parameter_that_is_not_heeded_is_remembered(playground: RunningPlayground) -> None:
    await playground.send(has_spoiler=True, disable_notification=True)
    assert playground.app.api.ignored_params == {("sendMessage", "has_spoiler"): 1}


async def test_a_parameter_that_is_not_heeded_is_told_the_first_time_by_its_name_alone() -> None:
    told: list[tuple[str, str]] = []
    async with running_playground(unheeded=lambda *each: told.append(each)) as playground:
        options = [{"text": "y"}, {"text": "z"}]
        asked = {"chat_id": CHAT, "question": "x", "options": options, "open_period": 60, "close_date": 7}
        for _ in range(2):
            await playground.call("sendPoll", **asked)
        await playground.call("getUpdates", **{"offset_": 1, "Mrs. Smith, T8": 1})
    assert told == [("sendPoll", "open_period"), ("sendPoll", "close_date"), ("getUpdates", "offset_")]


async def test_every_request_can_be_observed_and_is_one_of_the_bot_api() -> None:
    seen: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    async with running_playground(observe=lambda *each: seen.append(each)) as playground:
        bot = telegram.Bot(TOKEN, base_url=f"{playground.url}/bot")
        async with bot:
            keyboard = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("T8", callback_data="x")]])
            await bot.send_photo(CHAT, PNG, reply_markup=keyboard)
            with pytest.raises(telegram.error.BadRequest):
                await bot.send_message(CHAT, "<x>", parse_mode="HTML")
    assert [(method, answer["ok"]) for method, _, answer in seen] == [
        ("getMe", True),
        ("sendPhoto", True),
        ("sendMessage", False),
    ]
    for method, params, _ in seen:
        getattr(aiogram.methods, method[0].upper() + method[1:]).model_validate(params)


async def test_the_server_can_be_told_to_misbehave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")

    async def flood(moment: str, method: str, _: dict[str, Any]) -> Response | None:
        if (moment, method) != ("after", "sendMessage"):
            return None
        return JSONResponse({"ok": False, "error_code": 429, "parameters": {"retry_after": 3}}, 429)

    async with (
        running_playground(fault_hook=flood) as playground,
        telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot,
    ):
        with pytest.raises(telegram.error.RetryAfter):
            await bot.send_message(CHAT, "delivered, and the answer lost")
        (message,) = (await playground.state())["chats"][0]["messages"]
        assert message["text"] == "delivered, and the answer lost"
