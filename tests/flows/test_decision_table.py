"""The hand-written tables agree with the signed patients, are complete, and every row of them is needed."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from decision_table import (
    NOTES,
    OPTIONS,
    RULES,
    asked,
    card_order,
    evaluate,
    every_case,
    every_noisy_case,
    fits,
    headline,
    notes,
    settled,
)

PATIENTS = tomllib.loads((Path(__file__).parents[1] / "data" / "patients.toml").read_text(encoding="utf-8"))["patient"]


def read_findings(patient: dict[str, Any]) -> dict[str, str | tuple[str, ...]]:
    return {code: tuple(answer) if code == "levels" else answer for code, answer in patient["findings"].items()}


@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: str(patient["name"]))
def test_a_signed_patient_is_judged_as_signed(patient: dict[str, Any]) -> None:
    findings = read_findings(patient)
    judged = evaluate(findings)
    expected = dict.fromkeys(patient["indicated"], "indicated")
    expected |= dict.fromkeys(patient["judgement"], "judgement")
    expected |= patient["no"]

    assert set(asked(findings)) == set(findings)
    assert {option: judged[option].verdict for option in OPTIONS} == expected
    assert list(card_order(findings)) == list(expected)
    assert headline(findings) == patient["headline"]
    reasons = judged[patient["headline"]].reasons if patient["headline"] else ()
    assert [list(reason.facts) for reason in reasons] == patient["facts"]
    assert [list(note.facts) for note in notes(findings) if note.facts] == patient["notes_facts"]
    assert any(note.name == "emergency" for note in notes(findings)) is patient["emergency"]
    assert patient["story"].strip()
    assert patient["signed"].strip()


def test_the_patients_have_names_of_their_own() -> None:
    names = [patient["name"] for patient in PATIENTS]
    assert len(names) == len(set(names)) >= 24


@pytest.mark.parametrize("row", [*RULES, *NOTES], ids=lambda row: row.get("rule") or row["note"])
def test_every_row_fires_for_some_case(row: dict[str, str]) -> None:
    assert any(fits(row, findings) for findings in every_case())


def test_every_option_of_every_case_has_a_verdict_and_its_reason() -> None:
    for findings in every_case():
        judged = evaluate(findings)
        assert set(judged) == set(OPTIONS)
        assert sorted(card_order(findings)) == sorted(OPTIONS)
        for verdict, reasons in judged.values():
            assert reasons[0].verdict == verdict
            assert all(reason.facts for reason in reasons)


@pytest.mark.slow
def test_what_is_not_asked_never_counts() -> None:
    plain = {tuple(findings.items()): (evaluate(findings), notes(findings)) for findings in every_case()}
    for noisy in every_noisy_case():
        assert (evaluate(noisy), notes(noisy)) == plain[tuple(settled(noisy).items())]


@pytest.mark.parametrize("wrong", [{"fitness": "maybe"}, {"levels": ()}, {"levels": ("C7",)}, {"deficit": ""}])
def test_a_missing_or_unknown_answer_is_an_error(wrong: dict[str, str | tuple[str, ...]]) -> None:
    fine: dict[str, str | tuple[str, ...]] = {
        "levels": ("T8",),
        "fitness": "fit",
        "deficit": "none",
        "extent": "posterior",
    }
    assert evaluate(fine)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        evaluate({**fine, **wrong})
