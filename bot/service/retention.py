"""How long cases are kept, and which are erased or dated anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.service.case_store import CaseRepository
from bot.service.ports import UnitOfWork

LOOKS_APART: Final = 86_400.0
"""Seconds of running between the two looks that find the time of a case over: a clock that jumps erases nothing."""

BEFORE_THIS: Final = 1_735_689_600.0
"""The beginning of 2025: no case is older, so a clock that was not set yet has dated it."""

MARGIN: Final = 3600.0
"""Seconds by which a clock may be off."""

NOTE_KEPT: Final = 86400.0
"""Seconds that a note is kept which nobody confirms."""


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long cases are kept.

    Attributes:
        archive_after: seconds without a tap after which a team's case rests.
        delete_after: seconds without a tap after which any case is erased.
    """

    archive_after: float = 48 * 3600.0
    delete_after: float = 30 * 86400.0


class CaseRetention:
    """Erases cases and dates them anew."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Store the clock: seconds since 1970, UTC."""
        self._clock = clock

    def expire_due(self, repository: CaseRepository, keep: float, observed: float) -> int:
        """Erase the cases whose time is over by two looks, a day of running apart, and return how many they were.

        A note that nobody confirms is kept for a day at most.
        """
        now = self._clock()
        return repository.delete_due(now - keep, now - NOTE_KEPT, observed, LOOKS_APART)

    def redate(self, uow: UnitOfWork, since: float, jump: float) -> int:
        """Date anew what was dated by a clock that was put right: forward what is too old, back what is to come.

        Args:
            uow: the transaction.
            since: what the clock said when its time began to be wrong, or earlier.
            jump: seconds by which it was put right; 0 for none.
        """
        now = self._clock()
        redated = uow.redate(-BEFORE_THIS, BEFORE_THIS, now) if now > BEFORE_THIS else 0
        if jump > 0:
            redated += uow.redate(since, now - jump + MARGIN, now)
        if jump < 0:
            redated += uow.redate(now + MARGIN, float(2**53), now)
        return redated
