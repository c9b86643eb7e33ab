"""The outlines on which the spine is tapped: the same bones as in the picture, each in its place on the page."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from contrast import contrast

from bot.pictures.outline import HEIGHT, WIDTH, outlines, sacrum
from bot.telegram.webapp.page_document import page_document
from flows.catalog.loader import catalog
from flows.model.levels import LEVELS
from flows.pathways.metastasis import METASTASIS

PAGE = Path(__file__).parents[2] / "bot/telegram/webapp/page"
ROOT = re.compile(r":root \{(.*?)\}", re.DOTALL)
TEMPLATE = Path(__file__).parents[2] / "bot/pictures/templates/spine.typ"


def points(path: str) -> list[tuple[float, float]]:
    found = re.findall(r"(-?[\d.]+),(-?[\d.]+)", path)
    return [(float(x), float(y)) for x, y in found]


def test_every_level_has_an_outline_from_above_down() -> None:
    assert tuple(bone.name for bone in outlines()) == LEVELS
    assert all(above.front[1] < below.front[1] for above, below in pairwise(outlines()))


def test_nothing_lies_outside_the_page() -> None:
    paths = [path for bone in outlines() for path in (bone.body, bone.pedicle, bone.arch, bone.disc)]
    for x, y in (point for path in (*paths, sacrum()) for point in points(path)):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


def test_no_two_bodies_lie_over_each_other() -> None:
    for above, below in pairwise(outlines()):
        lowest = max(y for _, y in points(above.body)) - min(y for _, y in points(below.body))
        assert lowest < 3  # they are tilted: corners may pass each other, the bodies do not


def test_the_constants_of_the_bones_are_those_of_the_picture() -> None:
    template, outline = TEMPLATE.read_text("utf-8"), (PAGE.parents[2] / "pictures/outline.py").read_text("utf-8")
    assert "#let canal = 16.5" in template
    assert "CANAL: Final = 16.5" in outline
    for number in ("0.42 * h", "-0.2 * h", "0.09 * h", "0.05 * h", "0.92", "1.15", "3.4"):
        assert number.lstrip("-") in template
        assert number.lstrip("-") in outline


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_page_can_be_read_on_both_grounds(theme: int) -> None:
    css = (PAGE / "spine.css").read_text("utf-8")
    grounds = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", rule)) for rule in ROOT.findall(css)]
    tone = {name: wide(colour) for name, colour in (grounds[0] | grounds[theme]).items()}
    for text, ground in (("ink", "paper"), ("quiet", "paper"), ("on-pill", "pill"), ("quiet", "faint")):
        assert contrast(tone[text], tone[ground]) >= 4.5, (text, ground)
    for line in ("focus", "pill", "line", "edge"):
        assert contrast(tone[line], tone["paper"]) >= 3, line
    assert contrast(tone["tumour"], tone["marked"]) >= 3


def test_the_page_has_the_words_of_the_questions_and_none_of_its_own() -> None:
    levels, extent = METASTASIS.question("levels"), METASTASIS.question("extent")
    assert levels
    assert extent
    html = page_document(levels, extent, catalog().wording.drawing).html
    for word in (levels.text, extent.text, *(choice.label for choice in (*levels.choices, *extent.choices))):
        assert word in html
    bare = (PAGE / "spine.html").read_text("utf-8")
    assert re.findall(r">\s*([^<>$\s][^<>$]*)<", bare.partition("<body>")[2].partition("<noscript>")[0]) == []


def wide(colour: str) -> str:
    """Write a colour of three digits with six."""
    return "#" + "".join(digit * 2 for digit in colour[1:]) if len(colour) == 4 else colour
