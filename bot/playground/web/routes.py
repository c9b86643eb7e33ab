"""The page and its small protocol: what it reads, what a person does on it, and the files it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.playground.botapi.polling import Polling
from bot.playground.chats.files import picture
from bot.playground.chats.models import Person
from bot.playground.errors import Refused
from bot.playground.params import read_body
from bot.playground.web.admin import act
from bot.playground.web.params import Said
from bot.playground.web.snapshot import state_for
from bot.playground.web.sse import Events
from bot.playground.world.world import World

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


class Web:
    """Serves the page."""

    def __init__(self, world: World, polling: Polling, events: Events, page: Path = PAGE) -> None:
        """Show a world on the page whose files lie in a folder."""
        self._world = world
        self._polling = polling
        self._events = events
        self._files = {
            file.relative_to(page).as_posix(): file for file in page.rglob("*") if file.suffix in _MEDIA_TYPES
        }

    def routes(self) -> list[Route]:
        """Give the routes of the page."""
        return [
            Route("/play/state", self._state),
            Route("/play/events", self._stream),
            Route("/play/send", self._send, methods=["POST"]),
            Route("/play/edit", self._edit, methods=["POST"]),
            Route("/play/tap", self._tap, methods=["POST"]),
            Route("/play/vote", self._vote, methods=["POST"]),
            Route("/play/forward", self._forward, methods=["POST"]),
            Route("/play/inline", self._ask, methods=["POST"]),
            Route("/play/choose", self._choose, methods=["POST"]),
            Route("/play/stage/{what}", self._stage, methods=["POST"]),
            Route("/play/file/{file_id}", self._file),
            Route("/", self._page),
            Route("/{name:path}", self._page),
        ]

    async def _page(self, request: Request) -> Response:
        file = self._files.get(request.path_params.get("name", "index.html"))
        if file is None:
            raise Refused("Not Found", 404)
        return FileResponse(file, media_type=_MEDIA_TYPES[file.suffix])

    async def _state(self, request: Request) -> Response:
        return _json(state_for(self._world, self._reader(request), alive=self._polling.alive))

    async def _stream(self, request: Request) -> Response:
        person_id = self._reader(request).id
        return StreamingResponse(self._events.stream(person_id), media_type="text/event-stream")

    async def _send(self, request: Request) -> Response:
        said = await _read(request)
        place = said.number("chat_id"), said.text("text"), said.person()
        thread, reply_to = said.number("thread", 0), said.number("reply_to", 0)
        channel = said.text("channel", "")
        number = self._world.say(*place, thread=thread, reply_to=reply_to, channel=channel)
        return _json({"message_id": number})

    async def _edit(self, request: Request) -> Response:
        said = await _read(request)
        place = said.number("chat_id"), said.number("message_id")
        self._world.edit_own(*place, said.text("text"), said.number("person_id"))
        return _json({})

    async def _tap(self, request: Request) -> Response:
        said = await _read(request)
        place = said.number("chat_id"), said.number("message_id"), said.text("data"), said.person()
        return _json({"callback_query_id": self._world.tap(*place, stale=said.flag("stale"))})

    async def _vote(self, request: Request) -> Response:
        said = await _read(request)
        place = said.number("chat_id"), said.number("message_id"), said.number("person_id")
        self._world.polls.vote(*place, said.numbers("options"))
        return _json({})

    async def _forward(self, request: Request) -> Response:
        said = await _read(request)
        place = said.number("chat_id"), said.number("message_id"), said.number("to_chat_id")
        return _json({"message_id": self._world.forward(*place, said.number("person_id"))})

    async def _ask(self, request: Request) -> Response:
        said = await _read(request)
        query_id = self._world.ask(said.number("chat_id"), said.text("query"), said.number("person_id"))
        return _json({"inline_query_id": query_id})

    async def _choose(self, request: Request) -> Response:
        said = await _read(request)
        chosen = said.text("inline_query_id"), said.text("result_id"), said.number("person_id")
        thread, reply_to = said.number("thread", 0), said.number("reply_to", 0)
        number = self._world.choose(said.number("chat_id"), *chosen, thread=thread, reply_to=reply_to)
        return _json({"message_id": number})

    async def _stage(self, request: Request) -> Response:
        return _json(act(self._world.stage, request.path_params["what"], await _read(request)))

    def _reader(self, request: Request) -> Person:
        """Tell for whom the page is: the first of all where it does not say."""
        said = request.query_params.get("person", "")
        people = self._world.rooms.people()
        return self._world.rooms.person(int(said)) if said.isdecimal() and len(said) <= _DIGITS else people[0]

    async def _file(self, request: Request) -> Response:
        content = self._world.files.get(request.path_params["file_id"])
        if content is None:
            raise Refused("Not Found", 404)
        if seen := picture(content):
            return Response(content, media_type=seen.media_type)
        # Only what is surely a picture is shown; anything else, a web page above all, is for saving.
        return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": "attachment"})


async def _read(request: Request) -> Said:
    """Read what the page says; only a page of ours can say it as JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused("The content type must be application/json.", 403)
    try:
        said = orjson.loads(await read_body(request, _LARGEST_BODY))
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Refused("The body must be a JSON object.")
    return Said(said)


def refused(_: Request, error: Exception) -> Response:
    """Tell the page why something was refused."""
    reason = cast("Refused", error)  # it is registered for no other
    return _json({"error": reason.words or reason.description}, reason.code)


def _json(body: Any, code: int = 200) -> Response:
    return Response(orjson.dumps(body), code, media_type="application/json")
