"""The bot's commands, by the chats and the language they are meant for."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson

from bot.playground.disk import Disk, Json
from bot.playground.refused import Refused
from bot.playground.shapes import Room

_NAME: Final = re.compile(r"[a-z0-9_]{1,32}")
_MOST: Final = 100
_LONGEST_DESCRIPTION: Final = 256
_EVERYWHERE: Final = {"type": "default"}


class Commands:
    """What stands in the menu."""

    def __init__(self, disk: Disk) -> None:
        """Go on with the commands that the disk keeps."""
        self._disk = disk

    def get(self, scope: Json | None, language: str) -> list[Json]:
        """Give the commands set for exactly this scope and language."""
        return self._all().get(_key(scope, language), [])

    def set(self, scope: Json | None, language: str, commands: list[Any]) -> None:
        """Set the commands for a scope and language; none takes them away.

        Raises:
            Refused: a name or a description is not to Telegram's rules, or there are too many.
        """
        if len(commands) > _MOST:
            raise Refused("BOT_COMMANDS_TOO_MUCH")
        kept = self._all() | {_key(scope, language): [_checked(command) for command in commands]}
        with self._disk.transaction():
            self._disk.put("commands", 0, 0, {key: value for key, value in kept.items() if value})

    def shown(self, room: Room) -> list[Json]:
        """Give what the menu of a chat shows: the closest scope wins."""
        kind = "all_private_chats" if room.type == "private" else "all_group_chats"
        scopes = ({"type": "chat", "chat_id": room.id}, {"type": kind}, _EVERYWHERE)
        return next(filter(None, (self.get(scope, "") for scope in scopes)), [])

    def _all(self) -> dict[str, list[Json]]:
        return self._disk.get("commands", 0, 0) or {}


def _key(scope: Json | None, language: str) -> str:
    scope = scope or _EVERYWHERE
    place = [scope.get(key) for key in ("type", "chat_id", "user_id")]
    return orjson.dumps([*place, language]).decode()


def _checked(command: Any) -> Json:
    match command:
        case {"command": str(name), "description": str(description)}:
            name, description = name.removeprefix("/"), description.strip()
        case _:
            raise Refused("can't parse BotCommand: Can't find field \"command\"")
    if not _NAME.fullmatch(name):
        raise Refused("BOT_COMMAND_INVALID")
    if not description:
        raise Refused("command description must be non-empty")
    if len(description) > _LONGEST_DESCRIPTION:
        raise Refused(f"command description length must not exceed {_LONGEST_DESCRIPTION}")
    return {"command": name, "description": description}
