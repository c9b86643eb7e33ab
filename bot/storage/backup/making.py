"""Makes a backup while the bot runs: everything as it was at one moment, checked before it gets its name."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.storage.backends.postgresql import Postgresql
from bot.storage.backends.sqlite import Sqlite
from bot.storage.backup.backup_file import BackupRefused, BackupSummary, already_there, publish, room_beside, summarize
from bot.storage.backup.tables import copy_tables
from bot.storage.factory import parse_place
from bot.storage.migrate import bring_up_to_date, is_newest


def make_backup(place: str | Path, file: Path) -> BackupSummary:
    """Write everything that the database at a URL or in a file holds into a new file.

    Raises:
        BackupRefused: where there is such a file, no database, or no room.
        StorageError: where the database cannot be used.
    """
    if os.path.lexists(file):
        raise already_there(file)
    source = parse_place(place)
    with room_beside(file) as room:
        whole = room / "backup.db"
        try:
            if isinstance(source, Path):
                _copy_file(source, whole)
            else:
                _copy_server(Postgresql(source), whole)
            summary = summarize(whole)
            publish(whole, file)
        except (sqlite3.Error, DBAPIError) as error:
            words = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
            raise BackupRefused(f"No backup was made: {words}. Check the disk and the database.") from None
        except OSError as error:
            raise BackupRefused(f"{file} cannot be written: {error.strerror}. Name another place.") from None
    return summary


def _copy_file(source: Path, whole: Path) -> None:
    """Write a SQLite database into a new file, as its last commit left it and without what was erased.

    Raises:
        BackupRefused: where there is no database.
        StorageError: where it is damaged.
    """
    if not source.exists():
        raise BackupRefused(f"There is no database at {source}. Check DATABASE_URL, or start the bot first.")
    path = Sqlite(source).name
    # Not through the engine: that would wait for its turn to write, and a bot that writes must not wait for it.
    with closing(sqlite3.connect(path, isolation_level=None, timeout=5)) as connection:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("VACUUM INTO ?", [str(whole)])


def _copy_server(source: Postgresql, whole: Path) -> None:
    """Copy the tables of a server, as they were at one moment, into a new SQLite file.

    Raises:
        BackupRefused: where there are no tables of this program's version.
    """
    target = Sqlite(whole)
    with source.engine.connect() as server, target.engine.connect() as file:
        # As if it ran alone, and without holding up whoever writes.
        server.execution_options(postgresql_readonly=True, postgresql_deferrable=True)
        bring_up_to_date(target, file)
        with server.begin(), file.begin():
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                server.exec_driver_sql(f"SET LOCAL {limit} = 0")  # a large table takes its time
            if not is_newest(source, server):
                raise BackupRefused(f"{source.name} has no tables of this version yet: start the bot first.")
            copy_tables(server, file)
        file.exec_driver_sql("PRAGMA user_version = 0")
    with closing(sqlite3.connect(whole, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # one file is all there is of it
