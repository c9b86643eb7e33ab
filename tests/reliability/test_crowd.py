"""Ten people tap one card twenty times a second for a while: no tap is lost, and Telegram has nothing to refuse."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Final

import pytest
from telegram_kit import data, playground_harness

from bot.playground.chats.models import START, Chat, ChatMember, Person
from flows.engine.interview import Interview
from flows.model.levels import LEVELS
from flows.pathways.metastasis import METASTASIS

NAMES: Final = ("Abel", "Bax", "Cole", "Dorn", "Eder", "Finn", "Gray", "Hale", "Ives", "Joos")
CROWD: Final = tuple(Person(2000 + number, f"Dr. {name}") for number, name in enumerate(NAMES))
WARD: Final = Chat(-1001000000077, tuple(ChatMember(person) for person in CROWD), "supergroup", "Ward")
SECONDS: Final = 20
EVERY: Final = 0.05


@pytest.mark.slow
async def test_ten_people_who_tap_together_lose_no_tap_and_draw_no_refusal(tmp_path: Path) -> None:
    chance = Random(7)  # noqa: S311 - which level is tapped is no secret
    async with playground_harness(tmp_path, chats=(*START, WARD), group_limit=20) as harness:
        world = harness.play.world
        heard: list[str] = []
        world.listen(lambda event, _: heard.append(event))
        await harness.play.say("/case", WARD.id, person_id=CROWD[0].id)
        await harness.until(lambda _: "reply_markup" in world.messages.every(WARD.id)[-1])
        card = world.messages.every(WARD.id)[-1]
        ticks = {level: data(card, level) for level in LEVELS}
        wished: dict[str, bool] = {}
        taps = round(SECONDS / EVERY)
        for number in range(taps):
            level, on = chance.choice(LEVELS), chance.random() < 0.6
            wished[level] = on
            outbox_message = ticks[level] if on else ticks[level].replace(".on.", ".off.")
            world.tap(WARD.id, card["message_id"], outbox_message, CROWD[number % len(CROWD)].id, stale=True)
            await asyncio.sleep(EVERY)
        for _ in range(300):
            if heard.count("answered") >= taps and not await harness.store.transact(
                lambda uow: uow.pending_messages()
            ):
                break
            await asyncio.sleep(0.1)
        assert heard.count("answered") == taps, "every tap is answered"
        [record] = await harness.store.transact(lambda uow: uow.list_team_cases(str(WARD.id)))
        ticked = tuple(level for level in LEVELS if wished.get(level))
        assert Interview(METASTASIS).state(record.case).selected == ticked
        assert "RetryAfter" not in harness.log.getvalue()
        shown = world.messages.get(WARD.id, card["message_id"])
        assert shown
        labels = [button["text"] for row in shown["reply_markup"]["inline_keyboard"] for button in row]
        assert [label.removesuffix(" ✓") for label in labels if label.endswith("✓")] == list(ticked)
