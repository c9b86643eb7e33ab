"""Delivery receipts: what follows once Telegram has taken a message, has refused it, or has it no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from bot.service.case_store import CARD, RECORD, chat_of, place_of, thread_of
from bot.service.pictures.board_minutes import MinutesDocument
from bot.service.pictures.case_pictures import CasePicture
from bot.service.pictures.case_records import CaseDocument
from bot.service.ports import OutboxKind, OutboxMessage, UnitOfWork
from bot.service.replies import SendMinutes
from bot.service.services import Services
from bot.telegram.access import AccessControl
from bot.telegram.sending.outbox_writer import OutboxWriter, in_thread


class OutboxReceipts:
    """Records in the database what became of a message, and queues what follows from that."""

    def __init__(self, services: Services, access: AccessControl, writer: OutboxWriter) -> None:
        """Store the services whose cases the messages show, who may take part, and what queues the next messages."""
        self._private = services.private
        self._team = services.team
        self._pictures = services.pictures
        self._records = services.records
        self._access = access
        self._writer = writer

    def on_card_sent(
        self, uow: UnitOfWork, outbox_message: OutboxMessage, message: int, *, complete: bool = True
    ) -> tuple[OutboxMessage, ...]:
        """Delete what was sent as a new message; its case, or its decision, is now shown there.

        One that was not complete, since a name was not known, is queued again for that message.
        """
        uow.acknowledge((outbox_message,))
        if not outbox_message.case:
            return ()
        if outbox_message.kind is OutboxKind.send_decision:
            reply = self._team.receipts.on_decision_sent(uow, outbox_message.case, message)
        else:
            record = uow.get(outbox_message.case)
            room = self._team.receipts if record and record.team else self._private
            reply = room.on_card_sent(uow, outbox_message.case, message)
        fresh = tuple(
            show
            for show in reply.shows
            if show.message_id != message
            or not complete
            or self._writer.new_message_payload(show) != outbox_message.payload
        )
        return self._writer.enqueue(uow, outbox_message.queue, replace(reply, shows=fresh))

    def picture_of(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> CasePicture | None:
        """Return the picture to be sent, as its case stands now; None if the case has it no more."""
        picture = self._pictures.of(uow, outbox_message.case)
        if picture is None or chat_of(picture.place) != outbox_message.chat:
            return None
        edits = outbox_message.kind is OutboxKind.edit_picture
        return None if edits and str(picture.message_id) != outbox_message.target else picture

    def on_picture_sent(
        self, uow: UnitOfWork, outbox_message: OutboxMessage, message: int
    ) -> tuple[OutboxMessage, ...]:
        """Acknowledge a photo that was sent; it is now the picture of its case."""
        uow.acknowledge((outbox_message,))
        chat = outbox_message.chat
        return self._writer.enqueue(uow, chat, self._pictures.on_sent(uow, outbox_message.case, chat, message))

    def on_picture_failed(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Acknowledge a picture that could not be drawn, and say so; its card is shown all the same."""
        uow.acknowledge((outbox_message,))
        told = self._pictures.failed(uow, outbox_message.case)
        return (*self._lost(uow, outbox_message), *self._writer.enqueue(uow, outbox_message.chat, told))

    def record_of(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> CaseDocument | None:
        """Return the record to be sent, as its case stands now; None if the case has none any more."""
        document = self._records.of(uow, outbox_message.case)
        return document if document and chat_of(document.place) == outbox_message.chat else None

    def on_record_sent(
        self, uow: UnitOfWork, outbox_message: OutboxMessage, message: int
    ) -> tuple[OutboxMessage, ...]:
        """Acknowledge a document that was sent; it is now the record of its case."""
        uow.acknowledge((outbox_message,))
        chat = outbox_message.chat
        return self._writer.enqueue(uow, chat, self._records.on_sent(uow, outbox_message.case, chat, message))

    def on_record_failed(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Acknowledge a record that could not be set, and say so."""
        uow.acknowledge((outbox_message,))
        return self._writer.enqueue(uow, outbox_message.chat, self._records.failed(uow, outbox_message.case))

    def minutes_of(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> MinutesDocument | None:
        """Return the list of a group's decisions to be sent; None if there is nothing to list any more."""
        asked = orjson.loads(outbox_message.payload)["asked"]
        return self._team.minutes.of(uow, outbox_message.chat, SendMinutes(*asked))

    def on_minutes_failed(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Acknowledge a list that could not be set, and say so."""
        uow.acknowledge((outbox_message,))
        return self._writer.enqueue(uow, _place(outbox_message), self._team.minutes.failed())

    def on_poll_sent(
        self, uow: UnitOfWork, outbox_message: OutboxMessage, poll: str, message: int
    ) -> tuple[OutboxMessage, ...]:
        """Delete what was sent as a poll; the votes that come under its id are its case's."""
        uow.acknowledge((outbox_message,))
        return self._writer.enqueue(
            uow,
            outbox_message.queue,
            self._team.votes.on_poll_sent(uow, outbox_message.case, outbox_message.number, poll, message),
        )

    def on_chat_migrated(self, uow: UnitOfWork, old: str, new: str) -> tuple[OutboxMessage, ...]:
        """Go on in the chat that a group has become; where the group was listed, the chat is as well."""
        self._access.move_listing(uow, old, new)
        return self._writer.enqueue(uow, new, self._team.changes.on_chat_migrated(uow, old, new))

    def on_message_gone(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Queue a new message for a case whose message is gone, in the topic that the case belongs to."""
        uow.acknowledge((outbox_message,))
        record = uow.get(outbox_message.case)
        body = in_thread(outbox_message.payload, thread_of(record.place) if record else 0)
        return (
            uow.enqueue(outbox_message.queue, OutboxKind.send_card, outbox_message.case, body, outbox_message.case),
        )

    def on_refused(
        self, uow: UnitOfWork, outbox_message: OutboxMessage, *, topic_gone: bool
    ) -> tuple[OutboxMessage, ...]:
        """Strike out what Telegram does not take, and have the case say so; nothing is claimed that did not happen."""
        uow.acknowledge((outbox_message,))
        queue, case, kind = outbox_message.chat, outbox_message.case, outbox_message.kind
        body = orjson.loads(outbox_message.payload) if topic_gone else {}
        if body.get("message_thread_id"):
            return self._leave_topic(uow, outbox_message, body)
        match kind:
            case OutboxKind.edit_card if case:
                record = uow.get(case)
                if record and record.team:
                    return self.on_message_gone(uow, outbox_message)
            case OutboxKind.edit_card:
                return self._writer.enqueue(
                    uow, queue, self._team.receipts.on_record_stays(uow, queue, int(outbox_message.target))
                )
            case OutboxKind.send_card:
                self._team.receipts.on_part_refused(uow, case, CARD)
            case OutboxKind.send_decision:
                return self._writer.enqueue(uow, queue, self._team.receipts.on_part_refused(uow, case, RECORD))
            case OutboxKind.open_poll:
                return self._writer.enqueue(
                    uow, queue, self._team.votes.on_poll_refused(uow, case, outbox_message.number)
                )
            case OutboxKind.close_poll:
                return self._writer.enqueue(uow, queue, self._team.votes.on_poll_stays(queue))
            case OutboxKind.pin:
                return self.on_pin_refused(uow, outbox_message)
            case _:
                return self._drawing_refused(uow, outbox_message)
        return ()

    def on_chat_unreachable(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Have the cases of a group rest that the bot is not in any more: `/cases` offers them once it is again."""
        if outbox_message.kind is not OutboxKind.answer_callback:
            self._team.changes.on_bot_removed(uow, outbox_message.chat)
        return ()

    def on_pin_refused(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Delete a pin that the bot has no right to, and say so where the decision stands."""
        uow.acknowledge((outbox_message,))
        if outbox_message.kind is OutboxKind.unpin:
            return ()
        topic = orjson.loads(outbox_message.payload)["topic"]
        return self._writer.enqueue(
            uow,
            outbox_message.queue,
            self._team.receipts.unpinned(f"{outbox_message.queue}/{topic}" if topic else outbox_message.queue),
        )

    def on_version_superseded(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Return what a message shall show after an older screen was sent that another process had overtaken.

        A newer message that still waits is sent once more, as it is: to queue another would overtake the other process
        in turn, for ever. Where none waits, the newer one may have been shown before the older, so it is drawn again.
        """
        waiting = tuple(
            newer for newer in uow.pending_messages(outbox_message.queue) if newer.key == outbox_message.key
        )
        if waiting:
            return waiting
        record = uow.get(outbox_message.case)
        room = self._team.receipts if record and record.team else self._private
        return self._writer.enqueue(uow, outbox_message.chat, room.redraw(uow, outbox_message.case))

    def _leave_topic(
        self, uow: UnitOfWork, outbox_message: OutboxMessage, body: dict[str, Any]
    ) -> tuple[OutboxMessage, ...]:
        """Send into the chat itself what was for a topic that is closed or gone, and have its cases go on there."""
        queue, kind, chat = outbox_message.queue, outbox_message.kind, outbox_message.chat
        topic = int(body.pop("message_thread_id"))
        moved = self._writer.enqueue(uow, chat, self._team.changes.on_topic_gone(uow, chat, topic))
        if kind is OutboxKind.send_card or (kind is OutboxKind.send_page and moved):
            return moved
        target = "0" if kind is OutboxKind.send_page else outbox_message.target
        again = uow.enqueue(
            queue, kind, target, orjson.dumps(body).decode(), outbox_message.case, outbox_message.number
        )
        return (*moved, again)

    def _drawing_refused(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Return the notice that Telegram refused a picture or a document.

        A picture that can be changed no more is forgotten.
        """
        if outbox_message.kind is OutboxKind.send_minutes:
            return self._writer.enqueue(uow, _place(outbox_message), self._team.minutes.refused())
        if outbox_message.kind not in (OutboxKind.send_picture, OutboxKind.send_record):
            return self._lost(uow, outbox_message)
        refused = self._pictures if outbox_message.kind is OutboxKind.send_picture else self._records
        told = refused.refused(uow, outbox_message.case)
        return self._writer.enqueue(uow, outbox_message.chat, told)

    def _lost(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Forget a picture that cannot be changed; a message of another kind has none."""
        if outbox_message.kind is not OutboxKind.edit_picture:
            return ()
        chat, message = outbox_message.chat, int(outbox_message.target)
        return self._writer.enqueue(uow, chat, self._pictures.on_lost(uow, outbox_message.case, chat, message))


def _place(outbox_message: OutboxMessage) -> str:
    """Return the place that a document was asked for in."""
    thread = orjson.loads(outbox_message.payload).get("message_thread_id", 0)
    return place_of(outbox_message.chat, int(thread))
