"""Turns a card into Telegram's HTML and inline keyboard: the only file that knows a tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import escape
from itertools import groupby
from typing import Final

import orjson

from bot.telegram.rendering.callback_data import pack
from bot.telegram.rendering.names import BOT
from flows.cards.card import Block, Button, Card, Line, Style

_GAP: Final = "\n\n"

_Key = tuple[bool, str, tuple[Line, ...], int, int]

Screen = dict[str, object]
"""The parameters of a message that shows a card: text, parse mode, keyboard."""

REMEMBERED: Final = 2048
"""Cards whose screens are remembered, 2 kB each; the oldest goes first."""

_ITS_OWN: Final = "\ue005"
_LABELLED: Final = "\ue006"
"""Stand for the case and for the first line of a card in a screen that is remembered: the next one may be of another
case, which has another name."""


class ScreenCache:
    """Prints cards as the screens that are kept; what was drawn once for all cases is also written once for all."""

    def __init__(self, page_url: str = "") -> None:
        """Begin with nothing remembered; `page_url` is where the page of the spine is served."""
        self._page_url = page_url
        self._screens: dict[_Key, tuple[Card, str]] = {}

    def render(self, card: Card) -> str:
        """Return the screen of a card as JSON."""
        # Its parts are told by their identity, and held, so that no other ever bears it: to read them takes longer.
        key = (bool(card.label), card.title, card.above, id(card.blocks), id(card.rows))
        _, plate = self._screens.get(key) or self._keep(key, card)
        label = orjson.dumps(escape(card.label, quote=False)).decode()[1:-1]
        return plate.replace(f"{_ITS_OWN}.0.", f"{card.case}.{card.turn}.").replace(_LABELLED, label)

    def _keep(self, key: _Key, card: Card) -> tuple[Card, str]:
        if len(self._screens) >= REMEMBERED:
            del self._screens[next(iter(self._screens))]
        label = _LABELLED if card.label else ""
        record = card, orjson.dumps(screen(replace(card, label=label, case=_ITS_OWN, turn=0), self._page_url)).decode()
        self._screens[key] = record
        return record


def screen(card: Card, page_url: str = "") -> Screen:
    """Write a card as the parameters of sendMessage and editMessageText; `page_url` serves the page of the spine."""
    head = [f"<i>{escape(card.label, quote=False)}</i>"] if card.label else []
    head += [f"⚠️ {escape(line.text, quote=False)}" for line in card.above]
    head.append(f"<b>{escape(card.title, quote=False)}</b>")
    keyboard = [[_button(card, button, page_url) for button in row] for row in card.rows]
    return {
        "text": "\n".join(head) + "".join(_blocks(card.blocks)),
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": keyboard},
    }


def _button(card: Card, button: Button, page_url: str) -> dict[str, object]:
    """Write a button: what a tap on it does, what it copies, the link that leads to a group, or a page."""
    if button.copy_text:
        return {"text": button.label, "copy_text": {"text": button.copy_text}}
    if button.share_token:
        return {"text": button.label, "url": f"https://t.me/{BOT}?startgroup={button.share_token}"}
    if button.opens_page:
        return {"text": button.label, "web_app": {"url": f"{page_url}?tap={pack(card.tap_of(button))}"}}
    return callback_button(button._replace(tap=card.tap_of(button)))


def callback_button(button: Button) -> dict[str, object]:
    """Write a button that asks for something, and names its case itself."""
    return {"text": button.label, "callback_data": pack(button.tap)}


def _blocks(blocks: Iterable[Block]) -> Iterator[str]:
    """Write blocks, each after its gap; those that are folded and follow one another fold as one."""
    before: Block | None = None
    for folded, several in groupby(blocks, key=lambda block: block.style is Style.folded):
        if folded:
            group = tuple(several)
            yield f"\n<blockquote expandable>{_GAP.join(map(_block, group))}</blockquote>"
            before = group[-1]
            continue
        for block in several:
            yield _gap(before, block) + _block(block)
            before = block


def _gap(before: Block | None, block: Block) -> str:
    """Return what parts a block from what stands before it; None is the title."""
    if block.heading:
        return "\n" if before and before.style is Style.folded else _GAP
    if before is None or before.style is Style.folded or block.style is Style.urgent:
        return "\n"  # a quote and a warning stand off by themselves
    small_print = block.style is Style.small and before.style is Style.plain and not before.heading
    return "\n" if small_print else _GAP


def _block(block: Block) -> str:
    bullet = "· " if block.style is Style.listed else ""
    line = _summary if block.style is Style.summary else _line
    lines = [bullet + line(note_input) for note_input in block.lines]
    heading = [f"<b>{escape(block.heading, quote=False)}</b>"] if block.heading else []
    text = (" · " if block.style is Style.small else "\n").join([*heading, *lines])
    match block.style:
        case Style.urgent:
            return f"⚠️ {text}"
        case Style.small:
            return f"<i>{text}</i>"
        case Style.typed:
            return f"<pre>{text}</pre>"
        case _:
            return text


def _summary(line: Line) -> str:
    lead = f"{escape(line.lead, quote=False)}: " if line.lead else ""
    text = escape(line.text, quote=False)
    return lead + (f"<b>{text}</b>" if line.strong else text)


def _line(line: Line) -> str:
    lead = f"<b>{escape(line.lead, quote=False)}</b>: " if line.lead else ""
    facts = f" ({', '.join(line.facts)})" if line.facts else ""
    return lead + escape(line.text, quote=False) + facts
