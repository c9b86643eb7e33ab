"""Taps on buttons: an answer in a private chat, or of a member of a group."""

from __future__ import annotations

from dataclasses import replace

from telegram import Update
from telegram.ext import ContextTypes

from bot.service.ports import UnitOfWork
from bot.service.replies import FOREIGN, Reply
from bot.service.services import Services
from bot.telegram.handlers.administration import ACCESS_ACTIONS, AdministrationReplies
from bot.telegram.handlers.group_reading import GroupReading
from bot.telegram.handlers.permissions import Permissions, action_context
from bot.telegram.handlers.transactions import UpdateTransactions
from bot.telegram.members import Role
from bot.telegram.rendering.callback_data import unpack
from bot.telegram.updates.origin import is_private
from flows.cards.card import Action, Tap


class TapCallbacks:
    """Handles callback queries."""

    def __init__(
        self,
        services: Services,
        permissions: Permissions,
        reading: GroupReading,
        administration: AdministrationReplies,
        transactions: UpdateTransactions,
    ) -> None:
        """Store the services, who may tap, what answers administrators of the bot, and what runs a transaction."""
        self._administration = administration
        self._private = services.private
        self._team = services.team
        self._records = services.records
        self._permissions = permissions
        self._reading = reading
        self._transactions = transactions

    async def on_tap(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a tap."""
        if is_private(update):
            await self._transactions.run_in_private(update, self.in_private)
        else:
            await self._transactions.run_in_group(update, self.in_group)

    async def on_drawing(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a tap that was made on the page of the spine."""
        await self._transactions.run(update, self.drawing)

    def drawing(self, uow: UnitOfWork, update: Update) -> Reply:
        """Reply to a tap that was made on the page of the spine, which shows the toast."""
        if not self._permissions.allows(uow, update):
            return self._permissions.not_listed(uow, update, tapped=True)
        message = update.effective_message
        sent = message.web_app_data if message else None
        return self._private.drawing(uow, unpack(sent.data if sent else ""), action_context(update))

    def in_private(self, uow: UnitOfWork, update: Update, role: Role | None) -> Reply:
        """Reply to a tap in a private chat; everybody may have what is theirs erased."""
        tap = _tap_of(update)
        if tap and not tap.case and tap.action in ACCESS_ACTIONS:
            return self._administration.on_tap(uow, update, tap)
        allowed = _erases(tap) or self._permissions.allows(uow, update)
        reply = self._own(uow, update, tap) if allowed else self._permissions.not_listed(uow, update)
        if tap and tap.case and (not allowed or reply.forged == FOREIGN):
            return self._reading.by_tap(uow, update, tap, role) or reply
        return reply

    def in_group(self, uow: UnitOfWork, update: Update, role: Role | None) -> Reply:
        """Reply to a tap of a member of a group, as themselves."""
        tap = _tap_of(update)
        refusal = self._permissions.refusal_in_group(uow, update, role, always=_erases(tap))
        return refusal or self._team.tap(uow, tap, action_context(update, role))

    def _own(self, uow: UnitOfWork, update: Update, tap: Tap | None) -> Reply:
        """Reply to a tap on something of the person's own; once they are erased, no card of a team names them."""
        context = action_context(update)
        if not _erases(tap):
            return self._private.tap(uow, tap, context)
        worked = uow.said_by(context.user_id)
        reply = self._private.tap(uow, tap, context)
        unsigned = self._team.receipts.unsigned(uow, worked)
        withdrawn = self._records.withdrawn(uow, worked)
        return replace(reply, shows=(*reply.shows, *unsigned), effects=(*reply.effects, *withdrawn))


def _tap_of(update: Update) -> Tap | None:
    """Read what the button bears; None where it is nothing of ours."""
    query = update.callback_query
    return unpack((query and query.data) or "")


def _erases(tap: Tap | None) -> bool:
    return tap is not None and tap.action is Action.erase
