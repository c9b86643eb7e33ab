"""Makes the pictures of the documents: the eight kinds of recommendation on a phone, and a team's decision."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from browser import PATIENCE, Bot, BrowserMember, BrowserUser, browser
from kinds import KINDS, reach
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.playground.chats.models import DR_LINDQVIST, DR_OKAFOR, DR_REYES, SPINE_BOARD

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"
SCREEN: ViewportSize = {"width": 390, "height": 844}
PHONE: ViewportSize = {"width": 420, "height": 1180}


async def main() -> None:
    """Take all pictures, each kind of recommendation in a chat of its own."""
    PICTURES.mkdir(exist_ok=True)
    async with browser() as running:
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as folder:
                bot = Bot(Path(folder))
                try:
                    await recommendation(running, bot.start(), kind)
                finally:
                    bot.stop()
        with tempfile.TemporaryDirectory() as folder:
            bot = Bot(Path(folder))
            try:
                await decision(running, bot.start())
            finally:
                bot.stop()


async def recommendation(running: Browser, address: str, kind: str) -> None:
    """Tap to a recommendation, and take it light and dark."""
    page = await running.new_page(viewport=SCREEN, device_scale_factor=2)
    await page.goto(address)
    await page.locator("#start").click()
    private_chat = BrowserUser(page)
    await private_chat.reads("bedside look-up")
    await reach(private_chat, KINDS[kind])
    await page.emulate_media(color_scheme="light")
    await taken(page, PICTURES / f"{kind}-light.png")
    await page.emulate_media(color_scheme="dark")
    await taken(page, PICTURES / f"{kind}-dark.png")
    await page.close()


async def decision(running: Browser, address: str) -> None:
    """Let three people take a case to its decision."""
    people = (DR_REYES, DR_OKAFOR, DR_LINDQVIST)
    pages = [await running.new_page(viewport=PHONE, device_scale_factor=2) for _ in people]
    for person, page in zip(people, pages, strict=True):
        await page.goto(f"{address}/?person={person.id}&chat={SPINE_BOARD.id}")
    reyes, okafor, lindqvist = map(BrowserMember, pages)
    await reyes.promotes_the_bot()
    await reyes.write("/case")
    name = await okafor.named()
    await reyes.tap(name, "T8", "Only T8 ›")
    await okafor.tap(name, "Fit", "None")
    await lindqvist.tap(name, "Body only")
    await reyes.tap(name, "Limited")
    await reyes.reads(name, "Earlier thoracic or abdominal")
    await okafor.tap(name, "None")
    await reyes.tap(name, "Discuss")
    for page in pages[:2]:
        await page.locator(".vote").filter(has_text="Posterior MIS").click()
    await pages[2].locator(".vote").filter(has_text="Anterior corpectomy").click()
    await reyes.reads(name, "Posterior MIS: 2", "Anterior corpectomy: 1")
    await reyes.tap(name, "Close")
    await reyes.reads(name, "What did you decide?")
    await reyes.tap(name, "Posterior MIS")
    await reyes.reads(name, "Decide: Posterior MIS?")
    await reyes.tap(name, "Decide")
    await expect(pages[1].locator("#pinned")).to_contain_text(
        name, timeout=3 * PATIENCE
    )  # a group is written to at its pace
    await taken(pages[1], DOCS / "decision.png")


async def taken(page: Page, path: Path) -> None:
    """Take the picture once nothing moves any more."""
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(1500)
    await page.screenshot(path=path)


if __name__ == "__main__":
    asyncio.run(main())
