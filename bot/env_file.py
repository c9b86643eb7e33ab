"""Reads `.env` strictly: what cannot be read or understood is an error with its line, and is never passed over."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Final, NamedTuple

from dotenv import dotenv_values
from dotenv.parser import parse_stream

_LONGEST: Final = 1_000_000
_LIKENESS: Final = 0.85
"""How much a name is like that of a setting if it is taken for a slip: TEST_DATABASE_URL is not, ALOWED_USERS is."""


class EnvFileFault(Exception):
    """A `.env` that cannot be used: what is wrong, where, and what to do; nothing of its values is repeated."""

    def __init__(self, *faults: str) -> None:
        """Keep the faults, each one line."""
        super().__init__("\n".join(faults))
        self.faults = faults


class Entry(NamedTuple):
    """What `.env` says of one name, and in which line."""

    value: str
    line: int


def read_env_file(path: Path, settings: Collection[str]) -> dict[str, Entry]:
    """Return the entries of the file, by name; none if there is no such file.

    Args:
        path: the file.
        settings: the names of all settings. Others are kept, unless they look like a misspelt setting.

    Raises:
        EnvFileFault: if the file cannot be read, or a line cannot be understood.
    """
    text = _text(path)
    lines = dict(_lines(text))
    faults = [f"line {line} of {path} {why}" for line, why in _faults(text, lines, settings)]
    if faults:
        raise EnvFileFault(*faults)
    values = dotenv_values(stream=io.StringIO(text))
    return {name: Entry(value, lines[name]) for name, value in values.items() if value is not None}


def _text(path: Path) -> str:
    """Return what the file says, its line ends made alike."""
    raw = _bytes(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise EnvFileFault(f"line {line} of {path} is not UTF-8 text; save the file as UTF-8") from None
    if "\0" in text or len(raw) > _LONGEST:
        raise EnvFileFault(f"{path} is not UTF-8 text; write it anew from .env.example, and save it as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST + 1)
    except FileNotFoundError:
        if not path.is_symlink():
            return b""
        why = "is a link to a file that does not exist; restore that file, or remove the link"
    except IsADirectoryError:
        why = "is a folder, not a file; move it away, and copy .env.example to .env"
    except OSError as error:
        why = f"cannot be read ({error.strerror}); make it readable for the user that runs spinemets, or move it away"
    raise EnvFileFault(f"{path} {why}")


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield each name with the line of its entry; of a name that is there twice, the later entry counts."""
    for binding in parse_stream(io.StringIO(text)):
        if binding.key and binding.value is not None:
            yield binding.key, _line(binding.original.string, binding.original.line)


def _faults(text: str, lines: dict[str, int], settings: Collection[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no entry, and those whose name is almost that of a setting."""
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key and binding.value is None):
            line = _line(binding.original.string, binding.original.line)
            yield line, "cannot be understood; write NAME=value, with a quote at both ends or at none"
    for name, line in lines.items():
        meant = get_close_matches(name.upper(), settings, 1, _LIKENESS)
        if meant and name.upper() not in settings:
            yield line, f"sets {name}, which is not a setting; did you mean {meant[0]}?"


def _line(statement: str, first: int) -> int:
    """Return the line of a statement, which the parser begins at the empty lines before it."""
    return first + statement[: len(statement) - len(statement.lstrip())].count("\n")
