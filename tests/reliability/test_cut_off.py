"""The connection to Telegram is cut or hangs, before and after a call is carried out, in the midst of cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.injector import FaultInjector
from faults.rates import FaultRates
from telegram_kit import FRESH, LEVELS, REST, playground_harness

CALLS = ("sendMessage", "editMessageText", "answerCallbackQuery")
SEED = 49  # cuts off the card of the case, and some of every other call
SHOWN = 2
"""New messages that the bot has reason to send: the greeting, and the card of the case."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "carried_out"), [("cut_before", False), ("hang_before", False), ("cut_after", True), ("hang_after", True)]
)
@pytest.mark.case("A6", "A7", "A8")
async def test_a_call_that_is_cut_off_is_made_again_and_shows_no_message_but_what_was_carried_out(
    tmp_path: Path, kind: str, *, carried_out: bool
) -> None:
    faults = FaultInjector(FaultRates(**{kind: 0.25}), SEED, methods=CALLS, hang=0.1)
    async with playground_harness(tmp_path, fault_hook=faults.inject) as harness:
        await harness.say("/start", "bedside look-up")
        await harness.tap("New case", LEVELS)
        await harness.answer(*FRESH, *REST)
        finished = await harness.reads("What the source adds")
        assert " · T8 · 1 level\nPosterior MIS\n" in finished["text"]
        cards = await harness.cards()
        dead = await harness.store.transact(lambda uow: uow.dead_letters())
    assert dead == []
    assert faults.counts[kind] >= 4
    assert faults.calls["sendMessage"] > SHOWN, "one of them was cut off"
    assert len(cards) == (faults.calls["sendMessage"] if carried_out else SHOWN)
