"""What the tags, attributes, links and character references of Telegram's HTML mean, each looked at alone."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from bot.playground.errors import ApiError

TYPES: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}  # fmt: skip - one tag after the other reads as the list that it is
"""The entity that each tag makes."""

# Other names, and numbers of more digits than these, Telegram leaves as they are written.
REFERENCE: Final = re.compile(
    r"&(?:#x(?P<hex>[0-9a-fA-F]{1,6})(?![0-9a-fA-F])"
    r"|#(?P<decimal>[0-9]{1,7})(?![0-9])"
    r"|(?P<name>lt|gt|amp|quot)(?![a-zA-Z]));?"
)
"""A reference to a character; its semicolon may be missing."""

_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SURROGATES: Final = range(0xD800, 0xE000)
_LAST: Final = 0x10FFFF


def character(reference: re.Match[str]) -> str:
    """Return the character that a reference stands for, or the reference itself where it stands for none."""
    if reference["name"]:
        return _NAMED[reference["name"]]
    code = int(reference["hex"], 16) if reference["hex"] else int(reference["decimal"])
    if code in _SURROGATES:
        raise ApiError(
            "can't parse entities: Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units"
        )
    return chr(code) if 0 < code < _LAST else reference[0]


def argument(tag: str, attribute: str, value: str) -> str:
    """Return what an attribute says, or nothing where it is none that counts."""
    match tag, attribute:
        case "a", "href":
            return value
        case "code", "class" if value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", "class" if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case "blockquote", "expandable":
            return attribute
        case _:
            return ""


def link(url: str) -> str:
    """Complete a link as Telegram does; one that leads nowhere becomes empty, and its entity is left out."""
    try:
        parts = urlsplit(url if ":" in url.partition("/")[0] else f"http://{url}")
    except ValueError:
        return ""
    if parts.scheme in ("tg", "ton", "tonsite"):
        return url
    if parts.scheme not in ("http", "https") or "." not in (parts.hostname or "") or any(map(str.isspace, url)):
        return ""
    return parts._replace(path=parts.path or "/").geturl()
