"""The list of a group's decisions: which are in it, since when, and whose names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kit import CATALOG
from team_kit import ANA, BEN, HOUR, FakeGroup

from bot.service.commands import UNREADABLE, minutes_argument
from bot.service.pictures.board_minutes import DAY, MinutesDocument
from bot.service.replies import Reply, SendMinutes
from flows.cards.card import PERSON, person


async def asked(group: FakeGroup, argument: str = "") -> Reply:
    return await group.store.transact(
        lambda repository: group.services.team.command(repository, "minutes", argument, group.visit(BEN))
    )


async def listed(group: FakeGroup, argument: str = "") -> list[list[str]]:
    """Give the rows of the list that a command asks for."""
    made = await document(group, argument)
    rows: Any = made.page["rows"]
    return list(rows)


async def document(group: FakeGroup, argument: str = "") -> MinutesDocument:
    [effect] = (await asked(group, argument)).effects
    assert isinstance(effect, SendMinutes)
    made = await group.store.transact(
        lambda repository: group.services.team.minutes.of(repository, group.place, effect)
    )
    assert made
    return made


async def test_a_decision_of_the_last_day_is_listed_with_what_the_source_supports_and_its_facts() -> None:
    group = FakeGroup()
    await group.decided()
    [row] = await listed(group)
    name = (await group.case()).team
    assert name
    assert row[1:] == [
        name.code_name.partition(" ")[2],
        "T8: fit, no deficit, body only, limited destruction, no prior treatment",
        "Posterior MIS (F12, F2)",
        "Decided without a vote: Posterior MIS",
        "0",
        "stands",
    ]
    assert row[0].endswith("UTC")


async def test_decisions_are_listed_from_the_earliest_on_and_open_cases_are_not() -> None:
    group = FakeGroup()
    await group.decided()
    group.now += HOUR
    await group.decided()
    await group.finished()
    rows = await listed(group)
    assert len(rows) == 2
    assert rows[0][1] != rows[1][1]


async def test_what_is_older_than_a_day_is_listed_since_a_date_and_also_once_its_case_is_paused() -> None:
    group = FakeGroup()
    await group.decided()
    group.now += 3 * DAY
    await group.store.transact(lambda repository: group.services.team.changes.archive_idle(repository, 2 * DAY))
    assert (await asked(group)).effects == ()
    assert (await asked(group)).shows[0].card.title == CATALOG.team.pages.no_minutes.title
    assert len(await listed(group, "2027-01-01")) == 1


async def test_a_decision_that_was_reopened_stays_listed_as_superseded() -> None:
    group = FakeGroup()
    card = await group.decided()
    await group.tap("Reopen", at=max(n for n, shown in group.messages.items() if shown.title.startswith("Decision")))
    assert (await listed(group))[0][6] == "superseded"
    await group.tap("Close", "Posterior (open)", "Decide", at=card)
    assert [row[6] for row in await listed(group)] == ["superseded", "stands"]


async def test_members_are_named_only_where_that_is_asked_for() -> None:
    group = FakeGroup()
    await group.decided()
    unnamed = await document(group)
    assert PERSON[0] not in json.dumps(unnamed.page, ensure_ascii=False)
    named = await document(group, "names")
    rows: Any = named.page["rows"]
    assert rows[0][-2] == person(ANA)
    columns: Any = named.page["columns"]
    assert columns[-2:] == ["Decided by", "Who voted for what"]


@pytest.mark.parametrize("argument", [UNREADABLE, "2026-13-01", "2099-01-01"])
async def test_what_is_no_date_or_lies_ahead_is_said_and_nothing_is_sent(argument: str) -> None:
    group = FakeGroup()
    await group.decided()
    reply = await asked(group, argument)
    assert reply.effects == ()
    assert reply.shows[0].card.title == CATALOG.team.pages.minutes_unread.title


async def test_another_groups_decisions_are_not_listed() -> None:
    group = FakeGroup()
    await group.decided()
    group.place = "-200"
    assert (await asked(group)).effects == ()


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("", ""),
        ("names", "names"),
        (" Names 2026-11-01 ", "2026-11-01 names"),
        ("2026-11-01", "2026-11-01"),
        ("since yesterday", UNREADABLE),
        ("2026-11-01 2026-11-02", UNREADABLE),
        ("names names", UNREADABLE),
        ("Mrs Smith 12.3.1950", UNREADABLE),
    ],
)
def test_only_a_date_and_one_word_are_taken_in(words: str, read: str) -> None:
    assert minutes_argument(words) == read
