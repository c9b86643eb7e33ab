"""Files that come with a request: found in it, looked at, and told of as the Bot API tells of them."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import orjson

from bot.playground.chats.files import Files, picture
from bot.playground.errors import ApiError
from bot.playground.params import Params, Upload
from bot.playground.storage import Json

_MOST_BYTES_IN_A_PHOTO: Final = 10 * 1024 * 1024
_LARGEST_SIDES: Final = 10_000
_LONGEST_RATIO: Final = 20
_ANY_FILE: Final = "application/octet-stream"
_ATTACHED: Final = "attach://"
MEDIA: Final = ("photo", "document")
"""The kinds of file that a message can hold here."""

_MEDIA_ELSEWHERE: Final = ("animation", "audio", "live_photo", "video")
"""Those that it can hold at Telegram besides."""

_HEEDED: Final = ("type", "media", "caption", "parse_mode", "caption_entities", "disable_content_type_detection")


def photo(files: Files, params: Params) -> Callable[[], Json]:
    """Look at the photo of a request; what is given back keeps it and tells of it.

    Raises:
        ApiError: there is none, or it is none that Telegram takes.
    """
    upload = _upload(files, params, "photo")
    seen = picture(upload.content)
    if len(upload.content) > _MOST_BYTES_IN_A_PHOTO:
        raise ApiError("file is too big")
    if seen is None:
        raise ApiError("IMAGE_PROCESS_FAILED")
    short, long = sorted((seen.width, seen.height))
    if short < 1 or short + long > _LARGEST_SIDES or long > _LONGEST_RATIO * short:
        raise ApiError("PHOTO_INVALID_DIMENSIONS")
    return lambda: {"photo": [_kept(files, upload) | {"width": seen.width, "height": seen.height}]}


def document(files: Files, params: Params) -> Callable[[], Json]:
    """Look at the document of a request; what is given back keeps it and tells of it."""
    upload = _upload(files, params, "document")
    guessed, _ = mimetypes.guess_type(upload.name)
    media_type = guessed or upload.media_type or _ANY_FILE
    named = {"file_name": upload.name, "mime_type": media_type}
    return lambda: {"document": _kept(files, upload) | named}


class Media(NamedTuple):
    """What is to stand in place of the photo or document of a message.

    Attributes:
        kind: "photo" or "document".
        params: its parameters, as if it were sent.
    """

    kind: str
    params: Params

    def file(self, files: Files) -> Callable[[], Json]:
        """Look at it; what is given back keeps it and tells of it."""
        return photo(files, self.params) if self.kind == "photo" else document(files, self.params)


def media(params: Params) -> Media:
    """Read an InputMedia.

    Raises:
        ApiError: it is none, or none that is offered here.
    """
    asked = _parsed(params.values.get("media"))
    if not isinstance(asked.get("type"), str):
        raise ApiError("can't parse InputMedia: Can't find field \"type\"")
    kind, source = asked["type"], str(asked.get("media") or "")
    _, attached, name = source.partition(_ATTACHED)
    if not source or (attached and name not in params.files):
        raise ApiError("can't parse InputMedia: media not found")
    if kind in _MEDIA_ELSEWHERE:
        raise ApiError.not_offered(f"media of type {kind}")
    if kind not in MEDIA:
        raise ApiError(f'can\'t parse InputMedia: type "{kind}" is unsupported')
    if unheeded := sorted(name for name, value in asked.items() if value and name not in _HEEDED):
        raise ApiError.not_offered(f"media with {', '.join(unheeded)}")
    return Media(kind, Params({**asked, kind: source}, params.files))


def _parsed(asked: Any) -> Json:
    """Read the JSON of a parameter that is an object; in a form it travels as text."""
    if asked in (None, ""):
        raise ApiError('parameter "media" is required')
    if isinstance(asked, str):
        try:
            asked = orjson.loads(asked)
        except orjson.JSONDecodeError:
            raise ApiError("can't parse input media JSON object") from None
    if not isinstance(asked, dict):
        raise ApiError("can't parse InputMedia: expected an Object")
    return asked


def _upload(files: Files, params: Params, name: str) -> Upload:
    """Find a file in the request itself, or among those sent before."""
    page_params = params.text(name)
    if not page_params:
        raise ApiError(f"there is no {name} in the request")
    upload = params.files.get(page_params.removeprefix(_ATTACHED))
    if upload is None and (known := files.get(page_params)):
        upload = Upload(page_params, _ANY_FILE, known)
    if upload is None:
        raise ApiError.not_offered("files by URL, or by an identifier that is not known")
    if not upload.content:
        raise ApiError("file must be non-empty")
    return upload


def _kept(files: Files, upload: Upload) -> Json:
    file_id = files.add(upload.content)
    return {"file_id": file_id, "file_unique_id": file_id, "file_size": len(upload.content)}
