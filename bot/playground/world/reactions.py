"""The bot's reactions to messages: one of Telegram's emoji for a message, or none."""

from __future__ import annotations

from typing import Any, Final

from bot.playground.errors import Refused
from bot.playground.storage import Json
from bot.playground.world.state import Ground

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

    def __init__(self, ground: Ground) -> None:
        """Stand on the ground of the world."""
        self._ground = ground

    def set(self, chat_id: int, message_id: int, reaction: list[Any]) -> None:
        """Let the bot react to a message; an empty list takes the reaction back.

        Raises:
            Refused: the message is not there, or this is no reaction of a bot.
        """
        room = self._ground.rooms.reach(chat_id)
        if self._ground.messages.get(room.id, message_id) is None:
            raise Refused("message to react not found")
        if len(reaction) > 1:
            raise Refused("REACTIONS_TOO_MANY")
        emoji = "".join(map(_emoji, reaction))
        with self._ground.act():
            self._ground.disk.put("reaction", room.id, message_id, {"emoji": emoji})
            self._ground.note("reaction", {"chat_id": room.id, "message_id": message_id, "emoji": emoji})

    def of(self, message: Json) -> str:
        """Give the emoji at a message; empty where there is none."""
        kept = self._ground.disk.get("reaction", message["chat"]["id"], message["message_id"])
        return kept["emoji"] if kept else ""


def _emoji(reaction: Any) -> str:
    match reaction:
        case {"type": "emoji", "emoji": str(emoji)} if emoji.replace(_COLOURFUL, "") in EMOJI:
            return emoji
        case _:
            raise Refused("REACTION_INVALID")
