"""What the tests of groups through the local Bot API share: a group in front of the bot, and what its members do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from telegram_kit import SOON, PlaygroundHarness, data, playground_harness

from bot.playground.chats.models import (
    DR_LINDQVIST,
    DR_OKAFOR,
    DR_REYES,
    SPINE_BOARD,
    START,
    TUMOUR_CONFERENCE,
    Chat,
    ChatMember,
    Person,
)
from bot.service.case_store import CaseRecord
from flows.model.case import Case

BOARD: Final = SPINE_BOARD.id
FORUM: Final = TUMOUR_CONFERENCE.id
OPEN: Final = -1001000000009
BASIC: Final = -77
REYES, OKAFOR, LINDQVIST = DR_REYES.id, DR_OKAFOR.id, DR_LINDQVIST.id
THREE: Final = (ChatMember(DR_REYES, "creator"), ChatMember(DR_OKAFOR, "administrator"), ChatMember(DR_LINDQVIST))
ROUNDS: Final = Chat(OPEN, THREE, "supergroup", "Open rounds", username="open_rounds")
NIGHT: Final = Chat(BASIC, THREE, "group", "Night shift")
CHATS: Final = tuple(
    replace(room, bot="administrator") if room.type != "private" else room for room in (*START, ROUNDS, NIGHT)
)  # fmt: skip - one line is too long
"""The groups have made the bot an administrator, as those do that want their decisions pinned."""

LEVELS: Final = "Which symptomatic levels"
ADVISED: Final = "What the source adds"
ANSWERS: Final = (
    (LEVELS, "T8"),
    ("T8 · 1 level", "Only T8"),
    ("fit for surgery", "Fit"),
    ("Neurological", "None"),
    ("Where is the tumour", "Body only"),
    ("How extensive is the destruction", "Limited"),
    ("Earlier thoracic or abdominal", "None"),
)


@dataclass
class Group:
    """A group in front of the bot, the toasts of its members, and what each of them does."""

    seat: PlaygroundHarness
    chat: int = BOARD
    thread: int = 0
    toasts: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seat.play.world.listen(self._hear)

    def messages(self) -> list[dict[str, Any]]:
        """Give what the bot said here, its service messages left out."""
        world = self.seat.play.world
        said = world.messages.every(self.chat)
        return [m for m in said if m["from"]["id"] == world.bot_id and not {"text", "poll"}.isdisjoint(m)]

    def cards(self) -> list[dict[str, Any]]:
        return [message for message in self.messages() if "text" in message]

    def polls(self) -> list[dict[str, Any]]:
        return [message for message in self.messages() if "poll" in message]

    def card(self, text: str) -> dict[str, Any]:
        """Give the newest card that says so."""
        found = [card for card in self.cards() if text in card["text"]]
        assert found, [card["text"] for card in self.cards()]
        return found[-1]

    async def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + SOON
        while not holds():
            assert time.monotonic() < end, ([message.get("text") for message in self.messages()], self.toasts)
            await asyncio.sleep(0.01)

    async def reads(self, text: str) -> dict[str, Any]:
        """Wait until the newest card says so."""
        await self.until(lambda: bool(self.cards()) and text in self.cards()[-1]["text"])
        return self.cards()[-1]

    async def told(self, who: int, text: str) -> None:
        """Wait until somebody is told so in passing."""
        await self.until(lambda: any(who == person and text in toast for person, toast in self.toasts))

    async def say(self, text: str, who: int = REYES, answer: str = "", **more: Any) -> None:
        place = {"thread": self.thread} if self.thread else {}
        await self.seat.play.say(text, self.chat, person_id=who, **place, **more)
        if answer:
            await self.reads(answer)

    async def tap(self, label: str, who: int = REYES, at: str = "") -> None:
        """Tap a button, of the newest card or of the newest that says so, as it stands at this moment."""
        card = self.card(at)
        await self.seat.play.tap(card["message_id"], data(card, label), chat_id=self.chat, person_id=who, stale=True)

    async def finished(self, who: int = REYES) -> dict[str, Any]:
        """Begin a case and answer every question; give its card."""
        await self.say("/case", who, LEVELS)
        for question, label in ANSWERS:
            await self.reads(question)
            await self.tap(label, who)
        return await self.reads(ADVISED)

    async def voting(self) -> dict[str, Any]:
        """Bring a case to the vote; give the poll."""
        await self.finished()
        await self.tap("Discuss")
        await self.until(lambda: bool(self.polls()))
        return self.polls()[-1]

    async def decided(self, who: int = REYES, at: str = "") -> dict[str, Any]:
        """Let the newest case, or the one that says so, be decided for what the source puts first; give the record."""
        await self.tap("Close", who, at)
        await self.until(lambda: any("What did you decide?" in card["text"] for card in self.cards()))
        await self.tap("Posterior MIS", who, "What did you decide?")
        await self.until(lambda: any("Decide: Posterior MIS?" in card["text"] for card in self.cards()))
        await self.tap("Decide", who, "Decide: Posterior MIS?")
        return await self.reads("Decision: Posterior MIS")

    async def cases(self) -> list[CaseRecord]:
        """Return what is kept of the cases here that do not rest."""
        place = f"{self.chat}/{self.thread}" if self.thread else str(self.chat)
        return await self.seat.store.transact(lambda uow: uow.list_team_cases(place))

    async def worked(self) -> list[Case]:
        """Give these cases as they are worked, wherever they are shown, which is noted a moment later."""
        return [record.case for record in await self.cases()]

    async def beyond(self) -> None:
        """Wait until everything that was said here so far is answered: the next command is, after it."""
        heard = len(self.cards())
        await self.say("/help", OKAFOR)
        await self.until(lambda: len(self.cards()) > heard and "How to use it" in self.cards()[-1]["text"])

    def _hear(self, event: str, content: dict[str, Any]) -> None:
        if event == "answered":
            self.toasts.append((content["person_id"], content["text"]))


def isolated(who: Person) -> str:
    """Give a name as it is shown, set apart from what stands beside it."""
    return f"\u2068{who.first_name}\u2069"


@asynccontextmanager
async def grouped(
    folder: Path, chat: int = BOARD, chats: tuple[Chat, ...] = CHATS, **more: Any
) -> AsyncIterator[Group]:
    async with playground_harness(folder, chats=chats, **more) as harness:
        yield Group(harness, chat)
