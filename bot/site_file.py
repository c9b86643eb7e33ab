"""Reads the hospital's own file: what cannot be read is an error with its reason, and never passed over."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

from flows.catalog.loader import catalog
from flows.catalog.site import KnownValues, Site, parse_site
from flows.errors import SiteFileError

MOST_BYTES: Final = 100_000
"""A larger file is a mistake, and is not read."""

_EARLIEST_ZONE: Final = timedelta(hours=14)
"""Where it is tomorrow first: a review of today is nowhere in the future."""


def read_site(path: Path) -> Site:
    """Read and check a site file.

    Raises:
        SiteFileError: where it cannot be read or used; every fault is named with its place.
    """
    try:
        text = _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SiteFileError([f"{path}: line {line} is not UTF-8 text; save the file as UTF-8"]) from None
    if not text.strip():
        raise SiteFileError([f"{path}: is empty; write it as in docs/site.example.toml"])
    today = (datetime.now(UTC) + _EARLIEST_ZONE).date().isoformat()
    return parse_site(str(path), text, KnownValues(tuple(catalog().options), available_timezones(), today))


def _bytes(path: Path) -> bytes:
    """Return what a file holds; a pipe or a device, which may never end, is not opened."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
        else:
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
            raise SiteFileError([f"{path}: is {kind}, not a file; name the file itself"])
    except FileNotFoundError:
        raise SiteFileError([f"{path}: does not exist; check the path, which starts in the current folder"]) from None
    except OSError as error:
        why = f"cannot be read ({error.strerror}); make it readable for the user that runs spinemets"
        raise SiteFileError([f"{path}: {why}"]) from None
    if len(raw) > MOST_BYTES:
        raise SiteFileError([f"{path}: has more than {MOST_BYTES} bytes; keep only what docs/site.example.toml has"])
    return raw
