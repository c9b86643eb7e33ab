"""Draws and sends the pictures of cases: each as its case stands at that moment, and none twice the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson
from telegram import InputMediaPhoto

from bot.service.pictures.case_pictures import CasePicture
from bot.service.ports import OutboxKind, OutboxMessage
from bot.telegram.client import TelegramBot
from bot.telegram.rendering.html import callback_button
from bot.telegram.sending.rate_limit import RateLimiter
from flows.export.picture import Drawing

PICTURES: Final = (OutboxKind.send_picture, OutboxKind.edit_picture)

SETTLES: Final = 0.3
"""Seconds that a picture which is to change waits for further taps: a grid of levels is tapped faster than drawn."""

REMEMBERED: Final = 1024
"""Pictures of which is known what they show; one that is forgotten is sent once more than needed."""

FILE_NAME: Final = "spine.png"
"""Without findings: it stands in the phone's gallery."""

Draw = Callable[[Drawing], Awaitable[bytes]]


class PictureSender:
    """Sends pictures, and changes those that were sent."""

    def __init__(
        self, bot: TelegramBot, draw: Draw, rate_limiter: RateLimiter, sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        """Store what it works with."""
        self._bot = bot
        self._draw = draw
        self._rate_limiter = rate_limiter
        self._sleep = sleep
        self._shown: dict[tuple[str, int], bytes] = {}

    async def send(self, outbox_message: OutboxMessage, picture: CasePicture) -> int:
        """Send a picture silently, and return the message that shows it.

        Raises:
            NotDrawn: as drawing does.
            TelegramError: as the call does.
        """
        photo = await self._draw(picture.drawing)
        await self._pause(outbox_message.chat, edit=False)
        sent = await self._bot.send_photo(
            int(outbox_message.chat),
            photo,
            picture.caption,
            reply_markup=_keyboard(picture),
            disable_notification=True,
            filename=FILE_NAME,
            **orjson.loads(outbox_message.payload),
        )
        self._remember(outbox_message.chat, sent.message_id, picture)
        return sent.message_id

    async def change(self, outbox_message: OutboxMessage, picture: CasePicture) -> None:
        """Show a picture in place of the one that a message shows, where it differs.

        Raises:
            NotDrawn: as drawing does.
            TelegramError: as the call does.
        """
        chat, message = outbox_message.chat, int(outbox_message.target)
        if self._shown.get((chat, message)) == _content(picture):
            return
        media = InputMediaPhoto(await self._draw(picture.drawing), picture.caption, filename=FILE_NAME)
        await self._pause(chat, edit=True)
        await self._bot.edit_message_media(media, int(chat), message, reply_markup=_keyboard(picture))
        self._remember(chat, message, picture)

    async def _pause(self, chat: str, *, edit: bool) -> None:
        """Wait for the pace of the chat."""
        pause = self._rate_limiter.reserve(chat, edit=edit)
        if pause:
            await self._sleep(pause)

    def _remember(self, chat: str, message: int, picture: CasePicture) -> None:
        """Note what a message shows by now."""
        self._shown.pop((chat, message), None)
        self._shown[chat, message] = _content(picture)
        if len(self._shown) > REMEMBERED:
            del self._shown[next(iter(self._shown))]


def _content(picture: CasePicture) -> bytes:
    """Return all that a picture shows, to be told from another one."""
    return orjson.dumps([picture.drawing, picture.caption])


def _keyboard(picture: CasePicture) -> Any:
    """Return the one button below a picture."""
    return {"inline_keyboard": [[callback_button(picture.button)]]}
