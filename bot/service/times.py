"""How a time is written for a reader: in UTC, since a bot is not told the zone of a chat."""

from __future__ import annotations

from datetime import UTC, datetime


def in_utc(at: float) -> str:
    """Return a time (seconds since 1970, UTC) as it is read: "24 Nov 2026, 14:05 UTC"."""
    return f"{datetime.fromtimestamp(at, UTC):%-d %b %Y, %H:%M} UTC"
