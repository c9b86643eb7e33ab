"""The store when it is opened: new, old, damaged or too new; by several at once; by any form of a URL."""

from __future__ import annotations

import asyncio
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
from sqlalchemy import Column, Table, Text, create_engine, inspect
from store_kit import FORKED, STEPS, ask, chance_of, kept, open_each, path_of, sqlite_url, step

from bot.store import migrate
from bot.store.errors import CorruptDatabase, DatabaseAway, NewerDatabase
from bot.store.migrations.__main__ import draft
from bot.store.opening import database_at, open_store
from bot.store.tables import METADATA

pytest_plugins = ("store_fixtures",)


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
    store = open_store(url)
    await asyncio.gather(*(store.run(step(number)) for number in range(500)))
    await store.close()
    damaged(path, how)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(CorruptDatabase, match="restore the last backup") as refused:
            open_store(url)
        assert str(path) in str(refused.value)
        assert path.read_bytes() == before


def test_a_database_of_a_newer_program_is_refused_with_advice_and_left_as_it_is(url: str) -> None:
    asyncio.run(open_store(url).close())
    ask(url, "UPDATE alembic_version SET version_num = 'v9999'")
    with pytest.raises(NewerDatabase, match=r"v9999.*versions up to v0002.*Run the newer program"):
        open_store(url)
    assert ask(url, "SELECT version_num FROM alembic_version") == [("v9999",)]


def test_the_migrations_make_what_the_tables_say(url: str) -> None:
    asyncio.run(open_store(url).close())
    with database_at(url).engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_a_database_of_the_first_version_is_brought_up_to_date_and_keeps_its_cases(tmp_path: Path, url: str) -> None:
    first = tmp_path / "first"
    shutil.copytree(migrate.HERE, first, ignore=shutil.ignore_patterns("__pycache__", "v0002*"))
    with database_at(url).engine.begin() as connection:
        migrate.upgrade(connection, first)
    ask(url, "INSERT INTO bot (id) VALUES ('4242')")
    ask(
        url,
        "INSERT INTO cases (id, place, owner, flow, edition, revision, turn, steps, card, aside, touched) "  # noqa: S608
        f"VALUES ('1f', 'chat', 'ann', 'metastasis', '{kept().case.edition}', 3, 2, "
        """'[["answer", "fitness", ["fit"], "7"]]', 5, false, 1.5)""",
    )
    store = open_store(url)
    found = asyncio.run(store.run(lambda desk: (desk.get("1f"), desk.team_cases("chat"), desk.idle(9.0))))
    assert found == (kept(revision=3, turn=2, steps=STEPS[1:2], card=5), [], [])
    assert asyncio.run(store.run(lambda desk: (desk.claim("77"), len(desk.secret()), desk.silence("-1")))) == (
        "4242",
        32,
        True,
    )
    asyncio.run(store.close())
    assert ask(url, "SELECT version_num FROM alembic_version") == [("v0002",)]


def test_the_newest_version_that_is_known_is_the_head_of_the_migrations() -> None:
    assert ScriptDirectory(str(migrate.HERE)).get_heads() == migrate.known_versions()[-1:]


def test_a_change_of_the_tables_is_drafted_as_the_next_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "100% migrations"
    shutil.copytree(migrate.HERE, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(METADATA, "tables", METADATA.tables)
    ward = Table("ward", METADATA, Column("name", Text, primary_key=True))
    try:
        draft("wards", scripts)
    finally:
        METADATA.remove(ward)
    with create_engine("sqlite://").begin() as connection:
        migrate.upgrade(connection, scripts)
        assert inspect(connection).has_table("ward")
    assert [path.name for path in (scripts / "versions").glob("v0003*.py")] == ["v0003_wards.py"]


def test_a_database_that_is_up_to_date_opens_without_alembic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(open_store(sqlite_url(tmp_path)).close())
    monkeypatch.setattr(migrate, "upgrade", None)
    asyncio.run(open_store(sqlite_url(tmp_path)).close())


def test_a_hundred_thousand_cases_open_in_less_than_two_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = sqlite_url(tmp_path)
    asyncio.run(open_store(url).close())
    steps = orjson.dumps([["answer", "question", ["choice"], "1234567890"]] * 8).decode()
    with closing(sqlite3.connect(path_of(url))) as connection, connection:
        connection.execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000) INSERT INTO cases "
            "(id, place, owner, flow, edition, revision, turn, steps, card, aside, touched) "
            "SELECT hex(randomblob(8)), 'p' || n, 'o' || (n % 5000), 'metastasis', '1', 8, 8, :steps, n, 0, n FROM n",
            {"steps": steps},
        )
    started = time.perf_counter()
    store = open_store(url)
    found = asyncio.run(store.run(lambda desk: desk.current("p77", "o77")))
    took = time.perf_counter() - started
    asyncio.run(store.close())
    with capsys.disabled():
        print(f"\n100,000 cases ({path_of(url).stat().st_size / 1e6:.0f} MB) opened in {took:.2f} s")  # noqa: T201
    assert found
    assert took < 2


async def test_a_path_is_from_where_we_are_or_from_the_root_and_its_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///a ?#%41/relative.db".replace("?", "%3F"), f"sqlite:///{tmp_path}/deep/er/absolute.db"):
        await open_store(url).close()
    files = {str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*.db")}
    assert set(files.values()) == {0o600}
    assert "deep/er/absolute.db" in files
    assert len(files) == 2


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:hunter2@host/name",
        "postgresql+psycopg://ann:hunter2@host/name",
        "postgres://ann:hunter2@host/name",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://ann:hunter2@relative.db",
        "sqlite:///file.db?password=hunter2",
        "postgresql://ann:hunter2@host:port/name",
        "hunter2",
        "",
    ],
)
def test_any_other_url_is_refused_with_those_that_are_allowed_and_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"allowed are sqlite:///file\.db, .*postgresql://") as refused:
        open_store(url)
    assert "hunter2" not in told(refused.value)


@pytest.mark.parametrize("place", ["127.0.0.1:1", "nowhere.invalid"])
def test_a_server_that_does_not_answer_is_named_without_the_password(place: str) -> None:
    url = f"postgresql://ann:hunter2@{place}/ward?sslpassword=hunter2"
    with pytest.raises(DatabaseAway, match="Check DATABASE_URL") as away:
        open_store(url)
    assert "hunter2" not in told(away.value)
    assert "ward" in str(away.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseAway, match=r"file/db\.db cannot be made"):
        open_store(f"sqlite:///{tmp_path}/file/db.db")


async def test_a_store_shows_which_database_it_is_but_no_password(tmp_path: Path, server: str) -> None:
    ask(server.format("postgres"), "CREATE DATABASE shown")
    stores = [
        open_store(sqlite_url(tmp_path)),
        open_store(server.format("shown").replace("postgres:@", "postgres:hunter2@")),
    ]
    assert [repr(store) for store in stores] == [
        f"SqlStore({tmp_path}/spinemets.db)",
        "SqlStore(PostgreSQL shown at this machine)",
    ]
    for store in stores:
        await store.close()
