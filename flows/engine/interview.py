"""Where a case stands and what an answer does: the questions as a state machine, replayed from the case's steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from transitions import Machine, MachineError

from flows.errors import ChosenOtherwise, FindingFault, NothingBefore, NothingChosen, StaleTap
from flows.model.case import NOTED, Case, Kind, Step
from flows.model.findings import NOT_ASKED, Codes, Findings
from flows.model.flow import Flow, Question
from flows.model.source_scope import ScopeMark, decode_scope

RECOMMENDATION: Final = "recommendation"
"""The state in which every question that is asked has its answer."""

REMEMBERED: Final = 1024
"""How many histories are remembered with where they led: a tap begins where the last one ended."""

SCOPE: Final = "scope"
"""Stands for what was read of the scope where a finding that was read is named by its question."""

MOST_STEPS: Final = 64
"""Longer histories are folded into their answers, so that a case stays small; Back reaches no further then."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands.

    Attributes:
        at: the question at hand; None where the recommendation is reached.
        findings: the findings that count.
        answers: the latest settled step of each question that was ever answered.
        chosen: the codes that are ticked at the question at hand.
        read: what was read of a typed note and is not confirmed, by question, in their order.
        disputed: the questions whose answer another member of a team holds wrong.
        scope: what puts the case outside the scope of the source, in the person's own words.
    """

    at: Question | None
    findings: Findings
    answers: dict[str, Step]
    chosen: Codes
    read: Findings = field(default_factory=dict)
    disputed: Codes = ()
    scope: tuple[ScopeMark, ...] = ()

    @property
    def unneeded(self) -> tuple[Step, ...]:
        """The answers kept although their question is not asked any more; they do not count."""
        return tuple(s for code, s in self.answers.items() if self.findings.get(code) == NOT_ASKED)


class _Walk:
    """The light model that the machine moves for one event; its state is set by replay."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


class Interview:
    """A flow's questions as a state machine, built once and shared by all cases.

    The states are the questions and the recommendation, the transitions are generated from the conditions
    under which the questions are asked. A case never holds its state: it is replayed.
    """

    def __init__(self, flow: Flow) -> None:
        """Build the machine of the flow."""
        self.flow = flow
        self._first = flow.questions[0].code
        self._questions = {question.code: (question, frozenset(question.codes)) for question in flow.questions}
        self._machine = _machine(flow)
        self._stands = lru_cache(maxsize=REMEMBERED)(self._replayed)

    def standing(self, case: Case) -> Standing:
        """Replay the steps of a case; where that was done a moment ago, it is remembered."""
        return self._stands(case.steps)

    def _replayed(self, steps: tuple[Step, ...]) -> Standing:
        answers, chosen, last = self._fold(steps)
        findings = self.flow.counted({code: step.codes for code, step in answers.items()})
        state = self._after(_source(last), last, findings) if last else self._first
        at = self.flow.question(state)
        if chosen is None and at and at.code in answers:
            chosen = answers[at.code].codes
        return Standing(at, findings, answers, chosen or (), self._read(steps), scope=_scope(steps))

    def read(self, case: Case, findings: Findings, note: Codes, who: str, scope: Codes = ()) -> Case:
        """Put what was read of a typed note before the person, as the beginning of a case; nothing counts yet.

        Args:
            case: a case without a step, or one whose note was changed before anybody confirmed it.
            findings: by question; what the flow does not know is left out.
            note: which note it was, and what else was in it.
            who: the person.
            scope: what puts the case outside the scope of the source; it stays when the note is confirmed.
        """
        steps = [Step(Kind.read, "", note, who)]
        steps += [Step(Kind.scope, "", scope, who)] if scope else []
        steps += [Step(Kind.read, q.code, findings[q.code], who) for q in self.flow.questions if q.code in findings]
        return replace(case, revision=case.revision + 1, turn=case.revision + 1, steps=tuple(steps))

    def drop(self, case: Case, question: str) -> Case:
        """Leave out a finding that was read; its question is asked then. Or what was read of the scope.

        Without the last finding there is no note.

        Raises:
            StaleTap: where none was read to that question.
        """
        found = self._read(case.steps)
        if question == SCOPE and _scope(case.steps):
            steps = tuple(step for step in case.steps if step.kind is not Kind.scope)
        elif question in found:
            last = len(found) == 1
            steps = tuple(s for s in case.steps if s.kind is not Kind.read or not (last or s.question == question))
        else:
            raise StaleTap(question)
        return replace(case, revision=case.revision + 1, turn=case.revision + 1, steps=steps)

    def confirm(self, case: Case, who: str) -> Case:
        """Make answers of what was read; only what is missing is asked.

        Raises:
            StaleTap: where nothing waits to be confirmed.
        """
        read = self._read(case.steps)
        if not case.unconfirmed:
            raise StaleTap
        noted = tuple(step for step in case.steps if step.kind in NOTED)
        begun = replace(case, revision=case.revision + 1, turn=case.revision + 1, steps=noted)
        for question, codes in read.items():
            begun = self._take(begun, Step(Kind.answer, question, codes, who))
        return begun

    def told(self, case: Case, findings: Findings, who: str) -> Case:
        """Answer what another flow's findings tell, as far as that goes without asking."""
        at = self.standing(case).at
        while at and (choice := at.told_by(findings)):
            case = self.answer(case, at.code, choice, who)
            at = self.standing(case).at
        return case

    def answer(self, case: Case, question: str, choice: str, who: str) -> Case:
        """Answer the question at hand with one choice.

        Raises:
            StaleTap: where that question is not at hand or has no such choice.
        """
        self._expect(case, question, choice, several=False)
        return self._take(case, Step(Kind.answer, question, (choice,), who))

    def mark(self, case: Case, question: str, choice: str, who: str, *, on: bool) -> Case:
        """Tick a choice of the question at hand, or untick it; nothing changes where it is so already.

        Raises:
            StaleTap: where that question is not at hand or has no such choice.
        """
        standing = self._expect(case, question, choice, several=True)
        if (choice in standing.chosen) is on:
            return case
        codes = {*standing.chosen, choice} if on else {*standing.chosen} - {choice}
        step = Step(Kind.mark, question, self._tidy(question, tuple(codes)), who)
        before = case.steps[:-1] if case.steps and case.steps[-1].kind is Kind.mark else case.steps
        return self._take(replace(case, steps=before), step)

    def done(self, case: Case, question: str, who: str, only: str = "") -> Case:
        """Settle what is ticked.

        Args:
            case: the case.
            question: the question at hand.
            who: the person.
            only: the one choice that is meant to be ticked, where the button named it.

        Raises:
            StaleTap: where that question is not at hand.
            NothingChosen: where nothing is ticked.
            ChosenOtherwise: where something else is ticked than the one choice that was meant.
        """
        standing = self._expect(case, question, several=True)
        if not standing.chosen:
            raise NothingChosen(question)
        if only and standing.chosen != (only,):
            raise ChosenOtherwise(question)
        return self._take(case, Step(Kind.answer, question, standing.chosen, who))

    def change(self, case: Case, question: str, who: str) -> Case:
        """Put a question again; its answer and all others are kept.

        Raises:
            StaleTap: where that question has no answer that counts, or is at hand already.
        """
        standing = self.standing(case)
        if not standing.findings.get(question) or (standing.at and standing.at.code == question):
            raise StaleTap(question)
        return self._take(case, Step(Kind.reopen, question, who=who))

    def amend(self, case: Case, question: str, codes: Codes, who: str) -> Case:
        """Put another answer in the place of one that counts; the question at hand stays so, unless that ends it.

        Raises:
            StaleTap: where the question has no answer that counts, or is at hand.
        """
        reopened = self.change(case, question, who)
        return self._take(reopened, Step(Kind.answer, question, self._tidy(question, codes), who))

    def restart(self, case: Case, who: str) -> Case:
        """Begin the same case again; Back undoes it.

        Raises:
            NothingBefore: where nothing has been answered yet.
        """
        taken = [step for step in case.steps if step.kind not in NOTED]
        if not taken or case.unconfirmed or taken[-1].kind is Kind.restart:
            raise NothingBefore
        return self._take(case, Step(Kind.restart, who=who))

    def back(self, case: Case) -> Case:
        """Undo what led to the question at hand, with what is ticked there and not settled.

        Raises:
            NothingBefore: at the first question.
        """
        settled = [place for place, step in enumerate(case.steps) if self._knows(step) and step.kind is not Kind.mark]
        if not settled:
            raise NothingBefore
        kept = [
            step
            for place, step in enumerate(case.steps)
            if step.kind in NOTED or (place < settled[-1] and self._knows(step))
        ]
        return replace(case, revision=case.revision + 1, turn=case.revision + 1, steps=tuple(kept))

    def _expect(self, case: Case, question: str, choice: str = "", *, several: bool) -> Standing:
        """Give the standing, where the question is at hand, of that kind, and has that choice."""
        standing = self.standing(case)
        at = standing.at
        if case.unconfirmed or at is None or at.code != question or at.several is not several:
            raise StaleTap(question)
        if choice:
            try:
                at.choice(choice)
            except FindingFault as fault:
                raise StaleTap(question) from fault
        return standing

    def _take(self, case: Case, step: Step) -> Case:
        """Add a step; a mark keeps the turn, everything else begins a new one."""
        revision = case.revision + 1
        steps = (*case.steps, step)
        if len(steps) > MOST_STEPS:
            steps = self._shortened(steps)
        turn = case.turn if step.kind is Kind.mark else revision
        return replace(case, revision=revision, turn=turn, steps=steps)

    def _after(self, state: str, step: Step, findings: Findings) -> str:
        """Let the machine make one step, and tell where it leads."""
        walk = _Walk(state)
        try:
            self._machine.events[step.kind].trigger(walk, step.question, findings)
        except MachineError as refused:
            raise StaleTap(step.question) from refused
        return walk.state

    def _fold(self, steps: tuple[Step, ...]) -> tuple[dict[str, Step], Codes | None, Step | None]:
        """Fold steps into the settled answers, the ticks not settled yet, and the last step that counts.

        A step that the flow does not know (it was taken under an earlier edition) is passed over, and its
        question asked again.
        """
        answers: dict[str, Step] = {}
        chosen: Codes | None = None
        last: Step | None = None
        for step in steps[_begun(steps) :]:
            if not self._knows(step):
                continue
            if step.kind is Kind.answer:
                answers.pop(step.question, None)
                answers[step.question] = step
            chosen = step.codes if step.kind is Kind.mark else None
            last = step
        return answers, chosen, last

    def _read(self, steps: tuple[Step, ...]) -> Findings:
        """Give what was read of a note and waits to be confirmed, as far as the flow still has it."""
        return {
            step.question: step.codes
            for step in steps
            if step.kind is Kind.read and self._fits(step.question, step.codes)
        }

    def _fits(self, code: str, codes: Codes) -> bool:
        """Tell whether a question has these choices, and takes as many."""
        question, known = self._questions.get(code, (None, frozenset()))
        return question is not None and known.issuperset(codes) and (question.several or len(codes) == 1)

    def _knows(self, step: Step) -> bool:
        """Tell whether the flow still has the question and the choices of a step, and takes such a step there."""
        if step.kind is Kind.restart:
            return True
        if step.kind is Kind.read or step.kind in NOTED:
            return False
        question, codes = self._questions.get(step.question, (None, frozenset()))
        if question is None or not codes.issuperset(step.codes):
            return False
        return question.several or step.kind is Kind.reopen or (step.kind is Kind.answer and len(step.codes) == 1)

    def _shortened(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """Fold a long history into its answers, with what has been opened and ticked since the last of them."""
        answers, _, _ = self._fold(steps)
        since: dict[Kind, Step] = {}
        for step in filter(self._knows, steps):
            since = {} if step.kind in (Kind.answer, Kind.restart) else {**since, step.kind: step}
            if step.kind is Kind.reopen:
                since.pop(Kind.mark, None)
        noted = [step for step in steps if step.kind is Kind.edition]
        noted += [step for step in steps[_begun(steps) :] if step.kind is Kind.scope]
        return (*noted, *answers.values(), *since.values())

    def _tidy(self, question: str, codes: Codes) -> Codes:
        at = self.flow.question(question)
        return at.tidy(codes) if at else codes


def _begun(steps: tuple[Step, ...]) -> int:
    """Give the place of the last restart, before which nothing counts; 0 where there is none."""
    for place in range(len(steps) - 1, 0, -1):
        if steps[place].kind is Kind.restart:
            return place
    return 0


def _scope(steps: tuple[Step, ...]) -> tuple[ScopeMark, ...]:
    """Return what puts the case outside the scope of the source; a restart lets go of it with the note."""
    marks = (mark for step in steps[_begun(steps) :] if step.kind is Kind.scope for mark in decode_scope(step.codes))
    return tuple(dict.fromkeys(marks))


def _source(step: Step) -> str:
    """The state in which a step is taken: an answer at its question, a reopening or a restart at any."""
    return step.question if step.kind in (Kind.answer, Kind.mark) else RECOMMENDATION


def _machine(flow: Flow) -> Machine:
    """Generate the states and transitions of a flow from its declaration."""
    codes = [question.code for question in flow.questions]
    transitions: list[dict[str, object]] = []
    for source in flow.questions:
        transitions += [
            _edge(Kind.answer, source.code, question.code, _waits(flow, question))
            for question in flow.questions
            if question is not source
        ]
        transitions.append({"trigger": Kind.answer, "source": source.code, "dest": RECOMMENDATION})
        if source.several:
            transitions.append({"trigger": Kind.mark, "source": source.code, "dest": None})
        transitions.append(_edge(Kind.reopen, "*", source.code, _is_meant(source)))
    transitions.append({"trigger": Kind.restart, "source": "*", "dest": codes[0]})
    return Machine(
        model=None,
        states=[*codes, RECOMMENDATION],
        initial=codes[0],
        transitions=transitions,
        auto_transitions=False,
    )


Guard = Callable[[str, Findings], bool]


def _edge(kind: Kind, source: str, dest: str, guard: Guard) -> dict[str, object]:
    return {"trigger": kind, "source": source, "dest": dest, "conditions": guard}


def _waits(flow: Flow, question: Question) -> Guard:
    """Lead to the question where it is asked and has no finding; the machine takes the first that is so."""
    return lambda _, findings: flow.waits(question, findings)


def _is_meant(question: Question) -> Guard:
    """Lead to the question that the step names."""
    return lambda code, _: code == question.code
