"""Bare words that are answers only among answers: "T8 fit intact body limited", but not "pedicles intact"."""

from __future__ import annotations

from itertools import groupby

from flows.notes.lexicon import Answer, Lexicon
from flows.notes.matcher import Match

_AHEAD = ("levels", "scale")
_BEHIND = ("levels", "scale", "no")


def bared(lexicon: Lexicon, matches: list[Match]) -> list[Match]:
    """Turn each run of bare words that stands among answers into those answers."""
    finding: list[Match] = []
    for is_bare, group in groupby(matches, key=lambda match_: _word(match_) in lexicon.barely):
        run = list(group)
        behind = matches[len(finding) + len(run)] if len(finding) + len(run) < len(matches) else None
        if is_bare and _leads(finding, lexicon, run[0]) and _ends(behind):
            run = [match_._replace(sense=lexicon.barely[_word(match_)][0]) for match_ in run]
        finding += run
    return finding


def _leads(before: list[Match], lexicon: Lexicon, first: Match) -> bool:
    """Return whether an answer, levels or a scale stands before a bare word, and may."""
    parted = bool(before) and _parts(before[-1])
    last = next(reversed(before[:-1] if parted else before), None)
    if last is None:
        return False
    if not isinstance(last.sense, Answer) and last.sense not in _AHEAD:
        return False
    _, bare = lexicon.barely[_word(first)]
    after = last.sense.question if isinstance(last.sense, Answer) else last.sense
    return after not in bare.never_after and (parted or after not in bare.not_after)


def _ends(behind: Match | None) -> bool:
    """Return whether a bare word ends there: with the note, a separator, an answer, levels, or a "no"."""
    return behind is None or isinstance(behind.sense, Answer) or behind.sense in _BEHIND or _parts(behind)


def _parts(match_: Match) -> bool:
    """Return whether an item parts answers: a separator, or a stroke as in "fit / intact / body"."""
    return match_.sense == "sep" or match_.token.words == ("/",)


def _word(match_: Match) -> str:
    """Return the only word of an item; nothing where it has more."""
    token = match_.token
    alone = token.kind == "word" and len(token.words) == 1 and (token.start, token.end) == (match_.start, match_.end)
    return token.words[0] if alone else ""
