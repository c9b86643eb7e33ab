"""Leave an answer open that stands beside a word the reader does not know, or that belongs to another noun."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flows.notes.lexicon import Answer, Lexicon, Topic
from flows.notes.matcher import Item
from flows.notes.scope import Meaning, Truth
from flows.notes.tokenizer import HIDDEN

_PASSED: Final = frozenset(
    {"filler", "lesion", "spine", "pathology", "neutral", "mark", "value", "tick", "cross", "empty"}
)
_OPAQUE: Final = frozenset({"word", "number", "other", "degree"})
_SINCE: Final = frozenset({("since",), ("seit",)})
_IDLE: Final = frozenset(
    {("is",), ("are",), ("at",), ("present",), ("currently",), ("now",), ("ist",), ("aktuell",), ("noted",)}
)
_AWAY: Final = frozenset({("to",), ("from",), ("by",), ("known",), ("bis",), ("down",), ("ab",)})
_HERE: Final = frozenset({("level",), ("levels",), ("this",), ("der",), ("dieser",), ("höhe",)})
_PLACING: Final = frozenset(
    {"to", "at", "in", "on", "of", "over", "near", "around", "within", "for", "an", "der", "am", "im"}
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_SECONDARY_TO: Final = "2/2"
_PICTURE: Final = re.compile(r"[\u2600-\U0001faff\ufe0f]")


def settled(lexicon: Lexicon, text: str, items: Sequence[Item], found: Sequence[Meaning]) -> list[Meaning]:
    """Return the meanings, those open that do not stand among what is known."""
    checker = _Checker(lexicon, text, items, found)
    return [meaning._replace(truth=Truth.open) if checker.doubts(meaning) else meaning for meaning in found]


class _Checker:
    """Looks at what stands on both sides of a meaning."""

    def __init__(self, lexicon: Lexicon, text: str, items: Sequence[Item], found: Sequence[Meaning]) -> None:
        self._text = text
        self._items = items
        self._first = {item.start: place for place, item in enumerate(items)}
        self._last = {item.end: place for place, item in enumerate(items)}
        self._denied = {meaning.item.start for meaning in found if meaning.truth is Truth.denied}
        self._treated = frozenset(lexicon.levels.treated)

    def doubts(self, meaning: Meaning) -> bool:
        """Return whether something beside a meaning leaves it open."""
        sense, truth = meaning.item.sense, meaning.truth
        if isinstance(sense, Topic) and sense.name in self._treated:
            return truth is Truth.denied and self._placed(meaning)
        answers = isinstance(sense, Answer) and truth is Truth.said
        answers |= isinstance(sense, Topic) and truth is Truth.denied and bool(sense.denied_answer)
        answers |= isinstance(sense, Topic) and truth is Truth.said and sense.name == "unfit"
        if not answers:
            return False
        nothing = isinstance(sense, Answer) and (sense.question, sense.code) == ("prior", "none")
        compound = isinstance(sense, Topic) and truth is Truth.denied and self._compound(meaning)
        return (
            (nothing and (self._placed(meaning) or self._of_paper(meaning)))
            or compound
            or self._left(meaning)
            or self._right(meaning)
        )

    def _compound(self, meaning: Meaning) -> bool:
        """Return whether a word stands between a "no" and the deficit that it would deny: "no sphincter deficit"."""
        at = self._first.get(meaning.item.start, 0) - 1
        if meaning.start == meaning.item.start:
            return False
        while at >= 0 and self._items[at].sense in {"filler", "mark", "degree", "lesion"}:
            at -= 1
        return at >= 0 and (
            isinstance(self._items[at].sense, Topic) or self._items[at].sense in {"word", "neutral", "spine"}
        )

    def _left(self, meaning: Meaning) -> bool:
        at = self._first.get(meaning.start, 0) - 1
        while at >= 0 and self._passes(self._items[at]):
            if self._items[at].words == ("=",):
                return False
            at -= 1
        if at < 0:
            return False
        item = self._items[at]
        if isinstance(item.sense, Topic):
            if item.sense.denied_answer and item.start in self._denied:
                return False
            earlier = item.sense.name in {"history", "after"} and not _of_prior(meaning)
            return earlier or self._estranged(meaning, item.sense)
        if self._hidden(item):
            return True
        share = item.sense == "percent" and getattr(meaning.item.sense, "question", "") == "extent"
        return share or self._opaque(at)

    def _right(self, meaning: Meaning) -> bool:
        bare = isinstance(meaning.item.sense, Topic) and meaning.item.sense.bare
        unlike = frozenset(getattr(meaning.item.sense, "not_before", ()))
        first = at = self._last.get(meaning.item.end, len(self._items)) + 1
        away = False
        noun = isinstance(meaning.item.sense, Answer) and meaning.item.sense.topics_behind is not None
        while at < len(self._items) and (
            self._idle(self._items[at])
            if bare
            else self._passes(self._items[at]) or (noun and self._breaks_line(self._items[at]))
        ):
            if self._items[at].words in _SINCE:
                return False
            away = away or self._items[at].words in _AWAY
            if self._items[at].words[:1] and self._items[at].words[0] in unlike:
                return True
            at += 1
        at = self._past_degree(at)
        if away:
            return True
        if at >= len(self._items):
            return False
        item = self._items[at]
        if item.words[:1] and item.words[0] in unlike:
            return True
        if item.sense == "sep":
            return self._bracketed(meaning, at) or (self._hidden(item) and not (at == first and self._sturdy(meaning)))
        if isinstance(item.sense, Topic):
            opened = getattr(meaning.item.sense, "question", "") in item.sense.opens
            return bare or opened or item.sense.name == "after" or self._estranged(meaning, item.sense)
        if item.sense == "around" or (item.sense == "number" and _YEAR.fullmatch(item.words[0])):
            return True
        return (
            self._opaque(at)
            or (noun and item.sense == "apart")
            or (bare and item.sense in {"neutral", "apart", "filler", *_PASSED})
        )

    def _hidden(self, item: Item) -> bool:
        """Return whether something was hidden there, and nothing else parts it from what stands beside."""
        return set(self._covered(item).strip(" ")) == {HIDDEN}

    def _breaks_line(self, item: Item) -> bool:
        """Return whether a line ends there, which may part an adjective from its noun."""
        return item.sense == "sep" and set(item.words[0]) == {"\n"}

    def _sturdy(self, meaning: Meaning) -> bool:
        """Return whether a denial stands though a name follows: "no deficit" does, "no neuro" does not."""
        return isinstance(meaning.item.sense, Topic) and not meaning.item.sense.bare

    def _past_degree(self, at: int) -> int:
        """Return the place of the topic that words of degree go with: "unfit due to severe COPD"."""
        place = at
        while place < len(self._items) and self._items[place].sense == "degree":
            place += 1
        return place if place < len(self._items) and isinstance(self._items[place].sense, Topic) else at

    def _idle(self, item: Item) -> bool:
        """Return whether an item carries nothing even behind a word that denies only where it ends: "no neuro"."""
        return item.sense in {"mark", "value"} or item.words in _IDLE

    def _covered(self, item: Item) -> str:
        return self._text[item.start : item.end]

    def _bracketed(self, meaning: Meaning, at: int) -> bool:
        """Return whether a bracket right behind an answer says something unknown of it."""
        if not self._covered(self._items[at]).strip().endswith(("(", "[")):
            return False
        at += 1
        while at < len(self._items) and self._passes(self._items[at]):
            at += 1
        if at >= len(self._items):
            return False
        sense = self._items[at].sense
        if isinstance(sense, Topic):
            question = getattr(meaning.item.sense, "question", "")
            return sense.name == "after" or question in sense.opens or self._estranged(meaning, sense)
        return self._opaque(at) or self._hidden(self._items[at])

    def _passes(self, item: Item) -> bool:
        return item.sense in _PASSED or (item.sense == "other" and bool(_PICTURE.fullmatch(self._covered(item))))

    def _opaque(self, at: int) -> bool:
        """Return whether nobody knows what an item makes of an answer beside it."""
        item = self._items[at]
        if item.sense != "number":
            return item.sense in _OPAQUE
        before = next((one for one in reversed(self._items[:at]) if one.sense != "mark"), None)
        said = self._text[item.start : item.start + len(_SECONDARY_TO)]
        year = _YEAR.fullmatch(item.words[0]) or said == _SECONDARY_TO
        return not year and not (before and before.sense == "neutral") and not self._ends_with(item, _SECONDARY_TO)

    def _ends_with(self, item: Item, text: str) -> bool:
        return self._text[: item.end].endswith(text)

    def _estranged(self, meaning: Meaning, topic: Topic) -> bool:
        """Return whether an answer beside a topic is said of that: "circumferential pain"."""
        sense = meaning.item.sense
        if isinstance(sense, Topic):
            return topic.name in sense.not_beside
        if not isinstance(sense, Answer):
            return False
        return topic.name in sense.not_beside or (
            sense.topics_behind is not None and topic.name not in sense.topics_behind
        )

    def _placed(self, meaning: Meaning) -> bool:
        """Return whether a denied treatment is denied for one place, or for what is no treatment: "no op note"."""
        at = self._last.get(meaning.item.end, len(self._items)) + 1
        placing = False
        while at < len(self._items) and (
            self._items[at].sense in {"filler", "mark", "value", "degree", "neutral"}
            or self._items[at].words == ("before",)
        ):
            words = self._items[at].words
            if placing and words in _HERE:
                return True
            placing = placing or (len(words) == 1 and words[0] in _PLACING)
            at += 1
        if at >= len(self._items):
            return False
        item = self._items[at]
        if item.sense == "sep":
            return self._alone_in_place(at + 1)
        if isinstance(item.sense, Topic):
            return item.sense.name == "spine" or (placing and item.sense.question != "prior")
        return item.sense in {"spine", "levels"} or self._opaque(at)

    def _of_paper(self, meaning: Meaning) -> bool:
        """Return whether a word follows that makes a treatment something on paper: "no prior treatment plan"."""
        at = self._last.get(meaning.item.end, len(self._items)) + 1
        return at < len(self._items) and self._items[at].sense == "neutral"

    def _alone_in_place(self, at: int) -> bool:
        """Return whether the next clause names a place of the spine and nothing else: "no prior RT (spine)"."""
        named = False
        while at < len(self._items) and self._items[at].sense not in {"sep", "break"}:
            item = self._items[at]
            if item.sense == "spine" or (isinstance(item.sense, Topic) and item.sense.name == "spine"):
                named = True
            elif item.sense not in {"filler", "mark"}:
                return False
            at += 1
        return named


def _of_prior(meaning: Meaning) -> bool:
    return getattr(meaning.item.sense, "question", "") == "prior"
