"""The pages of a private chat that belong to no case: the start, help, options, scales, scores, the last cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.service.case_store import CaseRepository
from bot.service.private.cases import PrivateCases
from bot.service.private.recent_cases import RecentCases
from bot.service.replies import ActionContext
from flows.cards.card import Action, Card, Tap
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog

KEEP: Final = "keep"
"""What the button bears that erases nothing after it was asked."""


class PrivatePages:
    """Draws the page that a command or a button leads to."""

    def __init__(
        self, cases: PrivateCases, scores: tuple[str, ...], catalog: Catalog, clock: Callable[[], float]
    ) -> None:
        """Store what draws a case, the codes of the flows that score, the words, the clock (seconds since 1970)."""
        self._cases = cases
        self._scores = scores
        self._recent = RecentCases(cases, catalog, clock)
        self._pages = Pages(catalog)
        self._words = catalog.wording
        self._catalog = catalog

    def of_command(self, repository: CaseRepository, name: str, context: ActionContext) -> Card:
        """Draw the page of a command, given without its slash."""
        pages = self._pages
        match name:
            case "recent":
                return self._recent.page(repository, context)
            case "start":
                return pages.start(self._cases.way_back(repository, context))
            case "slow":
                return pages.plain(self._words.pages.slow)
            case "no_text" | "own_card":
                open_case = self._cases.way_back(repository, context)
                return pages.plain(getattr(self._words.pages, name), *((open_case,) if open_case else ()))
            case "scores":
                return pages.scores(self._scores)
            case "help" | "about" | "options" | "scales" | "forget":
                card: Card = getattr(pages, name)()
                return card
            case _:
                return pages.plain(self._words.pages.unknown_command)

    def of_button(self, repository: CaseRepository, tap: Tap, context: ActionContext) -> Card | None:
        """Draw the page that a button leads to; None where it leads to none."""
        match tap.action:
            case Action.home if tap.question == KEEP:
                return self._pages.plain(self._words.pages.nothing_kept)
            case Action.home:
                return self._pages.start(self._cases.way_back(repository, context))
            case Action.help | Action.about:
                card: Card = getattr(self._pages, tap.action.name)()
                return card
            case Action.recent:
                return self._recent.page(repository, context, int(tap.choice[:4]) if tap.choice.isdecimal() else 0)
            case _:
                return self._looked_up(tap)

    def _looked_up(self, tap: Tap) -> Card | None:
        """Draw the options or the scales, or one of them; None where there is no such thing."""
        match tap.action:
            case Action.browse if not tap.question:
                return self._pages.options()
            case Action.browse if tap.question in self._catalog.options:
                return self._cases.default.renderer.option_cards.browse(tap.question)
            case Action.scale if not tap.question:
                return self._pages.scales()
            case Action.scale if tap.question in self._catalog.scales:
                return self._pages.scale(tap.question)
            case _:
                return None
