"""How many cases are open, by kind, in either database: what the metrics ask."""

from __future__ import annotations

from store_kit import kept

from bot.service.case_store import TeamRecord
from bot.service.ports import UnitOfWork
from bot.storage.storage import SqlStorage

pytest_plugins = ("store_fixtures",)


def add_cases(uow: UnitOfWork) -> None:
    uow.claim_for_bot("4242")
    uow.add(kept("one"))
    uow.add(kept("two", owner="ben"))
    uow.add(kept("resting", archived=True))
    uow.add(kept("helping", parent_id="one", level="T8"))
    uow.add(kept("team", place="-100", team=TeamRecord("🟦 Heron", 1.0)))
    uow.add(kept("team.resting", place="-100", archived=True, team=TeamRecord("🟩 Otter", 1.0)))


async def test_cases_that_rest_or_help_another_are_not_counted_as_open(store: SqlStorage) -> None:
    assert await store.transact(lambda uow: uow.count_open_cases()) == {"private": 0, "team": 0}
    await store.transact(add_cases)
    assert await store.transact(lambda uow: uow.count_open_cases()) == {"private": 2, "team": 1}
