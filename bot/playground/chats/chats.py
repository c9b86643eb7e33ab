"""The chats, kept on the disk: who is in them, what is pinned, which topics they have, and whether the bot gets in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson
from pydantic import TypeAdapter

from bot.playground.chats.models import MEMBER_STATUSES, Chat, Person
from bot.playground.errors import ApiError
from bot.playground.storage import JsonStore

_CHAT: Final = TypeAdapter(Chat)
_BELOW_ALL: Final = -(2**62)
_NOT_STARTED: Final = "bot can't initiate conversation with a user"


class Chats:
    """All chats."""

    def __init__(self, store: JsonStore, start: Sequence[Chat]) -> None:
        """Go on with the chats that the disk keeps; those of the start that it does not know are opened."""
        self._disk = store
        self._start = {chat.id: place for place, chat in enumerate(start)}
        with store.transaction():
            for chat in start:
                if store.raw("room", 0, chat.id) is None:
                    self.keep(chat)

    def keep(self, chat: Chat) -> None:
        """Keep a chat as it is now."""
        self._disk.put("room", 0, chat.id, orjson.dumps(chat))

    def get(self, chat_id: int) -> Chat:
        """Return a chat, as a person finds it.

        Raises:
            ApiError: 400 where there is none.
        """
        kept = self._disk.raw("room", 0, chat_id)
        if kept is None:
            raise ApiError("chat not found")
        return _CHAT.validate_json(kept)

    def reach(self, chat_id: int) -> Chat:
        """Return a chat, as the bot finds it.

        Raises:
            ApiError: 400 where there is none, or it has another id by now; 403 where the bot is not in it.
        """
        chat = self.get(chat_id)
        if chat.migrated_to:
            raise ApiError("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
        if chat.bot in MEMBER_STATUSES:
            return chat
        if chat.type == "private":
            raise ApiError("bot was blocked by the user" if chat.bot == "kicked" else _NOT_STARTED, 403)
        words = "bot was kicked from the" if chat.bot == "kicked" else "bot is not a member of the"
        raise ApiError(f"{words} {chat.type} chat", 403)

    def read(self, chat_id: int) -> Chat:
        """Return a chat, as the bot may read what it is: one that blocked it, and a basic group that moved, too.

        Raises:
            ApiError: as `reach`, for all others.
        """
        chat = self.get(chat_id)
        blocked = chat.type == "private" and chat.bot == "kicked"
        return chat if blocked or chat.type == "group" else self.reach(chat_id)

    def every(self) -> list[Chat]:
        """Return all chats: those of the start first, then the others by their ids."""
        chats = [_CHAT.validate_python(chat) for chat in self._disk.every("room", 0, above=_BELOW_ALL)]
        return sorted(chats, key=lambda chat: (self._start.get(chat.id, len(self._start)), -chat.id))

    def people(self) -> list[Person]:
        """Return everyone who plays, in the order of their ids."""
        return sorted({member.person for chat in self.every() for member in chat.members}, key=lambda who: who.id)

    def person(self, person_id: int) -> Person:
        """Return somebody who plays.

        Raises:
            ApiError: 404 where nobody has this id.
        """
        for person in self.people():
            if person.id == person_id:
                return person
        raise ApiError("Nobody here has this id.", 404)
