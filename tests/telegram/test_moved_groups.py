"""A group that becomes a supergroup has another number from then on, and is the same group all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import Fields, refused, virtual_bot_harness
from kit import CATALOG
from members_kit import GROUP, Crowd, restarted

from bot.log import ALLOWED
from bot.service.policies import AccessPolicy

SUPERGROUP = -1001000000042
LISTED = AccessPolicy(open=False, chats=frozenset({GROUP}))
TOASTS, PAGES = CATALOG.team.toasts, CATALOG.wording.pages


@contextmanager
def listed(folder: Path, before: Crowd | None = None, access: AccessPolicy = LISTED) -> Iterator[tuple[Any, Crowd]]:
    """A bot for one listed group; a second time, it goes on in the supergroup."""
    with virtual_bot_harness(folder, access=access) as (run, harness):
        if before:
            restarted(before.harness, harness)
        yield run, Crowd(harness, chat=before.chat if before else GROUP)


def old_says(crowd: Crowd) -> Fields:
    """The service message in the group that was."""
    update = crowd.writing(1, "")
    del update["message"]["text"]
    update["message"] |= {"chat": {"id": GROUP, "type": "group"}, "migrate_to_chat_id": SUPERGROUP}
    return update


def new_says(crowd: Crowd) -> Fields:
    """The service message in the supergroup that it is."""
    update = crowd.writing(1, "")
    del update["message"]["text"]
    update["message"] |= {"chat": {"id": SUPERGROUP, "type": "supergroup"}, "migrate_from_chat_id": GROUP}
    return update


def moves(run: Any, crowd: Crowd, *said: Fields) -> None:
    for update in said:
        run(crowd.harness.accept(update))
    crowd.chat = SUPERGROUP


def logged(crowd: Crowd) -> list[Fields]:
    lines = [orjson.loads(line) for line in crowd.harness.log.getvalue().splitlines()]
    return [line for line in lines if line["event"] == "chat_moved"]


@pytest.mark.parametrize("heard", [(old_says, new_says), (new_says, old_says), (old_says,), (new_says,)])
@pytest.mark.case("X11")
def test_a_listed_group_that_becomes_a_supergroup_in_the_midst_of_its_vote_goes_on(
    tmp_path: Path, heard: tuple[Any, ...]
) -> None:
    with listed(tmp_path) as (run, crowd):
        run(crowd.finished())
        run(crowd.taps(1, "Discuss"))
        moves(run, crowd, *(says(crowd) for says in heard))
        run(crowd.harness.accept(crowd.voting(2, 0)))
        assert run(crowd.taps(1, "Close", at="The vote")) == ""
        [record] = run(crowd.cases())
        assert "2" in [said.who for said in record.case.discussion_events if said.action == "vote"]
        assert len([text for text in crowd.texts() if "The vote" in text]) <= 1, "no card twice"
        [line] = logged(crowd)
        assert (line["was"], line["chat"]) == (str(GROUP), str(SUPERGROUP))
        assert "ALLOWED_CHATS" in line["advice"]
        assert {*line} <= {*ALLOWED}, "else it would not be written"


@pytest.mark.case("X11")
def test_the_permission_outlives_a_restart_and_ends_once_the_old_number_is_not_listed(
    tmp_path: Path,
) -> None:
    with listed(tmp_path) as (run, crowd):
        run(crowd.says(1, "/case"))
        moves(run, crowd, old_says(crowd))
    with listed(tmp_path, crowd) as (run, after):
        assert run(after.taps(2, "T8")) == ""
        assert run(after.answered_by()) == ["2"]
    with listed(tmp_path, after, AccessPolicy(open=False, chats=frozenset({5}))) as (run, gone):
        assert run(gone.taps(2, "T9")) == CATALOG.wording.toasts.not_listed.format(number=2)


@pytest.mark.case("X11")
def test_a_move_that_is_learnt_when_a_card_is_sent_moves_the_permission_as_well(tmp_path: Path) -> None:
    with listed(tmp_path) as (run, crowd):
        run(crowd.says(1, "/case"))
        answer = crowd.harness.telegram.script
        assert answer

        async def moved(method: str, params: Fields) -> Fields | None:
            if method == "editMessageText" and params["chat_id"] == GROUP:
                words = "Bad Request: group chat was upgraded to a supergroup chat"
                return refused(400, words, migrate_to_chat_id=SUPERGROUP)
            return await answer(method, params)

        crowd.harness.telegram.script = moved
        run(crowd.taps(1, "T8"))
        crowd.chat = SUPERGROUP
        assert run(crowd.taps(2, "Only T8")) == ""
        assert len(logged(crowd)) == 1


@pytest.mark.case("X11")
def test_a_group_that_is_not_listed_gets_no_permission_by_becoming_a_supergroup(tmp_path: Path) -> None:
    with listed(tmp_path, access=AccessPolicy(open=False, users=frozenset({1}))) as (run, crowd):
        run(crowd.says(1, "/case"))
        moves(run, crowd, old_says(crowd), new_says(crowd))
        assert run(crowd.taps(1, "T8")) == "", "who is listed may everywhere"
        assert run(crowd.taps(2, "T9")) != ""
        assert run(crowd.answered_by()) == ["1"]
        assert not logged(crowd)
