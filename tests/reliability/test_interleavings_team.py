"""Three members with four actions each on one case, in all 34,650 orders: whatever comes first, the same must hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import pytest
from discussion_kit import advice, disputes, finding, talk
from kit import CATALOG, T8, played
from team_kit import ANA, BEN, CLEO

from bot.service.case_store import CaseRecord, MemoryCaseRepository, TeamRecord
from bot.service.replies import ActionContext, ClosePoll, OpenPoll, Reply
from bot.service.services import build_services
from flows.cards.card import Action, Tap
from flows.engine.discussion import Stage, departs
from flows.model.case import AnswerEventKind, Case
from flows.pathways.registry import flow_registry

pytestmark = pytest.mark.untraced  # thousands of runs over lines that other tests cover

PLACE, CARD, ORDERS = "-100", 1, 34_650
ROOM: Final = build_services(flow_registry(), lambda: 1_800_000_000.0, lambda: "c1").team
SETTLED: Final = (Stage.voting, Stage.decided)
"""Where answers are frozen."""


@dataclass(frozen=True)
class MemberTap:
    """What a member does: a tap on the card as it is when its turn comes, or a vote for an answer of the poll."""

    who: str
    verb: Action | None
    question: str = ""
    choice: str = ""

    def __call__(self, repository: MemoryCaseRepository) -> Reply:
        record = repository.cases["c1"]
        if self.verb is None:
            offered = talk(record.case).offered
            numbers = [offered.index(self.question)] if self.question in offered else []
            return ROOM.votes.count(repository, record.team.poll_id if record.team else "", numbers, self.who)
        tap = Tap(self.verb, self.question, self.choice, record.case.id, record.case.turn)
        return ROOM.tap(repository, tap, ActionContext(PLACE, self.who, CARD))


MEMBERS: Final = (
    (
        MemberTap(ANA, Action.dispute, "deficit", "minor"),
        MemberTap(ANA, Action.decide, "posterior_mis"),
        MemberTap(ANA, Action.reopen),
        MemberTap(ANA, Action.decide, "combined", "wish"),
    ),
    (
        MemberTap(BEN, Action.dispute, "deficit", "significant"),
        MemberTap(BEN, None, "posterior_mis"),
        MemberTap(BEN, Action.dispute, "deficit", "none"),
        MemberTap(BEN, Action.discuss),
    ),
    (
        MemberTap(CLEO, Action.discuss),
        MemberTap(CLEO, None, "posterior"),
        MemberTap(CLEO, Action.reason, "wish"),
        MemberTap(CLEO, Action.dispute, "fitness", "undecided"),
    ),
)
"""Ana opened the case and answered every question; only she decides and takes the decision up again."""

Done = tuple[int, int, int]
"""How many of their actions each has done."""


def begun() -> CaseRecord:
    """A finished case whose every answer is Ana's."""
    case = replace(played(T8), id="c1")
    steps = tuple(step._replace(who=ANA) for step in case.answer_events)
    return CaseRecord(
        replace(case, answer_events=steps), PLACE, ANA, 1.0, CARD, team=TeamRecord(CATALOG.team.names[0], 1.0)
    )


def after(record: CaseRecord, action: MemberTap) -> tuple[CaseRecord, Reply]:
    """Do one action in a transaction of its own, and let the chat show the poll that it opens."""
    repository = MemoryCaseRepository({record.case.id: record})
    reply = action(repository)
    for deed in reply.effects:
        if isinstance(deed, OpenPoll):
            ROOM.votes.on_poll_sent(repository, deed.case, deed.number, f"poll{deed.number}", 100 + deed.number)
    return repository.cases[record.case.id], reply


def answers(case: Case) -> tuple[object, ...]:
    """The settled answers of a case with who gave each."""
    return tuple(step for step in case.answer_events if step.kind is not AnswerEventKind.mark)


def check(before: CaseRecord, action: MemberTap, now: CaseRecord, reply: Reply) -> None:
    """Hold one action against what must be so in every order."""
    old, new = talk(before.case), talk(now.case)
    assert now.case == before.case or now.case.revision > before.case.revision
    if old.stage in SETTLED:
        assert answers(now.case) == answers(before.case)
    for question in ("deficit", "fitness"):
        if finding(now.case, question) != finding(before.case, question):
            assert (action.who, action.question) == (ANA, question), "only who gave an answer changes it"
    assert len(finding(now.case, "deficit")) == 1
    if new.stage in SETTLED:
        assert disputes(now.case) == {}
    decided = action.verb is Action.decide and old.stage is not Stage.decided and new.stage is Stage.decided
    assert len(new.decisions) == len(old.decisions) + decided
    assert new.decisions[: len(old.decisions)] == old.decisions, "what was decided stays on record"
    reopened = old.stage is Stage.decided and new.stage is not Stage.decided
    assert sum(show.is_decision for show in reply.shows) == decided, "each decision is posted once"
    assert not reopened or action.verb is Action.reopen
    opened = new.stage is Stage.voting and old.stage is not Stage.voting
    ended = old.stage is Stage.voting and new.stage is not Stage.voting
    assert [type(deed) for deed in reply.effects] == [OpenPoll] * opened + [ClosePoll] * ended
    assert bool(now.team and now.team.poll_id) is (new.stage is Stage.voting)
    if decided:
        assert not departs(advice(now.case), new.decisions[-1].option) or new.decisions[-1].reason == "wish"
        assert new.decisions[-1].votes == old.votes


def walked() -> tuple[int, set[Stage], int]:
    """Walk the tree of all orders; where two beginnings led to the same, they go on as one.

    Returns:
        How many orders were walked, the stages they end in, the most decisions that any of them made.
    """
    ends: set[Stage] = set()
    most: list[int] = [0]

    @cache
    def orders(done: Done, record: CaseRecord) -> int:
        count = 0
        for member, actions in enumerate(MEMBERS):
            if done[member] < len(actions):
                action = actions[done[member]]
                now, reply = after(record, action)
                check(record, action, now, reply)
                count += orders(_next(done, member), now)
        if count == 0:
            ends.add(talk(record.case).stage)
            most[0] = max(most[0], len(talk(record.case).decisions))
        return count or 1

    return orders((0, 0, 0), begun()), ends, most[0]


def _next(done: Done, member: int) -> Done:
    first, second, third = (number + (at == member) for at, number in enumerate(done))
    return first, second, third


@pytest.mark.slow
def test_in_every_order_answers_are_frozen_in_time_decisions_are_made_once_and_nothing_is_lost() -> None:
    count, ends, most = walked()
    assert count == ORDERS
    assert ends == {Stage.advised, Stage.voting, Stage.decided, Stage.reopened}
    assert most == 2


def test_an_action_that_comes_twice_in_a_row_says_the_same_as_one() -> None:
    for action in (*MEMBERS[0][:2], *MEMBERS[1][:2], *MEMBERS[2][:3]):
        once, _ = after(begun(), action)
        twice, _ = after(once, action)
        assert talk(twice.case) == talk(once.case), action
        assert finding(twice.case, "deficit") == finding(once.case, "deficit")
