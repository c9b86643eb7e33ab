"""What an edition recommends as a table, and which combinations of findings change between two of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from kit import CATALOG

from bot.commands import catalog_diff, catalog_export
from flows.errors import EditionTableError
from flows.export.edition_table import (
    EditionTable,
    compare,
    edition_table,
    parse_edition_table,
    write_edition_table,
)
from flows.model.editions import EditionChange
from flows.model.findings import Findings
from flows.model.flow import Flow
from flows.model.levels import LEVELS
from flows.model.rules import Verdict, decide
from flows.pathways.editions import CHANGES
from flows.pathways.metastasis import METASTASIS

NEXT: Final = "2999-01"
TABLE: Final = edition_table(METASTASIS, CATALOG.edition)


def findings_of(combination: tuple[tuple[str, str], ...]) -> Findings:
    return {code: tuple(answer.split()) for code, answer in combination}


def without_rule(number: int) -> Flow:
    """The flow as a next edition might have it: a rule of it is gone."""
    rules = METASTASIS.guidance.rules
    return replace(METASTASIS, guidance=replace(METASTASIS.guidance, rules=(*rules[:number], *rules[number + 1 :])))


def test_the_table_holds_every_level_alone_and_says_what_the_rules_say() -> None:
    alone = {dict(combination)["levels"] for combination in TABLE.rows}
    assert set(LEVELS) <= alone
    for combination, outcome in TABLE.rows.items():
        given = {code: codes for code, codes in findings_of(combination).items() if codes}
        assert METASTASIS.next_question(METASTASIS.effective(given)) is None
        result = decide(METASTASIS.guidance, findings_of(combination))
        told = dict(outcome)
        assert told["headline"] == (result.headline.option if result.headline else "")
        assert {code: told[code] for code in CATALOG.options} == {a.option: a.verdict.name for a in result.options}


def test_a_table_is_read_back_as_it_was_written() -> None:
    assert parse_edition_table(write_edition_table(TABLE)) == TABLE


def test_an_edition_does_not_differ_from_itself() -> None:
    assert compare(TABLE, TABLE, CHANGES) == ()


@pytest.mark.parametrize("number", range(0, len(METASTASIS.guidance.rules), 14))
def test_exactly_the_combinations_are_named_whose_verdicts_a_new_edition_changes(number: int) -> None:
    """Every rule is needed, as another test shows: to leave one out changes something."""
    changed = without_rule(number)
    expected = {
        combination
        for combination in TABLE.rows
        if verdicts(METASTASIS, findings_of(combination)) != verdicts(changed, findings_of(combination))
    }
    found = {each.findings for each in compare(TABLE, edition_table(changed, NEXT), CHANGES)}
    assert found == expected


def verdicts(flow: Flow, findings: Findings) -> tuple[dict[str, Verdict], tuple[str, ...]]:
    result = decide(flow.guidance, findings)
    return {advice.option: advice.verdict for advice in result.options}, result.leading_options


OLD: Final = EditionTable("1", {(("a", "x"), ("b", "y")): (("headline", "p"), ("p", "indicated"))})


def test_a_question_under_another_name_is_the_same_question() -> None:
    new = EditionTable("2", {(("a", "x"), ("c", "y")): (("headline", "p"), ("p", "indicated"))})
    renamed = EditionChange("metastasis", "2", {"b": "c"}, frozenset())
    assert compare(OLD, new, (renamed,)) == ()


def test_a_question_that_only_one_edition_asks_changes_what_it_decides_alone() -> None:
    new = EditionTable(
        "2",
        {
            (("a", "x"), ("b", "y"), ("d", "1")): (("headline", "p"), ("p", "indicated")),
            (("a", "x"), ("b", "y"), ("d", "2")): (("headline", ""), ("p", "judgement")),
        },
    )
    [found] = compare(OLD, new, ())
    assert found.findings == (("a", "x"), ("b", "y"))
    assert len(found.after) == 2
    same = EditionTable("2", dict.fromkeys(new.rows, (("headline", "p"), ("p", "indicated"))))
    assert compare(OLD, same, ()) == ()


def test_an_option_that_an_edition_adds_or_drops_is_a_change() -> None:
    more = EditionTable("2", {next(iter(OLD.rows)): (("headline", "p"), ("p", "indicated"), ("q", "not_indicated"))})
    assert len(compare(OLD, more, ())) == len(compare(more, OLD, ())) == 1


HEAD: Final = "edition,finding.a,headline,option.p\n"


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("", 1, "no table"),
        ("\n", 1, "not the columns"),
        ("a note\nof two lines\n", 1, "not the columns"),
        ("edition,headline\n1,p\n", 1, "not the columns"),
        ("edition,finding.a,finding.a,headline\n1,x,x,p\n", 1, "not the columns"),
        (HEAD, 2, "no row"),
        (HEAD + "1,x,p\n", 2, "3 cells, not 4"),
        (HEAD + "1,x,p,indicated\n1,x,p,indicated\n", 3, "twice"),
        (HEAD + "1,x,p,indicated\n2,y,p,indicated\n", 3, "two editions"),
        (HEAD + '1,"x,p,indicated\n', 2, "no table"),
        (HEAD + '1,"x"x,p,indicated\n', 2, "no table"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(text: str, line: int, fault: str) -> None:
    with pytest.raises(EditionTableError, match=fault) as refused:
        parse_edition_table(text)
    assert refused.value.line == line


def test_the_command_says_how_many_change_what_is_new_and_each_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    assert catalog_export(before) == 0
    with pytest.raises(FileExistsError):
        catalog_export(before)
    text = before.read_text(encoding="utf-8").replace(f'"{CATALOG.edition}"', f'"{NEXT}"')
    lines = text.replace("option.combined", "option.mixed").splitlines()
    lines[1] = lines[1].replace('"posterior_mis"', '"posterior"', 1)
    after.write_text("\n".join(lines), encoding="utf-8")
    assert catalog_diff(before, after) == 0
    told = capsys.readouterr().out.splitlines()[1:]
    every = f"{len(TABLE.rows):,}"
    assert (
        told[0]
        == f"{CATALOG.edition} → {NEXT}: {every} of {every} combinations of findings change their recommendation."
    )
    assert told[1:3] == [f"options of {CATALOG.edition} alone: combined", f"options of {NEXT} alone: mixed"]
    assert told[3].startswith(
        "levels T1, fitness fit, deficit none, extent body, destruction limited: headline posterior_mis → posterior"
    )
    assert len(told) == 3 + len(TABLE.rows)


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"edition,headline\n"])
def test_the_command_names_the_file_that_is_at_fault(tmp_path: Path, raw: bytes) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(write_edition_table(OLD), encoding="utf-8")
    bad.write_bytes(raw)
    with pytest.raises(SystemExit, match=f"spinemets: {bad}.*catalog export"):
        catalog_diff(good, bad)
