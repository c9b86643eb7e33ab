"""No word is taken for another: medical words of English and German change nothing of a note, however alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from flows.notes.lexicon import Answer, Topic, lexicon
from flows.notes.matcher import phrase_matcher
from flows.notes.reader import Reading, read_note
from flows.notes.tokenizer import words_of
from flows.pathways.metastasis import METASTASIS

LISTS = {
    "English medical": (Path("/usr/share/hunspell/en_med_glut.dic"), "utf-8", 75),
    "German medical": (Path("/usr/share/hunspell/de_med.dic"), "latin-1", 8),
    "German": (Path("/usr/share/dict/ngerman"), "utf-8", 300),
}
"""Each list with its encoding, and of how many words one is tried."""

WHOLE = "T8 met, fit, no deficit, body only, limited destruction, prior none"

LOOKALIKES = [
    *("intolerable", "definite", "Defizienz", "resection", "rejection", "irradiating", "expensive", "intensive"),
    *("unfitted", "fitful", "fist", "infinite", "benefit", "profit", "outfit", "Kredit", "operation", "cooperable"),
    *("circumference", "circumflex", "circumcision", "circulation", "Zirkulation", "zirkulieren", "Circus", "zirka"),
    *("limiting", "delimited", "limitless", "extension", "extensor", "extended", "excessive", "Extension"),
    *("deficient", "deficiency", "defect", "Defekt", "delicate", "contact", "impact", "intake", "intrathecal"),
    *("priority", "prion", "priorly", "nonetheless", "nobody", "notable", "node", "nasal", "nil-ish", "noncompliant"),
    *("fits", "fitness", "unified", "unity", "inoperative", "operative", "operator", "postoperable", "Operateur"),
    *("incontinental", "continent", "retentive", "detention", "attention", "parapet", "paraphrase", "ataraxia"),
    *("significance", "signify", "minority", "minors", "Minorität", "antibody", "anybody", "embody", "bodywork"),
]


def words_of_list(name: str) -> list[str]:
    """Return every n-th word of a list, without what is behind it."""
    path, encoding, step = LISTS[name]
    assert path.exists(), (
        f"{path} is missing: run scripts/words, or apt install hunspell-en-med hunspell-de-med wngerman"
    )
    lines = path.read_text(encoding).splitlines()[1:]
    words = [line.partition("/")[0].strip() for line in lines]
    return [word for word in words if word.replace("-", "").isalpha()][::step]


@cache
def deciding() -> frozenset[str]:
    """Return the single words that mean something to the questions, letter by letter."""
    known = [phrase for phrase, sense in lexicon().entries() if isinstance(sense, Answer | Topic)]
    return frozenset(" ".join(words_of(phrase)) for phrase in known)


def said(text: str) -> Reading:
    return read_note(METASTASIS, lexicon(), text)


def check(word: str) -> None:
    """Hold one word to it: alone it is nothing, and in a note it changes nothing."""
    if " ".join(words_of(word)) in deciding():
        return
    assert said(word).answers == {}, word
    noted = said(f"{WHOLE}, {word}")
    if all(not phrase_matcher(lexicon()).exactly(part) for part in words_of(word)):
        whole = said(WHOLE)
        assert noted.answers == whole.answers, word
        assert (noted.context, noted.danger, noted.scope) == (whole.context, whole.danger, whole.scope), word
        beside = said(f"T8 met, {word} circumferential, no {word}, {word} fit, {word} deficit")
        assert not {"extent", "fitness", "deficit"} & set(beside.answers), word


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTS)
def test_no_word_of_a_medical_list_becomes_a_finding_by_likeness(name: str) -> None:
    words = words_of_list(name)
    assert len(words) >= 1100
    for word in words:
        check(word)


def test_three_thousand_words_and_more_are_tried() -> None:
    assert sum(len(words_of_list(name)) for name in LISTS) >= 3000


@pytest.mark.parametrize("word", LOOKALIKES)
def test_no_word_that_looks_like_one_of_ours_becomes_it(word: str) -> None:
    check(word)
    check(word.upper())
    check(word.capitalize())
