"""The chats, kept on the disk: who is in them, what is pinned, which topics they have, and whether the bot gets in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson
from pydantic import TypeAdapter

from bot.playground.chats.models import PRESENT, Person, Room
from bot.playground.errors import Refused
from bot.playground.storage import Disk

_ROOM: Final = TypeAdapter(Room)
_BELOW_ALL: Final = -(2**62)
_NOT_STARTED: Final = "bot can't initiate conversation with a user"


class Rooms:
    """All chats."""

    def __init__(self, disk: Disk, start: Sequence[Room]) -> None:
        """Go on with the chats that the disk keeps; those of the start that it does not know are opened."""
        self._disk = disk
        self._start = {room.id: place for place, room in enumerate(start)}
        with disk.transaction():
            for room in start:
                if disk.raw("room", 0, room.id) is None:
                    self.keep(room)

    def keep(self, room: Room) -> None:
        """Keep a chat as it is now."""
        self._disk.put("room", 0, room.id, orjson.dumps(room))

    def get(self, chat_id: int) -> Room:
        """Give a chat, as a person finds it.

        Raises:
            Refused: 400 where there is none.
        """
        kept = self._disk.raw("room", 0, chat_id)
        if kept is None:
            raise Refused("chat not found")
        return _ROOM.validate_json(kept)

    def reach(self, chat_id: int) -> Room:
        """Give a chat, as the bot finds it.

        Raises:
            Refused: 400 where there is none, or it has another id by now; 403 where the bot is not in it.
        """
        room = self.get(chat_id)
        if room.migrated_to:
            raise Refused("group chat was upgraded to a supergroup chat", migrate_to_chat_id=room.migrated_to)
        if room.bot in PRESENT:
            return room
        if room.type == "private":
            raise Refused("bot was blocked by the user" if room.bot == "kicked" else _NOT_STARTED, 403)
        words = "bot was kicked from the" if room.bot == "kicked" else "bot is not a member of the"
        raise Refused(f"{words} {room.type} chat", 403)

    def read(self, chat_id: int) -> Room:
        """Give a chat, as the bot may read what it is: one that blocked it, and a basic group that moved, too.

        Raises:
            Refused: as `reach`, for all others.
        """
        room = self.get(chat_id)
        blocked = room.type == "private" and room.bot == "kicked"
        return room if blocked or room.type == "group" else self.reach(chat_id)

    def every(self) -> list[Room]:
        """Give all chats: those of the start first, then the others by their ids."""
        rooms = [_ROOM.validate_python(room) for room in self._disk.every("room", 0, above=_BELOW_ALL)]
        return sorted(rooms, key=lambda room: (self._start.get(room.id, len(self._start)), -room.id))

    def people(self) -> list[Person]:
        """Give everyone who plays, in the order of their ids."""
        return sorted({member.person for room in self.every() for member in room.members}, key=lambda who: who.id)

    def person(self, person_id: int) -> Person:
        """Give somebody who plays.

        Raises:
            Refused: 404 where nobody has this id.
        """
        for person in self.people():
            if person.id == person_id:
                return person
        raise Refused("Nobody here has this id.", 404)
