"""The medicine: what `decide` says of every case is what the decision table, kept by hand, says of it."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import decision_table as table
import pytest

from flows.catalog.loader import catalog
from flows.errors import FindingError
from flows.export.records import error_record, parse_findings, recommendation_record
from flows.model.findings import Findings
from flows.model.rules import Guidance, Rule, Verdict, decide
from flows.pathways.metastasis import METASTASIS

PATIENTS = tomllib.loads((Path(__file__).parents[1] / "data" / "patients.toml").read_text(encoding="utf-8"))["patient"]
EVERY_CASE = list(table.every_case())


def counted(case: table.Findings) -> Findings:
    """Read a case of the table as the program reads a record."""
    return parse_findings(METASTASIS, {code: list(v) if isinstance(v, tuple) else v for code, v in case.items()})


def reasons(rules: tuple[Rule, ...]) -> list[tuple[str, tuple[str, ...]]]:
    return sorted((rule.verdict.name, rule.facts) for rule in rules)


@pytest.mark.slow
def test_every_case_has_the_verdicts_and_reasons_of_the_decision_table() -> None:
    for case in EVERY_CASE:
        judged = table.evaluate(case)
        advised = decide(METASTASIS.guidance, counted(case)).options
        assert {a.option for a in advised} == set(judged), case
        for advice in advised:
            expected = judged[advice.option]
            assert advice.verdict.name == expected.verdict, (case, advice.option)
            assert reasons(advice.reasons) == sorted((r.verdict, r.facts) for r in expected.reasons), case
            assert [r.verdict is advice.verdict for r in advice.reasons] == sorted(
                (r.verdict is advice.verdict for r in advice.reasons), reverse=True
            ), "the reasons of the winning verdict come first"


def test_every_case_asks_the_questions_of_the_decision_table() -> None:
    for case in EVERY_CASE:
        findings = counted(case)
        assert tuple(code for code, answer in findings.items() if answer) == table.asked(case), case


@pytest.mark.slow
def test_every_case_has_the_order_the_headline_and_the_notes_of_the_decision_table() -> None:
    for case in EVERY_CASE:
        result = decide(METASTASIS.guidance, counted(case))
        assert tuple(a.option for a in result.options) == table.card_order(case), case
        assert (result.headline.option if result.headline else "") == table.headline(case), case
        assert sorted(note.facts for note in result.notes) == sorted(note.facts for note in table.notes(case)), case


@pytest.mark.untraced
def test_findings_that_are_not_asked_never_count() -> None:
    for case in table.every_noisy_case():
        bare = table.settled(case)
        assert counted(case) == counted(bare), case


def test_the_order_of_the_rules_never_matters() -> None:
    shuffled = list(METASTASIS.guidance.rules)
    random.Random(17).shuffle(shuffled)  # noqa: S311 - a fixed shuffle, no secret
    other = Guidance(tuple(shuffled), METASTASIS.guidance.notes, METASTASIS.guidance.order)
    for case in EVERY_CASE:
        findings = counted(case)
        one, two = decide(METASTASIS.guidance, findings), decide(other, findings)
        assert [(a.option, a.verdict, reasons(a.reasons)) for a in one.options] == [
            (a.option, a.verdict, reasons(a.reasons)) for a in two.options
        ]


def verdicts(case: table.Findings) -> dict[str, Verdict]:
    return {advice.option: advice.verdict for advice in decide(METASTASIS.guidance, counted(case)).options}


def test_limited_earlier_treatment_changes_no_verdict_and_is_always_said() -> None:
    limited = [case for case in EVERY_CASE if case.get("prior") == "limited"]
    assert limited
    for case in limited:
        assert verdicts(case) == verdicts({**case, "prior": "none"}), case
        for advice in decide(METASTASIS.guidance, counted(case)).options:
            said = any("G4" in rule.facts for rule in advice.reasons)
            asked_of = advice.option in ("anterior_corpectomy", "combined")
            assert said is (asked_of and not advice.verdict.is_no), (case, advice.option)


def test_rarely_needed_is_a_note_and_never_part_of_a_reason() -> None:
    for case in EVERY_CASE:
        result = decide(METASTASIS.guidance, counted(case))
        assert not [rule for advice in result.options for rule in advice.reasons if "F17" in rule.facts]
        combined = verdicts(case)["combined"]
        assert any(note.facts == ("F17",) for note in result.notes) is not combined.is_no, case


def test_imaging_is_never_said_to_decide_where_the_source_advises_a_posterior_approach() -> None:
    for case in EVERY_CASE:
        facts = [note.facts for note in decide(METASTASIS.guidance, counted(case)).notes]
        assert not (("F4",) in facts and any("F6" in cited for cited in facts)), case


def test_every_case_has_advice_or_says_that_nothing_is_indicated() -> None:
    for case in EVERY_CASE:
        result = decide(METASTASIS.guidance, counted(case))
        assert result.headline or result.with_verdict(Verdict.judgement), case


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient["name"])
def test_a_patient_gets_the_advice_that_was_derived_by_hand(patient: dict[str, Any]) -> None:
    findings = parse_findings(METASTASIS, patient["findings"])
    result = decide(METASTASIS.guidance, findings)
    assert (result.headline.option if result.headline else "") == patient["headline"]
    assert [a.option for a in result.with_verdict(Verdict.indicated)] == patient["indicated"]
    assert [a.option for a in result.with_verdict(Verdict.judgement)] == patient["judgement"]
    noes = {a.option: a.verdict.name for a in result.options if a.verdict.is_no}
    assert noes == patient["no"]
    assert sorted(note.facts for note in result.notes if note.facts) == sorted(map(tuple, patient["notes_facts"]))
    assert any(note.urgent for note in result.notes) is patient["emergency"]


FIT_T8 = {"levels": ["T8"], "fitness": "fit", "deficit": "none", "extent": "body", "destruction": "limited"}


def fault(record: object) -> FindingError:
    with pytest.raises(FindingError) as raised:
        parse_findings(METASTASIS, record)
    return raised.value


def test_a_missing_finding_is_named_with_its_answers_and_never_defaulted() -> None:
    missing = fault(FIT_T8)
    assert (missing.finding, missing.allowed) == ("prior", ("none", "limited", "extensive", "unknown"))


def test_a_wrong_finding_is_an_error_even_where_its_question_is_not_asked() -> None:
    wrong = fault({"levels": ["T8"], "fitness": "unfit_advanced", "deficit": "mild"})
    assert wrong.finding == "deficit"
    assert "mild" in str(wrong)


def test_an_unknown_finding_is_named_with_those_that_are_known() -> None:
    unknown = fault({"levels": ["T8"], "fitness": "unfit_advanced", "age": 60})
    assert unknown.finding == "age"
    assert "levels" in unknown.allowed


def test_of_several_faults_the_first_in_question_order_is_named() -> None:
    assert fault({"age": 60, "prior": "x", "fitness": "well", "levels": ["T8"]}).finding == "fitness"
    assert fault({"prior": "x", "levels": []}).finding == "levels"
    assert fault({"prior": "x", "levels": ["T8"]}).finding == "fitness"


@pytest.mark.parametrize("levels", ["T8", [], ["C7"], [8], [["T8"]], None, {"T8": True}])
def test_levels_are_a_list_of_known_levels(levels: object) -> None:
    assert fault({"levels": levels, "fitness": "unfit_advanced"}).finding == "levels"


@pytest.mark.parametrize("record", [[], "T8", 8, None, True])
def test_a_line_that_is_no_object_has_no_finding_to_blame(record: object) -> None:
    assert error_record(fault(record))["error"]["finding"] is None  # type: ignore[index]


def test_a_long_wrong_value_is_shown_shortened() -> None:
    assert len(str(fault({"levels": ["T8"], "fitness": "x" * 10_000}))) < 120


def test_levels_are_read_in_anatomical_order_without_repeats() -> None:
    findings = parse_findings(METASTASIS, {"levels": ["L1", "T11", "L1", "T12"], "fitness": "unfit_advanced"})
    assert findings["levels"] == ("T11", "T12", "L1")


def test_the_record_of_a_recommendation_has_all_six_options_in_card_order() -> None:
    record: Any = recommendation_record(METASTASIS, catalog(), parse_findings(METASTASIS, FIT_T8 | {"prior": "none"}))
    assert record["asked"] == ["levels", "fitness", "deficit", "extent", "destruction", "prior"]
    assert record["headline"] == "posterior_mis"
    assert [option["code"] for option in record["options"]] == [
        "posterior_mis",
        "posterior",
        "anterior_corpectomy",
        "posterior_corpectomy",
        "combined",
        "nonoperative",
    ]
    assert record["options"][0]["reasons"][0]["facts"] == ["F12", "F2"]
    assert record["edition"] == catalog().edition
