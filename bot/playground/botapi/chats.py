"""The methods that ask about chats and their members, and that pin."""

from __future__ import annotations

from typing import Final

from bot.playground.botapi.method import Result, Table, chat_of, message_of
from bot.playground.chats.members import bot_member, full_info, person_member
from bot.playground.chats.models import ChatMember
from bot.playground.errors import ApiError
from bot.playground.params import Params
from bot.playground.world.world import FakeTelegram


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


def _pin(world: FakeTelegram, params: Params) -> Result:
    world.pins.pin(chat_of(params), message_of(params))
    return True


def _unpin(world: FakeTelegram, params: Params) -> Result:
    world.pins.unpin(chat_of(params), params.number("message_id"))
    return True


CHAT_METHODS: Final[Table] = (
    ("getChat", _get_chat, "chat_id"),
    ("getChatMember", _get_chat_member, "chat_id user_id"),
    ("pinChatMessage", _pin, "chat_id message_id disable_notification"),
    ("unpinChatMessage", _unpin, "chat_id message_id"),
)
"""These methods."""
