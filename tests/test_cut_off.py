"""The connection to Telegram is cut or hangs, before and after a call is carried out, in the midst of cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from telegram_kit import FRESH, LEVELS, REST, seated

from bot.playground.faults.injector import Trouble
from bot.playground.updates.rates import Rates

CALLS = ("sendMessage", "editMessageText", "answerCallbackQuery")
SEED = 49  # cuts off the card of the case, and some of every other call
SHOWN = 2
"""New messages that the bot has reason to send: the greeting, and the card of the case."""


@pytest.mark.parametrize(
    ("kind", "carried_out"), [("cut_before", False), ("hang_before", False), ("cut_after", True), ("hang_after", True)]
)
async def test_a6_a7_a8_a_call_that_is_cut_off_is_made_again_and_shows_no_message_but_what_was_carried_out(
    tmp_path: Path, kind: str, *, carried_out: bool
) -> None:
    trouble = Trouble(Rates(**{kind: 0.25}), SEED, methods=CALLS, hang=0.1)
    async with seated(tmp_path, interfere=trouble.interfere) as seat:
        await seat.say("/start", "bedside look-up")
        await seat.tap("New case", LEVELS)
        await seat.answer(*FRESH, *REST)
        finished = await seat.reads("What the source adds")
        assert " · T8 · 1 level\nPosterior MIS\n" in finished["text"]
        cards = await seat.cards()
        dead = await seat.store.run(lambda desk: desk.dead())
    assert dead == []
    assert trouble.did[kind] >= 4
    assert trouble.calls["sendMessage"] > SHOWN, "one of them was cut off"
    assert len(cards) == (trouble.calls["sendMessage"] if carried_out else SHOWN)
