"""The courier: brings one update to the webhook over HTTP, once, and takes along what the answer asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from bot.playground.storage import Json
from bot.playground.updates.webhook_settings import Address

CarryOut: TypeAlias = Callable[[str, bytes], Awaitable[None]]
"""Is given the content type and the body of an answer, which may name a method to carry out."""

_SECRET: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of the header
_PATIENCE: Final = ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Failed:
    """A delivery that did not arrive: why, in Telegram's words, and after how many seconds the bot wants it again."""

    words: str
    retry_after: int = 0


class WebhookClient:
    """Makes the requests."""

    def __init__(self, session: ClientSession, carry_out: CarryOut, deliver_to: Callable[[], str] | None) -> None:
        """Store the connections, who carries out what an answer asks for, and where to go in place of the webhook."""
        self._session = session
        self._carry_out = carry_out
        self._deliver_to = deliver_to

    async def deliver(self, update: Json, address: Address) -> Failed | None:
        """Bring an update; give what went wrong, nothing where it arrived."""
        headers = {"Content-Type": "application/json"} | ({_SECRET: address.secret} if address.secret else {})
        url = self._deliver_to() if self._deliver_to else address.url
        body = orjson.dumps(update)
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                asked = await answer.read()
        except TimeoutError:
            return Failed("Read timeout expired")
        except ClientConnectorError:
            return Failed("Connection refused")
        except ClientError:
            return Failed("Connection closed")
        if answer.status >= 300:  # noqa: PLR2004 - 2xx
            after = answer.headers.get("Retry-After", "")
            words = f"Wrong response from the webhook: {answer.status} {answer.reason}"
            return Failed(words, int(after) if after.isdecimal() else 0)
        await self._carry_out(answer.headers.get("Content-Type", ""), asked)
        return None


def connections() -> ClientSession:
    """Open the connections that couriers share."""
    return ClientSession(connector=TCPConnector(limit=0), cookie_jar=DummyCookieJar(), timeout=_PATIENCE)
