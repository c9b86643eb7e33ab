"""The webhook: where the bot wants its updates brought, checked in Telegram's words and kept on the disk."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlsplit

from bot.playground.errors import ApiError
from bot.playground.params import Params
from bot.playground.storage import Json, JsonStore
from bot.playground.updates.queue import UpdateQueue

_CONNECTIONS: Final = 40
_MOST_CONNECTIONS: Final = 100
_LONGEST_SECRET: Final = 256
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]*")
_PORTS: Final = (80, 88, 443, 8443)
_PAUSE: Final = 1
"""Seconds within which Telegram lets a webhook be set once."""

_HERE: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Address:
    """Where updates go; without a URL nowhere: the bot fetches them."""

    url: str = ""
    secret: str = ""
    max_connections: int = _CONNECTIONS


class WebhookSettings:
    """What the bot has said of deliveries, and how they fare.

    Attributes:
        address: where updates go.
        changes: how often that has changed, or all that waited was dropped: whoever delivers begins anew.
    """

    def __init__(self, store: JsonStore, clock: Callable[[], float], updates: UpdateQueue) -> None:
        """Go on with the webhook that the disk keeps."""
        self._disk = store
        self._clock = clock
        self._updates = updates
        self._failure: Json = {}
        self._next_at = 0.0
        self.address = Address(**(store.get("webhook", 0, 0) or {}))
        self.changes = 0

    def set(self, params: Params) -> None:
        """Do what setWebhook asks for; without a URL it deletes the webhook.

        Raises:
            ApiError: Telegram would not deliver there, or not with this secret; 429 where one was set a moment ago.
        """
        if params.text("url"):
            self._pace()
        secret = params.text("secret_token")
        if len(secret) > _LONGEST_SECRET:
            raise ApiError("secret token is too long")
        if not _SECRET.fullmatch(secret):
            raise ApiError("secret token contains unallowed characters")
        connections = min(max(params.number("max_connections", _CONNECTIONS), 1), _MOST_CONNECTIONS)
        url = _checked(params.text("url"))
        allowed = params.array("allowed_updates")
        if allowed is not None:
            self._updates.allow(allowed)
        self._change(Address(url, secret, connections) if url else Address(), drop=_drops(params))

    def delete(self, params: Params) -> None:
        """Do what deleteWebhook asks for."""
        self._change(Address(), drop=_drops(params))

    def failed(self, words: str) -> None:
        """Remember the last delivery that failed."""
        self._failure = {"last_error_date": int(self._clock()), "last_error_message": words}

    def info(self) -> Json:
        """Return the WebhookInfo."""
        info: Json = {
            "url": self.address.url,
            "has_custom_certificate": False,
            "pending_update_count": self._updates.waiting,
        }
        if self.address.url:
            info |= self._failure | {"max_connections": self.address.max_connections}
        return info | ({"allowed_updates": allowed} if (allowed := self._updates.allowed) else {})

    def _pace(self) -> None:
        """Refuse a webhook that is set within a second of another; one that is refused counts too."""
        if self._clock() < self._next_at:
            raise ApiError(f"retry after {_PAUSE}", 429, retry_after=_PAUSE)
        self._next_at = self._clock() + _PAUSE

    def _change(self, address: Address, *, drop: bool) -> None:
        if drop:
            self._updates.forget()
        if drop or address != self.address:
            with self._disk.transaction():
                self._disk.put("webhook", 0, 0, asdict(address))
            self._failure = {}
            self.address = address
            self.changes += 1


def _drops(params: Params) -> bool:
    return params.flag("drop_pending_updates")


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise ApiError("invalid webhook URL specified") from error
    if url and not parts.hostname:
        raise ApiError("invalid webhook URL specified")
    if url and not (parts.hostname in _HERE and parts.scheme == "http"):
        if parts.scheme != "https":
            raise ApiError("bad webhook: An HTTPS URL must be provided for webhook")
        if port not in _PORTS and parts.hostname not in _HERE:
            raise ApiError("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    return url
