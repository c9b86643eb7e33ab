"""Looks at the database without changing it: what it is, whose, of which version, and whether a bot uses it now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bot.doctor.files import nearest_existing
from bot.doctor.results import CheckResult, well, wrong
from bot.storage.backends.database import Database
from bot.storage.errors import StorageError
from bot.storage.factory import parse_database_url, parse_place
from bot.storage.migrate import is_newest, known_versions
from bot.storage.schema import BOTS, CASES
from flows.catalog.loader import catalog

LEAST_POSTGRESQL: Final = 14
"""The oldest PostgreSQL that its makers still care for."""


@dataclass(frozen=True, slots=True)
class DatabaseLook:
    """What was seen of a database.

    Attributes:
        results: what was looked at.
        files: the files that it lies in.
        in_use: whether another process uses it.
    """

    results: list[CheckResult]
    files: list[Path] = field(default_factory=list)
    in_use: bool = False


def check_database(place: str | Path, bot: str) -> DatabaseLook:
    """Look at the database at a URL or in a file; it waits for the disk or the server.

    Args:
        place: where the settings say that it is.
        bot: the number of the bot.
    """
    files: list[Path] = []
    try:
        if isinstance(path := parse_place(place), Path):
            if not os.path.lexists(path):
                return DatabaseLook([_not_made(path)])
            files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
        database = parse_database_url(place)
        with database.engine.connect() as connection, connection.begin():
            results = list(_look(database, connection, bot))
        return DatabaseLook(results, files, database.is_in_use())
    except StorageError as fault:
        said, _, advice = str(fault).partition(". ")
        return DatabaseLook([wrong("database", said, advice)], files)
    except DBAPIError as error:
        words = str(error.orig).strip().partition("\n")[0]
        return DatabaseLook([wrong("database", f"it cannot be opened: {words}", "Check DATABASE_URL.")], files)


def _not_made(path: Path) -> CheckResult:
    """Return whether a database can be made that is not there yet."""
    folder = nearest_existing(path.parent)
    advice = "Give the bot's user the rights to it, or name another place in DATABASE_URL or XDG_DATA_HOME."
    if not folder.is_dir():
        return wrong("database", f"{folder} is not a folder", advice)
    if not os.access(folder, os.W_OK | os.X_OK):
        return wrong("database", f"{folder} may not be written by this user, or its disk is read-only", advice)
    return well("database", f"{path} is not there yet: the bot makes it at its first start")


def _look(database: Database, connection: Connection, bot: str) -> Iterator[CheckResult]:
    """Look at a database that answers.

    Raises:
        StorageError: for the tables of another program.
    """
    if connection.dialect.name == "postgresql":
        yield _check_server(connection)
    if not inspect(connection).has_table("alembic_version"):
        yield well("database", f"{database.name} has no tables yet: the bot makes them at its first start")
        return
    current = is_newest(database, connection)
    owner = connection.scalar(select(BOTS.c.id))
    if owner not in (None, bot):
        advice = "Each bot needs a DATABASE_URL of its own."
        yield wrong("database", f"{database.name} belongs to bot {owner}, the token is that of bot {bot}", advice)
    else:
        yield well("database", f"{database.name} {'belongs to this bot' if owner else 'is new'}")
    yield (
        well("tables", f"{_count(connection)}, version {known_versions()[-1]}")
        if current
        else well("tables", "of an earlier version: the bot brings them up to date at its next start")
    )


def _check_server(connection: Connection) -> CheckResult:
    """Look at the version and the encoding of PostgreSQL."""
    number = int(connection.scalar(text("SELECT current_setting('server_version_num')")) or 0)
    if number // 10_000 < LEAST_POSTGRESQL:
        advice = f"Move to PostgreSQL {LEAST_POSTGRESQL} or newer."
        return wrong("server", f"PostgreSQL {number // 10_000}, which its makers no longer care for", advice)
    encoding = connection.scalar(text("SELECT current_setting('server_encoding')"))
    if encoding != "UTF8":
        return wrong("server", f"the database is encoded as {encoding}", "Make one with ENCODING 'UTF8'.")
    return well("server", f"PostgreSQL {number // 10_000}")


def _count(connection: Connection) -> str:
    """Return how many cases there are, and how many of them were begun under another edition of the content."""
    edition = catalog().edition
    total = connection.scalar(select(func.count()).select_from(CASES)) or 0
    other = connection.scalar(select(func.count()).where(CASES.c.edition != edition)) or 0
    return f"cases: {total}, {other} of them begun under another edition than {edition}"
