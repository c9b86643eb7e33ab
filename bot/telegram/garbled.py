"""What can be read of JSON that cannot be read: whose update it is, and the number of a message that was sent."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from telegram.error import TelegramError

# A quotation mark within a text has a backslash before it, so none of these is found in what a person wrote.
_UPDATE: Final = re.compile(rb'(?<!\\)"update_id"\s*:\s*([0-9]{1,18})\b')
_QUERY: Final = re.compile(rb'(?<!\\)"callback_query"\s*:\s*\{\s*"id"\s*:\s*"([0-9]{1,20})"')
_MESSAGE: Final = re.compile(rb'(?<!\\)"message_id"\s*:\s*([0-9]{1,18})\b')
_POLL: Final = re.compile(rb'(?<!\\)"poll"\s*:\s*\{\s*"id"\s*:\s*"([0-9]{1,20})"')
_WELL: Final = re.compile(rb'\s*\{\s*"ok"\s*:\s*true\b')


class Garbled(TelegramError):
    """An answer that is none of the Bot API. It bears what could be read of it; what is printed of it does not."""

    def __init__(self, payload: bytes) -> None:
        """Read what can be read."""
        super().__init__("the answer is not a JSON object of the Bot API")
        self.update = update_in(payload)
        self._well = bool(_WELL.match(payload))
        self._payload = payload

    def result_of(self, method: str) -> Any:
        """Return the result of a call that was carried out, as far as it can be read; None where it is not known.

        What was carried out shall not be done again: a card would be sent for as long as its answer cannot be read,
        and that may lie in the name of the person or of the chat, which each answer bears.
        """
        if not self._well or method == "getUpdates":
            return None
        answer = _leniently(self._payload)
        if answer is not None:
            return answer.get("result")
        if method.startswith("get"):
            return None
        return _sent(self._payload) if method.startswith("send") else True


def update_in(payload: bytes) -> dict[str, Any] | None:
    """Return what stands for an update that cannot be read: its number, and the tap that is to be answered."""
    number, query = _UPDATE.search(payload), _QUERY.search(payload)
    if number is None:
        return None
    return {"update_id": int(number[1]), "callback_query": {"id": query[1].decode()} if query else {}}


def _leniently(payload: bytes) -> dict[str, Any] | None:
    """Read an answer in which a text or a number is wrong; signs that are none are replaced."""
    try:
        read = json.loads(payload.decode("utf-8-sig", "replace"))
        # Halves of signs that were written out would be refused when they are sent on.
        clean = json.loads(json.dumps(read, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return clean if isinstance(clean, dict) else None


def _sent(payload: bytes) -> dict[str, Any] | None:
    """Return what is needed of a message that was sent: its number, and that of its poll."""
    message, poll = _MESSAGE.search(payload), _POLL.search(payload)
    if message is None:
        return None
    return {"message_id": int(message[1])} | ({"poll": {"id": poll[1].decode()}} if poll else {})
