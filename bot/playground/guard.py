"""Who may talk to the playground: this machine only, and of the pages in its browser only the playground's own."""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
_ON_EVERY_ANSWER: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """Stands before the whole server.

    A foreign page can make a browser send requests here, and by a name that it lets point to 127.0.0.1 even read the
    answers; hence the names by which the server is called are checked, and where a request comes from.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Guard an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with 403."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_ON_EVERY_ANSWER)
            await send(message)

        app = self._app if _is_from_here(Headers(scope=scope)) else PlainTextResponse("Forbidden", 403)
        await app(scope, receive, send_guarded)


def _is_from_here(headers: Headers) -> bool:
    host = headers.get("host", "")
    return bool(_LOOPBACK.fullmatch(host)) and headers.get("origin", f"http://{host}") == f"http://{host}"
