"""Checks what Telegram signed when it opened a page for a person: nobody else can say who that is."""

from __future__ import annotations

import hmac
import re
from typing import Final
from urllib.parse import parse_qsl

import orjson

LONGEST: Final = 4096
"""Characters of launch data; Telegram's are a fifth of it."""

MAX_FIELDS: Final = 32
MAX_AGE: Final = 3600
"""Seconds that a page may stay open before it sends; to open it again is one tap."""

MAX_AHEAD: Final = 60
"""Seconds that Telegram's clock may be ahead of ours."""

LARGEST_ID: Final = 2**52
"""Telegram's numbers of people have at most so many bits."""

_KEY: Final = b"WebAppData"
_HASH: Final = re.compile("[0-9a-f]{64}")
_DATE: Final = re.compile("[0-9]{1,12}")
_OF_A_GROUP: Final = ("chat", "receiver")
_PRIVATE: Final = ("private", "sender")


class LaunchRefused(Exception):
    """Launch data that open nothing; it bears why, in a word."""


def sign_launch(fields: dict[str, str], token: str) -> str:
    """Return the hash of launch data, as Telegram makes it."""
    checked = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    secret = hmac.digest(_KEY, token.encode(), "sha256")
    return hmac.digest(secret, checked.encode("utf-8", "surrogatepass"), "sha256").hex()


def read_launch(data: str, token: str, now: float) -> int:
    """Return the number of the person for whom Telegram opened a page from a private chat.

    Args:
        data: what stood in the page's address.
        token: the bot's.
        now: seconds since 1970.

    Raises:
        LaunchRefused: if it was not signed by Telegram for this bot, is too old, or comes from a group.
    """
    fields = _fields(data)
    signed = fields.pop("hash", "")
    if not _HASH.fullmatch(signed) or not hmac.compare_digest(sign_launch(fields, token), signed):
        raise LaunchRefused("forged")
    date = fields.get("auth_date", "")
    if not _DATE.fullmatch(date) or not now - MAX_AGE <= int(date) <= now + MAX_AHEAD:
        raise LaunchRefused("old")
    if any(name in fields for name in _OF_A_GROUP) or fields.get("chat_type", "private") not in _PRIVATE:
        raise LaunchRefused("group")
    return _person(fields.get("user", ""))


def _fields(data: str) -> dict[str, str]:
    """Read the fields; each stands there once."""
    if len(data) > LONGEST:
        raise LaunchRefused("forged")
    try:
        pairs = parse_qsl(data, keep_blank_values=True, strict_parsing=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise LaunchRefused("forged") from None
    if len(dict(pairs)) != len(pairs):
        raise LaunchRefused("forged")
    return dict(pairs)


def _person(written: str) -> int:
    try:
        user = orjson.loads(written)
    except orjson.JSONDecodeError:
        raise LaunchRefused("nobody") from None
    number = user.get("id") if isinstance(user, dict) and not user.get("is_bot") else None
    if type(number) is not int or not 0 < number < LARGEST_ID:
        raise LaunchRefused("nobody")
    return number
