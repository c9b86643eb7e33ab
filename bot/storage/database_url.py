"""Checks DATABASE_URL before anything is opened: what is wrong with it is said without repeating any part of it."""

from __future__ import annotations

import re
from typing import Final

FORMS: Final = "sqlite:///file.db, sqlite:////folder/file.db or postgresql://user:password@host/database"
"""What a URL may look like."""

_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLACE: Final = re.compile(r"(?P<host>\[[^\[\]@]+\]|[^\[\]@:]*)(?::(?P<port>[^@]*))?")
_PORT: Final = re.compile(r"[0-9]{1,5}")
_LAST_PORT: Final = 65535


def check_database_url(url: str) -> str:
    """Return the URL, if a database can be looked for there.

    Raises:
        ValueError: with what is wrong and what to write. It repeats nothing, because a password with a special
            character may stand in any part of the URL.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"sqlite", "postgresql"}:
        raise ValueError(f"must be {FORMS}")
    if _PERCENT.search(rest):
        raise ValueError("has a % that encodes nothing; write a % as %25")
    if "%00" in rest or not rest.isprintable():
        raise ValueError("has a character that cannot be printed; remove it")
    (_check_file if scheme == "sqlite" else _check_server)(rest)
    return url


def _check_file(rest: str) -> None:
    path = rest.removeprefix("/")
    if path == rest or not path:
        raise ValueError(f"names no file; write {FORMS}")
    if path == ":memory:":
        raise ValueError("must name a file: in :memory: all cases would be lost at the end")
    if "?" in path:
        raise ValueError("has a ? in its path; write it as %3F")
    if path.startswith("~"):
        raise ValueError("begins its path with ~, which stands for no folder here; write the whole path")


def _check_server(rest: str) -> None:
    before, at, after = rest.rpartition("@")
    if "@" in before or "/" in before.partition(":")[0]:
        raise ValueError(
            "has a special character in its user or password; write @ as %40, : as %3A, / as %2F, % as %25"
        )
    place, _, options = after.partition("?")
    host_and_port, _, _ = place.partition("/")
    found = _PLACE.fullmatch(host_and_port)
    if not found or (at and not after):
        raise ValueError("names no host; write postgresql://user:password@host/database, an IPv6 host as [::1]")
    if found["port"] and not _is_port(found["port"]):
        raise ValueError(f"has a port that is not a number from 1 to {_LAST_PORT}, or a password without its @host")
    for option in filter(None, options.split("&")):
        if not re.fullmatch(r"\w+=.+", option):
            raise ValueError("has an option behind its ? that is not name=value, such as ?sslmode=require")


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and 1 <= int(text) <= _LAST_PORT
