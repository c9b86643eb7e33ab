"""The picture of the spine: what it says of a case, and what tools that are not ours read in it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import subprocess
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import typst
from colorspacious import cspace_convert, deltaE  # type: ignore[import-untyped]
from contrast import channels, contrast
from PIL import Image, ImageChops

from bot.pictures.typesetter import FOLDER, MOST_BYTES, NotDrawn, draw_png, fonts
from flows.catalog.loader import catalog
from flows.export.picture import SpinePictures, SpineView, Theme
from flows.model.findings import Findings
from flows.model.levels import LEVELS
from flows.model.source_scope import ScopeCode, ScopeMark
from flows.pathways.metastasis import METASTASIS

PICTURES: Final = SpinePictures(METASTASIS, catalog())
ANSWERS: Final = {
    "fitness": "fit",
    "deficit": "none",
    "extent": "body",
    "destruction": "limited",
    "single_approach": "enough",
    "prior": "none",
}
GOLDENS: Final = Path(__file__).parents[1] / "data" / "pictures"
PAGE: Final = (360.0, 450.0)
MOST_PIXELS: Final = 0.0005
"""Of a golden may differ: typst is pinned, and one vertebra more is ten times as much."""

THRESHOLD: Final = 24


def findings(*levels: str, **answers: str) -> Findings:
    said = {code: (answer,) for code, answer in (ANSWERS | answers).items()}
    return METASTASIS.effective({"levels": levels, **said})


EXTENSIVE: Final = {"extent": "circumferential", "destruction": "extensive"}
WORST_SCOPE: Final = (ScopeMark(ScopeCode.sins, "5"), ScopeMark(ScopeCode.escc, "1a"))
VIEWS: Final = {
    "t8": SpineView(findings("T8")),
    "t4-extensive": SpineView(findings("T4", **EXTENSIVE)),
    "l3-pedicle-dark": SpineView(findings("L3", extent="body_pedicle"), theme=Theme.dark),
    "t8-pedicle": SpineView(findings("T8", extent="body_pedicle")),
    "l2-posterior": SpineView(findings("L2", extent="posterior")),
    "all-dark": SpineView(findings(*LEVELS, **EXTENSIVE, single_approach="not_enough"), theme=Theme.dark),
    "unfit": SpineView(findings("L2", fitness="unfit_advanced")),
    "combined": SpineView(findings("T1", "T8", "T9"), option="combined"),
    "advised-against": SpineView(findings("T4"), option="anterior_corpectomy"),
    "nothing": SpineView({}),
    "longest": SpineView(findings(*LEVELS[::2], **EXTENSIVE, fitness="undecided"), scope=WORST_SCOPE),
}
ONE_TO_ALL: Final = {f"{n}-levels": SpineView(findings(*LEVELS[-n:])) for n in range(1, len(LEVELS) + 1)}


class Word(NamedTuple):
    """A word as `pdftotext` finds it."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


@cache
def pages() -> dict[str, list[Word]]:
    """Compile the same template to PDF, a page for each case, and read its words and their places with poppler."""
    drawings = {name: PICTURES.drawing(view) for name, view in (VIEWS | ONE_TO_ALL).items()}
    drawings["german"] = long_german(drawings["t4-extensive"])
    source = """#import "/spine.typ": spine
        #set page(width: 360pt, height: 450pt, margin: 0pt)
        #for case in json(bytes(sys.inputs.cases)) { page(spine(case)) }"""
    pdf = typst.compile(
        source.encode(),
        root=str(FOLDER),
        format="pdf",
        sys_inputs={"cases": json.dumps(list(drawings.values()))},
        font_paths=fonts(),
    )
    command = ["pdftotext", "-bbox", "-", "-"]
    read = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    word = r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>'
    sheets = [re.findall(word, page) for page in read.split("<page ")[1:]]
    found = [[_word(*parts) for parts in sheet] for sheet in sheets]
    return dict(zip(drawings, found, strict=True))


def _word(left: str, top: str, right: str, bottom: str, text: str) -> Word:
    return Word(float(left), float(top), float(right), float(bottom), text)


def legend_of(drawing: dict[str, object]) -> list[dict[str, str]]:
    said: Any = drawing["words"]
    return list(said["legend"])


def overlap(one: Word, other: Word) -> bool:
    """Return whether words stand on each other, by more than the leading of their lines."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > 0.5 and down > 0.35 * min(one.bottom - one.top, other.bottom - other.top)


def long_german(drawing: dict[str, object]) -> dict[str, object]:
    """Write the longest words of a German tumour board into every text."""
    words: Any = drawing["words"]
    legend = [
        mark | {"text": "Wirbelkörperersatzoperation, Tumorausdehnung zirkumferentiell"} for mark in words["legend"]
    ]
    headline = "Hintere Dekompression und Stabilisierung mit Wirbelkörperersatz"
    return {
        **drawing,
        "lang": "de",
        "words": {**words, "legend": legend, "headline": headline, "status": ["Ermessensentscheidung"]},
    }


@pytest.mark.parametrize("name", [*VIEWS, *ONE_TO_ALL, "german"])
def test_every_label_stands_once_and_no_word_on_another_or_outside(name: str) -> None:
    words = pages()[name]
    beside = [word.text for word in words if word.right < 200]
    assert sorted(beside) == sorted(LEVELS)
    assert all(word.left >= 0 and word.right <= PAGE[0] and word.top >= 0 and word.bottom <= PAGE[1] for word in words)
    assert [(one.text, other.text) for one, other in combinations(words, 2) if overlap(one, other)] == []


@pytest.mark.parametrize("name", VIEWS)
def test_a_picture_has_the_size_of_a_phone_and_is_light_to_send(name: str) -> None:
    png = draw_png("picture.typ", PICTURES.drawing(VIEWS[name]))
    assert Image.open(io.BytesIO(png)).size == (1024, 1280)
    assert len(png) <= MOST_BYTES


@pytest.mark.parametrize("name", VIEWS)
def test_a_picture_is_drawn_as_it_was_looked_at(name: str) -> None:
    drawn = Image.open(io.BytesIO(draw_png("picture.typ", PICTURES.drawing(VIEWS[name])))).convert("L")
    golden = Image.open(GOLDENS / f"{name}.png").convert("L")
    differ = sum(ImageChops.difference(drawn, golden).histogram()[THRESHOLD:])
    assert differ <= MOST_PIXELS * golden.width * golden.height


def test_a_vertebra_more_is_more_than_a_golden_may_differ() -> None:
    one, other = (
        Image.open(io.BytesIO(draw_png("picture.typ", PICTURES.drawing(SpineView(findings(level)))))).convert("L")
        for level in ("T8", "T9")
    )
    assert sum(ImageChops.difference(one, other).histogram()[THRESHOLD:]) > 5 * MOST_PIXELS * one.width * one.height


# ---- what it says ---------------------------------------------------------------------------------------------------


def test_without_an_operation_no_approach_is_drawn() -> None:
    for fitness in ("unfit_comorbidity", "unfit_advanced", "undecided"):
        assert PICTURES.drawing(SpineView(findings("T8", fitness=fitness)))["ways"] == []


def test_a_disputed_or_unfinished_case_shows_no_approach() -> None:
    assert PICTURES.drawing(SpineView(findings("T8"), disputed=("deficit",)))["ways"] == []
    unfinished = {"levels": ("T8",), "fitness": ("fit",)}
    assert PICTURES.drawing(SpineView(unfinished))["ways"] == []
    assert "Not all questions are answered" in PICTURES.caption(SpineView(unfinished))


@pytest.mark.parametrize(
    ("option", "approach"),
    [
        ("posterior_mis", ["posterior"]),
        ("posterior", ["posterior"]),
        ("posterior_corpectomy", ["posterior"]),
        ("anterior_corpectomy", ["anterior"]),
        ("combined", ["anterior", "posterior"]),
        ("nonoperative", []),
    ],
)
def test_each_option_is_drawn_with_its_own_approach(option: str, approach: list[str]) -> None:
    assert PICTURES.drawing(SpineView(findings("T8"), option=option))["ways"] == approach


@pytest.mark.parametrize(
    ("view", "fact"),
    [
        (SpineView(findings("T2", "T5")), "F4"),
        (SpineView(findings("T4", **EXTENSIVE)), "F5"),
        (SpineView(findings("L3", **EXTENSIVE)), "F5"),
        (SpineView(findings("T8")), ""),
        (SpineView(findings("T5", "T6")), ""),
        (SpineView(findings("T1")), ""),
        (SpineView(findings("T4"), option="combined"), ""),
        (SpineView(findings("T8"), option="posterior_corpectomy"), ""),
    ],
)
def test_posterolateral_is_named_where_the_source_names_it(view: SpineView, fact: str) -> None:
    dashed = [mark["text"] for mark in legend_of(PICTURES.drawing(view)) if mark["mark"] == "dashed"]
    assert all(f"({fact})" in text and "no side is recorded" in text for text in dashed)
    assert bool(dashed) == bool(fact)


def test_an_option_that_the_source_refuses_says_so_in_picture_and_caption() -> None:
    against = SpineView(findings("T4"), option="anterior_corpectomy")
    words: Any = PICTURES.drawing(against)["words"]
    assert words["status"] == ["✗ not recommended"]
    assert "✗ not recommended" in PICTURES.caption(against)


def test_every_arrow_cites_what_carries_it() -> None:
    for view in VIEWS.values():
        arrows = [mark for mark in legend_of(PICTURES.drawing(view)) if mark["mark"] in ("way", "dashed")]
        assert all(re.search(r"\bF[0-9]+\b", mark["text"]) for mark in arrows)


def test_one_answer_for_several_levels_is_said_to_be_one() -> None:
    several = legend_of(PICTURES.drawing(SpineView(findings("T8", "T9"))))
    assert any("one answer for all levels" in mark["text"] for mark in several)


@pytest.mark.parametrize("option", ["", *catalog().options])
def test_telegram_takes_every_caption(option: str) -> None:
    scattered = findings(*LEVELS[::2], **EXTENSIVE, fitness="undecided", deficit="significant")
    every = tuple(ScopeMark(code, "above T1 and below L5") for code in ScopeCode)
    view = SpineView(scattered, option, name="⚫ Nightingale", disputed=("fitness", "deficit"), scope=every)
    assert len(PICTURES.caption(view).encode("utf-16-le")) // 2 <= 1024


def test_a_caption_begins_with_the_name_of_the_case_and_keeps_the_emergency() -> None:
    caption = PICTURES.caption(SpineView(findings("T8", deficit="significant"), name="🟦 Heron", scope=WORST_SCOPE))
    assert caption.startswith("🟦 Heron · T8 · 1 level · Posterior (open)\n")
    assert "is an emergency" in caption
    assert "SINS 5" in caption


def test_the_template_holds_no_word_of_its_own() -> None:
    source = (FOLDER / "spine.typ").read_text()
    strings = set(re.findall(r'"([^"]*)"', re.sub(r"//.*", "", source)))
    assert not {text for text in strings if " " in text and not text.startswith(("DejaVu", "#"))}


def test_what_fails_is_named_by_its_kind_alone() -> None:
    with pytest.raises(NotDrawn) as failed:
        draw_png("picture.typ", {"levels": ["C7"]})
    assert "C7" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert failed.value.__context__ is None


# ---- colours --------------------------------------------------------------------------------------------------------


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of the template, by theme and by what they colour."""
    source = (FOLDER / "spine.typ").read_text()
    block = source[source.index("#let themes") : source.index("// ---- the bones")]
    parts = re.findall(r"(light|dark): \((.*?)\n  \)", block, re.DOTALL)
    return {theme: dict(re.findall(r'(\w+): rgb\("(#\w+)"\)', colours)) for theme, colours in parts}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_outlines_stand_out_from_their_ground(theme: str) -> None:
    tone = themes()[theme]
    words = [("ink", "paper"), ("quiet", "paper"), ("way", "paper"), ("tumour", "paper"), ("on_pill", "pill")]
    outlines = [("edge", "paper"), ("tumour", "marked"), ("tumour", "band"), ("way", "band")]
    assert all(contrast(tone[one], tone[other]) >= 4.5 for one, other in words)
    assert all(contrast(tone[one], tone[other]) >= 3 for one, other in outlines)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["deuteranomaly", "protanomaly", "tritanomaly"])
def test_tumour_and_approach_tell_apart_in_colour_blindness(theme: str, kind: str) -> None:
    tone = themes()[theme]
    seen = {"name": "sRGB1+CVD", "cvd_type": kind, "severity": 100}
    tumour, way = (
        cspace_convert([c / 255 for c in channels(tone[name])], seen, "sRGB1") for name in ("tumour", "way")
    )
    assert deltaE(tumour, way, input_space="sRGB1") > 25


# ---- proportions: within what is published as normal ----


def bones() -> dict[str, list[float]]:
    rows = list(csv.reader((FOLDER / "bones.csv").read_text().splitlines()))[2:]
    return {name: list(map(float, numbers)) for name, *numbers in rows}


def test_the_curves_of_the_drawing_are_within_the_published_ranges() -> None:
    tilt = {name: numbers[3] for name, numbers in bones().items()}
    lower = {name: numbers[4] for name, numbers in bones().items()}
    depth = {name: numbers[1] for name, numbers in bones().items()}

    def endplate(name: str, side: int) -> float:
        """Return the tilt of an endplate: 1 for the upper, -1 for the lower."""
        return tilt[name] + side * math.degrees(math.atan(lower[name] / 2 / depth[name]))

    assert 20 <= endplate("T1", 1) - endplate("T12", -1) <= 50
    assert 30 <= endplate("T4", 1) - endplate("T12", -1) <= 50
    assert 45 <= endplate("S1", 1) - endplate("L1", 1) <= 70
    assert abs(endplate("T10", 1) - endplate("L2", -1)) <= 10
    assert tuple(bones()) == (*LEVELS, "S1")


def test_bodies_grow_from_t1_downwards() -> None:
    depths = [numbers[1] for name, numbers in bones().items() if name in LEVELS[:16]]
    assert depths == sorted(depths)
