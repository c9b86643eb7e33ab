"""The file of a database that is moved, replaced, emptied or lost: none is started in its place, nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from store_kit import ask, kept, path_of, sqlite_url, step

from bot.service.ports import DatabaseMoved
from bot.storage.errors import CorruptDatabase
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return path_of(sqlite_url(tmp_path / "data"))


def cases_in(path: Path) -> set[str]:
    return {case for (case,) in ask(f"sqlite:///{path}", "SELECT id FROM cases")}


def log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


async def written(path: Path, *cases: int) -> SqlStorage:
    """Open a store, and keep cases that stand in its log alone."""
    store = create_storage(f"sqlite:///{path}")
    for case in cases:
        await store.transact(step(case))
    assert log_of(path).stat().st_size > 0
    return store


def moved_away(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def moved_with_its_log(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))
    log_of(path).rename(path.with_name("elsewhere.db-wal"))


def folder_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("data moved"))


def replaced(path: Path) -> None:
    shutil.copy(path.with_name("backup.db"), path.with_name("new.db"))
    path.with_name("new.db").rename(path)


def log_removed(path: Path) -> None:
    log_of(path).unlink()


HOW = (moved_away, moved_with_its_log, folder_moved, replaced, log_removed)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.case("X9")
async def test_a_file_that_is_moved_under_the_bot_takes_no_answer_and_loses_none(
    path: Path, how: Callable[[Path], None]
) -> None:
    store = await written(path, 1)
    ask(f"sqlite:///{path}", f"VACUUM INTO '{path.with_name('backup.db')}'")
    await store.transact(step(2))
    inode = path.stat().st_ino
    how(path)
    for _ in range(2):
        with pytest.raises(DatabaseMoved):
            await store.transact(step(3))
    await store.close()
    if how is replaced:
        assert cases_in(path) == {"case1"}, "the backup is as it was"
        assert ask(f"sqlite:///{path}", "PRAGMA integrity_check") == [("ok",)]
        return
    (old,) = [found for found in path.parents[1].rglob("*.db") if found.stat().st_ino == inode]
    log_of(old).unlink(missing_ok=True)
    assert cases_in(old) == {"case1", "case2"}, "the file alone has all that was acknowledged"


@pytest.mark.case("X9")
async def test_a_file_that_is_put_back_is_written_again(path: Path) -> None:
    store = await written(path, 1)
    path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(DatabaseMoved):
        await store.transact(step(2))
    path.with_name("elsewhere.db").rename(path)
    await store.transact(step(3))
    await store.close()
    assert cases_in(path) == {"case1", "case3"}


@pytest.mark.case("X9")
async def test_an_empty_file_is_refused_and_the_log_beside_it_is_left(path: Path) -> None:
    store = await written(path, 1)
    log = log_of(path).read_bytes()
    copy = path.with_name("copy.db")
    copy.touch()
    log_of(copy).write_bytes(log)
    await store.close()
    for _ in range(2):
        with pytest.raises(CorruptDatabase, match="it is empty"):
            create_storage(f"sqlite:///{copy}")
    assert copy.stat().st_size == 0
    assert log_of(copy).read_bytes() == log


@pytest.mark.case("X9")
async def test_a_log_without_its_file_is_refused_and_left(path: Path) -> None:
    store = await written(path, 1)
    log = log_of(path).read_bytes()
    copy = path.with_name("copy.db")
    log_of(copy).write_bytes(log)
    await store.close()
    with pytest.raises(CorruptDatabase, match="while its log is there"):
        create_storage(f"sqlite:///{copy}")
    assert not copy.exists()
    assert log_of(copy).read_bytes() == log


@pytest.mark.parametrize("leads", ["to a file that is to be made", "to a file"])
@pytest.mark.case("X9")
async def test_a_link_is_followed_to_its_file(path: Path, leads: str) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    if leads == "to a file":
        await (await written(path, 1)).close()
    store = create_storage(f"sqlite:///{link}")
    await store.transact(lambda uow: uow.add(kept("2f")))
    await store.close()
    assert "2f" in cases_in(path)
    assert link.is_symlink()


async def test_what_is_made_is_never_seen_empty_and_is_read_by_nobody_else(path: Path) -> None:
    store = create_storage(f"sqlite:///{path}")
    await store.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path], "nothing is left beside it"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
