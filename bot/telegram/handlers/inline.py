"""Answers what is typed behind the bot's name, in any chat: at once, for one person, and nothing of it is kept."""

from __future__ import annotations

from typing import Final

from structlog.typing import FilteringBoundLogger
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    Update,
)
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot.service.inline_search import InlineSearch, SearchResult
from bot.service.ports import Storage
from bot.telegram.access import AccessControl
from bot.telegram.client import TelegramBot
from bot.telegram.members import ChatMemberCache
from bot.telegram.rendering.html import screen
from bot.telegram.updates.note_text import load_note_reader
from flows.catalog.wording import LabelWording

LONGEST: Final = 256
"""Characters that Telegram lets a person type there."""

SHOWN: Final = 100
"""Characters of what a result says below its title."""


class InlineAnswers:
    """Offers what a line means."""

    def __init__(
        self,
        bot: TelegramBot,
        search: InlineSearch,
        labels: LabelWording,
        store: Storage,
        access: AccessControl,
        members: ChatMemberCache,
        log: FilteringBoundLogger,
    ) -> None:
        """Store what it works with."""
        self._bot = bot
        self._search = search
        self._labels = labels
        self._store = store
        self._access = access
        self._members = members
        self._log = log

    async def on_query(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer an inline query; one that comes too late is let go."""
        query = update.inline_query
        if query is None:
            return
        await load_note_reader()
        try:
            found = await self._found(query)
        except Exception as fault:  # noqa: BLE001 - whatever is wrong with one line, the person is answered
            self._log.error("inline_failed", error=type(fault).__name__)
            found = ()
        unfinished = next((result.start_payload for result in found if not result.complete), "")
        button = InlineQueryResultsButton(self._labels.in_private, start_parameter=unfinished) if unfinished else None
        results = [self._article(result) for result in found]
        try:
            await self._bot.answer_inline_query(query.id, results, cache_time=0, is_personal=True, button=button)
        except TelegramError as error:
            self._log.info("not_answered", error=type(error).__name__)

    async def _found(self, query: InlineQuery) -> tuple[SearchResult, ...]:
        """Look a line up, for people who may use the bot."""
        if len(query.query) > LONGEST or not await self._may_ask(query.from_user.id):
            return ()
        return self._search.results(query.query)

    async def _may_ask(self, user_id: int) -> bool:
        """Return whether a person may use the bot; the database is asked only where the settings do not say so."""
        if self._access.policy.allows(user_id, None):
            return True
        return await self._store.transact(lambda uow: self._access.allows(uow, user_id, user_id))

    def _article(self, result: SearchResult) -> InlineQueryResultArticle:
        """Write a result as Telegram takes it; a case bears the link to the private chat."""
        shown = screen(result.card)
        first = next((line.text for block in result.card.blocks for line in block.lines), "")
        keyboard = None
        if result.start_payload:
            url = f"https://t.me/{self._members.username}?start={result.start_payload}"
            keyboard = InlineKeyboardMarkup.from_button(InlineKeyboardButton(self._labels.in_private, url))
        return InlineQueryResultArticle(
            result.code,
            # Of a case its levels stand before the headline; of all else the list shows the name at once.
            " · ".join(filter(None, (result.start_payload and result.card.label, result.card.title)))[:SHOWN],
            InputTextMessageContent(str(shown["text"]), str(shown["parse_mode"])),
            keyboard,
            description=first[:SHOWN],
        )
