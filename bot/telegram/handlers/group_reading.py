"""Shows a member of a group its case in their private chat, by a tap or by the link that the group gave them."""

from __future__ import annotations

from telegram import Update

from bot.service.case_store import chat_of
from bot.service.ports import UnitOfWork
from bot.service.replies import Reply
from bot.service.services import Services
from bot.telegram.handlers.permissions import UNPROVEN, Permissions, action_context
from bot.telegram.handlers.transactions import MemberWanted
from bot.telegram.members import Role
from flows.cards.card import Tap


class GroupReading:
    """Opens a team's case to be read."""

    def __init__(self, services: Services, permissions: Permissions) -> None:
        """Store what shows the case, and who may see it."""
        self._reading = services.team.reading
        self._permissions = permissions

    def by_link(self, uow: UnitOfWork, update: Update, payload: str, role: Role | None) -> Reply:
        """Show what they asked for in the group; a moment ago they tapped there."""
        tap = self._reading.linked(uow, payload, action_context(update))
        shown = self.by_tap(uow, update, tap, role) if tap else None
        return shown or self._reading.refused("link_gone", tapped=False)

    def by_tap(self, uow: UnitOfWork, update: Update, tap: Tap, role: Role | None) -> Reply | None:
        """Show what a tap asks for; None where it is no team's case.

        Where Telegram does not say who is a member, the link says that they tapped there; a tap says nothing.

        Raises:
            MemberWanted: where Telegram was not asked yet.
        """
        record = self._reading.of(uow, tap)
        if record is None:
            return None
        chat, tapped = int(chat_of(record.place)), update.callback_query is not None
        if not self._permissions.allows(uow, update, chat):
            return self._permissions.not_listed(uow, update)
        if role is None:
            raise MemberWanted(chat)
        if role is Role.outsider or (tapped and role in UNPROVEN):
            return self._reading.refused("outsider" if role is Role.outsider else "unsure", tapped=tapped)
        return self._reading.shown(uow, record, tap, action_context(update))
