"""Brings a database to the version of the tables that the program knows, and refuses any other."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from bot.storage.backends.database import Database
from bot.storage.errors import NewerDatabase, OlderDatabase

HERE: Final = Path(__file__).parent / "migrations"


def known_versions() -> list[str]:
    """Return the versions of the tables, oldest first: a migration's file begins with its version."""
    return sorted(path.name.partition("_")[0] for path in (HERE / "versions").glob("v*.py"))


def bring_up_to_date(database: Database, connection: Connection) -> None:
    """Migrate a database that is new or old; nothing is begun in one that is up to date.

    Raises:
        NewerDatabase: for one that knows a version which we do not.
        OlderDatabase: for one from before the first version that we know.
    """
    with connection.begin():
        if is_newest(database, connection):
            return
    with database.migration() as private:
        if not is_newest(database, private):  # another process may have been faster
            upgrade(private)


def upgrade(connection: Connection, scripts: Path = HERE) -> None:
    """Run the migrations that are missing, in the connection's transaction."""
    # Most often the tables are up to date: alembic, half of what is loaded at a start, is then not needed.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")


def is_newest(database: Database, connection: Connection) -> bool:
    """Return whether nothing is to be done.

    Raises:
        NewerDatabase: for a version after the last one that is known.
        OlderDatabase: for any other that is not known.
    """
    if not inspect(connection).has_table("alembic_version"):
        return False
    known = known_versions()
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    for version in found:
        if version not in known:
            raise NewerDatabase(version, known[-1]) if version > known[-1] else OlderDatabase(database.name, version)
    return found == known[-1:]
