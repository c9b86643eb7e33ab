"""Reads typed notes with what is loaded for the first of them: a start needs neither grammar nor lexicon."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.model.flow import Flow
    from flows.notes.reader import Reading


def is_loaded() -> bool:
    """Return whether the next note is read without loading anything."""
    return bool(load.cache_info().currsize)


@cache
def load() -> None:
    """Load the reader and build what it keeps; it takes some tenths of a second, so a loop has a thread do it."""
    from flows.notes import lexicon, matcher, reader, tokenizer  # noqa: F401, PLC0415 - see above

    matcher.phrase_matcher(lexicon.lexicon())
    tokenizer.tokenizer(lexicon.lexicon())


def read_note(flow: Flow, text: str) -> Reading:
    """Read a note as answers to a flow.

    Raises:
        NoteTooLong: where it has more characters than are read.
    """
    from flows.notes import lexicon, reader  # noqa: PLC0415 - see above

    return reader.read_note(flow, lexicon.lexicon(), text)


def signs_of_danger(text: str) -> bool:
    """Return whether a text of any length holds a sign of an emergency."""
    from flows.notes import lexicon, reader  # noqa: PLC0415 - see above

    return reader.signs_of_danger(lexicon.lexicon(), text)
