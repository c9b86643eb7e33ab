"""A team in three tabs, end to end: from /case to the pinned decision, a second case beside it, a kill between."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from browser import PATIENCE, Bot, BrowserMember
from playwright.async_api import Browser, expect

from bot.playground.chats.models import DR_LINDQVIST, DR_OKAFOR, DR_REYES, SPINE_BOARD

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

pytest_plugins = ("browser_fixtures",)

TEAM = {"reyes": DR_REYES.id, "okafor": DR_OKAFOR.id, "lindqvist": DR_LINDQVIST.id}
REYES, OKAFOR, LINDQVIST = (f"\u2068{p.first_name}\u2069" for p in (DR_REYES, DR_OKAFOR, DR_LINDQVIST))


@pytest_asyncio.fixture(loop_scope="session")
async def team(bot: Bot, chromium: Browser) -> AsyncIterator[dict[str, BrowserMember]]:
    address = bot.start()
    async with AsyncExitStack() as tabs:
        members: dict[str, BrowserMember] = {}
        for name, number in TEAM.items():
            page = await chromium.new_page(viewport={"width": 390, "height": 844})
            tabs.push_async_callback(page.close)
            page.set_default_timeout(PATIENCE)
            await page.goto(f"{address}/?person={number}&chat={SPINE_BOARD.id}")
            members[name] = BrowserMember(page)
        yield members
        assert not [fault for member in members.values() for fault in member.faults]


async def test_a_team_takes_a_case_to_its_decision_and_a_second_one_beside_it_through_a_kill(
    bot: Bot, team: dict[str, BrowserMember]
) -> None:
    reyes, okafor, lindqvist = team["reyes"], team["okafor"], team["lindqvist"]
    first = await _begun(reyes, lindqvist)
    await reyes.tap(first, "T8")
    await okafor.tap(first, "Only T8")
    await lindqvist.tap(first, "Fit")
    await okafor.tap(first, "None")
    await lindqvist.reads(first, f"no deficit ({OKAFOR})")

    bot.kill()
    bot.start()
    await lindqvist.tap(first, "Body only")
    await reyes.tap(first, "Limited")
    await reyes.reads(first, "Earlier thoracic or abdominal")
    await reyes.tap(first, "None")
    await okafor.reads(first, "What the source adds", f"no prior treatment ({REYES})")

    # Whoever opened the case disputes as anybody does, and settles it by a button of its own.
    await reyes.tap(first, "✎ Answers", "✎ no deficit", "Minor")
    await lindqvist.reads(first, "Disputed", f"no deficit ({OKAFOR})", f"minor deficit ({REYES})")
    await reyes.tap(first, "✎ Answers", "✎ no deficit", "Settle: no deficit")
    await reyes.told("Settled")

    # Somebody sees the deficit otherwise; whoever answered settles it.
    await lindqvist.tap(first, "✎ Answers", "✎ no deficit", "Significant")
    await okafor.reads(
        first, "Disputed: Posterior MIS or Posterior (open)", f"If significant deficit ({LINDQVIST}): Posterior"
    )
    await reyes.tap(first, "Discuss")
    await reyes.told("Settle what is disputed first")
    await okafor.tap(first, "✎ Answers", "✎ no deficit", "None ✓")
    await okafor.told("Settled")

    # A second case beside it: a tap on the older card counts only once the right name was picked.
    await okafor.write("/case")
    second = await reyes.named(besides=first)
    await lindqvist.tap(first, "Discuss")
    await lindqvist.reads(first, "Which case do you mean?")
    await lindqvist.tap(first, second)
    await lindqvist.told("This card is another case")
    await lindqvist.tap(first, "Discuss", first)
    await okafor.tap(second, "L2")

    await expect(reyes.page.locator(".poll-question")).to_have_text(f"{first}: which way?", timeout=PATIENCE)
    for member in (reyes, okafor):
        await member.page.locator(".vote").filter(has_text="Posterior MIS").click()
    await lindqvist.page.locator(".vote").filter(has_text="Anterior").click()
    await reyes.reads(first, "The vote", "Posterior MIS: 2 · ", f"Anterior corpectomy: 1 · {LINDQVIST}")
    await lindqvist.tap(first, "Close")
    await lindqvist.told("Only whoever opened the case")
    await reyes.tap(first, "Close")
    await reyes.reads(first, "What did you decide?")
    await reyes.tap(first, "Posterior MIS")
    await reyes.reads(first, "Decide: Posterior MIS?")
    await reyes.tap(first, "Decide", first)

    disputed = f"significant deficit ({LINDQVIST}) against no deficit ({OKAFOR})."
    await _recorded(lindqvist, f"Decided by {REYES}", f"{LINDQVIST}: Anterior", disputed)
    pinned = f"Pinned: Decision: Posterior MIS · {first}"
    await expect(lindqvist.page.locator("#pinned")).to_contain_text(pinned, timeout=PATIENCE)
    await expect(reyes.page.locator(".poll-kind")).to_have_text("Final results", timeout=PATIENCE)
    await okafor.reads(second, "L2 · 1 level")


async def _begun(owner: BrowserMember, other: BrowserMember) -> str:
    """Make the bot an administrator and begin a case; give its name, as another member reads it."""
    await owner.promotes_the_bot()
    await owner.write("/case")
    return await other.named()


async def _recorded(member: BrowserMember, *texts: str) -> None:
    """Wait until the record of the decision says so."""
    decision = member.page.locator("#messages [data-author=bot]").filter(has_text="Decision: Posterior MIS")
    for text in texts:
        await expect(decision).to_contain_text(text, timeout=PATIENCE)


async def test_a_group_that_has_not_made_the_bot_an_administrator_is_told_that_nothing_is_pinned(
    team: dict[str, BrowserMember],
) -> None:
    reyes, okafor = team["reyes"], team["okafor"]
    await reyes.write("/case")
    name = await reyes.named()
    await reyes.tap(name, "T8", "Only T8 ›", "Unfit: comorbidities")
    await reyes.reads(name, "Non-operative treatment")
    await reyes.tap(name, "Close", "Non-operative", "Decide")
    last = okafor.page.locator("#messages [data-author=bot]").last
    await expect(last).to_contain_text("The decision above is not pinned", timeout=PATIENCE)
    await expect(last).to_contain_text("only administrators pin")
    await expect(okafor.page.locator("#pinned")).to_be_hidden()


async def test_one_member_reads_in_private_while_the_others_go_on_with_the_card(
    team: dict[str, BrowserMember],
) -> None:
    reyes, okafor = team["reyes"], team["okafor"]
    await reyes.write("/case")
    name = await okafor.named()
    await reyes.tap(name, "T8", "Only T8 ›", "Unfit: comorbidities")
    await reyes.reads(name, "Non-operative treatment")
    await okafor.tap(name, "All options")
    newest = okafor.page.locator("#messages [data-author=bot]").last
    await expect(okafor.page.locator("#bot-name")).to_have_text("spinemets", timeout=PATIENCE)
    await expect(newest).to_contain_text("Answer and vote on the card in your group.", timeout=PATIENCE)
    await newest.get_by_role("button", name="Combined").click()
    await expect(newest).to_contain_text("Combined anterior and posterior", timeout=PATIENCE)
    await expect(newest.get_by_role("button", name="Restart")).to_have_count(0)
    await reyes.reads(name, "Non-operative treatment")
    await reyes.tap(name, "Discuss")
    await expect(reyes.page.locator(".poll-question")).to_have_text(f"{name}: which way?", timeout=PATIENCE)


async def test_a_line_behind_the_bots_name_offers_the_recommendation_while_it_is_typed(
    team: dict[str, BrowserMember],
) -> None:
    okafor, reyes = team["okafor"], team["reyes"]
    text = okafor.page.locator("#text")
    await text.press_sequentially("@spinemets_bot T8 fit intact body limited no prior treatment", delay=5)
    offer = okafor.page.get_by_role("option", name=re.compile("T8 · 1 level · This is what was read"))
    await offer.click(timeout=PATIENCE)
    said = reyes.page.locator("#messages .message").last
    await expect(said).to_contain_text("via @spinemets_bot", timeout=PATIENCE)
    await expect(said).to_contain_text("Posterior MIS")
    await text.press_sequentially("@spinemets_bot bilsky", delay=5)
    await expect(okafor.page.get_by_role("option", name=re.compile("ESCC")).first).to_be_visible(timeout=PATIENCE)
