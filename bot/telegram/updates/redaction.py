"""What the inbox keeps of an update: Telegram's own JSON of ids, codes and bare commands; no name and no text.

An allow-list: what is not named here never reaches the disk. What the Bot API requires beside it is empty.
`telegram.Update.de_json` reads it back.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from telegram.constants import ChatMemberStatus, ChatType, MessageAttachmentType, MessageEntityType, PollType

from bot.service.commands import UNREADABLE
from bot.telegram.updates.commands import BEGINNING, bare_command, note_behind

Json = dict[str, Any]

REDACTED: Final = "…"
"""Stands for the text of a note, of which nothing is kept here; what was read of it stands beside it, as codes."""

LARGEST: Final = 2**63
"""Ids are below this: a database keeps no larger one."""

MOST_DATA: Final = 80
"""Characters of callback data that are looked at; more than Telegram carries is none of ours."""

CONTENT: Final = frozenset([*map(str, MessageAttachmentType), "checklist"]) - {"passport_data", "successful_payment"}
"""What somebody sends in place of a text. By whatever else stands in a message Telegram tells something, and nobody
waits for an answer."""

ANONYMOUS_SENDERS: Final = (1087968824, 136817688, 777000)
"""The numbers Telegram gives to who writes as a group, as a channel, and to what a linked channel posts."""

_MAY_BE_NOTES: Final = (REDACTED, *(f"/{name}" for name in BEGINNING))
_OUT: Final = (ChatMemberStatus.LEFT.value, ChatMemberStatus.BANNED.value)
_CHAT_TYPES: Final = (ChatType.PRIVATE.value, ChatType.GROUP.value, ChatType.SUPERGROUP.value)
_UNREAD_POLL: Final = {
    "options": [],
    "is_closed": False,
    "is_anonymous": False,
    "type": PollType.REGULAR.value,
    "allows_multiple_answers": False,
    "allows_revoting": False,
    "members_only": False,
}


def redact(update: Json, username: str = "") -> Json | None:
    """Return what is kept of an update; None where there is nothing to answer.

    Args:
        update: the update, as JSON has it.
        username: the bot's own; a command that names another bot is not for this one.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, OverflowError: where the update is misshapen.
    """
    for kind, reduced in _KINDS.items():
        if kind in update:
            body = reduced(update[kind], username)
            return None if body is None else {"update_id": update["update_id"], kind: body}
    return None


def question_fingerprint(question: str) -> str:
    """Return a short mark by which the question of a poll is known again, without its words."""
    return hashlib.sha256(question.encode()).hexdigest()[:16]


def command_text(name: str, argument: str = "") -> Json:
    """Return the text of a message that is a command, with the entity that marks it as one."""
    entity = {"type": MessageEntityType.BOT_COMMAND.value, "offset": 0, "length": len(name) + 1}
    return {"text": f"/{name} {argument}".rstrip(), "entities": [entity]}


def is_anonymous(user_id: int, *, is_bot: bool) -> bool:
    """Return whether somebody acts as somebody else: as the group, as a channel or as a bot."""
    return is_bot or user_id in ANONYMOUS_SENDERS


def _tap(query: Json, _: str) -> Json:
    """Keep a tap with its message, in a group with the button that was tapped, where it is there."""
    data = str(query.get("data", ""))[:MOST_DATA]
    kept = {"id": str(query["id"]), "from": _user(query["from"]), "chat_instance": "", "data": data}
    message = query.get("message")
    if not message:
        return kept
    shown = _where(message)
    borne = data in _buttons(message)
    if borne and shown["chat"]["type"] != ChatType.PRIVATE.value:
        shown["reply_markup"] = {"inline_keyboard": [[{"text": "", "callback_data": data}]]}
    return kept | {"message": shown}


def _vote(answer: Json, _: str) -> Json | None:
    """Keep a vote; who votes as a channel or as the group is nobody, though Telegram puts a user in its place."""
    if "user" not in answer or "voter_chat" in answer:
        return None
    user = _user(answer["user"])
    if is_anonymous(user["id"], is_bot=user["is_bot"]):
        return None
    numbers = [int(number) for number in answer["option_ids"]]
    return {"poll_id": str(int(answer["poll_id"])), "user": user, "option_ids": numbers, "option_persistent_ids": []}


def _poll(poll: Json, _: str) -> Json | None:
    """Keep that a poll got its first vote, with a mark of its question; it bears neither a chat nor a person."""
    if poll["is_closed"] or poll["total_voter_count"] != 1:
        return None
    asked = question_fingerprint(str(poll["question"]))
    return {"id": str(int(poll["id"])), "question": asked, "total_voter_count": 1, **_UNREAD_POLL}


def _membership(change: Json, _: str) -> Json | None:
    """Keep that the bot came to a group, or had to leave it."""
    chat = _chat(change["chat"])
    out, was_out = (change[side]["status"] in _OUT for side in ("new_chat_member", "old_chat_member"))
    if chat["type"] == ChatType.PRIVATE.value or out is was_out:
        return None
    came = {"old_chat_member": _member(out=was_out), "new_chat_member": _member(out=out)}
    return {"chat": chat, "from": _user(change["from"]), "date": 1, **came}


def _message(message: Json | None, username: str) -> Json | None:
    """Keep a message: a command, or in private anything; in a group nothing else is listened to.

    What the bot offered inline, and somebody sent, is its own word: it is no note.
    """
    if message is None or "from" not in message or _is_bot(message.get("via_bot", {}), username):
        return None
    kept = _where(message) | {"from": _user(message["from"])}
    if "sender_chat" in message:
        kept["sender_chat"] = _chat(message["sender_chat"])
    for move in ("migrate_to_chat_id", "migrate_from_chat_id"):
        if move in message:
            return kept | {move: int(message[move])}
    private = kept["chat"]["type"] == ChatType.PRIVATE.value
    if "web_app_data" in message:
        tapped = message["web_app_data"].get("data")
        return kept | _tapped_on_page(tapped) if private and isinstance(tapped, str) else None
    if private and _is_bot(message.get("forward_origin", {}).get("sender_user", {}), username):
        return kept | {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": ""}}
    if private and "text" not in message:
        return None if CONTENT.isdisjoint(message) else kept
    text = str(message.get("text", ""))
    name, argument = bare_command(text, username, private=private)
    if name in ("admit", "expel") and not argument:
        argument = _replied_to(message)
    if name and not (name in BEGINNING and note_behind(text).strip()):
        return kept | command_text(name, argument)
    return kept | {"text": REDACTED} if name or private else None


def _tapped_on_page(data: str) -> Json:
    """Keep the data of a tap on a page of the bot's."""
    return {"web_app_data": {"data": data[:MOST_DATA], "button_text": ""}}


def _replied_to(message: Json) -> str:
    """Return the person whose message a command is a reply to; empty where it is none, "?" where no person wrote it.

    In a private chat the person is who wrote what was forwarded there. Everything in a topic of a forum is a reply to
    what opened it, unless it is one to another message.
    """
    answered = message.get("reply_to_message")
    if not answered or (message.get("is_topic_message") and answered["message_id"] == message["message_thread_id"]):
        return ""
    author = answered.get("forward_origin", {}).get("sender_user")
    if message["chat"]["type"] != ChatType.PRIVATE.value:
        author = None if "sender_chat" in answered else answered.get("from")
    if not author or is_anonymous(int(author["id"]), is_bot=bool(author.get("is_bot"))):
        return UNREADABLE
    return str(int(author["id"]))


def _edited(message: Json, username: str) -> Json | None:
    """Keep that somebody changed a message: in private any that was a text, in a group a command that begins a case.

    A place on the map that moves is changed every few seconds; it was never a text.
    """
    kept = None if "location" in message else _message(message, username)
    if kept is None or "migrate_to_chat_id" in kept or "migrate_from_chat_id" in kept:
        return None
    if kept["chat"]["type"] != ChatType.PRIVATE.value and kept["text"] not in _MAY_BE_NOTES:
        return None
    return {key: value for key, value in kept.items() if key not in ("entities", "forward_origin")} | {
        "text": REDACTED
    }


_KINDS: Final = {
    "callback_query": _tap,
    "poll_answer": _vote,
    "poll": _poll,
    "my_chat_member": _membership,
    "edited_message": _edited,
    "message": _message,
}


def _where(message: Json) -> Json:
    """Keep the number of a message, its chat and the topic of a forum; a thread of replies is none."""
    number = int(message["message_id"])
    if not 0 <= number < LARGEST:
        raise ValueError
    # A date of 0 would say that Telegram does not know the message any more.
    kept: Json = {"message_id": number, "date": 1, "chat": _chat(message["chat"])}
    if message.get("is_topic_message"):
        kept |= {"message_thread_id": int(message["message_thread_id"]), "is_topic_message": True}
    return kept


def _chat(chat: Json) -> Json:
    """Keep the number of a chat and its type; what is no private chat is a group."""
    kind = chat["type"] if chat["type"] in _CHAT_TYPES else ChatType.GROUP.value
    return {"id": int(chat["id"]), "type": kind}


def _user(user: Json) -> Json:
    """Keep the number of a person, and whether it is a bot."""
    return {"id": int(user["id"]), "is_bot": bool(user.get("is_bot")), "first_name": ""}


def _member(*, out: bool) -> Json:
    """Keep whether the bot is in a chat."""
    status = ChatMemberStatus.LEFT if out else ChatMemberStatus.MEMBER
    return {"status": status.value, "user": {"id": 0, "is_bot": True, "first_name": ""}}


def _buttons(message: Json) -> list[object]:
    """Read what the buttons of a message bear; nothing where Telegram does not show them."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return [button.get("callback_data") for row in rows for button in row]


def _is_bot(user: Json, username: str) -> bool:
    """Return whether a user is this bot."""
    return bool(username) and str(user.get("username", "")).lower() == username.lower()
