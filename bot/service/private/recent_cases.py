"""The list of a person's last cases, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.service.case_store import CaseRecord, CaseRepository
from bot.service.private.cases import PrivateCases
from bot.service.replies import ActionContext
from bot.service.times import age_text
from flows.cards.card import Button, Card, Line
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog

MOST_RECENT: Final = 8
"""Cases on a page of the list."""

MINUTE: Final = 60.0
"""Seconds."""


class RecentCases:
    """Lists cases, each with its name, its level, its headline or how far it has come, its age."""

    def __init__(self, cases: PrivateCases, catalog: Catalog, clock: Callable[[], float]) -> None:
        """Store what draws a case, the words, the clock (seconds since 1970)."""
        self._cases = cases
        self._pages = Pages(catalog)
        self._words = catalog.wording
        self._clock = clock

    def page(self, repository: CaseRepository, context: ActionContext, page: int = 0) -> Card:
        """List a person's last cases, each with its name, its level, its headline or how far it has come, its age."""
        found = repository.list_recent(context.chat, context.user_id, MOST_RECENT + 1, page * MOST_RECENT)
        if not found:
            return self.page(repository, context) if page else self._pages.none_recent()
        rows = [
            (
                Button(name, self._cases.go_on(record).tap),
                Line(f"{self._cases.short_title(record)} · {self._ago(record)}", lead=name),
            )
            for record in found[:MOST_RECENT]
            if (name := self._cases.name(record.case))
        ]
        return self._pages.recent(rows, page, more=len(found) > MOST_RECENT)

    def _ago(self, record: CaseRecord) -> str:
        """Return how long ago a case was touched."""
        words, seconds = self._words.recent, self._clock() - record.updated_at
        return words.now if seconds < MINUTE else words.ago.format(age=age_text(seconds))
