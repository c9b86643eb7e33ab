"""`spinemets picture`: draws the spine of a case, from the JSON object that `decide --jsonl` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bot.cli.decide import parse_object
from bot.pictures.typesetter import NotDrawn, draw_png
from flows.errors import FindingError
from flows.export.picture import SpinePictures, SpineView, Theme
from flows.export.records import parse_findings
from flows.model.findings import Findings
from flows.pathways.registry import FlowRegistry

TEMPLATE: Final = "picture.typ"


class CaseRefused(Exception):
    """A case cannot be drawn; its text says what is wrong, and what is allowed."""


def draw_case(registry: FlowRegistry, case: Path, out: Path, option: str, theme: Theme) -> str:
    """Draw a case into a PNG file; return the caption that the chat would show.

    Raises:
        CaseRefused: where the case or the option is at fault, or drawing failed.
        OSError: where a file cannot be read or written.
    """
    if option and option not in registry.catalog.options:
        raise CaseRefused(f"{option!r} is not an option; allowed: {', '.join(registry.catalog.options)}")
    pictures = SpinePictures(registry.flow(), registry.catalog)
    view = SpineView(read_case(registry, case), option, theme)
    try:
        png = draw_png(TEMPLATE, pictures.drawing(view))
    except NotDrawn as fault:
        raise CaseRefused(f"the picture could not be drawn ({fault})") from None
    out.write_bytes(png)
    return pictures.caption(view)


def read_case(registry: FlowRegistry, case: Path) -> Findings:
    """Read the findings of a case from a file.

    Raises:
        CaseRefused: where one is missing or wrong.
        OSError: where the file cannot be read.
    """
    try:
        return parse_findings(registry.flow(), parse_object(case.read_bytes()))
    except FindingError as fault:
        allowed = f"; allowed: {', '.join(fault.allowed)}" if fault.allowed else ""
        raise CaseRefused(f"{case}: {fault}{allowed}") from None
