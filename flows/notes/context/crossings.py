"""Join a part of the body and its trouble, in either order, into one topic: "legs feel heavy", "numb feet"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Final, NamedTuple

from flows.notes.lexicon import Answer, Lexicon, Topic
from flows.notes.matcher import Match
from flows.notes.tokenizer import words_of

_APART: Final = 5
"""How many items may stand between the two; more are another sentence."""

_ENDING: Final = frozenset({"sep", "break", "levels", "scale", "percent"})
_DENYING: Final = frozenset({"no", "not", "nil", "gone", "sound", "fine"})


class _Span(NamedTuple):
    """The items that hold a part or a trouble."""

    first: int
    last: int


def crossed(lexicon: Lexicon, matches: list[Match]) -> list[Match]:
    """Return the items with each part and its trouble made one topic."""
    joined: list[Match] = []
    for ends, group in groupby(matches, key=_ends):
        run = list(group)
        joined += run if ends else _joined(lexicon, run)
    return joined


def _ends(match_: Match) -> bool:
    return match_.sense in _ENDING or isinstance(match_.sense, Answer)


def _joined(lexicon: Lexicon, run: list[Match]) -> list[Match]:
    """Join what crosses in a run without a separator; each item is used once."""
    for topic, parts, troubles in _tables(lexicon):
        part = next(_found(parts, run), None)
        trouble = next((span for span in _found(troubles, run) if part and _beside(part, span, run)), None)
        if part and trouble:
            first, last = min(part.first, trouble.first), max(part.last, trouble.last)
            words = tuple(word for match_ in run[first : last + 1] for word in match_.words)
            match_ = Match(topic, run[first].start, run[last].end, run[first].token, words)
            return [*run[:first], match_, *_joined(lexicon, run[last + 1 :])]
    return run


def _beside(part: _Span, trouble: _Span, run: list[Match]) -> bool:
    """Return whether only a few words stand between the two, and no denial."""
    first, last = sorted((part, trouble))
    between = run[first.last + 1 : last.first]
    return (
        first.last < last.first and len(between) <= _APART and not any(match_.sense in _DENYING for match_ in between)
    )


def _found(table: _Table, run: list[Match]) -> Iterator[_Span]:
    """Return where a phrase of a table stands: whole items that begin and end with it."""
    words = [(word, place) for place, match_ in enumerate(run) for word in match_.words]
    for at, (word, place) in enumerate(words):
        for phrase in table.get(word, ()):
            if tuple(said for said, _ in words[at : at + len(phrase)]) == phrase:
                yield _Span(place, words[at + len(phrase) - 1][1])
                break


_Table = dict[str, tuple[tuple[str, ...], ...]]


@cache
def _tables(lexicon: Lexicon) -> tuple[tuple[Topic, _Table, _Table], ...]:
    """Return each topic with its parts and its troubles, by their first words."""
    return tuple(
        (lexicon.topic[crossing.topic], _table(crossing.parts), _table(crossing.troubles))
        for crossing in lexicon.crossed
    )


def _table(phrases: tuple[str, ...]) -> _Table:
    cut = sorted((words_of(phrase) for phrase in phrases), key=len, reverse=True)
    return {
        first: tuple(group)
        for first, group in groupby(sorted(cut, key=lambda words: (words[0], -len(words))), key=lambda words: words[0])
    }
