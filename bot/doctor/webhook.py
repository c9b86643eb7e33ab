"""Looks at how updates arrive: the webhook and its last error, its secret, the port, and who else polls."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout
from telegram.error import NetworkError

from bot.doctor.network import CallRefused, RawCalls
from bot.doctor.results import CheckResult, skipped, well, wrong
from bot.settings import Settings, listen_address
from bot.telegram.receiving.http_server import AddressTaken, listen

LEAST_SECRET: Final = 24
"""Letters of a secret that nobody tries out."""

LEAST_DIFFERENT: Final = 8
RECENT: Final = 3600.0
"""Seconds for which the last error of a webhook counts."""

MOST_WAITING: Final = 100
"""Updates that may wait; more means that nobody fetches them."""

SECOND_POLLER_SECONDS: Final = 7
"""Seconds to wait for another poller to come back: a bot of ours does so after five, and one such call ends no bot."""

_HEALTH_SECONDS: Final = 3.0
_CONFLICT: Final = 409


async def check_webhook(calls: RawCalls, settings: Settings, now: float) -> CheckResult:
    """Look where Telegram delivers, and what went wrong there last."""
    try:
        info = await calls.call("getWebhookInfo")
        url, waiting = str(info["url"]), int(info["pending_update_count"])
    except (CallRefused, NetworkError, TypeError, KeyError, ValueError):
        return skipped("webhook", "Telegram did not say where it delivers")
    if url != settings.webhook_url:
        return _other(url, settings)
    age = now - float(info.get("last_error_date") or 0)
    if url and info.get("last_error_message") and age < RECENT:
        text = f"Telegram cannot deliver; {age / 60:.0f} minutes ago: {info['last_error_message']}"
        return wrong("webhook", text, "Check the reverse proxy, its certificate, and that the bot runs.")
    if waiting > MOST_WAITING:
        return wrong("webhook", f"{waiting} updates wait and are not taken", "Start the bot, or look why it stands.")
    return well("webhook", f"Telegram delivers to {url}" if url else "none: the bot polls")


def _other(url: str, settings: Settings) -> CheckResult:
    """Return what is said of a webhook that is not the one of the settings."""
    if not url:
        return skipped("webhook", "not set yet: the bot sets it at its start")
    told = f"Telegram delivers to {urlsplit(url).hostname}, which these settings do not name"
    if settings.webhook_url:
        return wrong(
            "webhook", told, "Find who set it: another installation has this token. The bot sets its own at the start."
        )
    return wrong(
        "webhook", told, "Find who set it: another installation has this token. The bot deletes it at the start."
    )


def check_secret(settings: Settings) -> CheckResult:
    """Look whether somebody could guess the secret of the webhook."""
    secret = settings.webhook_secret.get_secret_value()
    advice = "Write another behind WEBHOOK_SECRET=, for example from: openssl rand -hex 32"
    if not settings.webhook_url:
        return skipped("secret", "not needed without WEBHOOK_URL")
    if len(secret) < LEAST_SECRET:
        return wrong("secret", f"too short: {len(secret)} letters, less than {LEAST_SECRET}", advice)
    if len(set(secret)) < LEAST_DIFFERENT:
        return wrong("secret", f"easily guessed: only {len(set(secret))} different letters", advice)
    if secret in settings.webhook_url:
        return wrong("secret", "it stands in WEBHOOK_URL, which is written into logs", advice)
    return well("secret", f"{len(secret)} letters")


async def check_port(settings: Settings) -> tuple[CheckResult, bool]:
    """Look at HTTP_LISTEN; return the result, and whether the bot answers there."""
    if not settings.http_listen:
        return skipped("port", "HTTP_LISTEN is empty: no /healthz, no webhook"), False
    try:
        listen(settings.http_listen).close()
    except AddressTaken as taken:
        return await _in_use(settings.http_listen, str(taken))
    return well("port", f"{settings.http_listen} is free for the bot"), False


async def _in_use(address: str, why_not: str) -> tuple[CheckResult, bool]:
    """Ask whoever listens there whether it is the bot, and how it is."""
    health = await _health(*listen_address(address))
    if health is None:
        advice = "Write another port behind HTTP_LISTEN=, one of this machine above 1023, or end the other program."
        return wrong("port", why_not, advice), False
    if not health.get("well"):
        how = "the bot runs and is not well: " + ", ".join(f"{name} {value}" for name, value in health.items())
        return wrong("port", how, "Look into its log."), True
    return well("port", f"the bot answers at {address}, and is well"), True


async def _health(host: str, port: int) -> dict[str, Any] | None:
    """Return what `/healthz` says; None where it is not the bot that answers."""
    asked = {"": "localhost", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    try:
        async with (
            ClientSession(timeout=ClientTimeout(total=_HEALTH_SECONDS)) as session,
            session.get(f"http://{asked}:{port}/healthz", allow_redirects=False) as answer,
        ):
            said = orjson.loads(await answer.read())
    except (ClientError, OSError, TimeoutError, orjson.JSONDecodeError):
        return None
    return said if isinstance(said, dict) and "can_save" in said else None


async def check_second_poller(calls: RawCalls, settings: Settings, *, runs_here: bool) -> CheckResult:
    """Look whether somebody else polls with this token: whoever does comes back, and takes the place again.

    Args:
        calls: calls the Bot API.
        settings: the settings.
        runs_here: whether the bot itself polls now; then nobody is looked for.
    """
    if settings.webhook_url:
        return skipped("poller", "nobody polls where there is a webhook")
    if runs_here:
        return well("poller", "the bot runs on this database; a second one would have ended it with status 75")
    try:
        await calls.call("getUpdates", limit=1, timeout=SECOND_POLLER_SECONDS)
    except CallRefused as refused:
        if refused.code == _CONFLICT and "webhook" not in str(refused).lower():
            advice = "End it, or ask @BotFather for another token (/revoke); each token serves one process."
            return wrong("poller", "another process polls with this token", advice)
        return skipped("poller", "could not be looked for: see “webhook”")
    except NetworkError:
        return skipped("poller", "could not be looked for: no answer from Telegram")
    return well("poller", "nobody polls with this token")
