"""Notices that updates did not come through for longer than Telegram keeps a tap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.service.ports import UnitOfWork

TAP_LIVES: Final = 150.0
"""Seconds for which Telegram keeps a tap (public source of the Bot API server)."""

OPEN_SECONDS: Final = 86_400.0
"""Seconds before an outage within which a case was touched whose chat is told of it."""

NEWS_SECONDS: Final = 1.0
"""Seconds by which two looks differ if something was heard between them; less comes of rounding."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which no update came through.

    Attributes:
        began: when, in seconds since 1970.
        seconds: how long it lasted.
    """

    began: float
    seconds: float


class OutageWatch:
    """Compares when updates came through, look by look; what the database has noted outlives a restart."""

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        """Store the clock on the wall, and the one that never jumps."""
        self._wall = wall
        self._steady = steady
        self._heard: float | None = None

    def look(self, uow: UnitOfWork, unheard: float) -> Outage | None:
        """Note when updates last came through, and return the outage that ended then, if there was one.

        A clock on the wall that jumps makes no outage: within one process the steady clock has to agree.

        Args:
            uow: the transaction.
            unheard: seconds since updates last came through.
        """
        at, heard = self._wall() - unheard, self._steady() - unheard
        if self._heard is not None and heard - self._heard < NEWS_SECONDS:
            return None  # another process may have heard since: what it noted holds
        began = uow.heard_at()
        gaps = [at - began] if began is not None else [0.0]
        if self._heard is not None:
            gaps.append(heard - self._heard)
        self._heard = heard
        uow.hear(at)
        return Outage(began, min(gaps)) if began is not None and min(gaps) > TAP_LIVES else None
