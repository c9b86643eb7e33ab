"""How often each kind of trouble comes, each as a share of one."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Final

OF_UPDATES: Final = ("twice", "late", "shuffled", "unreadable")
"""The kinds that befall updates; all others befall the calls of the bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRates:
    """The shares, of all calls or updates or batches; a call meets one kind at most, no update is late and twice."""

    too_many: float = 0
    """Calls answered with 429 and `retry_after`; nothing is done."""

    internal: float = 0
    """Calls answered with 500; nothing is done."""

    bad_gateway: float = 0
    """Calls answered with 502 and a page of the gateway; nothing is done."""

    unauthorized: float = 0
    """Calls answered with 401; nothing is done."""

    page: float = 0
    """Calls answered with a web page and 200, as a captive portal does it; nothing is done."""

    cut_before: float = 0
    """Calls whose connection is cut in place of an answer; nothing is done."""

    hang_before: float = 0
    """Calls that get no answer for long, then are cut; nothing is done."""

    cut_after: float = 0
    """Calls that are carried out, and cut in place of the answer."""

    hang_after: float = 0
    """Calls that are carried out, get no answer for long, then are cut."""

    truncated: float = 0
    """Calls that are carried out, and answered with JSON that ends too early."""

    no_result: float = 0
    """Calls that are carried out, and answered with JSON that has no result."""

    twice: float = 0
    """Updates that come again in a later batch, although they are confirmed."""

    late: float = 0
    """Updates that are held back for some batches, while later ones are given."""

    shuffled: float = 0
    """Batches of several updates whose order is lost."""

    unreadable: float = 0
    """Updates that are followed by one with a misshapen body."""

    def __post_init__(self) -> None:
        """Refuse what are no shares of one."""
        calls = math.fsum(share for _, share in self.of_calls())
        whole = (calls, self.twice + self.late, self.shuffled, self.unreadable)
        if max(whole) > 1 or min(asdict(self).values()) < 0:
            raise ValueError("rates are shares of one")

    def of_calls(self) -> tuple[tuple[str, float], ...]:
        """Return the kinds that befall calls, with their shares."""
        return tuple((kind, share) for kind, share in asdict(self).items() if kind not in OF_UPDATES)
