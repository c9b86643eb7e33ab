"""One small algebra of conditions over findings, read with three values: true, false, still unknown.

The same condition decides when a question is asked, when a rule fires and what an edge of the chart says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flows.model.findings import Findings
from flows.model.levels import within

TruthValue = bool | None
"""True, False, or None where an answer that is still missing could make it either."""


class Condition(ABC):
    """Something that findings make true or false."""

    __slots__ = ()

    @abstractmethod
    def evaluate(self, findings: Findings) -> TruthValue:
        """Read the condition; a question that is not asked makes every condition on it false."""

    def walk(self) -> Iterator[Condition]:
        """Return the condition and every condition within it."""
        yield self


@dataclass(frozen=True, slots=True)
class Always(Condition):
    """Holds for every patient."""

    def evaluate(self, findings: Findings) -> TruthValue:  # noqa: ARG002 - it looks at nothing
        """Hold."""
        return True


@dataclass(frozen=True, slots=True, init=False)
class Is(Condition):
    """The answer to `question` is one of `codes`."""

    question: str
    codes: tuple[str, ...]
    _codes: frozenset[str]

    def __init__(self, question: str, *codes: str) -> None:
        """Store the codes as they read: `Is("fitness", "fit", "undecided")`."""
        object.__setattr__(self, "question", question)
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "_codes", frozenset(codes))

    def evaluate(self, findings: Findings) -> TruthValue:
        """Compare the answer."""
        answer = findings.get(self.question)
        return None if answer is None else not self._codes.isdisjoint(answer)


@dataclass(frozen=True, slots=True)
class AnyLevel(Condition):
    """Some level lies between `first` and `last`, both included."""

    first: str
    last: str

    def evaluate(self, findings: Findings) -> TruthValue:
        """Look for one such level."""
        levels = findings.get("levels")
        return None if levels is None else not within(self.first, self.last).isdisjoint(levels)


@dataclass(frozen=True, slots=True)
class Count(Condition):
    """The answer to `question` names exactly `exactly` choices."""

    question: str
    exactly: int

    def evaluate(self, findings: Findings) -> TruthValue:
        """Count the choices."""
        answer = findings.get(self.question)
        return None if answer is None else len(answer) == self.exactly


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """A question of a score: the points of each of its choices, by code."""

    question: str
    points: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Scores(Condition):
    """The points of the answers to `items` add up to a total from `least` to `most`, both included."""

    items: tuple[ScoreItem, ...]
    least: int
    most: int

    def evaluate(self, findings: Findings) -> TruthValue:
        """Compare every total that is still possible; a question that is not asked adds nothing."""
        inside = {self.least <= total <= self.most for total in totals(self.items, findings)}
        return inside.pop() if len(inside) == 1 else None


def totals(items: Iterable[ScoreItem], findings: Findings) -> frozenset[int]:
    """Return every total that the findings leave possible; just one where every item has its finding."""
    possible = {0}
    for item in items:
        given = findings.get(item.question)
        open_to = {points for _, points in item.points}
        added = open_to if given is None else {sum(points for code, points in item.points if code in given)}
        possible = {total + points for total in possible for points in added}
    return frozenset(possible)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The condition does not hold."""

    condition: Condition

    def evaluate(self, findings: Findings) -> TruthValue:
        """Turn true and false; unknown stays unknown."""
        truth = self.condition.evaluate(findings)
        return None if truth is None else not truth

    def walk(self) -> Iterator[Condition]:
        """Return the condition and every condition within it."""
        yield self
        yield from self.condition.walk()


class _Group(Condition):
    """Several conditions read together; `_decides` is the value of one that settles the whole."""

    __slots__ = ("conditions",)
    conditions: tuple[Condition, ...]
    _decides: bool

    def __init__(self, *conditions: Condition) -> None:
        """Store the conditions as they read: `Every(FIT, UPPER)`."""
        self.conditions = conditions

    def evaluate(self, findings: Findings) -> TruthValue:
        """Read until one settles it; else unknown if any is unknown."""
        unknown = False
        for condition in self.conditions:
            truth = condition.evaluate(findings)
            if truth is self._decides:
                return truth
            unknown = unknown or truth is None
        return None if unknown else not self._decides

    def walk(self) -> Iterator[Condition]:
        """Return the condition and every condition within it."""
        yield self
        for condition in self.conditions:
            yield from condition.walk()


class AllOf(_Group):
    """All of the conditions hold."""

    __slots__ = ()
    _decides = False


class AnyOf(_Group):
    """At least one of the conditions holds."""

    __slots__ = ()
    _decides = True
