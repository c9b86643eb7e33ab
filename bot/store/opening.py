"""Opens a store: reads the URL, checks the database, brings its tables up to date and starts the writer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from bot.store.database import Database
from bot.store.errors import DatabaseAway
from bot.store.migrate import bring_up_to_date
from bot.store.postgresql import Postgresql
from bot.store.sqlite import Sqlite
from bot.store.store import SqlStore
from bot.store.transaction import Transactions
from bot.store.writer import Writer

FORMS: Final = "sqlite:///file.db, sqlite:////folder/file.db, postgresql://user:password@host/database"
"""What a URL may look like."""


def open_store(url: str) -> SqlStore:
    """Open the database at a URL; one that is not there yet is made, one that is old is brought up to date.

    It waits for the disk or the server, and so belongs before the event loop, or on a thread beside it.

    Raises:
        ValueError: for a URL that is none of the `FORMS`.
        CorruptDatabase: for a file that is damaged.
        NewerDatabase: for a database of a newer program.
        DatabaseAway: where the database cannot be reached.
    """
    database = database_at(url)
    try:
        connection = database.engine.connect()
        try:
            bring_up_to_date(database, connection)
        except BaseException:
            connection.close()
            raise
    except DBAPIError as error:
        # The driver's own words, never its arguments; without what led to them, which would bear the password.
        why = str(error.orig).strip().partition("\n")[0]
        raise DatabaseAway(f"{database.name} cannot be opened: {why}. Check DATABASE_URL.") from None
    transactions = Transactions(connection, database)
    transactions.clean()
    return SqlStore(Writer(transactions), database.name)


def database_at(url: str) -> Database:
    """Read a URL.

    Raises:
        ValueError: for one that is none of the `FORMS`; it says nothing of the URL but its scheme.
    """
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(f"DATABASE_URL cannot be read; allowed are {FORMS}") from None
    match parts.drivername:
        case "sqlite" if parts.database and parts.database != ":memory:" and not parts.host and not parts.query:
            return Sqlite(Path(parts.database))
        case "sqlite":
            raise ValueError(f"DATABASE_URL names no file; allowed are {FORMS}")
        case "postgresql":
            return Postgresql(parts)
        case scheme:
            raise ValueError(f"DATABASE_URL begins with {scheme}:; allowed are {FORMS}")
