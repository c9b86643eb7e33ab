"""What is read of an answer of the Bot API, in the library's shape; all else is left out before it is parsed."""

from __future__ import annotations

from inspect import signature
from typing import Any, Final

from telegram import ChatMember, ChatMemberAdministrator, ChatMemberBanned, ChatMemberOwner, ChatMemberRestricted
from telegram.error import NetworkError

_UNREAD: Final = {
    status: dict.fromkeys(signature(kind).parameters.keys() - {"user", "api_kwargs"}, False)
    for status, kind in (
        (ChatMember.OWNER, ChatMemberOwner),
        (ChatMember.ADMINISTRATOR, ChatMemberAdministrator),
        (ChatMember.RESTRICTED, ChatMemberRestricted),
        (ChatMember.BANNED, ChatMemberBanned),
    )
}
"""What the library requires of a member of each status, and nobody reads."""

_POLL_SETTINGS: Final = dict.fromkeys(
    ("is_closed", "is_anonymous", "allows_multiple_answers", "allows_revoting", "members_only"), False
)


def read_part(endpoint: str, chat_id: object, result: Any) -> Any:
    """Return what is read of a result; what the library requires beside it is empty.

    Args:
        endpoint: the method's name in the Bot API.
        chat_id: the chat that was spoken of.
        result: the result, as JSON has it.

    Raises:
        NetworkError: where what was asked for is not in it.
        KeyError, TypeError, ValueError: where a message was sent and its number is not in it.
    """
    if endpoint.startswith("edit"):
        return True
    if endpoint == "stopPoll":
        return _poll("")
    if endpoint.startswith("send") and result is not True:
        return _message(chat_id, result)
    reader = _READERS.get(endpoint)
    if reader is None:
        return result
    try:
        return reader(result)
    except (AttributeError, KeyError, TypeError, ValueError):
        failure = NetworkError("the answer has not what was asked for")
    raise failure


def _message(chat_id: object, sent: Any) -> dict[str, Any]:
    """Return a message by its number, and the number of its poll."""
    message = {"message_id": int(sent["message_id"]), "date": 0, "chat": {"id": chat_id, "type": ""}}
    return message | ({"poll": _poll(str(sent["poll"]["id"]))} if "poll" in sent else {})


def _poll(poll_id: str) -> dict[str, Any]:
    return {"id": poll_id, "question": "", "options": [], "total_voter_count": 0, "type": "", **_POLL_SETTINGS}


def _user(user: Any) -> dict[str, Any]:
    names = {key: user[key] for key in ("first_name", "last_name", "username") if isinstance(user.get(key), str)}
    return {"id": int(user["id"]), "is_bot": bool(user.get("is_bot")), "first_name": "", **names}


def _member(member: Any) -> dict[str, Any]:
    read = {key: member[key] for key in ("is_anonymous", "is_member") if key in member}
    status = str(member["status"])
    return _UNREAD.get(status, {}) | read | {"status": status, "user": _user(member["user"])}


def _webhook(info: Any) -> dict[str, Any]:
    failed_at = info.get("last_error_date")
    read = {"url": str(info["url"]), "has_custom_certificate": False, "pending_update_count": 0}
    return read | ({"last_error_date": failed_at} if isinstance(failed_at, int) else {})


_READERS: Final = {"getMe": _user, "getChatMember": _member, "getWebhookInfo": _webhook}
