"""The port that keeps cases, and one in memory: all that one update reads and writes is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Protocol, TypeVar

from flows.errors import Overtaken
from flows.model.case import Case, Step

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Kept:
    """A case as it is kept: where it belongs, whose it is, and which message shows it.

    Attributes:
        place: the opaque key of the chat.
        owner: the opaque id of the person who opened it.
        touched: when it was last changed, in seconds since 1970, UTC.
        card: the message that shows it; None while none is known.
        aside: whether it was put aside, or rests.
        team: what is kept of it beside, where a team works it.
    """

    case: Case
    place: str
    owner: str
    touched: float
    card: int | None = None
    aside: bool = False
    team: Team | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """What is kept of a case that a team works.

    Attributes:
        name: the name that tells it from the other cases of its chat.
        opened: when it was opened, in seconds since 1970, UTC; of two cases the later one is the newer.
        giver: the opaque id of whoever brought it from a private chat; empty where it was begun here.
        poll: the channel's id of the vote that is open.
        ballot: the message that shows the vote.
        minutes: the message that shows the latest decision.
    """

    name: str
    opened: float
    giver: str = ""
    poll: str = ""
    ballot: int | None = None
    minutes: int | None = None


class Ledger(Protocol):
    """What one transaction sees and writes."""

    def get(self, case_id: str) -> Kept | None:
        """Find a case by its id."""
        ...

    def current(self, place: str, owner: str) -> Kept | None:
        """Give the person's case in a place that was touched last and is not put aside."""
        ...

    def recent(self, place: str, owner: str, most: int, skip: int = 0) -> list[Kept]:
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

    def unconfirmed(self, place: str, owner: str, message: int) -> Kept | None:
        """Find the case of a note that its owner typed in a message and nobody has confirmed."""
        ...

    def newest_card(self, place: str, owner: str) -> int:
        """Return the newest message that shows a case of a person in a place; 0 where none does."""
        ...

    def add(self, kept: Kept) -> None:
        """Keep a new case.

        Raises:
            Overtaken: where a case of that id is kept already; no case ever takes the place of another.
        """
        ...

    def put(self, kept: Kept, expected: int) -> None:
        """Keep a case anew; whose it is, where it is and under which flow stays as it was added.

        Args:
            kept: the case as it shall be.
            expected: the revision that it was read at.

        Raises:
            Overtaken: where the case has another revision by now, or is gone.
        """
        ...

    def team_cases(self, place: str) -> list[Kept]:
        """Give the team's cases of a place that do not rest, the newest first."""
        ...

    def balloted(self, poll: str) -> Kept | None:
        """Find a case by the id of its vote."""
        ...

    def idle(self, since: float) -> list[Kept]:
        """Give the team's cases that do not rest and were last touched before `since`."""
        ...

    def expire(self, before: float, notes_before: float) -> int:
        """Erase for good every case that was last touched before then, and return how many they were.

        Args:
            before: for every case, in seconds since 1970, UTC.
            notes_before: the same for those that begin with a note which nobody has confirmed.
        """
        ...

    def of_chat(self, chat: str) -> list[Kept]:
        """Give the team's cases of a chat, with all its topics, that do not rest."""
        ...

    def move(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat, where no message shows it yet."""
        ...

    def secret(self) -> str:
        """Give what links of this bot are signed with; it is made once and never leaves the store but to sign."""
        ...

    def said_by(self, who: str) -> list[Kept]:
        """List the team's cases in which a person said something, or which they opened or brought."""
        ...

    def forget(self, owner: str) -> int:
        """Erase every case of a person's own, and tell how many; what they said in a team's stays, unsigned."""
        ...


class Store(Protocol):
    """Keeps cases. Whatever `run` is given is one transaction: all of it is kept, or nothing."""

    async def run(self, work: Callable[[Ledger], Result]) -> Result:
        """Do the work in one transaction, and give its result once that is committed.

        Raises:
            Overtaken: where another writer came first each time it was tried.
            Exception: whatever the work raises; nothing is kept then.
        """
        ...

    async def close(self) -> None:
        """Let go of what is held, after all that was begun."""
        ...


class MemoryLedger:
    """A ledger in a dictionary."""

    def __init__(self, cases: dict[str, Kept]) -> None:
        """Work on the given cases."""
        self.cases = cases

    def get(self, case_id: str) -> Kept | None:
        """Find a case by its id."""
        return self.cases.get(case_id)

    def current(self, place: str, owner: str) -> Kept | None:
        """Give the person's case in a place that was touched last and is not put aside."""
        mine = [k for k in self.cases.values() if (k.place, k.owner, k.aside) == (place, owner, False)]
        return max(mine, key=lambda kept: kept.touched, default=None)

    def recent(self, place: str, owner: str, most: int, skip: int = 0) -> list[Kept]:
        """List a person's own cases in a place, those that were touched last first."""
        return [kept for kept in self._own(place, owner) if not kept.case.unconfirmed][skip : skip + most]

    def last_ids(self, place: str, owner: str, most: int) -> list[str]:
        """List the ids of a person's own cases in a place, notes too, those that were touched last first."""
        return [kept.case.id for kept in self._own(place, owner)[:most]]

    def unconfirmed(self, place: str, owner: str, message: int) -> Kept | None:
        """Find the case of a note that its owner typed in a message and nobody has confirmed."""
        return next((k for k in self._of(place, owner) if k.case.note_message == message), None)

    def newest_card(self, place: str, owner: str) -> int:
        """Return the newest message that shows a case of a person in a place; 0 where none does."""
        return max((kept.card or 0 for kept in self._of(place, owner)), default=0)

    def add(self, kept: Kept) -> None:
        """Keep a new case; no case ever takes the place of another."""
        if kept.case.id in self.cases:
            raise Overtaken(kept.case.id)
        self.cases[kept.case.id] = kept

    def put(self, kept: Kept, expected: int) -> None:
        """Keep a case anew, where its revision is as expected."""
        present = self.cases.get(kept.case.id)
        if present is None or present.case.revision != expected:
            raise Overtaken(kept.case.id)
        self.cases[kept.case.id] = kept

    def team_cases(self, place: str) -> list[Kept]:
        """Give the team's cases of a place that do not rest, the newest first."""
        here = [kept for kept in self._teams() if kept.place == place]
        return sorted(here, key=_opened, reverse=True)

    def balloted(self, poll: str) -> Kept | None:
        """Find a case by the id of its vote."""
        return next((kept for kept in self.cases.values() if kept.team and poll and kept.team.poll == poll), None)

    def idle(self, since: float) -> list[Kept]:
        """Give the team's cases that do not rest and were last touched before `since`."""
        return [kept for kept in self._teams() if kept.touched < since]

    def expire(self, before: float, notes_before: float) -> int:
        """Erase every case that was last touched before then; earlier where it is a note that nobody confirmed."""
        over = {False: before, True: max(before, notes_before)}
        return self._drop([i for i, kept in self.cases.items() if kept.touched < over[kept.case.unconfirmed]])

    def of_chat(self, chat: str) -> list[Kept]:
        """Give the team's cases of a chat, with all its topics, that do not rest."""
        return [kept for kept in self._teams() if chat_of(kept.place) == chat]

    def move(self, old: str, new: str) -> None:
        """Move every case of a chat to another chat, where no message shows it yet."""
        for case_id, kept in self.cases.items():
            if chat_of(kept.place) == old:
                team = replace(kept.team, ballot=None, minutes=None) if kept.team else None
                place = place_of(new, thread_of(kept.place))
                self.cases[case_id] = replace(kept, place=place, card=None, team=team)

    def secret(self) -> str:
        """Give what links are signed with: nothing worth keeping, since they live no longer than this."""
        return "in memory"

    def said_by(self, who: str) -> list[Kept]:
        """List the team's cases in which a person said something, or which they opened or brought."""
        return [kept for kept in self.cases.values() if kept.team and without(kept, who) is not kept]

    def forget(self, owner: str) -> int:
        """Erase every case of a person's own; what they said in a team's stays, unsigned."""
        for case_id, kept in self.cases.items():
            if kept.team:
                self.cases[case_id] = without(kept, owner)
        return self._drop([i for i, kept in self.cases.items() if kept.owner == owner and not kept.team])

    def _own(self, place: str, owner: str) -> list[Kept]:
        mine = [kept for kept in self._of(place, owner) if not (kept.team or kept.case.parent_id)]
        return sorted(mine, key=lambda kept: -kept.touched)

    def _of(self, place: str, owner: str) -> list[Kept]:
        return [kept for kept in self.cases.values() if (kept.place, kept.owner) == (place, owner)]

    def _teams(self) -> list[Kept]:
        return [kept for kept in self.cases.values() if kept.team and not kept.aside]

    def _drop(self, case_ids: list[str]) -> int:
        for case_id in case_ids:
            del self.cases[case_id]
        return len(case_ids)


def place_of(chat: str, thread: int) -> str:
    """Give the place of a chat, or of a thread of it, which is a place of its own; 0 is no thread."""
    return f"{chat}/{thread}" if thread else chat


def chat_of(place: str) -> str:
    """Give the chat of a place."""
    return place.partition("/")[0]


def thread_of(place: str) -> int:
    """Give the thread of a place; 0 where it is a whole chat."""
    return int(place.partition("/")[2] or 0)


def without(kept: Kept, who: str) -> Kept:
    """Take a person's id out of a team's case; what they said stays, and is still one person's, but says not whose."""
    case = kept.case
    people = {kept.owner, *(step.who for step in case.steps), *(remark.who for remark in case.talk)}
    people |= {step.who for remark in case.talk for step in remark.counted}
    people |= {kept.team.giver} if kept.team else set()
    if who not in people:
        return kept
    nobody = next(name for number in count(1) if (name := f"-{number}") not in people)

    def unsigned_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        return tuple(step._replace(who=nobody) if step.who == who else step for step in steps)

    steps = unsigned_steps(case.steps)
    talk = tuple(
        replace(remark, who=nobody if remark.who == who else remark.who, counted=unsigned_steps(remark.counted))
        for remark in case.talk
    )
    team = replace(kept.team, giver=nobody) if kept.team and kept.team.giver == who else kept.team
    unsigned = replace(case, revision=case.revision + 1, steps=steps, talk=talk)
    return replace(kept, case=unsigned, team=team, owner=nobody if kept.owner == who else kept.owner)


def _opened(kept: Kept) -> float:
    return kept.team.opened if kept.team else 0.0


class MemoryStore:
    """Keeps cases in memory, as long as the process lives; for the terminal and for tests."""

    def __init__(self) -> None:
        """Begin with no case."""
        self._cases: dict[str, Kept] = {}

    async def run(self, work: Callable[[Ledger], Result]) -> Result:
        """Do the work on a copy, which is kept where nothing was raised."""
        cases = dict(self._cases)
        result = work(MemoryLedger(cases))
        self._cases = cases
        return result

    async def close(self) -> None:
        """Nothing is held."""
