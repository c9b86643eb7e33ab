"""Compiles the templates: what is drawn comes in as JSON, what comes out is a PNG or a PDF."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "templates"
FONTS: Final = FOLDER / "fonts"

PIXELS_PER_INCH: Final = 72 * 1024 / 360
"""The page is 360 points wide, as a phone is, and 1280 pixels high: Telegram keeps no more of a photo."""

COLOURS: Final = 64
REMEMBERED: Final = 256
"""Pictures that are remembered, by what they show: 20 MB at most. The oldest goes first, and is drawn again."""

STANDARDS: Final = ("a-2a", "ua-1")
"""PDF/A-2a, for archives, and PDF/UA-1, for screen readers."""

MOST_BYTES: Final = 100_000
"""What a picture may weigh on a ward's network."""


class NotDrawn(Exception):
    """A picture could not be drawn: a library is missing, or it failed; the name of the error says which."""


def draw_png(template: str, drawing: dict[str, object]) -> bytes:
    """Draw a picture.

    Raises:
        NotDrawn: whatever went wrong.
    """
    try:
        return _png(template, json.dumps(drawing, sort_keys=True))
    except Exception as error:  # noqa: BLE001 - whatever fails costs the picture and nothing else
        failure = NotDrawn(type(error).__name__)  # by its kind alone: its words could hold findings
    raise failure


@lru_cache(maxsize=REMEMBERED)
def _png(template: str, case: str) -> bytes:
    import typst  # noqa: PLC0415 - 20 ms that only a picture costs
    from PIL import Image  # noqa: PLC0415 - the same

    drawn = typst.compile(
        str(FOLDER / template),
        root=str(FOLDER),
        format="png",
        ppi=PIXELS_PER_INCH,
        sys_inputs={"case": case},
        font_paths=fonts(),
    )
    small = io.BytesIO()
    with Image.open(io.BytesIO(drawn)) as image:
        few = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(small, format="PNG", optimize=False)
    return small.getvalue()


def typeset_pdf(template: str, page: dict[str, object], standards: Sequence[str] = STANDARDS) -> bytes:
    """Set a page that is archived and read aloud as well as seen; the same page has the same bytes.

    Nothing of it is remembered: it may hold the names of people.

    Args:
        template: the file of the template.
        page: what it says, with `seconds` since 1970 (UTC) as its date.
        standards: what it conforms to.

    Raises:
        NotDrawn: whatever went wrong.
    """
    try:
        return _pdf(template, page, standards)
    except Exception as error:  # noqa: BLE001 - as for a picture
        failure = NotDrawn(type(error).__name__)
    raise failure


def _pdf(template: str, page: dict[str, object], standards: Sequence[str]) -> bytes:
    import typst  # noqa: PLC0415 - as above

    made = datetime.fromtimestamp(int(str(page["seconds"])), UTC)
    date = dict(zip(("year", "month", "day", "hour", "minute", "second"), made.timetuple()[:6], strict=True))
    case = json.dumps({**page, "date": date}, sort_keys=True)
    compile_pdf: Any = typst.compile
    pdf: bytes = compile_pdf(
        str(FOLDER / template),
        root=str(FOLDER),
        format="pdf",
        sys_inputs={"case": case},
        font_paths=fonts(),
        pdf_standards=list(standards),
        timestamp=made,
    )
    return pdf


@cache
def fonts() -> Any:
    """Return the fonts of the package, and no others: the same picture everywhere."""
    import typst  # noqa: PLC0415 - as above

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
