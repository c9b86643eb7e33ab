"""Cases in the database: what one transaction sees and writes of them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import orjson
from sqlalchemy import Select, Text, UpdateBase, and_, bindparam, cast, delete, func, null, or_, select, update

from bot.service.case_store import CaseRecord, PictureRecord, TeamRecord, anonymize, chat_of, place_of, thread_of
from bot.storage.schema import BOTS, CASES, OUTBOX, VOTED, for_each_database
from bot.storage.statements import Row, Statement, StatementRunner
from flows.errors import VersionConflict
from flows.model.case import MESSAGE, AnswerEvent, AnswerEventKind, Case, DiscussionAction, DiscussionEvent
from flows.model.editions import upgrade
from flows.pathways.editions import CHANGES

_LISTS: Final = (CASES.c.answer_events.name, CASES.c.discussion_events.name)
_OF_BOT: Final = CASES.c.bot_id == bindparam("bot")
_OF_BOT_SCANNED: Final = CASES.c.bot_id.concat("") == bindparam("bot")
"""The same where every case is looked at: by an index over the bot SQLite would fetch each row alone, which takes ten
times as long as to read the table through. It uses no index for an expression."""

_NOT_READ: Final = ("bot_id", "due_since")
_CASE: Final = select(
    *(cast(column, Text) if column.name in _LISTS else column for column in CASES.c if column.name not in _NOT_READ)
).where(_OF_BOT)
"""A case, its events as the text they were written as: one that was read before is not read again."""

_BY_ID: Final = _CASE.where(CASES.c.id == bindparam("id"))
_HERE: Final = (CASES.c.chat_id == bindparam("chat"), CASES.c.thread_id == bindparam("thread"))
_OWNED: Final = (CASES.c.owner == bindparam("owner"), *_HERE)
_CURRENT: Final = _CASE.where(*_OWNED, CASES.c.archived.is_(False)).order_by(CASES.c.updated_at.desc()).limit(1)
_UNCONFIRMED: Final = cast(CASES.c.answer_events, Text).startswith(f'[["{AnswerEventKind.read}"')
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
_OF_TEAM: Final[Any] = CASES.c.code_name.is_not(None)
_COUNT_OPEN: Final = (
    select(_OF_TEAM, func.count())
    .where(_OF_BOT_SCANNED, CASES.c.archived.is_(False), CASES.c.parent_id.is_(None))
    .group_by(_OF_TEAM)
)
_NEWEST_CARD: Final = select(func.max(CASES.c.card_message_id)).where(_OF_BOT, *_OWNED)
_LISTED: Final = _CASE.where(CASES.c.code_name.is_not(None), CASES.c.archived.is_(False))
_LIST_TEAM_CASES: Final = _LISTED.where(*_HERE).order_by(CASES.c.created_at.desc())
_LIST_IN_CHAT: Final = _LISTED.where(CASES.c.chat_id == bindparam("chat"))
_LIST_SINCE: Final = _CASE.where(
    CASES.c.code_name.is_not(None), CASES.c.chat_id == bindparam("chat"), CASES.c.updated_at >= bindparam("since")
)
_LIST_UNSHOWN: Final = _CASE.where(
    CASES.c.code_name.is_not(None),
    *_HERE,
    or_(CASES.c.undelivered != "", and_(CASES.c.archived.is_(True), CASES.c.card_message_id.is_(None))),
).order_by(CASES.c.created_at.desc())
_LIST_UNDELIVERED: Final = _LISTED.where(CASES.c.undelivered != "")
_LEAVE_TOPIC: Final = (
    update(CASES)
    .where(_OF_BOT_SCANNED, CASES.c.chat_id == bindparam("chat"), CASES.c.thread_id == bindparam("topic"))
    .values(thread_id=0, card_message_id=None, picture_message_id=None, record_message_id=None)
)
_LIST_IDLE: Final = _LISTED.where(CASES.c.updated_at < bindparam("since"))
_GET_BY_POLL: Final = _CASE.where(CASES.c.poll_id == bindparam("poll"), VOTED)
_MIGRATE_CHAT: Final = (
    update(CASES)
    .where(_OF_BOT_SCANNED, CASES.c.chat_id == bindparam("old"))
    .values(
        chat_id=bindparam("new"),
        card_message_id=None,
        picture_message_id=None,
        record_message_id=None,
        poll_message_id=None,
        decision_message_id=None,
    )
)
_IS_OVER: Final = or_(
    CASES.c.updated_at < bindparam("before"), and_(CASES.c.updated_at < bindparam("notes_before"), _UNCONFIRMED)
)
_OVER: Final = (_OF_BOT_SCANNED, _IS_OVER)
_MARK_DUE: Final = update(CASES).where(*_OVER, CASES.c.due_since.is_(None)).values(due_since=bindparam("observed"))
_UNMARK_DUE: Final = (
    update(CASES).where(_OF_BOT_SCANNED, CASES.c.due_since.is_not(None), ~_IS_OVER).values(due_since=null())
)
_REDATE: Final = (
    update(CASES)
    .where(_OF_BOT_SCANNED, CASES.c.updated_at >= bindparam("since"), CASES.c.updated_at <= bindparam("until"))
    .values(updated_at=bindparam("now"), due_since=null())
)
_OBSERVED: Final = select(BOTS.c.observed).where(BOTS.c.id == bindparam("bot"))
_OBSERVE: Final = update(BOTS).where(BOTS.c.id == bindparam("bot")).values(observed=bindparam("seconds"))
_HEARD_AT: Final = select(BOTS.c.heard_at).where(BOTS.c.id == bindparam("bot"))
_HEAR: Final = update(BOTS).where(BOTS.c.id == bindparam("bot")).values(heard_at=bindparam("at"))
_OPEN_PLACES: Final = (
    select(CASES.c.chat_id, CASES.c.thread_id)
    .where(
        _OF_BOT_SCANNED,
        CASES.c.archived.is_(False),
        CASES.c.card_message_id.is_not(None),
        CASES.c.updated_at >= bindparam("since"),
        CASES.c.updated_at < bindparam("until"),
    )
    .distinct()
)
_SEEN_TWICE: Final = (*_OVER, CASES.c.due_since <= bindparam("marked_before"))
_SEEN_TWICE_MESSAGES: Final = delete(OUTBOX).where(
    OUTBOX.c.bot_id == bindparam("bot"), OUTBOX.c.case_id.in_(select(CASES.c.id).where(*_SEEN_TWICE))
)
_DELETE_SEEN_TWICE: Final = delete(CASES).where(*_SEEN_TWICE)
_LIST_BY_PERSON: Final = _CASE.where(
    CASES.c.code_name.is_not(None),
    or_(
        CASES.c.owner == bindparam("who"),
        CASES.c.shared_by == bindparam("who"),
        cast(CASES.c.answer_events, Text).contains(bindparam("quoted")),
        cast(CASES.c.discussion_events, Text).contains(bindparam("quoted")),
    ),
)
_ADD: Final = for_each_database(CASES, lambda insert: insert.on_conflict_do_nothing().returning(CASES.c.id))
_UPDATE: Final = update(CASES).where(
    _OF_BOT, CASES.c.id == bindparam("case_id"), CASES.c.revision == bindparam("expected")
)
_OWN: Final = (_OF_BOT, CASES.c.owner == bindparam("owner"), CASES.c.code_name.is_(None))
_ERASE_CASES: Final = delete(CASES).where(*_OWN)
_ERASE_MESSAGES: Final = delete(OUTBOX).where(
    OUTBOX.c.bot_id == bindparam("bot"), OUTBOX.c.case_id.in_(select(CASES.c.id).where(*_OWN))
)
_WHOSE: Final = select(BOTS.c.id)
_SECRET: Final = select(BOTS.c.secret).where(BOTS.c.id == bindparam("bot"))
_ADD_SECRET: Final = update(BOTS).where(BOTS.c.id == bindparam("bot")).values(secret=bindparam("made"))


class SqlCaseRepository:
    """A ledger on a driver whose transaction has begun.

    Attributes:
        bot: the bot that has claimed the database; empty before that, and while it is not known.
        erased: whether something was erased for good, so that no trace may stay once it is committed.
    """

    def __init__(self, statements: StatementRunner, bot: str = "") -> None:
        """Work on the given driver, for the bot that has claimed the database; it is looked up where none is named."""
        self._statements = statements
        self.bot = bot or self._whose()
        self._stored: dict[tuple[str, int], int] = {}
        self.erased = False

    def get(self, case_id: str) -> CaseRecord | None:
        """Find a case by its id."""
        return self._one(_BY_ID, {"id": case_id})

    def get_current(self, place: str, owner: str) -> CaseRecord | None:
        """Return the person's case in a place that was touched last and is not put aside."""
        return self._one(_CURRENT, _owned(place, owner))

    def list_recent(self, place: str, owner: str, most: int, skip: int = 0) -> list[CaseRecord]:
        """List a person's own cases in a place, those that were touched last first."""
        return self._list(_RECENT, _owned(place, owner) | {"most": most, "skip": skip})

    def last_ids(self, place: str, owner: str, most: int) -> list[str]:
        """List the ids of a person's own cases in a place, notes too, those that were touched last first."""
        return [str(found) for (found,) in self._rows(_LAST_IDS, _owned(place, owner) | {"most": most})]

    def unconfirmed(self, place: str, owner: str, message: int) -> CaseRecord | None:
        """Find the case of a note that its owner typed in a message and nobody has confirmed."""
        return self._one(_NOTE, _owned(place, owner) | {"message": f'"{MESSAGE}{message}"'})

    def newest_card(self, place: str, owner: str) -> int:
        """Return the newest message that shows a case of a person in a place; 0 where none does."""
        (newest,) = self._row(_NEWEST_CARD, _owned(place, owner)) or (None,)
        return int(newest or 0)

    def add(self, record: CaseRecord) -> None:
        """Keep a new case.

        Raises:
            VersionConflict: where a case of that id is kept already; no case ever takes the place of another.
        """
        row = {"bot_id": self.bot, "id": record.case.id, **_columns(record)}
        if not self._statements.row(_ADD[self._statements.name], row):
            raise VersionConflict(record.case.id)

    def update(self, record: CaseRecord, expected: int) -> None:
        """Keep a case anew, where its revision is as expected."""
        where = {"case_id": record.case.id, "expected": self._stored.pop((record.case.id, expected), expected)}
        # What a case never changes is not written again: it would only be taken out of the indexes and put back.
        if not self._count(_UPDATE, {**where, **_changed_columns(record)}):
            raise VersionConflict(record.case.id)

    def list_team_cases(self, place: str) -> list[CaseRecord]:
        """Return the team's cases of a place that do not rest, the newest first."""
        return self._list(_LIST_TEAM_CASES, _at(place))

    def list_in_chat(self, chat: str) -> list[CaseRecord]:
        """Return the team's cases of a chat, with all its topics, that do not rest."""
        return self._list(_LIST_IN_CHAT, {"chat": chat})

    def list_since(self, chat: str, since: float) -> list[CaseRecord]:
        """Return the team's cases of a chat, with all its topics, that were last changed at `since` or later."""
        return self._list(_LIST_SINCE, {"chat": chat, "since": since})

    def get_by_poll(self, poll: str) -> CaseRecord | None:
        """Find a case by the id of its vote."""
        return self._one(_GET_BY_POLL, {"poll": poll})

    def list_idle(self, since: float) -> list[CaseRecord]:
        """Return the team's cases that do not rest and were last touched before `since`."""
        return self._list(_LIST_IDLE, {"since": since})

    def observed(self) -> float:
        """Return how many seconds the bot has run in all."""
        (seconds,) = self._row(_OBSERVED, {}) or (None,)
        return float(seconds or 0.0)

    def observe(self, seconds: float) -> None:
        """Note how many seconds the bot has run in all."""
        self._count(_OBSERVE, {"seconds": seconds})

    def heard_at(self) -> float | None:
        """Return when updates last came through, in seconds since 1970; None where none ever did."""
        (at,) = self._row(_HEARD_AT, {}) or (None,)
        return None if at is None else float(at)

    def hear(self, at: float) -> None:
        """Note when updates last came through, in seconds since 1970."""
        self._count(_HEAR, {"at": at})

    def open_places(self, since: float, until: float) -> list[str]:
        """Return the places where a card stands open whose case was last touched between these times."""
        times = {"since": since, "until": until}
        return [place_of(chat, thread) for chat, thread in self._rows(_OPEN_PLACES, times)]

    def redate(self, since: float, until: float, now: float) -> int:
        """Date anew the cases that a wrong clock dated, and return how many they were."""
        return self._count(_REDATE, {"since": since, "until": until, "now": now})

    def delete_due(self, before: float, notes_before: float, observed: float, apart: float) -> int:
        """Mark the cases whose time is over, and erase those that were marked when the bot had run less by `apart`.

        Args:
            before: last touched before then, in seconds since 1970, UTC.
            notes_before: the same for notes that nobody has confirmed.
            observed: how many seconds the bot has run in all.
            apart: how many of these lie between the two looks at least.
        """
        over = {"before": before, "notes_before": notes_before}
        self._count(_UNMARK_DUE, over)
        self._count(_MARK_DUE, over | {"observed": observed})
        seen_twice = over | {"marked_before": observed - apart}
        self._count(_SEEN_TWICE_MESSAGES, seen_twice)
        erased = self._count(_DELETE_SEEN_TWICE, seen_twice)
        self.erased |= erased > 0
        return erased

    def migrate_chat(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat, where no message shows it yet."""
        self._count(_MIGRATE_CHAT, {"old": old, "new": new})

    def list_unshown(self, place: str) -> list[CaseRecord]:
        """Return the team's cases of a place that no message shows, or of which something was refused."""
        return self._list(_LIST_UNSHOWN, _at(place))

    def list_undelivered(self) -> list[CaseRecord]:
        """Return the team's cases of which something was refused, and that do not rest."""
        return self._list(_LIST_UNDELIVERED, {})

    def count_open_cases(self) -> dict[str, int]:
        """Return how many cases do not rest, by kind; those that help another one are left out."""
        found = {bool(team): number for team, number in self._rows(_COUNT_OPEN, {})}
        return {"private": found.get(False, 0), "team": found.get(True, 0)}

    def leave_topic(self, chat: str, topic: int) -> int:
        """Move the cases of a topic into the chat itself, and return how many they were."""
        return self._count(_LEAVE_TOPIC, {"chat": chat, "topic": topic})

    def signing_secret(self) -> str:
        """Return what links of this bot are signed with; it is made when it is first asked for."""
        (found,) = self._row(_SECRET, {}) or (None,)
        if found is None:
            found = secrets.token_hex(16)
            self._count(_ADD_SECRET, {"made": found})
        return str(found)

    def said_by(self, who: str) -> list[CaseRecord]:
        """List the team's cases in which a person said something, or which they opened or brought."""
        return self._list(_LIST_BY_PERSON, {"who": who, "quoted": f'"{who}"'})

    def erase_person(self, owner: str) -> int:
        """Erase every case of a person's own, with the messages that show one; take the id out of a team's."""
        for record in self.said_by(owner):
            self.update(anonymize(record, owner), record.case.revision)
        self._count(_ERASE_MESSAGES, {"owner": owner})
        self.erased = True
        return self._count(_ERASE_CASES, {"owner": owner})

    def _one(self, query: Select[Any], where: dict[str, Any]) -> CaseRecord | None:
        row = self._row(query, where)
        return self._kept(row) if row else None

    def _list(self, query: Select[Any], where: dict[str, Any]) -> list[CaseRecord]:
        return [self._kept(row) for row in self._rows(query, where)]

    def _rows(self, query: Statement, where: dict[str, Any]) -> list[Row]:
        """Return every row of this bot that is found."""
        return self._statements.rows(query, {"bot": self.bot, **where})

    def _row(self, query: Statement, where: dict[str, Any]) -> Row | None:
        """Return the only row of this bot, or the first of them."""
        return self._statements.row(query, {"bot": self.bot, **where})

    def _count(self, change: UpdateBase, values: dict[str, Any]) -> int:
        """Return how many rows of this bot were changed."""
        return self._statements.count(change, {"bot": self.bot, **values})

    def _whose(self) -> str:
        """Return which bot has claimed the database; empty where none has yet."""
        (found,) = self._statements.row(_WHOSE, {}) or ("",)
        return str(found)

    def _kept(self, row: Sequence[Any]) -> CaseRecord:
        """Return a case as the present edition reads it; it is written so once it is put.

        What is put then takes the place of the revision that is stored, which the case has no longer.
        """
        record = _to_record(row)
        case = upgrade(record.case, CHANGES)
        if case is record.case:
            return record
        self._stored[case.id, case.revision] = record.case.revision
        return replace(record, case=case)


def _at(place: str) -> dict[str, Any]:
    """Return the values by which cases of a place are found."""
    return {"chat": chat_of(place), "thread": thread_of(place)}


def _owned(place: str, owner: str) -> dict[str, Any]:
    """Return the values by which cases of a person in a place are found."""
    return {"owner": owner, **_at(place)}


def _columns(record: CaseRecord) -> dict[str, Any]:
    """Return what is written of a new case, but for its id."""
    case = record.case
    whose = {
        "chat_id": chat_of(record.place),
        "thread_id": thread_of(record.place),
        "owner": record.owner,
        "parent_id": case.parent_id or None,
        "level": case.level or None,
        "flow": case.flow,
    }
    return {**whose, **(_changed_columns(record) if record.team else {**_NO_TEAM, **_changed_columns(record)})}


def _changed_columns(record: CaseRecord) -> dict[str, Any]:
    """Return what may be written anew of a case."""
    case = record.case
    return {
        "edition": case.edition,
        "revision": case.revision,
        "turn": case.turn,
        "answer_events": _written(case.answer_events),
        "card_message_id": record.card_message_id,
        "archived": record.archived,
        "updated_at": record.updated_at,
        "picture_message_id": record.picture.message_id,
        "picture_option": record.picture.option,
        "picture_theme": record.picture.theme,
        "record_message_id": record.picture.record_message_id,
        **(_team_columns(record, record.team) if record.team else {}),
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
        "undelivered",
    )
)


def _team_columns(record: CaseRecord, team: TeamRecord) -> dict[str, Any]:
    """Return what is written of a team's case beside; whoever opened it may have had their id taken out."""
    return {
        "owner": record.owner,
        "discussion_events": [_remark(said) for said in record.case.discussion_events],
        "code_name": team.code_name,
        "created_at": team.created_at,
        "shared_by": team.shared_by,
        "poll_id": team.poll_id,
        "poll_message_id": team.poll_message_id,
        "decision_message_id": team.decision_message_id,
        "undelivered": team.undelivered,
    }


_KINDS: Final = {kind.value: kind for kind in AnswerEventKind}
"""To call the class for each step costs ten times as much."""

REMEMBERED: Final = 1024
"""How many histories are remembered as they were read: a tap finds the one that the last tap on the card drew from."""


def _to_record(row: Sequence[Any]) -> CaseRecord:
    """Read a case as it was written; the columns in the order of the table."""
    case_id, chat, thread, owner, parent, level, flow, edition, revision, turn, answer_events, *rest = row
    card, archived, updated_at, picture, option, theme, paper, discussion_events, *team = rest
    said = _parse_discussion_events(discussion_events) if discussion_events else ()
    case = Case(
        case_id, flow, edition, revision, turn, _parse_answer_events(answer_events), said, parent or "", level or ""
    )
    return CaseRecord(
        case,
        place_of(chat, thread),
        owner,
        updated_at,
        card,
        archived,
        TeamRecord(*team) if team[0] else None,
        PictureRecord(picture, option or "", theme or "", paper),
    )


@lru_cache(maxsize=REMEMBERED)
def _parse_answer_events(written: str) -> tuple[AnswerEvent, ...]:
    """Read the steps of a case."""
    return _read(orjson.loads(written))


def _written(answer_events: Sequence[AnswerEvent]) -> list[list[Any]]:
    return [[step.kind, step.question, step.codes, step.who] for step in answer_events]


def _read(lists: Sequence[Sequence[Any]]) -> tuple[AnswerEvent, ...]:
    return tuple(AnswerEvent(_KINDS[kind], question, tuple(codes), who) for kind, question, codes, who in lists)


def _remark(said: DiscussionEvent) -> list[Any]:
    """Write what somebody said; what counted at that moment and which message records it stand last, where noted."""
    noted: list[Any] = [_written(said.counted)] if said.counted or said.record else []
    noted += [list(said.record)] if said.record else []
    return [said.action, said.subject, said.codes, said.who, said.at, *noted]


def _parse_discussion_events(written: str) -> tuple[DiscussionEvent, ...]:
    """Read what a team says of a case; nothing where none was ever said."""
    return tuple(_said(*remark) for remark in orjson.loads(written))


def _said(
    act: str, subject: str, codes: list[str], who: str, at: float, counted: Any = (), record: Any = None
) -> DiscussionEvent:
    """Read what somebody said."""
    return DiscussionEvent(
        DiscussionAction(act), subject, tuple(codes), who, at, _read(counted), tuple(record) if record else None
    )
