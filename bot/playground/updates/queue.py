"""The queue of updates: each is kept until the bot confirms it, and as long as Telegram keeps its kind at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from bot.playground.storage import Json, JsonStore

_DAY: Final = 24 * 60 * 60.0
LIVES: Final = {"callback_query": 150.0, "inline_query": 30.0, "chosen_inline_result": 600.0}
"""Seconds for which Telegram keeps an update of a kind; it keeps all others for a day."""

_BEYOND: Final = 10
"""How far an offset may lie beyond the next number."""

_WHATEVER: Final = 2**62
# The last one is off in every new bot, until its owner lets Telegram give it.
_ONLY_IF_ASKED: Final = ("chat_member", "message_reaction", "message_reaction_count", "chosen_inline_result")


class UpdateFaults(Protocol):
    """Decides what becomes of updates on their way to the bot; tests put trouble in here."""

    def enter(self, update: Json, body: Json) -> list[Any]:
        """Register a new update, and return the misshapen bodies that follow it."""

    @property
    def holds(self) -> bool:
        """Whether something is given later, without anything new."""

    def reorder(self, found: list[Json], offset: int, limit: int) -> list[Json]:
        """Return what goes out in place of a batch, at most so many; all below the offset has arrived."""

    def forget(self) -> None:
        """Drop whatever is held."""


class NoFaults:
    """Passes every update on, once and in order."""

    holds: Final = False

    def enter(self, _update: Json, _body: Json) -> list[Any]:
        """Return nothing: no misshapen body follows."""
        return []

    def reorder(self, found: list[Json], _offset: int, _limit: int) -> list[Json]:
        """Return the batch as it is."""
        return found

    def forget(self) -> None:
        """Drop nothing: nothing is held."""


class UpdateQueue:
    """What happened and has not been confirmed."""

    def __init__(self, store: JsonStore, clock: Callable[[], float], update_faults: UpdateFaults) -> None:
        """Go on with the queue that the disk keeps."""
        self._disk = store
        self._clock = clock
        self._faults = update_faults

    def add(self, kind: str, body: Json) -> bool:
        """Queue an update; tell whether the bot wants to have it, or asked for other kinds only."""
        allowed = self.allowed
        if kind not in allowed and (allowed or kind in _ONLY_IF_ASKED):
            return False
        for misshapen in self._faults.enter(self._put(kind, body), body):
            self._put(kind, misshapen)
        self._expire()
        return True

    def since(self, offset: int, limit: int) -> list[Json]:
        """Return the oldest updates that wait.

        Args:
            offset: confirms everything below it; a negative one everything but the last of the queue. One far beyond
                what was ever numbered confirms nothing, and is answered from the beginning.
            limit: how many to give at most.
        """
        with self._disk.transaction():
            self._expire()
            first = offset if offset >= 0 else self._disk.nth_newest("update", 0, -offset)
            if first > self._disk.last_number("update") + 1 + _BEYOND:
                first = 0
            if first > 0:
                self._disk.drop_below("update", 0, first)
        return self._faults.reorder(self._disk.every("update", 0, limit), first, limit)

    def above(self, number: int) -> tuple[list[Json], int]:
        """Return the updates above a number, each to be confirmed by itself, and the highest number so far."""
        with self._disk.transaction():
            self._expire()
        found = self._disk.every("update", 0, above=number)
        highest = found[-1]["update_id"] if found else number
        return self._faults.reorder(found, _WHATEVER, _WHATEVER), highest

    def confirm(self, number: int) -> None:
        """Drop an update that has arrived."""
        with self._disk.transaction():
            self._disk.drop("update", 0, number)

    def left(self, number: int) -> float:
        """Return for how many seconds an update is still kept; it is below 0 where it is kept no more."""
        return self._disk.moment("update", 0, number) - self._clock()

    def forget(self) -> None:
        """Drop whatever waits."""
        self._faults.forget()
        with self._disk.transaction():
            self._disk.drop_before("update", 0, float("inf"))

    @property
    def held(self) -> bool:
        """Whether more comes without anything that happens: a bot that waited would wait for what there is."""
        return self._faults.holds

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._disk.count("update", 0)

    @property
    def allowed(self) -> list[str]:
        """The kinds the bot asked for; empty where it takes them all."""
        return list((self._disk.get("allowed updates", 0, 0) or {}).get("kinds", ()))

    def allow(self, kinds: Sequence[str]) -> None:
        """Remember which kinds the bot asks for; what already waits is not touched."""
        with self._disk.transaction():
            self._disk.put("allowed updates", 0, 0, {"kinds": list(kinds)})

    def _put(self, kind: str, body: Any) -> Json:
        number = self._disk.number("update")
        update = {"update_id": number, kind: body}
        self._disk.put("update", 0, number, update, at=self._clock() + LIVES.get(kind, _DAY))
        return update

    def _expire(self) -> None:
        self._disk.drop_before("update", 0, self._clock())
