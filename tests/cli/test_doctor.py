"""The doctor names what is wrong with an installation: each planted fault by its own line, with what to do."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from browser import free_port
from commands import CLEAN, Spinemets
from local_bot_api import RunningPlayground, running_playground
from starlette.responses import Response
from store_kit import ask

from bot.doctor import webhook
from bot.doctor.examination import examine
from bot.doctor.results import CheckResult, Mark
from bot.pictures import typesetter
from bot.storage.factory import create_storage
from bot.telegram.health import Health
from bot.telegram.receiving.http_server import serve
from bot.telegram.receiving.webhook import create_webhook_app

pytest_plugins = ("store_fixtures",)

BOT, OTHER_BOT = 4242, 4343
TOKEN = "4242:a-Token_that-stands-in-files-of-settings"  # noqa: S105 - its own: `.env` may bear it
SECRET_PART = TOKEN.partition(":")[2]
SECRET = "0123456789-planted-secret-abcdef"  # noqa: S105 - planted, to be looked for
SUBJECTS = (
    *("settings", "access", "way", "token", "clock", "inline mode", "groups", "menu", "webhook", "poller", "secret"),
    *("port", "database", "tables", "disk", "rights", "pictures"),
)
"""What is looked at, in the order of the lines."""

DOOR = "http://127.0.0.1:9/hook"


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Installation:
    """A folder with a `.env`, a database and a bot at the local Bot API; the faults are planted in it."""

    folder: Path
    play: RunningPlayground
    monkeypatch: pytest.MonkeyPatch
    answers: dict[str, Any]
    doors: AsyncExitStack
    settings: dict[str, str] = field(default_factory=dict)
    skew: float = 0.0

    @property
    def database(self) -> Path:
        return self.folder / "data/cases.db"

    async def call(self, method: str, **params: Any) -> Any:
        """Call the Bot API with the token of the bot."""
        async with self.play.session.post(f"{self.play.url}/bot{TOKEN}/{method}", json=params) as response:
            answer = await response.json()
        assert answer["ok"], answer
        return answer["result"]

    async def door(self, serve: Serve, host: str = "127.0.0.1") -> int:
        """Open a port behind which something else serves; return its number."""
        server = await self.doors.enter_async_context(await asyncio.start_server(serve, host, 0))
        return int(server.sockets[0].getsockname()[1])

    async def make_database(self, bot: int = BOT) -> None:
        store = create_storage(self.database)
        await store.transact(lambda uow: uow.claim_for_bot(str(bot)))
        await store.close()

    async def looked_at(self) -> list[CheckResult]:
        """Write the settings into `.env`, and have the doctor look."""
        env = self.folder / ".env"
        env.touch(mode=0o600)
        env.write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()), "utf-8")
        return await examine(lambda: time.time() + self.skew)

    async def wrong(self) -> dict[str, str]:
        """Return the lines that say that something is wrong, by what they are about."""
        results = await self.looked_at()
        assert SECRET_PART not in repr(results)
        assert SECRET not in repr(results)
        return {result.subject: result.line for result in results if result.mark is Mark.wrong}


def envelope(result: Any) -> Response:
    code = result.get("error_code", 200) if isinstance(result, dict) else 200
    body = result if code != 200 else {"ok": True, "result": result}
    return Response(orjson.dumps(body), code, media_type="application/json")


@pytest.fixture
async def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Installation]:
    """An installation with which nothing is wrong."""
    answers: dict[str, Any] = {}

    async def answered(moment: str, method: str, _: dict[str, Any]) -> Response | None:
        return envelope(answers[method]) if moment == "before" and method in answers else None

    for name in (*os.environ,):
        if name not in CLEAN:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(webhook, "SECOND_POLLER_SECONDS", 0)
    async with AsyncExitStack() as doors, running_playground(token=TOKEN, fault_hook=answered) as play:
        here = Installation(tmp_path, play, monkeypatch, answers, doors)
        here.settings |= {"BOT_TOKEN": TOKEN, "BOT_API_URL": play.url}
        here.settings["DATABASE_URL"] = f"sqlite:///{here.database}"
        await here.make_database()
        yield here


async def test_of_a_sound_installation_every_line_is_well_and_the_token_is_in_none(installation: Installation) -> None:
    results = await installation.looked_at()
    lines = [result.line for result in results]
    assert {result.mark for result in results} == {Mark.well, Mark.skipped}, lines
    assert [result.subject for result in results if result.mark is Mark.skipped] == ["menu", "secret", "port"]
    subjects = tuple(result.subject for result in results)
    assert subjects == SUBJECTS
    assert any("@spinemets_bot, number 4242" in line for line in lines), lines
    assert SECRET_PART not in "".join(lines)
    assert all("\n" not in line for line in lines)


async def test_the_doctor_changes_nothing(installation: Installation) -> None:
    def files() -> dict[str, bytes]:
        paths = [path for path in installation.folder.rglob("*") if path.is_file() and path.name != ".env"]
        return {path.name: path.read_bytes() for path in paths}

    before = files()
    await installation.looked_at()
    assert files() == before


# What is planted, and the line that names it.


async def misspelt_setting(here: Installation) -> None:
    here.settings["ALOWED_USERS"] = "7"


async def revoked_token(here: Installation) -> None:
    here.answers["getMe"] = {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def webhook_of_another(here: Installation) -> None:
    await here.call("setWebhook", url=DOOR)


async def webhook_of_another_beside_ours(here: Installation) -> None:
    await webhook_of_another(here)
    here.settings |= {"WEBHOOK_URL": "https://bot.example.org/hook", "WEBHOOK_SECRET": SECRET}
    here.settings["HTTP_LISTEN"] = f"127.0.0.1:{free_port()}"


async def failing_webhook(here: Installation) -> None:
    url = "https://bot.example.org/hook"
    here.settings |= {"WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET, "HTTP_LISTEN": f"127.0.0.1:{free_port()}"}
    here.answers["getWebhookInfo"] = {
        "url": url,
        "pending_update_count": 3,
        "last_error_date": int(time.time()) - 120,
        "last_error_message": "Wrong response from the webhook: 502 Bad Gateway",
    }


async def updates_that_nobody_takes(here: Installation) -> None:
    here.answers["getWebhookInfo"] = {"url": "", "pending_update_count": 5000}


async def clock_ahead(here: Installation) -> None:
    here.skew = 600.0


async def clock_behind(here: Installation) -> None:
    here.skew = -86_400.0 * 400


async def database_of_another_bot(here: Installation) -> None:
    here.database.unlink()
    await here.make_database(OTHER_BOT)


async def damaged_database(here: Installation) -> None:
    here.database.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 64)


async def old_tables(here: Installation) -> None:
    ask(here.settings["DATABASE_URL"], "UPDATE alembic_version SET version_num = 'v0003'")


async def newer_tables(here: Installation) -> None:
    ask(here.settings["DATABASE_URL"], "UPDATE alembic_version SET version_num = 'v9001'")


async def disk_that_only_reads(here: Installation) -> None:
    here.settings["DATABASE_URL"] = f"sqlite:///{here.folder}/elsewhere/cases.db"
    # The tests may run as root, who may write everywhere but on such a disk: what it says is said for it.
    here.monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)


def usage_of(total: int, free: int) -> Callable[[object], Any]:
    return lambda _: shutil._ntuple_diskusage(total, total - free, free)


async def nearly_full_disk(here: Installation) -> None:
    here.monkeypatch.setattr(shutil, "disk_usage", usage_of(2_000_000_000_000, 20_000_000_000))


async def small_disk(here: Installation) -> None:
    here.monkeypatch.setattr(shutil, "disk_usage", usage_of(4_000_000_000, 300_000_000))


async def disk_without_inodes(here: Installation) -> None:
    real = os.statvfs(here.folder)
    fields = [*real[:7], 3, *real[8:10]]
    fields[5:8] = [1_000_000, 3, 3]
    here.monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(fields))


async def env_that_all_may_read(here: Installation) -> None:
    (here.folder / ".env").touch()
    (here.folder / ".env").chmod(0o644)


async def database_that_the_group_may_read(here: Installation) -> None:
    here.database.chmod(0o640)


async def group_privacy_off(here: Installation) -> None:
    here.answers["getMe"] = await here.call("getMe") | {"can_read_all_group_messages": True}


async def no_groups_though_one_is_listed(here: Installation) -> None:
    here.settings["ALLOWED_CHATS"] = "-1001"
    here.answers["getMe"] = await here.call("getMe") | {"can_join_groups": False}


async def menu_of_another_program(here: Installation) -> None:
    await here.call("setMyCommands", commands=[{"command": "weather", "description": "the weather"}])


async def short_secret(here: Installation) -> None:
    await webhook_of_ours(here)
    here.settings["WEBHOOK_SECRET"] = "spine"  # noqa: S105 - planted


async def dull_secret(here: Installation) -> None:
    await webhook_of_ours(here)
    here.settings["WEBHOOK_SECRET"] = "a" * 64


async def webhook_of_ours(here: Installation) -> None:
    await here.call("setWebhook", url=DOOR)
    here.settings |= {"WEBHOOK_URL": DOOR, "WEBHOOK_SECRET": SECRET, "HTTP_LISTEN": f"127.0.0.1:{free_port()}"}


async def port_that_is_taken(here: Installation) -> None:
    here.settings["HTTP_LISTEN"] = f"127.0.0.1:{await here.door(_hangs_up)}"


async def address_of_another_machine(here: Installation) -> None:
    here.settings["HTTP_LISTEN"] = "192.0.2.1:8081"


async def no_fonts(here: Installation) -> None:
    typesetter.fonts.cache_clear()
    here.monkeypatch.setattr(typesetter, "FONTS", here.folder)


async def no_ipv4(here: Installation) -> None:
    loop = asyncio.get_running_loop()
    real, door = loop.getaddrinfo, await here.door(_hangs_up, "::1")

    async def only_ipv6(host: str, *more: Any, **named: Any) -> Any:
        if host != "127.0.0.1":
            return await real(host, *more, **named)
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", door, 0, 0))]

    here.monkeypatch.setattr(loop, "getaddrinfo", only_ipv6)


async def proxy_that_is_away(here: Installation) -> None:
    here.settings["BOT_API_URL"] = "https://api.spinemets.test"
    here.monkeypatch.setenv("HTTPS_PROXY", "http://ann:planted-word@127.0.0.1:1")


async def server_that_is_away(here: Installation) -> None:
    here.settings["BOT_API_URL"] = f"http://127.0.0.1:{free_port()}"


async def name_that_is_none(here: Installation) -> None:
    here.settings["BOT_API_URL"] = f"https://{'n' * 70}.test"


async def database_behind_a_closed_door(here: Installation) -> None:
    here.settings["DATABASE_URL"] = f"sqlite:///{here.folder}/sealed/deep/cases.db"
    real = Path.exists

    def exists(path: Path) -> bool:
        if "sealed" in path.parts:
            raise PermissionError(13, os.strerror(13))
        return real(path)

    # The tests may run as root, whom no door keeps out: it is answered as for another user.
    here.monkeypatch.setattr(Path, "exists", exists)
    here.monkeypatch.setattr(os, "access", lambda _path, mode: not mode & os.W_OK)


async def page_of_a_filter(here: Installation) -> None:
    here.settings["BOT_API_URL"] = f"http://127.0.0.1:{await here.door(_shows_a_page)}"


async def _hangs_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _shows_a_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nlog in")
    writer.close()


PLANTED: list[tuple[Callable[[Installation], Awaitable[None]], str, str]] = [
    (misspelt_setting, "settings", "line 4 of .env sets ALOWED_USERS, .* did you mean ALLOWED_USERS"),
    (revoked_token, "token", "does not accept BOT_TOKEN.*@BotFather"),
    (webhook_of_another, "webhook", "delivers to 127.0.0.1, .*Find who set it"),
    (webhook_of_another_beside_ours, "webhook", "delivers to 127.0.0.1, .*Find who set it"),
    (failing_webhook, "webhook", "2 minutes ago: Wrong response .*502 Bad Gateway.*reverse proxy"),
    (updates_that_nobody_takes, "webhook", "5000 updates wait.*Start the bot"),
    (clock_ahead, "clock", "10 minutes ahead of Telegram's.*Set the time"),
    (clock_behind, "clock", "400 days behind Telegram's.*Set the time"),
    (database_of_another_bot, "database", "belongs to bot 4343, .* of bot 4242.*DATABASE_URL"),
    (damaged_database, "database", "is damaged.*restore the last backup"),
    (old_tables, "database", "tables of an older program.*DATABASE_URL"),
    (newer_tables, "database", "version v9001.*newer program"),
    (disk_that_only_reads, "database", "read-only.*rights"),
    (nearly_full_disk, "disk", "99 % in use.*Free space"),
    (small_disk, "disk", "300 MB free.*Free space"),
    (disk_without_inodes, "disk", "no room for more files.*inodes"),
    (env_that_all_may_read, "rights", r"everybody may read or write \.env.*chmod 600 \.env"),
    (database_that_the_group_may_read, "rights", "its group may read or write .*cases.db.*chmod 600"),
    (group_privacy_off, "groups", "privacy is off.*/setprivacy"),
    (no_groups_though_one_is_listed, "groups", "nobody can add.*ALLOWED_CHATS.*/setjoingroups"),
    (menu_of_another_program, "menu", "not those of this program.*Start the bot"),
    (short_secret, "secret", "too short: 5 letters.*openssl rand"),
    (dull_secret, "secret", "easily guessed.*openssl rand"),
    (port_that_is_taken, "port", "Address already in use.*HTTP_LISTEN"),
    (address_of_another_machine, "port", "cannot be listened on.*HTTP_LISTEN"),
    (no_fonts, "pictures", "font DejaVu Sans is missing.*Install again"),
    (no_ipv4, "way", "IPv4 does not reach, IPv6 reaches 127.0.0.1.*Give the machine IPv4"),
    (proxy_that_is_away, "way", "proxy 127.0.0.1:1 cannot be reached.*HTTPS_PROXY"),
    (server_that_is_away, "way", "IPv4 does not reach.*firewall"),
    (name_that_is_none, "way", r"the name n+\.test is not found.*DNS"),
    (database_behind_a_closed_door, "database", "may not be written by this user.*rights"),
    (page_of_a_filter, "way", "does not answer as the Bot API does.*BOT_API_URL"),
]


async def test_what_somebody_may_have_chosen_is_said_and_is_not_wrong(installation: Installation) -> None:
    chosen = {"supports_inline_queries": False, "can_join_groups": False}
    installation.answers["getMe"] = await installation.call("getMe") | chosen
    said = {result.subject: (result.mark, result.text) for result in await installation.looked_at()}
    assert said["inline mode"] == (Mark.well, "off; /setinline at @BotFather switches it on")
    assert said["groups"][0] is Mark.well
    assert "/setjoingroups" in said["groups"][1]
    assert Mark.wrong not in {mark for mark, _ in said.values()}


@pytest.fixture(autouse=True)
def _fonts_again() -> Iterator[None]:
    yield
    typesetter.fonts.cache_clear()


@pytest.mark.parametrize(("plant", "subject", "told"), PLANTED, ids=[plant.__name__ for plant, _, _ in PLANTED])
async def test_a_planted_fault_is_named_by_its_line_and_by_no_other(
    installation: Installation, plant: Callable[[Installation], Awaitable[None]], subject: str, told: str
) -> None:
    await plant(installation)
    wrong = await installation.wrong()
    assert list(wrong) == [subject], wrong
    assert re.search(told, wrong[subject]), wrong
    assert "planted-word" not in wrong[subject]


async def test_who_else_polls_is_found_by_his_coming_back(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def polls() -> None:
        while True:
            with suppress(AssertionError):
                await installation.call("getUpdates", timeout=50)
            await asyncio.sleep(0)

    monkeypatch.setattr(webhook, "SECOND_POLLER_SECONDS", 5)
    other = asyncio.create_task(polls())
    try:
        wrong = await installation.wrong()
    finally:
        other.cancel()
    assert list(wrong) == ["poller"]
    assert "another process polls with this token. End it" in wrong["poller"]


async def test_a_postgresql_that_nobody_cares_for_is_named(installation: Installation, server: str) -> None:
    url = server.format("old")
    ask(server.format("postgres"), "CREATE DATABASE old")
    ask(url, "CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT '130011' $$")
    ask(url, "ALTER DATABASE old SET search_path = public, pg_catalog")
    installation.settings["DATABASE_URL"] = url
    wrong = await installation.wrong()
    assert list(wrong) == ["server"]
    assert re.search("PostgreSQL 13, .*Move to PostgreSQL 14 or newer", wrong["server"])


@pytest.mark.parametrize(("name", "told"), [("empty", "has no tables yet"), ("used", "belongs to this bot")])
async def test_a_sound_database_on_a_server_is_well(
    installation: Installation, server: str, name: str, told: str
) -> None:
    ask(server.format("postgres"), f"CREATE DATABASE {name}")
    installation.settings["DATABASE_URL"] = server.format(name)
    if name == "used":
        store = create_storage(server.format(name))
        await store.transact(lambda uow: uow.claim_for_bot(str(BOT)))
        await store.close()
    results = {result.subject: result for result in await installation.looked_at()}
    assert {result.mark for result in results.values()} == {Mark.well, Mark.skipped}
    assert told in results["database"].text
    assert results["server"].text.startswith("PostgreSQL 1")


async def test_a_server_that_is_away_is_named_without_its_password(installation: Installation) -> None:
    installation.settings["DATABASE_URL"] = "postgresql://ann:planted-word@127.0.0.1:1/ward"
    wrong = await installation.wrong()
    assert list(wrong) == ["database"]
    assert "planted-word" not in wrong["database"]
    assert "Check DATABASE_URL" in wrong["database"]


async def test_where_a_bot_uses_the_database_nobody_is_looked_for_in_its_place(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
        "c.execute('SELECT count(*) FROM cases').fetchone(); print(flush=True); input()"
    )
    monkeypatch.setattr(webhook, "SECOND_POLLER_SECONDS", 50)
    pipe = asyncio.subprocess.PIPE
    words = (sys.executable, "-c", code, str(installation.database))
    bot = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe)
    try:
        assert bot.stdout
        await bot.stdout.readline()
        results = {result.subject: result for result in await installation.looked_at()}
    finally:
        bot.stdin.close() if bot.stdin else None
        await bot.wait()
    assert results["poller"].text.startswith("the bot runs on this database")
    assert results["poller"].mark is Mark.well


async def test_a_bot_that_answers_on_its_port_is_known_by_its_health(installation: Installation) -> None:
    health = Health(time.monotonic)
    address = f"127.0.0.1:{free_port()}"
    installation.settings["HTTP_LISTEN"] = address
    async with serve(create_webhook_app(health, _accepts_nothing, "", ""), address):
        starting = await installation.wrong()
        health.ready()
        results = {result.subject: result for result in await installation.looked_at()}
    assert list(starting) == ["port"]
    assert "the bot runs and is not well: ready False" in starting["port"]
    assert results["port"].text == f"the bot answers at {address}, and is well"
    assert results["poller"].text.startswith("the bot runs")


async def _accepts_nothing(_: list[Any]) -> int:
    raise AssertionError


async def test_without_a_token_the_doctor_speaks_of_the_playground(installation: Installation) -> None:
    installation.settings.clear()
    results = {result.subject: result for result in await installation.looked_at()}
    assert {result.mark for result in results.values()} == {Mark.well, Mark.skipped}
    assert "the bot runs in the playground" in results["token"].text
    assert "way" not in results


async def test_settings_that_cannot_be_used_are_each_a_line(installation: Installation) -> None:
    installation.settings |= {"BOT_TOKEN": "nonsense", "PLAYGROUND_PORT": "none"}
    results = await installation.looked_at()
    assert [result.subject for result in results] == ["settings", "settings", "rights", "pictures"]
    assert [result.mark for result in results[:2]] == [Mark.wrong, Mark.wrong]
    assert results[0].text.startswith("BOT_TOKEN: is not of the form")
    assert results[1].text.startswith("PLAYGROUND_PORT: ")


def test_without_a_network_the_command_says_so_soon_and_ends_with_1(tmp_path: Path) -> None:
    began = time.monotonic()
    settings = {"BOT_TOKEN": TOKEN, "BOT_API_URL": f"http://127.0.0.1:{free_port()}"}
    ran = Spinemets(tmp_path)("doctor", **settings)
    assert time.monotonic() - began < 30
    assert ran.returncode == 1
    assert ran.stderr == b""
    marks = [line.split(maxsplit=2)[:2] for line in ran.stdout.decode().splitlines()]
    assert [subject for mark, subject in marks if mark == "wrong"] == ["way"]
    assert SECRET_PART.encode() not in ran.stdout
