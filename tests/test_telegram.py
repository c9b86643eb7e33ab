"""The Telegram adapter through the local Bot API over HTTP: the contract, the taps, the failures, the restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from starlette.responses import Response
from telegram_kit import CHAT, FRESH, LEVELS, REST, Seat, data, labels, seated

from bot.service.policies import Access
from bot.telegram.application import OtherBot
from bot.telegram.receiving.polling import SecondPoller


@pytest.fixture
async def seat(tmp_path: Path) -> AsyncIterator[Seat]:
    async with seated(tmp_path) as seat:
        yield seat


async def begun(seat: Seat) -> None:
    await seat.say("/start", "bedside look-up")
    await seat.tap("New case", LEVELS)


def refusal(code: int, description: str, **parameters: int) -> Response:
    answer = {"ok": False, "error_code": code, "description": description}
    return Response(orjson.dumps(answer | ({"parameters": parameters} if parameters else {})), code)


async def test_a_case_is_one_message_edited_from_the_first_question_to_the_recommendation(seat: Seat) -> None:
    await begun(seat)
    first = await seat.newest()
    await seat.answer(*FRESH, *REST)
    card = await seat.reads("✓ Posterior (open): supported")
    assert card["message_id"] == first["message_id"]
    assert " · T8 · 1 level\nPosterior MIS" in card["text"]
    assert len(await seat.cards()) == 2


async def test_the_command_menu_is_set_at_the_start(seat: Seat) -> None:
    await begun(seat)
    commands = {entry["command"] for entry in (await seat.play.state())["commands"]}
    assert commands == {"start", "new", "recent", "sins", "options", "scales", "help", "about", "cancel", "forget"}


async def test_every_command_is_answered(seat: Seat) -> None:
    await seat.say("/help", "How to use it")
    await seat.say("/about", "Where the source is silent or contradicts itself")
    await seat.say("/options", "The six options")
    await seat.say("/cancel", "No case is open")
    await seat.say("/forget", "Erase everything")
    await seat.say("/colour", "Unknown command")
    await seat.say("John Smith, 12.03.1950, T8", "Please leave out identifiers")


async def test_quick_taps_on_one_grid_all_count(seat: Seat) -> None:
    await begun(seat)
    card = await seat.newest()
    for level in ("T11", "T12", "L1"):
        await seat.play.page("tap", chat_id=CHAT, message_id=card["message_id"], data=data(card, level), stale=True)
    await seat.reads("T11–L1 · 3 levels")


async def test_a_double_tap_counts_once_and_the_second_is_told(seat: Seat) -> None:
    await begun(seat)
    await seat.answer(*FRESH[:2])
    card = await seat.reads("fit for surgery")
    for _ in range(2):
        await seat.play.page("tap", chat_id=CHAT, message_id=card["message_id"], data=data(card, "Fit"), stale=True)
    await seat.reads("Neurological")
    await seat.until(lambda _: any("is closed" in toast for toast in seat.toasts))


@pytest.mark.parametrize("forged", ["", ".", "zz.0.a.deficit.none", "nonsense", "0.0.nw.x.y.z", "é" * 20, ".0.er2"])
async def test_a_forged_button_is_answered_and_changes_nothing(seat: Seat, forged: str) -> None:
    await begun(seat)
    card = await seat.newest()
    answered = len(seat.toasts)
    await seat.play.page("tap", chat_id=CHAT, message_id=card["message_id"], data=forged, stale=True)
    await seat.until(lambda _: len(seat.toasts) > answered)
    assert seat.toasts[-1]


async def test_the_bot_goes_on_after_a_restart_and_old_buttons_work(tmp_path: Path) -> None:
    async with seated(tmp_path) as seat:
        await begun(seat)
        await seat.answer(*FRESH)
        await seat.reads("Where is the tumour")
    async with seated(tmp_path) as seat:
        await seat.answer(*REST)
        await seat.reads("✓ Posterior (open): supported")


async def test_what_was_tapped_while_the_bot_was_down_is_answered_after_the_start(tmp_path: Path) -> None:
    async with seated(tmp_path) as seat:
        await begun(seat)
        await seat.answer(*FRESH)
        await seat.reads("Where is the tumour")
    async with seated(tmp_path, start=False) as seat:
        await seat.tap("Body only")
        seat.task = asyncio.create_task(seat.channel.poll())
        await seat.reads("How extensive is the destruction")


async def test_what_was_tapped_in_an_outage_longer_than_a_tap_lives_is_gone_and_the_card_still_works(
    tmp_path: Path,
) -> None:
    async with seated(tmp_path) as seat:
        await begun(seat)
        await seat.answer(*FRESH)
        card = await seat.reads("Where is the tumour")
    async with seated(tmp_path, start=False) as seat:
        await seat.tap("Body only")
        await seat.play.say("/help")
        seat.play.clock.now += 151
        seat.task = asyncio.create_task(seat.channel.poll())
        await seat.reads("How to use it")
        assert next(each for each in await seat.cards() if each["message_id"] == card["message_id"]) == card
        await seat.play.tap(card["message_id"], data(card, "Body only"))
        await seat.until(lambda cards: "How extensive is the destruction" in cards[-2]["text"])


async def test_a_second_poller_makes_the_first_stop(seat: Seat) -> None:
    await begun(seat)
    assert seat.task

    async def poll() -> None:
        while True:
            async with seat.play.session.post(
                f"{seat.play.url}/bot4242:planted-Token_that-must-never-leak/getUpdates", json={"timeout": 1}
            ) as answer:
                await answer.read()

    other = asyncio.create_task(poll())
    with pytest.raises(SecondPoller):
        await asyncio.wait_for(asyncio.shield(seat.task), 20)
    other.cancel()
    seat.task = None


async def test_a_deleted_card_is_sent_anew_once(seat: Seat) -> None:
    await begun(seat)
    card = await seat.newest()
    seat.play.world.delete(CHAT, card["message_id"])
    await seat.play.page("tap", chat_id=CHAT, message_id=card["message_id"], data=data(card, "T8"), stale=True)
    anew = await seat.reads("T8 · 1 level")
    assert anew["message_id"] > card["message_id"]
    assert len(await seat.cards()) == 2
    await seat.tap("Only T8", "fit for surgery")


class Trouble:
    """Interferes with the next calls of a method."""

    def __init__(self, method: str, *answers: Response, when: str = "before") -> None:
        self.method, self.answers, self.when, self.calls = method, list(answers), when, 0

    async def __call__(self, when: str, method: str, _: dict[str, object]) -> Response | None:
        if method != self.method or when != self.when:
            return None
        self.calls += 1
        return self.answers.pop(0) if self.answers else None


@pytest.mark.parametrize(
    "trouble",
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
    ids=lambda trouble: f"{trouble.method}-{trouble.when}-{len(trouble.answers)}",
)
async def test_trouble_with_the_bot_api_delays_and_loses_nothing(tmp_path: Path, trouble: Trouble) -> None:
    async with seated(tmp_path, interfere=trouble) as seat:
        await begun(seat)
        await seat.answer(*FRESH, *REST)
        card = await seat.reads("✓ Posterior (open): supported")
        assert " · T8 · 1 level\nPosterior MIS" in card["text"]
    assert trouble.calls
    assert not trouble.answers


async def test_a_message_that_was_sent_although_the_answer_was_lost_cannot_be_acted_on_twice(tmp_path: Path) -> None:
    trouble = Trouble("sendMessage", when="after")
    async with seated(tmp_path, interfere=trouble) as seat:
        await seat.say("/start", "bedside look-up")
        trouble.answers.append(refusal(502, "Bad Gateway"))
        await seat.tap("New case")
        _, first, second = await seat.until(lambda cards: len(cards) == 3)
        await seat.reads(LEVELS)
        await seat.tap("T8", "T8 · 1 level")
        await seat.play.tap(first["message_id"], data(first, "T9"))
        await seat.until(lambda cards: "out of date" in cards[1]["text"])
        assert "T8 · 1 level" in (await seat.newest())["text"]
        assert second["message_id"] > first["message_id"]


async def test_a_chat_that_blocked_the_bot_is_left_alone(tmp_path: Path) -> None:
    trouble = Trouble("editMessageText", refusal(403, "Forbidden: bot was blocked by the user"))
    async with seated(tmp_path, interfere=trouble) as seat:
        await begun(seat)
        await seat.tap("T8")
        await seat.until(lambda _: not trouble.answers)
        await asyncio.sleep(0.4)
        assert await seat.store.run(lambda desk: desk.wishes()) == []


async def test_nothing_of_what_a_person_is_called_or_writes_is_kept_or_logged(tmp_path: Path) -> None:
    planted = "Zebediah Quux 12.03.1950 MRN 7788990"
    async with seated(tmp_path) as seat:
        await seat.say(planted, "Please leave out identifiers")
        await begun(seat)
        await seat.answer(*FRESH, *REST)
        await seat.reads("✓ Posterior (open): supported")
        log = seat.log.getvalue()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("cases.db*"))
    for word in ("Zebediah", "12.03.1950", "7788990", "Reyes", "planted-Token"):
        assert word.encode() not in kept, word
        assert word not in log, word


async def test_forget_erases_every_trace_of_the_persons_cases(tmp_path: Path) -> None:
    async with seated(tmp_path) as seat:
        await begun(seat)
        await seat.answer(*FRESH)
        await seat.reads("Where is the tumour")
        await seat.say("/forget", "Erase everything")
        await seat.tap("Erase everything", "Erased")
        await seat.until(lambda cards: "no longer here" in cards[1]["text"])
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("cases.db*"))
    assert b'"fitness"' not in kept


async def test_an_update_that_cannot_be_read_is_set_aside_and_the_next_is_served(seat: Seat) -> None:
    await begun(seat)
    kept = await seat.channel.reception.accept(
        [
            {"update_id": 900_001, "message": {"chat": "nonsense", "from": {}}},
            {"update_id": 900_002, "callback_query": {"id": "broken", "from": []}},
            "nonsense",
            {"no": "id"},
        ]
    )
    assert kept == 900_002
    dead = await seat.store.run(lambda desk: [letter.update_id for letter, _ in desk.dead()])
    assert dead == [900_001, 900_002]
    assert "nonsense" not in seat.log.getvalue()
    await seat.tap("T8", "T8 · 1 level")


async def test_a_repeated_update_changes_nothing_and_is_told_the_same(seat: Seat) -> None:
    await begun(seat)
    card = await seat.newest()
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
    await seat.channel.reception.accept([update])
    await asyncio.sleep(0.2)
    told = await seat.store.run(lambda desk: desk.letter(900_003))
    await seat.channel.reception.accept([update])
    assert told
    assert told.body == ""
    assert told.toast == "Choose at least one level first."


async def test_a_handler_that_raises_sets_the_update_aside_and_tells_the_person(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begun(seat)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret of the patient")

    monkeypatch.setattr(seat.channel.reception._conversation, "tap", broken)
    await seat.tap("T8")
    await seat.until(lambda _: any("That failed" in toast for toast in seat.toasts))
    monkeypatch.undo()
    assert "ZeroDivisionError" in seat.log.getvalue()
    assert "secret" not in seat.log.getvalue()
    await seat.tap("T9", "T9 · 1 level")


async def test_the_labels_of_the_answers_begin_as_agreed(seat: Seat) -> None:
    await begun(seat)
    assert labels(await seat.newest())[:17] == [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]


async def test_a_database_of_another_bot_is_refused(tmp_path: Path) -> None:
    async with seated(tmp_path) as seat:
        await begun(seat)
    async with seated(tmp_path, start=False) as seat:
        await seat.store.run(lambda desk: desk._driver.execute("UPDATE bots SET id = '7'"))  # type: ignore[attr-defined]
        with pytest.raises(OtherBot):
            await asyncio.wait_for(seat.channel.poll(), 10)


@pytest.mark.parametrize(("users", "chats"), [({CHAT}, set()), (set(), {CHAT})])
async def test_those_who_are_listed_may_use_the_bot(tmp_path: Path, users: set[int], chats: set[int]) -> None:
    async with seated(tmp_path, access=Access(False, frozenset(users), frozenset(chats))) as seat:  # noqa: FBT003 - closed
        await begun(seat)


async def test_those_who_are_not_listed_are_told_their_number_and_get_nothing_else(tmp_path: Path) -> None:
    async with seated(tmp_path) as seat:
        await begun(seat)
    async with seated(tmp_path, access=Access(False, frozenset({5}), frozenset({6}))) as seat:  # noqa: FBT003 - closed
        before = await seat.newest()
        await seat.tap("T8")
        await seat.until(lambda _: any(str(CHAT) in toast for toast in seat.toasts))
        assert await seat.newest() == before
        await seat.say("/new", f"Send your ID, {CHAT},")
