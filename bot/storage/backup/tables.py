"""Copies every table from one database into another, a thousand rows at a time."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, insert, select, text

from bot.storage.schema import CASES, METADATA, OUTBOX

ROWS: Final = 1000
"""How many rows are in memory at once."""

_SEQUENCE: Final = f"pg_get_serial_sequence('{OUTBOX.name}', 'version')"


def copy_tables(source: Connection, target: Connection) -> None:
    """Copy all rows, in the transactions of both; the tables of the target are there and empty."""
    for table in METADATA.sorted_tables:
        result = source.execution_options(yield_per=ROWS).execute(select(table))
        for rows in result.mappings().partitions():
            target.execute(insert(table), [dict(row) for row in rows])
    _set_last_number(target, _last_number(source))


def count_cases(connection: Connection) -> int:
    """Return how many cases a database has."""
    return connection.scalar(select(func.count()).select_from(CASES)) or 0


def _last_number(connection: Connection) -> int:
    """Return the last number that a message drew: none may come again, not even one of a message that was sent."""
    if connection.dialect.name == "sqlite":
        return (
            connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": OUTBOX.name}) or 0
        )
    return connection.scalar(text(f"SELECT pg_sequence_last_value({_SEQUENCE}::regclass)")) or 0


def _set_last_number(connection: Connection, number: int) -> None:
    """Have the next message draw a later number."""
    if not number:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": OUTBOX.name})
        values = {"name": OUTBOX.name, "seq": number}
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), values)
    else:
        connection.execute(text(f"SELECT setval({_SEQUENCE}, :number)"), {"number": number})
