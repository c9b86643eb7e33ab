"""What a clinician sees, in no channel's markup: a card of lines, and buttons that say what is wished."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from flows.model.findings import Codes


class Action(StrEnum):
    """What a button asks for; the short values travel in it."""

    answer = "a"
    mark = "on"
    unmark = "off"
    done = "ok"
    change = "ch"
    answers = "an"
    back = "bk"
    restart = "rs"
    option = "op"
    changes = "wc"
    what_if = "wi"
    compare = "cp"
    show = "sh"
    home = "hm"
    new = "nw"
    help = "hp"
    about = "ab"
    browse = "br"
    scale = "sc"
    linked_case = "ai"
    erase = "er"
    finding = "fi"
    dispute = "ho"
    dispute_with = "hw"
    dispute_without = "hx"
    settle = "st"
    discuss = "di"
    withdraw = "wd"
    reasons = "rv"
    reason = "re"
    withdraw_reasons = "un"
    choose = "cv"
    decide = "de"
    reopen = "ro"
    share = "sr"
    confirm = "cf"
    drop = "dr"
    delete_message = "wp"
    copy = "cy"
    recent = "rc"
    picture = "pi"
    theme = "th"
    record = "rd"
    draw = "dw"
    ask = "as"
    admit = "ad"
    refuse = "no"
    expel = "xp"
    admitted = "al"


class Tap(NamedTuple):
    """What a tap wishes: never "toggle", always the state that is to be, so that it may come twice.

    Attributes:
        question: the question it answers, or the option it shows.
        choice: the choice it concerns, or the options that stand beside the first.
        case: the case it belongs to; empty where that is the one of its card, or none.
        turn: the turn of that case at which the button was drawn.
        name: the name of the case that the person picked, where that was asked; empty else.
    """

    action: Action
    question: str = ""
    choice: str = ""
    case: str = ""
    turn: int = 0
    name: str = ""


class Button(NamedTuple):
    """A button and what it asks for; or a text that it copies, what it hands to another chat, or a page that it opens.

    Attributes:
        tap: what a tap wishes; it does nothing where the button copies or hands on.
        copy_text: the text that the button puts on the clipboard.
        share_token: the token that the button takes to a group of the person's choice.
        opens_page: whether it opens the page of the spine, which then sends this tap with what was drawn.
    """

    label: str
    tap: Tap
    copy_text: str = ""
    share_token: str = ""
    opens_page: bool = False


PERSON: Final = ("\ue000", "\ue001")
"""What stands around a person's id in a text; the channel puts the name in, which is kept nowhere."""


QUOTE: Final = ("\ue003", "\ue004")
"""What stands around the place of words that somebody typed; the channel puts them in, they are kept nowhere."""


def quote(note: str, part: str) -> str:
    """Stand for the words of a typed note: those of one finding, by its question, or of another part of it."""
    return f"{note}.{part}".join(QUOTE)


def person(who: str) -> str:
    """Name somebody in a text by their opaque id."""
    return who.join(PERSON)


class Style(StrEnum):
    """How a block is read: lines, a summary, a list, folded away until wanted, urgent, in small print, or as typed.

    A summary shows no facts: what it says is said again, with them, in what is folded on the same card.
    """

    plain = "plain"
    summary = "summary"
    listed = "listed"
    folded = "folded"
    urgent = "urgent"
    small = "small"
    typed = "typed"


@dataclass(frozen=True, slots=True)
class Line:
    """A statement, led by what it is about, with the ids of the facts that carry it; a strong one is a warning."""

    text: str
    lead: str = ""
    facts: Codes = ()
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together, under a heading or none."""

    lines: tuple[Line, ...]
    heading: str = ""
    style: Style = Style.plain


@dataclass(frozen=True, slots=True)
class Card:
    """One screen.

    Attributes:
        label: the first line: which case, how far; on a question card no finding of the patient stands in it.
        title: what the card is about, alone on its line.
        above: what must be read before the title; it is never folded.
        case: the case that its buttons belong to, where they name none themselves; empty where it is of no case.
        turn: the turn of that case at which it was drawn.
    """

    label: str
    title: str
    blocks: tuple[Block, ...] = ()
    rows: tuple[tuple[Button, ...], ...] = ()
    case: str = ""
    turn: int = 0
    above: tuple[Line, ...] = ()

    def tap_of(self, button: Button) -> Tap:
        """Return what a tap on one of its buttons wishes."""
        tap = button.tap
        return tap if tap.case else tap._replace(case=self.case, turn=self.turn)
