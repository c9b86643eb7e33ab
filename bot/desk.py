"""The port of a channel that loses nothing: the ledger of cases, with what came in and what is still to be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from flows.store import Ledger

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Letter:
    """An update as it is taken in: reduced to what is needed, without names and texts.

    Attributes:
        update_id: Telegram's number of it; a repeat bears the same.
        lane: the chat it concerns; letters of one lane are handled in order.
        body: the reduced update as JSON; empty once it is handled.
        toast: what the person was told in passing; a repeat is told the same.
        fingerprint: of its content; a repeat bears the same, another update of the same number does not.
    """

    update_id: int
    lane: str
    body: str
    toast: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """A screen that a message shall show: the newest one for its slot. Or the answer that a tap shall get.

    Attributes:
        place: the chat; "tap:42" for the answer to the tap that came as update 42.
        slot: which message: "m:17" an existing one, "c:1f…" the card of a case that is yet to be sent,
            "page" the next page of the chat, or of its topic "page:5"; "d:1f…" the card of its decision,
            "v:1f….2" its second vote, "s:17" that the vote of a message ends, "p:17" whether a message is pinned,
            "answer" the answer to a tap.
        version: grows each time the slot is wished anew; what was sent under an older one is not the last word.
        body: the screen as JSON.
        case: the case that the message then shows; empty for a page.
    """

    place: str
    slot: str
    version: int
    body: str
    case: str = ""


class Desk(Ledger, Protocol):
    """What one transaction of a durable channel sees and writes."""

    def claim(self, bot: str) -> str:
        """Note which bot these letters and wishes are of, where none is noted yet; tell which one it is."""
        ...

    def silence(self, chat: str) -> bool:
        """Note that a group was told that the bot is not for it; False where it was told before."""
        ...

    def take_in(self, letters: Sequence[Letter]) -> list[int]:
        """Keep letters; give the ids of those that were not known before.

        A number that is known and comes with another fingerprint is that of a new letter.

        Raises:
            NumberInUse: where the letter that had the number before still waits to be handled.
        """
        ...

    def letter(self, update_id: int) -> Letter | None:
        """Find a letter that was taken in, handled or not."""
        ...

    def waits(self, update_id: int) -> bool:
        """Tell whether a letter was taken in and is neither handled nor set aside."""
        ...

    def waiting(self) -> list[Letter]:
        """Give the letters that are not handled yet, by update id."""
        ...

    def handled(self, update_id: int, toast: str) -> bool:
        """Mark a letter as handled and strip it of all but its number and its toast; False where it was so already."""
        ...

    def set_aside(self, update_id: int, fault: str) -> None:
        """Put a letter among the dead ones, with the name of the fault; its body is kept for a retry."""
        ...

    def dead(self) -> list[tuple[Letter, str]]:
        """Give the letters that were set aside, each with its fault."""
        ...

    def retry(self, update_id: int) -> bool:
        """Put a dead letter back among the waiting ones; False where it is not dead, or could not be read."""
        ...

    def drop(self, update_id: int) -> bool:
        """Give a dead letter up and strip it; False where it is not dead."""
        ...

    def wish(self, place: str, slot: str, body: str, case: str) -> Wish:
        """Keep the screen that a slot shall show, in place of any older one for that slot."""
        ...

    def wishes(self, place: str | None = None) -> list[Wish]:
        """Give what is still to be shown, in the order it was first wished; of one place or of all."""
        ...

    def granted(self, wishes: Sequence[Wish]) -> list[Wish]:
        """Strike out wishes that were shown, unless their slot was wished anew since; give those that were."""
        ...

    def tidy(self, newest: int, remembered: int) -> None:
        """Delete handled letters whose number is farther than that from the newest: Telegram repeats none so old."""
        ...


class DeskStore(Protocol):
    """Keeps cases, letters and wishes. Whatever `run` is given is one transaction: all is kept, or nothing."""

    async def run(self, work: Callable[[Desk], Result]) -> Result:
        """Do the work in one transaction, and give its result once that is committed.

        Raises:
            Overtaken: where another writer came first each time it was tried.
            NotSaved: where the database could not commit; nothing is kept then.
            Exception: whatever the work raises; nothing is kept then.
        """
        ...

    async def close(self) -> None:
        """Let go of what is held, after all that was begun."""
        ...


class NotSaved(Exception):
    """The database could not keep it (disk full, locked, away): nothing was changed, try again."""


class NumberInUse(Exception):
    """Another update of the same number waits to be handled: Telegram's numbers have started anew meanwhile."""

    def __init__(self, update_id: int) -> None:
        """Name the number."""
        super().__init__(f"update {update_id} is another one than the one that waits under its number")
