"""Who the people of a chat are: their names and rights, asked of Telegram and held in memory for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from telegram import (
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberOwner,
    ChatMemberRestricted,
)
from telegram.error import TelegramError

from bot.telegram.client import TelegramBot
from bot.telegram.rendering.names import disambiguate, ids_in, insert_names, insert_names_text

ROLE_SECONDS: Final = 120.0
"""Seconds that a person's rights are held; then Telegram is asked again."""

WAIT: Final = 4.0
"""Seconds that are waited for an answer about a person."""

MAX_PEOPLE: Final = 10_000
"""People who are remembered; the ones that were longest unheard of are forgotten first."""


MAX_NAME_PART: Final = 64
"""Characters of each part of a name that are remembered; Telegram takes no more."""


class Role(StrEnum):
    """What a person may do in a group; nothing where they are an outsider, or rule it without being seen.

    Of some people in some groups Telegram does not say.
    """

    admin = "admin"
    member = "member"
    anonymous_admin = "unseen"
    outsider = "outsider"
    unknown = "unknown"


_WHO: Final = (("message", "from"), ("edited_message", "from"), ("callback_query", "from"), ("poll_answer", "user"))


class ChatMemberCache:
    """Remembers what updates tell of people, and asks where they do not."""

    def __init__(self, bot: TelegramBot, clock: Callable[[], float]) -> None:
        """Store the bot and a steady clock."""
        self._bot = bot
        self._clock = clock
        self._names: dict[str, str] = {}
        self._roles: dict[tuple[int, int], tuple[Role, float]] = {}
        self.username = ""

    def observe(self, update: object) -> None:
        """Remember the names that an update bears, and forget the rights that it may have changed."""
        for user in _users(update):
            self._remember(user)
        for chat, user_id in _changed(update):
            self._roles.pop((chat, user_id), None)

    async def role(self, chat: int, user_id: int) -> Role:
        """Return what a person may do in a group; where Telegram does not say in time, what every member may."""
        role = await self.said(chat, user_id)
        return Role.member if role is Role.unknown else role

    async def said(self, chat: int, user_id: int) -> Role:
        """Return what Telegram says of a person in a group, or last said."""
        held = self._roles.get((chat, user_id))
        if held and self._clock() - held[1] < ROLE_SECONDS:
            return held[0]
        found = await self._fetch(chat, user_id)
        if found is None:
            return held[0] if held else Role.unknown
        self._roles.pop((chat, user_id), None)
        if found is Role.anonymous_admin:
            # Nothing tells when they can be seen again, and they are asked to be: so they are asked after each time.
            return found
        self._roles[chat, user_id] = (found, self._clock())
        if len(self._roles) > MAX_PEOPLE:
            del self._roles[next(iter(self._roles))]
        return found

    async def insert_names(self, screen: Mapping[str, Any], chat: int) -> dict[str, Any]:
        """Insert the names of people into a screen."""
        return insert_names(screen, await self._names_of(screen, chat), self.username)

    async def insert_names_text(self, text: str, chat: int) -> str:
        """Insert the names of people into a few words."""
        return insert_names_text(text, disambiguate(await self._names_of(text, chat)))

    async def _names_of(self, value: object, chat: int) -> dict[str, str]:
        """Return what the people in a screen are called."""
        ids = ids_in(value)
        for user_id in ids:
            if user_id.isdecimal() and user_id not in self._names:
                await self._fetch(chat, int(user_id))
        return {user_id: self._names[user_id] for user_id in sorted(ids) if user_id in self._names}

    async def _fetch(self, chat: int, user_id: int) -> Role | None:
        """Ask Telegram for a person in a chat; None where it does not say."""
        try:
            found = await self._bot.get_chat_member(chat, user_id, read_timeout=WAIT)
        except TelegramError:
            return None
        self._remember(found.user.to_dict())
        match found:
            case ChatMemberLeft() | ChatMemberBanned() | ChatMemberRestricted(is_member=False):
                return Role.outsider
            case ChatMemberOwner() | ChatMemberAdministrator():
                return Role.anonymous_admin if found.is_anonymous else Role.admin
            case _:
                return Role.member

    def _remember(self, user: object) -> None:
        if not isinstance(user, dict) or type(user.get("id")) is not int:
            return
        parts = (user.get(part) for part in ("first_name", "last_name"))
        name = " ".join(part[:MAX_NAME_PART] for part in parts if isinstance(part, str) and part)
        self._names.pop(str(user["id"]), None)
        self._names[str(user["id"])] = name
        if len(self._names) > MAX_PEOPLE:
            del self._names[next(iter(self._names))]


def _users(update: object) -> Iterator[object]:
    """Return the people that an update speaks of."""
    for kind, field in _WHO:
        found = update.get(kind) if isinstance(update, dict) else None
        if isinstance(found, dict):
            yield found.get(field)


def _changed(update: object) -> Iterator[tuple[int, int]]:
    """Return the chat and the person of whom an update says that they came, went or were given rights."""
    message = update.get("message") if isinstance(update, dict) else None
    chat = message.get("chat") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(chat, dict) or type(chat.get("id")) is not int:
        return
    came = message.get("new_chat_members")
    for user in [*(came if isinstance(came, list) else ()), message.get("left_chat_member")]:
        if isinstance(user, dict) and type(user.get("id")) is int:
            yield chat["id"], user["id"]
