"""Who may use the bot: everybody, or those who are listed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The rule, checked for every message and every tap, on ids alone.

    Attributes:
        open: whether everybody may; the lists are not looked at then.
        users: the ids of the people who may.
        chats: the ids of the chats in which everybody may.
    """

    open: bool = True
    users: frozenset[int] = frozenset()
    chats: frozenset[int] = frozenset()

    def allows(self, user: int, chat: int | None) -> bool:
        """Return whether a person may use the bot in a chat."""
        return self.open or user in self.users or chat in self.chats
