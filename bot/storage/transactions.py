"""One transaction for many jobs: what is tried again, what is taken apart, and who is told what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from bot.service.ports import Desk, NotSaved
from bot.storage.backends.database import Database
from bot.storage.statements import Driver
from bot.storage.unit_of_work import SqlDesk
from flows.errors import Overtaken

Work = Callable[[Desk], Any]

TRIES: Final = 5
"""How often a job that stands alone is begun, as long as another writer comes first."""

PAUSES: Final = (0.0, 0.25, 1.0)
"""Seconds before each new try where the connection was lost: at once for one that idled, later for a restart."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: its result, or what went wrong."""

    result: Any = None
    fault: BaseException | None = None


class ConnectionLost(Exception):
    """The database went away; the work is to be done again on a new connection."""


class Transactions:
    """Carries out groups of jobs on one connection."""

    def __init__(self, connection: Connection, database: Database) -> None:
        """Take a connection, to be closed with this, and the database it leads to."""
        self._connection = connection
        self._driver = Driver(connection)
        self._database = database
        errors = self._driver.errors
        # What the database says of a statement that can never succeed; the next job may.
        self._its_own = (errors.DataError, errors.IntegrityError, errors.NotSupportedError, errors.ProgrammingError)
        self._bot = ""  # not known before the first transaction
        self.unclean = True  # another process may have been killed before it could wipe

    def carry_out(self, works: Sequence[Work]) -> list[Outcome]:
        """Do all the work in one transaction, in order, and tell what became of each job once that is durable.

        Work is free of side effects, so that it may be done again: where one job fails, the transaction is undone
        and its halves are tried, until that job stands alone and the others are kept. No job pays for a savepoint.
        """
        outcomes = self._halves(works)
        self.clean()
        return outcomes

    def clean(self) -> None:
        """Do away with the traces of what was erased, if anything was."""
        if self.unclean:
            self.unclean = not self._database.wipe(self._connection)

    def close(self) -> None:
        """Let go of the connection, clean."""
        self.clean()
        self._connection.close()

    def _halves(self, works: Sequence[Work]) -> list[Outcome]:
        """Do the work in one transaction, or in as few as are needed to leave out what fails."""
        try:
            return [Outcome(result) for result in self._patiently(works)]
        except NotSaved as fault:
            return [Outcome(fault=fault), *(Outcome(fault=NotSaved(*fault.args)) for _ in works[1:])]
        except BaseException as fault:  # noqa: BLE001 # whatever it is, it belongs to whoever waits for the job
            if len(works) == 1:
                return [Outcome(fault=fault)]
        middle = len(works) // 2
        return [*self._halves(works[:middle]), *self._halves(works[middle:])]

    def _patiently(self, works: Sequence[Work]) -> list[Any]:
        """Do the work; again where the connection was lost, or where a job that stands alone was overtaken."""
        pauses = iter(PAUSES)
        tries = TRIES if len(works) == 1 else 1
        while True:
            try:
                return self._once(works)
            except ConnectionLost as fault:
                pause = next(pauses, None)
                if pause is None:
                    raise NotSaved("not saved: the database is away") from fault
                time.sleep(pause)
            except Overtaken:
                tries -= 1
                if not tries:
                    raise

    def _once(self, works: Sequence[Work]) -> list[Any]:
        """Do the work in one transaction."""
        driver = self._driver
        try:
            driver.begin(self._database.begins)
            desk = SqlDesk(driver, self._bot)
            results = [work(desk) for work in works]
            if desk.erased and self._database.marks:
                driver.execute(self._database.marks)
            driver.commit()
        except driver.errors.Error as error:
            driver.rollback()
            lost = driver.lost(error)
            if isinstance(error, self._its_own) and not lost:
                raise
            raise _named(error, lost=lost) from error
        except BaseException:
            driver.rollback()
            raise
        self._bot = desk.bot
        self.unclean |= desk.erased
        return results


def _named(error: Exception, *, lost: bool) -> Exception:
    """Name what happened, by PostgreSQL's code for it; SQLite, which has none, is only ever full, locked or broken."""
    code = getattr(error, "sqlstate", "")
    if lost or code is None or code.startswith(("08", "57P")):
        return ConnectionLost()
    if code.startswith("40"):
        return Overtaken("another process changed the same at the same time")
    return NotSaved(f"not saved: {str(error).partition(chr(10))[0]}")
