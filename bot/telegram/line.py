"""One kept HTTP/1.1 connection: a request goes out, its answer comes in; httptools reads it."""

from __future__ import annotations

import asyncio
from socket import SO_KEEPALIVE, SOL_SOCKET
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

FIRST_FINAL: Final = 200
"""Answers below this number only announce another one."""


class Broken(Exception):
    """The connection ended, or brought what is no HTTP, before an answer was whole."""


class Connection(asyncio.Protocol):
    """A connection that carries one request at a time.

    Attributes:
        since: when it last had an answer, by the clock of its loop.
    """

    def __init__(self, alive: set[Connection]) -> None:
        """Wait to be connected, in a running loop.

        Args:
            alive: the lines that are connected; this one enters it and leaves it by itself.
        """
        self._alive = alive
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._parser = HttpResponseParser(self)
        # What HTTP lets a reader accept is accepted: a line carries the answers of one server to one reader.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_chunked_length=True, lenient_optional_cr_before_lf=True
        )
        self._parts: list[bytes] = []
        self._headed = self._framed = False
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self.since = self._loop.time()

    @property
    def ready(self) -> bool:
        """Whether another request can go out."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and wait for the status and the body of its answer.

        Raises:
            Broken: where the connection ends before that; whether the request was carried out is then not known.
        """
        if self._transport is None or self._transport.is_closing():
            raise Broken
        self._answer = self._loop.create_future()
        self._transport.write(request)
        try:
            return await self._answer
        except BaseException:
            # Whoever asks next on this line would get the answer that is not waited for any more.
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """Close the connection."""
        if self._transport:
            self._transport.abort()

    async def end(self) -> None:
        """Close the connection, and wait until it is gone."""
        self.close()
        await self._ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; that the other end is gone shall be noticed on an idle connection too."""
        self._transport = cast("asyncio.Transport", transport)  # of a stream, whichever loop made it
        self._alive.add(self)
        socket = transport.get_extra_info("socket")
        if socket:
            socket.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it ended changes nothing
        """End whatever waits."""
        self._alive.discard(self)
        self._break()
        if not self._ended.done():
            self._ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Read a part of an answer; bytes that nobody asked for end the connection."""
        if self._answer is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self._break()
            self.close()

    def eof_received(self) -> None:
        """End an answer whose body reaches as far as the connection; any other one is cut off."""
        if self._headed and not self._framed and self._parser.get_status_code() >= FIRST_FINAL:
            self._complete()

    def on_message_begin(self) -> None:
        """Begin an answer; a second one, which nobody asked for, ends the connection."""
        self._parts.clear()
        self._headed = self._framed = False
        if self._answer is None or self._answer.done():
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note whether the answer says by itself where its body ends; else it ends with the connection."""
        named = name.lower()
        chunked = named == b"transfer-encoding" and value.rstrip().lower().endswith(b"chunked")
        self._framed |= chunked or named == b"content-length"

    def on_headers_complete(self) -> None:
        """Note that the body comes next."""
        self._headed = True

    def on_body(self, body: bytes) -> None:
        """Receive a part of its body."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """Hand the answer to whoever asked; one that only announces another is passed over."""
        if self._parser.get_status_code() >= FIRST_FINAL:
            self._complete()

    def _complete(self) -> None:
        """Hand out what was read."""
        if not self._parser.should_keep_alive():
            self.close()
        self.since = self._loop.time()
        if self._answer and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), b"".join(self._parts)))
        self._parts.clear()

    def _break(self) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(Broken())
