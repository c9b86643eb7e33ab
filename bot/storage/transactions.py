"""One transaction for many jobs: what is tried again, what is taken apart, and who is told what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from bot.service.ports import NotSaved, UnitOfWork
from bot.storage.backends.database import Database
from bot.storage.statements import StatementRunner
from bot.storage.unit_of_work import SqlUnitOfWork
from flows.errors import VersionConflict

Work = Callable[[UnitOfWork], Any]

TRIES: Final = 5
"""How often a job that stands alone is begun, as long as another writer comes first."""

PAUSES: Final = (0.0, 0.25, 1.0)
"""Seconds before each new try where the connection was lost: at once for one that idled, later for a restart."""


@dataclass(frozen=True, slots=True)
class WorkResult:
    """What became of a job: its result, or what went wrong."""

    value: Any = None
    error: BaseException | None = None


class ConnectionLost(Exception):
    """The database went away; the work is to be done again on a new connection."""


class Transactions:
    """Carries out groups of jobs on one connection."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Store a connection, to be closed with this, and the database it leads to."""
        self._connection = connection
        self._statements = StatementRunner(connection)
        self._database = database
        errors = self._statements.errors
        # What the database says of a statement that can never succeed; the next job may.
        self._statement_errors = (
            errors.DataError,
            errors.IntegrityError,
            errors.NotSupportedError,
            errors.ProgrammingError,
        )
        self._began: float | None = None
        self._bot = ""  # not known before the first transaction
        self.needs_scrub = True  # another process may have been killed before it could wipe

    def execute_batch(self, works: Sequence[Work]) -> list[WorkResult]:
        """Do all the work in one transaction, in order, and tell what became of each job once that is durable.

        Work is free of side effects, so that it may be done again: where one job fails, the transaction is undone
        and its halves are tried, until that job stands alone and the others are kept. No job pays for a savepoint.
        """
        outcomes = self._bisect(works)
        self.scrub()
        return outcomes

    def scrub(self) -> None:
        """Do away with the traces of what was erased, if anything was."""
        if self.needs_scrub:
            self.needs_scrub = not self._database.scrub(self._connection)

    def break_off(self, seconds: float) -> None:
        """End a transaction that began that long ago, from another thread: its connection counts as lost then."""
        began = self._began
        if began is not None and time.monotonic() - began >= seconds:
            self._database.break_off(self._statements.raw)

    def close(self) -> None:
        """Close the connection, clean."""
        self.scrub()
        self._connection.close()

    def _bisect(self, works: Sequence[Work]) -> list[WorkResult]:
        """Do the work in one transaction, or in as few as are needed to leave out what fails."""
        try:
            return [WorkResult(result) for result in self._with_retries(works)]
        except NotSaved as fault:
            return [WorkResult(error=fault), *(WorkResult(error=NotSaved(*fault.args)) for _ in works[1:])]
        except BaseException as fault:  # noqa: BLE001 # whatever it is, it belongs to whoever waits for the job
            if len(works) == 1:
                return [WorkResult(error=fault)]
        middle = len(works) // 2
        return [*self._bisect(works[:middle]), *self._bisect(works[middle:])]

    def _with_retries(self, works: Sequence[Work]) -> list[Any]:
        """Do the work; again where the connection was lost, or where a job that stands alone was overtaken."""
        pauses = iter(PAUSES)
        tries = TRIES if len(works) == 1 else 1
        while True:
            try:
                return self._execute_once(works)
            except ConnectionLost as fault:
                pause = next(pauses, None)
                if pause is None:
                    raise NotSaved("not saved: the database is away") from fault
                time.sleep(pause)
            except VersionConflict:
                tries -= 1
                if not tries:
                    raise

    def _execute_once(self, works: Sequence[Work]) -> list[Any]:
        """Do the work in one transaction."""
        statements = self._statements
        self._began = time.monotonic()
        try:
            self._database.verify(self._connection)
            statements.begin(self._database.begin_sql)
            uow = SqlUnitOfWork(statements, self._bot)
            results = [work(uow) for work in works]
            if uow.erased and self._database.mark_dirty_sql:
                statements.execute(self._database.mark_dirty_sql)
            statements.commit()
        except statements.errors.Error as error:
            statements.rollback()
            lost = statements.connection_is_lost(error)
            if isinstance(error, self._statement_errors) and not lost:
                raise
            raise (ConnectionLost() if lost else _classified(error)) from error
        except BaseException:
            statements.rollback()
            raise
        finally:
            self._began = None
        self._bot = uow.bot
        self.needs_scrub |= uow.erased
        return results


def _classified(error: Exception) -> Exception:
    """Name what happened, by PostgreSQL's code for it; SQLite, which has none, is only ever full, locked or broken."""
    if getattr(error, "sqlstate", "").startswith("40"):
        return VersionConflict("another process changed the same at the same time")
    return NotSaved(f"not saved: {str(error).partition(chr(10))[0]}")
