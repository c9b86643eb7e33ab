"""What happens to the chat itself: the bot came or had to leave, and a group became a supergroup."""

from __future__ import annotations

from telegram import ChatMember, Update
from telegram.ext import ContextTypes

from bot.service.ports import UnitOfWork
from bot.service.replies import Reply
from bot.service.services import Services
from bot.telegram.access import AccessControl
from bot.telegram.handlers.permissions import Permissions
from bot.telegram.handlers.transactions import UpdateTransactions
from bot.telegram.updates.commands import BEGINNING
from bot.telegram.updates.origin import chat_id_of


class ChatChangeCallbacks:
    """Handles changes of membership, and moves."""

    def __init__(
        self,
        services: Services,
        access: AccessControl,
        permissions: Permissions,
        transactions: UpdateTransactions,
    ) -> None:
        """Store what looks after the cases of a chat, who is listed, and what runs a transaction."""
        self._changes = services.team.changes
        self._access = access
        self._permissions = permissions
        self._transactions = transactions

    async def on_membership(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle that the bot came to a group, or had to leave it."""
        await self._transactions.run(update, self.came_or_left)

    async def on_migration(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle that a group has become a supergroup, which has another number."""
        await self._transactions.run(update, self.migrated)

    def came_or_left(self, uow: UnitOfWork, update: Update) -> Reply:
        """Archive the cases of a group that the bot left; where it came and is not for the group, say so."""
        change = update.my_chat_member
        if change and change.new_chat_member.status == ChatMember.LEFT:
            return self._changes.on_bot_removed(uow, str(chat_id_of(update)))
        return self._permissions.refusal_in_group(uow, update, None, BEGINNING[0]) or Reply()

    def migrated(self, uow: UnitOfWork, update: Update) -> Reply:
        """Go on in the new chat; Telegram says it in both."""
        message, here = update.effective_message, chat_id_of(update)
        old = str((message and message.migrate_from_chat_id) or here)
        new = str((message and message.migrate_to_chat_id) or here)
        self._access.move_listing(uow, old, new)
        return self._changes.on_chat_migrated(uow, old, new)
