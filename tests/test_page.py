"""The page, end to end: the real bot in its own process, tapped through in a real browser, killed and restarted."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from browser import CHROMIUM, T8, Bot, Phone, browser
from playwright.async_api import ConsoleMessage, Request, expect

FRESH = (
    ("Which symptomatic levels", "T8"),
    ("T8 · 1 level", "Only T8"),
    ("fit for surgery", "Fit"),
    ("Neurological", "None"),
)

WIDER = """() => [document.scrollingElement, ...document.querySelectorAll("#messages, .bubble, .key")]
    .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.textContent)"""
"""What holds more than it is wide."""


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(tmp_path / "data")
    yield bot
    if bot.process and bot.process.poll() is None:
        bot.kill()


@pytest.fixture
async def phone(bot: Bot) -> AsyncIterator[Phone]:
    assert CHROMIUM, "no browser: apt install chromium fonts-noto-color-emoji"
    address = bot.start()
    async with browser() as running:
        page = await running.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(10_000)
        await page.goto(address)
        yield Phone(page)


async def begin(phone: Phone) -> None:
    """Begin as a newcomer: START, then New case."""
    await phone.page.locator("#start").click()
    await phone.reads("bedside look-up")
    await phone.tap("New case")


async def test_from_start_to_the_recommendation(phone: Phone) -> None:
    strangers: list[str] = []
    faults: list[str] = []

    def look(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:")):
            strangers.append(request.url)

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(message.text)

    phone.page.on("request", look)
    phone.page.on("console", hear)
    await phone.page.reload()
    await begin(phone)
    await phone.answer(*FRESH, *T8)
    await phone.reads("Posterior MIS")
    await phone.reads("✓ Posterior (open): supported")
    await phone.reads("✗ Combined: indication not met")
    await phone.reads("AO Surgery Reference 2019")
    assert not strangers
    assert not faults


async def test_the_headline_is_seen_above_the_whole_keyboard(phone: Phone) -> None:
    await begin(phone)
    await phone.answer(*FRESH, *T8)
    await phone.reads("✓ Posterior (open): supported")
    await phone.key("New case").scroll_into_view_if_needed()
    await expect(phone.newest.locator("strong", has_text="Posterior MIS").first).to_be_in_viewport(ratio=1)
    for label in ("All options", "Copy", "New case"):
        await expect(phone.key(label)).to_be_in_viewport(ratio=0.9)


async def test_on_the_narrowest_phone_nothing_is_wider_than_the_screen(phone: Phone) -> None:
    await phone.page.set_viewport_size({"width": 320, "height": 568})
    await begin(phone)
    for question, label in (*FRESH, *T8):
        await phone.answer((question, label))
        assert await phone.page.evaluate(WIDER) == []
    await phone.reads("✓ Posterior (open): supported")
    for view, told in (
        ("All options", "Combined: Indication not met"),
        ("What would change it", "T8 · Posterior MIS"),
        ("✎ Answers", "The others are kept"),
    ):
        await phone.tap(view)
        await phone.reads(told)
        assert await phone.page.evaluate(WIDER) == []
        await phone.tap("‹ Back to the card")
        await phone.reads("✓ Posterior (open): supported")


async def test_a_case_without_a_headline_says_decide_in_the_team(phone: Phone) -> None:
    await begin(phone)
    await phone.answer(
        ("Which symptomatic levels", "T4"),
        ("T4 · 1 level", "Only T4"),
        ("fit for surgery", "Fit"),
        ("Neurological", "Significant"),
        ("Where is the tumour", "Circumferential"),
        ("How extensive is the destruction", "Extensive"),
        ("stable enough", "Not enough"),
        ("Earlier thoracic or abdominal", "None"),
    )
    await phone.reads("No option fully meets an indication in the source: discuss as a team")
    await phone.reads("~ Combined: judgement")
    await phone.reads("✗ Anterior corpectomy: not recommended")


async def test_quick_taps_on_the_grid_all_count(phone: Phone) -> None:
    await begin(phone)
    await phone.reads("Which symptomatic levels")
    keys = [phone.key(label) for label in ("T11", "T12", "L1")]
    for key in keys:
        await key.click(no_wait_after=True)
    await phone.reads("T11–L1 · 3 levels")


async def test_an_answer_is_changed_and_the_others_are_kept(phone: Phone) -> None:
    await begin(phone)
    await phone.answer(*FRESH, *T8)
    await phone.reads("✓ Posterior (open): supported")
    await phone.tap("✎ Answers")
    await phone.reads("Change an answer")
    await phone.tap("✎ no deficit")
    await phone.reads("Neurological deficit?")
    await expect(phone.key("None ✓")).to_be_visible()
    await phone.tap("Significant")
    await phone.reads("Posterior decompression and stabilization")
    await phone.reads("is an emergency")
    await phone.reads("limited destruction")


async def test_an_option_is_opened_and_left(phone: Phone) -> None:
    await begin(phone)
    await phone.answer(*FRESH, *T8)
    await phone.reads("✓ Posterior (open): supported")
    await phone.tap("All options")
    await phone.reads("Supported by the source")
    await phone.tap("Anterior")
    await phone.reads("Anterior corpectomy and stabilization")
    await phone.reads("not available")
    await phone.reads("shorter construct (A7)")
    await phone.tap("‹ Back to the card")
    await phone.reads("✓ Posterior (open): supported")


async def test_sins_is_scored_beside_the_question_it_helps_with(phone: Phone) -> None:
    await begin(phone)
    await phone.answer(*FRESH, *T8[:1])
    await phone.reads("How extensive is the destruction")
    await phone.tap("SINS")
    await phone.answer(
        ("What is the pain like", "Mechanical"),
        ("What is the bone lesion like", "Lytic"),
        ("alignment", "Normal"),
        ("collapsed", "Less than 50 %"),
        ("posterolateral", "Bilateral"),
    )
    await phone.reads("SINS 11 · potentially unstable")
    await phone.tap("‹ Back to the case")
    await phone.reads("The source names no cut-off: you judge")
    await phone.answer(*T8[1:])
    await phone.reads("✓ Posterior (open): supported")


async def test_a_reload_in_the_middle_changes_nothing(phone: Phone) -> None:
    await begin(phone)
    await phone.answer(*FRESH)
    await phone.reads("Where is the tumour")
    await phone.page.reload()
    await phone.answer(*T8)
    await phone.reads("✓ Posterior (open): supported")


async def test_killed_and_started_again_in_the_middle_the_same_buttons_go_on(phone: Phone, bot: Bot) -> None:
    await begin(phone)
    await phone.answer(*FRESH)
    await phone.reads("Where is the tumour")
    bot.kill()
    bot.start()
    await expect(phone.page.locator("#messages")).to_be_visible()
    await phone.answer(*T8[:1])
    await phone.reads("How extensive is the destruction")
    bot.kill()
    bot.start()
    await phone.answer(*T8[1:])
    await phone.reads("✓ Posterior (open): supported")


async def test_one_typed_line_is_a_recommendation_in_two_actions_and_what_if_changes_nothing(phone: Phone) -> None:
    await phone.page.locator("#start").click()
    await phone.reads("bedside look-up")
    await phone.write("T8 fit no deficit body only limited destruction no prior treatment")
    await phone.reads("This is what was read. Is it right?")
    await phone.tap("Confirm")
    await phone.reads("The headline would change with")
    await phone.tap("What would change it")
    await phone.reads("T8 · Posterior MIS")
    await phone.tap("Deficit: significant → Posterior (open)")
    await phone.reads("your case is not changed")
    await phone.tap("‹ Back to the card")
    await phone.reads("fit · no deficit · body only")


async def test_a_note_that_is_changed_on_the_page_is_read_again_in_its_card(phone: Phone) -> None:
    await phone.page.locator("#start").click()
    await phone.reads("bedside look-up")
    await phone.write("/new T8 fit no deficit")
    await phone.reads("T8 · 1 level")
    cards = await phone.cards.count()
    await phone.page.locator(".edit-key").last.click()
    await expect(phone.page.locator("#replying-words")).to_have_text("Edit: /new T8 fit no deficit")
    await phone.write("L2 unfit comorbidities")
    await phone.reads("L2 · 1 level")
    await expect(phone.page.locator("#replying")).to_be_hidden()
    assert await phone.cards.count() == cards
    await phone.tap("Confirm")
    await expect(phone.key("All options")).to_be_visible()


async def test_the_command_menu_lists_the_commands(phone: Phone) -> None:
    await phone.page.locator("#menu").click()
    for command in ("/new", "/options", "/about", "/forget"):
        await expect(phone.page.get_by_text(re.compile(f"^{command}"))).to_be_visible()


async def test_it_ends_when_it_is_told_to(phone: Phone, bot: Bot) -> None:
    await phone.write("/start")
    await phone.reads("bedside look-up")
    assert bot.stop() == 0
