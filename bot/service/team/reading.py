"""What a member reads of a team's case in private, by a link from the group; it changes nothing there."""

from __future__ import annotations

from collections.abc import Callable

from bot.service.case_store import CaseRecord, CaseRepository
from bot.service.links.read_links import case_in, link_to_case
from bot.service.notices import Notices
from bot.service.private.cases import PrivateCases
from bot.service.replies import MISPLACED, ActionContext, Reply, ShowCard
from bot.service.tap_rules import Where, allows
from bot.service.team.cases import TeamCases
from bot.service.team.linked_cases import load
from flows.cards.card import Action, Tap
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.errors import FlowError


class PrivateReading:
    """Opens a team's case to be read."""

    def __init__(
        self,
        cases: TeamCases,
        private: PrivateCases,
        notices: Notices,
        catalog: Catalog,
        clock: Callable[[], float],
    ) -> None:
        """Store what draws a team's case, what draws one without names, words, a clock (seconds since 1970)."""
        self._cases = cases
        self._private = private
        self._notices = notices
        self._catalog = catalog
        self._clock = clock

    def opened(self, repository: CaseRepository, tap: Tap, context: ActionContext) -> Reply:
        """Open in the person's private chat what a tap in the group asks to read."""
        return Reply(opens=link_to_case(repository.signing_secret(), tap, context.user_id, self._clock()))

    def linked(self, repository: CaseRepository, payload: str, context: ActionContext) -> Tap | None:
        """Return what a link that is for this person opens; None where it is too old, or was made up."""
        return case_in(repository.signing_secret(), payload, context.user_id, self._clock())

    @staticmethod
    def of(repository: CaseRepository, tap: Tap) -> CaseRecord | None:
        """Return the team's case that a tap in a private chat reads; None where it is no team's."""
        record = load(repository, tap.case)
        return record if record and record.team else None

    def shown(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Show a member of the group what is read beside its case."""
        if not allows(tap.action, Where.reading):
            return self._notices.refused(MISPLACED)
        toast = ""
        view, board = self._cases.view(record, repository), self._cases.services_of(record).renderer
        try:
            card = self._private.to_read(record.case, tap, view.scored)
        except FlowError:
            toast = self._catalog.wording.toasts.stale
            card = self._private.to_read(record.case, Tap(Action.show), view.scored)
        if tap.action is Action.show or toast:
            card = board.marked(view, card)
        return Reply((ShowCard(board.to_read(view, card, self._clock()), context.message_id),), toast)

    def refused(self, why: str, *, tapped: bool) -> Reply:
        """Explain why somebody cannot read it: "outsider", "unsure", or "link_gone" where the link is too old."""
        if tapped:
            return Reply(toast=getattr(self._catalog.team.toasts, why))
        return Reply((ShowCard(Pages(self._catalog).bare(getattr(self._catalog.team.pages, why))),))
