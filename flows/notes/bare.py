"""Bare words that are answers only among answers: "T8 fit intact body limited", but not "pedicles intact"."""

from __future__ import annotations

from itertools import groupby

from flows.notes.lexicon import Answer, Lexicon
from flows.notes.matcher import Item

_AHEAD = ("levels", "scale")
_BEHIND = ("levels", "scale", "no")


def bared(lexicon: Lexicon, items: list[Item]) -> list[Item]:
    """Turn each run of bare words that stands among answers into those answers."""
    heard: list[Item] = []
    for is_bare, group in groupby(items, key=lambda item: _word(item) in lexicon.barely):
        run = list(group)
        behind = items[len(heard) + len(run)] if len(heard) + len(run) < len(items) else None
        if is_bare and _leads(heard, lexicon, run[0]) and _ends(behind):
            run = [item._replace(sense=lexicon.barely[_word(item)][0]) for item in run]
        heard += run
    return heard


def _leads(before: list[Item], lexicon: Lexicon, first: Item) -> bool:
    """Tell whether an answer, levels or a scale stands before a bare word, and may."""
    parted = bool(before) and _parts(before[-1])
    last = next(reversed(before[:-1] if parted else before), None)
    if last is None:
        return False
    if not isinstance(last.sense, Answer) and last.sense not in _AHEAD:
        return False
    _, bare = lexicon.barely[_word(first)]
    after = last.sense.question if isinstance(last.sense, Answer) else last.sense
    return after not in bare.never_after and (parted or after not in bare.not_after)


def _ends(behind: Item | None) -> bool:
    """Tell whether a bare word ends there: with the note, a separator, an answer, levels, or a "no"."""
    return behind is None or isinstance(behind.sense, Answer) or behind.sense in _BEHIND or _parts(behind)


def _parts(item: Item) -> bool:
    """Tell whether an item parts answers: a separator, or a stroke as in "fit / intact / body"."""
    return item.sense == "sep" or item.piece.words == ("/",)


def _word(item: Item) -> str:
    """Give the only word of an item; nothing where it has more."""
    piece = item.piece
    alone = piece.kind == "word" and len(piece.words) == 1 and (piece.start, piece.end) == (item.start, item.end)
    return piece.words[0] if alone else ""
