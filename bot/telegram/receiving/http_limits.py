"""What a caller of the bot's port may take: so long for a head, so long for a body, and one place among so many."""

from __future__ import annotations

import asyncio
import resource
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD: Final = 10.0
"""Seconds from the opening of a connection, or from its next request, until the head of the request is there."""

BODY: Final = 20.0
"""Seconds from the head until the body is there as well."""

LARGEST_HEAD: Final = 65_536
"""Bytes of a head."""

MOST: Final = 256
"""Connections at once; Telegram opens 40, unless it is asked for more."""

SHARE: Final = 4
"""The part of the files that the process may open which connections may take: one of so many."""


class LimitedConnection(HttpToolsProtocol):
    """A connection with deadlines; where there are too many, the one goes that has waited longest with no request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for a request; make room, where there is none."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._served = False
        self._deadline: asyncio.TimerHandle | None = None
        self._head = 0
        self._expect(HEAD)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._expect(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has no end."""
        self._head += len(data)
        super().data_received(data)
        if self._head > LARGEST_HEAD:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Wait for the head of a request."""
        super().on_message_begin()
        self._expect(HEAD)

    def on_headers_complete(self) -> None:
        """Wait for its body."""
        super().on_headers_complete()
        self._expect(BODY)

    def on_body(self, body: bytes) -> None:
        """Receive a part of the body, which counts for no head."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait for nothing more: now the bot has its turn."""
        self._head = 0
        super().on_message_complete()
        self._expect(None)

    def on_response_complete(self) -> None:
        """Note that this is one who asks."""
        self._served = True
        super().on_response_complete()

    @property
    def _busy(self) -> bool:
        """Whether a whole request is here that is not answered yet."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # there is none before the first request
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def _expect(self, seconds: float | None) -> None:
        """Set the deadline for what comes next, or take it away."""
        if self._deadline:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)

    def _make_room(self) -> None:
        """Close one connection if there are more than there may be."""
        there = [one for one in cast("set[LimitedConnection]", self.connections) if not one.transport.is_closing()]
        if len(there) > most():
            idle = [one for one in there if one is not self and not one._busy]  # noqa: SLF001 - of the same kind
            min(idle, key=lambda one: (one._served, one._since), default=self).transport.abort()  # noqa: SLF001


def most() -> int:
    """Return how many connections there may be at once."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if files == resource.RLIM_INFINITY else min(MOST, files // SHARE)
