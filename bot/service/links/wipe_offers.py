"""Which message the bot offered to delete: its number, with a mark that nobody else can make."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

_OFFER: Final = re.compile(r"(?P<message>[0-9]{1,13})_(?P<mark>[0-9a-f]{10})")


def offer(secret: str, place: str, message: int) -> str:
    """Return what the button bears that deletes a message of this chat; 24 characters at most."""
    return f"{message}_{_mark(secret, place, message)}"


def offered(secret: str, place: str, choice: str) -> int | None:
    """Return the message that such a button deletes; None where the bot never offered it in this chat."""
    found = _OFFER.fullmatch(choice)
    if found is None or not hmac.compare_digest(found["mark"], _mark(secret, place, int(found["message"]))):
        return None
    return int(found["message"])


def _mark(secret: str, place: str, message: int) -> str:
    text = f"wipe|{place}|{message}".encode()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()[:10]
