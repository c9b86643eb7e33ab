"""The port that keeps cases, and one in memory: all that one update reads and writes is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from flows.case import Case
from flows.errors import Overtaken

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Kept:
    """A case as it is kept: where it belongs, whose it is, and which message shows it.

    Attributes:
        place: the opaque key of the chat.
        owner: the opaque id of the person who opened it.
        touched: when it was last changed, in seconds since 1970, UTC.
        card: the message that shows it; None while none is known.
        aside: whether it was put aside.
    """

    case: Case
    place: str
    owner: str
    touched: float
    card: int | None = None
    aside: bool = False


class Ledger(Protocol):
    """What one transaction sees and writes."""

    def get(self, case_id: str) -> Kept | None:
        """Find a case by its id."""
        ...

    def current(self, place: str, owner: str) -> Kept | None:
        """Give the person's case in a place that was touched last and is not put aside."""
        ...

    def add(self, kept: Kept) -> None:
        """Keep a new case.

        Raises:
            Overtaken: where a case of that id is kept already; no case ever takes the place of another.
        """
        ...

    def put(self, kept: Kept, expected: int) -> None:
        """Keep a case anew.

        Args:
            kept: the case as it shall be.
            expected: the revision that it was read at.

        Raises:
            Overtaken: where the case has another revision by now, or is gone.
        """
        ...

    def forget(self, owner: str) -> int:
        """Erase every case of a person for good, and tell how many they were."""
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

    def forget(self, owner: str) -> int:
        """Erase every case of a person."""
        mine = [case_id for case_id, kept in self.cases.items() if kept.owner == owner]
        for case_id in mine:
            del self.cases[case_id]
        return len(mine)


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
