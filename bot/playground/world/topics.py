"""The topics of forums: opened, taken away, and those of the start there from the beginning."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.chats.models import PRESENT, Member, Person, Room, Topic
from bot.playground.errors import Refused
from bot.playground.storage import Json
from bot.playground.world.state import Ground


class Topics:
    """The hands of those who open topics.

    Attributes:
        ground: what it stands on.
    """

    def __init__(self, ground: Ground) -> None:
        """Stand on the ground of the world; topics of the start that are not open yet are opened."""
        self.ground = ground
        unopened = [(room.id, topic) for room in ground.rooms.every() for topic in room.topics if not topic.id]
        if unopened:
            ground.disk.number("message")  # in every forum, 1 is the General topic
        for chat_id, topic in unopened:
            self._open_first(chat_id, topic)

    def open_topic(self, chat_id: int, name: str, person_id: int | None = None) -> int:
        """Let a person open a topic in a forum; give its id."""
        room = self.group(chat_id)
        by = present_in(room, person_id).person if person_id else owner_of(room)
        if not room.is_forum or not name.strip():
            raise Refused("A topic needs a forum and a name.")
        with self.ground.act():
            number = self.serve(chat_id, by.user(), _opening(name.strip()))
            self.ground.change(replace(room, topics=(*room.topics, Topic(number, name.strip()))))
        return number

    def drop_topic(self, chat_id: int, topic_id: int) -> None:
        """Let the owner take a topic away, and with it what was said there."""
        room = self.group(chat_id)
        with self.ground.act():
            self.ground.change(replace(room, topics=tuple(each for each in room.topics if each.id != topic_id)))

    def _open_first(self, chat_id: int, topic: Topic) -> None:
        """Open a topic that was there before anyone looked: the bot hears nothing of it."""
        ground, room = self.ground, self.ground.rooms.get(chat_id)
        with ground.act():
            opened = ground.messages.add(room, {"from": owner_of(room).user()}, _opening(topic.name))
            topics = [each if each != topic else Topic(opened["message_id"], topic.name) for each in room.topics]
            ground.change(replace(room, topics=tuple(topics)))

    def serve(self, chat_id: int, user: Json, service: Json) -> int:
        """Put a service message of a user into a chat as it is now; give its number."""
        message = self.ground.post(self.ground.rooms.get(chat_id), {"from": user}, service)
        return int(message["message_id"])

    def group(self, chat_id: int) -> Room:
        """Give a group that still has this id.

        Raises:
            Refused: it is none.
        """
        room = self.ground.rooms.get(chat_id)
        if room.type == "private" or room.migrated_to:
            raise Refused("This is no group, or no longer.")
        return room


def _opening(name: str) -> Json:
    return {"forum_topic_created": {"name": name, "icon_color": 7322096}}


def owner_of(room: Room) -> Person:
    """Give who owns a group; the first in it where the owner has gone."""
    owners = [member.person for member in room.members if member.status == "creator"]
    return owners[0] if owners else room.members[0].person


def present_in(room: Room, person_id: int) -> Member:
    """Give one who is in a chat.

    Raises:
        Refused: 404 where the person is not.
    """
    member = room.member(person_id)
    if member is None or member.status not in PRESENT:
        raise Refused("This person is not in the chat.", 404)
    return member
