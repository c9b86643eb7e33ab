"""A parent that has loaded the bot and forks children that run it: a bot is born in a blink, to be killed."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self


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
        return self._ask({"log": str(log), "settings": settings})

    def command(self, folder: Path, log: Path, environment: Mapping[str, str]) -> ForkedCommand:
        """Let `spinemets run` run in a folder, what it says appended to a file."""
        ended = log.with_suffix(".status")
        ended.unlink(missing_ok=True)
        told = {"folder": str(folder), "environment": dict(environment), "status": str(ended)}
        return ForkedCommand(self._ask({"log": str(log), **told}), ended)

    def _ask(self, told: dict[str, Any]) -> int:
        if not (self._process.stdin and self._process.stdout):
            raise BrokenPipeError
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


class ForkedCommand:
    """A command that was begun: a child of the fork server, so its status stands in a file."""

    def __init__(self, pid: int, ended: Path) -> None:
        """Hold on to the process: its number may be another's later."""
        self.pid = pid
        self._ended = ended
        self._handle = os.pidfd_open(pid)
        self._status: int | None = None

    def send_signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def poll(self) -> int | None:
        """Give the status, once it has ended; -9 where it was killed."""
        if self._status is None and select.select([self._handle], [], [], 0)[0]:
            os.close(self._handle)
            self._status = int(self._ended.read_text()) if self._ended.exists() else -signal.SIGKILL
        return self._status

    def wait(self, timeout: float) -> int:
        """Wait until it ends, and give its status."""
        if self._status is None:
            select.select([self._handle], [], [], timeout)
        status = self.poll()
        if status is None:
            raise TimeoutError
        return status


@cache
def shared_server() -> ForkServer:
    """Give the fork server of this process, which lasts as long as that."""
    server = ForkServer()
    server.__enter__()
    atexit.register(server.__exit__)
    return server


def main() -> None:
    """Fork a bot for each line that comes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever is killed leaves nothing behind
    _load()
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if not child:
            record = os.open(told["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            for stream in (1, 2):
                os.dup2(record, stream)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            if "settings" in told:
                _live(told["settings"])
            _run_command(told["folder"], told["environment"], Path(told["status"]))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _load() -> None:
    """Load all that a bot loads, so that a child has it."""
    import alembic.command  # noqa: F401, PLC0415 - loaded for the children alone
    import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401, PLC0415 - the same

    import bot.__main__  # noqa: PLC0415 - the same
    import bot.app  # noqa: PLC0415 - whoever only starts a zygote does not need it
    import bot.telegram.receiving.http_server  # noqa: PLC0415 - the same
    import bot.telegram.receiving.webhook  # noqa: PLC0415 - the same
    from flows.pathways.registry import flow_registry  # noqa: PLC0415 - the same

    flow_registry()
    del bot


def _live(settings: dict[str, str]) -> None:
    """Be a bot, until killed."""
    from bot.app import run  # noqa: PLC0415 - it was loaded before the fork
    from bot.settings import Settings  # noqa: PLC0415 - the same

    status = asyncio.run(run(Settings.model_validate(settings), lambda _: None))
    os._exit(status)


def _run_command(folder: str, environment: dict[str, str], ended: Path) -> None:
    """Be `spinemets run`, until killed."""
    from bot.__main__ import main as spinemets  # noqa: PLC0415 - it was loaded before the fork

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["spinemets", "run"]
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = 1
    try:
        spinemets()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        ended.write_text(str(status))
        os._exit(status)


if __name__ == "__main__":
    main()
