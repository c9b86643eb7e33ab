"""What a start costs: the real bot as a process of its own, a Bot API with one message waiting, its first reply.

Run it with `python -m bench.start [--runs 5] [--against FOLDER]`. It starts the bot on a new database and again on the
same one, and prints the medians of the seconds from the start of the process to its first reply, of the processor time
until then, and of the memory two seconds later. `--against` is another checkout of this repository: the two are
started in turn, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import orjson
from aiohttp import web

HERE: Final = Path(__file__).parents[1]
REST: Final = 2.0
"""Seconds from the first reply to the look at the memory: what is done beside a start is done by then."""

IGNORED: Final = {"ALLOWED_USERS", "HTTP_LISTEN", "SITE_FILE", "WEBHOOK_URL", "PYTHONDONTWRITEBYTECODE"}
"""What the bot does not inherit; without the last, each start would compile all of its modules again."""


@dataclass(frozen=True, slots=True)
class Start:
    """What one start cost, in seconds and megabytes."""

    seconds: float
    processor: float
    memory: float


class OneMessage:
    """A Bot API with one update, `/new` of one person."""

    def __init__(self, update_id: int) -> None:
        """Keep the update waiting."""
        self.update_id = update_id
        self.replied = asyncio.Event()
        self.seconds = 0.0

    async def handle(self, request: web.Request) -> web.Response:
        """Answer any method."""
        params = orjson.loads(await request.read() or b"{}")
        result = await self._result(request.match_info["method"], params)
        return web.Response(body=orjson.dumps({"ok": True, "result": result}), content_type="application/json")

    async def _result(self, method: str, params: dict[str, Any]) -> Any:
        person = {"id": 7, "is_bot": False, "first_name": "Bench"}
        message = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}
        match method:
            case "getMe":
                return {"id": 1, "is_bot": True, "first_name": "bench", "username": "bench_bot"}
            case "getUpdates" if params.get("offset", 0) <= self.update_id:
                return [{"update_id": self.update_id, "message": {**message, "from": person, "text": "/new"}}]
            case "getUpdates":
                await asyncio.sleep(params["timeout"])
                return []
            case "sendMessage":
                self.seconds = self.seconds or time.perf_counter()
                self.replied.set()
                return {**message, "message_id": self.update_id + 1}
        return True

    @contextmanager
    def _bot(self, checkout: Path, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
        """Run the bot of a checkout against this Bot API."""
        env = {name: value for name, value in os.environ.items() if name not in IGNORED}
        env |= {"BOT_TOKEN": "1:bench", "BOT_API_URL": f"http://127.0.0.1:{port}", "LOG_LEVEL": "error"}
        env |= {"DATABASE_URL": f"sqlite:///{folder / 'bench.db'}", "PYTHONPATH": str(checkout)}
        bot = subprocess.Popen([sys.executable, "-m", "bot", "run"], env=env, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            yield bot
        finally:
            bot.terminate()
            bot.wait()

    async def start(self, checkout: Path, folder: Path) -> Start:
        """Start the bot of a checkout, and wait for its first reply."""
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        begun = time.perf_counter()
        with self._bot(checkout, folder, runner.addresses[0][1]) as bot:
            while not self.replied.is_set():
                if bot.poll() is not None:
                    sys.exit(f"the bot of {checkout} ended with status {bot.returncode} before it replied")
                await asyncio.sleep(0.01)
            processor = processor_seconds(bot.pid)
            await asyncio.sleep(REST)
            cost = Start(self.seconds - begun, processor, resident(bot.pid))
        await runner.cleanup()
        return cost


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Return the memory of a process, in megabytes."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines())
    return int(status["VmRSS"].split()[0]) * 1024 / 1e6


def started_twice(checkout: Path) -> tuple[Start, Start]:
    """Start the bot of a checkout on a new database, and again on the same one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        new, again = (asyncio.run(OneMessage(number).start(checkout, folder)) for number in (1, 2))
    return new, again


def main() -> None:
    """Read the arguments, start in turn, and print the medians."""
    parser = argparse.ArgumentParser(description="What a start costs.")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--against", type=Path, help="another checkout, started in turn with this one")
    given = parser.parse_args()
    checkouts = [HERE] + [given.against.resolve()] * bool(given.against)
    costs: dict[Path, list[tuple[Start, Start]]] = {checkout: [] for checkout in checkouts}
    for checkout in checkouts:
        started_twice(checkout)  # what it imports is compiled, and read from the disk
    for _ in range(given.runs):
        for checkout in checkouts:
            costs[checkout].append(started_twice(checkout))
    for checkout, pairs in costs.items():
        print(checkout)
        for what, starts in zip(("new database", "same database"), zip(*pairs, strict=True), strict=True):
            seconds, processor = (median(getattr(s, name) for s in starts) for name in ("seconds", "processor"))
            memory = median(s.memory for s in starts)
            print(f"  {what:13}  first reply {seconds:5.2f} s  processor {processor:5.2f} s  memory {memory:4.0f} MB")


if __name__ == "__main__":
    main()
