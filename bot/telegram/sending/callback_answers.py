"""Answers taps beside the outbox: those of which nothing is kept yet, and those that were answered before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from structlog.typing import FilteringBoundLogger
from telegram.error import TelegramError

from bot.service.notices import Notices
from bot.service.ports import InboxUpdate, OutboxMessage, Storage, UnitOfWork
from bot.telegram.background import BackgroundTasks
from bot.telegram.client import TelegramBot
from bot.telegram.errors import Outcome, failure_of
from bot.telegram.members import ChatMemberCache
from bot.telegram.sending.message_sender import MAX_ANSWER_TEXT
from bot.telegram.sending.outbox import Outbox
from bot.telegram.sending.outbox_writer import callback_queue

ANSWER_TRIES: Final = 4

FIRST_WAIT: Final = 1.0
"""Seconds until an answer is tried again."""

LONG_SAVE: Final = 4.0
"""Seconds that somebody waits in silence for the database; then they are told."""


class CallbackAnswers:
    """Answers whoever has tapped in a few words, beside the rest."""

    def __init__(
        self,
        bot: TelegramBot,
        store: Storage,
        outbox: Outbox,
        members: ChatMemberCache,
        notices: Notices,
        tasks: BackgroundTasks,
        log: FilteringBoundLogger,
    ) -> None:
        """Store what it works with."""
        self._bot = bot
        self._store = store
        self._outbox = outbox
        self._members = members
        self._notices = notices
        self._tasks = tasks
        self._log = log
        self._notified: set[str] = set()

    def failed(self, query: str | None) -> None:
        """Answer that a tap could not be handled."""
        self._answer(query, self._notices.failed(tapped=True).toast)

    def not_saved(self, query: str | None) -> None:
        """Answer that nothing could be saved; it is tried again."""
        self._answer(query, self._notices.not_saved().toast)

    def batch_not_saved(self, queries: Iterable[str | None]) -> None:
        """Answer each once that nothing could be saved; the batch is not confirmed and comes again."""
        self._answer_once(queries, self._notices.not_saved().toast)

    def batch_saved(self) -> None:
        """Forget who was told: the next time they are told again."""
        self._notified.clear()

    @contextmanager
    def patience(self, queries: Iterable[str | None]) -> Iterator[None]:
        """Answer that the database is slow, if what follows takes long."""
        toast = self._notices.slow_save().toast
        notice = asyncio.get_running_loop().call_later(LONG_SAVE, self._answer_once, queries, toast)
        try:
            yield
        finally:
            notice.cancel()

    async def repeat(self, update_id: int, query: str | None, chat: int) -> None:
        """Answer a repeated tap as it was answered before; an answer that still waits is given as it was kept."""

        def look(uow: UnitOfWork) -> tuple[InboxUpdate | None, list[OutboxMessage]]:
            return uow.get_update(update_id), uow.pending_messages(callback_queue(update_id))

        known, left = await self._store.transact(look)
        self._outbox.adopt(left)
        if known and not known.payload and not left:
            self._answer(query, known.answer_text, chat)

    def _answer(self, query: str | None, toast: str, chat: int = 0) -> None:
        """Answer a tap; names are put in where the chat is known."""
        if query:
            self._tasks.spawn(self._send(query, toast, chat))

    def _answer_once(self, queries: Iterable[str | None], toast: str) -> None:
        """Answer each tap of which nothing is kept yet, once."""
        for query in queries:
            if query and query not in self._notified:
                self._answer(query, toast)
                self._notified.add(query)

    async def _send(self, query: str, toast: str, chat: int) -> None:
        """Send an answer; one that comes too late is let go."""
        text = (await self._members.insert_names_text(toast, chat))[:MAX_ANSWER_TEXT] if toast else ""
        for _ in range(ANSWER_TRIES):
            try:
                await self._bot.answer_callback_query(query, text or None)
            except TelegramError as error:
                self._log.info("not_answered", error=type(error).__name__)
                failure = failure_of(error)
                if failure.outcome is not Outcome.retry:
                    return
            else:
                return
            await asyncio.sleep(failure.wait or FIRST_WAIT)
