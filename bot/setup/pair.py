"""`spinemets pair`: a code that makes an administrator, beside a bot that runs or before its first start."""

from __future__ import annotations

import time
from typing import Final

from telegram.error import TelegramError

from bot.service.access.cards import AccessCards
from bot.service.access.codes import pairing_lines
from bot.service.access.pairing import Pairing
from bot.service.ports import UnitOfWork
from bot.settings import Settings, SettingsError
from bot.storage.factory import create_storage
from bot.telegram.client import TelegramBot
from flows.catalog.loader import catalog

TRY_SECONDS: Final = 5.0
"""Seconds to ask Telegram what the bot is called; the code pairs without its link as well."""


async def begin_pairing(settings: Settings) -> tuple[str, ...]:
    """Keep a new code in the database of the settings, and return what the terminal says of it.

    Raises:
        SettingsError: without a token, or where the database is another bot's.
        StorageError: where the database cannot be used.
    """
    if settings.bot_token is None:
        raise SettingsError(["BOT_TOKEN: is not set; the playground is open to this machine, and needs no code"])
    pairing = Pairing(AccessCards(catalog()), time.time)

    def begin(uow: UnitOfWork) -> str:
        return pairing.begin(uow) if uow.claim_for_bot(settings.bot_id) == settings.bot_id else ""

    store = create_storage(settings.database)
    try:
        code = await store.transact(begin)
    finally:
        await store.close()
    if not code:
        raise SettingsError(["DATABASE_URL: this database belongs to another bot; each bot needs one of its own"])
    return pairing_lines(code, await _username(settings))


async def _username(settings: Settings) -> str:
    """Return what the bot is called; empty where Telegram does not say so soon."""
    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    bot = TelegramBot(token, settings.bot_api_url)
    try:
        await bot.initialize()
    except TelegramError:
        return ""
    else:
        return bot.username or ""
    finally:
        await bot.shutdown()
