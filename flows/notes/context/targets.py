"""Finds the levels of a note that are to be treated: a level needs a reason, and other contexts make it none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from flows.model.levels import LEVELS
from flows.notes.context.contexts import Found, Surroundings
from flows.notes.lexicon import Answer, LevelContext, Lexicon, Topic
from flows.notes.matcher import Match
from flows.notes.scope import Mention, Polarity
from flows.notes.tokenizer import HIDDEN

_PASSED: Final = frozenset({"filler", "mark", "spine", "degree", "value", "tick", "cross", "empty", "or", "and"})
_MARKS: Final = frozenset({"asymptomatic", "stable", "intradural", "primary"})
_LESIONS: Final = frozenset({"lesion", "pathology"})
_ENDING: Final = frozenset({"sep", "break"})
_ILL: Final = frozenset({"collapse", "pedicle"})
_TROUBLES: Final = frozenset({"deficit", "pain"})
"""The question and the scale of topics that tell where something is felt, more than where the tumour is."""

_FRACTURE: Final = frozenset(
    {"fracture", "fx", "#", "wedge", "wedging", "burst", "fraktur", "compression", "sinterung", "wirbelkörperfraktur"}
)
_BY_TUMOUR: Final = frozenset({"path", "pathological", "pathologic", "pathologische", "pathologique"})
_UNKNOWN: Final = frozenset({"word", "number", "other"})
_SPAN: Final = 3
"""A list of so many levels may be the span of a scan."""


_WORDS: Final = r"(?:\s|[^\W\d_]+\s){0,4}?"
_NUMBER_BEHIND: Final = re.compile(
    rf"\s*(?:[&+/–—-]|\b(?:and|und|to|bis|through|thru|till|until|plus|or|oder|bzw)\b)\s*{_WORDS}\d{{1,2}}(?![\w./%]|\s*(?:"
    r"[cm]m|m?g|kg|ml|gy|h|hrs?|hours?|weeks?|wks?|months?|mths?|days?|yrs?|years?|levels?|cycles?|fractions?|other|more|ribs?|/"
    r"|wochen|tage|monate|jahre|stunden|x|of|screws?|rods?))",
    re.IGNORECASE,
)
"""A number behind a level that may be one more of its list."""

_SPANNING: Final = re.compile(
    r"(?:\b(?:to|bis|through|thru|till|until|tot|or|oder|vs?|versus|bzw|than)\b|[–—→±~]|->|\s-\s)", re.IGNORECASE
)
_SPANNED: Final = re.compile(
    rf"\s*{_WORDS}(?:\b(?:to|bis|through|thru|till|until|tot|or|oder|vs?|versus|bzw|than)\b|[–—→±~-]|->|[.…]+)\s*{_WORDS}",
    re.IGNORECASE,
)
"""What stands between two levels that were meant as a span, or as one of two."""

_LISTED: Final = re.compile(
    r"[\s,&+/]*(?:(?:and|und|also|a|the|pt|patient|overall|der|die)\s+)+",
    re.IGNORECASE,
)
"""What stands between two levels of one list, beside what the grammar reads as a list."""


class Ground(Enum):
    """Why a level is to be treated, may be, or is not."""

    ill = "ill"
    weaker = "weaker"
    bare = "bare"
    first = "first"
    doubt = "doubt"
    nothing = "nothing"
    other = "other"


_SURE: Final = frozenset({Ground.ill, Ground.bare})
_WEAKER: Final = frozenset({Ground.weaker, Ground.first})
_NONE: Final = frozenset({Ground.nothing, Ground.other})


@dataclass(slots=True, eq=False)
class Group:
    """Levels that are listed together.

    Attributes:
        places: their places among the meanings.
        codes: the levels; as they were written where they lie outside T1–L5.
        ground: why they are to be treated, or are not.
        aside: what makes them none where another level stands in the note: "asymptomatic".
    """

    places: list[int]
    codes: frozenset[str]
    ground: Ground = Ground.nothing
    aside: LevelContext | None = None


class Targets:
    """The levels of a note, list by list."""

    def __init__(self, lexicon: Lexicon, text: str, matches: Sequence[Match], meanings: Sequence[Mention]) -> None:
        """Look at each level with what stands around it."""
        self._words = lexicon.levels
        self._marking = frozenset((word,) for word in self._words.symptomatic)
        self._harmless = frozenset(lexicon.levels.harmless)
        self._text = text
        self._items = matches
        self._meanings = meanings
        self._at = {match_.start: place for place, match_ in enumerate(matches)}
        self._truth = {mention.match.start: mention.polarity for mention in meanings}
        spans = [(one.match.start, one.match.end) for one in meanings if one.match.sense == "levels"]
        self._around = Surroundings(lexicon, text, spans) if spans else None
        self.groups = [Group(places, self._codes(places)) for whole in self._lists() for places in self._parts(whole)]
        for group in self.groups:
            self._judge(group)
        self._settle_unread()
        self._settle_next()
        self._settle_asides()
        self._settle_weaker()
        self._settle_symptomatic()

    def truth(self, group: Group) -> Polarity:
        """Return what becomes of the levels of a list: to be treated, doubtful, or none to be treated."""
        if group.ground is Ground.doubt:
            return Polarity.uncertain
        return Polarity.negated if group.ground in _NONE else Polarity.affirmed

    def called_intact(self) -> Iterator[int]:
        """Return the places of "intact" where it is said of a vertebra, and so of nothing else."""
        for group in self.groups:
            place = group.places[-1] + 1
            if group.aside and group.ground is Ground.other and place < len(self._meanings):
                mention = self._meanings[place]
                if mention.joined and isinstance(mention.match.sense, Answer) and len(mention.match.words) == 1:
                    yield place

    def nearest(self, start: int, end: int) -> Polarity:
        """Return what becomes of the level that stands nearest to a piece of the note."""

        def gap(group: Group) -> int:
            first, last = self._item(group.places[0]), self._item(group.places[-1])
            return max(first.start - end, start - last.end)

        return self.truth(min(self.groups, key=gap)) if self.groups else Polarity.affirmed

    # What a list is.

    def _lists(self) -> Iterator[list[int]]:
        """Return the places of the levels, list by list."""
        found: list[int] = []
        for place, mention in enumerate(self._meanings):
            if mention.match.sense != "levels":
                continue
            if found and not (mention.joined and found[-1] == place - 1 and self._goes_with(place)):
                yield found
                found = []
            found.append(place)
        if found:
            yield found

    def _goes_with(self, place: int) -> bool:
        """Return whether a level belongs to the one before it: none does in "T8 met with L5 weakness"."""
        between = self._items[self._place(place - 1) + 1 : self._place(place)]
        parting = any(match_.words[:1] == (word,) for match_ in between for word in self._words.parting)
        return not parting and not any(match_.sense in _LESIONS for match_ in between)

    def _parts(self, places: list[int]) -> Iterator[list[int]]:
        """Part a list at its last comma where what stands before or behind it is said of one end alone."""
        last = len(places) - 1
        if last and "," in self._text[self._item(places[-2]).end : self._item(places[-1]).start]:
            head, tail = places[:last], places[last:]
            noun = any(found.context.nouns for found in self._behind(tail))
            if noun or self._ill_behind(self._place(tail[0]) + 1, near=True):
                yield head
                yield tail
                return
        yield places

    def _codes(self, places: list[int]) -> frozenset[str]:
        matches = [self._item(place) for place in places]
        return frozenset(code for match_ in matches for code in match_.token.codes or (self._said(match_),))

    # What a list stands in.

    def _judge(self, group: Group) -> None:
        """Find why the levels of a list are to be treated, or are not."""
        first, last = self._place(group.places[0]), self._place(group.places[-1])
        ill = self._ill(first, last)
        for found in (*self._behind(group.places), *self._before(group.places), *self._near(group.places)):
            if found.context.others:
                group.aside = found.context
            elif not (found.weak and ill):
                group.ground = Ground.other
                return
        group.ground = self._ground(group, ill, first, last)

    def _ground(self, group: Group, ill: Ground | None, first: int, last: int) -> Ground:
        truths = {self._meanings[place].polarity for place in group.places}
        if any(map(self._treated, group.places)) or truths == {Polarity.negated}:
            return Ground.other
        if truths != {Polarity.affirmed}:
            return Ground.doubt
        if ill:
            return ill
        if self._around and self._around.doubtful(self._items[first].start, self._items[last].end):
            return Ground.doubt
        if group.aside or (self._known(first - 1, -1) and self._known(last + 1, 1)):
            return Ground.weaker if self._troubled(first - 1, -1) or self._troubled(last + 1, 1) else Ground.bare
        if self._coordinated(first - 1):
            return Ground.doubt
        return Ground.first if self._begins(first) else Ground.nothing

    def _behind(self, places: list[int]) -> Iterator[Found]:
        yield from self._contexts(places, behind=True)

    def _before(self, places: list[int]) -> Iterator[Found]:
        yield from self._contexts(places, behind=False)

    def _contexts(self, places: list[int], *, behind: bool) -> Iterator[Found]:
        if self._around:
            start, end = self._item(places[0]).start, self._item(places[-1]).end
            yield from self._around.beside(start, end, behind=behind, spans=self._spanning(places))
            yield from self._topics(places, behind=behind)

    def _near(self, places: list[int]) -> Iterator[Found]:
        if self._around:
            start, end = self._item(places[0]).start, self._item(places[-1]).end
            yield from self._around.near(start, end, spans=self._spanning(places))

    def _topics(self, places: list[int], *, behind: bool) -> Iterator[Found]:
        """Return the contexts that a topic right beside a level shows: "prostate ca T3"."""
        at, step = (self._place(places[-1]) + 1, 1) if behind else (self._place(places[0]) - 1, -1)
        start, end = self._item(places[0]).start, self._item(places[-1]).end
        while 0 <= at < len(self._items) and (self._items[at].sense in _PASSED or self._opens(at)):
            at += step
        sense = self._items[at].sense if 0 <= at < len(self._items) else None
        for context in self._words.topical:
            if isinstance(sense, Topic) and sense.name in context.topics and self._around:
                yield from self._around.fitting(context, start, end, spans=False)

    def _opens(self, at: int) -> bool:
        """Return whether a bracket opens there."""
        return self._items[at].sense == "sep" and self._items[at].words[:1] == ("(",)

    def _spanning(self, places: list[int]) -> bool:
        """Return whether a list is a span of many levels, or reaches outside T1–L5."""
        matches = [self._item(place) for place in places]
        return sum(len(match_.token.codes) for match_ in matches) >= _SPAN or any(
            match_.token.outside and len(self._said(match_)) > len("BWK 12") for match_ in matches
        )

    def _ill(self, first: int, last: int) -> Ground | None:
        """Return whether a lesion or a fracture stands with a list, in its clause and with no other level between."""
        return self._ill_behind(last + 1) or self._ill_before(first - 1)

    def _ill_behind(self, at: int, *, near: bool = False) -> Ground | None:
        first = True
        while at < len(self._items) and self._items[at].sense not in _ENDING and self._items[at].sense != "levels":
            match_ = self._items[at]
            if isinstance(match_.sense, Answer):
                of_bone = (
                    match_.sense.question in {"extent", "destruction"}
                    and self._truth.get(match_.start) is Polarity.affirmed
                )
                return Ground.ill if first and of_bone else None
            found = self._names(at)
            if found and (first or not self._leads(at + 1)):
                return found
            first = first and match_.sense in _PASSED
            if near and not first:
                return None
            at += 1
        return None

    def _ill_before(self, at: int) -> Ground | None:
        while at >= 0 and not isinstance(self._items[at].sense, Answer) and self._items[at].sense not in _ENDING:
            if self._items[at].sense == "levels":
                return None
            if (found := self._names(at)) and not self._owned(at - 1):
                return found
            at -= 1
        return None

    def _owned(self, at: int) -> bool:
        """Return whether a lesion that ends before this place belongs to the level before it: "T8 met with …"."""
        while at >= 0 and (self._items[at].sense in {"filler", "mark", "spine"} or self._items[at].sense in _LESIONS):
            at -= 1
        return at >= 0 and self._items[at].sense == "levels"

    def _names(self, at: int) -> Ground | None:
        """Return what an item says of the level beside it."""
        match_ = self._items[at]
        if match_.sense in _LESIONS or match_.words[:1] in self._marking:
            return Ground.ill
        said = (
            isinstance(match_.sense, Topic)
            and match_.sense.name in _ILL
            and self._truth.get(match_.start) is Polarity.affirmed
        )
        if not said:
            return None
        words = set(match_.words)
        return Ground.weaker if words & _FRACTURE and not words & _BY_TUMOUR else Ground.ill

    def _leads(self, at: int) -> bool:
        """Return whether a level follows right there, so that a lesion before it is its own."""
        while at < len(self._items) and self._items[at].sense in {"filler", "mark", *_LESIONS}:
            at += 1
        return at < len(self._items) and self._items[at].sense == "levels"

    def _treated(self, place: int) -> bool:
        """Return whether a level stands in the history, or beside a treatment."""
        mention = self._meanings[place]
        first = place
        while first and self._meanings[first - 1].clause == mention.clause:
            first -= 1
        before = self._meanings[first:place]
        beside = list(before[-1:]) if mention.joined else []
        ill = self._leads_to_lesion(self._place(place) + 1)
        beside += [
            other
            for other in self._meanings[place + 1 : place + 2]
            if other.joined and not (ill and _topic(other) == "history")
        ]
        return any(_topic(other) == "history" for other in before) or any(
            _topic(other) in self._words.treated for other in beside
        )

    def _leads_to_lesion(self, at: int) -> bool:
        """Return whether a lesion stands right behind a level: "T8 met, prior RT" is no treated level."""
        while at < len(self._items) and self._items[at].sense == "filler":
            at += 1
        return at < len(self._items) and self._items[at].sense in _LESIONS

    def _known(self, at: int, step: int) -> bool:
        """Return whether a level stands beside nothing that is unknown, on one side."""
        while 0 <= at < len(self._items) and self._items[at].sense in _PASSED | _MARKS:
            at += step
        if not 0 <= at < len(self._items):
            return True
        match_ = self._items[at]
        if match_.sense != "number":
            scale = match_.sense == "other" and len(match_.token.words) > 1
            return (
                match_.sense not in _UNKNOWN or scale or (len(match_.words) == 1 and match_.words[0] in self._harmless)
            )
        before = next((one for one in reversed(self._items[:at]) if one.sense not in {"mark", "other"}), None)
        return len(match_.words[0]) == len("2019") or bool(before and before.sense == "neutral")

    def _troubled(self, at: int, step: int) -> bool:
        """Return whether a level stands beside a trouble that is felt there, or beside something that was hidden."""
        while 0 <= at < len(self._items) and (self._items[at].sense in _PASSED or self._opens(at)):
            at += step
        if not 0 <= at < len(self._items):
            return False
        sense = self._items[at].sense
        trouble = isinstance(sense, Topic) and bool(_TROUBLES & {sense.question, sense.scale})
        return trouble or HIDDEN in self._said(self._items[at])

    def _coordinated(self, at: int) -> bool:
        """Return whether a level follows another one, or its lesion, with nothing unknown between."""
        while at >= 0 and self._items[at].sense in _PASSED:
            at -= 1
        return at >= 0 and (self._items[at].sense in _LESIONS or self._items[at].sense == "levels")

    def _begins(self, at: int) -> bool:
        """Return whether a note begins with a level."""
        return all(
            match_.sense in {"filler", "mark", "sep", "degree", "scale", "neutral"} for match_ in self._items[:at]
        )

    # What a list is beside the others.

    def _settle_unread(self) -> None:
        """Ask where a list or a span goes on in a way that could not be read: "T8 to, today, T10", "T9 & also 10"."""
        for group in self.groups:
            if _NUMBER_BEHIND.match(self._text, self._item(group.places[-1]).end):
                group.ground = Ground.doubt if group.ground not in _NONE else group.ground
            for one, two in pairwise(group.places):
                if _SPANNING.search(self._text, self._item(one).end, self._item(two).start):
                    group.ground = Ground.doubt if group.ground not in _NONE else group.ground
        for left, right in pairwise(self.groups):
            low, high = self._item(left.places[-1]).end, self._item(right.places[0]).start
            if _SPANNED.fullmatch(self._text, low, high) and Ground.other not in {left.ground, right.ground}:
                left.ground = right.ground = Ground.doubt
            elif (
                left.ground is Ground.other
                and right.ground is Ground.bare
                and _LISTED.fullmatch(self._text, low, high)
            ):
                right.ground = Ground.doubt

    def _settle_next(self) -> None:
        """Ask where a level is named without a reason that lies right beside one that is to be treated."""
        sure = {
            LEVELS.index(code) for group in self.groups if group.ground in _SURE for code in group.codes & set(LEVELS)
        }
        for group in self.groups:
            beside = {LEVELS.index(code) for code in group.codes & set(LEVELS)} - sure
            if group.ground is Ground.nothing and any({place - 1, place + 1} & sure for place in beside):
                group.ground = Ground.doubt

    def _settle_asides(self) -> None:
        """Remove what is called asymptomatic or intact, if another level is to be treated."""
        stand = frozenset().union(
            *(group.codes for group in self.groups if not group.aside and group.ground in _SURE | _WEAKER)
        )
        for group in self.groups:
            if group.aside and stand - group.codes:
                group.ground = Ground.other

    def _settle_weaker(self) -> None:
        """Leave open what has a weaker reason than another level of the note."""
        sure = [group for group in self.groups if group.ground in _SURE]
        named = frozenset().union(*(group.codes for group in sure))
        for group in self.groups:
            if sure and group.ground in _WEAKER and not group.codes <= named:
                group.ground = Ground.doubt

    def _settle_symptomatic(self) -> None:
        """Leave all open where some levels are called symptomatic, and others that are to be treated are not."""
        treated = [group for group in self.groups if group.ground not in _NONE]
        marked = set(self._symptomatic())
        named = frozenset().union(*(group.codes for group in treated if marked.intersection(group.places)))
        if named and not all(group.codes <= named for group in treated):
            for group in treated:
                group.ground = Ground.doubt

    def _symptomatic(self) -> Iterable[int]:
        """Return the places of the levels that are called symptomatic."""
        places = {self._place(place): place for group in self.groups for place in group.places}
        for at, match_ in enumerate(self._items):
            if match_.words in self._marking:
                for side in (range(at + 1, len(self._items)), range(at - 1, -1, -1)):
                    beside = next(
                        (place for place in side if self._items[place].sense != "filler" and not self._opens(place)),
                        None,
                    )
                    if beside in places:
                        yield places[beside]

    def _item(self, place: int) -> Match:
        return self._meanings[place].match

    def _place(self, place: int) -> int:
        return self._at[self._item(place).start]

    def _said(self, match_: Match) -> str:
        return self._text[match_.start : match_.end]


def _topic(mention: Mention) -> str:
    return mention.match.sense.name if isinstance(mention.match.sense, Topic) else ""
