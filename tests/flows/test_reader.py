"""Typed notes: what is heard has its words, nothing is inferred, and what looks like a person is never echoed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import CatalogError, NoteTooLong
from flows.notes.lexicon import Answer, Lexicon, Topic, lexicon, load_lexicon
from flows.notes.reader import MOST_CHARACTERS, Reading, read_note
from flows.pathways.metastasis import METASTASIS

NOTES = tomllib.loads((Path(__file__).parents[1] / "data" / "notes.toml").read_text(encoding="utf-8"))["note"]
REAL = Path(__file__).parents[2] / "flows" / "catalog" / "data" / "shorthand.toml"


def heard(text: str) -> Reading:
    return read_note(METASTASIS, lexicon(), text)


def test_there_are_notes_in_many_dialects() -> None:
    assert len({note["text"] for note in NOTES}) == len(NOTES) >= 120


@pytest.mark.slow
@pytest.mark.parametrize("note", NOTES, ids=lambda note: note["text"])
def test_a_note_is_read_as_a_clinician_means_it(note: dict[str, Any]) -> None:
    reading = heard(note["text"])
    assert {code: list(codes) for code, codes in reading.answers.items()} == note["findings"]
    assert [f"{context.scale}: {context.value}" for context in reading.context] == note["context"]
    assert list(reading.not_understood) == note["left"]
    assert list(reading.outside) == note["outside"]
    assert not reading.identifiers


@pytest.mark.parametrize(
    ("question", "code"),
    [(q.code, c.code) for q in METASTASIS.questions for c in q.choices],
    ids=str,
)
def test_every_answer_is_understood_as_the_bot_itself_writes_it(question: str, code: str) -> None:
    at = METASTASIS.question(question)
    assert at is not None
    assert heard(at.choice(code).finding_text).answers == {question: (code,)}


@pytest.mark.parametrize(
    ("phrase", "answer"),
    [(p, answer) for answer in lexicon().answers for p in answer.phrases],
    ids=lambda x: str(x)[:40],
)
def test_each_phrase_of_an_answer_gives_that_answer_and_no_other(phrase: str, answer: Answer) -> None:
    reading = heard(phrase)
    assert reading.answers == {answer.question: (answer.code,)}
    assert reading.findings[answer.question].words == (phrase,)
    assert not reading.not_understood


@pytest.mark.parametrize(
    ("phrase", "topic"), [(p, topic) for topic in lexicon().topics for p in topic.phrases], ids=lambda x: str(x)[:40]
)
def test_each_phrase_of_a_topic_is_context_and_no_finding(phrase: str, topic: Topic) -> None:
    reading = heard(phrase)
    assert not reading.findings
    context = [(c.scale, c.question, c.words) for c in reading.context]
    if topic.alone:
        assert context == [(topic.scale, topic.question, phrase)]
    else:
        assert (context, "".join(reading.not_understood)) == ([], phrase)


@pytest.mark.parametrize("phrase", lexicon().pseudo_phrases.phrases)
def test_each_phrase_apart_answers_nothing_and_is_shown_as_left_over(phrase: str) -> None:
    reading = heard(phrase)
    assert not reading.findings
    assert reading.not_understood == (phrase,)


@pytest.mark.parametrize(
    "negator", [*lexicon().negation.preceding, *lexicon().negation.following, *lexicon().negation.following_nil]
)
def test_each_negation_turns_a_deficit_into_none_and_spares_what_follows_a_comma(negator: str) -> None:
    reading = heard(f"{negator} deficit, circumferential")
    assert reading.answers == {"deficit": ("none",), "extent": ("circumferential",)}


@pytest.mark.parametrize("doubt", lexicon().uncertainty.next)
def test_a_doubt_ahead_of_an_answer_leaves_it_open(doubt: str) -> None:
    assert not heard(f"{doubt} circumferential").findings


@pytest.mark.parametrize(
    "doubt", [*lexicon().uncertainty.last, *lexicon().uncertainty.clause, *lexicon().uncertainty.time]
)
def test_a_doubt_behind_an_answer_leaves_it_open(doubt: str) -> None:
    assert not heard(f"body only {doubt}").findings


@pytest.mark.parametrize(
    ("scale", "name", "value"),
    [(code, name, value) for code, s in lexicon().scales.items() for name in s.names for value in s.values],
)
def test_no_value_of_any_scale_is_an_answer(scale: str, name: str, value: str) -> None:
    reading = heard(f"{name} {value}")
    assert not reading.findings
    assert [(c.scale, c.value) for c in reading.context] == [(scale, value)]


def test_every_finding_has_the_place_of_its_words() -> None:
    fitness = heard("T8, not fit (COPD), circ").findings["fitness"]
    assert (fitness.words, fitness.start, fitness.end) == (("not fit", "COPD"), 4, 17)


def test_a_note_that_is_too_long_is_refused_with_both_lengths() -> None:
    assert heard("x" * MOST_CHARACTERS).not_understood
    with pytest.raises(NoteTooLong, match="501 characters; at most 500"):
        heard("x" * (MOST_CHARACTERS + 1))


PEOPLE = [
    *("John Smith", "Mrs Miller", "Dr. O'Brien", "SMITH, JOHN", "Müller", "O'Neill", "J. Smith", "name: smith"),
    *("12.03.1950", "1950-03-12", "DOB 3/12/50", "12 Mar 1950", "born 1950"),
    *("SMITH", "KHAN ALI", "GARCÍA LÓPEZ", "van der Berg", "de Vries", "White", "Wright", "Ahmed Khan", "Mme Dupont"),
    *("12-Mar-1950", "March 12, 1950", "12. März 1950", "*1950", "12 03 1950"),
    *("(555) 123-4567", "123-4567", "bleep 1234", "123-45-6789", "UHID 2023/4567", "CR No. 1234", "@drsmith"),
    *("MRN 12345", "hosp no A4711", "+49 170 1234567", "0170 1234567", "555-123-4567", "4857773456", "a.smith@x.org"),
]


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(
    "note",
    ["{} T8 fit, no deficit", "T8 fit, {}, no deficit", "T8 fit, no deficit {}", "T8 fit, no deficit, seen {} there"],
)
def test_what_looks_like_a_person_is_flagged_and_never_echoed(person: str, note: str) -> None:
    reading = heard(note.format(person))
    assert reading.identifiers
    echoed = " ".join([*reading.not_understood, *(c.words for c in reading.context), *reading.outside])
    assert not [part for part in person.replace(",", " ").split() if part in echoed]
    assert reading.answers == {"levels": ("T8",), "fitness": ("fit",), "deficit": ("none",)}


CLINICAL = [
    *(
        "Walking",
        "Breast ca",
        "Myeloma",
        "Lytic lesion",
        "Elderly lady",
        "Presented today",
        "Palliative care",
        "Hb 9",
        "Prognosis good",
    ),
    *(
        "Unable to walk",
        "Lives alone",
        "Wants surgery",
        "Oncologist happy",
        "Good morning",
        "Thanks",
        "Biopsy proven",
        "Kyphosis 20",
    ),
    *(
        "Pembrolizumab",
        "Denosumab",
        "Adenocarcinoma",
        "Hypercalcaemia",
        "Aortic stenosis",
        "Nephrectomy 2015",
        "op 2019",
        "RT 03/2019",
    ),
    *(
        "Wirbelkörper",
        "Querschnitt",
        "Keine Ausfälle",
        "Pathologische Fraktur",
        "Mammakarzinom",
        "Rückenmarkskompression",
    ),
    *(
        "Beinschwäche",
        "Bitte um Rat",
        "Verdacht auf Metastase",
        "Nierenzellkarzinom",
        "Instabilität",
        "Lungenmetastasen",
    ),
    *(
        "BREAST CANCER",
        "HYPERTENSION",
        "PMH: DVT, UTI",
        "HR 80",
        "72 hr post op",
        "mobile with 2 sticks",
        "Patient: 72F",
    ),
]


@pytest.mark.parametrize("words", CLINICAL)
def test_words_of_the_clinic_are_no_names_though_they_begin_with_a_capital(words: str) -> None:
    assert not heard(f"{words}, T8").identifiers


PIECES = st.sampled_from(
    [p for answer in lexicon().answers for p in answer.phrases[:4]]
    + [p for topic in lexicon().topics for p in topic.phrases[:3]]
    + [
        "no",
        "not",
        "or",
        "and",
        "but",
        ",",
        ".",
        ";",
        "?",
        ":",
        "T8",
        "T10-12",
        "L2-2",
        "T12/1",
        "T8 or",
        "72F",
        "8/10",
        "none",
        "intact",
        "if",
        "/",
        "C5",
        "ECOG 3",
        "50%",
        "(",
        ")",
        "Smith",
        "12.03.1950",
        "\n",
    ]
)


@pytest.mark.slow
@given(
    st.one_of(
        st.text(max_size=MOST_CHARACTERS),
        st.lists(PIECES, max_size=20).map(" ".join).filter(lambda t: len(t) <= MOST_CHARACTERS),
    )
)
def test_whatever_is_typed_every_finding_stands_in_the_text_and_no_date_is_echoed(text: str) -> None:
    reading = heard(text)
    for question, found in reading.findings.items():
        at = METASTASIS.question(question)
        assert at is not None
        assert found.answer == at.tidy(found.answer) != ()
        assert at.several or len(found.answer) == 1
        assert all(word and word in text[found.start : found.end] for word in found.words)
    assert all(piece in text for piece in (*reading.not_understood, *reading.outside))
    if "12.03.1950" in text.split():
        assert reading.identifiers
        assert not [piece for piece in reading.not_understood if "1950" in piece]
    assert heard(text) == reading


@given(st.sampled_from(METASTASIS.questions), st.data())
def test_two_different_answers_to_one_question_give_none(question: Any, data: st.DataObject) -> None:
    answers = [a for a in lexicon().answers if a.question == question.code]
    if len(answers) < 2:
        return
    one, two = data.draw(st.lists(st.sampled_from(answers), min_size=2, max_size=2, unique_by=lambda a: a.code))
    reading = heard(f"{one.phrases[0]}, {two.phrases[0]}")
    assert not reading.findings
    assert len(reading.not_understood) == 2


def faults(folder: Path, text: str) -> list[str]:
    (folder / "shorthand.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError) as raised:
        load_lexicon(folder)
    return raised.value.faults


def test_a_phrase_with_two_meanings_is_a_fault(tmp_path: Path) -> None:
    spoilt = REAL.read_text(encoding="utf-8").replace('"copd", ', '"copd", "body only", ')
    assert faults(tmp_path, spoilt) == ["shorthand.toml: 'body only' stands 2 times"]


def test_a_joint_of_a_topic_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    spoilt = REAL.read_text(encoding="utf-8").replace('of = ["unfit", "comorbidity"]', 'of = ["unfit", "illness"]')
    assert faults(tmp_path, spoilt) == ["shorthand.toml: 'illness' is no topic"]


def test_a_denied_topic_that_answers_nothing_there_is_a_fault(tmp_path: Path) -> None:
    spoilt = REAL.read_text(encoding="utf-8").replace('denied_answer = "none"', 'denied_answer = "nil"', 1)
    assert faults(tmp_path, spoilt) == ["shorthand.toml: topic 'deficit': deficit.nil is no answer"]


def test_an_unknown_key_is_a_fault(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, "extra = 1\n" + REAL.read_text(encoding="utf-8"))
    assert fault.startswith("shorthand.toml: extra: ")


def test_the_lexicon_is_loaded_once_and_names_only_answers_of_the_flow() -> None:
    assert lexicon() is lexicon()
    assert isinstance(lexicon(), Lexicon)
    named = [(answer.question, answer.code) for answer in lexicon().answers]
    named += [(joint.question, joint.code) for joint in lexicon().compound_answers]
    named += [(t.question, code) for t in lexicon().topics for code in (*t.against, t.denied_answer) if code]
    codes = {question.code: question.codes for question in METASTASIS.questions}
    assert all(code in codes[question] for question, code in named)
