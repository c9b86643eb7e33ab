"""People who answer, all at once, on the real store; what they were told, and whether what is found fits it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from sqlite3 import DatabaseError
from typing import Any, Final

from store_kit import ask, bytes_of, chance_of, kept, path_of

from bot.service.case_store import Kept
from bot.service.ports import Desk, Letter, OutboxKind, Wish
from bot.storage.errors import StoreFault
from bot.storage.factory import open_store
from bot.storage.storage import SqlStore
from flows.model.case import Kind, Step

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


def steps_of(case: str, answers: int) -> tuple[Step, ...]:
    return tuple(Step(Kind.answer, "fitness", (f"{case}.{answer}",), case[:4]) for answer in range(answers))


def taking_in(case: str, answers: int) -> Callable[[Desk], object]:
    letter = Letter(letter_of(case, answers), case[:4], f"{case}.{answers}")
    return lambda desk: desk.take_in([letter])


def striking_out(wish: Wish) -> Callable[[Desk], object]:
    return lambda desk: desk.granted([wish])


def answering(case: str, answers: int) -> Callable[[Desk], Wish]:
    """One answer as the bot keeps it: the case, the screen and the mark on the letter."""

    def work(desk: Desk) -> Wish:
        now = kept(case, case[:4], case[:4], steps=steps_of(case, answers), revision=answers, turn=answers)
        if answers:
            desk.put(now, answers - 1)
        else:
            desk.add(now)
        desk.handled(letter_of(case, answers), f"answer {answers}")
        return desk.wish(case[:4], OutboxKind.send_card, case, f"{case}.{answers}", case)

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
        store = open_store(self.url)
        await asyncio.gather(*(self._one(store, person, number, erases=erases) for person in people))
        await store.close()

    async def _one(self, store: SqlStore, person: int, number: int, *, erases: bool) -> None:
        """Answer one question after the other, not all in step; what was shown is struck out now and then."""
        case, chance = case_of(person, number), chance_of(person)
        if erases:
            earlier = [case_of(person, before) for before in range(number)]
            await self._done(store, lambda desk: desk.forget(case[:4]), ERASED, *earlier)
        for answers in range(ANSWERS):
            await asyncio.sleep(chance.choice((0.0, 0.0, 0.001, 0.005)))
            await store.run(taking_in(case, answers))
            self.log.append(TakenIn(case, answers))
            wish = await self._done(store, answering(case, answers), answers, case)
            if answers % 3 == person % 3:
                await store.run(striking_out(wish))

    async def _done(self, store: SqlStore, work: Callable[[Desk], Any], answers: int, *cases: str) -> Any:
        """Have work done, and note when it was asked for and when it was acknowledged."""
        self.log += [Asked(case, answers) for case in cases]
        result = await store.run(work)
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
            store = open_store(url)
        except StoreFault:
            return Counter(["unsound"])
        try:
            if not sound(url):
                return Counter(["unsound"])
            cases = await store.run(lambda desk: {case: desk.get(case) for case in self.asked})
            wishes = await store.run(lambda desk: desk.wishes())
        finally:
            await store.close()
        toasts: dict[int, str] = dict(ask(url, "SELECT update_id, answer_text FROM inbox"))
        faults = Counter(fault for case, found in cases.items() for fault in self._of(case, found, toasts))
        faults["halved"] += sum(not _is_of(wish, cases.get(wish.case)) for wish in wishes)
        left = bytes_of(path_of(url))
        faults["not erased"] += sum(answers == ERASED and case.encode() in left for case, answers in self.told.items())
        return +faults

    def _of(self, case: str, found: Kept | None, toasts: dict[int, str]) -> Iterator[str]:
        """Name what is wrong with a case: it is as it was told, or as was asked for after that, and whole."""
        told, asked = self.told.get(case, ERASED), self.asked[case]
        answers = found.case.revision if found else ERASED
        if answers < told and (found or asked != ERASED):
            yield "lost"
        if found and (told == ERASED if asked == ERASED else answers > asked):
            yield "invented"
        if found and found.case.steps != steps_of(case, answers):
            yield "halved"
        letters = range(max(self.taken_in.get(case, ERASED), answers) + 1)
        said = {number: toasts.get(letter_of(case, number)) for number in letters}
        if None in said.values():
            yield "lost"
        due = {number: f"answer {number}" if number <= answers else "" for number in letters}
        if asked != ERASED and any(said[number] not in {due[number], None} for number in letters):
            yield "halved"


def sound(url: str) -> bool:
    """Ask SQLite whether the file is whole."""
    try:
        return ask(url, "PRAGMA integrity_check") == [("ok",)]
    except DatabaseError:
        return False


def _is_of(wish: Wish, found: Kept | None) -> bool:
    """Tell whether a screen shows where its case stands."""
    return found is not None and wish.body == f"{wish.case}.{found.case.revision}"
