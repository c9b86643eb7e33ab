"""What clinicians read keeps to the terms of the trade, is short, and says what a button does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import CATALOG, FLOWS

FOLDER = Path(__file__).parents[2] / "flows" / "catalog" / "data"

MOST_WORDS = 12

FILLED = {
    "number": "1234567890",
    "who": "Ana Reyes",
    "answer": "Unfit: advanced disease",
}
"""What may stand in the blanks of a toast; a name has two words."""

LAY = re.compile(
    r"\b(gains?|costs?|front|behind|back alone|rout(?:e|es)|rebuil[dt]s?|rebuilding|one side|one-sided"
    r"|; rarely needed|shall|anew|whichever way|no one|nobody knows)\b",
    re.IGNORECASE,
)
"""What the trade says otherwise: advantages, disadvantages, anterior, posterior, approach, reconstruct."""


def texts(value: object, where: str = "") -> Iterator[tuple[str, str]]:
    """Give every text of a file with where it stands."""
    match value:
        case str():
            yield where, value
        case dict():
            for key, inner in value.items():
                yield from texts(inner, f"{where}.{key}")
        case list() | tuple():
            for place, inner in enumerate(value):
                yield from texts(inner, f"{where}[{place}]")


def catalog_texts() -> Iterator[tuple[str, str]]:
    for name in ("wording", "team", "options", "scales", "facts"):
        yield from texts(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")), name)


def flow_texts() -> Iterator[tuple[str, str]]:
    for flow in FLOWS:
        for question in flow.questions:
            yield from ((f"{flow.code}.{question.code}", text) for text in (question.text, question.hint))
            for choice in question.choices:
                yield f"{flow.code}.{question.code}.{choice.code}", f"{choice.label} {choice.finding_text}"
        for rule in flow.guidance.rules:
            yield f"{flow.code}.{rule.id}", f"{rule.because} {rule.brief}"
        yield from ((f"{flow.code}.note", note.text) for note in flow.guidance.notes)


def toasts() -> Iterator[tuple[str, str]]:
    for words in (CATALOG.wording.toasts, CATALOG.team.toasts):
        yield from words.model_dump().items()


@pytest.mark.parametrize(("name", "text"), [*toasts()])
def test_a_toast_is_read_in_passing(name: str, text: str) -> None:
    told = text.format(**FILLED)
    assert len(told.split()) <= MOST_WORDS, f"{name}: {told}"


@pytest.mark.parametrize(("where", "text"), [*catalog_texts(), *flow_texts()])
def test_texts_use_the_terms_of_the_trade(where: str, text: str) -> None:
    assert not LAY.search(text), f"{where}: {text}"


@pytest.mark.parametrize("label", [*CATALOG.wording.labels.model_dump().values()])
def test_a_button_is_written_in_sentence_case(label: str) -> None:
    bare = label.lstrip("‹↺✎✕?~✓ ").removeprefix("{scale}")
    assert not bare or bare[0].isupper(), label
    assert not any(word.istitle() for word in bare.split()[1:]), label


def test_what_takes_away_bears_a_cross_and_what_changes_a_pencil() -> None:
    assert CATALOG.wording.note.drop.startswith("✕ ")


def test_the_short_names_of_the_options_are_those_that_surgeons_say() -> None:
    assert [option.short for option in CATALOG.options.values()] == [
        "Posterior MIS",
        "Posterior (open)",
        "Posterior + corpectomy",
        "Anterior corpectomy",
        "Combined",
        "Non-operative",
    ]


def test_mis_is_written_in_full_where_it_is_first_explained() -> None:
    said = " ".join(statement.text for statement in CATALOG.options["posterior_mis"].indication)
    assert "minimally invasive surgery (MIS)" in said
    assert "minimally invasive surgery" in " ".join(CATALOG.wording.pages.about.lines)
