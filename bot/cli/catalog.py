"""`spinemets catalog`: what an edition recommends as a table, and what has changed between two of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.errors import EditionTableError
from flows.export.edition_table import (
    EditionDifference,
    EditionTable,
    Outcome,
    compare,
    edition_table,
    parse_edition_table,
    write_edition_table,
)
from flows.pathways.editions import CHANGES
from flows.pathways.registry import FlowRegistry


class TableRefused(Exception):
    """A table of an edition cannot be used; it names the file and the line."""


def export_edition(registry: FlowRegistry, out: Path) -> str:
    """Write the table of this edition into a new file, and return a line about it.

    Raises:
        OSError: where the file cannot be written, or is there already.
    """
    table = edition_table(registry.flow(), registry.catalog.edition)
    with out.open("x", encoding="utf-8", newline="") as file:
        file.write(write_edition_table(table))
    return f"{out}: edition {table.edition}, {len(table.rows):,} combinations of findings."


def diff_editions(old: Path, new: Path) -> Iterator[str]:
    """Yield how many combinations change their recommendation, what only one edition knows, and each change.

    Raises:
        TableRefused: where a file is no table of an edition.
        OSError: where a file cannot be read.
    """
    before, after = _read(old), _read(new)
    found = compare(before, after, CHANGES)
    many = f"{len(found):,} of {len(after.rows):,} combinations of findings change their recommendation"
    yield f"{before.edition} → {after.edition}: {many}."
    yield from _alone(before, after)
    for difference in found:
        yield _line(difference)


def _read(path: Path) -> EditionTable:
    try:
        return parse_edition_table(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise TableRefused(f"{path}: not in UTF-8; write it with `spinemets catalog export`") from None
    except EditionTableError as fault:
        raise TableRefused(f"{path}, line {fault.line}: {fault}; write it with `spinemets catalog export`") from None


def _alone(before: EditionTable, after: EditionTable) -> Iterator[str]:
    """Yield the questions and options that only one of two editions has."""
    for one, other in ((before, after), (after, before)):
        for what, mine, theirs in (
            ("question", one.questions, other.questions),
            ("option", one.options, other.options),
        ):
            if alone := [code for code in mine if code not in theirs]:
                yield f"{what}s of {one.edition} alone: {', '.join(alone)}"


def _line(difference: EditionDifference) -> str:
    findings = ", ".join(f"{code} {answer}" for code, answer in difference.findings if answer)
    names = dict.fromkeys(name for outcome in (*difference.before, *difference.after) for name, _ in outcome)
    changes = []
    for name in names:
        before, after = _said(difference.before, name), _said(difference.after, name)
        if before != after:
            changes.append(f"{name} {before} → {after}")
    return f"{findings}: {'; '.join(changes)}"


def _said(outcomes: tuple[Outcome, ...], name: str) -> str:
    """Return what some outcomes say of an option or the headline, each once."""
    return " or ".join(dict.fromkeys(dict(outcome).get(name) or "none" for outcome in outcomes))
