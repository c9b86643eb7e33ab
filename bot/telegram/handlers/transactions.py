"""Handles an update in one transaction: what follows for the case, the messages, the mark that it is done.

A handler says what is replied, as a plain function of the transaction. Here it is run, again until it is saved, and
after the commit its messages are sent. Updates of one group are handled one after another, in the order they came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from weakref import WeakValueDictionary

from structlog.typing import FilteringBoundLogger
from telegram import Update

from bot.service.ports import NotSaved, OutboxMessage, Storage, UnitOfWork
from bot.service.replies import Reply
from bot.telegram.members import FAILURE_SECONDS, ChatMemberCache, Role
from bot.telegram.sending.callback_answers import CallbackAnswers
from bot.telegram.sending.outbox import Outbox
from bot.telegram.sending.outbox_writer import OutboxWriter
from bot.telegram.updates.origin import acts_as_another, chat_id_of, place_of_update, user_id_of
from flows.errors import VersionConflict

Messages = tuple[OutboxMessage, ...]
ReplyTo = Callable[[UnitOfWork, Update], Reply]
ReplyToMember = Callable[[UnitOfWork, Update, Role | None], Reply]

SAVE_WAIT: Final = 2.0
"""Seconds between attempts to save while the database cannot."""

ADOPTION_DELAY: Final = 1.0
"""Seconds that another process has to show what it has handled, before this one does."""

VOTER_TRIES: Final = 30
"""How often Telegram is asked again who a voter is."""


class AlreadyHandled(Exception):
    """Another process has handled the update, and sends what follows."""


class MemberWanted(Exception):
    """Only a member of a group may have that in private; Telegram is to be asked first."""

    def __init__(self, chat: int) -> None:
        """Note the group."""
        super().__init__(chat)
        self.chat = chat


class UpdateTransactions:
    """Runs what handlers reply, each in its transaction."""

    def __init__(
        self,
        store: Storage,
        writer: OutboxWriter,
        outbox: Outbox,
        members: ChatMemberCache,
        answers: CallbackAnswers,
        committed: Callable[[], None],
        log: FilteringBoundLogger,
    ) -> None:
        """Store what it works with; `committed` is called after each commit."""
        self._store = store
        self._writer = writer
        self._outbox = outbox
        self._members = members
        self._answers = answers
        self._committed = committed
        self._log = log
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self, update: Update, reply_to: ReplyTo) -> None:
        """Handle an update for which nobody is asked after."""
        await self._until_saved(update, lambda: self._transact(update, reply_to))

    async def run_in_private(self, update: Update, reply_to: ReplyToMember) -> None:
        """Handle an update of a private chat; what only a member of some group may have, once Telegram was asked."""

        async def attempt() -> Messages:
            try:
                return await self._transact(update, lambda uow, update: reply_to(uow, update, None))
            except MemberWanted as wanted:
                chat = wanted.chat
            role = await self._members.role(chat, user_id_of(update))
            return await self._transact(update, lambda uow, update: reply_to(uow, update, role))

        await self._until_saved(update, attempt)

    async def run_in_group(self, update: Update, reply_to: ReplyToMember) -> None:
        """Handle an update of a group. Telegram is asked after everybody at once; what they did counts in order."""

        async def attempt() -> Messages:
            chat = chat_id_of(update)
            asked = None if acts_as_another(update) else self._members.asked(chat, user_id_of(update))
            async with self._turns.setdefault(str(chat), asyncio.Lock()):
                role = await asked if asked else Role.member
                return await self._transact(update, lambda uow, update: reply_to(uow, update, role))

        await self._until_saved(update, attempt)

    async def run_for_voter(
        self, update: Update, group_of: Callable[[UnitOfWork, Update], int], reply_to: ReplyToMember
    ) -> None:
        """Handle a vote. Nobody waits for an answer to it, so Telegram is asked for longer who the voter is."""
        voter = user_id_of(update)

        async def attempt() -> Messages:
            async with self._turns.setdefault(f"vote:{voter}", asyncio.Lock()):
                group = await self._store.transact(lambda uow: group_of(uow, update))
                role = await self._members.role(group, voter) if group else Role.outsider
                for _ in range(VOTER_TRIES):
                    if role is not Role.unproven:
                        break
                    await asyncio.sleep(FAILURE_SECONDS)
                    role = await self._members.role(group, voter)
                return await self._transact(update, lambda uow, update: reply_to(uow, update, role))

        await self._until_saved(update, attempt)

    def handle(self, uow: UnitOfWork, update: Update, reply: Reply) -> Messages:
        """Queue what follows from an update, the answer to a tap first, and mark it as handled.

        Raises:
            AlreadyHandled: where another process has handled it meanwhile; nothing is to be kept then.
        """
        if reply.forged:
            self._log.warning("forged_tap", update_id=update.update_id, why=reply.forged)
        if reply.change:
            numbers = {"chat": reply.change.number} | ({"by": reply.change.by} if reply.change.by else {})
            self._log.info(reply.change.event, update_id=update.update_id, **numbers)
        outbox_messages = self.enqueue(uow, update, reply)
        if not uow.mark_handled(update.update_id, reply.toast):
            raise AlreadyHandled(update.update_id)
        return outbox_messages

    def enqueue(self, uow: UnitOfWork, update: Update, reply: Reply) -> Messages:
        """Queue what follows from an update, the answer to a tap first."""
        outbox_messages = self._writer.enqueue(uow, place_of_update(update), reply)
        query = update.callback_query
        if not query:
            return outbox_messages
        return (
            self._writer.enqueue_answer(uow, update.update_id, query.id, chat_id_of(update), reply),
            *outbox_messages,
        )

    async def _transact(self, update: Update, reply_to: ReplyTo) -> Messages:
        return await self._store.transact(lambda uow: self.handle(uow, update, reply_to(uow, update)))

    async def _until_saved(self, update: Update, attempt: Callable[[], Awaitable[Messages]]) -> None:
        """Handle an update, however long the database takes to keep what comes of it, and have that sent."""
        query = update.callback_query.id if update.callback_query else None
        while True:
            try:
                with self._answers.patience([query]):
                    outbox_messages = await attempt()
            except (NotSaved, VersionConflict):
                self._log.error("not_saved", update_id=update.update_id)
                self._answers.not_saved(query)
            except AlreadyHandled:
                chat = chat_id_of(update)
                await self._answers.repeat(update.update_id, query, chat)
                await self._adopt_chat(str(chat))
                return
            else:
                self._committed()
                self._outbox.enqueue(outbox_messages)
                return
            await asyncio.sleep(SAVE_WAIT)

    async def _adopt_chat(self, chat: str) -> None:
        """Show what another process was to show in a chat and has not within a moment: it may have died before."""
        left = set(await self._store.transact(lambda uow: uow.pending_messages(chat)))
        await asyncio.sleep(ADOPTION_DELAY)
        still = await self._store.transact(lambda uow: uow.pending_messages(chat))
        self._outbox.adopt(outbox_message for outbox_message in still if outbox_message in left)
