"""A short mark of an update's content: Telegram's numbers may start anew, and then stand for other updates."""

from __future__ import annotations

import hashlib
from typing import Any, Final

_FIELDS: Final = ("id", "poll_id", "message_id", "date", "edit_date", "option_ids", "total_voter_count", "is_closed")
"""What Telegram numbers and dates; no text."""

_WITHIN: Final = ("from", "user", "chat", "message")
_BYTES: Final = 4
"""Few: every mark fits any person at some moment, so that none betrays who was here once all else is erased."""


def fingerprint_of(update: dict[str, Any]) -> str:
    """Return the mark by which an update is told from another one of the same number, whatever its shape is."""
    parts: list[object] = []
    for kind in sorted(update.keys() - {"update_id"}):
        parts += [kind, *_read(update[kind], depth=2)]
    return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=_BYTES).hexdigest()


def _read(body: object, depth: int) -> list[object]:
    """Read the fields of an object, and of those within it."""
    if not isinstance(body, dict):
        return []
    found = [_plain(body.get(field)) for field in _FIELDS]
    return found + [_read(body.get(name), depth - 1) for name in _WITHIN] if depth else found


def _plain(value: object) -> object:
    """Return a number, a short word or a list of numbers; what is anything else counts as missing."""
    if isinstance(value, list):
        return [part for part in value if isinstance(part, int)]
    return value if isinstance(value, int | str) else None
