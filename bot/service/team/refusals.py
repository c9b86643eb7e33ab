"""What a member is told in a few words: why a tap was not taken, and what became of one that was."""

from __future__ import annotations

from bot.service.case_store import CaseRecord
from bot.service.replies import ActionContext
from bot.service.team.actions import ANSWERS
from bot.service.team.cases import TeamCases
from flows.cards.card import Action, Tap, person
from flows.cards.team.case import TeamCaseView
from flows.catalog.loader import Catalog
from flows.engine.discussion import Stage
from flows.errors import (
    ChosenOtherwise,
    DiscussionFull,
    EmptySelection,
    FlowError,
    NothingToUndo,
    NotPermitted,
    OpenDisputes,
    WrongStage,
)


class RefusalTexts:
    """Finds the words."""

    def __init__(self, cases: TeamCases, catalog: Catalog) -> None:
        """Store what reads a case, and the words."""
        self._cases = cases
        self._catalog = catalog
        self._words = catalog.team

    def refusal(self, refused: FlowError, view: TeamCaseView, tap: Tap, context: ActionContext) -> str:
        """Return in a few words why a tap was not taken."""
        toasts, updated = self._catalog.wording.toasts, self._words.toasts
        match refused:
            case NotPermitted(args=(str(user_id),)):
                return (
                    updated.unchecked if context.rights_unknown else updated.not_permitted.format(who=person(user_id))
                )
            case NotPermitted():
                return self.no_leader(context)
            case WrongStage():
                return self._wrong_stage(view)
            case OpenDisputes():
                return updated.open_disputes
            case DiscussionFull():
                return updated.discussion_full
            case EmptySelection():
                return toasts.empty_selection
            case ChosenOtherwise():
                return toasts.chosen_otherwise
            case NothingToUndo():
                return toasts.nothing_to_undo
            case _:
                return self._answered_first(view, tap, context) or toasts.stale

    def no_leader(self, context: ActionContext) -> str:
        """Return why somebody may not do what the opener of a case or an administrator may."""
        toasts = self._words.toasts
        return toasts.unchecked if context.rights_unknown else toasts.leads_only

    def _answered_first(self, view: TeamCaseView, tap: Tap, context: ActionContext) -> str:
        """Return who answered first, and what."""
        first = view.state.answers.get(tap.question)
        counts = view.state.findings.get(tap.question)
        if tap.action not in ANSWERS or first is None or not counts or first.who == context.user_id:
            return ""
        answer = self._cases.services_for(view.case.flow).renderer.answer_text(tap.question, counts)
        return self._words.toasts.first.format(who=person(first.who), answer=answer)

    def _wrong_stage(self, view: TeamCaseView) -> str:
        """Return what the stage of the discussion does not allow."""
        toasts = self._words.toasts
        known = {Stage.voting: toasts.vote_open, Stage.decided: toasts.decided}
        return known.get(view.discussion.stage, toasts.wrong_stage)

    def late(self, toast: str) -> str:
        """Return what is told of a tap whose card must wait for the channel's pace."""
        return f"{toast} {self._words.toasts.follows}".strip()

    def confirmation(self, view: TeamCaseView, updated: CaseRecord, tap: Tap) -> str:
        """Return what became of a word that somebody held against an answer."""
        if tap.action not in (Action.dispute, Action.dispute_with, Action.dispute_without, Action.settle):
            return ""
        now = self._cases.view(updated)
        before, after = view.discussion.disputes(view.state), now.discussion.disputes(now.state)
        if after.get(tap.question) and after != before:
            return self._words.toasts.disputed
        return self._words.toasts.settled if before.get(tap.question) and not after.get(tap.question) else ""
