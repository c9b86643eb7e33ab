"""Reads the bare command of a text, and the note behind one that begins a case; all else is nobody's business."""

from __future__ import annotations

import re
from typing import Final

from bot.service.access.codes import code_hash
from bot.service.commands import (
    ADMIN_COMMANDS,
    GROUP_COMMANDS,
    MINUTES,
    PAIR,
    PRIVATE_COMMANDS,
    UNREADABLE,
    minutes_argument,
)
from bot.service.links.read_links import TO_CASE, TO_PAGE
from flows.export.start_payload import SCOPE_PATTERN

KNOWN: Final = frozenset((*PRIVATE_COMMANDS, *GROUP_COMMANDS, *ADMIN_COMMANDS, PAIR))

UNKNOWN: Final = "unknown"
"""Stands for a command that is none of ours: what was written after the slash is nobody's business."""

BEGINNING: Final = ("case", "new")
"""Commands that begin a case; a line behind one is read as a note."""

_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+([A-Za-z0-9_-]{1,64})\s*$|\s|$)")
_PAYLOAD: Final = re.compile(
    f"case|[a-z0-9]{{1,16}}-[0-9]{{1,12}}-[0-9a-f]{{24}}|p1[0-9a-f]{{5}}[a-z-]{{6}}|{TO_CASE}|{TO_PAGE}"
    f"|p2[0-9a-f]{{5}}[a-z-]{{6}}{SCOPE_PATTERN}"
)
"""What the bot's own links bear; what somebody writes behind /start is nobody's business."""

_NUMBER: Final = re.compile("-?[0-9]{1,18}")

_MENTION: Final = re.compile(r"@([A-Za-z0-9_]{1,64})\s+/?([A-Za-z0-9_]{1,32})\s*$")


def bare_command(text: str, username: str, *, private: bool) -> tuple[str, str]:
    """Read the command in a text, with what a link put behind it; nothing where it is for another bot."""
    mentioned = None if private else _MENTION.match(text)
    if mentioned and username and mentioned[1].lower() == username.lower():
        named = mentioned[2].lower()
        return (named, "") if named in KNOWN else ("", "")
    if code := code_hash(text):
        return PAIR, code
    command = _COMMAND.match(text)
    if command is None or (command[2] and username and command[2].lower() != username.lower()):
        return "", ""
    named = command[1].lower()
    if named == MINUTES:
        return named, minutes_argument(text[command.end(2) if command[2] else command.end(1) :])
    if named in ADMIN_COMMANDS:
        return named, _number(text[command.end(2) if command[2] else command.end(1) :])
    payload = command[3] or ""
    if named in (PAIR, "start") and (code := code_hash(payload)):
        return PAIR, code
    if named == PAIR:
        return PAIR, ""
    ours = named == "start" and _PAYLOAD.fullmatch(payload)
    return (named, payload if ours else "") if named in KNOWN else (UNKNOWN, "")


def _number(argument: str) -> str:
    """Return the number of a person or a group behind a command; UNREADABLE for anything else that stands there."""
    said = argument.strip()
    return said if _NUMBER.fullmatch(said) or not said else UNREADABLE


def note_in(text: str) -> str:
    """Return a text with blanks for the command that begins a case; nothing of any other command."""
    return note_behind(text) if _COMMAND.match(text) else text


def note_behind(text: str) -> str:
    """Return what stands behind the command that begins a case, after blanks; nothing where there is none."""
    command = _COMMAND.match(text)
    if command is None:
        return ""
    end = command.end(2) if command[2] else command.end(1)
    return " " * end + text[end:] if command[1].lower() in BEGINNING else ""
