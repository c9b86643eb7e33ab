"""The Telegram channel: from an update that comes in to the screens that go out, and its life from start to end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from structlog.typing import FilteringBoundLogger
from telegram.error import TelegramError

from bot.conversation import COMMANDS, Conversation
from bot.desk import Desk, DeskStore, Letter, NotSaved
from bot.telegram.api import Api
from bot.telegram.clerk import Clerk, HandledAlready, Outcome
from bot.telegram.failures import Fate, failure_of
from bot.telegram.intake import Unreadable, letter_of, query_id_of, update_id_of
from bot.telegram.outbox import Outbox
from bot.telegram.pace import Pace
from bot.telegram.poller import FIRST_WAIT, Poller
from flows.catalog import Catalog

ANSWER_TRIES: Final = 4
ENDING: Final = 4.0
"""Seconds to send what is under way when the bot is told to end; the rest is sent after the next start."""

SAVE_WAIT: Final = 2.0
"""Seconds between attempts to save while the database cannot."""


class Channel:
    """One bot on one Bot API."""

    def __init__(
        self,
        api: Api,
        store: DeskStore,
        conversation: Conversation,
        catalog: Catalog,
        log: FilteringBoundLogger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what it works with; the clock counts steady seconds."""
        self._api = api
        self._store = store
        self._conversation = conversation
        self._catalog = catalog
        self._log = log
        self._clerk = Clerk(conversation)
        self._outbox = Outbox(api, store, self._clerk, Pace(clock), log)
        self._poller = Poller(api, self._accept, log, clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()

    async def run(self) -> None:
        """Serve until cancelled; then send what is under way.

        Raises:
            SecondPoller: where another process polls with the same token.
            TokenRefused: where the token has been refused for ten minutes.
        """
        await self._api.open()
        try:
            await self._begin()
            await self._poller.run()
        finally:
            if self._tasks:
                await asyncio.wait(set(self._tasks), timeout=ENDING)
            await self._outbox.close(ENDING)
            await self._api.close()

    async def _begin(self) -> None:
        """Make oneself known, through whatever hinders it, and take up what was left undone."""
        commands = self._catalog.wording.commands
        menu = [{"command": name, "description": getattr(commands, name)} for name in COMMANDS]
        me = await self._insist("getMe", {})
        await self._insist("deleteWebhook", {})
        await self._insist("setMyCommands", {"commands": menu})
        self._log.info("started", bot=me.get("username", ""))
        self._outbox.take(await self._store.run(lambda desk: desk.wishes()))
        for letter in await self._store.run(lambda desk: desk.waiting()):
            self._spawn(self._handle(letter))

    async def _insist(self, method: str, params: dict[str, Any]) -> Any:
        """Call until it succeeds."""
        wait = FIRST_WAIT
        while True:
            try:
                return await self._api.call(method, params)
            except TelegramError as error:
                wait = await self._poller.again(error, wait)

    async def _accept(self, batch: list[Any]) -> int | None:
        """Keep a batch of raw updates, then handle it; give the last update id, which may be confirmed now."""
        letters, unreadable = self._read(batch)
        try:
            new = set(await self._store.run(lambda desk: _taken_in(desk, letters, unreadable)))
        except NotSaved:
            await self._not_saved(batch)
            return None
        for letter in letters:
            known = letter.update_id not in new
            self._spawn(self._repeat(letter) if known else self._handle(letter))
        broken = {*unreadable}
        for update in batch:
            if update_id_of(update) in broken:
                self._answer(query_id_of(update), self._conversation.failed(tapped=True).toast)
        return max((found for update in batch if (found := update_id_of(update)) is not None), default=None)

    def _read(self, batch: list[Any]) -> tuple[list[Letter], list[int]]:
        """Read each update alone: the letters, and the ids of those that cannot be read."""
        letters: list[Letter] = []
        unreadable: list[int] = []
        for update in batch:
            if update_id_of(update) is None:
                self._log.error("update_without_id")
                continue
            try:
                letter = letter_of(update)
            except Unreadable as fault:
                self._log.error("update_unreadable", update_id=fault.update_id)
                unreadable.append(fault.update_id)
            else:
                letters += [letter] if letter else []
        return letters, unreadable

    async def _handle(self, letter: Letter) -> None:
        """Handle a letter; one whose handling fails is set aside, and the person is told."""
        try:
            outcome = await self._store.run(lambda desk: self._clerk.handle(desk, letter))
        except NotSaved:
            self._log.error("not_saved", update_id=letter.update_id)
            self._answer(self._clerk.query_of(letter), self._conversation.not_saved().toast)
            await asyncio.sleep(SAVE_WAIT)
            self._spawn(self._handle(letter))
            return
        except HandledAlready:
            await self._repeat(letter)
            return
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with one letter, the next is served
            name = type(fault).__name__
            self._log.error("set_aside", update_id=letter.update_id, error=name)
            outcome = await self._store.run(lambda desk: self._clerk.failed(desk, letter, name))
        self._follow(outcome)

    async def _repeat(self, letter: Letter) -> None:
        """Tell a repeated update what it was told before."""
        known = await self._store.run(lambda desk: desk.letter(letter.update_id))
        if known and not known.body:
            self._answer(self._clerk.query_of(letter), known.toast)

    def _follow(self, outcome: Outcome) -> None:
        """Answer the tap and show the screens, side by side."""
        self._answer(outcome.query, outcome.toast)
        self._outbox.take(outcome.wishes)

    def _answer(self, query: str | None, toast: str) -> None:
        if query:
            self._spawn(self._answered({"callback_query_id": query} | ({"text": toast} if toast else {})))

    async def _answered(self, params: dict[str, Any]) -> None:
        """Answer a tap at once; no state depends on it, so one that comes too late is let go."""
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

    async def _not_saved(self, batch: Iterable[Any]) -> None:
        """Tell each person once that nothing is saved; the batch is not confirmed and comes again."""
        self._log.error("not_saved")
        for update in batch:
            query = query_id_of(update)
            if query and query not in self._told:
                self._answer(query, self._conversation.not_saved().toast)
                self._told.add(query)
        await asyncio.sleep(SAVE_WAIT)

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


def _taken_in(desk: Desk, letters: list[Letter], unreadable: list[int]) -> list[int]:
    """Keep letters, and the ids of updates that cannot be read among the dead."""
    new = desk.take_in([*letters, *(Letter(update_id, "", "") for update_id in unreadable)])
    for update_id in unreadable:
        desk.set_aside(update_id, Unreadable.__name__)
    return new
