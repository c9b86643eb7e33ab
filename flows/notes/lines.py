"""Tell a line that was broken within a sentence from one that ends something: only the latter parts what it says."""

from __future__ import annotations

import re
from typing import Final

# What no line ends with, and no line begins with, unless its sentence goes on.
_GOES_ON_BEHIND: Final = frozenset(
    "the a an of to for in on at by with from and or is are was were be been has have had very any least than until if"
    " when while as nor w w/ per via und oder der die das den dem des ein eine einer mit bei von vom zum zur im am auf für ist"
    " sind wird sehr nach vor bis".split()
)
_GOES_ON_AHEAD: Final = frozenset(
    "of to for in on at by with from and or than nor until till unless if when because due which who that after w"
    " and/or through thru und oder von vom bei bis wenn sobald nach für zum zur im am mit".split()
)
_BREAK: Final = re.compile(
    r"(?P<before>[^\W\d_]+(?:/[^\W\d_]*)?|[&+/])?(?P<blank>[^\S\n]*\n[^\S\n]*)(?=(?P<next>\S)?)(?=(?P<behind>[^\W\d_]+(?:/[^\W\d_]+)?)?)"
)
_MOSTLY_CAPITALS: Final = 0.85
_WITHIN: Final = frozenset("(?=:/,")
"""What no line begins with, unless the one before it goes on."""


def joined(text: str) -> str:
    """Return a text with a blank for each line feed within a sentence, character by character."""
    return _BREAK.sub(_joined_by_words, text)


def joined_boldly(text: str) -> str:
    """Return a text with a blank for each line feed that may stand within a sentence.

    It may where a small letter or a number follows, and in a text of capitals it always may.
    """
    letters = [letter for letter in text if letter.isalpha()]
    capitals = sum(map(str.isupper, letters)) > _MOSTLY_CAPITALS * len(letters)
    return _BREAK.sub(lambda found: _blank(found) if capitals or _within(found["next"]) else found[0], text)


def _within(ahead: str | None) -> bool:
    return ahead is not None and (ahead.islower() or ahead.isdigit() or ahead in _WITHIN)


def _joined_by_words(found: re.Match[str]) -> str:
    before, behind = (found["before"] or "").casefold(), (found["behind"] or "").casefold()
    goes_on = before in _GOES_ON_BEHIND or before in {"&", "+", "/"} or behind in _GOES_ON_AHEAD
    return _blank(found) if goes_on else found[0]


def _blank(found: re.Match[str]) -> str:
    return found[0].replace("\n", " ")
