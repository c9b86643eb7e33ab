"""Who may take part, and what the others are told: by the lists of access, and in a group by what Telegram says."""

from __future__ import annotations

from typing import Final

from telegram import Update

from bot.service.policies import AccessPolicy
from bot.service.ports import UnitOfWork
from bot.service.replies import ActionContext, Reply
from bot.service.services import Services
from bot.telegram.access import AccessControl
from bot.telegram.members import Role
from bot.telegram.updates.origin import (
    acts_as_another,
    bears_tapped_button,
    chat_id_of,
    place_of_update,
    user_id_of,
)

UNPROVEN: Final = (Role.unproven, Role.hidden)
"""Who was never seen to be a member of a group, while Telegram does not say."""

_REFUSALS: Final = {
    Role.anonymous_admin: "anonymous",
    Role.outsider: "outsider",
    Role.unproven: "unproven",
    Role.hidden: "hidden",
}
"""Why somebody cannot take part in a group, by what they are there."""


class Permissions:
    """Decides who is answered."""

    def __init__(self, services: Services, access: AccessControl) -> None:
        """Store who is listed, and the services, which have the words."""
        self._requests = services.access.requests
        self._team = services.team
        self._access = access

    @property
    def policy(self) -> AccessPolicy:
        """The lists of the settings."""
        return self._access.policy

    def allows(self, uow: UnitOfWork, update: Update, chat: int = 0) -> bool:
        """Return whether the person may use the bot in a chat; where none is named, in the one they act in."""
        return self._access.allows(uow, user_id_of(update), chat or chat_id_of(update))

    def not_listed(self, uow: UnitOfWork, update: Update, *, tapped: bool = False, always: bool = False) -> Reply:
        """Answer somebody who may not use the bot, in a toast where they tapped.

        What they read once a day they may be told `always`.
        """
        tapped = tapped or update.callback_query is not None
        return self._requests.turn_away(uow, str(user_id_of(update)), tapped=tapped, always=always)

    def refusal_in_group(
        self, uow: UnitOfWork, update: Update, role: Role | None, command: str = "", *, always: bool = False
    ) -> Reply | None:
        """Return what somebody in a group is told who cannot take part; None where they can.

        Args:
            uow: the transaction.
            update: the update.
            role: what Telegram says of them; None where it was not asked.
            command: what they wrote, without its slash; empty for a tap.
            always: whether they may do that in groups that are not listed as well.
        """
        if not (always or self.allows(uow, update)):
            chat, tapped = str(chat_id_of(update)), update.callback_query is not None
            told = not tapped and not uow.mark_refusal_sent(chat)
            return self._team.not_allowed_notice(chat, str(user_id_of(update)), tapped=tapped, told=told)
        why = reason_against(update, role)
        return self._team.refusal(why, command) if why else None


def reason_against(update: Update, role: Role | None) -> str:
    """Return why somebody cannot take part in a group; empty where they can."""
    return "anonymous" if acts_as_another(update) else _REFUSALS.get(role or Role.member, "")


def action_context(update: Update, role: Role | None = None) -> ActionContext:
    """Return who acts, where, on which message, and with which rights in a group."""
    query = update.callback_query
    return ActionContext(
        place_of_update(update),
        str(user_id_of(update)),
        query.message.message_id if query and query.message else None,
        is_admin=role is Role.admin,
        rights_unknown=role is Role.unknown,
        bears=bears_tapped_button(update),
    )
