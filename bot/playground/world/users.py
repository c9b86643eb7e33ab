"""What people do in the chats: they write, forward, and tap buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from bot.playground.chats.models import PRESENT, Member, Person, Room
from bot.playground.chats.privacy import given
from bot.playground.chats.senders import origin_of, place_in, sender_of
from bot.playground.errors import Refused
from bot.playground.storage import Disk, Json
from bot.playground.text import keyboard
from bot.playground.text.entities import formatted
from bot.playground.text.html import units
from bot.playground.updates.disorder import Disorder
from bot.playground.world.callback_queries import Queries
from bot.playground.world.inline import Inline
from bot.playground.world.state import Ground

LONGEST_TEXT: Final = 4096
_EDIT_WITHIN: Final = 48 * 60 * 60
_FORWARDED: Final = ("text", "entities", "caption", "caption_entities", "photo", "document", "poll")


class People(Ground):
    """The hands of the people.

    Attributes:
        inline: what people type for the bot in any chat, and its answers.
    """

    def __init__(
        self, disk: Disk | None, clock: Callable[[], float], rooms: Iterable[Room], disorder: Disorder | None
    ) -> None:
        """Stand on the ground, with taps that wait for their answer."""
        super().__init__(disk, clock, rooms, disorder)
        self._queries = Queries(self.disk, clock)
        self.inline = Inline(self)

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
        """Let a person write a message; give its number.

        Args:
            chat_id: the chat.
            text: what is written.
            person_id: who writes; the first one in the chat where it is not said.
            thread: the topic, 0 where it is none.
            reply_to: the number of the message that is answered, 0 where it is none.
            channel: the title of the person's channel, where it is written in its name.
        """
        room = self.rooms.get(chat_id)
        member = self._member(room, person_id)
        said = _typed(text)
        replied = self._found(chat_id, reply_to, "The message to answer is gone.") if reply_to else None
        content = said | self._place(room, thread, replied)
        with self.act():
            message = self.post(self._opened(room), sender_of(room, member, channel), content)
        return int(message["message_id"])

    def edit_own(self, chat_id: int, message_id: int, text: str, person_id: int) -> None:
        """Change the text of a person's own message; the bot is told where it was given the message.

        Raises:
            Refused: it is not theirs, was not typed, or is older than two days.
        """
        room = self.rooms.get(chat_id)
        person = self._member(room, person_id).person
        message = self._found(chat_id, message_id, "This message is gone.")
        typed = "text" in message and not {"via_bot", "forward_origin"} & set(message)
        if not typed or message["from"]["id"] != person.id or message["date"] < self.clock() - _EDIT_WITHIN:
            raise Refused("This message cannot be changed.")
        said = _typed(text)
        if said == {key: message[key] for key in ("text", "entities") if key in message}:
            return
        kept = {key: value for key, value in message.items() if key != "entities"}
        with self.act():
            edited = self.messages.change(kept | said)
            self.note("edited", {"chat_id": chat_id, "message": edited})
            if room.bot in PRESENT and given(room, edited, self.bot_id):
                self.update("edited_message", edited)

    def forward(self, chat_id: int, message_id: int, to_chat_id: int, person_id: int) -> int:
        """Let a person forward a message, without its buttons; give the new one's number."""
        source, room = self.rooms.get(chat_id), self.rooms.get(to_chat_id)
        message = self.messages.get(chat_id, message_id)
        if message is None or not source.shown_to(person_id):
            raise Refused("This message is gone.", 404)
        if message.get("has_protected_content"):
            raise Refused("This message cannot be forwarded.")
        member = self._member(room, person_id)
        content = {key: message[key] for key in _FORWARDED if key in message}
        if not content:
            raise Refused("This message cannot be forwarded.")
        with self.act():
            copy = self.post(self._opened(room), sender_of(room, member), content | origin_of(message))
        return int(copy["message_id"])

    def tap(
        self, chat_id: int, message_id: int, data: str, person_id: int | None = None, *, stale: bool = False
    ) -> str:
        """Let a person tap a button; give the id of the callback query, which always bears the person's own name.

        Args:
            chat_id: the chat.
            message_id: the message with the button.
            data: the callback data of the button.
            person_id: who taps; the first one in the chat where it is not said. In a public group this may be
                somebody who is not in it.
            stale: the tap was on its way while its button, or the whole message, went.

        Raises:
            Refused: 404 where the message is gone, 409 where its buttons have changed.
        """
        room = self.rooms.get(chat_id)
        person = self._tapper(room, person_id)
        message = self.messages.get(chat_id, message_id)
        if not stale and message is None:
            raise Refused("This message is gone.", 404)
        if not stale and message and not keyboard.carries(message, data):
            raise Refused("This button has just been replaced.", 409)
        inline_id = self.inline.id_of(message) if message else ""
        seen = message or {"chat": room.chat(), "message_id": message_id, "date": 0}
        where = {"inline_message_id": inline_id} if inline_id else {"message": seen}
        query = {"from": person.user(), "chat_instance": str(chat_id), "data": data} | where
        with self.act():
            query["id"] = self._queries.open(person.id)
            if room.bot in PRESENT or inline_id:
                self.update("callback_query", query)
        return str(query["id"])

    def ask(self, chat_id: int, query: str, person_id: int) -> str:
        """Let a person type the bot's name and a query in a chat; give the id of the query."""
        room = self.rooms.get(chat_id)
        return self.inline.ask(room, self._member(room, person_id).person, query)

    def choose(
        self, chat_id: int, query_id: str, result_id: str, person_id: int, *, thread: int = 0, reply_to: int = 0
    ) -> int:
        """Let a person send a result of a query into a chat; give the message's number."""
        room = self.rooms.get(chat_id)
        member = self._member(room, person_id)
        replied = self._found(chat_id, reply_to, "The message to answer is gone.") if reply_to else None
        place = self._place(room, thread, replied)
        sender = sender_of(room, member)
        return int(self.inline.choose(room, sender, member.person, (query_id, result_id), place)["message_id"])

    def _found(self, chat_id: int, message_id: int, missing: str) -> Json:
        message = self.messages.get(chat_id, message_id)
        if message is None:
            raise Refused(missing)
        return message

    def _opened(self, room: Room) -> Room:
        """Give a chat in which a person writes: the first words to the bot let it answer."""
        if room.type != "private" or room.bot != "left":
            return room
        opened = replace(room, bot="member")
        self.change(opened)
        return opened

    def _member(self, room: Room, person_id: int | None) -> Member:
        """Find who writes."""
        if room.migrated_to:
            raise Refused("This group has become a supergroup.", 409)
        if room.type == "private" and room.bot == "kicked":
            raise Refused("The bot is blocked here.", 409)
        for member in room.members:
            if member.status in PRESENT and person_id in (None, member.person.id):
                return member
        raise Refused("This person is not in the chat.", 404)

    def _tapper(self, room: Room, person_id: int | None) -> Person:
        """Find who taps."""
        if person_id is None:
            return room.members[0].person
        if not room.username and not room.has(person_id):
            raise Refused("This person is not in the chat.", 404)
        return self.rooms.person(person_id)

    def _place(self, room: Room, thread: int, replied: Json | None) -> Json:
        """Give where a person's message stands; in a topic one that answers nothing answers its opening."""
        if replied is None and thread:
            replied = self.messages.get(room.id, thread)
        return place_in(room, thread, replied)


def _typed(text: str) -> Json:
    """Give the fields of a text that a person types.

    Raises:
        Refused: it is empty or too long.
    """
    said = formatted(text)
    if not 1 <= units(said.text) <= LONGEST_TEXT:
        raise Refused(f"A message has 1 to {LONGEST_TEXT} characters.")
    return said.fields("text", "entities")
