"""Updates in disorder: given twice, late, shuffled, or with unreadable ones between them; all by a seed."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from bot.playground.storage import Json
from faults.rates import FaultRates

_LONGEST: Final = 3
"""Batches that an update is held back at most."""


@dataclass(slots=True)
class _HeldUpdate:
    """An update that is given later, or again; `kind` says which, and is empty where that was counted before."""

    update: Json
    kind: str
    batches: int


class SeededUpdateFaults:
    """Decides when an update enters what becomes of it, and rearranges the batches.

    An update that comes late has been confirmed by then, as far as a bot can tell: by its number. So it is held here
    until an answer that bore it is followed by a call that asks for what comes after it.

    Attributes:
        entered: how many updates came in.
    """

    def __init__(self, rates: FaultRates | None = None, seed: int = 0, did: Counter[str] | None = None) -> None:
        """Store how often each kind comes, and where it is counted; without rates there is no disorder."""
        self._rates = rates or FaultRates()
        self._counts = Counter() if did is None else did
        self._fates = Random(f"{seed} updates")  # noqa: S311 - a schedule that can be repeated
        self._orders = Random(f"{seed} batches")  # noqa: S311 - the same
        self._held: dict[int, _HeldUpdate] = {}
        self._given: list[Json] = []
        self.entered = 0

    def enter(self, update: Json, body: Json) -> list[Any]:
        """Decide what becomes of a new update; give the misshapen bodies, one or none, that follow it."""
        self.entered += 1
        point = self._fates.random()
        kind = "late" if point < self._rates.late else "twice" if point < self._rates.late + self._rates.twice else ""
        if kind:
            self._held[update["update_id"]] = _HeldUpdate(update, kind, self._fates.randint(1, _LONGEST))
        if self._fates.random() >= self._rates.unreadable:
            return []
        self._counts["unreadable"] += 1
        return [self._fates.choice(({}, [], "misshapen", body | {"from": 7}))]

    @property
    def holds(self) -> bool:
        """Whether something is given later, without anything new."""
        return bool(self._held)

    def reorder(self, found: list[Json], offset: int, limit: int) -> list[Json]:
        """Return what goes out in place of a batch.

        Args:
            found: what waits.
            offset: the number below which everything has arrived.
            limit: how many may go out at most.
        """
        self._given = [update for update in self._given if update["update_id"] >= offset]
        self.lost()  # what did not arrive comes again
        batch = {update["update_id"]: update for update in found}
        # What lies beyond the batch must wait for its turn: to give it would confirm what lies between.
        reach = max(batch) if len(found) == limit else math.inf
        for number, held in list(self._held.items()):
            if number <= reach and not (held.kind == "twice" and number in batch):
                held.batches -= 1
            if held.batches < 0:
                batch[number] = self._held.pop(number).update
                self._given.append(held.update)
                self._counts.update([held.kind] if held.kind else [])
            elif held.kind == "late":
                batch.pop(number, None)
        return self._shuffled([batch[number] for number in sorted(batch)][:limit])

    def forget(self) -> None:
        """Drop whatever is held."""
        self._held.clear()
        self._given = []

    def lost(self) -> None:
        """Learn that the last batch did not arrive."""
        self._held |= {update["update_id"]: _HeldUpdate(update, "", 0) for update in self._given}
        self._given = []

    def _shuffled(self, batch: list[Json]) -> list[Json]:
        if len(batch) < 2 or self._orders.random() >= self._rates.shuffled:
            return batch
        self._counts["shuffled"] += 1
        shuffled = self._orders.sample(batch, len(batch))
        return shuffled if shuffled != batch else batch[::-1]
