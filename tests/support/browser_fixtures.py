"""A browser that all tests of a process share, a page in it for each, and a bot of its own to talk to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from browser import CHROMIUM, Bot, browser
from playwright.async_api import Browser, BrowserContext


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(tmp_path / "data")
    yield bot
    if bot.process and bot.process.poll() is None:
        bot.kill()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    assert CHROMIUM, "no browser: apt install chromium fonts-noto-color-emoji"
    async with browser() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def phone(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """Give what keeps nothing of another test: pages of 390 by 844."""
    context = await chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="light")
    yield context
    await context.close()
