"""Which message of a chat is sent next: in a group, what follows a tap goes before new cards and pages."""

from __future__ import annotations

from typing import Final

from bot.service.ports import OutboxKind, OutboxMessage

MOST_IN_ROW: Final = 3
"""Messages that go before a new card which waits; then that one goes, however much is tapped."""

Slot = tuple[OutboxKind, str, int]
"""What the messages of one chat replace each other by: kind, target, number."""

ChatSlot = tuple[str, Slot]
"""The same among all chats, behind the queue of the chat."""

_NEW: Final = (OutboxKind.send_card, OutboxKind.send_page)
"""What anybody can have sent by writing a command: however many there are, they hold up nobody's taps."""


class Turns:
    """The turns of one chat."""

    def __init__(self, place: str) -> None:
        """Begin with the chat's queue; where it is no group, everything goes in the order in which it came."""
        self._is_group = place.startswith("-")
        self._in_row = 0

    def take(self, waiting: dict[Slot, OutboxMessage]) -> OutboxMessage:
        """Remove and return the message that is sent next."""
        first = next(iter(waiting.values()))
        if self._is_group:
            new = next((found for found in waiting.values() if found.kind in _NEW), first)
            other = next((found for found in waiting.values() if found.kind not in _NEW), first)
            first = new if self._in_row >= MOST_IN_ROW else other
        return waiting.pop(first.key)

    def again(self, outbox_message: OutboxMessage, waiting: dict[Slot, OutboxMessage]) -> OutboxMessage:
        """Return the message that is to be sent by now, a newer one perhaps; the other one waits before all others."""
        queue = {outbox_message.key: outbox_message} | waiting
        waiting.clear()
        waiting.update(queue)
        return self.take(waiting)

    def sent(self, outbox_message: OutboxMessage) -> None:
        """Note what was sent."""
        self._in_row = 0 if outbox_message.kind in _NEW else self._in_row + 1
