"""The page, end to end: the real bot in its own process, tapped through in a real browser, killed and restarted."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio
from browser import T8, Bot, BrowserUser, watched
from playwright.async_api import BrowserContext, expect

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

pytest_plugins = ("browser_fixtures",)

FRESH = (
    ("Which symptomatic levels", "T8"),
    ("T8 · 1 level", "Only T8"),
    ("fit for surgery", "Fit"),
    ("Neurological", "None"),
)

WIDER = """() => [document.scrollingElement, ...document.querySelectorAll("#messages, .bubble, .key")]
    .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.textContent)"""
"""What holds more than it is wide."""


@pytest_asyncio.fixture(loop_scope="session")
async def private_chat(bot: Bot, phone: BrowserContext) -> BrowserUser:
    page = await phone.new_page()
    page.set_default_timeout(10_000)
    await page.goto(bot.start())
    return BrowserUser(page)


async def begin(private_chat: BrowserUser) -> None:
    """Begin as a newcomer: START, then New case."""
    await private_chat.page.locator("#start").click()
    await private_chat.reads("bedside look-up")
    await private_chat.tap("New case")


async def test_from_start_to_the_recommendation(private_chat: BrowserUser) -> None:
    strangers, faults = watched(private_chat.page)
    await private_chat.page.reload()
    await begin(private_chat)
    await private_chat.answer(*FRESH, *T8)
    await private_chat.reads("Posterior MIS")
    await private_chat.reads("✓ Posterior (open): supported")
    await private_chat.reads("✗ Combined: indication not met")
    await private_chat.reads("AO Surgery Reference 2019")
    assert not strangers
    assert not faults


async def test_the_headline_is_seen_above_the_whole_keyboard(private_chat: BrowserUser) -> None:
    await begin(private_chat)
    await private_chat.answer(*FRESH, *T8)
    await private_chat.reads("✓ Posterior (open): supported")
    await private_chat.key("New case").scroll_into_view_if_needed()
    await expect(private_chat.newest.locator("strong", has_text="Posterior MIS").first).to_be_in_viewport(ratio=1)
    for label in ("All options", "Copy", "New case"):
        await expect(private_chat.key(label)).to_be_in_viewport(ratio=0.9)


async def test_on_the_narrowest_phone_nothing_is_wider_than_the_screen(private_chat: BrowserUser) -> None:
    await private_chat.page.set_viewport_size({"width": 320, "height": 568})
    await begin(private_chat)
    for question, label in (*FRESH, *T8):
        await private_chat.answer((question, label))
        assert await private_chat.page.evaluate(WIDER) == []
    await private_chat.reads("✓ Posterior (open): supported")
    for view, told in (
        ("All options", "Combined: Indication not met"),
        ("What would change it", "T8 · Posterior MIS"),
        ("✎ Answers", "The others are kept"),
    ):
        await private_chat.tap(view)
        await private_chat.reads(told)
        assert await private_chat.page.evaluate(WIDER) == []
        await private_chat.tap("‹ Back to the card")
        await private_chat.reads("✓ Posterior (open): supported")


async def test_a_case_without_a_headline_says_decide_in_the_team(private_chat: BrowserUser) -> None:
    await begin(private_chat)
    await private_chat.answer(
        ("Which symptomatic levels", "T4"),
        ("T4 · 1 level", "Only T4"),
        ("fit for surgery", "Fit"),
        ("Neurological", "Significant"),
        ("Where is the tumour", "Circumferential"),
        ("How extensive is the destruction", "Extensive"),
        ("stable enough", "Not enough"),
        ("Earlier thoracic or abdominal", "None"),
    )
    await private_chat.reads("No option fully meets an indication in the source: discuss as a team")
    await private_chat.reads("~ Combined: judgement")
    await private_chat.reads("✗ Anterior corpectomy: not recommended")


async def test_quick_taps_on_the_grid_all_count(private_chat: BrowserUser) -> None:
    await begin(private_chat)
    await private_chat.reads("Which symptomatic levels")
    keys = [private_chat.key(label) for label in ("T11", "T12", "L1")]
    for key in keys:
        await key.click(no_wait_after=True)
    await private_chat.reads("T11–L1 · 3 levels")


async def test_an_answer_is_changed_and_the_others_are_kept(private_chat: BrowserUser) -> None:
    await begin(private_chat)
    await private_chat.answer(*FRESH, *T8)
    await private_chat.reads("✓ Posterior (open): supported")
    await private_chat.tap("✎ Answers")
    await private_chat.reads("Change an answer")
    await private_chat.tap("✎ no deficit")
    await private_chat.reads("Neurological deficit?")
    await expect(private_chat.key("None ✓")).to_be_visible()
    await private_chat.tap("Significant")
    await private_chat.reads("Posterior decompression and stabilization")
    await private_chat.reads("is an emergency")
    await private_chat.reads("limited destruction")


async def test_an_option_is_opened_and_left(private_chat: BrowserUser) -> None:
    await begin(private_chat)
    await private_chat.answer(*FRESH, *T8)
    await private_chat.reads("✓ Posterior (open): supported")
    await private_chat.tap("All options")
    await private_chat.reads("Supported by the source")
    await private_chat.tap("Anterior")
    await private_chat.reads("Anterior corpectomy and stabilization")
    await private_chat.reads("not available")
    await private_chat.reads("shorter construct (A7)")
    await private_chat.tap("‹ Back to the card")
    await private_chat.reads("✓ Posterior (open): supported")


async def test_sins_is_scored_beside_the_question_it_helps_with(private_chat: BrowserUser) -> None:
    await begin(private_chat)
    await private_chat.answer(*FRESH, *T8[:1])
    await private_chat.reads("How extensive is the destruction")
    await private_chat.tap("SINS")
    await private_chat.answer(
        ("What is the pain like", "Mechanical"),
        ("What is the bone lesion like", "Lytic"),
        ("alignment", "Normal"),
        ("collapsed", "Less than 50 %"),
        ("posterolateral", "Bilateral"),
    )
    await private_chat.reads("SINS 11 · potentially unstable")
    await private_chat.tap("‹ Back to the case")
    await private_chat.reads("The source names no cut-off: you judge")
    await private_chat.answer(*T8[1:])
    await private_chat.reads("✓ Posterior (open): supported")


async def test_a_reload_in_the_middle_changes_nothing(private_chat: BrowserUser) -> None:
    await begin(private_chat)
    await private_chat.answer(*FRESH)
    await private_chat.reads("Where is the tumour")
    await private_chat.page.reload()
    await private_chat.answer(*T8)
    await private_chat.reads("✓ Posterior (open): supported")


async def test_killed_and_started_again_in_the_middle_the_same_buttons_go_on(
    private_chat: BrowserUser, bot: Bot
) -> None:
    await begin(private_chat)
    await private_chat.answer(*FRESH)
    await private_chat.reads("Where is the tumour")
    bot.kill()
    bot.start()
    await expect(private_chat.page.locator("#messages")).to_be_visible()
    await private_chat.answer(*T8[:1])
    await private_chat.reads("How extensive is the destruction")
    bot.kill()
    bot.start()
    await private_chat.answer(*T8[1:])
    await private_chat.reads("✓ Posterior (open): supported")


async def test_one_typed_line_is_a_recommendation_in_two_actions_and_what_if_changes_nothing(
    private_chat: BrowserUser,
) -> None:
    await private_chat.page.locator("#start").click()
    await private_chat.reads("bedside look-up")
    await private_chat.write("T8 fit no deficit body only limited destruction no prior treatment")
    await private_chat.reads("This is what was read. Is it right?")
    await private_chat.tap("Confirm")
    await private_chat.reads("The headline would change with")
    await private_chat.tap("What would change it")
    await private_chat.reads("T8 · Posterior MIS")
    await private_chat.tap("Deficit: significant → Posterior (open)")
    await private_chat.reads("your case is not changed")
    await private_chat.tap("‹ Back to the card")
    await private_chat.reads("fit · no deficit · body only")


async def test_a_note_that_is_changed_on_the_page_is_read_again_in_its_card(private_chat: BrowserUser) -> None:
    await private_chat.page.locator("#start").click()
    await private_chat.reads("bedside look-up")
    await private_chat.write("/new T8 fit no deficit")
    await private_chat.reads("T8 · 1 level")
    cards = await private_chat.cards.count()
    await private_chat.page.locator(".edit-key").last.click()
    await expect(private_chat.page.locator("#replying-words")).to_have_text("Edit: /new T8 fit no deficit")
    await private_chat.write("L2 unfit comorbidities")
    await private_chat.reads("L2 · 1 level")
    await expect(private_chat.page.locator("#replying")).to_be_hidden()
    assert await private_chat.cards.count() == cards
    await private_chat.tap("Confirm")
    await expect(private_chat.key("All options")).to_be_visible()


async def test_the_command_menu_lists_the_commands(private_chat: BrowserUser) -> None:
    await private_chat.page.locator("#menu").click()
    for command in ("/new", "/options", "/about", "/forget"):
        await expect(private_chat.page.get_by_text(re.compile(f"^{command}"))).to_be_visible()


async def test_it_ends_when_it_is_told_to(private_chat: BrowserUser, bot: Bot) -> None:
    await private_chat.write("/start")
    await private_chat.reads("bedside look-up")
    assert bot.stop() == 0
