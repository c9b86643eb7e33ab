"""Who may talk to the playground: programs on this machine, and of the pages in a browser only its own."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOOPBACK: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
_OWN: Final = frozenset(("same-origin", "none"))
"""What a browser says of a request of the same page, and of an address that a person typed."""

_PAGE: Final = frozenset(("/", "/index.html"))
_WITH_KEY: Final = "/play/"
_ON_EVERY_ANSWER: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
}

_ELSEWHERE: Final = "Forbidden: the playground answers on this machine alone, as 127.0.0.1 or localhost."
_FOREIGN: Final = (
    "Forbidden: another page asked for this. The playground answers its own page and programs on this machine. "
    "To open it, type its address into the address bar of the browser."
)
_KEYLESS: Final = (
    "Forbidden: the key of this run is missing. The playground hands it out as a cookie with its page: open / first."
)


def new_key() -> str:
    """Return a key that nobody can know beforehand."""
    return secrets.token_urlsafe(32)


class LocalOnlyMiddleware:
    """Stands before the whole server.

    A foreign page can make a browser send requests here, and by a name that it lets point to 127.0.0.1 even read the
    answers. So each request is asked by which name it calls the server, and where it comes from; an old browser, which
    does not say where a picture or a link comes from, is stopped by the key, which only the page of this run has.
    """

    def __init__(self, app: ASGIApp, key: str) -> None:
        """Guard an app; `key` opens what the page alone may reach."""
        self._app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with 403 and why."""
        path = scope["path"]
        why = _foreign(Headers(scope=scope))
        if not why and path.startswith(_WITH_KEY) and not self._bears_key(scope):
            why = _KEYLESS
        hands_out = not why and path in _PAGE

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in _ON_EVERY_ANSWER.items():
                    answer.setdefault(name, value)  # a page of the bot's has a policy of its own
                if hands_out:
                    answer.append(
                        "Set-Cookie", f"{cookie_of(scope)}={self._key}; Path=/play; HttpOnly; SameSite=Strict"
                    )
            await send(message)

        app = PlainTextResponse(why, 403) if why else self._app
        await app(scope, receive, send_guarded)

    def _bears_key(self, scope: Scope) -> bool:
        """Return whether a request bears the key of this run."""
        found = HTTPConnection(scope).cookies.get(cookie_of(scope), "")
        return hmac.compare_digest(found.encode(), self._key.encode())


def cookie_of(scope: Scope) -> str:
    """Name the cookie of a server: browsers share cookies between all ports of a machine."""
    return f"playground-{scope['server'][1]}"


def _foreign(headers: Headers) -> str:
    """Return why a request is refused that calls the server by a wrong name or comes from another page."""
    host = headers.get("host", "")
    if not _LOOPBACK.fullmatch(host):
        return _ELSEWHERE
    if not _OWN.issuperset(headers.getlist("sec-fetch-site")):
        return _FOREIGN
    return "" if {f"http://{host}"}.issuperset(headers.getlist("origin")) else _FOREIGN
