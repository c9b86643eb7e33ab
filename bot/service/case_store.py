"""The port that keeps cases, and one in memory: all that one update reads and writes is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, NamedTuple, Protocol, TypeVar

from flows.errors import VersionConflict
from flows.model.case import AnswerEvent, Case

Result = TypeVar("Result")

CARD: Final = "card"
"""The card of the case, as a part that Telegram may refuse."""

RECORD: Final = "record"
"""The record of its decision."""

POLL: Final = "poll"
"""The poll of its vote."""


class PictureRecord(NamedTuple):
    """What is kept of the picture of a case, and of its record as a document.

    Attributes:
        message_id: the message that shows it; None while none is known.
        option: whose approach it shows; empty for the option that stands as headline.
        theme: the ground that the person chose; empty while they chose none.
        record_message_id: the message that holds the record; None while none is known.
    """

    message_id: int | None = None
    option: str = ""
    theme: str = ""
    record_message_id: int | None = None

    @property
    def messages(self) -> tuple[int, ...]:
        """Return the messages that show either."""
        return tuple(number for number in (self.message_id, self.record_message_id) if number is not None)

    def gone(self) -> PictureRecord:
        """Return what stays where no message shows either any more."""
        return self._replace(message_id=None, record_message_id=None)


NO_PICTURE: Final = PictureRecord()
"""What is kept of a case that never had one."""


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case as it is kept: where it belongs, whose it is, and which message shows it.

    Attributes:
        place: the opaque key of the chat.
        owner: the opaque id of the person who opened it.
        updated_at: when it was last changed, in seconds since 1970, UTC.
        card_message_id: the message that shows it; None while none is known.
        archived: whether it was put aside, or rests.
        team: what is kept of it beside, where a team works it.
        picture: what is kept of its picture.
    """

    case: Case
    place: str
    owner: str
    updated_at: float
    card_message_id: int | None = None
    archived: bool = False
    team: TeamRecord | None = None
    picture: PictureRecord = NO_PICTURE


@dataclass(frozen=True, slots=True)
class TeamRecord:
    """What is kept of a case that a team works.

    Attributes:
        code_name: the name that tells it from the other cases of its chat.
        created_at: when it was opened, in seconds since 1970, UTC; of two cases the later one is the newer.
        shared_by: the opaque id of whoever brought it from a private chat; empty where it was begun here.
        poll_id: the channel's id of the vote that is open.
        poll_message_id: the message that shows the vote.
        decision_message_id: the message that shows the latest decision.
        undelivered: what Telegram refused to take, of CARD, RECORD and POLL, with a space between.
    """

    code_name: str
    created_at: float
    shared_by: str = ""
    poll_id: str = ""
    poll_message_id: int | None = None
    decision_message_id: int | None = None
    undelivered: str = ""

    def lacks(self, part: str) -> bool:
        """Return whether Telegram has refused a part of the case."""
        return part in self.undelivered.split()

    def refused(self, part: str) -> TeamRecord:
        """Return the record with a part that Telegram refused."""
        return replace(self, undelivered=" ".join(sorted({*self.undelivered.split(), part})))

    def delivered(self, *parts: str) -> TeamRecord:
        """Return the record without parts that were delivered, or are not needed any more."""
        return replace(self, undelivered=" ".join(p for p in self.undelivered.split() if p not in parts))


class CaseRepository(Protocol):
    """What one transaction sees and writes."""

    def get(self, case_id: str) -> CaseRecord | None:
        """Find a case by its id."""
        ...

    def get_current(self, place: str, owner: str) -> CaseRecord | None:
        """Return the person's case in a place that was touched last and is not put aside."""
        ...

    def list_recent(self, place: str, owner: str, most: int, skip: int = 0) -> list[CaseRecord]:
        """List a person's own cases in a place, those that were touched last first.

        Notes that nobody confirmed are left out, and cases that help another one.

        Args:
            place: the chat.
            owner: the person.
            most: how many to list at most.
            skip: how many to pass over first.
        """
        ...

    def last_ids(self, place: str, owner: str, most: int) -> list[str]:
        """List the ids of a person's own cases in a place, notes too, those that were touched last first.

        Cases that help another one are left out.
        """
        ...

    def unconfirmed(self, place: str, owner: str, message: int) -> CaseRecord | None:
        """Find the case of a note that its owner typed in a message and nobody has confirmed."""
        ...

    def newest_card(self, place: str, owner: str) -> int:
        """Return the newest message that shows a case of a person in a place; 0 where none does."""
        ...

    def add(self, record: CaseRecord) -> None:
        """Keep a new case.

        Raises:
            VersionConflict: where a case of that id is kept already; no case ever takes the place of another.
        """
        ...

    def update(self, record: CaseRecord, expected: int) -> None:
        """Keep a case anew; whose it is, where it is and under which flow stays as it was added.

        Args:
            record: the case as it shall be.
            expected: the revision that it was read at.

        Raises:
            VersionConflict: where the case has another revision by now, or is gone.
        """
        ...

    def list_team_cases(self, place: str) -> list[CaseRecord]:
        """Return the team's cases of a place that do not rest, the newest first."""
        ...

    def get_by_poll(self, poll: str) -> CaseRecord | None:
        """Find a case by the id of its vote."""
        ...

    def list_idle(self, since: float) -> list[CaseRecord]:
        """Return the team's cases that do not rest and were last touched before `since`."""
        ...

    def delete_due(self, before: float, notes_before: float, observed: float, apart: float) -> int:
        """Erase the cases whose time was found over by two looks that lie `apart` seconds of running apart.

        Args:
            before: last touched before then, in seconds since 1970, UTC.
            notes_before: the same for notes that nobody has confirmed.
            observed: how many seconds the bot has run in all.
            apart: how many of these lie between the two looks at least.
        """
        ...

    def list_in_chat(self, chat: str) -> list[CaseRecord]:
        """Return the team's cases of a chat, with all its topics, that do not rest."""
        ...

    def list_unshown(self, place: str) -> list[CaseRecord]:
        """Return the team's cases of a place that no message shows, or of which something was refused."""
        ...

    def list_undelivered(self) -> list[CaseRecord]:
        """Return the team's cases of which something was refused, and that do not rest."""
        ...

    def leave_topic(self, chat: str, topic: int) -> int:
        """Move the cases of a topic into the chat itself, where no message shows them yet; return how many they were.

        Args:
            chat: the chat.
            topic: the topic that is closed or gone.
        """
        ...

    def list_since(self, chat: str, since: float) -> list[CaseRecord]:
        """Return the team's cases of a chat, with all its topics, that were last changed at `since` or later."""
        ...

    def migrate_chat(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat, where no message shows it yet."""
        ...

    def signing_secret(self) -> str:
        """Return what links of this bot are signed with; it is made once and never leaves the store but to sign."""
        ...

    def said_by(self, user_id: str) -> list[CaseRecord]:
        """List the team's cases in which a person said something, or which they opened or brought."""
        ...

    def erase_person(self, owner: str) -> int:
        """Erase every case of a person's own, and tell how many; what they said in a team's stays, unsigned."""
        ...


class CaseStorage(Protocol):
    """Keeps cases. Whatever `run` is given is one transaction: all of it is kept, or nothing."""

    async def transact(self, work: Callable[[CaseRepository], Result]) -> Result:
        """Do the work in one transaction, and give its result once that is committed.

        Raises:
            VersionConflict: where another writer came first each time it was tried.
            Exception: whatever the work raises; nothing is kept then.
        """
        ...

    async def close(self) -> None:
        """Release what is held, after all that was begun."""
        ...


class MemoryCaseRepository:
    """A ledger in a dictionary."""

    def __init__(self, cases: dict[str, CaseRecord], due: dict[str, float] | None = None) -> None:
        """Work on the given cases, and on when their time was found over, in seconds that the bot had run."""
        self.cases = cases
        self._due = {} if due is None else due

    def get(self, case_id: str) -> CaseRecord | None:
        """Find a case by its id."""
        return self.cases.get(case_id)

    def get_current(self, place: str, owner: str) -> CaseRecord | None:
        """Return the person's case in a place that was touched last and is not put aside."""
        mine = [k for k in self.cases.values() if (k.place, k.owner, k.archived) == (place, owner, False)]
        return max(mine, key=lambda record: record.updated_at, default=None)

    def list_recent(self, place: str, owner: str, most: int, skip: int = 0) -> list[CaseRecord]:
        """List a person's own cases in a place, those that were touched last first."""
        return [record for record in self._own(place, owner) if not record.case.unconfirmed][skip : skip + most]

    def last_ids(self, place: str, owner: str, most: int) -> list[str]:
        """List the ids of a person's own cases in a place, notes too, those that were touched last first."""
        return [record.case.id for record in self._own(place, owner)[:most]]

    def unconfirmed(self, place: str, owner: str, message: int) -> CaseRecord | None:
        """Find the case of a note that its owner typed in a message and nobody has confirmed."""
        return next((k for k in self._of(place, owner) if k.case.note_message == message), None)

    def newest_card(self, place: str, owner: str) -> int:
        """Return the newest message that shows a case of a person in a place; 0 where none does."""
        return max((record.card_message_id or 0 for record in self._of(place, owner)), default=0)

    def add(self, record: CaseRecord) -> None:
        """Keep a new case; no case ever takes the place of another."""
        if record.case.id in self.cases:
            raise VersionConflict(record.case.id)
        self.cases[record.case.id] = record

    def update(self, record: CaseRecord, expected: int) -> None:
        """Keep a case anew, where its revision is as expected."""
        present = self.cases.get(record.case.id)
        if present is None or present.case.revision != expected:
            raise VersionConflict(record.case.id)
        self.cases[record.case.id] = record

    def list_team_cases(self, place: str) -> list[CaseRecord]:
        """Return the team's cases of a place that do not rest, the newest first."""
        updated = [record for record in self._teams() if record.place == place]
        return sorted(updated, key=_created_at, reverse=True)

    def get_by_poll(self, poll: str) -> CaseRecord | None:
        """Find a case by the id of its vote."""
        return next(
            (record for record in self.cases.values() if record.team and poll and record.team.poll_id == poll), None
        )

    def list_idle(self, since: float) -> list[CaseRecord]:
        """Return the team's cases that do not rest and were last touched before `since`."""
        return [record for record in self._teams() if record.updated_at < since]

    def delete_due(self, before: float, notes_before: float, observed: float, apart: float) -> int:
        """Erase the cases whose time was found over by two looks; earlier where it is a note that nobody confirmed."""
        over = {False: before, True: max(before, notes_before)}
        due = [i for i, record in self.cases.items() if record.updated_at < over[record.case.unconfirmed]]
        marks = {case_id: self._due.get(case_id, observed) for case_id in due}
        self._due.clear()
        self._due.update(marks)
        return self._drop([case_id for case_id, since in marks.items() if since <= observed - apart])

    def list_in_chat(self, chat: str) -> list[CaseRecord]:
        """Return the team's cases of a chat, with all its topics, that do not rest."""
        return [record for record in self._teams() if chat_of(record.place) == chat]

    def list_since(self, chat: str, since: float) -> list[CaseRecord]:
        """Return the team's cases of a chat, with all its topics, that were last changed at `since` or later."""
        teams = (record for record in self.cases.values() if record.team and chat_of(record.place) == chat)
        return [record for record in teams if record.updated_at >= since]

    def migrate_chat(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat, where no message shows it yet."""
        for case_id, record in self.cases.items():
            if chat_of(record.place) == old:
                team = replace(record.team, poll_message_id=None, decision_message_id=None) if record.team else None
                place = place_of(new, thread_of(record.place))
                moved = replace(record, place=place, card_message_id=None, team=team, picture=record.picture.gone())
                self.cases[case_id] = moved

    def list_unshown(self, place: str) -> list[CaseRecord]:
        """Return the team's cases of a place that no message shows, or of which something was refused."""
        here = [record for record in self.cases.values() if record.team and record.place == place]
        return [k for k in here if (k.team and k.team.undelivered) or (k.archived and k.card_message_id is None)]

    def list_undelivered(self) -> list[CaseRecord]:
        """Return the team's cases of which something was refused, and that do not rest."""
        return [record for record in self._teams() if record.team and record.team.undelivered]

    def leave_topic(self, chat: str, topic: int) -> int:
        """Move the cases of a topic into the chat itself, where no message shows them yet."""
        moved = [i for i, record in self.cases.items() if record.place == place_of(chat, topic)]
        for case_id in moved:
            record = self.cases[case_id]
            self.cases[case_id] = replace(record, place=chat, card_message_id=None, picture=record.picture.gone())
        return len(moved)

    def signing_secret(self) -> str:
        """Return what links are signed with: nothing worth keeping, since they live no longer than this."""
        return "in memory"

    def said_by(self, user_id: str) -> list[CaseRecord]:
        """List the team's cases in which a person said something, or which they opened or brought."""
        return [record for record in self.cases.values() if record.team and anonymize(record, user_id) is not record]

    def erase_person(self, owner: str) -> int:
        """Erase every case of a person's own; what they said in a team's stays, unsigned."""
        for case_id, record in self.cases.items():
            if record.team:
                self.cases[case_id] = anonymize(record, owner)
        return self._drop([i for i, record in self.cases.items() if record.owner == owner and not record.team])

    def _own(self, place: str, owner: str) -> list[CaseRecord]:
        mine = [record for record in self._of(place, owner) if not (record.team or record.case.parent_id)]
        return sorted(mine, key=lambda record: -record.updated_at)

    def _of(self, place: str, owner: str) -> list[CaseRecord]:
        return [record for record in self.cases.values() if (record.place, record.owner) == (place, owner)]

    def _teams(self) -> list[CaseRecord]:
        return [record for record in self.cases.values() if record.team and not record.archived]

    def _drop(self, case_ids: list[str]) -> int:
        for case_id in case_ids:
            del self.cases[case_id]
        return len(case_ids)


def place_of(chat: str, thread: int) -> str:
    """Return the place of a chat, or of a thread of it, which is a place of its own; 0 is no thread."""
    return f"{chat}/{thread}" if thread else chat


def chat_of(place: str) -> str:
    """Return the chat of a place."""
    return place.partition("/")[0]


def thread_of(place: str) -> int:
    """Return the thread of a place; 0 where it is a whole chat."""
    return int(place.partition("/")[2] or 0)


def anonymize(record: CaseRecord, user_id: str) -> CaseRecord:
    """Remove a person's id from a team's case; what they said stays, and is still one person's, but says not whose."""
    case = record.case
    people = {
        record.owner,
        *(step.who for step in case.answer_events),
        *(remark.who for remark in case.discussion_events),
    }
    people |= {step.who for remark in case.discussion_events for step in remark.counted}
    people |= {record.team.shared_by} if record.team else set()
    if user_id not in people:
        return record
    nobody = next(name for number in count(1) if (name := f"-{number}") not in people)

    def unsigned_steps(steps: tuple[AnswerEvent, ...]) -> tuple[AnswerEvent, ...]:
        return tuple(step._replace(who=nobody) if step.who == user_id else step for step in steps)

    steps = unsigned_steps(case.answer_events)
    discussion = tuple(
        replace(remark, who=nobody if remark.who == user_id else remark.who, counted=unsigned_steps(remark.counted))
        for remark in case.discussion_events
    )
    team = replace(record.team, shared_by=nobody) if record.team and record.team.shared_by == user_id else record.team
    unsigned = replace(case, revision=case.revision + 1, answer_events=steps, discussion_events=discussion)
    return replace(record, case=unsigned, team=team, owner=nobody if record.owner == user_id else record.owner)


def _created_at(record: CaseRecord) -> float:
    return record.team.created_at if record.team else 0.0


class MemoryStorage:
    """Keeps cases in memory, as long as the process lives; for the terminal and for tests."""

    def __init__(self) -> None:
        """Begin with no case."""
        self._cases: dict[str, CaseRecord] = {}
        self._due: dict[str, float] = {}

    async def transact(self, work: Callable[[CaseRepository], Result]) -> Result:
        """Do the work on a copy, which is kept where nothing was raised."""
        cases, due = dict(self._cases), dict(self._due)
        result = work(MemoryCaseRepository(cases, due))
        self._cases, self._due = cases, due
        return result

    async def close(self) -> None:
        """Nothing is held."""
