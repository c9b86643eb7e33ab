"""`spinemets record`: the record of a case as a page or as text, from the JSON object that `decide --jsonl` reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.cli.picture import CaseRefused, read_case
from bot.pictures.typesetter import NotDrawn, typeset_pdf
from bot.service.times import in_utc
from flows.engine.interview import InterviewState
from flows.export.ascii_text import ascii_text
from flows.export.plain_text import PlainText
from flows.export.record_page import PageTime, RecordPages, RecordView
from flows.pathways.registry import FlowRegistry

TEMPLATE: Final = "record.typ"

YEARS: Final = (2000, 2100)


def record_pdf(registry: FlowRegistry, case: Path, at: datetime) -> bytes:
    """Set the record of a case on one page.

    Raises:
        CaseRefused: where the case or the time is at fault, or setting failed.
        OSError: where the file cannot be read.
    """
    seconds = _seconds(at)
    view = RecordView(read_case(registry, case), PageTime(in_utc(seconds), seconds))
    try:
        return typeset_pdf(TEMPLATE, RecordPages(registry.flow(), registry.catalog).page(view))
    except NotDrawn as fault:
        raise CaseRefused(f"the record could not be set ({fault})") from None


def record_text(registry: FlowRegistry, case: Path, at: datetime, *, german: bool) -> bytes:
    """Write the record of a case as a hospital system takes it: ASCII, 80 columns.

    Raises:
        CaseRefused: where the case or the time is at fault.
        OSError: where the file cannot be read.
    """
    state = InterviewState(None, read_case(registry, case), {}, ())
    text = PlainText(registry.flow(), registry.catalog).record(state, in_utc(_seconds(at)))
    return f"{ascii_text(text, german=german)}\n".encode("ascii")


def _seconds(at: datetime) -> int:
    """Return a time in seconds since 1970, UTC; one that names no zone is in UTC.

    Raises:
        CaseRefused: for a year that no record is of.
    """
    if not YEARS[0] <= at.year <= YEARS[1]:
        raise CaseRefused(f"{at.year} is not a year of a record; allowed: {YEARS[0]} to {YEARS[1]}")
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
