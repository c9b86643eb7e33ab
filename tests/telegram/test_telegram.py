"""The Telegram adapter through the local Bot API over HTTP: the contract, the taps, the failures, the restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from starlette.responses import Response
from telegram_kit import CHAT, FRESH, LEVELS, REST, PlaygroundHarness, data, labels, playground_harness

from bot.service.policies import AccessPolicy
from bot.telegram.application import ForeignDatabase
from bot.telegram.receiving.polling import PollingConflict


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PlaygroundHarness]:
    async with playground_harness(tmp_path) as harness:
        yield harness


async def begun(harness: PlaygroundHarness) -> None:
    await harness.say("/start", "bedside look-up")
    await harness.tap("New case", LEVELS)


def refusal(code: int, description: str, **parameters: int) -> Response:
    answer = {"ok": False, "error_code": code, "description": description}
    return Response(orjson.dumps(answer | ({"parameters": parameters} if parameters else {})), code)


async def test_a_case_is_one_message_edited_from_the_first_question_to_the_recommendation(
    harness: PlaygroundHarness,
) -> None:
    await begun(harness)
    first = await harness.newest()
    await harness.answer(*FRESH, *REST)
    card = await harness.reads("✓ Posterior (open): supported")
    assert card["message_id"] == first["message_id"]
    assert " · T8 · 1 level\nPosterior MIS" in card["text"]
    assert len(await harness.cards()) == 2


async def test_the_picture_of_a_case_is_drawn_sent_and_changed(harness: PlaygroundHarness) -> None:
    await begun(harness)
    await harness.answer(*FRESH, *REST)
    await harness.reads("✓ Posterior (open): supported")
    await harness.tap("Picture")
    [*_, photo] = await harness.until(lambda cards: "photo" in cards[-1])
    light = photo["photo"][0]
    assert (light["width"], light["height"]) == (1024, 1280)
    assert " · T8 · 1 level · Posterior MIS\n✓ supported" in photo["caption"]
    await harness.tap("Dark")
    [*_, photo] = await harness.until(lambda cards: labels(cards[-1]) == ["Light"])
    assert photo["photo"][0]["file_id"] != light["file_id"]


async def test_the_command_menu_is_set_at_the_start(harness: PlaygroundHarness) -> None:
    await begun(harness)
    commands = {entry["command"] for entry in (await harness.play.state())["commands"]}
    assert commands == {
        "start",
        "new",
        "recent",
        "sins",
        "scores",
        "options",
        "scales",
        "help",
        "about",
        "cancel",
        "forget",
    }


@pytest.mark.slow
async def test_every_command_is_answered(harness: PlaygroundHarness) -> None:
    await harness.say("/help", "How to use it")
    await harness.say("/about", "Where the source is silent or contradicts itself")
    await harness.say("/options", "The six options")
    await harness.say("/cancel", "No case is open")
    await harness.say("/forget", "Erase everything")
    await harness.say("/colour", "Unknown command")
    await harness.say("John Smith, 12.03.1950, T8", "Please leave out identifiers")


async def test_quick_taps_on_one_grid_all_count(harness: PlaygroundHarness) -> None:
    await begun(harness)
    card = await harness.newest()
    for level in ("T11", "T12", "L1"):
        await harness.play.page("tap", chat_id=CHAT, message_id=card["message_id"], data=data(card, level), stale=True)
    await harness.reads("T11–L1 · 3 levels")


async def test_a_double_tap_counts_once_and_the_second_is_told(harness: PlaygroundHarness) -> None:
    await begun(harness)
    await harness.answer(*FRESH[:2])
    card = await harness.reads("fit for surgery")
    for _ in range(2):
        await harness.play.page("tap", chat_id=CHAT, message_id=card["message_id"], data=data(card, "Fit"), stale=True)
    await harness.reads("Neurological")
    await harness.until(lambda _: any("is closed" in toast for toast in harness.toasts))


@pytest.mark.parametrize("forged", ["", ".", "zz.0.a.deficit.none", "nonsense", "0.0.nw.x.y.z", "é" * 20, ".0.er2"])
async def test_a_forged_button_is_answered_and_changes_nothing(harness: PlaygroundHarness, forged: str) -> None:
    await begun(harness)
    card = await harness.newest()
    answered = len(harness.toasts)
    await harness.play.page("tap", chat_id=CHAT, message_id=card["message_id"], data=forged, stale=True)
    await harness.until(lambda _: len(harness.toasts) > answered)
    assert harness.toasts[-1]


async def test_the_bot_goes_on_after_a_restart_and_old_buttons_work(tmp_path: Path) -> None:
    async with playground_harness(tmp_path) as harness:
        await begun(harness)
        await harness.answer(*FRESH)
        await harness.reads("Where is the tumour")
    async with playground_harness(tmp_path) as harness:
        await harness.answer(*REST)
        await harness.reads("✓ Posterior (open): supported")


async def test_what_was_tapped_while_the_bot_was_down_is_answered_after_the_start(tmp_path: Path) -> None:
    async with playground_harness(tmp_path) as harness:
        await begun(harness)
        await harness.answer(*FRESH)
        await harness.reads("Where is the tumour")
    async with playground_harness(tmp_path, start=False) as harness:
        await harness.tap("Body only")
        harness.task = asyncio.create_task(harness.application.run_polling())
        await harness.reads("How extensive is the destruction")


async def test_what_was_tapped_in_an_outage_longer_than_a_tap_lives_is_gone_and_the_card_still_works(
    tmp_path: Path,
) -> None:
    async with playground_harness(tmp_path) as harness:
        await begun(harness)
        await harness.answer(*FRESH)
        card = await harness.reads("Where is the tumour")
    async with playground_harness(tmp_path, start=False) as harness:
        await harness.tap("Body only")
        await harness.play.say("/help")
        harness.play.clock.now += 151
        harness.task = asyncio.create_task(harness.application.run_polling())
        await harness.reads("How to use it")
        assert next(each for each in await harness.cards() if each["message_id"] == card["message_id"]) == card
        await harness.play.tap(card["message_id"], data(card, "Body only"))
        await harness.until(lambda cards: "How extensive is the destruction" in cards[-2]["text"])


@pytest.mark.slow
async def test_a_second_poller_makes_the_first_stop(harness: PlaygroundHarness) -> None:
    await begun(harness)
    assert harness.task

    async def poll() -> None:
        while True:
            async with harness.play.session.post(
                f"{harness.play.url}/bot4242:planted-Token_that-must-never-leak/getUpdates", json={"timeout": 1}
            ) as answer:
                await answer.read()

    other = asyncio.create_task(poll())
    with pytest.raises(PollingConflict):
        await asyncio.wait_for(asyncio.shield(harness.task), 20)
    other.cancel()
    harness.task = None


async def test_a_deleted_card_is_sent_anew_once(harness: PlaygroundHarness) -> None:
    await begun(harness)
    card = await harness.newest()
    harness.play.world.delete(CHAT, card["message_id"])
    await harness.play.page("tap", chat_id=CHAT, message_id=card["message_id"], data=data(card, "T8"), stale=True)
    anew = await harness.reads("T8 · 1 level")
    assert anew["message_id"] > card["message_id"]
    assert len(await harness.cards()) == 2
    await harness.tap("Only T8", "fit for surgery")


class Trouble:
    """Interferes with the next calls of a method."""

    def __init__(self, method: str, *answers: Response, when: str = "before") -> None:
        self.method, self.answers, self.when, self.calls = method, list(answers), when, 0

    async def __call__(self, when: str, method: str, _: dict[str, object]) -> Response | None:
        if method != self.method or when != self.when:
            return None
        self.calls += 1
        return self.answers.pop(0) if self.answers else None


@pytest.mark.slow
@pytest.mark.parametrize(
    "faults",
    [
        Trouble("editMessageText", refusal(429, "Too Many Requests: retry after 1", retry_after=1)),
        Trouble("editMessageText", refusal(502, "Bad Gateway"), refusal(500, "Internal Server Error")),
        Trouble("editMessageText", Response("<html>portal</html>"), Response('{"ok": tr'), Response('{"ok": true}')),
        Trouble("editMessageText", refusal(502, "Bad Gateway"), when="after"),
        Trouble("answerCallbackQuery", refusal(502, "Bad Gateway")),
        Trouble("answerCallbackQuery", refusal(400, "Bad Request: query is too old and response timeout expired")),
        Trouble("getUpdates", refusal(502, "Bad Gateway"), refusal(429, "Too Many Requests", retry_after=1)),
        Trouble("getUpdates", refusal(401, "Unauthorized")),
        Trouble("getMe", refusal(502, "Bad Gateway"), refusal(401, "Unauthorized")),
        Trouble("sendMessage", refusal(500, "Internal Server Error")),
    ],
    ids=lambda faults: f"{faults.method}-{faults.when}-{len(faults.answers)}",
)
async def test_trouble_with_the_bot_api_delays_and_loses_nothing(tmp_path: Path, faults: Trouble) -> None:
    async with playground_harness(tmp_path, fault_hook=faults) as harness:
        await begun(harness)
        await harness.answer(*FRESH, *REST)
        card = await harness.reads("✓ Posterior (open): supported")
        assert " · T8 · 1 level\nPosterior MIS" in card["text"]
    assert faults.calls
    assert not faults.answers


async def test_a_message_that_was_sent_although_the_answer_was_lost_cannot_be_acted_on_twice(tmp_path: Path) -> None:
    faults = Trouble("sendMessage", when="after")
    async with playground_harness(tmp_path, fault_hook=faults) as harness:
        await harness.say("/start", "bedside look-up")
        faults.answers.append(refusal(502, "Bad Gateway"))
        await harness.tap("New case")
        _, first, second = await harness.until(lambda cards: len(cards) == 3)
        await harness.reads(LEVELS)
        await harness.tap("T8", "T8 · 1 level")
        await harness.play.tap(first["message_id"], data(first, "T9"))
        await harness.until(lambda cards: "out of date" in cards[1]["text"])
        assert "T8 · 1 level" in (await harness.newest())["text"]
        assert second["message_id"] > first["message_id"]


async def test_a_chat_that_blocked_the_bot_is_left_alone(tmp_path: Path) -> None:
    faults = Trouble("editMessageText", refusal(403, "Forbidden: bot was blocked by the user"))
    async with playground_harness(tmp_path, fault_hook=faults) as harness:
        await begun(harness)
        await harness.tap("T8")
        await harness.until(lambda _: not faults.answers)
        await asyncio.sleep(0.4)
        assert await harness.store.transact(lambda uow: uow.pending_messages()) == []


async def test_nothing_of_what_a_person_is_called_or_writes_is_kept_or_logged(tmp_path: Path) -> None:
    planted = "Zebediah Quux 12.03.1950 MRN 7788990"
    async with playground_harness(tmp_path) as harness:
        await harness.say(planted, "Please leave out identifiers")
        await begun(harness)
        await harness.answer(*FRESH, *REST)
        await harness.reads("✓ Posterior (open): supported")
        log = harness.log.getvalue()
    record = b"".join(path.read_bytes() for path in tmp_path.glob("cases.db*"))
    for word in ("Zebediah", "12.03.1950", "7788990", "Reyes", "planted-Token"):
        assert word.encode() not in record, word
        assert word not in log, word


async def test_forget_erases_every_trace_of_the_persons_cases(tmp_path: Path) -> None:
    async with playground_harness(tmp_path) as harness:
        await begun(harness)
        await harness.answer(*FRESH)
        await harness.reads("Where is the tumour")
        await harness.say("/forget", "Erase everything")
        await harness.tap("Erase everything", "Erased")
        await harness.until(lambda cards: "no longer here" in cards[1]["text"])
    record = b"".join(path.read_bytes() for path in tmp_path.glob("cases.db*"))
    assert b'"fitness"' not in record


async def test_an_update_that_cannot_be_read_is_set_aside_and_the_next_is_served(harness: PlaygroundHarness) -> None:
    await begun(harness)
    record = await harness.application.receiver.accept(
        [
            {"update_id": 900_001, "message": {"chat": "nonsense", "from": {}}},
            {"update_id": 900_002, "callback_query": {"id": "broken", "from": []}},
            "nonsense",
            {"no": "id"},
        ]
    )
    assert record == 900_002
    dead = await harness.store.transact(lambda uow: [inbox_update.update_id for inbox_update, _ in uow.dead_letters()])
    assert dead == [900_001, 900_002]
    assert "nonsense" not in harness.log.getvalue()
    await harness.tap("T8", "T8 · 1 level")


async def test_a_repeated_update_changes_nothing_and_is_told_the_same(harness: PlaygroundHarness) -> None:
    await begun(harness)
    card = await harness.newest()
    update = {
        "update_id": 900_003,
        "callback_query": {
            "id": "77",
            "from": {"id": CHAT, "is_bot": False, "first_name": "x"},
            "chat_instance": "1",
            "data": data(card, "Done"),
            "message": {"message_id": card["message_id"], "date": 1, "chat": {"id": CHAT, "type": "private"}},
        },
    }
    await harness.application.receiver.accept([update])
    await asyncio.sleep(0.2)
    told = await harness.store.transact(lambda uow: uow.get_update(900_003))
    await harness.application.receiver.accept([update])
    assert told
    assert told.payload == ""
    assert told.answer_text == "Choose at least one level first."


async def test_a_handler_that_raises_sets_the_update_aside_and_tells_the_person(
    harness: PlaygroundHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(harness)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret of the patient")

    monkeypatch.setattr(harness.application._housekeeping._private, "tap", broken)
    await harness.tap("T8")
    await harness.until(lambda _: any("That failed" in toast for toast in harness.toasts))
    monkeypatch.undo()
    assert "ZeroDivisionError" in harness.log.getvalue()
    assert "secret" not in harness.log.getvalue()
    await harness.tap("T9", "T9 · 1 level")


async def test_the_labels_of_the_answers_begin_as_agreed(harness: PlaygroundHarness) -> None:
    await begun(harness)
    assert labels(await harness.newest())[:17] == [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]


async def test_a_database_of_another_bot_is_refused(tmp_path: Path) -> None:
    async with playground_harness(tmp_path) as harness:
        await begun(harness)
    async with playground_harness(tmp_path, start=False) as harness:
        await harness.store.transact(lambda uow: uow._statements.execute("UPDATE bots SET id = '7'"))  # type: ignore[attr-defined]
        with pytest.raises(ForeignDatabase):
            await asyncio.wait_for(harness.application.run_polling(), 10)


@pytest.mark.parametrize(("users", "chats"), [({CHAT}, set()), (set(), {CHAT})])
async def test_those_who_are_listed_may_use_the_bot(tmp_path: Path, users: set[int], chats: set[int]) -> None:
    async with playground_harness(tmp_path, access=AccessPolicy(False, frozenset(users), frozenset(chats))) as harness:  # noqa: FBT003 - closed
        await begun(harness)


async def test_those_who_are_not_listed_are_told_their_number_and_get_nothing_else(tmp_path: Path) -> None:
    async with playground_harness(tmp_path) as harness:
        await begun(harness)
    async with playground_harness(tmp_path, access=AccessPolicy(False, frozenset({5}), frozenset({6}))) as harness:  # noqa: FBT003 - closed
        before = await harness.newest()
        await harness.tap("T8")
        await harness.until(lambda _: any(str(CHAT) in toast for toast in harness.toasts))
        assert await harness.newest() == before
        await harness.say("/new", f"Send your ID, {CHAT},")
