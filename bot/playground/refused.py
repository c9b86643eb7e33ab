"""A request that is refused, with the words and the status in which Telegram refuses it."""

from __future__ import annotations

from http import HTTPStatus


class Refused(Exception):
    """The request breaks a rule; nothing has changed.

    Attributes:
        words: what is wrong, without Telegram's prefix.
        code: the HTTP status.
    """

    def __init__(self, words: str, code: int = 400) -> None:
        """Say what is wrong, and with which status."""
        super().__init__(words)
        self.words = words
        self.code = code

    @property
    def description(self) -> str:
        """The whole sentence as the Bot API gives it: `Bad Request: message text is empty`."""
        return ": ".join(filter(None, (HTTPStatus(self.code).phrase, self.words)))
