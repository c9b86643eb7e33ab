"""The Bot API's objects that tell who somebody is in a chat, and what a chat is."""

from __future__ import annotations

from typing import Final

from bot.playground.chats.models import Chat, ChatMember, bot_user
from bot.playground.storage import Json

_RIGHTS: Final = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
)
_NO_RIGHTS: Final = (
    "can_promote_members",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_send_welcome_messages",
    "can_manage_topics",
)
_PERMISSIONS: Final = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_invite_users",
)
_BARRED: Final = {"can_change_info": False, "can_manage_topics": False}
_GIFTS: Final = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def chat_member(user: Json, status: str, *, is_anonymous: bool = False, pins: bool = True) -> Json:
    """Return a user's standing as a ChatMember; `pins` counts for administrators and where one is restricted."""
    member = {"user": user, "status": status}
    if status == "restricted":
        rights = dict.fromkeys(_PERMISSIONS, False) | _BARRED | {"can_pin_messages": pins}
        return member | rights | {"is_member": True, "until_date": 0}
    if status == "creator":
        return member | {"is_anonymous": is_anonymous}
    if status == "administrator":
        rights = dict.fromkeys(_RIGHTS, True) | dict.fromkeys(_NO_RIGHTS, False) | {"can_pin_messages": pins}
        return member | {"can_be_edited": False, "is_anonymous": is_anonymous} | rights
    return member | ({"until_date": 0} if status == "kicked" else {})


def bot_member(chat: Chat, bot_id: int) -> Json:
    """Return the bot's own standing."""
    is_muted = chat.bot == "member" and not chat.bot_writes
    pins = chat.bot_pins and not is_muted
    return chat_member(bot_user(bot_id), "restricted" if is_muted else chat.bot, pins=pins)


def person_member(member: ChatMember) -> Json:
    """Return a person's standing."""
    return chat_member(member.person.user(), member.status, is_anonymous=member.is_anonymous)


def full_info(chat: Chat, pinned: Json | None) -> Json:
    """Return a chat as a ChatFullInfo, with the newest of its pinned messages."""
    info = chat.to_json() | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(_GIFTS, False),
    }
    if chat.type != "private":
        info["permissions"] = dict.fromkeys(_PERMISSIONS, True) | _BARRED | {"can_pin_messages": True}
    return info | ({"pinned_message": pinned} if pinned else {})
