"""How the bot is: whether it has started, hears from Telegram, and can save."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final, TypeVar

from bot.service.ports import NotSaved, Storage, UnitOfWork

Result = TypeVar("Result")

STALE: Final = 120.0
"""Seconds without a successful poll after which the bot is not well: a poll stays open for 50."""

STALLED: Final = 10.0
"""Seconds that a transaction may take; beyond, the database stands still."""


class Health:
    """Notes signs of life, by a clock that never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin: not ready, nothing heard."""
        self._clock = clock
        self._began = clock()
        self._ready = False
        self._polled: float | None = None
        self._delivered: float | None = None
        self._committed: float | None = None
        self._not_saved = False
        self._numbers = count()
        self._under_way: dict[int, float] = {}
        self._polls = False

    def ready(self) -> None:
        """Note that the bot has started."""
        self._ready = True

    def expect_polls(self) -> None:
        """Note that it is well only while it hears from Telegram."""
        self._polls = True

    def polled(self) -> None:
        """Note a successful poll."""
        self._polled = self._clock()

    def delivered(self) -> None:
        """Note that deliveries to the webhook get through."""
        self._delivered = self._clock()

    def committed(self) -> None:
        """Note that something was written."""
        self._committed = self._clock()
        self._not_saved = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Note how long a transaction takes, and whether it could be saved.

        One that ends well tells nothing: it may have read only, which a full disk allows.
        """
        number = next(self._numbers)
        self._under_way[number] = self._clock()
        try:
            yield
        except NotSaved:
            self._not_saved = True
            raise
        finally:
            del self._under_way[number]

    @property
    def unheard(self) -> float | None:
        """Seconds since updates last came through, or would have if there had been any; None where none ever could."""
        heard = self._polled if self._polls else self._delivered
        return None if heard is None else self._clock() - heard

    @property
    def is_ready(self) -> bool:
        """Whether the bot has started."""
        return self._ready

    @property
    def can_save(self) -> bool:
        """Whether the last write succeeded, and the database answers."""
        began = next(iter(self._under_way.values()), None)
        return not self._not_saved and (began is None or self._clock() - began < STALLED)

    @property
    def is_well(self) -> bool:
        """Whether it has started, can save, and, where it polls, has heard from Telegram lately."""
        heard = self._polled if self._polled is not None else self._began
        return self._ready and self.can_save and (not self._polls or self._clock() - heard < STALE)

    def as_dict(self) -> dict[str, object]:
        """Return the state, and the seconds since the last poll and the last commit; None if there was none."""
        now = self._clock()
        return {
            "ready": self._ready,
            "well": self.is_well,
            "can_save": self.can_save,
            "seconds_since_poll": None if self._polled is None else round(now - self._polled, 1),
            "seconds_since_commit": None if self._committed is None else round(now - self._committed, 1),
        }


class WatchedStorage:
    """A store whose transactions the health of the bot is told of."""

    def __init__(self, store: Storage, health: Health) -> None:
        """Store both."""
        self._store = store
        self._health = health

    async def transact(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do the work in one transaction, as the store does; it raises what the store raises."""
        with self._health.transaction():
            return await self._store.transact(work)

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()
