"""Parses an update: what is needed is stored in the inbox; names, texts and everything else never reach the disk."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import orjson
from telegram.constants import ChatType, MessageAttachmentType

from bot.service.case_store import place_of
from bot.service.commands import GROUP_COMMANDS, NO_TEXT, OWN_CARD, PRIVATE_COMMANDS
from bot.service.links.read_links import TO_CASE, TO_PAGE
from bot.service.ports import InboxUpdate
from bot.service.replies import NoteInput
from bot.telegram.updates.fingerprint import fingerprint_of
from flows.export.start_payload import SCOPE_PATTERN

KINDS: Final = ("message", "edited_message", "callback_query", "poll_answer", "poll", "my_chat_member", "inline_query")
"""The kinds of update that are asked for."""

KNOWN: Final = frozenset((*PRIVATE_COMMANDS, *GROUP_COMMANDS))

UNKNOWN: Final = "unknown"
"""Stands for a command that is none of ours: what was written after the slash is nobody's business."""

BEGINNING: Final = ("case", "new")
"""Commands that begin a case; a line behind one is read as a note."""

PRIVATE: Final = ChatType.PRIVATE.value

CONTENT: Final = frozenset([*map(str, MessageAttachmentType), "checklist"]) - {"passport_data", "successful_payment"}
"""What somebody sends in place of a text. By whatever else stands in a message Telegram tells something, and nobody
waits for an answer."""

LARGEST: Final = 2**63
"""Ids are below this: a database keeps no larger one."""

MOST_DATA: Final = 80
"""Characters of callback data that are looked at; more than Telegram carries is none of ours."""

_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+([A-Za-z0-9_-]{1,64})\s*$|\s|$)")
_PAYLOAD: Final = re.compile(
    f"case|[a-z0-9]{{1,16}}-[0-9]{{1,12}}-[0-9a-f]{{24}}|p1[0-9a-f]{{5}}[a-z-]{{6}}|{TO_CASE}|{TO_PAGE}"
    f"|p2[0-9a-f]{{5}}[a-z-]{{6}}{SCOPE_PATTERN}"
)
"""What the bot's own links bear; what somebody writes behind /start is nobody's business."""

_MENTION: Final = re.compile(r"@([A-Za-z0-9_]{1,64})\s+/?([A-Za-z0-9_]{1,32})\s*$")
ANONYMOUS_SENDERS: Final = (1087968824, 136817688, 777000)
"""The numbers Telegram gives to who writes as a group, as a channel, and to what a linked channel posts."""

_OUT: Final = ("left", "kicked")


class UpdateKind(StrEnum):
    """What an update tells."""

    message = ""
    edited = "edited"
    tap = "tap"
    vote = "vote"
    poll = "poll"
    migrated = "moved"
    bot_added = "joined"
    bot_removed = "left"


@dataclass(frozen=True, slots=True)
class ParsedUpdate:
    """What is needed of an update, and all that is kept of it.

    Attributes:
        user_id: the number of the person.
        chat: the number of the chat; the person's where the tapped message is not known any more.
        is_private: whether it is a private chat.
        query: the callback query of a tap; empty for a message.
        message_id: the message that was tapped; None where it is not known any more.
        data: the callback data of a tap, the bare command of a message; empty for a note in a private chat;
            the id of the poll of a vote, or of one that got its first vote.
        argument: what follows a command in a link; the numbers of the answers of a vote; the mark of a poll's
            question; the number of the chat that a group has become.
        thread_id: the topic of a forum; 0 where the chat has none.
        is_anonymous: whether somebody writes as the group, as a channel or as a bot.
        bears: whether the message that was tapped shows this very button, as Telegram has it.
        note: what was read of a typed note, codes alone; None where there is none.
    """

    user_id: int
    chat: int
    is_private: bool
    query: str
    message_id: int | None
    data: str
    kind: UpdateKind = UpdateKind.message
    argument: str = ""
    thread_id: int = 0
    is_anonymous: bool = False
    bears: bool = False
    note: NoteInput | None = field(default=None, kw_only=True)

    def to_json(self) -> str:
        """Write it for the inbox, which keeps the note in columns of its own."""
        person = (self.user_id, self.chat, self.is_private, self.query, self.message_id, self.data)
        return orjson.dumps(
            (*person, self.kind, self.argument, self.thread_id, self.is_anonymous, self.bears)
        ).decode()

    @property
    def place(self) -> str:
        """The chat, or the topic of it: a place of its own."""
        return place_of(str(self.chat), self.thread_id)


class Unreadable(Exception):
    """An update that is not shaped as the Bot API says; it bears its id, never its body."""

    def __init__(self, update_id: int) -> None:
        """Store the id."""
        super().__init__(f"update {update_id} cannot be read")
        self.update_id = update_id


NoteParser = Callable[[int, dict[str, Any]], NoteInput | None]


def ignore_note(_: int, __: dict[str, Any]) -> None:
    """Ignore what is typed."""


def from_inbox(inbox_update: InboxUpdate) -> ParsedUpdate:
    """Read what the inbox keeps of an update.

    Raises:
        Unreadable: where nothing was kept, since it could not be read when it came.
    """
    if not inbox_update.payload:
        raise Unreadable(inbox_update.update_id)
    return ParsedUpdate(*orjson.loads(inbox_update.payload), note=inbox_update.note)


def to_inbox(update: dict[str, Any], username: str = "", hear: NoteParser = ignore_note) -> InboxUpdate | None:
    """Reduce an update to what the inbox keeps; None where there is nothing to answer.

    Args:
        update: the update, as JSON has it.
        username: the bot's own; a command that names another bot is not for this one.
        hear: takes the update's id and a message that holds a note, without the command before it; gives what is
            taken in of it.

    Raises:
        Unreadable: where the update is misshapen.
    """
    update_id: int = update["update_id"]
    try:
        parsed_update = _parse(update, username)
        if parsed_update and parsed_update.kind in (UpdateKind.message, UpdateKind.edited):
            message = update["message"] if parsed_update.kind == UpdateKind.message else update["edited_message"]
            note = _note_in(message)
            if not parsed_update.data or (parsed_update.data in BEGINNING and note.strip()):
                parsed_update = replace(parsed_update, note=hear(update_id, message | {"text": note}))
        return _inbox_update(update, parsed_update) if parsed_update else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise Unreadable(update_id) from None


def _inbox_update(update: dict[str, Any], parsed_update: ParsedUpdate) -> InboxUpdate:
    """Return what is kept of an update."""
    fingerprint = fingerprint_of(update)
    return InboxUpdate(
        update["update_id"],
        str(parsed_update.chat),
        parsed_update.to_json(),
        fingerprint=fingerprint,
        note=parsed_update.note,
    )


def update_id_of(update: object) -> int | None:
    """Return the id of what was received as an update; None where it bears none that can be kept."""
    found = update.get("update_id") if isinstance(update, dict) else None
    return found if type(found) is int and 0 <= found < LARGEST else None


def query_id_of(update: object) -> str | None:
    """Return the id of the callback query in an update, whatever else is wrong with it."""
    query = update.get("callback_query") if isinstance(update, dict) else None
    found = query.get("id") if isinstance(query, dict) else None
    return found if isinstance(found, str) else None


def _parse(update: dict[str, Any], username: str) -> ParsedUpdate | None:
    """Read the kind of update it is."""
    if "callback_query" in update:
        return _parse_tap(update["callback_query"])
    if "poll_answer" in update:
        return _parse_vote(update["poll_answer"])
    if "poll" in update:
        return _parse_poll(update["poll"])
    if "my_chat_member" in update:
        return _parse_membership(update["my_chat_member"])
    if "edited_message" in update:
        return _edited(update["edited_message"], username)
    return _parse_message(update.get("message"), username)


def _parse_tap(query: dict[str, Any]) -> ParsedUpdate:
    user_id = int(query["from"]["id"])
    data = str(query.get("data", ""))[:MOST_DATA]
    message = query.get("message")
    if not message:
        return ParsedUpdate(user_id, user_id, True, str(query["id"]), None, data, UpdateKind.tap)  # noqa: FBT003 - as read
    chat, private = _chat(message)
    tapped = ParsedUpdate(user_id, chat, private, str(query["id"]), _number(message), data, UpdateKind.tap)
    masked = _is_anonymous(query["from"])
    return replace(tapped, thread_id=_topic(message), is_anonymous=masked, bears=data in _buttons(message))


def _parse_vote(answer: dict[str, Any]) -> ParsedUpdate | None:
    """Read a vote; who votes as a channel or as the group is nobody, though Telegram puts a user in its place."""
    if "user" not in answer or "voter_chat" in answer or _is_anonymous(answer["user"]):
        return None
    user_id, numbers = int(answer["user"]["id"]), ",".join(str(int(number)) for number in answer["option_ids"])
    return ParsedUpdate(user_id, user_id, False, "", None, str(int(answer["poll_id"])), UpdateKind.vote, numbers)  # noqa: FBT003


def _parse_poll(poll: dict[str, Any]) -> ParsedUpdate | None:
    """Read that a poll got its first vote; it bears neither a chat nor a person."""
    if poll["is_closed"] or poll["total_voter_count"] != 1:
        return None
    asked = question_fingerprint(str(poll["question"]))
    return ParsedUpdate(0, 0, False, "", None, str(int(poll["id"])), UpdateKind.poll, asked)  # noqa: FBT003 - as read


def question_fingerprint(question: str) -> str:
    """Return a short mark by which the question of a poll is known again, without its words."""
    return hashlib.sha256(question.encode()).hexdigest()[:16]


def _parse_membership(change: dict[str, Any]) -> ParsedUpdate | None:
    """Read that the bot came to a group, or had to leave it."""
    chat, private = _chat(change)
    if private:
        return None
    out, was_out = (change[side]["status"] in _OUT for side in ("new_chat_member", "old_chat_member"))
    if out is was_out:
        return None
    kind = UpdateKind.bot_removed if out else UpdateKind.bot_added
    return ParsedUpdate(int(change["from"]["id"]), chat, False, "", None, "", kind)  # noqa: FBT003 - as read


def _parse_message(message: dict[str, Any] | None, username: str) -> ParsedUpdate | None:
    """Read a message: a command, or in private anything; in a group nothing else is listened to.

    What the bot offered inline, and somebody sent, is its own word: it is no note.
    """
    if message is None or "from" not in message or _own(message.get("via_bot", {}), username):
        return None
    _number(message)
    chat, private = _chat(message)
    user_id, topic, masked = (
        int(message["from"]["id"]),
        _topic(message),
        _is_anonymous(message["from"]) or "sender_chat" in message,
    )
    if "migrate_to_chat_id" in message:
        new = str(int(message["migrate_to_chat_id"]))
        return ParsedUpdate(user_id, chat, private, "", None, "", UpdateKind.migrated, new)
    if "migrate_from_chat_id" in message:
        old = int(message["migrate_from_chat_id"])
        return ParsedUpdate(user_id, old, private, "", None, "", UpdateKind.migrated, str(chat))
    command, argument = _command(str(message.get("text", "")), username, private=private)
    data = _in_private(message, command, username) if private else command or None
    if data is None:
        return None
    return ParsedUpdate(user_id, chat, private, "", None, data, UpdateKind.message, argument, topic, masked)


def _in_private(message: dict[str, Any], command: str, username: str) -> str | None:
    """Return what a message in a private chat is: a command, or what stands in place of one; empty for a note.

    None for one in which Telegram tells something: a message was pinned, a timer set, a background chosen.
    """
    if _own(message.get("forward_origin", {}).get("sender_user", {}), username):
        return OWN_CARD
    if "text" not in message:
        return None if CONTENT.isdisjoint(message) else NO_TEXT
    return "" if command in BEGINNING and _note_in(message).strip() else command


def _edited(message: dict[str, Any], username: str) -> ParsedUpdate | None:
    """Read that somebody changed a message: in private any that was a text, in a group a command that begins a case.

    A place on the map that moves is changed every few seconds; it was never a text.
    """
    update = None if "location" in message else _parse_message(message, username)
    if update is None or update.kind != UpdateKind.message or not (update.is_private or update.data in BEGINNING):
        return None
    return replace(update, kind=UpdateKind.edited, data="", argument="")


def _note_in(message: dict[str, Any]) -> str:
    """Return the text of a message with blanks for the command that begins a case; nothing of any other command."""
    text = str(message.get("text", ""))
    command = _COMMAND.match(text)
    if command is None:
        return text
    end = command.end(2) if command[2] else command.end(1)
    return " " * end + text[end:] if command[1].lower() in BEGINNING else ""


def _command(text: str, username: str, *, private: bool) -> tuple[str, str]:
    """Read the command in a text, with what a link put behind it; nothing where it is for another bot."""
    mentioned = None if private else _MENTION.match(text)
    if mentioned and username and mentioned[1].lower() == username.lower():
        named = mentioned[2].lower()
        return (named, "") if named in KNOWN else ("", "")
    command = _COMMAND.match(text)
    if command is None or (command[2] and username and command[2].lower() != username.lower()):
        return "", ""
    named = command[1].lower()
    payload = command[3] or ""
    ours = named == "start" and _PAYLOAD.fullmatch(payload)
    return (named, payload if ours else "") if named in KNOWN else (UNKNOWN, "")


def _chat(message: dict[str, Any]) -> tuple[int, bool]:
    """Read the number of a chat, and whether it is private."""
    chat = message["chat"]
    return int(chat["id"]), chat["type"] == PRIVATE


def _topic(message: dict[str, Any]) -> int:
    """Read the topic of a forum; a thread of replies is none."""
    return int(message["message_thread_id"]) if message.get("is_topic_message") else 0


def _buttons(message: dict[str, Any]) -> list[object]:
    """Read what the buttons of a message bear; nothing where Telegram does not show them."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", ())
    return [button.get("callback_data") for row in rows for button in row]


def _is_anonymous(user: dict[str, Any]) -> bool:
    """Return whether somebody writes as somebody else."""
    return bool(user.get("is_bot")) or user["id"] in ANONYMOUS_SENDERS


def _own(user: dict[str, Any], username: str) -> bool:
    """Return whether a user is this bot."""
    return bool(username) and str(user.get("username", "")).lower() == username.lower()


def _number(message: dict[str, Any]) -> int:
    """Read a message's number.

    Raises:
        ValueError: for one that a database cannot keep.
    """
    number = int(message["message_id"])
    if not 0 <= number < LARGEST:
        raise ValueError
    return number
