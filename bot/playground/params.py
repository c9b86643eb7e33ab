"""The parameters of a request to the Bot API, however they travel: query, form, multipart or JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect, Request

from bot.playground.errors import ApiError
from bot.playground.storage import Json

_LARGEST: Final = 2**63 - 1
_LARGEST_BODY: Final = 20 * 1024 * 1024
_STRUCTURES: Final = frozenset(
    (
        "allowed_updates",
        "button",
        "caption_entities",
        "commands",
        "entities",
        "link_preview_options",
        "options",
        "reply_markup",
        "reply_parameters",
        "results",
        "scope",
    )
)  # fmt: skip - a list of words
"""The parameters that are objects or lists; in forms they travel as JSON."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Params:
    """What a method was asked with; absent and empty parameters read the same, as with Telegram."""

    values: Json
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Read a text."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """Read a whole number; what is none counts as 0."""
        try:
            value = int(self.text(name) or default)
        except ValueError:
            return 0
        return value if -_LARGEST <= value <= _LARGEST else 0

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read a yes or no."""
        params = self.text(name).strip().lower()
        return params in ("true", "yes", "1", "y", "t") if params else default

    def object(self, name: str) -> Json | None:
        """Read an object."""
        value = self.values.get(name) or None
        if value is not None and not isinstance(value, dict):
            raise ApiError(f"object expected as {name.replace('_', ' ')}")
        return value

    def array(self, name: str, of: str = "") -> list[Any] | None:
        """Read a list; None where there is none, which may mean something else than an empty one.

        Raises:
            ApiError: it is none; `of` is what Telegram then says that it expected, empty if it takes it for nothing.
        """
        value = self.values.get(name)
        if value in (None, ""):
            return None
        if not isinstance(value, list):
            raise ApiError(f"expected an Array of {of}") if of else ApiError.not_offered(f"{name} that is no Array")
        return value


async def read_body(request: Request, limit: int) -> bytes:
    """Read what a request carries, as far as it is allowed to."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise ApiError("", 413)
    except ClientDisconnect as gone:
        raise ApiError("the request ended too early") from gone
    return bytes(body)


async def read_params(request: Request) -> Params:
    """Gather what a request carries; the body goes before the query.

    Raises:
        ApiError: it cannot be read.
    """
    body = await read_body(request, _LARGEST_BODY)
    return parse_params(request.headers.get("content-type", ""), body, dict(request.query_params))


def parse_params(content_type: str, body: bytes, query: Json) -> Params:
    """Gather what a body and a query carry; the body goes before the query.

    Raises:
        ApiError: it cannot be read.
    """
    media_type, _, _ = content_type.partition(";")
    files: dict[str, Upload] = {}
    values = query
    try:
        match media_type.strip().lower():
            case "application/json" if body:
                values |= _object(body)
            case "application/x-www-form-urlencoded":
                values |= parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
            case "multipart/form-data":
                fields, files = _multipart(content_type, body)
                values |= fields | _named(files, fields)
        return Params({name: _structured(name, value) for name, value in values.items()}, files)
    except (UnicodeError, orjson.JSONDecodeError) as error:
        raise ApiError("can't parse the request: it is no JSON, or not encoded in UTF-8") from error


def _object(body: bytes) -> Json:
    value = orjson.loads(body)
    if not isinstance(value, dict):
        raise ApiError("can't parse the request: object expected")
    return value


def _structured(name: str, value: Any) -> Any:
    return orjson.loads(value) if name in _STRUCTURES and isinstance(value, str) and value else value


def _named(files: dict[str, Upload], fields: dict[str, str]) -> dict[str, str]:
    """Name the files as parameters, where none does it yet by `attach://`."""
    params = {name: f"attach://{name}" for name in files}
    return {name: value for name, value in params.items() if not any(value in said for said in fields.values())}


def _multipart(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    """Part a form into its fields and files."""
    boundary = HeaderParser().parsestr(f"Content-Type: {content_type}").get_boundary()
    if not boundary:
        raise ApiError("can't parse the request: the form names no boundary")
    _, *parts, last = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if not last.startswith(b"--"):
        raise ApiError("can't parse the request: the form has no end")
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        header = HeaderParser().parsestr(head.decode().lstrip())
        name = collapse_rfc2231_value(header.get_param("name", "", "content-disposition") or "")
        filename = header.get_filename()
        if filename is None:
            fields[name] = content.decode()
        else:
            files[name] = Upload(filename, header.get_content_type(), content)
    return fields, files
