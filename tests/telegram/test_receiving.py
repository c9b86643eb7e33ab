"""Receiving, whatever Telegram or what stands before it sends: new numbers, bad bytes, refusals, another's webhook."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import SECRET_PART, WELL, BotHarness, Fields, data_of, refused, running, virtual_bot_harness
from telegram_queue import HIGH, LOW, Queue, answered

from bot.app import REFUSED, _failure_text
from bot.telegram.client import TelegramBot
from bot.telegram.health import STALE
from bot.telegram.receiving.polling import PollingConflict
from bot.telegram.receiving.progress import LONGEST_PAUSE
from bot.telegram.updates.fingerprint import fingerprint_of

Run = Callable[..., Any]
LEVELS = "Which symptomatic levels"


@pytest.fixture
def virtual(tmp_path: Path) -> Iterator[tuple[Run, BotHarness]]:
    with virtual_bot_harness(tmp_path) as (run, harness):
        yield run, harness


def events(harness: BotHarness, name: str) -> list[Fields]:
    """Give what was logged under a name."""
    return [said for line in harness.log.getvalue().splitlines() if (said := orjson.loads(line))["event"] == name]


async def dead(harness: BotHarness) -> list[int]:
    """Give the numbers of what was set aside."""
    return sorted(
        inbox_update.update_id for inbox_update, _ in await harness.store.transact(lambda uow: uow.dead_letters())
    )


# Numbers that start anew


def test_after_a_silent_week_the_numbers_start_anew_lower_and_everybody_is_heard(
    virtual: tuple[Run, BotHarness],
) -> None:
    run, harness = virtual

    async def life() -> None:
        queue = Queue(HIGH)
        harness.telegram.raw = queue.answer
        async with running(harness):
            queue.push(harness.telegram.writes(1, "/new"))
            await asyncio.sleep(3600)
            before = queue.polls
            queue.tail = LOW
            for user in range(2, 7):
                queue.push(harness.telegram.writes(user, "/new"))
            await asyncio.sleep(20)
            assert {call.chat for call in harness.telegram.of("sendMessage")} == {1, 2, 3, 4, 5, 6}
            assert queue.polls - before < 10
            assert queue.events == {}, "all are confirmed"

    run(life(), within=1e7)


def test_a_number_that_comes_again_with_other_content_is_handled_and_a_repeat_is_not(
    virtual: tuple[Run, BotHarness],
) -> None:
    run, harness = virtual

    async def life() -> None:
        first = harness.telegram.writes(7, "/new")
        await harness.accept(first)
        number, data = harness.telegram.button(7, "T8")
        tap = harness.telegram.taps(7, number, data)
        await harness.accept(tap)
        other = harness.telegram.taps(7, number, data_of(harness.telegram.newest(7)[1], "Only T8")) | {
            "update_id": tap["update_id"]
        }
        await harness.accept(other)
        assert "fit for surgery" in harness.telegram.newest(7)[1]["text"]
        told = harness.telegram.toasts()
        await harness.accept(other, other)
        assert "fit for surgery" in harness.telegram.newest(7)[1]["text"]
        assert harness.telegram.toasts() == told

    run(life())


def test_another_persons_toast_is_not_told_to_who_has_the_number_later(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        await harness.begun(7)
        stale = harness.telegram.taps(7, 999, "ffff.1.a.deficit.none")
        await harness.accept(stale)
        said = harness.telegram.toasts()[stale["callback_query"]["id"]]
        await harness.begun(8)
        number, data = harness.telegram.button(8, "T8")
        tap = harness.telegram.taps(8, number, data) | {"update_id": stale["update_id"]}
        await harness.accept(tap)
        assert said
        assert harness.telegram.toasts()[tap["callback_query"]["id"]] == ""
        assert "T8 · 1 level" in harness.telegram.newest(8)[1]["text"]

    run(life())


def test_a_number_whose_update_is_still_in_hand_waits_until_it_is_done(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        queue = Queue(LOW)
        harness.telegram.raw = queue.answer
        inbox_update = harness.telegram.writes(1, "/new") | {"update_id": LOW}
        left = list(harness.application.receiver._read([inbox_update])[0])
        await harness.store.transact(lambda uow: uow.add_updates(left))
        queue.push(harness.telegram.writes(2, "/new"))
        async with running(harness):
            await asyncio.sleep(20)
        assert {call.chat for call in harness.telegram.of("sendMessage")} == {1, 2}

    run(life())


@pytest.mark.parametrize(
    "kind", ["message", "callback_query", "poll_answer", "poll", "my_chat_member", "inline_query"]
)
def test_a_fingerprint_knows_an_update_again_and_no_other_and_bears_no_word(kind: str) -> None:
    who, chat = {"id": 42, "first_name": "Zweigelstein"}, {"id": 42, "type": "private"}
    body: Fields = {
        "from": who,
        "user": who,
        "chat": chat,
        "message_id": 5,
        "date": 9,
        "id": "8",
        "text": "T8 Zweigel",
    }
    body |= {
        "message": {"message_id": 5, "date": 9, "chat": chat, "text": "T8 fit"},
        "poll_id": "3",
        "option_ids": [1],
    }
    known = fingerprint_of({"update_id": 1, kind: body})
    assert known == fingerprint_of({"update_id": 2, kind: dict(reversed(body.items()))})
    assert known == fingerprint_of({"update_id": 1, kind: body | {"text": "other words", "caption": "x"}})
    for field in ("from", "chat"):
        assert known != fingerprint_of({"update_id": 1, kind: body | {field: {"id": 43}}})
    for field, other in {"message_id": 6, "date": 10, "id": "9", "option_ids": [2], "edit_date": 10}.items():
        assert known != fingerprint_of({"update_id": 1, kind: body | {field: other}})
    assert known != fingerprint_of({"update_id": 1, kind: body | {"message": {"message_id": 5, "date": 10}}})
    assert known != fingerprint_of({"update_id": 1, "edited_message": body})


@pytest.mark.parametrize(
    "body", [None, [], "x", 7, {}, {"id": {"deep": [[]]}, "option_ids": [{}, "x", 1], "message": []}]
)
def test_a_fingerprint_is_made_of_whatever_comes(body: Any) -> None:
    assert fingerprint_of({"update_id": 1, "message": body}) != fingerprint_of({"update_id": 1, "poll": body})


# A loop that gets nowhere


def at_once(*answers: bytes) -> Callable[[str, Fields], Any]:
    """Answer every poll at once, with these in turns, whatever was asked for."""
    turn = 0

    async def answer(method: str, _: Fields) -> bytes | None:
        nonlocal turn
        if method != "getUpdates":
            return None
        await asyncio.sleep(0.001)
        turn += 1
        return answers[turn % len(answers)]

    return answer


KNOWN = b'{"update_id":727334705,"message":{"message_id":5,"date":9,"from":{"id":7},"chat":{"id":7,"type":"private"}}}'
OLDER = KNOWN.replace(b"727334705", b"117314199")
NOWHERE = {
    "nothing": [b'{"ok":true,"result":[]}'],
    "no list": [b'{"ok":true,"result":{}}'],
    "one known update": [answered([KNOWN])],
    "two known ones in turns": [answered([KNOWN]), answered([OLDER])],
    "many known ones": [answered([KNOWN.replace(b"727334705", b"%d" % (900 + n)) for n in range(100)])],
    "updates without a number": [b'{"ok":true,"result":[{"message":{}},7,null]}'],
}


@pytest.mark.parametrize("answers", NOWHERE.values(), ids=NOWHERE.keys())
def test_polls_that_get_nowhere_are_slow_and_health_tells(
    virtual: tuple[Run, BotHarness], answers: list[bytes]
) -> None:
    run, harness = virtual

    async def life() -> None:
        async with running(harness):
            await asyncio.sleep(5)
            assert harness.application.health.as_dict()["well"]
            harness.telegram.raw = at_once(*answers)
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(100)
            polls = len(harness.telegram.of("getUpdates"))
            assert polls < 40
            await asyncio.sleep(100 + LONGEST_PAUSE)
            assert not harness.application.health.as_dict()["well"]
            assert events(harness, "no_progress")
            queue = Queue(LOW + 5)
            harness.telegram.raw = queue.answer
            queue.push(harness.telegram.writes(8, "/new"))
            await asyncio.sleep(2 * LONGEST_PAUSE)
            assert LEVELS in harness.telegram.newest(8)[1]["text"]
            assert harness.application.health.is_well

    run(life())
    assert STALE < 200


@pytest.mark.slow
def test_polls_that_bring_something_new_each_time_are_not_slowed(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        queue = Queue()
        harness.telegram.raw = queue.answer
        for user in range(1, 501):
            queue.push(harness.telegram.writes(user, "/help"))
        async with running(harness):
            await asyncio.sleep(1)
            assert queue.events == {}

    run(life())


# One bad byte

NAME = b'"first_name":"x"'
SPOILT = {
    "no UTF-8": (NAME, b'"first_name":"x\xff"'),
    "a sign that is cut off": (NAME, b'"first_name":"\xc3"'),
    "half of a sign": (NAME, b'"first_name":"\xed\xa0\x80"'),
    "half of a sign, written out": (NAME, b'"first_name":"\\ud800"'),
    "no number": (NAME, b'"first_name":NaN'),
    "a number without end": (NAME, b'"first_name":1e999'),
    "400 digits": (NAME, b'"first_name":' + b"9" * 400),
    "nested 1,100 deep": (NAME, b'"first_name":' + b"[" * 1100 + b"]" * 1100),
    "a control character": (NAME, b'"first_name":"\x00\x1f"'),
    "an escape that is none": (NAME, b'"first_name":"\\x41"'),
    "a text without end": (NAME, b'"first_name":"x'),
    "a bracket too many": (NAME, NAME + b"}"),
    "a comma too many": (NAME, NAME + b","),
    "a text that looks like a number of an update": (NAME, b'"first_name":"said \\"update_id\\":5 \xff"'),
}


PLACES = {"first": {0}, "in the middle": {2}, "last": {4}, "everywhere but in the middle": {0, 1, 3, 4}}


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        *((spoil, "in the middle") for spoil in SPOILT),
        *(("no UTF-8", place) for place in PLACES if place != "in the middle"),
    ],
)
@pytest.mark.case("B15")
def test_an_update_that_cannot_be_read_is_set_aside_and_the_others_are_served(
    virtual: tuple[Run, BotHarness], spoil: str, place: str
) -> None:
    run, harness = virtual
    bad = PLACES[place]

    async def life() -> None:
        queue = Queue()
        numbers = [
            queue.push(harness.telegram.writes(n + 1, "/new"), SPOILT[spoil] if n in bad else None) for n in range(5)
        ]
        harness.telegram.raw = queue.answer
        async with running(harness):
            await asyncio.sleep(1 + len(bad))
            assert {call.chat for call in harness.telegram.of("sendMessage")} == {
                n + 1 for n in range(5) if n not in bad
            }
            assert queue.events == {}
            assert await dead(harness) == sorted(numbers[n] for n in bad)
            queue.push(harness.telegram.writes(9, "/new"))
            await asyncio.sleep(1)
            assert LEVELS in harness.telegram.newest(9)[1]["text"]
            assert harness.application.health.is_well

    run(life())
    assert not events(harness, "telegram_unreachable")


@pytest.mark.case("B15")
def test_a_tap_that_cannot_be_read_is_told_that_it_did_not_work(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual

    async def life() -> None:
        queue = Queue()
        queue.push(harness.telegram.taps(7, 5, ".0.nw", "4321"), SPOILT["no UTF-8"])
        harness.telegram.raw = queue.answer
        async with running(harness):
            await asyncio.sleep(5)
        assert harness.telegram.toasts()["4321"].startswith("That failed")

    run(life())


def test_where_every_answer_is_garbled_on_its_way_nothing_is_set_aside_and_nothing_is_lost(
    virtual: tuple[Run, BotHarness],
) -> None:
    run, harness = virtual

    async def life() -> None:
        queue = Queue()

        async def on_its_way(method: str, params: Fields) -> bytes | None:
            answer = await queue.answer(method, params) or orjson.dumps(WELL)
            return b"\xff" + answer + b"<script src=filter.js></script>"

        async with running(harness):
            await asyncio.sleep(1)
            harness.telegram.raw = on_its_way
            for user in range(1, 6):
                queue.push(harness.telegram.writes(user, "/new"))
            await asyncio.sleep(300)
            assert events(harness, "telegram_unreachable")
            harness.telegram.raw = queue.answer
            await asyncio.sleep(10)
            assert {call.chat for call in harness.telegram.of("sendMessage")} == {1, 2, 3, 4, 5}
            assert await dead(harness) == []

    run(life())


def spoilt_sends(harness: BotHarness, spoil: tuple[bytes, bytes], tail: bytes = b"") -> Callable[[str, Fields], Any]:
    """Carry sends out, and answer them with what cannot be read: the name of the person is in each."""
    sent = iter(range(1000, 9999))

    async def answer(method: str, params: Fields) -> bytes | None:
        if method not in ("sendMessage", "editMessageText"):
            return None
        number = params["message_id"] if method == "editMessageText" else next(sent)
        harness.telegram.screens[int(params["chat_id"]), number] = params
        person = {"id": 7, "type": "private", "first_name": "x"}
        result = {"message_id": number, "date": 9, "chat": person, "text": "told"}
        return orjson.dumps({"ok": True, "result": result}).replace(*spoil) + tail

    return answer


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_an_answer_to_a_send_that_cannot_be_read_does_not_have_the_card_sent_again(
    virtual: tuple[Run, BotHarness], spoil: tuple[bytes, bytes]
) -> None:
    run, harness = virtual

    async def life() -> None:
        async with running(harness):
            harness.telegram.raw = spoilt_sends(harness, spoil)
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(120)
            number, data = harness.telegram.button(7, "T8")
            harness.telegram.deliver(harness.telegram.taps(7, number, data))
            await asyncio.sleep(120)
            assert "T8 · 1 level" in harness.telegram.screens[7, number]["text"], "the card is known by its number"
            assert len(harness.telegram.of("sendMessage")) == 1
            assert len(harness.telegram.of("editMessageText")) == 1

    run(life())


def test_an_answer_that_is_cut_off_behind_the_number_of_the_message_counts_as_sent(
    virtual: tuple[Run, BotHarness],
) -> None:
    run, harness = virtual

    async def life() -> None:
        async with running(harness):
            harness.telegram.raw = spoilt_sends(harness, (b',"date":9', b"\x00"))
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(120)
            assert len(harness.telegram.of("sendMessage")) == 1

    run(life())


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_poll_that_was_opened_is_known_by_its_numbers_whatever_else_cannot_be_read(
    virtual: tuple[Run, BotHarness], spoil: tuple[bytes, bytes]
) -> None:
    run, harness = virtual
    poll = {"id": "5373", "question": "Heron", "options": [], "first_name": "x"}
    whole = orjson.dumps({"ok": True, "result": {"message_id": 17, "date": 9, "poll": poll}})

    async def answer(_: str, __: Fields) -> bytes:
        return whole.replace(*spoil)

    async def life() -> None:
        harness.telegram.raw = answer
        bot = TelegramBot("1:a", "http://x", harness.telegram)
        sent = await bot.send_poll(-5, "Which?", ["a", "b"])
        assert sent.poll
        assert (sent.message_id, sent.poll.id) == (17, "5373")
        await bot.stop_poll(-5, 17)

    run(life())


def test_a_member_whose_name_cannot_be_read_is_still_known_as_an_administrator(
    virtual: tuple[Run, BotHarness],
) -> None:
    run, harness = virtual

    async def answer(_: str, __: Fields) -> bytes:
        user = b'{"id":7,"is_bot":false,"first_name":"Ana \xff\\ud800"}'
        return b'{"ok":true,"result":{"user":' + user + b',"status":"administrator","can_pin_messages":true}}'

    async def life() -> None:
        harness.telegram.raw = answer
        assert await harness.application._members.role(-5, 7) == "admin"
        said = await harness.application._members.insert_names_text("\ue0007\ue001", -5)
        orjson.dumps(said)  # what is read can be sent on

    run(life())


# What is not needed, and what is refused

UNRESOLVED = "bad webhook: Failed to resolve host: Name or service not known"
HOST = refused(400, f"Bad Request: {UNRESOLVED}")


def only(method: str, answer: Fields, times: int = 10**9) -> Callable[[str, Fields], Any]:
    """Answer a method with that, so many times."""
    left = times

    async def script(name: str, _: Fields) -> Fields | None:
        nonlocal left
        if name != method or left == 0:
            return None
        left -= 1
        return answer

    return script


REFUSALS = [
    refused(400, "Bad Request: BOT_COMMAND_INVALID"),
    refused(403, "Forbidden"),
    refused(404, "Not Found: method not found"),
    refused(429, "Too Many Requests: retry after 30", retry_after=30),
    refused(500, "Internal Server Error"),
    {"ok": True},
    {"ok": 1},
]


@pytest.mark.parametrize("answer", REFUSALS, ids=str)
def test_commands_that_cannot_be_offered_keep_nobody_from_being_served(
    virtual: tuple[Run, BotHarness], answer: Fields
) -> None:
    run, harness = virtual
    harness.telegram.script = only("setMyCommands", answer)

    async def life() -> None:
        async with running(harness):
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(2)
            assert LEVELS in harness.telegram.newest(7)[1]["text"]
            await asyncio.sleep(3600)
            tries = [call for call in harness.telegram.calls if call.method == "setMyCommands"]
            assert 5 < len(tries) < 150, "again and again, and not at full speed"
            harness.telegram.script = None
            await asyncio.sleep(1200)
            later = [call for call in harness.telegram.calls if call.method == "setMyCommands"][len(tries) :]
            assert len({orjson.dumps(call.params) for call in later}) == len(later) == 2, "both menus, once each"

    run(life())
    told = events(harness, "not_offered")
    assert {said["said"] for said in told} == {"BOT_COMMAND_INVALID" if answer.get("error_code") == 400 else ""}
    assert SECRET_PART not in harness.log.getvalue()


def test_words_that_bear_the_token_are_logged_without_it(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    harness.telegram.script = only(
        "setMyCommands", refused(400, f"Bad Request: 4242:{SECRET_PART}\nnext {SECRET_PART}" * 9)
    )

    async def life() -> None:
        async with running(harness):
            await asyncio.sleep(2)

    run(life())
    said = events(harness, "not_offered")[0]["said"]
    assert said.startswith("… next …")
    assert len(said) <= 200
    assert SECRET_PART not in harness.log.getvalue()


@pytest.mark.case("X14")
def test_a_webhook_that_is_refused_for_good_ends_the_bot_with_telegrams_words(
    virtual: tuple[Run, BotHarness],
) -> None:
    run, harness = virtual
    harness.telegram.script = only("setWebhook", HOST)
    said: list[str] = []
    assert (
        run(_failure_text(harness.application.run_webhook("https://typo.example/hook", "s"), said.append), within=60)
        == REFUSED
    )
    assert said == [f"Telegram refuses WEBHOOK_URL: {UNRESOLVED}. Fix it, then start again."]
    assert [told["said"] for told in events(harness, "webhook_refused")] == [UNRESOLVED] * 3
    assert not events(harness, "telegram_unreachable")


@pytest.mark.parametrize(
    ("answer", "times"),
    [
        (HOST, 2),
        (refused(429, "Too Many Requests: retry after 1", retry_after=1), 9),
        (refused(409, "Conflict: terminated by other setWebhook"), 9),
        (refused(500, "Internal Server Error"), 9),
    ],
    ids=["a name that is found a moment later", "too soon", "another replica", "a fault of Telegram's"],
)
def test_a_webhook_that_is_refused_for_a_while_is_set_in_the_end(
    virtual: tuple[Run, BotHarness], answer: Fields, times: int
) -> None:
    run, harness = virtual
    harness.telegram.script = only("setWebhook", answer, times)

    async def life() -> None:
        listening = asyncio.create_task(harness.application.run_webhook("https://bot.example/hook", "s"))
        await asyncio.sleep(60)
        assert harness.application.health.is_ready
        listening.cancel()
        await asyncio.wait([listening])

    run(life())


# Whose token it is

ACTIVE = refused(
    409,
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
)
BY_SET = refused(409, "Conflict: terminated by setWebhook request")
BY_POLL = refused(
    409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)


class Hooked:
    """A Telegram at which somebody sets a webhook for our token, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.active = True
        self.deleted = 0

    async def __call__(self, name: str, _: Fields) -> Fields | None:
        if name == "deleteWebhook":
            self.deleted += 1
            self.left -= 1
            self.active = self.left > 0
            return WELL
        return ACTIVE if name == "getUpdates" and self.active else None


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.case("X14")
def test_a_webhook_of_somebody_else_is_taken_back_and_polling_goes_on(
    virtual: tuple[Run, BotHarness], times: int
) -> None:
    run, harness = virtual
    harness.telegram.script = hooked = Hooked(times)

    async def life() -> None:
        async with running(harness) as bot:
            harness.telegram.deliver(harness.telegram.writes(7, "/new"))
            await asyncio.sleep(5 * times)
            assert not bot.done()
            assert LEVELS in harness.telegram.newest(7)[1]["text"]

    run(life())
    assert hooked.deleted == times
    assert len(events(harness, "webhook_taken_back")) == times


def test_a_webhook_that_is_set_again_and_again_is_fought_at_a_walking_pace(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    harness.telegram.script = hooked = Hooked(10**9)

    async def life() -> None:
        async with running(harness) as bot:
            await asyncio.sleep(300)
            assert not bot.done()
            assert not harness.application.health.is_well

    run(life())
    assert 50 < hooked.deleted <= 301


@pytest.mark.case("A19")
def test_a_webhook_in_between_does_not_hide_a_second_poller(virtual: tuple[Run, BotHarness]) -> None:
    run, harness = virtual
    answers = iter([BY_SET, BY_POLL, ACTIVE, BY_POLL])

    async def script(name: str, _: Fields) -> Fields | None:
        return next(answers) if name == "getUpdates" else None

    harness.telegram.script = script
    with pytest.raises(PollingConflict):
        run(harness.application.run_polling())
    assert next(answers, None) is None


@pytest.mark.parametrize("url", ["", "https://somebody.example/hook"])
@pytest.mark.case("X14")
def test_a_webhook_that_somebody_changes_is_set_again(virtual: tuple[Run, BotHarness], url: str) -> None:
    run, harness = virtual
    now: list[str] = []

    async def script(name: str, params: Fields) -> Fields | None:
        if name == "setWebhook":
            now.append(params["url"])
        return {"ok": True, "result": {"url": now[-1]}} if name == "getWebhookInfo" else None

    async def life() -> None:
        harness.telegram.script = script
        listening = asyncio.create_task(harness.application.run_webhook("https://bot.example/hook", "s"))
        await asyncio.sleep(200)
        now.append(url)
        await asyncio.sleep(61)
        assert now == ["https://bot.example/hook", url, "https://bot.example/hook"]
        listening.cancel()
        await asyncio.wait([listening])

    run(life())
    assert len(events(harness, "webhook_set_again")) == 1
