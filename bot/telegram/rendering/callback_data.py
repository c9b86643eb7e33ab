"""Packs a tap into callback data and unpacks it: the only file that knows the format."""

from __future__ import annotations

import re
from typing import Final

from flows.cards.card import Action, Tap

MOST_BYTES: Final = 64
"""What Telegram carries in a button."""

_ACTIONS: Final = {verb.value: verb for verb in Action}

_PACKED: Final = re.compile(
    r"(?P<case>[a-z0-9]{0,16})\.(?P<turn>0|[1-9][0-9]{0,8})\.(?P<verb>[a-z]{1,3})"
    r"(?:\.(?P<question>[a-z_]{1,24})(?:\.(?P<choice>[A-Za-z0-9_-]{1,24}))?)?"
    r"(?:!(?P<name>[a-z]{1,12}))?"
)


def pack(tap: Tap) -> str:
    """Write "case.turn.verb.question.choice!name", such as "1f.3.a.deficit.none" or "1f.3.a.deficit.none!heron"."""
    packed = f"{tap.case}.{tap.turn}." + tap.action  # joined, since to format a verb costs more than all the rest
    if tap.question:
        packed += "." + tap.question
    if tap.choice:
        packed += "." + tap.choice
    return f"{packed}!{tap.name}" if tap.name else packed


def unpack(data: str) -> Tap | None:
    """Read callback data; None where it is nothing that was packed here, to the last character."""
    found = _PACKED.fullmatch(data)
    verb = _ACTIONS.get(found["verb"]) if found else None
    if found is None or verb is None:
        return None
    question, choice, name = found["question"] or "", found["choice"] or "", found["name"] or ""
    return Tap(verb, question, choice, found["case"], int(found["turn"]), name)
