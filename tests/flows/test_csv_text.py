"""A table for a spreadsheet: what looks like a formula stays text, and what was written is read again."""

from __future__ import annotations

import csv
import io

import pytest

from flows.export.csv_text import BYTE_ORDER_MARK, csv_text


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline="")))


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://x.invalid";"a")',
        "+49 30",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\n=x",
        " =1+1",
        "\u2068=1+1\u2069",
        "＝1",
    ],
)
def test_a_cell_that_begins_a_formula_is_made_text(cell: str) -> None:
    [_, [written, _]] = read(csv_text(["a", "b"], [[cell, "x"]]))
    assert written == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["Posterior MIS", 'said "so"', "a,b;c", "two\nlines", "", "T8–L1 · fit", "1 of 4 votes"]
)
def test_any_other_cell_is_read_as_it_was(cell: str) -> None:
    assert read(csv_text(["a"], [[cell]])) == [["a"], [cell]]


def test_every_cell_stands_in_quotes_and_every_line_ends_as_the_format_says() -> None:
    text = csv_text(["a", "b"], [["1", "2"]])
    assert text == f'{BYTE_ORDER_MARK}"a","b"\r\n"1","2"\r\n'
