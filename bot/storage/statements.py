"""Executes statements through the database's driver alone: SQLAlchemy compiles each once, not at every tap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Float, Select, UpdateBase
from sqlalchemy.exc import DBAPIError

Statement = Select[Any] | UpdateBase
Row = tuple[Any, ...]

_Convert = Callable[[Any], Any]

_LOST: Final = ("08", "57P", "25006")
"""Codes of PostgreSQL: the connection failed, the server ends, or only reads, since another has taken its place."""


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """A statement in the words of one database.

    Attributes:
        text: the statement itself.
        order: the names of its values in their order, where the driver takes them by place.
        fixed: the values that stand in the statement, by name.
        writes: what turns a value into what the driver takes, by its name.
        reads: what turns what the driver gives into a value, by its column.
    """

    text: str
    order: tuple[str, ...] | None
    fixed: Mapping[str, Any]
    writes: Mapping[str, _Convert]
    reads: Mapping[int, _Convert]


_COMPILED: Final[dict[tuple[str, int, tuple[str, ...]], tuple[Statement, CompiledStatement]]] = {}
"""The words of each statement, by database, statement and the names of its values. The statement is kept beside
them, so that no other ever bears its number."""


class StatementRunner:
    """One connection's driver. What it raises are the errors of its own module, `errors`."""

    def __init__(self, connection: Connection) -> None:
        """Store a connection, on which SQLAlchemy has begun nothing and will not."""
        self._connection = connection
        self._dialect = connection.dialect
        self.name = connection.dialect.name
        self.errors: Any = connection.dialect.loaded_dbapi
        self._raw: Any = connection.connection.driver_connection

    @property
    def raw(self) -> Any:
        """The driver's own connection of the present transaction, or of the last one."""
        return self._raw

    def begin(self, statement: str) -> None:
        """Begin a transaction, on a connection that is made anew where it was lost.

        Args:
            statement: what begins it; empty where the driver does so by itself.
        """
        try:
            self._raw = self._connection.connection.driver_connection
        except DBAPIError as error:
            raise error.orig or error from None
        if statement:
            self.execute(statement)

    def commit(self) -> None:
        """Make what was said durable."""
        self._raw.commit()

    def rollback(self) -> None:
        """Undo what was said; on a connection that is lost nothing is left to undo."""
        with suppress(self.errors.Error):
            self._raw.rollback()

    def connection_is_lost(self, error: Any) -> bool:
        """Return whether an error means that the connection is of no use; then the next transaction makes a new one.

        PostgreSQL tells it by its code; an error without one did not come from the server.
        """
        code = getattr(error, "sqlstate", "")
        gone = code is None or code.startswith(_LOST) or self._dialect.is_disconnect(error, self._raw, None)
        if gone:
            self._connection.invalidate()
        return gone

    def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        """Return every row that a statement finds or changes."""
        compiled = self._compiled(statement, values)
        found: list[Row] = self._execute(compiled, values).fetchall()
        return [_read(row, compiled.reads) for row in found] if compiled.reads else found

    def row(self, statement: Statement, values: Mapping[str, Any]) -> Row | None:
        """Return the only row, or the first of them."""
        compiled = self._compiled(statement, values)
        found: Row | None = self._execute(compiled, values).fetchone()
        return _read(found, compiled.reads) if found and compiled.reads else found

    def count(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Return how many rows a statement has changed."""
        changed: int = self._execute(self._compiled(statement, values), values).rowcount
        return changed

    def execute(self, text: str, values: Any = ()) -> Any:
        """Have the driver carry out a text; whatever is said here passes through this."""
        return self._raw.execute(text, values)

    def _execute(self, compiled: CompiledStatement, values: Mapping[str, Any]) -> Any:
        given = {**compiled.fixed, **values}
        for name, write in compiled.writes.items():
            given[name] = write(given[name])
        return self.execute(
            compiled.text, given if compiled.order is None else [given[name] for name in compiled.order]
        )

    def _compiled(self, statement: Statement, values: Mapping[str, Any]) -> CompiledStatement:
        key = (self.name, id(statement), tuple(values))
        known = _COMPILED.get(key)
        if known is None:
            known = _COMPILED[key] = (statement, _compile(statement, self._dialect, list(values)))
        return known[1]


def _compile(statement: Statement, dialect: Dialect, names: list[str]) -> CompiledStatement:
    """Compile a statement for a database."""
    compiled = statement.compile(dialect=dialect, column_keys=names)
    writes = {
        name: write
        for name, bound in compiled.binds.items()
        if (write := bound.type.dialect_impl(dialect).bind_processor(dialect))
    }
    reads = {
        place: read
        for place, column in enumerate(statement.exported_columns)
        # A fraction comes as one from either driver; SQLAlchemy would want to know the driver's name for it.
        if not isinstance(column.type, Float)
        and (read := column.type.dialect_impl(dialect).result_processor(dialect, None))
    }
    order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
    return CompiledStatement(compiled.string, order, compiled.params, writes, reads)


def _read(row: Row, reads: Mapping[int, _Convert]) -> Row:
    values = list(row)
    for place, read in reads.items():
        values[place] = read(values[place])
    return tuple(values)
