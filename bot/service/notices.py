"""What anybody is told who is refused, or whom the bot could not serve just now."""

from __future__ import annotations

from bot.service.replies import MISPLACED, Reply, ShowCard
from flows.cards.card import Card
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog


class Notices:
    """Finds the words."""

    def __init__(self, catalog: Catalog) -> None:
        """Store the words."""
        self._pages = Pages(catalog)
        self._words = catalog.wording

    def failed(self, *, tapped: bool) -> Reply:
        """Return the words that nothing was changed."""
        if tapped:
            return Reply(toast=self._words.toasts.failed)
        return Reply((ShowCard(self._pages.plain(self._words.pages.failed)),))

    def not_saved(self) -> Reply:
        """Return the words that the database could not keep it."""
        return Reply(toast=self._words.toasts.not_saved)

    def slow_save(self) -> Reply:
        """Return the notice that the database is slow."""
        return Reply(toast=self._words.toasts.slow_save)

    def outage(self) -> Card:
        """Draw the words that taps of an outage may be missing."""
        return self._pages.bare(self._words.pages.outage)

    def not_listed(self, user_id: str, *, tapped: bool) -> Reply:
        """Return the card that says: the bot is for listed people, and under which number this one would be listed."""
        words = self._words
        if tapped:
            return Reply(toast=words.toasts.not_listed.format(number=user_id))
        return Reply((ShowCard(self._pages.number_page(words.pages.not_listed, user_id)),))

    def refused(self, forged: str) -> Reply:
        """Refuse what no button of ours can have asked for there."""
        toasts = self._words.toasts
        return Reply(toast=toasts.misplaced if forged == MISPLACED else toasts.unknown_button, forged=forged)
