"""The real bot as its own process, and a real browser to tap through its page; for tests and the screenshot."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fork_server import ForkedCommand, shared_server
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Request, async_playwright, expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
"""The browser of the system; `make test` sees to it. Nothing is downloaded."""

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


START = 30.0
"""Seconds that a bot may take to start on a busy machine."""


def free_port() -> int:
    """Find a port that stays free while nobody listens: below those that the machine gives to outgoing connections."""
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Bot:
    """`spinemets run` without a token, as a process of its own, with a data folder of its own."""

    def __init__(self, folder: Path, port: int | None = None, database: str = "") -> None:
        self.folder = folder
        self.database = database
        self.port = port or free_port()
        self.process: ForkedCommand | None = None

    def start(self) -> str:
        """Start it, and give the address that it prints."""
        self.folder.mkdir(parents=True, exist_ok=True)
        env = {key: value for key, value in os.environ.items() if not key.startswith(("BOT_", "DATABASE_"))}
        env |= {"XDG_DATA_HOME": str(self.folder), "PLAYGROUND_PORT": str(self.port), "DATABASE_URL": self.database}
        log = self.folder / "log"
        log.touch()
        before = log.stat().st_size
        self.process = shared_server().command(self.folder, log, env)
        end = time.monotonic() + START
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"http://\S+(?=\n)", log.read_text()[before:])
            if found:
                return found[0]
            time.sleep(0.01)
        raise AssertionError(f"the bot did not start: {log.read_text()}")

    def kill(self) -> None:
        """Kill it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Tell it to end, and give its exit status."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(number)
        return self.process.wait(10)


@asynccontextmanager
async def browser(*more: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *more])
        try:
            yield running
        finally:
            await running.close()


class BrowserUser:
    """The page as a thumb uses it: taps by label on the newest card that has the button, and reads what is there."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def cards(self) -> Locator:
        return self.page.locator("#messages [data-author=bot]")

    @property
    def newest(self) -> Locator:
        return self.cards.last

    def key(self, label: str) -> Locator:
        """Find a button of the newest card by the beginning of its label."""
        return self.newest.get_by_role("button", name=re.compile("^" + re.escape(label)))

    async def write(self, text: str) -> None:
        await self.page.locator("#text").fill(text)
        await self.page.locator("#send").click()

    async def tap(self, label: str) -> None:
        await self.key(label).first.click()

    async def reads(self, text: str) -> None:
        """Wait until the newest card says so."""
        await expect(self.newest).to_contain_text(text)

    async def answer(self, *taps: tuple[str, str]) -> None:
        """Tap through questions: for each, wait until it is read, then tap its answer."""
        for question, label in taps:
            await self.reads(question)
            await self.tap(label)


PATIENCE = 20_000
"""Milliseconds: edits of a group are gathered, and the machine may be busy."""


class BrowserMember:
    """One person's tab: taps on the card of one case by its name, and reads what is there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def card(self, name: str) -> Locator:
        """The newest card that bears the name of a case."""
        cards = self.page.locator("#messages [data-author=bot].with-keys")
        return cards.filter(has_text=name).filter(has_not_text="Decision: ").last

    async def write(self, text: str) -> None:
        await self.page.locator("#text").fill(text)
        await self.page.locator("#send").click()

    async def tap(self, name: str, *labels: str) -> None:
        """Tap buttons of a case, each once it is there."""
        for label in labels:
            key = self.card(name).get_by_role("button", name=re.compile("^" + re.escape(label)))
            await key.first.click(timeout=PATIENCE)

    async def reads(self, name: str, *texts: str) -> None:
        """Wait until the card of a case says so."""
        for text in texts:
            await expect(self.card(name)).to_contain_text(text, timeout=PATIENCE)

    async def promotes_the_bot(self) -> None:
        """Make the bot an administrator of the group, by the stage, as its owner does it on a phone."""
        await self.page.locator("#open-admin").click()
        row = self.page.locator(".admin-row", has_text="spinemets")
        await row.get_by_role("button", name="Promote").click()
        await expect(row).to_contain_text("administrator", timeout=PATIENCE)
        await self.page.get_by_role("button", name="Close", exact=True).click()

    async def told(self, text: str) -> None:
        """Wait until a toast says so."""
        await expect(self.page.locator("#toast")).to_contain_text(text, timeout=PATIENCE)

    async def named(self, besides: str = "no other") -> str:
        """Read the name of the case that was opened last."""
        opened = self.page.locator("#messages [data-author=bot]").filter(has_text="Which symptomatic levels")
        fresh = opened.filter(has_not_text=besides)
        await expect(fresh).to_have_count(1, timeout=PATIENCE)
        said = await fresh.inner_text()
        return said.partition(" · ")[0].splitlines()[-1].strip()


T8 = (
    ("Where is the tumour", "Body only"),
    ("How extensive is the destruction", "Limited"),
    ("Earlier thoracic or abdominal", "None"),
)
"""The last answers of "T8, fit, no deficit, body only, limited, no prior treatment"."""


def watched(page: Page) -> tuple[list[str], list[str]]:
    """Note every request to another host, and every fault that the browser reports."""
    strangers: list[str] = []
    faults: list[str] = []

    def look(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:")):
            strangers.append(request.url)

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(message.text)

    page.on("request", look)
    page.on("console", hear)
    return strangers, faults
