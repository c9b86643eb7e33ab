"""After an outage each chat with an open card is told once that taps may be missing, which Telegram drops so soon."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from conftest import BotHarness, Fields, refused, running, virtual_bot_harness

TITLE = "Your last taps may be missing"
OPEN, IDLE = 7, 8
DAY = 86_400.0


class Network:
    """The way to Telegram, which can be down."""

    def __init__(self) -> None:
        self.down = False

    async def __call__(self, _name: str, _params: Fields) -> Fields | None:
        return refused(502, "Bad Gateway") if self.down else None


async def passes(harness: BotHarness, seconds: float) -> None:
    """Pass time on both clocks, in steps."""
    for _ in range(round(seconds / 10)):
        harness.wall.now += 10
        await asyncio.sleep(10)


def told(harness: BotHarness) -> list[int]:
    """Return the chats that were told, once for each time."""
    return sorted(call.chat for call in harness.telegram.of("sendMessage") if TITLE in call.text)


async def begun_by_two(harness: BotHarness) -> None:
    """Begin a case that is a week old when a second one is begun."""
    await harness.begun(IDLE)
    harness.wall.now += 7 * DAY
    harness.application._housekeeping._clock_watch.look()  # it has not jumped: a week has gone by
    await harness.begun(OPEN)


@pytest.mark.parametrize(("seconds", "chats"), [(400, [OPEN]), (3_600, [OPEN]), (100, [])])
def test_after_an_outage_the_chats_with_an_open_card_are_told_once(
    tmp_path: Path, seconds: float, chats: list[int]
) -> None:
    network = Network()
    with virtual_bot_harness(tmp_path, network) as (run, harness):

        async def outage() -> None:
            await begun_by_two(harness)
            async with running(harness):
                await passes(harness, 120)
                network.down = True
                await passes(harness, seconds)
                network.down = False
                await passes(harness, 1_000)

        run(outage())
        assert told(harness) == chats
        assert harness.events()["outage"] == len(chats)


@pytest.mark.parametrize(("seconds", "chats"), [(400, [OPEN]), (60, [])])
def test_a_process_that_begins_after_an_outage_tells_of_it(tmp_path: Path, seconds: float, chats: list[int]) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def first_life() -> float:
            await begun_by_two(harness)
            async with running(harness):
                await passes(harness, 120)
            return harness.wall.now

        ended: float = run(first_life())
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def second_life() -> None:
            harness.wall.now = ended + seconds
            harness.application._housekeeping._clock_watch.look()  # the process begins now
            async with running(harness):
                await passes(harness, 300)

        run(second_life())
        assert told(harness) == chats


class Deliveries:
    """Telegram's deliveries to a webhook, which somebody can cut; what it tells of the last one that failed."""

    def __init__(self, harness: BotHarness) -> None:
        self.harness = harness
        self.cut = self.deaf = False
        self.failed_at = 1_000

    async def __call__(self, name: str, _params: Fields) -> Fields | None:
        if self.deaf:
            return refused(502, "Bad Gateway")
        error = {"last_error_date": self.failed_at, "last_error_message": "Connection timed out"}
        info = {"url": HOOK, "has_custom_certificate": False, "pending_update_count": 0, **error}
        return {"ok": True, "result": info} if name == "getWebhookInfo" else None

    async def tap(self) -> None:
        """Deliver what somebody wrote, or fail to."""
        if self.cut:
            self.failed_at = round(self.harness.wall.now)
        else:
            await self.harness.application.accept_delivery([self.harness.telegram.writes(IDLE, "/help")])


HOOK = "https://bot.example/hook"


@pytest.mark.parametrize(
    ("cut", "way_out", "taps_in_it", "chats"),
    [
        (400, "open", 3, [OPEN]),
        (3_600, "open", 30, [OPEN]),
        (400, "cut", 0, [OPEN]),
        (400, "open", 0, []),
        (60, "open", 1, []),
    ],
    ids=["minutes", "an hour", "both ways", "while nobody tapped", "a moment"],
)
def test_a_webhook_that_was_out_of_reach_is_an_outage_once_a_delivery_arrives(
    tmp_path: Path, cut: float, way_out: str, taps_in_it: int, chats: list[int]
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        deliveries = harness.telegram.script = Deliveries(harness)

        async def outage() -> None:
            await begun_by_two(harness)
            async with running(harness, harness.application.run_webhook(HOOK, "s")):
                await passes(harness, 200)
                await deliveries.tap()
                deliveries.cut, deliveries.deaf = True, way_out == "cut"
                for _ in range(taps_in_it):
                    await passes(harness, cut / taps_in_it)
                    await deliveries.tap()
                await passes(harness, 0 if taps_in_it else cut)
                deliveries.cut = deliveries.deaf = False
                assert told(harness) == []
                await passes(harness, 20)
                await deliveries.tap()
                await passes(harness, 1_000)

        run(outage())
        assert told(harness) == chats
        assert harness.events()["outage"] == len(chats)


@pytest.mark.parametrize("jump", [40 * DAY, -2 * 3600.0])
def test_a_clock_that_jumps_is_no_outage(tmp_path: Path, jump: float) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def jumping() -> None:
            await begun_by_two(harness)
            async with running(harness):
                await passes(harness, 120)
                harness.wall.now += jump
                await passes(harness, 300)

        run(jumping())
        assert told(harness) == []


def test_a_bot_that_hears_for_the_first_time_tells_of_no_outage(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def first_day() -> None:
            await harness.begun(OPEN)
            async with running(harness):
                await passes(harness, 300)

        run(first_day())
        assert told(harness) == []
        assert harness.events()["outage"] == 0
