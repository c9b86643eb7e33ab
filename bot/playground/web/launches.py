"""Opens a Mini App as Telegram does: its address gets the launch data, signed with the token of the bot."""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import quote, urlencode

import orjson

from bot.playground.errors import ApiError
from bot.playground.text import keyboard
from bot.playground.world.world import FakeTelegram

_KEY: Final = b"WebAppData"


def launch(world: FakeTelegram, token: str, chat_id: int, message_id: int, url: str, person_id: int) -> str:
    """Return the address of a page that a button opens, with the launch data in its fragment.

    Raises:
        ApiError: if the chat is not the person's own with the bot, or no button of the message opens that page.
    """
    message = world.messages.get(chat_id, message_id)
    if chat_id != person_id or message is None:
        raise ApiError("This message is gone.", 404)
    if not keyboard.opens(message, url):
        raise ApiError("This button has just been replaced.", 409)
    user = world.chats.person(person_id).user()
    fields = {"auth_date": str(int(world.clock())), "user": orjson.dumps(user).decode()}
    checked = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    signed = hmac.digest(hmac.digest(_KEY, token.encode(), "sha256"), checked.encode(), "sha256").hex()
    return f"{url}#tgWebAppData={quote(urlencode(fields | {'hash': signed}), safe='')}&tgWebAppVersion=9.0"
