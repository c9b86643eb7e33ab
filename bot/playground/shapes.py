"""The people and chats of the playground, and the Bot API's objects that tell of them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.playground.disk import Json

BOT_NAME = "spinemets"
BOT_USERNAME = "spinemets_bot"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who plays."""

    id: int
    first_name: str

    def user(self) -> Json:
        """Give the person as a User."""
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": "en"}


@dataclass(frozen=True, slots=True)
class Room:
    """A chat and who is in it; a private one has the id of its only person."""

    id: int
    people: tuple[Person, ...]
    type: str = "private"
    title: str = BOT_NAME

    def chat(self) -> Json:
        """Give the chat as a Chat."""
        return {"id": self.id, "type": self.type, "first_name": self.people[0].first_name}

    def full_info(self) -> Json:
        """Give the chat as a ChatFullInfo."""
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        return self.chat() | {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }


DR_REYES = Person(id=1001, first_name="Dr. Reyes")
PRIVATE = Room(id=DR_REYES.id, people=(DR_REYES,))


def bot_user(number: int) -> Json:
    """Give the bot as a User."""
    return {"id": number, "is_bot": True, "first_name": BOT_NAME, "username": BOT_USERNAME}


def bot_itself(number: int) -> Json:
    """Give the bot as the User that getMe answers with."""
    abilities = (
        "can_join_groups",
        "can_read_all_group_messages",
        "supports_inline_queries",
        "can_connect_to_business",
        "has_main_web_app",
    )
    return bot_user(number) | dict.fromkeys(abilities, False)
