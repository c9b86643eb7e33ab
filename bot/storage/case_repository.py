"""Cases in the database: what one transaction sees and writes of them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import Select, Text, UpdateBase, and_, bindparam, cast, delete, func, or_, select, update

from bot.service.case_store import Kept, Team, chat_of, place_of, thread_of, without
from bot.storage.schema import BOTS, CASES, OUTBOX, VOTED, for_each_database
from bot.storage.statements import Driver, Row
from flows.errors import Overtaken
from flows.model.case import MESSAGE, Act, Case, Kind, Remark, Step
from flows.model.editions import upgrade
from flows.pathways.editions import CHANGES

_LISTS: Final = (CASES.c.answer_events.name, CASES.c.discussion_events.name)
_OF_BOT: Final = CASES.c.bot_id == bindparam("bot")
_OF_BOT_SCANNED: Final = CASES.c.bot_id.concat("") == bindparam("bot")
"""The same where every case is looked at: by an index over the bot SQLite would fetch each row alone, which takes ten
times as long as to read the table through. It uses no index for an expression."""

_CASE: Final = select(
    *(cast(column, Text) if column.name in _LISTS else column for column in CASES.c if column is not CASES.c.bot_id)
).where(_OF_BOT)
"""A case, its events as the text they were written as: one that was read before is not read again."""

_BY_ID: Final = _CASE.where(CASES.c.id == bindparam("id"))
_HERE: Final = (CASES.c.chat_id == bindparam("chat"), CASES.c.thread_id == bindparam("thread"))
_OWNED: Final = (CASES.c.owner == bindparam("owner"), *_HERE)
_CURRENT: Final = _CASE.where(*_OWNED, CASES.c.archived.is_(False)).order_by(CASES.c.updated_at.desc()).limit(1)
_UNCONFIRMED: Final = cast(CASES.c.answer_events, Text).startswith(f'[["{Kind.read}"')
"""Begins with a note that nobody has confirmed; told by the first characters, since this is asked of every case."""

_ALONE: Final = (*_OWNED, CASES.c.code_name.is_(None), CASES.c.parent_id.is_(None))
_RECENT: Final = (
    _CASE.where(*_ALONE, ~_UNCONFIRMED)
    .order_by(CASES.c.updated_at.desc())
    .limit(bindparam("most"))
    .offset(bindparam("skip"))
)
_LAST_IDS: Final = (
    select(CASES.c.id).where(_OF_BOT, *_ALONE).order_by(CASES.c.updated_at.desc()).limit(bindparam("most"))
)
_NOTE: Final = _CASE.where(*_OWNED, _UNCONFIRMED, cast(CASES.c.answer_events, Text).contains(bindparam("message")))
_NEWEST_CARD: Final = select(func.max(CASES.c.card_message_id)).where(_OF_BOT, *_OWNED)
_TEAMS: Final = _CASE.where(CASES.c.code_name.is_not(None), CASES.c.archived.is_(False))
_TEAM_CASES: Final = _TEAMS.where(*_HERE).order_by(CASES.c.created_at.desc())
_OF_CHAT: Final = _TEAMS.where(CASES.c.chat_id == bindparam("chat"))
_IDLE: Final = _TEAMS.where(CASES.c.updated_at < bindparam("since"))
_BALLOTED: Final = _CASE.where(CASES.c.poll_id == bindparam("poll"), VOTED)
_MOVE: Final = (
    update(CASES)
    .where(_OF_BOT_SCANNED, CASES.c.chat_id == bindparam("old"))
    .values(chat_id=bindparam("new"), card_message_id=None, poll_message_id=None, decision_message_id=None)
)
_OVER: Final = (
    _OF_BOT_SCANNED,
    or_(
        CASES.c.updated_at < bindparam("before"),
        and_(CASES.c.updated_at < bindparam("notes_before"), _UNCONFIRMED),
    ),
)
_EXPIRED_WISHES: Final = delete(OUTBOX).where(
    OUTBOX.c.bot_id == bindparam("bot"), OUTBOX.c.case_id.in_(select(CASES.c.id).where(*_OVER))
)
_EXPIRED: Final = delete(CASES).where(*_OVER)
_SAID_BY: Final = _CASE.where(
    CASES.c.code_name.is_not(None),
    or_(
        CASES.c.owner == bindparam("who"),
        CASES.c.shared_by == bindparam("who"),
        cast(CASES.c.answer_events, Text).contains(bindparam("quoted")),
        cast(CASES.c.discussion_events, Text).contains(bindparam("quoted")),
    ),
)
_ADD: Final = for_each_database(CASES, lambda insert: insert.on_conflict_do_nothing().returning(CASES.c.id))
_PUT: Final = update(CASES).where(
    _OF_BOT, CASES.c.id == bindparam("case_id"), CASES.c.revision == bindparam("expected")
)
_OWN: Final = (_OF_BOT, CASES.c.owner == bindparam("owner"), CASES.c.code_name.is_(None))
_FORGET: Final = delete(CASES).where(*_OWN)
_FORGET_WISHES: Final = delete(OUTBOX).where(
    OUTBOX.c.bot_id == bindparam("bot"), OUTBOX.c.case_id.in_(select(CASES.c.id).where(*_OWN))
)
_WHOSE: Final = select(BOTS.c.id)
_SECRET: Final = select(BOTS.c.secret).where(BOTS.c.id == bindparam("bot"))
_KEEP_SECRET: Final = update(BOTS).where(BOTS.c.id == bindparam("bot")).values(secret=bindparam("made"))


class SqlLedger:
    """A ledger on a driver whose transaction has begun.

    Attributes:
        bot: the bot that has claimed the database; empty before that, and while it is not known.
        erased: whether something was erased for good, so that no trace may stay once it is committed.
    """

    def __init__(self, driver: Driver, bot: str = "") -> None:
        """Work on the given driver, for the bot that has claimed the database; it is looked up where none is named."""
        self._driver = driver
        self.bot = bot or self._whose()
        self._stored: dict[tuple[str, int], int] = {}
        self.erased = False

    def get(self, case_id: str) -> Kept | None:
        """Find a case by its id."""
        return self._one(_BY_ID, {"id": case_id})

    def current(self, place: str, owner: str) -> Kept | None:
        """Give the person's case in a place that was touched last and is not put aside."""
        return self._one(_CURRENT, _owned(place, owner))

    def recent(self, place: str, owner: str, most: int, skip: int = 0) -> list[Kept]:
        """List a person's own cases in a place, those that were touched last first."""
        return self._every(_RECENT, _owned(place, owner) | {"most": most, "skip": skip})

    def last_ids(self, place: str, owner: str, most: int) -> list[str]:
        """List the ids of a person's own cases in a place, notes too, those that were touched last first."""
        return [str(found) for (found,) in self._rows(_LAST_IDS, _owned(place, owner) | {"most": most})]

    def unconfirmed(self, place: str, owner: str, message: int) -> Kept | None:
        """Find the case of a note that its owner typed in a message and nobody has confirmed."""
        return self._one(_NOTE, _owned(place, owner) | {"message": f'"{MESSAGE}{message}"'})

    def newest_card(self, place: str, owner: str) -> int:
        """Return the newest message that shows a case of a person in a place; 0 where none does."""
        (newest,) = self._row(_NEWEST_CARD, _owned(place, owner)) or (None,)
        return int(newest or 0)

    def add(self, kept: Kept) -> None:
        """Keep a new case.

        Raises:
            Overtaken: where a case of that id is kept already; no case ever takes the place of another.
        """
        row = {"bot_id": self.bot, "id": kept.case.id, **_columns(kept)}
        if not self._driver.row(_ADD[self._driver.name], row):
            raise Overtaken(kept.case.id)

    def put(self, kept: Kept, expected: int) -> None:
        """Keep a case anew, where its revision is as expected."""
        where = {"case_id": kept.case.id, "expected": self._stored.pop((kept.case.id, expected), expected)}
        # What a case never changes is not written again: it would only be taken out of the indexes and put back.
        if not self._count(_PUT, {**where, **_changing(kept)}):
            raise Overtaken(kept.case.id)

    def team_cases(self, place: str) -> list[Kept]:
        """Give the team's cases of a place that do not rest, the newest first."""
        return self._every(_TEAM_CASES, _at(place))

    def of_chat(self, chat: str) -> list[Kept]:
        """Give the team's cases of a chat, with all its topics, that do not rest."""
        return self._every(_OF_CHAT, {"chat": chat})

    def balloted(self, poll: str) -> Kept | None:
        """Find a case by the id of its vote."""
        return self._one(_BALLOTED, {"poll": poll})

    def idle(self, since: float) -> list[Kept]:
        """Give the team's cases that do not rest and were last touched before `since`."""
        return self._every(_IDLE, {"since": since})

    def expire(self, before: float, notes_before: float) -> int:
        """Erase every case that was last touched before then, and the wishes that show one."""
        over = {"before": before, "notes_before": notes_before}
        self._count(_EXPIRED_WISHES, over)
        expired = self._count(_EXPIRED, over)
        self.erased |= expired > 0
        return expired

    def move(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat, where no message shows it yet."""
        self._count(_MOVE, {"old": old, "new": new})

    def secret(self) -> str:
        """Give what links of this bot are signed with; it is made when it is first asked for."""
        (found,) = self._row(_SECRET, {}) or (None,)
        if found is None:
            found = secrets.token_hex(16)
            self._count(_KEEP_SECRET, {"made": found})
        return str(found)

    def said_by(self, who: str) -> list[Kept]:
        """List the team's cases in which a person said something, or which they opened or brought."""
        return self._every(_SAID_BY, {"who": who, "quoted": f'"{who}"'})

    def forget(self, owner: str) -> int:
        """Erase every case of a person's own, with the wishes that show one; in a team's, take the id out."""
        for kept in self.said_by(owner):
            self.put(without(kept, owner), kept.case.revision)
        self._count(_FORGET_WISHES, {"owner": owner})
        self.erased = True
        return self._count(_FORGET, {"owner": owner})

    def _one(self, query: Select[Any], where: dict[str, Any]) -> Kept | None:
        row = self._row(query, where)
        return self._kept(row) if row else None

    def _every(self, query: Select[Any], where: dict[str, Any]) -> list[Kept]:
        return [self._kept(row) for row in self._rows(query, where)]

    def _rows(self, query: Select[Any], where: dict[str, Any]) -> list[Row]:
        """Give every row of this bot that is found."""
        return self._driver.rows(query, {"bot": self.bot, **where})

    def _row(self, query: Select[Any], where: dict[str, Any]) -> Row | None:
        """Give the only row of this bot, or the first of them."""
        return self._driver.row(query, {"bot": self.bot, **where})

    def _count(self, change: UpdateBase, values: dict[str, Any]) -> int:
        """Tell how many rows of this bot were changed."""
        return self._driver.count(change, {"bot": self.bot, **values})

    def _whose(self) -> str:
        """Tell which bot has claimed the database; empty where none has yet."""
        (found,) = self._driver.row(_WHOSE, {}) or ("",)
        return str(found)

    def _kept(self, row: Sequence[Any]) -> Kept:
        """Return a case as the present edition reads it; it is written so once it is put.

        What is put then takes the place of the revision that is stored, which the case has no longer.
        """
        kept = _kept(row)
        case = upgrade(kept.case, CHANGES)
        if case is kept.case:
            return kept
        self._stored[case.id, case.revision] = kept.case.revision
        return replace(kept, case=case)


def _at(place: str) -> dict[str, Any]:
    """Give the values by which cases of a place are found."""
    return {"chat": chat_of(place), "thread": thread_of(place)}


def _owned(place: str, owner: str) -> dict[str, Any]:
    """Give the values by which cases of a person in a place are found."""
    return {"owner": owner, **_at(place)}


def _columns(kept: Kept) -> dict[str, Any]:
    """Give what is written of a new case, but for its id."""
    case = kept.case
    whose = {
        "chat_id": chat_of(kept.place),
        "thread_id": thread_of(kept.place),
        "owner": kept.owner,
        "parent_id": case.parent_id or None,
        "level": case.level or None,
        "flow": case.flow,
    }
    return {**whose, **(_changing(kept) if kept.team else {**_NO_TEAM, **_changing(kept)})}


def _changing(kept: Kept) -> dict[str, Any]:
    """Give what may be written anew of a case."""
    case = kept.case
    return {
        "edition": case.edition,
        "revision": case.revision,
        "turn": case.turn,
        "answer_events": _written(case.steps),
        "card_message_id": kept.card,
        "archived": kept.aside,
        "updated_at": kept.touched,
        **(_team_columns(kept, kept.team) if kept.team else {}),
    }


_NO_TEAM: Final = dict.fromkeys(
    (
        "discussion_events",
        "code_name",
        "created_at",
        "shared_by",
        "poll_id",
        "poll_message_id",
        "decision_message_id",
    )
)


def _team_columns(kept: Kept, team: Team) -> dict[str, Any]:
    """Give what is written of a team's case beside; whoever opened it may have had their id taken out."""
    return {
        "owner": kept.owner,
        "discussion_events": [_remark(said) for said in kept.case.talk],
        "code_name": team.name,
        "created_at": team.opened,
        "shared_by": team.giver,
        "poll_id": team.poll,
        "poll_message_id": team.ballot,
        "decision_message_id": team.minutes,
    }


_KINDS: Final = {kind.value: kind for kind in Kind}
"""To call the class for each step costs ten times as much."""

REMEMBERED: Final = 1024
"""How many histories are remembered as they were read: a tap finds the one that the last tap on the card drew from."""


def _kept(row: Sequence[Any]) -> Kept:
    """Read a case as it was written; the columns in the order of the table."""
    case_id, chat, thread, owner, parent, level, flow, edition, revision, turn, steps, *rest = row
    card, aside, touched, talk, *team = rest
    said = _talk(talk) if talk else ()
    case = Case(case_id, flow, edition, revision, turn, _steps(steps), said, parent or "", level or "")
    return Kept(case, place_of(chat, thread), owner, touched, card, aside, Team(*team) if team[0] else None)


@lru_cache(maxsize=REMEMBERED)
def _steps(written: str) -> tuple[Step, ...]:
    """Read the steps of a case."""
    return _read(orjson.loads(written))


def _written(steps: Sequence[Step]) -> list[list[Any]]:
    return [[step.kind, step.question, step.codes, step.who] for step in steps]


def _read(lists: Sequence[Sequence[Any]]) -> tuple[Step, ...]:
    return tuple(Step(_KINDS[kind], question, tuple(codes), who) for kind, question, codes, who in lists)


def _remark(said: Remark) -> list[Any]:
    """Write what somebody said; what counted at that moment and which message records it stand last, where noted."""
    noted: list[Any] = [_written(said.counted)] if said.counted or said.record else []
    noted += [list(said.record)] if said.record else []
    return [said.act, said.subject, said.codes, said.who, said.at, *noted]


def _talk(written: str) -> tuple[Remark, ...]:
    """Read what a team says of a case; nothing where none was ever said."""
    return tuple(_said(*remark) for remark in orjson.loads(written))


def _said(
    act: str, subject: str, codes: list[str], who: str, at: float, counted: Any = (), record: Any = None
) -> Remark:
    """Read what somebody said."""
    return Remark(Act(act), subject, tuple(codes), who, at, _read(counted), tuple(record) if record else None)
