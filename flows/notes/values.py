"""Read what a form says of an item: "fit: N", "☐ fit", "deficit ✗", "fit: ____"; a value of nothing is distrusted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from flows.notes.lexicon import Answer, Lexicon, Topic
from flows.notes.matcher import Item

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


def valued(lexicon: Lexicon, items: list[Item]) -> list[Item]:
    """Return the items with what a form says of each; an answer without its own value is left open in a form."""
    read = _numbered(items)
    for place in range(len(read)):
        if _takes(read[place]):
            _value(lexicon, read, place)
            if _struck(read, place):
                read[place] = read[place]._replace(value="open")
    _boxes(read)
    if any(_orphan(read, place) for place in range(len(read))):
        read = [_distrusted(item) for item in read]
    return read


def _numbered(items: list[Item]) -> list[Item]:
    """Return the items with the numbers of a list as separators: "1. T8 2. fit", "1) T8 2) fit"."""
    places = [
        place
        for place, (number, mark) in enumerate(pairwise(items))
        if number.piece.kind == "number"
        and mark.sense == "sep"
        and mark.start == number.end
        and mark.words in _NUMBERING
    ]
    counted = [place for count, place in enumerate(places, 1) if items[place].words == (str(count),)]
    numbering = set(counted) if len(counted) == len(places) > 1 else set()
    return [item._replace(sense="sep") if place in numbering else item for place, item in enumerate(items)]


def _takes(item: Item) -> bool:
    """Return whether an item can have a value: an answer, or a topic of a question."""
    return isinstance(item.sense, Answer) or (isinstance(item.sense, Topic) and bool(item.sense.question))


def _value(lexicon: Lexicon, items: list[Item], place: int) -> None:
    """Read the value behind an item."""
    at, linked, asked, minus = place + 1, False, False, False
    while at < len(items) and _between(lexicon, items, at):
        word = items[at].words[0]
        linked, asked, minus = linked or word in _LINKS, asked or word == "?", word in _MINUS
        at += 1
    bracket = at < len(items) and items[at].sense == "sep" and _text(items[at]) in _OPENING
    at += bracket
    said = _said(lexicon, items, at)
    if said and at + 2 < len(items) and items[at + 1].words == ("/",) and _said(lexicon, items, at + 2):
        items[place] = items[place]._replace(value="open")  # "yes/no" is a form that nobody has filled in.
        items[at + 2] = items[at + 2]._replace(sense=VALUE)
    elif said and (not bracket or _closes(items, at + 1)) and _bounded(items, at + 1, sign=items[at].words):
        _take(items, place, at, said, asked=asked)
    elif said == "denied" and items[at].sense in _DENIALS and _before_answer(items, place, at + 1):
        items[place] = items[place]._replace(value="open")  # "circ no body only": the "no" may be of either.
    elif not bracket and (_unfilled(items, place, at) if linked else minus and _closes(items, at)):
        items[place] = items[place]._replace(value="open")


def _between(lexicon: Lexicon, items: list[Item], at: int) -> bool:
    """Return whether an item may stand between another and its value: a colon, "is", "currently"."""
    item = items[at]
    if item.sense == "mark":
        return item.words[:1] != ("#",)
    idle = item.sense == "filler" and item.words[0] not in _LEADING
    return (idle or item.words in _NOW) and not _said(lexicon, items, at)


def _take(items: list[Item], place: int, at: int, said: str, *, asked: bool) -> None:
    """Give an item its value, as far as it can bear it."""
    item, sense = items[place], items[place].sense
    stroke = at + 1 < len(items) and items[at + 1].words == ("/",)
    plain = items[at].sense in _DENIALS and isinstance(sense, Topic) and not stroke
    if plain or (isinstance(sense, Topic) and asked):
        return  # A "no" behind a topic denies it by the rules of the "no".
    for mark in range(place + 1, at):
        if items[mark].words == ("?",) and said == "denied":
            items[mark] = items[mark]._replace(sense=VALUE)
    if isinstance(sense, Topic) and (sense.bare or items[at].words == ("declined",)):
        said = "open"
    tested = items[at].words in _TESTED and isinstance(sense, Answer) and sense.question == "fitness"
    if said == "affirmed" and (asked or tested):
        items[place] = item._replace(value="open")
    elif said == "affirmed":
        items[place] = item._replace(end=items[at].end, value=said)
        items[at] = items[at]._replace(sense="filler")
    else:
        unsaid = isinstance(sense, Answer) and sense.question == "fitness"
        items[place] = item._replace(value="open" if unsaid else said)
        items[at] = items[at]._replace(sense=VALUE)


def _said(lexicon: Lexicon, items: list[Item], at: int) -> str:
    """Return what an item says as a value; "(-)" and "-ve" deny."""
    if at >= len(items):
        return ""
    words = items[at].words
    if words[:1] and words[0] in _MINUS and at + 1 < len(items) and items[at + 1].sense == "sep":
        return "denied"
    return _table(lexicon).get(words, "")


def _closes(items: list[Item], at: int) -> bool:
    return at >= len(items) or items[at].sense == "sep"


def _bounded(items: list[Item], at: int, *, sign: tuple[str, ...]) -> bool:
    """Return whether a value ends there: it is no "no" before something, and no number that goes on."""
    while at < len(items) and items[at].sense == "filler" and items[at].words[0] not in _LEADING:
        at += 1
    if at >= len(items) or items[at].sense in _PARTS or items[at].words == ("/",):
        return True
    if sign in {("no",), ("kein",), ("keine",), ("nil",)}:
        return _linked(items, at + 1)
    return _takes(items[at]) or items[at].sense in _STOPS or items[at].piece.kind in _BOXES


def _before_answer(items: list[Item], place: int, at: int) -> bool:
    """Return whether a "no" stands between two answers."""
    return isinstance(items[place].sense, Answer) and at < len(items) and isinstance(items[at].sense, Answer)


def _linked(items: list[Item], at: int) -> bool:
    """Return whether the item before this place has a value of its own: "deficit: no prior: none"."""
    return at < len(items) and items[at].words[:1] in {(":",), ("=",)}


def _unfilled(items: list[Item], place: int, at: int) -> bool:
    """Return whether a colon leads to nothing, or behind a bare "fit" to what is no value of it."""
    if at >= len(items) or items[at].sense in _PARTS or items[at].piece.kind in _BOXES:
        return isinstance(items[place].sense, Answer)
    sense = items[place].sense
    bare = isinstance(sense, Answer) and (sense.question == "fitness" or len(items[place].words) == 1)
    return bare and items[at - 1].words == (":",)


def _boxes(items: list[Item]) -> None:
    """Read the boxes of each line: what begins with a box has them before its items, what ends with one behind."""
    for first, last in _lines(items):
        boxes = [at for at in range(first, last) if items[at].piece.kind in _BOXES and items[at].sense != VALUE]
        if not boxes:
            continue
        leading = not any(_takes(item) for item in items[first : boxes[0]])
        trailing = not any(_takes(item) for item in items[boxes[-1] + 1 : last])
        for at in boxes:
            before = next((place for place in range(at - 1, first - 1, -1) if _takes(items[place])), None)
            behind = next((place for place in range(at + 1, last) if _takes(items[place])), None)
            sure = leading != trailing
            for place in (behind if leading else before,) if sure else (before, behind):
                for marked in _run(items, place, at):
                    _mark(items, marked, _BOXES[items[at].piece.kind] if sure else "open")


def _run(items: list[Item], place: int | None, box: int) -> Iterator[int]:
    """Iterate from a place over the items that speak of the same question, away from the box."""
    while place is not None:
        yield place
        place = _next(items, place, 1 if place > box else -1)


def _next(items: list[Item], place: int, step: int) -> int | None:
    """Return the place of the item beside one, where it speaks of the same question: "❌ prior RT"."""
    at = place + step
    here, there = items[place].sense, items[at].sense if 0 <= at < len(items) else None
    same = isinstance(here, Topic) and isinstance(there, Topic) and here.question == there.question
    return at if same else None


def _struck(items: list[Item], place: int) -> bool:
    """Return whether an exclamation mark stands right before an item: "!fit"."""
    mark = items[place - 1] if place else None
    if mark is None or mark.sense != "sep" or mark.end != items[place].start or not mark.words[0].endswith("!"):
        return False
    apart = place == 1 or items[place - 2].end < mark.start or len(mark.words[0]) > 1
    return apart and not mark.words[0].endswith("!!")


def _mark(items: list[Item], place: int, said: str) -> None:
    """Give an item what its box says; a box never fills in more than it takes away."""
    sense = items[place].sense
    unsaid = said == "denied" and isinstance(sense, Answer) and sense.question == "fitness"
    weak = said == "denied" and isinstance(sense, Topic) and sense.bare
    items[place] = items[place]._replace(value=items[place].value or ("open" if unsaid or weak else said))


def _lines(items: list[Item]) -> Iterator[tuple[int, int]]:
    """Return the runs between separators."""
    first = 0
    for at, item in enumerate([*items, None]):
        if item is None or item.sense in _PARTS:
            if at > first:
                yield first, at
            first = at + 1


def _orphan(items: list[Item], at: int) -> bool:
    """Return whether a value stands there that is of nothing."""
    item = items[at]
    stage = at + 1 < len(items) and items[at + 1].piece.kind == "number" and items[at + 1].start == item.end
    return not stage and item.sense not in {VALUE, "filler"} and len(item.words) == 1 and item.words[0] in _ALONE


def _distrusted(item: Item) -> Item:
    """Leave an answer of one word open that has no value of its own."""
    bare = isinstance(item.sense, Answer) and len(item.words) == 1 and not item.value
    return item._replace(value="open") if bare else item


def _text(item: Item) -> str:
    """Return a separator without its blanks."""
    return item.words[0].strip() if item.words else ""


@cache
def _table(lexicon: Lexicon) -> dict[tuple[str, ...], str]:
    """Return what each value says, by its words."""
    values = lexicon.values
    said = {(word,): "denied" for word in values.deny} | {(word,): "affirmed" for word in values.affirm}
    return said | {(word,): "open" for word in values.unfilled} | {("not", "present"): "denied"}
