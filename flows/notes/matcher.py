"""Find the phrases of the lexicon in the pieces of a note, letter by letter and the longest first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from flows.notes.lexicon import Answer, Lexicon, Sense, Topic
from flows.notes.tokenizer import NoteToken, plain, words_of

LEAST_LETTERS: Final = 5
"""A shorter word is never taken for a slip of another: "fit" and "unfit" are one slip apart from too much."""

_TWO_SLIPS_FROM: Final = 9
_MOST_SLIPS: Final = 2
_MOST_NEAR: Final = 5
_ENDING: Final = frozenset({"sep", "levels", "scale"})
_SKIPPED: Final = frozenset({"-", "–", "—", ":", "="})
_LONG_FROM: Final = 7
_TURNING: Final = ("un", "in", "im", "non", "dis", "ab", "an")


class Match(NamedTuple):
    """A phrase of the lexicon within a note, or a piece that is none.

    Attributes:
        sense: what it is; the kind of the piece where no phrase is.
        start: where it begins, in characters.
        end: the character after its last.
        token: its only piece, or the first of them.
        words: its words as the lexicon writes them.
        value: what a form says of it: "denied", "open", "affirmed"; empty where it says nothing.
    """

    sense: Sense | str
    start: int
    end: int
    token: NoteToken
    words: tuple[str, ...] = ()
    value: str = ""


@dataclass(slots=True)
class _Node:
    """Where the words of a phrase have led: what they are so far, if anything, and what each next word leads to."""

    sense: Sense | None = None
    then: dict[str, _Node] = field(default_factory=dict)


class PhraseMatcher:
    """The phrases of a lexicon as a tree of their words."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Grow the tree, and collect the words for the slips."""
        self._root = _Node()
        self._known: set[str] = set()
        deciding: set[str] = set()
        for phrase, sense in lexicon.entries():
            words, node = words_of(phrase), self._root
            for word in words:
                node = node.then.setdefault(word, _Node())
            node.sense = sense
            self._known.update(words)
            if isinstance(sense, Answer | Topic) and (isinstance(sense, Answer) or sense.denied_answer):
                deciding.update(words)
        self._known |= {word for scale in lexicon.scales.values() for name in scale.names for word in words_of(name)}
        self._known |= {
            word
            for crossing in lexicon.crossed
            for phrase in (*crossing.parts, *crossing.troubles)
            for word in words_of(phrase)
        }
        self._known |= {plain(word) for word in lexicon.plain}
        cues = [
            cue for context in lexicon.levels.contexts for cue in (*context.before, *context.behind, *context.near)
        ]
        self._known |= {word for cue in (*cues, *lexicon.levels.words) for word in words_of(cue.replace("*", ""))}
        self._stems = tuple(
            word[:-1] for cue in cues for word in cue.split() if word.endswith("*") and len(word) > LEAST_LETTERS
        )
        self._endings = lexicon.endings
        self._alike = _families(self._known)
        self._deciding = _families(deciding)

    def knows(self, word: str) -> bool:
        """Return whether a word stands in the lexicon, or is long and ends as no name does or has a slip.

        A short word with a slip may be a name: "White" is one letter from "while".
        """
        said = plain(word)
        return (
            said in self._known
            or said.startswith(self._stems)
            or (len(said) >= _LONG_FROM and (said.endswith(self._endings) or bool(_nearest(said, self._alike))))
        )

    def exactly(self, word: str) -> bool:
        """Return whether a word stands in the lexicon, letter by letter."""
        return plain(word) in self._known

    def meant(self, word: str) -> str:
        """Return the word of an answer that an unknown one may mean, to be asked for; empty if there is none."""
        said = plain(word)
        return "" if said in self._known or len(said) < LEAST_LETTERS else _nearest(said, self._deciding)

    def match(self, tokens: list[NoteToken]) -> list[Match]:
        """Return the phrases and what lies between them, in order."""
        matches: list[Match] = []
        at = 0
        while at < len(tokens):
            sense, last = self._longest(tokens, at)
            words = tuple(word for token in tokens[at : last + 1] for word in token.words[:1])
            matches.append(Match(sense, tokens[at].start, tokens[last].end, tokens[at], words))
            at = last + 1
        return matches

    def _longest(self, tokens: list[NoteToken], at: int) -> tuple[Sense | str, int]:
        """Find the longest phrase that begins here, hyphens and colons left out: its sense and its last piece."""
        best: tuple[Sense | str, int] = (tokens[at].kind, at)
        node = self._root.then.get(_word(tokens[at])) if tokens[at].kind in {"word", "mark"} else None
        place = at
        while node:
            if node.sense is not None and not _goes_on(node.sense, tokens, place):
                best = (node.sense, place)
            place += 1
            while node.then and place < len(tokens) and _skipped(_word(tokens[place]), node):
                place += 1
            node = node.then.get(_word(tokens[place])) if place < len(tokens) else None
        return best


@cache
def phrase_matcher(lexicon: Lexicon) -> PhraseMatcher:
    """Return the phrases of a lexicon, sorted once."""
    return PhraseMatcher(lexicon)


def _word(token: NoteToken) -> str:
    return token.words[0] if token.words else ""


def _skipped(word: str, node: _Node) -> bool:
    return word in _SKIPPED and word not in node.then


def _goes_on(sense: Sense, tokens: list[NoteToken], last: int) -> bool:
    """Return whether something follows that makes the phrase another: "fit for chemotherapy"."""
    if last + 1 == len(tokens) or not isinstance(sense, Answer | Topic):
        return False
    unended = isinstance(sense, Answer) and sense.at_end and tokens[last + 1].kind not in _ENDING
    return unended or _word(tokens[last + 1]) in sense.not_before


def _families(words: set[str]) -> dict[tuple[str, str], list[str]]:
    """Sort the longer words by what no slip changes."""
    families: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word in sorted(word for word in words if len(word) >= LEAST_LETTERS):
        families[_family(word)].append(word)
    return families


def _family(word: str) -> tuple[str, str]:
    """Return what no slip changes: the first letter, and a beginning that turns the meaning round."""
    return word[0], next((turn for turn in _TURNING if word.startswith(turn)), "")


def _nearest(word: str, families: dict[tuple[str, str], list[str]]) -> str:
    """Return the only word within a slip or two; of two as near, the one that ends alike."""
    most = _MOST_SLIPS if len(word) >= _TWO_SLIPS_FROM else 1
    alike = families.get(_family(word), [])
    found = extract(word, alike, scorer=OSA.distance, score_cutoff=most, limit=_MOST_NEAR)
    near = sorted((slips, word[-1] != other[-1], other) for other, slips, _ in found)
    alone = len(near) == 1 or (len(near) > 1 and near[0][:2] != near[1][:2])
    return near[0][2] if alone else ""
