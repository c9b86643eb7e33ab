"""Every command, in the order of the menus, and what stands in place of one for messages that bear none."""

from __future__ import annotations

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

GROUP_COMMANDS: Final = ("case", "cases", "options", "scales", "help", "about", "start")
"""Every command of a group, in the order of its menu."""

SLOW: Final = "slow"
"""What stands in place of a command that is one too many; nobody can type it."""

NO_TEXT: Final = "no_text"
"""What stands in place of a command for a message that holds no text."""

OWN_CARD: Final = "own_card"
"""What stands in place of a command for a card of the bot's that comes back."""
