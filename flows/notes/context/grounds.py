"""Why the levels of a list are to be treated, may be, or are not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from flows.notes.lexicon import LevelContext


class Ground(Enum):
    """Why a level is to be treated, may be, or is not."""

    ill = "ill"
    weaker = "weaker"
    bare = "bare"
    first = "first"
    doubt = "doubt"
    nothing = "nothing"
    other = "other"


@dataclass(slots=True, eq=False)
class Group:
    """Levels that are listed together.

    Attributes:
        places: their places among the meanings.
        codes: the levels; as they were written where they lie outside T1–L5.
        ground: why they are to be treated, or are not.
        aside: what makes them none where another level stands in the note: "asymptomatic".
    """

    places: list[int]
    codes: frozenset[str]
    ground: Ground = Ground.nothing
    aside: LevelContext | None = None
