"""Serves the page of the spine, and takes in what is tapped there as an update of the inbox, like any other tap."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.service.ports import NotSaved
from bot.telegram.receiving.webhook import read_body
from bot.telegram.rendering.callback_data import pack, unpack
from bot.telegram.updates.redaction import Json
from bot.telegram.webapp.launch_data import LaunchRefused, read_launch
from bot.telegram.webapp.page_document import page_document
from bot.telegram.webapp.post_limiter import PostLimiter
from flows.cards.card import Action, Tap
from flows.catalog.loader import Catalog
from flows.export.start_payload import encode_start_payload
from flows.model.flow import Flow

LARGEST: Final = 8192
"""Bytes of what the page sends."""

PATIENCE: Final = 3.0
"""Seconds that the page waits for what becomes of a tap; what is stored is handled in any case."""

LOOK: Final = 0.05
"""Seconds between looks whether a tap is handled."""

NUMBERS: Final = 2**62
"""The numbers of these updates begin here, far above Telegram's own, and are no multiples of a thousand."""

STEP: Final = 1000
_BITS: Final = 52

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Inbox(NamedTuple):
    """Where updates go.

    Attributes:
        accept: stores a batch, or raises NotSaved.
        toast_of: gives what a handled update was told; None while it waits.
    """

    accept: Callable[[list[Any]], Awaitable[int]]
    toast_of: Callable[[int], Awaitable[str | None]]


class SpinePage:
    """The page, and what it sends."""

    def __init__(
        self, token: str, flow: Flow, catalog: Catalog, inbox: Inbox, wall: Callable[[], float] = time.time
    ) -> None:
        """Write the page once.

        Args:
            token: the bot's, with which Telegram signs for whom it opens the page.
            flow: whose levels and extent are asked.
            catalog: the words.
            inbox: where what is tapped goes.
            wall: seconds since 1970.

        Raises:
            ValueError: if the flow does not ask for both.
        """
        levels, part = flow.question("levels"), flow.question("extent")
        if levels is None or part is None:
            raise ValueError(f"{flow.code} asks for no levels, or no extent")
        self._token, self._flow, self._inbox, self._wall = token, flow, inbox, wall
        self._levels, self._parts = frozenset(levels.codes), frozenset(part.codes)
        self._words = catalog.wording.drawing
        self._document = page_document(levels, part, self._words)
        self._limiter = PostLimiter(time.monotonic)

    def routes(self, path: str) -> list[Route]:
        """Return the routes of the page."""
        return [Route(path, self._page, methods=["GET"]), Route(path, self._receive, methods=["POST"])]

    async def _page(self, _: Request) -> Response:
        return HTMLResponse(self._document.html, headers=HEADERS | {"Content-Security-Policy": self._document.policy})

    async def _receive(self, request: Request) -> Response:
        """Store what was tapped, then wait a moment for what becomes of it."""
        try:
            body = await read_body(request, LARGEST)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it any more
        if body is None:
            return self._answer(413, self._words.refused)
        try:
            sent = _object(body)
            user_id = read_launch(str(sent.get("launch", "")), self._token, self._wall())
            data = self._data(sent)
        except LaunchRefused:
            return self._answer(403, self._words.refused)
        except ValueError:
            return self._answer(400, self._words.refused)
        if not self._limiter.allows(user_id):
            return self._answer(429, self._words.slow, again=True)
        return await self._store(_update(user_id, data))

    async def _store(self, update: Json) -> Response:
        try:
            await self._inbox.accept([update])
            toast = await self._toast(int(update["update_id"]))
        except NotSaved:
            return self._answer(503, self._words.failed, again=True)
        if toast is None:
            return self._answer(200, self._words.saved, done=True)
        return self._answer(409, toast) if toast else self._answer(200, self._words.sent, done=True)

    async def _toast(self, update_id: int) -> str | None:
        """Return what the tap was told; None if it is not handled soon."""
        for _ in range(round(PATIENCE / LOOK)):
            toast = await self._inbox.toast_of(update_id)
            if toast is not None:
                return toast
            await asyncio.sleep(LOOK)
        return None

    def _data(self, sent: Json) -> str:
        """Write what was tapped as the data of a button.

        Raises:
            ValueError: if it is anything else.
        """
        tap, levels, part = unpack(str(sent.get("tap", ""))), sent.get("levels"), sent.get("part")
        if tap is None or tap != Tap(Action.draw, "levels", case=tap.case, turn=tap.turn) or not tap.case:
            raise ValueError("tap")
        if not isinstance(levels, list) or not levels or not self._levels.issuperset(map(str, levels)):
            raise ValueError("levels")
        if not isinstance(part, str) or (part and part not in self._parts):
            raise ValueError("part")
        findings = {"levels": tuple(map(str, levels))} | ({"extent": (part,)} if part else {})
        return pack(tap._replace(choice=encode_start_payload(self._flow, findings)))

    def _answer(self, status: int, text: str, *, done: bool = False, again: bool = False) -> Response:
        """Answer the page: what it shows, whether it closes, whether the same may be sent again."""
        body = orjson.dumps({"text": text, "done": done, "again": again})
        return Response(body, status, media_type="application/json", headers=HEADERS)


def _object(body: bytes) -> Json:
    """Read a JSON object.

    Raises:
        ValueError: if it is none.
    """
    sent = orjson.loads(body)
    if not isinstance(sent, dict):
        raise ValueError("no object")  # noqa: TRY004 - what came is wrong, not its type in the program
    return sent


def _update(user_id: int, data: str) -> Json:
    """Write a tap as the update that Telegram makes of a page's data; the same tap is the same update."""
    digest = hashlib.blake2b(f"{user_id}.{data}".encode(), digest_size=8).digest()
    number = NUMBERS + STEP * (int.from_bytes(digest) >> (64 - _BITS))
    return {
        "update_id": number,
        "message": {
            "message_id": 0,
            "date": 1,
            "chat": {"id": user_id, "type": "private"},
            "from": {"id": user_id, "is_bot": False},
            "web_app_data": {"data": data, "button_text": ""},
        },
    }
