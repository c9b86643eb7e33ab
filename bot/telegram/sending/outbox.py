"""Shows what is wished: taps their answers, messages their newest screens; a chat in order, chats side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final

import orjson
from structlog.typing import FilteringBoundLogger
from telegram.error import TelegramError

from bot.service.ports import Desk, DeskStore, NotSaved, OutboxKind, Wish
from bot.telegram.client import Api
from bot.telegram.errors import Failure, Fate, failure_of
from bot.telegram.handlers.dispatcher import Clerk
from bot.telegram.members import Members
from bot.telegram.rendering.names import BOT, unfilled
from bot.telegram.sending.rate_limit import Pace
from bot.telegram.updates.note_text import Ear
from flows.cards.card import QUOTE
from flows.errors import Overtaken

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 30.0
LONGEST_TOAST: Final = 200
"""Characters that Telegram shows of an answer to a tap."""

SOON: Final = 1.0
"""Seconds: a card that is drawn anew sooner needs no word that it follows."""

STRIKE_EVERY: Final = 0.2
"""Seconds in which edits that were shown are gathered before they are struck out together: one that is lost
with the process is shown again, which changes nothing."""

_CHANGES: Final = {
    OutboxKind.edit_card: "editMessageText",
    OutboxKind.close_poll: "stopPoll",
    OutboxKind.pin: "pinChatMessage",
    OutboxKind.unpin: "unpinChatMessage",
    OutboxKind.delete: "deleteMessage",
}
"""What changes a message that is there already."""

Slot = tuple[OutboxKind, str, int]


class Outbox:
    """Sends wishes. What it holds is kept by the store as well, until it was shown."""

    def __init__(
        self,
        api: Api,
        store: DeskStore,
        clerk: Clerk,
        members: Members,
        ear: Ear,
        pace: Pace,
        log: FilteringBoundLogger,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take what it works with."""
        self._api = api
        self._store = store
        self._clerk = clerk
        self._members = members
        self._ear = ear
        self._pace = pace
        self._log = log
        self._sleep = sleep
        self._chats: dict[str, dict[Slot, Wish]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._newest: dict[tuple[str, Slot], int] = {}
        self._granted: list[Wish] = []
        self._striking: asyncio.Task[None] | None = None

    def take(self, wishes: Iterable[Wish]) -> None:
        """Take wishes that are committed; a newer one for the same message takes the older one's place."""
        for wish in wishes:
            self._chats.setdefault(wish.place, {})[wish.slot] = wish
            self._newest[wish.place, wish.slot] = wish.version
            if wish.place not in self._workers:
                self._workers[wish.place] = asyncio.create_task(self._serve(wish.place))

    def take_left(self, wishes: Iterable[Wish]) -> None:
        """Take wishes that another process has left, but those that are in hand, or overtaken by one that is."""
        self.take(wish for wish in wishes if self._newest.get((wish.place, wish.slot), 0) < wish.version)

    async def close(self, within: float) -> None:
        """Send what can be sent within some seconds; the rest stays in the store for the next start."""
        if self._workers:
            await asyncio.wait(self._workers.values(), timeout=within)
        for worker in list(self._workers.values()):
            worker.cancel()
        if self._striking:
            self._striking.cancel()
        await self._strike()

    async def _serve(self, place: str) -> None:
        """Show everything that is wished in one chat, in order."""
        waiting = self._chats[place]
        try:
            while waiting:
                wish = waiting.pop(next(iter(waiting)))
                try:
                    await self._show(wish, waiting)
                except Exception as fault:  # noqa: BLE001 - one screen that cannot be shown holds back no other
                    self._log.error("screen_failed", error=type(fault).__name__)
                    self._let_go(wish)
        finally:
            del self._chats[place], self._workers[place]

    async def _show(self, wish: Wish, newer: dict[Slot, Wish]) -> None:
        """Show one wish, again and again until its fate is settled or a newer one takes its place."""
        wait = FIRST_WAIT
        edit = wish.kind in _CHANGES or wish.kind is OutboxKind.answer_callback
        while True:
            pause = self._pace.wait(wish.place, edit=edit)  # what is tried again counts at Telegram again
            if pause:
                await self._sleep(pause)
            wish = newer.pop(wish.slot, wish)
            try:
                await self._send(wish)
            except TelegramError as error:
                failure = failure_of(error)
                self._log.info("not_shown", fate=failure.fate.value, error=type(error).__name__)
            else:
                return
            if failure.fate is not Fate.again:
                await self._settle(wish, failure, newer)
                return
            if failure.wait:
                self._pace.hold(wish.place, failure.wait)
            await self._sleep(failure.wait or wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _send(self, wish: Wish) -> None:
        """Do what one wish asks for, and note that it was done."""
        if wish.kind is OutboxKind.answer_callback:
            await self._answer(wish)
            return
        body = orjson.loads(wish.body)
        if unfilled(wish.body):
            body = await self._members.filled(body, int(wish.place))
        if QUOTE[0] in wish.body:
            body["text"] = self._ear.quoted(body["text"])
        if wish.kind in _CHANGES:
            body.pop("topic", None)  # it is for what is said where the pin is refused
            quiet = {"disable_notification": True} if wish.kind is OutboxKind.pin else {}
            params = {"chat_id": int(wish.place), **body, "message_id": int(wish.target), **quiet}
            await self._api.call(_CHANGES[wish.kind], params)
            self._note(wish)
            return
        params = {"chat_id": int(wish.place), **body, "disable_notification": True}
        if wish.kind is OutboxKind.open_poll:
            sent = await self._api.call("sendPoll", params)
            poll, message = str(sent["poll"]["id"]), int(sent["message_id"])
            await self._record(lambda desk: self._clerk.polled(desk, wish, poll, message))
        else:
            sent = await self._api.call("sendMessage", params)
            message = int(sent["message_id"])
            await self._record(lambda desk: self._clerk.shown(desk, wish, message))
        self._let_go(wish)

    async def _answer(self, wish: Wish) -> None:
        """Answer a tap, with names where its few words bear any; where its card must wait, the answer says so."""
        body = orjson.loads(wish.body)
        chat, late = body.pop("chat_id", 0), body.pop("late", "")
        if late and self._pace.ahead(str(chat)) > SOON:
            body["text"] = late
        if "text" in body:
            body["text"] = (await self._members.in_words(body["text"], chat))[:LONGEST_TOAST]
        if "url" in body:
            body["url"] = body["url"].replace(BOT, self._members.username)
        await self._api.call("answerCallbackQuery", body)
        self._note(wish)

    async def _settle(self, wish: Wish, failure: Failure, newer: dict[Slot, Wish]) -> None:
        """End a wish that is not sent again: it is shown, given up, or the case gets a new message."""
        if failure.fate is Fate.gone and wish.case:
            await self._record(lambda desk: self._clerk.resent(desk, wish))
            return
        if failure.fate is Fate.unpinned:
            await self._record(lambda desk: self._clerk.unpinned(desk, wish))
            return
        self._note(wish)
        if failure.fate is Fate.moved:
            await self._record(lambda desk: self._clerk.moved(desk, wish.place, failure.to))
        if failure.fate in (Fate.rest, Fate.moved):
            for later in list(newer.values()):
                self._note(later)
            newer.clear()

    async def _record(self, work: Callable[[Desk], Iterable[Wish]]) -> None:
        """Keep what was sent, however long the database takes to come back, and take the wishes that follow."""
        while True:
            try:
                self.take(await self._store.run(work))
            except Overtaken:
                await self._sleep(FIRST_WAIT)
            except NotSaved:
                self._log.error("not_saved")
                await self._sleep(LONGEST_WAIT)
            else:
                return

    def _note(self, wish: Wish) -> None:
        """Gather wishes that are done with, to strike them out together."""
        self._granted.append(wish)
        if self._striking is None:
            self._striking = asyncio.create_task(self._strike_soon())

    async def _strike_soon(self) -> None:
        await asyncio.sleep(STRIKE_EVERY)
        self._striking = None
        await self._strike()

    async def _strike(self) -> None:
        """Strike out what is done with; where another process wished anew meanwhile, draw what holds now."""
        granted, self._granted = self._granted, []
        if not granted:
            return
        try:
            overtaken = {wish.version for wish in await self._store.run(lambda desk: desk.granted(granted))}
        except NotSaved:
            self._granted = [*granted, *self._granted]
            return
        for wish in granted:
            if self._let_go(wish) and wish.version in overtaken and wish.case:
                await self._record(partial(self._clerk.redrawn, wish=wish))

    def _let_go(self, wish: Wish) -> bool:
        """Have a wish in hand no more; tell whether it was the newest for its message that came by here."""
        newest = self._newest.get((wish.place, wish.slot)) == wish.version
        if newest:
            del self._newest[wish.place, wish.slot]
        return newest
