"""The answer to an inline query: what Telegram refuses in it, and what is kept of each result."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from bot.playground import keyboard
from bot.playground.disk import Json
from bot.playground.entities import formatted
from bot.playground.markup import units
from bot.playground.refused import Refused

_MOST: Final = 50
_LONGEST_ID: Final = 64
_LONGEST_TEXT: Final = 4096
_PARAMETER: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked_results(results: Sequence[Any]) -> list[Json]:
    """Give the results as they are kept: their id, title and description, and the message that each would send.

    Raises:
        Refused: Telegram would refuse them, or one is no article with a text, which is all that the page shows.
    """
    if len(results) > _MOST:
        raise Refused("RESULTS_TOO_MUCH")
    kept = [_result(result) for result in results]
    if len({result["id"] for result in kept}) < len(kept):
        raise Refused("RESULT_ID_DUPLICATE")
    return kept


def checked_button(button: Json | None) -> Json | None:
    """Give the button above the results, if there is one: it starts the bot in the private chat.

    Raises:
        Refused: it has no text, or no parameter that a link could carry.
    """
    if button is None:
        return None
    if not str(button.get("text", "")).strip():
        raise Refused("SWITCH_PM_TEXT_EMPTY")
    if not _PARAMETER.fullmatch(str(button.get("start_parameter", ""))):
        raise Refused("START_PARAM_INVALID")
    return {key: button[key] for key in ("text", "start_parameter")}


def _result(result: Any) -> Json:
    if not isinstance(result, dict):
        raise _unreadable("expected an Object")
    number, title, content = (result.get(key) for key in ("id", "title", "input_message_content"))
    if not isinstance(number, str):
        raise _unreadable('Can\'t find field "id"')
    if result.get("type") != "article":
        raise Refused("the playground knows no inline results but articles")
    if not 1 <= len(number.encode()) <= _LONGEST_ID:
        raise Refused("RESULT_ID_INVALID")
    if not isinstance(title, str) or not title.strip():
        raise Refused("ARTICLE_TITLE_EMPTY")
    if not isinstance(content, dict) or not isinstance(content.get("message_text"), str):
        raise _unreadable('Can\'t find field "message_text"')
    markup = keyboard.checked(result.get("reply_markup"))
    kept = {"id": number, "title": title, "description": str(result.get("description", "")), "content": _text(content)}
    return kept | ({"reply_markup": markup} if markup else {})


def _text(content: Json) -> Json:
    said = formatted(content["message_text"], str(content.get("parse_mode", "")), content.get("entities") or [])
    if not said.text:
        raise Refused("message text is empty")
    if units(said.text) > _LONGEST_TEXT:
        raise Refused("MESSAGE_TOO_LONG")
    return said.fields("text", "entities")


def _unreadable(words: str) -> Refused:
    return Refused(f"can't parse inline query result: {words}")
