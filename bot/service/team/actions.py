"""Applies a member's tap on a team's case to the discussion or the interview: a case in, a case out, or why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.service.answers import apply_answer, require_confirmation
from bot.service.case_store import CaseRecord
from bot.service.replies import ActionContext
from flows.cards.card import Action, Card, Tap
from flows.cards.team.card import TeamRenderer, decode_choices
from flows.cards.team.case import TeamCaseView
from flows.engine.discussion import NONE_OF_THESE, Discussion, Member, Stage
from flows.engine.interview import Interview
from flows.errors import EmptySelection, OpenDisputes, StaleTap, WrongStage
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.rules import Recommendation

ANSWERS: Final = (Action.answer, Action.mark, Action.unmark, Action.done)
"""Taps that answer the question at hand: the first one counts."""

LISTS: Final = (Action.answers, Action.finding, Action.reasons, Action.choose)
"""Taps that open what one needs in order to act, in place of the case; they change nothing."""

_OPINIONS: Final = (
    Action.dispute,
    Action.dispute_with,
    Action.dispute_without,
    Action.settle,
    Action.reason,
    Action.withdraw_reasons,
)
"""Taps that say what one holds, whatever has happened since: they may come late and twice."""


class TeamActions:
    """Knows which tap asks what of the discussion, and what of the interview."""

    def __init__(
        self,
        interview: Interview,
        discussion: Discussion,
        board: TeamRenderer,
        clock: Callable[[], float],
    ) -> None:
        """Store what takes an answer, the discussion, what it is drawn by, the clock (seconds since 1970)."""
        self._interview = interview
        self._discussion = discussion
        self._renderer = board
        self._reasons = board.case_renderer.catalog.team.reasons
        self._clock = clock

    def view(self, view: TeamCaseView, tap: Tap, user_id: str) -> Card:
        """Draw the list that somebody needs in order to act.

        Raises:
            WrongStage: where the discussion does not stand there.
            StaleTap: where there is no such thing to look at.
            OpenDisputes: where it is to be decided while a finding is disputed.
        """
        board, stage = self._renderer, view.discussion.stage
        match tap.action:
            case Action.answers:
                return board.answers(view, user_id)
            case Action.finding:
                return self._finding_card(view, tap.question, user_id)
            case Action.reasons if stage is Stage.voting:
                return board.reasons(view, user_id)
            case Action.choose if not view.case.parent_id and stage in (Stage.advised, Stage.voting, Stage.reopened):
                return self._choosing(view, tap.question, user_id)
            case _:
                raise WrongStage

    def _choosing(self, view: TeamCaseView, option: str, user_id: str) -> Card:
        """Draw what can be decided, or ask once whether that is."""
        if view.disputes:
            raise OpenDisputes
        if not option:
            return self._renderer.option_choice(view, user_id)
        if option not in (NONE_OF_THESE, *self._renderer.case_renderer.catalog.options):
            raise StaleTap(option)
        return self._renderer.confirming(view, option, user_id)

    def _finding_card(self, view: TeamCaseView, code: str, user_id: str) -> Card:
        """Draw a finding, while answers may be given."""
        question = self._renderer.case_renderer.flow.question(code)
        if question is None or not view.state.findings.get(code):
            raise StaleTap(code)
        if not view.discussion.is_open:
            raise WrongStage
        return self._renderer.finding(view, question, user_id)

    def apply(self, record: CaseRecord, view: TeamCaseView, tap: Tap, context: ActionContext) -> Case:
        """Return the case with what a tap did to it.

        Raises:
            FlowError: as the discussion and the interview do.
        """
        member = Member(context.user_id, leads=leads(record, context))
        if tap.action in _OPINIONS:
            return self._apply_opinion(view, tap, member)
        if tap.turn != view.case.turn:
            raise StaleTap(tap.question)
        if tap.action not in ANSWERS:
            return self._apply_stage(view, tap, member)
        if not view.discussion.is_open:
            raise WrongStage
        return apply_answer(self._interview, view.case, tap, context.user_id)

    def _apply_opinion(self, view: TeamCaseView, tap: Tap, member: Member) -> Case:
        """Apply what somebody holds: an answer, which of the held ones counts, or a reason."""
        case, now = view.case, self._clock()
        if tap.action is Action.reason and tap.question in self._reasons:
            return self._discussion.reason(case, tap.question, member.who, now, on=True)
        if tap.action is Action.withdraw_reasons:
            for reason in [code for code, given in view.discussion.reasons.items() if member.who in given]:
                case = self._discussion.reason(case, reason, member.who, now, on=False)
            return case
        if tap.action is Action.settle:
            question = self._renderer.case_renderer.flow.question(tap.question)
            codes = decode_choices(question, tap.choice) if question else ()
            return self._discussion.settle(case, tap.question, codes, member, now)
        return self._discussion.dispute(case, tap.question, _disputed_answer(view, tap, member.who), member, now)

    def _apply_stage(self, view: TeamCaseView, tap: Tap, member: Member) -> Case:
        """Apply what leads the discussion to another stage, which a score has none of, or undoes an answer."""
        case, now, discussion = view.case, self._clock(), self._discussion
        if case.parent_id and tap.action not in (Action.back, Action.restart):
            raise StaleTap(tap.question)
        match tap.action:
            case Action.discuss:
                return discussion.discuss(case, self._advised(view), member, now)
            case Action.withdraw:
                return discussion.withdraw(case, member, now)
            case Action.decide if tap.choice in ("", *self._reasons):
                return discussion.close(case, self._advised(view), tap.question, tap.choice, member, now)
            case Action.reopen:
                return discussion.reopen(case, member, now)
            case Action.back:
                return discussion.back(case, member)
            case Action.restart:
                begun = discussion.restart(case, member)
                require_confirmation(view.state, tap)
                return begun
            case Action.confirm | Action.drop:
                return apply_answer(self._interview, case, tap, member.who)
            case _:
                raise StaleTap(tap.question)

    def _advised(self, view: TeamCaseView) -> Recommendation:
        return self._renderer.blocks.recommendation(view.state)


def leads(record: CaseRecord, context: ActionContext) -> bool:
    """Return whether somebody leads in a case: opened it, or administers the group."""
    return context.is_admin or context.user_id == record.owner


def _disputed_answer(view: TeamCaseView, tap: Tap, user_id: str) -> Codes:
    """Return the whole answer that somebody holds: of several, what they held before with one more or one less.

    Raises:
        EmptySelection: where nothing would be left of it.
    """
    state = view.state.findings.get(tap.question, ())
    if tap.action is Action.dispute:
        return (tap.choice,) if tap.choice else state
    before = {*view.discussion.objections.get(tap.question, {}).get(user_id, state)}
    codes = before | {tap.choice} if tap.action is Action.dispute_with else before - {tap.choice}
    if not codes:
        raise EmptySelection(tap.question)
    return tuple(codes)
