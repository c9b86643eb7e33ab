"""Finds the phrases of the lexicon in the pieces of a note, the longest first, and forgives a slip of the keyboard."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from flows.notes.grammar import Piece, plain, words_of
from flows.notes.lexicon import Answer, Lexicon, Sense, Topic

LEAST_LETTERS: Final = 5
"""Shorter words are taken as they stand: "fit" and "unfit" are one slip apart from too much."""

_TWO_SLIPS_FROM: Final = 9
_MOST_SLIPS: Final = 2
_MOST_NEAR: Final = 5
_SKIPPED: Final = frozenset({"-", "–", "—", ":", "="})
_TURNING: Final = ("un", "in", "im", "non", "dis", "ab", "an")


@dataclass(frozen=True, slots=True)
class Item:
    """A phrase of the lexicon within a note, or a piece that is none.

    Attributes:
        sense: what it is; the kind of the piece where no phrase is.
        start: where it begins, in characters.
        end: the character after its last.
        piece: its only piece, or the first of them.
    """

    sense: Sense | str
    start: int
    end: int
    piece: Piece


class Phrases:
    """The phrases of a lexicon by their first word, and its words for the slips."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Sort the phrases, the longest first."""
        self._by_first: dict[str, list[tuple[tuple[str, ...], Sense]]] = defaultdict(list)
        vocabulary: set[str] = set()
        for phrase, sense in lexicon.entries():
            words = words_of(phrase)
            self._by_first[words[0]].append((words, sense))
            if sense not in {"no", "not"}:
                vocabulary.update(words)
        for phrases in self._by_first.values():
            phrases.sort(key=lambda entry: -len(entry[0]))
        self._known = vocabulary | {
            plain(word) for word in (*lexicon.plain, *lexicon.negation.words, *lexicon.negation.back)
        }
        self._known |= {word for scale in lexicon.scales.values() for name in scale.names for word in words_of(name)}
        self._known |= {word for phrase in lexicon.levels.no_level_before for word in words_of(phrase)}
        self._long: dict[tuple[str, str], list[str]] = defaultdict(list)
        for word in sorted(word for word in vocabulary if len(word) >= LEAST_LETTERS):
            self._long[_family(word)].append(word)

    def knows(self, word: str) -> bool:
        """Tell whether a word stands in the lexicon, perhaps with a slip."""
        return self._spelt(plain(word)) in self._known

    def found(self, pieces: list[Piece]) -> list[Item]:
        """Give the phrases and what lies between them, in order."""
        spelt = [self._spelt(piece.words[0]) if piece.kind == "word" else "".join(piece.words[:1]) for piece in pieces]
        items: list[Item] = []
        at = 0
        while at < len(pieces):
            sense, last = self._longest(pieces, spelt, at)
            items.append(Item(sense, pieces[at].start, pieces[last].end, pieces[at]))
            at = last + 1
        return items

    def _longest(self, pieces: list[Piece], spelt: list[str], at: int) -> tuple[Sense | str, int]:
        """Find the longest phrase that begins here: its sense and its last piece."""
        if pieces[at].kind in {"word", "mark"}:
            for words, sense in self._by_first.get(spelt[at], ()):
                last = _reaches(pieces, spelt, at, words)
                if last is not None and not _goes_on(sense, spelt, last):
                    return sense, last
        return pieces[at].kind, at

    def _spelt(self, word: str) -> str:
        """Give the word of the lexicon that was meant: itself, or the only one within a slip or two."""
        if len(word) < LEAST_LETTERS or word in self._known:
            return word
        most = _MOST_SLIPS if len(word) >= _TWO_SLIPS_FROM else 1
        alike = self._long.get(_family(word), [])
        found = extract(word, alike, scorer=OSA.distance, score_cutoff=most, limit=_MOST_NEAR)
        # Of two as near, the one that ends alike is meant; two that do are none.
        near = sorted((slips, word[-1] != other[-1], other) for other, slips, _ in found)
        if not near or (len(near) > 1 and near[0][:2] == near[1][:2]):
            return word
        return near[0][2]


@cache
def phrases(lexicon: Lexicon) -> Phrases:
    """Give the phrases of a lexicon, sorted once."""
    return Phrases(lexicon)


def _reaches(pieces: list[Piece], spelt: list[str], at: int, words: tuple[str, ...]) -> int | None:
    """Give the last piece of a phrase that begins here; hyphens and colons between its words do not count."""
    place = at
    for word in words[1:]:
        place += 1
        while place < len(pieces) and spelt[place] in _SKIPPED:
            place += 1
        if place >= len(pieces) or spelt[place] != word:
            return None
    return place


def _goes_on(sense: Sense, spelt: list[str], last: int) -> bool:
    """Tell whether a word follows that makes the phrase another: "fit for chemotherapy"."""
    follows = spelt[last + 1] if last + 1 < len(spelt) else ""
    return isinstance(sense, Answer | Topic) and follows in sense.not_before


def _family(word: str) -> tuple[str, str]:
    """Give what no slip changes: the first letter, and a beginning that turns the meaning round."""
    return word[0], next((turn for turn in _TURNING if word.startswith(turn)), "")
