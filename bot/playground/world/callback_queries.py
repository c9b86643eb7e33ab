"""Taps that wait for their answer: Telegram takes one, and only for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.playground.errors import ApiError
from bot.playground.storage import JsonStore

_ANSWER_WITHIN: Final = 15.0
_DIGITS: Final = 18


class CallbackQueries:
    """The callback queries that can still be answered."""

    def __init__(self, store: JsonStore, clock: Callable[[], float]) -> None:
        """Go on with the queries that the disk keeps."""
        self._disk = store
        self._clock = clock

    def open(self, person_id: int) -> str:
        """Begin to wait for an answer to a person's tap; give the id of the query."""
        number = self._disk.number("callback query")
        self._disk.put("callback query", 0, number, {"person_id": person_id}, at=self._clock())
        self._expire()
        return str(number)

    def close(self, query_id: str) -> int:
        """Accept the answer to a query; return the id of the person who tapped.

        Raises:
            ApiError: it comes too late, or is not the first, or to nothing.
        """
        self._expire()
        number = int(query_id) if query_id.isdecimal() and len(query_id) <= _DIGITS else 0
        query = self._disk.get("callback query", 0, number)
        if query is None:
            raise ApiError("query is too old and response timeout expired or query ID is invalid")
        self._disk.drop("callback query", 0, number)
        return int(query.get("person_id", 0))

    def _expire(self) -> None:
        self._disk.drop_before("callback query", 0, self._clock() - _ANSWER_WITHIN)
