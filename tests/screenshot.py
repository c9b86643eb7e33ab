"""Makes the pictures of the README: the real bot in a real browser, a recommendation and a team's decision."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from browser import PATIENCE, T8, Bot, Member, Phone, browser
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.playground.shapes import DR_LINDQVIST, DR_OKAFOR, DR_REYES, SPINE_BOARD

DOCS = Path(__file__).parent.parent / "docs"
SIZE: ViewportSize = {"width": 1100, "height": 960}
PHONE: ViewportSize = {"width": 420, "height": 1180}


async def main() -> None:
    """Take both pictures."""
    with tempfile.TemporaryDirectory() as folder:
        bot = Bot(Path(folder))
        address = bot.start()
        try:
            async with browser() as running:
                await recommendation(await running.new_page(viewport=SIZE, device_scale_factor=1), address)
                await decision(running, address)
        finally:
            bot.stop()


async def recommendation(page: Page, address: str) -> None:
    """Tap to the recommendation for T8."""
    await page.goto(address)
    phone = Phone(page)
    await page.locator("#start").click()
    await phone.reads("bedside look-up")
    await phone.tap("New case")
    await phone.answer(
        ("Which symptomatic levels", "T8"),
        ("T8 · 1 level", "Done"),
        ("fit for surgery", "Fit"),
        ("Neurological", "None"),
        *T8,
    )
    await phone.reads("✓ Posterior (open): supported")
    await taken(page, "playground.png")


async def decision(running: Browser, address: str) -> None:
    """Let three people take a case to its decision."""
    people = (DR_REYES, DR_OKAFOR, DR_LINDQVIST)
    pages = [await running.new_page(viewport=PHONE, device_scale_factor=2) for _ in people]
    for person, page in zip(people, pages, strict=True):
        await page.goto(f"{address}/?person={person.id}&chat={SPINE_BOARD.id}")
    reyes, okafor, lindqvist = map(Member, pages)
    await reyes.write("/case")
    name = await okafor.named()
    await reyes.tap(name, "T8", "Done · 1")
    await okafor.tap(name, "Fit", "None")
    await lindqvist.tap(name, "Body only")
    await reyes.tap(name, "Limited")
    await reyes.reads(name, "Earlier thoracic or abdominal")
    await okafor.tap(name, "None")
    await reyes.tap(name, "Discuss")
    for page in pages[:2]:
        await page.locator(".vote").filter(has_text="Posterior MIS").click()
    await pages[2].locator(".vote").filter(has_text="Anterior").click()
    await reyes.reads(name, "Posterior MIS: 2", "Anterior corpectomy: 1")
    await reyes.tap(name, "Close")
    await reyes.reads(name, "What did you decide?")
    await reyes.tap(name, "Posterior MIS")
    await expect(pages[1].locator("#pinned")).to_contain_text(
        name, timeout=3 * PATIENCE
    )  # a group is written to at its pace
    await taken(pages[1], "decision.png")


async def taken(page: Page, name: str) -> None:
    """Take the picture once nothing moves any more."""
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(1500)
    await page.screenshot(path=DOCS / name)


if __name__ == "__main__":
    asyncio.run(main())
