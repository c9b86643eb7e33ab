"""The list of a group's decisions: what is asked for by a command, and what it says when it is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from bot.service.case_store import CaseRepository, chat_of
from bot.service.commands import NAMES
from bot.service.replies import ActionContext, Reply, SendMinutes, ShowCard
from bot.service.team.cases import TeamCases
from bot.service.team.linked_cases import roots
from bot.service.times import for_file_name, in_utc
from flows.cards.pages import Pages
from flows.cards.team.minutes import Period
from flows.catalog.loader import Catalog
from flows.export.record_page import Page

DAY: Final = 86_400.0


class MinutesDocument(NamedTuple):
    """The list of a group's decisions, to be set.

    Attributes:
        page: what it says; a placeholder stands for each person.
        file_name: a name without its ending.
        caption: the words below it.
    """

    page: Page
    file_name: str
    caption: str


class BoardMinutes:
    """Lists the decisions of a group."""

    def __init__(self, cases: TeamCases, catalog: Catalog, clock: Callable[[], float]) -> None:
        """Store what draws a case, the words, the clock (seconds since 1970)."""
        self._cases = cases
        self._pages = Pages(catalog)
        self._catalog = catalog
        self._clock = clock

    def command(self, repository: CaseRepository, argument: str, context: ActionContext) -> Reply:
        """Have the decisions of the last day sent, or those since a date; a line says that there are none."""
        now, words = self._clock(), self._catalog.team.pages
        since, named = _since(argument, now), NAMES in argument.split()
        if since is None:
            return Reply((ShowCard(self._pages.plain(words.minutes_unread)),))
        asked = SendMinutes(since, now, named, chat=context.chat)
        if not self._page(repository, chat_of(context.chat), asked)["rows"]:
            return Reply((ShowCard(self._pages.plain(words.no_minutes)),))
        return Reply(effects=(asked,))

    def of(self, repository: CaseRepository, chat: str, asked: SendMinutes) -> MinutesDocument | None:
        """Return the list as it stands now; None where its cases were erased meanwhile."""
        page, words = self._page(repository, chat, asked), self._catalog.paper.minutes
        rows = page["rows"]
        if not isinstance(rows, list) or not rows:
            return None
        caption = words.caption.format(since=in_utc(asked.since), until=in_utc(asked.until), number=len(rows))
        return MinutesDocument(page, words.file.format(when=for_file_name(asked.until)), caption)

    def failed(self) -> Reply:
        """Return the notice that the list could not be set."""
        return Reply((ShowCard(self._pages.bare(self._catalog.team.pages.minutes_failed)),))

    def refused(self) -> Reply:
        """Return the notice that Telegram refused the list."""
        return Reply((ShowCard(self._pages.bare(self._catalog.team.pages.minutes_refused)),))

    def _page(self, repository: CaseRepository, chat: str, asked: SendMinutes) -> Page:
        records = roots(repository.list_since(chat, asked.since))
        views = [self._cases.view(record, repository) for record in records]
        return self._cases.renderer.minutes.page(views, Period(asked.since, asked.until), named=asked.named)


def _since(argument: str, now: float) -> float | None:
    """Return from when decisions are listed: a day ago, or the beginning of a date in UTC; None for no such date."""
    date = "".join(word for word in argument.split() if word != NAMES)
    if not date:
        return now - DAY
    try:
        since = datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
    return since if since <= now else None
