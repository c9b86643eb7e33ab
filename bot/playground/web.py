"""The page and its small protocol: what it reads, what a person does on it, and the files it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.playground.disk import Json
from bot.playground.events import Events
from bot.playground.files import picture
from bot.playground.parameters import read_body
from bot.playground.polling import Polling
from bot.playground.refused import Refused
from bot.playground.shapes import bot_user
from bot.playground.world import World

PAGE: Final = Path(__file__).parent / "page"
_MEDIA_TYPES: Final = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}  # fmt: skip - a table
_LARGEST_ID: Final = 2**53
_LARGEST_BODY: Final = 1024 * 1024


class Web:
    """Serves the page."""

    def __init__(self, world: World, polling: Polling, events: Events, page: Path = PAGE) -> None:
        """Show a world on the page whose files lie in a folder."""
        self._world = world
        self._polling = polling
        self._events = events
        self._files = {file.name: file for file in page.glob("*") if file.suffix in _MEDIA_TYPES}

    def routes(self) -> list[Route]:
        """Give the routes of the page."""
        return [
            Route("/play/state", self._state),
            Route("/play/events", self._stream),
            Route("/play/send", self._send, methods=["POST"]),
            Route("/play/tap", self._tap, methods=["POST"]),
            Route("/play/file/{file_id}", self._file),
            Route("/", self._page),
            Route("/{name}", self._page),
        ]

    async def _page(self, request: Request) -> Response:
        file = self._files.get(request.path_params.get("name", "index.html"))
        if file is None:
            raise Refused("Not Found", 404)
        return FileResponse(file, media_type=_MEDIA_TYPES[file.suffix])

    async def _state(self, _: Request) -> Response:
        world = self._world
        rooms = world.rooms.values()
        person = next(iter(rooms)).people[0]
        state = {
            "bot": bot_user(world.bot_id),
            "person": {"id": person.id, "first_name": person.first_name},
            "chats": [
                {"id": room.id, "type": room.type, "title": room.title, "messages": world.messages.every(room.id)}
                for room in rooms
            ],
            "commands": world.menu(),
            "bot_alive": self._polling.alive,
        }
        return _json(state)

    async def _stream(self, _: Request) -> Response:
        return StreamingResponse(self._events.stream(), media_type="text/event-stream")

    async def _send(self, request: Request) -> Response:
        said = await _read(request)
        chat_id, text, person_id = _number(said, "chat_id"), _text(said, "text"), _person(said)
        return _json({"message_id": self._world.say(chat_id, text, person_id)})

    async def _tap(self, request: Request) -> Response:
        said = await _read(request)
        place = _number(said, "chat_id"), _number(said, "message_id"), _text(said, "data"), _person(said)
        stale = said.get("stale") is True
        return _json({"callback_query_id": self._world.tap(*place, stale=stale)})

    async def _file(self, request: Request) -> Response:
        content = self._world.files.get(request.path_params["file_id"])
        if content is None:
            raise Refused("Not Found", 404)
        if seen := picture(content):
            return Response(content, media_type=seen.media_type)
        # Only what is surely a picture is shown; anything else, a web page above all, is for saving.
        return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": "attachment"})


async def _read(request: Request) -> Json:
    """Read what the page says; only a page of ours can say it as JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused("The content type must be application/json.", 403)
    try:
        said = orjson.loads(await read_body(request, _LARGEST_BODY))
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Refused("The body must be a JSON object.")
    return said


def _number(said: Json, name: str) -> int:
    value = said.get(name)
    if not isinstance(value, int) or abs(value) > _LARGEST_ID:
        raise Refused(f"“{name}” must be a whole number.")
    return value


def _text(said: Json, name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise Refused(f"“{name}” must be a text.")
    return value


def _person(said: Json) -> int | None:
    return None if said.get("person_id") is None else _number(said, "person_id")


def refused(_: Request, error: Exception) -> Response:
    """Tell the page why something was refused."""
    reason = cast("Refused", error)  # it is registered for no other
    return _json({"error": reason.words or reason.description}, reason.code)


def _json(body: Any, code: int = 200) -> Response:
    return Response(orjson.dumps(body), code, media_type="application/json")
