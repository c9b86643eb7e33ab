"""Receives updates by polling or webhook: stores each before it is handled, and hands it to the application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from bot.service.ports import InboxUpdate, NotSaved, NumberInUse, Storage, UnitOfWork
from bot.telegram.background import BackgroundTasks
from bot.telegram.client import TelegramBot
from bot.telegram.handlers.registration import PTBApplication
from bot.telegram.members import ChatMemberCache
from bot.telegram.sending.callback_answers import CallbackAnswers
from bot.telegram.updates.fingerprint import fingerprint_of
from bot.telegram.updates.flood_limit import FloodLimiter
from bot.telegram.updates.inbox import (
    WRITTEN,
    Unreadable,
    from_inbox,
    inline_query_in,
    json_of,
    may_hold_note,
    query_id_of,
    to_inbox,
    update_id_of,
)
from bot.telegram.updates.note_text import NoteTextCache, load_note_reader

REPEAT_WINDOW: Final = 20_000
"""How many handled updates are remembered, to tell a repeat; Telegram repeats none so old."""

PURGE_INTERVAL: Final = 1_000

ADOPTION_DELAY: Final = 1.0
"""Seconds that another process has to go on with what it has begun, before this one does."""


class UpdateReceiver:
    """Where updates come in."""

    def __init__(
        self,
        bot: TelegramBot,
        store: Storage,
        application: PTBApplication,
        members: ChatMemberCache,
        note_texts: NoteTextCache,
        flood_limiter: FloodLimiter,
        answers: CallbackAnswers,
        tasks: BackgroundTasks,
        log: FilteringBoundLogger,
        committed: Callable[[], None],
    ) -> None:
        """Store what it works with; `committed` is called after each commit."""
        self._bot = bot
        self._store = store
        self._application = application
        self._members = members
        self._note_texts = note_texts
        self._flood_limiter = flood_limiter
        self._answers = answers
        self._tasks = tasks
        self._log = log
        self._committed = committed
        self._in_flight: set[tuple[int, str]] = set()

    async def accept(self, batch: list[Any]) -> int:
        """Keep a batch of raw updates, then handle it beside the rest.

        Args:
            batch: updates as JSON has them; each is read alone.

        Returns:
            The last update id, which may be confirmed now; 0 where there was none.

        Raises:
            NotSaved: where the database could not keep the batch, which must come again; the people were told.
        """
        for update in batch:
            if isinstance(update, dict) and "inline_query" in update:
                self._answer_inline(update)
        if any(map(may_hold_note, batch)):
            await load_note_reader()
        inbox_updates, unreadable = self._read(batch)
        try:
            with self._answers.patience([query_id_of(update) for update in batch]):
                new = await self._store.transact(lambda uow: _add_updates(uow, inbox_updates, unreadable))
                repeats = [inbox_update for inbox_update in inbox_updates if inbox_update.update_id not in new]
                due = {*new, *await self._find_abandoned(repeats)}
        except (NotSaved, NumberInUse) as fault:
            self._log.error("not_saved")
            self._answers.batch_not_saved([query_id_of(update) for update in batch])
            raise NotSaved(*fault.args) from fault
        self._committed()
        self._answers.batch_saved()
        for inbox_update in inbox_updates:
            if inbox_update.update_id in due:
                self.process(inbox_update)
            else:
                query = query_id_of(json_of(inbox_update))
                self._tasks.spawn(self._answers.repeat(inbox_update.update_id, query, int(inbox_update.chat)))
        for update in batch:
            if update_id_of(update) in unreadable:
                self._answers.failed(query_id_of(update))
        return max((found for update in batch if (found := update_id_of(update)) is not None), default=0)

    def process(self, inbox_update: InboxUpdate) -> None:
        """Handle an update that is kept, unless it is under way, beside the rest; the store does so in this order."""
        if _key(inbox_update) not in self._in_flight:
            self._in_flight.add(_key(inbox_update))
            self._tasks.spawn(self._process(inbox_update))

    async def _process(self, inbox_update: InboxUpdate) -> None:
        """Hand an update to the handler that is registered for it."""
        try:
            await self._application.process_update(from_inbox(inbox_update, self._bot))
        except Unreadable as fault:
            await self._application.process_error(inbox_update, fault)
        finally:
            self._in_flight.discard(_key(inbox_update))

    def _answer_inline(self, update: dict[str, Any]) -> None:
        """Answer an inline query at once; nothing of it is kept, and one that cannot be read is let go."""
        query = inline_query_in(update, self._bot)
        if query is None:
            self._log.error("inline_unreadable")
        else:
            self._tasks.spawn(self._application.process_update(query))

    def _read(self, batch: list[Any]) -> tuple[list[InboxUpdate], dict[int, str]]:
        """Read each update alone; return them, and the ids of those that cannot be read with their fingerprints."""
        inbox_updates: list[InboxUpdate] = []
        unreadable: dict[int, str] = {}
        for update in batch:
            if update_id_of(update) is None:
                self._log.error("update_without_id")
                continue
            try:
                self._members.observe(update)
                inbox_update = to_inbox(update, self._members.username, self._note_texts.parse)
            except Unreadable as fault:
                self._log.error("update_unreadable", update_id=fault.update_id)
                unreadable[fault.update_id] = fingerprint_of(update)
            else:
                if inbox_update and any(kind in update for kind in WRITTEN):
                    # A tap is not even looked at: it is never held back.
                    inbox_update = self._flood_limiter.admit(inbox_update)
                inbox_updates += [inbox_update] if inbox_update else []
        return inbox_updates, unreadable

    async def _find_abandoned(self, repeats: Sequence[InboxUpdate]) -> set[int]:
        """Return which repeats another process has taken in and not handled, not within a moment either: it has died.

        What comes after them is confirmed only then, and so keeps its place behind them.
        """
        waiting = {inbox_update.update_id for inbox_update in repeats}
        for pause in (0.0, ADOPTION_DELAY):
            waiting &= {
                inbox_update.update_id for inbox_update in repeats if _key(inbox_update) not in self._in_flight
            }
            if waiting:
                await asyncio.sleep(pause)
                waiting = await self._store.transact(partial(_pending_of, ids=waiting))
        return waiting


def _pending_of(uow: UnitOfWork, ids: Iterable[int]) -> set[int]:
    """Return which updates are neither handled nor dead letters."""
    return set(filter(uow.is_pending, ids))


def _key(inbox_update: InboxUpdate) -> tuple[int, str]:
    """Return what identifies an update, also beside another one with the same number."""
    return inbox_update.update_id, inbox_update.fingerprint


def _add_updates(uow: UnitOfWork, inbox_updates: list[InboxUpdate], unreadable: dict[int, str]) -> list[int]:
    """Add updates, and the ids of those that cannot be read as dead letters; forget the oldest now and then."""
    empty = [InboxUpdate(update_id, "", "", fingerprint=found) for update_id, found in unreadable.items()]
    new = uow.add_updates([*inbox_updates, *empty])
    for update_id in unreadable:
        uow.move_to_dead_letters(update_id, Unreadable.__name__)
    if any(update_id % PURGE_INTERVAL == 0 for update_id in new):
        uow.purge_handled(new[-1], REPEAT_WINDOW)
    return new
