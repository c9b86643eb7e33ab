"""What happens to the chats themselves: who joins, leaves, rules or hides, what becomes of the bot, topics, moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.playground.disk import Json
from bot.playground.ground import Ground
from bot.playground.members import bot_member, person_member
from bot.playground.refused import Refused
from bot.playground.shapes import PRESENT, RULING, Member, Person, Room, Topic

_FIRST_SUPERGROUP: Final = -1002000000000


class Stage:
    """The hands of those who run the chats; each changes one thing, and tells the bot what Telegram tells."""

    def __init__(self, ground: Ground) -> None:
        """Stand on the ground of the world; topics of the start that are not open yet are opened."""
        self._ground = ground
        unopened = [(room.id, topic) for room in ground.rooms.every() for topic in room.topics if not topic.id]
        if unopened:
            ground.disk.number("message")  # in every forum, 1 is the General topic
        for chat_id, topic in unopened:
            self._open_first(chat_id, topic)

    def join(self, chat_id: int, person_id: int) -> None:
        """Let a person come into a group.

        Raises:
            Refused: 409 where the person is in it already.
        """
        room, person = self._group(chat_id), self._ground.rooms.person(person_id)
        if room.has(person_id):
            raise Refused("This person is in the chat already.", 409)
        with self._ground.act():
            self._stand(room, Member(person), person)
            self._serve(chat_id, person.user(), {"new_chat_members": [person.user()]})

    def leave(self, chat_id: int, person_id: int) -> None:
        """Let a person go."""
        self._go(chat_id, person_id, "left", person_id)

    def kick(self, chat_id: int, person_id: int) -> None:
        """Let the owner send a person away."""
        self._go(chat_id, person_id, "kicked", _owner(self._group(chat_id)).id)

    def promote(self, chat_id: int, person_id: int, status: str = "administrator") -> None:
        """Make a member an administrator, or with the status `member` a plain member again."""
        room = self._group(chat_id)
        member = _present(room, person_id)
        if status not in ("administrator", "member") or member.status == "creator":
            raise Refused("An owner stays the owner; others become administrator or member.")
        with self._ground.act():
            self._stand(room, Member(member.person, status), _owner(room))

    def make_anonymous(self, chat_id: int, person_id: int, *, on: bool = True) -> None:
        """Let one who rules write in the group's name, or in the own name again."""
        room = self._group(chat_id)
        member = _present(room, person_id)
        if member.status not in RULING:
            raise Refused("Only those who rule a group can be anonymous in it.")
        with self._ground.act():
            self._stand(room, replace(member, is_anonymous=on), _owner(room))

    def set_bot(
        self, chat_id: int, status: str, person_id: int | None = None, *, pins: bool = True, writes: bool = True
    ) -> None:
        """Add the bot to a group, remove it, or give it another standing there.

        Args:
            chat_id: the group.
            status: administrator, member, left or kicked.
            person_id: who does it; the owner where it is not said.
            pins: whether it may pin messages then.
            writes: whether it may write then; administrators always may.
        """
        room = self._group(chat_id)
        by = _present(room, person_id).person if person_id else _owner(room)
        if status not in ("administrator", "member", "left", "kicked"):
            raise Refused("The bot can be administrator, member, left or kicked.")
        me, after = self._ground.me(), replace(room, bot=status, bot_pins=pins, bot_writes=writes)
        with self._ground.act():
            self._set_bot(room, after, by)
            if status in PRESENT and room.bot not in PRESENT:
                self._serve(chat_id, by.user(), {"new_chat_members": [me]})
            elif status not in PRESENT and room.bot in PRESENT:
                self._serve(chat_id, me if status == "left" else by.user(), {"left_chat_member": me})

    def leave_as_bot(self, chat_id: int) -> None:
        """Let the bot leave a group by itself."""
        room = self._ground.rooms.reach(chat_id)
        if room.type == "private":
            raise Refused("chat member status can't be changed in private chats")
        self.set_bot(chat_id, "left")

    def block(self, person_id: int, *, on: bool = True) -> None:
        """Let a person block the bot, or let it write again."""
        room = self._ground.rooms.get(person_id)
        with self._ground.act():
            self._set_bot(room, replace(room, bot="kicked" if on else "member"), room.members[0].person)

    def migrate(self, chat_id: int) -> int:
        """Make a basic group a supergroup; give its new id.

        Raises:
            Refused: it is no basic group.
        """
        room = self._group(chat_id)
        if room.type != "group":
            raise Refused("Only a basic group can become a supergroup.")
        with self._ground.act():
            new_id = _FIRST_SUPERGROUP - self._ground.disk.number("supergroup")
            moved = replace(room, id=new_id, type="supergroup", pinned=())
            self._ground.change(replace(room, migrated_to=new_id))
            self._ground.change(moved)
            by = {"from": _owner(room).user()}
            self._ground.post(room, by, {"migrate_to_chat_id": new_id})
            self._ground.post(moved, by, {"migrate_from_chat_id": chat_id})
        return new_id

    def create(self, title: str, person_id: int) -> int:
        """Let a person begin a basic group with everyone and the bot in it; give its id."""
        if not title.strip():
            raise Refused("A group needs a title.")
        people = self._ground.rooms.people()
        members = tuple(Member(each, "creator" if each.id == person_id else "member") for each in people)
        with self._ground.act():
            room = Room(-self._ground.disk.number("group"), members, "group", title.strip(), bot="left")
            self._ground.change(room)
            by = self._ground.rooms.person(person_id)
            self._set_bot(room, replace(room, bot="member"), by)
            self._serve(room.id, by.user(), {"group_chat_created": True})
        return room.id

    def open_topic(self, chat_id: int, name: str, person_id: int | None = None) -> int:
        """Let a person open a topic in a forum; give its id."""
        room = self._group(chat_id)
        by = _present(room, person_id).person if person_id else _owner(room)
        if not room.is_forum or not name.strip():
            raise Refused("A topic needs a forum and a name.")
        with self._ground.act():
            number = self._serve(chat_id, by.user(), _opening(name.strip()))
            self._ground.change(replace(room, topics=(*room.topics, Topic(number, name.strip()))))
        return number

    def drop_topic(self, chat_id: int, topic_id: int) -> None:
        """Let the owner take a topic away; what was said in it stays with General."""
        room = self._group(chat_id)
        with self._ground.act():
            self._ground.change(replace(room, topics=tuple(each for each in room.topics if each.id != topic_id)))

    def _open_first(self, chat_id: int, topic: Topic) -> None:
        """Open a topic that was there before anyone looked: the bot hears nothing of it."""
        ground, room = self._ground, self._ground.rooms.get(chat_id)
        with ground.act():
            opened = ground.messages.add(room, {"from": _owner(room).user()}, _opening(topic.name))
            topics = [each if each != topic else Topic(opened["message_id"], topic.name) for each in room.topics]
            ground.change(replace(room, topics=tuple(topics)))

    def _go(self, chat_id: int, person_id: int, status: str, by_id: int) -> None:
        room = self._group(chat_id)
        member, by = _present(room, person_id), self._ground.rooms.person(by_id)
        with self._ground.act():
            self._stand(room, Member(member.person, status), by)
            self._serve(chat_id, by.user(), {"left_chat_member": member.person.user()})

    def _stand(self, room: Room, member: Member, by: Person) -> None:
        """Give a person another standing; a bot that rules the group may ask to hear of it."""
        after = room.with_member(member)
        self._ground.change(after)
        if room.bot in RULING:
            before = room.member(member.person.id) or Member(member.person, "left")
            changed = self._changed(after, by, person_member(before), person_member(member))
            self._ground.update("chat_member", changed)

    def _set_bot(self, room: Room, after: Room, by: Person) -> None:
        if after != room:
            self._ground.change(after)
            old, new = (bot_member(each, self._ground.bot_id) for each in (room, after))
            self._ground.update("my_chat_member", self._changed(after, by, old, new))

    def _changed(self, room: Room, by: Person, old: Json, new: Json) -> Json:
        date = int(self._ground.clock())
        members = {"old_chat_member": old, "new_chat_member": new}
        return {"chat": room.chat(), "from": by.user(), "date": date} | members

    def _serve(self, chat_id: int, user: Json, service: Json) -> int:
        """Put a service message of a user into a chat as it is now; give its number."""
        message = self._ground.post(self._ground.rooms.get(chat_id), {"from": user}, service)
        return int(message["message_id"])

    def _group(self, chat_id: int) -> Room:
        room = self._ground.rooms.get(chat_id)
        if room.type == "private" or room.migrated_to:
            raise Refused("This is no group, or no longer.")
        return room


def _opening(name: str) -> Json:
    return {"forum_topic_created": {"name": name, "icon_color": 7322096}}


def _owner(room: Room) -> Person:
    """Give who owns a group; the first in it where the owner has gone."""
    owners = [member.person for member in room.members if member.status == "creator"]
    return owners[0] if owners else room.members[0].person


def _present(room: Room, person_id: int) -> Member:
    member = room.member(person_id)
    if member is None or member.status not in PRESENT:
        raise Refused("This person is not in the chat.", 404)
    return member
