"""The levels T1 to L5: their anatomical order, and how a choice of them is written."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

LEVELS: Final = tuple([f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)])
"""Every level in scope, from above downwards."""

_PLACE: Final = {level: place for place, level in enumerate(LEVELS)}


def between(first: str, last: str) -> tuple[str, ...]:
    """Return the levels from `first` to `last`, both included.

    Raises:
        KeyError: where one of them is no level from T1 to L5.
    """
    return LEVELS[_PLACE[first] : _PLACE[last] + 1]


@cache
def within(first: str, last: str) -> frozenset[str]:
    """Return the same levels, to look one up among them.

    Raises:
        KeyError: where one of them is no level from T1 to L5.
    """
    return frozenset(between(first, last))


def in_order(levels: Iterable[str]) -> tuple[str, ...]:
    """Return the levels in anatomical order, each once.

    Raises:
        KeyError: where one of them is no level from T1 to L5.
    """
    return tuple(sorted(set(levels), key=_PLACE.__getitem__))


def as_spans(levels: Iterable[str]) -> str:
    """Write levels as a clinician does: "T4, T11–L1"; levels that follow each other are a span."""
    runs: list[list[str]] = []
    for level in in_order(levels):
        if runs and _PLACE[level] == _PLACE[runs[-1][-1]] + 1:
            runs[-1].append(level)
        else:
            runs.append([level])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def with_count(levels: Iterable[str]) -> str:
    """Write levels with their count: "T11–L1 · 3 levels"."""
    chosen = in_order(levels)
    return f"{as_spans(chosen)} · {len(chosen)} level{'' if len(chosen) == 1 else 's'}"
