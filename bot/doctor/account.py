"""Looks at what @BotFather and the bot have told Telegram of it: the token, inline mode, groups, the command menu."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from telegram.error import NetworkError

from bot.doctor.network import CallRefused, RawCalls
from bot.doctor.results import CheckResult, skipped, well, wrong

UNAUTHORIZED = (401, 404)
"""What the Bot API answers a token that it does not know, and one that is not of its form."""


async def check_token(calls: RawCalls) -> tuple[CheckResult, dict[str, Any]]:
    """Ask Telegram who the bot is; return the result, and what Telegram says of the bot, empty if nothing.

    Raises:
        NetworkError: where no answer came, or one that is not of the Bot API.
    """
    try:
        me = await calls.call("getMe")
    except CallRefused as refused:
        if refused.code in UNAUTHORIZED:
            advice = "Ask @BotFather for the token; it may have been revoked. Then write it behind BOT_TOKEN="
            return wrong("token", "Telegram does not accept BOT_TOKEN", advice), {}
        return wrong("token", f"Telegram answers: {refused}", "Try again; if it lasts, check BOT_API_URL."), {}
    if not isinstance(me, dict):
        return wrong("token", "the answer does not say who the bot is", "Check what BOT_API_URL leads to."), {}
    return well("token", f"@{me.get('username', '')}, number {me.get('id', '')}"), me


def check_abilities(me: dict[str, Any], *, groups_wanted: bool) -> Iterator[CheckResult]:
    """Look at what can only be set at @BotFather; what somebody may well have chosen is said, and not wrong.

    Args:
        me: what Telegram says of the bot.
        groups_wanted: whether the settings list a group, so that the bot must get into one.
    """
    said = "on" if me.get("supports_inline_queries") else "off; /setinline at @BotFather switches it on"
    yield well("inline mode", said)
    if not me.get("can_join_groups"):
        advice = "Write /setjoingroups to @BotFather, choose this bot, then Enable."
        if groups_wanted:
            yield wrong("groups", "nobody can add the bot to a group, and ALLOWED_CHATS lists one", advice)
        else:
            yield well("groups", "nobody can add the bot to a group; /setjoingroups at @BotFather allows it")
    elif me.get("can_read_all_group_messages"):
        advice = (
            "Write /setprivacy to @BotFather, choose Enable; then remove the bot from its groups and add it again."
        )
        yield wrong("groups", "group privacy is off: Telegram sends the bot everything that is written", advice)
    else:
        yield well("groups", "group privacy is on: only commands and replies reach the bot")


async def check_menu(calls: RawCalls, private: Sequence[str], group: Sequence[str]) -> CheckResult:
    """Look whether the command menus are those that this program offers."""
    try:
        menus = [
            [command["command"] for command in await calls.call("getMyCommands", **scope)]
            for scope in ({}, {"scope": {"type": "all_group_chats"}})
        ]
    except (CallRefused, NetworkError, TypeError, KeyError):
        return skipped("menu", "Telegram did not say which commands it offers")
    if menus == [list(private), list(group)]:
        return well("menu", f"{len(private)} commands in private, {len(group)} in groups")
    if not any(menus):
        return skipped("menu", "no commands yet: the bot sets them at its start")
    advice = "Start the bot, which sets them; if it recurs, another program uses this token."
    return wrong("menu", "the commands that Telegram offers are not those of this program", advice)
