"""Serves a small HTTP application beside the bot: no log of its own, no signals of its own, a quick end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

from bot.settings import listen_address


class AddressTaken(OSError):
    """An address that cannot be listened on, perhaps only now."""


class _Server(uvicorn.Server):
    """uvicorn, its signals left to whoever runs the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: Starlette, address: str) -> AsyncIterator[None]:
    """Serve an application while the context is open.

    Args:
        app: what to serve.
        address: host:port.

    Raises:
        AddressTaken: where the address cannot be listened on.
    """
    host, port = listen_address(address)
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, UnicodeError) as error:  # a name too long to be one is no OSError
        why = getattr(error, "strerror", None) or type(error).__name__
        raise AddressTaken(f"HTTP_LISTEN: {address} cannot be listened on: {why}") from None
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=2
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
