"""How a team discusses a case: disputes, the vote, the decision; a state machine of its own, replayed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from transitions import Machine, MachineError

from flows.engine.interview import Interview, Standing
from flows.errors import Crowded, NotNow, NotYours, ReasonWanted, StaleTap, Unsettled
from flows.model.case import NOTED, Act, Case, Kind, Remark, Step
from flows.model.findings import Codes
from flows.model.rules import Recommendation, Verdict

NONE_OF_THESE: Final = "none"
"""The choice of a vote and of a decision that stands for no option: to be discussed in person."""

MOST_REMARKS: Final = 200
"""Nothing new is begun in a discussion of this length; to settle, to take the vote back and to close is possible."""

_OPEN: Final = (Verdict.indicated, Verdict.judgement)
_REPLACED: Final = (Act.object, Act.vote, Act.reason)
"""What a person may say again and again: only the last word is kept, and nobody's tap under way is stale for it."""
_ENDING: Final = (Act.settle, Act.withdraw, Act.close)
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
    (Act.object, _ANSWERING, None),
    (Act.settle, _ANSWERING, None),
    (Act.discuss, _ADVISED, Stage.voting),
    (Act.vote, [Stage.voting], None),
    (Act.reason, [Stage.voting], None),
    (Act.withdraw, [Stage.voting], Stage.advised),
    (Act.close, [*_ADVISED, Stage.voting], Stage.decided),
    (Act.reopen, [Stage.decided], Stage.reopened),
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

    counted: Step
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
    counted: tuple[Step, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    record: tuple[str, int] | None = None

    @property
    def dissent(self) -> tuple[str, ...]:
        """Who voted for something else."""
        return tuple(who for who, option in self.votes.items() if option != self.option)


@dataclass(frozen=True, slots=True)
class Talk:
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
    def open(self) -> bool:
        """Whether answers may be given and changed."""
        return self.stage in _ANSWERING

    def disputes(self, standing: Standing) -> dict[str, dict[str, Codes]]:
        """Give the objections that differ from an answer that counts, by question."""
        found: dict[str, dict[str, Codes]] = {}
        for question, held in self.objections.items():
            counts = standing.findings.get(question)
            differing = {who: codes for who, codes in held.items() if counts and codes != counts}
            if differing:
                found[question] = differing
        return found


class _Walk:
    """A stage on its way through the machine."""

    __slots__ = ("state",)

    def __init__(self, state: Stage) -> None:
        self.state: str = state


class Discussion:
    """Takes what members of a team do to a case: each method gives the case with it, or says why not."""

    def __init__(self, interview: Interview) -> None:
        """Take the interview whose answers are discussed."""
        self._interview = interview
        self._machine = machine()

    def talk(self, case: Case, standing: Standing) -> Talk:
        """Replay the talk of a case; an answer that is missing leads back to gathering."""
        talk = Talk()
        for remark in case.talk:
            talk = self._heard(talk, remark)
        if standing.at is None:
            return self._moved(talk, _COMPLETE) if talk.stage is Stage.gathering else talk
        return self._moved(talk, _ASK) if talk.stage in _ADVISED else talk

    def hold(self, case: Case, question: str, codes: Codes, member: Member, at: float) -> Case:
        """Say what one holds to be the right answer: whoever gave it changes it so, all others object.

        Raises:
            StaleTap: where the question has no answer that counts, or no such choices.
            NotNow: while the vote is open, or once the case is decided.
            Crowded: where too much was said already.
        """
        standing = self._interview.standing(case)
        counts, asked = standing.findings.get(question), self._interview.flow.question(question)
        if not counts or not codes or asked is None or not set(codes) <= set(asked.codes):
            raise StaleTap(question)
        codes = asked.tidy(codes)
        if standing.answers[question].who != member.who:
            return self._said(case, Remark(Act.object, question, codes, member.who, at))
        return self._settled(case, standing, Remark(Act.settle, question, codes, member.who, at))

    def settle(self, case: Case, question: str, codes: Codes, member: Member, at: float) -> Case:
        """Settle what is disputed for one of the answers that are held, where the member gave the one or leads.

        Raises:
            StaleTap: where that is not disputed, or nobody holds that answer.
            NotYours: where somebody else gave the answer.
            NotNow: while the vote is open, or once the case is decided.
        """
        standing = self._interview.standing(case)
        held = self.talk(case, standing).disputes(standing).get(question)
        if not held or codes not in (standing.findings[question], *held.values()):
            raise StaleTap(question)
        giver = standing.answers[question].who
        if not member.leads and giver != member.who:
            raise NotYours(giver)
        return self._settled(case, standing, Remark(Act.settle, question, codes, member.who, at))

    def back(self, case: Case, member: Member) -> Case:
        """Undo the last step, where the member took it or leads; what is ticked since goes with it.

        Raises:
            NotYours: where somebody else took it.
            NotNow: while the vote is open, or once the case is decided.
            NothingBefore: at the first question.
        """
        self._expect_open(case)
        passed = (*NOTED, Kind.mark)
        undone = next((step for step in reversed(case.steps) if step.kind not in passed), None)
        if undone and not member.leads and undone.who != member.who:
            raise NotYours(undone.who)
        return self._interview.back(case)

    def restart(self, case: Case, member: Member) -> Case:
        """Begin the same case again, where the member leads.

        Raises:
            NotYours: where the member does not.
            NotNow: while the vote is open, or once the case is decided.
            NothingBefore: where nothing has been answered yet.
        """
        self._expect_open(case)
        _expect_lead(member)
        return self._interview.restart(case, member.who)

    def discuss(self, case: Case, result: Recommendation, member: Member, at: float) -> Case:
        """Open the vote on what the source supports or leaves to judgement, and on none of these.

        Raises:
            NotNow: where no recommendation is reached, or the vote is open.
            Unsettled: while a finding is disputed.
            Crowded: where too much was said already.
        """
        standing = self._interview.standing(case)
        if self.talk(case, standing).disputes(standing):
            raise Unsettled
        offered = tuple(advice.option for advice in result.having(*_OPEN))
        return self._said(case, Remark(Act.discuss, codes=(*offered, NONE_OF_THESE), who=member.who, at=at))

    def withdraw(self, case: Case, member: Member, at: float) -> Case:
        """Take the vote back, so that answers can be changed.

        Raises:
            NotYours: where the member does not lead.
            NotNow: where no vote is open.
        """
        _expect_lead(member)
        return self._said(case, Remark(Act.withdraw, who=member.who, at=at))

    def vote(self, case: Case, option: str, who: str, at: float) -> Case:
        """Vote for an option; an empty one takes the vote back.

        Raises:
            NotNow: where no vote is open.
            StaleTap: where that option is not put to the vote.
            Crowded: where too much was said already.
        """
        voted = self._said(case, Remark(Act.vote, codes=(option,) if option else (), who=who, at=at))
        if option and option not in self.talk(case, self._interview.standing(case)).offered:
            raise StaleTap(option)
        return voted

    def reason(self, case: Case, reason: str, who: str, at: float, *, on: bool) -> Case:
        """Give a reason, or take it back.

        Raises:
            NotNow: where no vote is open.
            Crowded: where too much was said already.
        """
        return self._said(case, Remark(Act.reason, reason, (reason,) if on else (), who, at))

    def close(self, case: Case, result: Recommendation, option: str, reason: str, member: Member, at: float) -> Case:
        """Decide.

        Raises:
            NotYours: where the member does not lead.
            NotNow: where no recommendation is reached, or it is decided already.
            Unsettled: while a finding is disputed.
            StaleTap: where there is no such option.
            ReasonWanted: where it departs from what the source supports, and no reason is given.
        """
        _expect_lead(member)
        standing = self._interview.standing(case)
        if self.talk(case, standing).disputes(standing):
            raise Unsettled
        departing = departs(result, option)
        counted = tuple(standing.answers[question] for question, codes in standing.findings.items() if codes)
        closed = self._said(case, Remark(Act.close, option, (reason,) if reason else (), member.who, at, counted))
        if option not in (NONE_OF_THESE, *(advice.option for advice in result.options)):
            raise StaleTap(option)
        if departing and not reason:
            raise ReasonWanted(option)
        return closed

    @staticmethod
    def recorded(case: Case, record: tuple[str, int]) -> Case:
        """Note which message records the latest decision; nobody's tap under way is stale for it."""
        latest = max((n for n, said in enumerate(case.talk) if said.act is Act.close), default=None)
        talk = (replace(said, record=record) if n == latest else said for n, said in enumerate(case.talk))
        return replace(case, talk=tuple(talk))

    def reopen(self, case: Case, member: Member, at: float) -> Case:
        """Take a decision up again; it stays on record.

        Raises:
            NotYours: where the member does not lead.
            NotNow: where nothing is decided.
            Crowded: where too much was said already.
        """
        _expect_lead(member)
        return self._said(case, Remark(Act.reopen, who=member.who, at=at))

    def _settled(self, case: Case, standing: Standing, word: Remark) -> Case:
        """End what is said against an answer, and put another in its place where that is the word."""
        self._expect_open(case)
        question, codes = word.subject, word.codes
        if question in self.talk(case, standing).objections:
            case = self._said(case, replace(word, counted=(standing.answers[question],)))
        return case if codes == standing.findings[question] else self._interview.amend(case, question, codes, word.who)

    def _expect_open(self, case: Case) -> None:
        if not self.talk(case, self._interview.standing(case)).open:
            raise NotNow

    def _said(self, case: Case, remark: Remark) -> Case:
        """Add a remark, in place of what the same person said of the same before; nothing else is lost."""
        talk = self.talk(case, self._interview.standing(case))
        self._moved(talk, remark.act)
        said = case.talk
        if remark.act in _REPLACED:
            said = _without(said, remark)
        if remark.act not in _ENDING and len(said) >= MOST_REMARKS:
            raise Crowded
        revision = case.revision + 1
        turn = case.turn if remark.act in _REPLACED else revision
        return replace(case, revision=revision, turn=turn, talk=(*said, remark))

    def _heard(self, talk: Talk, remark: Remark) -> Talk:
        """Fold one remark; where it was said the interview was complete, or it would not have been taken."""
        if talk.stage is Stage.gathering and remark.act in (Act.discuss, Act.close):
            talk = self._moved(talk, _COMPLETE)
        talk = self._moved(talk, remark.act)
        who, subject, codes = remark.who, remark.subject, remark.codes
        match remark.act:
            case Act.object:
                held = {**talk.objections.get(subject, {}), who: codes}
                return replace(talk, objections={**talk.objections, subject: held})
            case Act.settle:
                left = {question: held for question, held in talk.objections.items() if question != subject}
                return replace(talk, objections=left, settlements=(*talk.settlements, *_settlement(talk, remark)))
            case Act.discuss:
                return replace(talk, offered=codes, votes={}, reasons={}, rounds=talk.rounds + 1)
            case Act.withdraw:
                return replace(talk, offered=(), votes={}, reasons={})
            case Act.vote:
                others = {other: option for other, option in talk.votes.items() if other != who}
                return replace(talk, votes={**others, who: codes[0]} if codes else others)
            case Act.reason:
                given = tuple(other for other in talk.reasons.get(subject, ()) if other != who)
                return replace(talk, reasons={**talk.reasons, subject: (*given, who) if codes else given})
            case Act.close:
                vote = (talk.offered, talk.votes, talk.reasons)
                on = (remark.counted, talk.settlements, remark.record)
                decision = Decision(subject, next(iter(codes), ""), who, remark.at, *vote, *on)
                return replace(talk, decisions=(*talk.decisions, decision))
            case Act.reopen:
                return replace(talk, offered=(), votes={}, reasons={})

    def _moved(self, talk: Talk, event: str) -> Talk:
        """Let the machine make one step.

        Raises:
            NotNow: where the stage does not take it.
        """
        walk = _Walk(talk.stage)
        try:
            self._machine.events[event].trigger(walk)
        except MachineError as refused:
            raise NotNow from refused
        return talk if walk.state == talk.stage else replace(talk, stage=Stage(walk.state))


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
    """Tell whether a decision departs from what the source supports: something is indicated, and this is not."""
    indicated = [advice.option for advice in result.having(Verdict.indicated)]
    return bool(indicated) and option not in indicated


def _without(said: Iterable[Remark], remark: Remark) -> tuple[Remark, ...]:
    """Leave out what the same person said of the same before.

    Of a vote or a reason that is since the vote was opened; of an answer since a dispute on it was settled last: what
    was disputed before stays on record.
    """
    heard = list(said)
    objects = remark.act is Act.object
    ended = [
        n
        for n, old in enumerate(heard)
        if (old.act is Act.settle and old.subject == remark.subject if objects else old.act is Act.discuss)
    ]
    begin = max(ended, default=0)
    same = (remark.act, remark.subject, remark.who)
    return tuple(old for n, old in enumerate(heard) if n < begin or (old.act, old.subject, old.who) != same)


def _settlement(talk: Talk, remark: Remark) -> tuple[Settlement, ...]:
    """Return the dispute that a remark settled; none where nobody held another answer any more."""
    held = talk.objections.get(remark.subject, {})
    return tuple(
        Settlement(counted, differing, remark.codes, remark.who)
        for counted in remark.counted
        if (differing := {who: codes for who, codes in held.items() if codes != counted.codes})
    )


def _expect_lead(member: Member) -> None:
    if not member.leads:
        raise NotYours
