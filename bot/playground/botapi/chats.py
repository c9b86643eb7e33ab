"""The methods that ask about chats and their members, and that pin."""

from __future__ import annotations

from typing import Final

from bot.playground.botapi.method import Result, Table, chat_of, message_of
from bot.playground.chats.members import administrators_of, bot_member, count_of, full_info, person_member
from bot.playground.chats.models import ChatMember
from bot.playground.errors import ApiError
from bot.playground.params import Params
from bot.playground.world.world import FakeTelegram

_ACTIONS: Final = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)  # fmt: skip - a list of words


def _get_chat(world: FakeTelegram, params: Params) -> Result:
    chat = world.chats.read(chat_of(params))
    return full_info(chat, world.messages.get(chat.id, chat.pinned[-1]) if chat.pinned else None)


def _get_chat_member(world: FakeTelegram, params: Params) -> Result:
    chat, user_id = world.chats.reach(chat_of(params)), params.number("user_id")
    if user_id <= 0:
        raise ApiError("invalid user_id specified")
    if user_id == world.bot_id:
        return bot_member(chat, world.bot_id)
    strangers = (ChatMember(each, "left") for each in world.chats.people() if each.id == user_id)
    member = chat.member(user_id) or next(strangers, None)
    if member is None:
        raise ApiError("user not found")
    return person_member(member)


def _get_chat_administrators(world: FakeTelegram, params: Params) -> Result:
    return administrators_of(world.chats.reach(chat_of(params)), world.bot_id)


def _get_chat_member_count(world: FakeTelegram, params: Params) -> Result:
    return count_of(world.chats.reach(chat_of(params)))


def _leave_chat(world: FakeTelegram, params: Params) -> Result:
    world.admin.leave_as_bot(chat_of(params))
    return True


def _pin(world: FakeTelegram, params: Params) -> Result:
    world.pins.pin(chat_of(params), message_of(params))
    return True


def _unpin(world: FakeTelegram, params: Params) -> Result:
    world.pins.unpin(chat_of(params), params.number("message_id"))
    return True


def _unpin_all(world: FakeTelegram, params: Params) -> Result:
    world.pins.unpin_all(chat_of(params))
    return True


def _set_message_reaction(world: FakeTelegram, params: Params) -> Result:
    world.reactions.set(chat_of(params), message_of(params), params.array("reaction") or [])
    return True


def _send_chat_action(world: FakeTelegram, params: Params) -> Result:
    action = params.text("action")
    if action not in _ACTIONS:
        raise ApiError("wrong parameter action in request")
    world.tell("action", {"chat_id": world.chats.reach(chat_of(params)).id, "action": action})
    return True


CHAT_METHODS: Final[Table] = (
    ("getChat", _get_chat, "chat_id"),
    ("getChatMember", _get_chat_member, "chat_id user_id"),
    ("getChatAdministrators", _get_chat_administrators, "chat_id"),
    ("getChatMemberCount", _get_chat_member_count, "chat_id"),
    ("leaveChat", _leave_chat, "chat_id"),
    ("pinChatMessage", _pin, "chat_id message_id disable_notification"),
    ("unpinChatMessage", _unpin, "chat_id message_id"),
    ("unpinAllChatMessages", _unpin_all, "chat_id"),
    ("setMessageReaction", _set_message_reaction, "chat_id message_id reaction is_big"),
    ("sendChatAction", _send_chat_action, "chat_id action message_thread_id"),
)
"""These methods."""
