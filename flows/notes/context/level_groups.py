"""The levels of a note, list by list, and what is said beside each list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flows.notes.context.contexts import Found, Surroundings
from flows.notes.context.grounds import Group
from flows.notes.context.lesions import LESIONS, PASSED, Lesions
from flows.notes.context.note_items import NoteItems
from flows.notes.lexicon import LevelWords, Topic

_SPAN: Final = 3
"""A list of so many levels may be the span of a scan."""


class LevelGroups:
    """Parts the levels into lists."""

    def __init__(self, note: NoteItems, lesions: Lesions, around: Surroundings | None, words: LevelWords) -> None:
        """Store the note, its lesions, what stands around its levels, the words that part and rule out."""
        self._note = note
        self._lesions = lesions
        self._around = around
        self._words = words

    def groups(self) -> list[Group]:
        """Return the lists, in order, not judged yet."""
        return [Group(places, self._codes(places)) for whole in self._lists() for places in self._parts(whole)]

    def contexts(self, places: list[int]) -> Iterator[Found]:
        """Return what is said behind, before and near a list."""
        yield from self._behind(places)
        yield from self._before(places)
        yield from self._near(places)

    def _lists(self) -> Iterator[list[int]]:
        """Return the places of the levels, list by list."""
        found: list[int] = []
        for place, mention in enumerate(self._note.meanings):
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
        between = self._note.items[self._note.place(place - 1) + 1 : self._note.place(place)]
        parting = any(match_.words[:1] == (word,) for match_ in between for word in self._words.parting)
        return not parting and not any(match_.sense in LESIONS for match_ in between)

    def _parts(self, places: list[int]) -> Iterator[list[int]]:
        """Part a list at its last comma where what stands before or behind it is said of one end alone."""
        last = len(places) - 1
        if last and "," in self._note.text[self._note.item(places[-2]).end : self._note.item(places[-1]).start]:
            head, tail = places[:last], places[last:]
            noun = any(found.context.nouns for found in self._behind(tail))
            if noun or self._lesions.behind(self._note.place(tail[0]) + 1, near=True):
                yield head
                yield tail
                return
        yield places

    def _codes(self, places: list[int]) -> frozenset[str]:
        matches = [self._note.item(place) for place in places]
        return frozenset(code for match_ in matches for code in match_.token.codes or (self._note.said(match_),))

    def _behind(self, places: list[int]) -> Iterator[Found]:
        yield from self._contexts(places, behind=True)

    def _before(self, places: list[int]) -> Iterator[Found]:
        yield from self._contexts(places, behind=False)

    def _contexts(self, places: list[int], *, behind: bool) -> Iterator[Found]:
        if self._around:
            start, end = self._note.item(places[0]).start, self._note.item(places[-1]).end
            yield from self._around.beside(start, end, behind=behind, spans=self._spanning(places))
            yield from self._topics(places, behind=behind)

    def _near(self, places: list[int]) -> Iterator[Found]:
        if self._around:
            start, end = self._note.item(places[0]).start, self._note.item(places[-1]).end
            yield from self._around.near(start, end, spans=self._spanning(places))

    def _topics(self, places: list[int], *, behind: bool) -> Iterator[Found]:
        """Return the contexts that a topic right beside a level shows: "prostate ca T3"."""
        at, step = (self._note.place(places[-1]) + 1, 1) if behind else (self._note.place(places[0]) - 1, -1)
        start, end = self._note.item(places[0]).start, self._note.item(places[-1]).end
        while 0 <= at < len(self._note.items) and (self._note.items[at].sense in PASSED or self._note.opens(at)):
            at += step
        sense = self._note.items[at].sense if 0 <= at < len(self._note.items) else None
        for context in self._words.topical:
            if isinstance(sense, Topic) and sense.name in context.topics and self._around:
                yield from self._around.fitting(context, start, end, spans=False)

    def _spanning(self, places: list[int]) -> bool:
        """Return whether a list is a span of many levels, or reaches outside T1–L5."""
        matches = [self._note.item(place) for place in places]
        return sum(len(match_.token.codes) for match_ in matches) >= _SPAN or any(
            match_.token.outside and len(self._note.said(match_)) > len("BWK 12") for match_ in matches
        )
