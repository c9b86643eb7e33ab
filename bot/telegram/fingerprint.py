"""A short mark of an update's content: Telegram's numbers may start anew, and then stand for other updates."""

from __future__ import annotations

import hashlib
from typing import Any, Final

_FIELDS: Final = ("id", "poll_id", "message_id", "date", "edit_date", "option_ids", "total_voter_count", "is_closed")
"""What Telegram numbers and dates. No chat, no person and no text: a fingerprint outlives what was taken in."""

_TAPPED: Final = ("message_id", "date")
_BYTES: Final = 6


def fingerprint_of(update: dict[str, Any]) -> str:
    """Return the mark by which an update is told from another one of the same number, whatever its shape is."""
    parts: list[object] = []
    for kind in sorted(update.keys() - {"update_id"}):
        body = update[kind]
        parts += [kind, *_read(body, _FIELDS)]
        parts += _read(body.get("message"), _TAPPED) if isinstance(body, dict) else ()
    return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=_BYTES).hexdigest()


def _read(body: object, fields: tuple[str, ...]) -> list[object]:
    """Read fields, each as a number, a short word or a list of numbers; what is anything else counts as missing."""
    if not isinstance(body, dict):
        return []
    return [_plain(body.get(field)) for field in fields]


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [part for part in value if isinstance(part, int)]
    return value if isinstance(value, int | str) else None
