"""Where a case stands and what an answer does: the questions as a state machine, replayed from the case's steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Final

from transitions import Machine, MachineError

from flows.errors import ChosenOtherwise, EmptySelection, FindingError, NothingToUndo, StaleTap
from flows.model.case import NOTED, AnswerEvent, AnswerEventKind, Case
from flows.model.findings import NOT_ASKED, Codes, Findings
from flows.model.flow import Flow, Question
from flows.model.source_scope import ScopeMark, decode_scope

RECOMMENDATION: Final = "recommendation"
"""The state in which every question that is asked has its answer."""

REMEMBERED: Final = 1024
"""How many histories are remembered with where they led: a tap begins where the last one ended."""

SCOPE: Final = "scope"
"""Stands for what was read of the scope where a finding that was read is named by its question."""

MAX_EVENTS: Final = 64
"""Longer histories are folded into their answers, so that a case stays small; Back reaches no further then."""


@dataclass(frozen=True, slots=True)
class InterviewState:
    """Where a case stands.

    Attributes:
        current: the question at hand; None where the recommendation is reached.
        findings: the findings that count.
        answers: the latest settled step of each question that was ever answered.
        selected: the codes that are ticked at the question at hand.
        unconfirmed: what was read of a typed note and is not confirmed, by question, in their order.
        disputed: the questions whose answer another member of a team holds wrong.
        scope: what puts the case outside the scope of the source, in the person's own words.
    """

    current: Question | None
    findings: Findings
    answers: dict[str, AnswerEvent]
    selected: Codes
    unconfirmed: Findings = field(default_factory=dict)
    disputed: Codes = ()
    scope: tuple[ScopeMark, ...] = ()

    @property
    def levels(self) -> Codes:
        """The levels that were found; none where they were not asked."""
        return self.findings.get("levels", NOT_ASKED)

    @property
    def inactive(self) -> tuple[AnswerEvent, ...]:
        """The answers kept although their question is not asked any more; they do not count."""
        return tuple(s for code, s in self.answers.items() if self.findings.get(code) == NOT_ASKED)


class _Model:
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
        self._states = lru_cache(maxsize=REMEMBERED)(self._replay)

    def state(self, case: Case) -> InterviewState:
        """Replay the steps of a case; where that was done a moment ago, it is remembered."""
        return self._states(case.answer_events)

    def _replay(self, events: tuple[AnswerEvent, ...]) -> InterviewState:
        answers, chosen, last = self._fold(events)
        findings = self.flow.effective({code: event.codes for code, event in answers.items()})
        state = self._next_state(_source(last), last, findings) if last else self._first
        at = self.flow.question(state)
        if chosen is None and at and at.code in answers:
            chosen = answers[at.code].codes
        return InterviewState(at, findings, answers, chosen or (), self._unconfirmed(events), scope=_scope(events))

    def start_from_note(self, case: Case, findings: Findings, note: Codes, who: str, scope: Codes = ()) -> Case:
        """Begin a case with what was read of a typed note; nothing counts until it is confirmed.

        Args:
            case: a case without a step, or one whose note was changed before anybody confirmed it.
            findings: by question; what the flow does not know is left out.
            note: which note it was, and what else was in it.
            who: the person.
            scope: what puts the case outside the scope of the source; it stays when the note is confirmed.
        """
        events = [AnswerEvent(AnswerEventKind.read, "", note, who)]
        events += [AnswerEvent(AnswerEventKind.scope, "", scope, who)] if scope else []
        events += [
            AnswerEvent(AnswerEventKind.read, q.code, findings[q.code], who)
            for q in self.flow.questions
            if q.code in findings
        ]
        return replace(case, revision=case.revision + 1, turn=case.revision + 1, answer_events=tuple(events))

    def drop(self, case: Case, question: str) -> Case:
        """Leave out a finding that was read; its question is asked then. Or what was read of the scope.

        Without the last finding there is no note.

        Raises:
            StaleTap: where none was read to that question.
        """
        found = self._unconfirmed(case.answer_events)
        if question == SCOPE and _scope(case.answer_events):
            events = tuple(event for event in case.answer_events if event.kind is not AnswerEventKind.scope)
        elif question in found:
            last = len(found) == 1
            events = tuple(
                s
                for s in case.answer_events
                if s.kind is not AnswerEventKind.read or not (last or s.question == question)
            )
        else:
            raise StaleTap(question)
        return replace(case, revision=case.revision + 1, turn=case.revision + 1, answer_events=events)

    def confirm(self, case: Case, who: str) -> Case:
        """Make answers of what was read; only what is missing is asked.

        Raises:
            StaleTap: where nothing waits to be confirmed.
        """
        read = self._unconfirmed(case.answer_events)
        if not case.unconfirmed:
            raise StaleTap
        noted = tuple(event for event in case.answer_events if event.kind in NOTED)
        begun = replace(case, revision=case.revision + 1, turn=case.revision + 1, answer_events=noted)
        for question, codes in read.items():
            begun = self._append(begun, AnswerEvent(AnswerEventKind.answer, question, codes, who))
        return begun

    def prefill(self, case: Case, findings: Findings, who: str) -> Case:
        """Answer what another flow's findings tell, as far as that goes without asking."""
        at = self.state(case).current
        while at and (choice := at.prefilled_choice(findings)):
            case = self.answer(case, at.code, choice, who)
            at = self.state(case).current
        return case

    def answer(self, case: Case, question: str, choice: str, who: str) -> Case:
        """Answer the question at hand with one choice.

        Raises:
            StaleTap: where that question is not at hand or has no such choice.
        """
        self._expect(case, question, choice, several=False)
        return self._append(case, AnswerEvent(AnswerEventKind.answer, question, (choice,), who))

    def mark(self, case: Case, question: str, choice: str, who: str, *, on: bool) -> Case:
        """Tick a choice of the question at hand, or untick it; nothing changes where it is so already.

        Raises:
            StaleTap: where that question is not at hand or has no such choice.
        """
        state = self._expect(case, question, choice, several=True)
        if (choice in state.selected) is on:
            return case
        codes = {*state.selected, choice} if on else {*state.selected} - {choice}
        event = AnswerEvent(AnswerEventKind.mark, question, self._tidy(question, tuple(codes)), who)
        before = (
            case.answer_events[:-1]
            if case.answer_events and case.answer_events[-1].kind is AnswerEventKind.mark
            else case.answer_events
        )
        return self._append(replace(case, answer_events=before), event)

    def done(self, case: Case, question: str, who: str, only: str = "") -> Case:
        """Settle what is ticked.

        Args:
            case: the case.
            question: the question at hand.
            who: the person.
            only: the one choice that is meant to be ticked, where the button named it.

        Raises:
            StaleTap: where that question is not at hand.
            EmptySelection: where nothing is ticked.
            ChosenOtherwise: where something else is ticked than the one choice that was meant.
        """
        state = self._expect(case, question, several=True)
        if not state.selected:
            raise EmptySelection(question)
        if only and state.selected != (only,):
            raise ChosenOtherwise(question)
        return self._append(case, AnswerEvent(AnswerEventKind.answer, question, state.selected, who))

    def answer_together(self, case: Case, findings: Findings, who: str) -> Case:
        """Answer the question at hand, and with it others whose turn has not come; Back asks the one at hand again.

        Raises:
            StaleTap: where the question at hand is not among them, or one of them has no such choice.
            EmptySelection: where nothing was chosen of several.
        """
        at = self.state(case).current
        if case.unconfirmed or at is None or not all(self._fits(code, codes) for code, codes in findings.items()):
            raise StaleTap
        if not findings.get(at.code):
            raise EmptySelection(at.code) if at.several else StaleTap(at.code)
        for code in (*(code for code in findings if code != at.code), at.code):
            case = self._append(case, AnswerEvent(AnswerEventKind.answer, code, self._tidy(code, findings[code]), who))
        return case

    def change(self, case: Case, question: str, who: str) -> Case:
        """Ask a question again; its answer and all others are kept.

        Raises:
            StaleTap: where that question has no answer that counts, or is at hand already.
        """
        state = self.state(case)
        if not state.findings.get(question) or (state.current and state.current.code == question):
            raise StaleTap(question)
        return self._append(case, AnswerEvent(AnswerEventKind.reopen, question, who=who))

    def amend(self, case: Case, question: str, codes: Codes, who: str) -> Case:
        """Replace an answer that counts; the question at hand stays so, unless that ends it.

        Raises:
            StaleTap: where the question has no answer that counts, or is at hand.
        """
        reopened = self.change(case, question, who)
        return self._append(reopened, AnswerEvent(AnswerEventKind.answer, question, self._tidy(question, codes), who))

    def restart(self, case: Case, who: str) -> Case:
        """Begin the same case again; Back undoes it.

        Raises:
            NothingToUndo: where nothing has been answered yet.
        """
        taken = [event for event in case.answer_events if event.kind not in NOTED]
        if not taken or case.unconfirmed or taken[-1].kind is AnswerEventKind.restart:
            raise NothingToUndo
        return self._append(case, AnswerEvent(AnswerEventKind.restart, who=who))

    def back(self, case: Case) -> Case:
        """Undo what led to the question at hand, with what is ticked there and not settled.

        Raises:
            NothingToUndo: at the first question.
        """
        settled = [
            place
            for place, event in enumerate(case.answer_events)
            if self._is_known(event) and event.kind is not AnswerEventKind.mark
        ]
        if not settled:
            raise NothingToUndo
        kept = [
            event
            for place, event in enumerate(case.answer_events)
            if event.kind in NOTED or (place < settled[-1] and self._is_known(event))
        ]
        return replace(case, revision=case.revision + 1, turn=case.revision + 1, answer_events=tuple(kept))

    def _expect(self, case: Case, question: str, choice: str = "", *, several: bool) -> InterviewState:
        """Return the standing, where the question is at hand, of that kind, and has that choice."""
        state = self.state(case)
        at = state.current
        if case.unconfirmed or at is None or at.code != question or at.several is not several:
            raise StaleTap(question)
        if choice:
            try:
                at.choice(choice)
            except FindingError as fault:
                raise StaleTap(question) from fault
        return state

    def _append(self, case: Case, event: AnswerEvent) -> Case:
        """Add a step; a mark keeps the turn, everything else begins a new one."""
        revision = case.revision + 1
        events = (*case.answer_events, event)
        if len(events) > MAX_EVENTS:
            events = self._shorten(events)
        turn = case.turn if event.kind is AnswerEventKind.mark else revision
        return replace(case, revision=revision, turn=turn, answer_events=events)

    def _next_state(self, state: str, event: AnswerEvent, findings: Findings) -> str:
        """Make one step of the machine, and return where it leads."""
        model = _Model(state)
        try:
            self._machine.events[event.kind].trigger(model, event.question, findings)
        except MachineError as refused:
            raise StaleTap(event.question) from refused
        return model.state

    def _fold(
        self, events: tuple[AnswerEvent, ...]
    ) -> tuple[dict[str, AnswerEvent], Codes | None, AnswerEvent | None]:
        """Fold steps into the settled answers, the ticks not settled yet, and the last step that counts.

        A step that the flow does not know (it was taken under an earlier edition) is passed over, and its
        question asked again.
        """
        answers: dict[str, AnswerEvent] = {}
        chosen: Codes | None = None
        last: AnswerEvent | None = None
        for event in events[_last_restart(events) :]:
            if not self._is_known(event):
                continue
            if event.kind is AnswerEventKind.answer:
                answers.pop(event.question, None)
                answers[event.question] = event
            chosen = event.codes if event.kind is AnswerEventKind.mark else None
            last = event
        return answers, chosen, last

    def _unconfirmed(self, events: tuple[AnswerEvent, ...]) -> Findings:
        """Return what was read of a note and waits to be confirmed, as far as the flow still has it."""
        return {
            event.question: event.codes
            for event in events
            if event.kind is AnswerEventKind.read and self._fits(event.question, event.codes)
        }

    def _fits(self, code: str, codes: Codes) -> bool:
        """Return whether a question has these choices, and takes as many."""
        question, known = self._questions.get(code, (None, frozenset()))
        return question is not None and known.issuperset(codes) and (question.several or len(codes) == 1)

    def _is_known(self, event: AnswerEvent) -> bool:
        """Return whether the flow still has the question and the choices of a step, and takes such a step there."""
        if event.kind is AnswerEventKind.restart:
            return True
        if event.kind is AnswerEventKind.read or event.kind in NOTED:
            return False
        question, codes = self._questions.get(event.question, (None, frozenset()))
        if question is None or not codes.issuperset(event.codes):
            return False
        return (
            question.several
            or event.kind is AnswerEventKind.reopen
            or (event.kind is AnswerEventKind.answer and len(event.codes) == 1)
        )

    def _shorten(self, events: tuple[AnswerEvent, ...]) -> tuple[AnswerEvent, ...]:
        """Fold a long history into its answers, with what has been opened and ticked since the last of them."""
        answers, _, _ = self._fold(events)
        since: dict[AnswerEventKind, AnswerEvent] = {}
        for event in filter(self._is_known, events):
            since = (
                {} if event.kind in (AnswerEventKind.answer, AnswerEventKind.restart) else {**since, event.kind: event}
            )
            if event.kind is AnswerEventKind.reopen:
                since.pop(AnswerEventKind.mark, None)
        noted = [event for event in events if event.kind is AnswerEventKind.edition]
        noted += [event for event in events[_last_restart(events) :] if event.kind is AnswerEventKind.scope]
        return (*noted, *answers.values(), *since.values())

    def _tidy(self, question: str, codes: Codes) -> Codes:
        at = self.flow.question(question)
        return at.tidy(codes) if at else codes


def _last_restart(events: tuple[AnswerEvent, ...]) -> int:
    """Return the place of the last restart, before which nothing counts; 0 where there is none."""
    for place in range(len(events) - 1, 0, -1):
        if events[place].kind is AnswerEventKind.restart:
            return place
    return 0


def _scope(events: tuple[AnswerEvent, ...]) -> tuple[ScopeMark, ...]:
    """Return what puts the case outside the scope of the source; a restart lets go of it with the note."""
    marks = (
        mark
        for event in events[_last_restart(events) :]
        if event.kind is AnswerEventKind.scope
        for mark in decode_scope(event.codes)
    )
    return tuple(dict.fromkeys(marks))


def _source(event: AnswerEvent) -> str:
    """The state in which a step is taken: an answer at its question, a reopening or a restart at any."""
    return event.question if event.kind in (AnswerEventKind.answer, AnswerEventKind.mark) else RECOMMENDATION


@cache
def _machine(flow: Flow) -> Machine:
    """Generate the states and transitions of a flow from its declaration; once, since no case moves them."""
    codes = [question.code for question in flow.questions]
    transitions: list[dict[str, object]] = []
    for source in flow.questions:
        transitions += [
            _edge(AnswerEventKind.answer, source.code, question.code, _is_due(flow, question))
            for question in flow.questions
            if question is not source
        ]
        transitions.append({"trigger": AnswerEventKind.answer, "source": source.code, "dest": RECOMMENDATION})
        if source.several:
            transitions.append({"trigger": AnswerEventKind.mark, "source": source.code, "dest": None})
        transitions.append(_edge(AnswerEventKind.reopen, "*", source.code, _is_meant(source)))
    transitions.append({"trigger": AnswerEventKind.restart, "source": "*", "dest": codes[0]})
    return Machine(
        model=None,
        states=[*codes, RECOMMENDATION],
        initial=codes[0],
        transitions=transitions,
        auto_transitions=False,
    )


Guard = Callable[[str, Findings], bool]


def _edge(kind: AnswerEventKind, source: str, dest: str, guard: Guard) -> dict[str, object]:
    return {"trigger": kind, "source": source, "dest": dest, "conditions": guard}


def _is_due(flow: Flow, question: Question) -> Guard:
    """Lead to the question where it is asked and has no finding; the machine takes the first that is so."""
    return lambda _, findings: flow.is_due(question, findings)


def _is_meant(question: Question) -> Guard:
    """Lead to the question that the step names."""
    return lambda code, _: code == question.code
