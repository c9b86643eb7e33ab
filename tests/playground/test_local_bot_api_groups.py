"""Groups in the local Bot API: what a bot hears in them, who stands as the sender, topics, and who is let in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiogram.types
import pytest
import telegram
from local_bot_api import CHAT, TAP, TOKEN, RunningPlayground, refused, running_playground

from bot.playground.chats.models import (
    DR_LINDQVIST,
    DR_OKAFOR,
    DR_REYES,
    SPINE_BOARD,
    START,
    TUMOUR_CONFERENCE,
    Chat,
    ChatMember,
)

BOARD = SPINE_BOARD.id
FORUM = TUMOUR_CONFERENCE.id
BASIC = -77
CLIENT, RIGHTS = "telegram-bot-api/Client.cpp", "td/telegram/DialogManager.cpp"
REYES, OKAFOR, LINDQVIST = DR_REYES.id, DR_OKAFOR.id, DR_LINDQVIST.id
NIGHT = Chat(BASIC, (ChatMember(DR_REYES, "creator"), ChatMember(DR_OKAFOR)), "group", "Night shift")
OPEN = Chat(-1001000000009, (ChatMember(DR_REYES, "creator"),), "supergroup", "Open rounds", username="open_rounds")


@pytest.fixture
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground(rooms=(*START, NIGHT, OPEN)) as playground:
        yield playground


async def heard(playground: RunningPlayground) -> list[dict[str, Any]]:
    """Give the messages that wait for the bot, and confirm them."""
    updates = await playground.updates()
    if updates:
        await playground.updates(offset=updates[-1]["update_id"] + 1)
    return [update["message"] for update in updates if "message" in update]


async def kinds(playground: RunningPlayground) -> list[str]:
    updates = await playground.updates()
    if updates:
        await playground.updates(offset=updates[-1]["update_id"] + 1)
    return [next(kind for kind in update if kind != "update_id") for update in updates]


async def test_it_opens_with_three_clinicians_a_board_and_a_conference(playground: RunningPlayground) -> None:
    titles = {who: [chat["title"] for chat in (await playground.state(who))["chats"]] for who in (REYES, LINDQVIST)}
    groups = ["Spine board", "Tumour conference"]
    assert titles == {
        REYES: ["spinemets", *groups, "Night shift", "Open rounds"],
        LINDQVIST: ["spinemets", *groups, "Open rounds"],
    }
    names = [person["first_name"] for person in (await playground.state())["people"]]
    assert names == ["Dr. Reyes", "Dr. Okafor", "Dr. Lindqvist"]


async def test_privacy_mode_gives_the_bot_commands_replies_to_it_and_nothing_else(
    playground: RunningPlayground,
) -> None:
    card = await playground.call("sendMessage", chat_id=BOARD, text="a card")
    theirs = await playground.say("what do you think?", BOARD, person_id=OKAFOR)
    for unheard in ("/new@another_bot", "see /new", "@spinemets_bot hello"):
        await playground.say(unheard, BOARD)
    await playground.say("agreed", BOARD, reply_to=theirs)
    assert await heard(playground) == []
    await playground.say("/new@SpineMets_bot T8", BOARD, person_id=LINDQVIST)
    await playground.say("/new", BOARD)
    await playground.say("why?", BOARD, reply_to=card["message_id"])
    messages = await heard(playground)
    assert [message["text"] for message in messages] == ["/new@SpineMets_bot T8", "/new", "why?"]
    assert messages[0]["from"]["first_name"] == "Dr. Lindqvist"
    assert messages[0]["chat"] == {"id": BOARD, "type": "supergroup", "title": "Spine board"}
    assert messages[2]["reply_to_message"]["message_id"] == card["message_id"]


async def test_an_administrator_bot_is_given_every_message(playground: RunningPlayground) -> None:
    playground.world.admin.set_bot(BOARD, "administrator")
    await playground.say("what do you think?", BOARD)
    assert [message.get("text") for message in await heard(playground)] == ["what do you think?"]


async def test_an_anonymous_administrator_writes_as_the_group_and_taps_as_a_person(
    playground: RunningPlayground,
) -> None:
    playground.world.admin.make_anonymous(BOARD, OKAFOR)
    await playground.say("/new", BOARD, person_id=OKAFOR)
    (message,) = await heard(playground)
    assert (message["from"]["username"], message["sender_chat"]["id"]) == ("GroupAnonymousBot", BOARD)
    card = await playground.call("sendMessage", chat_id=BOARD, text="a card", reply_markup=TAP)
    await playground.tap(card["message_id"], chat_id=BOARD, person_id=OKAFOR)
    (update,) = await playground.updates()
    assert update["callback_query"]["from"]["first_name"] == "Dr. Okafor"
    assert update["callback_query"]["message"] == card


async def test_a_channel_writes_under_its_own_name(playground: RunningPlayground) -> None:
    await playground.say("/new", BOARD, channel="Hospital news")
    (message,) = await heard(playground)
    assert (message["from"]["username"], message["sender_chat"]["type"]) == ("Channel_Bot", "channel")


async def test_onlookers_tap_in_a_public_group_and_in_no_other(playground: RunningPlayground) -> None:
    card = await playground.call("sendMessage", chat_id=OPEN.id, text="a card", reply_markup=TAP)
    await playground.tap(card["message_id"], chat_id=OPEN.id, person_id=LINDQVIST)
    (update,) = await playground.updates()
    assert update["callback_query"]["from"]["id"] == LINDQVIST
    status, _ = await playground.page(
        "tap", chat_id=BASIC, message_id=1, data="x", person_id=LINDQVIST
    )  # fmt: skip - one line is too long
    assert status == 404


async def test_a_topic_is_a_place_of_its_own(playground: RunningPlayground) -> None:
    first, second = playground.world.chats.get(FORUM).topics
    card = await playground.call("sendMessage", chat_id=FORUM, message_thread_id=first.id, text="a card")
    assert (card["message_thread_id"], card["is_topic_message"], card["chat"]["is_forum"]) == (first.id, True, True)
    await playground.say("/new", FORUM, thread=second.id)
    await playground.say("/new", FORUM)
    await playground.say("/why", FORUM, reply_to=card["message_id"])
    there, general, reply = await heard(playground)
    assert there["message_thread_id"] == second.id
    assert "forum_topic_created" in there["reply_to_message"]
    assert "message_thread_id" not in general
    assert (reply["message_thread_id"], reply["is_topic_message"]) == (first.id, True)
    missing = refused(CLIENT, "message thread not found")
    assert await playground.refusal("sendMessage", chat_id=FORUM, message_thread_id=9999, text="x") == missing
    assert await playground.refusal("sendMessage", chat_id=FORUM, message_thread_id=1, text="x") == missing
    passed_over = await playground.call("sendMessage", chat_id=BOARD, message_thread_id=first.id, text="x")
    assert "message_thread_id" not in passed_over, "Telegram passes over it where there are no topics"


async def test_a_reply_in_a_supergroup_has_a_thread_and_is_in_no_topic(playground: RunningPlayground) -> None:
    said = await playground.say("/new", BOARD)
    card = await playground.call("sendMessage", chat_id=BOARD, text="x", reply_parameters={"message_id": said})
    assert (card["message_thread_id"], card.get("is_topic_message")) == (said, None)


async def test_a_new_topic_is_told(playground: RunningPlayground) -> None:
    topic = playground.world.admin.open_topic(FORUM, "Case 12", OKAFOR)
    (message,) = await heard(playground)
    assert (message["message_id"], message["forum_topic_created"]["name"]) == (topic, "Case 12")
    assert await playground.call("sendMessage", chat_id=FORUM, message_thread_id=topic, text="a card")


async def test_people_come_and_go_and_the_group_says_so(playground: RunningPlayground) -> None:
    stage = playground.world.admin
    stage.leave(BOARD, LINDQVIST)
    stage.join(BOARD, LINDQVIST)
    stage.kick(BOARD, LINDQVIST)
    left, joined, kicked = await heard(playground)
    assert left["left_chat_member"]["id"] == left["from"]["id"] == LINDQVIST
    assert [user["id"] for user in joined["new_chat_members"]] == [LINDQVIST]
    assert (kicked["from"]["id"], kicked["left_chat_member"]["id"]) == (REYES, LINDQVIST)
    assert (await playground.page("send", chat_id=BOARD, text="x", person_id=LINDQVIST))[0] == 404
    assert BOARD not in [chat["id"] for chat in (await playground.state(LINDQVIST))["chats"]]


async def test_members_are_told_of_only_to_an_administrator_that_asks(playground: RunningPlayground) -> None:
    stage = playground.world.admin
    stage.promote(BOARD, LINDQVIST)
    stage.set_bot(BOARD, "administrator")
    stage.promote(BOARD, LINDQVIST, "member")
    assert await kinds(playground) == ["my_chat_member"]
    await playground.updates(allowed_updates=["chat_member"])
    stage.promote(BOARD, LINDQVIST)
    (update,) = await playground.updates()
    assert update["chat_member"]["old_chat_member"]["status"] == "member"
    assert update["chat_member"]["new_chat_member"]["status"] == "administrator"


async def test_the_bot_is_removed_refused_and_added_again(playground: RunningPlayground) -> None:
    stage = playground.world.admin
    stage.set_bot(BOARD, "kicked")
    (update,) = await playground.updates()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    for method in ("sendMessage", "getChat", "pinChatMessage"):
        status, answer = await playground.failure(method, chat_id=BOARD, text="x", message_id=1)
        assert (status, answer["description"]) == (403, "Forbidden: bot was kicked from the supergroup chat")
    await playground.say("/new", BOARD)
    assert await kinds(playground) == ["my_chat_member"]
    stage.set_bot(BOARD, "member", OKAFOR)
    mine, joined = await playground.updates()
    assert mine["my_chat_member"]["from"]["id"] == OKAFOR
    assert joined["message"]["new_chat_members"][0]["username"] == "spinemets_bot"


async def test_a_blocked_bot_and_one_that_was_never_started_cannot_write(playground: RunningPlayground) -> None:
    playground.world.admin.block(CHAT)
    status, answer = await playground.failure("sendMessage", chat_id=CHAT, text="x")
    assert (status, answer["description"]) == (403, "Forbidden: bot was blocked by the user")
    assert (await playground.page("send", chat_id=CHAT, text="x"))[0] == 409
    assert (await playground.call("getChat", chat_id=CHAT))["first_name"] == "Dr. Reyes"
    playground.world.admin.block(CHAT, on=False)
    assert await kinds(playground) == ["my_chat_member", "my_chat_member"]
    assert await playground.send()
    status, answer = await playground.failure("sendMessage", chat_id=OKAFOR, text="x")
    assert answer["description"] == "Forbidden: bot can't initiate conversation with a user"
    await playground.say("/start", OKAFOR)
    assert await playground.call("sendMessage", chat_id=OKAFOR, text="x")


async def test_a_group_that_becomes_a_supergroup_has_a_new_id(playground: RunningPlayground) -> None:
    new_id = playground.world.admin.migrate(BASIC)
    left, begun = await heard(playground)
    assert (left["chat"]["id"], left["migrate_to_chat_id"]) == (BASIC, new_id)
    assert (begun["chat"]["id"], begun["migrate_from_chat_id"]) == (new_id, BASIC)
    status, answer = await playground.failure("sendMessage", chat_id=BASIC, text="x")
    assert (status, answer["parameters"]) == (400, {"migrate_to_chat_id": new_id})
    assert answer["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert (await playground.call("getChat", chat_id=BASIC))["title"] == "Night shift"
    status, answer = await playground.failure("getChatMember", chat_id=BASIC, user_id=REYES)
    assert (status, answer["parameters"]) == (400, {"migrate_to_chat_id": new_id})
    assert (await playground.call("sendMessage", chat_id=new_id, text="x"))["chat"]["type"] == "supergroup"
    assert (await playground.page("send", chat_id=BASIC, text="x"))[0] == 409
    async with telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot:
        with pytest.raises(telegram.error.ChatMigrated) as moved:
            await bot.send_message(BASIC, "x")
    assert moved.value.new_chat_id == new_id


async def test_a_pin_is_shown_and_told(playground: RunningPlayground) -> None:
    playground.world.admin.set_bot(BOARD, "administrator")
    await playground.updates(offset=-1)
    card = await playground.call("sendMessage", chat_id=BOARD, text="a card")
    place = {"chat_id": BOARD, "message_id": card["message_id"]}
    assert await playground.call("pinChatMessage", disable_notification=True, **place)
    (service,) = await heard(playground)
    assert service["pinned_message"] == card
    chat = await playground.call("getChat", chat_id=BOARD)
    assert chat["pinned_message"] == card
    aiogram.types.ChatFullInfo.model_validate(chat)
    assert await playground.call("unpinChatMessage", **place)
    assert await playground.refusal("unpinChatMessage", chat_id=BOARD) == "Bad Request: message to unpin not found"
    assert await playground.refusal("pinChatMessage", chat_id=BOARD, message_id=999) == (
        "Bad Request: message to pin not found"
    )
    await playground.call("pinChatMessage", **place)
    assert await playground.call("unpinChatMessage", chat_id=BOARD)
    assert "pinned_message" not in await playground.call("getChat", chat_id=BOARD)


@pytest.mark.parametrize(
    "room",
    [SPINE_BOARD, NIGHT, replace(SPINE_BOARD, bot="administrator", bot_pins=False)],
    ids=["a member of a supergroup", "a member of a basic group", "an administrator without the right"],
)
@pytest.mark.parametrize("method", ["pinChatMessage", "unpinChatMessage"])
async def test_a_bot_that_may_not_pin_pins_nothing(room: Chat, method: str) -> None:
    async with running_playground(rooms=(room,)) as playground:
        card = await playground.call("sendMessage", chat_id=room.id, text="a card")
        words = await playground.refusal(method, chat_id=room.id, message_id=card["message_id"])
        info = await playground.call("getChat", chat_id=room.id)
    assert words == refused(RIGHTS, "not enough rights to manage pinned messages in the chat")
    assert info["permissions"]["can_pin_messages"], "a permission of all members is none of the bot's"


async def test_ptb_reads_who_is_who_in_a_group(playground: RunningPlayground) -> None:
    playground.world.admin.set_bot(BOARD, "administrator")
    async with telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot:
        assert (await bot.get_chat_member(BOARD, OKAFOR)).status == "administrator"
        assert (await bot.get_chat_member(BOARD, LINDQVIST)).status == "member"
        assert (await bot.get_chat_member(OPEN.id, LINDQVIST)).status == "left"
        assert (await bot.get_chat_member(BOARD, bot.id)).status == "administrator"
        with pytest.raises(telegram.error.BadRequest, match="User not found"):
            await bot.get_chat_member(BOARD, 7)
        with pytest.raises(telegram.error.BadRequest, match="Invalid user_id specified"):
            await bot.get_chat_member(BOARD, 0)


async def test_a_bot_that_is_muted_writes_nothing(playground: RunningPlayground) -> None:
    playground.world.admin.set_bot(BOARD, "member", writes=False)
    (update,) = await playground.updates()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "restricted"
    words = await playground.refusal("sendMessage", chat_id=BOARD, text="x")
    assert words == "Bad Request: not enough rights to send text messages to the chat"
    poll = {"question": "x", "options": [{"text": "y"}, {"text": "z"}]}
    words = await playground.refusal("sendPoll", chat_id=BOARD, **poll)
    assert words == "Bad Request: not enough rights to send polls to the chat"


async def test_a_topic_that_is_gone_takes_no_message(playground: RunningPlayground) -> None:
    first, _ = playground.world.chats.get(FORUM).topics
    playground.world.admin.drop_topic(FORUM, first.id)
    words = await playground.refusal("sendMessage", chat_id=FORUM, message_thread_id=first.id, text="x")
    assert words == "Bad Request: message thread not found"


async def test_a_tap_may_be_answered_with_a_link_to_the_bot_and_no_other(playground: RunningPlayground) -> None:
    card = await playground.call("sendMessage", chat_id=BOARD, text="a card", reply_markup=TAP)
    query = await playground.tap(card["message_id"], chat_id=BOARD, person_id=OKAFOR)
    words = await playground.refusal("answerCallbackQuery", callback_query_id=query, url="https://aofoundation.org")
    assert words == "Bad Request: URL_INVALID"
    async with playground.events(OKAFOR) as heard:
        await playground.call("answerCallbackQuery", callback_query_id=query, url="https://t.me/spinemets_bot?start=x")
        assert (await heard.get())[1]["url"] == "https://t.me/spinemets_bot?start=x"


async def test_a_bot_takes_away_what_others_wrote_only_where_it_rules(playground: RunningPlayground) -> None:
    said = await playground.say("hello", BOARD)
    words = await playground.refusal("deleteMessage", chat_id=BOARD, message_id=said)
    assert words == "Bad Request: message can't be deleted"
    playground.world.admin.set_bot(BOARD, "administrator")
    assert await playground.call("deleteMessage", chat_id=BOARD, message_id=said)


async def test_a_forwarded_card_has_no_buttons(playground: RunningPlayground) -> None:
    card = await playground.send("a <b>card</b>", parse_mode="HTML", reply_markup=TAP)
    playground.world.forward(CHAT, card["message_id"], BOARD, REYES)
    playground.world.forward(CHAT, card["message_id"], CHAT, REYES)
    (message,) = await heard(playground)
    assert ("reply_markup" in message, message["text"]) == (False, "a card")
    assert message["forward_origin"]["sender_user"]["username"] == "spinemets_bot"
    again = playground.world.forward(BOARD, message["message_id"] - 1, CHAT, REYES)
    assert (await heard(playground))[-1]["forward_origin"] == message["forward_origin"]
    assert again > message["message_id"]
    secret = await playground.send("no copies", protect_content=True)
    forward = {"chat_id": CHAT, "to_chat_id": BOARD, "person_id": REYES}
    assert (await playground.page("forward", message_id=secret["message_id"], **forward))[0] == 400
    assert (await playground.page("forward", message_id=999, **forward))[0] == 404


async def test_what_was_said_anonymously_is_forwarded_without_a_name(playground: RunningPlayground) -> None:
    playground.world.admin.make_anonymous(BOARD, OKAFOR)
    said = await playground.say("agreed", BOARD, person_id=OKAFOR)
    playground.world.forward(BOARD, said, CHAT, REYES)
    (message,) = await heard(playground)
    assert message["forward_origin"]["sender_chat"]["title"] == "Spine board"


async def test_a_group_bears_twenty_calls_a_minute_edits_counted() -> None:
    async with running_playground(rooms=START, group_limit=20) as playground:
        card = await playground.call("sendMessage", chat_id=BOARD, text="0")
        edit = {"chat_id": BOARD, "message_id": card["message_id"]}
        for number in range(1, 20):
            await playground.call("editMessageText", text=str(number), **edit)
        playground.clock.now += 20
        status, answer = await playground.failure("editMessageText", text="x", **edit)
        assert (status, answer["parameters"]) == (429, {"retry_after": 40})
        assert await playground.call("sendMessage", chat_id=FORUM, text="elsewhere")
        playground.clock.now += 40
        assert await playground.call("editMessageText", text="x", **edit)


async def test_each_page_hears_what_its_person_may_see(playground: RunningPlayground) -> None:
    async with playground.events(LINDQVIST) as hers, playground.events(REYES) as his:
        await playground.send("for Dr. Reyes")
        await playground.call("sendMessage", chat_id=BASIC, text="for the night shift")
        await playground.call("sendMessage", chat_id=BOARD, text="for all")
        assert (await hers.get())[1]["message"]["text"] == "for all"
        assert [(await his.get())[1]["message"]["text"] for _ in range(3)] == [
            "for Dr. Reyes",
            "for the night shift",
            "for all",
        ]


async def test_the_stage_of_the_page_does_what_only_a_playground_can(playground: RunningPlayground) -> None:
    at = {"chat_id": BOARD, "person_id": LINDQVIST}
    for what, more in (
        ("promote", {}),
        ("anonymous", {"on": True}),
        ("kick", {}),
        ("join", {}),
        ("leave", {}),
        ("bot", {"status": "left", "person_id": OKAFOR}),
    ):
        assert await playground.page(f"admin/{what}", **at | more) == (200, {}), what
    status, made = await playground.page("admin/create", title="Second opinion", person_id=OKAFOR)
    assert (status, playground.world.chats.get(made["id"]).type) == (200, "group")
    status, moved = await playground.page("admin/migrate", chat_id=made["id"])
    assert (status, playground.world.chats.get(moved["id"]).type) == (200, "supergroup")
    assert (await playground.page("admin/topic", chat_id=FORUM, name="Case 12"))[0] == 200
    assert (await playground.page("admin/block", person_id=OKAFOR))[0] == 200


@pytest.mark.parametrize(
    ("what", "said", "status"),
    [
        ("explode", {}, 404),
        ("join", {"chat_id": BOARD, "person_id": REYES}, 409),
        ("join", {"chat_id": BOARD, "person_id": 7}, 404),
        ("leave", {"chat_id": BASIC, "person_id": LINDQVIST}, 404),
        ("kick", {"chat_id": CHAT, "person_id": REYES}, 400),
        ("promote", {"chat_id": BOARD, "person_id": REYES}, 400),
        ("anonymous", {"chat_id": BOARD, "person_id": LINDQVIST}, 400),
        ("bot", {"chat_id": BOARD, "status": "king"}, 400),
        ("migrate", {"chat_id": BOARD}, 400),
        ("create", {"title": " ", "person_id": REYES}, 400),
        ("topic", {"chat_id": BOARD, "name": "x"}, 400),
    ],
)
async def test_what_cannot_be_is_refused_on_the_stage(
    playground: RunningPlayground, what: str, said: dict[str, Any], status: int
) -> None:
    assert (await playground.page(f"admin/{what}", **said))[0] == status
    assert await kinds(playground) == []
