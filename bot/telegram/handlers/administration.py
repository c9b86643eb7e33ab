"""Commands and taps about who may use the bot: of its administrators, of who sends a code, of who asks for access."""

from __future__ import annotations

from typing import Final

from telegram import Update

from bot.service.commands import PAIR, UNREADABLE
from bot.service.ports import UnitOfWork
from bot.service.replies import Reply
from bot.service.services import Services
from bot.telegram.handlers.permissions import Permissions, action_context
from bot.telegram.members import Role
from bot.telegram.updates.origin import chat_id_of
from bot.telegram.updates.redaction import ANONYMOUS_SENDERS
from flows.cards.card import Action, Tap

ACCESS_ACTIONS: Final = frozenset({Action.ask, Action.admit, Action.refuse, Action.expel, Action.admitted})
"""Buttons about who may use the bot; they belong to no case."""

_NOBODY: Final = frozenset(map(str, ANONYMOUS_SENDERS))


class AdministrationReplies:
    """Replies to what concerns access."""

    def __init__(self, services: Services, permissions: Permissions) -> None:
        """Store what keeps the lists, and who may take part."""
        self._access = services.access
        self._permissions = permissions

    def in_private(self, uow: UnitOfWork, update: Update, name: str, argument: str) -> Reply:
        """Reply to a command in a private chat; whoever has no access reads how to get it, unless they send a code."""
        context = action_context(update)
        if name == PAIR:
            return self._access.pairing.take(uow, argument, context.user_id)
        if not self._permissions.allows(uow, update):
            return self._permissions.not_listed(uow, update)
        return self._access.command(uow, name, _person(argument), context, self._permissions.policy)

    def in_group(self, uow: UnitOfWork, update: Update, role: Role | None, name: str, argument: str) -> Reply:
        """Reply to a command of a member of a group, as themselves; a code is void there, whoever sends it."""
        if name == PAIR:
            return self._access.pairing.burn(uow, argument)
        refusal = self._permissions.refusal_in_group(uow, update, role, name)
        if refusal:
            return refusal
        context, group = action_context(update, role), str(chat_id_of(update))
        number = _person(argument)
        return self._access.command(uow, name, number, context, self._permissions.policy, group=group)

    def on_tap(self, uow: UnitOfWork, update: Update, tap: Tap) -> Reply:
        """Reply to a tap in a private chat."""
        context = action_context(update)
        if tap.action is not Action.ask:
            return self._access.tap(uow, tap, context, self._permissions.policy)
        if self._permissions.allows(uow, update):
            return self._access.requests.admitted(context)
        return self._access.requests.ask(uow, context)


def _person(argument: str) -> str:
    """Return the number behind a command; one that Telegram gives to who acts as another is nobody's."""
    return UNREADABLE if argument in _NOBODY else argument
