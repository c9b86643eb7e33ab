"""The library's bot, as we use it: its typed methods, no token in its `repr` or log, no more parsed than is read."""

from __future__ import annotations

import logging
from typing import Any, Final

from telegram.error import BadRequest, InvalidToken, NetworkError, TelegramError
from telegram.ext import ExtBot
from telegram.request import BaseRequest

from bot.telegram.answers import read_part
from bot.telegram.garbled import Garbled
from bot.telegram.request import AiohttpRequest

LONGEST_WORDS: Final = 200
"""Characters of an error that are logged."""


class TelegramBot(ExtBot[None]):
    """One bot's Bot API."""

    __slots__ = ()

    # The library writes the address, token and all, and every text that is sent into its log.
    _LOGGER = logging.getLogger("telegram.ext.ExtBot")
    _LOGGER.disabled = True

    def __init__(self, token: str, url: str, request: BaseRequest | None = None) -> None:
        """Store the token and the server's scheme, host and port."""
        request = request or AiohttpRequest()
        super().__init__(token, f"{url}/bot", f"{url}/file/bot", request, get_updates_request=request)

    def __repr__(self) -> str:
        """Name the class alone."""
        return "TelegramBot()"

    async def initialize(self) -> None:
        """Open the connections and ask who this bot is; it may be called again where that failed.

        Raises:
            InvalidToken: where the token is refused; the library's own error would show it.
        """
        try:
            await super().initialize()
        except InvalidToken:
            failure = InvalidToken("the server refuses the token")
        else:
            return
        raise failure

    async def get_raw_updates(self, offset: int, limit: int, seconds: int, kinds: list[str]) -> Any:
        """Return updates as JSON has them: one that the library cannot parse must not hold up the others.

        Raises:
            TelegramError: as every call.
        """
        asked = {"offset": offset, "limit": limit, "timeout": seconds, "allowed_updates": kinds}
        return await self._post("getUpdates", asked, read_timeout=seconds + 10)

    async def _do_post(self, endpoint: str, data: dict[str, Any], **timeouts: Any) -> Any:
        """Call a method; of its result return what is read of it, for the typed method to parse.

        Raises:
            TelegramError: as the library names it: BadRequest, Forbidden, RetryAfter, NetworkError, TimedOut, …
            Garbled: where the answer cannot be read, and what was to be done is not known to be done.
        """
        try:
            result = await super()._do_post(endpoint, data, **timeouts)
        except Garbled as garbled:
            result = garbled.result_of(endpoint)
            if result is None:
                raise
            return read_part(endpoint, data.get("chat_id"), result)
        except KeyError:
            failure = NetworkError("the answer has no result")
        except TelegramError as error:
            if not isinstance(error.__cause__, Garbled):
                raise
            # A filter or a proxy in between refuses with a page of its own, and the library takes that for Telegram's.
            failure = NetworkError("the answer is none of the Bot API")
        else:
            return read_part(endpoint, data.get("chat_id"), result)
        raise failure

    def refusal(self, error: TelegramError) -> str:
        """Return Telegram's words of why it refuses a call, on one line, never with the token; empty for other errors.

        They are for the log where the call bears nothing of a person: what made other errors is not known so well.
        """
        if not isinstance(error, BadRequest):
            return ""
        words = " ".join(error.message.split())
        for secret in (self.token, self.token.partition(":")[2]):
            words = words.replace(secret, "…") if secret else words
        return words[:LONGEST_WORDS]
