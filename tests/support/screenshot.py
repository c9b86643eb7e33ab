"""Takes the pictures of the documents: the kinds of recommendation, the steps of the user guide, a team's decision."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from browser import PATIENCE, T8, Bot, BrowserMember, BrowserUser, browser
from kinds import KINDS, reach
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.playground.chats.models import DR_LINDQVIST, DR_OKAFOR, DR_REYES, SPINE_BOARD

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"
SCREEN: ViewportSize = {"width": 390, "height": 844}
PHONE: ViewportSize = {"width": 420, "height": 1180}
DESK: ViewportSize = {"width": 1100, "height": 960}

Story = Callable[[Browser, str], Awaitable[None]]
"""What is done with a bot that has just started, at its address."""


async def main() -> None:
    """Write all pictures, each story with a bot of its own."""
    PICTURES.mkdir(exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    kinds = [partial(recommendation, kind=kind) for kind in KINDS]
    async with browser() as running:
        stories: tuple[Story, ...] = (*kinds, playground, steps, spine, note, inline, team)
        for story in stories:
            with tempfile.TemporaryDirectory() as folder:
                bot = Bot(Path(folder))
                try:
                    await story(running, bot.start())
                finally:
                    bot.stop()


async def begun(running: Browser, address: str, viewport: ViewportSize = SCREEN, scale: int = 2) -> BrowserUser:
    """Open the page of the playground, light, and tap START."""
    page = await running.new_page(viewport=viewport, device_scale_factor=scale, color_scheme="light")
    page.set_default_timeout(PATIENCE)
    await page.goto(address)
    await page.locator("#start").click()
    private_chat = BrowserUser(page)
    await private_chat.reads("bedside look-up")
    return private_chat


async def recommendation(running: Browser, address: str, kind: str) -> None:
    """Tap to a recommendation, and take it light and dark."""
    private_chat = await begun(running, address)
    await reach(private_chat, KINDS[kind])
    await taken(private_chat.page, PICTURES / f"{kind}-light.png")
    await private_chat.page.emulate_media(color_scheme="dark")
    await taken(private_chat.page, PICTURES / f"{kind}-dark.png")
    await private_chat.page.close()


async def playground(running: Browser, address: str) -> None:
    """Take the whole page of the playground with a recommendation."""
    private_chat = await begun(running, address, DESK, scale=1)
    await reach(private_chat, KINDS["simple"])
    await taken(private_chat.page, DOCS / "playground.png")
    await private_chat.page.close()


async def steps(running: Browser, address: str) -> None:
    """Take a question, and what opens beside a recommendation."""
    private_chat = await begun(running, address)
    await private_chat.tap("New case")
    await private_chat.answer(
        ("Which symptomatic levels", "T8"), ("T8 · 1 level", "Only T8"), ("fit for surgery", "Fit")
    )
    await private_chat.reads("Neurological deficit?")
    await taken(private_chat.page, PICTURES / "question.png")
    await private_chat.answer(("Neurological deficit?", "None"), *T8)
    await private_chat.reads("✓ Posterior (open): supported")
    await private_chat.tap("What would change it")
    await private_chat.reads("T8 · Posterior MIS")
    await taken(private_chat.page, PICTURES / "what-would-change.png")
    await private_chat.tap("‹ Back to the card")
    await private_chat.reads("✓ Posterior (open): supported")
    await private_chat.tap("All options")
    await private_chat.reads("Combined")
    await private_chat.tap("Anterior corpectomy")
    await private_chat.reads("Advantages")
    await taken(private_chat.page, PICTURES / "option.png")
    await private_chat.page.close()


async def spine(running: Browser, address: str) -> None:
    """Photograph the page on which the spine is tapped."""
    private_chat = await begun(running, address)
    await private_chat.tap("New case")
    await private_chat.reads("Which symptomatic levels")
    await private_chat.tap("Tap the spine")
    page = private_chat.page.frame_locator("#webapp iframe")
    await page.locator("[data-level=T8] .body").click()
    await page.get_by_role("radio", name="Body and pedicle").click()
    await expect(page.get_by_role("status")).to_have_text("T8")
    await taken(private_chat.page, PICTURES / "tap-the-spine.png")
    await private_chat.page.close()


async def note(running: Browser, address: str) -> None:
    """Take a typed note that is read back."""
    private_chat = await begun(running, address)
    await private_chat.write("T8 fit no deficit body only, SINS 13")
    await private_chat.reads("Is it right?")
    await taken(private_chat.page, PICTURES / "note.png")
    await private_chat.page.close()


async def inline(running: Browser, address: str) -> None:
    """Take the message of a line that somebody has typed behind the bot's name."""
    page = await running.new_page(viewport=SCREEN, device_scale_factor=2, color_scheme="light")
    await page.goto(f"{address}/?person={DR_OKAFOR.id}&chat={SPINE_BOARD.id}")
    await page.locator("#text").press_sequentially("@spinemets_bot T8 fit intact body limited no prior treatment")
    await page.get_by_role("option", name=re.compile("This is what was read")).click(timeout=PATIENCE)
    await expect(page.locator("#messages .message").last).to_contain_text("via @spinemets_bot", timeout=PATIENCE)
    await taken(page, PICTURES / "inline.png")
    await page.close()


async def team(running: Browser, address: str) -> None:
    """Let three people take a case to its decision, with a dispute on the way."""
    people = (DR_REYES, DR_OKAFOR, DR_LINDQVIST)
    pages = [await running.new_page(viewport=PHONE, device_scale_factor=2, color_scheme="light") for _ in people]
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
    await reyes.reads(name, "✓ Posterior (open): supported")
    await lindqvist.tap(name, "✎ Answers", "✎ no deficit", "Minor")
    await reyes.reads(name, "Disputed")
    await taken(pages[0], PICTURES / "team.png")
    await okafor.tap(name, "✎ Answers", "✎ no deficit", "None ✓")
    await okafor.told("Settled")
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
