"""The store as a channel sees it: work in, result out once it is durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar, cast

from bot.service.ports import UnitOfWork
from bot.storage.writer import STALL_SECONDS, WriteThread

Result = TypeVar("Result")

LOOK_SECONDS: Final = 1.0
"""Seconds between looks at a transaction that may stand still."""


class SqlStorage:
    """Keeps cases, inbox and outbox in a database. It is made by `bot.storage.factory.create_storage`.

    Attributes:
        name: which database it is, without a password.
    """

    def __init__(self, writer: WriteThread, name: str) -> None:
        """Store the writer, and the name of its database."""
        self._writer = writer
        self.name = name

    def __repr__(self) -> str:
        """Name the database."""
        return f"SqlStore({self.name})"

    async def transact(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do the work in one transaction, and give its result once that is committed.

        Jobs are done in the order of these calls. A caller that is cancelled does not take its job back.

        Args:
            work: free of side effects: it may be done several times, and only the last time counts.

        Raises:
            VersionConflict: where another writer came first each time it was tried.
            NotSaved: where the database could not commit; nothing is kept then.
            StorageClosed: after `close`.
            Exception: whatever the work raises; nothing is kept then.
        """
        future = self._writer.submit(work)
        watch = asyncio.get_running_loop().call_later(STALL_SECONDS, self._look, future)
        try:
            return cast("Result", await future)
        finally:
            watch.cancel()

    def _look(self, future: asyncio.Future[object]) -> None:
        """Break off a transaction that stands still, and look again; the work may wait in the queue first."""
        if not future.done():
            self._writer.break_off()
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look, future)

    async def close(self) -> None:
        """Finish what was begun, then let go of the database; it may be called again."""
        self._writer.stop()
        await asyncio.to_thread(self._writer.join)
