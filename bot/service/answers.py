"""What a tap on the question at hand does to a case: the interview takes the answer, or says why not."""

from __future__ import annotations

from typing import Final

from flows.cards.card import Action, Tap
from flows.engine.interview import Interview, InterviewState
from flows.errors import AnswersWouldGo, StaleTap
from flows.export.start_payload import decode_start_payload
from flows.model.case import Case
from flows.model.findings import Findings
from flows.model.flow import Flow

ASKS_ABOVE: Final = 3
"""Answers that start over without a question; where more would go, it is asked first."""

DRAWN: Final = ("levels", "extent")
"""The questions that a drawing of the spine answers."""

SURE: Final = "sure"
"""What the button bears that starts over after it was asked."""


def apply_answer(interview: Interview, case: Case, tap: Tap, user_id: str) -> Case:
    """Apply a tap on the question at hand.

    Raises:
        StaleTap, EmptySelection, ChosenOtherwise, NothingToUndo: as the interview does.
        AnswersWouldGo: as `require_confirmation` does.
    """
    if tap.turn != case.turn:
        raise StaleTap(tap.question)
    match tap.action:
        case Action.answer | Action.draw:
            return _answered(interview, case, tap, user_id)
        case Action.mark | Action.unmark:
            return interview.mark(case, tap.question, tap.choice, user_id, on=tap.action is Action.mark)
        case Action.done:
            return interview.done(case, tap.question, user_id, tap.choice)
        case Action.change:
            return interview.change(case, tap.question, user_id)
        case Action.back:
            return interview.back(case)
        case Action.restart:
            begun = interview.restart(case, user_id)
            require_confirmation(interview.state(case), tap)
            return begun
        case Action.confirm:
            return interview.confirm(case, user_id)
        case Action.drop:
            return interview.drop(case, tap.question)
        case _:
            raise StaleTap(tap.question)


def _answered(interview: Interview, case: Case, tap: Tap, user_id: str) -> Case:
    """Answer the question at hand with one choice, or with all that was drawn."""
    if tap.action is Action.draw:
        return interview.answer_together(case, _drawn(interview.flow, tap), user_id)
    return interview.answer(case, tap.question, tap.choice, user_id)


def _drawn(flow: Flow, tap: Tap) -> Findings:
    """Return what was drawn.

    Raises:
        StaleTap: where the tap bears anything else.
    """
    read = decode_start_payload(flow, tap.choice)
    if read is None or read.scope or not read.findings.keys() <= set(DRAWN):
        raise StaleTap(tap.question)
    return read.findings


def require_confirmation(state: InterviewState, tap: Tap) -> None:
    """Check that few answers would go, or that it was asked before.

    Raises:
        AnswersWouldGo: where it is to be asked first.
    """
    if len(state.answers) > ASKS_ABOVE and tap.question != SURE:
        raise AnswersWouldGo
