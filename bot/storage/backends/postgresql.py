"""PostgreSQL: how it is reached, and what keeps two processes from each other's way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socket import SHUT_RDWR, socket
from typing import Any, Final

from sqlalchemy import URL, Connection, NullPool, create_engine, event, func, select, text

from bot.storage.backends.database import json_text

CONNECT_ARGS: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "tcp_user_timeout": 10_000,
    "application_name": "spinemets",
    "target_session_attrs": "read-write",  # after a failover, not the server that only reads
}
"""How a server is reached and a lost one noticed, unless the URL says otherwise."""

SETTINGS: Final = (
    "SET statement_timeout = '10s'",
    "SET lock_timeout = '5s'",
    "SET idle_in_transaction_session_timeout = '10s'",  # a process that was stopped holds no other up for longer
)

OTHERS: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
)
"""Counts the other connections of a bot."""

MIGRATION: Final = 0x5350494E_454D4554
"""The number of the lock under which tables are changed: "SPINEMET"."""


class Postgresql:
    """A database on a server. Where it keeps erased rows, and for how long, is its own affair."""

    begin_sql: Final = ""
    mark_dirty_sql: Final = ""

    def __init__(self, url: URL) -> None:
        """Make ready to connect."""
        self.name = f"PostgreSQL {url.database or ''} at {url.host or 'this machine'}"
        self.engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            # As in SQLite, where there is one writer: what was read still stands when it is committed.
            isolation_level="SERIALIZABLE",
            connect_args={key: value for key, value in CONNECT_ARGS.items() if key not in url.query},
            json_serializer=json_text,
            hide_parameters=True,
        )
        event.listen(self.engine, "connect", _set)

    def is_in_use(self) -> bool:
        """Return whether another connection to the database has the name that a bot's has."""
        with self.engine.connect() as connection, connection.begin():
            return bool(connection.scalar(text(OTHERS)))

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """Open a transaction in which no other process changes the tables; it sees what the one before it did."""
        with self.engine.connect() as connection:
            connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                connection.execute(text("SET LOCAL statement_timeout = 0"))  # a large table takes its time
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION)))
                yield connection

    def verify(self, connection: Connection) -> None:
        """Leave it to the server: it is the same under its address, or another one that was put there."""

    def break_off(self, connection: Any) -> None:
        """Shut the socket down: whoever waits for the server reads its end."""
        import psycopg  # noqa: PLC0415 # a bot on SQLite starts without it

        with suppress(OSError, psycopg.Error), socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(SHUT_RDWR)

    def scrub(self, connection: Connection) -> bool:  # noqa: ARG002 # the port hands it over
        """Leave it to the server's own vacuum."""
        return True


def _set(raw: Any, _record: object) -> None:
    # The driver's own connection, which SQLAlchemy hands over without a type.
    for setting in SETTINGS:
        raw.execute(setting)
    raw.commit()
