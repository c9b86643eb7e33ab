"""People who answer, all at once, on the real store; what they were told, and whether what is found fits it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from sqlite3 import DatabaseError
from typing import Any, Final

from store_kit import ask, bytes_of, chance_of, kept, path_of

from bot.service.case_store import CaseRecord
from bot.service.ports import InboxUpdate, OutboxKind, OutboxMessage, UnitOfWork
from bot.storage.errors import StorageError
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage
from flows.model.case import AnswerEvent, AnswerEventKind

PEOPLE: Final = range(12)
ANSWERS: Final = 30
ERASED: Final = -1
"""In place of a number of answers: the person asked to be forgotten."""


@dataclass(frozen=True, slots=True)
class Asked:
    """So many answers were given to a case: they may be found from here on."""

    case: str
    answers: int


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The letter with that answer was acknowledged: it must be found from here on."""

    case: str
    answers: int


@dataclass(frozen=True, slots=True)
class Told:
    """The answers were acknowledged: they must be found from here on."""

    case: str
    answers: int


News = Asked | TakenIn | Told


def case_of(person: int, number: int) -> str:
    return f"{person:04x}5ec2e7{number:02x}"


def letter_of(case: str, answer: int) -> int:
    return int(case, 16) * 100 + answer


def steps_of(case: str, answers: int) -> tuple[AnswerEvent, ...]:
    return tuple(
        AnswerEvent(AnswerEventKind.answer, "fitness", (f"{case}.{answer}",), case[:4]) for answer in range(answers)
    )


def taking_in(case: str, answers: int) -> Callable[[UnitOfWork], object]:
    inbox_update = InboxUpdate(letter_of(case, answers), case[:4], f"{case}.{answers}")
    return lambda uow: uow.add_updates([inbox_update])


def striking_out(outbox_message: OutboxMessage) -> Callable[[UnitOfWork], object]:
    return lambda uow: uow.acknowledge([outbox_message])


def answering(case: str, answers: int) -> Callable[[UnitOfWork], OutboxMessage]:
    """One answer as the bot keeps it: the case, the screen and the mark on the letter."""

    def work(uow: UnitOfWork) -> OutboxMessage:
        now = kept(case, case[:4], case[:4], answer_events=steps_of(case, answers), revision=answers, turn=answers)
        if answers:
            uow.update(now, answers - 1)
        else:
            uow.add(now)
        uow.mark_handled(letter_of(case, answers), f"answer {answers}")
        return uow.enqueue(case[:4], OutboxKind.send_card, case, f"{case}.{answers}", case)

    return work


class Life:
    """People who answer; what they ask for and are told is appended to a record."""

    def __init__(self, url: str, log: list[Any]) -> None:
        self.url = url
        self.log = log

    async def lasts(self) -> None:
        """Two cases of everybody, the bot started anew between them; then half of the people are forgotten."""
        for number in range(2):
            await self._together(number, PEOPLE)
        await self._together(2, PEOPLE[::2], erases=True)

    async def _together(self, number: int, people: range, *, erases: bool = False) -> None:
        store = create_storage(self.url)
        await asyncio.gather(*(self._one(store, person, number, erases=erases) for person in people))
        await store.close()

    async def _one(self, store: SqlStorage, person: int, number: int, *, erases: bool) -> None:
        """Answer one question after the other, not all in step; what was shown is struck out now and then."""
        case, chance = case_of(person, number), chance_of(person)
        if erases:
            earlier = [case_of(person, before) for before in range(number)]
            await self._done(store, lambda uow: uow.erase_person(case[:4]), ERASED, *earlier)
        for answers in range(ANSWERS):
            await asyncio.sleep(chance.choice((0.0, 0.0, 0.001, 0.005)))
            await store.transact(taking_in(case, answers))
            self.log.append(TakenIn(case, answers))
            outbox_message = await self._done(store, answering(case, answers), answers, case)
            if answers % 3 == person % 3:
                await store.transact(striking_out(outbox_message))

    async def _done(self, store: SqlStorage, work: Callable[[UnitOfWork], Any], answers: int, *cases: str) -> Any:
        """Have work done, and note when it was asked for and when it was acknowledged."""
        self.log += [Asked(case, answers) for case in cases]
        result = await store.transact(work)
        self.log += [Told(case, answers) for case in cases]
        return result


@dataclass
class Known:
    """What people know at an instant.

    Attributes:
        asked: what was asked for last, of each case.
        taken_in: which letter was acknowledged last.
        told: which answers were.
    """

    asked: dict[str, int] = field(default_factory=dict)
    taken_in: dict[str, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)

    def hears(self, news: News) -> None:
        known = {Asked: self.asked, TakenIn: self.taken_in, Told: self.told}[type(news)]
        known[news.case] = news.answers

    async def faults(self, url: str) -> Counter[str]:
        """Start on what is left of the disk, and count what is wrong with it."""
        try:
            store = create_storage(url)
        except StorageError:
            return Counter(["unsound"])
        try:
            if not sound(url):
                return Counter(["unsound"])
            cases = await store.transact(lambda uow: {case: uow.get(case) for case in self.asked})
            outbox_messages = await store.transact(lambda uow: uow.pending_messages())
        finally:
            await store.close()
        toasts: dict[int, str] = dict(ask(url, "SELECT update_id, answer_text FROM inbox"))
        faults = Counter(fault for case, found in cases.items() for fault in self._of(case, found, toasts))
        faults["halved"] += sum(
            not _is_of(outbox_message, cases.get(outbox_message.case)) for outbox_message in outbox_messages
        )
        left = bytes_of(path_of(url))
        faults["not erased"] += sum(answers == ERASED and case.encode() in left for case, answers in self.told.items())
        return +faults

    def _of(self, case: str, found: CaseRecord | None, toasts: dict[int, str]) -> Iterator[str]:
        """Name what is wrong with a case: it is as it was told, or as was asked for after that, and whole."""
        told, asked = self.told.get(case, ERASED), self.asked[case]
        answers = found.case.revision if found else ERASED
        if answers < told and (found or asked != ERASED):
            yield "lost"
        if found and (told == ERASED if asked == ERASED else answers > asked):
            yield "invented"
        if found and found.case.answer_events != steps_of(case, answers):
            yield "halved"
        inbox_updates = range(max(self.taken_in.get(case, ERASED), answers) + 1)
        said = {number: toasts.get(letter_of(case, number)) for number in inbox_updates}
        if None in said.values():
            yield "lost"
        due = {number: f"answer {number}" if number <= answers else "" for number in inbox_updates}
        if asked != ERASED and any(said[number] not in {due[number], None} for number in inbox_updates):
            yield "halved"


def sound(url: str) -> bool:
    """Ask SQLite whether the file is whole."""
    try:
        return ask(url, "PRAGMA integrity_check") == [("ok",)]
    except DatabaseError:
        return False


def _is_of(outbox_message: OutboxMessage, found: CaseRecord | None) -> bool:
    """Tell whether a screen shows where its case stands."""
    return found is not None and outbox_message.payload == f"{outbox_message.case}.{found.case.revision}"
