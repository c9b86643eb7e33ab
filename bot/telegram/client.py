"""Calls to the Bot API by name: the library's request layer and errors, no answer parsed that nobody reads."""

from __future__ import annotations

from typing import Any, Final

from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.telegram.garbled import Garbled
from bot.telegram.wire import Wire

LONGEST_WORDS: Final = 200
"""Characters of an error that are logged."""


class Api:
    """One bot's Bot API. Its `repr` does not bear the token, unlike the library's."""

    def __init__(self, token: str, url: str, wire: BaseRequest | None = None) -> None:
        """Store the token and the server's scheme, host and port."""
        self._wire = wire or Wire()
        self._token = token
        # The library's Bot would write this address, token and all, into its log.
        self._base = f"{url}/bot{token}"

    def __repr__(self) -> str:
        """Name the class alone."""
        return "Api()"

    async def open(self) -> None:
        """Open the wire."""
        await self._wire.initialize()

    async def close(self) -> None:
        """Close the wire."""
        await self._wire.shutdown()

    async def call(self, method: str, params: dict[str, Any], wait: float | None = None) -> Any:
        """Call a method and give its result, as JSON has it.

        Args:
            method: the name in the Bot API.
            params: its parameters, plain values only.
            wait: seconds to wait for the answer; the wire's own bound where None.

        Raises:
            TelegramError: as the library names it: BadRequest, Forbidden, RetryAfter, NetworkError, TimedOut, …
            Garbled: where the answer cannot be read, and what was to be done is not known to be done.
        """
        data = RequestData([RequestParameter(key, value, None) for key, value in params.items()])
        try:
            return await self._wire.post(f"{self._base}/{method}", data, read_timeout=wait)
        except KeyError:
            failure = NetworkError("the answer has no result")
        except Garbled as garbled:
            result = garbled.result_of(method)
            if result is None:
                raise
            return result
        except TelegramError as error:
            if not isinstance(error.__cause__, Garbled):
                raise
            # A filter or a proxy in between refuses with a page of its own, and the library takes that for Telegram's.
            failure = NetworkError("the answer is none of the Bot API")
        raise failure

    def refusal(self, error: TelegramError) -> str:
        """Return Telegram's words of why it refuses a call, on one line, never with the token; empty for other errors.

        They are for the log where the call bears nothing of a person: what made other errors is not known so well.
        """
        if not isinstance(error, BadRequest):
            return ""
        words = " ".join(error.message.split())
        for secret in (self._token, self._token.partition(":")[2]):
            words = words.replace(secret, "…") if secret else words
        return words[:LONGEST_WORDS]
