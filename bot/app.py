"""The only wiring: settings → store → channel → run.

What only the playground or a webhook needs is loaded there: a bot that polls Telegram starts sooner without it.
"""

from __future__ import annotations

import asyncio
import resource
import secrets
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from structlog.typing import FilteringBoundLogger

from bot.access import Access
from bot.log import make_log
from bot.rooms import rooms
from bot.settings import ELSEWHERE, Settings, SettingsFault
from bot.store.errors import StoreFault
from bot.store.opening import open_store
from bot.telegram.api import Api
from bot.telegram.channel import Channel, OtherBot
from bot.telegram.clerk import Terms
from bot.telegram.poller import SecondPoller, TokenRefused
from flows.library import library

if TYPE_CHECKING:
    from bot.playground.world import World

SECOND_POLLER: Final = 75
"""Exit status where another process polls with the same token."""

TOKEN_REFUSED: Final = 78
"""Exit status where Telegram refuses the token for good."""

OTHER_BOT: Final = 65
"""Exit status where the database is another bot's."""

PLAYGROUND_TOKEN: Final = "1000000001:playground"  # noqa: S105 - the local server's, no secret
ID_BYTES: Final = 5

Say = Callable[[str], None]


async def run(settings: Settings, say: Say) -> int:
    """Run the bot: on Telegram with a token, else in the playground; give the exit status."""
    log = make_log(settings.log_level)
    if settings.bot_token is None:
        return await _until_told(lambda: _playground(settings, say, log))
    if settings.is_open:
        say("Access is open: whoever finds the bot may use it. ALLOWED_USERS lists those who may.")
        log.warning("access_open", advice="whoever finds the bot may use it; ALLOWED_USERS lists those who may")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would bear the token
    api = Api(settings.bot_token.get_secret_value(), settings.bot_api_url)
    return await _until_told(lambda: _telegram(settings, api, say, log))


async def run_api_only(settings: Settings, say: Say) -> int:
    """Run the local Bot API and its page without a bot; give the exit status."""
    from bot.playground.server import HOST, playground_app, serve  # noqa: PLC0415 - loaded where it is needed

    make_log(settings.log_level)

    async def serve_alone() -> int:
        async with serve(playground_app(_world(settings)), settings.playground_port) as port:
            say(_where("Local Bot API (no bot)", f"http://{HOST}:{port}", settings, port))
            await asyncio.Event().wait()
        return 0

    return await _until_told(serve_alone)


async def _playground(settings: Settings, say: Say, log: FilteringBoundLogger) -> int:
    """Serve the local Bot API and the bot that talks to it, in one process."""
    from bot.playground.server import HOST, playground_app, serve  # noqa: PLC0415 - loaded where it is needed

    async with serve(playground_app(_world(settings)), settings.playground_port) as port:
        address = f"http://{HOST}:{port}"
        api = Api(PLAYGROUND_TOKEN, address)
        async with _channel(settings, api, say, log, Access()) as channel:
            say(_where("Playground", address, settings, port))
            return await _told_why(channel.poll(), say)


async def _telegram(settings: Settings, api: Api, say: Say, log: FilteringBoundLogger) -> int:
    """Serve the Bot API of the settings, by long polling or by webhook."""
    access = Access(settings.is_open, settings.allowed_users, settings.allowed_chats)
    hook, secret = settings.webhook_url, settings.webhook_secret.get_secret_value()
    async with _channel(settings, api, say, log, access) as channel, AsyncExitStack() as doors:
        if settings.http_listen:
            from bot.http import serving  # noqa: PLC0415 - loaded where it is needed
            from bot.telegram.webhook import door  # noqa: PLC0415 - loaded where it is needed

            app = door(channel.health, channel.delivered, urlsplit(hook).path, secret)
            await doors.enter_async_context(serving(app, settings.http_listen))
        return await _told_why(channel.listen(hook, secret) if hook else channel.poll(), say)


@asynccontextmanager
async def _channel(
    settings: Settings, api: Api, say: Say, log: FilteringBoundLogger, access: Access
) -> AsyncIterator[Channel]:
    """Put a channel together on the database of the settings, and close that in the end."""
    offered = library()
    both = rooms(offered, time.time, lambda: secrets.token_hex(ID_BYTES))
    terms = Terms(settings.case_rest_hours * 3600.0, settings.case_keep_days * 86400.0)
    store = await asyncio.to_thread(open_store, settings.database)
    try:
        say(f"Cases are kept in {store.name}")
        yield Channel(api, store, both, offered.catalog, log, access, terms)
    finally:
        await store.close()


async def _told_why(serving_until: Awaitable[None], say: Say) -> int:
    """Serve, and say why it ended by itself, if it did; give the exit status."""
    try:
        await serving_until
    except SecondPoller:
        say("Another process polls Telegram with this token; this one stops.")
        return SECOND_POLLER
    except TokenRefused:
        say("Telegram has refused BOT_TOKEN for ten minutes; check it with @BotFather.")
        return TOKEN_REFUSED
    except OtherBot:
        say("This database belongs to another bot; give each bot a DATABASE_URL of its own.")
        return OTHER_BOT
    return 0


async def _until_told(work: Callable[[], Awaitable[int]]) -> int:
    """Work until it ends by itself, or a signal asks for the end; then let it finish what is under way."""
    task = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        return await task
    return 0


def _world(settings: Settings) -> World:
    """Open the playground's chats, beside the bot's data."""
    from bot.playground.disk import Disk  # noqa: PLC0415 - loaded where it is needed
    from bot.playground.world import World  # noqa: PLC0415 - loaded where it is needed

    folder = settings.data_folder / "playground"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise SettingsFault([f"the data folder {folder} cannot be made ({error.strerror}); {ELSEWHERE}"]) from None
    try:
        return World(Disk(folder / "chats.db"), time.time)
    except sqlite3.Error as error:
        raise StoreFault(
            f"{folder / 'chats.db'} cannot be used ({error}). It was left untouched. "
            f"To begin the playground anew, move the folder {folder} away."
        ) from None


def _where(what: str, address: str, settings: Settings, port: int) -> str:
    taken = f" (port {settings.playground_port} is taken)" if port != settings.playground_port else ""
    return f"{what}: {address}{taken}"
