"""Pinned messages: what the bot pins and unpins, where it may."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.chats.models import ADMIN_STATUSES, Chat
from bot.playground.chats.senders import without_reply
from bot.playground.errors import ApiError
from bot.playground.world.state import ServerState


class Pins:
    """What hangs above the chats."""

    def __init__(self, state: ServerState) -> None:
        """Stand on the ground of the world."""
        self._state = state

    def pin(self, chat_id: int, message_id: int) -> None:
        """Pin a message for the bot; the chat says so.

        Raises:
            ApiError: the message is not there, or the bot has not the right.
        """
        chat = self._manageable(chat_id)
        message = self._state.messages.get(chat_id, message_id)
        if message is None:
            raise ApiError("message to pin not found")
        others = tuple(number for number in chat.pinned if number != message_id)
        topic = {key: message[key] for key in ("message_thread_id", "is_topic_message") if key in message}
        with self._state.act():
            self._state.change(replace(chat, pinned=(*others, message_id)))
            self._state.post(chat, {"from": self._state.me()}, {"pinned_message": without_reply(message)} | topic)

    def unpin(self, chat_id: int, message_id: int) -> None:
        """Unpin a message for the bot, the newest pinned one if the number is 0."""
        chat = self._manageable(chat_id)
        unpinned = message_id or (chat.pinned[-1] if chat.pinned else 0)
        if unpinned not in chat.pinned:
            raise ApiError("message to unpin not found")
        with self._state.act():
            self._state.change(replace(chat, pinned=tuple(each for each in chat.pinned if each != unpinned)))

    def _manageable(self, chat_id: int) -> Chat:
        chat = self._state.chats.reach(chat_id)
        # A permission that a group gives to all its members is never a bot's: it must be an administrator.
        if chat.type != "private" and not (chat.bot in ADMIN_STATUSES and chat.bot_pins):
            raise ApiError("not enough rights to manage pinned messages in the chat")
        return chat
