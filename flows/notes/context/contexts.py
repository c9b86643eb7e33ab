"""Finds what beside a level makes it none to be treated: a sequence, a stage, a dose, a biopsy, a root."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from flows.notes.lexicon import LevelContext, LevelWords, Lexicon
from flows.notes.tokenizer import HIDDEN

_TOKEN: Final = re.compile(
    rf"o\.\s?b\b|\d+(?:[.,]\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)?|(?<=\s)[-–—](?=\s)|\n|[^\s\w\-–—‐]|{HIDDEN}"
)
_SENTENCE: Final = re.compile(r"[.;!?](?=\s|$)|\n")
_STOPS: Final = frozenset({",", ";", ".", "!", ")", "]", "•", "|", "…", "-", "–", "—", HIDDEN, "\n"})
_LINKS: Final = frozenset({":", "="})
_GOING_ON: Final = frozenset({"on", "in", "and", "("})
_DASHES: Final = frozenset({"-", "–", "—"})
_MOST_PASSED: Final = 6
_STEM: Final = 3
"""The letters that every word with a star has at least."""


class _Cue(NamedTuple):
    """Words that show a context, from the level outwards."""

    words: tuple[str, ...]
    context: LevelContext


class _Cues(NamedTuple):
    """The cues of one side by their first word, and those that begin with a star by its first letters."""

    whole: dict[str, list[_Cue]]
    starred: dict[str, list[_Cue]]

    def at(self, word: str) -> Iterator[_Cue]:
        """Return the cues whose first word may fit a word."""
        yield from self.whole.get(word, ())
        if word[0].isdigit():
            yield from self.whole.get("#", ())
        yield from self.starred.get(word[:_STEM], ())


class Found(NamedTuple):
    """A context that a level stands in, and whether a lesion beside the level says more."""

    context: LevelContext
    weak: bool


class Surroundings:
    """The words of a note around its levels."""

    def __init__(self, lexicon: Lexicon, text: str, levels: list[tuple[int, int]]) -> None:
        """Cut the note into words.

        Args:
            lexicon: the words that show a context.
            text: the note, with what is hidden covered.
            levels: where each level begins and ends.
        """
        self._words: LevelWords = lexicon.levels
        self._text = text.casefold() if len(text.casefold()) == len(text) else text.lower()
        found = list(_TOKEN.finditer(self._text))
        self._tokens = [token[0].replace(" ", "") for token in found]
        self._starts = [token.start() for token in found]
        self._inside = {
            place
            for start, end in levels
            for place in range(bisect_left(self._starts, start), bisect_left(self._starts, end))
        }
        self._sentences = [match.start() for match in _SENTENCE.finditer(self._text)]
        self._before, self._behind, self._near = _tables(lexicon)
        self._named: dict[int, list[tuple[LevelContext, int]]] = {}

    def beside(self, start: int, end: int, *, behind: bool, spans: bool) -> Iterator[Found]:
        """Return what the levels between two places stand right beside, on one side."""
        for context, weak in self._side(end, 1) if behind else self._side(start, -1):
            yield from (found._replace(weak=weak) for found in self.fitting(context, start, end, spans=spans))

    def near(self, start: int, end: int, *, spans: bool) -> Iterator[Found]:
        """Return what the sentence of the levels between two places speaks of."""
        for context, weak in self._in_sentence(start):
            yield from (found._replace(weak=weak) for found in self.fitting(context, start, end, spans=spans))

    def fitting(self, context: LevelContext, start: int, end: int, *, spans: bool) -> Iterator[Found]:
        """Return a context where the levels between two places are written as it needs them."""
        written = self._text[start:end]
        if (spans or not context.spans) and (not context.forms or _form(context.forms).fullmatch(written)):
            yield Found(context, context.weak)

    def doubtful(self, start: int, end: int) -> bool:
        """Return whether a word of doubt stands in the clause of a level, and no other level between."""
        for place, step in ((bisect_left(self._starts, end), 1), (bisect_left(self._starts, start) - 1, -1)):
            at = place
            while 0 <= at < len(self._tokens) and self._tokens[at] not in _STOPS - {"\n"} and at not in self._inside:
                if self._tokens[at] in self._words.doubting:
                    return True
                at += step
        return False

    def _side(self, edge: int, step: int) -> Iterator[Found]:
        """Return the contexts whose words stand right before or behind a level."""
        at = bisect_left(self._starts, edge) - (step < 0)
        cues = self._behind if step > 0 else self._before
        passed = 0
        comma = label = line = False
        bridges: set[str] = set()
        while 0 <= at < len(self._tokens) and passed <= _MOST_PASSED and at not in self._inside:
            word = self._tokens[at]
            fits = [cue for cue in cues.at(word) if self._holds(cue.words, at, step)]
            for words, context in sorted(fits, key=lambda cue: -len(cue.words)):
                apart = (comma and not context.comma) or (label and not context.label) or (line and context.others)
                if (
                    not apart
                    and bridges.issubset(context.passed)
                    and self._ends(context, at + step * len(words), step)
                ):
                    yield Found(context, context.weak or line)
            if word == "\n" and step < 0:
                line = True
            elif word == ",":
                comma = True
            elif word in _LINKS:
                label = label or step > 0
            elif word in _DASHES and step > 0 and self._begins_line(edge):
                label = True
            elif word in self._words.bridging:
                bridges.add(word)
            elif word in _STOPS or word not in self._words.passing:
                return
            at, passed = at + step, passed + 1

    def _begins_line(self, edge: int) -> bool:
        """Return whether the level that ends there begins its line or clause."""
        at = bisect_left(self._starts, edge) - 1
        while at >= 0 and at in self._inside:
            at -= 1
        return at < 0 or self._tokens[at] in {";", ".", "•"} or "\n" in self._text[self._starts[at] : edge]

    def _holds(self, words: tuple[str, ...], at: int, step: int) -> bool:
        """Return whether the words of a cue follow each other from a place on."""
        for offset, word in enumerate(words):
            place = at + step * offset
            if not 0 <= place < len(self._tokens) or place in self._inside or not _like(word, self._tokens[place]):
                return False
        return True

    def _ends(self, context: LevelContext, at: int, step: int) -> bool:
        """Return whether a clause ends there, where a context needs that, or goes on with where it was seen."""
        inside = step > 0 and 0 <= at < len(self._tokens) and at not in self._inside
        return not (context.ends and inside) or self._tokens[at] in _STOPS | _GOING_ON

    def _in_sentence(self, start: int) -> Iterator[tuple[LevelContext, bool]]:
        """Return the contexts that the sentence of a level names, and whether weakly: in another clause."""
        here = bisect_left(self._sentences, start)
        for place in range(len(self._sentences) + 1):
            if place not in self._named:
                self._named[place] = list(self._names(place))
            for context, at in self._named[place]:
                low, high = sorted((at, start))
                if place == here or context.anywhere:
                    yield context, context.weak or place != here or "," in self._text[low:high]

    def _names(self, place: int) -> Iterator[tuple[LevelContext, int]]:
        """Return the contexts that a sentence names, each with where it does."""
        first = self._sentences[place - 1] + 1 if place else 0
        last = self._sentences[place] if place < len(self._sentences) else len(self._text)
        for at in range(bisect_left(self._starts, first), bisect_left(self._starts, last)):
            if at not in self._inside:
                yield from (
                    (cue.context, self._starts[at])
                    for cue in self._near.at(self._tokens[at])
                    if self._holds(cue.words, at, 1)
                )


def _like(word: str, said: str) -> bool:
    if word == "#":
        return said[0].isdigit()
    return said.startswith(word[:-1]) if word.endswith("*") and len(word) > 1 else said == word


@cache
def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern})(?:\D.*)?")


@cache
def _tables(lexicon: Lexicon) -> tuple[_Cues, _Cues, _Cues]:
    """Return the cues before, behind and near a level."""
    contexts = lexicon.levels.contexts
    before = [_Cue(_cut(cue)[::-1], context) for context in contexts for cue in context.before]
    behind = [_Cue(_cut(cue), context) for context in contexts for cue in context.behind]
    near = [_Cue(_cut(cue), context) for context in contexts for cue in context.near]
    return _table(before), _table(behind), _table(near)


def _cut(cue: str) -> tuple[str, ...]:
    """Cut a cue as a note is cut; a star stays with its word."""
    return tuple(re.findall(r"[^\W\d_]+(?:['’.][^\W\d_]+)*\*?|#|[+/()]", cue.casefold()))


def _table(cues: list[_Cue]) -> _Cues:
    whole: dict[str, list[_Cue]] = defaultdict(list)
    starred: dict[str, list[_Cue]] = defaultdict(list)
    for cue in cues:
        first = cue.words[0]
        if first.endswith("*"):
            starred[first[:_STEM]].append(cue)
        else:
            whole[first].append(cue)
    return _Cues(whole, starred)
