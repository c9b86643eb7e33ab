"""What a member reads of a team's case in private, by a link from the group; it changes nothing there."""

from __future__ import annotations

from collections.abc import Callable

from bot.service.case_store import Kept, Ledger
from bot.service.private_chat import Conversation
from bot.service.read_links import case_in, link_to_case
from bot.service.replies import MISPLACED, Reply, Show, Visit
from bot.service.tap_rules import Where, allows
from bot.service.team.cases import Wards
from bot.service.team.linked_cases import found
from flows.cards.card import Tap, Verb
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.errors import FlowError


class Reading:
    """Opens a team's case to be read."""

    def __init__(self, wards: Wards, alone: Conversation, catalog: Catalog, clock: Callable[[], float]) -> None:
        """Take what draws a team's case, what draws one without names, the words, a clock (seconds since 1970)."""
        self._wards = wards
        self._alone = alone
        self._catalog = catalog
        self._clock = clock

    def opened(self, ledger: Ledger, tap: Tap, visit: Visit) -> Reply:
        """Open in the person's private chat what a tap in the group asks to read."""
        return Reply(opens=link_to_case(ledger.secret(), tap, visit.who, self._clock()))

    def linked(self, ledger: Ledger, payload: str, visit: Visit) -> Tap | None:
        """Return what a link that is for this person opens; None where it is too old, or was made up."""
        return case_in(ledger.secret(), payload, visit.who, self._clock())

    @staticmethod
    def of(ledger: Ledger, tap: Tap) -> Kept | None:
        """Return the team's case that a tap in a private chat reads; None where it is no team's."""
        kept = found(ledger, tap.case)
        return kept if kept and kept.team else None

    def shown(self, ledger: Ledger, kept: Kept, tap: Tap, visit: Visit) -> Reply:
        """Show a member of the group what is read beside its case."""
        if not allows(tap.verb, Where.reading):
            return self._alone.refused(MISPLACED)
        toast = ""
        shared, board = self._wards.shared(kept, ledger), self._wards.of(kept).board
        try:
            card = self._alone.read(kept.case, tap, shared.scored)
        except FlowError:
            toast = self._catalog.wording.toasts.stale
            card = self._alone.read(kept.case, Tap(Verb.show), shared.scored)
        if tap.verb is Verb.show or toast:
            card = board.marked(shared, card)
        return Reply((Show(board.to_read(shared, card, self._clock()), visit.card),), toast)

    def refused(self, why: str, *, tapped: bool) -> Reply:
        """Explain why somebody cannot read it: "outsider", "unsure", or "link_gone" where the link is too old."""
        if tapped:
            return Reply(toast=getattr(self._catalog.team.toasts, why))
        return Reply((Show(Pages(self._catalog).bare(getattr(self._catalog.team.pages, why))),))
