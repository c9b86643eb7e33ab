"""Bauer, Tokuhashi and Tomita: every combination has the points and the class of the publication, kept as a table."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from kit import CATALOG, FakePrivateChat, answer, labels, lines, new_case, read, refusals

from flows.cards.card import Card
from flows.cards.case import CaseRenderer
from flows.engine.interview import Interview
from flows.export.records import parse_findings, recommendation_record
from flows.pathways.bauer import BAUER
from flows.pathways.tokuhashi import TOKUHASHI
from flows.pathways.tomita import TOMITA

TABLES: Final = tomllib.loads((Path(__file__).parents[1] / "data/prognostic_scores.toml").read_text("utf-8"))
FLOWS: Final = {flow.code: flow for flow in (BAUER, TOKUHASHI, TOMITA)}

every_score = pytest.mark.parametrize("code", TABLES)


def every_answer(code: str) -> list[dict[str, str]]:
    points: dict[str, dict[str, int]] = TABLES[code]["points"]
    return [dict(zip(points, codes, strict=True)) for codes in product(*points.values())]


def class_of(code: str, total: int) -> str:
    classes: dict[str, str] = TABLES[code]["classes"]
    bounds = {name: tuple(map(int, totals.split("-"))) for totals, name in classes.items()}
    [found] = [name for name, (least, most) in bounds.items() if least <= total <= most]
    return found


def drawn(code: str, **given: str) -> Card:
    flow = FLOWS[code]
    case, interview = new_case(flow), Interview(flow)
    for question, choice in given.items():
        case = answer(interview, case, question, (choice,))
    return CaseRenderer(flow, CATALOG).case(case, interview.state(case))


@every_score
def test_every_answer_has_the_points_of_the_publication(code: str) -> None:
    assert {q.code: {choice.code: choice.points for choice in q.choices} for q in FLOWS[code].questions} == TABLES[
        code
    ]["points"]


@every_score
def test_every_combination_has_the_total_and_the_class_of_the_table(code: str) -> None:
    table, combinations = TABLES[code], every_answer(code)
    assert len(combinations) == table["combinations"]
    totals = set()
    for codes in combinations:
        total = sum(table["points"][question][choice] for question, choice in codes.items())
        record: Any = recommendation_record(FLOWS[code], CATALOG, parse_findings(FLOWS[code], codes))
        assert (record["score"], record["class"]) == (total, class_of(code, total)), codes
        totals.add(total)
    assert (min(totals), max(totals)) == (table["lowest_total"], table["highest_total"])


@every_score
def test_the_table_of_the_scale_is_the_flow_that_scores_it(code: str) -> None:
    *items, total = CATALOG.scales[code].parts
    for part, question in zip(items, FLOWS[code].questions, strict=True):
        points = {grade: int(told.partition(";")[0]) for grade, told in part.grades.items()}
        assert points == {choice.label: choice.points for choice in question.choices}
    told = {grade.replace("–", " to "): name for grade, name in total.grades.items()}
    assert told == {band.because.partition(" points")[0]: band.name for band in FLOWS[code].guidance.bands}


@every_score
def test_the_card_says_year_direction_and_what_the_score_is_not(code: str) -> None:
    first = every_answer(code)[0]
    card = drawn(code, **first)
    text = read(card).text
    assert card.title.startswith(CATALOG.scales[code].name)
    assert CATALOG.scales[code].source.partition(";")[0] in text
    assert f"a {TABLES[code]['better']} score is better" in text
    assert "before today's systemic therapy" in text
    assert "nine in ten" in text
    assert "no score is turned into an answer. (G3)" in text
    assert refusals(card) == []


@every_score
@pytest.mark.parametrize("word", ["excision", "no surgery", "ventral", "palliative", "wide", "marginal"])
def test_no_word_of_the_publication_on_surgery_is_repeated(code: str, word: str) -> None:
    flow = FLOWS[code]
    said = [*(band.name for band in flow.guidance.bands), *(band.because for band in flow.guidance.bands)]
    said += [question.hint + question.text for question in flow.questions]
    said += [note.text for note in flow.guidance.notes]
    assert word not in " ".join(said).lower()


async def test_each_score_is_begun_from_the_list_of_scores() -> None:
    private_chat = FakePrivateChat()
    await private_chat.command("scores")
    assert private_chat.card.title == "The scores"
    assert labels(private_chat.card) == [
        "SINS",
        "Modified Bauer (2008)",
        "Tokuhashi (2005)",
        "Tomita (2001)",
        "New case",
        "Start",
    ]
    assert any("lower score is better" in line.text for line in lines(private_chat.card))
    await private_chat.tap("Tomita (2001)")
    for label in ("Rapid", "Untreatable", "Multiple"):
        await private_chat.tap(label)
    assert private_chat.card.title == "Tomita (2001) 10 · highest of four classes"
