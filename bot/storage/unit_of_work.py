"""Inbox and outbox in the database: what one transaction of a durable channel reads and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import (
    ColumnElement,
    Text,
    UpdateBase,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from bot.service.ports import InboxUpdate, NumberInUse, OutboxKind, OutboxMessage
from bot.service.replies import NoteInput
from bot.storage.access_repository import SqlAccessRepository
from bot.storage.case_repository import SqlCaseRepository
from bot.storage.schema import BOTS, INBOX, MOVED_CHATS, OUTBOX, REFUSED_CHATS, Insert, for_each_database
from flows.cards.card import person

NEW: Final = "new"
DONE: Final = "done"
DEAD: Final = "dead"

_UPDATE_COLUMNS: Final = (
    INBOX.c.update_id,
    INBOX.c.chat,
    INBOX.c.payload,
    INBOX.c.answer_text,
    INBOX.c.fingerprint,
    cast(INBOX.c.note_findings, Text),
    cast(INBOX.c.note_others, Text),
    INBOX.c.note_key,
    INBOX.c.note_message_id,
    cast(INBOX.c.note_scope, Text),
)
_NOTE: Final = ("note_findings", "note_others", "note_key", "note_message_id", "note_scope")
_NO_NOTE: Final = dict.fromkeys(_NOTE, null())
_RECEIVED: Final = INBOX.c.bot_id == bindparam("bot")
_BY_ID: Final = and_(_RECEIVED, INBOX.c.update_id == bindparam("id"))
_GET_UPDATE: Final = select(*_UPDATE_COLUMNS).where(_BY_ID)
_IS_PENDING: Final = select(INBOX.c.update_id).where(_BY_ID, INBOX.c.state == NEW)
_PENDING_UPDATES: Final = select(*_UPDATE_COLUMNS).where(_RECEIVED, INBOX.c.state == NEW).order_by(INBOX.c.update_id)
_DEAD_LETTERS: Final = (
    select(*_UPDATE_COLUMNS, INBOX.c.error).where(_RECEIVED, INBOX.c.state == DEAD).order_by(INBOX.c.update_id)
)
_MARK_HANDLED: Final = (
    update(INBOX)
    .where(_BY_ID, INBOX.c.state != DONE)
    .values(state=DONE, chat="", payload="", error="", answer_text=bindparam("said"), **_NO_NOTE)
)
_MOVE_TO_DEAD_LETTERS: Final = (
    update(INBOX).where(_BY_ID, INBOX.c.state == NEW).values(state=DEAD, error=bindparam("why"))
)
_RETRY_DEAD_LETTER: Final = (
    update(INBOX).where(_BY_ID, INBOX.c.state == DEAD, INBOX.c.payload != "").values(state=NEW, error="")
)
_DROP_DEAD_LETTER: Final = (
    update(INBOX).where(_BY_ID, INBOX.c.state == DEAD).values(state=DONE, payload="", **_NO_NOTE)
)
_ERASE_UPDATES: Final = (
    update(INBOX)
    .where(
        _RECEIVED,
        INBOX.c.state != NEW,
        or_(INBOX.c.chat == bindparam("of"), INBOX.c.payload.contains(bindparam("by"))),
    )
    .values(state=DONE, chat="", payload="", answer_text="", error="", **_NO_NOTE)
)
_ANONYMIZE_ANSWERS: Final = (
    update(INBOX)
    .where(_RECEIVED, INBOX.c.answer_text.contains(bindparam("named")))
    .values(answer_text=func.replace(INBOX.c.answer_text, bindparam("named"), bindparam("nobody")))
)
_QUEUED: Final = OUTBOX.c.bot_id == bindparam("bot")
_ANONYMIZE_MESSAGES: Final = (
    update(OUTBOX)
    .where(_QUEUED, OUTBOX.c.payload.contains(bindparam("named")))
    .values(payload=func.replace(OUTBOX.c.payload, bindparam("named"), bindparam("nobody")))
)
_CLAIM_FOR_BOT: Final = insert(BOTS)
_MARK_REFUSAL_SENT: Final = for_each_database(
    REFUSED_CHATS, lambda insert: insert.on_conflict_do_nothing().returning(REFUSED_CHATS.c.chat_id)
)
_LISTED_AS: Final = select(MOVED_CHATS.c.listed_as).where(
    MOVED_CHATS.c.bot_id == bindparam("bot"), MOVED_CHATS.c.chat_id == bindparam("now")
)
_MOVE_LISTING: Final = for_each_database(MOVED_CHATS, lambda insert: insert.on_conflict_do_nothing())
_DROP_QUEUE: Final = delete(OUTBOX).where(_QUEUED, OUTBOX.c.queue == bindparam("old"))
_PURGE_HANDLED: Final = delete(INBOX).where(
    _RECEIVED,
    INBOX.c.state == DONE,
    or_(INBOX.c.update_id < bindparam("below"), INBOX.c.update_id > bindparam("above")),
)
_KNOWN: Final = select(INBOX.c.state, INBOX.c.fingerprint).where(_BY_ID)
_LOWEST: Final = select(func.min(INBOX.c.update_id)).where(_RECEIVED)
_RENUMBER: Final = update(INBOX).where(_BY_ID).values(update_id=bindparam("lowest"))


def _kept(insert: Insert) -> UpdateBase:
    """Build the statement that stores an update, in place of a handled one of the same number with other content."""
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[INBOX.c.bot_id, INBOX.c.update_id],
        set_={column.name: new[column.name] for column in INBOX.c if not column.primary_key},
        where=and_(INBOX.c.state == DONE, _other(INBOX.c.fingerprint, new.fingerprint)),
    ).returning(INBOX.c.update_id)


def _other(known: ColumnElement[str], new: ColumnElement[str]) -> ColumnElement[bool]:
    """Build the condition: both fingerprints are there, and they differ."""
    return and_(known != "", new != "", known != new)


_ADD_UPDATE: Final = for_each_database(INBOX, _kept)


def _enqueue_statement(insert: Insert) -> UpdateBase:
    """Build the statement that keeps a message, in place of an older one for its target, under a number of its own."""
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[OUTBOX.c.bot_id, OUTBOX.c.queue, OUTBOX.c.kind, OUTBOX.c.target, OUTBOX.c.number],
        set_={
            "version": new.version,
            "enqueued_as": func.coalesce(OUTBOX.c.enqueued_as, OUTBOX.c.version),
            "payload": new.payload,
            "case_id": new.case_id,
            "erases": or_(OUTBOX.c.erases, new.erases),
        },
    ).returning(OUTBOX.c.version)


_ENQUEUE: Final = for_each_database(OUTBOX, _enqueue_statement)
_REVERSED: Final = {OutboxKind.pin: OutboxKind.unpin, OutboxKind.unpin: OutboxKind.pin}
"""What undoes what: of the two, the one that was queued last counts."""

_UNDO: Final = delete(OUTBOX).where(
    _QUEUED,
    OUTBOX.c.queue == bindparam("in_queue"),
    OUTBOX.c.kind == bindparam("reversed"),
    OUTBOX.c.target == bindparam("of"),
)
_PENDING_MESSAGES: Final = (
    select(
        OUTBOX.c.queue,
        OUTBOX.c.kind,
        OUTBOX.c.target,
        OUTBOX.c.version,
        OUTBOX.c.payload,
        OUTBOX.c.case_id,
        OUTBOX.c.number,
    )
    .where(_QUEUED)
    .order_by(func.coalesce(OUTBOX.c.enqueued_as, OUTBOX.c.version))
)
_PENDING_IN_QUEUE: Final = _PENDING_MESSAGES.where(OUTBOX.c.queue == bindparam("place"))
_ACKNOWLEDGE: Final = delete(OUTBOX).where(_QUEUED, OUTBOX.c.version == bindparam("shown")).returning(OUTBOX.c.erases)


class SqlUnitOfWork(SqlCaseRepository, SqlAccessRepository):
    """A unit of work on a driver whose transaction has begun."""

    def claim_for_bot(self, bot: str) -> str:
        """Note whose database this is, where nobody has yet; tell whose it is."""
        self.bot = self._whose()
        if not self.bot:
            self._statements.count(_CLAIM_FOR_BOT, {"id": bot})
            self.bot = bot
        return self.bot

    def erase_person(self, owner: str) -> int:
        """Erase every case of a person, the messages that show one, and what was set aside of theirs in any chat.

        Where others were told what the person did, or are to be shown it, somebody did.
        """
        self._count(_ERASE_UPDATES, {"of": owner, "by": f'{{"id":{owner},"is_bot":'})  # so a payload names a person
        for unname in (_ANONYMIZE_ANSWERS, _ANONYMIZE_MESSAGES):
            self._count(unname, {"named": person(owner), "nobody": person("")})
        self.drop_request(owner)
        return super().erase_person(owner)

    def mark_refusal_sent(self, chat: str) -> bool:
        """Note that a group was told that the bot is not for it, or counts no vote; False where it was told before."""
        return (
            self._statements.row(_MARK_REFUSAL_SENT[self._statements.name], {"bot_id": self.bot, "chat_id": chat})
            is not None
        )

    def listed_as(self, chat: str) -> str | None:
        """Return the number that a group had when it was listed; None where it has not become another chat since."""
        row = self._row(_LISTED_AS, {"now": chat})
        return str(row[0]) if row else None

    def move_listing(self, old: str, new: str) -> None:
        """Note that a listed group has another number from now on."""
        row = {"bot_id": self.bot, "chat_id": new, "listed_as": self.listed_as(old) or old}
        self._statements.count(_MOVE_LISTING[self._statements.name], row)

    def migrate_chat(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat; what waited for the old one is dropped."""
        self._count(_DROP_QUEUE, {"old": old})
        super().migrate_chat(old, new)

    def add_updates(self, inbox_updates: Sequence[InboxUpdate]) -> list[int]:
        """Add updates to the inbox; return the ids of those that were not known before.

        Raises:
            NumberInUse: where another update of the same number still waits to be handled.
        """
        return sorted(inbox_update.update_id for inbox_update in inbox_updates if self._take_in(inbox_update))

    def _take_in(self, inbox_update: InboxUpdate) -> bool:
        """Add an update; return whether it is new. A dead letter that was another one gives its number up."""
        row = {"bot_id": self.bot, **_new_row(inbox_update)}
        while not self._statements.row(_ADD_UPDATE[self._statements.name], row):
            state, fingerprint = self._row(_KNOWN, {"id": inbox_update.update_id}) or (DONE, "")
            if not fingerprint or not inbox_update.fingerprint or fingerprint == inbox_update.fingerprint:
                return False
            if state == NEW:
                raise NumberInUse(inbox_update.update_id)
            (lowest,) = self._row(_LOWEST, {}) or (0,)
            self._count(_RENUMBER, {"id": inbox_update.update_id, "lowest": min(0, lowest) - 1})
        return True

    def get_update(self, update_id: int) -> InboxUpdate | None:
        """Return an update of the inbox, handled or not."""
        row = self._row(_GET_UPDATE, {"id": update_id})
        return _inbox_update(row) if row else None

    def is_pending(self, update_id: int) -> bool:
        """Return whether an update is in the inbox, neither handled nor a dead letter."""
        return self._row(_IS_PENDING, {"id": update_id}) is not None

    def pending_updates(self) -> list[InboxUpdate]:
        """Return the updates that are not handled yet, by update id."""
        return [_inbox_update(row) for row in self._rows(_PENDING_UPDATES, {})]

    def mark_handled(self, update_id: int, answer_text: str) -> bool:
        """Mark an update as handled and strip its payload; False where it was so already."""
        return self._count(_MARK_HANDLED, {"id": update_id, "said": answer_text}) > 0

    def move_to_dead_letters(self, update_id: int, error: str) -> None:
        """Move an update to the dead letters, with the name of the error; its payload is kept for a retry."""
        self._count(_MOVE_TO_DEAD_LETTERS, {"id": update_id, "why": error})

    def dead_letters(self) -> list[tuple[InboxUpdate, str]]:
        """Return the dead letters, each with the name of its error."""
        return [(_inbox_update(row), fault) for *row, fault in self._rows(_DEAD_LETTERS, {})]

    def retry_dead_letter(self, update_id: int) -> bool:
        """Return a dead letter to the pending updates; False if it is not dead."""
        return self._count(_RETRY_DEAD_LETTER, {"id": update_id}) > 0

    def drop_dead_letter(self, update_id: int) -> bool:
        """Drop a dead letter and strip it; False where it is not dead."""
        return self._count(_DROP_DEAD_LETTER, {"id": update_id}) > 0

    def enqueue(
        self, queue: str, kind: OutboxKind, target: str, payload: str, case: str = "", number: int = 0
    ) -> OutboxMessage:
        """Keep the screen that a slot shall show, in place of any older one for that slot."""
        if kind in _REVERSED:
            self._count(_UNDO, {"in_queue": queue, "reversed": _REVERSED[kind].value, "of": target})
        whose = {"bot_id": self.bot, "queue": queue, "kind": kind.value, "target": target, "number": number}
        row = {**whose, "payload": payload, "case_id": case, "erases": self.erased}
        (version,) = self._statements.row(_ENQUEUE[self._statements.name], row) or (0,)
        return OutboxMessage(queue, kind, target, version, payload, case, number)

    def pending_messages(self, queue: str | None = None) -> list[OutboxMessage]:
        """Return what is still to be shown, in the order in which it was first queued; of one queue or of all."""
        if queue is None:
            return [_outbox_message(row) for row in self._rows(_PENDING_MESSAGES, {})]
        return [_outbox_message(row) for row in self._rows(_PENDING_IN_QUEUE, {"place": queue})]

    def acknowledge(self, messages: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        """Delete messages that were sent; return those whose target was queued again meanwhile, which stay."""
        overtaken = []
        for outbox_message in messages:
            row = self._row(_ACKNOWLEDGE, {"shown": outbox_message.version})
            if row is None:
                overtaken.append(outbox_message)
            elif row[0]:
                self.erased = True  # the next traces to wipe are those of the screen itself
        return overtaken

    def purge_handled(self, newest: int, remembered: int) -> None:
        """Delete handled updates whose number is farther than that from the newest: Telegram repeats none so old."""
        self._count(_PURGE_HANDLED, {"below": newest - remembered, "above": newest + remembered})


def _new_row(inbox_update: InboxUpdate) -> dict[str, Any]:
    """Return the row of an update that is new."""
    received = {"update_id": inbox_update.update_id, "chat": inbox_update.chat, "payload": inbox_update.payload}
    state = {
        "state": NEW,
        "answer_text": inbox_update.answer_text,
        "error": "",
        "fingerprint": inbox_update.fingerprint,
    }
    return {**received, **state, **_note_columns(inbox_update.note)}


def _note_columns(note: NoteInput | None) -> dict[str, Any]:
    """Return what is written of a typed note."""
    if note is None:
        return dict.fromkeys(_NOTE)
    findings = [[question, codes] for question, codes in note.findings.items()]
    return dict(zip(_NOTE, (findings, note.marks, note.note, note.message_id, note.scope), strict=True))


def _inbox_update(row: Sequence[Any]) -> InboxUpdate:
    """Return an update as it was written."""
    update_id, chat, payload, answer_text, fingerprint, findings, others, key, message, scope = row
    note = None
    if findings is not None:
        found = {question: tuple(codes) for question, codes in orjson.loads(findings)}
        note = NoteInput(found, tuple(orjson.loads(others)), key, message, tuple(orjson.loads(scope)))
    return InboxUpdate(update_id, chat, payload, answer_text, fingerprint, note)


_KINDS: Final = {kind.value: kind for kind in OutboxKind}
"""To call the class for each message costs ten times as much."""


def _outbox_message(row: Sequence[Any]) -> OutboxMessage:
    """Return a message as it was written."""
    queue, kind, *rest = row
    return OutboxMessage(queue, _KINDS[kind], *rest)
