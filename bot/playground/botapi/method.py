"""A method of the Bot API, and what many of them read from a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.playground.errors import ApiError
from bot.playground.params import Params
from bot.playground.storage import Json
from bot.playground.text import keyboard
from bot.playground.text.entities import formatted
from bot.playground.text.html import utf16_length
from bot.playground.world.users import LONGEST_TEXT
from bot.playground.world.world import FakeTelegram

Result: TypeAlias = Json | list[Json] | bool | int
Table: TypeAlias = "tuple[tuple[str, Callable[[FakeTelegram, Params], Result], str], ...]"
"""Rows of a method's name, what it does, and the parameters that it heeds, parted by spaces."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method, and the parameters that it heeds, or may pass over without misleading anyone."""

    run: Callable[[FakeTelegram, Params], Result]
    accepts: frozenset[str]


def text_of(params: Params, too_long: str) -> Json:
    """Read the text of a message, as its fields."""
    if not params.text("text"):
        raise ApiError("message text is empty")
    page_params = formatted(params.text("text"), params.text("parse_mode"), entities_of(params, "entities"))
    if not page_params.text:
        raise ApiError("text must be non-empty")
    if utf16_length(page_params.text) > LONGEST_TEXT:
        raise ApiError(too_long)
    return page_params.fields("text", "entities")


def entities_of(params: Params, name: str) -> list[Any]:
    """Read the entities that come with a text; Telegram takes what is no list for none."""
    given = params.values.get(name)
    return given if isinstance(given, list) else []


def keyboard_of(params: Params) -> Json | None:
    """Read the inline keyboard, if there is one."""
    return keyboard.checked(params.object("reply_markup"), private=params.text("chat_id").isdecimal())


def chat_of(params: Params) -> int:
    """Read which chat is meant."""
    if not params.text("chat_id"):
        raise ApiError("chat_id is empty")
    return params.number("chat_id")


def message_of(params: Params) -> int:
    """Read which message is meant; where no number is said, it is one that nobody finds."""
    return max(params.number("message_id"), 0)
