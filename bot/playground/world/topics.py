"""The topics of forums: opened, taken away, and those of the start there from the beginning."""

from __future__ import annotations

from dataclasses import replace

from bot.playground.chats.models import MEMBER_STATUSES, Chat, ChatMember, ForumTopic, Person
from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.world.state import ServerState


class Topics:
    """The hands of those who open topics.

    Attributes:
        state: what it stands on.
    """

    def __init__(self, state: ServerState) -> None:
        """Stand on the ground of the world; topics of the start that are not open yet are opened."""
        self.state = state
        unopened = [(chat.id, topic) for chat in state.chats.every() for topic in chat.topics if not topic.id]
        if unopened:
            state.disk.number("message")  # in every forum, 1 is the General topic
        for chat_id, topic in unopened:
            self._open_first(chat_id, topic)

    def open_topic(self, chat_id: int, name: str, person_id: int | None = None) -> int:
        """Open a topic in a forum in a person's name; return its id."""
        chat = self.group(chat_id)
        by = present_in(chat, person_id).person if person_id else owner_of(chat)
        if not chat.is_forum or not name.strip():
            raise ApiError("A topic needs a forum and a name.")
        with self.state.act():
            number = self.serve(chat_id, by.user(), _opening(name.strip()))
            self.state.change(replace(chat, topics=(*chat.topics, ForumTopic(number, name.strip()))))
        return number

    def drop_topic(self, chat_id: int, topic_id: int) -> None:
        """Delete a topic by the owner's hand, and with it what was said there."""
        chat = self.group(chat_id)
        with self.state.act():
            self.state.change(replace(chat, topics=tuple(each for each in chat.topics if each.id != topic_id)))

    def _open_first(self, chat_id: int, topic: ForumTopic) -> None:
        """Open a topic that was there before anyone looked: the bot hears nothing of it."""
        state, chat = self.state, self.state.chats.get(chat_id)
        with state.act():
            opened = state.messages.add(chat, {"from": owner_of(chat).user()}, _opening(topic.name))
            topics = [each if each != topic else ForumTopic(opened["message_id"], topic.name) for each in chat.topics]
            state.change(replace(chat, topics=tuple(topics)))

    def serve(self, chat_id: int, user: Json, service: Json) -> int:
        """Add a service message of a user to a chat as it is now; return its number."""
        message = self.state.post(self.state.chats.get(chat_id), {"from": user}, service)
        return int(message["message_id"])

    def group(self, chat_id: int) -> Chat:
        """Return a group that still has this id.

        Raises:
            ApiError: it is none.
        """
        chat = self.state.chats.get(chat_id)
        if chat.type == "private" or chat.migrated_to:
            raise ApiError("This is no group, or no longer.")
        return chat


def _opening(name: str) -> Json:
    return {"forum_topic_created": {"name": name, "icon_color": 7322096}}


def owner_of(chat: Chat) -> Person:
    """Return who owns a group; the first in it where the owner has gone."""
    owners = [member.person for member in chat.members if member.status == "creator"]
    return owners[0] if owners else chat.members[0].person


def present_in(chat: Chat, person_id: int) -> ChatMember:
    """Return one who is in a chat.

    Raises:
        ApiError: 404 where the person is not.
    """
    member = chat.member(person_id)
    if member is None or member.status not in MEMBER_STATUSES:
        raise ApiError("This person is not in the chat.", 404)
    return member
