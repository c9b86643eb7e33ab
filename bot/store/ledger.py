"""Cases in the database: what one transaction sees and writes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.store.tables import CASES, OUTBOX, for_each_database
from flows.case import Case, Kind, Step
from flows.errors import Overtaken
from flows.store import Kept

_BY_ID: Final = select(CASES).where(CASES.c.id == bindparam("id"))
_CURRENT: Final = (
    select(CASES)
    .where(CASES.c.owner == bindparam("owner"), CASES.c.place == bindparam("place"), CASES.c.aside.is_(False))
    .order_by(CASES.c.touched.desc())
    .limit(1)
)
_ADD: Final = for_each_database(CASES, lambda insert: insert.on_conflict_do_nothing().returning(CASES.c.id))
_PUT: Final = update(CASES).where(CASES.c.id == bindparam("case_id"), CASES.c.revision == bindparam("expected"))
_FORGET: Final = delete(CASES).where(CASES.c.owner == bindparam("owner"))
_FORGET_WISHES: Final = delete(OUTBOX).where(
    OUTBOX.c.case_id.in_(select(CASES.c.id).where(CASES.c.owner == bindparam("owner")))
)


class SqlLedger:
    """A ledger on a connection whose transaction has begun.

    Attributes:
        erased: whether something was erased for good, so that no trace may stay once it is committed.
    """

    def __init__(self, connection: Connection) -> None:
        """Work on the given connection."""
        self._connection = connection
        self._database = connection.dialect.name
        self.erased = False

    def get(self, case_id: str) -> Kept | None:
        """Find a case by its id."""
        return _kept(self._connection.execute(_BY_ID, {"id": case_id}).one_or_none())

    def current(self, place: str, owner: str) -> Kept | None:
        """Give the person's case in a place that was touched last and is not put aside."""
        return _kept(self._connection.execute(_CURRENT, {"place": place, "owner": owner}).one_or_none())

    def add(self, kept: Kept) -> None:
        """Keep a new case.

        Raises:
            Overtaken: where a case of that id is kept already; no case ever takes the place of another.
        """
        if not self._connection.execute(_ADD[self._database], {"id": kept.case.id, **_columns(kept)}).first():
            raise Overtaken(kept.case.id)

    def put(self, kept: Kept, expected: int) -> None:
        """Keep a case anew, where its revision is as expected."""
        where = {"case_id": kept.case.id, "expected": expected}
        if not self._connection.execute(_PUT, {**where, **_columns(kept)}).rowcount:
            raise Overtaken(kept.case.id)

    def forget(self, owner: str) -> int:
        """Erase every case of a person, and the wishes that show one."""
        self._connection.execute(_FORGET_WISHES, {"owner": owner})
        self.erased = True
        return self._connection.execute(_FORGET, {"owner": owner}).rowcount


def _columns(kept: Kept) -> dict[str, Any]:
    """Give what is written of a case, but for its id."""
    case = kept.case
    return {
        "place": kept.place,
        "owner": kept.owner,
        "flow": case.flow,
        "edition": case.edition,
        "revision": case.revision,
        "turn": case.turn,
        "steps": [[step.kind, step.question, step.codes, step.who] for step in case.steps],
        "card": kept.card,
        "aside": kept.aside,
        "touched": kept.touched,
    }


def _kept(row: Sequence[Any] | None) -> Kept | None:
    """Read a case as it was written; the columns in the order of the table."""
    if row is None:
        return None
    case_id, place, owner, flow, edition, revision, turn, lists, card, aside, touched = row
    steps = tuple(Step(Kind(kind), question, tuple(codes), who) for kind, question, codes, who in lists)
    return Kept(Case(case_id, flow, edition, revision, turn, steps), place, owner, touched, card, aside)
