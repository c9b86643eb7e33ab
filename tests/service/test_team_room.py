"""What a team's cards and records may not exceed: every case of the flow, every decision, the longest codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import CATALOG, new_case
from team_kit import ANA

from bot.service.times import in_utc
from bot.telegram.rendering.callback_data import MOST_BYTES, pack, unpack
from flows.cards.card import Action, Style, Tap
from flows.cards.case import CaseRenderer
from flows.cards.team.card import TeamRenderer, decode_choices, encode_choices
from flows.cards.team.case import TeamCaseView, code_word
from flows.engine import enumeration as space
from flows.engine.discussion import NONE_OF_THESE, Decision, DiscussionState, Stage, departs
from flows.engine.interview import InterviewState
from flows.model.case import AnswerEvent, AnswerEventKind
from flows.model.findings import Findings
from flows.model.rules import decide
from flows.pathways.metastasis import METASTASIS
from flows.pathways.sins import SINS

pytestmark = pytest.mark.untraced  # thousands of runs over lines that other tests cover

BOARD: Final = TeamRenderer(CaseRenderer(METASTASIS, CATALOG, named=True), in_utc)
REASONS: Final = cycle(CATALOG.team.reasons)
NEEDLESS: Final = cycle(("", "wish"))
LATE: Final = 1_793_000_000.0
LONGEST_ID: Final = "f" * 10
MANY_TURNS: Final = 9_999


def shared_of(findings: Findings) -> TeamCaseView:
    """A team's case with these findings."""
    answers = {
        code: AnswerEvent(AnswerEventKind.answer, code, codes, ANA) for code, codes in findings.items() if codes
    }
    return TeamCaseView(
        new_case(), InterviewState(None, findings, answers, ()), DiscussionState(), CATALOG.team.names[0], ANA
    )


def decisions(findings: Findings) -> Iterator[Decision]:
    """Every decision on a case, made by fifteen against one; each reason in turn where one is needed, or may be."""
    result = decide(METASTASIS.guidance, findings)
    for option in (*(advice.option for advice in result.options), NONE_OF_THESE):
        votes = {str(who): option for who in range(15)}
        votes["15"] = "nonoperative" if option == NONE_OF_THESE else NONE_OF_THESE
        reason = next(REASONS) if departs(result, option) else next(NEEDLESS)
        yield Decision(option, reason, ANA, LATE, (option, votes["15"]), votes, {})


@pytest.mark.slow
def test_the_record_of_every_decision_on_every_case_is_whole_and_can_be_copied() -> None:
    for findings in space.cases(METASTASIS):
        view = shared_of(findings)
        result = BOARD.blocks.recommendation(view.state)
        every = list(decisions(findings))
        for decision in every:
            record = BOARD.decisions.text(view, decision)
            decided, begins, source, *_ = record.splitlines()
            assert BOARD.decisions._record_name(decision.option) in decided
            assert CATALOG.team.reasons.get(decision.reason, "") in decided
            assert "15 of 16 votes; otherwise " in decided
            assert begins == "Heron, 26 Oct 2026, 07:33 UTC"
            assert source == f"The source: {BOARD.case_renderer.plain.headline(result)[0]}"
            assert f"Findings: {BOARD.case_renderer.plain.findings(findings)}" in record
            assert all(CATALOG.options[advice.option].short in record for advice in result.options[1:])
            assert CATALOG.edition in record
        card = BOARD.decision(
            replace(view, discussion=DiscussionState(Stage.decided, decisions=(every[-1],))), every[-1]
        )
        [typed] = ["\n".join(line.text for line in b.lines) for b in card.blocks if b.style is Style.typed]
        assert typed == BOARD.decisions.text(view, every[-1])


def test_a_record_without_a_vote_says_so() -> None:
    unfit = {"levels": ("T8", "T9"), "fitness": ("unfit_advanced",)}
    findings = METASTASIS.effective(unfit)
    record = BOARD.decisions.text(shared_of(findings), Decision("nonoperative", "", ANA, LATE, (), {}, {}))
    assert record.splitlines()[:5] == [
        "Decided without a vote: Non-operative",
        "Heron, 26 Oct 2026, 07:33 UTC",
        "The source: Non-operative treatment",
        "The patient is not fit; radiotherapy, and a brace if painful movement must be stopped (F8, F9)",
        "Findings: T8–T9: unfit: advanced disease",
    ]


def test_every_button_of_a_score_fits_telegram_with_the_longest_name_of_a_case() -> None:
    name = max((code_word(name) for name in CATALOG.team.names), key=len)
    aid = replace(new_case(), id=LONGEST_ID).linked_case_id(("T12",))
    for verb, question in product((Action.answer, Action.dispute), SINS.questions):
        for choice in question.codes:
            tap = Tap(verb, question.code, choice, aid, MANY_TURNS, name)
            assert len(pack(tap).encode()) <= MOST_BYTES, tap
            assert unpack(pack(tap)) == tap


@given(st.data())
def test_a_whole_answer_is_read_from_a_button_as_it_was_written(data: st.DataObject) -> None:
    question = data.draw(st.sampled_from(METASTASIS.questions))
    codes = question.tidy(tuple(data.draw(st.sets(st.sampled_from(question.codes), min_size=1))))
    assert decode_choices(question, encode_choices(question, codes)) == codes


def test_every_button_of_a_team_fits_telegram_with_the_longest_name_of_a_case() -> None:
    name = max((code_word(name) for name in CATALOG.team.names), key=len)
    codes = [(q.code, choice) for q in METASTASIS.questions for choice in ("", *q.codes)]
    told = [
        (Action.decide, option, reason) for option, reason in product(CATALOG.options, ("", *CATALOG.team.reasons))
    ]
    told += [
        (verb, question, choice) for verb in (Action.answer, Action.dispute_without) for question, choice in codes
    ]
    told += [(Action.reason, reason, "") for reason in CATALOG.team.reasons]
    told += [(Action.settle, q.code, encode_choices(q, q.codes)) for q in METASTASIS.questions]
    for verb, question, choice in told:
        tap = Tap(verb, question, choice, LONGEST_ID, MANY_TURNS, name)
        assert len(pack(tap).encode()) <= MOST_BYTES, tap
        assert unpack(pack(tap)) == tap
