"""A case stands where its steps lead: whatever is tapped, in whatever order, replay agrees with a small model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import decision_table as table
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kit import INTERVIEW, T4, T8, WHO, answer, changed, new_case, played

from flows.engine.interview import MAX_EVENTS
from flows.errors import EmptySelection, NothingToUndo, StaleTap
from flows.model.case import AnswerEvent, AnswerEventKind, Case
from flows.model.findings import Codes
from flows.model.levels import LEVELS

GRID = "levels"
CODES = {GRID: LEVELS, **table.ANSWERS}
GOING_ON = ("answer", "answer", "mark", "unmark", "done", "change", "restart")
"""Everything but Back: a folded history has other steps behind it."""


# The model: what a person at the bedside expects, written without replay and without the flow.


@dataclass(frozen=True)
class Place:
    """Where the model stands: the answers, the question at hand, what is ticked there and not settled."""

    answers: tuple[tuple[str, Codes], ...] = ()
    at: str | None = GRID
    ticks: Codes | None = None
    fresh: bool = True

    @property
    def findings(self) -> dict[str, Codes]:
        return dict(self.answers)

    @property
    def asked(self) -> tuple[str, ...]:
        said: Any = {code: codes if code == GRID else codes[0] for code, codes in self.answers}
        return table.asked(said)

    @property
    def counting(self) -> dict[str, Codes]:
        """The answers that count: the first question that waits leaves all after it uncertain."""
        known: dict[str, Codes] = {}
        for code in self.asked:
            if code not in self.findings:
                break
            known[code] = self.findings[code]
        return known

    @property
    def chosen(self) -> Codes:
        return self.findings.get(self.at or "", ()) if self.ticks is None else self.ticks

    def settled(self, question: str, codes: Codes) -> Place:
        after = replace(self, answers=tuple({**self.findings, question: codes}.items()), ticks=None, fresh=False)
        return replace(after, at=next((code for code in after.asked if code not in after.findings), None))


class Model:
    """The place, and the places before it for Back."""

    def __init__(self) -> None:
        self.now = Place()
        self.before: list[Place] = []

    def _go(self, place: Place) -> type[Exception] | None:
        """Go on to a place; Back then leads the other way."""
        self.before.append(self.now)
        self.now = place
        return None

    def do(self, event: str, question: str, choice: str) -> type[Exception] | None:
        """Do what a tap wishes, or tell why it is refused."""
        refusal: type[Exception] | None = getattr(self, f"_{event}")(question, choice)
        return refusal

    def _back(self, _question: str, _choice: str) -> type[Exception] | None:
        if not self.before:
            return NothingToUndo
        self.now = self.before.pop()
        return None

    def _restart(self, _question: str, _choice: str) -> type[Exception] | None:
        return NothingToUndo if self.now.fresh else self._go(Place())

    def _change(self, question: str, _choice: str) -> type[Exception] | None:
        if question == self.now.at or question not in self.now.counting:
            return StaleTap
        return self._go(replace(self.now, at=question, ticks=None, fresh=False))

    def _answer(self, question: str, choice: str) -> type[Exception] | None:
        if question != self.now.at or question == GRID or choice not in CODES[question]:
            return StaleTap
        return self._go(self.now.settled(question, (choice,)))

    def _done(self, question: str, _choice: str) -> type[Exception] | None:
        if question != self.now.at or question != GRID:
            return StaleTap
        return self._go(self.now.settled(GRID, self.now.chosen)) if self.now.chosen else EmptySelection

    def _mark(self, question: str, choice: str) -> type[Exception] | None:
        return self._tick(question, choice, {*self.now.chosen, choice})

    def _unmark(self, question: str, choice: str) -> type[Exception] | None:
        return self._tick(question, choice, {*self.now.chosen} - {choice})

    def _tick(self, question: str, choice: str, ticked: set[str]) -> type[Exception] | None:
        if question != self.now.at or question != GRID or choice not in LEVELS:
            return StaleTap
        if ticked != set(self.now.chosen):
            ticks = tuple(level for level in LEVELS if level in ticked)
            self.now = replace(self.now, ticks=ticks, fresh=False)
        return None


def real(case: Case, event: str, question: str, choice: str) -> Case:
    """Let the interview take a tap."""
    match event:
        case "back":
            return INTERVIEW.back(case)
        case "restart":
            return INTERVIEW.restart(case, WHO)
        case "change":
            return INTERVIEW.change(case, question, WHO)
        case "done":
            return INTERVIEW.done(case, question, WHO)
        case "answer":
            return INTERVIEW.answer(case, question, choice, WHO)
        case _:
            return INTERVIEW.mark(case, question, choice, WHO, on=event == "mark")


def assert_same_place(case: Case, place: Place) -> None:
    state = INTERVIEW.state(case)
    assert (state.current.code if state.current else None) == place.at
    assert {code: step.codes for code, step in state.answers.items()} == place.findings
    assert state.selected == place.chosen
    counting = {code: codes for code, codes in state.findings.items() if codes}
    assert counting == place.counting
    unneeded = {step.question for step in state.inactive}
    if place.at is None:
        assert unneeded == set(place.findings) - set(place.counting)
    assert unneeded.isdisjoint(place.counting)


class TapsInAnyOrder(RuleBasedStateMachine):
    """Any sequence of taps leaves a case whose replay stands where the model stands."""

    def __init__(self) -> None:
        super().__init__()
        self.case = new_case()
        self.model = Model()

    def tap(self, event: str, question: str = "", choice: str = "") -> None:
        before, was = self.case, self.model.now
        refusal = self.model.do(event, question, choice)
        if refusal:
            with pytest.raises(refusal):
                real(before, event, question, choice)
            return
        self.case = real(before, event, question, choice)
        if self.model.now == was and event in ("mark", "unmark"):
            assert self.case is before, "what is ticked already stays as it is"
            return
        assert self.case.revision == before.revision + 1
        assert self.case.turn == (before.turn if event in ("mark", "unmark") else self.case.revision)
        assert (self.case.id, self.case.flow, self.case.edition) == (before.id, before.flow, before.edition)

    @rule(level=st.sampled_from(LEVELS), event=st.sampled_from(("mark", "unmark")))
    def tick(self, level: str, event: str) -> None:
        self.tap(event, GRID, level)

    @rule()
    def done(self) -> None:
        self.tap("done", GRID)

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Do what leads on: answer the question at hand, or change something of the recommendation."""
        question = self.model.now.at
        if question is None:
            self.tap("change", data.draw(st.sampled_from(sorted(self.model.now.counting))))
        elif question == GRID:
            self.tap("mark", GRID, data.draw(st.sampled_from(LEVELS)))
            self.tap("done", GRID)
        else:
            self.tap("answer", question, data.draw(st.sampled_from(CODES[question])))

    @rule(data=st.data())
    def go_on_quickly(self, data: st.DataObject) -> None:
        self.go_on(data)

    @rule(question=st.sampled_from(tuple(CODES)))
    def change(self, question: str) -> None:
        self.tap("change", question)

    @rule()
    def back(self) -> None:
        self.tap("back")

    @rule()
    def restart(self) -> None:
        self.tap("restart")

    @rule(
        event=st.sampled_from(("answer", "mark", "unmark", "done", "change")),
        question=st.sampled_from((*CODES, "recommendation", "levels2", "")),
        choice=st.sampled_from((*LEVELS, *table.ANSWERS["fitness"], *table.ANSWERS["prior"], "C7", "", "maybe")),
    )
    def tap_anything_anywhere(self, event: str, question: str, choice: str) -> None:
        if event in ("answer", "mark", "unmark") and not choice:
            choice = "nothing"  # no button packs an answer without a choice
        self.tap(event, question, choice)

    @invariant()
    def replay_stands_where_the_model_stands(self) -> None:
        assert_same_place(self.case, self.model.now)

    @invariant()
    def the_case_stays_small(self) -> None:
        assert len(self.case.answer_events) <= MAX_EVENTS


TapsInAnyOrder.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None
)  # 40 rules are fewer steps than fold
TestTapsInAnyOrder = TapsInAnyOrder.TestCase


def at(case: Case) -> str | None:
    question = INTERVIEW.state(case).current
    return question.code if question else None


def findings(case: Case) -> dict[str, Codes]:
    return {code: codes for code, codes in INTERVIEW.state(case).findings.items() if codes}


def unneeded(case: Case) -> dict[str, Codes]:
    return {step.question: step.codes for step in INTERVIEW.state(case).inactive}


def test_a_case_begins_at_the_first_question_with_nothing_found() -> None:
    state = INTERVIEW.state(new_case())
    assert state.current is not None
    assert (state.current.code, dict(state.findings), state.answers, state.selected) == (GRID, {}, {}, ())


def test_the_questions_of_a_patient_are_asked_one_after_the_other() -> None:
    case = new_case()
    for question, codes in T4.items():
        assert at(case) == question
        case = answer(INTERVIEW, case, question, codes)
    assert at(case) is None
    assert findings(case) == T4


def test_who_gave_an_answer_is_kept_with_it() -> None:
    case = INTERVIEW.answer(played({"levels": ("T8",)}), "fitness", "fit", "someone else")
    answers = INTERVIEW.state(case).answers
    assert (answers["levels"].who, answers["fitness"].who) == (WHO, "someone else")


def test_quick_marks_on_one_grid_all_count() -> None:
    case = new_case()
    turns = [case.turn]
    for level in ("L1", "T11", "T12"):
        case = INTERVIEW.mark(case, GRID, level, WHO, on=True)
        turns.append(case.turn)
    assert turns == [0, 0, 0, 0], "a button of the first keyboard is still good for the third tap"
    assert INTERVIEW.state(case).selected == ("T11", "T12", "L1")
    case = INTERVIEW.done(INTERVIEW.mark(case, GRID, "T12", WHO, on=False), GRID, WHO)
    assert findings(case) == {GRID: ("T11", "L1")}


def test_a_mark_that_comes_twice_changes_nothing() -> None:
    case = INTERVIEW.mark(new_case(), GRID, "T8", WHO, on=True)
    assert INTERVIEW.mark(case, GRID, "T8", WHO, on=True) is case
    assert INTERVIEW.mark(case, GRID, "T9", WHO, on=False) is case


def test_done_with_nothing_ticked_is_refused() -> None:
    case = new_case()
    with pytest.raises(EmptySelection):
        INTERVIEW.done(case, GRID, WHO)
    case = INTERVIEW.mark(INTERVIEW.mark(case, GRID, "T8", WHO, on=True), GRID, "T8", WHO, on=False)
    with pytest.raises(EmptySelection):
        INTERVIEW.done(case, GRID, WHO)
    case = INTERVIEW.change(played(T8), GRID, WHO)
    with pytest.raises(EmptySelection):
        INTERVIEW.done(INTERVIEW.mark(case, GRID, "T8", WHO, on=False), GRID, WHO)


def test_a_change_keeps_the_other_answers() -> None:
    case = INTERVIEW.change(played(T8), "deficit", WHO)
    assert at(case) == "deficit"
    assert INTERVIEW.state(case).selected == ("none",), "the present answer is ticked"
    assert findings(case) == T8
    case = INTERVIEW.answer(case, "deficit", "minor", WHO)
    assert at(case) is None
    assert findings(case) == {**T8, "deficit": ("minor",)}


def test_a_change_in_the_middle_goes_on_where_the_interview_stood() -> None:
    case = played({"levels": ("T8",), "fitness": ("fit",), "deficit": ("none",)})
    assert at(changed(case, "fitness", ("undecided",))) == "extent"
    assert at(changed(case, GRID, ("T3", "T4"))) == "extent"


def test_a_change_that_opens_a_new_question_asks_just_that() -> None:
    case = changed(played(T8), "extent", ("circumferential",))
    assert at(case) == "single_approach"
    case = INTERVIEW.answer(case, "single_approach", "enough", WHO)
    assert at(case) is None
    assert unneeded(case) == {"prior": ("none",)}


def test_an_answer_not_needed_any_more_is_kept_does_not_count_and_counts_again_when_asked_again() -> None:
    case = changed(played(T4), "fitness", ("unfit_advanced",))
    assert at(case) is None
    assert findings(case) == {"levels": ("T4",), "fitness": ("unfit_advanced",)}
    assert unneeded(case) == {code: codes for code, codes in T4.items() if code not in ("levels", "fitness")}
    case = changed(case, "fitness", ("fit",))
    assert at(case) is None, "nothing is asked twice"
    assert findings(case) == T4
    assert unneeded(case) == {}


def test_an_unneeded_answer_cannot_be_changed_as_long_as_its_question_is_not_asked() -> None:
    case = changed(played(T4), "fitness", ("unfit_advanced",))
    with pytest.raises(StaleTap):
        INTERVIEW.change(case, "deficit", WHO)


def test_back_after_a_change_restores_the_old_answer_step_by_step() -> None:
    before = played(T8)
    case = INTERVIEW.back(changed(before, "deficit", ("significant",)))
    assert at(case) == "deficit"
    assert INTERVIEW.state(case).selected == ("none",)
    case = INTERVIEW.back(case)
    assert at(case) is None
    assert case.answer_events == before.answer_events


def test_back_from_a_change_drops_the_ticks_that_were_not_settled() -> None:
    before = played(T8)
    case = INTERVIEW.mark(INTERVIEW.change(before, GRID, WHO), GRID, "T9", WHO, on=True)
    assert INTERVIEW.state(case).selected == ("T8", "T9")
    assert INTERVIEW.back(case).answer_events == before.answer_events


def test_back_returns_to_the_grid_with_its_ticks() -> None:
    case = INTERVIEW.back(played({"levels": ("T11", "T12", "L1")}))
    assert at(case) == GRID
    assert INTERVIEW.state(case).selected == ("T11", "T12", "L1")


def test_back_goes_all_the_way_to_the_beginning() -> None:
    case = played(T4)
    for question in reversed(T4):
        case = INTERVIEW.back(case)
        assert at(case) == question
    with pytest.raises(NothingToUndo):
        INTERVIEW.back(case)


def test_back_undoes_a_restart() -> None:
    before = played(T4)
    case = INTERVIEW.restart(before, WHO)
    assert (at(case), findings(case)) == (GRID, {})
    case = INTERVIEW.back(INTERVIEW.mark(case, GRID, "L3", WHO, on=True))
    assert (at(case), findings(case)) == (None, T4)
    assert case.revision == before.revision + 3, "undoing is a change too"


@pytest.mark.parametrize("case", [new_case(), INTERVIEW.mark(new_case(), GRID, "T8", WHO, on=True)])
def test_nothing_lies_before_the_first_question(case: Case) -> None:
    with pytest.raises(NothingToUndo):
        INTERVIEW.back(case)


def test_there_is_nothing_to_restart_at_the_beginning() -> None:
    for beginning in (new_case(), INTERVIEW.restart(played(T8), WHO)):
        with pytest.raises(NothingToUndo):
            INTERVIEW.restart(beginning, WHO)


@pytest.mark.parametrize(
    "tap",
    [
        lambda case: INTERVIEW.answer(case, "extent", "body", WHO),
        lambda case: INTERVIEW.answer(case, "fitness", "fit", WHO),
        lambda case: INTERVIEW.answer(case, "deficit", "severe", WHO),
        lambda case: INTERVIEW.answer(case, "no_such", "none", WHO),
        lambda case: INTERVIEW.mark(case, "deficit", "none", WHO, on=True),
        lambda case: INTERVIEW.mark(case, GRID, "T8", WHO, on=True),
        lambda case: INTERVIEW.done(case, GRID, WHO),
        lambda case: INTERVIEW.done(case, "deficit", WHO),
        lambda case: INTERVIEW.change(case, "deficit", WHO),
        lambda case: INTERVIEW.change(case, "extent", WHO),
        lambda case: INTERVIEW.change(case, "recommendation", WHO),
    ],
)
def test_a_tap_on_what_is_not_at_hand_is_stale(tap: Callable[[Case], Case]) -> None:
    case = played({"levels": ("T8",), "fitness": ("fit",)})
    assert at(case) == "deficit"
    with pytest.raises(StaleTap):
        tap(case)


def test_at_the_recommendation_no_question_takes_an_answer() -> None:
    case = played(T8)
    for question, codes in T8.items():
        with pytest.raises(StaleTap):
            answer(INTERVIEW, case, question, codes)


@pytest.mark.parametrize("choice", ["C7", "fit", "t8", "T8 "])
def test_a_level_that_the_grid_does_not_have_is_stale(choice: str) -> None:
    with pytest.raises(StaleTap):
        INTERVIEW.mark(new_case(), GRID, choice, WHO, on=True)


def test_a_grid_cannot_be_answered_by_one_tap() -> None:
    with pytest.raises(StaleTap):
        INTERVIEW.answer(new_case(), GRID, "T8", WHO)


# Long histories.


def undecided_for_long(case: Case, changes: int) -> Case:
    for number in range(changes):
        case = changed(case, "deficit", ("minor",) if number % 2 else ("significant",))
    return case


def test_a_long_history_stays_bounded_and_stands_where_it_stood() -> None:
    case, place = played(T4), T4
    for number in range(200):
        codes = ("none", "minor", "significant")[number % 3]
        case, place = changed(case, "deficit", (codes,)), {**place, "deficit": (codes,)}
        assert len(case.answer_events) <= MAX_EVENTS
        assert (at(case), findings(case)) == (None, place)


def test_a_long_history_keeps_the_answers_that_are_not_needed() -> None:
    case = changed(undecided_for_long(played(T4), 28), "fitness", ("unfit_advanced",))
    record = unneeded(case)
    for _ in range(MAX_EVENTS):
        case = changed(case, "levels", ("T4",))
    assert unneeded(case) == record
    assert findings(changed(case, "fitness", ("fit",))) == {**T4, "deficit": record["deficit"]}


def test_marks_never_make_a_case_longer() -> None:
    case = INTERVIEW.mark(new_case(), GRID, "T1", WHO, on=True)
    for level in LEVELS * 10:
        ticked = level in INTERVIEW.state(case).selected
        case = INTERVIEW.mark(case, GRID, level, WHO, on=not ticked)
    assert len(case.answer_events) == 1


taps = st.lists(
    st.tuples(st.sampled_from(GOING_ON), st.sampled_from(tuple(CODES)), st.integers(0, 16)), min_size=120, max_size=200
)


def at_hand(at: str | None, event: str, question: str) -> tuple[str, str]:
    """Let most taps fit the question at hand, so that a case comes far."""
    if event in ("change", "restart"):
        return event, question
    fitting = {True: event if event != "answer" else "mark", False: "answer"}
    return fitting[(at or question) == GRID], at or question


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(taps)
def test_however_long_a_case_is_tapped_it_stands_where_the_model_stands(taps: list[tuple[str, str, int]]) -> None:
    case, model = new_case(), Model()
    for wished, question, number in taps:
        event, asked = at_hand(model.now.at, wished, question)
        choice = CODES[asked][number % len(CODES[asked])]
        if model.do(event, asked, choice) is None:
            case = real(case, event, asked, choice)
        assert len(case.answer_events) <= MAX_EVENTS
        assert_same_place(case, model.now)


@pytest.mark.parametrize("changes", range(24, 34))
@pytest.mark.parametrize("levels", [("T4",), ("T3",)])
def test_back_from_a_reopened_grid_loses_no_answer_however_long_the_case(changes: int, levels: Codes) -> None:
    before = undecided_for_long(changed(played(T4), GRID, levels), changes)
    case = INTERVIEW.mark(INTERVIEW.change(before, GRID, WHO), GRID, "T5", WHO, on=True)
    case = INTERVIEW.back(case)
    assert (at(case), findings(case)) == (None, findings(before))


@pytest.mark.parametrize("changes", range(24, 34))
def test_back_in_a_folded_history_ends_at_its_beginning(changes: int) -> None:
    case = undecided_for_long(played(T4), changes)
    for _ in range(MAX_EVENTS):
        try:
            case = INTERVIEW.back(case)
        except NothingToUndo:
            break
    assert at(case) == GRID
    with pytest.raises(NothingToUndo):
        INTERVIEW.back(case)


# Cases begun under an edition that had other questions and answers.


def with_steps(*steps: tuple[AnswerEventKind, str, Codes]) -> Case:
    return replace(
        new_case(edition="2020-01"), revision=9, turn=9, answer_events=tuple(AnswerEvent(*step, WHO) for step in steps)
    )


LEVELS_T8 = (AnswerEventKind.answer, GRID, ("T8",))
FIT = (AnswerEventKind.answer, "fitness", ("fit",))


@pytest.mark.parametrize(
    ("unknown", "asked_again"),
    [
        ((AnswerEventKind.answer, "karnofsky", ("80",)), "deficit"),
        ((AnswerEventKind.answer, "deficit", ("mild",)), "deficit"),
        ((AnswerEventKind.reopen, "karnofsky", ()), "deficit"),
        ((AnswerEventKind.mark, "ribs", ("R8",)), "deficit"),
        ((AnswerEventKind.answer, GRID, ("T8", "S1")), "deficit"),
    ],
)
def test_a_step_that_the_flow_does_not_know_is_passed_over(
    unknown: tuple[AnswerEventKind, str, Codes], asked_again: str
) -> None:
    case = with_steps(LEVELS_T8, FIT, unknown)
    assert at(case) == asked_again
    assert findings(case) == {"levels": ("T8",), "fitness": ("fit",)}


def test_a_question_whose_old_answer_is_gone_is_asked_again_before_what_follows_it() -> None:
    case = with_steps(
        LEVELS_T8, FIT, (AnswerEventKind.answer, "deficit", ("mild",)), (AnswerEventKind.answer, "extent", ("body",))
    )
    assert at(case) == "deficit"
    case = INTERVIEW.answer(case, "deficit", "minor", WHO)
    assert at(case) == "destruction"
    assert findings(case)["extent"] == ("body",)


def test_a_case_of_nothing_but_unknown_steps_begins_at_the_first_question() -> None:
    case = with_steps((AnswerEventKind.answer, "karnofsky", ("80",)), (AnswerEventKind.mark, "ribs", ("R8",)))
    assert (at(case), findings(case)) == (GRID, {})


def test_back_passes_over_steps_that_the_flow_does_not_know() -> None:
    case = INTERVIEW.back(with_steps(LEVELS_T8, FIT, (AnswerEventKind.answer, "karnofsky", ("80",))))
    assert at(case) == "fitness", "a tap on Back always leads somewhere else"


def test_a_tick_of_an_older_edition_on_what_now_takes_one_answer_does_not_lock_the_case() -> None:
    case = with_steps(LEVELS_T8, (AnswerEventKind.mark, "fitness", ("fit",)))
    assert at(case) == "fitness"


# The machine.


def test_the_machine_refuses_an_event_that_its_state_does_not_allow() -> None:
    with pytest.raises(StaleTap):
        INTERVIEW._next_state("fitness", AnswerEvent(AnswerEventKind.mark, "fitness", ("fit",)), {})
    with pytest.raises(StaleTap):
        INTERVIEW._next_state("recommendation", AnswerEvent(AnswerEventKind.answer, "fitness", ("fit",)), {})


@pytest.mark.parametrize("state", [*CODES, "recommendation"])
def test_a_restart_leads_from_everywhere_to_the_first_question(state: str) -> None:
    assert INTERVIEW._next_state(state, AnswerEvent(AnswerEventKind.restart), {}) == GRID


@pytest.mark.parametrize("state", [*CODES, "recommendation"])
@pytest.mark.parametrize("question", CODES)
def test_a_reopening_leads_from_everywhere_to_the_question_it_names(state: str, question: str) -> None:
    assert INTERVIEW._next_state(state, AnswerEvent(AnswerEventKind.reopen, question), {}) == question
