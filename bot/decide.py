"""`spinemets decide --jsonl`: decides many cases at once, one JSON object a line in, one a line out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from flows.catalog import Catalog
from flows.errors import FindingFault
from flows.flow import Flow
from flows.record import advice_of, fault_of, findings_of


def decide_lines(flow: Flow, catalog: Catalog, lines: Iterable[bytes], write: Callable[[bytes], Any]) -> int:
    """Decide each line in order; one that is at fault says so in its place, and the rest go on.

    Args:
        flow: the flow that is asked.
        catalog: its catalog.
        lines: JSON objects in UTF-8, one a line.
        write: takes each answer, a JSON object with its line feed.

    Returns:
        How many lines were at fault.
    """
    faults = 0
    for line in lines:
        try:
            answer = advice_of(flow, catalog, findings_of(flow, _parsed(line)))
        except FindingFault as fault:
            faults += 1
            answer = fault_of(fault)
        write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
    return faults


def _parsed(line: bytes) -> object:
    """Parse a line; what is no JSON is no object either."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
