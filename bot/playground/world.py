"""The world of the playground: what people and the bot do in its chats, by the rules of Telegram.

It knows nothing of HTTP; the clock is handed in, and whoever listens is told what happened once it is on disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from bot.playground import keyboard
from bot.playground.commands import Commands
from bot.playground.disk import Disk, Json
from bot.playground.disorder import Disorder
from bot.playground.entities import formatted
from bot.playground.files import Files
from bot.playground.markup import units
from bot.playground.messages import Messages
from bot.playground.queries import Queries
from bot.playground.refused import Refused
from bot.playground.shapes import PRIVATE, Person, Room, bot_user
from bot.playground.updates import Updates
from bot.playground.webhook import Webhook

Listener: TypeAlias = "Callable[[str, Json], None]"
"""Is told the name of what happened, and what the page needs to show it."""

LONGEST_TEXT: Final = 4096
_LONGEST_TOAST: Final = 200
_DELETE_WITHIN: Final = 48 * 60 * 60


class World:
    """Everything that Telegram would know."""

    def __init__(
        self,
        disk: Disk | None = None,
        clock: Callable[[], float] = time.time,
        rooms: Iterable[Room] = (PRIVATE,),
        disorder: Disorder | None = None,
    ) -> None:
        """Go on where the disk left off; without a disk, begin anew in memory.

        Args:
            disk: what is kept.
            clock: the time.
            rooms: the chats.
            disorder: what it does to the updates; none where it is not said.
        """
        self._disk = disk or Disk()
        self._clock = clock
        self._listeners: list[Listener] = []
        self._queries = Queries(self._disk, clock)
        self.messages = Messages(self._disk, clock)
        self.updates = Updates(self._disk, clock, disorder or Disorder())
        self.webhook = Webhook(self._disk, clock, self.updates)
        self.commands = Commands(self._disk)
        self.files = Files(self._disk)
        self.rooms = {room.id: room for room in rooms}
        self.bot_id = 1

    def listen(self, listener: Listener) -> None:
        """Tell someone of everything that happens from now on."""
        self._listeners.append(listener)

    def tell(self, event: str, data: Json) -> None:
        """Tell everyone who listens."""
        for listener in self._listeners:
            listener(event, data)

    def close(self) -> None:
        """Let go of the disk."""
        self._disk.close()

    def room(self, chat_id: int) -> Room:
        """Give a chat."""
        if chat_id not in self.rooms:
            raise Refused("chat not found")
        return self.rooms[chat_id]

    def say(self, chat_id: int, text: str, person_id: int | None = None) -> int:
        """Let a person write a message; give its number."""
        person = self._person(chat_id, person_id)
        said = formatted(text)
        if not 1 <= units(said.text) <= LONGEST_TEXT:
            raise Refused(f"A message has 1 to {LONGEST_TEXT} characters.")
        with self._disk.transaction():
            message = self.messages.add(self.room(chat_id), person.user(), said.fields("text", "entities"))
            wanted = self.updates.add("message", message)
        self.tell("message", {"chat_id": chat_id, "message": message})
        if wanted:
            self.tell("update", {})
        return int(message["message_id"])

    def tap(
        self, chat_id: int, message_id: int, data: str, person_id: int | None = None, *, stale: bool = False
    ) -> str:
        """Let a person tap a button; give the id of the callback query.

        Args:
            chat_id: the chat.
            message_id: the message with the button.
            data: the callback data of the button.
            person_id: who taps; the first one in the chat where it is not said.
            stale: the tap was on its way while its button, or the whole message, went.

        Raises:
            Refused: 404 where the message is gone, 409 where its buttons have changed.
        """
        person = self._person(chat_id, person_id)
        message = self.messages.get(chat_id, message_id)
        if not stale and message is None:
            raise Refused("This message is gone.", 404)
        if not stale and message and not keyboard.carries(message, data):
            raise Refused("This button has just been replaced.", 409)
        seen = message or {"chat": self.room(chat_id).chat(), "message_id": message_id, "date": 0}
        query = {"from": person.user(), "message": seen, "chat_instance": str(chat_id), "data": data}
        with self._disk.transaction():
            query["id"] = self._queries.open()
            wanted = self.updates.add("callback_query", query)
        if wanted:
            self.tell("update", {})
        return str(query["id"])

    def send(self, chat_id: int, content: Json, reply_to: Json | None = None) -> Json:
        """Let the bot send a message; give it."""
        if reply_to:
            quoted = {key: value for key, value in reply_to.items() if key != "reply_to_message"}
            content = content | {"reply_to_message": quoted}
        with self._disk.transaction():
            message = self.messages.add(self.room(chat_id), bot_user(self.bot_id), content)
        self.tell("message", {"chat_id": chat_id, "message": message})
        return message

    def edit(self, chat_id: int, message_id: int, text: Json | None, markup: Json | None) -> Json:
        """Let the bot change a message.

        Args:
            chat_id: the chat.
            message_id: the message.
            text: its new text and entities; None leaves what it says.
            markup: its new buttons; None takes them away.
        """
        message = self._found(chat_id, message_id, "message to edit not found")
        if not message["from"]["is_bot"]:
            raise Refused("message can't be edited")
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
        with self._disk.transaction():
            edited = self.messages.change(edited)
        self.tell("edited", {"chat_id": chat_id, "message": edited})
        return edited

    def delete(self, chat_id: int, message_id: int) -> None:
        """Let the bot delete a message."""
        message = self._found(chat_id, message_id, "message to delete not found")
        if message["date"] < self._clock() - _DELETE_WITHIN:
            raise Refused("message can't be deleted for everyone")
        with self._disk.transaction():
            self.messages.drop(chat_id, message_id)
        self.tell("deleted", {"chat_id": chat_id, "message_id": message_id})

    def answer(self, query_id: str, text: str, *, show_alert: bool) -> None:
        """Let the bot answer a tap."""
        if units(text) > _LONGEST_TOAST:
            raise Refused("MESSAGE_TOO_LONG")
        with self._disk.transaction():
            self._queries.close(query_id)
        self.tell("answered", {"callback_query_id": query_id, "text": text, "show_alert": show_alert})

    def menu(self) -> list[Json]:
        """Give the commands that the page shows."""
        return self.commands.shown(next(iter(self.rooms)))

    def _found(self, chat_id: int, message_id: int, missing: str) -> Json:
        message = self.messages.get(self.room(chat_id).id, message_id)
        if message is None:
            raise Refused(missing)
        return message

    def _person(self, chat_id: int, person_id: int | None) -> Person:
        for person in self.room(chat_id).people:
            if person_id in (None, person.id):
                return person
        raise Refused("This person is not in the chat.", 404)
