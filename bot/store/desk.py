"""Letters and wishes in the database: what one transaction of a durable channel sees and writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, UpdateBase, and_, bindparam, delete, func, insert, or_, select, update

from bot.desk import Letter, NumberInUse, Wish
from bot.store.ledger import SqlLedger
from bot.store.tables import BOT, INBOX, OUTBOX, SILENT, Insert, for_each_database
from flows.card import person

NEW: Final = "new"
DONE: Final = "done"
DEAD: Final = "dead"

_LETTER: Final = (INBOX.c.update_id, INBOX.c.lane, INBOX.c.body, INBOX.c.toast, INBOX.c.fingerprint)
_BY_ID: Final = INBOX.c.update_id == bindparam("id")
_FIND: Final = select(*_LETTER).where(_BY_ID)
_WAITS: Final = select(INBOX.c.update_id).where(_BY_ID, INBOX.c.state == NEW)
_WAITING: Final = select(*_LETTER).where(INBOX.c.state == NEW).order_by(INBOX.c.update_id)
_DEAD: Final = select(*_LETTER, INBOX.c.fault).where(INBOX.c.state == DEAD).order_by(INBOX.c.update_id)
_HANDLED: Final = (
    update(INBOX)
    .where(_BY_ID, INBOX.c.state != DONE)
    .values(state=DONE, lane="", body="", fault="", toast=bindparam("said"))
)
_SET_ASIDE: Final = update(INBOX).where(_BY_ID, INBOX.c.state == NEW).values(state=DEAD, fault=bindparam("why"))
_RETRY: Final = update(INBOX).where(_BY_ID, INBOX.c.state == DEAD, INBOX.c.body != "").values(state=NEW, fault="")
_DROP: Final = update(INBOX).where(_BY_ID, INBOX.c.state == DEAD).values(state=DONE, body="")
_FORGET_LETTERS: Final = (
    update(INBOX)
    .where(INBOX.c.lane == bindparam("of"), INBOX.c.state != NEW)
    .values(state=DONE, lane="", body="", toast="", fault="")
)
_UNNAME_SAID: Final = (
    update(INBOX)
    .where(INBOX.c.toast.contains(bindparam("named")))
    .values(toast=func.replace(INBOX.c.toast, bindparam("named"), bindparam("nobody")))
)
_UNNAME_WISHED: Final = (
    update(OUTBOX)
    .where(OUTBOX.c.body.contains(bindparam("named")))
    .values(body=func.replace(OUTBOX.c.body, bindparam("named"), bindparam("nobody")))
)
_WHOSE: Final = select(BOT.c.id)
_CLAIM: Final = insert(BOT)
_SILENCE: Final = for_each_database(SILENT, lambda insert: insert.on_conflict_do_nothing().returning(SILENT.c.chat))
_UNWISH: Final = delete(OUTBOX).where(OUTBOX.c.place == bindparam("old"))
_TIDY: Final = delete(INBOX).where(
    INBOX.c.state == DONE,
    or_(INBOX.c.update_id < bindparam("below"), INBOX.c.update_id > bindparam("above")),
)
_KNOWN: Final = select(INBOX.c.state, INBOX.c.fingerprint).where(_BY_ID)
_LOWEST: Final = select(func.min(INBOX.c.update_id))
_RENUMBER: Final = update(INBOX).where(_BY_ID).values(update_id=bindparam("number"))


def _kept(insert: Insert) -> UpdateBase:
    """Say: keep a letter, in place of a handled one of the same number that was another update."""
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[INBOX.c.update_id],
        set_={name: new[name] for name in ("lane", "body", "state", "toast", "fault", "fingerprint")},
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
        index_elements=[OUTBOX.c.place, OUTBOX.c.slot],
        set_={
            "version": new.version,
            "first": func.coalesce(OUTBOX.c.first, OUTBOX.c.version),
            "body": new.body,
            "case_id": new.case_id,
        },
    ).returning(OUTBOX.c.version)


_WISH: Final = for_each_database(OUTBOX, _wished)
_WISHES: Final = select(OUTBOX.c.place, OUTBOX.c.slot, OUTBOX.c.version, OUTBOX.c.body, OUTBOX.c.case_id).order_by(
    func.coalesce(OUTBOX.c.first, OUTBOX.c.version)
)
_WISHES_OF: Final = _WISHES.where(OUTBOX.c.place == bindparam("place"))
_GRANTED: Final = delete(OUTBOX).where(OUTBOX.c.version == bindparam("shown"))


class SqlDesk(SqlLedger):
    """A desk on a driver whose transaction has begun."""

    def claim(self, bot: str) -> str:
        """Note whose database this is, where nobody has yet; tell whose it is."""
        (found,) = self._driver.row(_WHOSE, {}) or (None,)
        if found is None:
            self._driver.count(_CLAIM, {"id": bot})
        return str(found or bot)

    def forget(self, owner: str) -> int:
        """Erase every case of a person, the wishes that show one, and what was set aside in the private chat.

        Where others were told what the person did, or are to be shown it, somebody did.
        """
        self._driver.count(_FORGET_LETTERS, {"of": owner})
        for unname in (_UNNAME_SAID, _UNNAME_WISHED):
            self._driver.count(unname, {"named": person(owner), "nobody": person("")})
        return super().forget(owner)

    def silence(self, chat: str) -> bool:
        """Note that a group was told that the bot is not for it; False where it was told before."""
        return self._driver.row(_SILENCE[self._driver.name], {"chat": chat}) is not None

    def move(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat; what was to be shown in the old one is not wished any more."""
        self._driver.count(_UNWISH, {"old": old})
        super().move(old, new)

    def take_in(self, letters: Sequence[Letter]) -> list[int]:
        """Keep letters; give the ids of those that were not known before.

        Raises:
            NumberInUse: where another letter that has the same number still waits to be handled.
        """
        return sorted(letter.update_id for letter in letters if self._take_in(letter))

    def _take_in(self, letter: Letter) -> bool:
        """Keep a letter; tell whether it is new. A dead one that was another update gives its number up."""
        while not self._driver.row(_TAKE_IN[self._driver.name], _taken_in(letter)):
            state, fingerprint = self._driver.row(_KNOWN, {"id": letter.update_id}) or (DONE, "")
            if not fingerprint or not letter.fingerprint or fingerprint == letter.fingerprint:
                return False
            if state == NEW:
                raise NumberInUse(letter.update_id)
            (lowest,) = self._driver.row(_LOWEST, {}) or (0,)
            self._driver.count(_RENUMBER, {"id": letter.update_id, "number": min(0, lowest) - 1})
        return True

    def letter(self, update_id: int) -> Letter | None:
        """Find a letter that was taken in, handled or not."""
        row = self._driver.row(_FIND, {"id": update_id})
        return Letter(*row) if row else None

    def waits(self, update_id: int) -> bool:
        """Tell whether a letter was taken in and is neither handled nor set aside."""
        return self._driver.row(_WAITS, {"id": update_id}) is not None

    def waiting(self) -> list[Letter]:
        """Give the letters that are not handled yet, by update id."""
        return [Letter(*row) for row in self._driver.rows(_WAITING, {})]

    def handled(self, update_id: int, toast: str) -> bool:
        """Mark a letter as handled and strip its body; False where it was so already."""
        return self._driver.count(_HANDLED, {"id": update_id, "said": toast}) > 0

    def set_aside(self, update_id: int, fault: str) -> None:
        """Put a letter among the dead ones, with the name of the fault; its body is kept for a retry."""
        self._driver.count(_SET_ASIDE, {"id": update_id, "why": fault})

    def dead(self) -> list[tuple[Letter, str]]:
        """Give the letters that were set aside, each with its fault."""
        return [(Letter(*row), fault) for *row, fault in self._driver.rows(_DEAD, {})]

    def retry(self, update_id: int) -> bool:
        """Put a dead letter back among the waiting ones; False where it is not dead."""
        return self._driver.count(_RETRY, {"id": update_id}) > 0

    def drop(self, update_id: int) -> bool:
        """Give a dead letter up and strip it; False where it is not dead."""
        return self._driver.count(_DROP, {"id": update_id}) > 0

    def wish(self, place: str, slot: str, body: str, case: str) -> Wish:
        """Keep the screen that a slot shall show, in place of any older one for that slot."""
        row = {"place": place, "slot": slot, "body": body, "case_id": case}
        (version,) = self._driver.row(_WISH[self._driver.name], row) or (0,)
        return Wish(place, slot, version, body, case)

    def wishes(self, place: str | None = None) -> list[Wish]:
        """Give what is still to be shown, in the order it was first wished; of one place or of all."""
        if place is None:
            return [Wish(*row) for row in self._driver.rows(_WISHES, {})]
        return [Wish(*row) for row in self._driver.rows(_WISHES_OF, {"place": place})]

    def granted(self, wishes: Sequence[Wish]) -> list[Wish]:
        """Strike out wishes that were shown, unless their slot was wished anew since; give those that were."""
        return [wish for wish in wishes if not self._driver.count(_GRANTED, {"shown": wish.version})]

    def tidy(self, newest: int, remembered: int) -> None:
        """Delete handled letters whose number is farther than that from the newest: Telegram repeats none so old."""
        self._driver.count(_TIDY, {"below": newest - remembered, "above": newest + remembered})


def _taken_in(letter: Letter) -> dict[str, Any]:
    """Give what is written of a letter that is new."""
    whose = {"update_id": letter.update_id, "lane": letter.lane, "body": letter.body}
    return {**whose, "state": NEW, "toast": letter.toast, "fault": "", "fingerprint": letter.fingerprint}
