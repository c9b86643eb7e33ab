"""A parent that has loaded the bot and forks children that run it: a bot is born in a blink, to be killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self


class ForkServer:
    """The parent, as a process of its own; a context."""

    def __enter__(self) -> Self:
        """Load."""
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End; its children are somebody else's to kill."""
        self._process.communicate()

    def fork(self, log: Path, **settings: str) -> int:
        """Let a bot run under some settings, its log appended to a file; give the number of its process."""
        if not (self._process.stdin and self._process.stdout):
            raise BrokenPipeError
        self._process.stdin.write(json.dumps({"log": str(log), "settings": settings}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def main() -> None:
    """Fork a bot for each line that comes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever is killed leaves nothing behind
    _load()
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if not child:
            _live(told["log"], told["settings"])
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _load() -> None:
    """Load all that a bot loads, so that a child has it."""
    import alembic.command  # noqa: F401, PLC0415 - loaded for the children alone
    import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401, PLC0415 - the same

    import bot.app  # noqa: PLC0415 - whoever only starts a zygote does not need it
    import bot.telegram.receiving.http_server  # noqa: PLC0415 - the same
    import bot.telegram.receiving.webhook  # noqa: PLC0415 - the same
    from flows.pathways.registry import flow_registry  # noqa: PLC0415 - the same

    flow_registry()
    del bot


def _live(log: str, settings: dict[str, str]) -> None:
    """Be a bot, until killed."""
    from bot.app import run  # noqa: PLC0415 - it was loaded before the fork
    from bot.settings import Settings  # noqa: PLC0415 - the same

    record = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(record, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    status = asyncio.run(run(Settings.model_validate(settings), lambda _: None))
    os._exit(status)


if __name__ == "__main__":
    main()
