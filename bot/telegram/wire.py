"""The library's transport on connections that stay open through a bedside pause; no error bears the URL."""

from __future__ import annotations

import asyncio
import ssl
from codecs import BOM_UTF8
from contextlib import suppress
from functools import lru_cache, partial
from socket import SOCK_STREAM
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson
from aiohappyeyeballs import start_connection
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.telegram.garbled import Garbled
from bot.telegram.line import Broken, Connection

KEEP_ALIVE: Final = 120.0
"""Seconds that an idle connection is kept: bedside use is all pauses, and a new connection costs a round trip more."""

READ: Final = 10.0
"""Seconds to wait for an answer, where the caller names none."""

RACE: Final = 0.25
"""Seconds until the next address of the server is tried beside the first: one kind of network may be broken."""

MOST_LINES: Final = 256
"""Calls that are under way at once; more wait for their turn, so that no crowd takes every file a process may open."""

_PORTS: Final = {"http": 80, "https": 443}


class Wire(BaseRequest):
    """Carries calls to the Bot API; the URL bears the token, so no error and no log line repeats it."""

    __slots__ = ("_idle", "_lines", "_room", "_trust")

    def __init__(self) -> None:
        """Open nothing yet."""
        self._trust: ssl.SSLContext | None = None
        self._lines: set[Connection] = set()
        self._idle: dict[Place, list[Connection]] = {}
        self._room = asyncio.Semaphore(MOST_LINES)

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer."""
        return READ

    async def initialize(self) -> None:
        """Load whom to trust."""
        if self._trust is None:
            self._trust = await asyncio.to_thread(ssl.create_default_context)

    async def shutdown(self) -> None:
        """Close every connection."""
        self._trust = None
        self._idle.clear()
        await asyncio.gather(*[line.end() for line in self._lines])

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the whole call has one bound
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the same
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 - the wait for a turn counts as well
    ) -> tuple[int, bytes]:
        """Do one call with a JSON body.

        Raises:
            TimedOut: where no answer came in time; whether the call was carried out is then not known.
            NetworkError: where the connection failed.
        """
        if self._trust is None:
            raise NetworkError("the wire is closed")
        body = orjson.dumps(request_data.parameters) if request_data else b""
        try:
            async with asyncio.timeout(read_timeout if isinstance(read_timeout, int | float) else READ):
                place, head = _addressed(method, url)
                return await self._carried(place, b"%b%d\r\n\r\n%b" % (head, len(body), body), self._trust)
        except (OSError, ValueError, Broken) as error:
            failure = TimedOut() if isinstance(error, TimeoutError) else NetworkError(type(error).__name__)
        # Raised here, where an error that may know the URL is no longer its context.
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; one that is not of the Bot API is told by its kind alone, never by its body.

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

    async def _carried(self, place: Place, request: bytes, trust: ssl.SSLContext) -> tuple[int, bytes]:
        """Send a request on a line that is free, or on a new one, and keep the line for the next."""
        async with self._room:
            line = self._free(place) or await self._connected(place, trust)
            answer = await line.ask(request)
            if line.ready:
                self._idle.setdefault(place, []).append(line)
        return answer

    def _free(self, place: Place) -> Connection | None:
        """Return the line that was used last; those that idled too long are let go."""
        idle = self._idle.get(place, [])
        oldest = asyncio.get_running_loop().time() - KEEP_ALIVE
        while idle:
            line = idle.pop()
            if line.ready and line.since > oldest:
                return line
            line.close()
        return None

    async def _connected(self, place: Place, trust: ssl.SSLContext) -> Connection:
        """Open a line."""
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(place.host, place.port, type=SOCK_STREAM)
        # The loop's own race leaves a socket behind where it is called off.
        reached = await start_connection(addresses, happy_eyeballs_delay=RACE)
        _, line = await loop.create_connection(
            partial(Connection, self._lines),
            sock=reached,
            ssl=trust if place.secure else None,
            server_hostname=place.host if place.secure else None,
        )
        return line


def _is_telegrams(answer: dict[str, Any]) -> bool:
    """Return whether an object is shaped as every answer of the Bot API is: a filter in between has its own."""
    parameters = answer.get("parameters") or {}
    return (
        isinstance(answer.get("ok"), bool)
        and isinstance(answer.get("description", ""), str)
        and isinstance(parameters, dict)
        and all(isinstance(parameters.get(name, 0), int | float) for name in ("retry_after", "migrate_to_chat_id"))
    )


class Place(NamedTuple):
    """Where a connection leads."""

    secure: bool
    host: str
    port: int


@lru_cache(maxsize=64)
def _addressed(method: str, url: str) -> tuple[Place, bytes]:
    """Read a URL: where it leads, and how a request to it begins, up to the length of its body.

    Raises:
        ValueError: for a URL that leads nowhere, or that would not stand in one line.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError
    place = Place(parts.scheme == "https", parts.hostname, parts.port or _PORTS[parts.scheme])
    head = (
        f"{method} {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept-Encoding: identity\r\n"
        "Content-Type: application/json\r\nContent-Length: "
    )
    return place, head.encode("ascii")
