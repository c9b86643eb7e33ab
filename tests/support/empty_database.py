"""A SQLite database with all its tables and nothing in them, made once in a process: to make one takes a while."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from bot.storage.factory import parse_database_url
from bot.storage.migrate import bring_up_to_date


def empty_database(folder: Path) -> str:
    """Return the URL of the database of a folder; where there is none, an empty one is put there."""
    path = folder / "cases.db"
    if not path.exists():
        path.write_bytes(_empty())
    return f"sqlite:///{path}"


@cache
def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.db"
        database = parse_database_url(path)
        with database.engine.connect() as connection:
            bring_up_to_date(database, connection)
        database.engine.dispose()
        return path.read_bytes()
