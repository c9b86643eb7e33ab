"""The methods of the Bot API: what each heeds, what it refuses, and what it changes in the world."""

from __future__ import annotations

from typing import Final

from bot.playground.botapi.chats import CHATTING
from bot.playground.botapi.inline import INLINING
from bot.playground.botapi.messages import SENDING
from bot.playground.botapi.method import Method, Result, Table
from bot.playground.chats.commands import checked_scope
from bot.playground.chats.models import bot_itself
from bot.playground.params import Params
from bot.playground.storage import Json
from bot.playground.world.world import World


def _get_me(world: World, _: Params) -> Result:
    return bot_itself(world.bot_id)


def _answer_callback_query(world: World, params: Params) -> Result:
    said, url = params.text("text"), params.text("url")
    world.answer(params.text("callback_query_id"), said, show_alert=params.flag("show_alert"), url=url)
    return True


def _get_my_commands(world: World, params: Params) -> Result:
    return world.commands.get(checked_scope(params.values.get("scope")), params.text("language_code"))


def _set_my_commands(world: World, params: Params) -> Result:
    return _change_commands(world, params, params.array("commands", "BotCommand") or [])


def _delete_my_commands(world: World, params: Params) -> Result:
    return _change_commands(world, params, [])


def _set_webhook(world: World, params: Params) -> Result:
    world.webhook.set(params)
    world.tell("webhook", {})
    return True


def _delete_webhook(world: World, params: Params) -> Result:
    world.webhook.delete(params)
    world.tell("webhook", {})
    return True


def _get_webhook_info(world: World, _: Params) -> Result:
    return world.webhook.info()


def _change_commands(world: World, params: Params, commands: list[Json]) -> bool:
    world.commands.set(checked_scope(params.values.get("scope")), params.text("language_code"), commands)
    world.tell("commands", {})
    return True


_TABLE: Final[Table] = (
    ("getMe", _get_me, ""),
    ("answerCallbackQuery", _answer_callback_query, "callback_query_id text show_alert url cache_time"),
    ("getMyCommands", _get_my_commands, "scope language_code"),
    ("setMyCommands", _set_my_commands, "commands scope language_code"),
    ("deleteMyCommands", _delete_my_commands, "scope language_code"),
    ("setWebhook", _set_webhook, "url secret_token max_connections allowed_updates drop_pending_updates"),
    ("deleteWebhook", _delete_webhook, "drop_pending_updates"),
    ("getWebhookInfo", _get_webhook_info, ""),
)
METHODS: Final = {
    name: Method(run, frozenset(heeds.split())) for name, run, heeds in (*_TABLE, *SENDING, *CHATTING, *INLINING)
}  # fmt: skip - one line is too long
"""The methods by name, all but getUpdates, which takes its time."""
