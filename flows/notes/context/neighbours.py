"""Leave an answer open that stands beside a word the reader does not know, or that belongs to another noun."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flows.notes.lexicon import Answer, Lexicon, Topic
from flows.notes.matcher import Match
from flows.notes.scope import Mention, Polarity
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


def settled(lexicon: Lexicon, text: str, matches: Sequence[Match], found: Sequence[Mention]) -> list[Mention]:
    """Return the meanings, those open that do not stand among what is known."""
    checker = _Checker(lexicon, text, matches, found)
    return [mention._replace(polarity=Polarity.uncertain) if checker.doubts(mention) else mention for mention in found]


class _Checker:
    """Looks at what stands on both sides of a meaning."""

    def __init__(self, lexicon: Lexicon, text: str, matches: Sequence[Match], found: Sequence[Mention]) -> None:
        self._text = text
        self._items = matches
        self._first = {match_.start: place for place, match_ in enumerate(matches)}
        self._last = {match_.end: place for place, match_ in enumerate(matches)}
        self._denied = {mention.match.start for mention in found if mention.polarity is Polarity.negated}
        self._treated = frozenset(lexicon.levels.treated)

    def doubts(self, mention: Mention) -> bool:
        """Return whether something beside a meaning leaves it open."""
        sense, polarity = mention.match.sense, mention.polarity
        if isinstance(sense, Topic) and sense.name in self._treated:
            return polarity is Polarity.negated and self._placed(mention)
        answers = isinstance(sense, Answer) and polarity is Polarity.affirmed
        answers |= isinstance(sense, Topic) and polarity is Polarity.negated and bool(sense.denied_answer)
        answers |= isinstance(sense, Topic) and polarity is Polarity.affirmed and sense.name == "unfit"
        if not answers:
            return False
        nothing = isinstance(sense, Answer) and (sense.question, sense.code) == ("prior", "none")
        compound = isinstance(sense, Topic) and polarity is Polarity.negated and self._compound(mention)
        return (
            (nothing and (self._placed(mention) or self._of_paper(mention)))
            or compound
            or self._left(mention)
            or self._right(mention)
        )

    def _compound(self, mention: Mention) -> bool:
        """Return whether a word stands between a "no" and the deficit that it would deny: "no sphincter deficit"."""
        at = self._first.get(mention.match.start, 0) - 1
        if mention.start == mention.match.start:
            return False
        while at >= 0 and self._items[at].sense in {"filler", "mark", "degree", "lesion"}:
            at -= 1
        return at >= 0 and (
            isinstance(self._items[at].sense, Topic) or self._items[at].sense in {"word", "neutral", "spine"}
        )

    def _left(self, mention: Mention) -> bool:
        at = self._first.get(mention.start, 0) - 1
        while at >= 0 and self._passes(self._items[at]):
            if self._items[at].words == ("=",):
                return False
            at -= 1
        if at < 0:
            return False
        match_ = self._items[at]
        if isinstance(match_.sense, Topic):
            if match_.sense.denied_answer and match_.start in self._denied:
                return False
            earlier = match_.sense.name in {"history", "after"} and not _of_prior(mention)
            return earlier or self._estranged(mention, match_.sense)
        if self._hidden(match_):
            return True
        share = match_.sense == "percent" and getattr(mention.match.sense, "question", "") == "extent"
        return share or self._opaque(at)

    def _right(self, mention: Mention) -> bool:
        bare = isinstance(mention.match.sense, Topic) and mention.match.sense.bare
        unlike = frozenset(getattr(mention.match.sense, "not_before", ()))
        first = at = self._last.get(mention.match.end, len(self._items)) + 1
        away = False
        noun = isinstance(mention.match.sense, Answer) and mention.match.sense.topics_behind is not None
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
        match_ = self._items[at]
        if match_.words[:1] and match_.words[0] in unlike:
            return True
        if match_.sense == "sep":
            return self._bracketed(mention, at) or (
                self._hidden(match_) and not (at == first and self._sturdy(mention))
            )
        if isinstance(match_.sense, Topic):
            opened = getattr(mention.match.sense, "question", "") in match_.sense.opens
            return bare or opened or match_.sense.name == "after" or self._estranged(mention, match_.sense)
        if match_.sense == "around" or (match_.sense == "number" and _YEAR.fullmatch(match_.words[0])):
            return True
        return (
            self._opaque(at)
            or (noun and match_.sense == "apart")
            or (bare and match_.sense in {"neutral", "apart", "filler", *_PASSED})
        )

    def _hidden(self, match_: Match) -> bool:
        """Return whether something was hidden there, and nothing else parts it from what stands beside."""
        return set(self._covered(match_).strip(" ")) == {HIDDEN}

    def _breaks_line(self, match_: Match) -> bool:
        """Return whether a line ends there, which may part an adjective from its noun."""
        return match_.sense == "sep" and set(match_.words[0]) == {"\n"}

    def _sturdy(self, mention: Mention) -> bool:
        """Return whether a denial stands though a name follows: "no deficit" does, "no neuro" does not."""
        return isinstance(mention.match.sense, Topic) and not mention.match.sense.bare

    def _past_degree(self, at: int) -> int:
        """Return the place of the topic that words of degree go with: "unfit due to severe COPD"."""
        place = at
        while place < len(self._items) and self._items[place].sense == "degree":
            place += 1
        return place if place < len(self._items) and isinstance(self._items[place].sense, Topic) else at

    def _idle(self, match_: Match) -> bool:
        """Return whether an item carries nothing even behind a word that denies only where it ends: "no neuro"."""
        return match_.sense in {"mark", "value"} or match_.words in _IDLE

    def _covered(self, match_: Match) -> str:
        return self._text[match_.start : match_.end]

    def _bracketed(self, mention: Mention, at: int) -> bool:
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
            question = getattr(mention.match.sense, "question", "")
            return sense.name == "after" or question in sense.opens or self._estranged(mention, sense)
        return self._opaque(at) or self._hidden(self._items[at])

    def _passes(self, match_: Match) -> bool:
        return match_.sense in _PASSED or (match_.sense == "other" and bool(_PICTURE.fullmatch(self._covered(match_))))

    def _opaque(self, at: int) -> bool:
        """Return whether nobody knows what an item makes of an answer beside it."""
        match_ = self._items[at]
        if match_.sense != "number":
            return match_.sense in _OPAQUE
        before = next((one for one in reversed(self._items[:at]) if one.sense != "mark"), None)
        said = self._text[match_.start : match_.start + len(_SECONDARY_TO)]
        year = _YEAR.fullmatch(match_.words[0]) or said == _SECONDARY_TO
        return not year and not (before and before.sense == "neutral") and not self._ends_with(match_, _SECONDARY_TO)

    def _ends_with(self, match_: Match, text: str) -> bool:
        return self._text[: match_.end].endswith(text)

    def _estranged(self, mention: Mention, topic: Topic) -> bool:
        """Return whether an answer beside a topic is said of that: "circumferential pain"."""
        sense = mention.match.sense
        if isinstance(sense, Topic):
            return topic.name in sense.not_beside
        if not isinstance(sense, Answer):
            return False
        return topic.name in sense.not_beside or (
            sense.topics_behind is not None and topic.name not in sense.topics_behind
        )

    def _placed(self, mention: Mention) -> bool:
        """Return whether a denied treatment is denied for one place, or for what is no treatment: "no op note"."""
        at = self._last.get(mention.match.end, len(self._items)) + 1
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
        match_ = self._items[at]
        if match_.sense == "sep":
            return self._alone_in_place(at + 1)
        if isinstance(match_.sense, Topic):
            return match_.sense.name == "spine" or (placing and match_.sense.question != "prior")
        return match_.sense in {"spine", "levels"} or self._opaque(at)

    def _of_paper(self, mention: Mention) -> bool:
        """Return whether a word follows that makes a treatment something on paper: "no prior treatment plan"."""
        at = self._last.get(mention.match.end, len(self._items)) + 1
        return at < len(self._items) and self._items[at].sense == "neutral"

    def _alone_in_place(self, at: int) -> bool:
        """Return whether the next clause names a place of the spine and nothing else: "no prior RT (spine)"."""
        named = False
        while at < len(self._items) and self._items[at].sense not in {"sep", "break"}:
            match_ = self._items[at]
            if match_.sense == "spine" or (isinstance(match_.sense, Topic) and match_.sense.name == "spine"):
                named = True
            elif match_.sense not in {"filler", "mark"}:
                return False
            at += 1
        return named


def _of_prior(mention: Mention) -> bool:
    return getattr(mention.match.sense, "question", "") == "prior"
