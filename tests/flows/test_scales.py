"""The scales are those of the published instruments, fit a message, and stand beside the questions they help with."""

from __future__ import annotations

from typing import Final

import pytest
from kit import CATALOG, labels, lines, read, refusals

from flows.cards.pages import Pages
from flows.pathways.metastasis import METASTASIS
from flows.pathways.registry import flow_registry
from flows.pathways.sins import SINS

PAGES: Final = Pages(CATALOG)

every_scale = pytest.mark.parametrize("code", CATALOG.scales)


def grades(code: str) -> dict[str, list[str]]:
    return {part.heading: list(part.grades) for part in CATALOG.scales[code].parts}


@every_scale
def test_telegram_takes_every_scale(code: str) -> None:
    card = PAGES.scale(code)
    assert refusals(card) == []
    assert read(card).length <= 4096


@every_scale
def test_a_scale_tells_every_grade_every_caveat_and_its_source(code: str) -> None:
    scale, text = CATALOG.scales[code], read(PAGES.scale(code)).text
    for part in scale.parts:
        assert part.heading in text
        assert all(f"{grade}: {told}" in text for grade, told in part.grades.items())
    assert all(caveat in text for caveat in scale.caveats)
    assert f"{scale.source} ({scale.cite})" in text


def test_the_scales_have_the_grades_of_the_instruments() -> None:
    assert grades("escc") == {"Grade": ["0", "1a", "1b", "1c", "2", "3"]}
    assert grades("ais") == {"AIS": list("ABCDE"), "Frankel": list("ABCDE")}
    assert grades("fitness") == {
        "ECOG": list("012345"),
        "Karnofsky": [str(n) for n in range(100, -1, -10)],
        "ASA class": list("123456"),
    }


@pytest.mark.parametrize(
    ("code", "part", "grade", "told"),
    [
        ("escc", 0, "0", "bone only"),
        ("escc", 0, "1b", "sac deformed, cord not touched"),
        ("escc", 0, "1c", "sac deformed, cord touched, not compressed"),
        ("escc", 0, "2", "cord compressed, CSF still visible"),
        ("escc", 0, "3", "cord compressed, no CSF visible"),
        ("ais", 0, "A", "no motor or sensory function in S4–S5"),
        ("ais", 0, "C", "more than half of the key muscles under grade 3"),
        ("ais", 0, "D", "at least half of the key muscles grade 3 or more"),
        ("ais", 1, "B", "only sensation"),
        ("ais", 1, "C", "of no practical use"),
        ("ais", 1, "D", "may walk"),
        ("fitness", 0, "2", "up more than half of the waking hours"),
        ("fitness", 0, "3", "in bed or chair more than half of the waking hours"),
        ("fitness", 1, "70", "cares for self, cannot work"),
        ("fitness", 1, "50", "considerable help"),
        ("fitness", 2, "3", "severe systemic disease"),
        ("fitness", 2, "4", "threatens life all the time"),
    ],
)
def test_a_grade_means_what_the_instrument_says(code: str, part: int, grade: str, told: str) -> None:
    assert told in CATALOG.scales[code].parts[part].grades[grade]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("sins", "Fisher CG et al. Spine 2010;35(22):E1221–E1229."),
        ("sins", "one level at a time"),
        ("sins", "exactly 50 %"),
        ("sins", "From 7 points, a surgical consultation is advised."),
        ("escc", "Bilsky MH et al. J Neurosurg Spine 2010;13:324–328."),
        ("escc", "axial T2 MRI at the worst level"),
        ("escc", "0 to 1b counts as low, 2 and 3 as high; 1c is debated"),
        ("escc", "below the conus the surgeon judges"),
        ("escc", "oesophageal cancer"),
        ("ais", "bladder and bowel separately"),
        ("fitness", "Oken 1982"),
        ("fitness", "not converted into each other"),
    ],
)
def test_a_scale_bears_its_source_and_its_caveats(code: str, told: str) -> None:
    assert told in read(PAGES.scale(code)).text


def test_the_table_of_sins_is_the_flow_that_scores_it() -> None:
    *items, total = CATALOG.scales["sins"].parts
    for part, question in zip(items, SINS.questions, strict=True):
        points = {grade: int(told.partition(";")[0]) for grade, told in part.grades.items()}
        assert points == {choice.label: choice.points for choice in question.choices}
    told = {grade.replace("–", " to "): name for grade, name in total.grades.items()}
    assert told == {band.because.partition(" points")[0]: band.name for band in SINS.guidance.bands}


def test_the_scales_are_listed_each_with_its_button() -> None:
    card = PAGES.scales()
    assert refusals(card) == []
    assert labels(card) == [*(scale.name for scale in CATALOG.scales.values()), "New case", "Start"]
    assert [line.lead for line in lines(card) if line.lead] == [scale.name for scale in CATALOG.scales.values()]


def test_each_question_offers_what_helps_with_it() -> None:
    helped = {q.code: (*q.scales, *q.linked_flows) for q in METASTASIS.questions if q.scales or q.linked_flows}
    assert helped == {
        "fitness": ("fitness", "bauer", "tokuhashi", "tomita"),
        "deficit": ("ais",),
        "destruction": ("sins",),
        "single_approach": ("sins",),
    }


def test_no_two_scales_are_cited_alike_and_none_as_a_fact() -> None:
    cites = [scale.cite for scale in CATALOG.scales.values()]
    assert len({*cites, *CATALOG.facts, *CATALOG.gaps}) == len(cites) + len(CATALOG.facts) + len(CATALOG.gaps)
    assert all(CATALOG.says(scale.cite) == scale.source for scale in CATALOG.scales.values())
    assert set(flow_registry().flows) & set(CATALOG.scales) == {"sins", "bauer", "tokuhashi", "tomita"}
