"""What all that happens in the playground stands on: its memory, its clock, its chats, and those who listen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from bot.playground.chats.chats import Chats
from bot.playground.chats.messages import Messages
from bot.playground.chats.models import MEMBER_STATUSES, Chat, bot_user
from bot.playground.chats.privacy import reaches_bot
from bot.playground.storage import Json, JsonStore
from bot.playground.updates.queue import NoFaults, UpdateFaults, UpdateQueue

Listener: TypeAlias = "Callable[[str, Json], None]"
"""Is told the name of what happened, and what the page needs to show it."""


class ServerState:
    """What every part of the world shares."""

    def __init__(
        self,
        store: JsonStore | None = None,
        clock: Callable[[], float] = time.time,
        chats: Iterable[Chat] = (),
        update_faults: UpdateFaults | None = None,
    ) -> None:
        """Go on where the disk left off; without a disk, begin anew in memory.

        Args:
            store: what is kept.
            clock: the time.
            chats: the chats to begin with.
            update_faults: what it does to the updates; none where it is not said.
        """
        self.disk = store or JsonStore()
        self.clock = clock
        self.chats = Chats(self.disk, tuple(chats))
        self.messages = Messages(self.disk, clock)
        self.updates = UpdateQueue(self.disk, clock, update_faults or NoFaults())
        self.bot_id = 1
        self._listeners: list[Listener] = []
        self._untold: list[tuple[str, Json]] = []

    def listen(self, listener: Listener) -> None:
        """Call a listener with everything that happens from now on."""
        self._listeners.append(listener)

    def tell(self, event: str, data: Json) -> None:
        """Call every listener."""
        for listener in self._listeners:
            listener(event, data)

    @contextmanager
    def act(self) -> Iterator[None]:
        """Hold all that is done within together; listeners hear of it when it is on the disk."""
        self._untold = []
        with self.disk.transaction():
            yield
        for event, data in self._untold:
            self.tell(event, data)

    def note(self, event: str, data: Json) -> None:
        """Report something to the listeners once the act is done."""
        self._untold.append((event, data))

    def update(self, kind: str, body: Json) -> None:
        """Queue an update for the bot, where it wants this kind."""
        if self.updates.add(kind, body):
            self.note("update", {})

    def post(self, chat: Chat, sender: Json, content: Json) -> Json:
        """Add a message to a chat, and send the bot its update if it receives such messages.

        Args:
            chat: the chat.
            sender: the fields of the message that say who wrote it.
            content: its other fields.
        """
        message = self.messages.add(chat, sender, content)
        self.note("message", {"chat_id": chat.id, "message": message})
        if chat.bot in MEMBER_STATUSES and reaches_bot(chat, message, self.bot_id):
            self.update("message", message)
        return message

    def change(self, chat: Chat) -> None:
        """Keep a chat that has changed; the pages read it anew."""
        self.chats.keep(chat)
        self.note("rooms", {})

    def redraw(self, message: Json) -> None:
        """Keep a message that has changed without having been edited."""
        self.messages.keep(message)
        self.note("edited", {"chat_id": message["chat"]["id"], "message": message})

    def me(self) -> Json:
        """Return the bot as a User."""
        return bot_user(self.bot_id)

    def close(self) -> None:
        """Close the disk."""
        self.disk.close()
