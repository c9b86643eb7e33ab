"""How a time is written for a reader, in UTC since a bot is not told the zone of a chat, and how a case is dated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from bot.service.case_store import CaseRecord

CLOCK_STEP: Final = 1e-6
"""Seconds between two touches of a case at least."""

HOUR: Final = 60
DAY: Final = 24 * HOUR
"""Minutes."""


def for_file_name(at: float) -> str:
    """Return a time (seconds since 1970, UTC) as a file's name has it: "20261124-1405"."""
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M}"


def in_utc(at: float) -> str:
    """Return a time (seconds since 1970, UTC) as it is read: "24 Nov 2026, 14:05 UTC"."""
    return f"{datetime.fromtimestamp(at, UTC):%-d %b %Y, %H:%M} UTC"


def age_text(seconds: float) -> str:
    """Write an age in its largest unit: "5 min", "3 h", "2 d"."""
    minutes = max(0, int(seconds // 60))
    if minutes < HOUR:
        return f"{minutes} min"
    return f"{minutes // HOUR} h" if minutes < 2 * DAY else f"{minutes // DAY} d"


def next_timestamp(clock: Callable[[], float], record: CaseRecord | None) -> float:
    """Return the time, but never one before a case was touched: the clock may have been set back."""
    return max(clock(), record.updated_at + CLOCK_STEP) if record else clock()
