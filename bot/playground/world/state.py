"""What all that happens in the playground stands on: its memory, its clock, its chats, and those who listen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from bot.playground.chats.chats import Rooms
from bot.playground.chats.messages import Messages
from bot.playground.chats.models import PRESENT, Room, bot_user
from bot.playground.chats.privacy import given
from bot.playground.storage import Disk, Json
from bot.playground.updates.disorder import Disorder
from bot.playground.updates.queue import Updates

Listener: TypeAlias = "Callable[[str, Json], None]"
"""Is told the name of what happened, and what the page needs to show it."""


class Ground:
    """What every part of the world shares."""

    def __init__(
        self,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.time,
        rooms: Iterable[Room] = (),
        disorder: Disorder | None = None,
    ) -> None:
        """Go on where the disk left off; without a disk, begin anew in memory.

        Args:
            disk: what is kept.
            clock: the time.
            rooms: the chats to begin with.
            disorder: what it does to the updates; none where it is not said.
        """
        self.disk = disk or Disk()
        self.clock = clock
        self.rooms = Rooms(self.disk, tuple(rooms))
        self.messages = Messages(self.disk, clock)
        self.updates = Updates(self.disk, clock, disorder or Disorder())
        self.bot_id = 1
        self._listeners: list[Listener] = []
        self._untold: list[tuple[str, Json]] = []

    def listen(self, listener: Listener) -> None:
        """Tell someone of everything that happens from now on."""
        self._listeners.append(listener)

    def tell(self, event: str, data: Json) -> None:
        """Tell everyone who listens."""
        for listener in self._listeners:
            listener(event, data)

    @contextmanager
    def act(self) -> Iterator[None]:
        """Let all that is done within hold together; who listens hears of it when it is on the disk."""
        self._untold = []
        with self.disk.transaction():
            yield
        for event, data in self._untold:
            self.tell(event, data)

    def note(self, event: str, data: Json) -> None:
        """Tell of something once the act is done."""
        self._untold.append((event, data))

    def update(self, kind: str, body: Json) -> None:
        """Queue an update for the bot, where it wants this kind."""
        if self.updates.add(kind, body):
            self.note("update", {})

    def post(self, room: Room, sender: Json, content: Json) -> Json:
        """Put a message into a chat, and give the bot its update where it is given such messages.

        Args:
            room: the chat.
            sender: the fields of the message that say who wrote it.
            content: its other fields.
        """
        message = self.messages.add(room, sender, content)
        self.note("message", {"chat_id": room.id, "message": message})
        if room.bot in PRESENT and given(room, message, self.bot_id):
            self.update("message", message)
        return message

    def change(self, room: Room) -> None:
        """Keep a chat that has changed; the pages read it anew."""
        self.rooms.keep(room)
        self.note("rooms", {})

    def redraw(self, message: Json) -> None:
        """Keep a message that has changed without having been edited."""
        self.messages.keep(message)
        self.note("edited", {"chat_id": message["chat"]["id"], "message": message})

    def me(self) -> Json:
        """Give the bot as a User."""
        return bot_user(self.bot_id)

    def close(self) -> None:
        """Let go of the disk."""
        self.disk.close()
