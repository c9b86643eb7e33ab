"""Letters and wishes in the database: what one transaction of a durable channel sees and writes."""

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

from bot.service.ports import Letter, NumberInUse, OutboxKind, Wish
from bot.service.replies import Said
from bot.storage.case_repository import SqlLedger
from bot.storage.schema import BOTS, INBOX, OUTBOX, REFUSED_CHATS, Insert, for_each_database
from flows.cards.card import person

NEW: Final = "new"
DONE: Final = "done"
DEAD: Final = "dead"

_LETTER: Final = (
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
_FIND: Final = select(*_LETTER).where(_BY_ID)
_WAITS: Final = select(INBOX.c.update_id).where(_BY_ID, INBOX.c.state == NEW)
_WAITING: Final = select(*_LETTER).where(_RECEIVED, INBOX.c.state == NEW).order_by(INBOX.c.update_id)
_DEAD: Final = select(*_LETTER, INBOX.c.error).where(_RECEIVED, INBOX.c.state == DEAD).order_by(INBOX.c.update_id)
_HANDLED: Final = (
    update(INBOX)
    .where(_BY_ID, INBOX.c.state != DONE)
    .values(state=DONE, chat="", payload="", error="", answer_text=bindparam("said"), **_NO_NOTE)
)
_SET_ASIDE: Final = update(INBOX).where(_BY_ID, INBOX.c.state == NEW).values(state=DEAD, error=bindparam("why"))
_RETRY: Final = update(INBOX).where(_BY_ID, INBOX.c.state == DEAD, INBOX.c.payload != "").values(state=NEW, error="")
_DROP: Final = update(INBOX).where(_BY_ID, INBOX.c.state == DEAD).values(state=DONE, payload="", **_NO_NOTE)
_FORGET_LETTERS: Final = (
    update(INBOX)
    .where(_RECEIVED, INBOX.c.chat == bindparam("of"), INBOX.c.state != NEW)
    .values(state=DONE, chat="", payload="", answer_text="", error="", **_NO_NOTE)
)
_UNNAME_SAID: Final = (
    update(INBOX)
    .where(_RECEIVED, INBOX.c.answer_text.contains(bindparam("named")))
    .values(answer_text=func.replace(INBOX.c.answer_text, bindparam("named"), bindparam("nobody")))
)
_QUEUED: Final = OUTBOX.c.bot_id == bindparam("bot")
_UNNAME_WISHED: Final = (
    update(OUTBOX)
    .where(_QUEUED, OUTBOX.c.payload.contains(bindparam("named")))
    .values(payload=func.replace(OUTBOX.c.payload, bindparam("named"), bindparam("nobody")))
)
_CLAIM: Final = insert(BOTS)
_SILENCE: Final = for_each_database(
    REFUSED_CHATS, lambda insert: insert.on_conflict_do_nothing().returning(REFUSED_CHATS.c.chat_id)
)
_UNWISH: Final = delete(OUTBOX).where(_QUEUED, OUTBOX.c.queue == bindparam("old"))
_TIDY: Final = delete(INBOX).where(
    _RECEIVED,
    INBOX.c.state == DONE,
    or_(INBOX.c.update_id < bindparam("below"), INBOX.c.update_id > bindparam("above")),
)
_KNOWN: Final = select(INBOX.c.state, INBOX.c.fingerprint).where(_BY_ID)
_LOWEST: Final = select(func.min(INBOX.c.update_id)).where(_RECEIVED)
_RENUMBER: Final = update(INBOX).where(_BY_ID).values(update_id=bindparam("lowest"))


def _kept(insert: Insert) -> UpdateBase:
    """Say: keep a letter, in place of a handled one of the same number that was another update."""
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[INBOX.c.bot_id, INBOX.c.update_id],
        set_={column.name: new[column.name] for column in INBOX.c if not column.primary_key},
        where=and_(INBOX.c.state == DONE, _other(INBOX.c.fingerprint, new.fingerprint)),
    ).returning(INBOX.c.update_id)


def _other(known: ColumnElement[str], new: ColumnElement[str]) -> ColumnElement[bool]:
    """Say: both fingerprints are there, and they differ."""
    return and_(known != "", new != "", known != new)


_TAKE_IN: Final = for_each_database(INBOX, _kept)


def _wished(insert: Insert) -> UpdateBase:
    """Say: keep a wish, in place of an older one for its slot, under a number of its own."""
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[OUTBOX.c.bot_id, OUTBOX.c.queue, OUTBOX.c.kind, OUTBOX.c.target, OUTBOX.c.number],
        set_={
            "version": new.version,
            "enqueued_as": func.coalesce(OUTBOX.c.enqueued_as, OUTBOX.c.version),
            "payload": new.payload,
            "case_id": new.case_id,
        },
    ).returning(OUTBOX.c.version)


_WISH: Final = for_each_database(OUTBOX, _wished)
_REVERSED: Final = {OutboxKind.pin: OutboxKind.unpin, OutboxKind.unpin: OutboxKind.pin}
"""What undoes what: of the two, the one that was wished last counts."""

_UNDO: Final = delete(OUTBOX).where(
    _QUEUED,
    OUTBOX.c.queue == bindparam("in_queue"),
    OUTBOX.c.kind == bindparam("reversed"),
    OUTBOX.c.target == bindparam("of"),
)
_WISHES: Final = (
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
_WISHES_OF: Final = _WISHES.where(OUTBOX.c.queue == bindparam("place"))
_GRANTED: Final = delete(OUTBOX).where(_QUEUED, OUTBOX.c.version == bindparam("shown"))


class SqlDesk(SqlLedger):
    """A desk on a driver whose transaction has begun."""

    def claim(self, bot: str) -> str:
        """Note whose database this is, where nobody has yet; tell whose it is."""
        self.bot = self._whose()
        if not self.bot:
            self._driver.count(_CLAIM, {"id": bot})
            self.bot = bot
        return self.bot

    def forget(self, owner: str) -> int:
        """Erase every case of a person, the wishes that show one, and what was set aside in the private chat.

        Where others were told what the person did, or are to be shown it, somebody did.
        """
        self._count(_FORGET_LETTERS, {"of": owner})
        for unname in (_UNNAME_SAID, _UNNAME_WISHED):
            self._count(unname, {"named": person(owner), "nobody": person("")})
        return super().forget(owner)

    def silence(self, chat: str) -> bool:
        """Note that a group was told that the bot is not for it; False where it was told before."""
        return self._driver.row(_SILENCE[self._driver.name], {"bot_id": self.bot, "chat_id": chat}) is not None

    def move(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat; what was to be shown in the old one is not wished any more."""
        self._count(_UNWISH, {"old": old})
        super().move(old, new)

    def take_in(self, letters: Sequence[Letter]) -> list[int]:
        """Keep letters; give the ids of those that were not known before.

        Raises:
            NumberInUse: where another letter that has the same number still waits to be handled.
        """
        return sorted(letter.update_id for letter in letters if self._take_in(letter))

    def _take_in(self, letter: Letter) -> bool:
        """Keep a letter; tell whether it is new. A dead one that was another update gives its number up."""
        row = {"bot_id": self.bot, **_taken_in(letter)}
        while not self._driver.row(_TAKE_IN[self._driver.name], row):
            state, fingerprint = self._row(_KNOWN, {"id": letter.update_id}) or (DONE, "")
            if not fingerprint or not letter.fingerprint or fingerprint == letter.fingerprint:
                return False
            if state == NEW:
                raise NumberInUse(letter.update_id)
            (lowest,) = self._row(_LOWEST, {}) or (0,)
            self._count(_RENUMBER, {"id": letter.update_id, "lowest": min(0, lowest) - 1})
        return True

    def letter(self, update_id: int) -> Letter | None:
        """Find a letter that was taken in, handled or not."""
        row = self._row(_FIND, {"id": update_id})
        return _letter(row) if row else None

    def waits(self, update_id: int) -> bool:
        """Tell whether a letter was taken in and is neither handled nor set aside."""
        return self._row(_WAITS, {"id": update_id}) is not None

    def waiting(self) -> list[Letter]:
        """Give the letters that are not handled yet, by update id."""
        return [_letter(row) for row in self._rows(_WAITING, {})]

    def handled(self, update_id: int, toast: str) -> bool:
        """Mark a letter as handled and strip its body; False where it was so already."""
        return self._count(_HANDLED, {"id": update_id, "said": toast}) > 0

    def set_aside(self, update_id: int, fault: str) -> None:
        """Put a letter among the dead ones, with the name of the fault; its body is kept for a retry."""
        self._count(_SET_ASIDE, {"id": update_id, "why": fault})

    def dead(self) -> list[tuple[Letter, str]]:
        """Give the letters that were set aside, each with its fault."""
        return [(_letter(row), fault) for *row, fault in self._rows(_DEAD, {})]

    def retry(self, update_id: int) -> bool:
        """Put a dead letter back among the waiting ones; False where it is not dead."""
        return self._count(_RETRY, {"id": update_id}) > 0

    def drop(self, update_id: int) -> bool:
        """Give a dead letter up and strip it; False where it is not dead."""
        return self._count(_DROP, {"id": update_id}) > 0

    def wish(self, place: str, kind: OutboxKind, target: str, body: str, case: str = "", number: int = 0) -> Wish:
        """Keep the screen that a slot shall show, in place of any older one for that slot."""
        if kind in _REVERSED:
            self._count(_UNDO, {"in_queue": place, "reversed": _REVERSED[kind].value, "of": target})
        whose = {"bot_id": self.bot, "queue": place, "kind": kind.value, "target": target, "number": number}
        row = {**whose, "payload": body, "case_id": case}
        (version,) = self._driver.row(_WISH[self._driver.name], row) or (0,)
        return Wish(place, kind, target, version, body, case, number)

    def wishes(self, place: str | None = None) -> list[Wish]:
        """Give what is still to be shown, in the order it was first wished; of one place or of all."""
        if place is None:
            return [_wish(row) for row in self._rows(_WISHES, {})]
        return [_wish(row) for row in self._rows(_WISHES_OF, {"place": place})]

    def granted(self, wishes: Sequence[Wish]) -> list[Wish]:
        """Strike out wishes that were shown, unless their slot was wished anew since; give those that were."""
        return [wish for wish in wishes if not self._count(_GRANTED, {"shown": wish.version})]

    def tidy(self, newest: int, remembered: int) -> None:
        """Delete handled letters whose number is farther than that from the newest: Telegram repeats none so old."""
        self._count(_TIDY, {"below": newest - remembered, "above": newest + remembered})


def _taken_in(letter: Letter) -> dict[str, Any]:
    """Give what is written of a letter that is new."""
    received = {"update_id": letter.update_id, "chat": letter.lane, "payload": letter.body}
    state = {"state": NEW, "answer_text": letter.toast, "error": "", "fingerprint": letter.fingerprint}
    return {**received, **state, **_note_columns(letter.note)}


def _note_columns(note: Said | None) -> dict[str, Any]:
    """Give what is written of a typed note."""
    if note is None:
        return dict.fromkeys(_NOTE)
    findings = [[question, codes] for question, codes in note.findings.items()]
    return dict(zip(_NOTE, (findings, note.beside, note.note, note.message, note.scope), strict=True))


def _letter(row: Sequence[Any]) -> Letter:
    """Read a letter as it was written."""
    update_id, chat, payload, answer_text, fingerprint, findings, others, key, message, scope = row
    note = None
    if findings is not None:
        found = {question: tuple(codes) for question, codes in orjson.loads(findings)}
        note = Said(found, tuple(orjson.loads(others)), key, message, tuple(orjson.loads(scope)))
    return Letter(update_id, chat, payload, answer_text, fingerprint, note)


_KINDS: Final = {kind.value: kind for kind in OutboxKind}
"""To call the class for each wish costs ten times as much."""


def _wish(row: Sequence[Any]) -> Wish:
    """Read a wish as it was written."""
    queue, kind, *rest = row
    return Wish(queue, _KINDS[kind], *rest)
