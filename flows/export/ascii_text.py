"""A text for a hospital system: ASCII alone, lines of at most 80 columns, German letters transcribed if asked for."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import Final

COLUMNS: Final = 80
INDENT: Final = "  "
"""Begins what continues a line, so that each thing is still seen to begin at the edge."""

UNKNOWN: Final = "?"
"""Stands for a letter that ASCII has nothing for: it is seen that something stood there."""

_SIGNS: Final = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "−": "-",
        "·": "-",
        "…": "...",
        "→": "->",
        "↔": "<->",
        "≥": ">=",
        "≤": "<=",
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "✓": "+",
        "✗": "x",
        "‹": "<",
        "›": ">",
        "\u00a0": " ",
    }
)
_GERMAN: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ẞ": "SS"}
)
_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
)


def ascii_text(text: str, *, german: bool = False) -> str:
    """Return a text in ASCII, each of its lines wrapped.

    Args:
        text: what is said, a line for each thing.
        german: whether ä, ö, ü become ae, oe, ue, as German reads them; a, o, u else.
    """
    return "\n".join(_wrapped(_to_ascii(line, german=german)) for line in text.splitlines())


def _to_ascii(line: str, *, german: bool) -> str:
    composed = unicodedata.normalize("NFC", line).translate(_SIGNS)
    letters = (composed.translate(_GERMAN) if german else composed).translate(_LETTERS)
    return "".join(map(_letter, letters))


def _letter(character: str) -> str:
    """Return a character without its marks; a sign of its own where nothing is left of it."""
    if character.isascii():
        return character if character.isprintable() else " "
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if part.isascii() and part.isprintable()) or UNKNOWN


def _wrapped(line: str) -> str:
    return textwrap.fill(line, COLUMNS, subsequent_indent=INDENT, break_on_hyphens=False)
