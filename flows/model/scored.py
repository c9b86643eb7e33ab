"""What was scored of a case in another one that helps it: read beside its questions and findings, never an answer."""

from __future__ import annotations

from dataclasses import dataclass

from flows.model.rules import Band
from flows.model.source_scope import ScopeMark


@dataclass(frozen=True, slots=True)
class Scored:
    """A score that is complete.

    Attributes:
        scale: the code of its scale in the catalog.
        points: the total.
        band: the class that it falls into.
        where: the level that was scored, and the first item.
        disputed: whether a member of the team holds another answer to one of its items.
    """

    scale: str
    points: int
    band: Band
    where: str
    disputed: bool = False

    @property
    def mark(self) -> ScopeMark | None:
        """What it puts the case outside the scope of the source for, if it does."""
        return ScopeMark(self.band.outside, str(self.points)) if self.band.outside else None
