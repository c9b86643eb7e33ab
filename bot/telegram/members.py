"""Who the people of a chat are: their names and rights, asked of Telegram and held in memory for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final

from telegram import (
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberOwner,
    ChatMemberRestricted,
)
from telegram.error import BadRequest, TelegramError

from bot.telegram.client import TelegramBot
from bot.telegram.errors import Outcome, failure_of
from bot.telegram.rendering.names import disambiguate, ids_in, insert_names, insert_names_text, insert_page_names

ROLE_SECONDS: Final = 120.0
"""Seconds that a person's rights are held; then Telegram is asked again."""

WAIT: Final = 4.0
"""Seconds that are waited for an answer about a person, and for all the names of a screen."""

FIRST_PAUSE: Final = 0.5
"""Seconds until a question that failed is asked again, and twice as long each time after that."""

FAILURE_SECONDS: Final = 5.0
"""Seconds that a failed question is remembered: whoever taps meanwhile need not wait for it again."""

AT_ONCE: Final = 30
"""People who are asked after at once for one screen."""

MAX_PEOPLE: Final = 10_000
"""People who are remembered; the ones that were longest unheard of are forgotten first."""


MAX_NAME_PART: Final = 64
"""Characters of each part of a name that are remembered; Telegram takes no more."""


class Role(StrEnum):
    """What a person may do in a group; nothing where they are an outsider, or rule it without being seen.

    Of some people in some groups Telegram does not say. Who was seen to be a member is one all the same; who was not
    takes no part: `unproven` where the question failed and may be answered in a moment, `hidden` where Telegram
    refuses to say, as it does to a bot that is no administrator of a group which hides its members.
    """

    admin = "admin"
    member = "member"
    anonymous_admin = "unseen"
    outsider = "outsider"
    unknown = "unknown"
    unproven = "unproven"
    hidden = "hidden"


Membership = tuple[int, int]
"""A chat, and a person in it."""

_WHO: Final = (("message", "from"), ("edited_message", "from"), ("callback_query", "from"), ("poll_answer", "user"))


class ChatMemberCache:
    """Remembers what updates tell of people, and asks where they do not."""

    def __init__(self, bot: TelegramBot, clock: Callable[[], float]) -> None:
        """Store the bot and a steady clock."""
        self._bot = bot
        self._clock = clock
        self._names: dict[str, str] = {}
        self._roles: dict[Membership, tuple[Role, float]] = {}
        self._failed: dict[Membership, tuple[Role, float]] = {}
        self._seen: dict[Membership, None] = {}
        self._asking: dict[Membership, asyncio.Task[Role]] = {}
        self.username = ""

    def observe(self, update: object) -> None:
        """Remember the names that an update bears and who is a member by it, and forget rights that it may change."""
        for user in _users(update):
            self._remember(user)
        for membership in _wrote(update):
            _put(self._seen, membership, None)
        for membership, came in _changed(update):
            self._roles.pop(membership, None)
            self._failed.pop(membership, None)
            self._seen.pop(membership, None)
            if came:
                _put(self._seen, membership, None)
        if chat := _own_rights_changed(update):
            self._failed = {membership: kept for membership, kept in self._failed.items() if membership[0] != chat}

    async def role(self, chat: int, user_id: int) -> Role:
        """Return what Telegram says of a person in a group, or last said."""
        return await self.asked(chat, user_id)

    def asked(self, chat: int, user_id: int) -> Awaitable[Role]:
        """Begin to ask what a person may do in a group, beside all other questions; what is known is there at once."""
        membership = chat, user_id
        known = self._known(membership)
        if known is not None:
            found: asyncio.Future[Role] = asyncio.get_running_loop().create_future()
            found.set_result(known)
            return found
        if membership not in self._asking:
            self._asking[membership] = task = asyncio.create_task(self._ask(membership))
            task.add_done_callback(lambda _: self._asking.pop(membership, None))
        return asyncio.shield(self._asking[membership])

    def unnamed(self, screen: object) -> set[str]:
        """Return the people in a screen whose names are not known yet; a number that was erased is nobody's."""
        return {user_id for user_id in ids_in(screen) if user_id.isdecimal() and user_id not in self._names}

    async def ask_names(self, screen: object, chat: int, within: float = 0.0) -> None:
        """Ask for the names in a screen that are not known, again and again while that may help, for some seconds."""
        clock = asyncio.get_running_loop().time
        end = clock() + within
        while unnamed := self.unnamed(screen):
            await self._ask_all(chat, unnamed)
            left = [(chat, int(user_id)) for user_id in self.unnamed(screen)]
            hopeless = all(self._failed.get(membership, (None, 0.0))[0] is Role.hidden for membership in left)
            if hopeless or clock() >= end:
                return
            await asyncio.sleep(FIRST_PAUSE)

    async def insert_names(self, screen: Mapping[str, Any], chat: int) -> dict[str, Any]:
        """Insert the names of people into a screen."""
        return insert_names(screen, await self._names_of(screen, chat), self.username)

    async def insert_page_names(self, page: Mapping[str, Any], chat: int, within: float) -> dict[str, Any]:
        """Insert the names of people into a page that is printed, and wait for those that are not known yet."""
        await self.ask_names(page, chat, within)
        return insert_page_names(page, await self._names_of(page, chat))

    async def insert_names_text(self, text: str, chat: int) -> str:
        """Insert the names of people into a few words."""
        return insert_names_text(text, disambiguate(await self._names_of(text, chat)))

    async def _names_of(self, value: object, chat: int) -> dict[str, str]:
        """Return what the people in a screen are called."""
        unnamed = self.unnamed(value)
        if unnamed:
            await self._ask_all(chat, unnamed)
        return {user_id: self._names[user_id] for user_id in sorted(ids_in(value)) if user_id in self._names}

    async def _ask_all(self, chat: int, user_ids: Iterable[str]) -> None:
        """Ask after people side by side; whoever is not answered for in time has no name yet."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def ask(user_id: int) -> None:
            async with turns:
                await self.asked(chat, user_id)

        asked = [asyncio.create_task(ask(int(user_id))) for user_id in sorted(user_ids)]
        try:
            await asyncio.wait(asked, timeout=WAIT)
        finally:
            for task in asked:
                task.cancel()

    def _known(self, membership: Membership) -> Role | None:
        """Return what need not be asked; None where it must be."""
        now = self._clock()
        role, at = self._roles.get(membership, (None, 0.0))
        if role is not None and now - at < ROLE_SECONDS:
            return role
        failure, at = self._failed.get(membership, (None, 0.0))
        return self._without_word(membership, failure) if failure is not None and now - at < FAILURE_SECONDS else None

    async def _ask(self, membership: Membership) -> Role:
        """Ask Telegram for a person in a chat, and remember what it says, or that it does not."""
        found = await self._fetch(*membership)
        self._failed.pop(membership, None)
        if found in (Role.unproven, Role.hidden):
            _put(self._failed, membership, (found, self._clock()))
            return self._without_word(membership, found)
        self._roles.pop(membership, None)
        self._seen.pop(membership, None)
        if found is not Role.outsider:
            _put(self._seen, membership, None)
        if found is not Role.anonymous_admin:
            # Nothing tells when they can be seen again, and they are asked to be: so they are asked after each time.
            _put(self._roles, membership, (found, self._clock()))
        return found

    def _without_word(self, membership: Membership, failure: Role) -> Role:
        """Return what holds of a person while Telegram does not say: what it last said, or what was seen since."""
        role, _ = self._roles.get(membership, (None, 0.0))
        if role is not None and not (role is Role.outsider and membership in self._seen):
            return role
        return Role.unknown if membership in self._seen else failure

    async def _fetch(self, chat: int, user_id: int) -> Role:
        """Ask Telegram for a person in a chat; of whom nothing is known it is asked until the time is over."""
        is_known = (chat, user_id) in self._seen or (chat, user_id) in self._roles
        pause = FIRST_PAUSE
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT):
                while True:
                    try:
                        found = await self._bot.get_chat_member(chat, user_id, read_timeout=WAIT)
                    except BadRequest:
                        return Role.hidden
                    except TelegramError as error:
                        failure = failure_of(error)
                    else:
                        self._remember(found.user.to_dict())
                        return _role_of(found)
                    wait = failure.wait or pause
                    if is_known or failure.outcome is not Outcome.retry or wait >= WAIT:
                        break
                    await asyncio.sleep(wait)
                    pause *= 2
        return Role.unproven

    def _remember(self, user: object) -> None:
        if not isinstance(user, dict) or type(user.get("id")) is not int:
            return
        parts = (user.get(part) for part in ("first_name", "last_name"))
        name = " ".join(part[:MAX_NAME_PART] for part in parts if isinstance(part, str) and part)
        _put(self._names, str(user["id"]), name)


def _put(remembered: dict[Any, Any], key: object, value: object) -> None:
    """Remember something as the newest, and forget the oldest where that is too much."""
    remembered.pop(key, None)
    remembered[key] = value
    if len(remembered) > MAX_PEOPLE:
        del remembered[next(iter(remembered))]


def _role_of(found: ChatMember) -> Role:
    """Return what somebody may do by what Telegram says of them."""
    match found:
        case ChatMemberLeft() | ChatMemberBanned() | ChatMemberRestricted(is_member=False):
            return Role.outsider
        case ChatMemberOwner() | ChatMemberAdministrator():
            return Role.anonymous_admin if found.is_anonymous else Role.admin
        case _:
            return Role.member


def _users(update: object) -> Iterator[object]:
    """Return the people that an update speaks of."""
    for kind, field in _WHO:
        found = update.get(kind) if isinstance(update, dict) else None
        if isinstance(found, dict):
            yield found.get(field)


def _message_of(update: object) -> tuple[int, dict[str, Any]] | None:
    """Return the message of an update with the number of its chat, where it is shaped as one."""
    message = update.get("message") if isinstance(update, dict) else None
    chat = message.get("chat") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(chat, dict) or type(chat.get("id")) is not int:
        return None
    return chat["id"], message


def _wrote(update: object) -> Iterator[Membership]:
    """Return who is a member, since they wrote something that only members write.

    Below a post of a channel everybody may write in its group of comments, so a reply proves nothing.
    """
    found = _message_of(update)
    if found is None:
        return
    chat, message = found
    author = message.get("from")
    is_reply = "message_thread_id" in message or "reply_to_message" in message
    if not isinstance(author, dict) or type(author.get("id")) is not int or "sender_chat" in message:
        return
    if message.get("is_topic_message") or not is_reply:
        yield chat, author["id"]


def _changed(update: object) -> Iterator[tuple[Membership, bool]]:
    """Return of whom in which chat an update says that they came or went, and whether they came."""
    found = _message_of(update)
    if found is None:
        return
    chat, message = found
    came = message.get("new_chat_members")
    people = [(user, True) for user in (came if isinstance(came, list) else ())]
    for user, is_in in [*people, (message.get("left_chat_member"), False)]:
        if isinstance(user, dict) and type(user.get("id")) is int:
            yield (chat, user["id"]), is_in


def _own_rights_changed(update: object) -> int:
    """Return the chat in which the bot was given or taken rights; 0 where an update says nothing of that."""
    change = update.get("my_chat_member") if isinstance(update, dict) else None
    chat = change.get("chat") if isinstance(change, dict) else None
    return chat["id"] if isinstance(chat, dict) and type(chat.get("id")) is int else 0
