"""Links that lead a member from a group to what they read in private: signed, for one person, and for an hour."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from bot.service.links.share_links import LINK_LIFETIME
from flows.cards.card import Action, Tap

MOST: Final = 64
"""Characters that Telegram carries in a start link."""

PAGES: Final = (Action.home, Action.help, Action.about, Action.browse, Action.scale)
"""What belongs to no case: everybody may read it, so its links are not signed."""

TO_CASE: Final = r"r[a-z0-9]{1,16}-[0-9a-f]{1,9}-[0-9a-f]{24}-[a-z]{2}(?:_[a-z_]{1,24})?"
TO_PAGE: Final = r"see-[a-z]{2}(?:_[a-z_]{1,24})?"
"""What the payloads look like."""

_VERBS: Final = {verb.value: verb for verb in Action}


def link_to_case(secret: str, tap: Tap, user_id: str, now: float) -> str:
    """Return the start payload that opens for one person what is read beside a case.

    Args:
        secret: what the links of this bot are signed with.
        tap: what is read of which case; where a payload has no room for it all, its list.
        user_id: the only person it is for.
        now: seconds since 1970, UTC.
    """
    until = int(now) + LINK_LIFETIME
    what = f"_{tap.question}" if tap.question and not tap.choice else ""
    payloads = [_signed(secret, tap.case, until, f"{tap.action}{shown}", user_id) for shown in (what, "")]
    return next(payload for payload in payloads if len(payload) <= MOST)


def case_in(secret: str, payload: str, user_id: str, now: float) -> Tap | None:
    """Read such a payload; None where it was made for somebody else, changed, or is too old."""
    if not re.fullmatch(TO_CASE, payload):
        return None
    case_id, until, _, view = payload[1:].split("-")
    expected = _signed(secret, case_id, int(until, 16), view, user_id)
    verb, _, what = view.partition("_")
    if int(until, 16) < now or verb not in _VERBS or not hmac.compare_digest(payload, expected):
        return None
    return Tap(_VERBS[verb], what, case=case_id)


def link_to_page(tap: Tap) -> str:
    """Return the start payload that opens a page which belongs to no case."""
    return f"see-{tap.action}_{tap.question}" if tap.question else f"see-{tap.action}"


def page_in(payload: str) -> Tap | None:
    """Read such a payload; None where it leads to no page."""
    verb, _, what = payload.removeprefix("see-").partition("_")
    known = bool(re.fullmatch(TO_PAGE, payload)) and _VERBS.get(verb) in PAGES
    return Tap(_VERBS[verb], what) if known else None


def _signed(secret: str, case_id: str, until: int, view: str, user_id: str) -> str:
    text = f"read|{case_id}|{until}|{view}|{user_id}".encode()
    mac = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()[:24]
    return f"r{case_id}-{until:x}-{mac}-{view}"
