"""The only wiring: settings → store → channel → run.

What only the playground or a webhook needs is loaded there: a bot that polls Telegram starts sooner without it.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from structlog.typing import FilteringBoundLogger

from bot.log import make_log
from bot.service.access.codes import pairing_lines
from bot.service.policies import AccessPolicy
from bot.service.retention import RetentionPolicy
from bot.service.services import build_services
from bot.settings import ELSEWHERE, PLAYGROUND_BOT, Settings, SettingsError
from bot.storage.factory import create_storage
from bot.telegram.application import ForeignDatabase, TelegramApplication, WebhookRefused
from bot.telegram.client import TelegramBot
from bot.telegram.receiving.polling import PollingConflict, TokenRefused
from bot.telegram.request import AiohttpRequest
from flows.pathways.registry import flow_registry

if TYPE_CHECKING:
    from starlette.routing import Route

    from bot.playground.world.world import FakeTelegram
    from bot.service.ports import Storage
    from bot.telegram.metrics.observers import Observation

POLLING_CONFLICT: Final = 75
"""Exit status where another process polls with the same token."""

REFUSED: Final = 78
"""Exit status where Telegram refuses the token, or the webhook, for good."""

FOREIGN_DATABASE: Final = 65
"""Exit status where the database is another bot's."""

KEY_BYTES: Final = 32

NUMBERS_SINCE: Final = 1_767_225_600
"""The beginning of 2026: numbers of new chats begin with the seconds since then."""
ID_BYTES: Final = 5

GC_THRESHOLD: Final = 10_000
"""Objects that are made before the youngest are collected: a tap makes and drops hundreds."""

PLAYGROUND_PAGE: Final = "/spine"
"""Where the playground serves the page of the spine."""

Say = Callable[[str], None]


async def run(settings: Settings, say: Say) -> int:
    """Run the bot: on Telegram with a token, else in the playground; give the exit status."""
    log = make_log(settings.log_level)
    if settings.bot_token is None:
        return await _until_signal(lambda: _playground(settings, say, log))
    if settings.is_open:
        say("Access is open (ACCESS=open): whoever finds the bot may use it.")
        log.warning("access_open", advice="whoever finds the bot may use it; without ACCESS=open it is closed")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would bear the token
    observation = _observation() if settings.http_listen else None
    request = observation.observe_request(AiohttpRequest()) if observation else None
    bot = TelegramBot(settings.bot_token.get_secret_value(), settings.bot_api_url, request)
    return await _until_signal(lambda: _telegram(settings, bot, say, log, observation))


def _observation() -> Observation:
    """Begin to count for `/metrics`."""
    from bot.telegram.metrics.metrics import Metrics  # noqa: PLC0415 - loaded where it is needed
    from bot.telegram.metrics.observers import Observation  # noqa: PLC0415 - loaded where it is needed

    offered = flow_registry()
    versions = metadata.version("spinemets"), offered.catalog.edition
    return Observation(Metrics(offered.flow(), time.monotonic, *versions))


async def run_api_only(settings: Settings, say: Say) -> int:
    """Run the local Bot API and its page without a bot; give the exit status."""
    from bot.playground.botapi.http import BotApi  # noqa: PLC0415 - loaded where it is needed
    from bot.playground.server import HOST, playground_app, serve  # noqa: PLC0415 - loaded where it is needed

    log = make_log(settings.log_level)
    token = settings.bot_token.get_secret_value() if settings.bot_token else _new_token()

    async def serve_alone() -> int:
        world = _world(settings)
        api = BotApi(world, token=token, unheeded=partial(_told_unheeded, log))
        async with serve(playground_app(world, api), settings.playground_port) as port:
            say(_where("Local Bot API (no bot)", f"http://{HOST}:{port}", settings, port))
            say("Token: the one of BOT_TOKEN" if settings.bot_token else f"Token, for this run: {token}")
            await asyncio.Event().wait()
        return 0

    return await _until_signal(serve_alone)


async def _playground(settings: Settings, say: Say, log: FilteringBoundLogger) -> int:
    """Serve the local Bot API and the bot that talks to it, in one process."""
    from bot.playground.botapi.http import BotApi  # noqa: PLC0415 - loaded where it is needed
    from bot.playground.server import HOST, playground_app, serve  # noqa: PLC0415 - loaded where it is needed

    token, world = _new_token(), _world(settings)
    local = BotApi(world, token=token, unheeded=partial(_told_unheeded, log))
    playground = playground_app(world, local)
    async with serve(playground, settings.playground_port) as port:
        address = f"http://{HOST}:{port}"
        bot, page = TelegramBot(token, address), address + PLAYGROUND_PAGE
        async with _application(settings, bot, say, log, AccessPolicy(), page_url=page) as application:
            playground.add_pages(_spine_page(settings, token, application, page))
            say(_where("Playground", address, settings, port))
            return await _failure_text(application.run_polling(), say)


def _told_unheeded(log: FilteringBoundLogger, method: str, parameter: str) -> None:
    """Log a parameter that the local Bot API passes over, and Telegram perhaps does not."""
    advice = "the local Bot API does not heed this parameter; Telegram may"
    log.warning("parameter_unheeded", said=f"{method} {parameter}", advice=advice)


async def _telegram(
    settings: Settings, bot: TelegramBot, say: Say, log: FilteringBoundLogger, observation: Observation | None
) -> int:
    """Serve the Bot API of the settings, by long polling or by webhook."""
    access = AccessPolicy(settings.is_open, settings.allowed_users, settings.allowed_chats)
    hook, secret = settings.webhook_url, settings.webhook_secret.get_secret_value()
    async with (
        _application(settings, bot, say, log, access, observation, settings.webapp_url) as application,
        AsyncExitStack() as doors,
    ):
        if settings.http_listen:
            from bot.telegram.receiving.http_server import serve  # noqa: PLC0415 - loaded where it is needed
            from bot.telegram.receiving.webhook import create_webhook_app  # noqa: PLC0415 - loaded where it is needed

            page = partial(observation.page, application.health) if observation else None
            door = urlsplit(hook).path, secret, page
            token = settings.bot_token.get_secret_value() if settings.bot_token else ""
            pages = _spine_page(settings, token, application, settings.webapp_url) if settings.webapp_url else []
            app = create_webhook_app(application.health, application.accept_delivery, *door, pages)
            await doors.enter_async_context(serve(app, settings.http_listen))
        if not (settings.is_open or settings.is_listed):
            pairing = asyncio.create_task(_pair(application, say))
            doors.callback(pairing.cancel)
        return await _failure_text(application.run_webhook(hook, secret) if hook else application.run_polling(), say)


async def _pair(application: TelegramApplication, say: Say) -> None:
    """Print a code that makes an administrator, as long as there is none: until then nobody may use the bot."""
    code, username = await application.begin_pairing()
    if code:
        say("Nobody may use the bot yet.")
        for line in pairing_lines(code, username):
            say(line)


@asynccontextmanager
async def _application(
    settings: Settings,
    bot: TelegramBot,
    say: Say,
    log: FilteringBoundLogger,
    access: AccessPolicy,
    observation: Observation | None = None,
    page_url: str = "",
) -> AsyncIterator[TelegramApplication]:
    """Build a channel on the database of the settings, and close that in the end."""
    offered = flow_registry(settings.site)
    services = build_services(offered, time.time, lambda: secrets.token_hex(ID_BYTES), drawn=bool(page_url))
    retention = RetentionPolicy(settings.case_rest_hours * 3600.0, settings.case_keep_days * 86400.0)
    store = await asyncio.to_thread(create_storage, settings.database)
    try:
        say(f"Cases are kept in {store.name}")
        used: Storage = observation.observe_storage(store) if observation else store
        log = observation.observe_log(log) if observation else log
        application = TelegramApplication(
            bot, used, services, offered.catalog, log, access, retention, page_url=page_url
        )
        # What is here now stays to the end: a collector that looks through it again and again takes a fifth of a tap.
        # Not even now, when it would take a tenth of the start: it finds next to nothing.
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        yield application
    finally:
        await store.close()


def _spine_page(settings: Settings, token: str, application: TelegramApplication, url: str) -> list[Route]:
    """Make what serves the page of the spine at its address."""
    from bot.telegram.webapp.routes import Inbox, SpinePage  # noqa: PLC0415 - loaded where it is needed

    offered, inbox = flow_registry(settings.site), Inbox(application.accept_delivery, application.toast_of)
    return SpinePage(token, offered.flow(), offered.catalog, inbox).routes(urlsplit(url).path)


async def _failure_text(serving_until: Awaitable[None], say: Say) -> int:
    """Serve, and say why it ended by itself, if it did; give the exit status."""
    try:
        await serving_until
    except PollingConflict:
        say("Another process polls Telegram with this token; this one stops.")
        return POLLING_CONFLICT
    except TokenRefused:
        say("Telegram has refused BOT_TOKEN for ten minutes; check it with @BotFather.")
        return REFUSED
    except WebhookRefused as refusal:
        say(f"Telegram refuses WEBHOOK_URL: {refusal}. Fix it, then start again.")
        return REFUSED
    except ForeignDatabase:
        say("This database belongs to another bot; give each bot a DATABASE_URL of its own.")
        return FOREIGN_DATABASE
    return 0


async def _until_signal(work: Callable[[], Awaitable[int]]) -> int:
    """Work until it ends by itself, or a signal asks for the end; then let it finish what is under way."""
    task = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        return await task
    return 0


def _new_token() -> str:
    """Return a token of the playground's bot for this run, which no foreign page can know."""
    return f"{PLAYGROUND_BOT}:{secrets.token_urlsafe(KEY_BYTES)}"


def _world(settings: Settings) -> FakeTelegram:
    """Open the playground's chats, beside the bot's data.

    Raises:
        ChatsUnusable: where the file of the chats cannot be used.
    """
    from bot.playground.storage import ChatsUnusable, JsonStore  # noqa: PLC0415 - loaded where it is needed
    from bot.playground.world.world import FakeTelegram  # noqa: PLC0415 - loaded where it is needed

    folder = settings.data_folder / "playground"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise SettingsError([f"the data folder {folder} cannot be made ({error.strerror}); {ELSEWHERE}"]) from None
    chats = folder / "chats.db"
    # New chats beside old cases begin with later numbers, or the bot would take what is new in them for known.
    disk = JsonStore(chats, begin=max(0, int(time.time()) - NUMBERS_SINCE))
    try:
        return FakeTelegram(disk, time.time)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        disk.close()
        raise ChatsUnusable(chats, f"what it holds is no chat: {type(error).__name__}") from None


def _where(what: str, address: str, settings: Settings, port: int) -> str:
    taken = f" (port {settings.playground_port} is taken)" if port != settings.playground_port else ""
    return f"{what}: {address}{taken}"
