"""Restores a backup into a database that no bot uses and that has no cases; else nothing is changed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, delete, inspect, select
from sqlalchemy.exc import DBAPIError

from bot.storage.backends.database import Database
from bot.storage.backends.postgresql import Postgresql
from bot.storage.backends.sqlite import Sqlite
from bot.storage.backup.backup_file import (
    BackupRefused,
    BackupSummary,
    publish,
    replace_file,
    room_beside,
    summarize,
)
from bot.storage.backup.tables import copy_tables, count_cases
from bot.storage.errors import NewerDatabase, OlderDatabase
from bot.storage.factory import parse_place
from bot.storage.migrate import bring_up_to_date, is_newest
from bot.storage.schema import BOTS, METADATA


def restore_backup(file: Path, place: str | Path, bot: str) -> BackupSummary:
    """Restore a backup into the database at a URL or in a file.

    Args:
        file: the backup.
        place: where the settings say that the database is.
        bot: the number of the bot that will use it.

    Raises:
        BackupRefused: where the backup is not whole or another bot's, or the database is in use or has cases.
        StorageError: where the database cannot be used.
    """
    summary = summarize(file)
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        why = (
            f"{file} has a log beside it: it is a database in use, or a part of one. Use what `spinemets backup` made."
        )
        raise BackupRefused(why)
    if summary.bot not in ("", bot):
        raise BackupRefused(f"{file} is a backup of bot {summary.bot}; these settings are those of bot {bot}.")
    target = parse_place(place)
    try:
        if isinstance(target, Path):
            _restore_file(file, target, bot)
        else:
            _restore_server(file, Postgresql(target), bot)
    except (NewerDatabase, OlderDatabase) as fault:
        raise BackupRefused(f"Nothing was restored from {file} (version {summary.version}). {fault}") from None
    except (sqlite3.Error, DBAPIError) as error:
        words = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
        raise BackupRefused(f"Nothing was restored: {words}. Check the disk and the database.") from None
    except OSError as error:
        raise BackupRefused(f"Nothing was restored: {error.strerror}. Check the disk and the rights.") from None
    return summary


def _restore_file(file: Path, target: Path, bot: str) -> None:
    """Store a copy of the backup, of this program's version, in the place of a SQLite file."""
    target = Path(os.path.realpath(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    with room_beside(target) as room:
        whole = _brought_up_to_date(file, room)
        if os.geteuid() == 0:  # the bot's user owns the folder, and shall own the file
            owner = target.parent.stat()
            os.chown(whole, owner.st_uid, owner.st_gid)
        if target.exists():
            with _alone(target, bot):
                replace_file(whole, target)
        else:
            log = target.with_name(f"{target.name}-wal")
            if log.exists() and log.stat().st_size:
                raise BackupRefused(f"{target} is gone, while its log is there. Move {log.name} away first.")
            publish(whole, target)


def _brought_up_to_date(file: Path, room: Path) -> Path:
    """Return a copy of a backup with the tables of this program's version."""
    whole = room / "restored.db"
    shutil.copyfile(file, whole)
    database = Sqlite(whole)
    with database.engine.connect() as connection:
        bring_up_to_date(database, connection)
    with closing(sqlite3.connect(whole, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return whole


@contextmanager
def _alone(target: Path, bot: str) -> Iterator[None]:
    """Hold a SQLite file that may be replaced, so that no bot opens it meanwhile.

    Raises:
        BackupRefused: where it may not be replaced.
    """
    database = Sqlite(target)
    if database.is_in_use():
        raise _in_use(database)
    with database.engine.connect() as connection, connection.begin():
        if is_newest(database, connection):
            _check_free(database, connection, bot)
        elif tables := inspect(connection).get_table_names():
            raise BackupRefused(f"{target} is a database of another program (it has the table {tables[0]}).")
    with closing(sqlite3.connect(target, isolation_level=None, timeout=1)) as held:
        held.execute("PRAGMA journal_mode = DELETE")  # no log is left beside the file that comes
        held.execute("BEGIN EXCLUSIVE")
        yield


def _restore_server(file: Path, database: Postgresql, bot: str) -> None:
    """Copy the backup into the tables of a server, in one transaction."""
    if database.is_in_use():
        raise _in_use(database)
    with TemporaryDirectory(prefix="spinemets.") as room, _opened(file, Path(room)) as source:
        with database.engine.connect() as connection:
            bring_up_to_date(database, connection)
        with database.migration() as server, source.begin():
            server.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            for table in METADATA.sorted_tables:
                server.exec_driver_sql(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")
            _check_free(database, server, bot)
            for table in METADATA.sorted_tables:
                server.execute(delete(table))
            copy_tables(source, server)


def _opened(file: Path, room: Path) -> Connection:
    """Open a copy of a backup, in a folder of its own."""
    return Sqlite(_brought_up_to_date(file, room)).engine.connect()


def _check_free(database: Database, connection: Connection, bot: str) -> None:
    """Look whether what a database holds may be written over.

    Raises:
        BackupRefused: where it has cases, or belongs to another bot.
    """
    owner = connection.scalar(select(BOTS.c.id))
    if owner not in (None, bot):
        raise BackupRefused(f"{database.name} belongs to bot {owner}. Each bot needs a DATABASE_URL of its own.")
    if cases := count_cases(connection):
        advice = "Move it away, or let DATABASE_URL name an empty one."
        raise BackupRefused(f"{database.name} has {cases} cases, and is not written over. {advice}")


def _in_use(database: Database) -> BackupRefused:
    return BackupRefused(f"{database.name} is in use. Stop the bot, then restore.")
