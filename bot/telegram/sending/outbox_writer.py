"""Writes into the outbox what a reply asks for, within the transaction of whatever led to it."""

from __future__ import annotations

from typing import Final

import orjson

from bot.service.case_store import chat_of, thread_of
from bot.service.ports import OutboxKind, OutboxMessage, UnitOfWork
from bot.service.replies import (
    ChangePicture,
    ClosePoll,
    DeleteMessage,
    OpenPoll,
    PinMessage,
    Reply,
    SendMinutes,
    SendPicture,
    SendRecord,
    ShowCard,
    SingleEffect,
)
from bot.telegram.rendering.html import ScreenCache
from bot.telegram.rendering.names import BOT
from flows.cards.card import Card

OUTAGE_SLOT: Final = 1
"""The number of the notice after an outage among the pages of a chat; every other page is 0."""


class OutboxWriter:
    """Queues the messages that follow from a reply."""

    def __init__(self, page_url: str = "") -> None:
        """Begin with no screen remembered; `page_url` is where the page of the spine is served."""
        self._screens = ScreenCache(page_url)

    def enqueue(self, uow: UnitOfWork, place: str, reply: Reply) -> tuple[OutboxMessage, ...]:
        """Queue all that a reply asks for: in the chat that it names, else in the one that it replies to."""
        shown = [self._enqueue_card(uow, show.chat or place, show) for show in reply.shows]
        pictures = [
            ChangePicture(show.case, show.picture, chat=show.chat) for show in reply.shows if show.picture is not None
        ]
        deeds = (*reply.effects, *pictures)
        lists = [queued for deed in deeds if isinstance(deed, SendMinutes) for queued in _enqueue_minutes(uow, deed)]
        others = (deed for deed in deeds if not isinstance(deed, SendMinutes))
        return (*shown, *lists, *(_enqueue_effect(uow, deed.chat or place, deed) for deed in others))

    def enqueue_answer(self, uow: UnitOfWork, update_id: int, query: str, chat: int, reply: Reply) -> OutboxMessage:
        """Queue the answer to a tap: it is answered even where the process dies before it could be.

        Args:
            uow: the transaction.
            update_id: the update that the tap came as.
            query: the id of its callback query.
            chat: the chat whose people its words name.
            reply: what it is told.
        """
        # A client that is given words as well shows them, and opens nothing.
        opens = {"url": f"https://t.me/{BOT}?start={reply.opens}"} if reply.opens else {}
        said = {"text": reply.toast, "chat_id": chat} if reply.toast else opens
        late = {"late": reply.late, "chat_id": chat} if reply.late else {}
        body = orjson.dumps({"callback_query_id": query} | said | late).decode()
        return uow.enqueue(callback_queue(update_id), OutboxKind.answer_callback, str(update_id), body)

    def enqueue_outage_notice(self, uow: UnitOfWork, place: str, card: Card) -> OutboxMessage:
        """Queue the notice after an outage in a slot of its own: it replaces no answer that waits to be sent."""
        body, topic = self._screens.render(card), thread_of(place)
        return uow.enqueue(
            chat_of(place), OutboxKind.send_page, str(topic), in_thread(body, topic), number=OUTAGE_SLOT
        )

    def new_message_payload(self, show: ShowCard) -> str:
        """Write the screen of a card as it is kept for a new message, which bears its topic; an edit does not."""
        return in_thread(self._screens.render(show.card), thread_of(show.chat))

    def _enqueue_card(self, uow: UnitOfWork, place: str, show: ShowCard) -> OutboxMessage:
        """Keep what a message shall show: the one named, the card of a case, or the chat's next page.

        Pages share one slot unless they bear another number: of those that wait to be sent the newest counts, so that
        a flood of commands does not become a flood of answers.
        """
        chat, topic, body = chat_of(place), thread_of(place), self._screens.render(show.card)
        if show.message_id is not None:
            # A record of a decision that is gone is not posted again; a case's card is.
            return uow.enqueue(
                chat, OutboxKind.edit_card, str(show.message_id), body, "" if show.is_decision else show.case
            )
        body = in_thread(body, topic)
        if not show.case:
            return uow.enqueue(chat, OutboxKind.send_page, str(topic), body, number=show.page_number)
        kind = OutboxKind.send_decision if show.is_decision else OutboxKind.send_card
        return uow.enqueue(chat, kind, show.case, body, show.case)


def callback_queue(update_id: int) -> str:
    """Return the queue of the answer to a tap, by its update: no screen of the chat keeps it waiting."""
    return f"callback:{update_id}"


def picture_queue(chat: str) -> str:
    """Return the queue of the pictures of a chat: while one is drawn, no card of the chat waits for it."""
    return f"picture:{chat}"


def in_thread(body: str, topic: int) -> str:
    """Add the topic, if there is one, to the screen of a new message."""
    return orjson.dumps(orjson.loads(body) | _thread_params(topic)).decode() if topic else body


def _thread_params(topic: int) -> dict[str, int]:
    """Return the parameter that puts a new message into a topic, where there is one."""
    return {"message_thread_id": topic} if topic else {}


def _enqueue_minutes(uow: UnitOfWork, asked: SendMinutes) -> list[OutboxMessage]:
    """Keep that a list of decisions is to be sent in each form; what was asked for stands in it, and no decision."""
    said = {"asked": [asked.since, asked.until, asked.named], **_thread_params(thread_of(asked.chat))}
    body, queue = orjson.dumps(said).decode(), picture_queue(chat_of(asked.chat))
    return [uow.enqueue(queue, OutboxKind.send_minutes, form, body) for form in ("pdf", "csv")]


def _enqueue_effect(uow: UnitOfWork, place: str, effect: SingleEffect) -> OutboxMessage:
    """Keep that a vote is to be opened or to end, or that a message is to be pinned."""
    chat = chat_of(place)
    match effect:
        case OpenPoll(case=case, number=number, question=question, answers=answers):
            options = [{"text": answer} for answer in answers]
            asked = {"question": question, "options": options, "is_anonymous": False, "allows_revoting": True}
            body = orjson.dumps(asked | _thread_params(thread_of(place))).decode()
            return uow.enqueue(chat, OutboxKind.open_poll, case, body, case, number)
        case ClosePoll(message_id=message):
            return uow.enqueue(chat, OutboxKind.close_poll, str(message), "{}")
        case DeleteMessage(message_id=message):
            return uow.enqueue(chat, OutboxKind.delete, str(message), "{}")
        case SendPicture(case=case):
            body = orjson.dumps(_thread_params(thread_of(place))).decode()
            return uow.enqueue(picture_queue(chat), OutboxKind.send_picture, case, body, case)
        case SendRecord(case=case):
            body = orjson.dumps(_thread_params(thread_of(place))).decode()
            return uow.enqueue(picture_queue(chat), OutboxKind.send_record, case, body, case)
        case ChangePicture(case=case, message_id=message):
            return uow.enqueue(picture_queue(chat), OutboxKind.edit_picture, str(message), "{}", case)
        case PinMessage(message_id=message, on=on):
            kind = OutboxKind.pin if on else OutboxKind.unpin
            return uow.enqueue(chat, kind, str(message), orjson.dumps({"topic": thread_of(place)}).decode())
