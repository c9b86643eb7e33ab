"""Privacy mode: which messages of a group a bot is given."""

from __future__ import annotations

from typing import Final

from bot.playground.chats.models import ADMIN_STATUSES, BOT_USERNAME, Chat
from bot.playground.storage import Json

_SERVICE: Final = frozenset(
    (
        "new_chat_members",
        "left_chat_member",
        "pinned_message",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "forum_topic_created",
        "group_chat_created",
    )
)  # fmt: skip - a list of words


def reaches_bot(chat: Chat, message: Json, bot_id: int) -> bool:
    """Return whether the bot is given a message: an own one only where it is a service message."""
    if not _SERVICE.isdisjoint(message):
        return True
    if message["from"]["id"] == bot_id:
        return False
    if chat.type == "private" or chat.bot in ADMIN_STATUSES:
        return True
    replied = message.get("reply_to_message", {}).get("from", {}).get("id")
    return replied == bot_id or message.get("via_bot", {}).get("id") == bot_id or _is_command(message)


def _is_command(message: Json) -> bool:
    """Return whether a message begins with a command that is not another bot's."""
    begins = any(each["type"] == "bot_command" and not each["offset"] for each in message.get("entities", ()))
    _, _, whose = message.get("text", "").split(None, 1)[0].partition("@") if begins else ("", "", "?")
    return whose.lower() in ("", BOT_USERNAME)
