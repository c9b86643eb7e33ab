"""The Telegram channel: its parts, and its life from the start to the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from structlog.typing import FilteringBoundLogger
from telegram.error import BadRequest, TelegramError

from bot.service.policies import Access
from bot.service.ports import Desk, DeskStore, NotSaved
from bot.service.private_chat import COMMANDS
from bot.service.services import Rooms
from bot.service.team.group_chat import COMMANDS as TEAM_COMMANDS
from bot.telegram.client import Api
from bot.telegram.errors import failure_of
from bot.telegram.handlers.dispatcher import Clerk, Terms
from bot.telegram.handlers.inline import Inline
from bot.telegram.health import Health
from bot.telegram.members import Members
from bot.telegram.receiving.polling import FIRST_WAIT, SAVE_WAIT, Poller
from bot.telegram.receiving.receiver import Reception
from bot.telegram.sending.outbox import Outbox
from bot.telegram.sending.rate_limit import Pace
from bot.telegram.updates.flood_limit import Floods
from bot.telegram.updates.note_text import Ear
from bot.telegram.updates.parser import KINDS
from flows.catalog.loader import Catalog
from flows.errors import Overtaken

Result = TypeVar("Result")

ENDING: Final = 4.0
"""Seconds to send what is under way when the bot is told to end; the rest is sent after the next start."""

WATCH: Final = 60.0
"""Seconds between looks at the token where updates come by webhook."""

TEND: Final = 60.0
"""Seconds between looks for cases that nobody touches any more."""

SWEEP: Final = 30.0
"""Seconds between looks for what another process left undone when it died."""


REFUSALS: Final = 3
"""How often Telegram refuses a webhook before the bot gives up: a name may be found a moment later."""

LONGEST_OFFER: Final = 600.0
"""Seconds between attempts to offer the commands: they are looked up, and nothing else hangs on them."""


class WebhookRefused(Exception):
    """Telegram will not deliver to the webhook; it bears Telegram's words."""


class OtherBot(Exception):
    """The database holds the updates and messages of another bot, whose numbers mean nothing to this one."""


class Channel:
    """One bot on one Bot API."""

    def __init__(
        self,
        api: Api,
        store: DeskStore,
        rooms: Rooms,
        catalog: Catalog,
        log: FilteringBoundLogger,
        access: Access,
        terms: Terms,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what it works with; the rooms are of private chats and of groups, the clock counts steady seconds."""
        self._api = api
        self._store = store
        self._catalog = catalog
        self._log = log
        self.health = Health(clock)
        self._clerk = Clerk(rooms.alone, rooms.team, access, terms, log)
        self._members = Members(api, clock)
        ear = Ear(rooms.flow)
        self._outbox = Outbox(api, store, self._clerk, self._members, ear, Pace(clock), log)
        inline = Inline(api, rooms.lookup, catalog.wording.labels, access, self._members, log)
        parts = (api, store, rooms.alone, self._clerk, self._outbox, self._members, ear, inline, Floods(clock), log)
        self.reception = Reception(*parts, self.health.committed)
        self._poller = Poller(api, self.reception.accept, log, clock, polled=self.health.polled)
        self._left: set[object] = set()
        self._begun = asyncio.Event()

    async def poll(self) -> None:
        """Serve by long polling until cancelled; then send what is under way.

        Raises:
            SecondPoller: where another process polls with the same token.
            TokenRefused: where the token has been refused for ten minutes.
            OtherBot: where the database is another bot's.
        """
        self.health.expect_polls()
        await self._serve({}, self._poller.run)

    async def listen(self, url: str, secret: str) -> None:
        """Serve what the webhook brings until cancelled; then send what is under way.

        Args:
            url: where Telegram is to deliver.
            secret: what each delivery must bear.

        Raises:
            TokenRefused: where the token has been refused for ten minutes.
            WebhookRefused: where Telegram will not deliver there.
        """
        hook = {"url": url, "secret_token": secret, "allowed_updates": list(KINDS)}
        await self._serve(hook, partial(self._watch, hook))

    async def delivered(self, batch: list[Any]) -> int:
        """Keep what the webhook brings, once that is in hand which was left undone before: it came first.

        Raises:
            NotSaved: as the reception does.
        """
        await self._begun.wait()
        return await self.reception.accept(batch)

    async def _serve(self, hook: dict[str, Any], receive: Callable[[], Any]) -> None:
        """Begin, and receive until cancelled; `hook` is the webhook to set, empty for none."""
        await self._api.open()
        beside = [asyncio.create_task(self._sweep()), asyncio.create_task(self._tend())]
        try:
            await self._begin(hook)
            beside.append(asyncio.create_task(self._offer()))
            await receive()
        finally:
            for task in beside:
                task.cancel()
            await self.reception.close(ENDING)
            await self._outbox.close(ENDING)
            await self._api.close()

    async def _begin(self, hook: dict[str, Any]) -> None:
        """Make oneself known, through whatever hinders it, and take up what was left undone."""
        me = await self._insist("getMe", {})
        self._members.username = str(me.get("username", ""))
        if await self._kept(lambda desk: desk.claim(str(me["id"]))) != str(me["id"]):
            raise OtherBot
        if hook:
            await self._hooked(hook)
        self._log.info("started", bot=me.get("username", ""))
        # At one moment: what a dead process had asked for may still be committed in between, and be seen in neither.
        wishes, letters = await self._kept(lambda desk: (desk.wishes(), desk.waiting()))
        self._outbox.take(wishes)
        for letter in letters:
            self.reception.take(letter)
        self._begun.set()
        self.health.ready()

    def _menus(self) -> list[dict[str, Any]]:
        """Give the commands that are offered in private chats, and those in groups."""
        words = {**self._catalog.wording.commands.model_dump(), **self._catalog.team.commands.model_dump()}
        everywhere: dict[str, Any] = {}
        groups: dict[str, Any] = {"scope": {"type": "all_group_chats"}}
        return [
            {"commands": [{"command": name, "description": words[name]} for name in names], **scope}
            for names, scope in ((COMMANDS, everywhere), (TEAM_COMMANDS, groups))
        ]

    async def _tend(self) -> None:
        """Let cases rest and end whose time has come, every minute once that is in hand which was left undone."""
        await self._begun.wait()
        while True:
            with suppress(NotSaved, Overtaken):
                self._outbox.take(await self._store.run(self._clerk.tended))
            await asyncio.sleep(TEND)

    async def _watch(self, hook: dict[str, Any]) -> None:
        """Ask now and then whether token and webhook still hold: if updates are delivered, nothing else would tell."""
        wait = FIRST_WAIT
        while True:
            await asyncio.sleep(WATCH)
            try:
                info = await self._api.call("getWebhookInfo", {})
            except TelegramError as error:
                wait = await self._poller.again(error, wait)
                continue
            wait = FIRST_WAIT
            self._poller.heard()
            if isinstance(info, dict) and info.get("url") != hook["url"]:
                self._log.warning("webhook_set_again", advice="somebody changed it; see who else has this token")
                with suppress(WebhookRefused):  # it was taken before, and will be again
                    await self._hooked(hook)

    async def _kept(self, work: Callable[[Desk], Result]) -> Result:
        """Do something with the database, however long it takes to come back."""
        while True:
            try:
                return await self._store.run(work)
            except NotSaved:
                self._log.error("not_saved")
                await asyncio.sleep(SAVE_WAIT)

    async def _insist(self, method: str, params: dict[str, Any], final: tuple[type[TelegramError], ...] = ()) -> Any:
        """Call until it succeeds, or fails with what is final."""
        wait = FIRST_WAIT
        while True:
            try:
                return await self._api.call(method, params)
            except final:
                raise
            except TelegramError as error:
                wait = await self._poller.again(error, wait)

    async def _hooked(self, hook: dict[str, Any]) -> None:
        """Set the webhook.

        Raises:
            WebhookRefused: where Telegram refuses it again and again.
        """
        said = ""
        for _ in range(REFUSALS):
            try:
                await self._insist("setWebhook", hook, (BadRequest,))
            except BadRequest as error:
                said = self._api.refusal(error)
                self._log.error("webhook_refused", said=said, advice="check WEBHOOK_URL")
                await asyncio.sleep(FIRST_WAIT)
            else:
                return
        raise WebhookRefused(said)

    async def _offer(self) -> None:
        """Offer the commands, again and again until Telegram takes them; nothing waits for it."""
        for menu in self._menus():
            wait = FIRST_WAIT
            while not await self._offered("setMyCommands", menu, wait):
                wait = min(wait * 2, LONGEST_OFFER)

    async def _offered(self, method: str, params: dict[str, Any], wait: float) -> bool:
        """Call once, and wait after a failure."""
        try:
            await self._api.call(method, params)
        except TelegramError as error:
            pause = failure_of(error).wait or wait
            said = self._api.refusal(error)
            self._log.warning("not_offered", error=type(error).__name__, said=said, retry_in=pause)
            await asyncio.sleep(pause)
            return False
        return True

    async def _sweep(self) -> None:
        """Take up what has been left undone for a whole round: the process that had begun it is gone."""
        while True:
            await asyncio.sleep(SWEEP)
            try:
                wishes, letters = await self._store.run(lambda desk: (desk.wishes(), desk.waiting()))
            except NotSaved:
                continue
            self._outbox.take_left(wish for wish in wishes if wish in self._left)
            for letter in letters:
                if letter in self._left:
                    self.reception.take(letter)
            self._left = {*wishes, *letters}
