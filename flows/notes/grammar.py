"""The grammar of notes: cuts a line into words, marks, levels, percentages and scales, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from lark import Lark, Token, Tree

from flows.levels import LEVELS, between, in_order
from flows.notes.lexicon import Lexicon

HIDDEN: Final = "\x1f"
"""Stands for each character that is not to be read; it parts clauses."""

_REGION: Final = {"d": "T", "b": "T", "t": "T", "l": "L", "c": "C", "h": "C", "s": "S"}
_UNIT: Final = r"(?!\s*(?:cm|mm|mg|kg|ml|gy|weeks?|wks?|months?|days?|yrs?|years?|levels?|cycles?|fractions?)\b)"
_BARE: Final = rf"\d{{1,2}}(?![\w%]|[.,]\d){_UNIT}"
_WORDED: Final = r"(?:bwk|lwk|hwk|swk|(?:thoracic|dorsal|lumbar|cervical|sacral)(?:\s+(?:vertebra|level))?)"
_LEVEL: Final = rf"(?<![\w'’])(?:(?:th|[tdlcs])[ .-]{{0,2}}|{_WORDED}\s*)\d{{1,2}}(?![\w%]|\.\d){_UNIT}"
_VALUE: Final = (
    r"(?:\d{1,3}[abc]?(?:\s?[-–/]\s?\d{1,3}[abc]?)?\s?%?"
    r"|(?:[a-e]|iv|vi?|i{1,3})(?:\s?[-–/]\s?(?:[a-e]|i{1,3}))?)(?!\w)"
)
_LINK: Final = r"(?:\s*(?:performance\s+status|ps|grade|score|class|scale|impairment|status|of|is|index)\b|\s*[:=])+"
_PERCENT: Final = (
    r"(?:(?:[<>≥≤~]=?|\b(?:more|less|greater)\s+than|\b(?:over|under|about))\s*)?"
    r"\d{1,3}(?:\s?[-–]\s?\d{1,3})?\s?(?:%|percent\b|per cent\b|pct\b|prozent\b)"
)
_WORD: Final = r"(?<!\w)[a-z]/[a-z](?!\w)|(?<!\w)z\.\s?n\b|[^\W\d_]+(?:['’][^\W\d_]+)*"

_GRAMMAR: Final = r"""
start: _piece*
_piece: levels | scale | PERCENT | WORD | NUMBER | SEP | MARK | OTHER
levels: LEVEL ((SPAN | ALSO) (LEVEL | BARE))*
scale: SCALE _LINK? VALUE

LEVEL.5: /{level}/i
SPAN.6: /(?:[-–—]|(?:to|thru|through|bis)\b)(?=\s*(?:{level}|{bare}))/i
ALSO.6: /(?:[,\/&+]|(?:and|und|plus)\b)(?=\s*{level})|[\/&+](?={bare})|,(?={bare})/i
BARE.5: /{bare}/i
SCALE.7: /(?<!\w)(?:{scales})(?!\w)(?=(?:{link})?\s*{value})/i
_LINK.8: /{link}/i
VALUE.8: /{value}/i
PERCENT.4: /{percent}/i
WORD.2: /{word}/i
NUMBER.2: /\d[\w.]*/
SEP.3: /[,;.\n\r()\[\]{{}}|•·{hidden}]+|(?<=\s)[-–—](?=\s)/
MARK.2: /[-–—:=+\/&?]/
OTHER.1: /./s
_BLANK.9: /[^\S\n\r{hidden}]+/
%ignore _BLANK
"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a note.

    Attributes:
        kind: levels, scale, percent, word, number, sep, mark or other.
        start: where it begins, in characters.
        end: the character after its last.
        words: its word as the lexicon writes it; of a scale its name, then its value.
        codes: the levels that it names, as far as they lie in T1–L5.
        outside: whether it names a vertebra outside T1–L5.
    """

    kind: str
    start: int
    end: int
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    outside: bool = False


def words_of(phrase: str) -> tuple[str, ...]:
    """Cut a phrase of the lexicon as a note is cut; its hyphens and colons do not count."""
    return tuple(plain(word) for word in re.findall(rf"{_WORD}|[/&+]", phrase, re.IGNORECASE))


def plain(word: str) -> str:
    """Write a word as the lexicon compares it."""
    return word.casefold().replace("’", "'")


class Cutter:
    """Cuts notes into pieces; built once for a lexicon, since building the parser takes some 50 ms."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Build the parser, the names of the scales among its terminals."""
        self._scales = {
            plain(name): (code, scale.values) for code, scale in lexicon.scales.items() for name in scale.names
        }
        names = "|".join(
            re.escape(name).replace(r"\ ", r"\s+") for name in sorted(self._scales, key=len, reverse=True)
        )
        grammar = _GRAMMAR.format(
            level=_LEVEL.replace("/", r"\/"),
            bare=_BARE,
            scales=names,
            link=_LINK,
            value=_VALUE.replace("/", r"\/"),
            percent=_PERCENT,
            word=_WORD.replace("/", r"\/"),
            hidden=HIDDEN,
        )
        self._lark = Lark(grammar, parser="lalr", lexer="contextual")

    def cut(self, text: str) -> list[Piece]:
        """Cut a text into pieces, in order; whatever the text is, every character but blanks is in one."""
        return [piece for child in self._lark.parse(text).children for piece in self._pieces(child)]

    def _pieces(self, child: Token | Tree[Token]) -> Iterator[Piece]:
        if isinstance(child, Token):
            start, end = _span(child, child)
            yield Piece(child.type.lower(), start, end, (plain(child),))
            return
        tokens = [token for token in child.children if isinstance(token, Token)]
        if child.data == "levels":
            yield from _levels(tokens)
        else:
            yield self._scale(tokens)

    def _scale(self, tokens: list[Token]) -> Piece:
        """Read "ECOG 3"; with a value that the scale does not have it is none."""
        start, end = _span(tokens[0], tokens[-1])
        name, value = self._scales[" ".join(plain(tokens[0]).split())], tokens[1].strip()
        parts = re.split(r"\s?[-–/]\s?", value.rstrip("% ").upper())
        kind = "scale" if all(part in name[1] for part in parts) else "other"
        return Piece(kind, start, end, (name[0], value))


@cache
def cutter(lexicon: Lexicon) -> Cutter:
    """Give the cutter of a lexicon, built once."""
    return Cutter(lexicon)


def _span(first: Token, last: Token) -> tuple[int, int]:
    start, end = first.start_pos, last.end_pos
    if start is None or end is None:
        raise ValueError(first)
    return start, end


def _levels(tokens: list[Token]) -> Iterator[Piece]:
    """Read "T10–T12", "T11/12", "C5, T8": a piece for each part of the list.

    A part that reaches outside T1–L5 names nothing within it; one with a vertebra that does not exist names nothing.
    """
    codes: list[str] = []
    region, outside = "", False
    first = last = tokens[0]
    spanning, exists = False, True
    for token in tokens:
        if token.type == "ALSO" and "/" not in token:
            yield _part(first, last, codes if exists else [], outside=outside and exists)
            first, codes, outside, spanning, exists = token, [], False, False, True
        elif token.type in {"SPAN", "ALSO"}:
            spanning = token.type == "SPAN"
        else:
            region = region if token.type == "BARE" else _region(token)
            level = region + re.sub(r"\D", "", token)
            exists = exists and _exists(level)
            outside = outside or level not in LEVELS
            within = exists and not outside
            codes += between(*in_order((codes[-1], level))) if within and spanning and codes else [level]
            first = token if first.type == "ALSO" else first
            last = token
    yield _part(first, last, codes if exists else [], outside=outside and exists)


def _part(first: Token, last: Token, codes: list[str], *, outside: bool) -> Piece:
    start, end = _span(first, last)
    kind = "levels" if codes else "other"
    return Piece(kind, start, end, (), () if outside or not codes else in_order(codes), outside)


def _region(token: str) -> str:
    """Give the letter of a part of the spine: D, Th and BWK are T."""
    letter = _REGION[token[0].casefold()]
    return "S" if plain(token).startswith("sw") else letter


def _exists(level: str) -> bool:
    most = {"C": 7, "T": 12, "L": 5, "S": 5}[level[0]]
    return 1 <= int(level[1:]) <= most and level[1] != "0"
