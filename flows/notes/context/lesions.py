"""Which lesion or fracture of a note belongs to which of its levels."""

from __future__ import annotations

from typing import Final

from flows.notes.context.grounds import Ground
from flows.notes.context.note_items import NoteItems
from flows.notes.lexicon import Answer, LevelWords, Topic
from flows.notes.scope import Polarity

PASSED: Final = frozenset({"filler", "mark", "spine", "degree", "value", "tick", "cross", "empty", "or", "and"})
"""What stands between a level and what is said of it."""

LESIONS: Final = frozenset({"lesion", "pathology"})
_ENDING: Final = frozenset({"sep", "break"})
_ILL: Final = frozenset({"collapse", "pedicle"})

_FRACTURE: Final = frozenset(
    {"fracture", "fx", "#", "wedge", "wedging", "burst", "fraktur", "compression", "sinterung", "wirbelkörperfraktur"}
)
_BY_TUMOUR: Final = frozenset({"path", "pathological", "pathologic", "pathologische", "pathologique"})


class Lesions:
    """Looks beside a level."""

    def __init__(self, note: NoteItems, words: LevelWords) -> None:
        """Store the note and the words that call a level symptomatic."""
        self._note = note
        self._symptomatic = frozenset((word,) for word in words.symptomatic)

    def beside(self, first: int, last: int) -> Ground | None:
        """Return whether a lesion or a fracture stands with a list, in its clause and with no other level between."""
        return self.behind(last + 1) or self._before(first - 1)

    def behind(self, at: int, *, near: bool = False) -> Ground | None:
        """Return what a lesion says that stands from here on in the clause; where `near`, right there."""
        first = True
        while (
            at < len(self._note.items)
            and self._note.items[at].sense not in _ENDING
            and self._note.items[at].sense != "levels"
        ):
            match_ = self._note.items[at]
            if isinstance(match_.sense, Answer):
                of_bone = (
                    match_.sense.question in {"extent", "destruction"}
                    and self._note.polarity.get(match_.start) is Polarity.affirmed
                )
                return Ground.ill if first and of_bone else None
            found = self._names(at)
            if found and (first or not self._leads(at + 1)):
                return found
            first = first and match_.sense in PASSED
            if near and not first:
                return None
            at += 1
        return None

    def _before(self, at: int) -> Ground | None:
        while (
            at >= 0
            and not isinstance(self._note.items[at].sense, Answer)
            and self._note.items[at].sense not in _ENDING
        ):
            if self._note.items[at].sense == "levels":
                return None
            if (found := self._names(at)) and not self._owned(at - 1):
                return found
            at -= 1
        return None

    def _owned(self, at: int) -> bool:
        """Return whether a lesion that ends before this place belongs to the level before it: "T8 met with …"."""
        while at >= 0 and (
            self._note.items[at].sense in {"filler", "mark", "spine"} or self._note.items[at].sense in LESIONS
        ):
            at -= 1
        return at >= 0 and self._note.items[at].sense == "levels"

    def _names(self, at: int) -> Ground | None:
        """Return what an item says of the level beside it."""
        match_ = self._note.items[at]
        if match_.sense in LESIONS or match_.words[:1] in self._symptomatic:
            return Ground.ill
        said = (
            isinstance(match_.sense, Topic)
            and match_.sense.name in _ILL
            and self._note.polarity.get(match_.start) is Polarity.affirmed
        )
        if not said:
            return None
        words = set(match_.words)
        return Ground.weaker if words & _FRACTURE and not words & _BY_TUMOUR else Ground.ill

    def _leads(self, at: int) -> bool:
        """Return whether a level follows right there, so that a lesion before it is its own."""
        while at < len(self._note.items) and self._note.items[at].sense in {"filler", "mark", *LESIONS}:
            at += 1
        return at < len(self._note.items) and self._note.items[at].sense == "levels"

    def follows(self, at: int) -> bool:
        """Return whether a lesion stands right behind a level: "T8 met, prior RT" is no treated level."""
        while at < len(self._note.items) and self._note.items[at].sense == "filler":
            at += 1
        return at < len(self._note.items) and self._note.items[at].sense in LESIONS
