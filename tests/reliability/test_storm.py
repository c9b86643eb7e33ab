"""Storms: too many requests for a minute, fifty chats at once; and a deep link in the midst of a case."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import BotHarness, Fields, data_of, refused, running, virtual_bot_harness
from interview_model import LEVELS, CaseModel
from kit import reading
from oracle import seen_in
from store_kit import chance_of

STORM = 60.0
WAIT = 2


@pytest.fixture
def virtual(tmp_path: Path) -> Iterator[tuple[Any, BotHarness]]:
    with virtual_bot_harness(tmp_path) as made:
        yield made


@pytest.mark.slow
@pytest.mark.case("A2")
def test_a_storm_of_429_over_a_hundred_chats_delays_and_loses_nothing(virtual: tuple[Any, BotHarness]) -> None:
    run, harness = virtual
    chance, users = chance_of(2), range(1, 101)
    storms = 0

    async def storm(method: str, _: Fields) -> Fields | None:
        nonlocal storms
        here = method in {"sendMessage", "editMessageText", "answerCallbackQuery"}
        if not here or asyncio.get_running_loop().time() > ends or chance.random() > 0.3:
            return None
        storms += 1
        return refused(429, "Too Many Requests: retry after 2", retry_after=WAIT)

    async def story() -> dict[str, float]:
        clock = asyncio.get_running_loop().time
        async with running(harness):
            harness.telegram.deliver(*(harness.telegram.writes(user, "/new") for user in users))
            while len(harness.telegram.screens) < len(users):  # noqa: ASYNC110 - it has no event for that
                await asyncio.sleep(0.1)
            tapped: dict[str, float] = {}
            for level in LEVELS[:8]:
                taps = [harness.telegram.taps(user, *harness.telegram.button(user, level)) for user in users]
                tapped |= {tap["callback_query"]["id"]: clock() for tap in taps}
                harness.telegram.deliver(*taps)
                await asyncio.sleep(5)
            while clock() < ends or not tapped.keys() <= harness.telegram.toasts().keys():  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.5)
            await harness.settled()
        answers = {
            str(call.params["callback_query_id"]): call.at for call in harness.telegram.of("answerCallbackQuery")
        }
        return {query: answers[query] - at for query, at in tapped.items()}

    ends = 1_000.0 + STORM
    harness.telegram.script = storm
    waits = sorted(run(story()).values())
    assert storms > 300, "a storm in which nothing is refused proves nothing"
    assert len(waits) == 800
    assert waits[int(len(waits) * 0.95)] <= 2 * WAIT + 1
    shown = [reading(harness.telegram.newest(user)[1]["text"]).text for user in users]
    assert [text for text in shown if "T1–T8 · 8 levels" not in text] == []


@pytest.mark.slow
@pytest.mark.case("C11")
def test_fifty_chats_that_tap_twenty_times_a_second_each_stay_in_order(virtual: tuple[Any, BotHarness]) -> None:
    run, harness = virtual
    chance, users = chance_of(11), range(1, 51)
    models = {user: CaseModel() for user in users}
    tapped: dict[str, float] = {}

    async def story() -> None:
        clock = asyncio.get_running_loop().time
        await harness.accept(*(harness.telegram.writes(user, "/new") for user in users))
        grids = {user: harness.telegram.newest(user) for user in users}
        async with running(harness):
            for _ in range(60):
                for user, (number, screen) in grids.items():
                    level, verb = chance.choice(LEVELS), chance.choice(("on", "off"))
                    case, turn, *_ = data_of(screen, "T8").split(".")
                    tap = harness.telegram.taps(user, number, f"{case}.{turn}.{verb}.levels.{level}")
                    tapped[tap["callback_query"]["id"]] = clock()
                    harness.telegram.deliver(tap)
                    models[user].tap(verb, "levels", level, 0)
                await asyncio.sleep(0.05)
            await asyncio.sleep(1)
            await harness.settled()

    run(story())
    answered = {str(call.params["callback_query_id"]): call.at for call in harness.telegram.of("answerCallbackQuery")}
    assert answered.keys() == tapped.keys()
    assert len(answered) == 3_000
    assert max(answered[query] - at for query, at in tapped.items()) <= 1.0
    for user, model in models.items():
        number, screen = harness.telegram.newest(user)
        seen = seen_in({**screen, "message_id": number, "text": reading(screen["text"]).text})
        assert seen
        assert seen.display == model.state.display


@pytest.mark.parametrize(
    "payload", ["", " abc", " 1f2e3d4c5b.3.a.deficit.none", " ../../x", " " + "A" * 64, " case_9"]
)
@pytest.mark.case("D7")
def test_the_payload_of_a_deep_link_is_a_plain_start_and_leaves_the_case_alone(
    virtual: tuple[Any, BotHarness], payload: str
) -> None:
    run, harness = virtual

    async def story() -> None:
        await harness.begun(7)
        await harness.tap(7, "T8")
        card = harness.telegram.newest(7)
        await harness.accept(harness.telegram.writes(7, f"/start{payload}"))
        assert "spinemets" in harness.telegram.newest(7)[1]["text"]
        assert harness.telegram.screens[7, card[0]] == card[1]
        await harness.accept(harness.telegram.taps(7, card[0], data_of(card[1], "Only T8"), "after"))
        assert harness.telegram.toasts()["after"] == ""
        assert "fit for surgery" in harness.telegram.screens[7, card[0]]["text"]

    run(story())
