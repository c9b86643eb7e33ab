"""Runs the bot, and loads no more than a start needs."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

INTERRUPTED: Final = 130
"""Exit status after Ctrl-C before there was anything to finish, as a shell has it."""

UNUSED: Final = ("click", "greenlet", "rich")
"""What libraries load only where it happens to be installed, for what a bot does not use: httpx a command of its own,
structlog colours on a terminal. It takes 8 MB, and an eighth of a start."""


@contextmanager
def quick_imports() -> Iterator[None]:
    """Load modules as if what is not used were not installed, and without garbage collection.

    What modules make stays, and to collect takes a tenth of a start.
    """
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None: an import of it fails
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        for name in hidden:
            del sys.modules[name]


def run() -> int:
    """Run the bot: on Telegram where BOT_TOKEN is set, else in the playground, in a browser."""
    with quick_imports():
        from bot import app as wiring
        from bot.settings import read_settings

    return asyncio.run(wiring.run(read_settings(), say))


def say(line: str) -> None:
    """Print a toast at the terminal."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
