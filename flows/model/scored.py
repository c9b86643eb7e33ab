"""What was scored of a case in another one that helps it: read beside its questions and findings, never an answer."""

from __future__ import annotations

from collections.abc import Iterable
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
        where: the level that was scored, and the first item; empty where it scores no level.
        direction: whether a higher score is better; empty where its class says it.
        caveat: what must be known of whoever reads it beside a question; empty where there is nothing.
        disputed: whether a member of the team holds another answer to one of its items.
    """

    scale: str
    points: int
    band: Band
    where: str
    direction: str = ""
    caveat: str = ""
    disputed: bool = False

    @property
    def about(self) -> str:
        """Where it was scored, and its direction, as far as it has them."""
        return " · ".join(filter(None, (self.where, self.direction)))

    @property
    def mark(self) -> ScopeMark | None:
        """What it puts the case outside the scope of the source for, if it does."""
        return ScopeMark(self.band.outside, str(self.points)) if self.band.outside else None


def caveats_of(scored: Iterable[Scored]) -> tuple[str, ...]:
    """Return what must be known of scores, each sentence once."""
    return tuple(dict.fromkeys(score.caveat for score in scored if score.caveat))
