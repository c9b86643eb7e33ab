"""The log: JSON lines of codes on standard error; a field that is not on the list is never written."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

from bot.settings import LogLevel

ALLOWED: Final = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "update_id",
        "error",
        "said",
        "fate",
        "retry_in",
        "seconds",
        "advice",
        "bot",
        "why",
        "chat",
        "was",
        "by",
    }
)
"""Codes and numbers, those of chats and people only where access is decided by them, and what Telegram said where no
person's words can be in it. No findings, no names, no texts, no addresses: those have no field here."""


def make_log(level: LogLevel) -> FilteringBoundLogger:
    """Make the log, and quiet the libraries: some of them write the address with the token, or whole bodies."""
    logging.basicConfig(level=logging.CRITICAL, handlers=[logging.NullHandler()], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.value.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    log: FilteringBoundLogger = structlog.get_logger()
    return log


def _only_allowed(_: Any, __: str, event: EventDict) -> EventDict:
    return {key: value for key, value in event.items() if key in ALLOWED}
