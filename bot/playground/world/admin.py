"""What happens to the chats themselves: who joins, leaves, rules or hides, what becomes of the bot, and moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.playground.chats.members import bot_member, person_member
from bot.playground.chats.models import PRESENT, RULING, Member, Person, Room
from bot.playground.errors import Refused
from bot.playground.storage import Json
from bot.playground.world.topics import Topics, owner_of, present_in

_FIRST_SUPERGROUP: Final = -1002000000000


class Stage(Topics):
    """The hands of those who run the chats; each changes one thing, and tells the bot what Telegram tells."""

    def join(self, chat_id: int, person_id: int) -> None:
        """Let a person come into a group.

        Raises:
            Refused: 409 where the person is in it already.
        """
        room, person = self.group(chat_id), self.ground.rooms.person(person_id)
        if room.has(person_id):
            raise Refused("This person is in the chat already.", 409)
        with self.ground.act():
            self._stand(room, Member(person), person)
            self.serve(chat_id, person.user(), {"new_chat_members": [person.user()]})

    def leave(self, chat_id: int, person_id: int) -> None:
        """Let a person go."""
        self._go(chat_id, person_id, "left", person_id)

    def kick(self, chat_id: int, person_id: int) -> None:
        """Let the owner send a person away."""
        self._go(chat_id, person_id, "kicked", owner_of(self.group(chat_id)).id)

    def promote(self, chat_id: int, person_id: int, status: str = "administrator") -> None:
        """Make a member an administrator, or with the status `member` a plain member again."""
        room = self.group(chat_id)
        member = present_in(room, person_id)
        if status not in ("administrator", "member") or member.status == "creator":
            raise Refused("An owner stays the owner; others become administrator or member.")
        with self.ground.act():
            self._stand(room, Member(member.person, status), owner_of(room))

    def make_anonymous(self, chat_id: int, person_id: int, *, on: bool = True) -> None:
        """Let one who rules write in the group's name, or in the own name again."""
        room = self.group(chat_id)
        member = present_in(room, person_id)
        if member.status not in RULING:
            raise Refused("Only those who rule a group can be anonymous in it.")
        with self.ground.act():
            self._stand(room, replace(member, is_anonymous=on), owner_of(room))

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
        room = self.group(chat_id)
        by = present_in(room, person_id).person if person_id else owner_of(room)
        if status not in ("administrator", "member", "left", "kicked"):
            raise Refused("The bot can be administrator, member, left or kicked.")
        me, after = self.ground.me(), replace(room, bot=status, bot_pins=pins, bot_writes=writes)
        with self.ground.act():
            self._set_bot(room, after, by)
            if status in PRESENT and room.bot not in PRESENT:
                self.serve(chat_id, by.user(), {"new_chat_members": [me]})
            elif status not in PRESENT and room.bot in PRESENT:
                self.serve(chat_id, me if status == "left" else by.user(), {"left_chat_member": me})

    def leave_as_bot(self, chat_id: int) -> None:
        """Let the bot leave a group by itself."""
        room = self.ground.rooms.reach(chat_id)
        if room.type == "private":
            raise Refused("chat member status can't be changed in private chats")
        self.set_bot(chat_id, "left")

    def block(self, person_id: int, *, on: bool = True) -> None:
        """Let a person block the bot, or let it write again."""
        room = self.ground.rooms.get(person_id)
        with self.ground.act():
            self._set_bot(room, replace(room, bot="kicked" if on else "member"), room.members[0].person)

    def migrate(self, chat_id: int) -> int:
        """Make a basic group a supergroup; give its new id.

        Raises:
            Refused: it is no basic group.
        """
        room = self.group(chat_id)
        if room.type != "group":
            raise Refused("Only a basic group can become a supergroup.")
        with self.ground.act():
            new_id = _FIRST_SUPERGROUP - self.ground.disk.number("supergroup")
            moved = replace(room, id=new_id, type="supergroup", pinned=())
            self.ground.change(replace(room, migrated_to=new_id))
            self.ground.change(moved)
            by = {"from": owner_of(room).user()}
            self.ground.post(room, by, {"migrate_to_chat_id": new_id})
            self.ground.post(moved, by, {"migrate_from_chat_id": chat_id})
        return new_id

    def create(self, title: str, person_id: int) -> int:
        """Let a person begin a basic group with everyone and the bot in it; give its id."""
        if not title.strip():
            raise Refused("A group needs a title.")
        people = self.ground.rooms.people()
        members = tuple(Member(each, "creator" if each.id == person_id else "member") for each in people)
        with self.ground.act():
            room = Room(-self.ground.disk.number("group"), members, "group", title.strip(), bot="left")
            self.ground.change(room)
            by = self.ground.rooms.person(person_id)
            self._set_bot(room, replace(room, bot="member"), by)
            self.serve(room.id, by.user(), {"group_chat_created": True})
        return room.id

    def _go(self, chat_id: int, person_id: int, status: str, by_id: int) -> None:
        room = self.group(chat_id)
        member, by = present_in(room, person_id), self.ground.rooms.person(by_id)
        with self.ground.act():
            self._stand(room, Member(member.person, status), by)
            self.serve(chat_id, by.user(), {"left_chat_member": member.person.user()})

    def _stand(self, room: Room, member: Member, by: Person) -> None:
        """Give a person another standing; a bot that rules the group may ask to hear of it."""
        after = room.with_member(member)
        self.ground.change(after)
        if room.bot in RULING:
            before = room.member(member.person.id) or Member(member.person, "left")
            changed = self._changed(after, by, person_member(before), person_member(member))
            self.ground.update("chat_member", changed)

    def _set_bot(self, room: Room, after: Room, by: Person) -> None:
        if after != room:
            self.ground.change(after)
            old, new = (bot_member(each, self.ground.bot_id) for each in (room, after))
            self.ground.update("my_chat_member", self._changed(after, by, old, new))

    def _changed(self, room: Room, by: Person, old: Json, new: Json) -> Json:
        date = int(self.ground.clock())
        members = {"old_chat_member": old, "new_chat_member": new}
        return {"chat": room.chat(), "from": by.user(), "date": date} | members
