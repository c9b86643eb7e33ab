"""What an error of the Bot API means for a screen: shown all the same, to be sent again, gone, or given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError


class Fate(Enum):
    """What becomes of a wish whose sending failed."""

    shown = "shown"
    """The message shows it already."""

    again = "again"
    """It is sent again after a while."""

    gone = "gone"
    """The message is gone: a case gets a new one."""

    rest = "rest"
    """The chat cannot be reached any more: nothing is sent there until it speaks again."""

    moved = "moved"
    """The group has become another chat: everything goes on there."""

    unpinned = "unpinned"
    """The bot may not pin there: it is no administrator, or one without that right."""

    given_up = "given_up"
    """It can never be sent as it is."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The fate; for `again` how many seconds Telegram asks to wait, where it does; for `moved` the new chat."""

    fate: Fate
    wait: float | None = None
    to: str = ""


_BAD_REQUESTS: Final = (
    ("message is not modified", Fate.shown),
    ("message to edit not found", Fate.gone),
    ("message can't be edited", Fate.gone),
    ("message_id_invalid", Fate.gone),
    ("not enough rights to manage pinned messages", Fate.unpinned),
    ("poll has already been closed", Fate.shown),
    ("chat not found", Fate.rest),
    ("user not found", Fate.rest),
    ("peer_id_invalid", Fate.rest),
)


def failure_of(error: TelegramError) -> Failure:
    """Tell what an error means; whatever is not known to be final is tried again."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return Failure(Fate.again, wait.total_seconds() if isinstance(wait, timedelta) else float(wait))
    if isinstance(error, ChatMigrated):
        return Failure(Fate.moved, to=str(error.new_chat_id))
    if isinstance(error, Forbidden):
        return Failure(Fate.rest)
    if isinstance(error, BadRequest):
        said = error.message.lower()
        return Failure(next((fate for words, fate in _BAD_REQUESTS if words in said), Fate.given_up))
    return Failure(Fate.again)
