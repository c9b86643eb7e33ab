"""The store when it is opened: new, old, damaged, too new or too old; by several at once; by any form of a URL."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import stat
import time
import traceback
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import Report
from sqlalchemy import Column, Table, Text, UniqueConstraint, create_engine, inspect
from store_kit import FORKED, ask, chance_of, open_each, path_of, sqlite_url, step

from bot.storage import migrate
from bot.storage.errors import CorruptDatabase, DatabaseUnavailable, DatabaseUnusable, NewerDatabase, OlderDatabase
from bot.storage.factory import create_storage, parse_database_url
from bot.storage.migrations.__main__ import draft
from bot.storage.schema import METADATA

pytest_plugins = ("store_fixtures",)


@pytest.mark.slow
def test_processes_that_open_a_new_database_at_once_do_not_collide(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("server")
    urls = [f"sqlite:///{tmp_path}/{n}/new.db" for n in range(8)] + [server.format(f"once{n}") for n in range(4)]
    for url in urls[8:]:
        ask(server.format("postgres"), f"CREATE DATABASE {url.partition('?')[0].rpartition('/')[2]}")
    ends = [FORKED.Pipe() for _ in range(3)]
    processes = [FORKED.Process(target=open_each, args=(theirs,)) for _, theirs in ends]
    for process, (_, theirs) in zip(processes, ends, strict=True):
        process.start()
        theirs.close()
    for url in urls:
        for ours, _ in ends:
            ours.send(url)
        assert [ours.recv() for ours, _ in ends] == ["opened"] * 3, url
        assert ask(url, "SELECT version_num FROM alembic_version") == [(migrate.known_versions()[-1],)]
    for process, (ours, _) in zip(processes, ends, strict=True):
        ours.close()
        process.join()


def told(error: BaseException) -> str:
    """All that a traceback would show of an error."""
    return "".join(traceback.format_exception(error))


def damaged(path: Path, how: str) -> None:
    whole = bytearray(path.read_bytes())
    match how:
        case "no database":
            whole[:] = b"these are the notes of a meeting\n" * 40
        case "header":
            whole[:64] = bytes(64)
        case "pages":
            whole[4096 * 3 : 4096 * 6] = chance_of(1).randbytes(4096 * 3)
        case "cut":
            del whole[len(whole) // 2 :]
    path.write_bytes(whole)


@pytest.mark.parametrize("how", ["no database", "header", "pages", "cut"])
async def test_a_damaged_file_is_refused_with_advice_and_left_as_it_is(tmp_path: Path, how: str) -> None:
    url, path = sqlite_url(tmp_path), path_of(sqlite_url(tmp_path))
    store = create_storage(url)
    await asyncio.gather(*(store.transact(step(number)) for number in range(500)))
    await store.close()
    damaged(path, how)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(CorruptDatabase, match="restore the last backup") as refused:
            create_storage(url)
        assert str(path) in str(refused.value)
        assert path.read_bytes() == before


def test_a_database_of_a_newer_program_is_refused_with_advice_and_left_as_it_is(url: str) -> None:
    asyncio.run(create_storage(url).close())
    ask(url, "UPDATE alembic_version SET version_num = 'v9999'")
    with pytest.raises(NewerDatabase, match=r"v9999.*versions up to v1001.*Run the newer program"):
        create_storage(url)
    assert ask(url, "SELECT version_num FROM alembic_version") == [("v9999",)]


def test_the_migrations_make_what_the_tables_say(url: str) -> None:
    asyncio.run(create_storage(url).close())
    with parse_database_url(url).engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


@pytest.mark.parametrize("version", ["v0001", "v0003", "4f2e9a"])
def test_a_database_of_an_older_shape_is_refused_in_one_line_and_left_as_it_is(url: str, version: str) -> None:
    ask(url, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    ask(url, f"INSERT INTO alembic_version VALUES ('{version}')")  # noqa: S608 - a test's own
    ask(url, "CREATE TABLE cases (id TEXT, place TEXT)")
    ask(url, "INSERT INTO cases VALUES ('1f', 'chat')")
    with pytest.raises(OlderDatabase, match=rf"tables of an older program \({version}\).*DATABASE_URL") as refused:
        create_storage(url)
    assert parse_database_url(url).name in str(refused.value)
    assert "\n" not in str(refused.value)
    assert ask(url, "SELECT * FROM cases") == [("1f", "chat")]
    assert ask(url, "SELECT version_num FROM alembic_version") == [(version,)]


def test_the_bot_leads_every_key_but_the_number_that_the_database_draws() -> None:
    for table in METADATA.tables.values():
        uniques = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
        keys = [
            table.primary_key.columns,
            *(each.columns for each in uniques),
            *(each.columns for each in table.indexes),
        ]
        first = {next(iter(columns)).name for columns in keys}
        assert first <= {"bots": {"id"}, "outbox": {"version", "bot_id"}}.get(table.name, {"bot_id"}), table.name


def test_the_newest_version_that_is_known_is_the_head_of_the_migrations() -> None:
    assert ScriptDirectory(str(migrate.HERE)).get_heads() == migrate.known_versions()[-1:]


def test_a_change_of_the_tables_is_drafted_as_the_next_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "100% migrations"
    shutil.copytree(migrate.HERE, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(METADATA, "tables", METADATA.tables)
    services = Table("ward", METADATA, Column("name", Text, primary_key=True))
    try:
        draft("wards", scripts)
    finally:
        METADATA.remove(services)
    with create_engine("sqlite://").begin() as connection:
        migrate.upgrade(connection, scripts)
        assert inspect(connection).has_table("ward")
    assert [path.name for path in (scripts / "versions").glob("v1002*.py")] == ["v1002_wards.py"]


def test_a_database_that_is_up_to_date_opens_without_alembic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(create_storage(sqlite_url(tmp_path)).close())
    monkeypatch.setattr(migrate, "upgrade", None)
    asyncio.run(create_storage(sqlite_url(tmp_path)).close())


@pytest.mark.slow
def test_a_hundred_thousand_cases_open_in_less_than_two_seconds(tmp_path: Path, report: Report) -> None:
    url = sqlite_url(tmp_path)
    asyncio.run(create_storage(url).close())
    steps = orjson.dumps([["answer", "question", ["choice"], "1234567890"]] * 8).decode()
    with closing(sqlite3.connect(path_of(url))) as connection, connection:
        connection.execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000) INSERT INTO cases "
            "(bot_id, id, chat_id, thread_id, owner, flow, edition, revision, turn, answer_events, card_message_id, "
            "archived, updated_at) SELECT '', hex(randomblob(8)), 'p' || n, 0, 'o' || (n % 5000), 'metastasis', '1', "
            "8, 8, :steps, n, 0, n FROM n",
            {"steps": steps},
        )
    started = time.perf_counter()
    store = create_storage(url)
    found = asyncio.run(store.transact(lambda uow: uow.get_current("p77", "o77")))
    took = time.perf_counter() - started
    asyncio.run(store.close())
    report(f"100,000 cases ({path_of(url).stat().st_size / 1e6:.0f} MB) opened in {took:.2f} s")
    assert found
    assert took < 2


async def test_a_path_is_from_where_we_are_or_from_the_root_and_its_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///a %3F#%41/relative.db", f"sqlite:///{tmp_path}/deep/er/absolute.db"):
        await create_storage(url).close()
    files = {str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*.db")}
    assert set(files.values()) == {0o600}
    assert "deep/er/absolute.db" in files
    assert len(files) == 2


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("mysql://ann:hunter2@host/name", "must be sqlite:///file.db, .*postgresql://"),
        ("postgresql+psycopg://ann:hunter2@host/name", "must be sqlite"),
        ("postgres://ann:hunter2@host/name", "must be sqlite"),
        ("hunter2", "must be sqlite"),
        ("", "must be sqlite"),
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite://ann:hunter2@relative.db", "names no file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///file.db?password=hunter2", "write it as %3F"),
        ("sqlite:////folder?/hunter2.db", "write it as %3F"),
        ("sqlite:///~/hunter2.db", "write the whole path"),
        ("sqlite:///100%/hunter2.db", "write a % as %25"),
        ("sqlite:///hunter2\udcff.db", "cannot be printed"),
        ("postgresql://ann:hunter2@hunter2@host/name", "write @ as %40"),
        ("postgresql://ann:hunter2@hunter2/hunter2@host/name", "write @ as %40"),
        ("postgresql://ann:hunter2@hunter2?hunter2@host/name", "write @ as %40"),
        ("postgresql://ann/hunter2:hunter2@host/name", "/ as %2F"),
        ("postgresql://ann:hunter2%@host/name", "write a % as %25"),
        ("postgresql://ann:hunter2%00@host/name", "cannot be printed"),
        ("postgresql://ann:hunter2\n@host/name", "cannot be printed"),
        ("postgresql://ann:hunter2@host:port/name", "a number from 1 to 65535"),
        ("postgresql://ann:hunter2@host:0/name", "a number from 1 to 65535"),
        ("postgresql://ann:hunter2@host:65536/name", "a number from 1 to 65535"),
        ("postgresql://ann:hunter2@host:5432,other:5432/name", "a number from 1 to 65535"),
        (f"postgresql://ann:hunter2@host:{'9' * 5000}/name", "a number from 1 to 65535"),
        ("postgresql://ann:hunter2/name", "without its @host"),
        ("postgresql://ann:hunter2@::1/name", "a number from 1 to 65535"),
        ("postgresql://ann:hunter2@[::1/name", r"an IPv6 host as \[::1\]"),
        ("postgresql://ann:hunter2@::1]/name", r"a number from 1 to 65535|an IPv6 host"),
        ("postgresql://ann:hunter2@", "names no host"),
        ("postgresql://ann:x@host/name?hunter2", "is not name=value"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_advice_and_without_its_password(url: str, advice: str) -> None:
    with pytest.raises(DatabaseUnusable, match=f"^DATABASE_URL .*{advice}") as refused:
        create_storage(url)
    assert "hunter2" not in told(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("place", ["127.0.0.1:1", "nowhere.invalid"])
def test_a_server_that_does_not_answer_is_named_without_the_password(place: str) -> None:
    url = f"postgresql://ann:hunter2@{place}/ward?sslpassword=hunter2"
    with pytest.raises(DatabaseUnavailable, match="Check DATABASE_URL") as away:
        create_storage(url)
    assert "hunter2" not in told(away.value)
    assert "ward" in str(away.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnusable, match=r"file/db\.db cannot be made: .* Check DATABASE_URL"):
        create_storage(f"sqlite:///{tmp_path}/file/db.db")


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("folder", "is a folder"),
        ("pipe", "is no file"),
        ("loop", "cannot be made"),
        ("n" * 300, "cannot be made"),
        ("sealed.db", "may not be read and written"),
        ("sealed/cases.db", "may not be read and written"),
    ],
)
def test_what_can_be_no_database_is_refused_with_advice_and_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, why: str
) -> None:
    for folder in ("folder", "sealed"):
        (tmp_path / folder).mkdir()
    for file in ("sealed.db", "sealed/cases.db"):
        (tmp_path / file).touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    # The tests may run as root, who may write everywhere: the rights are answered as for another user.
    monkeypatch.setattr(os, "access", lambda path, _needed: not Path(path).name.startswith("sealed"))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DatabaseUnusable, match=f"{why}.* Check DATABASE_URL"):
        create_storage(tmp_path / place)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_disk_that_is_full_is_no_fault_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(DatabaseUnavailable, match="No space left on device"):
        create_storage(tmp_path / "cases.db")
    assert list(tmp_path.iterdir()) == []


def test_whatever_a_driver_raises_is_told_in_one_line_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("unforeseen: hunter2")

    monkeypatch.setattr("sqlalchemy.Engine.connect", fail)
    url = "postgresql://ann:hunter2@host/name"
    with pytest.raises(DatabaseUnavailable, match=r"cannot be opened: RuntimeError\. Check DATABASE_URL") as away:
        create_storage(url)
    assert "hunter2" not in told(away.value)


async def test_a_question_mark_and_a_percent_sign_in_a_path_are_kept(tmp_path: Path) -> None:
    for place in (tmp_path / "why?%41.db", f"sqlite:///{tmp_path}/what%3F%2541.db"):
        await create_storage(place).close()
    assert {path.name for path in tmp_path.glob("*.db")} == {"why?%41.db", "what?%41.db"}


async def test_a_store_shows_which_database_it_is_but_no_password(tmp_path: Path, server: str) -> None:
    ask(server.format("postgres"), "CREATE DATABASE shown")
    stores = [
        create_storage(sqlite_url(tmp_path)),
        create_storage(server.format("shown").replace("postgres:@", "postgres:hunter2@")),
    ]
    assert [repr(store) for store in stores] == [
        f"SqlStore({tmp_path}/spinemets.db)",
        "SqlStore(PostgreSQL shown at this machine)",
    ]
    for store in stores:
        await store.close()
