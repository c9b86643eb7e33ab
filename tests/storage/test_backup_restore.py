"""Backup and restore of either database: what comes back, and what is refused before anything is changed."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from commands import Spinemets
from store_kit import STEPS, ask, kept, path_of, sqlite_url, step

from bot.service.access.repository import AccessRequest, RequestState
from bot.service.ports import OutboxKind, UnitOfWork
from bot.storage.backup import backup_file, tables
from bot.storage.backup.backup_file import BackupRefused
from bot.storage.backup.making import make_backup
from bot.storage.backup.restoring import restore_backup
from bot.storage.errors import CorruptDatabase
from bot.storage.factory import create_storage
from bot.storage.schema import METADATA

pytest_plugins = ("store_fixtures",)

BOT = "4242"
KINDS = ["sqlite", "postgresql"]
SENT = 40
"""Messages that were sent and deleted before the backup: their numbers are drawn."""

UrlFor = Callable[[str], str]


async def filled(url: str, bot: str = BOT, steps: int = 6) -> None:
    """Fill a database with something in every table, and draw numbers that are not in use any more."""
    store = create_storage(url)

    def more(uow: UnitOfWork) -> None:
        uow.claim_for_bot(bot)
        uow.add(kept("long", answer_events=STEPS, revision=3, turn=2))
        uow.mark_refusal_sent("-100")
        uow.move_listing("-7", "-1007")
        uow.hear(1_700_000_000.25)
        uow.admit("7", is_admin=True)
        uow.add_pairing_code("hash", 1_700_000_900.25)
        uow.put_request("8", AccessRequest(1_700_000_000.25, state=RequestState.asked), 9)
        uow.acknowledge([uow.enqueue("chat", OutboxKind.send_card, f"sent{n}", "{}", "long") for n in range(SENT)])

    await store.transact(more)
    await store.transact(lambda uow: [step(number)(uow) for number in range(steps)])
    await store.close()


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, with JSON as one text."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table in METADATA.sorted_tables:
        names = [column.name for column in table.columns]
        rows = ask(url, f"SELECT {', '.join(names)} FROM {table.name}")  # noqa: S608 - names of our own
        plain = [tuple(map(_plain, row)) for row in rows]
        found[table.name] = sorted(plain, key=repr)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return str(value).replace(" ", "").replace("'", '"') if isinstance(value, list) else value


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("here", KINDS)
async def test_what_was_backed_up_is_restored_whole_into_either_database(
    tmp_path: Path, url_for: UrlFor, monkeypatch: pytest.MonkeyPatch, here: str, there: str
) -> None:
    (tmp_path / "later").mkdir()
    source = url_for(here)
    target = sqlite_url(tmp_path / "later") if there == "sqlite" else url_for(there)
    monkeypatch.setattr(tables, "ROWS", 4)  # each table takes several rounds
    await filled(source)
    before = everything(source)
    assert all(before.values())
    made = make_backup(source, tmp_path / "a.backup")
    restored = restore_backup(tmp_path / "a.backup", target, BOT)
    assert made.bot == BOT
    assert made.cases == restored.cases == len(before["cases"]) == 7
    assert everything(source) == before == everything(target)
    store = create_storage(target)
    later = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.send_card, "new", "{}", "long"))
    await store.close()
    assert later.version > SENT + len(before["outbox"]), "a number that a message had came again"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_backup_is_one_file_that_its_owner_alone_may_read(tmp_path: Path, url_for: UrlFor, kind: str) -> None:
    url = url_for(kind)
    await filled(url)
    place = tmp_path / "backups"
    place.mkdir()
    before = os.umask(0)
    try:
        make_backup(url, place / "a.backup")
    finally:
        os.umask(before)
    assert names(place) == ["a.backup"]
    assert stat.S_IMODE((place / "a.backup").stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", KINDS)
async def test_a_backup_is_made_while_a_bot_has_the_database_open(tmp_path: Path, url_for: UrlFor, kind: str) -> None:
    url = url_for(kind)
    store = create_storage(url)
    await store.transact(step(1))
    assert (await asyncio.to_thread(make_backup, url, tmp_path / "a.backup")).cases == 1
    await store.transact(step(2))
    await store.close()
    assert len(everything(url)["cases"]) == 2


def file_there(path: Path) -> None:
    path.write_text("mine", "utf-8")


def folder_there(path: Path) -> None:
    path.mkdir()


def link_to_nowhere(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


@pytest.mark.parametrize("plant", [file_there, folder_there, link_to_nowhere])
async def test_a_backup_is_never_written_over_what_is_there(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    url = sqlite_url(tmp_path)
    await create_storage(url).close()
    plant(tmp_path / "a.backup")
    before = names(tmp_path)
    with pytest.raises(BackupRefused, match=r"is there already.* Name another file"):
        make_backup(url, tmp_path / "a.backup")
    assert names(tmp_path) == before


async def test_a_file_that_comes_meanwhile_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite_url(tmp_path)
    await create_storage(url).close()
    monkeypatch.setattr(backup_file, "_sync", lambda _: file_there(tmp_path / "a.backup"))
    with pytest.raises(BackupRefused, match="is there already"):
        make_backup(url, tmp_path / "a.backup")
    assert (tmp_path / "a.backup").read_text("utf-8") == "mine"


@pytest.mark.parametrize("there", [False, True])
async def test_where_a_file_may_have_one_name_alone_a_backup_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    def one_name(_: object, file: Path) -> None:
        if there:
            file_there(file)
        raise PermissionError(1, os.strerror(1))

    url = sqlite_url(tmp_path)
    await create_storage(url).close()
    monkeypatch.setattr(os, "link", one_name)
    if there:
        with pytest.raises(BackupRefused, match="is there already"):
            make_backup(url, tmp_path / "a.backup")
        assert (tmp_path / "a.backup").read_text("utf-8") == "mine"
    else:
        assert make_backup(url, tmp_path / "a.backup").cases == 0
        assert stat.S_IMODE((tmp_path / "a.backup").stat().st_mode) == 0o600


def test_where_there_is_no_database_there_is_no_backup_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="There is no database at"):
        make_backup(sqlite_url(tmp_path), tmp_path / "a.backup")
    assert names(tmp_path) == []


async def test_a_damaged_database_is_not_backed_up(tmp_path: Path) -> None:
    await filled(sqlite_url(tmp_path))
    with (tmp_path / "spinemets.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(CorruptDatabase):
        make_backup(sqlite_url(tmp_path), tmp_path / "a.backup")
    assert "a.backup" not in names(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
async def test_on_a_full_disk_no_backup_is_left_behind(tmp_path: Path, url_for: UrlFor, kind: str) -> None:
    url = url_for(kind)
    await filled(url)
    (tmp_path / "full").mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        with pytest.raises(BackupRefused, match=r"Check the disk|Name another place"):
            make_backup(url, tmp_path / "full/a.backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path / "full") == []


KILLED = """
import os, pathlib, signal, sys
from bot.storage.backup.backup_file import room_beside
with room_beside(pathlib.Path(sys.argv[1])) as room:
    (room / "backup.db").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_backup_left_is_removed_by_the_next_and_what_one_makes_meanwhile_is_not(
    tmp_path: Path,
) -> None:
    asyncio.run(filled(sqlite_url(tmp_path)))
    place = tmp_path / "backups"
    place.mkdir()
    killed = subprocess.run([sys.executable, "-c", KILLED, place / "a.backup"], check=False)
    assert killed.returncode == -signal.SIGKILL
    [left] = names(place)
    assert left.startswith(".spinemets-unfinished-")
    with backup_file.room_beside(place / "b.backup") as room:
        (room / "backup.db").write_text("not whole yet")
        make_backup(sqlite_url(tmp_path), place / "c.backup")
        assert names(place) == [room.name, "c.backup"]
    assert names(place) == ["c.backup"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match=r"nowhere/a\.backup cannot be made: No such file.* Name another place"):
        make_backup(sqlite_url(tmp_path), tmp_path / "nowhere/a.backup")


# What is no backup, and what nothing is restored over.


def flip_bytes(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(4096 * 3)
        opened.write(b"\xa5" * 4096)


def cut_in_half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def cut_to_a_page(file: Path) -> None:
    os.truncate(file, 4096)


def emptied(file: Path) -> None:
    os.truncate(file, 0)


def gone(file: Path) -> None:
    file.unlink()


def some_text(file: Path) -> None:
    file.write_text("-- PostgreSQL database dump\n" * 400, "utf-8")


def other_database(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE wards (name TEXT)")


def log_beside_it(file: Path) -> None:
    file.with_name(f"{file.name}-wal").write_bytes(b"7" * 32)


def older_tables(file: Path) -> None:
    ask(f"sqlite:///{file}", "UPDATE alembic_version SET version_num = 'v0003'")


def newer_tables(file: Path) -> None:
    ask(f"sqlite:///{file}", "UPDATE alembic_version SET version_num = 'v9001'")


def of_another_bot(file: Path) -> None:
    ask(f"sqlite:///{file}", "UPDATE bots SET id = '4343'")


NO_BACKUPS = [
    (flip_bytes, "is damaged|is not a whole backup"),
    (cut_in_half, "is damaged|is not a whole backup"),
    (cut_to_a_page, "is damaged|is not a whole backup"),
    (emptied, "is empty: it is not a backup"),
    (gone, "is no file: it is not a backup"),
    (some_text, "is not a whole backup"),
    (other_database, "is not a whole backup"),
    (log_beside_it, "has a log beside it"),
    (older_tables, r"version v0003.*tables of an older program"),
    (newer_tables, r"version v9001.*newer program"),
    (of_another_bot, "is a backup of bot 4343; these settings are those of bot 4242"),
]


@pytest.mark.parametrize(
    ("spoil", "why", "kind"),
    [
        *((spoil, why, "sqlite") for spoil, why in NO_BACKUPS),
        *((spoil, why, "postgresql") for spoil, why in NO_BACKUPS if spoil in (cut_in_half, older_tables)),
    ],
)
async def test_what_is_no_backup_of_this_bot_is_refused_and_changes_nothing(
    tmp_path: Path, url_for: UrlFor, spoil: Callable[[Path], None], why: str, kind: str
) -> None:
    (tmp_path / "old").mkdir()
    await filled(sqlite_url(tmp_path / "old"))
    file = tmp_path / "a.backup"
    make_backup(sqlite_url(tmp_path / "old"), file)
    spoil(file)
    target = url_for(kind)
    with pytest.raises(BackupRefused, match=why):
        restore_backup(file, target, BOT)
    if kind == "sqlite":
        assert not path_of(target).exists()
    else:
        assert ask(target, "SELECT count(*) FROM pg_tables WHERE tablename = 'cases'") == [(0,)]


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    await filled(sqlite_url(tmp_path / "old"))
    make_backup(sqlite_url(tmp_path / "old"), tmp_path / "a.backup")
    return tmp_path / "a.backup"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_database_with_cases_is_not_written_over(backup: Path, url_for: UrlFor, kind: str) -> None:
    url = url_for(kind)
    store = create_storage(url)
    await store.transact(lambda uow: uow.add(kept("mine")))
    await store.close()
    with pytest.raises(BackupRefused, match="has 1 cases, and is not written over"):
        restore_backup(backup, url, BOT)
    assert [row[0] for row in ask(url, "SELECT id FROM cases")] == ["mine"]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_database_of_another_bot_is_not_written_over(backup: Path, url_for: UrlFor, kind: str) -> None:
    url = url_for(kind)
    store = create_storage(url)
    await store.transact(lambda uow: uow.claim_for_bot("4343"))
    await store.close()
    with pytest.raises(BackupRefused, match="belongs to bot 4343"):
        restore_backup(backup, url, BOT)
    assert ask(url, "SELECT id FROM bots") == [("4343",)]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_database_that_a_bot_has_open_is_not_written_over(backup: Path, url_for: UrlFor, kind: str) -> None:
    url = url_for(kind)
    await create_storage(url).close()
    code = (
        "import asyncio, sys; from bot.storage.factory import create_storage\n"
        "store = create_storage(sys.argv[1]); print(flush=True); input(); asyncio.run(store.close())"
    )
    pipe = asyncio.subprocess.PIPE
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", code, url, stdin=pipe, stdout=pipe)
    try:
        assert bot.stdout
        assert await bot.stdout.readline()
        with pytest.raises(BackupRefused, match=r"is in use\. Stop the bot, then restore"):
            restore_backup(backup, url, BOT)
    finally:
        await bot.communicate(b"\n")
    assert bot.returncode == 0
    assert restore_backup(backup, url, BOT).cases == len(everything(url)["cases"])


async def test_the_database_of_another_program_is_not_written_over(backup: Path, tmp_path: Path) -> None:
    other_database(tmp_path / "old/spinemets.db")
    with pytest.raises(BackupRefused, match=r"of another program .* wards"):
        restore_backup(backup, sqlite_url(tmp_path / "old"), BOT)
    assert ask(sqlite_url(tmp_path / "old"), "SELECT count(*) FROM wards") == [(0,)]


async def test_a_log_whose_file_is_gone_is_not_left_beside_a_restored_file(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new/spinemets.db-wal").write_bytes(b"7" * 32)
    with pytest.raises(BackupRefused, match=r"Move spinemets\.db-wal away first"):
        restore_backup(backup, sqlite_url(tmp_path / "new"), BOT)
    assert names(tmp_path / "new") == ["spinemets.db-wal"]


async def test_a_restored_file_is_the_owners_alone_and_has_no_log_beside_it(backup: Path, tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "new/deep")
    restore_backup(backup, url, BOT)
    assert names(tmp_path / "new/deep") == ["spinemets.db"]
    assert stat.S_IMODE(path_of(url).stat().st_mode) == 0o600


async def test_a_file_that_root_restores_is_the_one_of_whoever_owns_the_folder(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda _, owner, group: given.append((owner, group)))
    restore_backup(backup, sqlite_url(tmp_path / "new"), BOT)
    owner = (tmp_path / "new").stat()
    assert given == [(owner.st_uid, owner.st_gid)]


async def test_of_a_restore_that_fails_half_way_nothing_stays(
    backup: Path, tmp_path: Path, url_for: UrlFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    url = url_for("postgresql")
    monkeypatch.setattr("bot.storage.backup.tables._set_last_number", fail)
    with pytest.raises(BackupRefused, match="Nothing was restored: No space left"):
        restore_backup(backup, url, BOT)
    assert everything(url) == {table.name: [] for table in METADATA.sorted_tables}
    monkeypatch.setattr("bot.storage.backup.restoring.shutil.copyfile", fail)
    with pytest.raises(BackupRefused, match="Nothing was restored: No space left"):
        restore_backup(backup, sqlite_url(tmp_path / "new"), BOT)
    assert names(tmp_path / "new") == []


@pytest.mark.slow
def test_the_commands_say_what_they_did_and_what_is_still_in_a_backup(tmp_path: Path) -> None:
    asyncio.run(filled(sqlite_url(tmp_path), "1000000001"))
    spinemets = Spinemets(tmp_path)
    made = spinemets("backup", "a.backup", DATABASE_URL="sqlite:///spinemets.db")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith(b"a.backup: a backup of 7 cases of bot 1000000001, ")
    assert b"ask users who erased their cases since then to send /forget again" in made.stdout
    refused = spinemets("restore", "a.backup", DATABASE_URL="sqlite:///spinemets.db")
    assert refused.returncode == 1
    assert b"/spinemets.db has 7 cases, and is not written over." in refused.stderr
    assert refused.stderr.count(b"\n") == 1
