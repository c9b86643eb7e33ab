"""The error handler: an update whose handling raises becomes a dead letter, and the next one is served."""

from __future__ import annotations

import asyncio

from structlog.typing import FilteringBoundLogger
from telegram import Update
from telegram.ext import ContextTypes

from bot.service.notices import Notices
from bot.service.ports import InboxUpdate, NotSaved, OutboxMessage, Storage, UnitOfWork
from bot.telegram.handlers.transactions import SAVE_WAIT, UpdateTransactions
from bot.telegram.sending.outbox import Outbox
from flows.errors import VersionConflict


class ErrorCallbacks:
    """Sets updates aside."""

    def __init__(
        self,
        store: Storage,
        transactions: UpdateTransactions,
        outbox: Outbox,
        notices: Notices,
        log: FilteringBoundLogger,
    ) -> None:
        """Store what it works with."""
        self._store = store
        self._transactions = transactions
        self._outbox = outbox
        self._notices = notices
        self._log = log

    async def on_error(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Write the dead letter, however long the database takes to keep it; the person is told."""
        if not isinstance(update, Update | InboxUpdate) or context.error is None:
            return
        name = type(context.error).__name__
        self._log.error("set_aside", update_id=update.update_id, error=name)
        while True:
            try:
                self._outbox.enqueue(await self._store.transact(lambda uow: self.to_dead_letters(uow, update, name)))
            except (NotSaved, VersionConflict):
                self._log.error("not_saved", update_id=update.update_id)
                await asyncio.sleep(SAVE_WAIT)
            else:
                return

    def to_dead_letters(self, uow: UnitOfWork, update: Update | InboxUpdate, fault: str) -> tuple[OutboxMessage, ...]:
        """Make an update a dead letter, and say that nothing was changed; of an unreadable one nobody is known."""
        if not uow.is_pending(update.update_id):
            return ()
        uow.move_to_dead_letters(update.update_id, fault)
        if isinstance(update, InboxUpdate):
            return ()
        told = self._notices.failed(tapped=update.callback_query is not None)
        return self._transactions.enqueue(uow, update, told)
