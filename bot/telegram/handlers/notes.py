"""Typed notes, and what was changed in one: what was read of it stands in the inbox, as codes."""

from __future__ import annotations

from telegram import Update
from telegram.ext import ContextTypes

from bot.service.ports import UnitOfWork
from bot.service.replies import NoteInput, Reply
from bot.service.services import Services
from bot.telegram.handlers.permissions import UNPROVEN, Permissions, action_context, reason_against
from bot.telegram.handlers.transactions import UpdateTransactions
from bot.telegram.members import Role
from bot.telegram.updates.commands import BEGINNING


class NoteCallbacks:
    """Handles messages that hold a note."""

    def __init__(self, services: Services, permissions: Permissions, transactions: UpdateTransactions) -> None:
        """Store the services, who may write, and what runs a transaction."""
        self._private = services.private
        self._team = services.team
        self._permissions = permissions
        self._transactions = transactions

    async def on_private_note(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a line in a private chat."""
        await self._transactions.run(update, self.in_private)

    async def on_group_note(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a line behind the command that begins a case."""
        await self._transactions.run_in_group(update, self.in_group)

    async def on_private_edit(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a line that was changed in a private chat."""
        await self._transactions.run(update, self.edited_in_private)

    async def on_group_edit(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a line that was changed in a group."""
        await self._transactions.run_in_group(update, self.edited_in_group)

    def in_private(self, uow: UnitOfWork, update: Update) -> Reply:
        """Reply to a note in a private chat."""
        if not self._permissions.allows(uow, update):
            return self._permissions.not_listed(uow, update)
        return self._private.notes.typed(uow, action_context(update), _note(uow, update))

    def in_group(self, uow: UnitOfWork, update: Update, role: Role | None) -> Reply:
        """Reply to a note of a member of a group, as themselves."""
        refusal = self._permissions.refusal_in_group(uow, update, role, BEGINNING[0])
        return refusal or self._team.typed(uow, action_context(update, role), _note(uow, update))

    def edited_in_private(self, uow: UnitOfWork, update: Update) -> Reply:
        """Reply to a change in a private chat."""
        if not self._permissions.allows(uow, update):
            return Reply()
        return self._private.notes.edited(uow, action_context(update), _note(uow, update))

    def edited_in_group(self, uow: UnitOfWork, update: Update, role: Role | None) -> Reply:
        """Reply to a change of a member; whoever cannot take part is told so where it may pass in a moment alone."""
        for_good = reason_against(update, role) and role not in UNPROVEN
        if for_good or not self._permissions.allows(uow, update):
            return Reply()
        refusal = self._permissions.refusal_in_group(uow, update, role, BEGINNING[0])
        return refusal or self._team.edited(uow, action_context(update, role), _note(uow, update))


def _note(uow: UnitOfWork, update: Update) -> NoteInput:
    """Return what was read of a note when it came in."""
    kept = uow.get_update(update.update_id)
    return (kept and kept.note) or NoteInput()
