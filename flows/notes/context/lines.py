"""Distinguishes a line that was broken within a sentence from one that ends something."""

from __future__ import annotations

import re
from typing import Final

from flows.notes.lexicon import Lexicon, LineWords

_BREAK: Final = re.compile(
    r"(?P<before>[^\W\d_]+(?:/[^\W\d_]*)?|[&+/])?(?P<blank>[^\S\n]*\n[^\S\n]*)"
    r"(?=(?P<next>\S)?)(?=(?P<behind>[^\W\d_]+(?:/[^\W\d_]+)?)?)"
)
_MOSTLY_CAPITALS: Final = 0.85
_WITHIN: Final = frozenset("(?=:/,")
"""What no line begins with, unless the one before it goes on."""


def joined(text: str, lexicon: Lexicon) -> str:
    """Return a text with a blank for each line feed within a sentence, character by character."""
    return _BREAK.sub(lambda found: _blank(found) if _goes_on(found, lexicon.lines) else found[0], text)


def joined_boldly(text: str) -> str:
    """Return a text with a blank for each line feed that may stand within a sentence.

    It may where a small letter or a number follows, and in a text of capitals it always may.
    """
    letters = [letter for letter in text if letter.isalpha()]
    capitals = sum(map(str.isupper, letters)) > _MOSTLY_CAPITALS * len(letters)
    return _BREAK.sub(lambda found: _blank(found) if capitals or _within(found["next"]) else found[0], text)


def _within(ahead: str | None) -> bool:
    return ahead is not None and (ahead.islower() or ahead.isdigit() or ahead in _WITHIN)


def _goes_on(found: re.Match[str], words: LineWords) -> bool:
    """Return whether a line ends with a word that no sentence ends with, or the next one begins like that."""
    before, behind = (found["before"] or "").casefold(), (found["behind"] or "").casefold()
    return before in words.goes_on_behind or behind in words.goes_on_ahead


def _blank(found: re.Match[str]) -> str:
    return found[0].replace("\n", " ")
