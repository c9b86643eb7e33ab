"""How far a "no" and a doubt reach in a note: each meaning comes out as said, denied or open, in its clause."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import zip_longest
from typing import Final

from flows.notes.lexicon import Answer, Topic
from flows.notes.phrases import Item

_MEANINGS: Final = frozenset({"levels", "scale", "percent"})
_NOTHING_ELSE: Final = "-"
"""A denied answer stands alone: in "not fit: COPD" the illness is said."""
_SILENT: Final = frozenset({"filler", "mark", "or", "and"})


class Truth(Enum):
    """What a note makes of a meaning."""

    said = "said"
    denied = "denied"
    open = "open"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A phrase that means something to the questions, with what the note makes of it.

    Attributes:
        item: the phrase.
        truth: said, denied, or open where the note leaves a doubt.
        start: where its words begin, the "no" or the doubt included.
        clause: the number of its clause.
        joined: whether only silent words part it from the meaning before it in the clause.
    """

    item: Item
    truth: Truth
    start: int
    clause: int
    joined: bool

    @property
    def question(self) -> str:
        """The code of the question that it touches."""
        sense = self.item.sense
        return sense.question if isinstance(sense, Answer | Topic) else str(sense)


@dataclass(slots=True)
class _Clause:
    """Reads one clause from left to right."""

    number: int
    meanings: list[Meaning] = field(default_factory=list)
    no: Item | None = None
    doubt: Item | None = None
    denies: str = ""
    carried: str = ""
    gap: bool = False
    joined: bool = False
    doubted: bool = False

    def take(self, item: Item, after: Item | None) -> None:
        """Take the next item of the clause; `after` is the one that follows it."""
        sense = item.sense
        if isinstance(sense, Answer | Topic) or sense in _MEANINGS:
            self._mean(item)
            self.joined = True
            return
        if sense in {"no", "not"}:
            self._deny(item)
        elif sense in {"or", "and"}:
            self.carried = sense
        elif sense in {"next", "last", "clause"} or _asks(item):
            self._doubt(item, after)
        elif sense not in _SILENT:
            self.gap = self.gap or (self.no is not None and not self.denies)
        self.joined = self.joined and sense in _SILENT

    @property
    def only_doubts(self) -> bool:
        """Whether there is a doubt, or a bare "no", and nothing that it could fall on."""
        return bool(self.doubted or self.doubt or (self.no and not self.gap)) and not self.meanings

    def close(self) -> list[Meaning]:
        """End the clause: a "no" or a doubt that found nothing ahead falls on what was said last."""
        idle = self.no is not None and not self.denies and (not self.gap or self.no.sense == "not")
        if self.doubt or idle:
            self._open_last()
        if self.doubted:
            return [replace(meaning, truth=Truth.open) for meaning in self.meanings]
        return self.meanings

    def _mean(self, item: Item) -> None:
        """Add a meaning as the words before it make it."""
        bare = Meaning(item, Truth.said, item.start, self.number, self.joined)
        truth = self._truth(bare.question)
        if truth is Truth.denied and isinstance(item.sense, Answer):
            self.denies = _NOTHING_ELSE
        before = self.no if truth is Truth.denied or (self.no and truth is Truth.open) else None
        start = min([item.start, *(word.start for word in (before, self.doubt) if word)])
        self.meanings.append(replace(bare, truth=truth, start=start))
        self.doubt, self.carried = None, ""

    def _truth(self, question: str) -> Truth:
        """Tell what the words before make of a meaning: a "no" reaches on to its own question, or behind an "or"."""
        if self.no is None:
            return Truth.open if self.doubt else Truth.said
        first = not self.denies
        self.denies = self.denies or question
        if self.doubt or self.gap:
            self.gap = self.gap and first
            return Truth.open
        if question == self.denies or self.carried == "or":
            self.denies = question
            return Truth.denied
        if self.carried == "and":
            return Truth.open
        self.no, self.denies = None, ""
        return Truth.said

    def _deny(self, item: Item) -> None:
        if self.no and not self.denies:
            self.doubt = item
        else:
            self.no, self.denies, self.gap = item, "", False

    def _doubt(self, item: Item, after: Item | None) -> None:
        """Cast a doubt ahead, back or over the clause; "?circ" asks ahead and "circ?" back."""
        ahead = item.sense == "next" or (_asks(item) and after is not None and after.start == item.end)
        if item.sense == "clause":
            self.doubted = True
        elif ahead or not self.meanings:
            self.doubt = item
        else:
            self._open_last()

    def _open_last(self) -> None:
        if self.meanings:
            self.meanings[-1] = replace(self.meanings[-1], truth=Truth.open)


def meanings(items: list[Item]) -> list[Meaning]:
    """Give the meanings of a note with what it makes of each; separators and "but" end a clause."""
    clause = _Clause(0)
    closed: list[Meaning] = []
    for item, after in zip_longest(items, items[1:]):
        if item.sense in {"sep", "break"}:
            closed = _closed(closed, clause)
            clause = _Clause(clause.number + 1)
        else:
            clause.take(item, after)
    return _closed(closed, clause)


def _closed(before: list[Meaning], clause: _Clause) -> list[Meaning]:
    """Add the meanings of a clause; one that is nothing but a doubt falls on what was said last before it."""
    found = clause.close()
    if before and not found and clause.only_doubts:
        return [*before[:-1], replace(before[-1], truth=Truth.open)]
    return before + found


def _asks(item: Item) -> bool:
    return item.sense == "mark" and item.piece.words == ("?",)
