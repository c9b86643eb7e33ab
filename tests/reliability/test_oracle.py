"""The witness of the sieges: it tells a screen that was lost, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from interview_model import TITLES
from oracle import CHANGING, Button, UserOracle, seen_in

CARD = 9
T8 = "T8 · 1 level"


def message(title: str, findings: str, *buttons: str) -> dict[str, Any]:
    """A message of the bot, as far as the witness reads it; each button is its label and what it wishes."""
    labelled = (button.rsplit(" ", 1) for button in buttons)
    rows = [[{"text": label, "callback_data": f"1f.{outbox_message}"}] for label, outbox_message in labelled]
    lines = ["Case", title, "", *([f"Findings: {findings}"] if findings else [])]
    return {"message_id": CARD, "text": "\n".join(lines), "reply_markup": {"inline_keyboard": rows}}


def told_that_levels_count() -> UserOracle:
    """One who ticked T8 and tapped Done, was told that it counts, and still has the grid before them."""
    oracle = UserOracle()
    grid, ticked = "T8 0.on.levels.T8", "T8 ✓ 0.off.levels.T8"
    for button, tapped in ((grid, "0.on.levels.T8"), (ticked, "0.ok.levels")):
        oracle.sees(message(TITLES["levels"], "", button))
        oracle.taps_on(tapped, Button(CARD, f"1f.{tapped}"))
        oracle.hears(tapped, "")
    return oracle


def test_a_card_that_was_never_shown_is_told() -> None:
    [fault] = told_that_levels_count().faults()
    assert "shown last" in fault
    assert "0.ok.levels" in fault


def test_a_card_that_was_shown_is_no_fault() -> None:
    oracle = told_that_levels_count()
    oracle.sees(message(TITLES["fitness"], T8, "fit 2.a.fitness.fit", "Back 2.bk"))
    assert oracle.faults() == []


@pytest.mark.parametrize(("turn", "faults"), [(2, 0), (0, 1)])
def test_a_page_over_the_card_is_no_fault_where_it_was_drawn_from_how_the_case_stands(turn: int, faults: int) -> None:
    oracle = told_that_levels_count()
    oracle.sees(message(CHANGING, T8, f"levels {turn}.ch.levels", f"Back {turn}.sh"))
    assert len(oracle.faults()) == faults


def test_the_findings_of_a_recommendation_are_read_above_its_last_line() -> None:
    case = message("Non-operative treatment", "", "✎ Answers 3.an", "‹ Back 3.bk")
    case["text"] = (
        f"🟦 Heron · {T8}\nNon-operative treatment\nWhy\nunfit: comorbidities\nNot needed: no deficit\nAO Surgery"
    )
    seen = seen_in(case)
    assert seen
    assert seen.display == ("", frozenset(), f"{T8} · unfit: comorbidities")


def test_a_card_that_the_case_never_was_is_told() -> None:
    oracle = told_that_levels_count()
    oracle.sees(message(TITLES["fitness"], "T9 · 1 level", "fit 2.a.fitness.fit"))
    assert any("never so" in fault for fault in oracle.faults())
