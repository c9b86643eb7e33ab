"""The messages of every chat, the newest of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.playground.chats.models import Chat
from bot.playground.storage import Json, JsonStore

_KEPT: Final = 500


class Messages:
    """What stands in the chats."""

    def __init__(self, store: JsonStore, clock: Callable[[], float]) -> None:
        """Go on with the messages that the disk keeps."""
        self._disk = store
        self._clock = clock

    def add(self, chat: Chat, sender: Json, content: Json) -> Json:
        """Append a new message to a chat; return it as the Bot API does.

        Args:
            chat: the chat.
            sender: the fields that say who wrote it: `from`, and perhaps `sender_chat`.
            content: its other fields.
        """
        number = self._disk.number("message")
        date = int(self._clock())
        message = {"message_id": number} | sender | {"chat": chat.to_json(), "date": date} | content
        self.keep(message)
        self._disk.drop_below("message", chat.id, self._disk.nth_newest("message", chat.id, _KEPT))
        return message

    def change(self, message: Json) -> Json:
        """Replace a message by its edited version; return it with the time of the edit."""
        edited = message | {"edit_date": int(self._clock())}
        self.keep(edited)
        return edited

    def keep(self, message: Json) -> None:
        """Store a message at its place, as it is."""
        self._disk.put("message", message["chat"]["id"], message["message_id"], message)

    def get(self, chat_id: int, message_id: int) -> Json | None:
        """Return a message, if it is still there."""
        return self._disk.get("message", chat_id, message_id)

    def every(self, chat_id: int) -> list[Json]:
        """Return all messages of a chat, oldest first."""
        return self._disk.every("message", chat_id)

    def drop(self, chat_id: int, message_id: int) -> None:
        """Delete a message."""
        self._disk.drop("message", chat_id, message_id)
