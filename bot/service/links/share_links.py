"""Links that hand a case to a group: opaque, signed, for one person, and for an hour."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

LINK_LIFETIME: Final = 3600
"""Seconds that a link holds."""

_TOKEN: Final = re.compile(r"(?P<case>[a-z0-9]{1,16})-(?P<until>[0-9]{1,12})-(?P<mac>[0-9a-f]{24})")


def sign(secret: str, case_id: str, user_id: str, now: float) -> str:
    """Write the link's token for a case; Telegram carries 64 characters of A-Z, a-z, 0-9, _ and -.

    Args:
        secret: what the links of this bot are signed with.
        case_id: the case.
        user_id: the only person it is for.
        now: seconds since 1970, UTC.
    """
    until = int(now) + LINK_LIFETIME
    return f"{case_id}-{until}-{_mac(secret, case_id, user_id, until)}"


def verify(secret: str, token: str, user_id: str, now: float) -> str | None:
    """Read a link's token: the case; None where it was made for somebody else, changed, or is too old."""
    found = _TOKEN.fullmatch(token)
    if found is None or int(found["until"]) < now:
        return None
    expected = _mac(secret, found["case"], user_id, int(found["until"]))
    return found["case"] if hmac.compare_digest(found["mac"], expected) else None


def copied_case_id(token: str, place: str, digits: int) -> str:
    """Return the id of the case that a token opens in a place: the same one, however often the link is followed."""
    return hashlib.sha256(f"{token}|{place}".encode()).hexdigest()[:digits]


def _mac(secret: str, case_id: str, user_id: str, until: int) -> str:
    text = f"share|{case_id}|{user_id}|{until}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()[:24]
