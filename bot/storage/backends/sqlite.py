"""SQLite: how a file is checked, opened and written, and how what was erased leaves no trace in it."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
import time
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from bot.service.ports import DatabaseMoved
from bot.storage.backends.database import json_text
from bot.storage.errors import CorruptDatabase, DatabaseUnavailable, DatabaseUnusable

BUSY_TIMEOUT: Final = "PRAGMA busy_timeout = 5000"
"""How long to wait for another process that writes, in milliseconds."""

JOURNAL_MODE: Final = "PRAGMA journal_mode = WAL"
SETTINGS: Final = (
    "PRAGMA synchronous = FULL",  # what was acknowledged survives a power loss
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",  # VACUUM puts no copy into a temporary file
)


_PASSING: Final = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE)
"""Why a file cannot be made now, while it may be later; for any other reason somebody has to change something."""

_ELSEWHERE: Final = "Check DATABASE_URL, or without it XDG_DATA_HOME."


class Sqlite:
    """A file. It bears a mark (its `user_version`, which is free for such use) while traces are left in it."""

    begin_sql: Final = "BEGIN IMMEDIATE"
    mark_dirty_sql: Final = "PRAGMA user_version = 1"  # it is wiped at the next opening, if not before

    def __init__(self, path: Path) -> None:
        """Check the file, or make one without tables.

        Raises:
            CorruptDatabase: for a file that is damaged, empty or no database, or gone while its log is there.
            DatabaseUnusable: for what is no file, or a file that may not be read, written or made.
            DatabaseUnavailable: where the disk does not let it be read or made now.
        """
        self.name = str(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _make(Path(os.path.realpath(path)))  # what a link leads to
            _check_rights(path)
        except OSError as error:
            kind = DatabaseUnavailable if error.errno in _PASSING else DatabaseUnusable
            raise kind(f"{path} cannot be made: {error.strerror}. {_ELSEWHERE}") from error
        _check(path)
        self.engine = _engine(path)
        self._files = (path, _log_of(path))
        self._found = [_identity(file) for file in self._files]

    def is_in_use(self) -> bool:
        """Return whether another process has the file open: as long as one has, nobody else gets it alone."""
        with closing(sqlite3.connect(self._files[0], isolation_level=None, timeout=0.2)) as connection:
            try:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
            except sqlite3.OperationalError as error:
                return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        return False

    def migration(self) -> AbstractContextManager[Connection]:
        """Open a transaction in which no other process changes the tables: in SQLite that is every one."""
        return self.engine.begin()

    def verify(self, connection: Connection) -> None:
        """Look whether the file and its log are still those that were opened.

        Where they are not, what is in the log goes into the file that was opened, wherever that is now, and the log is
        emptied: left beside another file, it would damage that one.

        Raises:
            DatabaseMoved: where one of them was moved, replaced or removed.
        """
        now = [_identity(file) for file in self._files]
        if now != self._found:
            if any(was and was != is_now for was, is_now in zip(self._found, now, strict=True)):
                raw: Any = connection.connection.driver_connection
                with suppress(sqlite3.Error):
                    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                raise DatabaseMoved(f"not saved: {self.name} was moved or replaced")
            self._found = now  # the log was made

    def break_off(self, connection: Any) -> None:
        """Leave it: no other thread can end a wait for the disk."""

    def scrub(self, connection: Connection) -> bool:
        """Write a marked file anew, and empty its log.

        `secure_delete` alone is not enough: where SQLite spreads rows over more pages, it leaves copies of some in
        the gaps, and these outlive the rows.
        """
        raw: Any = connection.connection.driver_connection
        try:
            raw.execute("PRAGMA busy_timeout = 0")  # a backup may read for long; the jobs do not wait for it
            if raw.execute("PRAGMA user_version").fetchone() != (0,):
                raw.execute("VACUUM")
                raw.execute("PRAGMA user_version = 0")
            (busy, *_) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:  # the disk is full, another process writes
            return False
        finally:
            raw.execute(BUSY_TIMEOUT)
        return not busy


def _make(path: Path) -> None:
    """Make a database without tables, whole before it has its name: an empty file was cut short, and is refused."""
    if _log_of(path).exists() and _log_of(path).stat().st_size:
        raise CorruptDatabase(path, "it is gone, while its log is there")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # concerns nobody else on the machine
    os.close(handle)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA user_version = 0")
        os.link(name, path)
    except FileExistsError:
        if not path.exists():
            raise
        # another process was faster
    finally:
        Path(name).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _log_of(path: Path) -> Path:
    return Path(f"{os.path.realpath(path)}-wal")


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from any other; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_rights(path: Path) -> None:
    if not path.is_file():
        raise DatabaseUnusable(f"{path} is {'a folder' if path.is_dir() else 'no file'}. {_ELSEWHERE}")
    for place, needed in ((path, os.R_OK | os.W_OK), (path.parent, os.W_OK | os.X_OK)):
        if not os.access(place, needed):
            raise DatabaseUnusable(f"{place} may not be read and written by this user. {_ELSEWHERE}")


def _check(path: Path) -> None:
    """Look at every page, without changing a byte: 0.05 s for 100,000 cases."""
    if not path.stat().st_size:
        raise CorruptDatabase(path, "it is empty")
    # Where its making was cut short, SQLite has to undo first what was begun, and must be let.
    mode = "rw" if path.with_name(f"{path.name}-journal").exists() else "ro"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        raise DatabaseUnavailable(f"{path} cannot be read: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise CorruptDatabase(path, str(error)) from error
    if verdict != "ok":
        raise CorruptDatabase(path, verdict)


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        # No transaction is begun but by us; and a connection is opened on one thread, then used by the writer alone.
        connect_args={"isolation_level": None, "check_same_thread": False},
        json_serializer=json_text,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set)
    event.listen(engine, "begin", _begin)
    return engine


def _set(raw: Any, _record: object) -> None:
    # The driver's own connection, which SQLAlchemy hands over without a type.
    raw.execute(BUSY_TIMEOUT)
    _set_journal_mode(raw)
    for setting in SETTINGS:
        raw.execute(setting)


def _set_journal_mode(raw: sqlite3.Connection) -> None:
    """Turn to the write-ahead log; alone of all statements, this one does not wait for another process by itself."""
    for _ in range(100):
        with suppress(sqlite3.OperationalError):
            raw.execute(JOURNAL_MODE)
            return
        time.sleep(0.05)
    raw.execute(JOURNAL_MODE)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(Sqlite.begin_sql)
