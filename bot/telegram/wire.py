"""The library's transport over aiohttp: connections stay open through a bedside pause, errors bear no URL."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

KEEP_ALIVE: Final = 120.0
"""Seconds that an idle connection is kept: bedside use is all pauses, and a new connection costs a round trip more."""

READ: Final = 10.0
"""Seconds to wait for an answer, where the caller names none."""

_PATIENCE: Final = ClientTimeout(total=READ)


class Wire(BaseRequest):
    """Carries calls to the Bot API; the URL bears the token, so no error and no log line repeats it."""

    __slots__ = ("_session",)

    def __init__(self) -> None:
        """Open nothing yet."""
        self._session: ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer."""
        return READ

    async def initialize(self) -> None:
        """Open the session."""
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(keepalive_timeout=KEEP_ALIVE, limit=0),
                cookie_jar=DummyCookieJar(),
                headers={"Content-Type": "application/json"},
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the whole call has one bound
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the same
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the pool has no bound
    ) -> tuple[int, bytes]:
        """Do one call with a JSON body.

        Raises:
            TimedOut: where no answer came in time; whether the call was carried out is then not known.
            NetworkError: where the connection failed.
        """
        if self._session is None:
            raise NetworkError("the wire is closed")
        patience = ClientTimeout(total=read_timeout) if isinstance(read_timeout, int | float) else _PATIENCE
        body = orjson.dumps(request_data.parameters) if request_data else None
        try:
            async with self._session.request(method, url, data=body, timeout=patience) as answer:
                return answer.status, await answer.read()
        except (TimeoutError, ClientError) as error:
            failure = TimedOut() if isinstance(error, TimeoutError) else NetworkError(type(error).__name__)
        # Raised here, where the client's own error, which knows the URL, is no longer its context.
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; one that is not an object of the Bot API is told by its kind alone, never by its body.

        Raises:
            TelegramError: where it is no JSON object.
        """
        answer: object = None
        with suppress(orjson.JSONDecodeError):
            answer = orjson.loads(payload)
        if not isinstance(answer, dict):
            raise TelegramError("the answer is not a JSON object")
        return answer
