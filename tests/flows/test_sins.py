"""SINS: the points, the classes and the places of the levels are those of the instrument, written here by hand."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import CATALOG, WHO, answer, labels, lines, new_case, read, refusals

from flows.cards.card import Card
from flows.cards.case import CaseRenderer
from flows.engine.interview import Interview
from flows.errors import FindingError, UnknownFlow
from flows.export.records import parse_findings, recommendation_record
from flows.model.case import Case
from flows.model.conditions import ScoreItem, Scores, TruthValue, totals
from flows.model.findings import NOT_ASKED, Findings
from flows.model.rules import decide
from flows.pathways.registry import flow_registry
from flows.pathways.sins import ITEMS, SINS

INTERVIEW: Final = Interview(SINS)
CARDS: Final = CaseRenderer(SINS, CATALOG)

POINTS: Final = {
    "location": {"junctional": 3, "mobile": 2, "semirigid": 1, "rigid": 0},
    "pain": {"mechanical": 3, "occasional": 1, "none": 0},
    "bone": {"lytic": 2, "mixed": 1, "blastic": 0},
    "alignment": {"translated": 4, "deformed": 2, "normal": 0},
    "collapse": {"over_half": 3, "under_half": 2, "involved": 1, "none": 0},
    "posterolateral": {"bilateral": 3, "unilateral": 1, "none": 0},
}

BY_LEVEL: Final = {
    **dict.fromkeys(("T1", "T2", "T11", "T12", "L1", "L5"), 3),
    **dict.fromkeys(("L2", "L3", "L4"), 2),
    **{f"T{n}": 1 for n in range(3, 11)},
}

STABLE: Final = {
    "location": "rigid",
    "pain": "none",
    "bone": "blastic",
    "alignment": "normal",
    "collapse": "none",
    "posterolateral": "none",
}

PATIENTS: Final = tomllib.loads((Path(__file__).parents[1] / "data" / "scores.toml").read_text("utf-8"))["patient"]


def every_answer() -> list[dict[str, str]]:
    return [dict(zip(POINTS, codes, strict=True)) for codes in product(*POINTS.values())]


def by_hand(total: int) -> str:
    if total <= 6:
        return "stable"
    return "potentially_unstable" if total <= 12 else "unstable"


def played(**given: str) -> Case:
    case = new_case(SINS)
    for question, code in (STABLE | given).items():
        case = answer(INTERVIEW, case, question, (code,))
    return case


def drawn(case: Case) -> Card:
    return CARDS.case(case, INTERVIEW.state(case))


# The score.


def test_every_answer_has_the_points_of_the_instrument() -> None:
    assert {q.code: {choice.code: choice.points for choice in q.choices} for q in SINS.questions} == POINTS


def test_all_1296_combinations_have_the_total_and_the_class_that_were_added_by_hand() -> None:
    combinations = every_answer()
    assert len(combinations) == 1296
    for codes in combinations:
        total = sum(POINTS[question][code] for question, code in codes.items())
        record = recommendation_record(SINS, CATALOG, parse_findings(SINS, codes))
        assert (record["score"], record["class"]) == (total, by_hand(total)), codes


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient["name"])
def test_a_patient_has_the_score_that_was_added_up_by_hand(patient: dict[str, Any]) -> None:
    findings = parse_findings(SINS, patient["findings"])
    band = decide(SINS.guidance, findings).band
    assert band
    assert (SINS.score(findings), band.code) == (patient["score"], patient["class"])
    assert ("from 7 points a surgical consultation is advised" in band.because) is (patient["score"] >= 7)
    assert patient["signed"].strip()


def test_the_record_names_each_item_with_its_points_the_source_and_the_edition() -> None:
    record: Any = recommendation_record(
        SINS, CATALOG, parse_findings(SINS, STABLE | {"pain": "mechanical", "location": "mobile"})
    )
    assert record["asked"] == list(POINTS)
    assert record["items"][:2] == [
        {"code": "location", "answer": "mobile", "points": 2},
        {"code": "pain", "answer": "mechanical", "points": 3},
    ]
    assert sum(item["points"] for item in record["items"]) == record["score"] == 5
    assert record["source"] == "Fisher CG et al. Spine 2010;35(22):E1221–E1229."
    assert record["edition"] == CATALOG.edition
    assert not {"headline", "options"} & set(record)


def test_a_missing_item_is_asked_and_never_counted_as_nothing() -> None:
    with pytest.raises(FindingError) as raised:
        parse_findings(SINS, {code: given for code, given in STABLE.items() if code != "collapse"})
    assert raised.value.finding == "collapse"


# Three values.


def brute(condition: Scores, findings: Findings) -> TruthValue:
    """Read a score by completing the findings in every way."""
    open_items = [item for item in condition.items if item.question not in findings]
    read = set()
    for codes in product(*(item.points for item in open_items)):
        whole = {**findings, **{item.question: (code,) for item, (code, _) in zip(open_items, codes, strict=True)}}
        total = sum(POINTS[item.question][whole[item.question][0]] for item in condition.items)
        read.add(condition.least <= total <= condition.most)
    return read.pop() if len(read) == 1 else None


@given(
    findings=st.fixed_dictionaries({}, optional={
        question: st.sampled_from(list(points)).map(lambda code: (code,)) for question, points in POINTS.items()
    }),
    bounds=st.tuples(st.integers(0, 18), st.integers(0, 18)).map(sorted),
)  # fmt: skip
def test_a_score_is_true_false_or_unknown_as_every_completion_says(findings: Findings, bounds: list[int]) -> None:
    condition = Scores(ITEMS, *bounds)
    assert condition.evaluate(findings) is brute(condition, findings)


def test_a_class_is_settled_as_soon_as_no_answer_could_change_it() -> None:
    unstable = Scores(ITEMS, 13, 18)
    answered: dict[str, tuple[str, ...]] = {"location": ("junctional",), "pain": ("mechanical",), "bone": ("lytic",)}
    assert unstable.evaluate(answered) is None
    assert unstable.evaluate({**answered, "alignment": ("translated",)}) is None
    assert unstable.evaluate({**answered, "alignment": ("translated",), "collapse": ("involved",)}) is True
    assert unstable.evaluate({"alignment": ("normal",), "collapse": ("none",), "posterolateral": ("none",)}) is False


def test_a_question_that_is_not_asked_adds_nothing() -> None:
    items = (ScoreItem("a", (("x", 2), ("y", 1))), ScoreItem("b", (("z", 5),)))
    assert totals(items, {"a": ("x",), "b": NOT_ASKED}) == {2}
    assert totals(items, {"b": ("z",)}) == {6, 7}


# The level of another case.


@pytest.mark.parametrize("level", BY_LEVEL)
def test_one_level_from_t1_to_l5_tells_the_location_and_its_points(level: str) -> None:
    case = INTERVIEW.prefill(new_case(SINS), {"levels": (level,)}, WHO)
    state = INTERVIEW.state(case)
    [code] = state.findings["location"]
    assert POINTS["location"][code] == BY_LEVEL[level]
    assert state.current is SINS.question("pain")


@pytest.mark.parametrize("levels", [("T1", "T2"), ("T8", "L3"), NOT_ASKED])
def test_several_levels_leave_the_location_to_be_asked(levels: tuple[str, ...]) -> None:
    case = INTERVIEW.prefill(new_case(SINS), {"levels": levels}, WHO)
    assert INTERVIEW.state(case).current is SINS.questions[0]


def test_the_levels_of_the_two_flows_are_the_same() -> None:
    levels = flow_registry().flow("metastasis").question("levels")
    assert levels
    assert set(levels.codes) == set(BY_LEVEL)


# The card.


def test_the_card_tells_total_class_every_item_and_the_publication() -> None:
    card = drawn(played(location="semirigid", pain="mechanical", bone="lytic", collapse="over_half"))
    assert (card.label, card.title) == ("semirigid spine", "SINS 9 · potentially unstable")
    items = {"semirigid spine": "1", "mechanical pain": "3", "lytic lesion": "2", "collapse over 50 %": "3"}
    told = {line.lead: line.text for line in lines(card)}
    assert items.items() <= told.items()
    text = read(card).text
    for words in ("Fisher CG et al. Spine 2010", "7 to 12 points; from 7 points a surgical consultation is advised"):
        assert words in text
    assert "no score is turned into an answer" in text
    assert "AO Surgery Reference" not in text


@pytest.mark.untraced
def test_telegram_takes_every_score() -> None:
    for codes in every_answer():
        assert refusals(drawn(played(**codes))) == []


def test_a_score_begun_under_another_edition_says_so() -> None:
    case = new_case(SINS, "2020-01")
    for question, code in STABLE.items():
        case = answer(INTERVIEW, case, question, (code,))
    assert any("Begun under edition 2020-01" in line.text for line in lines(drawn(case)))


def test_a_question_of_the_score_is_labelled_as_such_and_has_no_way_back_to_a_case_where_it_helps_none() -> None:
    card = drawn(new_case(SINS))
    assert card.label == "SINS · 1, five left"
    assert "‹ Back to the case" not in labels(card)


def test_a_flow_that_is_not_offered_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownFlow, match="'nurick' is no flow; allowed: metastasis, sins"):
        flow_registry().flow("nurick")
