"""The people and chats of the playground, and the Bot API's objects that tell of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from bot.playground.storage import Json

BOT_NAME = "spinemets"
BOT_USERNAME = "spinemets_bot"
MEMBER_STATUSES: Final = ("creator", "administrator", "member")
ADMIN_STATUSES: Final = ("creator", "administrator")
ANONYMOUS: Final[Json] = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
"""Who stands as the sender where an administrator writes anonymously."""

CHANNEL: Final[Json] = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
"""Who stands as the sender where a channel writes, and as the voter where one votes anonymously."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who plays."""

    id: int
    first_name: str

    def user(self) -> Json:
        """Return the person as a User."""
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": "en"}


@dataclass(frozen=True, slots=True)
class ChatMember:
    """A person in a chat, or one who was; `status` is Telegram's word for it."""

    person: Person
    status: str = "member"
    is_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class ForumTopic:
    """A topic of a forum; its id is the number of the message that opened it, 0 where it is still to be opened."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat and who is in it; a private one has the id of its only person.

    Attributes:
        id: the chat's id; groups have negative ones.
        members: who is in it, or was.
        type: private, group or supergroup.
        title: what it is called.
        username: makes a group public; it has none otherwise.
        is_forum: whether it has topics.
        topics: these, in the order in which they were opened.
        bot: the bot's status in it; in a private chat kicked where it is blocked, and left before it was started.
        bot_pins: whether the bot may pin messages where it is an administrator; a member that is a bot never may.
        bot_writes: whether the bot may write; where it may not, it is restricted.
        pinned: the numbers of the pinned messages, the newest last.
        migrated_to: the supergroup that the group has become, 0 where it has not.
    """

    id: int
    members: tuple[ChatMember, ...]
    type: str = "private"
    title: str = BOT_NAME
    username: str = ""
    is_forum: bool = False
    topics: tuple[ForumTopic, ...] = ()
    bot: str = "member"
    bot_pins: bool = True
    bot_writes: bool = True
    pinned: tuple[int, ...] = ()
    migrated_to: int = 0

    def to_json(self) -> Json:
        """Return the chat as a Chat."""
        if self.type == "private":
            return {"id": self.id, "type": self.type, "first_name": self.members[0].person.first_name}
        public = {"username": self.username} if self.username else {}
        forum = {"is_forum": True} if self.is_forum else {}
        return {"id": self.id, "type": self.type, "title": self.title} | public | forum

    def member(self, person_id: int) -> ChatMember | None:
        """Return somebody who is in the chat, or was."""
        return next((member for member in self.members if member.person.id == person_id), None)

    def has(self, person_id: int) -> bool:
        """Return whether a person is in the chat now."""
        member = self.member(person_id)
        return member is not None and member.status in MEMBER_STATUSES

    def is_visible_to(self, person_id: int) -> bool:
        """Return whether a person may read what is said in the chat."""
        return not self.migrated_to and (bool(self.username) or self.has(person_id))

    def with_member(self, member: ChatMember) -> Chat:
        """Return the chat with a member's new standing, at the old place or at the end."""
        others = [each if each.person.id != member.person.id else member for each in self.members]
        known = self.member(member.person.id) is not None
        return replace(self, members=tuple(others if known else [*others, member]))


def private(person: Person, bot: str = "member") -> Chat:
    """Return a person's chat with the bot."""
    return Chat(person.id, (ChatMember(person),), bot=bot)


def bot_user(number: int) -> Json:
    """Return the bot as a User."""
    return {"id": number, "is_bot": True, "first_name": BOT_NAME, "username": BOT_USERNAME}


def bot_itself(number: int) -> Json:
    """Return the bot as the User that getMe answers with."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return bot_user(number) | abilities


DR_REYES: Final = Person(id=1001, first_name="Dr. Reyes")
DR_OKAFOR: Final = Person(id=1002, first_name="Dr. Okafor")
DR_LINDQVIST: Final = Person(id=1003, first_name="Dr. Lindqvist")
_BOARD: Final = (ChatMember(DR_REYES, "creator"), ChatMember(DR_OKAFOR, "administrator"), ChatMember(DR_LINDQVIST))

PRIVATE: Final = private(DR_REYES)
SPINE_BOARD: Final = Chat(-1001000000001, _BOARD, "supergroup", "Spine board")
TUMOUR_CONFERENCE: Final = Chat(
    -1001000000002,
    _BOARD,
    "supergroup",
    "Tumour conference",
    is_forum=True,
    topics=(ForumTopic(0, "This week"), ForumTopic(0, "Follow-up")),
)
START: Final = (PRIVATE, private(DR_OKAFOR, "left"), private(DR_LINDQVIST, "left"), SPINE_BOARD, TUMOUR_CONFERENCE)
"""The chats that the playground opens with."""
