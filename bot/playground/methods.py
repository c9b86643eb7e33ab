"""The methods of the Bot API: what each heeds, what it refuses, and what it changes in the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from bot.playground import keyboard
from bot.playground.disk import Json
from bot.playground.entities import formatted
from bot.playground.markup import units
from bot.playground.parameters import Params
from bot.playground.refused import Refused
from bot.playground.shapes import bot_itself
from bot.playground.uploads import document, photo
from bot.playground.world import LONGEST_TEXT, World

Result: TypeAlias = Json | list[Json] | bool

_LONGEST_CAPTION: Final = 1024
_ACTIONS: Final = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)  # fmt: skip - a list of words


@dataclass(frozen=True, slots=True)
class Method:
    """A method, and the parameters that it heeds, or may pass over without misleading anyone."""

    run: Callable[[World, Params], Result]
    heeds: frozenset[str]


def _get_me(world: World, _: Params) -> Result:
    return bot_itself(world.bot_id)


def _get_chat(world: World, params: Params) -> Result:
    return world.room(_chat_id(params)).full_info()


def _send_message(world: World, params: Params) -> Result:
    text = _text(params, too_long="message is too long")
    return _send(world, params, lambda: text)


def _send_photo(world: World, params: Params) -> Result:
    add, caption = photo(world.files, params), _caption(params)
    return _send(world, params, lambda: add() | caption)


def _send_document(world: World, params: Params) -> Result:
    add, caption = document(world.files, params), _caption(params)
    return _send(world, params, lambda: add() | caption)


def _edit_message_text(world: World, params: Params) -> Result:
    text = _text(params, too_long="MESSAGE_TOO_LONG")
    return world.edit(_chat_id(params), _message_id(params), text, _keyboard(params))


def _edit_message_reply_markup(world: World, params: Params) -> Result:
    return world.edit(_chat_id(params), _message_id(params), None, _keyboard(params))


def _delete_message(world: World, params: Params) -> Result:
    world.delete(_chat_id(params), _message_id(params))
    return True


def _answer_callback_query(world: World, params: Params) -> Result:
    world.answer(params.text("callback_query_id"), params.text("text"), show_alert=params.flag("show_alert"))
    return True


def _send_chat_action(world: World, params: Params) -> Result:
    action = params.text("action")
    if action not in _ACTIONS:
        raise Refused("wrong parameter action in request")
    world.tell("action", {"chat_id": world.room(_chat_id(params)).id, "action": action})
    return True


def _get_my_commands(world: World, params: Params) -> Result:
    return world.commands.get(params.object("scope"), params.text("language_code"))


def _set_my_commands(world: World, params: Params) -> Result:
    return _change_commands(world, params, params.array("commands") or [])


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


def _send(world: World, params: Params, content: Callable[[], Json]) -> Json:
    """Send what `content` gives, which is asked only when nothing else stands against it."""
    markup = _keyboard(params)
    room = world.room(_chat_id(params))
    reply, replied = params.object("reply_parameters") or {}, None
    if reply:
        replied = world.messages.get(room.id, Params(reply).number("message_id"))
        if not replied and not Params(reply).flag("allow_sending_without_reply"):
            raise Refused("message to be replied not found")
    more: Json = {"reply_markup": markup} if markup else {}
    if params.flag("protect_content"):
        more["has_protected_content"] = True
    return world.send(room.id, content() | more, replied)


def _text(params: Params, too_long: str) -> Json:
    if not params.text("text"):
        raise Refused("message text is empty")
    said = formatted(params.text("text"), params.text("parse_mode"), params.array("entities") or [])
    if not said.text:
        raise Refused("text must be non-empty")
    if units(said.text) > LONGEST_TEXT:
        raise Refused(too_long)
    return said.fields("text", "entities")


def _caption(params: Params) -> Json:
    said = formatted(params.text("caption"), params.text("parse_mode"), params.array("caption_entities") or [])
    if units(said.text) > _LONGEST_CAPTION:
        raise Refused("message caption is too long")
    return said.fields("caption", "caption_entities") if said.text else {}


def _keyboard(params: Params) -> Json | None:
    return keyboard.checked(params.object("reply_markup"))


def _chat_id(params: Params) -> int:
    if not params.text("chat_id"):
        raise Refused("chat_id is empty")
    return params.number("chat_id")


def _message_id(params: Params) -> int:
    if params.number("message_id") <= 0:
        raise Refused("message identifier is not specified")
    return params.number("message_id")


def _change_commands(world: World, params: Params, commands: list[Json]) -> bool:
    world.commands.set(params.object("scope"), params.text("language_code"), commands)
    world.tell("commands", {"commands": world.menu()})
    return True


_SENT: Final = "chat_id parse_mode disable_notification protect_content reply_parameters reply_markup "
_TABLE: Final[tuple[tuple[str, Callable[[World, Params], Result], str], ...]] = (
    ("getMe", _get_me, ""),
    ("getChat", _get_chat, "chat_id"),
    ("sendMessage", _send_message, _SENT + "text entities link_preview_options"),
    ("sendPhoto", _send_photo, _SENT + "photo caption caption_entities"),
    ("sendDocument", _send_document, _SENT + "document caption caption_entities disable_content_type_detection"),
    (
        "editMessageText",
        _edit_message_text,
        "chat_id message_id text parse_mode entities link_preview_options reply_markup",
    ),
    ("editMessageReplyMarkup", _edit_message_reply_markup, "chat_id message_id reply_markup"),
    ("deleteMessage", _delete_message, "chat_id message_id"),
    ("answerCallbackQuery", _answer_callback_query, "callback_query_id text show_alert cache_time"),
    ("sendChatAction", _send_chat_action, "chat_id action"),
    ("getMyCommands", _get_my_commands, "scope language_code"),
    ("setMyCommands", _set_my_commands, "commands scope language_code"),
    ("deleteMyCommands", _delete_my_commands, "scope language_code"),
    ("setWebhook", _set_webhook, "url secret_token max_connections allowed_updates drop_pending_updates"),
    ("deleteWebhook", _delete_webhook, "drop_pending_updates"),
    ("getWebhookInfo", _get_webhook_info, ""),
)
METHODS: Final = {name: Method(run, frozenset(heeds.split())) for name, run, heeds in _TABLE}
"""The methods by name, all but getUpdates, which takes its time."""
