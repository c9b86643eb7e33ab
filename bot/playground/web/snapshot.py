"""What the page reads first: the chats that a person may see, with all that stands in them."""

from __future__ import annotations

from bot.playground.chats.models import Person, Room
from bot.playground.storage import Json
from bot.playground.world.world import World


def state_for(world: World, person: Person, *, alive: bool) -> Json:
    """Give all that the page shows to a person.

    Args:
        world: what is shown.
        person: to whom.
        alive: whether the bot takes its updates.
    """
    rooms = [room for room in world.rooms.every() if room.shown_to(person.id)]
    own = [world.commands.shown(room) for room in rooms if room.id == person.id]
    return {
        "bot": world.me(),
        "person": _named(person),
        "people": [_named(each) for each in world.rooms.people()],
        "commands": next(iter(own), []),
        "chats": [_chat(world, room, person) for room in rooms],
        "bot_alive": alive,
    }


def _named(person: Person) -> Json:
    return {"id": person.id, "first_name": person.first_name}


def _chat(world: World, room: Room, person: Person) -> Json:
    messages = world.messages.every(room.id)
    polls = [message["poll"] for message in messages if "poll" in message]
    return {
        "id": room.id,
        "type": room.type,
        "title": room.title,
        "is_forum": room.is_forum,
        "topics": [{"id": topic.id, "name": topic.name} for topic in room.topics],
        "members": [
            _named(each.person) | {"status": each.status, "is_anonymous": each.is_anonymous} for each in room.members
        ],
        "bot": room.bot,
        "pinned": list(room.pinned),
        "commands": world.commands.shown(room),
        "votes": {poll["id"]: world.polls.seen_by(poll, person.id) for poll in polls},
        "reactions": {str(each["message_id"]): emoji for each in messages if (emoji := world.reactions.of(each))},
        "messages": messages,
    }
