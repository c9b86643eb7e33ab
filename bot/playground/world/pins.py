"""Pinned messages: what the bot pins and unpins, where it may."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.chats.models import RULING, Room
from bot.playground.chats.senders import without_reply
from bot.playground.errors import Refused
from bot.playground.world.state import Ground


class Pins:
    """What hangs above the chats."""

    def __init__(self, ground: Ground) -> None:
        """Stand on the ground of the world."""
        self._ground = ground

    def pin(self, chat_id: int, message_id: int) -> None:
        """Let the bot pin a message; the chat says so.

        Raises:
            Refused: the message is not there, or the bot has not the right.
        """
        room = self._manageable(chat_id)
        message = self._ground.messages.get(chat_id, message_id)
        if message is None:
            raise Refused("message to pin not found")
        others = tuple(number for number in room.pinned if number != message_id)
        topic = {key: message[key] for key in ("message_thread_id", "is_topic_message") if key in message}
        with self._ground.act():
            self._ground.change(replace(room, pinned=(*others, message_id)))
            self._ground.post(room, {"from": self._ground.me()}, {"pinned_message": without_reply(message)} | topic)

    def unpin(self, chat_id: int, message_id: int) -> None:
        """Let the bot unpin a message, the newest pinned one where the number is 0."""
        room = self._manageable(chat_id)
        unpinned = message_id or (room.pinned[-1] if room.pinned else 0)
        if unpinned not in room.pinned:
            raise Refused("message to unpin not found")
        with self._ground.act():
            self._ground.change(replace(room, pinned=tuple(each for each in room.pinned if each != unpinned)))

    def unpin_all(self, chat_id: int) -> None:
        """Let the bot unpin all messages."""
        room = self._manageable(chat_id)
        with self._ground.act():
            self._ground.change(replace(room, pinned=()))

    def _manageable(self, chat_id: int) -> Room:
        room = self._ground.rooms.reach(chat_id)
        # A permission that a group gives to all its members is never a bot's: it must be an administrator.
        if room.type != "private" and not (room.bot in RULING and room.bot_pins):
            raise Refused("not enough rights to manage pinned messages in the chat")
        return room
