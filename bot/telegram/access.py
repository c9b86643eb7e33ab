"""Who may use the bot where: people and groups of the settings or admitted, these also under a later number."""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

from bot.service.policies import AccessPolicy
from bot.service.ports import UnitOfWork


class AccessControl:
    """Reads the lists of the operator, and what administrators keep in the database.

    Attributes:
        policy: the lists of the operator.
    """

    def __init__(self, policy: AccessPolicy, log: FilteringBoundLogger) -> None:
        """Store the lists, and the log."""
        self.policy = policy
        self._log = log

    def allows(self, uow: UnitOfWork, user_id: int, chat: int) -> bool:
        """Return whether a person may use the bot in a chat, by its number or by the one that it was listed under."""
        if self.policy.allows(user_id, chat):
            return True
        if uow.is_admitted(str(user_id), str(chat)):
            return True
        listed_as = uow.listed_as(str(chat)) if chat < 0 else None
        return listed_as is not None and self.policy.allows(user_id, int(listed_as))

    def move_listing(self, uow: UnitOfWork, old: str, new: str) -> None:
        """Keep a listed group listed under the number that it has from now on, and log that number."""
        if uow.move_admission(old, new):
            self._log.info("admission_moved", chat=new, was=old)
        if self.policy.open or uow.listed_as(new) or not self.allows(uow, 0, int(old)):
            return
        uow.move_listing(old, new)
        advice = "the group is a supergroup now; put this number in ALLOWED_CHATS in place of the old one"
        self._log.warning("chat_moved", chat=new, was=old, advice=advice)
