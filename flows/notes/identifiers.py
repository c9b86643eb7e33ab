"""Hides what looks like a person in a note (a name, a date, a number), so that nothing echoes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from flows.notes.grammar import HIDDEN

_NAME: Final = r"[^\W\d_](?:[^\W\d_]|['’.-])*"
_NUMBERS: Final = re.compile(
    r"(?<!\w)\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:\d{4}|\d{2})(?!\w)"  # 12.03.1950
    r"|(?<!\w)\d{4}[./-]\d{1,2}[./-]\d{1,2}(?!\w)"  # 1950-03-12
    r"|(?<!\w)\d{1,2}(?:st|nd|rd|th)?[ -](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[ -,]{0,2}\d{2,4}"
    r"|(?<!\w)(?:dob|d\.o\.b\.?|born|geb(?:oren)?\b\.?)[\s:.-]*(?:on|am)?\s*[\w./-]*"
    r"|(?<!\w)(?:mrn|nhs|hosp(?:ital)?\s+(?:no|number)|record\s+(?:no|number)|phone|tel|mobile|id|ssn|pid)\b[\s.:#]*(?:no\.?|number)?[\s.:#]*"
    r"[a-z]{0,3}\d[\d /-]{0,16}(?<=\d)\w*"
    r"|\w*\d[\d]{4,}\w*"  # five digits in a row
    r"|(?:\+|(?<!\w)0)\d[\d ().-]{5,}\d"  # +49 170 …
    r"|(?<!\w)\d{3}[ -]\d{3,4}[ -]\d{3,4}(?!\w)"
    r"|\S+@\S+",
    re.IGNORECASE,
)
_TITLED: Final = re.compile(
    rf"(?<!\w)(?:(?i:mrs?|ms|miss|mister|herrn?|frau|dr|prof|sir|madame|señora?)\b\.?|(?i:(?:patient\s+)?names?\b\s*(?:is\b|:|=)))"
    rf"\s*{_NAME}(?:,?\s+[^\W\d_a-z][^\W\d_A-Z][^\W\d_]*)?"
)
_INITIALS: Final = re.compile(r"(?<!\w)[A-Z]\.\s?(?:[A-Z]\.|[A-Z][a-z]+)")
_SHOUTED: Final = re.compile(r"(?<!\w)[A-Z]{3,},?\s[A-Z]{3,}(?!\w)")
_CAPITAL: Final = re.compile(r"(?<!\w)(?:[^\W\d_a-z]['’])?[^\W\d_a-z][^\W\d_]*[a-z][^\W\d_]*(?:['’-][^\W\d_]+)*(?!\w)")


def hidden(text: str, known: Callable[[str], bool]) -> tuple[str, bool]:
    """Hide what looks like a person, character by character, and tell whether there was any.

    Args:
        text: the note.
        known: whether a word belongs to the lexicon; a capitalised word that does not is taken for a name.
    """
    covered = text.replace(HIDDEN, " ")
    for pattern in (_TITLED, _INITIALS, _NUMBERS):
        covered = pattern.sub(_cover, covered)
    covered = _CAPITAL.sub(lambda found: found[0] if _clinical(found[0], known) else _cover(found), covered)
    covered = _SHOUTED.sub(
        lambda found: found[0] if any(map(known, re.findall(r"\w+", found[0]))) else _cover(found), covered
    )
    return covered, covered != text.replace(HIDDEN, " ")


def _clinical(word: str, known: Callable[[str], bool]) -> bool:
    """Tell whether a capitalised word, or each part of it, belongs to the lexicon."""
    return known(word) or all(known(part) for part in re.split(r"['’-]", word))


def _cover(found: re.Match[str]) -> str:
    return HIDDEN * len(found[0])
