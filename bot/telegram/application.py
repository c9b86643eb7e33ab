"""The Telegram channel: its parts, and its life from the start to the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

from structlog.typing import FilteringBoundLogger
from telegram import BotCommandScope, BotCommandScopeAllGroupChats
from telegram.error import BadRequest, TelegramError

from bot.pictures.drawing_thread import DrawingThread
from bot.service.commands import GROUP_COMMANDS, PRIVATE_COMMANDS
from bot.service.policies import AccessPolicy
from bot.service.ports import NotSaved, Storage, UnitOfWork
from bot.service.retention import RetentionPolicy
from bot.service.services import Services
from bot.telegram.access import AccessControl
from bot.telegram.background import BackgroundTasks
from bot.telegram.client import TelegramBot
from bot.telegram.errors import failure_of
from bot.telegram.handlers.inline import InlineAnswers
from bot.telegram.handlers.registration import Sending, build_application
from bot.telegram.health import Health, WatchedStorage
from bot.telegram.housekeeping import Housekeeping
from bot.telegram.members import ChatMemberCache
from bot.telegram.receiving.delivery_watch import DeliveryWatch
from bot.telegram.receiving.polling import FIRST_WAIT, SAVE_WAIT, Poller
from bot.telegram.receiving.receiver import UpdateReceiver
from bot.telegram.sending.callback_answers import CallbackAnswers
from bot.telegram.sending.documents import Typeset
from bot.telegram.sending.message_sender import MessageSender
from bot.telegram.sending.outbox import Outbox
from bot.telegram.sending.outbox_writer import OutboxWriter
from bot.telegram.sending.pictures import Draw
from bot.telegram.sending.rate_limit import RateLimiter
from bot.telegram.sending.receipts import OutboxReceipts
from bot.telegram.updates.flood_limit import FloodLimiter
from bot.telegram.updates.inbox import KINDS
from bot.telegram.updates.note_text import NoteTextCache
from flows.catalog.loader import Catalog

Result = TypeVar("Result")

SHUTDOWN_SECONDS: Final = 4.0
"""Seconds to send what is under way when the bot is told to end; the rest is sent after the next start."""

TOKEN_CHECK_SECONDS: Final = 60.0
"""Seconds between looks at the token where updates come by webhook."""

ADOPTION_CHECK_SECONDS: Final = 30.0
"""Seconds between looks for what another process left undone when it died."""


REFUSALS: Final = 3
"""How often Telegram refuses a webhook before the bot gives up: a name may be found a moment later."""

LONGEST_OFFER: Final = 600.0
"""Seconds between attempts to offer the commands: they are looked up, and nothing else hangs on them."""


class WebhookRefused(Exception):
    """Telegram will not deliver to the webhook; it bears Telegram's words."""


class ForeignDatabase(Exception):
    """The database holds the updates and messages of another bot, whose numbers mean nothing to this one."""


class TelegramApplication:
    """One bot on one Bot API."""

    def __init__(
        self,
        bot: TelegramBot,
        store: Storage,
        services: Services,
        catalog: Catalog,
        log: FilteringBoundLogger,
        access: AccessPolicy,
        retention: RetentionPolicy,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        draw: Draw | None = None,
        typeset: Typeset | None = None,
        page_url: str = "",
    ) -> None:
        """Store what it works with; the clock counts steady seconds, the wall clock those since 1970.

        Pictures and records are drawn by a thread of its own unless something else is to draw them.
        `page_url` is where the page of the spine is served.
        """
        self._bot = bot
        self._catalog = catalog
        self._access = services.access
        self._log = log
        self.health = Health(clock)
        self._store = store = WatchedStorage(store, self.health)
        self._members = ChatMemberCache(bot, clock)
        note_texts = NoteTextCache(services.flow)
        listed, writer = AccessControl(access, log), OutboxWriter(page_url)
        receipts = OutboxReceipts(services, listed, writer)
        thread = DrawingThread()
        pace, drawing = RateLimiter(clock), (draw or thread.draw, typeset or thread.typeset)
        sender = MessageSender(bot, store, receipts, self._members, note_texts, pace, *drawing, log)
        self._outbox = Outbox(sender, store, receipts, self._members, pace, log)
        self._housekeeping = Housekeeping(
            store, services, writer, self._outbox, retention, self.health, log, clock, wall
        )
        self._tasks = BackgroundTasks(log)
        answers = CallbackAnswers(bot, store, self._outbox, self._members, services.private.notices, self._tasks, log)
        inline = InlineAnswers(bot, services.inline_search, catalog.wording.labels, store, listed, self._members, log)
        sending = Sending(writer, self._outbox, self._members, answers)
        committed = self.health.committed
        self._application = build_application(bot, store, services, listed, inline, sending, committed, log)
        into = (self._members, note_texts, FloodLimiter(clock), answers, self._tasks, log)
        self.receiver = UpdateReceiver(bot, store, self._application, *into, committed)
        self._deliveries = DeliveryWatch(self.health.delivered)
        self._poller = Poller(bot, self.receiver.accept, log, clock, polled=self.health.polled)
        self._seen_pending: set[object] = set()
        self._started = asyncio.Event()

    async def run_polling(self) -> None:
        """Serve by long polling until cancelled; then send what is under way.

        Raises:
            PollingConflict: where another process polls with the same token.
            TokenRefused: where the token has been refused for ten minutes.
            ForeignDatabase: where the database is another bot's.
        """
        self.health.expect_polls()
        await self._run({}, self._poller.run)

    async def run_webhook(self, url: str, secret: str) -> None:
        """Serve what the webhook brings until cancelled; then send what is under way.

        Args:
            url: where Telegram is to deliver.
            secret: what each delivery must bear.

        Raises:
            TokenRefused: where the token has been refused for ten minutes.
            WebhookRefused: where Telegram will not deliver there.
        """
        hook = {"url": url, "secret_token": secret, "allowed_updates": list(KINDS)}
        await self._run(hook, partial(self._check_token, hook))

    async def begin_pairing(self) -> tuple[str, str]:
        """Wait for the start; return a code that makes an administrator, unless there is one, and the bot's name."""
        await self._started.wait()
        code = await self._transact_with_retry(self._access.pairing.begin_unless_paired)
        return code, self._members.username

    async def accept_delivery(self, batch: list[Any]) -> int:
        """Keep what the webhook brings, once that is in hand which was left undone before: it came first.

        Raises:
            NotSaved: as the reception does.
        """
        await self._started.wait()
        last = await self.receiver.accept(batch)
        self._deliveries.delivered()
        return last

    async def toast_of(self, update_id: int) -> str | None:
        """Return what a handled update was told; None if it is not handled yet.

        Raises:
            NotSaved: if the database cannot be read.
        """
        kept = await self._store.transact(lambda uow: uow.get_update(update_id))
        return kept.answer_text if kept and not kept.payload else None

    async def _run(self, hook: dict[str, Any], receive: Callable[[], Any]) -> None:
        """Begin, and receive until cancelled; `hook` is the webhook to set, empty for none."""
        kept = self._housekeeping
        chores = (kept.expire_cases, kept.retry_undelivered, kept.tell_outages)
        beside = [asyncio.create_task(self._adopt_abandoned())]
        beside += [asyncio.create_task(self._once_started(chore)) for chore in chores]
        try:
            await self._start(hook)
            beside.append(asyncio.create_task(self._offer()))
            await receive()
        finally:
            for task in beside:
                task.cancel()
            await self._tasks.close(SHUTDOWN_SECONDS)
            await self._outbox.close(SHUTDOWN_SECONDS)
            await self._bot.shutdown()

    async def _start(self, hook: dict[str, Any]) -> None:
        """Make oneself known, through whatever hinders it, and take up what was left undone."""
        await self._call_with_retry(self._application.initialize)
        me, self._members.username = str(self._bot.id), self._bot.username or ""
        if await self._transact_with_retry(lambda uow: uow.claim_for_bot(me)) != me:
            raise ForeignDatabase
        if hook:
            await self._hooked(hook)
            self._deliveries.delivered()
        self._log.info("started", bot=self._members.username)
        # At one moment: what a dead process had asked for may still be committed in between, and be seen in neither.
        outbox_messages, inbox_updates = await self._transact_with_retry(
            lambda uow: (uow.pending_messages(), uow.pending_updates())
        )
        self._outbox.enqueue(outbox_messages)
        for inbox_update in inbox_updates:
            self.receiver.process(inbox_update)
        self._started.set()
        self.health.ready()

    async def _once_started(self, chore: Callable[[], Awaitable[None]]) -> None:
        """Do something once what was left undone is in hand."""
        await self._started.wait()
        await chore()

    async def _check_token(self, hook: dict[str, Any]) -> None:
        """Ask now and then whether token and webhook still hold: if updates are delivered, nothing else would tell."""
        wait = FIRST_WAIT
        while True:
            await asyncio.sleep(TOKEN_CHECK_SECONDS)
            try:
                info = await self._bot.get_webhook_info()
            except TelegramError as error:
                wait = await self._poller.back_off(error, wait)
                continue
            wait = FIRST_WAIT
            self._poller.reset()
            self._deliveries.look(info)
            if info.url != hook["url"]:
                self._log.warning("webhook_set_again", advice="somebody changed it; see who else has this token")
                with suppress(WebhookRefused):  # it was taken before, and will be again
                    await self._hooked(hook)

    async def _transact_with_retry(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do something with the database, however long it takes to come back."""
        while True:
            try:
                return await self._store.transact(work)
            except NotSaved:
                self._log.error("not_saved")
                await asyncio.sleep(SAVE_WAIT)

    async def _call_with_retry(
        self, call: Callable[[], Awaitable[object]], final: tuple[type[TelegramError], ...] = ()
    ) -> None:
        """Call until it succeeds, or fails with what is final."""
        wait = FIRST_WAIT
        while True:
            try:
                await call()
            except final:
                raise
            except TelegramError as error:
                wait = await self._poller.back_off(error, wait)
            else:
                return

    async def _hooked(self, hook: dict[str, Any]) -> None:
        """Set the webhook.

        Raises:
            WebhookRefused: where Telegram refuses it again and again.
        """
        reason = ""
        for _ in range(REFUSALS):
            try:
                await self._call_with_retry(partial(self._bot.set_webhook, **hook), (BadRequest,))
            except BadRequest as error:
                reason = self._bot.refusal(error)
                self._log.error("webhook_refused", said=reason, advice="check WEBHOOK_URL")
                await asyncio.sleep(FIRST_WAIT)
            else:
                return
        raise WebhookRefused(reason)

    async def _offer(self) -> None:
        """Offer the commands, again and again until Telegram takes them; nothing waits for it."""
        words = {**self._catalog.wording.commands.model_dump(), **self._catalog.team.commands.model_dump()}
        for names, scope in ((PRIVATE_COMMANDS, None), (GROUP_COMMANDS, BotCommandScopeAllGroupChats())):
            wait = FIRST_WAIT
            while not await self._offered([(name, words[name]) for name in names], scope, wait):
                wait = min(wait * 2, LONGEST_OFFER)

    async def _offered(self, menu: list[tuple[str, str]], scope: BotCommandScope | None, wait: float) -> bool:
        """Offer the commands of some chats once, and wait after a failure."""
        try:
            await self._bot.set_my_commands(menu, scope)
        except TelegramError as error:
            pause = failure_of(error).wait or wait
            reason = self._bot.refusal(error)
            self._log.warning("not_offered", error=type(error).__name__, said=reason, retry_in=pause)
            await asyncio.sleep(pause)
            return False
        return True

    async def _adopt_abandoned(self) -> None:
        """Adopt what has been left undone for a whole round: the process that had begun it is gone."""
        while True:
            await asyncio.sleep(ADOPTION_CHECK_SECONDS)
            try:
                outbox_messages, inbox_updates = await self._store.transact(
                    lambda uow: (uow.pending_messages(), uow.pending_updates())
                )
            except NotSaved as fault:
                self._log.error("not_saved", error=type(fault).__name__, advice=fault.advice)
                continue
            self._outbox.adopt(
                outbox_message for outbox_message in outbox_messages if outbox_message in self._seen_pending
            )
            for inbox_update in inbox_updates:
                if inbox_update in self._seen_pending:
                    self.receiver.process(inbox_update)
            self._seen_pending = {*outbox_messages, *inbox_updates}
