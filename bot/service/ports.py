"""The port of a channel that loses nothing: the ledger of cases, with what came in and what is still to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from bot.service.case_store import CaseRepository
from bot.service.replies import NoteInput

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class InboxUpdate:
    """An update as it is taken in: reduced to what is needed, without names and texts.

    Attributes:
        update_id: Telegram's number of it; a repeat bears the same.
        chat: the chat it concerns; letters of one lane are handled in order.
        payload: the reduced update as JSON; empty once it is handled.
        answer_text: what the person was told in passing; a repeat is told the same.
        fingerprint: of its content; a repeat bears the same, another update of the same number does not.
        note: what was read of a typed note, as codes; None where it holds none, and once it is handled.
    """

    update_id: int
    chat: str
    payload: str
    answer_text: str = ""
    fingerprint: str = ""
    note: NoteInput | None = field(default=None, hash=False)


class OutboxKind(StrEnum):
    """What a wish asks for, and what its target then is."""

    edit_card = "edit_card"
    """A message shall show something else; the target is the message."""
    send_card = "send_card"
    """The card of a case is to be sent; the target is the case."""
    send_decision = "send_decision"
    """The card of its decision; the target is the case."""
    send_page = "send_page"
    """The next page of a chat; the target is the thread that it belongs to, 0 for none."""
    open_poll = "open_poll"
    """A vote; the target is the case, the number tells which of its votes it is."""
    close_poll = "close_poll"
    """The vote of a message ends; the target is the message."""
    pin = "pin"
    """A message is to be pinned."""
    unpin = "unpin"
    """It is not to be pinned any more."""
    delete = "delete"
    """A message is to be deleted."""
    answer_callback = "answer_callback"
    """A tap is to be answered; the target is the update that it came as."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A screen that a message shall show: the newest one for its slot. Or the answer that a tap shall get.

    Attributes:
        queue: the queue that it waits in: the chat, or one of its own for the answer to a tap.
        kind: what it asks for.
        target: of which message, case, thread or update.
        version: grows each time the slot is wished anew; what was sent under an older one is not the last word.
        payload: the screen as JSON.
        case: the case that the message then shows; empty for a page.
        number: which vote of the case; 0 for everything else.
    """

    queue: str
    kind: OutboxKind
    target: str
    version: int
    payload: str
    case: str = ""
    number: int = 0

    @property
    def key(self) -> tuple[OutboxKind, str, int]:
        """Return what a newer wish of the same place takes the place of: whether a message is pinned is one thing."""
        return OutboxKind.pin if self.kind is OutboxKind.unpin else self.kind, self.target, self.number


class UnitOfWork(CaseRepository, Protocol):
    """What one transaction of a durable channel sees and writes."""

    def observed(self) -> float:
        """Return how many seconds the bot has run in all, by steady clocks."""
        ...

    def observe(self, seconds: float) -> None:
        """Note how many seconds the bot has run in all."""
        ...

    def heard_at(self) -> float | None:
        """Return when updates last came through, in seconds since 1970; None where none ever did."""
        ...

    def hear(self, at: float) -> None:
        """Note when updates last came through, in seconds since 1970."""
        ...

    def open_places(self, since: float, until: float) -> list[str]:
        """Return the places where a card stands open whose case was last touched between these times."""
        ...

    def redate(self, since: float, until: float, now: float) -> int:
        """Date anew the cases that were last touched between two times of a wrong clock; return how many they were."""
        ...

    def claim_for_bot(self, bot: str) -> str:
        """Note which bot these letters and wishes are of, where none is noted yet; tell which one it is."""
        ...

    def mark_refusal_sent(self, chat: str) -> bool:
        """Note that a group was told that the bot is not for it, or does not count a vote; False where it was before.

        Args:
            chat: the group, or "poll:" and the id of the poll.
        """
        ...

    def add_updates(self, inbox_updates: Sequence[InboxUpdate]) -> list[int]:
        """Keep letters; give the ids of those that were not known before.

        A number that is known and comes with another fingerprint is that of a new letter.

        Raises:
            NumberInUse: where the letter that had the number before still waits to be handled.
        """
        ...

    def get_update(self, update_id: int) -> InboxUpdate | None:
        """Find a letter that was taken in, handled or not."""
        ...

    def is_pending(self, update_id: int) -> bool:
        """Return whether a letter was taken in and is neither handled nor set aside."""
        ...

    def pending_updates(self) -> list[InboxUpdate]:
        """Return the letters that are not handled yet, by update id."""
        ...

    def mark_handled(self, update_id: int, answer_text: str) -> bool:
        """Mark a letter as handled and strip it of all but its number and its toast; False where it was so already."""
        ...

    def move_to_dead_letters(self, update_id: int, error: str) -> None:
        """Move an update to the dead letters, with the name of the error; its payload is kept for a retry."""
        ...

    def dead_letters(self) -> list[tuple[InboxUpdate, str]]:
        """Return the letters that were set aside, each with its fault."""
        ...

    def retry_dead_letter(self, update_id: int) -> bool:
        """Return a dead letter to the pending updates; False if it is not dead, or could not be read."""
        ...

    def drop_dead_letter(self, update_id: int) -> bool:
        """Return a dead letter up and strip it; False where it is not dead."""
        ...

    def enqueue(
        self, queue: str, kind: OutboxKind, target: str, payload: str, case: str = "", number: int = 0
    ) -> OutboxMessage:
        """Keep the screen that a slot shall show, in place of any older one for that slot."""
        ...

    def pending_messages(self, queue: str | None = None) -> list[OutboxMessage]:
        """Return what is still to be shown, in the order it was first wished; of one place or of all."""
        ...

    def acknowledge(self, messages: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        """Strike out wishes that were shown, unless their slot was wished anew since; give those that were."""
        ...

    def purge_handled(self, newest: int, remembered: int) -> None:
        """Delete handled letters whose number is farther than that from the newest: Telegram repeats none so old."""
        ...


class Storage(Protocol):
    """Keeps cases, letters and wishes. Whatever `run` is given is one transaction: all is kept, or nothing."""

    async def transact(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do the work in one transaction, and give its result once that is committed.

        Raises:
            VersionConflict: where another writer came first each time it was tried.
            NotSaved: where the database could not commit; nothing is kept then.
            Exception: whatever the work raises; nothing is kept then.
        """
        ...

    async def close(self) -> None:
        """Release what is held, after all that was begun."""
        ...


class NotSaved(Exception):
    """The database could not keep it (disk full, locked, away): nothing was changed, try again."""


class NumberInUse(Exception):
    """Another update of the same number waits to be handled: Telegram's numbers have started anew meanwhile."""

    def __init__(self, update_id: int) -> None:
        """Name the number."""
        super().__init__(f"update {update_id} is another one than the one that waits under its number")
