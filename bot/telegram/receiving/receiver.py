"""Receives updates by polling or webhook: stores them, handles each, answers the tap and has the screens sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from weakref import WeakValueDictionary

from structlog.typing import FilteringBoundLogger
from telegram.error import TelegramError

from bot.service.notices import Notices
from bot.service.ports import InboxUpdate, NotSaved, NumberInUse, OutboxMessage, Storage, UnitOfWork
from bot.telegram.client import TelegramBot
from bot.telegram.errors import Outcome, failure_of
from bot.telegram.handlers.dispatcher import AlreadyHandled, Dispatcher, MemberWanted, callback_queue
from bot.telegram.handlers.inline import InlineAnswers
from bot.telegram.members import FAILURE_SECONDS, ChatMemberCache, Role
from bot.telegram.receiving.polling import FIRST_WAIT, SAVE_WAIT
from bot.telegram.sending.outbox import MAX_ANSWER_TEXT, Outbox
from bot.telegram.updates.fingerprint import fingerprint_of
from bot.telegram.updates.flood_limit import FloodLimiter
from bot.telegram.updates.note_text import NoteTextCache
from bot.telegram.updates.parser import (
    ParsedUpdate,
    Unreadable,
    UpdateKind,
    from_inbox,
    query_id_of,
    to_inbox,
    update_id_of,
)
from flows.errors import VersionConflict

ANSWER_TRIES: Final = 4

REPEAT_WINDOW: Final = 20_000
"""How many handled updates are remembered, to tell a repeat; Telegram repeats none so old."""

PURGE_INTERVAL: Final = 1_000

WRITTEN: Final = frozenset(("message", "edited_message"))
"""Updates in which somebody writes."""

VOTER_TRIES: Final = 30
"""How often Telegram is asked again who a voter is."""

LONG_SAVE: Final = 4.0
"""Seconds that somebody waits in silence for the database; then they are told."""

ADOPTION_DELAY: Final = 1.0
"""Seconds that another process has to go on with what it has begun, before this one does."""


class UpdateReceiver:
    """Where updates come in."""

    def __init__(
        self,
        bot: TelegramBot,
        store: Storage,
        notices: Notices,
        dispatcher: Dispatcher,
        outbox: Outbox,
        members: ChatMemberCache,
        note_texts: NoteTextCache,
        inline: InlineAnswers,
        flood_limiter: FloodLimiter,
        log: FilteringBoundLogger,
        committed: Callable[[], None],
    ) -> None:
        """Store what it works with; `committed` is called after each commit."""
        self._bot = bot
        self._store = store
        self._notices = notices
        self._dispatcher = dispatcher
        self._outbox = outbox
        self._members = members
        self._note_texts = note_texts
        self._inline = inline
        self._flood_limiter = flood_limiter
        self._log = log
        self._committed = committed
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight: set[tuple[int, str]] = set()
        self._notified: set[str] = set()
        self._chat_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

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
                self._spawn(self._inline.answer(update["inline_query"]))
        inbox_updates, unreadable = self._read(batch)
        try:
            with self._patience([query_id_of(update) for update in batch]):
                new = await self._store.transact(lambda uow: _add_updates(uow, inbox_updates, unreadable))
                due = {
                    *new,
                    *await self._find_abandoned(
                        [inbox_update for inbox_update in inbox_updates if inbox_update.update_id not in new]
                    ),
                }
        except (NotSaved, NumberInUse) as fault:
            self._notify_not_saved(batch)
            raise NotSaved(*fault.args) from fault
        self._committed()
        self._notified.clear()
        for inbox_update in inbox_updates:
            self.process(inbox_update) if inbox_update.update_id in due else self._spawn(
                self._answer_repeat(inbox_update)
            )
        for update in batch:
            if update_id_of(update) in unreadable:
                self._answer(query_id_of(update), self._notices.failed(tapped=True).toast)
        return max((found for update in batch if (found := update_id_of(update)) is not None), default=0)

    def process(self, inbox_update: InboxUpdate) -> None:
        """Handle an update that is kept, unless it is under way, beside the rest; the store does so in this order."""
        if _key(inbox_update) not in self._in_flight:
            self._in_flight.add(_key(inbox_update))
            self._spawn(self._process(inbox_update))

    async def close(self, within: float) -> None:
        """Wait some seconds for what is under way; the rest stays in the store."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within)
        for task in set(self._tasks):
            task.cancel()

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
                if inbox_update and not WRITTEN.isdisjoint(
                    update
                ):  # a tap is not even looked at: it is never held back
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

    async def _process(self, inbox_update: InboxUpdate) -> None:
        """Handle an update, however long the database takes to keep what comes of it, and have that sent."""
        try:
            outbox_messages = await self._handle(inbox_update)
            while outbox_messages is None:
                await asyncio.sleep(SAVE_WAIT)
                outbox_messages = await self._handle(inbox_update)
            self._committed()
            self._outbox.enqueue(outbox_messages)
        except AlreadyHandled:
            await self._answer_repeat(inbox_update)
            await self._adopt_chat(inbox_update.chat)
        finally:
            self._in_flight.discard(_key(inbox_update))

    async def _handle(self, inbox_update: InboxUpdate) -> Sequence[OutboxMessage] | None:
        """Handle an update; one whose handling fails becomes a dead letter, and the person is told. None: not saved.

        Raises:
            AlreadyHandled: where another process has handled it.
        """
        try:
            with self._patience([from_inbox(inbox_update).query]):
                return await self._dispatch(inbox_update)
        except (NotSaved, VersionConflict):
            self._log.error("not_saved", update_id=inbox_update.update_id)
            self._answer(from_inbox(inbox_update).query, self._notices.not_saved().toast)
            return None
        except AlreadyHandled:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with one update, the next is served
            name = type(fault).__name__
            self._log.error("set_aside", update_id=inbox_update.update_id, error=name)
            return await self._store.transact(lambda uow: self._dispatcher.on_failure(uow, inbox_update, name))

    async def _dispatch(self, inbox_update: InboxUpdate) -> tuple[OutboxMessage, ...]:
        """Handle an update; those of a group one after another, in the order in which they came."""
        update = from_inbox(inbox_update)
        if update.kind == UpdateKind.vote:
            return await self._count_vote(inbox_update, update)
        if update.is_private or update.kind not in (UpdateKind.tap, UpdateKind.message, UpdateKind.edited):
            return await self._handled_alone(inbox_update, update.user_id)
        # Telegram is asked after everybody at once; what they did counts in the order in which it came.
        asked = None if update.is_anonymous else self._members.asked(update.chat, update.user_id)
        async with self._chat_locks.setdefault(inbox_update.chat, asyncio.Lock()):
            role = await asked if asked else Role.member
            return await self._store.transact(lambda uow: self._dispatcher.handle(uow, inbox_update, role))

    async def _count_vote(self, inbox_update: InboxUpdate, update: ParsedUpdate) -> tuple[OutboxMessage, ...]:
        """Handle a vote. Nobody waits for an answer to it, so Telegram is asked for longer who the voter is."""
        async with self._chat_locks.setdefault(f"vote:{update.user_id}", asyncio.Lock()):
            chat = await self._store.transact(lambda uow: self._dispatcher.chat_of(uow, update))
            role = await self._members.role(chat, update.user_id) if chat else Role.outsider
            for _ in range(VOTER_TRIES):
                if role is not Role.unproven:
                    break
                await asyncio.sleep(FAILURE_SECONDS)
                role = await self._members.role(chat, update.user_id)
            return await self._store.transact(lambda uow: self._dispatcher.handle(uow, inbox_update, role))

    async def _handled_alone(self, inbox_update: InboxUpdate, user_id: int) -> tuple[OutboxMessage, ...]:
        """Handle an update of a private chat; what only a member of some group may have, once Telegram was asked."""
        try:
            return await self._store.transact(lambda uow: self._dispatcher.handle(uow, inbox_update))
        except MemberWanted as wanted:
            chat = wanted.chat
        role = await self._members.role(chat, user_id)
        return await self._store.transact(lambda uow: self._dispatcher.handle(uow, inbox_update, role))

    async def _answer_repeat(self, inbox_update: InboxUpdate) -> None:
        """Answer a repeated update as it was answered before; an answer that still waits is given as it was kept."""
        known, left = await self._store.transact(
            lambda uow: (
                uow.get_update(inbox_update.update_id),
                uow.pending_messages(callback_queue(inbox_update.update_id)),
            )
        )
        self._outbox.adopt(left)
        if known and not known.payload and not left:
            self._answer(from_inbox(inbox_update).query, known.answer_text, inbox_update.chat)

    async def _adopt_chat(self, chat: str) -> None:
        """Show what another process was to show in a chat and has not within a moment: it may have died before."""
        left = set(await self._store.transact(lambda uow: uow.pending_messages(chat)))
        await asyncio.sleep(ADOPTION_DELAY)
        still = await self._store.transact(lambda uow: uow.pending_messages(chat))
        self._outbox.adopt(outbox_message for outbox_message in still if outbox_message in left)

    def _answer(self, query: str | None, toast: str, chat: str = "0") -> None:
        """Answer a tap, beside the rest; names are put in where the chat is known."""
        if query:
            self._spawn(self._send_answer(query, toast, int(chat)))

    async def _send_answer(self, query: str, toast: str, chat: int) -> None:
        """Answer a tap of which nothing is kept, or once more; one that comes too late is let go."""
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

    def _notify_not_saved(self, batch: Iterable[Any]) -> None:
        """Answer each person once that nothing is saved; the batch is not confirmed and comes again."""
        self._log.error("not_saved")
        self._notify((query_id_of(update) for update in batch), self._notices.not_saved().toast)

    @contextmanager
    def _patience(self, queries: Sequence[str | None]) -> Iterator[None]:
        """Answer people who have tapped that the database is slow, if what follows takes long."""
        toast = self._notices.slow_save().toast
        notice = asyncio.get_running_loop().call_later(LONG_SAVE, self._notify, queries, toast)
        try:
            yield
        finally:
            notice.cancel()

    def _notify(self, queries: Iterable[str | None], toast: str) -> None:
        """Answer each tap of which nothing is kept yet, once."""
        for query in queries:
            if query and query not in self._notified:
                self._answer(query, toast)
                self._notified.add(query)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the rest, and keep hold of it until it is done."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault:
            self._log.error("task_failed", error=type(fault).__name__)


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
