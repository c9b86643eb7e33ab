"""Carries the library's calls on aiohttp, on connections that outlast a bedside pause; no error bears a URL."""

from __future__ import annotations

from codecs import BOM_UTF8
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import orjson
from aiohttp import (
    BytesPayload,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    FormData,
    TCPConnector,
    ThreadedResolver,
)
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData
from yarl import URL

from bot.telegram.garbled import Garbled

KEEP_ALIVE: Final = 110.0
"""Seconds that an idle connection is kept: bedside use is all pauses, and a new connection costs a round trip more."""

READ: Final = 10.0
"""Seconds to wait for an answer, where the caller names none."""

RACE: Final = 0.25
"""Seconds until the next address of the server is tried beside the first: one kind of network may be broken."""

MAX_CONNECTIONS: Final = 256
"""Calls that are under way at once; more wait for their turn, so that no crowd takes every file a process may open."""

_HERE: Final = frozenset(("localhost", "127.0.0.1", "::1"))
"""Hosts that no proxy leads to: the playground is on this machine."""


class AiohttpRequest(BaseRequest):
    """Carries calls to the Bot API; the URL bears the token, so no error repeats it.

    Attributes:
        date: what the server's clock said with its last answer, as HTTP writes it; empty before.
    """

    __slots__ = ("_session", "date")

    def __init__(self) -> None:
        """Open nothing yet."""
        self._session: ClientSession | None = None
        self.date = ""

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer."""
        return READ

    async def initialize(self) -> None:
        """Open the session, once."""
        self._session = self._session or ClientSession(
            connector=TCPConnector(
                limit=MAX_CONNECTIONS,
                keepalive_timeout=KEEP_ALIVE,
                happy_eyeballs_delay=RACE,
                resolver=ThreadedResolver(),
            ),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity"},
            skip_auto_headers=("Accept", "User-Agent"),
        )

    async def shutdown(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the whole call has one bound
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the same
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the wait for a connection counts as well
    ) -> tuple[int, bytes]:
        """Send one request and return the status and the body of its answer; nothing is sent twice.

        Raises:
            TimedOut: where no answer came in time; whether the call was carried out is then not known.
            NetworkError: where the connection failed.
        """
        if self._session is None:
            raise NetworkError("the request is not initialized")
        seconds = read_timeout if isinstance(read_timeout, int | float) else READ
        try:
            address, proxy = route(url)
            async with self._session.request(
                method,
                address,
                data=_body(request_data),
                proxy=proxy,
                allow_redirects=False,
                timeout=ClientTimeout(total=seconds),
            ) as answer:
                self.date = answer.headers.get("Date", "")
                return answer.status, await answer.read()
        except Exception as error:  # noqa: BLE001 - whatever failed, it may know the URL
            failure = TimedOut() if isinstance(error, TimeoutError) else NetworkError(type(error).__name__)
        # Raised here, where the error that may know the URL is no longer its context.
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Parse an answer; one that is not of the Bot API is told by its kind alone, never by its body.

        Raises:
            Garbled: where it is no object as the Bot API answers with.
        """
        answer: object = None
        with suppress(orjson.JSONDecodeError):
            answer = orjson.loads(payload.removeprefix(BOM_UTF8))
        if not isinstance(answer, dict) or not _is_telegrams(answer):
            raise Garbled(payload)
        if "description" in answer:  # the library would take this off as well, and the capitals with it
            answer["description"] = answer["description"].removeprefix("Bad Request: ")
        return answer


def _body(data: RequestData | None) -> BytesPayload | FormData:
    """Write parameters as JSON, or as a form where files go with them."""
    if data is None or not data.contains_files:
        return BytesPayload(orjson.dumps(data.parameters if data else {}), content_type="application/json")
    form = FormData()
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, content_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=content_type)
    return form


@lru_cache(maxsize=64)
def route(url: str) -> tuple[URL, str | None]:
    """Parse a URL, and find the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for it.

    aiohttp's `trust_env` would read them, and a file with passwords, again for each call.
    """
    address = URL(url)
    host = address.host or ""
    proxy = None if host in _HERE or proxy_bypass(host) else getproxies().get(address.scheme)
    return address, f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _is_telegrams(answer: dict[str, Any]) -> bool:
    """Return whether an object is shaped as every answer of the Bot API is: a filter in between has its own."""
    parameters = answer.get("parameters") or {}
    return (
        isinstance(answer.get("ok"), bool)
        and isinstance(answer.get("description", ""), str)
        and isinstance(parameters, dict)
        and all(isinstance(parameters.get(name, 0), int | float) for name in ("retry_after", "migrate_to_chat_id"))
    )
