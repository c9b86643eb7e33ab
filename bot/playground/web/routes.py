"""The page and its small protocol: what it reads, what a person does on it, and the files it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.playground.botapi.http import BotApi
from bot.playground.chats.files import picture
from bot.playground.chats.models import Person
from bot.playground.errors import ApiError
from bot.playground.params import read_body
from bot.playground.web.admin import act
from bot.playground.web.launches import launch
from bot.playground.web.params import PageParams
from bot.playground.web.snapshot import state_for
from bot.playground.web.sse import EventStreams
from bot.playground.world.world import FakeTelegram

PAGE: Final = Path(__file__).parent.parent / "page"
_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}  # fmt: skip - a table
_DIGITS: Final = 16
_LARGEST_BODY: Final = 1024 * 1024


class PageServer:
    """Serves the page."""

    def __init__(self, world: FakeTelegram, api: BotApi, events: EventStreams, page: Path = PAGE) -> None:
        """Show a world on the page whose files lie in a folder."""
        self._world = world
        self._api = api
        self._events = events
        self._files = {
            file.relative_to(page).as_posix(): file for file in page.rglob("*") if file.suffix in _MEDIA_TYPES
        }

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route("/play/state", self._state),
            Route("/play/events", self._stream),
            Route("/play/send", self._send, methods=["POST"]),
            Route("/play/edit", self._edit, methods=["POST"]),
            Route("/play/tap", self._tap, methods=["POST"]),
            Route("/play/launch", self._launch, methods=["POST"]),
            Route("/play/vote", self._vote, methods=["POST"]),
            Route("/play/forward", self._forward, methods=["POST"]),
            Route("/play/inline", self._ask, methods=["POST"]),
            Route("/play/choose", self._choose, methods=["POST"]),
            Route("/play/admin/{what}", self._admin, methods=["POST"]),
            Route("/play/file/{file_id}", self._file),
            Route("/", self._page),
            Route("/{name:path}", self._page),
        ]

    async def _page(self, request: Request) -> Response:
        file = self._files.get(request.path_params.get("name", "index.html"))
        if file is None:
            raise ApiError("Not Found", 404)
        return FileResponse(file, media_type=_MEDIA_TYPES[file.suffix])

    async def _state(self, request: Request) -> Response:
        return _json(state_for(self._world, self._reader(request), alive=self._api.polling.alive))

    async def _stream(self, request: Request) -> Response:
        person_id = self._reader(request).id
        return StreamingResponse(self._events.stream(person_id), media_type="text/event-stream")

    async def _send(self, request: Request) -> Response:
        params = await _read(request)
        place = params.number("chat_id"), params.text("text"), params.person()
        thread, reply_to = params.number("thread", 0), params.number("reply_to", 0)
        channel = params.text("channel", "")
        number = self._world.say(*place, thread=thread, reply_to=reply_to, channel=channel)
        return _json({"message_id": number})

    async def _edit(self, request: Request) -> Response:
        params = await _read(request)
        place = params.number("chat_id"), params.number("message_id")
        self._world.edit_own(*place, params.text("text"), params.number("person_id"))
        return _json({})

    async def _tap(self, request: Request) -> Response:
        params = await _read(request)
        place = params.number("chat_id"), params.number("message_id"), params.text("data"), params.person()
        return _json({"callback_query_id": self._world.tap(*place, stale=params.flag("stale"))})

    async def _launch(self, request: Request) -> Response:
        params = await _read(request)
        place = params.number("chat_id"), params.number("message_id"), params.text("url"), params.number("person_id")
        return _json({"url": launch(self._world, self._api.token, *place)})

    async def _vote(self, request: Request) -> Response:
        params = await _read(request)
        place = params.number("chat_id"), params.number("message_id"), params.number("person_id")
        self._world.polls.vote(*place, params.numbers("options"))
        return _json({})

    async def _forward(self, request: Request) -> Response:
        params = await _read(request)
        place = params.number("chat_id"), params.number("message_id"), params.number("to_chat_id")
        return _json({"message_id": self._world.forward(*place, params.number("person_id"))})

    async def _ask(self, request: Request) -> Response:
        params = await _read(request)
        query_id = self._world.ask(params.number("chat_id"), params.text("query"), params.number("person_id"))
        return _json({"inline_query_id": query_id})

    async def _choose(self, request: Request) -> Response:
        params = await _read(request)
        chosen = params.text("inline_query_id"), params.text("result_id"), params.number("person_id")
        thread, reply_to = params.number("thread", 0), params.number("reply_to", 0)
        number = self._world.choose(params.number("chat_id"), *chosen, thread=thread, reply_to=reply_to)
        return _json({"message_id": number})

    async def _admin(self, request: Request) -> Response:
        return _json(act(self._world.admin, request.path_params["what"], await _read(request)))

    def _reader(self, request: Request) -> Person:
        """Return whose page it is: the first person's if it does not say."""
        params = request.query_params.get("person", "")
        people = self._world.chats.people()
        return self._world.chats.person(int(params)) if params.isdecimal() and len(params) <= _DIGITS else people[0]

    async def _file(self, request: Request) -> Response:
        content = self._world.files.get(request.path_params["file_id"])
        if content is None:
            raise ApiError("Not Found", 404)
        if seen := picture(content):
            return Response(content, media_type=seen.media_type)
        # Only what is surely a picture is shown; anything else, a web page above all, is for saving.
        return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": "attachment"})


async def _read(request: Request) -> PageParams:
    """Read what the page says; only a page of ours can say it as JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ApiError("The content type must be application/json.", 403)
    try:
        params = orjson.loads(await read_body(request, _LARGEST_BODY))
    except orjson.JSONDecodeError:
        params = None
    if not isinstance(params, dict):
        raise ApiError("The body must be a JSON object.")
    return PageParams(params)


def refused(_: Request, error: Exception) -> Response:
    """Answer the page with the reason of a refusal."""
    reason = cast("ApiError", error)  # it is registered for no other
    return _json({"error": reason.message or reason.description}, reason.code)


def _json(body: Any, code: int = 200) -> Response:
    return Response(orjson.dumps(body), code, media_type="application/json")
