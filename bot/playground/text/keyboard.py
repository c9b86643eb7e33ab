"""Inline keyboards: what Telegram refuses in them, and what a tap finds in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.text.html import utf16_length
from bot.playground.text.tags import link

_MOST_BUTTONS: Final = 100
_MOST_IN_A_ROW: Final = 8
_LONGEST_DATA: Final = 64
_LONGEST_COPY: Final = 256
_LONGEST_QUERY: Final = 256
_STYLES: Final = ("danger", "success", "primary")
_ACTIONS: Final = (
    "callback_data",
    "url",
    "copy_text",
    "web_app",
    "login_url",
    "switch_inline_query",
    "callback_game",
    "pay",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
)  # fmt: skip - a list of words


def checked(markup: Json | None, *, private: bool = True) -> Json | None:
    """Return an inline keyboard as a message keeps it, or nothing where it has no button.

    A button that opens a page is for private chats.

    Raises:
        ApiError: Telegram would refuse it, or it is a kind of keyboard that the page cannot show.
    """
    if markup is None:
        return None
    rows = markup.get("inline_keyboard")
    if rows is None and markup:
        raise ApiError.not_offered("keyboards that are not inline")
    if not isinstance(rows or [], list):
        raise ApiError('field "inline_keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows or []):
        raise ApiError('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    kept = [[_button(button) for button in row] for row in rows or [] if row]
    if any(len(row) > _MOST_IN_A_ROW for row in kept) or sum(map(len, kept)) > _MOST_BUTTONS:
        raise ApiError("reply markup is too long")
    if not private and any("web_app" in button for row in kept for button in row):
        raise ApiError("BUTTON_TYPE_INVALID")
    return {"inline_keyboard": kept} if kept else None


def carries(message: Json, data: str) -> bool:
    """Return whether a button of the message carries this callback data now."""
    return any(button.get("callback_data") == data for button in _buttons(message))


def opens(message: Json, url: str) -> bool:
    """Return whether a button of the message opens this page now."""
    return any(button.get("web_app") == {"url": url} for button in _buttons(message))


def _buttons(message: Json) -> Iterator[Json]:
    for row in message.get("reply_markup", {}).get("inline_keyboard", []):
        yield from row


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise _unreadable("InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise _unreadable('Can\'t find field "text"')
    if not button["text"].strip():
        raise ApiError.not_offered("a button with an empty text, which Telegram leaves out")
    if button.get("icon_custom_emoji_id"):
        raise ApiError.not_offered("a button with icon_custom_emoji_id")
    if button.get("style", "primary") not in _STYLES:
        raise _unreadable("invalid button style specified")
    actions = [action for action in _ACTIONS if button.get(action) not in _nothing(action)]
    if button.get("copy_text") == {"text": ""}:
        raise ApiError("BUTTON_COPY_TEXT_INVALID")
    if not actions:
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise ApiError.not_offered(f"a button with {' and '.join(actions)}, of which Telegram takes one")
    _check_action(actions[0], button[actions[0]])
    kept = {key: button[key] for key in ("text", "style", actions[0]) if key in button}
    return kept | ({"url": link(button["url"])} if "url" in kept else {})


def _nothing(action: str) -> tuple[Any, ...]:
    """Return what counts as no action; an empty inline query is one."""
    return (None, False) if action.startswith("switch_inline_query") else (None, "", False)


def _check_action(action: str, value: Any) -> None:
    if action == "web_app":
        return _check_page(value)
    match action, value:
        case "callback_data", str() if len(value.encode()) <= _LONGEST_DATA:
            return None
        case "callback_data", _:
            raise ApiError("BUTTON_DATA_INVALID")
        case "copy_text", {"text": str(text)} if 1 <= utf16_length(text) <= _LONGEST_COPY:
            return None
        case "copy_text", _:
            raise ApiError("BUTTON_COPY_TEXT_INVALID")
        case "url", str() if link(value):
            return None
        case (("switch_inline_query" | "switch_inline_query_current_chat"), str()) if (
            utf16_length(value) <= _LONGEST_QUERY
        ):
            return None
        case "switch_inline_query_chosen_chat", {**chosen} if (
            utf16_length(str(chosen.get("query", ""))) <= _LONGEST_QUERY
        ):
            return None
        case "url", _:
            raise ApiError(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")
        case _:
            raise ApiError.not_offered(f"{action} buttons")


def _check_page(value: Any) -> None:
    """Check that a page may be opened: by https, as Telegram has it, or from this machine."""
    if not isinstance(value, dict):
        raise _unreadable('field "web_app" must be of type Object')
    url = value.get("url")
    if not isinstance(url, str):
        raise _unreadable('Can\'t find field "url"')
    parts = urlsplit(url) if link(url) else None
    if parts is None or not (parts.scheme == "https" or parts.hostname == "127.0.0.1"):
        raise ApiError(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")


def _unreadable(words: str) -> ApiError:
    return ApiError(f"can't parse inline keyboard button: {words}")
