"""Slows who writes too much in a private chat: after a burst nothing is read for a minute, and that is said once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from bot.service.ports import Letter
from bot.service.private_chat import SLOW
from bot.telegram.updates.parser import Kind, arrival_in

BURST: Final = 60
"""Messages at once that nobody types: below, nothing is held back."""

RATE: Final = 1.0
"""Messages a second that never make a burst, however long they go on."""

MOST: Final = 10_000
"""People of whom it is remembered; who was quiet longest is forgotten first."""


class Writer(NamedTuple):
    """Somebody who writes.

    Attributes:
        due: when all they have written would be read at the rate, by the clock.
        last: the last update of theirs that was counted: one that comes again is none more.
        told: whether they were told, since they were last quiet.
    """

    due: float
    last: int
    told: bool


class Floods:
    """Counts the messages of each person. Taps are never held back: each is one answer, and waits for nobody."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock in seconds that never goes back."""
        self._clock = clock
        self._writers: dict[int, Writer] = {}

    def let(self, letter: Letter) -> Letter | None:
        """Let a letter through; of one that is too much give the word that it is, once, and then nothing."""
        arrival = arrival_in(letter)
        if arrival.kind not in (Kind.message, Kind.edited) or not arrival.private:
            return letter
        now = self._clock()
        known = self._writers.pop(arrival.who, Writer(now, -1, told=False))
        counts = letter.update_id > known.last
        due = max(known.due, now) + counts / RATE
        held = known.told and known.due > now  # else what is read next would take the place of the word
        over = counts and (held or due - now > BURST / RATE)
        told = over or held
        last = max(known.last, letter.update_id)
        self._writers[arrival.who] = Writer(known.due if over else due, last, told)
        if len(self._writers) > MOST:
            del self._writers[next(iter(self._writers))]
        if not over:
            return letter
        slow = replace(arrival, kind=Kind.message, data=SLOW)
        return None if known.told else replace(letter, body=slow.body(), note=None)
