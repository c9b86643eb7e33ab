"""Who may use the bot, in the database: what one transaction sees and writes of the lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from bot.service.access.repository import AccessRequest, Admission, RequestState
from bot.storage.schema import ACCESS_REQUESTS, ADMITTED, PAIRING_CODES, Insert, for_each_database
from bot.storage.statements import Row, Statement, StatementRunner

MARGIN: Final = 3600.0
"""Seconds by which a clock may be off: what is dated later was dated by a wrong clock, and is over."""

_ON_LIST: Final = ADMITTED.c.bot_id == bindparam("bot")
_ONE: Final = (_ON_LIST, ADMITTED.c.chat_id == bindparam("number"))
_IS_ADMITTED: Final = select(ADMITTED.c.chat_id).where(
    _ON_LIST, or_(ADMITTED.c.chat_id == bindparam("number"), ADMITTED.c.chat_id == bindparam("other"))
)
_ADMINISTRATORS: Final = (
    select(ADMITTED.c.chat_id).where(_ON_LIST, ADMITTED.c.is_admin.is_(True)).order_by(ADMITTED.c.chat_id)
)
_ADMIT: Final = for_each_database(ADMITTED, lambda insert: insert.on_conflict_do_nothing())
_PROMOTE: Final = update(ADMITTED).where(*_ONE).values(is_admin=bindparam("administers"))
_EXPEL: Final = delete(ADMITTED).where(*_ONE)
_LIST: Final = (
    select(ADMITTED.c.chat_id, ADMITTED.c.is_admin)
    .where(_ON_LIST)
    .order_by(ADMITTED.c.is_admin.desc(), ADMITTED.c.chat_id)
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)
_OF_BOT: Final = PAIRING_CODES.c.bot_id == bindparam("bot")
_ADD_CODE: Final = insert(PAIRING_CODES)
_CODES: Final = select(PAIRING_CODES.c.code_hash).where(_OF_BOT, PAIRING_CODES.c.expires_at > bindparam("now"))
_DROP_CODES: Final = delete(PAIRING_CODES).where(_OF_BOT)
_DROP_CODE: Final = _DROP_CODES.where(PAIRING_CODES.c.code_hash == bindparam("hash"))
_EXPIRE_CODES: Final = _DROP_CODES.where(PAIRING_CODES.c.expires_at <= bindparam("now"))
_WROTE: Final = ACCESS_REQUESTS.c.bot_id == bindparam("bot")
_GET_REQUEST: Final = select(
    ACCESS_REQUESTS.c.since, ACCESS_REQUESTS.c.told, ACCESS_REQUESTS.c.state, ACCESS_REQUESTS.c.wrong_codes
).where(_WROTE, ACCESS_REQUESTS.c.chat_id == bindparam("number"))
_DROP_REQUEST: Final = delete(ACCESS_REQUESTS).where(_WROTE, ACCESS_REQUESTS.c.chat_id == bindparam("number"))
_OLDEST: Final = (
    select(ACCESS_REQUESTS.c.chat_id)
    .where(_WROTE)
    .order_by(ACCESS_REQUESTS.c.since.desc(), ACCESS_REQUESTS.c.chat_id)
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)
_COUNT_ASKING: Final = select(func.count()).where(_WROTE, ACCESS_REQUESTS.c.state != RequestState.wrote.value)
_EXPIRE_REQUESTS: Final = delete(ACCESS_REQUESTS).where(
    _WROTE, or_(ACCESS_REQUESTS.c.since <= bindparam("before"), ACCESS_REQUESTS.c.since > bindparam("after"))
)


def _put(insert: Insert) -> Any:
    """Build the statement that writes a request, in place of an older one of the same person."""
    new = insert.excluded
    columns = (column for column in ACCESS_REQUESTS.c if not column.primary_key)
    return insert.on_conflict_do_update(
        index_elements=[ACCESS_REQUESTS.c.bot_id, ACCESS_REQUESTS.c.chat_id],
        set_={column.name: new[column.name] for column in columns},
    )


_PUT_REQUEST: Final = for_each_database(ACCESS_REQUESTS, _put)


class SqlAccessRepository:
    """The lists on a driver whose transaction has begun; the class beside which it stands runs the statements."""

    bot: str
    _statements: StatementRunner

    def is_admitted(self, *numbers: str) -> bool:
        """Return whether one of these is admitted: a person, or the group that they are in."""
        return (
            self._statements.row(_IS_ADMITTED, {"bot": self.bot, "number": numbers[0], "other": numbers[-1]})
            is not None
        )

    def administrators(self) -> list[str]:
        """Return the people who administer the bot."""
        return [str(number) for (number,) in self._listed(_ADMINISTRATORS)]

    def admit(self, number: str, *, is_admin: bool = False) -> None:
        """Admit a person or a group, or make an admitted person an administrator."""
        row = {"bot_id": self.bot, "chat_id": number, "is_admin": is_admin}
        self._statements.count(_ADMIT[self._statements.name], row)
        if is_admin:
            self._statements.count(_PROMOTE, {"bot": self.bot, "number": number, "administers": True})

    def expel(self, number: str) -> bool:
        """Remove a person or a group from the list; False where it was not on it."""
        return self._statements.count(_EXPEL, {"bot": self.bot, "number": number}) > 0

    def list_admitted(self, most: int, skip: int = 0) -> list[Admission]:
        """List who is admitted, administrators first."""
        return [Admission(str(number), bool(admin)) for number, admin in self._listed(_LIST, most=most, skip=skip)]

    def move_admission(self, old: str, new: str) -> bool:
        """Have an admission hold for the number that a group has from now on; False where there is none."""
        if not self.expel(old):
            return False
        self.admit(new)
        return True

    def add_pairing_code(self, code_hash: str, until: float) -> None:
        """Keep the hash of a code that pairs until a time, in seconds since 1970."""
        self._statements.count(_ADD_CODE, {"bot_id": self.bot, "code_hash": code_hash, "expires_at": until})

    def pairing_codes(self, now: float) -> list[str]:
        """Return the hashes of the codes that pair now."""
        return [str(code_hash) for (code_hash,) in self._listed(_CODES, now=now)]

    def drop_pairing_codes(self, hashes: Sequence[str] | None = None) -> None:
        """Drop codes; all where none is named."""
        if hashes is None:
            self._statements.count(_DROP_CODES, {"bot": self.bot})
        for code_hash in hashes or ():
            self._statements.count(_DROP_CODE, {"bot": self.bot, "hash": code_hash})

    def get_request(self, number: str) -> AccessRequest | None:
        """Return what is remembered of somebody who has no access."""
        row = self._statements.row(_GET_REQUEST, {"bot": self.bot, "number": number})
        return AccessRequest(float(row[0]), bool(row[1]), RequestState(row[2]), int(row[3])) if row else None

    def put_request(self, number: str, request: AccessRequest, most: int) -> None:
        """Remember it; of more than `most` people the ones who wrote first are forgotten."""
        values = {
            "since": request.since,
            "told": request.told,
            "state": request.state.value,
            "wrong_codes": request.wrong_codes,
        }
        row = {"bot_id": self.bot, "chat_id": number, **values}
        self._statements.count(_PUT_REQUEST[self._statements.name], row)
        for (oldest,) in self._listed(_OLDEST, most=most, skip=most):
            self.drop_request(str(oldest))

    def drop_request(self, number: str) -> None:
        """Forget somebody who had no access."""
        self._statements.count(_DROP_REQUEST, {"bot": self.bot, "number": number})

    def count_asking(self) -> int:
        """Return how many people have asked for access and are remembered."""
        (found,) = self._statements.row(_COUNT_ASKING, {"bot": self.bot}) or (0,)
        return int(found)

    def expire_access(self, now: float, kept: float) -> None:
        """Delete codes whose time is over, and what was remembered for `kept` seconds."""
        self._statements.count(_EXPIRE_CODES, {"bot": self.bot, "now": now})
        times = {"before": now - kept, "after": now + MARGIN}
        self._statements.count(_EXPIRE_REQUESTS, {"bot": self.bot, **times})

    def _listed(self, query: Statement, **where: object) -> list[Row]:
        """Return every row of this bot that is found."""
        return self._statements.rows(query, {"bot": self.bot, **where})
