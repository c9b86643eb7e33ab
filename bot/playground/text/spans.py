"""Stretches of a text, from the first to behind the last UTF-16 unit: which meet, and what is left of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeAlias

from bot.playground.storage import Json

Span: TypeAlias = tuple[int, int]


def span(entity: Json) -> Span:
    """Return the stretch that an entity covers."""
    return entity["offset"], entity["offset"] + entity["length"]


def covered(text: str, stretch: Span) -> str:
    """Return the text in a stretch, or nothing where it lies behind the end."""
    begin, end = stretch
    return text.encode("utf-16-le")[2 * begin : 2 * max(begin, end)].decode("utf-16-le", "replace")


def meet(one: Span, other: Span) -> bool:
    """Return whether two stretches share a unit."""
    return one[0] < other[1] and other[0] < one[1]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Join the stretches that touch or overlap."""
    result: list[Span] = []
    for begin, end in sorted(spans):
        if result and begin <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((begin, end))
    return result


def without(spans: Iterable[Span], holes: list[Span]) -> Iterator[Span]:
    """Cut holes, given in their order, out of stretches."""
    for begin, end in spans:
        edges = [begin, *(edge for hole in holes if meet((begin, end), hole) for edge in hole), end]
        yield from ((left, right) for left, right in list(pairwise(edges))[::2] if left < right)
