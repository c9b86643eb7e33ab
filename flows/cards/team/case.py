"""A team's case with what follows from it: all that its cards are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flows.engine.discussion import Decision, DiscussionState
from flows.engine.interview import InterviewState
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.flow import Flow
from flows.model.scored import Scored


@dataclass(frozen=True, slots=True)
class TeamCaseView:
    """A case of a team.

    Attributes:
        code_name: the name that tells it from the other cases of its chat.
        opener: the opaque id of whoever opened it.
        shared_by: the opaque id of whoever brought it from a private chat; empty where it was begun here.
        scored: what was scored of it, in the cases that help it.
        undelivered: what could not be shown to the chat: "card", "record", "poll".
    """

    case: Case
    state: InterviewState
    discussion: DiscussionState
    code_name: str
    opener: str
    shared_by: str = ""
    scored: tuple[Scored, ...] = ()
    undelivered: tuple[str, ...] = ()

    @property
    def disputes(self) -> dict[str, dict[str, Codes]]:
        """The answers that members hold instead of one that counts, by question and person."""
        return self.discussion.disputes(self.state)

    def at(self, decision: Decision, flow: Flow) -> TeamCaseView:
        """Return the case as it stood when it was decided; answers may have been changed since."""
        if not decision.counted:
            return self
        answers = {step.question: step for step in decision.counted}
        findings = flow.effective({question: step.codes for question, step in answers.items()})
        return replace(self, state=InterviewState(None, findings, answers, (), scope=self.state.scope))


def code_word(name: str) -> str:
    """Return the word of a case's name, as a button carries it: "heron" of "🟦 Heron"."""
    return name.rpartition(" ")[2].lower()
