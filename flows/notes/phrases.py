"""Finds the phrases of the lexicon in the pieces of a note, the longest first, and forgives a slip of the keyboard."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from flows.notes.grammar import Piece, plain, words_of
from flows.notes.lexicon import Answer, Lexicon, Sense, Topic

LEAST_LETTERS: Final = 5
"""Shorter words are taken as they stand: "fit" and "unfit" are one slip apart from too much."""

_TWO_SLIPS_FROM: Final = 9
_MOST_SLIPS: Final = 2
_MOST_NEAR: Final = 5
_ENDING: Final = frozenset({"sep", "levels", "scale"})
_SKIPPED: Final = frozenset({"-", "–", "—", ":", "="})
_LONG_FROM: Final = 7
_NEVER_GUESSED: Final = frozenset({"no", "not", "nil", "gone", "sound", "fine"})
_TURNING: Final = ("un", "in", "im", "non", "dis", "ab", "an")


class Item(NamedTuple):
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


@dataclass(slots=True)
class _Node:
    """Where the words of a phrase have led: what they are so far, if anything, and what each next word leads to."""

    sense: Sense | None = None
    then: dict[str, _Node] = field(default_factory=dict)


class Phrases:
    """The phrases of a lexicon as a tree of their words, and its words for the slips."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Grow the tree."""
        self._root = _Node()
        vocabulary: set[str] = set()
        for phrase, sense in lexicon.entries():
            words, node = words_of(phrase), self._root
            for word in words:
                node = node.then.setdefault(word, _Node())
            node.sense = sense
            if sense not in _NEVER_GUESSED:
                vocabulary.update(words)
        self._known = vocabulary | {
            word for phrase, sense in lexicon.entries() if sense in _NEVER_GUESSED for word in words_of(phrase)
        }
        self._known |= {plain(word) for word in lexicon.plain}
        self._endings = lexicon.endings
        self._known |= {word for scale in lexicon.scales.values() for name in scale.names for word in words_of(name)}
        self._long: dict[tuple[str, str], list[str]] = defaultdict(list)
        for word in sorted(word for word in vocabulary if len(word) >= LEAST_LETTERS):
            self._long[_family(word)].append(word)

    def knows(self, word: str) -> bool:
        """Tell whether a word stands in the lexicon, or is long and ends as no name does or has a slip.

        A short word with a slip may be a name: "White" is one letter from "while".
        """
        said = plain(word)
        return said in self._known or (
            len(said) >= _LONG_FROM and (said.endswith(self._endings) or self._spelt(said) in self._known)
        )

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
        """Find the longest phrase that begins here, hyphens and colons left out: its sense and its last piece."""
        best: tuple[Sense | str, int] = (pieces[at].kind, at)
        node = self._root.then.get(spelt[at]) if pieces[at].kind in {"word", "mark"} else None
        place = at
        while node:
            if node.sense is not None and not _goes_on(node.sense, pieces, spelt, place):
                best = (node.sense, place)
            place += 1
            while node.then and place < len(pieces) and spelt[place] in _SKIPPED and spelt[place] not in node.then:
                place += 1
            node = node.then.get(spelt[place]) if place < len(pieces) else None
        return best

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


def _goes_on(sense: Sense, pieces: list[Piece], spelt: list[str], last: int) -> bool:
    """Tell whether something follows that makes the phrase another: "fit for chemotherapy"."""
    if last + 1 == len(pieces) or not isinstance(sense, Answer | Topic):
        return False
    unended = isinstance(sense, Answer) and sense.at_end and pieces[last + 1].kind not in _ENDING
    return unended or spelt[last + 1] in sense.not_before


def _family(word: str) -> tuple[str, str]:
    """Give what no slip changes: the first letter, and a beginning that turns the meaning round."""
    return word[0], next((turn for turn in _TURNING if word.startswith(turn)), "")
