"""The port of a channel that loses nothing: the ledger of cases, with what came in and what is still to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from bot.service.access.repository import AccessRepository
from bot.service.case_store import CaseRepository
from bot.service.replies import NoteInput

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class InboxUpdate:
    """An update as it is taken in: reduced to what is needed, without names and texts.

    Attributes:
        update_id: Telegram's number of it; a repeat bears the same.
        chat: the chat it concerns; updates of one chat are handled in order.
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
    """What a message asks of Telegram, and what its target then is."""

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
    send_picture = "send_picture"
    """The picture of a case is to be drawn and sent; the target is the case."""
    edit_picture = "edit_picture"
    """It is to be drawn anew; the target is the message that shows it."""
    send_record = "send_record"
    """The record of a case is to be set and sent as a document; the target is the case."""
    send_minutes = "send_minutes"
    """The list of a group's decisions is to be sent as a document; the target is its form, "pdf" or "csv"."""
    answer_callback = "answer_callback"
    """A tap is to be answered; the target is the update that it came as."""


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A screen that a message shall show: the newest one for its slot. Or the answer that a tap shall get.

    Attributes:
        queue: the queue that it waits in: the chat, or one beside it for pictures, or one for the answer to one tap.
        kind: what it asks for.
        target: of which message, case, thread or update.
        version: grows each time the target is queued again; what was sent under an older one is not the last word.
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
    def chat(self) -> str:
        """Return the chat that it is for; the answer to a tap names none."""
        return self.queue.rpartition(":")[2]

    @property
    def key(self) -> tuple[OutboxKind, str, int]:
        """Return what a newer message of the same queue replaces: pin and unpin are one thing."""
        return OutboxKind.pin if self.kind is OutboxKind.unpin else self.kind, self.target, self.number


class UnitOfWork(CaseRepository, AccessRepository, Protocol):
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
        """Note whose database this is, where nobody has yet; return whose it is."""
        ...

    def mark_refusal_sent(self, chat: str) -> bool:
        """Note that a group was told that the bot is not for it, or does not count a vote; False where it was before.

        Args:
            chat: the group, or "poll:" and the id of the poll.
        """
        ...

    def listed_as(self, chat: str) -> str | None:
        """Return the number that a group had when it was listed; None where it has not become another chat since."""
        ...

    def move_listing(self, old: str, new: str) -> None:
        """Note that a listed group has another number from now on."""
        ...

    def count_open_cases(self) -> dict[str, int]:
        """Return how many cases do not rest, by kind: "private" and "team"; those that help another count with it."""
        ...

    def add_updates(self, inbox_updates: Sequence[InboxUpdate]) -> list[int]:
        """Add updates to the inbox; return the ids of those that were not known before.

        A number that is known and comes with another fingerprint is that of a new update.

        Raises:
            NumberInUse: where the update that had the number before still waits to be handled.
        """
        ...

    def get_update(self, update_id: int) -> InboxUpdate | None:
        """Return an update of the inbox, handled or not."""
        ...

    def is_pending(self, update_id: int) -> bool:
        """Return whether an update is in the inbox, neither handled nor a dead letter."""
        ...

    def pending_updates(self) -> list[InboxUpdate]:
        """Return the updates that are not handled yet, by update id."""
        ...

    def mark_handled(self, update_id: int, answer_text: str) -> bool:
        """Mark an update as handled, strip all but its number and its answer; False where it was so already."""
        ...

    def move_to_dead_letters(self, update_id: int, error: str) -> None:
        """Move an update to the dead letters, with the name of the error; its payload is kept for a retry."""
        ...

    def dead_letters(self) -> list[tuple[InboxUpdate, str]]:
        """Return the dead letters, each with the name of its error."""
        ...

    def retry_dead_letter(self, update_id: int) -> bool:
        """Return a dead letter to the pending updates; False if it is not dead, or could not be read."""
        ...

    def drop_dead_letter(self, update_id: int) -> bool:
        """Drop a dead letter and strip it; False where it is not dead."""
        ...

    def enqueue(
        self, queue: str, kind: OutboxKind, target: str, payload: str, case: str = "", number: int = 0
    ) -> OutboxMessage:
        """Keep the screen that a slot shall show, in place of any older one for that slot."""
        ...

    def pending_messages(self, queue: str | None = None) -> list[OutboxMessage]:
        """Return what is still to be shown, in the order in which it was first queued; of one queue or of all."""
        ...

    def acknowledge(self, messages: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        """Delete messages that were sent; return those whose target was queued again meanwhile, which stay."""
        ...

    def purge_handled(self, newest: int, remembered: int) -> None:
        """Delete handled updates whose number is farther than that from the newest: Telegram repeats none so old."""
        ...


class Storage(Protocol):
    """Keeps cases, inbox and outbox. Whatever `transact` is given is one transaction: all is kept, or nothing."""

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

    advice = "look at the disk and the database; what was tapped meanwhile comes again"


class DatabaseMoved(NotSaved):
    """The file of the database was moved, replaced or removed while the bot ran; nothing is written any more."""

    advice = "put the file of the database back, or restart the bot to go on with what stands in its place"


class NumberInUse(Exception):
    """Another update of the same number waits to be handled: Telegram's numbers have started anew meanwhile."""

    def __init__(self, update_id: int) -> None:
        """Name the number."""
        super().__init__(f"update {update_id} is another one than the one that waits under its number")
