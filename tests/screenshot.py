"""Makes the screenshot that opens the README: the real bot in a real browser, a recommendation on its page."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from browser import T8, Bot, Phone, browser
from playwright.async_api import ViewportSize

DOCS = Path(__file__).parent.parent / "docs"
SIZE: ViewportSize = {"width": 1100, "height": 960}


async def main() -> None:
    """Tap to the recommendation for T8, and take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        bot = Bot(Path(folder))
        address = bot.start()
        try:
            async with browser() as running:
                page = await running.new_page(viewport=SIZE, device_scale_factor=1)
                await page.goto(address)
                phone = Phone(page)
                await page.locator("#start").click()
                await phone.reads("bedside look-up")
                await phone.tap("New case")
                await phone.answer(
                    ("Which symptomatic levels", "T8"),
                    ("T8 · 1 level", "Done"),
                    ("fit for surgery", "fit"),
                    ("Neurological", "none"),
                    *T8,
                )
                await phone.reads("Also supported")
                await page.mouse.move(0, 0)
                await page.wait_for_timeout(700)
                await page.screenshot(path=DOCS / "playground.png")
        finally:
            bot.stop()


if __name__ == "__main__":
    asyncio.run(main())
