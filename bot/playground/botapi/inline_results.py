"""The answer to an inline query: what Telegram refuses in it, and what is kept of each result."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.text import keyboard
from bot.playground.text.entities import formatted
from bot.playground.text.html import utf16_length

_MOST: Final = 50
_LONGEST_ID: Final = 64
_LONGEST_TEXT: Final = 4096
_LONGEST_PARAMETER: Final = 64
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_-]*")
_OTHER_TYPES: Final = frozenset(
    (
        "audio",
        "contact",
        "document",
        "game",
        "gif",
        "location",
        "mpeg4_gif",
        "photo",
        "sticker",
        "venue",
        "video",
        "voice",
    )
)  # fmt: skip - a list of words
"""The results besides articles that Telegram takes."""


def checked_results(results: Sequence[Any]) -> list[Json]:
    """Return the results as they are kept: their id, title and description, and the message that each would send.

    Raises:
        ApiError: Telegram would refuse them, or one is no article with a text, which is all that the page shows.
    """
    if len(results) > _MOST:
        raise ApiError("too many inline query results specified")
    kept = [_result(result) for result in results]
    if len({result["id"] for result in kept}) < len(kept):
        raise ApiError("RESULT_ID_DUPLICATE")
    return kept


def checked_button(button: Any) -> Json | None:
    """Return the button above the results, if there is one: it starts the bot in the private chat.

    Raises:
        ApiError: it has no text, or no parameter that a link could carry.
    """
    if button in (None, ""):
        return None
    if not isinstance(button, dict):
        raise _no_button("InlineQueryResultsButton must be an Object")
    text = _text_in(button, "text", _no_button)
    if "start_parameter" not in button and "web_app" in button:
        raise ApiError.not_offered("a button with web_app above the results")
    if "start_parameter" not in button:
        raise _no_button("InlineQueryResultsButton must have exactly one optional field")
    parameter = _text_in(button, "start_parameter", _no_button)
    if not parameter:
        raise ApiError("can't use empty start_parameter")
    if len(parameter.encode()) > _LONGEST_PARAMETER:
        raise ApiError("too long start_parameter specified")
    if not _PARAMETER.fullmatch(parameter):
        raise ApiError("unallowed characters in start_parameter are used")
    if not text.strip():
        raise ApiError("SWITCH_PM_TEXT_EMPTY")
    return {"text": text, "start_parameter": parameter}


def _result(result: Any) -> Json:
    if not isinstance(result, dict):
        raise _no_result("Inline query result must be an object")
    kind, number = (_text_in(result, key, _no_result) for key in ("type", "id"))
    if kind.lower() in _OTHER_TYPES:
        raise ApiError.not_offered(f"inline results of type {kind}")
    if kind.lower() != "article":
        raise _no_result(f'type "{kind.lower()}" is unsupported for the inline query result')
    content = _text(_object_in(result, "input_message_content"))
    markup = keyboard.checked(_object_in(result, "reply_markup"))
    title = _text_in(result, "title", _no_result)
    if not 1 <= len(number.encode()) <= _LONGEST_ID:
        raise ApiError("RESULT_ID_INVALID")
    if not title.strip():
        raise ApiError("ARTICLE_TITLE_EMPTY")
    kept = {"id": number, "title": title, "description": str(result.get("description", "")), "content": content}
    return kept | ({"reply_markup": markup} if markup else {})


def _text(content: Json | None) -> Json:
    if content is None:
        raise _no_result('Can\'t find field "message_text"')
    if not content.get("message_text"):
        raise _no_result("Input message content is not specified")
    params = formatted(str(content["message_text"]), str(content.get("parse_mode", "")), content.get("entities") or [])
    if not params.text:
        raise ApiError("text must be non-empty")
    if utf16_length(params.text) > _LONGEST_TEXT:
        raise ApiError("MESSAGE_TOO_LONG")
    return params.fields("text", "entities")


def _text_in(values: Json, name: str, broken: Callable[[str], ApiError]) -> str:
    """Read a text that must be there; Telegram takes a number for one."""
    if name not in values:
        raise broken(f'Can\'t find field "{name}"')
    value = values[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise broken(f'Field "{name}" must be of type String')
    return str(value)


def _object_in(values: Json, name: str) -> Json | None:
    value = values.get(name)
    if value is not None and not isinstance(value, dict):
        raise _no_result(f'Field "{name}" must be of type Object')
    return value


def _no_result(words: str) -> ApiError:
    return ApiError(f"can't parse inline query result: {words}")


def _no_button(words: str) -> ApiError:
    return ApiError(f"can't parse inline query results button: {words}")
