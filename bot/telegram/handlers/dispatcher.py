"""Handles an update in one transaction: the change of the case, the messages that follow, the mark that it is done."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from structlog.typing import FilteringBoundLogger

from bot.service.case_store import chat_of
from bot.service.links.read_links import TO_CASE
from bot.service.ports import InboxUpdate, OutboxMessage, UnitOfWork
from bot.service.replies import FOREIGN, ActionContext, NoteInput, Reply
from bot.service.services import Services
from bot.telegram.access import AccessControl
from bot.telegram.members import Role
from bot.telegram.rendering.callback_data import unpack
from bot.telegram.sending.outbox_writer import OutboxWriter
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


class Dispatcher:
    """Hands updates to the private chat or the group chat, and queues what they reply."""

    def __init__(
        self,
        services: Services,
        access: AccessControl,
        writer: OutboxWriter,
        log: FilteringBoundLogger,
    ) -> None:
        """Store the services of private chats and of groups, who may take part, and what queues replies."""
        self._private = services.private
        self._team = services.team
        self._access = access
        self._writer = writer
        self._log = log

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

    def on_failure(self, uow: UnitOfWork, inbox_update: InboxUpdate, fault: str) -> tuple[OutboxMessage, ...]:
        """Make an update whose handling failed a dead letter, and say that nothing was changed."""
        uow.move_to_dead_letters(inbox_update.update_id, fault)
        update = from_inbox(inbox_update)
        return self._enqueue_with_answer(
            uow, inbox_update, update, self._private.notices.failed(tapped=bool(update.query))
        )

    def _reply(self, uow: UnitOfWork, update: ParsedUpdate, role: Role | None) -> Reply:
        """Reply to those who may take part; others are told why not. Everybody may have theirs erased."""
        tapped, edited = update.kind == UpdateKind.tap, update.kind == UpdateKind.edited
        tap = unpack(update.data) if tapped else None
        match update.kind:
            case UpdateKind.vote | UpdateKind.poll:
                return self._vote(uow, update, role)
            case UpdateKind.migrated:
                self._access.move_listing(uow, str(update.chat), update.argument)
                return self._team.changes.on_chat_migrated(uow, str(update.chat), update.argument)
            case UpdateKind.bot_removed:
                return self._team.changes.on_bot_removed(uow, str(update.chat))
        forgets = tap.action is Action.erase if tap else update.data == "forget" and not tapped
        allowed = self._access.allows(uow, update.user_id, update.chat) or forgets
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
        if not self._access.allows(uow, update.user_id, chat):
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
        if (
            not chat
            or role in (Role.outsider, Role.anonymous_admin)
            or not self._access.allows(uow, update.user_id, chat)
        ):
            return Reply()
        if role in UNPROVEN:
            told = not uow.mark_refusal_sent(f"poll:{update.data}")
            return Reply() if told else self._team.votes.on_unproven_vote(uow, update.data)
        numbers = [int(number) for number in update.argument.split(",") if number]
        return self._team.votes.count(uow, update.data, numbers, str(update.user_id))

    def _enqueue_with_answer(
        self, uow: UnitOfWork, inbox_update: InboxUpdate, update: ParsedUpdate, reply: Reply
    ) -> tuple[OutboxMessage, ...]:
        """Queue what follows from an update; a tap is answered even where the process dies before it could be."""
        outbox_messages = self._writer.enqueue(uow, update.place, reply)
        if not update.query:
            return outbox_messages
        answer = self._writer.enqueue_answer(uow, inbox_update.update_id, update.query, update.chat, reply)
        return (answer, *outbox_messages)
