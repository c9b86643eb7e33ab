"""Writes answers into `.env`: whole or not at all, for its owner alone; what stood there before is kept beside it."""

from __future__ import annotations

import io
import itertools
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream

from bot.env_file import read_env_file

HEAD: Final = "# Written by `spinemets setup`. docs/settings.md has every setting; .env.example explains each.\n"

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@,%+=?&-]*")


class ValueNotKept(Exception):
    """A value cannot be written so that it is read back as it is; the text names its setting and what to do."""


def merged(text: str, values: Mapping[str, str]) -> str:
    """Return the text of a `.env` with some settings changed: each where it stood, new ones at the end."""
    left = dict(values)
    lines: list[str] = []
    for binding in parse_stream(io.StringIO(text)):
        name = (binding.key or "").upper()
        if name not in values:
            lines.append(binding.original.string)
        elif name in left:  # of a name that is there twice, one is left
            lines.append(f"{name}={_quoted(left.pop(name))}\n")
    whole = "".join(lines)
    end = "\n" if whole and not whole.endswith("\n") else ""
    return whole + end + "".join(f"{name}={_quoted(value)}\n" for name, value in left.items())


def write_env(path: Path, text: str, values: Mapping[str, str]) -> Path | None:
    """Write a `.env` whose settings are read back as they are; return where the former file is kept, if there was one.

    Raises:
        ValueNotKept: for a value that would not be read back; nothing is written then.
        OSError: where the disk does not let it be written; the former file is as it was.
    """
    path = Path(os.path.realpath(path))  # what a link leads to
    with _temporary(path, text.encode()) as whole:
        read = read_env_file(whole, list(values))
        for name, value in values.items():
            if (read[name].value if name in read else "") != value:
                raise ValueNotKept(f"{name} cannot be written into .env as it is; write $ as %24 and the like.")
        former = _keep(path) if path.exists() else None
        whole.replace(path)
    return former


@contextmanager
def _temporary(path: Path, content: bytes) -> Iterator[Path]:
    """Write bytes into a file beside another, for its owner alone; it is gone in the end unless it was renamed."""
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _keep(path: Path) -> Path:
    """Copy a file beside itself, under a name that is free, for its owner alone."""
    names = (path.with_name(f"{path.name}.before-{number}") for number in itertools.count(1))
    kept = next(name for name in names if not os.path.lexists(name))
    with _temporary(path, path.read_bytes()) as whole:
        whole.rename(kept)
    return kept


def _quoted(value: str) -> str:
    """Return a value as `.env` has it."""
    if _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
