"""How a team discusses a case: disputes, the vote, the decision; a state machine of its own, replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Final

from transitions import Machine, MachineError

from flows.engine.interview import Interview, InterviewState
from flows.errors import DiscussionFull, NotPermitted, OpenDisputes, ReasonWanted, StaleTap, WrongStage
from flows.model.case import NOTED, AnswerEvent, AnswerEventKind, Case, DiscussionAction, DiscussionEvent
from flows.model.findings import Codes
from flows.model.rules import Recommendation, Verdict

NONE_OF_THESE: Final = "none"
"""The choice of a vote and of a decision that stands for no option: to be discussed in person."""

MAX_EVENTS: Final = 200
"""Nothing new is begun in a discussion of this length; to settle, to take the vote back and to close is possible."""

_OPEN: Final = (Verdict.indicated, Verdict.judgement)
_REPLACED: Final = (DiscussionAction.object, DiscussionAction.vote, DiscussionAction.reason)
"""What a person may say again and again: only the last word is kept, and nobody's tap under way is stale for it."""
_ENDING: Final = (DiscussionAction.settle, DiscussionAction.withdraw, DiscussionAction.close)
"""What leads to an end is taken however much was said; each ends something that was not."""


class Stage(StrEnum):
    """Where a discussion stands."""

    gathering = "gathering"
    advised = "advised"
    voting = "voting"
    decided = "decided"
    reopened = "reopened"


_COMPLETE: Final = "complete"
_ASK: Final = "ask"
_ANSWERING: Final = [Stage.gathering, Stage.advised, Stage.reopened]
_ADVISED: Final = [Stage.advised, Stage.reopened]

EDGES: Final = (
    (_COMPLETE, [Stage.gathering], Stage.advised),
    (_ASK, _ADVISED, Stage.gathering),
    (DiscussionAction.object, _ANSWERING, None),
    (DiscussionAction.settle, _ANSWERING, None),
    (DiscussionAction.discuss, _ADVISED, Stage.voting),
    (DiscussionAction.vote, [Stage.voting], None),
    (DiscussionAction.reason, [Stage.voting], None),
    (DiscussionAction.withdraw, [Stage.voting], Stage.advised),
    (DiscussionAction.close, [*_ADVISED, Stage.voting], Stage.decided),
    (DiscussionAction.reopen, [Stage.decided], Stage.reopened),
)
"""Event, stages it is taken at, stage it leads to; None stays. `complete` and `ask` come from the interview."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who takes part.

    Attributes:
        who: the opaque id.
        leads: whether they opened the case, or administer the group.
    """

    who: str
    leads: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a dispute ended.

    Attributes:
        counted: the answer that was disputed, with who gave it.
        held: the answer that each person held instead.
        codes: the answer it was settled for.
        who: who settled it.
    """

    counted: AnswerEvent
    held: Mapping[str, Codes]
    codes: Codes
    who: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, by whom and when, on what findings, with the vote as it stood.

    Attributes:
        option: the code of the option, or NONE_OF_THESE.
        reason: the coded reason; one is given wherever it departs from what the source supports.
        at: seconds since 1970, UTC.
        offered: what was put to the vote; nothing where it was decided without one.
        votes: the option that each person voted for.
        reasons: by reason, who gave it.
        counted: the answers that counted, with who gave them.
        settlements: how each dispute before it ended.
        record: the chat and the message that record it, once they are known.
    """

    option: str
    reason: str
    who: str
    at: float
    offered: Codes
    votes: Mapping[str, str]
    reasons: Mapping[str, tuple[str, ...]]
    counted: tuple[AnswerEvent, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    record: tuple[str, int] | None = None

    @property
    def dissent(self) -> tuple[str, ...]:
        """Who voted for something else."""
        return tuple(who for who, option in self.votes.items() if option != self.option)


@dataclass(frozen=True, slots=True)
class DiscussionState:
    """Where a discussion stands.

    Attributes:
        objections: by question, the answer that each person holds right instead.
        offered: what is put to the vote, in its order.
        votes: the option that each person votes for.
        reasons: by reason, who gave it.
        decisions: every decision so far, the one that holds last.
        rounds: how many votes were opened.
        settlements: how each dispute ended that was settled, in order.
    """

    stage: Stage = Stage.gathering
    objections: Mapping[str, Mapping[str, Codes]] = field(default_factory=dict)
    offered: Codes = ()
    votes: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    rounds: int = 0
    settlements: tuple[Settlement, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether answers may be given and changed."""
        return self.stage in _ANSWERING

    def disputes(self, state: InterviewState) -> dict[str, dict[str, Codes]]:
        """Return the objections that differ from an answer that counts, by question."""
        found: dict[str, dict[str, Codes]] = {}
        for question, held in self.objections.items():
            counts = state.findings.get(question)
            differing = {who: codes for who, codes in held.items() if counts and codes != counts}
            if differing:
                found[question] = differing
        return found


class _Model:
    """A stage on its way through the machine."""

    __slots__ = ("state",)

    def __init__(self, state: Stage) -> None:
        self.state: str = state


class Discussion:
    """Applies what members of a team do to a case: each method returns the case with it, or raises why not."""

    def __init__(self, interview: Interview) -> None:
        """Store the interview whose answers are discussed."""
        self._interview = interview
        self._machine = machine()

    def state(self, case: Case, state: InterviewState) -> DiscussionState:
        """Replay the talk of a case; an answer that is missing leads back to gathering."""
        discussion = DiscussionState()
        for event in case.discussion_events:
            discussion = self._fold(discussion, event)
        if state.current is None:
            return self._transition(discussion, _COMPLETE) if discussion.stage is Stage.gathering else discussion
        return self._transition(discussion, _ASK) if discussion.stage in _ADVISED else discussion

    def dispute(self, case: Case, question: str, codes: Codes, member: Member, at: float) -> Case:
        """Record what a member holds to be the right answer: whoever gave it changes it so, all others object.

        Raises:
            StaleTap: where the question has no answer that counts, or no such choices.
            WrongStage: while the vote is open, or once the case is decided.
            DiscussionFull: where too much was said already.
        """
        state = self._interview.state(case)
        counts, asked = state.findings.get(question), self._interview.flow.question(question)
        if not counts or not codes or asked is None or not set(codes) <= set(asked.codes):
            raise StaleTap(question)
        codes = asked.tidy(codes)
        if state.answers[question].who != member.who:
            return self._append(case, DiscussionEvent(DiscussionAction.object, question, codes, member.who, at))
        return self._settle(case, state, DiscussionEvent(DiscussionAction.settle, question, codes, member.who, at))

    def settle(self, case: Case, question: str, codes: Codes, member: Member, at: float) -> Case:
        """Settle what is disputed for one of the answers that are held, where the member gave the one or leads.

        Raises:
            StaleTap: where that is not disputed, or nobody holds that answer.
            NotPermitted: where somebody else gave the answer.
            WrongStage: while the vote is open, or once the case is decided.
        """
        state = self._interview.state(case)
        held = self.state(case, state).disputes(state).get(question)
        if not held or codes not in (state.findings[question], *held.values()):
            raise StaleTap(question)
        shared_by = state.answers[question].who
        if not member.leads and shared_by != member.who:
            raise NotPermitted(shared_by)
        return self._settle(case, state, DiscussionEvent(DiscussionAction.settle, question, codes, member.who, at))

    def back(self, case: Case, member: Member) -> Case:
        """Undo the last step, where the member took it or leads; what is ticked since goes with it.

        Raises:
            NotPermitted: where somebody else took it.
            WrongStage: while the vote is open, or once the case is decided.
            NothingToUndo: at the first question.
        """
        self._expect_open(case)
        passed = (*NOTED, AnswerEventKind.mark)
        undone = next((step for step in reversed(case.answer_events) if step.kind not in passed), None)
        if undone and not member.leads and undone.who != member.who:
            raise NotPermitted(undone.who)
        return self._interview.back(case)

    def restart(self, case: Case, member: Member) -> Case:
        """Begin the same case again, where the member leads.

        Raises:
            NotPermitted: where the member does not.
            WrongStage: while the vote is open, or once the case is decided.
            NothingToUndo: where nothing has been answered yet.
        """
        self._expect_open(case)
        _expect_lead(member)
        return self._interview.restart(case, member.who)

    def discuss(self, case: Case, result: Recommendation, member: Member, at: float) -> Case:
        """Open the vote on what the source supports or leaves to judgement, and on none of these.

        Raises:
            WrongStage: where no recommendation is reached, or the vote is open.
            OpenDisputes: while a finding is disputed.
            DiscussionFull: where too much was said already.
        """
        state = self._interview.state(case)
        if self.state(case, state).disputes(state):
            raise OpenDisputes
        offered = tuple(advice.option for advice in result.with_verdict(*_OPEN))
        return self._append(
            case, DiscussionEvent(DiscussionAction.discuss, codes=(*offered, NONE_OF_THESE), who=member.who, at=at)
        )

    def withdraw(self, case: Case, member: Member, at: float) -> Case:
        """Withdraw the vote, so that answers can be changed.

        Raises:
            NotPermitted: where the member does not lead.
            WrongStage: where no vote is open.
        """
        _expect_lead(member)
        return self._append(case, DiscussionEvent(DiscussionAction.withdraw, who=member.who, at=at))

    def vote(self, case: Case, option: str, who: str, at: float) -> Case:
        """Vote for an option; an empty one takes the vote back.

        Raises:
            WrongStage: where no vote is open.
            StaleTap: where that option is not put to the vote.
            DiscussionFull: where too much was said already.
        """
        voted = self._append(
            case, DiscussionEvent(DiscussionAction.vote, codes=(option,) if option else (), who=who, at=at)
        )
        if option and option not in self.state(case, self._interview.state(case)).offered:
            raise StaleTap(option)
        return voted

    def reason(self, case: Case, reason: str, who: str, at: float, *, on: bool) -> Case:
        """Record a reason, or retract it.

        Raises:
            WrongStage: where no vote is open.
            DiscussionFull: where too much was said already.
        """
        return self._append(case, DiscussionEvent(DiscussionAction.reason, reason, (reason,) if on else (), who, at))

    def close(self, case: Case, result: Recommendation, option: str, reason: str, member: Member, at: float) -> Case:
        """Decide.

        Raises:
            NotPermitted: where the member does not lead.
            WrongStage: where no recommendation is reached, or it is decided already.
            OpenDisputes: while a finding is disputed.
            StaleTap: where there is no such option.
            ReasonWanted: where it departs from what the source supports, and no reason is given.
        """
        _expect_lead(member)
        state = self._interview.state(case)
        if self.state(case, state).disputes(state):
            raise OpenDisputes
        departing = departs(result, option)
        counted = tuple(state.answers[question] for question, codes in state.findings.items() if codes)
        closed = self._append(
            case, DiscussionEvent(DiscussionAction.close, option, (reason,) if reason else (), member.who, at, counted)
        )
        if option not in (NONE_OF_THESE, *(advice.option for advice in result.options)):
            raise StaleTap(option)
        if departing and not reason:
            raise ReasonWanted(option)
        return closed

    @staticmethod
    def recorded(case: Case, record: tuple[str, int]) -> Case:
        """Note which message records the latest decision; nobody's tap under way is stale for it."""
        latest = max(
            (n for n, said in enumerate(case.discussion_events) if said.action is DiscussionAction.close), default=None
        )
        discussion = (
            replace(said, record=record) if n == latest else said for n, said in enumerate(case.discussion_events)
        )
        return replace(case, discussion_events=tuple(discussion))

    def reopen(self, case: Case, member: Member, at: float) -> Case:
        """Reopen a decision; it stays on record.

        Raises:
            NotPermitted: where the member does not lead.
            WrongStage: where nothing is decided.
            DiscussionFull: where too much was said already.
        """
        _expect_lead(member)
        return self._append(case, DiscussionEvent(DiscussionAction.reopen, who=member.who, at=at))

    def _settle(self, case: Case, state: InterviewState, word: DiscussionEvent) -> Case:
        """End what is said against an answer, and put another in its place where that is the word."""
        self._expect_open(case)
        question, codes = word.subject, word.codes
        if question in self.state(case, state).objections:
            case = self._append(case, replace(word, counted=(state.answers[question],)))
        return case if codes == state.findings[question] else self._interview.amend(case, question, codes, word.who)

    def _expect_open(self, case: Case) -> None:
        if not self.state(case, self._interview.state(case)).is_open:
            raise WrongStage

    def _append(self, case: Case, event: DiscussionEvent) -> Case:
        """Add a remark, in place of what the same person said of the same before; nothing else is lost."""
        discussion = self.state(case, self._interview.state(case))
        self._transition(discussion, event.action)
        said = case.discussion_events
        if event.action in _REPLACED:
            said = _without_earlier(said, event)
        if event.action not in _ENDING and len(said) >= MAX_EVENTS:
            raise DiscussionFull
        revision = case.revision + 1
        turn = case.turn if event.action in _REPLACED else revision
        return replace(case, revision=revision, turn=turn, discussion_events=(*said, event))

    def _fold(self, discussion: DiscussionState, event: DiscussionEvent) -> DiscussionState:
        """Fold one remark; where it was said the interview was complete, or it would not have been taken."""
        if discussion.stage is Stage.gathering and event.action in (DiscussionAction.discuss, DiscussionAction.close):
            discussion = self._transition(discussion, _COMPLETE)
        discussion = self._transition(discussion, event.action)
        who, subject, codes = event.who, event.subject, event.codes
        match event.action:
            case DiscussionAction.object:
                held = {**discussion.objections.get(subject, {}), who: codes}
                return replace(discussion, objections={**discussion.objections, subject: held})
            case DiscussionAction.settle:
                left = {question: held for question, held in discussion.objections.items() if question != subject}
                return replace(
                    discussion, objections=left, settlements=(*discussion.settlements, *_settlement(discussion, event))
                )
            case DiscussionAction.discuss:
                return replace(discussion, offered=codes, votes={}, reasons={}, rounds=discussion.rounds + 1)
            case DiscussionAction.withdraw:
                return replace(discussion, offered=(), votes={}, reasons={})
            case DiscussionAction.vote:
                others = {other: option for other, option in discussion.votes.items() if other != who}
                return replace(discussion, votes={**others, who: codes[0]} if codes else others)
            case DiscussionAction.reason:
                given = tuple(other for other in discussion.reasons.get(subject, ()) if other != who)
                return replace(discussion, reasons={**discussion.reasons, subject: (*given, who) if codes else given})
            case DiscussionAction.close:
                vote = (discussion.offered, discussion.votes, discussion.reasons)
                on = (event.counted, discussion.settlements, event.record)
                decision = Decision(subject, next(iter(codes), ""), who, event.at, *vote, *on)
                return replace(discussion, decisions=(*discussion.decisions, decision))
            case DiscussionAction.reopen:
                return replace(discussion, offered=(), votes={}, reasons={})

    def _transition(self, discussion: DiscussionState, event: str) -> DiscussionState:
        """Make one step of the machine.

        Raises:
            WrongStage: where the stage does not take it.
        """
        model = _Model(discussion.stage)
        try:
            self._machine.events[event].trigger(model)
        except MachineError as refused:
            raise WrongStage from refused
        return discussion if model.state == discussion.stage else replace(discussion, stage=Stage(model.state))


@cache
def machine() -> Machine:
    """Build the stages of a discussion, and what leads from one to another."""
    return Machine(
        model=None,
        states=list(Stage),
        initial=Stage.gathering,
        transitions=[{"trigger": event, "source": source, "dest": dest} for event, source, dest in EDGES],
        auto_transitions=False,
    )


def departs(result: Recommendation, option: str) -> bool:
    """Return whether a decision departs from what the source supports: something is indicated, and this is not."""
    indicated = [advice.option for advice in result.with_verdict(Verdict.indicated)]
    return bool(indicated) and option not in indicated


def _without_earlier(said: Iterable[DiscussionEvent], event: DiscussionEvent) -> tuple[DiscussionEvent, ...]:
    """Leave out what the same person said of the same before.

    Of a vote or a reason that is since the vote was opened; of an answer since a dispute on it was settled last: what
    was disputed before stays on record.
    """
    heard = list(said)
    objects = event.action is DiscussionAction.object
    ended = [
        n
        for n, old in enumerate(heard)
        if (
            old.action is DiscussionAction.settle and old.subject == event.subject
            if objects
            else old.action is DiscussionAction.discuss
        )
    ]
    begin = max(ended, default=0)
    same = (event.action, event.subject, event.who)
    return tuple(old for n, old in enumerate(heard) if n < begin or (old.action, old.subject, old.who) != same)


def _settlement(discussion: DiscussionState, event: DiscussionEvent) -> tuple[Settlement, ...]:
    """Return the dispute that a remark settled; none where nobody held another answer any more."""
    held = discussion.objections.get(event.subject, {})
    return tuple(
        Settlement(counted, differing, event.codes, event.who)
        for counted in event.counted
        if (differing := {who: codes for who, codes in held.items() if codes != counted.codes})
    )


def _expect_lead(member: Member) -> None:
    if not member.leads:
        raise NotPermitted
