"""One who floods and a day's backlog: the others are served first, and no flood of messages comes back out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from conftest import BotHarness, Fields, Report, bot_harness, claimed, data_of, virtual_bot_harness

from bot.service.commands import SLOW
from bot.storage.factory import create_storage
from bot.telegram.updates.flood_limit import BURST, FloodLimiter
from bot.telegram.updates.inbox import from_inbox, to_inbox

FLOODER = 666
TOLD = "Too many messages"
OTHERS = range(1, 51)


async def polling(harness: BotHarness, seconds: float) -> None:
    """Let the bot poll for some seconds."""
    task = asyncio.create_task(harness.application.run_polling())
    await asyncio.sleep(seconds)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def flood(harness: BotHarness) -> list[Fields]:
    """300 messages and 300 taps of one person, and behind them one tap of each of the others."""
    number, card = harness.telegram.newest(FLOODER)
    labels = [f"T{n}" for n in range(1, 13)]
    made: list[Fields] = []
    for turn in range(300):
        made.append(harness.telegram.writes(FLOODER, ("/help", "/new", "/about", "look at this")[turn % 4]))
        made.append(harness.telegram.taps(FLOODER, number, data_of(card, labels[turn % 12]), f"flood{turn}"))
    return made


def asked(harness: BotHarness) -> list[Fields]:
    return [harness.telegram.taps(user, *button(harness, user, "T8"), f"other{user}") for user in OTHERS]


def button(harness: BotHarness, user: int, label: str) -> tuple[int, str]:
    return harness.telegram.button(user, label)


def judged(harness: BotHarness) -> None:
    """The others were shown what they tapped, the flooder was told once, and all taps are answered."""
    shown = harness.telegram.of("sendMessage", "editMessageText")
    assert set(OTHERS) <= {call.chat for call in shown if "T8 · 1 level" in call.text}
    assert len([call for call in shown if call.chat == FLOODER and call.method == "sendMessage"]) < 30, "one a second"
    assert [call.chat for call in shown if TOLD in call.text] == [FLOODER], "told once"
    toasts = harness.telegram.toasts()
    assert {f"flood{turn}" for turn in range(300)} <= toasts.keys()
    assert {f"other{user}" for user in OTHERS} <= toasts.keys()


@pytest.mark.case("C10")
def test_one_who_floods_holds_back_nobody_and_is_not_answered_in_kind(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def life() -> float:
            for user in (*OTHERS, FLOODER):
                await harness.application.receiver.accept([harness.telegram.writes(user, "/new")])
            await harness.settled()
            harness.telegram.calls.clear()
            harness.telegram.deliver(*flood(harness), *asked(harness))
            began = asyncio.get_running_loop().time()
            await polling(harness, 15)
            return began

        began = run(life())
        judged(harness)
        served = sorted(call.at for call in harness.telegram.of("editMessageText") if call.chat != FLOODER)
        assert len(served) == len(OTHERS)
        assert served[-1] - began <= 1.0
        assert served[-1] < max(call.at for call in harness.telegram.of("sendMessage") if call.chat == FLOODER)


@pytest.mark.slow
@pytest.mark.case("C10")
async def test_the_same_on_the_real_store(tmp_path: Path, report: Report) -> None:
    store = create_storage(f"sqlite:///{tmp_path / 'cases.db'}")
    harness = bot_harness(await claimed(store), clock=time.monotonic)
    await harness.accept(*(harness.telegram.writes(user, "/new") for user in (*OTHERS, FLOODER)))
    harness.telegram.calls.clear()
    harness.telegram.deliver(*flood(harness), *asked(harness))
    began = asyncio.get_running_loop().time()
    await polling(harness, 6)
    await store.close()
    served = sorted(call.at - began for call in harness.telegram.of("editMessageText") if call.chat != FLOODER)
    report(f"flood: 600 updates before 50 others: the last of them served after {served[-1]:.2f} s")
    judged(harness)


def let(flood_limiter: FloodLimiter, number: int, who: int = 7) -> str | None:
    """Give the command that is left of a message; None where nothing is."""
    chat = {"id": who, "type": "private"}
    said = {"message_id": number, "date": 1, "chat": chat, "from": {"id": who, "is_bot": False}, "text": "/help"}
    inbox_update = to_inbox({"update_id": number, "message": said})
    assert inbox_update
    through = flood_limiter.admit(inbox_update)
    message = from_inbox(through).message if through else None
    return (message.text or "").removeprefix("/") if message else None


@pytest.mark.case("C10")
def test_after_a_burst_nothing_is_read_for_a_minute_and_that_is_said_once() -> None:
    now = 1000.0
    flood_limiter = FloodLimiter(lambda: now)
    numbers = count()
    assert [let(flood_limiter, next(numbers)) for _ in range(BURST)] == ["help"] * BURST
    assert [let(flood_limiter, next(numbers)) for _ in range(100)] == [SLOW] + [None] * 99
    assert let(flood_limiter, next(numbers), who=8) == "help", "nobody else is slowed"
    now += 1
    assert [let(flood_limiter, next(numbers)) for _ in range(3)] == [None] * 3
    now += BURST
    assert [let(flood_limiter, next(numbers)) for _ in range(BURST + 2)] == ["help"] * BURST + [SLOW, None]


@pytest.mark.case("C10")
def test_a_message_that_comes_again_since_it_could_not_be_saved_is_none_more() -> None:
    flood_limiter = FloodLimiter(lambda: 1000.0)
    assert {let(flood_limiter, 5) for _ in range(10 * BURST)} == {"help"}


def backlog(harness: BotHarness, user: int) -> list[Fields]:
    """What waits of one person after a day: taps of its last 150 seconds on the first questions, and messages."""
    number, card = harness.telegram.newest(user)
    marked = data_of(card, "T8")
    done = data_of(card, "Done")
    taps = [
        harness.telegram.taps(user, number, data, f"{user}.{n}")
        for n, data in enumerate([marked, done] + [marked, done] * 5)
    ]
    return [*taps, *(harness.telegram.writes(user, text) for text in ("/help", "hello?", "anybody?", "/start") * 2)]


@pytest.mark.slow
@pytest.mark.case("B14")
def test_a_days_backlog_is_all_taken_in_and_stale_taps_are_told_without_a_flood(tmp_path: Path) -> None:
    users = range(1, 101)
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def life() -> float:
            for user in users:
                await harness.application.receiver.accept([harness.telegram.writes(user, "/new")])
            await harness.settled()
            harness.wall.now += 86_400
            made = [update for user in users for update in backlog(harness, user)]
            assert len(made) == 2_000
            harness.telegram.calls.clear()
            harness.telegram.deliver(*made)
            began = asyncio.get_running_loop().time()
            await polling(harness, 300)
            assert await harness.store.transact(
                lambda uow: (uow.pending_updates(), uow.dead_letters(), uow.pending_messages())
            ) == ([], [], [])
            return began

        began = run(life())
        toasts = harness.telegram.toasts()
        for user in users:
            told = [toasts[f"{user}.{n}"] for n in range(12)]
            assert told[:2] == ["", ""], "the first ones count"
            assert all("is closed" in toast for toast in told[2:]), told
            fit = [call for call in harness.telegram.of("editMessageText") if call.chat == user][-1]
            assert "fit for surgery" in fit.text
        out = Counter(call.chat for call in harness.telegram.of("sendMessage"))
        assert max(out.values()) <= 3, "of eight messages to answer"
        assert len(harness.telegram.of("editMessageText")) <= 4 * len(users)
        assert max(call.at for call in harness.telegram.of("sendMessage", "editMessageText")) - began < 60


def test_updates_of_one_chat_out_of_order_lead_to_the_same_or_say_so(tmp_path: Path) -> None:
    """B13: an answer that overtakes the mark it follows is refused with words, and nothing is half done."""
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def life() -> None:
            await harness.begun(7)
            number, card = harness.telegram.newest(7)
            mark, done = (harness.telegram.taps(7, number, data_of(card, label)) for label in ("T8", "Done"))
            await harness.accept(done)
            await harness.accept(mark)
            assert harness.telegram.toasts()[done["callback_query"]["id"]] == "Choose at least one level first."
            assert "T8 · 1 level" in harness.telegram.newest(7)[1]["text"]

        run(life())
