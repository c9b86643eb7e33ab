"""What people do in the chats: they write, forward, and tap buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from bot.playground.chats.models import MEMBER_STATUSES, Chat, ChatMember, Person
from bot.playground.chats.privacy import reaches_bot
from bot.playground.chats.senders import origin_of, place_in, sender_of
from bot.playground.errors import ApiError
from bot.playground.storage import Json, JsonStore
from bot.playground.text import keyboard
from bot.playground.text.entities import formatted
from bot.playground.text.html import utf16_length
from bot.playground.updates.queue import UpdateFaults
from bot.playground.world.callback_queries import CallbackQueries
from bot.playground.world.inline import InlineQueries
from bot.playground.world.state import ServerState

LONGEST_TEXT: Final = 4096
_EDIT_WITHIN: Final = 48 * 60 * 60
_FORWARDED: Final = ("text", "entities", "caption", "caption_entities", "photo", "document", "poll")


class UserActions(ServerState):
    """The hands of the people.

    Attributes:
        inline: what people type for the bot in any chat, and its answers.
    """

    def __init__(
        self,
        store: JsonStore | None,
        clock: Callable[[], float],
        chats: Iterable[Chat],
        update_faults: UpdateFaults | None,
    ) -> None:
        """Stand on the ground, with taps that wait for their answer."""
        super().__init__(store, clock, chats, update_faults)
        self._queries = CallbackQueries(self.disk, clock)
        self.inline = InlineQueries(self)

    def say(
        self,
        chat_id: int,
        text: str,
        person_id: int | None = None,
        *,
        thread: int = 0,
        reply_to: int = 0,
        channel: str = "",
    ) -> int:
        """Send a message in a person's name; return its number.

        Args:
            chat_id: the chat.
            text: what is written.
            person_id: who writes; the first one in the chat where it is not said.
            thread: the topic, 0 where it is none.
            reply_to: the number of the message that is answered, 0 where it is none.
            channel: the title of the person's channel, where it is written in its name.
        """
        chat = self.chats.get(chat_id)
        member = self._member(chat, person_id)
        params = _typed(text)
        replied = self._found(chat_id, reply_to, "The message to answer is gone.") if reply_to else None
        content = params | self._place(chat, thread, replied)
        with self.act():
            message = self.post(self._opened(chat), sender_of(chat, member, channel), content)
        return int(message["message_id"])

    def edit_own(self, chat_id: int, message_id: int, text: str, person_id: int) -> None:
        """Change the text of a person's own message; the bot is told where it was given the message.

        Raises:
            ApiError: it is not theirs, was not typed, or is older than two days.
        """
        chat = self.chats.get(chat_id)
        person = self._member(chat, person_id).person
        message = self._found(chat_id, message_id, "This message is gone.")
        typed = "text" in message and not {"via_bot", "forward_origin"} & set(message)
        if not typed or message["from"]["id"] != person.id or message["date"] < self.clock() - _EDIT_WITHIN:
            raise ApiError("This message cannot be changed.")
        params = _typed(text)
        if params == {key: message[key] for key in ("text", "entities") if key in message}:
            return
        kept = {key: value for key, value in message.items() if key != "entities"}
        with self.act():
            edited = self.messages.change(kept | params)
            self.note("edited", {"chat_id": chat_id, "message": edited})
            if chat.bot in MEMBER_STATUSES and reaches_bot(chat, edited, self.bot_id):
                self.update("edited_message", edited)

    def forward(self, chat_id: int, message_id: int, to_chat_id: int, person_id: int) -> int:
        """Forward a message in a person's name, without its buttons; return the new one's number."""
        source, chat = self.chats.get(chat_id), self.chats.get(to_chat_id)
        message = self.messages.get(chat_id, message_id)
        if message is None or not source.is_visible_to(person_id):
            raise ApiError("This message is gone.", 404)
        if message.get("has_protected_content"):
            raise ApiError("This message cannot be forwarded.")
        member = self._member(chat, person_id)
        content = {key: message[key] for key in _FORWARDED if key in message}
        if not content:
            raise ApiError("This message cannot be forwarded.")
        with self.act():
            copy = self.post(self._opened(chat), sender_of(chat, member), content | origin_of(message))
        return int(copy["message_id"])

    def tap(
        self, chat_id: int, message_id: int, data: str, person_id: int | None = None, *, stale: bool = False
    ) -> str:
        """Record a tap on a button; return the id of the callback query, which bears the person's own name.

        Args:
            chat_id: the chat.
            message_id: the message with the button.
            data: the callback data of the button.
            person_id: who taps; the first one in the chat where it is not said. In a public group this may be
                somebody who is not in it.
            stale: the tap was on its way while its button, or the whole message, went.

        Raises:
            ApiError: 404 where the message is gone, 409 where its buttons have changed.
        """
        chat = self.chats.get(chat_id)
        person = self._tapper(chat, person_id)
        message = self.messages.get(chat_id, message_id)
        if not stale and message is None:
            raise ApiError("This message is gone.", 404)
        if not stale and message and not keyboard.carries(message, data):
            raise ApiError("This button has just been replaced.", 409)
        inline_id = self.inline.id_of(message) if message else ""
        seen = message or {"chat": chat.to_json(), "message_id": message_id, "date": 0}
        where = {"inline_message_id": inline_id} if inline_id else {"message": seen}
        query = {"from": person.user(), "chat_instance": str(chat_id), "data": data} | where
        with self.act():
            query["id"] = self._queries.open(person.id)
            if chat.bot in MEMBER_STATUSES or inline_id:
                self.update("callback_query", query)
        return str(query["id"])

    def ask(self, chat_id: int, query: str, person_id: int) -> str:
        """Record the bot's name and a query that a person types in a chat; return the id of the query."""
        chat = self.chats.get(chat_id)
        return self.inline.ask(chat, self._member(chat, person_id).person, query)

    def choose(
        self, chat_id: int, query_id: str, result_id: str, person_id: int, *, thread: int = 0, reply_to: int = 0
    ) -> int:
        """Send a result of a query into a chat in a person's name; return the message's number."""
        chat = self.chats.get(chat_id)
        member = self._member(chat, person_id)
        replied = self._found(chat_id, reply_to, "The message to answer is gone.") if reply_to else None
        place = self._place(chat, thread, replied)
        sender = sender_of(chat, member)
        return int(self.inline.choose(chat, sender, member.person, (query_id, result_id), place)["message_id"])

    def _found(self, chat_id: int, message_id: int, missing: str) -> Json:
        message = self.messages.get(chat_id, message_id)
        if message is None:
            raise ApiError(missing)
        return message

    def _opened(self, chat: Chat) -> Chat:
        """Return a chat in which a person writes: the first words to the bot let it answer."""
        if chat.type != "private" or chat.bot != "left":
            return chat
        opened = replace(chat, bot="member")
        self.change(opened)
        return opened

    def _member(self, chat: Chat, person_id: int | None) -> ChatMember:
        """Find who writes."""
        if chat.migrated_to:
            raise ApiError("This group has become a supergroup.", 409)
        if chat.type == "private" and chat.bot == "kicked":
            raise ApiError("The bot is blocked here.", 409)
        for member in chat.members:
            if member.status in MEMBER_STATUSES and person_id in (None, member.person.id):
                return member
        raise ApiError("This person is not in the chat.", 404)

    def _tapper(self, chat: Chat, person_id: int | None) -> Person:
        """Find who taps."""
        if person_id is None:
            return chat.members[0].person
        if not chat.username and not chat.has(person_id):
            raise ApiError("This person is not in the chat.", 404)
        return self.chats.person(person_id)

    def _place(self, chat: Chat, thread: int, replied: Json | None) -> Json:
        """Return where a person's message stands; in a topic one that answers nothing answers its opening."""
        if replied is None and thread:
            replied = self.messages.get(chat.id, thread)
        return place_in(chat, thread, replied)


def _typed(text: str) -> Json:
    """Return the fields of a text that a person types.

    Raises:
        ApiError: it is empty or too long.
    """
    params = formatted(text)
    if not 1 <= utf16_length(params.text) <= LONGEST_TEXT:
        raise ApiError(f"A message has 1 to {LONGEST_TEXT} characters.")
    return params.fields("text", "entities")
