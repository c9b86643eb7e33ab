"""The grammar of notes: cuts a line into words, marks, levels, percentages and scales, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from lark import Lark, Token, Tree

from flows.model.levels import LEVELS, between, in_order
from flows.notes.lexicon import Lexicon

HIDDEN: Final = "\x1f"
"""Stands for each character that is not to be read; it parts clauses."""

_REGION: Final = {"d": "T", "b": "T", "t": "T", "l": "L", "c": "C", "h": "C", "s": "S"}
_UNIT: Final = (
    r"(?!\s*(?:[cm]m|m?g|kg|ml|gy|h|hrs?|hours?|weeks?|wks?|months?|days?|yrs?|years?|levels?|cycles?|fractions?|doses?"
    r"|zyklen|fraktionen|tage|wochen|monate|jahre)\b)"
)
_BARE: Final = rf"\d{{1,2}}(?![\w%]|\.\d){_UNIT}"
# A number apart from its level, as in "T8, 9 fit", is one only where nothing follows that it could count.
_LISTED: Final = (
    rf"{_BARE}(?!,\d)(?=\s*(?:$|[,;.)\]&+\n]|[-–—]\s"
    r"|(?:and|und|or|fit|unfit|mets?|lesions?|disease|metasta\w+|tumou?rs?|circ\w*|no|not|nil|neuro\w*)\b))"
)
_GERMAN: Final = r"(?:bwk|lwk|hwk|swk|(?:brust|lenden|hals)wirbel(?:körper)?s?)"
_WORDED: Final = rf"(?:{_GERMAN}|(?:thoracic|dorsal|lumbar|cervical|sacral)(?:\s+(?:vertebra|level))?)"
# "PD-L1" is no vertebra, nor is whatever else hangs on a word by a hyphen.
_LEVEL: Final = (
    r"(?<![\w'’])(?<![^\W\d_][-‐‑–])"
    rf"(?:{_WORDED}[ -]?\d{{1,2}}(?:(?=(?:to|bis)\b)|(?![\w%]|\.\d))"
    rf"|(?:th|[tdlcs])[ .-]{{0,2}}\d{{1,2}}(?:(?=(?:to|bis)\b)|(?![\w%]|\.\d)){_UNIT})"
)
# "8. BWK", "8. und 9. BWK", "7.-9. BWK"; not the end of a date before "BWK 8".
_ORDINAL: Final = (
    rf"(?<![\w.,/-])\d{{1,2}}\.(?:\s?(?:[-–/,&+]|und|u\.|bis)\s?\d{{1,2}}\.)*\s?{_GERMAN}(?![^\W\d_])(?!\s?\d)"
)
_SPAN: Final = r"(?:[-=]>|[-–—−→]|(?:(?:down |up )?to|thru|through|till|until|bis|tot)\b)"
_EITHER: Final = r"(?:\+/-|±|~|\.\.+|…|(?:(?:(?:and|&) ?/ ?)?(?:or|oder|bzw)|rather than|versus|vs?|od)\b\.?)"
_BETWEEN: Final = r"\s?(?:[-–/]|to\b|bis\b)\s?"
_VALUE: Final = (
    r"(?:[<>≥≤~]=?\s?)?"
    rf"(?:\d{{1,3}}[abc]?(?:\+|-(?=/))?(?:{_BETWEEN}\d{{1,3}}[abc]?)?\s?%?"
    rf"|(?:[a-e]|iv|vi?|i{{1,3}})(?:{_BETWEEN}(?:[a-e]|iv|i{{1,3}}))?)(?!\w)"
)
_LINK: Final = (
    r"(?:\s*(?:performance\s+status|ps|grade|grad|score|total|class|scale|impairment|status|of|is|index|now|about)\b"
    r"|\s*[:=-])+"
)
_RATED: Final = (
    r"(?<![\w./,])(?:[0-5]\s?[-–]\s?)?[0-5][+-]?\s?/\s?5(?![\w/])(?!\s*(?:cycles?|fractions?|fx|doses?|sessions?|zyklen))"
    r"(?:\s+(?:motor\s+)?(?:power|strength)\b)?"
    r"|(?<!\w)(?:grade|gr)\.?\s?[0-5][+-]?\s+(?:motor\s+)?(?:power|strength)\b"
)
_GRADE: Final = re.compile(r"[0-5][\d\s/+–-]*(?<=[\d+-])")
_PERCENT: Final = (
    r"(?:(?:[<>≥≤~]=?|\b(?:more|less|greater)\s+than|\b(?:over|under|about))\s*)?"
    r"\d{1,3}(?:\s?[-–]\s?\d{1,3})?\s?(?:%|percent\b|per cent\b|pct\b|prozent\b)"
)
_YEARS: Final = r"(?:1[5-9]|[2-9]\d|10\d)"
_AGE: Final = (
    rf"(?<![\w/.,]){_YEARS}(?:\s?-?(?:y/?o?|yrs?|years?)(?:[ -]?old)?)?\s?/?\s?(?:female|male|[mfw])(?!\w)"
    rf"|(?<![\w/.,]){_YEARS}\s?-?(?:y/?o|(?:y|yrs?|years?)[ -]?old|jährige?r?)(?!\w)"
    rf"|(?<!\w)[mf]\s?/\s?{_YEARS}(?!\w)"
)
# The dot of an abbreviation ends no clause.
_SHORT: Final = (
    r"(?:[zv]\.\s?[na]|o\.\s?b|poss|prob|susp|approx|prev|signif|sig|evtl|fragl|ggf|bds|incl|inkl|pat)\b\.?"
)
# "neurologisch o.B." ends a sentence where a capital follows.
_FINDING_ENDS: Final = re.compile(r"o\.\s?B\.(?=\s+[^\W\d_a-zß-ÿ])")
_WORD: Final = rf"(?<!\w){_SHORT}|(?<!\w)[a-z](?:/[a-z]){{1,2}}(?!\w)|[^\W\d_]+(?:['’][^\W\d_]+)*"
_DIGITS: Final = re.compile(r"\d+")
# What a form says of the item beside it: an empty box, a tick, a cross.
_BOXES: Final = (
    r"(?P<empty>\[\s{0,3}\]|\(\s{1,3}\)|_{2,}|[☐□◻◽⬜▢❏❑])|(?P<tick>[✓✔✅☑])\ufe0f?"
    r"|(?P<cross>\[\s?[x×]\s?\]|\(\s?[x×]\s?\)|[✗✘❌✖❎☒]|×(?!\s?\d))\ufe0f?"
)
_CUT: Final = re.compile(
    rf"{_BOXES}|(?P<word>{_WORD})|(?P<sep>[,;.!…\n\r()\[\]{{}}|•·{HIDDEN}]+|(?<=\s)[-–—](?=\s))|(?P<mark>[-–—−→:=+/&?#\"'“”„‘’«»*])|(?P<other>\S)"
)

# Words between what is counted come as one run, since each token of the parser costs more than cutting the run.
_GRAMMAR: Final = r"""
start: (levels | scale | ORDINAL | RATED | PERCENT | AGE | NUMBER | RUN)*
?levels: LEVEL ((SPAN | ALSO | EITHER) (LEVEL | BARE) | LOOSE)*
scale: SCALE _LINK? VALUE

LEVEL.5: /{level}/
ORDINAL.6: /{ordinal}/
SPAN.6: /{blank}{span}{blank}(?={level}|{listed})|[-–—−](?={bare})/
ALSO.6: /{blank}(?:[,\/&+]|(?:and|und|plus)\b){blank}(?={level}|{listed})|[\/&+](?={bare})|,(?={bare}(?!\s?\/))/
EITHER.7: /{blank}{either}{blank}(?={level}|{listed})/
LOOSE.5: /{blank}{listed}(?!\))/
BARE.5: /{bare}/
SCALE.8: /(?<!\w){scale}/
_LINK.9: /{link}/
VALUE.9: /\s*{value}/
RATED.7: /{rated}/
PERCENT.4: /{percent}/
AGE.4: /{age}/
NUMBER.2: /\d\w*(?:[.,]\d\w*)*/
RUN.1: /(?:(?!{level}|{ordinal}|gr(?:ade)?\.?\s?[0-5][+-]?\s+(?:motor|power|strength)|{scale}|{percent}|{age}){word}|(?!{percent})[<>≥≤~]|[^\w<>≥≤~]+|_)+/s
"""  # noqa: E501 - a rule of the grammar stands on one line


class NoteToken(NamedTuple):
    """A piece of a note.

    Attributes:
        kind: levels, scale, percent, word, number, sep, mark, empty, tick, cross or other.
        start: where it begins, in characters.
        end: the character after its last.
        words: its word as the lexicon writes it; of a scale its name, then its value; of levels those outside T1–L5.
        codes: the levels that it names, as far as they lie in T1–L5.
        outside: whether it names a vertebra outside T1–L5.
        open: whether the vertebra may be another: "T8 or T9", "T12/1", "T8 9".
    """

    kind: str
    start: int
    end: int
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    outside: bool = False
    open: bool = False


def words_of(phrase: str) -> tuple[str, ...]:
    """Cut a phrase of the lexicon as a note is cut; its hyphens and colons do not count."""
    return tuple(plain(word) for word in re.findall(rf"{_WORD}|[/&+#]", phrase, re.IGNORECASE))


def plain(word: str) -> str:
    """Write a word as the lexicon compares it."""
    small = word.casefold().replace("’", "'").removesuffix(".")
    return small.replace(" ", "") if "." in small else small


class Tokenizer:
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
            level=_LEVEL,
            ordinal=_ORDINAL.replace("/", r"\/"),
            bare=_BARE,
            span=_SPAN,
            either=_EITHER.replace("/", r"\/"),
            listed=_LISTED.replace("/", r"\/"),
            scale=rf"(?:{names})(?![^\W\d])(?=(?:{_LINK})?\s*{_VALUE})".replace("/", r"\/"),
            link=_LINK,
            value=_VALUE.replace("/", r"\/"),
            rated=_RATED.replace("/", r"\/"),
            percent=_PERCENT,
            age=_AGE.replace("/", r"\/"),
            word=rf"(?:{_WORD})".replace("/", r"\/"),
            blank=rf"[^\S\n\r{HIDDEN}]*",
        )
        self._lark = Lark(grammar, parser="lalr", lexer="contextual")

    def tokenize(self, text: str) -> list[NoteToken]:
        """Cut a text into pieces, in order; whatever the text is, every character but blanks is in one."""
        small = _small(text)
        return [token for child in self._lark.parse(small).children for token in self._tokens(text, small, child)]

    def _tokens(self, text: str, small: str, child: Token | Tree[Token]) -> Iterator[NoteToken]:
        if isinstance(child, Tree):
            tokens = [token for token in child.children if isinstance(token, Token)]
            yield from _levels(tokens) if child.data == "levels" else [self._scale(text, tokens)]
            return
        start, end = _span(child, child)
        match child.type:
            case "RUN":
                for found in _CUT.finditer(small, start, end):
                    ends = bool(_FINDING_ENDS.match(text, found.start()))
                    yield NoteToken(str(found.lastgroup), found.start(), found.end() - ends, (plain(found[0]),))
                    if ends:
                        yield NoteToken("sep", found.end() - 1, found.end(), ("",))
            case "LEVEL":
                yield from _levels([child])
            case "ORDINAL":
                yield _ordinals(child)
            case "AGE":
                yield NoteToken("scale", start, end, ("age", text[start:end]))
            case "RATED":
                yield NoteToken("scale", start, end, ("MRC", _GRADE.findall(text[start:end])[0].strip()))
            case _:
                yield NoteToken(child.type.lower(), start, end, (plain(child),))

    def _scale(self, text: str, tokens: list[Token]) -> NoteToken:
        """Read "ECOG 3"; with a value that the scale does not have it is none."""
        start, end = _span(tokens[0], tokens[-1])
        name, value = (
            self._scales[" ".join(plain(tokens[0]).split())],
            text[slice(*_span(tokens[1], tokens[1]))].strip(),
        )
        parts = re.split(_BETWEEN, value.strip("<>≥≤~=% ").upper(), flags=re.IGNORECASE)
        kind = "scale" if all(part.rstrip("+-") in name[1] for part in parts) else "other"
        return NoteToken(kind, start, end, (name[0], value))


@cache
def tokenizer(lexicon: Lexicon) -> Tokenizer:
    """Return the cutter of a lexicon, built once."""
    return Tokenizer(lexicon)


def _small(text: str) -> str:
    """Write a text in small letters, each in its place."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(min(letter.lower(), letter, key=len) for letter in text)


def _span(first: Token, last: Token) -> tuple[int, int]:
    start, end = first.start_pos, last.end_pos
    if start is None or end is None:
        raise ValueError(first)
    return start, end


def _levels(tokens: list[Token]) -> list[NoteToken]:
    """Read "T10–T12", "T11/12", "C5, T8": a piece for each part of the list.

    A part that reaches outside T1–L5 names nothing within it; one with a vertebra that does not exist names nothing.
    A number that is not above the one before it is open: "T12/1" may mean L1.
    """
    parts: list[NoteToken] = []
    codes: list[str] = []
    region, outside = "", False
    first = last = tokens[0]
    spanning, exists = False, True
    either = any(token.type in {"EITHER", "LOOSE"} for token in tokens)
    level = ""
    for token in tokens:
        if token.type in {"ALSO", "EITHER"} and token.strip() != "/":
            parts.append(_part(first, last, codes if exists else [], outside=outside and exists))
            first, codes, outside, spanning, exists = token, [], False, False, True
        elif token.type in {"SPAN", "ALSO"}:
            spanning = token.type == "SPAN"
        else:
            alone, number = token.type in {"BARE", "LOOSE"}, _DIGITS.findall(token)[0]
            either = either or (alone and int(number) <= int(level[1:]))
            region = region if alone else _region(token)
            level = region + str(int(number))
            exists = exists and _exists(level)
            outside = outside or level not in LEVELS
            within = exists and not outside
            ends = in_order((codes[-1], level)) if within and spanning and codes else ()
            codes += between(ends[0], ends[-1]) if ends else [level]
            first = token if first.type in {"ALSO", "EITHER"} else first
            last = token
    parts.append(_part(first, last, codes if exists else [], outside=outside and exists))
    return [part._replace(open=True) for part in parts] if either else parts


def _ordinals(token: Token) -> NoteToken:
    """Read "8. BWK", "8. und 9. BWK", "7.-9. BWK"."""
    start, end = _span(token, token)
    region = _region(re.sub(r"^[\d\s.,/&+–-]+(?:(?:und|u\.|bis)[\d\s.]+)*", "", token))
    levels = [region + str(int(number)) for number in _DIGITS.findall(token)]
    if not all(map(_exists, levels)):
        return NoteToken("other", start, end)
    outside = not set(levels) <= set(LEVELS)
    spanning = re.search(r"\d\.?\s?(?:[-–]|bis)", token) and not outside
    codes = between(levels[0], levels[-1]) if spanning else levels
    beyond = tuple(code for code in levels if code not in LEVELS)
    return NoteToken("levels", start, end, beyond, () if outside else in_order(codes), outside)


def _part(first: Token, last: Token, codes: list[str], *, outside: bool) -> NoteToken:
    start, end = _span(first, last)
    kind = "levels" if codes else "other"
    beyond = tuple(code for code in codes if code not in LEVELS)
    return NoteToken(kind, start, end, beyond, () if outside or not codes else in_order(codes), outside)


def _region(token: str) -> str:
    """Return the letter of a part of the spine: D, Th and BWK are T."""
    small = plain(token)
    return "L" if small.startswith("len") else "S" if small.startswith("sw") else _REGION[small[0]]


def _exists(level: str) -> bool:
    most = {"C": 7, "T": 12, "L": 5, "S": 5}[level[0]]
    return 1 <= int(level[1:]) <= most
