"""The bot's commands, by the chats and the language they are meant for."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from bot.playground.chats.models import Chat
from bot.playground.errors import ApiError
from bot.playground.storage import Json, JsonStore

_NAME: Final = re.compile(r"[a-z0-9_]+")
_MOST: Final = 100
_LONGEST_DESCRIPTION: Final = 256
_LONGEST_NAME: Final = 32
_EVERYWHERE: Final = {"type": "default"}
_SCOPES: Final = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_SCOPES_OF_A_CHAT: Final = ("chat", "chat_administrators", "chat_member")


class Commands:
    """What stands in the menu."""

    def __init__(self, store: JsonStore) -> None:
        """Go on with the commands that the disk keeps."""
        self._disk = store

    def get(self, scope: Json | None, language: str) -> list[Json]:
        """Return the commands set for exactly this scope and language."""
        return self._all().get(_key(scope, language), [])

    def set(self, scope: Json | None, language: str, commands: list[Any]) -> None:
        """Set the commands for a scope and language; none takes them away.

        Raises:
            ApiError: a name or a description is not to Telegram's rules, or there are too many.
        """
        if len(commands) > _MOST:
            raise ApiError("BOT_COMMANDS_TOO_MUCH")
        kept = self._all() | {_key(scope, language): [_checked(command) for command in commands]}
        with self._disk.transaction():
            self._disk.put("commands", 0, 0, {key: value for key, value in kept.items() if value})

    def shown(self, chat: Chat) -> list[Json]:
        """Return what the menu of a chat shows: the closest scope wins."""
        kind = "all_private_chats" if chat.type == "private" else "all_group_chats"
        scopes = ({"type": "chat", "chat_id": chat.id}, {"type": kind}, _EVERYWHERE)
        return next(filter(None, (self.get(scope, "") for scope in scopes)), [])

    def _all(self) -> dict[str, list[Json]]:
        return self._disk.get("commands", 0, 0) or {}


def _key(scope: Json | None, language: str) -> str:
    scope = scope or _EVERYWHERE
    place = [scope.get(key) for key in ("type", "chat_id", "user_id")]
    return orjson.dumps([*place, language]).decode()


def checked_scope(scope: Any) -> Json | None:
    """Return the scope of commands, if one is said.

    Raises:
        ApiError: Telegram knows no such scope.
    """
    if scope in (None, ""):
        return None
    if not isinstance(scope, dict):
        raise ApiError("can't parse BotCommandScope: BotCommandScope must be an Object")
    if scope.get("type") in _SCOPES:
        return scope
    if scope.get("type") not in _SCOPES_OF_A_CHAT:
        words = "Unsupported type specified" if "type" in scope else 'Can\'t find field "type"'
        raise ApiError(f"can't parse BotCommandScope: {words}")
    if not scope.get("chat_id"):
        words = "Empty chat_id specified" if "chat_id" in scope else 'Can\'t find field "chat_id"'
        raise ApiError(f"can't parse BotCommandScope: {words}")
    return scope


def _checked(command: Any) -> Json:
    if not isinstance(command, dict):
        raise ApiError("can't parse BotCommand: expected an Object")
    for field in ("command", "description"):
        if field not in command:
            raise ApiError(f"can't parse BotCommand: Can't find field \"{field}\"")
    name, description = str(command["command"]).strip().removeprefix("/"), str(command["description"]).strip()
    if not name:
        raise ApiError("command must be non-empty")
    if len(name) > _LONGEST_NAME:
        raise ApiError(f"command length must not exceed {_LONGEST_NAME}")
    if not _NAME.fullmatch(name):
        raise ApiError("BOT_COMMAND_INVALID")
    if not description:
        raise ApiError("command description must be non-empty")
    if len(description) > _LONGEST_DESCRIPTION:
        raise ApiError(f"command description length must not exceed {_LONGEST_DESCRIPTION}")
    return {"command": name, "description": description}
