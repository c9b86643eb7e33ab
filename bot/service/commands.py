"""Every command, in the order of the menus, and what stands in place of one for messages that bear none."""

from __future__ import annotations

import re
from typing import Final

PRIVATE_COMMANDS: Final = (
    "new",
    "recent",
    "sins",
    "scores",
    "options",
    "scales",
    "help",
    "about",
    "cancel",
    "forget",
    "start",
)
"""Every command of a private chat, in the order of its menu."""

GROUP_COMMANDS: Final = ("case", "cases", "minutes", "options", "scales", "help", "about", "start")
"""Every command of a group, in the order of its menu."""

ADMIN_COMMANDS: Final = ("admit", "expel", "admitted")
"""Commands of the bot's administrators, in private chats and groups; they are in no menu."""

PAIR: Final = "pair"
"""Stands for a code that pairs, whatever it was sent in; of the code itself the hash alone is taken in."""

MINUTES: Final = "minutes"
NAMES: Final = "names"
"""Behind /minutes: the members are named."""

UNREADABLE: Final = "?"
"""Stands behind /minutes for what is neither a date nor NAMES, and behind /admit for what is no number: what it was is
not taken in."""

_DATE: Final = re.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}")

SLOW: Final = "slow"
"""What stands in place of a command that is one too many; nobody can type it."""

NO_TEXT: Final = "no_text"
"""What stands in place of a command for a message that holds no text."""

OWN_CARD: Final = "own_card"
"""What stands in place of a command for a card of the bot's that comes back."""


def minutes_argument(words: str) -> str:
    """Return what stands behind /minutes as codes: a date, NAMES, both or neither; UNREADABLE for anything else."""
    said = words.split()
    dates = [word for word in said if _DATE.fullmatch(word)]
    named = [NAMES] if NAMES in map(str.lower, said) else []
    read = [*dates[:1], *named]
    return " ".join(read) if len(read) == len(said) else UNREADABLE
