"""What of a message counts as its writer's own words: nothing struck through, quoted, or copied from the bot."""

from __future__ import annotations

from typing import Any

import pytest

from bot.telegram.updates.note_text import NoteTextCache
from bot.telegram.updates.own_words import own_words
from flows.pathways.metastasis import METASTASIS


def entity(kind: str, offset: int, length: int) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length}


def read(text: str, *entities: dict[str, Any]) -> dict[str, Any]:
    message = {"message_id": 3, "chat": {"id": 1, "type": "private"}, "text": text, "entities": list(entities)}
    return dict(NoteTextCache(METASTASIS).parse(5, message).findings)


def test_a_text_without_marks_is_read_as_it_stands() -> None:
    assert own_words({"text": "T8 fit"}) == "T8 fit"
    assert own_words({"text": "T8 fit", "entities": [entity("bold", 0, 2)]}) == "T8 fit"
    assert own_words({}) == ""


def test_what_is_struck_through_does_not_count() -> None:
    assert read("T8 met, fit, no deficit", entity("strikethrough", 13, 10)) == {"levels": ("T8",), "fitness": ("fit",)}
    assert own_words({"text": "T8 fit", "entities": [entity("strikethrough", 3, 3)]}) == "T8    "


def test_places_are_counted_in_units_of_telegram() -> None:
    assert read("T8, fit 🦴, L2", entity("strikethrough", 12, 2)) == {"levels": ("T8",), "fitness": ("fit",)}


@pytest.mark.parametrize("kind", ["blockquote", "expandable_blockquote"])
def test_what_is_quoted_is_not_the_writer_s(kind: str) -> None:
    assert read("T8 met, no deficit\nfit", entity(kind, 0, 18)) == {"fitness": ("fit",)}


@pytest.mark.parametrize(("offset", "length"), [(-5, 2), (0, 0), (4, 400), (900, 9), (6, -2)])
def test_a_mark_that_fits_no_text_harms_nothing(offset: int, length: int) -> None:
    assert isinstance(own_words({"text": "T8 met", "entities": [entity("strikethrough", offset, length)]}), str)


def test_a_text_that_was_copied_from_the_bot_is_no_note() -> None:
    copied = "Posterior MIS\nT8: fit, no deficit\nAO Surgery Reference 2019, edition 2026-12"
    assert read(copied) == {}
    assert read("T8 fit, AO Surgery Reference says what?")["fitness"] == ("fit",)
