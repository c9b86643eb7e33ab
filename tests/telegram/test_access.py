"""Who may use a bot: a code pairs an administrator, who admits and expels; nobody gets in by finding the bot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from conftest import BotHarness, Fields, person, refused, virtual_bot_harness
from kit import CATALOG
from members_kit import Crowd

from bot.log import ALLOWED
from bot.service.access.codes import new_code
from bot.service.access.pairing import MOST_WRONG
from bot.service.access.requests import MOST_ASKING
from bot.service.policies import AccessPolicy

CLOSED: Final = AccessPolicy(open=False)
ADMIN, ANA, BEN = 70, 71, 72
GROUP: Final = -1000
DAY: Final = 86_400.0
PAGES, TOASTS = CATALOG.access.pages, CATALOG.access.toasts
NOT_LISTED: Final = CATALOG.wording.pages.not_listed.title


class Chats:
    """The private chats of a closed bot, and a group."""

    def __init__(self, run: Any, harness: BotHarness) -> None:
        self.run, self.harness = run, harness
        self.crowd = Crowd(harness)

    def code(self) -> str:
        return str(self.run(self.harness.store.transact(self.harness.application._access.pairing.begin)))

    def says(self, user: int, text: str, **more: Any) -> str:
        """Write in private; give what the bot answered to it, empty for nothing."""
        before = len(self.harness.telegram.calls)
        self.run(self.harness.accept(self.harness.telegram.writes(user, text, **more)))
        calls = self.harness.telegram.calls[before:]
        return "".join(call.text for call in calls if call.method == "sendMessage" and call.chat == user)

    def group_says(self, user: int, text: str, **more: Any) -> str:
        before = len(self.crowd.texts())
        self.run(
            self.crowd.says(user, text) if not more else self.harness.accept(self.crowd.writing(user, text, **more))
        )
        return "".join(self.crowd.texts()[before:])

    def taps(self, user: int, label: str) -> str:
        return str(self.run(self.harness.tap(user, label)))

    def shows(self, user: int) -> str:
        return str(self.harness.telegram.newest(user)[1]["text"])

    def requests_of(self, admin: int) -> list[str]:
        screens = self.harness.telegram.screens
        return [s["text"] for (chat, _), s in screens.items() if chat == admin and PAGES.request.title in s["text"]]

    def admitted(self) -> list[tuple[str, bool]]:
        listed = self.run(self.harness.store.transact(lambda uow: uow.list_admitted(50)))
        return [(admission.number, admission.is_admin) for admission in listed]

    def logged(self, *events: str) -> list[Fields]:
        lines = [orjson.loads(line) for line in self.harness.log.getvalue().splitlines()]
        return [line for line in lines if line["event"] in events]


@contextmanager
def closed(folder: Path, access: AccessPolicy = CLOSED, *, paired: bool = True) -> Iterator[Chats]:
    with virtual_bot_harness(folder, access=access) as (run, harness):
        chats = Chats(run, harness)
        if paired:
            assert PAGES.paired.title in chats.says(ADMIN, chats.code())
        yield chats


def test_nobody_gets_in_by_finding_the_bot_and_who_sends_the_code_first_administers_it(tmp_path: Path) -> None:
    with closed(tmp_path, paired=False) as chats:
        assert NOT_LISTED in chats.says(ANA, "/new")
        assert NOT_LISTED in chats.says(ANA, "T8 fit no deficit")
        code = chats.code()
        assert PAGES.paired.title in chats.says(ADMIN, f"/start {code}")
        assert chats.admitted() == [(str(ADMIN), True)]
        assert PAGES.wrong_code.title in chats.says(ANA, code), "each code works once"
        assert "Which symptomatic levels" in chats.says(ADMIN, "/new")
        [line] = chats.logged("paired")
        assert line["chat"] == str(ADMIN)


@pytest.mark.parametrize("wrapped", ["{}", "/start {}", "/pair {}", "  {}\n", "/START@b {}"])
def test_a_code_pairs_however_it_is_sent(tmp_path: Path, wrapped: str) -> None:
    with closed(tmp_path, paired=False) as chats:
        assert PAGES.paired.title in chats.says(ADMIN, wrapped.format(chats.code().upper()))


def test_a_code_that_is_old_pairs_nobody_and_one_pairing_ends_all_codes(tmp_path: Path) -> None:
    with closed(tmp_path, paired=False) as chats:
        old, other = chats.code(), chats.code()
        assert PAGES.paired.title in chats.says(ADMIN, other)
        assert PAGES.wrong_code.title in chats.says(ANA, old)
        late = chats.code()
        chats.harness.wall.now += 16 * 60
        assert PAGES.wrong_code.title in chats.says(BEN, late)
        assert chats.admitted() == [(str(ADMIN), True)]


def test_a_second_code_makes_a_second_administrator(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        assert PAGES.paired.title in chats.says(ANA, chats.code())
        assert chats.admitted() == [(str(ADMIN), True), (str(ANA), True)]


def test_whoever_guesses_is_not_listened_to_for_a_day_and_holds_up_nobody_else(tmp_path: Path) -> None:
    with closed(tmp_path, paired=False) as chats:
        code = chats.code()
        for _ in range(MOST_WRONG):
            assert PAGES.wrong_code.title in chats.says(ANA, new_code())
        assert PAGES.many_codes.title in chats.says(ANA, code)
        assert PAGES.paired.title in chats.says(ADMIN, code)
        assert len(chats.logged("code_refused")) == MOST_WRONG


@pytest.mark.parametrize("wrapped", ["/start@b {}", "/pair {}", "{}"])
def test_a_code_that_is_sent_to_a_group_is_void_and_that_is_said(tmp_path: Path, wrapped: str) -> None:
    with closed(tmp_path, paired=False) as chats:
        code, other = chats.code(), chats.code()
        assert PAGES.code_in_group.title in chats.group_says(ANA, wrapped.format(code))
        assert PAGES.wrong_code.title in chats.says(ADMIN, code)
        assert PAGES.paired.title in chats.says(ADMIN, other), "another code is as good as before"


def test_of_a_code_the_hash_alone_is_kept(tmp_path: Path) -> None:
    with closed(tmp_path, paired=False) as chats:
        code = chats.code()
        kept = chats.run(chats.harness.store.transact(lambda uow: uow.pairing_codes(0.0)))
        assert code not in kept
        update = chats.harness.telegram.writes(ADMIN, f"/start {code}")
        chats.run(chats.harness.application.receiver.accept([update]))
        inbox = chats.run(chats.harness.store.transact(lambda uow: uow.get_update(update["update_id"])))
        assert inbox
        assert code.removeprefix("pair-") not in inbox.payload
        chats.run(chats.harness.settled())
        assert code not in chats.harness.log.getvalue()
        assert not any(code in path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file())


def test_somebody_unknown_reads_once_a_day_how_access_works_and_whenever_they_send_start(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        assert f"ID, {ANA}" in chats.says(ANA, "T8 fit")
        assert chats.says(ANA, "T8 fit") == ""
        assert PAGES.unknown.title in chats.says(ANA, "/start")
        chats.harness.wall.now += DAY + 60
        chats.run(chats.harness.store.transact(chats.harness.application._access.expire))
        assert PAGES.unknown.title in chats.says(ANA, "T8 fit")


def test_who_asks_is_admitted_by_a_button_without_a_restart(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        chats.says(ANA, "/start")
        assert chats.taps(ANA, "Ask for access") == TOASTS.asked
        assert PAGES.asked.title in chats.shows(ANA)
        [request] = chats.requests_of(ADMIN)
        assert str(ANA) in request
        assert chats.taps(ADMIN, "Admit") == TOASTS.admitted.format(number=ANA)
        assert PAGES.admitted.title in chats.shows(ADMIN)
        assert PAGES.welcome.title in chats.shows(ANA)
        assert "Which symptomatic levels" in chats.says(ANA, "/new")
        assert [(line["chat"], line.get("by")) for line in chats.logged("access_asked", "admitted")] == [
            (str(ANA), None),
            (str(ANA), str(ADMIN)),
        ]
        assert all({*line} <= {*ALLOWED} for line in chats.logged("access_asked", "admitted"))


def test_who_is_refused_is_told_and_asks_no_more_that_day(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        chats.says(ANA, "/start")
        number, data = chats.harness.telegram.button(ANA, "Ask for access")
        chats.taps(ANA, "Ask for access")
        assert chats.taps(ADMIN, "Refuse") == TOASTS.refused.format(number=ANA)
        assert PAGES.declined.title in chats.shows(ANA)
        update = chats.harness.telegram.taps(ANA, number, data)
        chats.run(chats.harness.accept(update))
        assert chats.harness.telegram.toasts()[update["callback_query"]["id"]] == TOASTS.asked_before
        assert chats.admitted() == [(str(ADMIN), True)]


def test_a_flood_of_people_who_ask_brings_each_administrator_a_bounded_number_of_messages(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        told = []
        for user in range(1000, 1000 + MOST_ASKING + 3):
            chats.says(user, "/start")
            told.append(chats.taps(user, "Ask for access"))
        assert told == [TOASTS.asked] * MOST_ASKING + [TOASTS.too_many] * 3
        assert len(chats.requests_of(ADMIN)) == MOST_ASKING, "none takes the place of another"


def test_what_two_administrators_decide_one_after_the_other_is_decided_once(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        chats.says(BEN, chats.code())
        chats.says(ANA, "/start")
        chats.taps(ANA, "Ask for access")
        assert chats.taps(ADMIN, "Admit") == TOASTS.admitted.format(number=ANA)
        assert chats.taps(BEN, "Refuse") == TOASTS.admitted_before.format(number=ANA)
        assert (str(ANA), False) in chats.admitted()
        assert PAGES.declined.title not in chats.shows(ANA)


def test_an_administrator_who_blocked_the_bot_holds_up_no_other(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        chats.says(BEN, chats.code())

        async def script(method: str, params: Fields) -> Fields | None:
            blocked = method == "sendMessage" and int(params["chat_id"]) == ADMIN
            return refused(403, "Forbidden: bot was blocked by the user") if blocked else None

        chats.harness.telegram.script = script
        chats.says(ANA, "/start")
        assert chats.taps(ANA, "Ask for access") == TOASTS.asked
        assert len(chats.requests_of(BEN)) == 1
        assert chats.requests_of(ADMIN) == []
        assert chats.run(chats.harness.store.transact(lambda uow: uow.pending_messages())) == []


def test_expelling_works_by_number_and_by_button_and_the_open_case_waits(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        assert PAGES.admitted.title in chats.says(ADMIN, f"/admit {ANA}")
        assert PAGES.admitted_before.title in chats.says(ADMIN, f"/admit {ANA}")
        chats.says(ANA, "/new")
        assert str(ANA) in chats.says(ADMIN, "/admitted")
        assert chats.taps(ADMIN, f"✕ {ANA}") == TOASTS.expelled.format(number=ANA)
        assert str(ANA) not in chats.shows(ADMIN)
        assert chats.taps(ANA, "T8") == CATALOG.wording.toasts.not_listed.format(number=ANA)
        chats.says(ADMIN, f"/admit {ANA}")
        chats.taps(ANA, "T8")
        assert "T8 · 1 level" in chats.shows(ANA), "the case was not lost"
        assert PAGES.expelled.title in chats.says(ADMIN, f"/expel {ANA}")
        assert PAGES.not_admitted.title in chats.says(ADMIN, f"/expel {ANA}")
        assert CATALOG.wording.pages.forget.title in chats.says(ANA, "/forget")
        assert len(chats.logged("expelled")) == 2


def test_the_last_administrator_cannot_expel_themself(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        assert PAGES.last_admin.title in chats.says(ADMIN, f"/expel {ADMIN}")
        chats.says(ADMIN, "/admitted")
        assert chats.taps(ADMIN, f"✕ {ADMIN}") == TOASTS.last_admin
        assert chats.admitted() == [(str(ADMIN), True)]
        chats.says(ANA, chats.code())
        assert PAGES.expelled.title in chats.says(ADMIN, f"/expel {ADMIN}")
        assert chats.admitted() == [(str(ANA), True)]


def test_only_administrators_admit_and_a_button_of_theirs_works_for_nobody_else(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        chats.says(ADMIN, f"/admit {ANA}")
        assert PAGES.only_admins.title in chats.says(ANA, f"/admit {BEN}")
        assert PAGES.only_admins.title in chats.says(ANA, "/admitted")
        for data in (f".0.ad.who.{BEN}", f".0.xp.who.{ADMIN}", ".0.al.page.0", f".0.no.who.{BEN}"):
            update = chats.harness.telegram.taps(ANA, 1000, data)
            chats.run(chats.harness.accept(update))
            assert chats.harness.telegram.toasts()[update["callback_query"]["id"]] == TOASTS.only_admins, data
        assert chats.admitted() == [(str(ADMIN), True), (str(ANA), False)]
        assert chats.says(BEN, f"/admit {BEN}") != ""
        assert (str(BEN), False) not in chats.admitted()


@pytest.mark.parametrize("said", ["/admit", "/admit @ana", "/admit 0", "/admit -0", "/admit 12 13", "/admit 777000"])
def test_a_command_that_names_nobody_admits_nobody_and_says_how_it_is_used(tmp_path: Path, said: str) -> None:
    with closed(tmp_path) as chats:
        assert PAGES.whom.title in chats.says(ADMIN, said)
        if said != "/admit":
            assert PAGES.whom.title in chats.group_says(ADMIN, said), "and never the group in place of them"
        assert chats.admitted() == [(str(ADMIN), True)]


def test_an_administrator_admits_and_expels_a_group_in_the_group_itself(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        assert CATALOG.team.pages.not_here.title in chats.group_says(ANA, "/case")
        assert chats.group_says(ANA, "/admit") == ""
        assert PAGES.group_welcome.title in chats.group_says(ADMIN, "/admit")
        assert "Which symptomatic levels" in chats.group_says(ANA, "/case")
        assert PAGES.only_admins.title in chats.group_says(ANA, "/expel")
        assert PAGES.privately.title in chats.group_says(ADMIN, "/admitted")
        assert PAGES.group_expelled.title in chats.group_says(ADMIN, "/expel")
        assert chats.run(
            chats.crowd.taps(ANA, "T8", at="Which symptomatic")
        ) == CATALOG.wording.toasts.not_listed.format(number=ANA)


def test_a_reply_in_a_group_admits_its_author_and_never_the_group_or_nobody(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        written = {"message_id": 3, "date": 1, "chat": {"id": GROUP, "type": "supergroup"}, "text": "hello"}
        theirs = written | {"from": person(ANA)}
        assert f"{ANA}" in chats.group_says(ADMIN, "/admit", reply_to_message=theirs)
        assert chats.admitted() == [(str(ADMIN), True), (str(ANA), False)]
        nobodys = written | {
            "from": {"id": 1087968824, "is_bot": True, "first_name": "g"},
            "sender_chat": {"id": GROUP},
        }
        assert PAGES.whom.title in chats.group_says(ADMIN, "/admit", reply_to_message=nobodys)
        assert len(chats.admitted()) == 2
        topic = {"message_thread_id": 3, "is_topic_message": True, "reply_to_message": theirs}
        assert PAGES.group_welcome.title in chats.group_says(ADMIN, "/admit", **topic), (
            "what opened a topic is no reply"
        )


def test_a_reply_to_a_forwarded_message_in_private_admits_who_wrote_it(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        mine = {
            "message_id": 3,
            "date": 1,
            "chat": {"id": ADMIN, "type": "private"},
            "from": person(ADMIN),
            "text": "x",
        }
        theirs = mine | {"forward_origin": {"type": "user", "date": 1, "sender_user": person(ANA)}}
        hidden = mine | {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "Ana"}}
        for unknown in (mine, hidden):
            assert PAGES.whom.title in chats.says(ADMIN, "/admit", reply_to_message=unknown)
        assert PAGES.admitted.title in chats.says(ADMIN, "/admit", reply_to_message=theirs)
        assert (str(ANA), False) in chats.admitted()


def test_the_admission_of_a_group_moves_along_where_it_becomes_a_supergroup(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        chats.group_says(ADMIN, "/admit")
        update = chats.crowd.writing(ANA, "")
        del update["message"]["text"]
        chats.run(chats.harness.accept({**update, "message": update["message"] | {"migrate_to_chat_id": -100777}}))
        assert chats.admitted() == [(str(ADMIN), True), ("-100777", False)]
        chats.crowd.chat = -100777
        assert "Which symptomatic levels" in chats.group_says(ANA, "/case")


def test_the_lists_of_the_settings_hold_beside_and_are_not_changed_in_the_chat(tmp_path: Path) -> None:
    with closed(tmp_path, AccessPolicy(open=False, users=frozenset({BEN}))) as chats:
        assert "Which symptomatic levels" in chats.says(BEN, "/new")
        assert PAGES.only_admins.title in chats.says(BEN, "/admitted"), "who is listed there administers nothing"
        assert PAGES.settings.title in chats.says(ADMIN, f"/expel {BEN}")
        assert PAGES.settings.title in chats.says(ADMIN, f"/admit {BEN}")
        chats.says(ADMIN, f"/admit {ANA}")
        assert "Which symptomatic levels" in chats.says(ANA, "/new")


def test_an_open_bot_has_nobody_to_admit_and_says_so(tmp_path: Path) -> None:
    with closed(tmp_path, AccessPolicy(), paired=False) as chats:
        assert PAGES.open.title in chats.says(ANA, f"/admit {BEN}")
        assert "Which symptomatic levels" in chats.says(ANA, "/new")


def test_inline_mode_serves_whom_administrators_admit(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:

        def asks(user: int) -> list[Fields]:
            query = {"id": "7", "from": person(user), "query": "T8 fit", "offset": ""}
            chats.run(chats.harness.accept({"update_id": chats.harness.telegram.number(), "inline_query": query}))
            return list(chats.harness.telegram.of("answerInlineQuery")[-1].params["results"])

        assert asks(ANA) == []
        chats.says(ADMIN, f"/admit {ANA}")
        assert asks(ANA) != []
        chats.says(ADMIN, f"/expel {ANA}")
        assert asks(ANA) == []


def test_forget_erases_that_somebody_asked_and_leaves_who_is_admitted(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        chats.says(ANA, "/start")
        chats.taps(ANA, "Ask for access")
        for user in (ANA, ADMIN):
            chats.says(user, "/forget")
            chats.taps(user, "Erase everything")
        assert chats.run(chats.harness.store.transact(lambda uow: uow.get_request(str(ANA)))) is None
        assert chats.admitted() == [(str(ADMIN), True)]


def test_the_list_goes_on_page_by_page(tmp_path: Path) -> None:
    with closed(tmp_path) as chats:
        for user in range(201, 212):
            chats.says(ADMIN, f"/admit {user}")
        assert "201" in chats.says(ADMIN, "/admitted")
        chats.taps(ADMIN, CATALOG.wording.labels.older)
        assert "211" in chats.shows(ADMIN)
        chats.taps(ADMIN, CATALOG.wording.labels.newer)
        assert "201" in chats.shows(ADMIN)
