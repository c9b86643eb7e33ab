"""A request that is refused, with the words and the status in which Telegram refuses it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class ApiError(Exception):
    """The request breaks a rule; nothing has changed.

    Attributes:
        message: what is wrong, without Telegram's prefix.
        code: the HTTP status.
        parameters: what Telegram adds for the program, such as the new id of a chat.
    """

    def __init__(self, words: str, code: int = 400, **parameters: Any) -> None:
        """Store what is wrong, with which status, and what the program should know."""
        super().__init__(words)
        self.message = words
        self.code = code
        self.parameters = parameters

    @classmethod
    def not_offered(cls, what: str) -> ApiError:
        """Return the refusal of what Telegram takes, or drops without a word, and this server does not."""
        return cls(f"not offered here: {what}")

    @property
    def description(self) -> str:
        """The whole sentence as the Bot API gives it: `Bad Request: message text is empty`."""
        return ": ".join(filter(None, (HTTPStatus(self.code).phrase, self.message)))
