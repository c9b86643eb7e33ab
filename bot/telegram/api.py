"""Calls to the Bot API by name: the library's request layer and errors, no answer parsed that nobody reads."""

from __future__ import annotations

from typing import Any

from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.telegram.wire import Wire


class Api:
    """One bot's Bot API. Its `repr` does not bear the token, unlike the library's."""

    def __init__(self, token: str, url: str, wire: BaseRequest | None = None) -> None:
        """Take the token and the server's scheme, host and port."""
        self._wire = wire or Wire()
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
        """
        data = RequestData([RequestParameter(key, value, None) for key, value in params.items()])
        try:
            return await self._wire.post(f"{self._base}/{method}", data, read_timeout=wait)
        except KeyError:
            failure = NetworkError("the answer has no result")
        raise failure
