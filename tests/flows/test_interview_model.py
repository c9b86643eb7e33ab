"""The interview as the tests understand it, held against the program: thousands of random cases, step by step."""

from __future__ import annotations

import pytest
from displayed import display_of
from interview_model import CaseModel
from kit import CARDS, INTERVIEW, WHO, buttons, drawn, new_case
from oracle import STEPS as MODELLED
from store_kit import chance_of

from bot.service.answers import ASKS_ABOVE, require_confirmation
from flows.cards.card import Action, Card, Tap
from flows.errors import AnswersWouldGo, EmptySelection, NothingToUndo
from flows.model.case import Case

CASES = 400
STEPS = 40
WEIGHTS = {Action.answer: 6, Action.done: 6}


def taken(case: Case, tap: Tap) -> tuple[Case, str]:
    """Let the program take a tap; give the name of the refusal, where it refuses."""
    try:
        match tap.action:
            case Action.answer:
                return INTERVIEW.answer(case, tap.question, tap.choice, WHO), ""
            case Action.mark | Action.unmark:
                return INTERVIEW.mark(case, tap.question, tap.choice, WHO, on=tap.action is Action.mark), ""
            case Action.done:
                return INTERVIEW.done(case, tap.question, WHO, tap.choice), ""
            case Action.change:
                return INTERVIEW.change(case, tap.question, WHO), ""
            case Action.back:
                return INTERVIEW.back(case), ""
            case _:
                begun = INTERVIEW.restart(case, WHO)
                require_confirmation(INTERVIEW.state(case), tap)
                return begun, ""
    except AnswersWouldGo:
        return case, ""
    except EmptySelection:
        return case, "empty_selection"
    except NothingToUndo:
        return case, "nothing_to_undo"


def cards_of(case: Case) -> list[Card]:
    """Draw where a case stands, its answers where that card leads to them, and what is asked before a restart."""
    card, state = drawn(case), INTERVIEW.state(case)
    leads_on = any(button.tap.action is Action.answers for button in buttons(card))
    asks = [CARDS.starting_over(case, state)] if len(state.answers) > ASKS_ABOVE else []
    return [card, *([CARDS.answers(case, state)] if leads_on else []), *asks]


@pytest.mark.slow
def test_the_model_and_the_program_stand_at_the_same_place_after_every_step() -> None:
    compared = 0
    for number in range(CASES):
        chance, model, case = chance_of(number), CaseModel(), new_case()
        for _ in range(STEPS):
            taps = [b.tap for card in cards_of(case) for b in buttons(card) if b.tap.action.value in MODELLED]
            [tap] = chance.choices(taps, [WEIGHTS.get(tap.action, 1) for tap in taps])
            case, refusal = taken(case, tap)
            assert model.tap(tap.action.value, tap.question, tap.choice, tap.turn) == refusal, (number, tap)
            assert (model.revision, model.turn) == (case.revision, case.turn), (number, tap)
            assert model.state.display == display_of(drawn(case)), (number, tap)
            compared += 1
    assert compared == CASES * STEPS
