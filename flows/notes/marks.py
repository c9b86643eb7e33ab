"""Find what puts a case outside the scope of the source: asymptomatic, stable, a low score, a primary tumour."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from flows.model.source_scope import ScopeCode, ScopeMark
from flows.notes.context.targets import Targets
from flows.notes.lexicon import Lexicon, Topic
from flows.notes.matcher import Match
from flows.notes.scope import Mention, Polarity

_PASSED: Final = frozenset({"filler", "lesion", "spine", "pathology", "degree", "value"})
_DENYING: Final = frozenset({"no", "not", "nil", "next", "gone"})
_DOUBTING: Final = frozenset({"last", "not", "no", "nil", "gone", "value", "cross", "empty"})
_ENDING: Final = frozenset({"sep", "break"})
_WHOLLY: Final = frozenset(
    {
        "clinically",
        "completely",
        "totally",
        "entirely",
        "fully",
        "otherwise",
        "klinisch",
        "komplett",
        "völlig",
        "incidental",
    }
)
_STABLE_SINS: Final = 6
_LOW_ESCC: Final = frozenset({"0", "1A", "1B"})
_METASTASIS: Final = re.compile(r"met|mets|metasta\w*|filiae?")


class Marked(NamedTuple):
    """A mark with the piece of the note that it came from."""

    mark: ScopeMark
    start: int
    end: int


def marked(lexicon: Lexicon, matches: Sequence[Match], meanings: Sequence[Mention], targets: Targets) -> list[Marked]:
    """Return what puts the case outside the scope, in the order of `ScopeCode`; nothing that is denied or doubtful."""
    found = [*_Words(lexicon, matches, targets).marked(), *_scores(meanings), *_levels(meanings, targets)]
    order = {code: place for place, code in enumerate(ScopeCode)}
    first = {one.mark: one for one in reversed(found)}
    return sorted(first.values(), key=lambda one: (order[one.mark.code], one.start))


def _scores(meanings: Sequence[Mention]) -> Iterator[Marked]:
    """Return the scores that say stable, or low-grade."""
    unstable = [mention for mention in meanings if _high_sins(mention)]
    for mention in meanings:
        if mention.polarity is not Polarity.affirmed or mention.match.sense != "scale":
            continue
        name, value = mention.match.token.words
        if name == "SINS" and (score := re.fullmatch(r"=?\s?(\d+)(?:\s?/\s?18|\s?(?:[-–]|to)\s?(\d+))?", value)):
            highest = score[2] or score[1]
            if int(highest) <= _STABLE_SINS and not unstable:
                yield Marked(ScopeMark(ScopeCode.sins, highest), mention.start, mention.match.end)
        elif name == "ESCC" and value.upper() in _LOW_ESCC:
            yield Marked(ScopeMark(ScopeCode.escc, value.lower()), mention.start, mention.match.end)


def _high_sins(mention: Mention) -> bool:
    """Return whether a score says that some level is not stable."""
    if mention.match.sense != "scale" or mention.match.token.words[0] != "SINS":
        return False
    return any(
        int(number) > _STABLE_SINS for number in re.findall(r"\d+", mention.match.token.words[1].partition("/")[0])
    )


def _levels(meanings: Sequence[Mention], targets: Targets) -> Iterator[Marked]:
    """Return the vertebrae outside T1–L5 that are to be treated."""
    for group in targets.groups:
        if targets.truth(group) is Polarity.affirmed:
            for match_ in (meanings[place].match for place in group.places):
                if match_.token.outside:
                    yield Marked(ScopeMark(ScopeCode.level, match_.token.words[0]), match_.start, match_.end)


class _Words:
    """Reads the words that name what is outside the scope."""

    def __init__(self, lexicon: Lexicon, matches: Sequence[Match], targets: Targets) -> None:
        self._words = lexicon.scope
        self._denials = frozenset(lexicon.values.deny)
        self._items = matches
        self._targets = targets
        self._metastatic = any(_METASTASIS.fullmatch(word) for match_ in matches for word in match_.words)

    def marked(self) -> Iterator[Marked]:
        """Return the words that are said, each with its mark."""
        checks: dict[str, tuple[ScopeCode, Callable[[int], bool]]] = {
            "asymptomatic": (ScopeCode.asymptomatic, self._without_symptoms),
            "intradural": (ScopeCode.intradural, lambda _: True),
            "primary": (ScopeCode.primary, self._primary),
            "stable": (ScopeCode.stable_spine, self._stable),
        }
        for at, match_ in enumerate(self._items):
            if isinstance(match_.sense, str) and match_.sense in checks:
                code, check = checks[match_.sense]
                of_target = self._targets.nearest(match_.start, match_.end) is not Polarity.negated
                if of_target and self._affirmed(at) and check(at):
                    yield Marked(ScopeMark(code), match_.start, match_.end)

    def _affirmed(self, at: int) -> bool:
        """Return whether a word is neither denied nor doubted."""
        before, behind = self._beside(at, -1), self._beside(at, 1)
        if before and (before.sense in _DENYING or before.words == ("?",)):
            return False
        if behind and (
            behind.sense in _DOUBTING
            or behind.words == ("?",)
            or behind.words[:1] in {(word,) for word in self._denials}
        ):
            return False
        return not any(match_.sense in {"clause", "time", "not"} for match_ in self._clause(at))

    def _without_symptoms(self, at: int) -> bool:
        """Return whether it is the patient or the level that has no symptoms."""
        before, behind = self._beside(at, -1), self._beside(at, 1)
        adverb = before is not None and before.sense in {"word", "neutral", "apart"} and before.words[0] not in _WHOLLY
        other = behind is not None and behind.sense == "word"
        return not adverb and not other and not isinstance(before and before.sense, Topic)

    def _primary(self, at: int) -> bool:
        """Return whether a tumour is called primary, or is of a kind that is, and is no metastasis of one."""
        words = self._items[at].words
        if words[-1] in {"of", "at", "in"}:
            return at + 1 < len(self._items) and self._items[at + 1].sense == "levels"
        return words[0].startswith("prim") or not self._metastatic

    def _stable(self, at: int) -> bool:
        """Return whether it is a spine, a lesion, a fracture or a score that is called stable."""
        before, behind = self._next_to(at, -1), self._next_to(at, 1)
        if before and before.words[-1:] and before.words[-1] in self._words.stable_how:
            return True
        if before and before.sense in {"word", "neutral", "apart"} and before.words[-1] not in self._words.stable_what:
            return False
        return any(map(self._bony, (before, behind)))

    def _bony(self, match_: Match | None) -> bool:
        if match_ is None:
            return False
        if match_.sense == "levels":
            return True
        if match_.sense == "scale":
            return match_.token.words[0] == "SINS"
        return bool(set(match_.words) & set(self._words.stable_what))

    def _beside(self, at: int, step: int) -> Match | None:
        """Return what stands beside a word in its clause; what carries nothing is passed over."""
        at += step
        while 0 <= at < len(self._items) and self._passes(self._items[at]):
            at += step
        inside = 0 <= at < len(self._items) and self._items[at].sense not in _ENDING
        return self._items[at] if inside else None

    def _passes(self, match_: Match) -> bool:
        return match_.sense in _PASSED or (match_.sense == "mark" and match_.words != ("?",))

    def _next_to(self, at: int, step: int) -> Match | None:
        """Return what stands right beside a word."""
        at += step
        while 0 <= at < len(self._items) and self._items[at].sense in {"filler", "mark"}:
            at += step
        bracket = 0 <= at < len(self._items) and step < 0 and self._items[at].words[:1] == ("(",)
        at += step * bracket
        inside = 0 <= at < len(self._items) and self._items[at].sense not in _ENDING
        return self._items[at] if inside else None

    def _clause(self, at: int) -> Iterator[Match]:
        for step in (-1, 1):
            place = at + step
            while 0 <= place < len(self._items) and self._items[place].sense not in _ENDING:
                yield self._items[place]
                place += step
