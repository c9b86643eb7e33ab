"""Between Telegram and the inbox: writes an update down, redacted, and reads it back as the library's `Update`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
from telegram import Bot, Update

from bot.service.ports import InboxUpdate
from bot.service.replies import NoteInput
from bot.telegram.updates.commands import note_in
from bot.telegram.updates.fingerprint import fingerprint_of
from bot.telegram.updates.redaction import LARGEST, REDACTED, Json, redact

KINDS: Final = ("message", "edited_message", "callback_query", "poll_answer", "poll", "my_chat_member", "inline_query")
"""The kinds of update that are asked for."""

WRITTEN: Final = ("message", "edited_message")
"""Those in which somebody writes."""


class Unreadable(Exception):
    """An update that is not shaped as the Bot API says; it bears its id, never its body."""

    def __init__(self, update_id: int) -> None:
        """Store the id."""
        super().__init__(f"update {update_id} cannot be read")
        self.update_id = update_id


NoteParser = Callable[[int, Json], NoteInput | None]


def ignore_note(_: int, __: Json) -> None:
    """Ignore what is typed."""


def to_inbox(update: Json, username: str = "", hear: NoteParser = ignore_note) -> InboxUpdate | None:
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
        kept = redact(update, username)
        if kept is None:
            return None
        kind, body = next((kind, body) for kind, body in kept.items() if kind != "update_id")
        note = None
        if body.get("text") == REDACTED:
            message = update[kind]
            note = hear(update_id, message | {"text": note_in(str(message.get("text", "")))})
        payload = orjson.dumps(kept).decode()
        return InboxUpdate(update_id, str(_chat_id(body)), payload, fingerprint=fingerprint_of(update), note=note)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise Unreadable(update_id) from None


def from_inbox(inbox_update: InboxUpdate, bot: Bot | None = None) -> Update:
    """Read an update back, as the library's.

    Raises:
        Unreadable: where nothing was kept, since it could not be read when it came, or in another shape.
    """
    kept = json_of(inbox_update)
    if not kept:
        raise Unreadable(inbox_update.update_id)
    return Update.de_json(kept, bot)


def inline_query_in(update: Json, bot: Bot | None = None) -> Update | None:
    """Read an inline query, of which nothing is kept; None where it is not shaped as the Bot API says."""
    try:
        query = update["inline_query"]
        asked = {"id": query["id"] + "", "query": str(query.get("query", "")), "offset": ""}
        sender = {"id": int(query["from"]["id"]), "is_bot": False, "first_name": ""}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return None
    return Update.de_json({"update_id": 0, "inline_query": asked | {"from": sender}}, bot)


def json_of(inbox_update: InboxUpdate) -> Json:
    """Return what the inbox keeps of an update as JSON; nothing where that is no update of this shape."""
    kept = orjson.loads(inbox_update.payload or "{}")
    return kept if isinstance(kept, dict) else {}


def update_id_of(update: object) -> int | None:
    """Return the id of what was received as an update; None where it bears none that can be kept."""
    found = update.get("update_id") if isinstance(update, dict) else None
    return found if type(found) is int and 0 <= found < LARGEST else None


def query_id_of(update: object) -> str | None:
    """Return the id of the callback query in an update, whatever else is wrong with it."""
    query = update.get("callback_query") if isinstance(update, dict) else None
    found = query.get("id") if isinstance(query, dict) else None
    return found if isinstance(found, str) else None


def may_hold_note(update: object) -> bool:
    """Return whether somebody writes more in an update than the name of a command."""
    messages = [update.get(kind) for kind in WRITTEN] if isinstance(update, dict) else []
    texts = [message.get("text") for message in messages if isinstance(message, dict)]
    return any(isinstance(text, str) and (text[:1] != "/" or len(text.split()) > 1) for text in texts)


def _chat_id(body: dict[str, Any]) -> int:
    """Return the chat that an update concerns; the person's where it names none."""
    shown = body.get("message", body)
    of = shown.get("chat") or body.get("from") or body.get("user") or {"id": 0}
    return int(of["id"])
