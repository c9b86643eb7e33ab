"""Finds the levels of a note that are to be treated: a level needs a reason, and other contexts make it none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from flows.model.levels import LEVELS
from flows.notes.context.contexts import Surroundings
from flows.notes.context.grounds import Ground, Group
from flows.notes.context.judge import LevelJudge
from flows.notes.context.lesions import Lesions
from flows.notes.context.level_groups import LevelGroups
from flows.notes.context.note_items import NoteItems
from flows.notes.lexicon import Answer, Lexicon
from flows.notes.matcher import Match
from flows.notes.scope import Mention, Polarity

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

_SURE: Final = frozenset({Ground.ill, Ground.bare})
_WEAKER: Final = frozenset({Ground.weaker, Ground.first})
_NONE: Final = frozenset({Ground.nothing, Ground.other})


class Targets:
    """The levels of a note, list by list."""

    def __init__(self, lexicon: Lexicon, text: str, matches: Sequence[Match], meanings: Sequence[Mention]) -> None:
        """Look at each level with what stands around it, then at the lists beside each other."""
        words = lexicon.levels
        self._symptomatic_words = frozenset((word,) for word in words.symptomatic)
        self._note = NoteItems(text, matches, meanings)
        spans = [(one.match.start, one.match.end) for one in meanings if one.match.sense == "levels"]
        around = Surroundings(lexicon, text, spans) if spans else None
        lesions = Lesions(self._note, words)
        lists = LevelGroups(self._note, lesions, around, words)
        judge = LevelJudge(self._note, lists, lesions, around, words)
        self.groups = lists.groups()
        for group in self.groups:
            judge.judge(group)
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
            if group.aside and group.ground is Ground.other and place < len(self._note.meanings):
                mention = self._note.meanings[place]
                if mention.joined and isinstance(mention.match.sense, Answer) and len(mention.match.words) == 1:
                    yield place

    def nearest(self, start: int, end: int) -> Polarity:
        """Return what becomes of the level that stands nearest to a piece of the note."""

        def gap(group: Group) -> int:
            first, last = self._note.item(group.places[0]), self._note.item(group.places[-1])
            return max(first.start - end, start - last.end)

        return self.truth(min(self.groups, key=gap)) if self.groups else Polarity.affirmed

    def _settle_unread(self) -> None:
        """Ask where a list or a span goes on in a way that could not be read: "T8 to, today, T10", "T9 & also 10"."""
        for group in self.groups:
            if _NUMBER_BEHIND.match(self._note.text, self._note.item(group.places[-1]).end):
                group.ground = Ground.doubt if group.ground not in _NONE else group.ground
            for one, two in pairwise(group.places):
                if _SPANNING.search(self._note.text, self._note.item(one).end, self._note.item(two).start):
                    group.ground = Ground.doubt if group.ground not in _NONE else group.ground
        for left, right in pairwise(self.groups):
            low, high = self._note.item(left.places[-1]).end, self._note.item(right.places[0]).start
            if _SPANNED.fullmatch(self._note.text, low, high) and Ground.other not in {left.ground, right.ground}:
                left.ground = right.ground = Ground.doubt
            elif (
                left.ground is Ground.other
                and right.ground is Ground.bare
                and _LISTED.fullmatch(self._note.text, low, high)
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
        places = {self._note.place(place): place for group in self.groups for place in group.places}
        for at, match_ in enumerate(self._note.items):
            if match_.words in self._symptomatic_words:
                for side in (range(at + 1, len(self._note.items)), range(at - 1, -1, -1)):
                    beside = next(
                        (
                            place
                            for place in side
                            if self._note.items[place].sense != "filler" and not self._note.opens(place)
                        ),
                        None,
                    )
                    if beside in places:
                        yield places[beside]
