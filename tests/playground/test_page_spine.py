"""The page of the spine in the playground, in a real browser: tapped on the drawing, and answered by the keyboard."""

from __future__ import annotations

import pytest
from browser import PATIENCE, Bot, BrowserUser, watched
from playwright.async_api import BrowserContext, FrameLocator, expect

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

pytest_plugins = ("browser_fixtures",)

TARGETS = """() => [...document.querySelectorAll("label, button")]
    .map((target) => [target.textContent, target.getBoundingClientRect()])
    .filter(([, box]) => box.width < 44 || box.height < 44 || box.right > innerWidth || box.left < 0)
    .map(([text]) => text)"""
"""What a thumb would miss, or must look for."""

TALLER = "() => document.scrollingElement.scrollHeight - innerHeight"


async def test_a_case_is_answered_by_tapping_the_drawing_and_by_the_keyboard(bot: Bot, phone: BrowserContext) -> None:
    page = await phone.new_page()
    page.set_default_timeout(PATIENCE)
    await page.set_viewport_size({"width": 360, "height": 640})
    strangers, faults = watched(page)
    await page.goto(bot.start())
    await page.locator("#start").click()
    private_chat = BrowserUser(page)
    await private_chat.tap("New case")
    spine = await opened(private_chat)
    inside = page.frames[-1]
    assert await inside.evaluate(TARGETS) == []
    assert await inside.evaluate(TALLER) <= 0

    await spine.locator("[data-level=T8] .body").click()
    await spine.locator("[data-level=T9] .body").click()
    await spine.locator("[data-level=T9] .body").click()
    await expect(spine.get_by_role("status")).to_have_text("T8")
    await spine.get_by_role("radio", name="Body only").click()
    await spine.get_by_role("button", name="Send").click()
    await private_chat.answer(("fit for surgery", "Fit"), ("Neurological", "None"))
    await private_chat.reads("How extensive is the destruction")
    await private_chat.reads("body only")

    await private_chat.tap("↺ Restart")
    await private_chat.answer(("Start over? 4 answers would go", "Start over"))
    spine = await opened(private_chat)
    await spine.get_by_role("checkbox", name="L1", exact=True).focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await expect(spine.get_by_role("checkbox", name="L2", exact=True)).to_be_checked()
    await spine.get_by_role("radio", name="Later").focus()
    await page.keyboard.press("ArrowUp")
    await expect(spine.get_by_role("radio", name="Posterior only")).to_be_checked()
    await page.keyboard.press("Enter")
    await private_chat.reads("fit for surgery")
    await private_chat.reads("L1–L2 · 2 levels")
    assert not strangers
    assert not faults


async def opened(private_chat: BrowserUser) -> FrameLocator:
    """Open the page by its button, and wait until it can be used."""
    await private_chat.reads("Which symptomatic levels")
    await private_chat.tap("Tap the spine")
    spine = private_chat.page.frame_locator("#webapp iframe")
    await expect(spine.get_by_role("button", name="Send")).to_be_disabled()
    return spine
