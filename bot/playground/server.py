"""The playground as one server: the Bot API and the page together, on a port of this machine."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.playground.botapi.http import BotApi
from bot.playground.errors import ApiError
from bot.playground.web.local_only import LocalOnlyMiddleware, new_key
from bot.playground.web.routes import PAGE, PageServer, refused
from bot.playground.web.sse import EventStreams
from bot.playground.world.world import FakeTelegram

HOST: Final = "127.0.0.1"
_PORTS_TRIED: Final = 51
_LAST_PORT: Final = 65535
# Longer than a bot's client keeps a connection it does not use, or it would now and then write into a closed one.
_KEEP_ALIVE: Final = 75
_GRACE: Final = 0.9
_MOMENT: Final = 0.001


class Playground(Starlette):
    """The app, and the way to end what it keeps open.

    Attributes:
        api: the Bot API that it speaks.
        key: what opens the part that the page alone may reach; made anew for each run.
    """

    def __init__(self, world: FakeTelegram, api: BotApi, page: Path) -> None:
        """Connect the parts."""
        self.api = api
        self.key = new_key()
        self._events = EventStreams(world)
        super().__init__(
            routes=[
                Route("/bot{token}/{method}", api.answer, methods=["GET", "POST"]),
                *PageServer(world, api, self._events, page).routes(),
            ],
            middleware=[Middleware(LocalOnlyMiddleware, key=self.key)],
            exception_handlers={ApiError: refused, Exception: _failed},
        )

    def add_pages(self, pages: Iterable[BaseRoute]) -> None:
        """Serve pages of the bot's here too, as a bot serves its own that Telegram's apps open."""
        self.router.routes[:0] = pages

    def hang_up(self) -> None:
        """End all long polls and event streams, because the server stops."""
        self.api.polling.close()
        self._events.close()


def playground_app(world: FakeTelegram, api: BotApi | None = None, page: Path = PAGE) -> Playground:
    """Make the app.

    Args:
        world: what is played in.
        api: the Bot API to it; one that lets every well-formed token in, where none is given.
        page: the folder with the files of the page.
    """
    return Playground(world, api or BotApi(world), page)


@asynccontextmanager
async def serve(app: Playground, port: int = 0) -> AsyncIterator[int]:
    """Serve the app on the loopback, and stop within a second when the context ends.

    Args:
        app: what to serve.
        port: where; the next free one where it is taken, any free one where it is 0.

    Yields:
        The port that it is.

    Raises:
        OSError: none of the ports tried is free.
    """
    listener = _listen(port)
    server = _Server(app)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    delivering = asyncio.create_task(app.api.deliver())
    try:
        yield listener.getsockname()[1]  # connections wait in the socket until the server is up
    finally:
        delivering.cancel()
        server.stop()
        await serving
        with suppress(asyncio.CancelledError):
            await delivering


class _Server(uvicorn.Server):
    """uvicorn, its signals left to whoever runs the process, its open streams ended before it waits for them."""

    def __init__(self, app: Playground) -> None:
        config = uvicorn.Config(
            app,
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # it would write the token
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        super().__init__(config)
        self._app = app
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        """Tick once a second, and stop at once, where uvicorn looks ten times a second whether it should."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop as uvicorn does, but for the tenth of a second that it always waits."""
        self._app.hang_up()
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in tuple(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110 - uvicorn has no event
                    await asyncio.sleep(_MOMENT)
        for task in tuple(self.server_state.tasks):
            task.cancel()


class _Connection(H11Protocol):
    """A connection that an answer can cut: its `state` bears the way."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        self.app_state = self.app_state | {"cut": transport.abort}


def _listen(port: int) -> socket.socket:
    last = min(port + _PORTS_TRIED - 1, _LAST_PORT) if port else 0
    for candidate in range(port, last + 1):
        try:
            listener = socket.create_server((HOST, candidate))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or candidate == last:
                why = f"port {candidate} of this machine cannot be listened on: {error.strerror}"
                raise OSError(f"{why}; choose another PLAYGROUND_PORT") from None
        else:
            # asyncio sets this only on a socket that says that it speaks TCP; without it an answer takes 40 ms.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return listener
    raise ValueError(f"{port} is no port")


def _failed(_request: Request, _error: Exception) -> Response:
    """Answer after a fault of our own, in both protocols at once; the log has the rest."""
    words = "Internal Server Error"
    answer = {"ok": False, "error_code": 500, "description": words, "error": words}
    return Response(orjson.dumps(answer), 500, media_type="application/json")
