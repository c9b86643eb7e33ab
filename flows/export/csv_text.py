"""A table as CSV for a spreadsheet: every cell is text, and none is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
"""By which a spreadsheet knows that the letters are UTF-8."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What begins a formula for a spreadsheet, the wide forms too."""

_TEXT: Final = "'"
"""Before such a cell it says that what follows is text."""


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as CSV after RFC 4180, each cell in quotes."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([_safe(cell) for cell in row] for row in (columns, *rows))
    return BYTE_ORDER_MARK + written.getvalue()


def _safe(cell: str) -> str:
    """Return a cell that a spreadsheet takes for text, whatever stands before the sign of a formula."""
    bare = cell.lstrip(" \u00a0\u2068\u2069\u200e\u200f\ufeff")
    return f"{_TEXT}{cell}" if bare.startswith(_FORMULA) else cell
