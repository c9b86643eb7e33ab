"""A siege: people tap through cases while the bot's process is killed, and an onlooker with paper checks what holds.

    Paper    what a case is, noted by an onlooker: its rules are written here a second time, none is taken from the bot
    Chat     what was tapped, told and shown in one chat, and the states that this leaves possible
    Person   taps by label what is shown, as a thumb does: quickly, twice, late, on old cards
    Nursery  bears the bot's processes: a small process that has loaded everything forks one for each life
    Siege    kills at random instants, reads the database of the dead, and goes on until all is at rest

What is promised: an answer that was acknowledged (its tap was answered, or its card shows it) is never lost, never
counted twice, never changed; and whatever the newest card shows can be tapped, and leads on.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, Protocol

import psycopg
from decision_table import asked
from starlette.responses import Response

from bot.playground.api import BotApi, Interfere
from bot.playground.server import playground_app, serve
from bot.playground.shapes import Person as Player
from bot.playground.shapes import Room
from bot.playground.world import World
from flows.catalog import catalog
from flows.pathways.metastasis import METASTASIS

TOKEN: Final = "4242:planted-Token_that-must-never-leak"  # noqa: S105 - planted, to be looked for
PATIENCE: Final = 20.0
"""Seconds that anybody waits for anything before the siege is called a failure."""

WORDS: Final = catalog().wording
TOAST: Final = WORDS.toasts
LABEL: Final = WORDS.labels
QUESTIONS: Final = {question.code: question for question in METASTASIS.questions}
ASKS: Final = {question.text: code for code, question in QUESTIONS.items()}
SPINE: Final = QUESTIONS["levels"].codes
OPTIONS: Final = {option.short: code for code, option in catalog().options.items()}
MEANT: Final = {(code, c.label): c.code for code, q in QUESTIONS.items() for c in q.choices}
SAID: Final = {(code, c.code): c.said for code, q in QUESTIONS.items() for c in q.choices}
SAYS: Final = {said: code for (code, _), said in SAID.items() if code != "levels"}
TICK: Final = " ✓"
CHANGE: Final = "✎ "
LONG: Final = 40
"""Steps after which a person begins another case: from 64 on the bot folds a history, which is tested elsewhere."""


# --- the paper -------------------------------------------------------------------------------------------------------


class Sight(NamedTuple):
    """What can be seen of a case: the question (none at the recommendation), its ticks, the answers to change."""

    asks: str
    ticked: tuple[str, ...]
    answered: tuple[str, ...]


class Paper(NamedTuple):
    """A case as an onlooker notes it: steps as (kind, question, codes), how often it changed, since when it asks so."""

    steps: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    revision: int = 0
    turn: int = 0

    def answers(self) -> dict[str, tuple[str, ...]]:
        """The last answer to each question since the last restart."""
        found: dict[str, tuple[str, ...]] = {}
        for kind, question, codes in self.steps:
            if kind == "restart":
                found = {}
            elif kind == "answer":
                found[question] = codes
        return found

    def asking(self) -> str:
        """The question at hand; none where all is answered."""
        settled = [step for step in self.steps if step[0] != "mark"]
        if not settled or settled[-1][0] == "restart":
            return "levels"
        if settled[-1][0] == "reopen":
            return settled[-1][1]
        answers = self.answers()
        return next((code for code in _asked(answers) if code not in answers), "")

    def ticked(self) -> tuple[str, ...]:
        """What is ticked at the question at hand."""
        if self.steps and self.steps[-1][0] == "mark":
            return self.steps[-1][2]
        return self.answers().get(self.asking(), ())

    def counting(self) -> list[str]:
        """The questions whose answers count, in the order of the flow."""
        answers = self.answers()
        found = [code for code in _asked(answers) if code in answers]
        if answers.get("extent") == ("circumferential",) and "one_sided" not in answers and "prior" in found:
            found.remove("prior")  # whether it is asked is not known yet
        return found

    def sight(self) -> Sight:
        """What its card shows."""
        at, answers = self.asking(), self.answers()
        ticks = tuple(QUESTIONS[at].choice(code).label for code in self.ticked()) if at else ()
        return Sight(at, ticks, tuple(_brief(code, answers[code]) for code in self.counting() if code != at))

    def after(self, tap: Event) -> tuple[Paper, str]:
        """What a tap makes of it, and what the person is told."""
        at = self.asking()
        if tap.verb == "option":
            return self, TOAST.stale if at else ""
        if tap.turn != self.turn:
            return self, TOAST.stale
        match tap.verb:
            case "answer" if at == tap.question and at != "levels":
                return self.take("answer", at, (tap.choice,)), ""
            case "mark" | "unmark" if at == "levels":
                ticks = {*self.ticked()} - {tap.choice} | ({tap.choice} if tap.verb == "mark" else set())
                codes = tuple(code for code in SPINE if code in ticks)
                return (self if codes == self.ticked() else self.take("mark", at, codes)), ""
            case "done" if at == "levels":
                return (self.take("answer", at, self.ticked()), "") if self.ticked() else (self, TOAST.nothing_chosen)
            case "change" if at != tap.question and tap.question in self.counting():
                return self.take("reopen", tap.question), ""
            case "restart":
                idle = not self.steps or self.steps[-1][0] == "restart"
                return (self, TOAST.nothing_before) if idle else (self.take("restart", ""), "")
            case "back":
                return self.undone()
        return self, TOAST.stale

    def take(self, kind: str, question: str, codes: tuple[str, ...] = ()) -> Paper:
        """Note a step; a mark takes the place of the mark before it, and keeps the turn."""
        marked = kind == "mark" and self.steps and self.steps[-1][0] == "mark"
        steps = (*(self.steps[:-1] if marked else self.steps), (kind, question, codes))
        return Paper(steps, self.revision + 1, self.turn if kind == "mark" else self.revision + 1)

    def undone(self) -> tuple[Paper, str]:
        """Strike out the last settled step with the marks after it."""
        steps = list(self.steps)
        while steps and steps[-1][0] == "mark":
            steps.pop()
        if not steps:
            return self, TOAST.nothing_before
        return Paper(tuple(steps[:-1]), self.revision + 1, self.revision + 1), ""


def _asked(answers: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return asked({code: codes if code == "levels" else codes[0] for code, codes in answers.items()})


def _brief(question: str, codes: tuple[str, ...]) -> str:
    """Write an answer as the button does that changes it."""
    if question != "levels":
        return SAID[question, codes[0]]
    spans: list[list[int]] = []
    for place in sorted(map(SPINE.index, codes)):
        if spans and place == spans[-1][-1] + 1:
            spans[-1].append(place)
        else:
            spans.append([place])
    told = ", ".join(SPINE[s[0]] if len(s) == 1 else f"{SPINE[s[0]]}–{SPINE[s[-1]]}" for s in spans)
    return told if len(told) < 23 else f"{len(codes)} levels"


# --- what is shown ---------------------------------------------------------------------------------------------------


class Button(NamedTuple):
    label: str
    data: str

    @property
    def case(self) -> str:
        """The case printed on it."""
        return self.data.split(".", maxsplit=1)[0]

    @property
    def turn(self) -> int:
        """The turn printed on it."""
        return int(self.data.split(".")[1])


class Card(NamedTuple):
    """One version of a message of the bot."""

    message: int
    lines: tuple[str, ...]
    buttons: tuple[Button, ...]

    @property
    def title(self) -> str:
        """What it is about: the second line where the first one labels it."""
        return self.lines[1] if len(self.lines) > 1 and self.lines[1] else self.lines[0]

    @property
    def case(self) -> str:
        """The case it shows, if it shows one."""
        own = any(button.label == LABEL.back for button in self.buttons)
        return self.buttons[0].case if own else ""

    @property
    def sight(self) -> Sight:
        """What it shows of a case."""
        labels = [button.label for button in self.buttons]
        ticked = tuple(label.removesuffix(TICK) for label in labels if label.endswith(TICK))
        changes = tuple(label.removeprefix(CHANGE) for label in labels if label.startswith(CHANGE))
        return Sight(ASKS.get(self.title, ""), ticked, changes)

    def button(self, label: str) -> Button:
        """Find a button by its label."""
        return next(button for button in self.buttons if button.label == label)


@cache
def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n", 3)[:3])


def card_of(message: dict[str, Any]) -> Card:
    """Read a message of the bot."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = tuple(Button(b["text"], b["callback_data"]) for row in rows for b in row)
    return Card(message["message_id"], _lines(message["text"]), buttons)


# --- one chat --------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Event:
    """Something a person did, and what became known of it.

    Attributes:
        verb: what was wished; "say" and "new" need no card.
        at: the message that was tapped; 0 for what was written.
        case: the case printed on the button; for "new" the one that was begun, once it is seen.
        toast: what the person was told; None while nothing was.
        seen: whether its effect was seen on a card.
    """

    verb: str
    at: int = 0
    case: str = ""
    turn: int = 0
    question: str = ""
    choice: str = ""
    page: str = ""
    toast: str | None = None
    seen: bool = False


class State(NamedTuple):
    """What may be kept for a chat: its cases in the order they were begun, and the one touched last."""

    cases: tuple[tuple[str, Paper], ...] = ()
    current: str = ""

    def paper(self, name: str) -> Paper | None:
        """Find a case."""
        return dict(self.cases).get(name)

    def put(self, name: str, paper: Paper) -> State:
        """Note a case anew."""
        return State(tuple((n, paper if n == name else p) for n, p in self.cases), name)


class Possible(NamedTuple):
    """A state that may be, what the last event told, and what its message then shows: a case, or a title."""

    state: State
    toast: str = ""
    case: str = ""
    title: str = ""


UNSEEN: Final = "?"
"""The name of a case that was begun and not seen yet."""


class Chat:
    """One chat: what was done there in order, and what that leaves possible."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.base: frozenset[Possible] = frozenset({Possible(State())})
        self.events: list[Event] = []
        self.cards: dict[int, Card] = {}
        self.versions: deque[Card] = deque(maxlen=12)
        self.shown_in: dict[str, set[int]] = {}
        self.changed = asyncio.Event()
        self.sent = 0
        self.wished = 0

    @property
    def newest(self) -> Card | None:
        """The newest message of the bot."""
        return self.cards[max(self.cards)] if self.cards else None

    def see(self, message: dict[str, Any], *, new: bool) -> None:
        """Note what the bot shows."""
        card = card_of(message)
        self.sent += new
        self.cards[card.message] = card
        self.versions.append(card)
        if len(self.cards) > 400:
            del self.cards[min(self.cards)]
        if card.case:
            if card.case not in self.shown_in:
                self._name(card.case)
            self.shown_in.setdefault(card.case, set()).add(card.message)
        self.changed.set()

    def _name(self, case: str) -> None:
        """Name a case that is seen for the first time."""
        begun = next((event for event in self.events if event.verb == "new" and not event.case), None)
        assert begun, f"a case that nobody began is shown in chat {self.number}"
        begun.case = case

    def possible(self) -> list[frozenset[Possible]]:
        """Give what may be after each of the events, from before the first of them."""
        found = [self.base]
        for event in self.events:
            after = (then for before in {p.state for p in found[-1]} for then in self._after(before, event))
            found.append(frozenset(then for then in after if event.toast in (None, then.toast)))
            assert found[-1], f"“{event.toast}” is no answer to {event} in {found[-2]}"
        return found

    def _after(self, state: State, event: Event) -> Iterator[Possible]:
        """Give what an event may lead to. Where a case was shown in two messages, either may count as its card."""
        match event.verb:
            case "new":
                yield self._begun(state, event)
                return
            case "erase":
                yield Possible(State(), title=event.page)
                return
            case "say":
                yield Possible(state, title=event.page)
                return
        paper = state.paper(event.case)
        if paper is None:
            yield Possible(state, TOAST.gone, title=WORDS.pages.gone.title)
            return
        if event.verb == "show":
            yield Possible(State(state.cases, event.case), case=event.case)
            return
        if len(self.shown_in.get(event.case, ())) > 1:
            yield Possible(state, TOAST.moved, title=WORDS.pages.superseded.title)
        then, toast = paper.after(event)
        detail = event.page if event.verb == "option" and not toast else ""
        touched = state if toast or event.verb == "option" else state.put(event.case, then)
        yield Possible(touched, toast, "" if detail else event.case, detail)

    def _begun(self, state: State, event: Event) -> Possible:
        """A case that was begun and never answered is taken instead of another."""
        present = state.paper(state.current)
        if present is not None and not present.steps:
            return Possible(state, case=state.current)
        name = event.case or UNSEEN
        return Possible(State((*state.cases, (name, Paper())), name), case=name)

    def told(self) -> int:
        """How many of the events are acknowledged: up to the last whose tap was answered or whose effect was seen."""
        return max((n for n, e in enumerate(self.events, 1) if e.seen or e.toast is not None), default=0)

    def check(self, kept: dict[str, Paper]) -> None:
        """Hold what a database keeps of this chat against what may be, and forget what is settled by it."""
        possible, told = self.possible(), self.told()
        ways = [{p.state for p in states} for states in possible]
        known = {name for name, _ in kept.items()} & self.shown_in.keys()
        found = {(name if name in known else UNSEEN): paper for name, paper in kept.items()}
        fitting = [n for n, states in enumerate(ways) if any(_named(state, known) == found for state in states)]
        assert [n for n in fitting if n >= told], self._wrong(found, ways, told, fitting)
        self.base = possible[told]
        del self.events[:told]

    def _wrong(self, found: dict[str, Paper], ways: list[set[State]], told: int, fitting: list[int]) -> str:
        """Say what is wrong: an answer that was acknowledged is lost, or something was doubled or changed."""
        what = f"{told - max(fitting)} LOST" if fitting else "DOUBLED or CHANGED"
        events = "\n".join(f"  {event}" for event in self.events)
        last = "\n".join(f"  {name} {paper}" for state in ways[told] for name, paper in state.cases)
        return f"chat {self.number}: {what}\nkept: {found}\nacknowledged {told} of\n{events}\nafter them:\n{last}"


def _named(state: State, known: set[str]) -> dict[str, Paper]:
    return {(name if name in known else UNSEEN): paper for name, paper in state.cases}


# --- people ----------------------------------------------------------------------------------------------------------


@dataclass
class Toll:
    """What was counted."""

    kills: int = 0
    taps: int = 0
    answers: int = 0
    acknowledged: int = 0
    unanswered: int = 0
    duplicates: int = 0
    seconds: float = 0.0
    whys: Counter[str] = field(default_factory=Counter)
    toasts: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """The denominators, on a line."""
        return (
            f"{self.kills} kills in {self.seconds:.0f} s, {self.taps} taps and words, "
            f"{self.acknowledged} acknowledged answers ({self.acknowledged / max(self.kills, 1):.1f} a kill), "
            f"lost/doubled/changed 0/0/0, {self.duplicates} duplicate cards, "
            f"{self.unanswered} taps never answered in passing"
        )


ANSWERING: Final = ("answer", "mark", "unmark", "done")


class Person:
    """Somebody in a private chat with the bot, who only knows what is shown there."""

    def __init__(self, chat: Chat, world: World, chance: Random, toll: Toll) -> None:
        self.chat = chat
        self.world = world
        self.chance = chance
        self.toll = toll
        self.waiting: dict[str, Event] = {}

    async def live(self, until: Callable[[], bool]) -> None:
        """Tap through cases, each time until it is seen what came of it."""
        while not until():
            await self._settle(self._act())

    async def rest(self) -> None:
        """Bring a case to the newest card, and see that it can be answered."""
        for _ in range(12):
            card = self.chat.newest
            if card and card.case and card.sight.asks not in ("", "levels"):
                await self._settle([self._tap(card, self._answers(card)[0])])
                return
            await self._settle(self._onward(card))
        raise AssertionError("no way leads to a question")

    def answered(self, query: str, toast: str) -> None:
        """Note what the person is told in passing."""
        event = self.waiting.pop(query, None)
        if event:
            event.toast = toast
            self.toll.toasts[toast] += 1
            self.chat.changed.set()

    def _onward(self, card: Card | None) -> list[Event]:
        """Do what leads to a question without fail."""
        if card is None or not card.buttons:
            return [self._say("/new")]
        labels = [button.label for button in card.buttons]
        if card.case and card.sight.asks == "levels":
            return [self._tap(card, self._done(card) if card.sight.ticked else self._answers(card)[0])]
        for label in (LABEL.go_on, LABEL.keep, LABEL.restart, LABEL.to_card, LABEL.new):
            if label in labels:
                return [self._tap(card, card.button(label))]
        return [self._say("/new")]

    def _act(self) -> list[Event]:
        """Choose what to do, and do it."""
        card, chance = self.chat.newest, self.chance
        if card is None or not card.buttons:
            return [self._say("/new")]
        if chance.random() < 0.03:
            old = chance.choice(self.chat.versions)
            return [self._tap(old, chance.choice(old.buttons))] if old.buttons else []
        if chance.random() < 0.03:
            return [self._say(chance.choice(("/start", "Good morning", "/forget", "/new")))]
        if not card.case:
            return [self._tap(card, chance.choice(card.buttons))] if self._known(card) else self._onward(card)
        if len(self._longest().steps) >= LONG:
            return [self._say("/new")]
        if card.sight.asks == "levels" and chance.random() < 0.7:
            return [self._tap(card, button) for button in self._several(card)]
        button = self._one(card)
        return [self._tap(card, button) for _ in range(1 + (chance.random() < 0.08))]

    def _known(self, card: Card) -> bool:
        """Whether every button of a page is one that the paper knows."""
        known = (LABEL.go_on, LABEL.keep, LABEL.erase, LABEL.restart, LABEL.to_card, LABEL.new)
        return all(button.label in known for button in card.buttons)

    def _longest(self) -> Paper:
        papers = [paper for possible in self.chat.base for _, paper in possible.state.cases[-1:]]
        return max(papers, key=lambda paper: len(paper.steps), default=Paper())

    def _answers(self, card: Card) -> list[Button]:
        """The buttons of the answers, in any order."""
        asks = card.sight.asks
        found = [button for button in card.buttons if (asks, button.label.removesuffix(TICK)) in MEANT]
        return self.chance.sample(found, len(found))

    def _several(self, card: Card) -> list[Button]:
        """A few levels, tapped faster than the card is redrawn; and Done among them now and then."""
        done = [self._done(card)] if self.chance.random() < 0.3 else []
        return [*self._answers(card)[: self.chance.randint(1, 4)], *done]

    @staticmethod
    def _done(card: Card) -> Button:
        return next(button for button in card.buttons if button.label.startswith(LABEL.done))

    def _one(self, card: Card) -> Button:
        """One button: most often one that leads on."""
        chance, asks = self.chance, card.sight.asks
        changes = [button for button in card.buttons if button.label.startswith(CHANGE)]
        options = [button for button in card.buttons if button.label in OPTIONS]
        last = [card.button(LABEL.back), card.button(LABEL.restart)]
        drawn = chance.random()
        if asks == "levels" and drawn < 0.85:
            return self._done(card)
        if asks and drawn < 0.8:
            return self._answers(card)[0]
        if changes and drawn < 0.9:
            return chance.choice(changes)
        if options and drawn < 0.6:
            return chance.choice(options)
        return last[0] if drawn < 0.97 else last[1]

    def _say(self, text: str) -> Event:
        """Write a message."""
        pages = {"/start": WORDS.pages.start, "/forget": WORDS.pages.forget}
        page = "" if text == "/new" else pages.get(text, WORDS.pages.stray).title
        event = self._did(Event("say" if page else "new", page=page))
        self.world.say(self.chat.number, text)
        self.chat.wished += 1
        return event

    def _tap(self, card: Card, button: Button) -> Event:
        """Tap a button as it was shown; by the time the tap arrives the card may be another."""
        event = self._did(_meaning(card, button))
        self.toll.answers += event.verb in ANSWERING
        self.chat.wished += event.verb == "new"
        self.waiting[self.world.tap(self.chat.number, card.message, button.data, stale=True)] = event
        return event

    def _did(self, event: Event) -> Event:
        self.toll.taps += 1
        self.chat.events.append(event)
        return event

    async def _settle(self, events: list[Event]) -> None:
        """Wait until what was done is seen: its message, or a new one, shows what may be by now."""
        if not events:
            return
        before = max(self.chat.cards, default=0)
        began = time.monotonic()
        while not self._seen(events, before):
            self.chat.changed.clear()
            try:
                async with asyncio.timeout(max(0.0, began + PATIENCE - time.monotonic())):
                    await self.chat.changed.wait()
            except TimeoutError:
                raise AssertionError(self._stuck(events)) from None

    def _seen(self, events: list[Event], before: int) -> bool:
        """Tell whether what was done last shows."""
        last = events[-1]
        card = self.chat.cards.get(last.at) if last.at and last.verb != "new" else self.chat.newest
        if card is None or (last.verb in ("new", "say") and not last.at and card.message <= before):
            return False
        if last.verb == "new" and card.message <= before:
            return False
        for possible in self.chat.possible()[-1]:
            paper = possible.state.paper(possible.case)
            if card.sight == paper.sight() and card.case == possible.case if paper else card.title == possible.title:
                last.seen = True
                return True
        return False

    def _stuck(self, events: list[Event]) -> str:
        possible = "\n".join(f"  {p.toast!r} {p.title!r} {p.state.paper(p.case)}" for p in self.chat.possible()[-1])
        newest = self.chat.newest
        tapped = self.chat.cards.get(events[-1].at)
        return (
            f"chat {self.chat.number}: after {PATIENCE} s nothing shows what came of {events[-1]}\nexpected one of\n"
            f"{possible}\ntapped: {tapped}\nnewest: {newest}\nshown in: {self.chat.shown_in.get(events[-1].case)}"
        )


def _meaning(card: Card, button: Button) -> Event:
    """What a person means who taps a label on a card."""
    at, label, asks = card.message, button.label, card.sight.asks
    plain = label.removesuffix(TICK)
    printed = {"at": at, "case": button.case, "turn": button.turn}
    if label.startswith(CHANGE):
        return Event("change", **printed, question=SAYS.get(label.removeprefix(CHANGE), "levels"))
    if asks == "levels" and plain in SPINE:
        return Event("unmark" if plain != label else "mark", **printed, question=asks, choice=plain)
    if asks == "levels" and label.startswith(LABEL.done):
        return Event("done", **printed, question=asks)
    if (asks, plain) in MEANT:
        return Event("answer", **printed, question=asks, choice=MEANT[asks, plain])
    if label in OPTIONS:
        return Event("option", **printed, page=catalog().options[OPTIONS[label]].name)
    match label:
        case LABEL.back | LABEL.restart:
            return Event("back" if label == LABEL.back else "restart", **printed)
        case LABEL.go_on | LABEL.to_card:
            return Event("show", **printed)
        case LABEL.new:
            return Event("new", at=at)
        case LABEL.erase:
            return Event("erase", at=at, page=WORDS.pages.forgotten.title)
        case LABEL.keep:
            return Event("say", at=at, page=WORDS.pages.nothing_kept.title)
    raise AssertionError(f"nobody knows the button “{label}” on “{card.title}”")


# --- processes -------------------------------------------------------------------------------------------------------


class Births(Protocol):
    """Bears processes that run the bot, one at a time."""

    async def bear(self, settings: dict[str, str]) -> int:
        """Begin a life; give its process id, which is nobody else's until `bury`."""
        ...

    async def bury(self) -> int:
        """Wait until the process has ended; give its status as `waitpid` does."""
        ...


class Nursery:
    """Forks a life in a few milliseconds: its process has loaded all that the bot loads, and runs nothing of it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def bear(self, settings: dict[str, str]) -> int:
        return await self._ask(json.dumps(settings))

    async def bury(self) -> int:
        return await self._ask("")

    async def _ask(self, line: str) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line.encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            return int(await self._process.stdout.readline())


@asynccontextmanager
async def nursery(folder: Path) -> AsyncIterator[Nursery]:
    """Open a nursery whose children live in a folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=folder
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin
        process.stdin.close()  # the end of its input is the end of it, and of a child that still lives
        await process.wait()


class Commands:
    """Runs the command itself, `python -m bot run`, as a process that has to load everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def bear(self, settings: dict[str, str]) -> int:
        with (self._folder / "log").open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                env=_clean() | settings,
                cwd=self._folder,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
            )
        return self._process.pid

    async def bury(self) -> int:
        assert self._process
        async with asyncio.timeout(PATIENCE):
            return abs(await self._process.wait())


def _clean() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("BOT_", "DATABASE_", "LOG_", "WEBHOOK_"))}


def nurse() -> None:
    """Bear a child for each line with its settings; for an empty line, tell how the last one ended."""
    import alembic.command  # noqa: F401, PLC0415 - a child shall find everything loaded
    import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401, PLC0415

    import bot.app  # noqa: F401, PLC0415

    gc.collect()
    gc.freeze()
    child = 0
    for line in sys.stdin:
        if line.strip():
            child = os.fork()
            if not child:
                _live(json.loads(line))
            told = child
        else:
            _, told = os.waitpid(child, 0)
            child = 0
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
    if child:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _live(settings: dict[str, str]) -> None:
    """Run the bot with settings, in a child that dies with its parent and never comes back from here."""
    status = 70
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        os.environ.update(settings)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        os.dup2(os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)

        from bot import app  # noqa: PLC0415
        from bot.settings import read_settings  # noqa: PLC0415

        status = asyncio.run(app.run(read_settings(), lambda _: None))
    except BaseException:  # noqa: BLE001 - whatever it is, it is written down, and the child ends here
        traceback.print_exc()
    finally:
        os._exit(status)


# --- the siege -------------------------------------------------------------------------------------------------------


class Doom:
    """Decides when a life ends: at once, after a while, or when the n-th call of a method comes or has been done."""

    METHODS: Final = ("", "", "sendMessage", "sendMessage", "editMessageText", "answerCallbackQuery", "getUpdates")
    """Which calls are counted; the empty one is any."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._moment = self._method = ""
        self._calls = 0
        self._kill: Callable[[], None] | None = None
        self._heard = asyncio.Event()
        self._fallen = asyncio.Event()

    async def fall(self, kill: Callable[[], None]) -> str:
        """Kill when it is time; give why it was then."""
        chance = self._chance
        self._heard.clear()
        self._fallen.clear()
        kind = chance.random()
        if kind < 0.1:
            await asyncio.sleep(chance.uniform(0, 0.15))
            kill()
            return "while it starts"
        async with asyncio.timeout(PATIENCE):
            await self._heard.wait()
        if kind < 0.45:
            await asyncio.sleep(chance.uniform(0, 0.5))
            kill()
            return "at any time"
        self._method, self._moment = chance.choice(self.METHODS), chance.choice(("before", "after"))
        self._calls = chance.randint(1, 2 if self._method == "sendMessage" else 30)
        self._kill = kill
        why = f"{self._moment} {self._method or 'a call'}"
        try:
            async with asyncio.timeout(0.6):
                await self._fallen.wait()
        except TimeoutError:
            why = "at any time"
        if self._kill:
            self._kill = None
            kill()
        return why

    async def interfere(self, moment: str, method: str, _: dict[str, Any]) -> Response | None:
        """Count the calls; one that the killed process had not sent yet is not done."""
        if method in ("getUpdates", "setWebhook"):
            self._heard.set()
        if self._kill is None or moment != self._moment or self._method not in ("", method):
            return None
        self._calls -= 1
        if self._calls:
            return None
        self._kill()
        self._kill = None
        self._fallen.set()
        return Response(status_code=500) if moment == "before" else None


@dataclass
class Siege:
    """A world of people, and a bot that is killed again and again."""

    world: World
    chats: dict[int, Chat]
    people: list[Person]
    doom: Doom
    settings: dict[str, str]
    folder: Path
    toll: Toll
    chance: Random
    deadline: float = float("inf")

    async def run(self, births: Births, kills: int) -> None:
        """Kill so many times while people tap; then let all come to rest, and look at everything."""
        began = time.monotonic()
        over = asyncio.Event()
        living = [asyncio.create_task(person.live(over.is_set)) for person in self.people]
        try:
            for _ in range(kills):
                await self._life(births)
                _raise_of(living)
                if time.monotonic() > self.deadline:
                    break
            over.set()
            pid = await births.bear(self.settings)
            try:
                await asyncio.gather(*living)
                await asyncio.gather(*(person.rest() for person in self.people))
                await self._still()
            finally:
                os.kill(pid, signal.SIGKILL)
                await births.bury()
            self._settled()
        finally:
            for task in living:
                task.cancel()
            await asyncio.gather(*living, return_exceptions=True)
        self.toll.seconds += time.monotonic() - began
        self._log()

    async def _life(self, births: Births) -> None:
        """Bear, kill, bury, and look at what is kept."""
        pid = await births.bear(self.settings)
        try:
            why = await self.doom.fall(lambda: os.kill(pid, signal.SIGKILL))
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            raise
        finally:
            status = await births.bury()
        assert status == signal.SIGKILL, f"the bot ended by itself with {status}: {self._logged()[-2000:]}"
        self.toll.kills += 1
        self.toll.whys[why] += 1
        self._check()

    def _check(self) -> None:
        """Hold what the database keeps against what every person knows."""
        kept = self._kept()
        for chat in self.chats.values():
            settled = chat.events[: chat.told()]
            chat.check(kept.get(chat.number, {}))
            self.toll.acknowledged += sum(e.verb in ANSWERING and not e.toast for e in settled)

    def _kept(self) -> dict[int, dict[str, Paper]]:
        """Read the cases by chat. A file is copied first, so that the bot, not we, recovers what was cut short."""
        found: dict[int, dict[str, Paper]] = {}
        for case, owner, revision, turn, steps in self.ask("SELECT id, owner, revision, turn, steps FROM cases"):
            lists = json.loads(steps) if isinstance(steps, str) else steps
            noted = tuple((kind, question, tuple(codes)) for kind, question, codes, _ in lists)
            found.setdefault(int(owner), {})[case] = Paper(noted, revision, turn)
        return found

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database, whether or not the bot lives; a database that is not there yet has nothing."""
        url = self.settings["DATABASE_URL"]
        if not url.startswith("sqlite"):
            with psycopg.connect(url, autocommit=True) as server, suppress(psycopg.errors.UndefinedTable):
                return server.execute(sql.encode()).fetchall()
            return []
        path, copy = Path(url.removeprefix("sqlite:///")), self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", copy / f"db{suffix}")
        with closing(sqlite3.connect(copy / "db")) as connection, suppress(sqlite3.OperationalError):
            return connection.execute(sql).fetchall()
        return []

    async def _still(self) -> None:
        """Wait until nothing is under way: no update waits, none is unhandled, nothing is still to be shown."""
        async with asyncio.timeout(PATIENCE):
            while self.world.updates.waiting or self._undone():
                await asyncio.sleep(0.05)

    def _undone(self) -> int:
        if self.settings["DATABASE_URL"].startswith("sqlite"):
            path = Path(self.settings["DATABASE_URL"].removeprefix("sqlite:///"))
            with closing(sqlite3.connect(path)) as connection:
                return int(connection.execute(_UNDONE).fetchone()[0])
        return int(self.ask(_UNDONE)[0][0])

    def _settled(self) -> None:
        """Now that all is at rest: the database, the model and every newest card agree, to the letter."""
        self._check()
        for chat in self.chats.values():
            assert not chat.events, f"never acknowledged: {chat.events}"
            card = chat.newest
            assert card
            papers = {possible.state.paper(card.case) for possible in chat.base}
            assert [card.sight] == [paper.sight() for paper in papers if paper]
            assert self.world.messages.get(chat.number, card.message)
            self.toll.duplicates += max(0, chat.sent - chat.wished)
        self.toll.unanswered += sum(len(person.waiting) for person in self.people)
        dead = self.ask("SELECT update_id, fault FROM inbox WHERE state = 'dead'")
        assert not dead, f"set aside: {dead}"

    def _logged(self) -> str:
        with suppress(FileNotFoundError):
            return (self.folder / "log").read_text()
        return ""

    def _log(self) -> None:
        """The log of all lives tells of no fault, and bears no secret."""
        log = self._logged()
        for word in ("Traceback", "set_aside", "task_failed", "screen_failed", "not_saved", "unreadable"):
            assert word not in log, log[max(0, log.index(word) - 500) :][:3000]
        assert TOKEN.partition(":")[2] not in log


_UNDONE: Final = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM inbox WHERE state = 'new')"


def _raise_of(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()


@asynccontextmanager
async def siege(
    folder: Path,
    seed: int,
    *,
    database: str = "",
    people: int = 6,
    trouble: Interfere | None = None,
    more: dict[str, str] | None = None,
) -> AsyncIterator[Siege]:
    """Set the stage: a local Bot API with a private chat for each person; nobody taps and no bot runs yet.

    Args:
        folder: where the bot's files lie.
        seed: of all chance.
        database: the URL; a file in the folder where none is said.
        people: how many.
        trouble: what else interferes with the bot's calls.
        more: more settings of the bot.
    """
    chance, toll = Random(seed), Toll()  # noqa: S311 - the same each time: nothing here is secret
    rooms = [Room(number, (Player(number, f"Dr. {number}"),)) for number in range(1001, 1001 + people)]
    world = World(rooms=rooms)
    chats = {room.id: Chat(room.id) for room in rooms}
    doom = Doom(Random(chance.random()))  # noqa: S311 - the same
    everyone = [Person(chat, world, Random(chance.random()), toll) for chat in chats.values()]  # noqa: S311 - the same

    def hear(event: str, data: dict[str, Any]) -> None:
        if event in ("message", "edited") and data["message"]["from"]["is_bot"]:
            chats[data["chat_id"]].see(data["message"], new=event == "message")
        elif event == "answered":
            for person in everyone:
                person.answered(data["callback_query_id"], data["text"])

    async def interfere(moment: str, method: str, params: dict[str, Any]) -> Response | None:
        fallen = await doom.interfere(moment, method, params)
        return fallen or (await trouble(moment, method, params) if trouble else None)

    world.listen(hear)
    api = BotApi(world, token=TOKEN, interfere=interfere)
    async with serve(playground_app(world, api)) as port:
        settings = {
            "BOT_TOKEN": TOKEN,
            "BOT_API_URL": f"http://127.0.0.1:{port}",
            "DATABASE_URL": database or f"sqlite:///{folder / 'cases.db'}",
            "LOG_LEVEL": "warning",
            "XDG_DATA_HOME": str(folder / "data"),
        } | (more or {})
        yield Siege(world, chats, everyone, doom, settings, folder, toll, chance)
    assert not api.unheeded
    world.close()


if __name__ == "__main__":
    nurse()
