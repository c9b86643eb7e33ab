"""Trouble: the local Bot API misbehaves by a seeded schedule, and counts what it did."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Container
from contextvars import ContextVar
from functools import partial
from itertools import accumulate
from random import Random
from typing import Final

from starlette.responses import Response

from bot.playground.storage import Json
from faults import responses as ruined
from faults.disorder import SeededUpdateFaults
from faults.rates import FaultRates
from faults.responses import Cut

_AFTER: Final = frozenset(("cut_after", "hang_after", "truncated", "no_result"))
"""The kinds that let a call be carried out, and spoil the answer."""

_due: ContextVar[str] = ContextVar("_due", default="")
"""The kind that the present request meets; each request is served in a context of its own."""


class FaultInjector:
    """Misbehaves; `interfere` is for the Bot API, `disorder` for the world.

    The nth call of a method meets the same fate for the same seed, whatever other methods are called in between; and
    so does the nth update.

    Attributes:
        update_faults: what befalls the updates.
        counts: how often each kind came.
        calls: how many calls of each method there were.
    """

    def __init__(
        self,
        rates: FaultRates,
        seed: int,
        *,
        methods: Container[str] | None = None,
        retry_after: int = 1,
        hang: float = 30.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a schedule.

        Args:
            rates: how often each kind comes.
            seed: of the schedule.
            methods: the ones whose calls meet trouble; all of them where it is not said.
            retry_after: seconds that a call too many shall wait.
            hang: seconds before a call that hangs is cut.
            sleep: waits for so many seconds.
        """
        kinds, shares = zip(*rates.of_calls(), strict=True)
        self._bounds = tuple(zip(kinds, accumulate(shares), strict=True))
        self._methods = methods
        self._seed = seed
        self._chances: dict[str, Random] = {}
        cut, cut_later = Cut(), Cut(partial(sleep, hang))
        self._spoiled: dict[str, Callable[[Json, Random], Response]] = {
            "too_many": lambda *_: ruined.too_many(retry_after),
            "internal": lambda *_: ruined.internal(),
            "bad_gateway": lambda *_: ruined.bad_gateway(),
            "unauthorized": lambda *_: ruined.unauthorized(),
            "page": lambda *_: ruined.page(),
            "cut_before": lambda *_: cut,
            "hang_before": lambda *_: cut_later,
            "cut_after": lambda *_: cut,
            "hang_after": lambda *_: cut_later,
            "truncated": ruined.truncated,
            "no_result": lambda _, chance: ruined.no_result(chance),
        }
        self.counts: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.update_faults = SeededUpdateFaults(rates, seed, self.counts)

    @property
    def updates(self) -> int:
        """How many updates came in, those aside that are a kind of trouble themselves."""
        return self.update_faults.entered

    async def inject(self, moment: str, method: str, params: Json) -> Response | None:
        """Decide before a method is run, and spoil its answer before or after; the hook of the Bot API."""
        if self._methods is not None and method not in self._methods:
            return None
        chance = self._chances.setdefault(method, Random(f"{self._seed} {method}"))  # noqa: S311 - to be repeated
        if moment == "before":
            self.calls[method] += 1
            point = chance.random()
            _due.set(next((kind for kind, bound in self._bounds if point < bound), ""))
        kind = _due.get()
        if not kind or (kind in _AFTER) != (moment == "after"):
            return None
        self.counts[kind] += 1
        if method == "getUpdates" and moment == "after":
            self.update_faults.lost()
        return self._spoiled[kind](params, chance)
