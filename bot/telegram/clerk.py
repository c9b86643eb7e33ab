"""Handles a letter in one transaction: what it does to the case, the screens that follow, the mark that it is done."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from telegram import CallbackQuery, Message, Update

from bot.access import Access
from bot.conversation import Conversation, Reply, Show, Visit
from bot.desk import Desk, Letter, Wish
from bot.telegram.buttons import unpack
from bot.telegram.html import screen
from flows.card import Verb


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a letter led to: the callback query to answer, with a toast, and the screens to show."""

    query: str = ""
    toast: str = ""
    wishes: tuple[Wish, ...] = ()


class HandledAlready(Exception):
    """A letter was handled by another process, which also shows what follows."""


class Clerk:
    """Turns letters into what the conversation makes of them."""

    def __init__(self, conversation: Conversation, access: Access) -> None:
        """Take the conversation of all chats, and who may take part."""
        self._conversation = conversation
        self._access = access

    def handle(self, desk: Desk, letter: Letter) -> Outcome:
        """Handle a letter that waits.

        Raises:
            HandledAlready: where another process has handled it meanwhile; nothing is to be kept then.
        """
        update = Update.de_json(orjson.loads(letter.body), None)
        query = update.callback_query.id if update.callback_query else ""
        reply = self._reply(desk, update)
        place = _place(update)
        wishes = tuple(self._wish(desk, place, show) for show in reply.shows)
        if not desk.handled(letter.update_id, reply.toast):
            raise HandledAlready(letter.update_id)
        return Outcome(query, reply.toast, wishes)

    def shown(self, desk: Desk, wish: Wish, message: int) -> tuple[Wish, ...]:
        """Strike out a wish that was granted by a new message; its case is now shown there."""
        desk.granted((wish,))
        reply = self._conversation.shown(desk, wish.case, message) if wish.case else Reply()
        return tuple(self._wish(desk, wish.place, show) for show in reply.shows)

    def resent(self, desk: Desk, wish: Wish) -> tuple[Wish, ...]:
        """Wish a new message for a case whose message is gone."""
        desk.granted((wish,))
        return (desk.wish(wish.place, f"c:{wish.case}", wish.body, wish.case),)

    def redrawn(self, desk: Desk, wish: Wish) -> tuple[Wish, ...]:
        """Wish once more what a message shall show now, where another process may have shown it something newer."""
        return tuple(self._wish(desk, wish.place, show) for show in self._conversation.redrawn(desk, wish.case).shows)

    def failed(self, desk: Desk, letter: Letter, fault: str) -> Outcome:
        """Set a letter aside whose handling failed, and say that nothing was changed."""
        desk.set_aside(letter.update_id, fault)
        update = Update.de_json(orjson.loads(letter.body), None)
        query = update.callback_query
        reply = self._conversation.failed(tapped=query is not None)
        wishes = tuple(self._wish(desk, _place(update), show) for show in reply.shows)
        return Outcome(query.id if query else "", reply.toast, wishes)

    def _reply(self, desk: Desk, update: Update) -> Reply:
        """Let those take part who may, in private chats; everybody else is told why not."""
        person, chat, query = update.effective_user, update.effective_chat, update.callback_query
        if person is None:
            return Reply()
        allowed = self._access.allows(person.id, chat.id if chat else None)
        if not allowed and not _forgets(update):
            return self._conversation.not_listed(str(person.id), tapped=query is not None)
        if chat and chat.type != chat.PRIVATE:
            return self._conversation.elsewhere(tapped=query is not None)
        return self._tapped(desk, query) if query else self._written(desk, update.message, str(person.id))

    def _tapped(self, desk: Desk, query: CallbackQuery) -> Reply:
        message = query.message
        if message is None:
            return self._conversation.tap(desk, None, Visit("", ""))
        visit = Visit(str(message.chat.id), str(query.from_user.id), message.message_id)
        return self._conversation.tap(desk, unpack(query.data or ""), visit)

    def _written(self, desk: Desk, message: Message | None, who: str) -> Reply:
        if message is None:
            return Reply()
        visit = Visit(str(message.chat.id), who)
        command = (message.text or "").removeprefix("/")
        return self._conversation.command(desk, command, visit) if command else self._conversation.text(desk, visit)

    @staticmethod
    def query_of(letter: Letter) -> str | None:
        """Give the id of the callback query in a letter."""
        query = Update.de_json(orjson.loads(letter.body), None).callback_query
        return query.id if query else None

    @staticmethod
    def _wish(desk: Desk, place: str, show: Show) -> Wish:
        """Keep what a message shall show: the one named, the card of a case, or the chat's next page.

        Pages share one slot: of those that wait to be sent the newest counts, so that a flood of commands does not
        become a flood of answers.
        """
        slot = f"m:{show.at}" if show.at is not None else f"c:{show.case}" if show.case else "page"
        return desk.wish(place, slot, orjson.dumps(screen(show.card)).decode(), show.case)


def _forgets(update: Update) -> bool:
    """Tell whether an update asks for erasure, which everybody may, listed or not."""
    if update.callback_query:
        tap = unpack(update.callback_query.data or "")
        return tap is not None and tap.verb is Verb.erase
    return update.message is not None and update.message.text == "/forget"


def _place(update: Update) -> str:
    """Give the key of the chat that an update came from."""
    chat = update.effective_chat
    return str(chat.id) if chat else ""
