"""Hide what looks like a person in a note (a name, a date, a number), so that nothing echoes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from flows.notes.lexicon import Lexicon
from flows.notes.tokenizer import HIDDEN, plain

_NAME: Final = r"[^\W\d_](?:[^\W\d_]|['’.-])*"
_MONTH: Final = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]*\.?"
_LETTER: Final = r"[^\W\d_a-zß-ÿ]"
_NUMBERS: Final = re.compile(
    r"(?<!\w)(?:"
    r"\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:\d{4}|\d{2})(?!\w)"  # 12.03.1950
    r"|\d{4}[./-]\d{1,2}[./-]\d{1,2}(?!\w)"  # 1950-03-12
    r"|\d{1,2} \d{1,2} (?:19|20)\d\d(?!\w)|\*\s?(?:19|20)\d\d(?!\w)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?[ .-]{{1,2}}{_MONTH}[ ,-]{{0,2}}\d{{2,4}}"
    rf"|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d"
    r"|(?:dob|d\.o\.b\.?|born|geb(?:oren)?\b\.?)[\s:.-]*(?:on|am)?\s*[\w./-]*"
    r"|(?:mrn|nhs|uhid|id|ssn|pid|(?:hosp(?:ital)?|record|case|file|pat(?:ient)?|reg|cr|ipd?|opd?|ur|fall|akten|aufnahme)[\s.-]{0,2}"
    r"(?:no|nr|number|nummer|#))\b[\s.:#]*(?:no\.?|number)?[\s.:#]*[a-z]{0,3}-?\d[\d /-]{0,16}(?<=\d)\w*"
    r"|(?:phone|tel|mob(?:ile)?|cell|handy|fax|ext|bleep|pager|dect)\b[\s.:#]*(?:no\.?|number)?[\s.:#]*\d{3}[\d /-]*"
    r"|\w*\d{5,}\w*"  # five digits in a row
    r"|[+0]\d[\d ().-]{5,}\d"  # +49 170 …
    r"|\(?\d{3}\)?[ .-]{1,2}\d{3,4}[ .-]\d{3,4}(?!\w)|(?<!-)\d{3}-\d{4}(?![\w-])|\d{3}-\d\d-\d{4}(?!\w)"
    r")|(?<!\S)\S*@[^\s,;]+",
    re.IGNORECASE,
)
_TITLED: Final = re.compile(
    rf"(?<!\w)(?:(?i:mrs?|ms|miss|mister|herrn?|frau|dr|prof|sir|madame|mme|señora?)\b\.?|(?i:hr|fr)\."
    rf"|(?i:(?:patient\s+)?names?\b\s*(?:is\b|:|=)))\s*(?P<name>{_NAME})(?:,?\s+[^\W\d_a-z][^\W\d_A-Z][^\W\d_]*)?"
)
_INITIALS: Final = re.compile(r"(?<![\w.])[A-Z]\.\s?(?:[A-Z]\.|(?P<name>[A-Z][a-z]+))")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SHOUTED: Final = re.compile(rf"(?<!\w){_LETTER}{{3,}}(?:(?:['’-]|,?\s+){_LETTER}{{3,}})*(?!\w)")
_SHORTEST_SHOUT: Final = 5
"""A single word of fewer capitals is more often an abbreviation than a name."""

_MOSTLY: Final = 0.85
"""A note with so large a share of capitals is written in capitals."""

_CAPITAL: Final = re.compile(r"(?<!\w)(?:[^\W\d_a-z]['’])?[^\W\d_a-z][^\W\d_]*[a-z][^\W\d_]*(?:['’-][^\W\d_]+)*(?!\w)")
_PARTICLE: Final = re.compile(
    rf"(?<!\w)(?:(?:van|von|de|der|den|del|di|da|la|zu|bin|al|el)[ -])+(?={HIDDEN})", re.IGNORECASE
)


def redact(text: str, known: Callable[[str], bool], lexicon: Lexicon) -> tuple[str, bool]:
    """Hide what looks like a person, character by character, and return whether there was any.

    A capital shows no name in German, nor in a note that is written in capitals.

    Args:
        text: the note.
        known: whether a word belongs to the lexicon; a capitalised word that does not is taken for a name.
        lexicon: the words that show a note to be German, and those that carry nothing.
    """
    covered = text.replace(HIDDEN, " ")
    covered = _TITLED.sub(lambda found: found[0] if _empty(found["name"], lexicon) else _cover(found), covered)
    covered = _INITIALS.sub(
        lambda found: found[0] if known(found[0]) or (found["name"] and known(found["name"])) else _cover(found),
        covered,
    )
    covered = _NUMBERS.sub(_cover, covered)
    if not (_shouts(text) or is_german(text, lexicon)):
        covered = _CAPITAL.sub(lambda found: found[0] if _clinical(found[0], known) else _cover(found), covered)
        covered = _SHOUTED.sub(lambda found: _lower_shouting(found[0], known), covered)
    covered = _PARTICLE.sub(_cover, covered)
    return covered, covered != text.replace(HIDDEN, " ")


def _shouts(text: str) -> bool:
    """Return whether a note is written in capitals."""
    letters = [letter for letter in text if letter.isalpha()]
    return sum(letter.isupper() for letter in letters) > _MOSTLY * len(letters)


def is_german(text: str, lexicon: Lexicon) -> bool:
    """Return whether a note holds a word that only a German one holds."""
    german = set(lexicon.german)
    return any(plain(word) in german for word in re.findall(r"z\.\s?n|[^\W\d_]+", text, re.IGNORECASE))


def _empty(word: str, lexicon: Lexicon) -> bool:
    """Return whether a word behind a title is no name: "Frau mit"."""
    return word.islower() and plain(word) in {*lexicon.filler, *lexicon.conjunctions.both, *lexicon.negation.preceding}


def _clinical(word: str, known: Callable[[str], bool]) -> bool:
    """Return whether a capitalised word, or each part of it, belongs to the lexicon."""
    return known(word) or all(known(part) for part in re.split(r"['’-]", word))


def _lower_shouting(words: str, known: Callable[[str], bool]) -> str:
    """Hide the unknown words among words in capitals: long ones, and those that stand together."""
    found = list(_WORD.finditer(words))
    strange = [not _clinical(word[0], known) for word in found]
    for place, word in enumerate(found):
        together = any(strange[max(place - 1, 0) : place]) or any(strange[place + 1 : place + 2])
        if strange[place] and (together or len(word[0]) >= _SHORTEST_SHOUT):
            words = words[: word.start()] + _cover(word) + words[word.end() :]
    return words


def _cover(found: re.Match[str]) -> str:
    return HIDDEN * len(found[0])
