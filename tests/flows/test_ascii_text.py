"""Text for a hospital system: ASCII, 80 columns, and nothing lost without a sign of it."""

from __future__ import annotations

import pytest
from kit import CARDS, CATALOG, INTERVIEW, T4, T8, played

from flows.export.ascii_text import COLUMNS, ascii_text


@pytest.mark.parametrize(
    ("text", "plain", "german"),
    [
        ("T11–L1 · “fit” → ≥ 7", 'T11-L1 - "fit" -> >= 7', 'T11-L1 - "fit" -> >= 7'),
        ("Größe, Ärztin, Übelkeit", "Grosse, Arztin, Ubelkeit", "Groesse, Aerztin, Uebelkeit"),
        ("U\u0308bung", "Ubung", "Uebung"),
        ("Zoë Łukasz Ørsted", "Zoe Lukasz Orsted", "Zoe Lukasz Orsted"),
        ("Ελένη 🟦", "????? ?", "????? ?"),
        ("a\tb\u00a0c\x07", "a b c ", "a b c "),
    ],
)
def test_letters_are_written_with_those_that_ascii_has(text: str, plain: str, german: str) -> None:
    assert (ascii_text(text).rstrip(), ascii_text(text, german=True).rstrip()) == (plain.rstrip(), german.rstrip())


@pytest.mark.parametrize("findings", [T4, T8])
def test_every_line_of_a_record_fits_and_says_the_same(findings: dict[str, tuple[str, ...]]) -> None:
    text = CARDS.plain.record(INTERVIEW.state(played(findings)), "29 Nov 2026, 14:05 UTC")
    written = ascii_text(text)
    assert written.isascii()
    assert all(0 < len(line) <= COLUMNS for line in written.splitlines())
    assert len(written.split()) == len(text.split())
    assert CATALOG.source.name in written


def test_a_word_longer_than_a_line_is_broken_and_none_of_it_lost() -> None:
    word = "x" * 200
    written = ascii_text(word)
    assert max(map(len, written.splitlines())) <= COLUMNS
    assert "".join(written.split()) == word
