"""Runs every check, side by side where they wait for something, and returns the results in one order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from telegram.error import NetworkError

from bot.doctor.account import check_abilities, check_menu, check_token
from bot.doctor.database import check_database
from bot.doctor.files import check_disk, check_pictures, check_rights
from bot.doctor.network import RawCalls, check_clock, check_way, no_answer
from bot.doctor.results import CheckResult, Mark, skipped, well, without, wrong
from bot.doctor.webhook import check_port, check_second_poller, check_secret, check_webhook
from bot.service.commands import GROUP_COMMANDS, PRIVATE_COMMANDS
from bot.settings import ENV_FILE, Settings, SettingsError, read_settings
from bot.storage.factory import parse_place
from bot.telegram.request import AiohttpRequest


async def examine(wall: Callable[[], float]) -> list[CheckResult]:
    """Look at the installation that the settings describe; the wall clock counts seconds since 1970."""
    try:
        settings = read_settings()
        place = settings.database
    except SettingsError as fault:
        results = [wrong("settings", said, "") for said in fault.faults]
        return [*results, *check_rights([ENV_FILE]), await asyncio.to_thread(check_pictures)]
    database, pictures, (port, answers) = await asyncio.gather(
        asyncio.to_thread(check_database, place, settings.bot_id),
        asyncio.to_thread(check_pictures),
        check_port(settings),
    )
    results = [
        well("settings", "all can be used"),
        _access(settings),
        *await _telegram(settings, wall, runs_here=database.in_use or answers),
        check_secret(settings),
        port,
        *database.results,
        _disk(place),
        *check_rights([ENV_FILE, *database.files]),
        pictures,
    ]
    return [without(_secrets(settings), result) for result in results]


def _access(settings: Settings) -> CheckResult:
    """Return who may use the bot: that is a choice, and never wrong."""
    if settings.bot_token is None:
        return well("access", "open to this machine")
    if settings.is_open:
        return well("access", "open to whoever finds the bot; without ACCESS=open it is closed")
    listed = f"{len(settings.allowed_users)} users and {len(settings.allowed_chats)} chats are listed in the settings"
    return well("access", f"{listed}; administrators admit others in the chat")


async def _telegram(settings: Settings, wall: Callable[[], float], *, runs_here: bool) -> list[CheckResult]:
    """Look at everything that Telegram knows of the bot."""
    if settings.bot_token is None:
        return [well("token", "none: the bot runs in the playground, on this machine and without a network")]
    request = AiohttpRequest()
    await request.initialize()
    try:
        calls = RawCalls(settings.bot_api_url, settings.bot_token.get_secret_value(), request)
        way = await check_way(settings.bot_api_url)
        try:
            token, me = await check_token(calls)
        except NetworkError as error:
            return [way if way.mark is Mark.wrong else no_answer(error), skipped("token", "could not be tried")]
        clock = check_clock(request.date, wall())
        if not me:
            return [way, token, clock]
        told = await asyncio.gather(
            check_menu(calls, PRIVATE_COMMANDS, GROUP_COMMANDS),
            check_webhook(calls, settings, wall()),
            check_second_poller(calls, settings, runs_here=runs_here),
        )
        return [way, token, clock, *check_abilities(me, groups_wanted=bool(settings.allowed_chats)), *told]
    finally:
        await request.shutdown()


def _disk(place: str | Path) -> CheckResult:
    """Look at the disk that the database lies on."""
    file = parse_place(place)
    if isinstance(file, Path):
        return check_disk(file.parent)
    return skipped("disk", "the database is on a server: watch the disk there")


def _secrets(settings: Settings) -> Iterator[str]:
    """Yield what no line may repeat."""
    if settings.bot_token:
        yield settings.bot_token.get_secret_value()
        yield settings.bot_token.get_secret_value().partition(":")[2]
    yield settings.webhook_secret.get_secret_value()
    place = None if isinstance(settings.database, Path) else parse_place(settings.database)
    if place and not isinstance(place, Path):
        yield str(place.password or "")
