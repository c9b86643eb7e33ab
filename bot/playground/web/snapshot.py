"""What the page reads first: the chats that a person may see, with all that stands in them."""

from __future__ import annotations

from bot.playground.chats.models import Chat, Person
from bot.playground.storage import Json
from bot.playground.world.world import FakeTelegram


def state_for(world: FakeTelegram, person: Person, *, alive: bool) -> Json:
    """Return all that the page shows to a person.

    Args:
        world: what is shown.
        person: to whom.
        alive: whether the bot takes its updates.
    """
    chats = [chat for chat in world.chats.every() if chat.is_visible_to(person.id)]
    own = [world.commands.shown(chat) for chat in chats if chat.id == person.id]
    return {
        "bot": world.me(),
        "person": _named(person),
        "people": [_named(each) for each in world.chats.people()],
        "commands": next(iter(own), []),
        "chats": [_chat(world, chat, person) for chat in chats],
        "bot_alive": alive,
    }


def _named(person: Person) -> Json:
    return {"id": person.id, "first_name": person.first_name}


def _chat(world: FakeTelegram, chat: Chat, person: Person) -> Json:
    messages = world.messages.every(chat.id)
    polls = [message["poll"] for message in messages if "poll" in message]
    return {
        "id": chat.id,
        "type": chat.type,
        "title": chat.title,
        "is_forum": chat.is_forum,
        "topics": [{"id": topic.id, "name": topic.name} for topic in chat.topics],
        "members": [
            _named(each.person) | {"status": each.status, "is_anonymous": each.is_anonymous} for each in chat.members
        ],
        "bot": chat.bot,
        "pinned": list(chat.pinned),
        "commands": world.commands.shown(chat),
        "votes": {poll["id"]: world.polls.seen_by(poll, person.id) for poll in polls},
        "messages": messages,
    }
