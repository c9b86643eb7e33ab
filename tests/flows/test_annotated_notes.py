"""The kinds of notes that were once read wrongly: what is right of each, and how well all annotated notes are read."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bench.notes_accuracy import annotated_notes, counted, main
from flows.model.source_scope import encode_scope
from flows.notes.lexicon import lexicon
from flows.notes.reader import MOST_CHARACTERS, Reading, read_note
from flows.pathways.metastasis import METASTASIS

ANNOTATED = list(annotated_notes())
BY_KIND = [note for note in ANNOTATED if "kind" in note]
UNFINISHED: Final = ("not", "no", "nicht", "kein")
"""What a note may end with although its sentence goes on."""

NEUTRAL = ("today", "currently", "the patient", "heute", "aktuell", "overall")
SEPARATORS = (", ", "; ", ".\n", "\n", " | ")


def heard(text: str) -> Reading:
    return read_note(METASTASIS, lexicon(), text)


def answers(text: str) -> dict[str, list[str]]:
    return {code: list(codes) for code, codes in heard(text).answers.items()}


@pytest.mark.parametrize("note", BY_KIND, ids=lambda note: f"{note['kind']}: {note['text']}")
def test_a_note_of_each_kind_is_read_as_a_clinician_means_it(note: dict[str, Any]) -> None:
    reading = heard(note["text"])
    assert answers(note["text"]) == note["findings"]
    if "emergency" in note:
        assert bool(reading.danger) is note["emergency"]
    if "scope" in note:
        assert list(encode_scope(reading.scope)) == note["scope"]
    if "hidden" in note:
        assert reading.identifiers is note["hidden"]


def test_there_are_held_out_notes_of_each_kind_that_a_line_can_show() -> None:
    held_out = [note for note in BY_KIND if note["file"] == "notes_held_out.toml"]
    assert len(held_out) >= 150
    assert {note["kind"] for note in held_out} == set(range(1, 11))


def test_every_finding_that_is_made_of_an_annotated_note_is_annotated() -> None:
    counts = counted(ANNOTATED)
    assert {code: count.invented for code, count in counts.items()} == dict.fromkeys(counts, 0)
    assert all(count.precision == 1 for count in counts.values())
    assert all(count.recall == 1 for count in counts.values())


@pytest.mark.slow
def test_the_count_is_printed_for_each_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{len(ANNOTATED)} notes\n")
    assert all(f"\n{question.code} " in printed for question in METASTASIS.questions)


def test_an_answer_that_is_not_annotated_counts_as_invented_and_one_that_is_not_found_as_missed() -> None:
    counts = counted([{"text": "T8 met, fit", "findings": {"levels": ["T9"], "deficit": ["none"]}}])
    assert (counts["levels"].right, counts["levels"].invented, counts["levels"].missed) == (0, 1, 1)
    assert (counts["fitness"].invented, counts["deficit"].missed) == (1, 1)
    assert (counts["fitness"].precision, counts["deficit"].recall) == (0, 0)


# What may be changed about a note without making a finding of it that was not said.

WHOLE = [note["text"] for note in ANNOTATED if len(note["text"]) < MOST_CHARACTERS // 2]


def nothing_new(before: str, after: str) -> None:
    said, now = answers(before), answers(after)
    assert {code: now[code] for code in now} == {code: said.get(code) for code in now}, (before, after)


@pytest.mark.slow
@settings(derandomize=True, max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.sampled_from(WHOLE), st.sampled_from([str.upper, str.lower]))
def test_small_and_capital_letters_make_no_finding(text: str, change: Any) -> None:
    nothing_new(text, change(text))


@pytest.mark.untraced
@settings(derandomize=True, max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.sampled_from(WHOLE), st.sampled_from(NEUTRAL), st.booleans())
def test_a_neutral_word_before_or_behind_a_note_makes_no_finding(text: str, word: str, ahead: bool) -> None:  # noqa: FBT001
    assume(ahead or text.rsplit(maxsplit=1)[-1] not in UNFINISHED)  # its "not" would stand before the word
    nothing_new(text, f"{word} {text}" if ahead else f"{text} {word}")


@pytest.mark.untraced
@settings(derandomize=True, max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_a_line_that_is_broken_before_a_small_letter_makes_no_finding(text: str, data: st.DataObject) -> None:
    places = [at for at, inbox_update in enumerate(text[:-1]) if inbox_update == " " and text[at + 1].islower()]
    if places:
        at = data.draw(st.sampled_from(places))
        nothing_new(text, f"{text[:at]}\n{text[at + 1 :]}")
