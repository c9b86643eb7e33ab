"""Names in what is sent: as people write them, told apart, never able to disturb a text; and who may do what."""

from __future__ import annotations

import html
from typing import Any

import pytest
from conftest import virtually
from telegram import ChatMember
from telegram.error import NetworkError, TelegramError

from bot.telegram.answers import read_part
from bot.telegram.members import ROLE_SECONDS, ChatMemberCache, Role
from bot.telegram.rendering.names import BOT, LONGEST, SOMEBODY, disambiguate, ids_in, insert_names, insert_names_text
from bot.telegram.request import READ
from flows.cards.card import PERSON, person

ANA, BEN = "1001", "1002"
PLACEHOLDERS = (*PERSON, BOT)


def shown(name: str) -> str:
    """A name as it is read when no other is near, without what isolates it."""
    return disambiguate({ANA: name})[ANA].strip("\u2068\u2069")


@pytest.mark.parametrize(
    "name", ["Ana", "Dr. Ana Müller-Lüdenscheidt", "王小明", "אנה", "<b>Ana</b>", "a & b", "{who}", "🦴"]
)
def test_a_name_is_read_as_it_was_written(name: str) -> None:
    assert shown(name) == name


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("Ana\u200b\u200d\ufeff", "Ana"),
        ("\u202eanA", "anA"),
        ("\u2066Ana\u2069", "Ana"),
        ("Ana\nDecision: Combined", "AnaDecision: Combined"),
        ("Ana\u2028Ben", "AnaBen"),
        ("  Ana \t  B ", "Ana B"),
        (f"Ana{PERSON[0]}1002{PERSON[1]}{BOT}", "Ana1002"),
        ("Z" + "\u0335" * 40, "Z\u0335\u0335"),
        ("A" * 200, "A" * (LONGEST - 1) + "…"),
        ("", SOMEBODY),
        ("\u200f\u200b", SOMEBODY),
        ("\u3164", SOMEBODY),
        ("\u2800\u115f", SOMEBODY),
    ],
)
def test_what_is_unseen_or_turns_or_overpaints_the_text_is_left_out_of_a_name(name: str, read: str) -> None:
    assert shown(name) == read


def test_a_name_from_right_to_left_turns_nothing_beside_it() -> None:
    assert insert_names_text(f"{person(ANA)} (2)", disambiguate({ANA: "אנה"})) == "\u2068אנה\u2069 (2)"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Weber", "Ana Weber"),
        ("Ana", "\u0410na"),
        ("Ana", "ana"),
        ("Ana", "An\u0430\u200b"),
        ("Ana", "Ana\u3164"),
        ("José", "Jose"),
        ("Ian", "lan"),
        ("Bob", "B0b"),
        ("Tom", "\u03a4om"),
        ("Nik", "\u039dik"),
        ("Ana", "Ａｎａ"),
        ("🦴", "💀"),
    ],
)
def test_two_names_that_look_alike_each_get_a_tag_that_is_always_the_same(one: str, other: str) -> None:
    said = disambiguate({ANA: one, BEN: other})
    assert said[ANA] != said[BEN]
    assert all(" #" in name for name in said.values())
    assert disambiguate({BEN: other, "1003": "Cleo", ANA: one}) == {**said, "1003": "\u2068Cleo\u2069"}


def test_names_that_differ_to_the_eye_bear_no_tag() -> None:
    assert not any("#" in name for name in disambiguate({ANA: "Ana", BEN: "Anna", "1003": "Ada"}).values())


def screen(text: str, **more: Any) -> dict[str, Any]:
    """A screen as it is kept."""
    return {"text": text, "parse_mode": "HTML", **more}


def test_a_name_is_escaped_in_html_and_nowhere_else() -> None:
    keyboard = {"inline_keyboard": [[{"text": person(ANA), "copy_text": {"text": f"by {person(ANA)}"}}]]}
    sent = insert_names(screen(f"<b>{person(ANA)}</b>", reply_markup=keyboard), {ANA: "<i>&"}, "SpineBot")
    assert sent["text"] == "<b>\u2068&lt;i&gt;&amp;\u2069</b>"
    [[button]] = sent["reply_markup"]["inline_keyboard"]
    assert button == {"text": "\u2068<i>&\u2069", "copy_text": {"text": "by \u2068<i>&\u2069"}}
    assert html.unescape(sent["text"]) == "<b>\u2068<i>&\u2069</b>"


def test_what_is_no_html_bears_the_name_as_it_is() -> None:
    sent = insert_names(
        {"question": person(ANA), "options": [{"text": person(BEN)}]}, {ANA: "a&b", BEN: "<b>"}, "SpineBot"
    )
    assert sent == {"question": "\u2068a&b\u2069", "options": [{"text": "\u2068<b>\u2069"}]}


def test_nothing_that_stands_for_a_name_is_ever_left_in_what_is_sent() -> None:
    keyboard = {"inline_keyboard": [[{"text": person("-1"), "url": f"https://t.me/{BOT}?startgroup=case"}]]}
    text = f"{person(ANA)}, {person('')}, {person('-1')}, {BOT}"
    sent = insert_names(screen(text, reply_markup=keyboard), {ANA: f"{PERSON[0]}x{PERSON[1]}"}, "SpineBot")
    assert sent["text"] == f"\u2068x\u2069, {SOMEBODY}, {SOMEBODY}, SpineBot"
    assert sent["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://t.me/SpineBot?startgroup=case"
    assert not any(mark in repr(sent) for mark in PLACEHOLDERS)


def test_everybody_who_is_named_anywhere_in_a_screen_is_found() -> None:
    keyboard = {"inline_keyboard": [[{"text": person("3")}], [{"copy_text": {"text": person("4")}}]]}
    assert ids_in(screen(f"{person('1')} {person('2')}", reply_markup=keyboard)) == {"1", "2", "3", "4"}


class Chat:
    """A chat that Telegram tells of: who is in it, in which role; where nobody is told of, it does not answer."""

    def __init__(self, **statuses: str | None) -> None:
        self.people: dict[int, dict[str, Any]] = {
            int(who.lstrip("_")): {"status": status, "user": {"id": int(who.lstrip("_")), "first_name": f"P{who}"}}
            for who, status in statuses.items()
        }
        self.asked = 0
        self.away = False
        self.now = 0.0

    async def get_chat_member(self, chat: int, user_id: int, read_timeout: float) -> ChatMember:
        assert read_timeout < READ
        self.asked += 1
        if self.away:
            raise NetworkError("away")
        if user_id not in self.people:
            raise TelegramError("nothing is said")
        return ChatMember.de_json(read_part("getChatMember", chat, self.people[user_id]))

    @property
    def members(self) -> ChatMemberCache:
        """What is remembered of it."""
        return ChatMemberCache(self, lambda: self.now)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "more", "role"),
    [
        ("creator", {}, Role.admin),
        ("administrator", {}, Role.admin),
        ("administrator", {"is_anonymous": False}, Role.admin),
        ("administrator", {"is_anonymous": True}, Role.anonymous_admin),
        ("creator", {"is_anonymous": True}, Role.anonymous_admin),
        ("member", {}, Role.member),
        ("restricted", {"is_member": True}, Role.member),
        ("restricted", {"is_member": False}, Role.outsider),
        ("left", {}, Role.outsider),
        ("kicked", {}, Role.outsider),
    ],
)
async def test_what_a_person_may_do_is_what_telegram_says_of_them(
    status: str, more: dict[str, bool], role: Role
) -> None:
    chat = Chat(_1001=status)
    chat.people[1001] |= more
    assert await chat.members.role(-100, 1001) is role


async def test_rights_are_held_for_a_while_and_then_asked_for_again() -> None:
    chat = Chat(_1001="administrator")
    members = chat.members
    assert [await members.role(-100, 1001) for _ in range(3)] == [Role.admin] * 3
    assert chat.asked == 1
    chat.people[1001]["status"] = "left"
    chat.now = ROLE_SECONDS - 1
    assert await members.role(-100, 1001) is Role.admin
    chat.now = ROLE_SECONDS
    assert await members.role(-100, 1001) is Role.outsider
    assert await members.role(-200, 1001) is Role.outsider
    assert chat.asked == 3


async def test_of_more_people_than_are_remembered_the_one_asked_after_first_is_asked_after_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.members.MAX_PEOPLE", 2)
    chat = Chat(_1="member", _2="administrator", _3="member")
    chat.now = 1000.0
    members = chat.members
    assert [await members.role(-100, who) for who in (1, 2, 3, 3, 2)] == [
        Role.member,
        Role.admin,
        Role.member,
        Role.member,
        Role.admin,
    ]
    assert chat.asked == 3
    await members.role(-100, 1)
    assert chat.asked == 4


async def test_who_rules_a_group_unseen_is_asked_after_until_they_can_be_seen() -> None:
    chat = Chat(_1001="administrator")
    members = chat.members
    chat.people[1001]["is_anonymous"] = True
    assert [await members.role(-100, 1001) for _ in range(2)] == [Role.anonymous_admin] * 2
    chat.people[1001]["is_anonymous"] = False
    assert [await members.role(-100, 1001) for _ in range(2)] == [Role.admin] * 2
    assert chat.asked == 3


def test_where_telegram_does_not_answer_the_rights_last_known_stand_and_who_was_never_seen_has_none() -> None:
    async def life() -> None:
        chat = Chat(_1001="administrator")
        members = chat.members
        await members.role(-100, 1001)
        chat.away, chat.now = True, ROLE_SECONDS + 1
        assert await members.role(-100, 1001) is Role.admin
        assert await members.role(-100, 1002) is Role.unproven
        members.observe({"message": {"chat": {"id": -100}, "from": {"id": 1002}}})
        assert await members.role(-100, 1002) is Role.unknown

    virtually(life())


async def test_who_came_or_went_is_asked_after_anew() -> None:
    chat = Chat(_1001="member")
    members = chat.members
    await members.role(-100, 1001)
    chat.people[1001]["status"] = "left"
    members.observe({"message": {"chat": {"id": -100}, "left_chat_member": {"id": 1001}}})
    assert await members.role(-100, 1001) is Role.outsider
    chat.people[1001]["status"] = "member"
    members.observe({"message": {"chat": {"id": -100}, "new_chat_members": [{"id": 1001}]}})
    assert await members.role(-100, 1001) is Role.member


@pytest.mark.parametrize(("kind", "field"), [("message", "from"), ("callback_query", "from"), ("poll_answer", "user")])
async def test_a_name_is_learnt_from_what_its_owner_does_and_the_newest_counts(kind: str, field: str) -> None:
    chat = Chat()
    members = chat.members
    for name in ("Old", "Ana"):
        members.observe({kind: {field: {"id": 1001, "first_name": name, "last_name": "B"}}})
    assert await members.insert_names_text(person(ANA), -100) == "\u2068Ana B\u2069"
    assert chat.asked == 0


def test_a_name_that_is_not_known_is_asked_for_and_nobody_s_is_someone() -> None:
    members = Chat(_1001="member").members
    said = virtually(members.insert_names_text(f"{person(ANA)}, {person(BEN)}, {person('-1')}", -100))
    assert said == f"\u2068P_1001\u2069, {SOMEBODY}, {SOMEBODY}"


@pytest.mark.parametrize(
    "update", [None, [], {}, {"message": None}, {"message": {"chat": {"id": "x"}}}, {"poll_answer": 3}]
)
def test_a_misshapen_update_teaches_nothing(update: object) -> None:
    members = Chat().members
    members.observe(update)
    assert virtually(members.role(-100, 1001)) is Role.unproven
