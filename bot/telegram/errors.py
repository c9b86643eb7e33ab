"""What an error of the Bot API means for a screen: shown all the same, to be sent again, gone, or given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError


class Outcome(Enum):
    """What becomes of a message whose sending failed."""

    already_done = "shown"
    """The message shows it already."""

    retry = "again"
    """It is sent again after a while."""

    message_gone = "gone"
    """The message is gone: a case gets a new one."""

    chat_unreachable = "rest"
    """The chat cannot be reached any more: nothing is sent there until it speaks again."""

    chat_migrated = "moved"
    """The group has become another chat: everything goes on there."""

    unpinned = "unpinned"
    """The bot may not pin there: it is no administrator, or one without that right."""

    topic_gone = "topic_gone"
    """The topic is closed or deleted: what was to be sent there goes to the chat itself."""

    forbidden = "forbidden"
    """The bot may not send that there; nothing is wrong with what was sent."""

    rejected = "given_up"
    """It can never be sent as it is."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The fate; for `again` how many seconds Telegram asks to wait, where it does; for `moved` the new chat."""

    outcome: Outcome
    wait: float | None = None
    new_chat_id: str = ""


_BAD_REQUESTS: Final = (
    ("message is not modified", Outcome.already_done),
    ("message to edit not found", Outcome.message_gone),
    ("message can't be edited", Outcome.message_gone),
    ("message_id_invalid", Outcome.message_gone),
    ("not enough rights to manage pinned messages", Outcome.unpinned),
    ("poll has already been closed", Outcome.already_done),
    ("message thread not found", Outcome.topic_gone),
    ("topic_closed", Outcome.topic_gone),
    ("topic_deleted", Outcome.topic_gone),
    ("topic_id_invalid", Outcome.topic_gone),
    ("not enough rights", Outcome.forbidden),
    ("no rights to send", Outcome.forbidden),
    ("have no write access", Outcome.forbidden),
    ("chat_write_forbidden", Outcome.forbidden),
    ("chat_restricted", Outcome.forbidden),
    ("chat_send_", Outcome.forbidden),
    ("chat_admin_required", Outcome.forbidden),
    ("chat not found", Outcome.chat_unreachable),
    ("user not found", Outcome.chat_unreachable),
    ("peer_id_invalid", Outcome.chat_unreachable),
)


def failure_of(error: TelegramError) -> Failure:
    """Return what an error means; whatever is not known to be final is tried again."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return Failure(Outcome.retry, wait.total_seconds() if isinstance(wait, timedelta) else float(wait))
    if isinstance(error, ChatMigrated):
        return Failure(Outcome.chat_migrated, new_chat_id=str(error.new_chat_id))
    if isinstance(error, Forbidden):
        return Failure(Outcome.chat_unreachable)
    if isinstance(error, BadRequest):
        description = error.message.lower()
        return Failure(next((outcome for words, outcome in _BAD_REQUESTS if words in description), Outcome.rejected))
    return Failure(Outcome.retry)
