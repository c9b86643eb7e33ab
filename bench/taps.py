"""What a tap costs: the real bot as a process of its own, many chats tapping, a Bot API that only echoes.

Run it with `python -m bench.taps [--chats 20] [--seconds 10] [--delay 0] [--stalls]`; it prints taps, taps a second,
processor time a tap, the wait from a tap to its redrawn card, and the bot's memory. `--delay` is the round trip in
seconds. `--stalls` times each callback of the bot's event loop, prints the three that held it up longest and the one
that took most of the processor, and makes a tap cost a little more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson
from aiohttp import web

from bench.stalls import read_stalls


@dataclass
class Thumb:
    """One person who taps as soon as the card is redrawn: a level, Done, any answer, Back at the end, Restart."""

    chat: int
    chance: Random
    place: int = 0
    tapped_at: float = 0.0
    waits: list[float] = field(default_factory=list)
    ended: bool = False

    def next_tap(self, message: int, keyboard: list[list[dict[str, str]]]) -> dict[str, Any]:
        """Give the callback query of the next button."""
        buttons = [button for row in keyboard for button in row if "callback_data" in button]
        by_verb: dict[str, list[str]] = {}
        for button in buttons:
            by_verb.setdefault(button["callback_data"].split(".")[2], []).append(button["callback_data"])
        wanted = ("rs", "off", "on", "a", "bk") if self.ended else ("off", "on", "a", "bk", "rs")
        verb = next(verb for verb in wanted if verb in by_verb)
        self.ended = verb == "bk"
        data = self.chance.choice(by_verb["ok" if verb == "off" else verb])
        if self.tapped_at:
            self.waits.append(time.perf_counter() - self.tapped_at)
        self.place += 1
        self.tapped_at = time.perf_counter()
        return {
            "id": f"{self.chat}{self.place}",
            "from": {"id": self.chat, "is_bot": False, "first_name": "Bench"},
            "chat_instance": "1",
            "data": data,
            "message": {"message_id": message, "date": 1, "chat": {"id": self.chat, "type": "private"}},
        }


class Echo:
    """A Bot API that does nothing but hand out updates and take screens."""

    def __init__(self, chats: int, delay: float) -> None:
        """Let every chat begin with /new."""
        self.thumbs = {chat: Thumb(chat, Random(chat)) for chat in range(1, chats + 1)}  # noqa: S311 - no secret
        self.delay = delay
        self.update_id = 0
        self.message_id = 0
        self.queue: deque[dict[str, Any]] = deque()
        self.arrived = asyncio.Event()
        for chat in self.thumbs:
            person = {"id": chat, "is_bot": False, "first_name": "Bench"}
            there = {"id": chat, "type": "private"}
            self.push({"message": {"message_id": 1, "date": 1, "chat": there, "from": person, "text": "/new"}})

    def push(self, content: dict[str, Any]) -> None:
        """Queue an update."""
        self.update_id += 1
        self.queue.append({"update_id": self.update_id, **content})
        self.arrived.set()

    async def handle(self, request: web.Request) -> web.Response:
        """Answer any method."""
        params = orjson.loads(await request.read() or b"{}")
        result = await self.answer(request.match_info["method"], params)
        return web.Response(body=orjson.dumps({"ok": True, "result": result}), content_type="application/json")

    async def answer(self, method: str, params: dict[str, Any]) -> Any:
        """Give the result of a method."""
        if method == "getUpdates":
            return await self.updates(params["offset"])
        await asyncio.sleep(self.delay)
        if method == "getMe":
            return {"id": 1, "is_bot": True, "first_name": "bench", "username": "bench_bot"}
        if method in {"sendMessage", "editMessageText"}:
            return self.shown(params)
        return True

    async def updates(self, offset: int) -> list[dict[str, Any]]:
        """Give what is queued, or wait for it."""
        while self.queue and self.queue[0]["update_id"] < offset:
            self.queue.popleft()
        if not self.queue:
            self.arrived.clear()
            await self.arrived.wait()
        return list(self.queue)[:100]

    def shown(self, params: dict[str, Any]) -> dict[str, Any]:
        """Take a screen, and tap its next button."""
        self.message_id += 1
        message = params.get("message_id", self.message_id)
        thumb = self.thumbs[params["chat_id"]]
        self.push({"callback_query": thumb.next_tap(message, params["reply_markup"]["inline_keyboard"])})
        chat = {"id": params["chat_id"], "type": "private"}
        return {"message_id": message, "date": 1, "chat": chat, "text": params["text"]}


def used(pid: int) -> tuple[float, float]:
    """Give the processor seconds and the megabytes that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def measure(chats: int, seconds: float, delay: float, database: str, *, stalls: bool) -> None:
    """Run the bot against the echo, and print what it cost."""
    echo = Echo(chats, delay)
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", echo.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    with tempfile.TemporaryDirectory() as folder:
        url = database or f"sqlite:///{folder}/bench.db"
        env = {**os.environ, "BOT_TOKEN": "1:bench", "BOT_API_URL": f"http://127.0.0.1:{port}", "DATABASE_URL": url}
        env |= {"LOG_LEVEL": "warning", "ACCESS": "open", "PYTHONPATH": str(Path(__file__).parents[1])}
        started, noted = time.perf_counter(), Path(folder) / "stalls"
        command = ["bench.stalls", str(noted)] if stalls else ["bot", "run"]
        bot = subprocess.Popen([sys.executable, "-m", *command], env=env, cwd=folder, stdout=subprocess.DEVNULL)
        while not any(thumb.tapped_at for thumb in echo.thumbs.values()):
            await asyncio.sleep(0.005)
        first = time.perf_counter() - started
        while not all(thumb.waits for thumb in echo.thumbs.values()):
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        before, cpu = sum(t.place for t in echo.thumbs.values()), used(bot.pid)[0]
        begun = time.perf_counter()
        for thumb in echo.thumbs.values():
            thumb.waits.clear()
        await asyncio.sleep(seconds)
        taps = sum(t.place for t in echo.thumbs.values()) - before
        wall = time.perf_counter() - begun
        spent, memory = used(bot.pid)
        waits = sorted(wait for thumb in echo.thumbs.values() for wait in thumb.waits)
        bot.terminate()
        bot.wait()
        held_up = read_stalls(noted, begun, begun + wall) if stalls else []
    await runner.cleanup()
    print(f"chats {chats}, round trip {delay * 1000:.0f} ms, {wall:.1f} s, {url.split(':')[0]}")
    print(f"taps                  {taps}")
    print(f"taps a second         {taps / wall:.0f}")
    print(f"processor time a tap  {(spent - cpu) / taps * 1000:.2f} ms")
    slow = waits[int(len(waits) * 0.99)]
    middle, last = statistics.median(waits), waits[-1]
    print(f"tap to redrawn card   median {middle * 1e3:.1f} ms, 99 % {slow * 1e3:.1f} ms, longest {last * 1e3:.0f} ms")
    print(f"start to first card   {first:.2f} s")
    print(f"memory                {memory:.0f} MB")
    for stall in [*held_up[:3], *sorted(held_up, key=lambda stall: -stall.processor)[:1]]:
        took, of_it = stall.seconds * 1e3, stall.processor * 1e3
        print(f"loop held up          {took:.0f} ms, {of_it:.0f} ms of it on the processor, by {stall.name}")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description="What a tap costs.")
    parser.add_argument("--chats", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--database", default="", help="a DATABASE_URL; a new SQLite file by default")
    parser.add_argument("--stalls", action="store_true", help="print what held the event loop up longest")
    given = parser.parse_args()
    asyncio.run(measure(given.chats, given.seconds, given.delay, given.database, stalls=given.stalls))


if __name__ == "__main__":
    main()
