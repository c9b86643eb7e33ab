"""Looks at the way to Telegram: a proxy or not, IPv4 and IPv6, and the calls that are made over it."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

from telegram.error import NetworkError
from telegram.request import RequestData
from telegram.request._requestparameter import RequestParameter
from yarl import URL

from bot.doctor.results import CheckResult, skipped, well, wrong
from bot.telegram.garbled import Garbled
from bot.telegram.request import AiohttpRequest, route

CONNECT_SECONDS: Final = 4.0
"""Seconds to look a name up, and again to connect."""

ANSWER_SECONDS: Final = 6.0
"""Seconds to wait for an answer."""

FAMILIES: Final = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
MOST_CLOCK_ERROR: Final = 60.0
"""Seconds by which the clock may differ from Telegram's."""


class CallRefused(Exception):
    """The Bot API refuses a call: its code, and its words."""

    def __init__(self, code: int, words: str) -> None:
        """Store both."""
        super().__init__(words)
        self.code = code


@dataclass(slots=True)
class RawCalls:
    """Calls the Bot API and returns what it answers, whole: the bot's own calls keep only what the bot reads."""

    server: str
    token: str
    request: AiohttpRequest

    async def call(self, method: str, **params: Any) -> Any:
        """Call a method and return its result.

        Raises:
            CallRefused: where the server refuses it.
            NetworkError: where no answer came, or one that is not of the Bot API.
        """
        data = RequestData([RequestParameter.from_input(name, value) for name, value in params.items()])
        seconds = ANSWER_SECONDS + params.get("timeout", 0)
        _, body = await self.request.do_request(f"{self.server}/bot{self.token}/{method}", "POST", data, seconds)
        try:
            answer = self.request.parse_json_payload(body)
        except Garbled:
            answer = None
        if answer is None:  # raised here, where the body is no context of it
            raise NetworkError("the answer is not of the Bot API")
        if not answer["ok"]:
            raise CallRefused(int(answer.get("error_code", 0)), str(answer.get("description", "")))
        return answer.get("result")


async def check_way(server: str) -> CheckResult:
    """Look how the server can be reached: through a proxy, by IPv4, by IPv6."""
    address, proxy = route(server)
    if proxy:
        return await _check_proxy(URL(proxy))
    host, port = address.host or "", address.port or 443
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):  # a name too long to be one is no OSError
        return wrong("way", f"the name {host} is not found", "Check the network and its name server (DNS).")
    ways = {family: place for family, *_, place in reversed(found) if family in FAMILIES}
    reached: dict[int, bool] = dict(zip(ways, await asyncio.gather(*map(_connects, ways.values())), strict=True))
    return _told_of(host, reached)


def _told_of(host: str, reached: dict[int, bool]) -> CheckResult:
    """Return what is said of the families of addresses that lead to a host, or do not."""
    text = ", ".join(
        f"{FAMILIES[family]} {'reaches' if reached.get(family) else 'does not reach'}" for family in FAMILIES
    )
    text = f"{text} {host}"
    if not any(reached.values()):
        advice = "Check the network and the firewall; behind a proxy, set HTTPS_PROXY in the environment."
        return wrong("way", text, advice)
    if not reached.get(socket.AF_INET):
        return wrong("way", text, "Give the machine IPv4: with IPv6 alone nothing is left if that fails.")
    return well("way", text)


async def _check_proxy(proxy: URL) -> CheckResult:
    named = f"{proxy.host}:{proxy.port}"
    if await _connects((proxy.host or "", proxy.port or 0)):
        return well("way", f"through the proxy {named}")
    advice = "Check HTTPS_PROXY in the environment, or name the host in NO_PROXY."
    return wrong("way", f"the proxy {named} cannot be reached", advice)


async def _connects(place: tuple[Any, ...]) -> bool:
    """Return whether something takes a connection at an address."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(*place[:2])
    except (OSError, TimeoutError, UnicodeError):
        return False
    writer.close()
    return True


def no_answer(error: NetworkError) -> CheckResult:
    """Return what is said where a server takes connections and does not answer as the Bot API does."""
    text = f"the server takes connections, and does not answer as the Bot API does ({error.message})"
    advice = (
        "Check BOT_API_URL; behind an authority of your own, set SSL_CERT_FILE; behind a filter, ask for its removal."
    )
    return wrong("way", text, advice)


def check_clock(date: str, now: float) -> CheckResult:
    """Compare this machine's clock with that of Telegram's answer."""
    try:
        ahead = now - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return skipped("clock", "Telegram's answer has no time to compare with")
    if abs(ahead) <= MOST_CLOCK_ERROR:
        return well("clock", "as Telegram's, to the minute")
    how = f"{_lasting(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} Telegram's"
    return wrong("clock", how, "Set the time, for example: timedatectl set-ntp true")


def _lasting(seconds: float) -> str:
    """Return a time as a person says it."""
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size or unit == "minutes":
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
