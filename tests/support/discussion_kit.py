"""What the tests of a discussion share: a finished case, its members, and what each may do to it."""

from __future__ import annotations

from typing import Final

from kit import INTERVIEW, T8, played

from flows.engine.discussion import Discussion, DiscussionState, Member
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.rules import Recommendation, decide
from flows.pathways.metastasis import METASTASIS

DISCUSSION: Final = Discussion(INTERVIEW)
OPENER: Final = Member("u1", leads=True)
"""Opened the case and gave every answer of it."""

GIVER, BEN, CLEO = Member("u1"), Member("ben"), Member("cleo")
MIS, CORPECTOMY, DEBATED = "posterior_mis", "combined", "posterior"
AT: Final = 1_800_000_000.0


def finished() -> Case:
    """Give a case of T8 whose every answer is the opener's; three options are indicated."""
    return played(T8)


def advice(case: Case) -> Recommendation:
    """Tell what the source says of a case."""
    return decide(METASTASIS.guidance, INTERVIEW.state(case).findings)


def talk(case: Case) -> DiscussionState:
    """Replay a discussion."""
    return DISCUSSION.state(case, INTERVIEW.state(case))


def disputes(case: Case) -> dict[str, dict[str, Codes]]:
    """Tell what is disputed."""
    return talk(case).disputes(INTERVIEW.state(case))


def finding(case: Case, question: str) -> Codes:
    """Give the answer that counts."""
    return INTERVIEW.state(case).findings[question]


def held(case: Case, question: str, code: str, member: Member) -> Case:
    """Let a member hold an answer right."""
    return DISCUSSION.dispute(case, question, (code,), member, AT)


def settled(case: Case, question: str, choice: str, member: Member) -> Case:
    """Settle a dispute for an answer."""
    return DISCUSSION.settle(case, question, (choice,), member, AT)


def voting(case: Case | None = None, member: Member = BEN) -> Case:
    """Open the vote."""
    case = case or finished()
    return DISCUSSION.discuss(case, advice(case), member, AT)


def closed(case: Case, option: str = MIS, reason: str = "", member: Member = OPENER) -> Case:
    """Decide."""
    return DISCUSSION.close(case, advice(case), option, reason, member, AT)
