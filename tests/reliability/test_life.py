"""The life of the bot through whatever Telegram does: hours of it in virtual time, and its end as a real process."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from browser import free_port
from commands import Spinemets, ended
from conftest import BotHarness, Call, Fields, data_of, message, person, refused, running, virtual_bot_harness
from local_bot_api import CHAT, running_playground
from telegram.error import NetworkError, TimedOut

from bot.app import FOREIGN_DATABASE, POLLING_CONFLICT, REFUSED, _failure_text
from bot.service.ports import OutboxKind, OutboxMessage, UnitOfWork
from bot.telegram.housekeeping import OUTAGE_CHECK_SECONDS
from bot.telegram.receiving.polling import PATIENCE, PollingConflict, TokenRefused
from bot.telegram.sending.outbox import LONGEST_WAIT

Run = Callable[..., Any]
UNAUTHORIZED = refused(401, "Unauthorized")
LEVELS = "Which symptomatic levels"


class Fault:
    """Answers a method in Telegram's stead, as long as it lasts."""

    def __init__(self, method: str, *answers: Fields | Exception, lasts: bool = False) -> None:
        self.method, self.answers, self.lasts = method, list(answers), lasts
        self.at: list[float] = []
        self.chat: int | None = None

    async def __call__(self, method: str, params: Fields) -> Fields | None:
        here = self.method in {method, "*"} and self.chat in {None, params.get("chat_id")}
        if not here or not self.answers:
            return None
        self.at.append(asyncio.get_running_loop().time())
        answer = self.answers[0] if self.lasts else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def virtual(tmp_path: Path) -> Iterator[tuple[Run, BotHarness]]:
    with virtual_bot_harness(tmp_path) as made:
        yield made


def now() -> float:
    return asyncio.get_running_loop().time()


async def until_ended(serve: Coroutine[Any, Any, None]) -> tuple[float, type[BaseException]]:
    """Let the bot serve until it ends by itself; tell after how long, and why."""
    began = now()
    try:
        await serve
    except Exception as fault:  # noqa: BLE001 - it is looked at
        return now() - began, type(fault)
    return now() - began, Exception


@pytest.mark.parametrize("code", [401, 404])
@pytest.mark.parametrize("method", ["getUpdates", "getMe"])
@pytest.mark.case("A12", "S6")
def test_a_lasting_401_ends_the_bot_after_ten_minutes(virtual: tuple[Run, BotHarness], method: str, code: int) -> None:
    run, harness = virtual
    harness.telegram.script = fault = Fault(method, refused(code, "Unauthorized"), lasts=True)
    took, why = run(until_ended(harness.application.run_polling()))
    assert why is TokenRefused
    assert PATIENCE <= took < PATIENCE + 20
    alarms = [orjson.loads(line) for line in harness.log.getvalue().splitlines() if "token_refused" in line]
    assert len(alarms) == len(fault.at)
    assert alarms[0]["advice"] == "check BOT_TOKEN"
    assert 100 < len(fault.at) < 300, "neither silence nor a hot loop"


@pytest.mark.case("S6")
def test_a_refused_token_is_told_with_an_exit_status_of_its_own(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    harness.telegram.script = Fault("getUpdates", UNAUTHORIZED, lasts=True)
    said: list[str] = []
    assert run(_failure_text(harness.application.run_polling(), said.append)) == REFUSED
    assert "BOT_TOKEN" in said[0]


@pytest.mark.parametrize("answers", [[UNAUTHORIZED], [refused(404, "Not Found")], [UNAUTHORIZED] * 20])
@pytest.mark.case("A12")
def test_a_401_that_passes_is_no_end(virtual: tuple[Run, BotHarness], answers: list[Fields]) -> None:
    run, harness = virtual
    harness.telegram.script = fault = Fault("getUpdates", *answers)

    async def life() -> None:
        async with running(harness):
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(200)
            assert LEVELS in harness.telegram.newest(7)[1]["text"]

    run(life())
    assert fault.answers == []
    assert harness.events()["token_refused"] == len(answers)


@pytest.mark.case("A12")
def test_two_401_with_a_long_outage_between_them_are_no_lasting_401(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    harness.telegram.script = Fault("getUpdates", UNAUTHORIZED, *[NetworkError("down")] * 150, UNAUTHORIZED)

    async def life() -> None:
        async with running(harness):
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(1000)
            assert LEVELS in harness.telegram.newest(7)[1]["text"]

    run(life())


@pytest.mark.case("A12", "S6")
def test_a_token_revoked_while_listening_ends_the_bot_too(virtual: tuple[Run, BotHarness]) -> None:
    """Telegram delivers nothing any more then; the process would live on for ever, well and useless."""
    run, harness = virtual

    async def life() -> tuple[float, type[BaseException]]:
        task = asyncio.create_task(until_ended(harness.application.run_webhook("https://bot.example/hook", "s")))
        await asyncio.sleep(10)
        harness.telegram.script = Fault("*", UNAUTHORIZED, lasts=True)
        await harness.application.receiver.accept([harness.telegram.writes(7, "/new")])
        done, _ = await asyncio.wait([task], timeout=2 * PATIENCE)
        assert done, (harness.events(), harness.application.health.as_dict())
        return task.result()

    _, why = run(life())
    assert why is TokenRefused


@pytest.mark.case("A3")
def test_a_429_on_getupdates_is_obeyed_and_polling_goes_on(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    harness.telegram.script = fault = Fault("getUpdates", refused(429, "Too Many Requests", retry_after=37))

    async def life() -> None:
        async with running(harness):
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(60)

    run(life())
    first_poll = harness.telegram.of("getUpdates")[0].at
    assert 37 <= first_poll - fault.at[0] < 38
    assert LEVELS in harness.telegram.newest(7)[1]["text"]


@pytest.mark.case("A13")
def test_a_bot_starts_by_itself_through_whatever_hinders_it(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    faults: list[Fields | Exception] = [
        refused(502, "Bad Gateway"),
        TimedOut(),
        refused(429, "Too Many Requests", retry_after=3),
        NetworkError("down"),
        refused(500, "Internal Server Error"),
        UNAUTHORIZED,
    ]
    harness.telegram.script = fault = Fault("*", *faults * 4)

    async def life() -> None:
        async with running(harness):
            assert not harness.application.health.is_ready
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(180)
            assert harness.application.health.is_well

    run(life())
    assert fault.answers == []
    assert LEVELS in harness.telegram.newest(7)[1]["text"]


@pytest.mark.case("A5")
def test_an_outage_of_five_minutes_is_caught_up_with_the_newest_screens_in_order(
    virtual: tuple[Run, BotHarness],
) -> None:
    run, harness = virtual
    users = range(1, 21)

    async def life() -> float:
        async with running(harness):
            for user in users:
                harness.telegram.deliver(harness.telegram.writes(user, "/new"))
            await asyncio.sleep(10)
            cards = {user: harness.telegram.newest(user) for user in users}
            harness.telegram.script = Fault("*", NetworkError("down"), lasts=True)
            harness.telegram._news.set()
            harness.telegram.calls.clear()
            for level in ("T8", "T9", "T10"):
                await asyncio.sleep(80)
                harness.wall.now += 80
                batch = [
                    harness.telegram.taps(user, number, data_of(card, level)) for user, (number, card) in cards.items()
                ]
                await harness.application.receiver.accept(batch)
            await harness.application.receiver.accept([harness.telegram.writes(user, "/help") for user in users])
            harness.telegram.deliver(harness.telegram.writes(99, "/new"))
            await asyncio.sleep(60)
            harness.wall.now += 60
            assert not harness.telegram.of("editMessageText", "sendMessage")
            harness.telegram.script, back = None, now()
            await asyncio.sleep(LONGEST_WAIT + OUTAGE_CHECK_SECONDS)
            assert not await harness.store.transact(lambda uow: uow.pending_messages())
            return back

    back = run(life())
    assert harness.telegram.of("getUpdates")[0].at - back <= 5.1, "back within five seconds"
    for user in users:
        shown = [call for call in harness.telegram.of("editMessageText", "sendMessage") if call.chat == user]
        assert [call.method for call in shown] == ["editMessageText", "sendMessage", "sendMessage"]
        assert "T8–T10 · 3 levels" in shown[0].text, "the newest, and nothing older"
        assert "How to use it" in shown[1].text
        assert "Your last taps may be missing" in shown[2].text, "it takes the place of no answer"
    assert LEVELS in harness.telegram.newest(99)[1]["text"]


@pytest.mark.case("A1")
def test_retry_after_holds_back_the_chat_that_it_was_said_of_and_no_other(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    harness.telegram.script = fault = Fault("sendMessage", refused(429, "Too Many Requests", retry_after=25))
    fault.chat = 1

    async def life() -> None:
        await harness.accept(*(harness.telegram.writes(user, "/new") for user in (1, 2, 3)))

    run(life())
    at = {call.chat: call.at for call in harness.telegram.of("sendMessage")}
    assert 25 <= at[1] - fault.at[0] < 26
    assert max(at[2], at[3]) - fault.at[0] < 1
    assert Counter(call.chat for call in harness.telegram.of("sendMessage")) == {1: 1, 2: 1, 3: 1}


@pytest.mark.parametrize("words", ["Forbidden: bot was blocked by the user", "Forbidden: user is deactivated"])
@pytest.mark.case("A14")
def test_whoever_blocked_the_bot_is_left_alone_until_they_write_and_keeps_the_case(
    virtual: tuple[Run, BotHarness], words: str
) -> None:
    run, harness = virtual

    async def life() -> None:
        await harness.begun(7)
        number, card = harness.telegram.newest(7)
        harness.telegram.script = blocked = Fault("*", refused(403, words), lasts=True)
        blocked.chat = 7
        await harness.accept(
            harness.telegram.taps(7, number, data_of(card, "T8")), harness.telegram.writes(7, "/help")
        )
        tried = len(blocked.at)
        assert tried <= 2
        await asyncio.sleep(3600)
        assert len(blocked.at) == tried
        assert await harness.store.transact(lambda uow: uow.pending_messages()) == []
        harness.telegram.script = None
        await harness.accept(harness.telegram.taps(7, number, data_of(card, "T9")))
        assert "T8, T9" in harness.telegram.newest(7)[1]["text"] or "T8–T9" in harness.telegram.newest(7)[1]["text"]

    run(life())


@pytest.mark.parametrize("words", ["message to edit not found", "message can't be edited", "MESSAGE_ID_INVALID"])
@pytest.mark.case("A16")
def test_a_card_that_was_deleted_is_sent_anew_and_once(virtual: tuple[Run, BotHarness], words: str) -> None:
    run, harness = virtual

    async def life() -> None:
        await harness.begun(7)
        number, card = harness.telegram.newest(7)
        harness.telegram.script = gone = Fault("editMessageText", refused(400, f"Bad Request: {words}"))
        taps = [harness.telegram.taps(7, number, data_of(card, level)) for level in ("T8", "T9", "T10")]
        await harness.accept(*taps)
        assert len(gone.at) == 1
        anew, screen = harness.telegram.newest(7)
        assert anew > number
        assert "T8–T10" in screen["text"]
        assert len(harness.telegram.of("sendMessage")) == 2
        await harness.tap(7, "Done")
        assert "fit for surgery" in harness.telegram.newest(7)[1]["text"]
        assert len(harness.telegram.of("sendMessage")) == 2

    run(life())


@pytest.mark.case("A15")
def test_a_screen_that_is_shown_already_is_shown(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        await harness.begun(7)
        harness.telegram.script = fault = Fault(
            "editMessageText", refused(400, "Bad Request: message is not modified: x")
        )
        await harness.tap(7, "T8")
        await asyncio.sleep(100)
        assert len(fault.at) == 1
        assert await harness.store.transact(lambda uow: uow.pending_messages()) == []

    run(life())


@pytest.mark.case("A17")
def test_a_tap_that_is_too_old_to_be_answered_counts_all_the_same(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        await harness.begun(7)
        words = "Bad Request: query is too old and response timeout expired or query ID is invalid"
        harness.telegram.script = fault = Fault("answerCallbackQuery", refused(400, words), lasts=True)
        number, data = harness.telegram.button(7, "T8")
        await harness.accept(harness.telegram.taps(7, number, data))
        assert "T8 · 1 level" in harness.telegram.newest(7)[1]["text"]
        await asyncio.sleep(100)
        assert len(fault.at) == 1, "it is not tried again"

    run(life())


@pytest.mark.case("A18")
def test_a_group_that_became_another_is_not_tried_for_ever(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    words = "Bad Request: group chat was upgraded to a supergroup chat"
    harness.telegram.script = fault = Fault(
        "sendMessage", refused(400, words, migrate_to_chat_id=-100_777), lasts=True
    )
    fault.chat = -77

    async def life() -> None:
        written = {"message": message(-77, 5, "group") | {"from": person(7), "text": "/new"}}
        await harness.application.receiver.accept([{"update_id": 1} | written])
        await asyncio.sleep(3600)

    run(life())
    assert len(fault.at) < 10


def most_in(calls: list[Call], seconds: float) -> int:
    """Give how many calls there were at most in any such span."""
    at = [call.at for call in calls]
    return max(sum(begin <= other < begin + seconds - 0.001 for other in at) for begin in at)


def test_thirty_messages_a_second_are_sent_in_all(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    run(harness.accept(*(harness.telegram.writes(user, "/help") for user in range(1, 301))))
    sent = harness.telegram.of("sendMessage")
    assert len(sent) == 300
    assert sent[-1].at - sent[0].at < 11, "and no slower than that"
    assert most_in(sent, 1.0) <= 30


def test_a_chat_gets_a_few_messages_at_once_and_then_one_a_second(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        for _ in range(70):  # fast, and still no flood, of which nothing would be read
            await harness.application.receiver.accept([harness.telegram.writes(7, "/help")])
            await asyncio.sleep(0.3)
        await harness.settled()

    run(life())
    sent = harness.telegram.of("sendMessage")
    assert most_in(sent, 10.0) <= 13
    assert 20 <= len(sent) <= 24


def test_edits_of_a_private_chat_do_not_wait(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        await harness.begun(7)
        card = harness.telegram.newest(7)
        for level in ("T7", "T8", "T9", "T10"):
            began = now()
            await harness.application.receiver.accept([harness.telegram.taps(7, card[0], data_of(card[1], level))])
            await asyncio.sleep(0.05)
            assert harness.telegram.of("editMessageText")[-1].at - began < 0.05

    run(life())
    assert len(harness.telegram.of("editMessageText")) == 4


def wished(uow: UnitOfWork, body: str) -> OutboxMessage:
    return uow.enqueue("-5", OutboxKind.edit_card, "9", body)


def test_what_is_tried_again_in_a_group_counts_among_its_twenty_calls_a_minute(
    virtual: tuple[Run, BotHarness],
) -> None:
    run, harness = virtual
    tries = itertools.count()

    async def each_other_one_in_vain(method: str, _: Fields) -> Fields | None:
        return refused(502, "Bad Gateway") if method == "editMessageText" and next(tries) % 2 == 0 else None

    async def life() -> None:
        harness.telegram.script = each_other_one_in_vain
        for number in range(600):
            body = orjson.dumps({"text": f"screen {number}", "reply_markup": {"inline_keyboard": []}}).decode()
            harness.application._outbox.enqueue([await harness.store.transact(partial(wished, body=body))])
            await asyncio.sleep(0.5)
        await asyncio.sleep(20)

    run(life())
    edits = [call for call in harness.telegram.calls if call.method == "editMessageText"]
    assert sum(not call.well for call in edits) > 20, "else nothing was tried again"
    assert most_in(edits, 60.0) <= 20
    assert harness.telegram.of("editMessageText")[-1].text == "screen 599"


def test_a_group_is_edited_twenty_times_a_minute_and_edits_are_gathered(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        for number in range(600):
            body = orjson.dumps({"text": f"screen {number}", "reply_markup": {"inline_keyboard": []}}).decode()
            outbox_message = await harness.store.transact(partial(wished, body=body))
            harness.application._outbox.enqueue([outbox_message])
            await asyncio.sleep(0.5)
        await asyncio.sleep(10)

    run(life())
    edits = harness.telegram.of("editMessageText")
    assert most_in(edits, 60.0) <= 20
    assert 60 <= len(edits) <= 72, "six at once, and twelve a minute for five minutes"
    assert edits[-1].text == "screen 599"
    assert [int(call.text.split()[1]) for call in edits] == sorted(int(call.text.split()[1]) for call in edits)


@pytest.mark.case("A19")
def test_a_second_conflict_ends_the_poller_and_a_single_one_does_not(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    conflict = refused(409, "Conflict: terminated by other getUpdates request")
    harness.telegram.script = Fault("getUpdates", conflict)

    async def life() -> None:
        async with running(harness):
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(100)

    run(life())
    assert LEVELS in harness.telegram.newest(7)[1]["text"]
    harness.telegram.script = Fault("getUpdates", conflict, lasts=True)
    took, why = run(until_ended(harness.application.run_polling()))
    assert why is PollingConflict
    assert took < 20


@pytest.fixture
def spinemets(tmp_path: Path) -> Spinemets:
    return Spinemets(tmp_path)


TOKENS = ("42:abc", "43:abc")


async def ending(process: Any) -> int:
    return await asyncio.to_thread(process.wait, 60)


@pytest.mark.slow
@pytest.mark.case("B10")
async def test_sigterm_in_a_burst_ends_within_ten_seconds_and_nothing_is_lost(
    tmp_path: Path, spinemets: Spinemets
) -> None:
    levels = [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]
    async with running_playground(tmp_path / "chats.db") as playground:
        settings = {
            "BOT_TOKEN": TOKENS[0],
            "ACCESS": "open",
            "BOT_API_URL": playground.url,
            "DATABASE_URL": f"sqlite:///{tmp_path / 'b.db'}",
        }
        bot = spinemets.start("run", **settings)
        await playground.say("/new")
        card = await shows(playground, LEVELS)
        tapping = [
            playground.page("tap", chat_id=CHAT, message_id=card["message_id"], data=data_of(card, level), stale=True)
            for level in levels
        ]
        half = [asyncio.create_task(tap) for tap in tapping[:9]]
        await asyncio.sleep(0)
        await half[0]
        began = now()
        assert await asyncio.to_thread(ended, bot) == 0
        assert now() - began < 10
        await asyncio.gather(*half, *tapping[9:])
        bot = spinemets.start("run", **settings)
        await shows(playground, "T1–L5 · 17 levels")
        assert await asyncio.to_thread(ended, bot) == 0
        cards = [sent for sent in (await playground.state())["chats"][0]["messages"] if sent["from"]["is_bot"]]
        assert len(cards) == 1
    with closing(sqlite3.connect(tmp_path / "b.db")) as connection:
        assert set(connection.execute("SELECT state FROM inbox")) == {("done",)}
        assert connection.execute("SELECT revision FROM cases").fetchall() == [(len(levels),)], "each counts once"


async def shows(playground: Any, text: str) -> Fields:
    """Wait until the newest card says so."""
    async with asyncio.timeout(30):
        while True:
            cards = [sent for sent in (await playground.state())["chats"][0]["messages"] if sent["from"]["is_bot"]]
            if cards and text in cards[-1]["text"]:
                found: Fields = cards[-1]
                return found
            await asyncio.sleep(0.02)


@pytest.mark.slow
@pytest.mark.case("A19")
async def test_of_two_processes_with_one_token_one_stops_with_a_status_of_its_own(
    tmp_path: Path, spinemets: Spinemets
) -> None:
    async with running_playground(tmp_path / "chats.db") as playground:
        bots = [
            spinemets.start(
                "run", BOT_TOKEN=TOKENS[0], BOT_API_URL=playground.url, DATABASE_URL=f"sqlite:///{tmp_path}/{n}.db"
            )
            for n in range(2)
        ]
        waiting = [asyncio.create_task(ending(bot)) for bot in bots]
        done, _ = await asyncio.wait(waiting, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        statuses = [task.result() for task in done]
        for bot in bots:
            if bot.poll() is None:
                bot.terminate()
        said = [await asyncio.to_thread(bot.communicate) for bot in bots]
        await asyncio.gather(*waiting)
        assert statuses == [POLLING_CONFLICT] == [75]
        assert any("Another process polls" in out for out, _ in said)


@pytest.mark.slow
async def test_a_process_with_the_database_of_another_bot_ends_with_a_status_of_its_own(
    tmp_path: Path, spinemets: Spinemets
) -> None:
    async with running_playground(tmp_path / "chats.db") as playground:
        settings = {"BOT_API_URL": playground.url, "DATABASE_URL": f"sqlite:///{tmp_path / 'b.db'}", "ACCESS": "open"}
        bot = spinemets.start("run", **settings, BOT_TOKEN=TOKENS[0])
        await playground.say("/new")
        await shows(playground, LEVELS)
        assert await asyncio.to_thread(ended, bot) == 0
        other = spinemets.start("run", **settings, BOT_TOKEN=TOKENS[1])
        out, _ = await asyncio.to_thread(other.communicate)
        assert other.returncode == FOREIGN_DATABASE == 65
        assert "belongs to another bot" in out


@pytest.mark.slow
@pytest.mark.case("B9")
async def test_a_process_on_a_damaged_database_says_what_to_do_and_does_not_start(
    tmp_path: Path, spinemets: Spinemets
) -> None:
    path = tmp_path / "b.db"
    path.write_bytes(b"somebody's only copy" * 100)
    before = path.read_bytes()
    settings = {"BOT_TOKEN": TOKENS[0], "BOT_API_URL": f"http://127.0.0.1:{free_port()}"}
    result = await asyncio.to_thread(lambda: spinemets("run", DATABASE_URL=f"sqlite:///{path}", **settings))
    assert result.returncode == 1
    assert b"restore the last backup" in result.stderr
    assert path.read_bytes() == before


def test_a_tap_whose_answer_was_on_its_way_at_the_end_is_answered_after_the_start(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def unanswered() -> Fields:
            await harness.begun(7)
            harness.telegram.script = Fault("answerCallbackQuery", refused(500, "Internal Server Error"), lasts=True)
            tap = harness.telegram.taps(7, *harness.telegram.button(7, "Done"), "late")
            await harness.application.receiver.accept([tap])
            await asyncio.sleep(1)
            return tap

        run(unanswered())
        assert "late" not in harness.telegram.toasts()
    with virtual_bot_harness(tmp_path) as (run, started):

        async def answered() -> None:
            async with running(started):
                await asyncio.sleep(1)

        run(answered())
        assert started.telegram.toasts() == {"late": "Choose at least one level first."}
