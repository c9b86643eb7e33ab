"""Takes an update apart: what is needed is kept as a letter; names, texts and everything else never reach the disk."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from bot.desk import Letter

KINDS: Final = ("message", "callback_query")
"""The kinds of update that are asked for."""

LARGEST: Final = 2**63
"""Ids are below this: a database keeps no larger one."""

MOST_DATA: Final = 80
"""Characters of callback data that are looked at; more than Telegram carries is none of ours."""

_Fields = dict[str, Any]

_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]{1,64})?(?:\s|$)")


class Unreadable(Exception):
    """An update that is not shaped as the Bot API says; it bears its id, never its body."""

    def __init__(self, update_id: int) -> None:
        """Take the id."""
        super().__init__(f"update {update_id} cannot be read")
        self.update_id = update_id


def letter_of(update: dict[str, Any]) -> Letter | None:
    """Reduce an update to a letter; None where there is nothing to answer.

    Raises:
        Unreadable: where the update is misshapen.
    """
    update_id: int = update["update_id"]
    try:
        reduced = _reduced(update)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unreadable(update_id) from None
    if reduced is None:
        return None
    lane, content = reduced
    return Letter(update_id, lane, orjson.dumps({"update_id": update_id, **content}).decode())


def update_id_of(update: object) -> int | None:
    """Give the id of what was received as an update; None where it bears none that can be kept."""
    found = update.get("update_id") if isinstance(update, dict) else None
    return found if type(found) is int and 0 <= found < LARGEST else None


def query_id_of(update: object) -> str | None:
    """Give the id of the callback query in an update, whatever else is wrong with it."""
    query = update.get("callback_query") if isinstance(update, dict) else None
    found = query.get("id") if isinstance(query, dict) else None
    return found if isinstance(found, str) else None


def _reduced(update: _Fields) -> tuple[str, _Fields] | None:
    if "callback_query" in update:
        query = update["callback_query"]
        message = query.get("message")
        tapped = _Fields(id=str(query["id"]), chat_instance="") | {"from": _person(query["from"])}
        if "data" in query:
            tapped["data"] = str(query["data"])[:MOST_DATA]
        if message:
            tapped["message"] = _message(message)
        return str((message["chat"] if message else query["from"])["id"]), {"callback_query": tapped}
    message = update.get("message")
    if message is None or "from" not in message:
        return None
    written = _message(message) | {"from": _person(message["from"])}
    command = _COMMAND.match(str(message.get("text", "")))
    if command:
        written["text"] = f"/{command[1].lower()}"
    return str(message["chat"]["id"]), {"message": written}


def _person(user: _Fields) -> _Fields:
    return {"id": int(user["id"]), "is_bot": bool(user["is_bot"]), "first_name": ""}


def _message(message: _Fields) -> _Fields:
    chat = message["chat"]
    if not 0 <= message["message_id"] < LARGEST:
        raise ValueError
    return {
        "message_id": int(message["message_id"]),
        "date": int(message["date"]),
        "chat": {"id": int(chat["id"]), "type": str(chat["type"])},
    }
