"""What the inbox keeps of an update: ids, codes and bare commands, in Telegram's own JSON; and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from telegram import Update

from bot.service.ports import InboxUpdate
from bot.service.replies import NoteInput
from bot.telegram.updates.inbox import KINDS, Unreadable, from_inbox, to_inbox
from bot.telegram.updates.origin import acts_as_another, bears_tapped_button, chat_id_of, place_of_update, user_id_of
from bot.telegram.updates.redaction import MOST_DATA, REDACTED, question_fingerprint

ANA: dict[str, Any] = {"id": 1001, "is_bot": False, "first_name": "Ana"}
MASK: dict[str, Any] = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
GROUP: dict[str, Any] = {"id": -100, "type": "supergroup", "title": "Spine board"}
PRIVATE: dict[str, Any] = {"id": 1001, "type": "private"}


def message(text: str = "/case", chat: dict[str, Any] = GROUP, **more: Any) -> dict[str, Any]:
    """An update with a message."""
    return {"update_id": 1, "message": {"message_id": 5, "from": ANA, "chat": chat, "text": text, **more}}


def read(update: dict[str, Any], username: str = "SpineBot") -> Update | None:
    """Read an update as it is read back from the inbox."""
    inbox_update = to_inbox(update, username)
    return from_inbox(inbox_update) if inbox_update else None


def command(text: str, chat: dict[str, Any] = GROUP) -> tuple[str, str] | None:
    """Tell which command with which argument is read in a text."""
    update = read(message(text, chat))
    if update is None or update.message is None:
        return None
    name, _, payload = (update.message.text or "").removeprefix("/").partition(" ")
    return name, payload


def test_of_what_a_page_sends_the_data_of_its_tap_is_kept_and_in_a_group_nothing() -> None:
    sent = {"data": "1f.3.dw.levels.p200080------" + "x" * 100, "button_text": "Ana’s words"}
    update = read({"update_id": 1, "message": {"message_id": 5, "from": ANA, "chat": PRIVATE, "web_app_data": sent}})
    assert update
    assert update.message
    assert update.message.web_app_data
    assert update.message.web_app_data.data.startswith("1f.3.dw.levels.p200080------x")
    assert len(update.message.web_app_data.data) == MOST_DATA
    assert "Ana" not in update.to_json()
    assert read(message("/case", web_app_data=sent)) is None


POLL: dict[str, Any] = {"id": "9", "question": "🟦 Heron: which way?", "total_voter_count": 1, "is_closed": False}


def test_of_a_poll_its_first_vote_is_read_with_a_mark_of_its_question_and_nothing_else() -> None:
    update = read({"update_id": 1, "poll": POLL})
    assert update
    assert update.poll
    assert (update.poll.id, update.poll.question) == ("9", question_fingerprint("🟦 Heron: which way?"))
    assert "Heron" not in update.to_json()
    assert question_fingerprint("🟦 Heron: which way?") != question_fingerprint("🟥 Otter: which way?")
    for later in ({"total_voter_count": 0}, {"total_voter_count": 2}, {"is_closed": True}):
        assert read({"update_id": 1, "poll": POLL | later}) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/case", ("case", "")),
        ("/CASE@spinebot", ("case", "")),
        ("/cases@SpineBot", ("cases", "")),
        ("/minutes@SpineBot names 2026-11-01", ("minutes", "2026-11-01 names")),
        ("/minutes Mrs Smith", ("minutes", "?")),
        ("/case@other_bot", None),
        ("/case T8 fit for surgery", (REDACTED, "")),
        ("/start@SpineBot case", ("start", "case")),
        ("/start 1f-1800000000-0a0a0a0a0a0a0a0a0a0a0a0a", ("start", "1f-1800000000-0a0a0a0a0a0a0a0a0a0a0a0a")),
        ("/start two words", ("start", "")),
        ("/case 1f", (REDACTED, "")),
        ("/weather", ("unknown", "")),
        ("@SpineBot case", ("case", "")),
        ("@spinebot /cases ", ("cases", "")),
        ("@SpineBot", None),
        ("@SpineBot weather", None),
        ("@SpineBot case of Mr Smith", None),
        ("@other_bot case", None),
        ("Mr Smith of ward 7", None),
        ("look at /case", None),
        ("", None),
    ],
)
def test_in_a_group_a_command_that_is_for_this_bot_is_read_and_nothing_else(
    text: str, told: tuple[str, str] | None
) -> None:
    assert command(text) == told


@pytest.mark.parametrize("text", ["Mr Smith of ward 7", "@SpineBot case", "/new@other_bot"])
def test_in_private_a_text_is_known_to_have_come_and_no_word_of_it(text: str) -> None:
    assert command(text, PRIVATE) == (REDACTED, "")


def test_until_the_bot_knows_its_own_name_a_command_for_any_bot_is_read() -> None:
    assert read(message("/case@other_bot"), "") is not None
    assert read(message("@other_bot case"), "") is None


def test_the_inbox_keeps_of_a_command_in_a_group_numbers_and_the_bare_command_alone() -> None:
    inbox_update = to_inbox(message("/cases Mr Smith", caption="Jones", entities=[{"type": "bold"}]), "SpineBot")
    assert inbox_update
    assert inbox_update.chat == "-100"
    assert json.loads(inbox_update.payload) == {
        "update_id": 1,
        "message": {
            "message_id": 5,
            "date": 1,
            "chat": {"id": -100, "type": "supergroup"},
            "from": {"id": 1001, "is_bot": False, "first_name": ""},
            "text": "/cases",
            "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
        },
    }


def test_a_topic_of_a_forum_is_a_place_of_its_own_and_a_thread_of_replies_is_none() -> None:
    topic = read(message(message_thread_id=7, is_topic_message=True))
    thread = read(message(message_thread_id=7))
    assert topic
    assert thread
    assert (place_of_update(topic), place_of_update(thread)) == ("-100/7", "-100")


@pytest.mark.parametrize(
    "as_whom",
    [
        {"from": MASK, "sender_chat": GROUP},
        {"from": {"id": 136817688, "is_bot": True}, "sender_chat": {"id": -5, "type": "channel"}},
        {"from": {"id": 777000, "is_bot": False}, "sender_chat": {"id": -5, "type": "channel"}},
        {"from": {"id": 77, "is_bot": True}},
    ],
    ids=["anonymous administrator", "channel", "linked channel", "another bot"],
)
def test_who_writes_as_somebody_else_is_masked(as_whom: dict[str, Any]) -> None:
    update = read(message(**as_whom))
    plain = read(message())
    assert update
    assert plain
    assert (acts_as_another(update), acts_as_another(plain)) == (True, False)


def test_a_post_in_a_channel_is_not_listened_to() -> None:
    assert read({"update_id": 1, "channel_post": {"message_id": 5, "chat": {"id": -5, "type": "channel"}}}) is None
    nobody = message()
    del nobody["message"]["from"]
    assert read(nobody) is None


def tapped(**more: Any) -> dict[str, Any]:
    """An update with a tap in a group."""
    shown = {"message_id": 17, "chat": GROUP, **more}
    return {"update_id": 1, "callback_query": {"id": "q", "from": ANA, "message": shown, "data": "1f.3.di"}}


def test_a_tap_in_a_group_bears_its_message_its_topic_and_who_tapped() -> None:
    update = read(tapped(message_thread_id=7, is_topic_message=True))
    assert update
    query = update.callback_query
    assert query
    assert query.message
    assert (query.id, query.data, query.message.message_id) == ("q", "1f.3.di", 17)
    assert (user_id_of(update), place_of_update(update)) == (1001, "-100/7")


def test_of_the_buttons_of_a_message_the_one_that_was_tapped_is_kept() -> None:
    rows = [[{"text": "Mr Smith", "callback_data": data}] for data in ("1f.3.di", "1f.3.ok")]
    shown, forged = (
        read(tapped(reply_markup={"inline_keyboard": kept})) for kept in (rows, [[{"text": "T8", "url": "https://x"}]])
    )
    assert shown
    assert forged
    assert (bears_tapped_button(shown), bears_tapped_button(forged)) == (True, False)
    assert "Smith" not in shown.to_json()
    assert "1f.3.ok" not in shown.to_json()


def test_of_the_message_of_a_tap_in_private_no_button_is_kept() -> None:
    rows = [[{"text": "T8", "callback_data": "1f.3.di"}]]
    update = read(tapped(chat=PRIVATE, reply_markup={"inline_keyboard": rows}))
    topic = read(tapped(chat=PRIVATE, is_topic_message=True, message_thread_id=7))
    assert update
    assert topic
    assert not bears_tapped_button(update)
    assert "reply_markup" not in update.to_json()
    assert (place_of_update(update), place_of_update(topic)) == ("1001", "1001/7")


def test_a_tap_on_a_message_that_telegram_no_longer_knows_is_still_answered() -> None:
    update = read({"update_id": 1, "callback_query": {"id": "q", "from": ANA, "data": "1f.3.di"}})
    assert update
    assert update.callback_query
    assert (update.callback_query.id, update.callback_query.message, chat_id_of(update)) == ("q", None, 1001)


@pytest.mark.parametrize("options", [[2], [], [0, 3]])
def test_a_vote_bears_its_poll_and_the_numbers_of_its_answers(options: list[int]) -> None:
    update = read({"update_id": 1, "poll_answer": {"poll_id": "9", "user": ANA, "option_ids": options}})
    assert update
    assert update.poll_answer
    assert (user_id_of(update), update.poll_answer.poll_id) == (1001, "9")
    assert list(update.poll_answer.option_ids) == options


def test_who_votes_as_a_channel_is_nobody() -> None:
    assert read({"update_id": 1, "poll_answer": {"poll_id": "9", "voter_chat": GROUP, "option_ids": [1]}}) is None


@pytest.mark.parametrize(
    ("before", "after", "now"),
    [
        ("left", "member", "member"),
        ("kicked", "administrator", "member"),
        ("member", "left", "left"),
        ("administrator", "kicked", "left"),
        ("member", "administrator", None),
        ("left", "kicked", None),
    ],
)
def test_that_the_bot_came_to_a_group_or_had_to_leave_is_read(before: str, after: str, now: str | None) -> None:
    change = {"chat": GROUP, "from": ANA, "old_chat_member": {"status": before}, "new_chat_member": {"status": after}}
    update = read({"update_id": 1, "my_chat_member": change})
    change_kept = update.my_chat_member if update else None
    assert (change_kept.new_chat_member.status if change_kept else None) == now


def test_that_somebody_stopped_the_bot_in_private_is_nobody_s_business() -> None:
    change = {"chat": PRIVATE, "from": ANA, "old_chat_member": {"status": "member"}}
    assert read({"update_id": 1, "my_chat_member": {**change, "new_chat_member": {"status": "kicked"}}}) is None


def test_a_group_that_becomes_another_tells_the_number_of_the_new_one() -> None:
    update = message("", {"id": -100, "type": "group"}, migrate_to_chat_id=-1007)
    parsed_update = read(update)
    assert parsed_update
    assert parsed_update.message
    assert (chat_id_of(parsed_update), parsed_update.message.migrate_to_chat_id) == (-100, -1007)


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 1, "poll_answer": {"poll_id": "p", "user": ANA, "option_ids": ["one"]}},
        {"update_id": 1, "poll_answer": {"user": ANA, "option_ids": [1]}},
        {"update_id": 1, "my_chat_member": {"chat": GROUP, "from": ANA}},
        {"update_id": 1, "my_chat_member": None},
        message("", migrate_to_chat_id="elsewhere"),
        message(is_topic_message=True),
        tapped(is_topic_message=True, message_thread_id=None),
    ],
)
def test_a_misshapen_update_is_told_by_its_number(update: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match="update 1 cannot be read"):
        to_inbox(update, "SpineBot")


@pytest.mark.parametrize("chat", [GROUP, PRIVATE])
def test_what_the_bot_offered_inline_and_somebody_sent_is_no_note_and_no_command(chat: dict[str, Any]) -> None:
    for text in ("T8 · 1 level\nPosterior MIS", "/case"):
        assert read(message(text, chat, via_bot={"id": 7, "is_bot": True, "username": "spinebot"})) is None


def test_what_another_bot_offered_inline_is_read_as_if_it_were_typed() -> None:
    other = {"id": 8, "is_bot": True, "username": "gif"}
    assert read(message("T8 fit", PRIVATE, via_bot=other)) == read(message("T8 fit", PRIVATE))


# Notes, and what is no note.


CODES = NoteInput({"levels": ("T8",)}, note="1")


def heard(update: dict[str, Any]) -> list[str]:
    """Give the texts of which the ear was asked what it hears, with the letter for it."""
    texts: list[str] = []

    def hear(_: int, message: dict[str, Any]) -> NoteInput:
        texts.append(message["text"])
        return CODES

    inbox_update = to_inbox(update, "SpineBot", hear)
    if inbox_update is None:
        return [*texts, "no letter"]
    return [*texts, "codes" if inbox_update.note else ""]


@pytest.mark.parametrize(
    ("text", "chat", "told"),
    [
        ("T8 fit", PRIVATE, ["T8 fit", "codes"]),
        ("/new T8 fit", PRIVATE, [" " * 4 + " T8 fit", "codes"]),
        ("/case@SpineBot T8", PRIVATE, [" " * 14 + " T8", "codes"]),
        ("/new", PRIVATE, [""]),
        ("/help T8 fit", PRIVATE, [""]),
        ("/case T8 fit", GROUP, [" " * 5 + " T8 fit", "codes"]),
        ("/case@SpineBot T8 fit", GROUP, [" " * 14 + " T8 fit", "codes"]),
        ("/case@other_bot T8 fit", GROUP, ["no letter"]),
        ("/case", GROUP, [""]),
        ("/cases T8 fit", GROUP, [""]),
        ("/start T8", GROUP, [""]),
        ("T8 fit", GROUP, ["no letter"]),
    ],
)
def test_a_note_is_heard_without_the_command_before_it(text: str, chat: dict[str, Any], told: list[str]) -> None:
    assert heard(message(text, chat)) == told


def edited(text: str, chat: dict[str, Any]) -> dict[str, Any]:
    """An update with a message that somebody changed."""
    return {"update_id": 1, "edited_message": message(text, chat)["message"]}


@pytest.mark.parametrize(
    ("text", "chat", "told"),
    [
        ("T8 fit", PRIVATE, ["T8 fit", "codes"]),
        ("/new T8 fit", PRIVATE, [" " * 4 + " T8 fit", "codes"]),
        ("/help T8 fit", PRIVATE, ["", "codes"]),
        ("/case T8 fit", GROUP, [" " * 5 + " T8 fit", "codes"]),
        ("/case", GROUP, ["     ", "codes"]),
        ("/cases", GROUP, ["no letter"]),
        ("T8 fit", GROUP, ["no letter"]),
    ],
)
def test_what_is_changed_is_heard_where_it_may_be_a_note(text: str, chat: dict[str, Any], told: list[str]) -> None:
    assert heard(edited(text, chat)) == told
    assert "edited_message" in KINDS


def test_of_a_line_in_a_group_the_inbox_holds_what_was_read_as_codes_and_no_word() -> None:
    inbox_update = to_inbox(message("/case Mr Smith T8"), "SpineBot", lambda *_: CODES)
    assert inbox_update
    assert json.loads(inbox_update.payload)["message"]["text"] == REDACTED
    assert inbox_update.note == CODES


# Nothing personal.


NAMED = "Smith"
WORDS: dict[str, Any] = {"first_name": NAMED, "last_name": NAMED, "username": NAMED, "language_code": NAMED}
PERSON = {"id": 1001, "is_bot": False, **WORDS}
ROOM = {"id": -100, "type": "supergroup", "title": NAMED, "username": NAMED}
SAID: dict[str, Any] = {
    "message_id": 5,
    "message_thread_id": 7,
    "is_topic_message": True,
    "date": 1_800_000_000,
    "from": PERSON,
    "chat": ROOM,
    "author_signature": NAMED,
    "text": f"/case {NAMED}",
    "caption": NAMED,
    "contact": {"phone_number": NAMED, "first_name": NAMED},
    "entities": [{"type": "text_mention", "offset": 0, "length": 5, "user": PERSON}],
    "reply_to_message": {"message_id": 4, "date": 1, "chat": ROOM, "text": NAMED},
    "forward_origin": {"type": "user", "date": 1, "sender_user": PERSON},
    "reply_markup": {"inline_keyboard": [[{"text": NAMED, "callback_data": "1f.3.di"}]]},
    "something_new": {"words": [NAMED]},
}
MEMBER = {"user": PERSON, "status": "member", "custom_title": NAMED}
EVERYTHING: list[dict[str, Any]] = [
    {"message": SAID},
    {"message": SAID | {"chat": {"id": 1001, "type": "private", **WORDS}}},
    {"message": SAID | {"sender_chat": ROOM}},
    {"message": SAID | {"text": f"/{NAMED} {NAMED}", "chat": {"id": 1001, "type": "private"}}},
    {"message": SAID | {"text": f"/start {NAMED}"}},
    {"message": SAID | {"migrate_to_chat_id": -1007}},
    {"message": SAID | {"migrate_from_chat_id": -99}},
    {"edited_message": SAID | {"edit_date": 1_800_000_001}},
    {"callback_query": {"id": "q", "from": PERSON, "message": SAID, "chat_instance": NAMED, "data": "1f.3.di"}},
    {"poll_answer": {"poll_id": "9", "user": PERSON, "option_ids": [1], "option_persistent_ids": [NAMED]}},
    {"poll": POLL | {"options": [{"text": NAMED, "voter_count": 1}], "explanation": NAMED, "question": NAMED}},
    {
        "my_chat_member": {
            "chat": ROOM,
            "from": PERSON,
            "date": 1,
            "invite_link": {"invite_link": NAMED, "name": NAMED},
        }
        | {"old_chat_member": MEMBER | {"status": "left"}, "new_chat_member": MEMBER}
    },
]


@pytest.mark.parametrize(
    "update", EVERYTHING, ids=[f"{number} {next(iter(each))}" for number, each in enumerate(EVERYTHING)]
)
def test_whatever_an_update_bears_no_word_of_it_is_kept_and_the_library_reads_it_back(update: dict[str, Any]) -> None:
    inbox_update = to_inbox({"update_id": 1, **update, "something_new": NAMED}, "SpineBot", lambda *_: CODES)
    assert inbox_update
    assert NAMED.lower() not in inbox_update.payload.lower()
    kept = from_inbox(inbox_update)
    assert not kept.api_kwargs, "the library knows each field"
    assert kept.to_dict().keys() == {"update_id", *update}


def test_a_row_of_a_former_shape_cannot_be_read_and_is_told_by_its_number() -> None:
    former = InboxUpdate(8, "-100", '[1001,-100,false,"",null,"case","","",0,false,false]')
    with pytest.raises(Unreadable, match="update 8 cannot be read"):
        from_inbox(former)
