"""The page with several people at once: each in a tab of their own, in groups, topics and polls, live."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from local_bot_api import TAP, RunningPlayground, running_playground
from PIL import Image
from playwright.async_api import Browser, Locator, Page, expect

from bot.playground.chats.models import (
    DR_LINDQVIST,
    DR_OKAFOR,
    DR_REYES,
    SPINE_BOARD,
    START,
    TUMOUR_CONFERENCE,
    Chat,
    ChatMember,
)

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

pytest_plugins = ("browser_fixtures",)

BOARD = SPINE_BOARD.id
FORUM = TUMOUR_CONFERENCE.id
REYES, OKAFOR, LINDQVIST = DR_REYES.id, DR_OKAFOR.id, DR_LINDQVIST.id
OPTIONS = [{"text": "Posterior"}, {"text": "Anterior"}]


@pytest_asyncio.fixture(loop_scope="session")
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground(rooms=START) as playground:
        yield playground


@asynccontextmanager
async def tab(
    chromium: Browser, playground: RunningPlayground, person_id: int, chat_id: int = BOARD, width: int = 390
) -> Any:
    page = await chromium.new_page(viewport={"width": width, "height": 844})
    page.set_default_timeout(10_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(f"{playground.url}/?person={person_id}&chat={chat_id}")
    await expect(page.locator("#person option:checked")).to_have_text(re.compile("Dr"))
    yield page
    assert not faults
    await page.close()


def said(page: Page) -> Locator:
    return page.locator("#messages .message")


async def write(page: Page, text: str) -> None:
    await page.locator("#text").fill(text)
    await page.locator("#send").click()


async def test_three_people_see_each_other_and_the_card_at_once(
    playground: RunningPlayground, chromium: Browser
) -> None:
    async with (
        tab(chromium, playground, REYES) as reyes,
        tab(chromium, playground, OKAFOR) as okafor,
        tab(chromium, playground, LINDQVIST) as lindqvist,
    ):
        await write(okafor, "<i>Who</i> sees T8?")
        for page in (reyes, lindqvist):
            await expect(said(page).last).to_contain_text("Dr. Okafor")
            await expect(said(page).last).to_contain_text("<i>Who</i> sees T8?")
        await playground.call("sendMessage", chat_id=BOARD, text="a card", reply_markup=TAP)
        await lindqvist.get_by_role("button", name="None").click()
        update = (await playground.updates())[-1]
        assert update["callback_query"]["from"]["first_name"] == "Dr. Lindqvist"
        await playground.call("answerCallbackQuery", callback_query_id=update["callback_query"]["id"], text="Noted")
        await expect(lindqvist.locator("#toast")).to_have_text("Noted")
        await expect(reyes.locator("#toast")).to_have_text("")
        await said(reyes).last.get_by_role("button", name="Reply").click()
        await write(reyes, "why?")
        await expect(said(okafor).last.locator(".quoted")).to_have_text("spinemets: a card")
        update = (await playground.updates())[-1]
        assert update["message"]["reply_to_message"]["text"] == "a card"


async def test_a_vote_is_given_changed_and_taken_back_with_its_name(
    playground: RunningPlayground, chromium: Browser
) -> None:
    async with tab(chromium, playground, OKAFOR) as okafor, tab(chromium, playground, REYES) as reyes:
        await playground.call("sendPoll", chat_id=BOARD, question="Which way?", options=OPTIONS, is_anonymous=False)
        await okafor.get_by_role("button", name="Posterior").click()
        await expect(reyes.locator(".vote").first).to_contain_text("Dr. Okafor")
        await okafor.get_by_role("button", name="Anterior").click()
        await expect(reyes.locator(".vote").last).to_contain_text("Dr. Okafor")
        await okafor.get_by_role("button", name="Retract vote").click()
        await expect(reyes.locator(".poll-total")).to_have_text("No votes yet")


async def test_topics_are_places_of_their_own(playground: RunningPlayground, chromium: Browser) -> None:
    week, follow_up = playground.world.chats.get(FORUM).topics
    async with tab(chromium, playground, REYES, FORUM, width=320) as page:
        await page.locator("#open-chats").click()
        await page.get_by_role("button", name="Follow-up").click()
        await write(page, "/new")
        assert (await playground.updates())[-1]["message"]["message_thread_id"] == follow_up.id
        await playground.call("sendMessage", chat_id=FORUM, message_thread_id=week.id, text="elsewhere")
        await page.locator("#open-chats").click()
        await expect(page.get_by_role("button", name="This week, news")).to_be_visible()
        await page.get_by_role("button", name="This week, news").click()
        await expect(said(page).last).to_contain_text("elsewhere")
        await page.reload()
        await expect(page.locator("#bot-name")).to_have_text("Tumour conference · This week")
        assert await page.evaluate("document.documentElement.scrollWidth") == 320


async def test_a_picture_fills_the_message_opens_on_a_tap_and_is_saved_by_a_key(
    playground: RunningPlayground, chromium: Browser
) -> None:
    spine = Image.new("RGB", (1024, 1280))
    spine.save(png := io.BytesIO(), "PNG")
    form = aiohttp.FormData({"chat_id": str(BOARD), "caption": "🟦 Heron · T8"})
    form.add_field("photo", png.getvalue(), filename="spine.png")
    async with playground.session.post(f"{playground.bot_url}/sendPhoto", data=form) as response:
        assert (await response.json())["ok"]
    async with tab(chromium, playground, REYES) as page:
        image = page.get_by_role("img", name="🟦 Heron · T8")
        await expect(image).to_have_js_property("naturalWidth", 1024)
        size = await image.bounding_box()
        assert size
        assert size["width"] > 350
        async with page.expect_popup() as opened:
            await image.click()
        assert "/play/file/" in (await opened.value).url
        async with page.expect_download() as saved:
            await page.get_by_role("link", name="Download the picture").click()
        assert (await saved.value).suggested_filename == "picture.png"


async def test_links_to_the_bot_stay_in_the_playground(playground: RunningPlayground, chromium: Browser) -> None:
    rows = [
        [{"text": "Mine", "url": "https://t.me/spinemets_bot?start=case-1"}],
        [{"text": "Team", "url": "https://t.me/spinemets_bot?startgroup=case-2"}],
        [{"text": "Search", "switch_inline_query_current_chat": "T8"}],
        [{"text": "Copy", "copy_text": {"text": "T8, no deficit"}}],
    ]
    card = await playground.call("sendMessage", chat_id=BOARD, text="a card", reply_markup={"inline_keyboard": rows})
    playground.world.admin.set_bot(BOARD, "administrator")
    await playground.call("pinChatMessage", chat_id=BOARD, message_id=card["message_id"])
    async with tab(chromium, playground, OKAFOR) as page:
        await expect(page.locator("#pinned")).to_have_text("Pinned: a card")
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_role("button", name="Copy").click()
        await expect(page.locator("#toast")).to_have_text("Copied")
        assert await page.evaluate("navigator.clipboard.readText()") == "T8, no deficit"
        await page.get_by_role("button", name="Search").click()
        await expect(page.locator("#text")).to_have_value("@spinemets_bot T8")
        await page.get_by_role("button", name="Team").click()
        await page.locator("#chooser").get_by_role("button", name="Tumour conference").click()
        await expect(said(page).last).to_contain_text("/start@spinemets_bot case-2")
        await page.goto(f"{playground.url}/?person={OKAFOR}&chat={BOARD}")
        await page.get_by_role("button", name="Mine").click()
        await expect(said(page).last).to_contain_text("/start case-1")
        await expect(page.locator("#bot-name")).to_have_text("spinemets")


async def test_the_stage_moves_people_and_cards(playground: RunningPlayground, chromium: Browser) -> None:
    await playground.call("sendMessage", chat_id=BOARD, text="a card", reply_markup=TAP)
    async with tab(chromium, playground, REYES) as reyes, tab(chromium, playground, LINDQVIST) as lindqvist:
        await reyes.locator("#open-admin").click()
        row = reyes.locator(".admin-row", has_text="Dr. Lindqvist")
        await row.get_by_role("button", name="Remove").click()
        await expect(lindqvist.locator("#bot-name")).to_have_text("spinemets")
        await row.get_by_role("button", name="Join").click()
        await expect(lindqvist.locator(".place", has_text="Spine board")).to_be_attached()
        await reyes.get_by_role("button", name="Forward the newest card").click()
        await reyes.locator("#chooser").get_by_role("button", name="Tumour conference").click()
        await reyes.locator("#open-chats").click()
        await reyes.get_by_role("button", name="Tumour conference").click()
        await expect(said(reyes).last).to_contain_text("Forwarded from spinemets")
        await expect(said(reyes).last.locator(".key")).to_have_count(0)


async def test_a_group_that_becomes_a_supergroup_stays_on_the_screen(chromium: Browser) -> None:
    night = Chat(-77, (ChatMember(DR_REYES, "creator"), ChatMember(DR_OKAFOR)), "group", "Night shift")
    async with (
        running_playground(rooms=(*START, night)) as playground,
        tab(chromium, playground, OKAFOR, -77) as okafor,
    ):
        await write(okafor, "who is on call?")
        await expect(okafor.locator("#bot-name")).to_have_text("Night shift")
        await okafor.locator("#open-admin").click()
        await okafor.get_by_role("button", name="Make it a supergroup").click()
        await expect(said(okafor).first).to_contain_text("The group is a supergroup now")
        await expect(okafor.locator("#bot-name")).to_have_text("Night shift")
        await okafor.reload()
        await expect(okafor.locator("#bot-name")).to_have_text("Night shift")


async def answered(playground: RunningPlayground) -> None:
    """Answer the inline query that comes next, and forget it."""
    (update,) = await playground.updates(timeout=5)
    await playground.updates(offset=update["update_id"] + 1)
    content = {"message_text": "T8 · 2 of 5"}
    result = {"type": "article", "id": "a", "title": "Case 12", "description": "T8", "input_message_content": content}
    button = {"text": "My cases", "start_parameter": "mine"}
    query = update["inline_query"]["id"]
    await playground.call("answerInlineQuery", inline_query_id=query, results=[result], button=button, cache_time=0)


async def test_what_is_typed_behind_the_bots_name_is_offered_and_sent(
    playground: RunningPlayground, chromium: Browser
) -> None:
    async with tab(chromium, playground, OKAFOR, width=320) as page:
        text = page.locator("#text")
        await text.press_sequentially("@spinemets_bot T8")
        await answered(playground)
        await expect(page.get_by_role("option", name="Case 12")).to_be_visible()
        await text.press("ArrowDown")
        await text.press("Enter")
        await expect(said(page).last).to_contain_text("via @spinemets_bot")
        await expect(text).to_have_value("")
        (update,) = await playground.updates(timeout=5)
        await playground.updates(offset=update["update_id"] + 1)
        await text.press_sequentially("@spinemets_bot ")
        await answered(playground)
        await page.get_by_role("option", name="My cases").click()
        await expect(said(page).last).to_contain_text("/start mine")
