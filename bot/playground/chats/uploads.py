"""Files that come with a request: found in it, looked at, and told of as the Bot API tells of them."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from typing import Final

from bot.playground.chats.files import Files, picture
from bot.playground.errors import ApiError
from bot.playground.params import Params, Upload
from bot.playground.storage import Json

_MOST_BYTES_IN_A_PHOTO: Final = 10 * 1024 * 1024
_LARGEST_SIDES: Final = 10_000
_LONGEST_RATIO: Final = 20
_ANY_FILE: Final = "application/octet-stream"


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


def _upload(files: Files, params: Params, name: str) -> Upload:
    """Find a file in the request itself, or among those sent before."""
    page_params = params.text(name)
    if not page_params:
        raise ApiError(f"there is no {name} in the request")
    upload = params.files.get(page_params.removeprefix("attach://"))
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
