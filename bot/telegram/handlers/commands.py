"""Commands, start links among them, and what stands in place of one: a photo, a card of the bot's own."""

from __future__ import annotations

import re
from typing import Final

from telegram import Update
from telegram.ext import ContextTypes

from bot.service.commands import ADMIN_COMMANDS, NO_TEXT, OWN_CARD, PAIR
from bot.service.links.read_links import TO_CASE
from bot.service.ports import UnitOfWork
from bot.service.replies import Reply
from bot.service.services import Services
from bot.telegram.handlers.administration import AdministrationReplies
from bot.telegram.handlers.group_reading import GroupReading
from bot.telegram.handlers.permissions import Permissions, action_context
from bot.telegram.handlers.transactions import UpdateTransactions
from bot.telegram.members import Role

_OF_ACCESS: Final = frozenset((*ADMIN_COMMANDS, PAIR))


class CommandCallbacks:
    """Handles messages that are a command."""

    def __init__(
        self,
        services: Services,
        permissions: Permissions,
        reading: GroupReading,
        administration: AdministrationReplies,
        transactions: UpdateTransactions,
    ) -> None:
        """Store the services, who may command, what answers administrators of the bot, and what runs a transaction."""
        self._administration = administration
        self._private = services.private
        self._team = services.team
        self._permissions = permissions
        self._reading = reading
        self._transactions = transactions

    async def on_private_command(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a command in a private chat."""
        await self._transactions.run_in_private(update, self.in_private)

    async def on_group_command(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a command in a group."""
        await self._transactions.run_in_group(update, self.in_group)

    async def on_no_text(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a photo, a voice message, or whatever else holds no text."""
        await self._transactions.run(update, lambda uow, update: self._named(uow, update, NO_TEXT))

    async def on_own_card(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a card of the bot's that somebody forwards to it."""
        await self._transactions.run(update, lambda uow, update: self._named(uow, update, OWN_CARD))

    def in_private(self, uow: UnitOfWork, update: Update, role: Role | None) -> Reply:
        """Reply to a command in a private chat."""
        name, payload = command_of(update)
        if name in _OF_ACCESS:
            return self._administration.in_private(uow, update, name, payload)
        if name != "start" or not payload:
            return self._named(uow, update, name)
        if re.fullmatch(TO_CASE, payload):
            return self._reading.by_link(uow, update, payload, role)
        if not self._permissions.allows(uow, update):
            return self._permissions.not_listed(uow, update)
        return self._private.on_start_link(uow, payload, action_context(update))

    def in_group(self, uow: UnitOfWork, update: Update, role: Role | None) -> Reply:
        """Reply to a command of a member of a group, as themselves."""
        name, payload = command_of(update)
        if name in _OF_ACCESS:
            return self._administration.in_group(uow, update, role, name, payload)
        refusal = self._permissions.refusal_in_group(uow, update, role, name, always=name == "forget")
        return refusal or self._team.command(uow, name, payload, action_context(update, role))

    def _named(self, uow: UnitOfWork, update: Update, name: str) -> Reply:
        """Reply to a command by its name; everybody may have what is theirs erased."""
        if name != "forget" and not self._permissions.allows(uow, update):
            return self._permissions.not_listed(uow, update, always=name == "start")
        return self._private.command(uow, name, action_context(update))


def command_of(update: Update) -> tuple[str, str]:
    """Return a command without its slash, and what a link put behind it."""
    message = update.effective_message
    name, _, payload = ((message and message.text) or "").removeprefix("/").partition(" ")
    return name, payload
