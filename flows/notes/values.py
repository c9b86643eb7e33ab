"""Read what a form says of an item: "fit: N", "☐ fit", "deficit ✗", "fit: ____"; a value of nothing is distrusted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from flows.notes.lexicon import Answer, Lexicon, Topic
from flows.notes.matcher import Match

_BOXES: Final = {"tick": "affirmed", "cross": "denied", "empty": "open"}
_LINKS: Final = frozenset({":", "="})
_MINUS: Final = frozenset({"-", "–", "−"})
_OPENING: Final = frozenset({"(", "["})
_PARTS: Final = frozenset({"sep", "break"})
_STOPS: Final = frozenset({"levels", "scale", "no", "not", "nil", "value"})
_DENIALS: Final = frozenset({"no", "nil", "gone"})
VALUE: Final = "value"
"""The sense of an item that is a value of another; it is shown as left over where that is not used."""

_NUMBERING: Final = frozenset({("",), (")",)})
_TESTED: Final = frozenset({("positive",), ("pos",)})
"""What a test is, and no patient: "FIT positive" is one for blood in the stool."""

_LEADING: Final = frozenset(
    {"of", "in", "at", "on", "for", "by", "to", "from", "with", "w/", "mit", "bei", "am", "im"}
)
_NOW: Final = frozenset({("today",), ("heute",), ("tonight",), ("overall",)})
_ALONE: Final = frozenset({"n", "y", "ja", "nein", "true", "false", "y/n", "n/y", "j/n"})
"""Values that mean nothing by themselves: where one stands apart, the form is not understood."""


def valued(lexicon: Lexicon, matches: list[Match]) -> list[Match]:
    """Return the items with what a form says of each; an answer without its own value is left open in a form."""
    read = _numbered(matches)
    for place in range(len(read)):
        if _takes(read[place]):
            _value(lexicon, read, place)
            if _struck(read, place):
                read[place] = read[place]._replace(value="open")
    _boxes(read)
    if any(_orphan(read, place) for place in range(len(read))):
        read = [_distrusted(match_) for match_ in read]
    return read


def _numbered(matches: list[Match]) -> list[Match]:
    """Return the items with the numbers of a list as separators: "1. T8 2. fit", "1) T8 2) fit"."""
    places = [
        place
        for place, (number, mark) in enumerate(pairwise(matches))
        if number.token.kind == "number"
        and mark.sense == "sep"
        and mark.start == number.end
        and mark.words in _NUMBERING
    ]
    counted = [place for count, place in enumerate(places, 1) if matches[place].words == (str(count),)]
    numbering = set(counted) if len(counted) == len(places) > 1 else set()
    return [match_._replace(sense="sep") if place in numbering else match_ for place, match_ in enumerate(matches)]


def _takes(match_: Match) -> bool:
    """Return whether an item can have a value: an answer, or a topic of a question."""
    return isinstance(match_.sense, Answer) or (isinstance(match_.sense, Topic) and bool(match_.sense.question))


def _value(lexicon: Lexicon, matches: list[Match], place: int) -> None:
    """Read the value behind an item."""
    at, linked, asked, minus = place + 1, False, False, False
    while at < len(matches) and _between(lexicon, matches, at):
        word = matches[at].words[0]
        linked, asked, minus = linked or word in _LINKS, asked or word == "?", word in _MINUS
        at += 1
    bracket = at < len(matches) and matches[at].sense == "sep" and _text(matches[at]) in _OPENING
    at += bracket
    said = _said(lexicon, matches, at)
    if said and at + 2 < len(matches) and matches[at + 1].words == ("/",) and _said(lexicon, matches, at + 2):
        matches[place] = matches[place]._replace(value="open")  # "yes/no" is a form that nobody has filled in.
        matches[at + 2] = matches[at + 2]._replace(sense=VALUE)
    elif said and (not bracket or _closes(matches, at + 1)) and _bounded(matches, at + 1, sign=matches[at].words):
        _take(matches, place, at, said, asked=asked)
    elif said == "denied" and matches[at].sense in _DENIALS and _before_answer(matches, place, at + 1):
        matches[place] = matches[place]._replace(value="open")  # "circ no body only": the "no" may be of either.
    elif not bracket and (_unfilled(matches, place, at) if linked else minus and _closes(matches, at)):
        matches[place] = matches[place]._replace(value="open")


def _between(lexicon: Lexicon, matches: list[Match], at: int) -> bool:
    """Return whether an item may stand between another and its value: a colon, "is", "currently"."""
    match_ = matches[at]
    if match_.sense == "mark":
        return match_.words[:1] != ("#",)
    idle = match_.sense == "filler" and match_.words[0] not in _LEADING
    return (idle or match_.words in _NOW) and not _said(lexicon, matches, at)


def _take(matches: list[Match], place: int, at: int, said: str, *, asked: bool) -> None:
    """Set the value of an item, as far as it can bear it."""
    match_, sense = matches[place], matches[place].sense
    stroke = at + 1 < len(matches) and matches[at + 1].words == ("/",)
    plain = matches[at].sense in _DENIALS and isinstance(sense, Topic) and not stroke
    if plain or (isinstance(sense, Topic) and asked):
        return  # A "no" behind a topic denies it by the rules of the "no".
    for mark in range(place + 1, at):
        if matches[mark].words == ("?",) and said == "denied":
            matches[mark] = matches[mark]._replace(sense=VALUE)
    if isinstance(sense, Topic) and (sense.bare or matches[at].words == ("declined",)):
        said = "open"
    tested = matches[at].words in _TESTED and isinstance(sense, Answer) and sense.question == "fitness"
    if said == "affirmed" and (asked or tested):
        matches[place] = match_._replace(value="open")
    elif said == "affirmed":
        matches[place] = match_._replace(end=matches[at].end, value=said)
        matches[at] = matches[at]._replace(sense="filler")
    else:
        unsaid = isinstance(sense, Answer) and sense.question == "fitness"
        matches[place] = match_._replace(value="open" if unsaid else said)
        matches[at] = matches[at]._replace(sense=VALUE)


def _said(lexicon: Lexicon, matches: list[Match], at: int) -> str:
    """Return what an item says as a value; "(-)" and "-ve" deny."""
    if at >= len(matches):
        return ""
    words = matches[at].words
    if words[:1] and words[0] in _MINUS and at + 1 < len(matches) and matches[at + 1].sense == "sep":
        return "denied"
    return _table(lexicon).get(words, "")


def _closes(matches: list[Match], at: int) -> bool:
    return at >= len(matches) or matches[at].sense == "sep"


def _bounded(matches: list[Match], at: int, *, sign: tuple[str, ...]) -> bool:
    """Return whether a value ends there: it is no "no" before something, and no number that goes on."""
    while at < len(matches) and matches[at].sense == "filler" and matches[at].words[0] not in _LEADING:
        at += 1
    if at >= len(matches) or matches[at].sense in _PARTS or matches[at].words == ("/",):
        return True
    if sign in {("no",), ("kein",), ("keine",), ("nil",)}:
        return _linked(matches, at + 1)
    return _takes(matches[at]) or matches[at].sense in _STOPS or matches[at].token.kind in _BOXES


def _before_answer(matches: list[Match], place: int, at: int) -> bool:
    """Return whether a "no" stands between two answers."""
    return isinstance(matches[place].sense, Answer) and at < len(matches) and isinstance(matches[at].sense, Answer)


def _linked(matches: list[Match], at: int) -> bool:
    """Return whether the item before this place has a value of its own: "deficit: no prior: none"."""
    return at < len(matches) and matches[at].words[:1] in {(":",), ("=",)}


def _unfilled(matches: list[Match], place: int, at: int) -> bool:
    """Return whether a colon leads to nothing, or behind a bare "fit" to what is no value of it."""
    if at >= len(matches) or matches[at].sense in _PARTS or matches[at].token.kind in _BOXES:
        return isinstance(matches[place].sense, Answer)
    sense = matches[place].sense
    bare = isinstance(sense, Answer) and (sense.question == "fitness" or len(matches[place].words) == 1)
    return bare and matches[at - 1].words == (":",)


def _boxes(matches: list[Match]) -> None:
    """Read the boxes of each line: what begins with a box has them before its items, what ends with one behind."""
    for first, last in _lines(matches):
        boxes = [at for at in range(first, last) if matches[at].token.kind in _BOXES and matches[at].sense != VALUE]
        if not boxes:
            continue
        leading = not any(_takes(match_) for match_ in matches[first : boxes[0]])
        trailing = not any(_takes(match_) for match_ in matches[boxes[-1] + 1 : last])
        for at in boxes:
            before = next((place for place in range(at - 1, first - 1, -1) if _takes(matches[place])), None)
            behind = next((place for place in range(at + 1, last) if _takes(matches[place])), None)
            sure = leading != trailing
            for place in (behind if leading else before,) if sure else (before, behind):
                for marked in _run(matches, place, at):
                    _mark(matches, marked, _BOXES[matches[at].token.kind] if sure else "open")


def _run(matches: list[Match], place: int | None, box: int) -> Iterator[int]:
    """Iterate from a place over the items that speak of the same question, away from the box."""
    while place is not None:
        yield place
        place = _next(matches, place, 1 if place > box else -1)


def _next(matches: list[Match], place: int, step: int) -> int | None:
    """Return the place of the item beside one, where it speaks of the same question: "❌ prior RT"."""
    at = place + step
    here, there = matches[place].sense, matches[at].sense if 0 <= at < len(matches) else None
    same = isinstance(here, Topic) and isinstance(there, Topic) and here.question == there.question
    return at if same else None


def _struck(matches: list[Match], place: int) -> bool:
    """Return whether an exclamation mark stands right before an item: "!fit"."""
    mark = matches[place - 1] if place else None
    if mark is None or mark.sense != "sep" or mark.end != matches[place].start or not mark.words[0].endswith("!"):
        return False
    apart = place == 1 or matches[place - 2].end < mark.start or len(mark.words[0]) > 1
    return apart and not mark.words[0].endswith("!!")


def _mark(matches: list[Match], place: int, said: str) -> None:
    """Set what the box of an item says; a box never fills in more than it takes away."""
    sense = matches[place].sense
    unsaid = said == "denied" and isinstance(sense, Answer) and sense.question == "fitness"
    weak = said == "denied" and isinstance(sense, Topic) and sense.bare
    matches[place] = matches[place]._replace(value=matches[place].value or ("open" if unsaid or weak else said))


def _lines(matches: list[Match]) -> Iterator[tuple[int, int]]:
    """Return the runs between separators."""
    first = 0
    for at, match_ in enumerate([*matches, None]):
        if match_ is None or match_.sense in _PARTS:
            if at > first:
                yield first, at
            first = at + 1


def _orphan(matches: list[Match], at: int) -> bool:
    """Return whether a value stands there that is of nothing."""
    match_ = matches[at]
    stage = at + 1 < len(matches) and matches[at + 1].token.kind == "number" and matches[at + 1].start == match_.end
    return not stage and match_.sense not in {VALUE, "filler"} and len(match_.words) == 1 and match_.words[0] in _ALONE


def _distrusted(match_: Match) -> Match:
    """Leave an answer of one word open that has no value of its own."""
    bare = isinstance(match_.sense, Answer) and len(match_.words) == 1 and not match_.value
    return match_._replace(value="open") if bare else match_


def _text(match_: Match) -> str:
    """Return a separator without its blanks."""
    return match_.words[0].strip() if match_.words else ""


@cache
def _table(lexicon: Lexicon) -> dict[tuple[str, ...], str]:
    """Return what each value says, by its words."""
    values = lexicon.values
    said = {(word,): "denied" for word in values.deny} | {(word,): "affirmed" for word in values.affirm}
    return said | {(word,): "open" for word in values.unfilled} | {("not", "present"): "denied"}
