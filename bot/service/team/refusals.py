"""What a member is told in a few words: why a tap was not taken, and what became of one that was."""

from __future__ import annotations

from bot.service.case_store import Kept
from bot.service.replies import Visit
from bot.service.team.actions import ANSWERS
from bot.service.team.cases import Wards
from flows.cards.card import Tap, Verb, person
from flows.cards.team.case import Shared
from flows.catalog.loader import Catalog
from flows.engine.discussion import Stage
from flows.errors import ChosenOtherwise, Crowded, FlowError, NothingBefore, NothingChosen, NotNow, NotYours, Unsettled


class Retorts:
    """Finds the words."""

    def __init__(self, wards: Wards, catalog: Catalog) -> None:
        """Take what reads a case, and the words."""
        self._wards = wards
        self._catalog = catalog
        self._words = catalog.team

    def why(self, refused: FlowError, shared: Shared, tap: Tap, visit: Visit) -> str:
        """Say in a few words why a tap was not taken."""
        toasts, here = self._catalog.wording.toasts, self._words.toasts
        match refused:
            case NotYours(args=(str(who),)):
                return here.not_yours.format(who=person(who))
            case NotYours():
                return here.leads_only
            case NotNow():
                return self._not_now(shared)
            case Unsettled():
                return here.unsettled
            case Crowded():
                return here.crowded
            case NothingChosen():
                return toasts.nothing_chosen
            case ChosenOtherwise():
                return toasts.chosen_otherwise
            case NothingBefore():
                return toasts.nothing_before
            case _:
                return self._came_second(shared, tap, visit) or toasts.stale

    def _came_second(self, shared: Shared, tap: Tap, visit: Visit) -> str:
        """Tell who answered first, and what."""
        first = shared.standing.answers.get(tap.question)
        counts = shared.standing.findings.get(tap.question)
        if tap.verb not in ANSWERS or first is None or not counts or first.who == visit.who:
            return ""
        answer = self._wards.serving(shared.case.flow).board.said(tap.question, counts)
        return self._words.toasts.first.format(who=person(first.who), answer=answer)

    def _not_now(self, shared: Shared) -> str:
        """Say what the stage of the discussion keeps from being done."""
        toasts = self._words.toasts
        known = {Stage.voting: toasts.vote_open, Stage.decided: toasts.decided}
        return known.get(shared.talk.stage, toasts.not_now)

    def late(self, toast: str) -> str:
        """Return what is told of a tap whose card must wait for the channel's pace."""
        return f"{toast} {self._words.toasts.follows}".strip()

    def told(self, shared: Shared, here: Kept, tap: Tap) -> str:
        """Tell what became of a word that somebody held against an answer."""
        if tap.verb not in (Verb.hold, Verb.hold_with, Verb.hold_without, Verb.settle):
            return ""
        now = self._wards.shared(here)
        before, after = shared.talk.disputes(shared.standing), now.talk.disputes(now.standing)
        if after.get(tap.question) and after != before:
            return self._words.toasts.held
        return self._words.toasts.settled if before.get(tap.question) and not after.get(tap.question) else ""
