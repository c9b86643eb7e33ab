"""Handles an update in one transaction: the change of the case, the messages that follow, the mark that it is done."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

import orjson
from structlog.typing import FilteringBoundLogger

from bot.service.case_store import CARD, RECORD, chat_of, thread_of
from bot.service.links.read_links import TO_CASE
from bot.service.pictures.case_pictures import CasePicture
from bot.service.policies import AccessPolicy
from bot.service.ports import InboxUpdate, OutboxKind, OutboxMessage, UnitOfWork
from bot.service.replies import (
    FOREIGN,
    ActionContext,
    ChangePicture,
    ClosePoll,
    DeleteMessage,
    Effect,
    NoteInput,
    OpenPoll,
    PinMessage,
    Reply,
    SendPicture,
    ShowCard,
)
from bot.service.retention import RetentionPolicy
from bot.service.services import Services
from bot.telegram.clock_watch import ClockLook
from bot.telegram.members import Role
from bot.telegram.rendering.callback_data import unpack
from bot.telegram.rendering.html import ScreenCache
from bot.telegram.rendering.names import BOT
from bot.telegram.updates.parser import BEGINNING, ParsedUpdate, UpdateKind, from_inbox, question_fingerprint
from flows.cards.card import Action, Tap

UNPROVEN: Final = (Role.unproven, Role.hidden)
"""Who was never seen to be a member of a group, while Telegram does not say."""

_REFUSALS: Final = {
    Role.anonymous_admin: "anonymous",
    Role.outsider: "outsider",
    Role.unproven: "unproven",
    Role.hidden: "hidden",
}
"""Why somebody cannot take part in a group, by what they are there."""


class AlreadyHandled(Exception):
    """Another process has handled the update, and sends what follows."""


class MemberWanted(Exception):
    """Only a member of a group may have that in private; Telegram is to be asked first."""

    def __init__(self, chat: int) -> None:
        """Note the group."""
        super().__init__(chat)
        self.chat = chat


OUTAGE_SLOT: Final = 1
"""The number of the notice after an outage among the pages of a chat; every other page is 0."""


class Dispatcher:
    """Hands updates to the private chat or the group chat, and queues what they reply."""

    def __init__(
        self,
        services: Services,
        access: AccessPolicy,
        retention: RetentionPolicy,
        log: FilteringBoundLogger,
    ) -> None:
        """Store the services of private chats, of groups and of pictures, who may take part, how long cases stay."""
        self._private = services.private
        self._team = services.team
        self._pictures = services.pictures
        self._case_retention = services.retention
        self._access = access
        self._retention = retention
        self._log = log
        self._screens = ScreenCache()

    def handle(
        self, uow: UnitOfWork, inbox_update: InboxUpdate, role: Role | None = None
    ) -> tuple[OutboxMessage, ...]:
        """Handle an update that waits; return the messages that follow, the answer to a tap among them.

        Args:
            uow: the transaction.
            inbox_update: the update.
            role: what the person may do in the group it comes from, or reads of; None where nobody was asked.

        Raises:
            AlreadyHandled: where another process has handled it meanwhile; nothing is to be kept then.
            MemberWanted: where it hangs on a group of which nobody was asked; nothing is to be kept then.
        """
        update = from_inbox(inbox_update)
        reply = self._reply(uow, update, role)
        if reply.forged:
            self._log.warning("forged_tap", update_id=inbox_update.update_id, why=reply.forged)
        outbox_messages = self._enqueue_with_answer(uow, inbox_update, update, reply)
        if not uow.mark_handled(inbox_update.update_id, reply.toast):
            raise AlreadyHandled(inbox_update.update_id)
        return outbox_messages

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
            if show.message_id != message or not complete or self._new_message_payload(show) != outbox_message.payload
        )
        return self._enqueue_reply(uow, outbox_message.queue, replace(reply, shows=fresh))

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
        return self._enqueue_reply(uow, chat, self._pictures.on_sent(uow, outbox_message.case, chat, message))

    def on_picture_failed(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Acknowledge a picture that could not be drawn, and say so; its card is shown all the same."""
        uow.acknowledge((outbox_message,))
        told = self._pictures.failed(uow, outbox_message.case)
        return (*self._lost(uow, outbox_message), *self._enqueue_reply(uow, outbox_message.chat, told))

    def _picture_refused(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Return the notice that Telegram refused a picture; one that can be changed no more is forgotten."""
        if outbox_message.kind is not OutboxKind.send_picture:
            return self._lost(uow, outbox_message)
        told = self._pictures.refused(uow, outbox_message.case)
        return self._enqueue_reply(uow, outbox_message.chat, told)

    def _lost(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Forget a picture that cannot be changed; a message of another kind has none."""
        if outbox_message.kind is not OutboxKind.edit_picture:
            return ()
        chat, message = outbox_message.chat, int(outbox_message.target)
        return self._enqueue_reply(uow, chat, self._pictures.on_lost(uow, outbox_message.case, chat, message))

    def on_poll_sent(
        self, uow: UnitOfWork, outbox_message: OutboxMessage, poll: str, message: int
    ) -> tuple[OutboxMessage, ...]:
        """Delete what was sent as a poll; the votes that come under its id are its case's."""
        uow.acknowledge((outbox_message,))
        return self._enqueue_reply(
            uow,
            outbox_message.queue,
            self._team.votes.on_poll_sent(uow, outbox_message.case, outbox_message.number, poll, message),
        )

    def on_chat_migrated(self, uow: UnitOfWork, old: str, new: str) -> tuple[OutboxMessage, ...]:
        """Go on in the chat that a group has become; where the group was listed, the chat is as well."""
        self._move_listing(uow, old, new)
        return self._enqueue_reply(uow, new, self._team.changes.on_chat_migrated(uow, old, new))

    def on_message_gone(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Queue a new message for a case whose message is gone, in the topic that the case belongs to."""
        uow.acknowledge((outbox_message,))
        record = uow.get(outbox_message.case)
        body = _in_thread(outbox_message.payload, thread_of(record.place) if record else 0)
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
                return self._enqueue_reply(
                    uow, queue, self._team.receipts.on_record_stays(uow, queue, int(outbox_message.target))
                )
            case OutboxKind.send_card:
                self._team.receipts.on_part_refused(uow, case, CARD)
            case OutboxKind.send_decision:
                return self._enqueue_reply(uow, queue, self._team.receipts.on_part_refused(uow, case, RECORD))
            case OutboxKind.open_poll:
                return self._enqueue_reply(
                    uow, queue, self._team.votes.on_poll_refused(uow, case, outbox_message.number)
                )
            case OutboxKind.close_poll:
                return self._enqueue_reply(uow, queue, self._team.votes.on_poll_stays(queue))
            case OutboxKind.pin:
                return self.unpinned(uow, outbox_message)
            case _:
                return self._picture_refused(uow, outbox_message)
        return ()

    def _leave_topic(
        self, uow: UnitOfWork, outbox_message: OutboxMessage, body: dict[str, Any]
    ) -> tuple[OutboxMessage, ...]:
        """Send into the chat itself what was for a topic that is closed or gone, and have its cases go on there."""
        queue, kind, chat = outbox_message.queue, outbox_message.kind, outbox_message.chat
        topic = int(body.pop("message_thread_id"))
        moved = self._enqueue_reply(uow, chat, self._team.changes.on_topic_gone(uow, chat, topic))
        if kind is OutboxKind.send_card or (kind is OutboxKind.send_page and moved):
            return moved
        target = "0" if kind is OutboxKind.send_page else outbox_message.target
        again = uow.enqueue(
            queue, kind, target, orjson.dumps(body).decode(), outbox_message.case, outbox_message.number
        )
        return (*moved, again)

    def on_chat_unreachable(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Have the cases of a group rest that the bot is not in any more: `/cases` offers them once it is again."""
        if outbox_message.kind is not OutboxKind.answer_callback:
            self._team.changes.on_bot_removed(uow, outbox_message.chat)
        return ()

    def retry_undelivered(self, uow: UnitOfWork) -> tuple[OutboxMessage, ...]:
        """Try again what Telegram has refused of cases that are open."""
        return self._enqueue_reply(uow, "", self._team.receipts.retry(uow, uow.list_undelivered()))

    def unpinned(self, uow: UnitOfWork, outbox_message: OutboxMessage) -> tuple[OutboxMessage, ...]:
        """Delete a pin that the bot has no right to, and say so where the decision stands."""
        uow.acknowledge((outbox_message,))
        if outbox_message.kind is OutboxKind.unpin:
            return ()
        topic = orjson.loads(outbox_message.payload)["topic"]
        return self._enqueue_reply(
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
        return self._enqueue_reply(uow, outbox_message.chat, room.redraw(uow, outbox_message.case))

    def on_failure(self, uow: UnitOfWork, inbox_update: InboxUpdate, fault: str) -> tuple[OutboxMessage, ...]:
        """Make an update whose handling failed a dead letter, and say that nothing was changed."""
        uow.move_to_dead_letters(inbox_update.update_id, fault)
        update = from_inbox(inbox_update)
        return self._enqueue_with_answer(
            uow, inbox_update, update, self._private.notices.failed(tapped=bool(update.query))
        )

    def expire_cases(self, uow: UnitOfWork, look: ClockLook, observed: float) -> tuple[OutboxMessage, ...]:
        """Archive cases that nobody touches, and erase those whose time is over; neither by a clock that jumped.

        Args:
            uow: the transaction.
            look: what is seen of the clocks.
            observed: how many seconds the bot has run in all.
        """
        self._case_retention.redate(uow, look.since, look.jump)
        self._case_retention.expire_due(uow, self._retention.delete_after, observed)
        if not look.settled:
            return ()
        return self._enqueue_reply(uow, "", self._team.changes.archive_idle(uow, self._retention.archive_after))

    def tell_outage(self, uow: UnitOfWork, since: float, until: float) -> tuple[OutboxMessage, ...]:
        """Warn each chat with an open card, last touched between these times, that taps may be missing.

        The notice has a slot of its own: it takes the place of no answer that waits to be sent.
        """
        body = self._screens.render(self._private.notices.outage())
        return tuple(
            uow.enqueue(
                chat_of(place),
                OutboxKind.send_page,
                str(thread_of(place)),
                _in_thread(body, thread_of(place)),
                number=OUTAGE_SLOT,
            )
            for place in uow.open_places(since, until)
        )

    def _reply(self, uow: UnitOfWork, update: ParsedUpdate, role: Role | None) -> Reply:
        """Reply to those who may take part; others are told why not. Everybody may have theirs erased."""
        tapped, edited = update.kind == UpdateKind.tap, update.kind == UpdateKind.edited
        tap = unpack(update.data) if tapped else None
        match update.kind:
            case UpdateKind.vote | UpdateKind.poll:
                return self._vote(uow, update, role)
            case UpdateKind.migrated:
                self._move_listing(uow, str(update.chat), update.argument)
                return self._team.changes.on_chat_migrated(uow, str(update.chat), update.argument)
            case UpdateKind.bot_removed:
                return self._team.changes.on_bot_removed(uow, str(update.chat))
        forgets = tap.action is Action.erase if tap else update.data == "forget" and not tapped
        allowed = self._allows(uow, update.user_id, update.chat) or forgets
        if not update.is_private:
            return self._group_reply(uow, update, tap, role or Role.member, allowed=allowed)
        context = ActionContext(update.place, str(update.user_id), update.message_id, bears=update.bears)
        if edited:
            return self._private.notes.edited(uow, context, update.note or NoteInput()) if allowed else Reply()
        if update.data == "start" and re.fullmatch(TO_CASE, update.argument):
            return self._linked(uow, update, context, role)
        private = self._alone(uow, update, tap, context) if allowed else self._not_listed(update)
        if tap and tap.case and (not allowed or private.forged == FOREIGN):
            return self._read(uow, update, tap, context, role) or private
        return private

    def _allows(self, uow: UnitOfWork, user_id: int, chat: int) -> bool:
        """Return whether a person may use the bot in a chat, by its number or by the one that it was listed under."""
        if self._access.allows(user_id, chat):
            return True
        listed_as = uow.listed_as(str(chat)) if chat < 0 else None
        return listed_as is not None and self._access.allows(user_id, int(listed_as))

    def _move_listing(self, uow: UnitOfWork, old: str, new: str) -> None:
        """Keep a listed group listed under the number that it has from now on, and log that number."""
        if self._access.open or uow.listed_as(new) or not self._allows(uow, 0, int(old)):
            return
        uow.move_listing(old, new)
        advice = "the group is a supergroup now; put this number in ALLOWED_CHATS in place of the old one"
        self._log.warning("chat_moved", chat=new, was=old, advice=advice)

    def _not_listed(self, update: ParsedUpdate) -> Reply:
        return self._private.notices.not_listed(str(update.user_id), tapped=update.kind == UpdateKind.tap)

    def _alone(self, uow: UnitOfWork, update: ParsedUpdate, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle what a person does in a private chat."""
        if tap and tap.action is Action.erase:
            return self._erased(uow, tap, context)
        if update.kind == UpdateKind.tap:
            return self._private.tap(uow, tap, context)
        if update.data == "start" and update.argument:
            return self._private.on_start_link(uow, update.argument, context)
        if update.data:
            return self._private.command(uow, update.data, context)
        return self._private.notes.typed(uow, context, update.note or NoteInput())

    def _erased(self, uow: UnitOfWork, tap: Tap, context: ActionContext) -> Reply:
        """Erase what is kept of a person; the cards of their teams name them no more."""
        worked = uow.said_by(context.user_id)
        reply = self._private.tap(uow, tap, context)
        return replace(reply, shows=(*reply.shows, *self._team.receipts.unsigned(uow, worked)))

    def _linked(self, uow: UnitOfWork, update: ParsedUpdate, context: ActionContext, role: Role | None) -> Reply:
        """Show a member what they asked for in the group; a moment ago they tapped there."""
        tap = self._team.reading.linked(uow, update.argument, context)
        return (tap and self._read(uow, update, tap, context, role)) or self._team.reading.refused(
            "link_gone", tapped=False
        )

    def _read(
        self, uow: UnitOfWork, update: ParsedUpdate, tap: Tap, context: ActionContext, role: Role | None
    ) -> Reply | None:
        """Show a member of a group its case in private; None where it is no team's case.

        Where Telegram does not say who is a member, the link says that they tapped there; a tap says nothing.
        """
        record = self._team.reading.of(uow, tap)
        if record is None:
            return None
        chat, tapped = int(chat_of(record.place)), update.kind == UpdateKind.tap
        if not self._allows(uow, update.user_id, chat):
            return self._not_listed(update)
        if role is None:
            raise MemberWanted(chat)
        if role is Role.outsider or (tapped and role in UNPROVEN):
            return self._team.reading.refused("outsider" if role is Role.outsider else "unsure", tapped=tapped)
        return self._team.reading.shown(uow, record, tap, context)

    def _group_reply(
        self, uow: UnitOfWork, update: ParsedUpdate, tap: Tap | None, role: Role, *, allowed: bool
    ) -> Reply:
        """Handle what members of a group do, as themselves."""
        tapped, edited = update.kind == UpdateKind.tap, update.kind == UpdateKind.edited
        why = "anonymous" if update.is_anonymous else _REFUSALS.get(role, "")
        if edited and (not allowed or (why and role not in UNPROVEN)):
            return Reply()
        if not allowed:
            told = not tapped and not uow.mark_refusal_sent(str(update.chat))
            return self._team.not_allowed_notice(str(update.chat), str(update.user_id), tapped=tapped, told=told)
        if why:
            return self._team.refusal(why, "" if tapped else update.data or BEGINNING[0])
        admin = role is Role.admin
        context = ActionContext(
            update.place,
            str(update.user_id),
            update.message_id,
            is_admin=admin,
            rights_unknown=role is Role.unknown,
            bears=update.bears,
        )
        if tapped:
            return self._team.tap(uow, tap, context)
        if edited:
            return self._team.edited(uow, context, update.note or NoteInput())
        if update.data in BEGINNING and update.note:
            return self._team.typed(uow, context, update.note)
        return self._team.command(uow, update.data, update.argument, context)

    def chat_of(self, uow: UnitOfWork, vote: ParsedUpdate) -> int:
        """Return the chat of a vote, which names none itself, by the case of its poll; 0 if it has none."""
        record = uow.get_by_poll(vote.data)
        return int(chat_of(record.place)) if record else 0

    def _vote(self, uow: UnitOfWork, update: ParsedUpdate, role: Role | None) -> Reply:
        """Handle a member's vote; a poll that was forwarded can be answered by anyone, and one may be a copy."""
        if update.kind == UpdateKind.poll:
            return self._team.votes.on_stray_vote(
                uow, update.data, lambda question: question_fingerprint(question) == update.argument
            )
        chat = self.chat_of(uow, update)
        if not chat or role in (Role.outsider, Role.anonymous_admin) or not self._allows(uow, update.user_id, chat):
            return Reply()
        if role in UNPROVEN:
            told = not uow.mark_refusal_sent(f"poll:{update.data}")
            return Reply() if told else self._team.votes.on_unproven_vote(uow, update.data)
        numbers = [int(number) for number in update.argument.split(",") if number]
        return self._team.votes.count(uow, update.data, numbers, str(update.user_id))

    def _enqueue_reply(self, uow: UnitOfWork, place: str, reply: Reply) -> tuple[OutboxMessage, ...]:
        """Queue all that a reply asks for: in the chat that it names, else in the one that it replies to."""
        shown = [self._enqueue_card(uow, show.chat or place, show) for show in reply.shows]
        pictures = [
            ChangePicture(show.case, show.picture, chat=show.chat) for show in reply.shows if show.picture is not None
        ]
        return (*shown, *(_enqueue_effect(uow, deed.chat or place, deed) for deed in (*reply.effects, *pictures)))

    def _enqueue_with_answer(
        self, uow: UnitOfWork, inbox_update: InboxUpdate, update: ParsedUpdate, reply: Reply
    ) -> tuple[OutboxMessage, ...]:
        """Queue what follows from an update; a tap is answered even where the process dies before it could be."""
        outbox_messages = self._enqueue_reply(uow, update.place, reply)
        if not update.query:
            return outbox_messages
        # A client that is given words as well shows them, and opens nothing.
        opens = {"url": f"https://t.me/{BOT}?start={reply.opens}"} if reply.opens else {}
        said = {"text": reply.toast, "chat_id": update.chat} if reply.toast else opens
        late = {"late": reply.late, "chat_id": update.chat} if reply.late else {}
        body = orjson.dumps({"callback_query_id": update.query} | said | late).decode()
        answer = OutboxKind.answer_callback, str(inbox_update.update_id)
        return (uow.enqueue(callback_queue(inbox_update.update_id), *answer, body), *outbox_messages)

    def _enqueue_card(self, uow: UnitOfWork, place: str, show: ShowCard) -> OutboxMessage:
        """Keep what a message shall show: the one named, the card of a case, or the chat's next page.

        Pages share one slot: of those that wait to be sent the newest counts, so that a flood of commands does not
        become a flood of answers.
        """
        chat, topic, body = chat_of(place), thread_of(place), self._screens.render(show.card)
        if show.message_id is not None:
            # A record of a decision that is gone is not posted again; a case's card is.
            return uow.enqueue(
                chat, OutboxKind.edit_card, str(show.message_id), body, "" if show.is_decision else show.case
            )
        body = _in_thread(body, topic)
        if not show.case:
            return uow.enqueue(chat, OutboxKind.send_page, str(topic), body)
        kind = OutboxKind.send_decision if show.is_decision else OutboxKind.send_card
        return uow.enqueue(chat, kind, show.case, body, show.case)

    def _new_message_payload(self, show: ShowCard) -> str:
        """Write the screen of a card as it is kept for a new message, which bears its topic; an edit does not."""
        return _in_thread(self._screens.render(show.card), thread_of(show.chat))


def callback_queue(update_id: int) -> str:
    """Return the queue of the answer to a tap, by its update: no screen of the chat keeps it waiting."""
    return f"callback:{update_id}"


def picture_queue(chat: str) -> str:
    """Return the queue of the pictures of a chat: while one is drawn, no card of the chat waits for it."""
    return f"picture:{chat}"


def _in_thread(body: str, topic: int) -> str:
    """Add the topic, if there is one, to the screen of a new message."""
    return orjson.dumps(orjson.loads(body) | _thread_params(topic)).decode() if topic else body


def _thread_params(topic: int) -> dict[str, int]:
    """Return the parameter that puts a new message into a topic, where there is one."""
    return {"message_thread_id": topic} if topic else {}


def _enqueue_effect(uow: UnitOfWork, place: str, effect: Effect) -> OutboxMessage:
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
        case ChangePicture(case=case, message_id=message):
            return uow.enqueue(picture_queue(chat), OutboxKind.edit_picture, str(message), "{}", case)
        case PinMessage(message_id=message, on=on):
            kind = OutboxKind.pin if on else OutboxKind.unpin
            return uow.enqueue(chat, kind, str(message), orjson.dumps({"topic": thread_of(place)}).decode())
