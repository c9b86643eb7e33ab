"""A discussion goes where a small model of it goes, whatever a team does in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import decision_table as table
import pytest
from discussion_kit import AT, DISCUSSION, advice, disputes, finished, talk
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kit import INTERVIEW, T8

from flows.engine.discussion import Discussion, Member
from flows.engine.interview import Interview
from flows.errors import NothingToUndo, NotPermitted, OpenDisputes, ReasonWanted, StaleTap, WrongStage
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.rules import Verdict
from flows.pathways.metastasis import METASTASIS

OPTIONS = ("posterior_mis", "posterior", "combined", "none")
MEMBERS = st.sampled_from([Member("u1", leads=True), Member("u1"), Member("ben"), Member("cleo")])
QUESTIONS = st.sampled_from(list(table.ANSWERS))
Refusal = type[Exception] | None


@dataclass(frozen=True)
class Answers:
    """The answers of the model with who gave each, and a question that was opened again."""

    given: tuple[tuple[str, tuple[str, str]], ...]
    opened: str = ""
    by: str = "u1"

    @property
    def codes(self) -> dict[str, Any]:
        return {"levels": ("T8",)} | {question: code for question, (code, _) in self.given}

    @property
    def at(self) -> str | None:
        asked = table.asked(self.codes) if self.given or self.opened != "levels" else ("levels",)
        return self.opened or next((question for question in asked if question not in self.codes), None)

    @property
    def counting(self) -> dict[str, tuple[str, str]]:
        """The answers that count: what comes after the first question that waits is uncertain."""
        found: dict[str, tuple[str, str]] = {}
        for question in table.asked(self.codes)[1:]:
            if question not in dict(self.given):
                break
            found[question] = dict(self.given)[question]
        return found

    def with_answer(self, question: str, code: str, who: str) -> Answers:
        return Answers(tuple({**dict(self.given), question: (code, who)}.items()), "", who)


@dataclass
class Model:
    """What a team expects of a discussion, written without replay."""

    before: list[Answers] = field(default_factory=list)
    now: Answers = field(default_factory=lambda: Answers(()))
    stage: str = "open"
    held: dict[tuple[str, str], str] = field(default_factory=dict)
    votes: dict[str, str] = field(default_factory=dict)
    reasons: set[tuple[str, str]] = field(default_factory=set)
    decided: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    settled: list[tuple[tuple[str, str, str], dict[str, Codes], str, str]] = field(default_factory=list)

    @property
    def disputes(self) -> dict[str, dict[str, Codes]]:
        found: dict[str, dict[str, Codes]] = {}
        for (question, who), code in self.held.items():
            counts = self.now.counting.get(question)
            if counts and counts[0] != code:
                found.setdefault(question, {})[who] = (code,)
        return found

    def settle(self, question: str, code: str, who: str) -> None:
        """End what is said against an answer, and put another in its place where it is another; a dispute is noted."""
        if question in self.disputes:
            counted = (question, *self.now.counting[question])
            self.settled.append((counted, self.disputes[question], code, who))
        self.held = {key: said for key, said in self.held.items() if key[0] != question}
        if code != self.now.counting[question][0]:
            self.go(replace(self.now, opened=question, by=who))
            self.go(self.now.with_answer(question, code, who))

    def go(self, answers: Answers) -> None:
        self.before.append(self.now)
        self.now = answers


class TeamAtWork(RuleBasedStateMachine):
    """Does the same to the discussion and to the model, and compares what becomes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.case = finished()
        self.model = Model()
        self.model.before = [Answers(())]
        for question, codes in T8.items():
            if question != "levels":
                self.model.go(self.model.now.with_answer(question, codes[0], "u1"))

    def both(self, refusal: Refusal, act: Callable[[], Case], then: Callable[[], None]) -> None:
        """Let the discussion take it where the model does, or refuse it for the same reason."""
        if refusal:
            with pytest.raises(refusal):
                act()
            return
        before = self.case
        self.case = act()
        assert self.case == before or self.case.revision > before.revision
        then()

    @rule(question=QUESTIONS, choice=st.integers(0, 3), member=MEMBERS)
    def hold(self, question: str, choice: int, member: Member) -> None:
        model = self.model
        code = table.ANSWERS[question][choice % len(table.ANSWERS[question])]
        counts = model.now.counting.get(question)
        owns = counts is not None and counts[1] == member.who
        refusal: Refusal = None
        if counts is None:
            refusal = StaleTap
        elif model.stage != "open":
            refusal = WrongStage
        elif owns and code != counts[0] and model.now.at == question:
            refusal = StaleTap

        def then() -> None:
            assert counts
            if not owns:
                model.held.pop((question, member.who), None)
                model.held[question, member.who] = code
                return
            model.settle(question, code, member.who)

        self.both(refusal, lambda: DISCUSSION.dispute(self.case, question, (code,), member, AT), then)

    @rule(question=QUESTIONS, choice=st.integers(0, 3), member=MEMBERS)
    def settle(self, question: str, choice: int, member: Member) -> None:
        model = self.model
        code = table.ANSWERS[question][choice % len(table.ANSWERS[question])]
        counts, held = model.now.counting.get(question), model.disputes.get(question, {})
        refusal: Refusal = None
        if counts is None or not held or (code,) not in ((counts[0],), *held.values()):
            refusal = StaleTap
        elif not member.leads and counts[1] != member.who:
            refusal = NotPermitted
        elif model.stage != "open":
            refusal = WrongStage
        elif code != counts[0] and model.now.at == question:
            refusal = StaleTap
        self.both(
            refusal,
            lambda: DISCUSSION.settle(self.case, question, (code,), member, AT),
            lambda: model.settle(question, code, member.who),
        )

    @rule(choice=st.integers(0, 3), member=MEMBERS)
    def answer(self, choice: int, member: Member) -> None:
        at = self.model.now.at
        if at is None or at == "levels":
            return
        code = table.ANSWERS[at][choice % len(table.ANSWERS[at])]
        self.case = INTERVIEW.answer(self.case, at, code, member.who)
        self.model.go(self.model.now.with_answer(at, code, member.who))

    @rule(member=MEMBERS)
    def back(self, member: Member) -> None:
        model = self.model
        refusal: Refusal = None
        if model.stage != "open":
            refusal = WrongStage
        elif not member.leads and model.now.by != member.who:
            refusal = NotPermitted
        elif len(model.before) <= 1:
            refusal = NothingToUndo if not model.before else None
        if refusal is None and len(model.before) <= 1:
            return  # the levels are no part of the model

        def then() -> None:
            model.now = model.before.pop()

        self.both(refusal, lambda: DISCUSSION.back(self.case, member), then)

    @rule(member=MEMBERS)
    def discuss(self, member: Member) -> None:
        model = self.model
        refusal: Refusal = OpenDisputes if model.disputes else None
        if not refusal and (model.stage != "open" or model.now.at):
            refusal = WrongStage

        def then() -> None:
            model.stage, model.votes, model.reasons = "voting", {}, set()

        self.both(refusal, lambda: DISCUSSION.discuss(self.case, advice(self.case), member, AT), then)

    @rule(option=st.sampled_from(["", *OPTIONS]), member=MEMBERS)
    def vote(self, option: str, member: Member) -> None:
        model = self.model
        refusal: Refusal = None if model.stage == "voting" else WrongStage
        if not refusal and option and option not in talk(self.case).offered:
            refusal = StaleTap

        def then() -> None:
            model.votes.pop(member.who, None)
            model.votes |= {member.who: option} if option else {}

        self.both(refusal, lambda: DISCUSSION.vote(self.case, option, member.who, AT), then)

    @rule(reason=st.sampled_from(["wish", "other"]), member=MEMBERS, on=st.booleans())
    def reason(self, reason: str, member: Member, *, on: bool) -> None:
        model = self.model

        def then() -> None:
            said = {(reason, member.who)}
            model.reasons = model.reasons | said if on else model.reasons - said

        refusal: Refusal = None if model.stage == "voting" else WrongStage
        self.both(refusal, lambda: DISCUSSION.reason(self.case, reason, member.who, AT, on=on), then)

    @rule(member=MEMBERS)
    def withdraw(self, member: Member) -> None:
        model = self.model

        def then() -> None:
            model.stage, model.votes, model.reasons = "open", {}, set()

        refusal = None if member.leads and model.stage == "voting" else WrongStage if member.leads else NotPermitted
        self.both(refusal, lambda: DISCUSSION.withdraw(self.case, member, AT), then)

    @rule(option=st.sampled_from(OPTIONS), reason=st.sampled_from(["", "wish"]), member=MEMBERS)
    def close(self, option: str, reason: str, member: Member) -> None:
        model = self.model
        indicated = [told.option for told in advice(self.case).with_verdict(Verdict.indicated)]
        departing = bool(indicated) and option not in indicated
        refusal: Refusal = None
        if not member.leads:
            refusal = NotPermitted
        elif model.disputes:
            refusal = OpenDisputes
        elif model.stage == "decided" or model.now.at:
            refusal = WrongStage
        elif departing and not reason:
            refusal = ReasonWanted

        def then() -> None:
            model.decided.append((option, reason, dict(model.votes)))
            model.stage = "decided"

        self.both(refusal, lambda: DISCUSSION.close(self.case, advice(self.case), option, reason, member, AT), then)

    @rule(member=MEMBERS)
    def reopen(self, member: Member) -> None:
        model = self.model

        def then() -> None:
            model.stage, model.votes, model.reasons = "open", {}, set()

        refusal = None if member.leads and model.stage == "decided" else WrongStage if member.leads else NotPermitted
        self.both(refusal, lambda: DISCUSSION.reopen(self.case, member, AT), then)

    @invariant()
    def the_answers_that_count_and_who_gave_them_are_those_of_the_model(self) -> None:
        state = INTERVIEW.state(self.case)
        counting = {question: codes for question, codes in state.findings.items() if codes and question != "levels"}
        given = self.model.now.counting
        assert counting == {question: (code,) for question, (code, _) in given.items()}
        assert {question: state.answers[question].who for question in given} == {
            q: who for q, (_, who) in given.items()
        }
        assert (state.current.code if state.current else None) == self.model.now.at
        assert disputes(self.case) == self.model.disputes

    @invariant()
    def the_vote_and_the_decisions_are_those_of_the_model(self) -> None:
        found, model = talk(self.case), self.model
        assert (found.stage if not found.is_open else "open") == model.stage
        assert found.votes == model.votes
        assert {(reason, who) for reason, given in found.reasons.items() for who in given} == model.reasons
        assert [(d.option, d.reason, d.votes) for d in found.decisions] == model.decided

    @invariant()
    def every_dispute_that_was_settled_stays_on_record(self) -> None:
        found = [
            ((s.counted.question, s.counted.codes[0], s.counted.who), s.held, s.codes[0], s.who)
            for s in talk(self.case).settlements
        ]
        assert found == self.model.settled

    @invariant()
    def whoever_reads_it_anew_finds_the_same(self) -> None:
        other = Interview(METASTASIS)
        assert Discussion(other).state(self.case, other.state(self.case)) == talk(self.case)


TeamAtWork.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_a_team_at_work_does_what_the_model_does = TeamAtWork.TestCase
