"""What happens to the chats themselves: who joins, leaves, rules or hides, what becomes of the bot, and moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.playground.chats.members import bot_member, person_member
from bot.playground.chats.models import ADMIN_STATUSES, MEMBER_STATUSES, Chat, ChatMember, Person
from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.world.topics import Topics, owner_of, present_in

_FIRST_SUPERGROUP: Final = -1002000000000


class ChatAdmin(Topics):
    """The hands of those who run the chats; each changes one thing, and tells the bot what Telegram tells."""

    def join(self, chat_id: int, person_id: int) -> None:
        """Add a person to a group.

        Raises:
            ApiError: 409 where the person is in it already.
        """
        chat, person = self.group(chat_id), self.state.chats.person(person_id)
        if chat.has(person_id):
            raise ApiError("This person is in the chat already.", 409)
        with self.state.act():
            self._set_member(chat, ChatMember(person), person)
            self.serve(chat_id, person.user(), {"new_chat_members": [person.user()]})

    def leave(self, chat_id: int, person_id: int) -> None:
        """Remove a person who leaves."""
        self._set_status(chat_id, person_id, "left", person_id)

    def kick(self, chat_id: int, person_id: int) -> None:
        """Remove a person by the owner's hand."""
        self._set_status(chat_id, person_id, "kicked", owner_of(self.group(chat_id)).id)

    def promote(self, chat_id: int, person_id: int, status: str = "administrator") -> None:
        """Make a member an administrator, or with the status `member` a plain member again."""
        chat = self.group(chat_id)
        member = present_in(chat, person_id)
        if status not in ("administrator", "member") or member.status == "creator":
            raise ApiError("An owner stays the owner; others become administrator or member.")
        with self.state.act():
            self._set_member(chat, ChatMember(member.person, status), owner_of(chat))

    def make_anonymous(self, chat_id: int, person_id: int, *, on: bool = True) -> None:
        """Switch an administrator to the group's name, or back to the own name."""
        chat = self.group(chat_id)
        member = present_in(chat, person_id)
        if member.status not in ADMIN_STATUSES:
            raise ApiError("Only those who rule a group can be anonymous in it.")
        with self.state.act():
            self._set_member(chat, replace(member, is_anonymous=on), owner_of(chat))

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
        chat = self.group(chat_id)
        by = present_in(chat, person_id).person if person_id else owner_of(chat)
        if status not in ("administrator", "member", "left", "kicked"):
            raise ApiError("The bot can be administrator, member, left or kicked.")
        me, after = self.state.me(), replace(chat, bot=status, bot_pins=pins, bot_writes=writes)
        with self.state.act():
            self._set_bot(chat, after, by)
            if status in MEMBER_STATUSES and chat.bot not in MEMBER_STATUSES:
                self.serve(chat_id, by.user(), {"new_chat_members": [me]})
            elif status not in MEMBER_STATUSES and chat.bot in MEMBER_STATUSES:
                self.serve(chat_id, me if status == "left" else by.user(), {"left_chat_member": me})

    def block(self, person_id: int, *, on: bool = True) -> None:
        """Block the bot in a person's name, or unblock it."""
        chat = self.state.chats.get(person_id)
        with self.state.act():
            self._set_bot(chat, replace(chat, bot="kicked" if on else "member"), chat.members[0].person)

    def migrate(self, chat_id: int) -> int:
        """Make a basic group a supergroup; give its new id.

        Raises:
            ApiError: it is no basic group.
        """
        chat = self.group(chat_id)
        if chat.type != "group":
            raise ApiError("Only a basic group can become a supergroup.")
        with self.state.act():
            new_id = _FIRST_SUPERGROUP - self.state.disk.number("supergroup")
            moved = replace(chat, id=new_id, type="supergroup", pinned=())
            self.state.change(replace(chat, migrated_to=new_id))
            self.state.change(moved)
            by = {"from": owner_of(chat).user()}
            self.state.post(chat, by, {"migrate_to_chat_id": new_id})
            self.state.post(moved, by, {"migrate_from_chat_id": chat_id})
        return new_id

    def create(self, title: str, person_id: int) -> int:
        """Create a basic group with everyone and the bot in it; return its id."""
        if not title.strip():
            raise ApiError("A group needs a title.")
        people = self.state.chats.people()
        members = tuple(ChatMember(each, "creator" if each.id == person_id else "member") for each in people)
        with self.state.act():
            chat = Chat(-self.state.disk.number("group"), members, "group", title.strip(), bot="left")
            self.state.change(chat)
            by = self.state.chats.person(person_id)
            self._set_bot(chat, replace(chat, bot="member"), by)
            self.serve(chat.id, by.user(), {"group_chat_created": True})
        return chat.id

    def _set_status(self, chat_id: int, person_id: int, status: str, by_id: int) -> None:
        chat = self.group(chat_id)
        member, by = present_in(chat, person_id), self.state.chats.person(by_id)
        with self.state.act():
            self._set_member(chat, ChatMember(member.person, status), by)
            self.serve(chat_id, by.user(), {"left_chat_member": member.person.user()})

    def _set_member(self, chat: Chat, member: ChatMember, by: Person) -> None:
        """Change a person's status; a bot that is an administrator may ask to be told of it."""
        after = chat.with_member(member)
        self.state.change(after)
        if chat.bot in ADMIN_STATUSES:
            before = chat.member(member.person.id) or ChatMember(member.person, "left")
            changed = self._tell_change(after, by, person_member(before), person_member(member))
            self.state.update("chat_member", changed)

    def _set_bot(self, chat: Chat, after: Chat, by: Person) -> None:
        if after != chat:
            self.state.change(after)
            old, new = (bot_member(each, self.state.bot_id) for each in (chat, after))
            self.state.update("my_chat_member", self._tell_change(after, by, old, new))

    def _tell_change(self, chat: Chat, by: Person, old: Json, new: Json) -> Json:
        date = int(self.state.clock())
        members = {"old_chat_member": old, "new_chat_member": new}
        return {"chat": chat.to_json(), "from": by.user(), "date": date} | members
