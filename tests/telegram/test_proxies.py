"""How the bot reaches Telegram from a hospital: through its proxy, and past an authority that only it trusts."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from conftest import PLANTED_TOKEN, SECRET_PART

CERTIFICATE = Path(__file__).parents[1] / "data" / "loopback-cert.pem"
KEY = CERTIFICATE.with_name("loopback-key.pem")
HASH = "9b33784c.0"
"""What OpenSSL calls the certificate in a folder."""

HOST = "api.spinemets.test"
PASSWORD = "planted-word"  # noqa: S105 - planted, to be looked for
KNOWN = "well: spinemets_bot"

# In a process of its own: whom to trust is read when aiohttp is loaded.
CALLS = """
import asyncio, json, os, sys
from telegram.error import TelegramError
from bot.telegram.client import TelegramBot

async def call(url, env):
    os.environ.update(env)
    bot = TelegramBot(sys.argv[1], url)
    try:
        await bot.initialize()
        return f"well: {bot.username}"
    except TelegramError as error:
        return repr(error)
    finally:
        await bot.shutdown()

async def calls():
    return [await call(*asked) for asked in json.loads(sys.argv[2])]

print(json.dumps(asyncio.run(calls())))
"""


async def called(env: dict[str, str], *asked: tuple[str, dict[str, str]]) -> list[str]:
    """Call each URL as a bot does, with more of an environment each time; give how each call ended."""
    words = (sys.executable, "-X", "faulthandler", "-c", CALLS, PLANTED_TOKEN, json.dumps(asked))
    clean = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, env=clean | env, stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert not err, err.decode()
    for secret in (SECRET_PART, PASSWORD):
        assert secret.encode() not in out
    ends: list[str] = json.loads(out)
    return ends


@dataclass
class Hospital:
    """A Bot API behind TLS, and a proxy that leads every name to it."""

    api_port: int
    proxy_port: int = 0
    heads: list[str] = field(default_factory=list)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of the proxy; who asks as a stranger is refused."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        if "c3RyYW5nZXI6" in head:  # stranger:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.api_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pipe(reader, there_writer), _pipe(there_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def hospital() -> AsyncIterator[Hospital]:
    async def me(_: web.Request) -> web.Response:
        user = {"id": 4242, "is_bot": True, "first_name": "b", "username": "spinemets_bot"}
        return web.json_response({"ok": True, "result": user})

    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(CERTIFICATE, KEY)
    app = web.Application()
    app.router.add_post("/bot{token}/getMe", me)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=trust).start()
    there = Hospital(runner.addresses[0][1])
    async with await asyncio.start_server(there.carry, "127.0.0.1", 0) as proxy:
        there.proxy_port = proxy.sockets[0].getsockname()[1]
        yield there
    await runner.cleanup()


async def test_an_authority_of_the_hospital_is_trusted_by_its_file_by_its_folder_and_not_without(
    tmp_path: Path,
) -> None:
    (tmp_path / HASH).write_bytes(CERTIFICATE.read_bytes())
    async with hospital() as there:
        url = f"https://localhost:{there.api_port}"
        ends = await asyncio.gather(
            called({"SSL_CERT_FILE": str(CERTIFICATE)}, (url, {})),
            called({"SSL_CERT_DIR": str(tmp_path)}, (url, {})),
            called({}, (url, {})),
        )
    assert list(ends) == [[KNOWN], [KNOWN], ["NetworkError('ClientConnectorCertificateError')"]]


async def test_the_proxy_of_the_hospital_carries_the_calls_but_for_what_is_here_and_what_is_excepted() -> None:
    async with hospital() as there:
        proxy = f"127.0.0.1:{there.proxy_port}"
        ends = await called(
            {"SSL_CERT_FILE": str(CERTIFICATE)},
            (f"https://{HOST}", {"HTTPS_PROXY": f"http://{proxy}"}),
            (f"https://{HOST}:8443", {"HTTPS_PROXY": proxy}),
            (f"https://{HOST}:8444", {"HTTPS_PROXY": f"http://bot:{PASSWORD}@{proxy}"}),
            (f"https://{HOST}:8445", {"HTTPS_PROXY": f"http://stranger:{PASSWORD}@{proxy}"}),
            (f"https://{HOST}:8446", {"NO_PROXY": "elsewhere.test,.spinemets.test"}),
            (f"https://localhost:{there.api_port}", {"NO_PROXY": ""}),
            (f"https://{HOST}:8447", {"HTTPS_PROXY": "http://127.0.0.1:1"}),
        )
    assert ends == [
        KNOWN,
        KNOWN,
        KNOWN,
        "NetworkError('ClientHttpProxyError')",
        "NetworkError('ClientConnectorDNSError')",
        KNOWN,
        "NetworkError('ClientProxyConnectionError')",
    ]
    asked = [head.split("\r\n")[0] for head in there.heads]
    assert asked == [f"CONNECT {HOST}:{port} HTTP/1.1" for port in (443, 8443, 8444, 8445)]
    assert ["Proxy-Authorization" in head for head in there.heads] == [False, False, True, True]
    assert not any(SECRET_PART in head for head in there.heads), "a proxy sees whom we call, and not what"
