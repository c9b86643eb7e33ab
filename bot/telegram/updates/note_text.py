"""Read typed notes into codes; keep the words in memory until they have been shown back."""

from __future__ import annotations

import asyncio
import re
from html import escape
from typing import TYPE_CHECKING, Any, Final

from telegram.constants import ChatType

from bot.service.replies import NoteInput
from bot.telegram.updates.own_words import own_words
from flows.cards.card import QUOTE
from flows.cards.note import DANGER, IDENTIFIERS, LONG, MORE, PARTS, quotations, rest_of
from flows.errors import NoteTooLong
from flows.model.flow import Flow
from flows.model.source_scope import encode_scope
from flows.notes.on_demand import is_loaded, load, read_note, signs_of_danger

if TYPE_CHECKING:
    from flows.notes.reader import Reading

MAX_NOTES: Final = 200
"""Notes whose words are in memory; the oldest ones are forgotten first, and are shown without their words then."""

_QUOTE_MARK: Final = re.compile(f"{QUOTE[0]}([^{QUOTE[1]}]*){QUOTE[1]}")


async def load_note_reader() -> None:
    """Load what reads notes, unless it is there, on a thread: taps go on meanwhile."""
    if not is_loaded():
        await asyncio.to_thread(load)


class NoteTextCache:
    """Reads notes as they come in."""

    def __init__(self, flow: Flow) -> None:
        """Store the flow whose questions notes answer."""
        self._flow = flow
        self._words: dict[str, dict[str, str]] = {}

    def parse(self, update_id: int, message: dict[str, Any]) -> NoteInput:
        """Return what is taken in of a note: codes alone. In a group nothing is quoted but the findings."""
        number, text = int(message["message_id"]), own_words(message)
        try:
            reading = read_note(self._flow, text)
        except NoteTooLong:
            danger = [DANGER] if signs_of_danger(text) else []
            return NoteInput({}, (LONG, *danger), "", number)
        words, aloud = _words(reading), message["chat"]["type"] != ChatType.PRIVATE.value
        rest = [part for part in PARTS if words.get(part)]
        beside = [MORE] if aloud and rest else rest
        if aloud:
            words = {part: said for part, said in words.items() if part not in rest}
        self._words[str(update_id)] = words
        if len(self._words) > MAX_NOTES:
            del self._words[next(iter(self._words))]
        beside += [IDENTIFIERS] if reading.identifiers else []
        beside += [DANGER] if reading.danger else []
        return NoteInput(reading.answers, tuple(beside), str(update_id), number, encode_scope(reading.scope))

    def restore_quotes(self, text: str) -> str:
        """Insert the words of notes into a text in HTML."""
        return _QUOTE_MARK.sub(lambda place: self._quote_of(*place[1].rpartition(".")[::2]), text)

    def _quote_of(self, note: str, part: str) -> str:
        """Return the words of a part of a note, as quotations; nothing where they are forgotten."""
        return escape(self._words.get(note, {}).get(part, ""), quote=False)


def _words(reading: Reading) -> dict[str, str]:
    """Return the words of each finding, and of the rest of a note."""
    words = {question: f" — {quotations(heard.words)}" for question, heard in reading.findings.items()}
    return words | rest_of(reading)
