"""How fast a group is written to: counted over a minute of taps, on a clock of the test."""

from __future__ import annotations

from bot.telegram.pace import GROUP_BURST, Pace

_LIMIT = 20
"""Calls that Telegram takes in a group in a minute."""

_START = 1000.0
"""A clock that has run for a while, so that the group was quiet before."""


def test_a_minute_of_constant_taps_never_brings_a_group_above_twenty_calls_in_any_minute() -> None:
    """Each screen is sent when its turn has come; the next one is booked at once."""
    now = _START
    pace = Pace(lambda: now)
    sent: list[float] = []
    while now < _START + 600:
        now += pace.wait("-100", edit=True)
        sent.append(now)
    assert max(sum(start <= at < start + 60 for at in sent) for start in sent) <= _LIMIT


def test_the_first_screens_of_a_group_go_at_once_and_the_next_one_waits() -> None:
    """A team that answers quickly sees it; then the pace holds."""
    pace = Pace(lambda: _START)
    assert [pace.wait("-100", edit=True) for _ in range(GROUP_BURST)] == [0.0] * GROUP_BURST
    assert pace.wait("-100", edit=True) > 0


def test_one_group_does_not_slow_the_edits_of_another() -> None:
    """Each group has its own twenty."""
    pace = Pace(lambda: _START)
    for _ in range(_LIMIT):
        pace.wait("-100", edit=True)
    assert pace.wait("-200", edit=True) == 0.0
