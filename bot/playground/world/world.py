"""The world of the playground: what people and the bot do in its chats, by the rules of Telegram.

It knows nothing of HTTP; the clock is handed in, and whoever listens is told what happened once it is on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from bot.playground.chats.commands import Commands
from bot.playground.chats.files import Files
from bot.playground.chats.models import ADMIN_STATUSES, BOT_USERNAME, START, Chat
from bot.playground.chats.senders import place_in
from bot.playground.errors import ApiError
from bot.playground.storage import Json, JsonStore
from bot.playground.text.html import utf16_length
from bot.playground.updates.queue import UpdateFaults
from bot.playground.updates.webhook_settings import WebhookSettings
from bot.playground.world.admin import ChatAdmin
from bot.playground.world.pins import Pins
from bot.playground.world.polls import Polls
from bot.playground.world.users import UserActions

_LONGEST_TOAST: Final = 200
_OWN_LINKS: Final = (f"https://t.me/{BOT_USERNAME}?start=", f"t.me/{BOT_USERNAME}?start=")
_DELETE_WITHIN: Final = 48 * 60 * 60


class Change(NamedTuple):
    """What of a message is changed.

    Attributes:
        of: the kinds of message that can be changed so; none where every one can.
        refusal: what is said of any other.
        replaced: the fields that go.
        content: gives those that come; it is asked only when nothing stands against it.
    """

    of: tuple[str, ...] = ()
    refusal: str = ""
    replaced: tuple[str, ...] = ()
    content: Callable[[], Json] = dict


class FakeTelegram(UserActions):
    """Everything that Telegram would know.

    Attributes:
        admin: who joins, leaves, rules or hides, what becomes of the bot, topics and moves.
        polls: the polls, and the votes of people.
        pins: the pinned messages.
    """

    def __init__(
        self,
        store: JsonStore | None = None,
        clock: Callable[[], float] = time.time,
        chats: Iterable[Chat] = START,
        update_faults: UpdateFaults | None = None,
    ) -> None:
        """Go on where the disk left off; without a disk, begin anew in memory.

        Args:
            store: what is kept.
            clock: the time.
            chats: the chats to begin with.
            update_faults: what it does to the updates; none where it is not said.
        """
        super().__init__(store, clock, chats, update_faults)
        self.webhook = WebhookSettings(self.disk, clock, self.updates)
        self.commands = Commands(self.disk)
        self.files = Files(self.disk)
        self.admin = ChatAdmin(self)
        self.polls = Polls(self)
        self.pins = Pins(self)

    def send(self, chat_id: int, content: Json, reply_to: Json | None = None, thread: int = 0) -> Json:
        """Send a message of the bot; return it."""
        chat = self.chats.reach(chat_id)
        with self.act():
            return self.post(chat, {"from": self.me()}, content | place_in(chat, thread, reply_to))

    def edit(self, chat_id: int, message_id: int, change: Change, markup: Json | None) -> Json:
        """Change a message of the bot.

        Args:
            chat_id: the chat.
            message_id: the message.
            change: what it shows now.
            markup: its new buttons; None takes them away.
        """
        self.chats.reach(chat_id)
        message = self._found(chat_id, message_id, "message to edit not found")
        if message["from"]["id"] != self.bot_id:
            raise ApiError("message can't be edited")
        return self.rewrite(message, change, markup)

    def rewrite(self, message: Json, change: Change, markup: Json | None) -> Json:
        """Return a message with another text, caption or file, other buttons, or both.

        Raises:
            ApiError: it has nothing of the kind to change, or would be the same as before.
        """
        if change.of and not any(kind in message for kind in change.of):
            raise ApiError(change.refusal)
        replaced = {"reply_markup", *change.replaced}
        kept = {key: value for key, value in message.items() if key not in replaced}
        edited = kept | change.content() | ({"reply_markup": markup} if markup else {})
        if edited == message:
            raise ApiError(
                "message is not modified: specified new message content and reply markup are exactly the same "
                "as a current content and reply markup of the message"
            )
        with self.act():
            edited = self.messages.change(edited)
            self.note("edited", {"chat_id": edited["chat"]["id"], "message": edited})
        return edited

    def delete(self, chat_id: int, message_id: int) -> None:
        """Delete a message for the bot."""
        chat = self.chats.reach(chat_id)
        message = self._found(chat_id, message_id, "message to delete not found")
        if message["date"] < self.clock() - _DELETE_WITHIN:
            raise ApiError("message can't be deleted for everyone")
        if message["from"]["id"] != self.bot_id and chat.type != "private" and chat.bot not in ADMIN_STATUSES:
            raise ApiError("message can't be deleted")
        with self.act():
            self.messages.drop(chat_id, message_id)
            self.note("deleted", {"chat_id": chat_id, "message_id": message_id})

    def answer(self, query_id: str, text: str, *, show_alert: bool, url: str = "") -> None:
        """Pass on the bot's answer to a tap: words, or a link to itself that the person's page then follows."""
        if utf16_length(text) > _LONGEST_TOAST:
            raise ApiError("MESSAGE_TOO_LONG")
        if url and not url.startswith(_OWN_LINKS):
            raise ApiError("URL_INVALID")
        with self.act():
            person_id = self._queries.close(query_id)
            answered = {"callback_query_id": query_id, "text": text, "show_alert": show_alert}
            self.note("answered", answered | {"person_id": person_id} | ({"url": url} if url else {}))
