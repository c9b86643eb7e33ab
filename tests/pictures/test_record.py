"""The record on paper: one page that is archived and read aloud, checked by tools that are not ours."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from kit import CATALOG
from record_kit import ALL, LONGEST, PAGES, SHORT, TIME, UNKNOWN, decision_page, on_disk, pages, told_by

from bot.pictures.typesetter import FOLDER, NotDrawn, typeset_pdf
from bot.telegram.rendering.names import PRINTED, insert_page_names
from flows.cards.card import person
from flows.export.record_page import Page, RecordView
from flows.pathways.metastasis import METASTASIS

TEMPLATE: Final = "record.typ"
KINDS: Final = tuple(pages())
JARS: Final = ("preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-logging", "javax.activation", "jaxb-api")
PREFLIGHT: Final = (
    "java",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS),
    "org.apache.pdfbox.preflight.Validator_A1b",
)
CITED: Final = re.compile(r"\((?:[FG][0-9]+|[A-Z]{4,})(?:, (?:[FG][0-9]+|[A-Z]{4,}))*\)\.?$")


@cache
def pdf_of(kind: str) -> bytes:
    return typeset_pdf(TEMPLATE, pages()[kind])


def words_of(pdf: bytes) -> str:
    """Give the words as poppler reads them, without their breaks."""
    return " ".join(told_by("pdftotext", "-", "-", pdf=pdf).split())


def parts(page: Page, place: str) -> dict[str, Any]:
    """Give the parts of a page by their headings."""
    found: Any = page[place]
    return {part["heading"]: part for part in found}


def every_text(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for each in inner for text in every_text(each)]


# ---- the page ----


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_is_one_page_of_a4_that_claims_archive_and_accessibility(kind: str) -> None:
    told = told_by("pdfinfo", "-", pdf=pdf_of(kind))
    assert re.search(r"^Pages: +1$", told, re.MULTILINE)
    assert re.search(r"^Page size: .*\(A4\)$", told, re.MULTILINE)
    assert re.search(r"^Tagged: +yes$", told, re.MULTILINE)
    claims = told_by("pdfinfo", "-meta", "-", pdf=pdf_of(kind))
    assert re.findall(r"(pdfaid:part|pdfaid:conformance|pdfuaid:part)>(\w)<", claims) == [
        ("pdfaid:part", "2"),
        ("pdfaid:conformance", "A"),
        ("pdfuaid:part", "1"),
    ]


@pytest.mark.parametrize("kind", ["short", "longest decision"])
def test_qpdf_finds_no_fault_and_every_font_is_embedded(kind: str, tmp_path: Path) -> None:
    checked = subprocess.run(
        ["qpdf", "--check", on_disk(tmp_path, pdf_of(kind))], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    fonts = told_by("pdffonts", "-", pdf=pdf_of(kind)).splitlines()[2:]
    assert fonts
    assert all(re.search(r" yes yes yes +\d+ +\d+$", font) for font in fonts)


@pytest.mark.slow
def test_preflight_accepts_the_twin_of_the_page_and_refuses_what_is_no_archive(tmp_path: Path) -> None:
    for name, standard in (("twin", "a-1b"), ("plain", "1.4")):
        (tmp_path / f"{name}.pdf").write_bytes(typeset_pdf(TEMPLATE, pages()["longest decision"], [standard]))
    subprocess.run([*PREFLIGHT, "xml", "batch", tmp_path], capture_output=True, check=False)
    verdicts = [(tmp_path / f"{name}.pdf.preflight.xml").read_text("utf-8") for name in ("twin", "plain")]
    assert re.findall(r'<isValid type="PDF/A1-b">(\w+)<', "".join(verdicts)) == ["true", "false"]


def test_the_same_case_at_the_same_time_has_the_same_bytes() -> None:
    page = pages()["simple"]
    assert typeset_pdf(TEMPLATE, page) == pdf_of("simple")
    later = PAGES.page(RecordView(SHORT, TIME._replace(seconds=TIME.seconds + 60)))
    assert typeset_pdf(TEMPLATE, later) != pdf_of("short")


@pytest.mark.parametrize("kind", ["simple", "decision"])
def test_a_screen_reader_reads_the_page_in_the_order_in_which_it_is_meant(kind: str) -> None:
    page: Any = pages()[kind]
    read = " ".join(told_by("pdftotext", "-raw", "-", "-", pdf=pdf_of(kind)).split())
    headings = [part["heading"] for place in ("beside", "below") for part in page[place] if part["heading"]]
    order = [page["kind"], page["head"], page["about"], "Patient", "A schematic", *headings, "What is cited"]
    order += ["Source and limits", "Not a medical device"]
    assert [text for text in order if text not in read] == []
    places = [read.index(text) for text in order]
    assert places == sorted(places)
    tags = told_by("pdfinfo", "-struct", "-", pdf=pdf_of(kind))
    assert re.findall(r'^ +H[12] "(.*)"', tags, re.MULTILINE)[1 : 1 + len(headings)] == headings
    assert set(re.findall(r"^ +(H1|Figure|TH)\b", tags, re.MULTILINE)) == {"H1", "Figure", "TH"}


def test_who_does_not_see_the_picture_is_told_what_it_shows(tmp_path: Path) -> None:
    page: Any = pages()["short"]
    flat = ["qpdf", "--qdf", "--object-streams=disable", str(on_disk(tmp_path, pdf_of("short"))), "-"]
    [alt] = re.findall(rb"/Alt <feff(\w+)>", subprocess.run(flat, capture_output=True, check=True).stdout)
    told = bytes.fromhex(alt.decode()).decode("utf-16-be")
    assert told == page["spine"]["alt"]
    assert told.startswith("The spine as a schematic. Case · L2 · 1 level · Non-operative. ✓ supported")


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_of_a_record_is_printed(kind: str) -> None:
    page = pages()[kind]
    printed = words_of(pdf_of(kind)).replace(" ", "")
    shown = {name: page[name] for name in ("about", "kind", "head", "urgent", "patient", "beside", "below", "closing")}
    missing = [text for text in every_text(shown) if text.replace(" ", "") not in printed]
    # poppler reads the two columns of a table row by row, so that a cell of several lines is not found in one piece
    assert [text for text in missing if not all(word in printed for word in text.split())] == []


def test_the_template_holds_no_word_of_its_own() -> None:
    source = (FOLDER / TEMPLATE).read_text()
    strings = set(re.findall(r'"([^"]*)"', re.sub(r"//.*", "", source)))
    assert not {text for text in strings if text.strip(": #") and " " in text and not text.startswith("DejaVu")}


def test_a_page_that_fails_is_named_by_its_kind_alone() -> None:
    with pytest.raises(NotDrawn) as failed:
        typeset_pdf(TEMPLATE, {"seconds": 0, "head": "Heron"})
    assert "Heron" not in str(failed.value)
    assert failed.value.__context__ is None


# ---- what it says ----


@pytest.mark.parametrize("kind", KINDS)
def test_every_clinical_statement_of_a_record_cites_what_carries_it(kind: str) -> None:
    page = pages()[kind]
    because = [row[2] for row in parts(page, "below")["Every option, with the kind of verdict"]["rows"]]
    added = [text for _, text in parts(page, "beside")["What the source adds"]["lines"]]
    assert [text for text in (*because, *added) if not CITED.search(text)] == []
    cited: Any = page["cited"]
    ids = {fact for fact, _ in cited[1]}
    assert set(re.findall(r"\b[FG][0-9]+\b", " ".join((*because, *added)))) <= ids
    assert all(CATALOG.says(fact) in text for fact, text in cited[1])


def test_each_kind_of_no_has_its_own_words() -> None:
    rows = parts(PAGES.page(RecordView(LONGEST, TIME)), "below")["Every option, with the kind of verdict"]["rows"]
    verdicts = {row[0]: row[1] for row in rows}
    assert verdicts["Anterior corpectomy and stabilization"] == "✗ contraindicated"
    upper = parts(PAGES.page(RecordView(ALL, TIME)), "below")["Every option, with the kind of verdict"]["rows"]
    assert {row[1] for row in upper} >= {"✗ not recommended", "✗ indication not met"}


def test_what_is_not_known_is_said_to_be_so() -> None:
    answers = dict(row for row in parts(PAGES.page(RecordView(UNKNOWN, TIME)), "beside")["Findings"]["rows"])
    assert answers["Fitness for surgery"] == "fitness undecided"
    assert answers["Anterior or posterior fixation alone"] == "stability not judged"
    assert answers["Earlier chest or abdominal treatment"] == "prior not known"
    assert answers["Scores"] == "None taken with this case."
    unasked = dict(row for row in parts(PAGES.page(RecordView(SHORT, TIME)), "beside")["Findings"]["rows"])
    assert unasked["Neurological deficit"] == "not asked"


def test_every_question_has_its_topic() -> None:
    assert set(CATALOG.paper.page.topics) == {question.code for question in METASTASIS.questions}


def test_the_title_of_the_document_tells_no_finding() -> None:
    for page in pages().values():
        assert re.fullmatch(r"Record of (a case|case Heron), \d+ Nov 2026, \d\d:\d\d UTC", str(page["title"]))


# ---- a decision ----


def test_a_decision_says_who_answered_what_was_disputed_and_how_the_vote_went() -> None:
    page = decision_page(LONGEST, "anterior_corpectomy", disputes=1, voters=4, reason="wish")
    beside, below = parts(page, "beside"), parts(page, "below")
    assert page["head"] == "Anterior corpectomy and stabilization"
    assert beside[""]["lines"][:2] == [
        ["", "Decided by Ana Albrecht"],
        ["Not supported by the source. Reason", "patient's wish"],
    ]
    assert beside["Findings"]["rows"][1] == ["Fitness for surgery", "fitness undecided", "Ben"]
    assert "Cleo" in below["What was disputed"]["lines"][0][1]
    assert ["Non-operative", "1 · Ben · A matter of judgement"] in beside["The vote"]["lines"]


def test_none_of_the_options_is_drawn_without_an_approach() -> None:
    page: Any = decision_page(findings_of_t8(), "none", reason="other")
    assert page["spine"]["drawing"]["ways"] == []
    assert page["spine"]["drawing"]["words"]["headline"] == "None of these / discuss in person"


def findings_of_t8() -> Any:
    return METASTASIS.effective(
        {
            "levels": ("T8",),
            "fitness": ("fit",),
            "deficit": ("none",),
            "extent": ("body",),
            "destruction": ("limited",),
            "prior": ("none",),
        }
    )


# ---- names ----


def test_a_name_is_printed_in_letters_that_the_fonts_have() -> None:
    names = {"1": "Nguyễn Thị 🦴", "2": "李明", "3": "Zoë\u202e Ŝ"}
    page = insert_page_names({"who": [person(each) for each in (*names, "4")]}, names)
    assert page == {"who": ["Nguyen Thi", "someone", "Zoë Ŝ", "someone"]}


def test_the_fonts_have_every_letter_that_is_printed() -> None:
    letters = "".join(chr(code) for code in range(0x2100) if PRINTED.fullmatch(chr(code)))
    page = {**pages()["short"], "about": letters}
    assert typeset_pdf(TEMPLATE, page).startswith(b"%PDF")


def test_of_a_long_list_of_people_the_first_are_named_and_the_rest_counted() -> None:
    names = {f"p{n}": f"Member {n}" for n in range(6)}
    listed = ", ".join(map(person, names))
    assert insert_page_names({"who": listed}, names) == {"who": "Member 0, Member 1, Member 2, +3"}


# ---- the list of decisions ----


def test_a_long_list_of_decisions_has_its_head_on_each_page_and_every_row_whole(tmp_path: Path) -> None:
    rows = [
        ["29 Nov 2026, 14:05 UTC", f"Case{n}", "T8: fit", "Posterior MIS (F12)", "Decided", "0", "stands"]
        for n in range(60)
    ]
    words = CATALOG.paper.minutes
    columns = [words.time, words.case, words.findings, words.sourced, words.decision, words.disputes, words.status]
    page: Page = {
        "lang": "en",
        "author": "spinemets",
        "title": "Decisions",
        "seconds": TIME.seconds,
        "head": words.head,
        "about": "60",
        "columns": columns,
        "rows": rows,
        "patient": words.patient,
        "closing": ["end"],
    }
    pdf = typeset_pdf("minutes.typ", page)
    number = re.search(r"^Pages: +(\d+)$", told_by("pdfinfo", "-", pdf=pdf), re.MULTILINE)
    assert number
    text = told_by("pdftotext", "-layout", "-", "-", pdf=pdf)
    assert text.count(words.patient) == int(number[1]) > 1
    assert [f"Case{n}" for n in range(60) if not re.search(rf"Case{n}\b", text)] == []
    checked = subprocess.run(["qpdf", "--check", on_disk(tmp_path, pdf)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
