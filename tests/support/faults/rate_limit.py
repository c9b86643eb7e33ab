"""The limits of a chat: too many calls within a minute are answered with 429, edits counted, as Telegram does it."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final

from starlette.responses import Response

from bot.playground.storage import Json
from faults import responses as ruined

_MINUTE: Final = 60.0
_COUNTED: Final = ("send", "edit", "stopPoll")


class GroupRateLimit:
    """Counts what the bot writes and edits in each group; `interfere` is for the Bot API.

    Attributes:
        rejections: how many calls were too many.
    """

    def __init__(self, clock: Callable[[], float], per_minute: int = 20) -> None:
        """Store the clock, and how many calls a group may make in any minute."""
        self._clock = clock
        self._per_minute = per_minute
        self._calls: defaultdict[int, deque[float]] = defaultdict(deque)
        self.rejections = 0

    async def inject(self, moment: str, method: str, params: Json) -> Response | None:
        """Refuse a call to a group that has had enough; a refused call does not count."""
        group = _group(params)
        if moment != "before" or not group or not method.startswith(_COUNTED):
            return None
        calls, now = self._calls[group], self._clock()
        while calls and calls[0] <= now - _MINUTE:
            calls.popleft()
        if len(calls) < self._per_minute:
            calls.append(now)
            return None
        self.rejections += 1
        return ruined.too_many(math.ceil(calls[0] + _MINUTE - now))


def _group(params: Json) -> int:
    """Return which group a call is for; 0 where it is for none."""
    page_params = str(params.get("chat_id", ""))
    return int(page_params) if page_params.startswith("-") and page_params[1:].isdecimal() else 0
