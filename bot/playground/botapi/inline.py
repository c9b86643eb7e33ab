"""The method that answers inline queries."""

from __future__ import annotations

from typing import Final

from bot.playground.botapi.inline_results import checked_button, checked_results
from bot.playground.botapi.method import Result, Table
from bot.playground.errors import ApiError
from bot.playground.params import Params
from bot.playground.world.world import FakeTelegram

_CACHED_FOR: Final = 300
_LONGEST_OFFSET: Final = 64


def _answer_inline_query(world: FakeTelegram, params: Params) -> Result:
    if len(params.text("next_offset").encode()) > _LONGEST_OFFSET:
        raise ApiError("NEXT_OFFSET_INVALID")
    answer = {
        "results": checked_results(params.array("results", "inline query results") or []),
        "button": checked_button(params.values.get("button")),
        "cache_time": max(params.number("cache_time", _CACHED_FOR), 0),
        "is_personal": params.flag("is_personal"),
    }
    world.inline.answer(params.text("inline_query_id"), answer)
    return True


INLINE_METHODS: Final[Table] = (
    ("answerInlineQuery", _answer_inline_query, "inline_query_id results cache_time is_personal next_offset button"),
)
"""This method."""
