"""The door of the bot: Telegram's webhook, and the health of the process, on one small HTTP server."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.service.ports import NotSaved
from bot.telegram.garbled import update_in
from bot.telegram.health import Health

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LARGEST: Final = 1_000_000
"""Bytes of an update; Telegram's are far smaller."""

SECRET: Final = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of the header


def create_webhook_app(
    health: Health,
    accept: Callable[[list[Any]], Awaitable[int]],
    path: str = "",
    secret: str = "",
    metrics_page: Callable[[], Awaitable[bytes]] | None = None,
    pages: Iterable[Route] = (),
) -> Starlette:
    """Make the server.

    Args:
        health: what `/healthz` and `/readyz` tell.
        accept: keeps a batch of updates, or raises NotSaved.
        path: where Telegram delivers; without one there is no webhook.
        secret: what each delivery must bear; nobody is let in where it is empty.
        metrics_page: what `/metrics` shows; without it there is no such page.
        pages: what else is served.
    """

    async def deliver(request: Request) -> Response:
        """Confirm an update once it is kept, and not before."""
        if not secret or not hmac.compare_digest(request.headers.get(SECRET, "").encode(), secret.encode()):
            return Response(status_code=403)
        try:
            body = await read_body(request)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it any more
        if body is None:
            return Response(status_code=413)
        update = _read(body)
        if update is None:
            return Response(status_code=400)
        try:
            await accept([update])
        except NotSaved:
            return Response(status_code=503)
        return Response(status_code=200)

    hook = [Route(path, deliver, methods=["POST"])] if path else []
    return Starlette(routes=[*_watched(health, metrics_page), *hook, *pages])


def _watched(health: Health, metrics_page: Callable[[], Awaitable[bytes]] | None) -> Iterator[Route]:
    """Yield the pages for whoever watches the bot."""

    async def healthz(_: Request) -> Response:
        return JSONResponse(health.as_dict(), 200 if health.is_well else 503)

    async def readyz(_: Request) -> Response:
        return JSONResponse({"ready": health.is_ready}, 200 if health.is_ready else 503)

    yield Route("/healthz", healthz)
    yield Route("/readyz", readyz)
    if metrics_page:

        async def metrics(_: Request) -> Response:
            return Response(await metrics_page(), media_type=METRICS_TYPE)

        yield Route("/metrics", metrics)


def _read(body: bytes) -> dict[str, Any] | None:
    """Read an update, or what stands for one that cannot be read: it would come again for ever, and hold others up."""
    try:
        update = orjson.loads(body)
    except orjson.JSONDecodeError:
        return update_in(body)
    return update if isinstance(update, dict) else None


async def read_body(request: Request, largest: int = LARGEST) -> bytes | None:
    """Read the body; None where it is larger than it may be.

    Raises:
        ClientDisconnect: if the client leaves before its end.
    """
    if int(request.headers.get("content-length") or 0) > largest:
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            return None
    return body
