"""The cards of access: who asks, who may use the bot, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap, person
from flows.cards.layout import wrap_rows
from flows.cards.pages import PAGE, Pages
from flows.catalog.loader import Catalog

WHO: Final = "who"
"""What a button says before the number that it bears."""

GROUP: Final = "g"
"""Stands before the number of a group in a button, in place of the sign, which no button can bear."""


@dataclass(frozen=True, slots=True)
class AccessCards:
    """Draws the cards of access."""

    catalog: Catalog

    def page(self, name: str, number: str = "") -> Card:
        """Draw a page of plain words, or one that tells a number."""
        page = getattr(self.catalog.access.pages, name)
        pages = Pages(self.catalog)
        return pages.number_page(page, number) if number else pages.bare(page)

    def welcome(self) -> Card:
        """Draw what somebody reads who was admitted, with the way to a case."""
        return Pages(self.catalog).plain(self.catalog.access.pages.welcome)

    def unknown(self, number: str) -> Card:
        """Draw how access works, with the button that asks for it."""
        return replace(self.page("unknown", number), rows=((Button(self.catalog.access.ask, Tap(Action.ask)),),))

    def request(self, number: str) -> Card:
        """Draw what an administrator reads of somebody who asks; the channel puts the name in."""
        words = self.catalog.access
        line = words.pages.request.line.format(person=person(number), number=number)
        row = (
            Button(words.admit, Tap(Action.admit, WHO, packed(number))),
            Button(words.refuse, Tap(Action.refuse, WHO, packed(number))),
        )
        return Card("", words.pages.request.title, (Block((Line(line),)),), (row,))

    def admitted(self, listed: Sequence[tuple[str, bool]], page: int, *, more: bool) -> Card:
        """List numbers, with who administers the bot; a button for each, and the ways to the others."""
        words, labels = self.catalog.access, self.catalog.wording.labels
        lines = tuple(Line(self._kind(number, is_admin=is_admin), lead=number) for number, is_admin in listed)
        buttons = [
            Button(words.expel.format(number=number), Tap(Action.expel, WHO, packed(number))) for number, _ in listed
        ]
        newer = (Button(labels.newer, Tap(Action.admitted, PAGE, str(page - 1))),) if page else ()
        older = (Button(labels.older, Tap(Action.admitted, PAGE, str(page + 1))),) if more else ()
        rows = (*wrap_rows(buttons), *filter(None, [newer + older]))
        told = Block((Line(words.list.line if listed else words.list.nobody),))
        return Card("", words.list.title, (told, *([Block(lines, style=Style.listed)] if lines else ())), rows)

    def _kind(self, number: str, *, is_admin: bool) -> str:
        words = self.catalog.access
        return words.admin if is_admin else words.group if number.startswith("-") else words.person


def packed(number: str) -> str:
    """Return a number as a button bears it."""
    return number.replace("-", GROUP)


def number_of(choice: str) -> str:
    """Return the number that a button bears; empty where it bears none."""
    number = choice.replace(GROUP, "-", 1)
    return number if number.removeprefix("-").isdecimal() and number.isascii() else ""
