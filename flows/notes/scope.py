"""How far a "no" and a doubt reach in a note: each meaning comes out as said, denied or open, in its clause."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
from typing import Final, NamedTuple

from flows.notes.lexicon import Answer, Topic
from flows.notes.matcher import Item

_MEANINGS: Final = frozenset({"levels", "scale", "percent"})
_NOTHING_ELSE: Final = "-"
"""A denied answer stands alone: in "not fit: COPD" the illness is said."""
_SILENT: Final = frozenset({"filler", "lesion", "spine", "mark", "or", "and", "value", "tick", "cross", "empty"})
_MARKS: Final = frozenset({"asymptomatic", "stable", "intradural", "primary"})
_SPARING: Final = frozenset({"no", "nil", "gone", "sound", "fine"})
_COLON: Final = (":",)
_ENDED: Final = frozenset({"sep", "break"})


class Truth(Enum):
    """What a note makes of a meaning."""

    said = "said"
    denied = "denied"
    open = "open"


class Meaning(NamedTuple):
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
    far: bool = False
    spent: bool = False
    alien: bool = False
    marked: bool = False
    joined: bool = False
    near: bool = False
    doubted: bool = False
    timed: bool = False
    degree: Item | None = None
    sound: Item | None = None
    before: Item | None = None

    def take(self, item: Item, after: Item | None) -> None:
        """Take the next item of the clause; `after` is the one that follows it."""
        self._take(item, after)
        self.before = item

    def _take(self, item: Item, after: Item | None) -> None:
        sense = item.sense
        if isinstance(sense, Answer | Topic) or sense in _MEANINGS:
            self._mean(item)
            self.joined, self.near, self.degree, self.sound = True, True, None, None
            return
        if sense in _SPARING and self._spare(item, after):
            return
        self._modify(item, after)
        if sense not in _SILENT:
            self.joined = False
            self.near = self.near and sense == "neutral"
            self.degree = (self.degree or item) if sense == "degree" else None
            self.sound = item if sense == "sound" else None

    def _modify(self, item: Item, after: Item | None) -> None:
        """Take what says something of the items around it: a no, a doubt, an end, or nothing that counts."""
        sense = item.sense
        if sense == "lesion":
            self._name()
        elif sense in _MARKS:
            self.no, self.doubt, self.gap, self.spent, self.marked = None, None, False, False, True
        elif sense in {"no", "not", "nil"}:
            self._deny(item)
        elif sense == "and":
            self.carried = "and"
        elif sense == "or":
            self.carried = "or"
            self._choose(item)
        elif sense in {"next", "around", "last", "more", "clause", "time"} or _asks(item):
            if not (self.before and self.before.sense in _MARKS):
                self._doubt(item, after)
        elif sense not in _SILENT or sense == "spine":
            self.gap = self.gap or (self.no is not None and not self.denies)
            self.alien = self.alien or sense not in _SILENT

    @property
    def only_doubts(self) -> bool:
        """Whether there is a doubt, or a bare "no", and nothing that it could fall on."""
        doubts = self.doubted or self.timed or self.doubt or (self.no and not self.gap and not self.spent)
        return bool(doubts) and not self.meanings and not self.marked

    @property
    def spares_levels(self) -> bool:
        """Whether its doubt is of a time or a condition alone, which no level has, or of something unknown."""
        return self.alien or ((self.timed or self.doubted) and not (self.doubt or self.no))

    @property
    def pending(self) -> Item | None:
        """What a line ends with that may be of the next one: a "no" or a doubt that has found nothing."""
        idle = self.no is not None and not self.denies and not self.gap and not self.spent
        return self.doubt or (self.no if idle else None)

    def close(self) -> list[Meaning]:
        """End the clause: a "no" or a doubt that found nothing ahead falls on what was said last."""
        idle = self.no is not None and not self.denies and (not self.gap or self.no.sense == "not")
        at_level = bool(self.meanings) and self.meanings[-1].item.sense == "levels"
        if self.spent:
            idle = at_level and self.joined
        if self.doubt or (idle and not (self.far and at_level)):
            self._open_last()
        if self.doubted or self.timed:
            return [
                meaning if meaning.item.sense == "levels" else meaning._replace(truth=Truth.open)
                for meaning in self.meanings
            ]
        return self.meanings

    def _name(self) -> None:
        """Spend a "no" or a doubt on the tumour that it stands before, and so on the level beside that."""
        level = self.joined and bool(self.meanings) and self.meanings[-1].item.sense == "levels"
        if self.doubt and level:
            self._open_last()
            self.doubt = None
        self.spent = self.spent or (self.no is not None and not self.denies)

    def _mean(self, item: Item) -> None:
        """Add a meaning as the words before it make it."""
        topic = item.sense if isinstance(item.sense, Topic) else None
        last = self.meanings[-1].item if self.joined else None
        if last and topic and _answers(last) in topic.opens:
            self._open_last()
        apart = last is not None and isinstance(last.sense, Topic) and _answers(item) in last.sense.opens
        sound = self.sound if topic and topic.part and self.no is None else None
        truth = self._truth(_question(item))
        if sound and truth is Truth.said:
            truth = Truth.denied
        if item.piece.open or apart or item.value == "open":
            truth = Truth.open
        elif item.value == "denied":
            truth = Truth.denied if truth is Truth.said else Truth.open
        if truth is Truth.denied and isinstance(item.sense, Answer):
            self.denies = _NOTHING_ELSE
        before = self.no if truth is not Truth.said else None
        leading = (before, self.doubt, sound, self.degree if topic else None)
        start = min([item.start, *(word.start for word in leading if word)])
        self.meanings.append(Meaning(item, truth, start, self.number, self.joined))
        self.doubt, self.carried = None, ""

    def _truth(self, question: str) -> Truth:
        """Tell what the words before make of a meaning: a "no" reaches on to its own question, or behind an "or"."""
        if self.no is None:
            return Truth.open if self.doubt else Truth.said
        if self.spent and question != "levels":
            self.no, self.denies, self.gap, self.spent = None, "", False, False
            return Truth.open
        if self.denies in {"", question} or self.carried == "or":
            self.denies = question
            return Truth.open if self.doubt or self.gap else Truth.denied
        if self.carried == "and":
            return Truth.open
        self.no, self.denies, self.gap = None, "", False
        return Truth.open if self.doubt else Truth.said

    def _spare(self, item: Item, after: Item | None) -> bool:
        """Deny what stands right before a word such as "intact" or "none", as far as it can; tell whether it could."""
        last = self.meanings[-1] if self.joined and self.meanings else None
        topic = last.item.sense if last and last.truth is Truth.said else None
        if last is None or not isinstance(topic, Topic) or (item.sense in {"sound", "fine"} and not topic.part):
            return False
        ended = after is None or after.sense in _ENDED or (item.sense == "nil" and isinstance(after.sense, Answer))
        if item.sense in {"no", "nil"} and not ended:
            return False
        place = len(self.meanings) - 1
        while place and self.meanings[place].joined and _same(self.meanings[place - 1], last):
            place -= 1
        spared = [meaning._replace(truth=Truth.denied) for meaning in self.meanings[place:]]
        spared[-1] = spared[-1]._replace(item=last.item._replace(end=item.end))
        self.meanings[place:] = spared
        return True

    def _choose(self, item: Item) -> None:
        """Leave open an answer that is one of two: "limited or extensive"; a "no" before them denies both."""
        if self.no is None and self.near and _answers(self.meanings[-1].item):
            self._open_last()
            self.doubt = item

    def _deny(self, item: Item) -> None:
        if self.before and self.before.piece.words == _COLON and self.joined and _answers(self.meanings[-1].item):
            self._open_last()
        if self.no and not self.denies:
            self.doubt = item
        else:
            self.no, self.denies, self.gap, self.far, self.spent = item, "", False, not self.joined, False

    def _doubt(self, item: Item, after: Item | None) -> None:
        """Cast a doubt ahead, back or over the clause; "?circ" asks ahead and "circ?" back."""
        asks = _asks(item)
        touching = asks and after is not None and after.start == item.end and not _asks(after)
        if asks and not touching and self.before and self.before.end < item.start:
            self._open_last()
            touching = True
        ended = after is None or after.sense in _ENDED
        of_level = bool(self.meanings) and self.meanings[-1].item.sense == "levels"
        ahead = item.sense in {"next", "around"} or touching or (item.sense == "last" and of_level and not ended)
        if item.sense in {"clause", "time"}:
            self.doubted = self.doubted or item.sense == "clause"
            self.timed = self.timed or item.sense == "time"
        elif ahead or not self.meanings:
            self.doubt = item
        else:
            self._open_last()

    def _open_last(self) -> None:
        if self.meanings:
            self.meanings[-1] = self.meanings[-1]._replace(truth=Truth.open)


def meanings(items: list[Item]) -> list[Meaning]:
    """Give the meanings of a note with what it makes of each; separators and "but" end a clause."""
    clause = _Clause(0)
    closed: list[Meaning] = []
    for item, after in zip_longest(items, items[1:]):
        if item.sense in {"sep", "break"}:
            closed = _closed(closed, clause)
            pending = clause.pending if set(item.words[0]) == {"\n"} else None
            clause = _Clause(clause.number + 1, doubt=pending)
        else:
            clause.take(item, after)
    return _closed(closed, clause)


def _closed(before: list[Meaning], clause: _Clause) -> list[Meaning]:
    """Add the meanings of a clause; one that is nothing but a doubt falls on what was said last before it."""
    found = clause.close()
    if (
        before
        and not found
        and clause.only_doubts
        and not (clause.spares_levels and before[-1].item.sense == "levels")
    ):
        return [*before[:-1], before[-1]._replace(truth=Truth.open)]
    return before + found


def _question(item: Item) -> str:
    """Give the code of the question that a phrase touches; what touches none is told apart by its scale."""
    if isinstance(item.sense, Topic):
        return item.sense.question or item.sense.scale
    return item.sense.question if isinstance(item.sense, Answer) else str(item.sense)


def _answers(item: Item) -> str:
    """Give the code of the question that a phrase answers, or that it would if it were denied."""
    answers = isinstance(item.sense, Answer) or (isinstance(item.sense, Topic) and item.sense.denied_answer)
    return _question(item) if answers else ""


def _same(one: Meaning, two: Meaning) -> bool:
    """Tell whether two topics are said of the same."""
    topics = [meaning.item.sense for meaning in (one, two) if isinstance(meaning.item.sense, Topic)]
    return one.truth is two.truth and [topic.scale for topic in topics] == [topics[0].scale] * 2


def _asks(item: Item) -> bool:
    return item.sense == "mark" and item.piece.words == ("?",)
