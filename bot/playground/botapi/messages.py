"""The methods that send, change and take away messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.playground.botapi.method import Result, Table, chat_of, entities_of, keyboard_of, message_of, text_of
from bot.playground.chats.senders import place_in
from bot.playground.chats.uploads import MEDIA, document, media, photo
from bot.playground.errors import ApiError
from bot.playground.params import Params
from bot.playground.storage import Json
from bot.playground.text.entities import formatted
from bot.playground.text.html import utf16_length
from bot.playground.world.polls import checked
from bot.playground.world.world import Change, FakeTelegram

_LONGEST_CAPTION: Final = 1024
_CAPTION: Final = ("caption", "caption_entities")


def _send_message(world: FakeTelegram, params: Params) -> Result:
    text = text_of(params, too_long="message is too long")
    return _send(world, params, "text messages", lambda: text)


def _send_photo(world: FakeTelegram, params: Params) -> Result:
    add, caption = photo(world.files, params), _caption(params)
    return _send(world, params, "photos", lambda: add() | caption)


def _send_document(world: FakeTelegram, params: Params) -> Result:
    add, caption = document(world.files, params), _caption(params)
    return _send(world, params, "documents", lambda: add() | caption)


def _send_poll(world: FakeTelegram, params: Params) -> Result:
    asked = checked(
        params.text("question").strip(),
        params.array("options", "String as options") or [],
        params.text("type"),
        anonymous=params.flag("is_anonymous", default=True),
        several=params.flag("allows_multiple_answers"),
        revoting=params.flag("allows_revoting", default=True),
    )
    return _send(world, params, "polls", lambda: {"poll": world.polls.begin(asked)})


def _stop_poll(world: FakeTelegram, params: Params) -> Result:
    return world.polls.stop(chat_of(params), message_of(params), keyboard_of(params))


def _edit_message_text(world: FakeTelegram, params: Params) -> Result:
    text = text_of(params, too_long="MESSAGE_TOO_LONG")
    refusal = "there is no text in the message to edit"
    return _edit(world, params, Change(("text",), refusal, ("text", "entities"), lambda: text))


def _edit_message_caption(world: FakeTelegram, params: Params) -> Result:
    caption, refusal = _caption(params), "there is no caption in the message to edit"
    return _edit(world, params, Change(MEDIA, refusal, _CAPTION, lambda: caption))


def _edit_message_media(world: FakeTelegram, params: Params) -> Result:
    asked = media(params)
    add, caption = asked.file(world.files), _caption(asked.params)
    if params.text("inline_message_id"):
        raise ApiError.not_offered("files in messages that are sent by way of a bot")
    replaced = ("text", "entities", *MEDIA, *_CAPTION)
    return _edit(
        world, params, Change(("text", *MEDIA), "message media can't be edited", replaced, lambda: add() | caption)
    )


def _edit_message_reply_markup(world: FakeTelegram, params: Params) -> Result:
    return _edit(world, params, Change())


def _edit(world: FakeTelegram, params: Params, change: Change) -> Result:
    """Change a message of the bot's own, or one that was sent by way of it."""
    if inline_id := params.text("inline_message_id"):
        world.rewrite(world.inline.message(inline_id), change, keyboard_of(params))
        return True
    if not params.text("chat_id"):
        raise ApiError("message identifier is not specified")
    return world.edit(chat_of(params), message_of(params), change, keyboard_of(params))


def _delete_message(world: FakeTelegram, params: Params) -> Result:
    if not params.text("chat_id"):
        raise ApiError("chat identifier is not specified")
    if not params.number("message_id"):
        raise ApiError("message identifier is not specified")
    world.delete(chat_of(params), message_of(params))
    return True


def _send(world: FakeTelegram, params: Params, kind: str, content: Callable[[], Json]) -> Json:
    """Send something of a kind: what `content` gives, which is asked only when nothing else stands against it."""
    markup = keyboard_of(params)
    chat, thread = world.chats.reach(chat_of(params)), params.number("message_thread_id")
    if chat.bot == "member" and not chat.bot_writes:
        raise ApiError(f"not enough rights to send {kind} to the chat")
    replied = _replied(world, chat.id, params)
    place_in(chat, thread, replied)
    more: Json = {"reply_markup": markup} if markup else {}
    if params.flag("protect_content"):
        more["has_protected_content"] = True
    return world.send(chat.id, content() | more, replied, thread)


def _replied(world: FakeTelegram, chat_id: int, params: Params) -> Json | None:
    """Find the message that is answered, if one is."""
    reply = Params(params.object("reply_parameters") or {})
    if not reply.values:
        return None
    replied = world.messages.get(chat_id, reply.number("message_id"))
    if not replied and not reply.flag("allow_sending_without_reply"):
        raise ApiError("message to be replied not found")
    return replied


def _caption(params: Params) -> Json:
    page_params = formatted(params.text("caption"), params.text("parse_mode"), entities_of(params, "caption_entities"))
    if utf16_length(page_params.text) > _LONGEST_CAPTION:
        raise ApiError("message caption is too long")
    return page_params.fields("caption", "caption_entities") if page_params.text else {}


_SENT: Final = "chat_id message_thread_id disable_notification protect_content reply_parameters reply_markup "
_WORDED: Final = _SENT + "parse_mode "
MESSAGE_METHODS: Final[Table] = (
    ("sendMessage", _send_message, _WORDED + "text entities link_preview_options"),
    ("sendPhoto", _send_photo, _WORDED + "photo caption caption_entities"),
    ("sendDocument", _send_document, _WORDED + "document caption caption_entities disable_content_type_detection"),
    (
        "sendPoll",
        _send_poll,
        _SENT + "question options type is_anonymous allows_multiple_answers allows_revoting",
    ),
    ("stopPoll", _stop_poll, "chat_id message_id reply_markup"),
    (
        "editMessageText",
        _edit_message_text,
        "chat_id message_id inline_message_id text parse_mode entities link_preview_options reply_markup",
    ),
    (
        "editMessageCaption",
        _edit_message_caption,
        "chat_id message_id inline_message_id caption parse_mode caption_entities reply_markup",
    ),
    ("editMessageMedia", _edit_message_media, "chat_id message_id inline_message_id media reply_markup"),
    ("editMessageReplyMarkup", _edit_message_reply_markup, "chat_id message_id inline_message_id reply_markup"),
    ("deleteMessage", _delete_message, "chat_id message_id"),
)
"""These methods."""
