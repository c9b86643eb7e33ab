"""Answers that are none: a refusal out of nowhere, a page, half an answer, or a connection that is cut."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Final

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from bot.playground.storage import Json

_PORTAL: Final = "<!doctype html><html><title>Hospital Wi-Fi</title><p>Please sign in to use this network.</html>"
_GATEWAY: Final = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n"
)
_NO_RESULTS: Final = (b'{"ok":true}', b"{}", b"[]", b"null")


class Cut(Response):
    """The connection is closed in place of an answer, at once or after a while."""

    def __init__(self, hang: Callable[[], Awaitable[None]] | None = None) -> None:
        """Store what to wait for first; the wait ends earlier if the other side hangs up, or the server stops."""
        super().__init__()
        self._hang = hang

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Cut the connection."""
        closed = asyncio.ensure_future(_closed(receive))
        if self._hang:
            hanging = asyncio.ensure_future(self._hang())
            with suppress(asyncio.CancelledError):
                await asyncio.wait((hanging, closed), return_when=asyncio.FIRST_COMPLETED)
            hanging.cancel()
        scope["state"]["cut"]()
        await closed  # or the server would answer for us


def too_many(retry_after: int) -> Response:
    """Refuse a call as one too many."""
    words, parameters = f"Too Many Requests: retry after {retry_after}", {"parameters": {"retry_after": retry_after}}
    refusal = _refusal(429, words, parameters)
    refusal.headers["Retry-After"] = str(retry_after)
    return refusal


def internal() -> Response:
    """Fail inside."""
    return _refusal(500, "Internal Server Error", {})


def unauthorized() -> Response:
    """Deny that the token is one."""
    return _refusal(401, "Unauthorized", {})


def bad_gateway() -> Response:
    """Fail at the gateway, which knows nothing of JSON."""
    return HTMLResponse(_GATEWAY, 502)


def page() -> Response:
    """Return the page of a captive portal."""
    return HTMLResponse(_PORTAL)


def truncated(params: Json, chance: Random) -> Response:
    """Return the beginning of a good answer; what was asked stands for the result, words of a patient included."""
    whole = orjson.dumps({"ok": True, "result": params})
    return Response(whole[: chance.randrange(1, len(whole))], media_type="application/json")


def no_result(chance: Random) -> Response:
    """Return JSON that lacks what matters."""
    return Response(chance.choice(_NO_RESULTS), media_type="application/json")


def _refusal(code: int, description: str, more: Json) -> Response:
    answer = {"ok": False, "error_code": code, "description": description} | more
    return Response(orjson.dumps(answer), code, media_type="application/json")


async def _closed(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
