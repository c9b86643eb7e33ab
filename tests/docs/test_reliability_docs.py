"""The documents of reliability are read: every case and every hazard is there, and every test they name exists."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from bot.playground.updates.queue import LIVES

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"
PROMISE: Final = (ROOT / "docs/reliability.md").read_text("utf-8")
CASES: Final = (ROOT / "docs/reliability-cases.md").read_text("utf-8")
HAZARDS: Final = (ROOT / "docs/hazards.md").read_text("utf-8")

GROUPS: Final = {"A": 21, "B": 19, "C": 13, "D": 14, "S": 6, "F": 8, "G": 6}
IDS: Final = [f"{inbox_update}{number}" for inbox_update, most in GROUPS.items() for number in range(1, most + 1)]
HAZARD_IDS: Final = [f"H{number:02}" for number in range(1, 19)]

LATER: Final = re.compile(r"comes with (?:groups|inline queries|pictures)(?:: |$)")
NEVER: Final = re.compile(r"does not apply: \S")
MISSING: Final = re.compile(r"no test yet: \S")

FIELDS: Final = (
    "hazard", "cause", "effect", "severity", "likelihood", "control, design", "control, text", "control, local use",
    "evidence", "owner", "status", "residual risk", "date",
)  # fmt: skip


def names_in(path: Path) -> set[str]:
    """Give the tests of a file by their names as they stand in it; one with many parameters is one."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return {f"{path.name}::{node.name}" for node in found if isinstance(node, functions) and node.name[:5] == "test_"}


EXISTING: Final = {test for path in TESTS.rglob("test_*.py") for test in names_in(path)}


def marked_in(path: Path) -> set[str]:
    """Give the cases that tests of a file are marked with."""
    marks = re.findall(r"^@pytest\.mark\.case\((.*)\)$", path.read_text("utf-8"), re.MULTILINE)
    return {case for mark in marks for case in re.findall(r'"([A-Z]\d{1,2})"', mark)}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split(" | ")]


def rows() -> list[list[str]]:
    """Give the rows of the cases, in order."""
    return [cells(line) for line in CASES.splitlines() if re.match(r"\| [A-Z]\d+ \|", line)]


EVIDENCE: Final = {row[0]: row[-1] for row in rows()}


def named_in(text: str) -> list[str]:
    """Give the tests that a text names."""
    return re.findall(r"`(\w+\.py::\w+)`", text)


def contracts_in(text: str) -> list[str]:
    """Give the contracts between the rooms that a text names."""
    return re.findall(r"`import contract: ([^`]+)`", text)


def is_carried(case: str) -> bool:
    return bool(named_in(EVIDENCE[case]) or contracts_in(EVIDENCE[case]))


def kind_of(case: str) -> str:
    """Tell how it stands with a case."""
    if is_carried(case):
        return "tested"
    kinds = {"later": LATER, "not applicable": NEVER, "missing": MISSING}
    return next((kind for kind, said in kinds.items() if said.match(EVIDENCE[case])), "unsaid")


def section(hazard: str) -> dict[str, str]:
    """Give the fields of a hazard."""
    found = re.search(rf"^## {hazard} .*?\n(.*?)(?=^## |\Z)", HAZARDS, re.MULTILINE | re.DOTALL)
    assert found, hazard
    lines = [cells(line) for line in found[1].splitlines() if line.startswith("| ")]
    return {line[0]: line[-1] for line in lines if len(line) == 2}


# The cases.


def test_there_are_87_cases() -> None:
    assert len(IDS) == 87


def test_every_case_stands_in_the_table_once_and_in_order() -> None:
    assert [row[0] for row in rows()] == IDS


def test_every_case_says_what_happens_what_is_required_and_what_shows_it() -> None:
    assert {row[0]: row for row in rows() if len(row) != 4 or not all(row)} == {}


def test_every_test_that_is_named_exists() -> None:
    named = {test for text in (PROMISE, CASES, HAZARDS) for test in named_in(text)}
    assert named - EXISTING == set()
    assert len(named) > 87


def test_whatever_looks_like_a_test_is_one_that_is_found_here() -> None:
    for text in (PROMISE, CASES, HAZARDS):
        assert len(re.findall(r"::", text)) == len(named_in(text))


def test_every_import_contract_that_is_named_is_kept() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    record = {contract["name"] for contract in project["tool"]["importlinter"]["contracts"]}
    assert {name for text in (CASES, HAZARDS) for name in contracts_in(text)} <= record


@pytest.mark.parametrize("case", IDS)
def test_a_case_without_a_test_says_why(case: str) -> None:
    assert kind_of(case) != "unsaid", EVIDENCE[case]
    if not is_carried(case):
        assert len(EVIDENCE[case].split()) >= 5, "a reason, in words"


def test_a_case_that_a_test_is_marked_with_is_not_said_to_have_none() -> None:
    borne = {case for path in TESTS.rglob("test_*.py") for case in marked_in(path)}
    assert len(borne) > 60
    assert {case for case in IDS if case in borne and not is_carried(case)} == set()


def test_the_counts_that_are_told_are_those_of_the_table() -> None:
    counted = Counter(map(kind_of, IDS))
    told = {
        kind: int(number)
        for number, kind in re.findall(r"^\| (\d+) \| (tested|later|not applicable|missing) \|", CASES, re.MULTILINE)
    }
    assert told == {kind: counted[kind] for kind in ("tested", "later", "not applicable", "missing")}
    assert sum(told.values()) == len(IDS)


# The hazards.


def test_every_hazard_stands_in_the_log_once_and_in_order() -> None:
    assert re.findall(r"^## (H\d+) ", HAZARDS, re.MULTILINE) == HAZARD_IDS


@pytest.mark.parametrize("hazard", HAZARD_IDS)
def test_every_field_of_a_hazard_is_filled_in(hazard: str) -> None:
    fields = section(hazard)
    assert tuple(fields) == FIELDS
    assert all(fields.values())
    assert " → " in fields["likelihood"]


@pytest.mark.parametrize("hazard", HAZARD_IDS)
def test_a_hazard_has_a_control_and_evidence_or_says_that_there_is_none(hazard: str) -> None:
    fields = section(hazard)
    assert any(fields[f"control, {where}"] != "none" for where in ("design", "text", "local use"))
    assert set(named_in(fields["evidence"])) & EXISTING or "not built yet" in fields["evidence"]


def test_the_cases_that_a_hazard_names_are_cases() -> None:
    assert set(re.findall(r"\b([ABCDSFG]\d{1,2})\b", HAZARDS)) <= set(IDS)


# The promise.


@pytest.mark.parametrize(
    "name",
    [
        "docs/user-guide.md",
        "docs/reliability.md",
        "docs/reliability-cases.md",
        "docs/operations.md",
        "docs/architecture.md",
        "docs/hazards.md",
        "docs/decisions/0010-what-is-promised-about-loss.md",
    ],
)
def test_a_document_says_for_how_long_telegram_keeps_a_tap_as_the_local_bot_api_keeps_it(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert f"{LIVES['callback_query']:.0f} seconds" in text
    assert "24 hours" not in text


def test_what_is_promised_stands_in_one_sentence() -> None:
    assert "**answers exactly once, messages at least once, silence never**" in PROMISE


def test_the_commands_that_show_it_lead_somewhere() -> None:
    files = set(re.findall(r"(?:tests|docs|bench)/[\w/.-]+\.\w+", PROMISE))
    modules = {f"bench/{name}.py" for name in re.findall(r"-m bench\.(\w+)", PROMISE)}
    assert {path for path in files | modules if not (ROOT / path).exists()} == set()
    assert files
    assert modules
