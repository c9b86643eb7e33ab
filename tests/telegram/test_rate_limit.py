"""How fast a group is written to: counted over a minute of taps, on a clock of the test."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from conftest import BotHarness, Fields, refused, virtual_bot_harness
from kit import CATALOG
from members_kit import Crowd

from bot.service.team.opening import MOST_OPEN
from bot.telegram.sending.rate_limit import GROUP_BURST, RateLimiter

_LIMIT = 20
"""Calls that Telegram takes in a group in a minute."""

_START = 1000.0
"""A clock that has run for a while, so that the group was quiet before."""

_GROUP = -1007
_TOASTS = CATALOG.team.toasts
_COUNTED = f"{_TOASTS.counted} {_TOASTS.follows}"


def test_a_minute_of_constant_taps_never_brings_a_group_above_twenty_calls_in_any_minute() -> None:
    """Each screen is sent when its turn has come; the next one is booked at once."""
    now = _START
    rate_limiter = RateLimiter(lambda: now)
    sent: list[float] = []
    while now < _START + 600:
        now += rate_limiter.reserve("-100", edit=True)
        sent.append(now)
    assert max(sum(start <= at < start + 60 for at in sent) for start in sent) <= _LIMIT


def test_the_first_screens_of_a_group_go_at_once_and_the_next_one_waits() -> None:
    """A team that answers quickly sees it; then the pace holds."""
    rate_limiter = RateLimiter(lambda: _START)
    assert [rate_limiter.reserve("-100", edit=True) for _ in range(GROUP_BURST)] == [0.0] * GROUP_BURST
    assert rate_limiter.reserve("-100", edit=True) > 0


def test_one_group_does_not_slow_the_edits_of_another() -> None:
    """Each group has its own twenty."""
    rate_limiter = RateLimiter(lambda: _START)
    for _ in range(_LIMIT):
        rate_limiter.reserve("-100", edit=True)
    assert rate_limiter.reserve("-200", edit=True) == 0.0


def test_how_long_an_edit_would_wait_is_told_without_booking_it() -> None:
    rate_limiter = RateLimiter(lambda: _START)
    for _ in range(GROUP_BURST):
        assert rate_limiter.ahead("-100") == 0.0
        rate_limiter.reserve("-100", edit=True)
    waits = rate_limiter.ahead("-100")
    assert waits > 0
    assert rate_limiter.reserve("-100", edit=True) == waits
    assert rate_limiter.ahead("1001") == 0.0, "alone nothing waits"


def test_what_telegram_asks_to_wait_counts_for_whoever_asks_how_long_it_takes() -> None:
    now = _START
    rate_limiter = RateLimiter(lambda: now)
    rate_limiter.hold("-100", 30.0)
    assert rate_limiter.ahead("-100") == 30.0
    assert rate_limiter.ahead("-200") == 0.0
    now += 30.0
    assert rate_limiter.reserve("-100", edit=True) == 0.0


def _in_group(update: Fields) -> Fields:
    message = update.get("message") or update["callback_query"]["message"]
    message["chat"] = {"id": _GROUP, "type": "supergroup"}
    return update


async def _answered(harness: BotHarness, update: Fields) -> str:
    """Bring a tap, and give what was said in passing; the card may still wait then."""
    query = update["callback_query"]["id"]
    await harness.application.receiver.accept([_in_group(update)])
    async with asyncio.timeout(5):
        while query not in harness.telegram.toasts():  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.01)
    return harness.telegram.toasts()[query]


async def _told(harness: BotHarness, label: str) -> str:
    """Let a member tap a button of the newest card as it stands."""
    return await _answered(harness, harness.telegram.taps(1, *harness.telegram.button(_GROUP, label)))


def test_a_tap_whose_card_must_wait_is_told_that_it_counted_and_that_the_card_follows(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.accept(_in_group(harness.telegram.writes(1, "/case"))))
        run(asyncio.sleep(120))
        told = [run(_told(harness, level)) for level in ("T8", "T9", "T10", "T11", "T12", "L1", "L2", "L3")]
        assert told[0] == ""
        assert told[-1] == _COUNTED
        assert set(told) == {"", _COUNTED}
        assert told == sorted(told), "once the card waits, it waits for each tap"
        run(harness.settled())
        run(asyncio.sleep(120))
        assert run(_told(harness, "L4")) == ""


def test_a_tap_that_did_not_count_or_that_opens_a_list_is_not_told_that_it_counted(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.accept(_in_group(harness.telegram.writes(1, "/case"))))
        for label in ("T8", "Only T8"):
            run(_told(harness, label))
            run(harness.settled())
        late = harness.telegram.button(_GROUP, "Fit")
        run(_answered(harness, harness.telegram.taps(1, *late)))
        run(harness.settled())
        run(asyncio.sleep(120))
        told = [run(_answered(harness, harness.telegram.taps(1, *late))) for _ in range(2 * GROUP_BURST)]
        closed = CATALOG.wording.toasts.stale
        assert (told[0], told[-1]) == (closed, f"{closed} {_TOASTS.follows}")
        assert run(_told(harness, "✎ Answers")) == _TOASTS.follows


def test_a_card_that_waits_since_telegram_has_enough_is_said_to_follow(tmp_path: Path) -> None:
    enough = [refused(429, "Too Many Requests: retry after 20", retry_after=20)]

    async def script(method: str, _: Fields) -> Any:
        return enough.pop() if method == "editMessageText" and enough else None

    with virtual_bot_harness(tmp_path, script) as (run, harness):
        run(harness.accept(_in_group(harness.telegram.writes(1, "/case"))))
        assert run(_told(harness, "T8")) == ""
        run(asyncio.sleep(1))
        assert run(_told(harness, "T9")) == _COUNTED
        run(harness.settled())
        assert "T8–T9" in harness.telegram.newest(_GROUP)[1]["text"]


@pytest.mark.case("X12")
def test_a_member_s_card_changes_within_seconds_though_another_writes_case_sixty_times(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        crowd = Crowd(harness)
        run(crowd.says(2, "/case"))
        run(asyncio.sleep(120))

        async def flooded() -> float:
            receiver = harness.application.receiver
            card = max(harness.telegram.screens)
            update = crowd.tapping(2, "T8")
            await receiver.accept([crowd.writing(1, "/case") for _ in range(60)])
            await asyncio.sleep(7)
            tapped = asyncio.get_running_loop().time()
            await receiver.accept([update])
            await harness.settled()
            drawn = [c for c in harness.telegram.of("editMessageText") if c.params["message_id"] == card[1]]
            return drawn[0].at - tapped

        assert run(flooded()) <= 10.0
        opened = [record for record in run(crowd.cases()) if record.owner == "1"]
        assert len(opened) == MOST_OPEN
        assert any(CATALOG.team.pages.too_many.title in said for said in crowd.texts()), "the bound is said"
        assert any(record.owner == "2" for record in run(crowd.cases()))


@pytest.mark.case("X12")
def test_what_is_new_comes_too_though_others_tap_without_end(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        crowd = Crowd(harness)
        run(crowd.says(2, "/case"))

        async def busy() -> float:
            receiver = harness.application.receiver
            asked = 0.0
            for number in range(40):
                await receiver.accept([crowd.tapping(2, ("T8", "T9")[number % 2], at="Which symptomatic levels")])
                if number == 10:
                    asked = asyncio.get_running_loop().time()
                    await receiver.accept([crowd.writing(4, "/help")])
                await asyncio.sleep(2)
            return min(c.at for c in harness.telegram.of("sendMessage") if c.at > asked) - asked

        assert run(busy()) <= 30.0
