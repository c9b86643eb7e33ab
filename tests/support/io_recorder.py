"""Notes what SQLite does to its files: each opening, write, cut, flush and removal, in order, beneath Python's driver.

It takes two functions of the library's own way to the disk, and of each file three, and puts functions in their place
that note and go on as before; only a flush is noted and not done, since it is slow and nothing here is to be durable.
So it does with the three of Python by which the bot gives a new file its name.
That is for the whole process, and for good: it belongs into a process of its own.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, c_int, c_int64, c_void_p, cast
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NEW: Final = 0x4
"""SQLite's flag for a file that is to be made where it is missing."""

LOGS: Final = ("-wal", "-journal")
"""The files whose first flush also flushes the folder, so that they are found again."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file was opened, and made where it was missing."""

    name: str


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes were written somewhere into a file."""

    name: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file was cut to a length."""

    name: str
    length: int


@dataclass(frozen=True, slots=True)
class Flushed:
    """All that was written to a file until now is durable; where it says so, what its folder lists is as well."""

    name: str
    folder: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """A file was removed; where it says so, what its folder lists is durable."""

    name: str
    folder: bool


@dataclass(frozen=True, slots=True)
class Linked:
    """A file got another name."""

    name: str
    other: str


@dataclass(frozen=True, slots=True)
class FolderFlushed:
    """What the folder lists is durable."""


DiskWrite = Opened | Written | Cut | Flushed | Removed | Linked | FolderFlushed


class _Methods(Structure):
    """What can be done with an open file (`sqlite3_io_methods`)."""

    _fields_ = (
        ("version", c_int),
        *((name, c_void_p) for name in ("close", "read", "write", "truncate", "sync")),
        ("others", c_void_p * 13),
    )


class _File(Structure):
    """The beginning of an open file (`sqlite3_file`)."""

    _fields_ = (("methods", POINTER(_Methods)),)


class _Disk(Structure):
    """The way to the disk (`sqlite3_vfs`), as far as it is looked at here."""

    _fields_ = (
        *((name, c_int) for name in ("version", "size", "longest")),
        *((name, c_void_p) for name in ("next", "name", "own", "open", "delete")),
    )


# A path is handed on where it lies: SQLite keeps its address, and reads more behind it.
_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(_File), c_int, c_void_p)
_Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)


class IoRecorder:
    """Notes everything from now on.

    Attributes:
        log: what was done, in order; whoever records more appends it here.
    """

    def __init__(self) -> None:
        """Take the place of SQLite's own functions."""
        self.log: list[Any] = []
        self._names: dict[int, str] = {}
        self._fresh: set[int] = set()
        self._replaced: dict[int, _Methods] = {}
        self._kept: list[object] = []  # a function that C calls must not be collected
        library = CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = POINTER(_Disk)
        disk = library.sqlite3_vfs_find(None).contents
        self._open, self._delete = _Open(disk.open), _Delete(disk.delete)
        disk.open, disk.delete = self._address(_Open(self._opened)), self._address(_Delete(self._removed))
        self._link, self._unlink = os.link, os.unlink
        os.link, os.unlink, os.fsync = self._linked, self._unlinked, self._folder_flushed  # type: ignore[assignment]

    def _address(self, function: Any) -> int | None:
        """Give the address of a function, and keep it alive."""
        self._kept.append(function)
        return cast(function, c_void_p).value

    def _opened(self, disk: int, path: int | None, file: Any, flags: int, told: int | None) -> int:
        """Open a file, and have what is done with it noted, unless it is a nameless one."""
        status = int(self._open(disk, path, file, flags, told))
        if status == 0 and path:
            name, address = _name_at(path), ctypes.addressof(file.contents)
            self._names[address] = name
            self._fresh.discard(address)
            if flags & NEW and name.endswith(LOGS):
                self._fresh.add(address)
            self.log.append(Opened(name))
            file.contents.methods = ctypes.pointer(self._noting(file.contents.methods))
        return status

    def _removed(self, disk: int, path: int, folder: int) -> int:
        """Remove a file."""
        self.log.append(Removed(_name_at(path), bool(folder)))
        return int(self._delete(disk, path, folder))

    def _linked(self, name: str, other: Path) -> None:
        """Link a file to another name."""
        self._link(name, other)
        self.log.append(Linked(Path(name).name, other.name))

    def _unlinked(self, path: Path) -> None:
        """Remove a name of a file."""
        self._unlink(path)
        self.log.append(Removed(path.name, folder=False))

    def _folder_flushed(self, _descriptor: int) -> None:
        """Note that a folder is flushed; the bot flushes nothing else by itself."""
        self.log.append(FolderFlushed())

    def _noting(self, methods: Any) -> _Methods:
        """Give the functions of a file with three of them replaced; files of one kind share theirs."""
        found = self._replaced.get(ctypes.addressof(methods.contents))
        return found or self._replace(methods.contents)

    def _replace(self, methods: _Methods) -> _Methods:
        write, truncate = _Write(methods.write), _Truncate(methods.truncate)

        def written(file: int, data: int, length: int, at: int) -> int:
            self.log.append(Written(self._names[file], at, ctypes.string_at(data, length)))
            return int(write(file, data, length, at))

        def cut(file: int, length: int) -> int:
            self.log.append(Cut(self._names[file], length))
            return int(truncate(file, length))

        def flushed(file: int, _flags: int) -> int:
            self.log.append(Flushed(self._names[file], file in self._fresh))
            self._fresh.discard(file)
            return 0

        ours = _Methods.from_buffer_copy(methods)
        ours.write = self._address(_Write(written))
        ours.truncate = self._address(_Truncate(cut))
        ours.sync = self._address(_Sync(flushed))
        self._replaced[ctypes.addressof(methods)] = ours
        return ours


def _name_at(path: int) -> str:
    """Read the name of a file at an address."""
    return Path(ctypes.string_at(path).decode()).name
