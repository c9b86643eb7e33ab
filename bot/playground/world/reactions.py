"""The bot's reactions to messages: one of Telegram's emoji for a message, or none."""

from __future__ import annotations

from typing import Any, Final

from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.world.state import ServerState

_KNOWN: Final = (
    "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 "
    "🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 "
    "🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ "
    "💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡 "
)
EMOJI: Final = frozenset(_KNOWN.split())
"""What Telegram lets one react with, without the sign that asks for the colourful form."""

_COLOURFUL: Final = "\ufe0f"


class Reactions:
    """What the bot thinks of messages."""

    def __init__(self, state: ServerState) -> None:
        """Stand on the ground of the world."""
        self._state = state

    def set(self, chat_id: int, message_id: int, reaction: list[Any]) -> None:
        """Record the bot's reaction to a message; an empty list takes the reaction back.

        Raises:
            ApiError: the message is not there, or this is no reaction of a bot.
        """
        chat = self._state.chats.reach(chat_id)
        if self._state.messages.get(chat.id, message_id) is None:
            raise ApiError("message to react not found")
        if len(reaction) > 1:
            raise ApiError("REACTIONS_TOO_MANY")
        emoji = "".join(map(_emoji, reaction))
        with self._state.act():
            self._state.disk.put("reaction", chat.id, message_id, {"emoji": emoji})
            self._state.note("reaction", {"chat_id": chat.id, "message_id": message_id, "emoji": emoji})

    def of(self, message: Json) -> str:
        """Return the emoji at a message; empty where there is none."""
        kept = self._state.disk.get("reaction", message["chat"]["id"], message["message_id"])
        return kept["emoji"] if kept else ""


def _emoji(reaction: Any) -> str:
    match reaction:
        case {"type": "emoji", "emoji": str(emoji)} if emoji.replace(_COLOURFUL, "") in EMOJI:
            return emoji
        case _:
            raise ApiError("REACTION_INVALID")
