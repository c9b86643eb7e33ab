"""Takes updates in, from wherever they come: keeps them, handles each, answers the tap and has the screens shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Final
from weakref import WeakValueDictionary

from structlog.typing import FilteringBoundLogger
from telegram.error import TelegramError

from bot.service.ports import Desk, DeskStore, Letter, NotSaved, NumberInUse, Wish
from bot.service.private_chat import Conversation
from bot.telegram.client import Api
from bot.telegram.errors import Fate, failure_of
from bot.telegram.handlers.dispatcher import Clerk, HandledAlready, MemberWanted, callback_queue
from bot.telegram.handlers.inline import Inline
from bot.telegram.members import Members, Role
from bot.telegram.receiving.polling import FIRST_WAIT, SAVE_WAIT
from bot.telegram.sending.outbox import LONGEST_TOAST, Outbox
from bot.telegram.updates.fingerprint import fingerprint_of
from bot.telegram.updates.flood_limit import Floods
from bot.telegram.updates.note_text import Ear
from bot.telegram.updates.parser import Kind, Unreadable, arrival_in, letter_of, query_id_of, update_id_of
from flows.errors import Overtaken

ANSWER_TRIES: Final = 4

REMEMBERED: Final = 20_000
"""How many handled updates are remembered, to tell a repeat; Telegram repeats none so old."""

TIDY_EVERY: Final = 1_000

WRITTEN: Final = frozenset(("message", "edited_message"))
"""Updates in which somebody writes."""

MOMENT: Final = 1.0
"""Seconds that another process has to go on with what it has begun, before this one does."""


class Reception:
    """Where updates come in."""

    def __init__(
        self,
        api: Api,
        store: DeskStore,
        conversation: Conversation,
        clerk: Clerk,
        outbox: Outbox,
        members: Members,
        ear: Ear,
        inline: Inline,
        floods: Floods,
        log: FilteringBoundLogger,
        committed: Callable[[], None],
    ) -> None:
        """Take what it works with; `committed` is told of each commit."""
        self._api = api
        self._store = store
        self._conversation = conversation
        self._clerk = clerk
        self._outbox = outbox
        self._members = members
        self._ear = ear
        self._inline = inline
        self._floods = floods
        self._log = log
        self._committed = committed
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_hand: set[tuple[int, str]] = set()
        self._told: set[str] = set()
        self._lines: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def accept(self, batch: list[Any]) -> int:
        """Keep a batch of raw updates, then handle it beside the rest.

        Args:
            batch: updates as JSON has them; each is read alone.

        Returns:
            The last update id, which may be confirmed now; 0 where there was none.

        Raises:
            NotSaved: where the database could not keep the batch, which must come again; the people were told.
        """
        for update in batch:
            if isinstance(update, dict) and "inline_query" in update:
                self._spawn(self._inline.answer(update["inline_query"]))
        letters, unreadable = self._read(batch)
        try:
            new = await self._store.run(lambda desk: _taken_in(desk, letters, unreadable))
            due = {*new, *await self._left([letter for letter in letters if letter.update_id not in new])}
        except (NotSaved, NumberInUse) as fault:
            self._not_saved(batch)
            raise NotSaved(*fault.args) from fault
        self._committed()
        self._told.clear()
        for letter in letters:
            self.take(letter) if letter.update_id in due else self._spawn(self._repeat(letter))
        for update in batch:
            if update_id_of(update) in unreadable:
                self._answer(query_id_of(update), self._conversation.failed(tapped=True).toast)
        return max((found for update in batch if (found := update_id_of(update)) is not None), default=0)

    def take(self, letter: Letter) -> None:
        """Handle a letter that is kept, unless it is in hand, beside the rest; the store does so in this order."""
        if _key(letter) not in self._in_hand:
            self._in_hand.add(_key(letter))
            self._spawn(self._attend(letter))

    async def close(self, within: float) -> None:
        """Let what is under way come to its end, for some seconds; the rest waits in the store."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within)
        for task in set(self._tasks):
            task.cancel()

    def _read(self, batch: list[Any]) -> tuple[list[Letter], dict[int, str]]:
        """Read each update alone: the letters, and the ids of those that cannot be read with their fingerprints."""
        letters: list[Letter] = []
        unreadable: dict[int, str] = {}
        for update in batch:
            if update_id_of(update) is None:
                self._log.error("update_without_id")
                continue
            try:
                self._members.learn(update)
                letter = letter_of(update, self._members.username, self._ear.hears)
            except Unreadable as fault:
                self._log.error("update_unreadable", update_id=fault.update_id)
                unreadable[fault.update_id] = fingerprint_of(update)
            else:
                if letter and not WRITTEN.isdisjoint(update):  # a tap is not even looked at: it is never held back
                    letter = self._floods.let(letter)
                letters += [letter] if letter else []
        return letters, unreadable

    async def _left(self, repeats: Sequence[Letter]) -> set[int]:
        """Tell which repeats another process has taken in and not handled, not within a moment either: it has died.

        What comes after them is confirmed only then, and so keeps its place behind them.
        """
        waiting = {letter.update_id for letter in repeats}
        for pause in (0.0, MOMENT):
            waiting &= {letter.update_id for letter in repeats if _key(letter) not in self._in_hand}
            if waiting:
                await asyncio.sleep(pause)
                waiting = await self._store.run(partial(_waiting_of, ids=waiting))
        return waiting

    async def _attend(self, letter: Letter) -> None:
        """Handle a letter, however long the database takes to keep what comes of it, and have that shown."""
        try:
            wishes = await self._handle(letter)
            while wishes is None:
                await asyncio.sleep(SAVE_WAIT)
                wishes = await self._handle(letter)
            self._committed()
            self._outbox.take(wishes)
        except HandledAlready:
            await self._repeat(letter)
            await self._look_after(letter.lane)
        finally:
            self._in_hand.discard(_key(letter))

    async def _handle(self, letter: Letter) -> Sequence[Wish] | None:
        """Handle a letter; one whose handling fails is set aside, and the person is told. None where it is not kept.

        Raises:
            HandledAlready: where another process has handled it.
        """
        try:
            return await self._handled(letter)
        except (NotSaved, Overtaken):
            self._log.error("not_saved", update_id=letter.update_id)
            self._answer(arrival_in(letter).query, self._conversation.not_saved().toast)
            return None
        except HandledAlready:
            raise
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with one letter, the next is served
            name = type(fault).__name__
            self._log.error("set_aside", update_id=letter.update_id, error=name)
            return await self._store.run(lambda desk: self._clerk.failed(desk, letter, name))

    async def _handled(self, letter: Letter) -> tuple[Wish, ...]:
        """Handle a letter; those of a group one after another, for each waits until it is known who the person is."""
        arrival = arrival_in(letter)
        if arrival.kind == Kind.vote:
            chat = await self._store.run(lambda desk: self._clerk.chat_of(desk, arrival))
            role = await self._members.role(chat, arrival.who) if chat else Role.outsider
            return await self._store.run(lambda desk: self._clerk.handle(desk, letter, role))
        if arrival.private or arrival.kind not in (Kind.tap, Kind.message, Kind.edited):
            return await self._handled_alone(letter, arrival.who)
        async with self._lines.setdefault(letter.lane, asyncio.Lock()):
            role = Role.member
            if not arrival.masked:
                role = await self._members.role(arrival.chat, arrival.who)
            return await self._store.run(lambda desk: self._clerk.handle(desk, letter, role))

    async def _handled_alone(self, letter: Letter, who: int) -> tuple[Wish, ...]:
        """Handle a letter of a private chat; what only a member of some group may have, once Telegram was asked."""
        try:
            return await self._store.run(lambda desk: self._clerk.handle(desk, letter))
        except MemberWanted as wanted:
            chat = wanted.chat
        role = await self._members.said(chat, who)
        return await self._store.run(lambda desk: self._clerk.handle(desk, letter, role))

    async def _repeat(self, letter: Letter) -> None:
        """Answer a repeated update as it was answered before; an answer that still waits is given as it was kept."""
        known, left = await self._store.run(
            lambda desk: (desk.letter(letter.update_id), desk.wishes(callback_queue(letter.update_id)))
        )
        self._outbox.take_left(left)
        if known and not known.body and not left:
            self._answer(arrival_in(letter).query, known.toast, letter.lane)

    async def _look_after(self, chat: str) -> None:
        """Show what another process was to show in a chat and has not within a moment: it may have died before."""
        left = set(await self._store.run(lambda desk: desk.wishes(chat)))
        await asyncio.sleep(MOMENT)
        still = await self._store.run(lambda desk: desk.wishes(chat))
        self._outbox.take_left(wish for wish in still if wish in left)

    def _answer(self, query: str | None, toast: str, chat: str = "0") -> None:
        """Answer a tap, beside the rest; names are put in where the chat is known."""
        if query:
            self._spawn(self._answered(query, toast, int(chat)))

    async def _answered(self, query: str, toast: str, chat: int) -> None:
        """Answer a tap of which nothing is kept, or once more; one that comes too late is let go."""
        said = (await self._members.in_words(toast, chat))[:LONGEST_TOAST] if toast else ""
        params = {"callback_query_id": query} | ({"text": said} if said else {})
        for _ in range(ANSWER_TRIES):
            try:
                await self._api.call("answerCallbackQuery", params)
            except TelegramError as error:
                self._log.info("not_answered", error=type(error).__name__)
                failure = failure_of(error)
                if failure.fate is not Fate.again:
                    return
            else:
                return
            await asyncio.sleep(failure.wait or FIRST_WAIT)

    def _not_saved(self, batch: Iterable[Any]) -> None:
        """Tell each person once that nothing is saved; the batch is not confirmed and comes again."""
        self._log.error("not_saved")
        for update in batch:
            query = query_id_of(update)
            if query and query not in self._told:
                self._answer(query, self._conversation.not_saved().toast)
                self._told.add(query)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the rest, and keep hold of it until it is done."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault:
            self._log.error("task_failed", error=type(fault).__name__)


def _waiting_of(desk: Desk, ids: Iterable[int]) -> set[int]:
    """Tell which letters are neither handled nor set aside."""
    return set(filter(desk.waits, ids))


def _key(letter: Letter) -> tuple[int, str]:
    """Tell a letter from any other one, that of another update with the same number included."""
    return letter.update_id, letter.fingerprint


def _taken_in(desk: Desk, letters: list[Letter], unreadable: dict[int, str]) -> list[int]:
    """Keep letters, and the ids of updates that cannot be read among the dead; forget the oldest now and then."""
    empty = [Letter(update_id, "", "", fingerprint=found) for update_id, found in unreadable.items()]
    new = desk.take_in([*letters, *empty])
    for update_id in unreadable:
        desk.set_aside(update_id, Unreadable.__name__)
    if any(update_id % TIDY_EVERY == 0 for update_id in new):
        desk.tidy(new[-1], REMEMBERED)
    return new
