"""Handles a letter in one transaction: what it does to the case, the screens that follow, the mark that it is done."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from telegram import CallbackQuery, Message, Update

from bot.conversation import Conversation, Reply, Show, Visit
from bot.desk import Desk, Letter, Wish
from bot.telegram.buttons import unpack
from bot.telegram.html import screen


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

    def __init__(self, conversation: Conversation) -> None:
        """Take the conversation of all chats."""
        self._conversation = conversation

    def handle(self, desk: Desk, letter: Letter) -> Outcome:
        """Handle a letter that waits.

        Raises:
            HandledAlready: where another process has handled it meanwhile; nothing is to be kept then.
        """
        update = Update.de_json(orjson.loads(letter.body), None)
        query = update.callback_query.id if update.callback_query else ""
        reply = self._reply(desk, update)
        place = _place(update)
        wishes = tuple(
            self._wish(desk, place, f"u:{letter.update_id}:{n}", show) for n, show in enumerate(reply.shows)
        )
        if not desk.handled(letter.update_id, reply.toast):
            raise HandledAlready(letter.update_id)
        return Outcome(query, reply.toast, wishes)

    def shown(self, desk: Desk, wish: Wish, message: int) -> tuple[Wish, ...]:
        """Strike out a wish that was granted by a new message; its case is now shown there."""
        desk.granted((wish,))
        reply = self._conversation.shown(desk, wish.case, message) if wish.case else Reply()
        return tuple(self._wish(desk, wish.place, "", show) for show in reply.shows)

    def resent(self, desk: Desk, wish: Wish) -> tuple[Wish, ...]:
        """Wish a new message for a case whose message is gone."""
        desk.granted((wish,))
        return (desk.wish(wish.place, f"c:{wish.case}", wish.body, wish.case),)

    def failed(self, desk: Desk, letter: Letter, fault: str) -> Outcome:
        """Set a letter aside whose handling failed, and say that nothing was changed."""
        desk.set_aside(letter.update_id, fault)
        update = Update.de_json(orjson.loads(letter.body), None)
        query = update.callback_query
        reply = self._conversation.failed(tapped=query is not None)
        wishes = tuple(self._wish(desk, _place(update), f"u:{letter.update_id}", show) for show in reply.shows)
        return Outcome(query.id if query else "", reply.toast, wishes)

    def _reply(self, desk: Desk, update: Update) -> Reply:
        if update.callback_query:
            return self._tapped(desk, update.callback_query)
        return self._written(desk, update.message) if update.message else Reply()

    def _tapped(self, desk: Desk, query: CallbackQuery) -> Reply:
        message = query.message
        if message is None:
            return self._conversation.tap(desk, None, Visit("", ""))
        if message.chat.type != message.chat.PRIVATE:
            return self._conversation.elsewhere(tapped=True)
        visit = Visit(str(message.chat.id), str(query.from_user.id), message.message_id)
        return self._conversation.tap(desk, unpack(query.data or ""), visit)

    def _written(self, desk: Desk, message: Message) -> Reply:
        command = (message.text or "").removeprefix("/")
        if message.chat.type != message.chat.PRIVATE:
            return self._conversation.elsewhere(tapped=False) if command else Reply()
        if message.from_user is None:
            return Reply()
        visit = Visit(str(message.chat.id), str(message.from_user.id))
        if command:
            return self._conversation.command(desk, command, visit)
        return self._conversation.text(desk, visit)

    @staticmethod
    def query_of(letter: Letter) -> str | None:
        """Give the id of the callback query in a letter."""
        query = Update.de_json(orjson.loads(letter.body), None).callback_query
        return query.id if query else None

    @staticmethod
    def _wish(desk: Desk, place: str, slot: str, show: Show) -> Wish:
        """Keep what a message shall show: the one named, the card of a case, or one of its own."""
        if show.at is not None:
            slot = f"m:{show.at}"
        elif show.case:
            slot = f"c:{show.case}"
        return desk.wish(place, slot, orjson.dumps(screen(show.card)).decode(), show.case)


def _place(update: Update) -> str:
    """Give the key of the chat that an update came from."""
    chat = update.effective_chat
    return str(chat.id) if chat else ""
