"""The bot is killed again and again while somebody taps in the browser: no answer is lost, no button is dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from browser import PATIENCE, Bot, BrowserUser
from playwright.async_api import BrowserContext, Error, expect

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

pytest_plugins = ("browser_fixtures", "store_fixtures")

STEPS = (
    ("Which symptomatic levels", "T8", "T8 · 1 level"),
    ("T8 · 1 level", "Only T8", "fit for surgery"),
    ("fit for surgery", "Fit", "Neurological deficit"),
    ("Neurological deficit", "None", "Where is the tumour"),
    ("Where is the tumour", "Body only", "How extensive is the destruction"),
    ("How extensive is the destruction", "Limited", "Earlier thoracic or abdominal"),
    ("Earlier thoracic or abdominal", "None", "✓ Posterior (open): supported"),
)
"""What is read, what is tapped then, and what is read once that was taken."""


@pytest.fixture
def bot(tmp_path: Path, url: str) -> Iterator[Bot]:
    bot = Bot(tmp_path / "data", database=url)
    yield bot
    if bot.process and bot.process.poll() is None:
        bot.kill()


@pytest.mark.case("B4")
async def test_killed_at_every_tap_each_answer_is_there_or_its_button_still_works(
    bot: Bot, phone: BrowserContext
) -> None:
    address = bot.start()
    page = await phone.new_page()
    page.set_default_timeout(PATIENCE)
    await page.goto(address)
    private_chat = BrowserUser(page)
    await page.locator("#start").click()
    await private_chat.reads("bedside look-up")
    await private_chat.tap("New case")
    record = 0
    for number, (before, label, after) in enumerate(STEPS):
        await private_chat.reads(before)
        await private_chat.tap(label)
        await page.wait_for_timeout(15 * number)  # each kill comes a little later after its tap
        bot.kill()
        bot.start()
        taken = private_chat.newest.get_by_text(after)
        await expect(taken.or_(private_chat.key(label)).first).to_be_visible(timeout=PATIENCE)
        await page.wait_for_timeout(1500)  # what was left undone is done
        record += await taken.first.is_visible()
        while not await taken.first.is_visible():
            with suppress(Error):  # the button goes when its tap is taken after all
                await private_chat.key(label).first.click(timeout=1500)
            await page.wait_for_timeout(1500)
    await expect(private_chat.newest).to_contain_text(
        "fit · no deficit · body only · limited destruction · no prior treatment"
    )
    assert record >= len(STEPS) // 2, f"{record} of {len(STEPS)} taps had been taken when the bot was killed"
