"""Slows who writes too much in a private chat: after a burst nothing is read for a minute, and that is said once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

import orjson
from telegram.constants import ChatType

from bot.service.commands import SLOW
from bot.service.ports import InboxUpdate
from bot.telegram.updates.inbox import WRITTEN, json_of
from bot.telegram.updates.redaction import command_text

BURST: Final = 60
"""Messages at once that nobody types: below, nothing is held back."""

RATE: Final = 1.0
"""Messages a second that never make a burst, however long they go on."""

MAX_SENDERS: Final = 10_000
"""People of whom it is remembered; who was quiet longest is forgotten first."""


class Sender(NamedTuple):
    """Somebody who writes.

    Attributes:
        due: when all they have written would be read at the rate, by the clock.
        last: the last update of theirs that was counted: one that comes again is none more.
        was_told: whether they were told, since they were last quiet.
    """

    due: float
    last: int
    was_told: bool


class FloodLimiter:
    """Counts the messages of each person. Taps, those on a page too, are never held back: each is one answer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Store a clock in seconds that never goes back."""
        self._clock = clock
        self._senders: dict[int, Sender] = {}

    def admit(self, inbox_update: InboxUpdate) -> InboxUpdate | None:
        """Admit an update; for the first that is too much return the notice that it is, and then nothing."""
        update = json_of(inbox_update)
        message = next((update[kind] for kind in WRITTEN if kind in update), None)
        if message is None or message["chat"]["type"] != ChatType.PRIVATE.value or "web_app_data" in message:
            return inbox_update
        user_id = message["from"]["id"]
        now = self._clock()
        known = self._senders.pop(user_id, Sender(now, -1, was_told=False))
        counts = inbox_update.update_id > known.last
        due = max(known.due, now) + counts / RATE
        held = known.was_told and known.due > now  # else what is read next would take the place of the word
        over = counts and (held or due - now > BURST / RATE)
        told = over or held
        last = max(known.last, inbox_update.update_id)
        self._senders[user_id] = Sender(known.due if over else due, last, told)
        if len(self._senders) > MAX_SENDERS:
            del self._senders[next(iter(self._senders))]
        if not over:
            return inbox_update
        if known.was_told:
            return None
        where = {field: message[field] for field in ("message_id", "date", "chat", "from")}
        slow = {"update_id": inbox_update.update_id, "message": where | command_text(SLOW)}
        return replace(inbox_update, payload=orjson.dumps(slow).decode(), note=None)
