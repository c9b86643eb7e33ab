"""What the store has to know of the database it works on: the port that SQLite and PostgreSQL stand behind."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

import orjson
from sqlalchemy import Connection, Engine


class Database(Protocol):
    """A database that can be connected to."""

    @property
    def name(self) -> str:
        """Which database it is, for the eyes of whoever runs the bot; no password."""
        ...

    @property
    def engine(self) -> Engine:
        """What opens connections; each transaction on one is as if no other process were there."""
        ...

    def is_in_use(self) -> bool:
        """Return whether another process has it open now; this one must have no connection to it."""
        ...

    def migration(self) -> AbstractContextManager[Connection]:
        """Open a transaction in which no other process changes the tables."""
        ...

    @property
    def begin_sql(self) -> str:
        """What begins a transaction; empty where the driver does so by itself."""
        ...

    @property
    def mark_dirty_sql(self) -> str:
        """What notes, in a transaction that erases, that traces will be left; empty where nothing is to be noted."""
        ...

    def verify(self, connection: Connection) -> None:
        """Check, before a transaction, that what is written is where the next start looks for it.

        Raises:
            DatabaseMoved: where it is not.
        """
        ...

    def break_off(self, connection: Any) -> None:
        """End what a connection of the driver waits for, from another thread; it counts as lost then."""
        ...

    def scrub(self, connection: Connection) -> bool:
        """Do away with the traces of what was erased and committed; False where that must be tried again later."""
        ...


def json_text(value: object) -> str:
    """Write JSON as both databases take it."""
    return orjson.dumps(value).decode()
