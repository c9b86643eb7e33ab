"""Pictures and documents that the bot sent: their bytes, and what can be read from them."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from bot.playground.storage import JsonStore

_PREFIX: Final = "file-"
_KEPT: Final = 100
_DIGITS: Final = 18
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
# The JPEG segments that begin a picture and tell its size; the gaps in the numbers belong to other tables.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Picture(NamedTuple):
    """What a picture is, read from its first bytes."""

    media_type: str
    width: int
    height: int


class Files:
    """The newest files; older ones make room."""

    def __init__(self, store: JsonStore) -> None:
        """Go on with the files that the disk keeps."""
        self._disk = store

    def add(self, content: bytes) -> str:
        """Keep a file; give its id."""
        with self._disk.transaction():
            number = self._disk.number("file")
            self._disk.put("file", 0, number, content)
            self._disk.drop_below("file", 0, self._disk.nth_newest("file", 0, _KEPT))
        return f"{_PREFIX}{number}"

    def get(self, file_id: str) -> bytes | None:
        """Return the bytes of a file, if it is still there."""
        number = file_id.removeprefix(_PREFIX)
        return (
            self._disk.raw("file", 0, int(number)) if number.isdecimal() and len(number) < len(_PREFIX) * 3 else None
        )


def picture(content: bytes) -> Picture | None:
    """Look whether this is a picture that a message can show."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR":
        return Picture("image/png", *struct.unpack(">II", content[16:24]))
    return _jpeg(content) if content.startswith(_JPEG) else None


def _jpeg(content: bytes) -> Picture | None:
    at = len(_JPEG) - 1
    while content[at : at + 1] == b"\xff" and at + 9 <= len(content):
        kind, length, height, width = struct.unpack(">xBHxHH", content[at : at + 9])
        if kind in _FRAMES:
            return Picture("image/jpeg", width, height)
        at += 2 + length
    return None
