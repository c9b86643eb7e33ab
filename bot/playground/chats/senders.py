"""Who stands as the sender of a message, and where in a chat it stands: its topic, its thread, what it replies to."""

from __future__ import annotations

from typing import Final

from bot.playground.chats.models import ANONYMOUS, CHANNEL, Chat, ChatMember
from bot.playground.errors import ApiError
from bot.playground.storage import Json

_CHANNEL_ID: Final = -1003000000001


def sender_of(chat: Chat, member: ChatMember, channel: str = "") -> Json:
    """Return the fields of a message that say who wrote it.

    Args:
        chat: where it is written.
        member: who writes.
        channel: the title of the person's channel, where it is written in its name.
    """
    if channel:
        return {"from": CHANNEL, "sender_chat": {"id": _CHANNEL_ID, "type": "channel", "title": channel}}
    if member.is_anonymous:
        return {"from": ANONYMOUS, "sender_chat": chat.to_json()}
    return {"from": member.person.user()}


def place_in(chat: Chat, thread: int, replied: Json | None) -> Json:
    """Return the fields of a message that say where it stands.

    A reply in a supergroup carries the number of the message that began the exchange as `message_thread_id`, without
    being in a topic.

    Args:
        chat: the chat.
        thread: the topic that is asked for, 0 where none is.
        replied: the message that is answered.

    Raises:
        ApiError: there is no such topic.
    """
    quoted = {"reply_to_message": without_reply(replied)} if replied else {}
    if not thread and replied and replied.get("is_topic_message"):
        thread = replied["message_thread_id"]
    if chat.type == "supergroup" and not chat.is_forum:
        thread = 0  # Telegram passes over it there
    if thread and not (chat.is_forum and any(topic.id == thread for topic in chat.topics)):
        raise ApiError("message thread not found")
    if thread:
        return {"message_thread_id": thread, "is_topic_message": True} | quoted
    if replied and chat.type == "supergroup" and not chat.is_forum:
        return {"message_thread_id": replied.get("message_thread_id", replied["message_id"])} | quoted
    return quoted


def without_reply(message: Json) -> Json:
    """Return a message as another one quotes it: what it answers itself is left out."""
    return {key: value for key, value in message.items() if key not in ("reply_to_message", "pinned_message")}


def origin_of(message: Json) -> Json:
    """Return the fields of a forwarded copy that say who wrote the message first, and when."""
    if "forward_origin" in message:
        return {"forward_origin": message["forward_origin"]}
    date = {"date": message["date"]}
    if "sender_chat" in message:
        return {"forward_origin": {"type": "chat", "sender_chat": message["sender_chat"]} | date}
    return {"forward_origin": {"type": "user", "sender_user": message["from"]} | date}
