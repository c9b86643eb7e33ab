"""A start loads neither the reader of notes nor what libraries load only where it is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.telegram.updates.inbox import may_hold_note

LOADED = """
import sys
from bot.run import quick_imports
with quick_imports():
    import bot.app
print(" ".join(name for name in {names!r} if name in sys.modules))
import asyncio
from bot.telegram.updates.note_text import load_note_reader
asyncio.run(load_note_reader())
from flows.pathways.registry import flow_registry
from flows.notes.on_demand import read_note
print(read_note(flow_registry().flow(), "T8 fit").answers)
import click, greenlet, rich.console
"""
LATER = (
    "flows.notes.reader",
    "lark",
    "rapidfuzz",
    "cyclopts",
    "click",
    "greenlet",
    "rich",
    "alembic",
    "starlette",
    "uvicorn",
    "prometheus_client",
    "psycopg",
    "typst",
    "bot.playground.server",
)


def test_a_start_loads_nothing_that_only_a_note_or_a_command_line_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(names=LATER)], check=True, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.splitlines() == ["", "{'levels': ('T8',), 'fitness': ('fit',)}"]


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({"message": {"text": "T8 fit"}}, True),
        ({"edited_message": {"text": "T8 fit"}}, True),
        ({"message": {"text": "/case T8 fit"}}, True),
        ({"message": {"text": "/case@bot\nT8"}}, True),
        ({"message": {"text": "/new"}}, False),
        ({"message": {"photo": []}}, False),
        ({"message": {"text": 8}}, False),
        ({"message": "T8"}, False),
        ({"callback_query": {"data": "x"}}, False),
        ("T8", False),
    ],
)
def test_the_reader_is_loaded_only_where_somebody_writes_more_than_a_command(
    update: object,
    expected: bool,  # noqa: FBT001 - one of the cases
) -> None:
    assert may_hold_note(update) is expected
