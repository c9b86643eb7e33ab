"""A note as its levels are looked at: what was found in it, in order, with what became of each."""

from __future__ import annotations

from collections.abc import Sequence

from flows.notes.matcher import Match
from flows.notes.scope import Mention


class NoteItems:
    """What was found in a note.

    Attributes:
        text: the note.
        items: all that was found in it, in order.
        meanings: those that mean something, in order.
        polarity: what became of each of these, by where it begins in the note.
    """

    def __init__(self, text: str, items: Sequence[Match], meanings: Sequence[Mention]) -> None:
        """Store what was found."""
        self.text = text
        self.items = items
        self.meanings = meanings
        self.polarity = {mention.match.start: mention.polarity for mention in meanings}
        self._at = {match_.start: place for place, match_ in enumerate(items)}

    def item(self, place: int) -> Match:
        """Return what was found at a place among the meanings."""
        return self.meanings[place].match

    def place(self, place: int) -> int:
        """Return the place among all items of one among the meanings."""
        return self._at[self.item(place).start]

    def said(self, match_: Match) -> str:
        """Return how it was written."""
        return self.text[match_.start : match_.end]

    def opens(self, at: int) -> bool:
        """Return whether a bracket opens there."""
        return self.items[at].sense == "sep" and self.items[at].words[:1] == ("(",)
