"""Takes an update apart: what is needed is kept as a letter; names, texts and everything else never reach the disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import orjson
from telegram.constants import ChatType

from bot.conversation import COMMANDS
from bot.desk import Letter

KINDS: Final = ("message", "callback_query")
"""The kinds of update that are asked for."""

UNKNOWN: Final = "unknown"
"""Stands for a command that is none of ours: what was written after the slash is nobody's business."""

PRIVATE: Final = ChatType.PRIVATE.value

LARGEST: Final = 2**63
"""Ids are below this: a database keeps no larger one."""

MOST_DATA: Final = 80
"""Characters of callback data that are looked at; more than Telegram carries is none of ours."""

_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]{1,64})?(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is needed of an update, and all that is kept of it.

    Attributes:
        who: the number of the person.
        chat: the number of the chat; the person's where the tapped message is not known any more.
        private: whether it is a private chat.
        query: the callback query of a tap; empty for a message.
        card: the message that was tapped; None where it is not known any more.
        data: the callback data of a tap, the bare command of a message; empty for a message that is none.
    """

    who: int
    chat: int
    private: bool
    query: str
    card: int | None
    data: str

    def body(self) -> str:
        """Write it for a letter."""
        return orjson.dumps((self.who, self.chat, self.private, self.query, self.card, self.data)).decode()


class Unreadable(Exception):
    """An update that is not shaped as the Bot API says; it bears its id, never its body."""

    def __init__(self, update_id: int) -> None:
        """Take the id."""
        super().__init__(f"update {update_id} cannot be read")
        self.update_id = update_id


def arrival_in(letter: Letter) -> Arrival:
    """Read what a letter keeps of its update.

    Raises:
        Unreadable: where nothing was kept, since it could not be read when it came.
    """
    if not letter.body:
        raise Unreadable(letter.update_id)
    return Arrival(*orjson.loads(letter.body))


def letter_of(update: dict[str, Any]) -> Letter | None:
    """Reduce an update to a letter; None where there is nothing to answer.

    Raises:
        Unreadable: where the update is misshapen.
    """
    update_id: int = update["update_id"]
    try:
        arrival = _tapped(update["callback_query"]) if "callback_query" in update else _written(update.get("message"))
        return Letter(update_id, str(arrival.chat), arrival.body()) if arrival else None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise Unreadable(update_id) from None


def update_id_of(update: object) -> int | None:
    """Give the id of what was received as an update; None where it bears none that can be kept."""
    found = update.get("update_id") if isinstance(update, dict) else None
    return found if type(found) is int and 0 <= found < LARGEST else None


def query_id_of(update: object) -> str | None:
    """Give the id of the callback query in an update, whatever else is wrong with it."""
    query = update.get("callback_query") if isinstance(update, dict) else None
    found = query.get("id") if isinstance(query, dict) else None
    return found if isinstance(found, str) else None


def _tapped(query: dict[str, Any]) -> Arrival:
    who = int(query["from"]["id"])
    data = str(query.get("data", ""))[:MOST_DATA]
    message = query.get("message")
    if not message:
        return Arrival(who, who, True, str(query["id"]), None, data)  # noqa: FBT003 - as read
    chat = message["chat"]
    return Arrival(who, int(chat["id"]), chat["type"] == PRIVATE, str(query["id"]), _number(message), data)


def _written(message: dict[str, Any] | None) -> Arrival | None:
    if message is None or "from" not in message:
        return None
    _number(message)
    chat = message["chat"]
    command = _COMMAND.match(str(message.get("text", "")))
    named = command[1].lower() if command else ""
    said = named if named in COMMANDS or not command else UNKNOWN
    return Arrival(int(message["from"]["id"]), int(chat["id"]), chat["type"] == PRIVATE, "", None, said)


def _number(message: dict[str, Any]) -> int:
    """Read a message's number.

    Raises:
        ValueError: for one that a database cannot keep.
    """
    number = int(message["message_id"])
    if not 0 <= number < LARGEST:
        raise ValueError
    return number
