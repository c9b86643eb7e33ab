"""Opens a store: reads the URL, checks the database, brings its tables up to date and starts the writer."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError

from bot.storage.backends.database import Database
from bot.storage.backends.postgresql import Postgresql
from bot.storage.backends.sqlite import Sqlite
from bot.storage.database_url import check_database_url
from bot.storage.errors import DatabaseUnavailable, DatabaseUnusable, StorageError
from bot.storage.migrate import bring_up_to_date
from bot.storage.storage import SqlStorage
from bot.storage.transactions import Transactions
from bot.storage.writer import WriteThread


def create_storage(place: str | Path) -> SqlStorage:
    """Open the database at a URL, or a SQLite file; make it if it is not there, bring it up to date if it is old.

    It waits for the disk or the server, and so belongs before the event loop, or on a thread beside it.

    Raises:
        DatabaseUnusable: for a URL that cannot be used, or a file that may not be.
        CorruptDatabase: for a file that is damaged.
        NewerDatabase: for a database of a newer program.
        OlderDatabase: for one from before the first release.
        DatabaseUnavailable: where the database cannot be reached.
    """
    database = parse_database_url(place)
    try:
        return SqlStorage(WriteThread(_ready(database)), database.name)
    except StorageError:
        raise
    except Exception as error:  # noqa: BLE001 # a driver raises what it likes, and whoever runs the bot reads one line
        raise DatabaseUnavailable(f"{database.name} cannot be opened: {_why(error)}. Check DATABASE_URL.") from None


def parse_database_url(place: str | Path) -> Database:
    """Return the database at a URL, or in a SQLite file.

    Raises:
        DatabaseUnusable: for a URL that cannot be used; it repeats nothing of it.
    """
    named = parse_place(place)
    return Sqlite(named) if isinstance(named, Path) else Postgresql(named)


def parse_place(place: str | Path) -> Path | URL:
    """Return the SQLite file that is named, or the URL of a server; nothing is opened or made.

    Raises:
        DatabaseUnusable: for a URL that cannot be used; it repeats nothing of it.
    """
    if isinstance(place, Path):
        return place
    try:
        parts = make_url(check_database_url(place))
    except ValueError as error:
        raise DatabaseUnusable(f"DATABASE_URL {error}.") from None
    return Path(parts.database or "") if parts.drivername == "sqlite" else parts


def _ready(database: Database) -> Transactions:
    """Connect, bring the tables up to date, and wipe what a killed process left."""
    connection = database.engine.connect()
    try:
        bring_up_to_date(database, connection)
        transactions = Transactions(connection, database)
        transactions.scrub()
    except BaseException:
        connection.close()
        raise
    return transactions


def _why(error: Exception) -> str:
    """Return the driver's words, never its arguments; of any other error the name, for it may bear the password."""
    if isinstance(error, DBAPIError):
        return str(error.orig).strip().partition("\n")[0]
    return type(error).__name__
