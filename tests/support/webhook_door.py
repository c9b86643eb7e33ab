"""The door of the bot over HTTP, open on a port, and whoever knocks there."""

from __future__ import annotations

from typing import Any

import aiohttp
import orjson
from conftest import Fields

from bot.telegram.receiving.webhook import SECRET

RIGHT = "a-secret_of-the-webhook"


class Door:
    """A door that is open on a port, and whoever knocks."""

    def __init__(self, port: int, session: aiohttp.ClientSession, host: str = "127.0.0.1") -> None:
        self.port = port
        self.url = f"http://{host}:{port}"
        self.session = session

    async def post(self, body: Any, secret: str | None = RIGHT, path: str = "/hook") -> int:
        """Deliver; give the status."""
        headers = {} if secret is None else {SECRET: secret}
        async with self.session.post(self.url + path, data=body, headers=headers) as answer:
            return answer.status

    async def deliver(self, update: Fields) -> int:
        return await self.post(orjson.dumps(update))

    async def get(self, path: str) -> tuple[int, Fields]:
        async with self.session.get(self.url + path) as answer:
            return answer.status, await answer.json()


class Taken:
    """Takes updates in, and remembers them."""

    def __init__(self) -> None:
        self.updates: list[Any] = []

    async def __call__(self, batch: list[Any]) -> int:
        self.updates += batch
        return 1
