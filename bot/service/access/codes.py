"""Codes that pair: how one is made, what one looks like, and the hash that is all that is kept of it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import Final

ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for another."""

GROUPS, LETTERS = 4, 5
"""Twenty of them: 99 bits, which nobody guesses in 15 minutes."""

CODE_MINUTES: Final = 15
"""Minutes for which a code pairs."""

_CODE: Final = re.compile(f"pair(-[{ALPHABET}]{{{LETTERS}}}){{{GROUPS}}}")


def new_code() -> str:
    """Return a code, such as pair-abcde-fghjk-mnpqr-stuvw; a start link can carry it."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(LETTERS)) for _ in range(GROUPS))
    return "-".join(("pair", *groups))


def code_hash(text: str) -> str:
    """Return the hash of a code that somebody typed; empty where the text is none."""
    code = text.strip().lower()
    return hashlib.sha256(code.encode()).hexdigest() if _CODE.fullmatch(code) else ""


def pairing_lines(code: str, username: str) -> tuple[str, ...]:
    """Return what a terminal says of a new code; where the bot's name is not known, without the link."""
    opened = (f"Or open https://t.me/{username}?start={code}",) if username else ()
    return (
        f"To become administrator, send the bot this code in a private chat within {CODE_MINUTES} minutes: {code}",
        *opened,
    )


def matching(code: str, kept: Iterable[str]) -> list[str]:
    """Return those of the kept hashes that equal one; it takes the same time for each."""
    return [other for other in kept if hmac.compare_digest(code, other)]
