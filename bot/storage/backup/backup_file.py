"""The file of a backup: how it is checked, and how it gets its name once it is whole."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.storage.errors import StorageError

OWNER_ONLY: Final = 0o600
UNFINISHED: Final = ".spinemets-unfinished-"
"""How the name of a folder begins in which a file is made; one that a killed process left is removed by the next."""

_NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
"""What a file system answers that knows one name for a file alone, as some network shares do."""


class BackupRefused(StorageError):
    """A backup cannot be made or restored; its text says why, and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What is in a backup.

    Attributes:
        bot: the number of the bot whose cases these are; empty where none has used the database yet.
        cases: how many there are.
        version: the version of the tables.
    """

    bot: str
    cases: int
    version: str


def summarize(file: Path) -> BackupSummary:
    """Return what is in a backup, once every page of it was read and found whole.

    Raises:
        BackupRefused: where it is no whole backup.
    """
    try:
        if not file.is_file() or not file.stat().st_size:
            raise BackupRefused(f"{file} is {'empty' if file.is_file() else 'no file'}: it is not a backup.")
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                raise BackupRefused(f"{file} is damaged ({verdict}). Take another backup.")
            ((version,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            owner = connection.execute("SELECT id FROM bots").fetchone()
            (cases,) = connection.execute("SELECT count(*) FROM cases").fetchone()
    except (sqlite3.Error, ValueError) as error:
        raise BackupRefused(f"{file} is not a whole backup ({error}). Take another one.") from None
    except OSError as error:
        raise BackupRefused(f"{file} cannot be read: {error.strerror}.") from None
    return BackupSummary(owner[0] if owner else "", cases, version)


@contextmanager
def room_beside(file: Path) -> Iterator[Path]:
    """Make a folder beside a file that nobody else may enter, on the same disk; it is gone in the end.

    Raises:
        BackupRefused: where that is not possible.
    """
    try:
        with _locked(file.parent):
            _remove_left_rooms(file.parent)
            room = tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=file.parent)
            mark = _lock(Path(room.name))
    except OSError as error:
        raise BackupRefused(f"{file} cannot be made: {error.strerror}. Name another place.") from None
    try:
        with room as folder:
            yield Path(folder)
    finally:
        os.close(mark)


def _remove_left_rooms(folder: Path) -> None:
    """Remove what killed processes left: the lock of a process ends with it, so what can be locked is nobody's."""
    for room in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError), _locked(room, fcntl.LOCK_NB):
            shutil.rmtree(room)


@contextmanager
def _locked(folder: Path, how: int = 0) -> Iterator[None]:
    handle = _lock(folder, how)
    try:
        yield
    finally:
        os.close(handle)


def _lock(folder: Path, how: int = 0) -> int:
    """Lock a folder against others who do the same, until the handle that is returned is closed.

    Raises:
        OSError: where that is not possible, or another holds it and nobody is to be waited for.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | how)
    except OSError:
        os.close(handle)
        raise
    return handle


def publish(whole: Path, file: Path) -> None:
    """Write a whole file to the disk and link it to its name, which only its owner may read; never over another file.

    Raises:
        BackupRefused: where there is a file of that name.
        OSError: where the disk does not let it be done.
    """
    whole.chmod(OWNER_ONLY)
    _sync(whole)
    try:
        os.link(whole, file)
    except FileExistsError:
        raise already_there(file) from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _claim(file)
        whole.replace(file)
    _sync(file.parent)


def _claim(file: Path) -> None:
    """Make an empty file, which is then replaced by a whole one.

    Raises:
        BackupRefused: where there is a file of that name.
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    except FileExistsError:
        raise already_there(file) from None


def already_there(file: Path) -> BackupRefused:
    """Return what is said where a file must not be written over."""
    return BackupRefused(f"{file} is there already, and is not written over. Name another file.")


def replace_file(whole: Path, file: Path) -> None:
    """Write a whole file to the disk in place of another."""
    whole.chmod(OWNER_ONLY)
    _sync(whole)
    whole.replace(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
