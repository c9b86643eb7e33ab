"""Judges one list of levels by what stands around it."""

from __future__ import annotations

from typing import Final

from flows.notes.context.contexts import Surroundings
from flows.notes.context.grounds import Ground, Group
from flows.notes.context.lesions import LESIONS, PASSED, Lesions
from flows.notes.context.level_groups import LevelGroups
from flows.notes.context.note_items import NoteItems
from flows.notes.lexicon import LevelWords, Topic
from flows.notes.scope import Mention, Polarity
from flows.notes.tokenizer import HIDDEN

_MARKS: Final = frozenset({"asymptomatic", "stable", "intradural", "primary"})
_TROUBLES: Final = frozenset({"deficit", "pain"})
"""The question and the scale of topics that tell where something is felt, more than where the tumour is."""

_UNKNOWN: Final = frozenset({"word", "number", "other"})


class LevelJudge:
    """Finds why the levels of a list are to be treated, or are not."""

    def __init__(
        self, note: NoteItems, lists: LevelGroups, lesions: Lesions, around: Surroundings | None, words: LevelWords
    ) -> None:
        """Store the note, its lists, its lesions, what stands around its levels, the words of treatments."""
        self._note = note
        self._lists = lists
        self._lesions = lesions
        self._around = around
        self._words = words
        self._harmless = frozenset(words.harmless)

    def judge(self, group: Group) -> None:
        """Find why the levels of a list are to be treated, or are not."""
        first, last = self._note.place(group.places[0]), self._note.place(group.places[-1])
        ill = self._lesions.beside(first, last)
        for found in self._lists.contexts(group.places):
            if found.context.others:
                group.aside = found.context
            elif not (found.weak and ill):
                group.ground = Ground.other
                return
        group.ground = self._ground(group, ill, first, last)

    def _ground(self, group: Group, ill: Ground | None, first: int, last: int) -> Ground:
        truths = {self._note.meanings[place].polarity for place in group.places}
        if any(map(self._is_treated, group.places)) or truths == {Polarity.negated}:
            return Ground.other
        if truths != {Polarity.affirmed}:
            return Ground.doubt
        if ill:
            return ill
        if self._around and self._around.doubtful(self._note.items[first].start, self._note.items[last].end):
            return Ground.doubt
        if group.aside or (self._known(first - 1, -1) and self._known(last + 1, 1)):
            return Ground.weaker if self._troubled(first - 1, -1) or self._troubled(last + 1, 1) else Ground.bare
        if self._coordinated(first - 1):
            return Ground.doubt
        return Ground.first if self._begins(first) else Ground.nothing

    def _is_treated(self, place: int) -> bool:
        """Return whether a level stands in the history, or beside a treatment."""
        mention = self._note.meanings[place]
        first = place
        while first and self._note.meanings[first - 1].clause == mention.clause:
            first -= 1
        before = self._note.meanings[first:place]
        beside = list(before[-1:]) if mention.joined else []
        ill = self._lesions.follows(self._note.place(place) + 1)
        beside += [
            other
            for other in self._note.meanings[place + 1 : place + 2]
            if other.joined and not (ill and _topic(other) == "history")
        ]
        return any(_topic(other) == "history" for other in before) or any(
            _topic(other) in self._words.treated for other in beside
        )

    def _known(self, at: int, step: int) -> bool:
        """Return whether a level stands beside nothing that is unknown, on one side."""
        while 0 <= at < len(self._note.items) and self._note.items[at].sense in PASSED | _MARKS:
            at += step
        if not 0 <= at < len(self._note.items):
            return True
        match_ = self._note.items[at]
        if match_.sense != "number":
            scale = match_.sense == "other" and len(match_.token.words) > 1
            return (
                match_.sense not in _UNKNOWN or scale or (len(match_.words) == 1 and match_.words[0] in self._harmless)
            )
        before = next((one for one in reversed(self._note.items[:at]) if one.sense not in {"mark", "other"}), None)
        return len(match_.words[0]) == len("2019") or bool(before and before.sense == "neutral")

    def _troubled(self, at: int, step: int) -> bool:
        """Return whether a level stands beside a trouble that is felt there, or beside something that was hidden."""
        while 0 <= at < len(self._note.items) and (self._note.items[at].sense in PASSED or self._note.opens(at)):
            at += step
        if not 0 <= at < len(self._note.items):
            return False
        sense = self._note.items[at].sense
        trouble = isinstance(sense, Topic) and bool(_TROUBLES & {sense.question, sense.scale})
        return trouble or HIDDEN in self._note.said(self._note.items[at])

    def _coordinated(self, at: int) -> bool:
        """Return whether a level follows another one, or its lesion, with nothing unknown between."""
        while at >= 0 and self._note.items[at].sense in PASSED:
            at -= 1
        return at >= 0 and (self._note.items[at].sense in LESIONS or self._note.items[at].sense == "levels")

    def _begins(self, at: int) -> bool:
        """Return whether a note begins with a level."""
        return all(
            match_.sense in {"filler", "mark", "sep", "degree", "scale", "neutral"} for match_ in self._note.items[:at]
        )


def _topic(mention: Mention) -> str:
    return mention.match.sense.name if isinstance(mention.match.sense, Topic) else ""
