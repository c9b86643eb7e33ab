"""Makes the call of a queued message, once, and returns what is to be recorded of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import orjson
from structlog.typing import FilteringBoundLogger

from bot.pictures.typesetter import NotDrawn
from bot.service.ports import OutboxKind, OutboxMessage, Storage, UnitOfWork
from bot.telegram.client import TelegramBot
from bot.telegram.members import ChatMemberCache
from bot.telegram.rendering.names import BOT, has_placeholders
from bot.telegram.sending.documents import DocumentSender, Typeset
from bot.telegram.sending.pictures import Draw, PictureSender
from bot.telegram.sending.rate_limit import RateLimiter
from bot.telegram.sending.receipts import OutboxReceipts
from bot.telegram.updates.note_text import NoteTextCache
from flows.cards.card import QUOTE

MAX_ANSWER_TEXT: Final = 200
"""Characters that Telegram shows of an answer to a tap."""

RECORD_WAIT: Final = 12.0
"""Seconds that the record of a decision waits for names; what it lacks then is put in later."""

SOON: Final = 1.0
"""Seconds: a card that is drawn anew sooner needs no word that it follows."""

CHANGES: Final[Mapping[OutboxKind, Callable[..., Awaitable[object]]]] = {
    OutboxKind.edit_card: TelegramBot.edit_message_text,
    OutboxKind.close_poll: TelegramBot.stop_poll,
    OutboxKind.pin: TelegramBot.pin_chat_message,
    OutboxKind.unpin: TelegramBot.unpin_chat_message,
    OutboxKind.delete: TelegramBot.delete_message,
}
"""What changes a message that is there already."""


class Sent(NamedTuple):
    """What became of a message that Telegram took, or that could not be drawn.

    Attributes:
        record: what is to be recorded of it; None where it only has to be deleted from the outbox.
        lacks_name: whether it shows "someone" in place of a name that is not known yet.
    """

    record: Callable[[UnitOfWork], Iterable[OutboxMessage]] | None = None
    lacks_name: bool = False


class MessageSender:
    """Sends one message of any kind."""

    def __init__(
        self,
        bot: TelegramBot,
        store: Storage,
        receipts: OutboxReceipts,
        members: ChatMemberCache,
        note_texts: NoteTextCache,
        rate_limiter: RateLimiter,
        draw: Draw,
        typeset: Typeset,
        log: FilteringBoundLogger,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Store what it works with."""
        self._bot = bot
        self._store = store
        self._receipts = receipts
        self._members = members
        self._note_texts = note_texts
        self._rate_limiter = rate_limiter
        self._pictures = PictureSender(bot, draw, rate_limiter, sleep)
        self._documents = DocumentSender(bot, typeset, members, rate_limiter, sleep)
        self._log = log
        self._lacking: set[int] = set()

    async def send(self, outbox_message: OutboxMessage) -> Sent:
        """Send a message.

        Raises:
            TelegramError: where Telegram refuses it, or cannot be reached.
        """
        try:
            return await self._send(outbox_message)
        except NotDrawn as fault:
            return self._not_drawn(outbox_message, str(fault))

    def lacks_name(self, outbox_message: OutboxMessage) -> bool:
        """Return whether a screen was sent with "someone" in place of a name that is not known yet."""
        return outbox_message.version in self._lacking

    def forget(self, outbox_message: OutboxMessage) -> None:
        """Forget what names a screen lacked; it is not sent again, or is drawn anew by then."""
        self._lacking.discard(outbox_message.version)

    def _not_drawn(self, outbox_message: OutboxMessage, why: str) -> Sent:
        """Return what is to be recorded of what cannot be drawn or set: it is given up, and nothing else."""
        match outbox_message.kind:
            case OutboxKind.send_record:
                self._log.error("record_failed", error=why)
                failed = self._receipts.on_record_failed
            case OutboxKind.send_minutes:
                self._log.error("minutes_failed", error=why)
                failed = self._receipts.on_minutes_failed
            case _:
                self._log.error("picture_failed", error=why)
                failed = self._receipts.on_picture_failed
        return Sent(lambda uow: failed(uow, outbox_message))

    async def _send(self, outbox_message: OutboxMessage) -> Sent:
        """Send a message by its kind."""
        match outbox_message.kind:
            case OutboxKind.answer_callback:
                return await self._answer(outbox_message)
            case OutboxKind.send_picture | OutboxKind.edit_picture:
                return await self._show_picture(outbox_message)
            case OutboxKind.send_record:
                return await self._send_record(outbox_message)
            case OutboxKind.send_minutes:
                return await self._send_minutes(outbox_message)
            case _:
                return await self._send_screen(outbox_message)

    async def _send_screen(self, outbox_message: OutboxMessage) -> Sent:
        """Send or change a card, a page or a poll, with names in place of ids."""
        body = orjson.loads(outbox_message.payload)
        if has_placeholders(outbox_message.payload):
            body = await self._named(outbox_message, body)
        if QUOTE[0] in outbox_message.payload:
            body["text"] = self._note_texts.restore_quotes(body["text"])
        if outbox_message.kind in CHANGES:
            body.pop("topic", None)  # it is for what is said where the pin is refused
            quiet = {"disable_notification": True} if outbox_message.kind is OutboxKind.pin else {}
            target = {"chat_id": int(outbox_message.queue), "message_id": int(outbox_message.target)}
            await CHANGES[outbox_message.kind](self._bot, **target, **body, **quiet)
            return Sent(lacks_name=self.lacks_name(outbox_message))
        params = {"chat_id": int(outbox_message.queue), **body, "disable_notification": True}
        if outbox_message.kind is OutboxKind.open_poll:
            poll = await self._bot.send_poll(**params)
            poll_id = poll.poll.id if poll.poll else ""
            return Sent(lambda uow: self._receipts.on_poll_sent(uow, outbox_message, poll_id, poll.message_id))
        sent = await self._bot.send_message(**params)
        complete = not self.lacks_name(outbox_message)
        return Sent(lambda uow: self._receipts.on_card_sent(uow, outbox_message, sent.message_id, complete=complete))

    async def _show_picture(self, outbox_message: OutboxMessage) -> Sent:
        """Send or change a picture."""
        picture = await self._store.transact(lambda uow: self._receipts.picture_of(uow, outbox_message))
        if picture and outbox_message.kind is OutboxKind.send_picture:
            message = await self._pictures.send(outbox_message, picture)
            return Sent(lambda uow: self._receipts.on_picture_sent(uow, outbox_message, message))
        if picture:
            await self._pictures.change(outbox_message, picture)
        return Sent()

    async def _send_record(self, outbox_message: OutboxMessage) -> Sent:
        """Send the record of a case."""
        document = await self._store.transact(lambda uow: self._receipts.record_of(uow, outbox_message))
        if document is None:
            return Sent()
        message = await self._documents.send(outbox_message, document)
        return Sent(lambda uow: self._receipts.on_record_sent(uow, outbox_message, message))

    async def _send_minutes(self, outbox_message: OutboxMessage) -> Sent:
        """Send a list of decisions."""
        document = await self._store.transact(lambda uow: self._receipts.minutes_of(uow, outbox_message))
        if document:
            await self._documents.send_minutes(outbox_message, document)
        return Sent()

    async def _named(self, outbox_message: OutboxMessage, body: dict[str, Any]) -> dict[str, Any]:
        """Insert names into a screen, and note where one is not known; for the record of a decision it is waited."""
        chat = int(outbox_message.queue)
        if outbox_message.kind is OutboxKind.send_decision:
            await self._members.ask_names(body, chat, within=RECORD_WAIT)
        named = await self._members.insert_names(body, chat)
        note = self._lacking.add if self._members.unnamed(body) else self._lacking.discard
        note(outbox_message.version)
        return named

    async def _answer(self, outbox_message: OutboxMessage) -> Sent:
        """Answer a tap, with names where its few words bear any; where its card must wait, the answer says so."""
        body = orjson.loads(outbox_message.payload)
        chat, late = body.pop("chat_id", 0), body.pop("late", "")
        if late and self._rate_limiter.ahead(str(chat)) > SOON:
            body["text"] = late
        if "text" in body:
            body["text"] = (await self._members.insert_names_text(body["text"], chat))[:MAX_ANSWER_TEXT]
        if "url" in body:
            body["url"] = body["url"].replace(BOT, self._members.username)
        await self._bot.answer_callback_query(**body)
        return Sent()
