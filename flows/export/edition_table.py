"""Every combination of findings with what an edition recommends for it, as a table; two such tables compared."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from flows.engine.enumeration import LevelClasses, cases
from flows.errors import EditionTableError
from flows.export.csv_text import BYTE_ORDER_MARK, csv_text
from flows.model.editions import EditionChange
from flows.model.findings import Findings
from flows.model.flow import Flow
from flows.model.rules import decide

Combination: TypeAlias = tuple[tuple[str, str], ...]
"""Questions, each with its answer: several codes with a space between, none for a question that is not asked."""

Outcome: TypeAlias = tuple[tuple[str, str], ...]
"""What is recommended: `headline`, `if_unfit`, and each option's verdict."""

EDITION: Final = "edition"
HEADLINE: Final = "headline"
IF_UNFIT: Final = "if_unfit"
FINDING: Final = "finding."
OPTION: Final = "option."


@dataclass(frozen=True, slots=True)
class EditionTable:
    """What one edition recommends.

    Attributes:
        edition: its name, such as 2026-12.
        rows: for each combination of findings what is recommended.
    """

    edition: str
    rows: Mapping[Combination, Outcome]

    @property
    def questions(self) -> tuple[str, ...]:
        """The codes of the questions."""
        return tuple(code for code, _ in next(iter(self.rows)))

    @property
    def options(self) -> tuple[str, ...]:
        """The codes of the options, in the order in which they first stand."""
        names = dict.fromkeys(name for outcome in self.rows.values() for name, _ in outcome)
        return tuple(name for name in names if name not in (HEADLINE, IF_UNFIT))


@dataclass(frozen=True, slots=True)
class EditionDifference:
    """A combination of findings for which two editions recommend different things.

    Attributes:
        findings: the answers to the questions that both editions ask.
        before: what the older edition recommends; several where a question that only it asks decides.
        after: what the newer edition recommends; several likewise.
    """

    findings: Combination
    before: tuple[Outcome, ...]
    after: tuple[Outcome, ...]


def edition_table(flow: Flow, edition: str) -> EditionTable:
    """Return what a flow recommends for every combination; every level alone, and its classes together."""
    rows = {}
    for findings in cases(flow):
        for each in _single_levels(flow, findings):
            rows[tuple((code, " ".join(codes)) for code, codes in each.items())] = _outcome(flow, each)
    return EditionTable(edition, rows)


def write_edition_table(table: EditionTable) -> str:
    """Return a table as CSV: a row for each combination, `finding.…` its answers, `option.…` the verdicts."""
    outcomes = (HEADLINE, IF_UNFIT, *table.options)
    columns = [EDITION, *(FINDING + code for code in table.questions), HEADLINE, IF_UNFIT]
    columns += [OPTION + code for code in table.options]
    rows = []
    for combination, outcome in table.rows.items():
        told = dict(outcome)
        rows.append(
            [table.edition, *(answer for _, answer in combination), *(told.get(name, "") for name in outcomes)]
        )
    return csv_text(columns, rows)


def parse_edition_table(text: str) -> EditionTable:
    """Parse what `write_edition_table` wrote.

    Raises:
        EditionTableError: it names the line that is at fault.
    """
    lines = csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""), strict=True)
    try:
        columns, *rows = list(lines)
    except (ValueError, csv.Error):
        raise EditionTableError(lines.line_num or 1, "no table of `spinemets catalog export`") from None
    known = all(name in (EDITION, HEADLINE, IF_UNFIT) or name.startswith((FINDING, OPTION)) for name in columns)
    whole = {EDITION, HEADLINE} <= set(columns) and len(set(columns)) == len(columns)
    if not (known and whole and any(name.startswith(FINDING) for name in columns)):
        raise EditionTableError(1, "these are not the columns of `spinemets catalog export`")
    return _parsed(columns, rows)


def compare(
    before: EditionTable, after: EditionTable, changes: Iterable[EditionChange]
) -> tuple[EditionDifference, ...]:
    """Return the combinations for which two editions recommend different things, in the order of the newer table.

    They are matched by the questions that both ask; an option that only one of them has is compared as not named.

    Args:
        before: the older edition's table.
        after: the newer edition's table.
        changes: which questions have had another name.
    """
    earlier = [change for change in changes if before.edition < change.edition <= after.edition]
    older = {tuple((_name(code, earlier), answer) for code, answer in row): told for row, told in before.rows.items()}
    asked_before = {_name(code, earlier) for code in before.questions}
    shared = [code for code in after.questions if code in asked_before]
    old, new = _grouped(older, shared), _grouped(after.rows, shared)
    return tuple(
        EditionDifference(key, tuple(old[key]), tuple(told))
        for key, told in new.items()
        if key in old and {_named(each) for each in old[key]} != {_named(each) for each in told}
    )


def _single_levels(flow: Flow, findings: Findings) -> Iterator[Findings]:
    """Yield findings that name one level for each level of its class; others as they are."""
    several = next((question for question in flow.questions if question.several), None)
    if several is None or len(findings[several.code]) != 1:
        yield findings
        return
    [named] = findings[several.code]
    for code in LevelClasses(flow, several).class_of(named):
        yield {**findings, several.code: (code,)}


def _outcome(flow: Flow, findings: Findings) -> Outcome:
    result = decide(flow.guidance, findings)
    headline = (HEADLINE, result.headline.option if result.headline else "")
    fork = (IF_UNFIT, result.fork.option if result.fork else "")
    return (headline, fork, *sorted((advice.option, advice.verdict.name) for advice in result.options))


def _name(code: str, changes: Iterable[EditionChange]) -> str:
    for change in changes:
        code = change.name(code)
    return code


def _grouped(rows: Mapping[Combination, Outcome], shared: Iterable[str]) -> dict[Combination, dict[Outcome, None]]:
    """Return what is recommended by the answers to some questions alone."""
    grouped: dict[Combination, dict[Outcome, None]] = {}
    for combination, outcome in rows.items():
        answers = dict(combination)
        grouped.setdefault(tuple((code, answers[code]) for code in shared), {})[outcome] = None
    return grouped


def _named(outcome: Outcome) -> frozenset[tuple[str, str]]:
    """Return an outcome without what is empty, and without the order of its options."""
    return frozenset((name, said) for name, said in outcome if said)


def _parsed(columns: list[str], rows: list[list[str]]) -> EditionTable:
    editions: dict[str, None] = {}
    found: dict[Combination, Outcome] = {}
    for number, row in enumerate(rows, start=2):
        if len(row) != len(columns):
            raise EditionTableError(number, f"{len(row)} cells, not {len(columns)}")
        told = dict(zip(columns, row, strict=True))
        editions[told.pop(EDITION)] = None
        findings = tuple((name.removeprefix(FINDING), said) for name, said in told.items() if name.startswith(FINDING))
        if findings in found:
            raise EditionTableError(number, "these findings stand in the table twice")
        if len(editions) > 1:
            raise EditionTableError(number, f"two editions in one table: {', '.join(editions)}")
        found[findings] = tuple(
            (name.removeprefix(OPTION), said) for name, said in told.items() if not name.startswith(FINDING)
        )
    if not found:
        raise EditionTableError(2, "no row")
    return EditionTable(next(iter(editions)), found)
