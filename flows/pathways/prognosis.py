"""The notes that every prognostic score has: whose survival it is about, and that it answers nothing."""

from __future__ import annotations

from typing import Final

from flows.model.conditions import Always
from flows.model.rules import Note

CAVEAT: Final = "A group's survival before today's systemic therapy."

LIMIT: Final = "No such score agrees with more than about nine in ten patients' actual survival."

CLOSING: Final = Note(
    Always(),
    "An aid beside the question of fitness: the source of the treatment options names no cut-off, "
    "and no score is turned into an answer.",
    ("G3",),
    closing=True,
)
