"""Read what a message says in its writer's own words: nothing struck through, quoted, or copied from the bot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from telegram.constants import MessageEntityType

_STRUCK: Final = frozenset({MessageEntityType.STRIKETHROUGH.value})
_QUOTED: Final = frozenset({MessageEntityType.BLOCKQUOTE.value, MessageEntityType.EXPANDABLE_BLOCKQUOTE.value})
_UTF16: Final = "utf-16-le"
_UNIT: Final = 2
"""Bytes of a unit in which Telegram counts."""

_OWN: Final = re.compile(r"\bAO Surgery Reference\b.{0,40}\bedition \d{4}-\d\d\b", re.IGNORECASE | re.DOTALL)
"""How every card and every copied text of the bot ends."""


def own_words(message: Mapping[str, Any]) -> str:
    """Return the text of a message with blanks for what is struck through, and line feeds for what is quoted.

    A text that was copied from the bot says nothing of its own.
    """
    text = str(message.get("text", ""))
    if _OWN.search(text):
        return ""
    entities = message.get("entities") or ()
    marked = [entity for entity in entities if entity.get("type") in _STRUCK | _QUOTED]
    if not marked:
        return text
    units = bytearray(text.encode(_UTF16, "surrogatepass"))
    for entity in marked:
        start, length = int(entity["offset"]) * _UNIT, int(entity["length"]) * _UNIT
        blank = " " if entity["type"] in _STRUCK else "\n"
        covered = units[max(start, 0) : max(start + length, 0)]
        units[max(start, 0) : max(start + length, 0)] = blank.encode(_UTF16) * (len(covered) // _UNIT)
    return units.decode(_UTF16, "replace")
