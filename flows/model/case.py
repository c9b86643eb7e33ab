"""A case: an id, a flow, an edition and the answers in order, with who gave each; nothing that can be derived."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from flows.model.findings import Codes
from flows.model.flow import Flow

LINK_MARK: Final = "x"
"""In the id of a case that helps another one it stands between that one's id, which is hexadecimal, and what tells it
from the other cases that help: its level, or the beginning of its flow's code. So a helper is found by its id, whether
or not it was begun. Nothing is read out of an id."""

MOST_TOLD: Final = 5
"""Letters of a flow's code in an id, of which a button carries 16."""

MESSAGE: Final = "#"
"""Begins the number of the message that a note was typed in, among the codes of the step that begins it."""


class AnswerEventKind(StrEnum):
    """What a step did; the events of the interview's state machine have the same names."""

    mark = "mark"
    answer = "answer"
    reopen = "reopen"
    restart = "restart"
    read = "read"
    scope = "scope"
    edition = "edition"


NOTED: Final = (AnswerEventKind.scope, AnswerEventKind.edition)
"""Steps that nobody takes and nothing undoes: they say something of the case, and are kept with it."""


class AnswerEvent(NamedTuple):
    """One thing that somebody did to a case.

    Attributes:
        kind: mark (a selection so far), answer (settled), reopen (to be changed), restart (from the beginning),
            read (taken from a typed note, to be confirmed; without a question: which note, and what else was in it),
            scope (what puts the case outside the scope of the source, in the person's own words), edition (from here
            on answers are of another edition than the one under which the case was begun).
        question: the question it concerns; empty for a restart.
        codes: the codes of the choices; of the marks of `flows.model.source_scope`; the edition.
        who: the opaque id of the person who did it.
    """

    kind: AnswerEventKind
    question: str = ""
    codes: Codes = ()
    who: str = ""


class DiscussionAction(StrEnum):
    """What somebody did in a team's discussion; the events of its state machine bear the same names."""

    object = "object"
    settle = "settle"
    discuss = "discuss"
    withdraw = "withdraw"
    vote = "vote"
    reason = "reason"
    close = "close"
    reopen = "reopen"


@dataclass(frozen=True, slots=True)
class DiscussionEvent:
    """One thing that somebody did in the discussion of a case.

    Attributes:
        action: object (another answer is held right), settle (a dispute), discuss (the vote is opened),
            withdraw (it is taken back), vote, reason (given, or taken back), close (the decision), reopen.
        subject: the question of a dispute, the reason, the option that was decided for; empty else.
        codes: the answer held right or settled for, the options put to the vote, the option voted for, the reason of a
            decision.
        who: the opaque id of the person.
        at: when, in seconds since 1970, UTC.
        counted: the answers that counted at that moment: at a settlement the disputed one, at a decision all.
        record: of a decision the chat and the message that record it, once they are known.
    """

    action: DiscussionAction
    subject: str = ""
    codes: Codes = ()
    who: str = ""
    at: float = 0.0
    counted: tuple[AnswerEvent, ...] = ()
    record: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it is kept.

    Attributes:
        revision: grows by one with each change, for the check on every write.
        turn: the revision at which the question at hand was put; a button bears it, so that taps on one
            grid all count while a tap on an earlier question does not.
        answer_events: the answers in order; where the case stands is a fold over them.
        discussion_events: what a team says of it, in order; where its discussion stands is a fold over that.
        parent_id: the case that this one helps; empty where it stands alone.
        level: the level to which a helping case is bound; empty where it is bound to none.
    """

    id: str
    flow: str
    edition: str
    revision: int = 0
    turn: int = 0
    answer_events: tuple[AnswerEvent, ...] = ()
    discussion_events: tuple[DiscussionEvent, ...] = ()
    parent_id: str = ""
    level: str = ""

    @property
    def unconfirmed(self) -> bool:
        """Whether it begins with a note that nobody has confirmed."""
        return bool(self.answer_events) and self.answer_events[0].kind is AnswerEventKind.read

    @property
    def note_message(self) -> int | None:
        """The number of the message of a note that nobody has confirmed; None where there is none."""
        codes = self.answer_events[0].codes if self.unconfirmed else ()
        return next((int(code[1:]) for code in codes if code.startswith(MESSAGE)), None)

    def linked_case_id(self, flow: Flow, levels: Codes) -> str:
        """Return the id of the case of another flow that helps this one; it need not have been begun.

        Args:
            flow: the other flow.
            levels: the levels of this case; a case of a flow that scores a level is bound to it if there is just one.
        """
        told = flow.bound_level(levels).lower() if flow.per_level else flow.code[:MOST_TOLD]
        return f"{self.id}{LINK_MARK}{told}"

    def helper(self, flow: Flow, edition: str, levels: Codes) -> Case:
        """Begin the case of another flow that helps this one, at its level where that flow scores one."""
        linked = self.linked_case_id(flow, levels)
        return Case(linked, flow.code, edition, parent_id=self.id, level=flow.bound_level(levels))
