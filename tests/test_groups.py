"""A team's case through the strict local Bot API: who may answer, what the group hears of it, and what survives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest
from telegram_kit import SOON, Seat, data, seated

from bot.access import Access
from bot.playground.shapes import (
    DR_LINDQVIST,
    DR_OKAFOR,
    DR_REYES,
    SPINE_BOARD,
    START,
    TUMOUR_CONFERENCE,
    Member,
    Person,
    Room,
)
from flows.store import Kept

BOARD: Final = SPINE_BOARD.id
FORUM: Final = TUMOUR_CONFERENCE.id
OPEN: Final = -1001000000009
BASIC: Final = -77
REYES, OKAFOR, LINDQVIST = DR_REYES.id, DR_OKAFOR.id, DR_LINDQVIST.id
THREE: Final = (Member(DR_REYES, "creator"), Member(DR_OKAFOR, "administrator"), Member(DR_LINDQVIST))
ROUNDS: Final = Room(OPEN, THREE, "supergroup", "Open rounds", username="open_rounds")
NIGHT: Final = Room(BASIC, THREE, "group", "Night shift")
CHATS: Final = (*START, ROUNDS, NIGHT)
LEVELS: Final = "Which symptomatic levels"
ADVISED: Final = "The source supports"
ANSWERS: Final = (
    (LEVELS, "T8"),
    ("T8 · 1 level", "Done"),
    ("fit for surgery", "fit"),
    ("Neurological", "none"),
    ("Where is the tumour", "body only"),
    ("How far is the vertebral body", "limited"),
    ("Earlier thoracic or abdominal", "none"),
)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a group have as many calls as it likes; how many it has otherwise is tested with the pace."""
    monkeypatch.setattr("bot.telegram.pace.GROUP_BURST", 10_000)
    monkeypatch.setattr("bot.telegram.pace.CHAT_BURST", 10_000)


@dataclass
class Group:
    """A group in front of the bot, the toasts of its members, and what each of them does."""

    seat: Seat
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

    async def decided(self) -> dict[str, Any]:
        """Let the newest case be decided for what the source puts first; give the record."""
        await self.tap("Close")
        await self.until(lambda: "What is decided?" in self.cards()[-1]["text"])
        await self.tap("Posterior MIS")
        return await self.reads("Decision: Posterior MIS")

    async def cases(self) -> list[Kept]:
        """Give what is kept of the cases here that do not rest."""
        place = f"{self.chat}/{self.thread}" if self.thread else str(self.chat)
        return await self.seat.store.run(lambda desk: desk.team_cases(place))

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
    folder: Path, chat: int = BOARD, chats: tuple[Room, ...] = CHATS, **more: Any
) -> AsyncIterator[Group]:
    async with seated(folder, chats=chats, **more) as seat:
        yield Group(seat, chat)


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Group]:
    async with grouped(tmp_path) as board:
        yield board


async def test_c2_of_two_answers_at_once_the_first_counts_and_the_second_is_told_who_gave_it_and_what(
    board: Group,
) -> None:
    await board.say("/case", answer=LEVELS)
    await board.tap("T8")
    await board.reads("T8 · 1 level")
    await board.tap("Done")
    card = await board.reads("fit for surgery")
    for who, label in ((OKAFOR, "fit"), (LINDQVIST, "undecided")):
        button = data(card, label)
        await board.seat.play.tap(card["message_id"], button, chat_id=BOARD, person_id=who, stale=True)
    await board.told(LINDQVIST, f"{isolated(DR_OKAFOR)} answered first: fit.")
    await board.reads("Neurological")
    [kept] = await board.cases()
    assert [(step.codes, step.who) for step in kept.case.steps if step.question == "fitness"] == [
        (("fit",), str(OKAFOR))
    ]


async def test_c3_an_onlooker_of_a_public_group_is_told_and_nothing_is_stored(tmp_path: Path) -> None:
    stranger = replace(ROUNDS, members=THREE[:2])
    async with grouped(tmp_path, OPEN, (*START, stranger)) as rounds:
        await rounds.say("/case", answer=LEVELS)
        before = await rounds.cases()
        await rounds.tap("T8", LINDQVIST)
        await rounds.told(LINDQVIST, "Only members of this group may answer here.")
        assert await rounds.cases() == before


async def test_c3_an_onlooker_who_was_a_member_until_just_now_is_told_and_nothing_is_stored(tmp_path: Path) -> None:
    async with grouped(tmp_path, OPEN) as rounds:
        await rounds.say("/case", answer=LEVELS)
        await rounds.tap("T8", LINDQVIST)
        await rounds.reads("T8 · 1 level")
        before = await rounds.cases()
        rounds.seat.play.world.stage.leave(OPEN, LINDQVIST)
        await rounds.tap("T9", LINDQVIST)
        await rounds.told(LINDQVIST, "Only members of this group may answer here.")
        assert await rounds.cases() == before


async def test_c12_who_writes_as_the_group_or_as_a_channel_is_met_with_silence(board: Group) -> None:
    stage = board.seat.play.world.stage
    stage.make_anonymous(BOARD, REYES)
    await board.say("/case", REYES)
    await board.say("/case", LINDQVIST, channel="Spine news")
    await board.beyond()
    assert [card["text"].splitlines()[0] for card in board.cards()] == ["How to use it"]
    assert not await board.cases()


async def test_c12_an_anonymous_administrator_who_taps_answers_as_themselves(board: Group) -> None:
    await board.say("/case", answer=LEVELS)
    board.seat.play.world.stage.make_anonymous(BOARD, OKAFOR)
    await board.tap("T8", OKAFOR)
    await board.reads("T8 · 1 level")
    [kept] = await board.cases()
    assert [step.who for step in kept.case.steps] == [str(OKAFOR)]


async def test_c12_a_tap_that_bears_a_mask_is_told_to_come_as_oneself(board: Group) -> None:
    await board.say("/case", answer=LEVELS)
    card = board.card(LEVELS)
    before = await board.cases()
    masked = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    query = {"id": "777", "from": masked, "message": card, "chat_instance": "1", "data": data(card, "T8")}
    await board.seat.channel.reception.accept([{"update_id": 900_001, "callback_query": query}])
    await board.beyond()
    letter = await board.seat.store.run(lambda desk: desk.letter(900_001))
    assert letter
    assert letter.toast.startswith("Answer as yourself")
    assert await board.cases() == before


async def test_c12_a_vote_in_the_name_of_the_group_counts_for_nobody(board: Group) -> None:
    poll = await board.voting()
    board.seat.play.world.stage.make_anonymous(BOARD, OKAFOR)
    assert await board.seat.play.vote(poll, OKAFOR, 0) == 200
    assert await board.seat.play.vote(poll, LINDQVIST, 1) == 200
    await board.reads(isolated(DR_LINDQVIST))
    [kept] = await board.cases()
    assert [said.who for said in kept.case.talk if said.act == "vote"] == [str(LINDQVIST)]


async def test_c13_a_group_that_is_not_listed_is_told_its_number_once_and_nothing_after(tmp_path: Path) -> None:
    listed = Access(open=False, users=frozenset({OKAFOR}))
    async with grouped(tmp_path, access=listed) as board:
        await board.say("/case", answer="This bot is for listed groups and people")
        assert str(BOARD) in board.cards()[0]["text"]
        await board.say("/case", LINDQVIST)
        await board.say("/help")
        await board.beyond()
        assert len(board.cards()) == 2
        await board.tap("Start", LINDQVIST)
        await board.told(LINDQVIST, f"Your number is {LINDQVIST}")
        assert not await board.cases()


async def test_c13_a_bot_that_is_added_to_a_foreign_group_says_one_line(tmp_path: Path) -> None:
    absent = replace(SPINE_BOARD, bot="left")
    async with grouped(tmp_path, chats=(*START[:3], absent), access=Access(open=False)) as board:
        board.seat.play.world.stage.set_bot(BOARD, "member")
        await board.reads("Until then it stays silent here")
        assert len(board.cards()) == 1


async def test_a18_a_group_that_became_a_supergroup_goes_on_with_its_case_under_a_card_there(tmp_path: Path) -> None:
    async with grouped(tmp_path, BASIC) as night:
        await night.say("/case", answer=LEVELS)
        await night.tap("T8")
        await night.reads("T8 · 1 level")
        [before] = await night.cases()
        anew = Group(night.seat, night.seat.play.world.stage.migrate(BASIC))
        await anew.reads("T8 · 1 level")
        await anew.tap("Done", LINDQVIST)
        await anew.reads("fit for surgery")
        [after] = await anew.cases()
        assert (after.case.id, after.team and after.team.name) == (before.case.id, before.team and before.team.name)
        assert not await night.cases()


async def test_a18_a_vote_that_is_open_while_the_group_moves_is_asked_anew_there(tmp_path: Path) -> None:
    async with grouped(tmp_path, BASIC) as night:
        await night.voting()
        anew = Group(night.seat, night.seat.play.world.stage.migrate(BASIC))
        await anew.until(lambda: bool(anew.polls()))
        assert await anew.seat.play.vote(anew.polls()[-1], LINDQVIST, 0) == 200
        await anew.reads("The vote")
        await anew.until(lambda: isolated(DR_LINDQVIST) in anew.cards()[-1]["text"])
        [kept] = await anew.cases()
        assert [said.who for said in kept.case.talk if said.act == "vote"] == [str(LINDQVIST)]
