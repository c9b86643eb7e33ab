"""`spinemets decide --jsonl`: decides many cases at once, one JSON object a line in, one a line out."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import orjson

from flows.catalog.loader import Catalog
from flows.errors import FindingError
from flows.export.records import error_record, parse_findings, recommendation_record
from flows.model.flow import Flow


def decide_lines(flow: Flow, catalog: Catalog, lines: Iterable[bytes], write: Callable[[bytes], Any]) -> int:
    """Decide each line in order; one that is at fault says so in its place, and the rest go on.

    Args:
        flow: the flow that is asked.
        catalog: its catalog.
        lines: JSON objects in UTF-8, one a line; a byte order mark before one is skipped.
        write: takes each answer, a JSON object with its line feed.

    Returns:
        How many lines were at fault.
    """
    faults = 0
    for line in lines:
        try:
            answer = recommendation_record(flow, catalog, parse_findings(flow, parse_object(line)))
        except FindingError as fault:
            faults += 1
            answer = error_record(fault)
        write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
    return faults


def parse_object(line: bytes) -> object:
    """Parse a line; what is no JSON is no object either.

    Raises:
        FindingError: if a key stands twice, for nobody can tell which of the two is meant.
    """
    text = line.removeprefix(BOM_UTF8)
    try:
        record: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    with suppress(RecursionError):  # so deep that no finding is in it
        json.loads(text, object_pairs_hook=_checked)
    return record


def _checked(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of which each key stands once."""
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise FindingError(key, f"{key!r} is given twice")
        found[key] = value
    return found
