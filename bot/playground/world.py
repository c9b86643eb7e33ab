"""The world of the playground: what people and the bot do in its chats, by the rules of Telegram.

It knows nothing of HTTP; the clock is handed in, and whoever listens is told what happened once it is on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from bot.playground import keyboard
from bot.playground.commands import Commands
from bot.playground.disk import Disk, Json
from bot.playground.disorder import Disorder
from bot.playground.entities import formatted
from bot.playground.files import Files
from bot.playground.ground import Ground
from bot.playground.markup import units
from bot.playground.pins import Pins
from bot.playground.polls import Polls
from bot.playground.queries import Queries
from bot.playground.refused import Refused
from bot.playground.senders import origin_of, place_in, sender_of
from bot.playground.shapes import PRESENT, RULING, START, Member, Person, Room
from bot.playground.stage import Stage
from bot.playground.webhook import Webhook

LONGEST_TEXT: Final = 4096
_LONGEST_TOAST: Final = 200
_DELETE_WITHIN: Final = 48 * 60 * 60
_FORWARDED: Final = ("text", "entities", "caption", "caption_entities", "photo", "document", "poll")


class World(Ground):
    """Everything that Telegram would know.

    Attributes:
        stage: who joins, leaves, rules or hides, what becomes of the bot, topics and moves.
        polls: the polls, and the votes of people.
        pins: the pinned messages.
    """

    def __init__(
        self,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.time,
        rooms: Iterable[Room] = START,
        disorder: Disorder | None = None,
    ) -> None:
        """Go on where the disk left off; without a disk, begin anew in memory.

        Args:
            disk: what is kept.
            clock: the time.
            rooms: the chats to begin with.
            disorder: what it does to the updates; none where it is not said.
        """
        super().__init__(disk, clock, rooms, disorder)
        self._queries = Queries(self.disk, clock)
        self.webhook = Webhook(self.disk, clock, self.updates)
        self.commands = Commands(self.disk)
        self.files = Files(self.disk)
        self.stage = Stage(self)
        self.polls = Polls(self)
        self.pins = Pins(self)

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
        said = formatted(text)
        if not 1 <= units(said.text) <= LONGEST_TEXT:
            raise Refused(f"A message has 1 to {LONGEST_TEXT} characters.")
        replied = self._found(chat_id, reply_to, "The message to answer is gone.") if reply_to else None
        content = said.fields("text", "entities") | self._place(room, thread, replied)
        with self.act():
            message = self.post(self._opened(room), sender_of(room, member, channel), content)
        return int(message["message_id"])

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
        seen = message or {"chat": room.chat(), "message_id": message_id, "date": 0}
        query = {"from": person.user(), "message": seen, "chat_instance": str(chat_id), "data": data}
        with self.act():
            query["id"] = self._queries.open(person.id)
            if room.bot in PRESENT:
                self.update("callback_query", query)
        return str(query["id"])

    def send(self, chat_id: int, content: Json, reply_to: Json | None = None, thread: int = 0) -> Json:
        """Let the bot send a message; give it."""
        room = self.rooms.reach(chat_id)
        with self.act():
            return self.post(room, {"from": self.me()}, content | place_in(room, thread, reply_to))

    def edit(self, chat_id: int, message_id: int, text: Json | None, markup: Json | None) -> Json:
        """Let the bot change a message.

        Args:
            chat_id: the chat.
            message_id: the message.
            text: its new text and entities; None leaves what it says.
            markup: its new buttons; None takes them away.
        """
        self.rooms.reach(chat_id)
        message = self._found(chat_id, message_id, "message to edit not found")
        if message["from"]["id"] != self.bot_id:
            raise Refused("message can't be edited")
        return self.rewrite(message, text, markup)

    def rewrite(self, message: Json, text: Json | None, markup: Json | None) -> Json:
        """Give a message another text, other buttons, or both.

        Raises:
            Refused: it has no text to change, or would be the same as before.
        """
        if text and "text" not in message:
            raise Refused("there is no text in the message to edit")
        replaced = {"reply_markup"} | ({"text", "entities"} if text else set())
        kept = {key: value for key, value in message.items() if key not in replaced}
        edited = kept | (text or {}) | ({"reply_markup": markup} if markup else {})
        if edited == message:
            raise Refused(
                "message is not modified: specified new message content and reply markup are exactly the same "
                "as a current content and reply markup of the message"
            )
        with self.act():
            edited = self.messages.change(edited)
            self.note("edited", {"chat_id": edited["chat"]["id"], "message": edited})
        return edited

    def delete(self, chat_id: int, message_id: int) -> None:
        """Let the bot delete a message."""
        room = self.rooms.reach(chat_id)
        message = self._found(chat_id, message_id, "message to delete not found")
        if message["date"] < self.clock() - _DELETE_WITHIN:
            raise Refused("message can't be deleted for everyone")
        if message["from"]["id"] != self.bot_id and room.type != "private" and room.bot not in RULING:
            raise Refused("message can't be deleted")
        with self.act():
            self.messages.drop(chat_id, message_id)
            self.note("deleted", {"chat_id": chat_id, "message_id": message_id})

    def answer(self, query_id: str, text: str, *, show_alert: bool) -> None:
        """Let the bot answer a tap."""
        if units(text) > _LONGEST_TOAST:
            raise Refused("MESSAGE_TOO_LONG")
        with self.act():
            person_id = self._queries.close(query_id)
            answered = {"callback_query_id": query_id, "text": text, "show_alert": show_alert}
            self.note("answered", answered | {"person_id": person_id})

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
