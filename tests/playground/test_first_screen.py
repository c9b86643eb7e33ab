"""The first screen of every recommendation, measured on a phone: the card from its top to its first row of buttons."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import pytest_asyncio
from browser import PATIENCE, Bot, BrowserUser
from kinds import KINDS, SIZES, reach
from kit import CARDS, INTERVIEW, drawn, every_path, plain, walked
from playwright.async_api import BrowserContext, Page

from bot.playground.text.html import parse_html
from bot.telegram.rendering.html import screen
from flows.cards.card import Card
from flows.model.case import Case
from flows.pathways.metastasis import METASTASIS

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

pytest_plugins = ("browser_fixtures",)

MEASURED = """() => {
    const room = document.querySelector("#messages").getBoundingClientRect();
    const card = [...document.querySelectorAll("#messages [data-author=bot]")].at(-1);
    const row = card.querySelector(".row").getBoundingClientRect();
    return { above: room.top - card.getBoundingClientRect().top, below: row.bottom - room.bottom };
}"""
"""How far the newest card begins above what is seen, and its first row of buttons ends below it: nothing, if seen."""

HEIGHTS = """async ([messages, last]) => {
    const { newMessage } = await import("/chat/message.js");
    const box = document.querySelector("#messages");
    return messages.map((message) => {
        const node = newMessage(message);
        box.append(node);
        const rows = [...node.querySelectorAll(".row")];
        const height = rows.at(last).getBoundingClientRect().bottom - node.getBoundingClientRect().top;
        node.remove();
        return height;
    });
}"""
"""How tall each message is, from its top to the end of one of its rows of buttons."""


@pytest_asyncio.fixture(loop_scope="session")
async def page(bot: Bot, phone: BrowserContext) -> Page:
    page = await phone.new_page()
    page.set_default_timeout(PATIENCE)
    await page.goto(bot.start())
    await page.locator("#start").click()
    return page


async def test_each_of_the_eight_kinds_fits_a_phone_with_its_first_row_of_buttons(page: Page) -> None:
    private_chat, out = BrowserUser(page), []
    for kind, findings in KINDS.items():
        await reach(private_chat, findings)
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            await page.reload()
            await private_chat.reads("What the source adds")
            seen = await page.evaluate(MEASURED)
            out += [(kind, width, seen)] if max(seen.values()) > 0 else []
    assert not out


async def test_every_recommendation_fits_a_phone_of_390_by_844_with_its_first_row_of_buttons(page: Page) -> None:
    cards = [drawn(case) for case in answered()]
    assert await too_tall(page, cards, last=0) == []


async def test_every_list_of_what_would_change_a_case_is_one_screen(page: Page) -> None:
    cards = [CARDS.changes(case, INTERVIEW.state(case)) for case in answered()]
    assert await too_tall(page, cards, last=-1) == []


async def too_tall(page: Page, cards: list[Card], last: int) -> list[str]:
    """Give the cards that are taller than what is seen of a chat, down to one of their rows of buttons."""
    await BrowserUser(page).reads("bedside look-up")
    room = await page.evaluate("() => document.querySelector('#messages').clientHeight")
    screens = {plain(card): message_of(screen(card)) for card in cards}
    heights = await page.evaluate(HEIGHTS, [list(screens.values()), last])
    assert len(screens) > 300
    return [text for text, height in zip(screens, heights, strict=True) if height > room]


def answered() -> Iterator[Case]:
    for case in walked(every_path(METASTASIS)).values():
        if INTERVIEW.state(case).current is None:
            yield case


def message_of(card: dict[str, object]) -> dict[str, object]:
    """Write a screen as the message that Telegram would make of it."""
    text, entities = parse_html(str(card["text"]))
    sender = {"id": 1, "is_bot": True, "first_name": "spinemets"}
    return {"message_id": 1, "date": 1_800_000_000, "from": sender, "text": text, "entities": entities} | {
        "reply_markup": card["reply_markup"]
    }
