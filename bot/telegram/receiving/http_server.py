"""Serves a small HTTP application beside the bot: no log of its own, no signals of its own, a quick end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

from bot.settings import listen_address
from bot.telegram.receiving.http_limits import LimitedConnection


class AddressTaken(OSError):
    """An address that cannot be listened on, perhaps only now."""


class _Server(uvicorn.Server):
    """uvicorn, its signals left to whoever runs the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serve(app: Starlette, address: str) -> AsyncIterator[None]:
    """Serve an application while the context is open.

    Args:
        app: what to serve.
        address: host:port, an IPv6 host in brackets.

    Raises:
        AddressTaken: where the address cannot be listened on.
    """
    config = uvicorn.Config(
        app,
        http=LimitedConnection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    listener = listen(address)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


def listen(address: str) -> socket.socket:
    """Listen at an address: a name, or a number of either kind of network, an IPv6 one in brackets.

    Raises:
        AddressTaken: where that is not possible.
    """
    host, port = listen_address(address)
    try:
        named = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        # A name that stands for both, such as localhost, is listened on where it always was.
        family, _, _, _, place = min(named, key=lambda found: found[0] != socket.AF_INET)
        both = place[0] == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(place[:2], family=family, dualstack_ipv6=both)
    except (OSError, UnicodeError) as error:  # a name too long to be one is no OSError
        why = getattr(error, "strerror", None) or type(error).__name__
        raise AddressTaken(f"HTTP_LISTEN: {address} cannot be listened on: {why}") from None
