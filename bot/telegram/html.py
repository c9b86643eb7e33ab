"""Turns a card into Telegram's HTML and inline keyboard: the only file that knows a tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Final

from bot.telegram.buttons import pack
from bot.telegram.names import BOT
from flows.card import Block, Button, Card, Line, Style

_GAP: Final = "\n\n"

Screen = dict[str, object]
"""The parameters of a message that shows a card: text, parse mode, keyboard."""


def screen(card: Card) -> Screen:
    """Write a card as the parameters of sendMessage and editMessageText."""
    head = [f"<i>{escape(card.label, quote=False)}</i>"] if card.label else []
    head.append(f"<b>{escape(card.title, quote=False)}</b>")
    keyboard = [[_button(button) for button in row] for row in card.rows]
    return {
        "text": "\n".join(head) + "".join(_blocks(card.blocks)),
        "parse_mode": "HTML",
        "reply_markup": {"inline_keyboard": keyboard},
    }


def _button(button: Button) -> dict[str, object]:
    """Write a button: what it wishes, what it copies, or the link that takes it to a group."""
    if button.copies:
        return {"text": button.label, "copy_text": {"text": button.copies}}
    if button.hands:
        return {"text": button.label, "url": f"https://t.me/{BOT}?startgroup={button.hands}"}
    return {"text": button.label, "callback_data": pack(button.tap)}


def _blocks(blocks: Iterable[Block]) -> Iterator[str]:
    """Write blocks, each after its gap; those that are folded and follow one another fold as one."""
    gap = _GAP
    for folded, several in groupby(blocks, key=lambda block: block.style is Style.folded):
        text = _GAP.join(map(_block, several))
        # A quote stands off by itself.
        yield f"\n<blockquote expandable>{text}</blockquote>" if folded else gap + text
        gap = "\n" if folded else _GAP


def _block(block: Block) -> str:
    bullet = "· " if block.style is Style.listed else ""
    lines = [bullet + _line(line) for line in block.lines]
    heading = [f"<b>{escape(block.heading, quote=False)}</b>"] if block.heading else []
    text = (" · " if block.style is Style.small else "\n").join([*heading, *lines])
    match block.style:
        case Style.urgent:
            return f"⚠️ <b>{text}</b>"
        case Style.small:
            return f"<i>{text}</i>"
        case Style.typed:
            return f"<pre>{text}</pre>"
        case _:
            return text


def _line(line: Line) -> str:
    lead = f"<b>{escape(line.lead, quote=False)}</b>: " if line.lead else ""
    facts = f" ({', '.join(line.facts)})" if line.facts else ""
    return lead + escape(line.text, quote=False) + facts
