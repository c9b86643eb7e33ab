"""The cards that belong to no case: start, help, about, the list of options, and the short answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap
from flows.cards.layout import wrap_rows
from flows.catalog.loader import Catalog
from flows.catalog.site_text import SiteText
from flows.catalog.wording import NumberedPageWording, PageWording

PAGE: Final = "page"
"""What a button says that leads to another page of a list."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Draws the cards of plain words."""

    catalog: Catalog

    def start(self, open_case: Button | None) -> Card:
        """Return what this is, for whom, and what it is not; with the open case, if there is one."""
        labels = self.catalog.wording.labels
        first = (Button(labels.new, Tap(Action.new)), *((open_case,) if open_case else ()))
        return self._page(self.catalog.wording.pages.start, (first, self._menu()))

    def help(self) -> Card:
        """Return how it is used."""
        return self._page(self.catalog.wording.pages.help, (self.begin(),))

    def about(self) -> Card:
        """Return the scope, the source with its year, the edition, and where the source is silent."""
        words = self.catalog.wording
        source = self.catalog.source
        told = words.result.footer.format(source=source.name, year=source.year, edition=self.catalog.edition)
        gaps = tuple(Line(f"{gap.silent} {gap.here}", lead=gap_id) for gap_id, gap in self.catalog.gaps.items())
        card = self._page(words.pages.about, (self.begin(),))
        blocks = (
            *card.blocks,
            Block((Line(f"{told}. {source.publisher}: {source.section}."),)),
            Block(self._site()),
            Block(gaps, heading=words.pages.about_gaps, style=Style.folded),
            Block((Line(words.result.disclaimer),), style=Style.small),
        )
        return Card(card.label, card.title, tuple(block for block in blocks if block.lines), card.rows)

    def _site(self) -> tuple[Line, ...]:
        """Return that the hospital has a file of its own, and its emergency line; nothing where it has none."""
        site = self.catalog.site
        told = [Line(self.catalog.wording.site.about.format(hospital=site.hospital))] if site.hospital else []
        told += [Line(site.emergency_line)] if site.emergency_line else []
        return tuple(told)

    def options(self) -> Card:
        """List the options, each with a button for its detail."""
        buttons = [Button(option.short, Tap(Action.browse, code)) for code, option in self.catalog.options.items()]
        card = self._page(self.catalog.wording.pages.options, (*wrap_rows(buttons), self.begin()))
        site = SiteText(self.catalog)
        listed = tuple(
            Line(option.indication[0].text, lead=site.named(option.short, code), facts=option.indication[0].facts)
            for code, option in self.catalog.options.items()
        )
        return Card(card.label, card.title, (*card.blocks, Block(listed, style=Style.listed)), card.rows)

    def scales(self) -> Card:
        """List the scales, each with a button for its card."""
        scales = self.catalog.scales
        rows = tuple((Button(scale.name, Tap(Action.scale, code)),) for code, scale in scales.items())
        card = self._page(self.catalog.wording.pages.scales, (*rows, self.begin()))
        listed = tuple(Line(scale.helps, lead=scale.name) for scale in scales.values())
        return Card(card.label, card.title, (*card.blocks, Block(listed, style=Style.listed)), card.rows)

    def scale(self, code: str, back: Button | None = None) -> Card:
        """Draw a scale as a reference card; `back` leads elsewhere than to the list.

        Raises:
            KeyError: where the catalog has no such scale.
        """
        words = self.catalog.wording
        scale = self.catalog.scales[code]
        tables = (
            Block(tuple(Line(text, lead=grade) for grade, text in part.grades.items()), heading=part.heading)
            for part in scale.parts
        )
        caveats = Block(tuple(map(Line, scale.caveats)), style=Style.listed)
        source = Block((Line(scale.source, facts=(scale.cite,)), Line(words.result.disclaimer)), style=Style.small)
        row = (back or Button(words.labels.all_scales, Tap(Action.scale)),)
        blocks = (Block((Line(scale.helps),)), *tables, caveats, source)
        return Card(words.pages.scales.title, scale.title, blocks, (row,))

    def scores(self, codes: Sequence[str]) -> Card:
        """List scores, each with a button that begins it.

        Args:
            codes: the flows that score, by the codes of their scales.
        """
        scales = [(code, self.catalog.scales[code]) for code in codes]
        rows = tuple((Button(scale.name, Tap(Action.new, code)),) for code, scale in scales)
        card = self._page(self.catalog.wording.pages.scores, (*rows, self.begin()))
        listed = tuple(Line(scale.helps, lead=scale.name, facts=(scale.cite,)) for _, scale in scales)
        return Card(card.label, card.title, (*card.blocks, Block(listed, style=Style.listed)), card.rows)

    def recent(self, cases: Sequence[tuple[Button, Line]], page: int, *, more: bool) -> Card:
        """List cases: a button that brings each, a line that tells it, and the ways to newer and to older ones."""
        words, labels = self.catalog.wording.recent, self.catalog.wording.labels
        newer = (Button(labels.newer, Tap(Action.recent, PAGE, str(page - 1))),) if page else ()
        older = (Button(labels.older, Tap(Action.recent, PAGE, str(page + 1))),) if more else ()
        rows = (*wrap_rows([button for button, _ in cases]), *filter(None, [newer + older]), self.begin())
        listed = Block(tuple(line for _, line in cases), style=Style.listed)
        return Card("", words.title, (Block((Line(words.line),)), listed), rows)

    def none_recent(self) -> Card:
        """Draw the list where no case is kept."""
        words = self.catalog.wording.recent
        return self.notice(words.title, words.nothing)

    def forget(self) -> Card:
        """Ask before everything is erased."""
        labels = self.catalog.wording.labels
        row = (Button(labels.erase, Tap(Action.erase)), Button(labels.keep, Tap(Action.home, "keep")))
        return self._page(self.catalog.wording.pages.forget, (row,))

    def plain(self, page: PageWording, *more: Button) -> Card:
        """Draw a page with the way to a new case."""
        return self._page(page, ((*more, *self.begin()),))

    def bare(self, page: PageWording, *buttons: Button) -> Card:
        """Draw a page with just these buttons."""
        return self._page(page, (buttons,) if buttons else ())

    def notice(self, title: str, line: str, *more: Button) -> Card:
        """Draw a title and a line, with the way to a new case."""
        return Card("", title, (Block((Line(line),)),), ((*more, *self.begin()),))

    def list_page(self, title: str, line: str, rows: tuple[tuple[Button, ...], ...]) -> Card:
        """Draw a list of buttons under a title and a line."""
        return Card("", title, (Block((Line(line),)),), rows)

    def number_page(self, page: NumberedPageWording, number: str) -> Card:
        """Draw a page that tells a number."""
        return Card("", page.title, (Block((Line(page.line.format(number=number)),)),))

    def _page(self, page: PageWording, rows: tuple[tuple[Button, ...], ...]) -> Card:
        return Card("", page.title, tuple(Block((Line(line),)) for line in page.lines), rows)

    def begin(self) -> tuple[Button, ...]:
        """Lay out the way to a new case, and to the start."""
        labels = self.catalog.wording.labels
        return Button(labels.new, Tap(Action.new)), Button(labels.home, Tap(Action.home))

    def _menu(self) -> tuple[Button, ...]:
        labels = self.catalog.wording.labels
        return (
            Button(labels.browse, Tap(Action.browse)),
            Button(labels.scales, Tap(Action.scale)),
            Button(labels.help, Tap(Action.help)),
            Button(labels.about, Tap(Action.about)),
        )
