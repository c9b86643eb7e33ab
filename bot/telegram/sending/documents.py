"""Sets and sends documents: records and lists of decisions, with the names of people as they are known then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson

from bot.service.pictures.board_minutes import MinutesDocument
from bot.service.pictures.case_records import CaseDocument
from bot.service.ports import OutboxKind, OutboxMessage
from bot.telegram.client import TelegramBot
from bot.telegram.members import ChatMemberCache
from bot.telegram.sending.rate_limit import RateLimiter
from flows.export.csv_text import csv_text
from flows.export.record_page import Page

DOCUMENTS: Final = (OutboxKind.send_record, OutboxKind.send_minutes)

RECORD: Final = "record.typ"
MINUTES: Final = "minutes.typ"
CSV: Final = "csv"

NAMES_WAIT: Final = 5.0
"""Seconds that a record waits for names that Telegram has not told yet; who is not known then is somebody."""

Typeset = Callable[[str, Page], Awaitable[bytes]]


class DocumentSender:
    """Sends documents. Their bytes are nowhere but on their way."""

    def __init__(
        self,
        bot: TelegramBot,
        typeset: Typeset,
        members: ChatMemberCache,
        rate_limiter: RateLimiter,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Store what it works with."""
        self._bot = bot
        self._typeset = typeset
        self._members = members
        self._rate_limiter = rate_limiter
        self._sleep = sleep

    async def send(self, outbox_message: OutboxMessage, document: CaseDocument) -> int:
        """Send the record of a case silently, and return the message that holds it.

        Raises:
            NotDrawn: as setting it does.
            TelegramError: as the call does.
        """
        pdf = await self._typeset(RECORD, await self._named(outbox_message, document.page))
        return await self._sent(outbox_message, pdf, document.file_name, document.caption)

    async def send_minutes(self, outbox_message: OutboxMessage, document: MinutesDocument) -> None:
        """Send the list of a group's decisions silently, in the form that is asked for.

        Raises:
            NotDrawn: as setting it does.
            TelegramError: as the call does.
        """
        page, form = await self._named(outbox_message, document.page), outbox_message.target
        if form == CSV:
            content = csv_text(page["columns"], page["rows"]).encode()
        else:
            content = await self._typeset(MINUTES, page)
        await self._sent(outbox_message, content, f"{document.file_name}.{form}", document.caption)

    async def _named(self, outbox_message: OutboxMessage, page: Page) -> dict[str, Any]:
        return await self._members.insert_page_names(page, int(outbox_message.chat), NAMES_WAIT)

    async def _sent(self, outbox_message: OutboxMessage, content: bytes, file_name: str, caption: str) -> int:
        """Send a file at the pace of its chat, and return its message."""
        pause = self._rate_limiter.reserve(outbox_message.chat, edit=False)
        if pause:
            await self._sleep(pause)
        topic = orjson.loads(outbox_message.payload).get("message_thread_id")
        sent = await self._bot.send_document(
            int(outbox_message.chat),
            content,
            caption,
            disable_notification=True,
            filename=file_name,
            message_thread_id=topic,
        )
        return sent.message_id
