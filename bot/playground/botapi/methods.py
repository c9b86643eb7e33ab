"""The methods of the Bot API: what each heeds, what it refuses, and what it changes in the world."""

from __future__ import annotations

from typing import Final

from bot.playground.botapi.chats import CHAT_METHODS
from bot.playground.botapi.inline import INLINE_METHODS
from bot.playground.botapi.messages import MESSAGE_METHODS
from bot.playground.botapi.method import Method, Result, Table
from bot.playground.chats.commands import checked_scope
from bot.playground.chats.models import bot_itself
from bot.playground.params import Params
from bot.playground.world.world import FakeTelegram


def _get_me(world: FakeTelegram, _: Params) -> Result:
    return bot_itself(world.bot_id)


def _answer_callback_query(world: FakeTelegram, params: Params) -> Result:
    page_params, url = params.text("text"), params.text("url")
    world.answer(params.text("callback_query_id"), page_params, show_alert=params.flag("show_alert"), url=url)
    return True


def _get_my_commands(world: FakeTelegram, params: Params) -> Result:
    return world.commands.get(checked_scope(params.values.get("scope")), params.text("language_code"))


def _set_my_commands(world: FakeTelegram, params: Params) -> Result:
    commands = params.array("commands", "BotCommand") or []
    world.commands.set(checked_scope(params.values.get("scope")), params.text("language_code"), commands)
    world.tell("commands", {})
    return True


def _set_webhook(world: FakeTelegram, params: Params) -> Result:
    world.webhook.set(params)
    world.tell("webhook", {})
    return True


def _delete_webhook(world: FakeTelegram, params: Params) -> Result:
    world.webhook.delete(params)
    world.tell("webhook", {})
    return True


def _get_webhook_info(world: FakeTelegram, _: Params) -> Result:
    return world.webhook.info()


_TABLE: Final[Table] = (
    ("getMe", _get_me, ""),
    ("answerCallbackQuery", _answer_callback_query, "callback_query_id text show_alert url cache_time"),
    ("getMyCommands", _get_my_commands, "scope language_code"),
    ("setMyCommands", _set_my_commands, "commands scope language_code"),
    ("setWebhook", _set_webhook, "url secret_token max_connections allowed_updates drop_pending_updates"),
    ("deleteWebhook", _delete_webhook, "drop_pending_updates"),
    ("getWebhookInfo", _get_webhook_info, ""),
)
METHODS: Final = {
    name: Method(run, frozenset(accepts.split()))
    for name, run, accepts in (*_TABLE, *MESSAGE_METHODS, *CHAT_METHODS, *INLINE_METHODS)
}  # fmt: skip - one line is too long
"""The methods by name, all but getUpdates, which takes its time."""
