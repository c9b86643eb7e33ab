"""The store: what a ledger and a desk promise, in memory, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from store_kit import STEPS, ask, kept, letters

from bot.service.case_store import CaseRecord, CaseRepository, CaseStorage, PictureRecord, TeamRecord
from bot.service.ports import InboxUpdate, NumberInUse, OutboxKind, OutboxMessage, Storage, UnitOfWork
from bot.service.replies import NoteInput
from bot.storage.errors import StorageClosed
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage
from bot.storage.transactions import TRIES
from flows.cards.card import person
from flows.errors import VersionConflict
from flows.model.case import AnswerEvent, AnswerEventKind, DiscussionAction, DiscussionEvent

pytest_plugins = ("store_fixtures",)

BIG = 2**63 - 1


def added(*cases: CaseRecord) -> Callable[[CaseRepository], None]:
    """A job that keeps new cases."""

    def work(repository: CaseRepository) -> None:
        for case in cases:
            repository.add(case)

    return work


def answered(case_id: str = "1f") -> Callable[[CaseRepository], int]:
    """A job that reads a case and keeps it one revision further."""

    def work(repository: CaseRepository) -> int:
        present = repository.get(case_id)
        assert present
        revision = present.case.revision + 1
        repository.update(replace(present, case=replace(present.case, revision=revision)), revision - 1)
        return revision

    return work


async def at_once(store: Storage, *works: Callable[[UnitOfWork], object]) -> list[object]:
    """Do jobs that all wait while another one is held up, so that they come in one group."""
    held, go = threading.Event(), threading.Event()

    def hold(_: UnitOfWork) -> None:
        held.set()
        go.wait()

    holding = asyncio.ensure_future(store.transact(hold))
    await asyncio.to_thread(held.wait)
    rest = [asyncio.ensure_future(store.transact(work)) for work in works]
    await asyncio.sleep(0)
    go.set()
    await holding
    return await asyncio.gather(*rest, return_exceptions=True)


async def test_a_case_comes_back_as_it_was_kept(ledger_store: CaseStorage) -> None:
    case = kept(
        answer_events=STEPS,
        revision=BIG,
        turn=3,
        card_message_id=-BIG,
        archived=True,
        updated_at=1_700_000_000.123456,
        parent_id="f",
        level="T8",
    )
    await ledger_store.transact(added(case))
    assert await ledger_store.transact(lambda repository: repository.get("1f")) == case
    assert await ledger_store.transact(lambda repository: repository.get("2f")) is None


async def test_what_is_written_is_data_whatever_it_looks_like(ledger_store: CaseStorage) -> None:
    odd = "'; DROP TABLE cases; -- %s %(x)s :y \\ \u202e 🦴"
    await ledger_store.transact(added(kept("1f", odd, odd, answer_events=(STEPS[0]._replace(who=odd),))))
    back = await ledger_store.transact(lambda repository: repository.get_current(odd, odd))
    assert back
    assert back.case.answer_events[0].who == odd


async def test_a_transaction_sees_what_it_wrote(ledger_store: CaseStorage) -> None:
    def work(repository: CaseRepository) -> object:
        repository.add(kept())
        repository.update(kept(revision=1), 0)
        return repository.get("1f")

    assert await ledger_store.transact(work) == kept(revision=1)


async def test_the_current_case_was_touched_last_and_is_not_put_aside(ledger_store: CaseStorage) -> None:
    cases = (
        kept("old", updated_at=1.0),
        kept("now", updated_at=2.0),
        kept("aside", updated_at=3.0, archived=True),
        kept("elsewhere", place="other", updated_at=4.0),
        kept("theirs", owner="bob", updated_at=5.0),
    )
    await ledger_store.transact(added(*cases))
    current = await ledger_store.transact(lambda repository: repository.get_current("chat", "ann"))
    assert current
    assert current.case.id == "now"
    assert await ledger_store.transact(lambda repository: repository.get_current("other", "bob")) is None


async def test_a_case_is_put_where_its_revision_is_as_expected(ledger_store: CaseStorage) -> None:
    later = kept(revision=8, turn=8, answer_events=STEPS, card_message_id=5, archived=True, updated_at=9.0)
    await ledger_store.transact(added(kept(revision=7)))
    await ledger_store.transact(lambda repository: repository.update(later, 7))
    assert await ledger_store.transact(lambda repository: repository.get("1f")) == later


@pytest.mark.parametrize("expected", [6, 8])
async def test_a_case_of_another_revision_is_not_put(ledger_store: CaseStorage, expected: int) -> None:
    await ledger_store.transact(added(kept(revision=7)))
    with pytest.raises(VersionConflict):
        await ledger_store.transact(lambda repository: repository.update(kept(revision=9), expected))
    assert await ledger_store.transact(lambda repository: repository.get("1f")) == kept(revision=7)


async def test_a_case_that_is_gone_is_not_put(ledger_store: CaseStorage) -> None:
    with pytest.raises(VersionConflict):
        await ledger_store.transact(lambda repository: repository.update(kept(), 0))
    assert await ledger_store.transact(lambda repository: repository.get("1f")) is None


async def test_work_that_raises_keeps_nothing(ledger_store: CaseStorage) -> None:
    def work(repository: CaseRepository) -> None:
        repository.add(kept("2f"))
        repository.update(kept(revision=1), 0)
        repository.erase_person("bob")
        raise LookupError("later")

    await ledger_store.transact(added(kept(), kept("3f", owner="bob")))
    with pytest.raises(LookupError, match="later"):
        await ledger_store.transact(work)
    found = await ledger_store.transact(lambda repository: [repository.get(case_id) for case_id in ("1f", "2f", "3f")])
    assert found == [kept(), None, kept("3f", owner="bob")]


async def test_forget_erases_every_case_of_a_person_and_no_other(ledger_store: CaseStorage) -> None:
    cases = kept("1f"), kept("2f", place="other", archived=True), kept("3f", owner="bob")
    await ledger_store.transact(added(*cases))
    assert await ledger_store.transact(lambda repository: repository.erase_person("ann")) == 2
    assert await ledger_store.transact(lambda repository: repository.erase_person("ann")) == 0
    found = await ledger_store.transact(lambda repository: [repository.get(case_id) for case_id in ("1f", "2f", "3f")])
    assert found == [None, None, kept("3f", owner="bob")]


TALK = (
    DiscussionEvent(DiscussionAction.object, "deficit", ("minor",), "ben", 1_700_000_000.25),
    DiscussionEvent(DiscussionAction.discuss, "", ("posterior", "none"), "ann", 2.0),
    DiscussionEvent(DiscussionAction.vote, "", (), "ben", 3.0),
    DiscussionEvent(
        DiscussionAction.settle,
        "deficit",
        ("minor",),
        "ann",
        4.0,
        (AnswerEvent(AnswerEventKind.answer, "deficit", ("none",), "cleo"),),
    ),
    DiscussionEvent(DiscussionAction.close, "posterior", ("wish",), "ann", 5.0, record=("-100", 17)),
)


def team(case_id: str = "1f", place: str = "-100", name: str = "🟦 Heron", **more: Any) -> CaseRecord:
    """A team's case as it is kept; what is said of poll, giver and so on is the team's."""
    own = {
        part: more.pop(part)
        for part in ("created_at", "shared_by", "poll_id", "poll_message_id", "decision_message_id")
        if part in more
    }
    discussion = more.pop("discussion_events", ())
    plain = kept(case_id, place, **more)
    return replace(
        plain,
        case=replace(plain.case, discussion_events=discussion),
        team=TeamRecord(name, own.pop("created_at", 1.0), **own),
    )


def ids(cases: list[CaseRecord]) -> list[str]:
    return [found.case.id for found in cases]


async def test_a_team_s_case_comes_back_as_it_was_kept_and_put(ledger_store: CaseStorage) -> None:
    case = team(
        discussion_events=TALK,
        answer_events=STEPS,
        created_at=1_700_000_000.5,
        shared_by="ann",
        poll_id="p1",
        poll_message_id=BIG,
        decision_message_id=-BIG,
    )
    await ledger_store.transact(added(case, kept("2f")))
    assert await ledger_store.transact(lambda repository: (repository.get("1f"), repository.get("2f"))) == (
        case,
        kept("2f"),
    )
    later = team(discussion_events=TALK[:1], name="🟥 Otter", revision=1, archived=True)
    await ledger_store.transact(lambda repository: repository.update(later, 0))
    assert await ledger_store.transact(lambda repository: repository.get("1f")) == later


async def test_the_cases_of_a_team_are_found_newest_first_by_their_place(ledger_store: CaseStorage) -> None:
    await ledger_store.transact(
        added(
            team("older", created_at=1.0, updated_at=9.0),
            team("newer", created_at=2.0),
            team("resting", created_at=3.0, archived=True),
            team("elsewhere", "-200", created_at=4.0),
            team("topic", "-100/7", created_at=5.0),
            kept("private", "-100"),
        )
    )
    assert ids(await ledger_store.transact(lambda repository: repository.list_team_cases("-100"))) == [
        "newer",
        "older",
    ]
    assert ids(await ledger_store.transact(lambda repository: repository.list_team_cases("-100/7"))) == ["topic"]


async def test_a_chat_is_found_with_all_its_topics_and_no_other_whose_number_begins_alike(
    ledger_store: CaseStorage,
) -> None:
    places = {"chat": "-100", "topic": "-100/7", "alike": "-1007", "other": "-10"}
    await ledger_store.transact(added(*(team(case_id, place) for case_id, place in places.items())))
    assert sorted(ids(await ledger_store.transact(lambda repository: repository.list_in_chat("-100")))) == [
        "chat",
        "topic",
    ]


async def test_a_case_is_found_by_the_poll_of_its_vote_alone(ledger_store: CaseStorage) -> None:
    await ledger_store.transact(added(team("1f", poll_id="p1"), team("2f", poll_id="p2"), team("3f"), kept("4f")))
    found = await ledger_store.transact(lambda repository: [repository.get_by_poll(poll) for poll in ("p2", "p3", "")])
    assert [case.case.id if case else None for case in found] == ["2f", None, None]


async def test_cases_that_nobody_touched_are_found_unless_they_rest_or_are_a_person_s(
    ledger_store: CaseStorage,
) -> None:
    cases = (
        team("old", updated_at=1.0),
        team("new", updated_at=2.0),
        team("rests", updated_at=1.0, archived=True),
        kept(updated_at=1.0),
    )
    await ledger_store.transact(added(*cases))
    assert ids(await ledger_store.transact(lambda repository: repository.list_idle(2.0))) == ["old"]


async def test_every_case_whose_time_is_over_is_erased(ledger_store: CaseStorage) -> None:
    cases = (
        team("old", updated_at=1.0),
        team("new", updated_at=2.0),
        team("rests", updated_at=1.0, archived=True),
        kept(updated_at=1.0),
    )
    await ledger_store.transact(added(*cases))
    assert await ledger_store.transact(lambda repository: repository.delete_due(2.0, 2.0, 0.0, 0.0)) == 3
    assert await ledger_store.transact(lambda repository: repository.delete_due(2.0, 2.0, 0.0, 0.0)) == 0
    there = await ledger_store.transact(
        lambda repository: [repository.get(case_id) is not None for case_id in ("old", "new", "1f")]
    )
    assert there == [False, True, False]


NOTE = (
    AnswerEvent(AnswerEventKind.read, "", ("5", "left", "#17"), "ann"),
    AnswerEvent(AnswerEventKind.read, "levels", ("T8",), "ann"),
)
"""What is kept of a note in message 17 that nobody has confirmed."""


async def test_the_last_cases_of_a_person_are_listed_page_by_page_without_notes_and_helpers(
    ledger_store: CaseStorage,
) -> None:
    cases = (
        *(kept(f"c{number}", updated_at=float(number)) for number in range(1, 6)),
        kept("note", answer_events=NOTE, updated_at=9.0),
        kept("c1xt8", parent_id="c1", level="T8", updated_at=9.0),
        kept("theirs", owner="bob", updated_at=9.0),
        kept("there", place="other", updated_at=9.0),
        team("team", place="chat", updated_at=9.0),
    )
    await ledger_store.transact(added(*cases))
    pages = [
        await ledger_store.transact(lambda repository, skip=skip: ids(repository.list_recent("chat", "ann", 2, skip)))  # type: ignore[misc]
        for skip in (0, 2, 4, 6)
    ]
    assert pages == [["c5", "c4"], ["c3", "c2"], ["c1"], []]
    last = await ledger_store.transact(lambda repository: repository.last_ids("chat", "ann", 3))
    assert last == ["note", "c5", "c4"], "a note that waits bears a name as well"


async def test_a_note_is_found_by_its_message_until_somebody_confirms_it(ledger_store: CaseStorage) -> None:
    note, confirmed = (
        kept("note", answer_events=NOTE),
        kept("done", answer_events=(NOTE[1]._replace(kind=AnswerEventKind.answer),)),
    )
    group = team("group", answer_events=NOTE, owner="ann")
    await ledger_store.transact(added(note, confirmed, group))
    places = (("chat", "ann", 17), ("-100", "ann", 17), ("chat", "bob", 17), ("chat", "ann", 1), ("chat", "ann", 7))
    found = await ledger_store.transact(lambda repository: [repository.unconfirmed(*place) for place in places])
    assert found == [note, group, None, None, None]


async def test_the_newest_card_of_a_person_in_a_chat_is_known(ledger_store: CaseStorage) -> None:
    await ledger_store.transact(
        added(
            kept("a", card_message_id=7),
            kept("b", card_message_id=9, archived=True),
            kept("c"),
            kept("d", card_message_id=99, owner="bob"),
            kept("e", card_message_id=99, place="other"),
        )
    )
    found = await ledger_store.transact(
        lambda repository: [repository.newest_card("chat", who) for who in ("ann", "cleo")]
    )
    assert found == [9, 0]


async def test_a_note_that_nobody_confirmed_goes_before_the_cases_do(ledger_store: CaseStorage) -> None:
    cases = (
        kept("note", answer_events=NOTE, updated_at=4.0),
        kept("young", answer_events=NOTE, updated_at=5.0),
        kept("begun", updated_at=4.0),
        kept("confirmed", answer_events=(NOTE[1]._replace(kind=AnswerEventKind.answer),), updated_at=4.0),
        team("group", answer_events=NOTE, updated_at=4.0),
        kept("old", updated_at=1.0),
    )
    await ledger_store.transact(added(*cases))
    assert await ledger_store.transact(lambda repository: repository.delete_due(2.0, 5.0, 0.0, 0.0)) == 3
    there = await ledger_store.transact(
        lambda repository: [record.case.id for record in cases if repository.get(record.case.id)]
    )
    assert there == ["young", "begun", "confirmed"]


async def test_nothing_of_a_note_that_nobody_confirmed_is_sent_later(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> list[str]:
        uow.add(kept("note", answer_events=NOTE, updated_at=4.0))
        uow.add(kept("begun", updated_at=4.0))
        uow.enqueue("chat", OutboxKind.send_card, "note", "{}", "note")
        uow.enqueue("chat", OutboxKind.edit_card, "2", "{}", "begun")
        uow.delete_due(2.0, 5.0, 0.0, 0.0)
        return [outbox_message.target for outbox_message in uow.pending_messages()]

    assert await store.transact(work) == ["2"]


async def test_nothing_of_an_expired_case_is_sent_later(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> list[str]:
        uow.add(team("old", updated_at=1.0))
        uow.add(team("new", updated_at=2.0))
        uow.enqueue("-100", OutboxKind.edit_card, "1", "{}", "old")
        uow.enqueue("-100", OutboxKind.open_poll, "old", "{}", "old", 1)
        uow.enqueue("-100", OutboxKind.edit_card, "2", "{}", "new")
        uow.enqueue("-100", OutboxKind.send_page, "0", "{}")
        uow.delete_due(2.0, 2.0, 0.0, 0.0)
        return [outbox_message.kind for outbox_message in uow.pending_messages()]

    assert await store.transact(work) == [OutboxKind.edit_card, OutboxKind.send_page]


async def test_a_chat_that_moves_takes_its_cases_with_it_and_leaves_every_number_behind(
    ledger_store: CaseStorage,
) -> None:
    numbers: dict[str, Any] = {"card_message_id": 5, "poll_message_id": 6, "decision_message_id": 7}
    numbers |= {"picture": PictureRecord(8, "", "dark")}
    dark = PictureRecord(None, "", "dark")
    await ledger_store.transact(
        added(team("1f", poll_id="p1", **numbers), team("2f", "-100/7", **numbers), team("3f", "-1007", **numbers))
    )
    await ledger_store.transact(lambda repository: repository.migrate_chat("-100", "-900"))
    found = await ledger_store.transact(lambda repository: [repository.get(case_id) for case_id in ("1f", "2f", "3f")])
    first, second = team("1f", "-900", poll_id="p1", picture=dark), team("2f", "-900/7", picture=dark)
    assert found == [first, second, team("3f", "-1007", **numbers)]


async def test_a_picture_is_kept_with_its_case_and_lost_with_its_topic(ledger_store: CaseStorage) -> None:
    shown = PictureRecord(8, "posterior_mis", "dark")
    await ledger_store.transact(added(kept("1f", "-100/7", picture=shown), kept("2f", "-100", picture=shown)))
    assert await ledger_store.transact(lambda repository: repository.leave_topic("-100", 7)) == 1
    found = await ledger_store.transact(lambda repository: [repository.get(case_id) for case_id in ("1f", "2f")])
    assert found == [kept("1f", "-100", picture=shown.gone()), kept("2f", "-100", picture=shown)]


async def test_what_was_to_be_shown_in_a_chat_that_moved_is_not_sent(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> list[str]:
        uow.enqueue("-100", OutboxKind.edit_card, "1", "{}")
        uow.enqueue("-1007", OutboxKind.edit_card, "2", "{}")
        uow.migrate_chat("-100", "-900")
        return [outbox_message.target for outbox_message in uow.pending_messages()]

    assert await store.transact(work) == ["2"]


async def test_the_secret_of_a_bot_is_made_once(store: SqlStorage, url: str) -> None:
    await store.transact(lambda uow: uow.claim_for_bot("4242"))
    secret = await store.transact(lambda uow: uow.signing_secret())
    other = create_storage(url)
    assert await other.transact(lambda uow: (uow.signing_secret(), uow.claim_for_bot("4242"))) == (secret, "4242")
    await other.close()
    assert len(secret) >= 32


async def test_nothing_of_another_bot_is_seen_or_changed(store: SqlStorage, url: str) -> None:
    def written(uow: UnitOfWork) -> None:
        uow.add(kept())
        uow.add(team("2f", "chat", poll_id="p1", owner="bob"))
        uow.add_updates(letters(1))
        uow.enqueue("chat", OutboxKind.edit_card, "1", "{}", "1f")
        uow.mark_refusal_sent("-1")

    def seen(uow: UnitOfWork) -> list[object]:
        found = uow.get_current("chat", "ann"), uow.list_recent("chat", "ann", 9), uow.last_ids("chat", "ann", 9)
        teams = (
            uow.list_team_cases("chat"),
            uow.list_in_chat("chat"),
            uow.get_by_poll("p1"),
            uow.list_idle(9.0),
            uow.said_by("bob"),
        )
        card = uow.newest_card("chat", "ann")
        return [uow.get("1f"), *found, *teams, card, uow.get_update(1), uow.pending_updates(), uow.pending_messages()]

    def erased(uow: UnitOfWork) -> None:
        uow.erase_person("ann")
        uow.migrate_chat("chat", "else")
        uow.mark_handled(1, "")
        uow.purge_handled(9, 0)
        uow.delete_due(9.0, 9.0, 0.0, 0.0)

    await store.transact(lambda uow: uow.claim_for_bot("4242"))
    await store.transact(written)
    there = await store.transact(seen)
    ask(url, "UPDATE bots SET id = '7'")
    other = create_storage(url)
    assert not any(await other.transact(seen))
    await other.transact(erased)
    await other.transact(written)
    assert await other.transact(seen) == [*there[:-1], await other.transact(lambda uow: uow.pending_messages())]
    await other.close()
    ask(url, "UPDATE bots SET id = '4242'")
    assert await store.transact(seen) == there


async def test_a_group_is_told_to_be_left_alone_once(store: SqlStorage) -> None:
    assert await store.transact(lambda uow: [uow.mark_refusal_sent(chat) for chat in ("-1", "-1", "-2")]) == [
        True,
        False,
        True,
    ]


async def test_forget_leaves_a_team_s_case_with_all_that_was_said_and_takes_the_id_out(
    ledger_store: CaseStorage,
) -> None:
    steps = (
        AnswerEvent(AnswerEventKind.answer, "fitness", ("fit",), "ann"),
        AnswerEvent(AnswerEventKind.answer, "deficit", ("none",), "ben"),
    )
    discussion = tuple(
        DiscussionEvent(DiscussionAction.vote, "", ("posterior",), who, 1.0) for who in ("ann", "ben", "cleo")
    )
    cases = (
        team("1f", answer_events=steps, discussion_events=discussion, shared_by="ann"),
        team("2f", owner="ben", archived=True),
        kept("3f"),
    )
    await ledger_store.transact(added(*cases))
    assert await ledger_store.transact(lambda repository: repository.erase_person("ann")) == 1
    assert await ledger_store.transact(lambda repository: repository.erase_person("ben")) == 0
    first, second, private = await ledger_store.transact(
        lambda repository: [repository.get(i) for i in ("1f", "2f", "3f")]
    )
    assert private is None
    assert first
    assert first.team
    assert second
    assert [step.codes for step in first.case.answer_events] == [("fit",), ("none",)]
    assert len({event.who for event in first.case.discussion_events}) == 3
    assert {"ann", "ben"}.isdisjoint(
        [first.owner, first.team.shared_by, second.owner, *(s.who for s in first.case.answer_events)]
    )
    assert first.case.revision == 2


async def test_forget_takes_the_id_out_of_what_counted_when_something_was_said(ledger_store: CaseStorage) -> None:
    counted = tuple(AnswerEvent(AnswerEventKind.answer, "deficit", ("none",), who) for who in ("ann", "ben"))
    await ledger_store.transact(
        added(
            team(
                discussion_events=(DiscussionEvent(DiscussionAction.close, "posterior", (), "cleo", 1.0, counted),),
                owner="cleo",
            )
        )
    )
    await ledger_store.transact(lambda repository: repository.erase_person("ann"))
    [found] = await ledger_store.transact(lambda repository: [repository.get("1f")])
    assert found
    [event] = found.case.discussion_events
    assert [step.codes for step in event.counted] == [("none",), ("none",)]
    assert [step.who for step in event.counted] == ["-1", "ben"]


async def test_a_case_that_somebody_said_nothing_in_is_left_as_it_is_by_their_forget(
    ledger_store: CaseStorage,
) -> None:
    case = team(owner="1001", answer_events=(AnswerEvent(AnswerEventKind.answer, "fitness", ("fit",), "11001"),))
    await ledger_store.transact(added(case))
    for who in ("1", "100", "10011"):
        await ledger_store.transact(lambda repository, who=who: repository.erase_person(who))  # type: ignore[misc]
    assert await ledger_store.transact(lambda repository: repository.get("1f")) == case


async def test_no_case_takes_the_place_of_another_by_its_id(store: SqlStorage) -> None:
    await store.transact(added(kept()))
    with pytest.raises(VersionConflict):
        await store.transact(added(kept(owner="bob")))
    assert await store.transact(lambda uow: uow.get("1f")) == kept()


async def test_a_letter_is_taken_in_once(store: SqlStorage) -> None:
    assert await store.transact(lambda uow: uow.add_updates(letters(3, 1, BIG, 3))) == [1, 3, BIG]
    assert await store.transact(lambda uow: uow.add_updates([InboxUpdate(3, "else", "other"), *letters(2)])) == [2]
    assert await store.transact(lambda uow: uow.add_updates([])) == []
    assert await store.transact(lambda uow: uow.pending_updates()) == letters(1, 2, 3, BIG)
    assert await store.transact(lambda uow: uow.get_update(4)) is None


@pytest.mark.slow
async def test_a_backlog_of_ten_thousand_letters_is_taken_in_whole(store: SqlStorage) -> None:
    backlog = letters(*range(10_000))
    assert await store.transact(lambda uow: uow.add_updates(backlog)) == list(range(10_000))
    assert await store.transact(lambda uow: uow.pending_updates()) == backlog


async def test_a_letter_is_handled_once_and_then_holds_no_more_than_its_toast(store: SqlStorage) -> None:
    await store.transact(lambda uow: uow.add_updates(letters(1, 2)))
    assert await store.transact(lambda uow: uow.mark_handled(1, "noted"))
    assert not await store.transact(lambda uow: uow.mark_handled(1, "again"))
    assert not await store.transact(lambda uow: uow.mark_handled(9, "unknown"))
    assert await store.transact(lambda uow: uow.get_update(1)) == InboxUpdate(1, "", "", "noted")
    assert await store.transact(lambda uow: uow.pending_updates()) == letters(2)
    assert await store.transact(lambda uow: uow.add_updates(letters(1))) == []


async def test_what_was_read_of_a_note_stands_in_columns_until_it_is_handled_or_dropped(
    store: SqlStorage, url: str
) -> None:
    note = NoteInput({"levels": ("T8", "T9"), "fitness": ("fit",)}, ("left",), "1", 17, ("asymptomatic",))
    noted = [InboxUpdate(number, "chat", "[]", note=note) for number in (1, 2, 3)]
    columns = "note_findings, note_others, note_scope, note_message_id, note_key"

    def work(uow: UnitOfWork) -> None:
        uow.mark_handled(1, "")
        uow.move_to_dead_letters(2, "KeyError")
        uow.drop_dead_letter(2)

    await store.transact(lambda uow: uow.add_updates([*noted, *letters(4)]))
    found = await store.transact(lambda uow: uow.pending_updates())
    assert found == [*noted, *letters(4)]
    assert [list(inbox_update.note.findings) for inbox_update in found if inbox_update.note] == [
        ["levels", "fitness"]
    ] * 3, "in order"
    await store.transact(work)
    assert ask(url, f"SELECT {columns} FROM inbox WHERE update_id <> 3") == [(None,) * 5] * 3  # noqa: S608 - our own
    await store.transact(lambda uow: uow.move_to_dead_letters(3, "KeyError"))
    await store.transact(lambda uow: uow.retry_dead_letter(3))
    assert await store.transact(lambda uow: uow.pending_updates()) == [noted[2], *letters(4)]
    await store.transact(lambda uow: uow.move_to_dead_letters(3, "KeyError"))
    await store.transact(lambda uow: uow.erase_person("chat"))
    assert ask(url, f"SELECT {columns} FROM inbox") == [(None,) * 5] * 4  # noqa: S608 - our own


async def test_a_dead_letter_waits_aside_until_it_is_tried_again_or_dropped(store: SqlStorage) -> None:
    def died(uow: UnitOfWork) -> None:
        uow.add_updates(letters(1, 2, 3))
        uow.mark_handled(3, "")
        for update_id in (1, 2, 3):
            uow.move_to_dead_letters(update_id, "KeyError")

    await store.transact(died)
    assert await store.transact(lambda uow: uow.dead_letters()) == [(n, "KeyError") for n in letters(1, 2)]
    assert await store.transact(lambda uow: uow.pending_updates()) == []
    assert await store.transact(lambda uow: [uow.retry_dead_letter(n) for n in (1, 1, 3, 9)]) == [
        True,
        False,
        False,
        False,
    ]
    assert await store.transact(lambda uow: uow.pending_updates()) == letters(1)
    assert await store.transact(lambda uow: [uow.drop_dead_letter(n) for n in (2, 2, 1, 9)]) == [
        True,
        False,
        False,
        False,
    ]
    assert await store.transact(lambda uow: (uow.dead_letters(), uow.get_update(2))) == (
        [],
        InboxUpdate(2, "chat", ""),
    )


async def test_tidying_leaves_what_is_not_handled_and_what_may_be_repeated(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> list[bool]:
        uow.add_updates(letters(1, 2, 3, 4))
        uow.move_to_dead_letters(2, "KeyError")
        uow.mark_handled(3, "")
        uow.mark_handled(4, "")
        uow.purge_handled(4, 0)
        return [uow.get_update(update_id) is not None for update_id in (1, 2, 3, 4)]

    assert await store.transact(work) == [True, True, False, True]


async def test_what_is_numbered_far_from_the_newest_is_forgotten_on_either_side_of_it(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> list[bool]:
        numbers = (10, 95, 100, 105, 900)
        uow.add_updates(letters(*numbers))
        for number in numbers:
            uow.mark_handled(number, "")
        uow.purge_handled(100, 20)
        return [uow.get_update(number) is not None for number in numbers]

    assert await store.transact(work) == [False, True, True, True, False]


def numbered(update_id: int, fingerprint: str) -> InboxUpdate:
    return InboxUpdate(update_id, "chat", f'"{fingerprint}"', fingerprint=fingerprint)


async def test_a_number_that_comes_again_with_other_content_is_a_new_letter(store: SqlStorage) -> None:
    def first(uow: UnitOfWork) -> None:
        uow.add_updates([numbered(7, "old"), numbered(8, "old"), numbered(9, "")])
        for number in (7, 8, 9):
            uow.mark_handled(number, "as it was")

    await store.transact(first)
    again = [numbered(7, "new"), numbered(8, "old"), numbered(9, "new"), InboxUpdate(8, "chat", "?")]
    assert await store.transact(lambda uow: uow.add_updates(again)) == [7], (
        "9 and the last are of a program without fingerprints"
    )
    assert await store.transact(lambda uow: uow.pending_updates()) == [numbered(7, "new")]
    assert await store.transact(lambda uow: uow.add_updates([numbered(7, "new")])) == []
    known = await store.transact(lambda uow: uow.get_update(8))
    assert known == InboxUpdate(8, "", "", "as it was", "old")


async def test_a_number_whose_letter_still_waits_is_not_given_to_another(store: SqlStorage) -> None:
    await store.transact(lambda uow: uow.add_updates([numbered(7, "old")]))
    beside = asyncio.gather(store.transact(added(kept())), return_exceptions=True)
    with pytest.raises(NumberInUse):
        await store.transact(lambda uow: uow.add_updates([numbered(8, "new"), numbered(7, "new")]))
    assert list(await beside) == [None], "whoever shares the transaction is not told of it"
    assert await store.transact(lambda uow: uow.pending_updates()) == [numbered(7, "old")]


async def test_a_dead_letter_gives_its_number_up_and_can_still_be_tried_again_or_dropped(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> list[int]:
        found: list[int] = []
        for fingerprint in ("first", "second", "third"):
            found += uow.add_updates([numbered(7, fingerprint)])
            uow.move_to_dead_letters(7, "KeyError")
        return found

    assert await store.transact(work) == [7, 7, 7]
    dead = await store.transact(
        lambda uow: {inbox_update.update_id: inbox_update.fingerprint for inbox_update, _ in uow.dead_letters()}
    )
    assert dead == {-1: "first", -2: "second", 7: "third"}
    assert await store.transact(
        lambda uow: (uow.retry_dead_letter(-1), uow.drop_dead_letter(-2), uow.drop_dead_letter(7))
    ) == (True, True, True)
    assert [inbox_update.fingerprint for inbox_update in await store.transact(lambda uow: uow.pending_updates())] == [
        "first"
    ]


async def test_the_newest_wish_of_a_slot_waits_where_the_first_one_did(store: SqlStorage) -> None:
    first = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "1", "old", "1f"))
    other = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "2", "page", ""))
    there = await store.transact(lambda uow: uow.enqueue("else", OutboxKind.edit_card, "1", "far", ""))
    again = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "1", "new", "2f"))
    last = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "1", "newest", "3f"))
    assert last == OutboxMessage("chat", OutboxKind.edit_card, "1", last.version, "newest", "3f")
    assert first.version < again.version < last.version
    assert await store.transact(lambda uow: uow.pending_messages()) == [last, other, there]
    assert await store.transact(lambda uow: uow.pending_messages("chat")) == [last, other]


async def test_each_kind_of_wish_and_each_vote_of_a_case_has_a_slot_of_its_own(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> list[OutboxMessage]:
        wished = [uow.enqueue("-100", kind, "7", "{}") for kind in OutboxKind if kind is not OutboxKind.unpin]
        return [*wished, *(uow.enqueue("-100", OutboxKind.open_poll, "1f", "{}", "1f", number) for number in (1, 2))]

    wished = await store.transact(work)
    assert await store.transact(lambda uow: uow.pending_messages()) == wished


async def test_whether_a_message_is_pinned_is_told_by_the_last_wish(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> None:
        for kind in (OutboxKind.pin, OutboxKind.unpin, OutboxKind.pin):
            uow.enqueue("-100", kind, "7", "{}")
        uow.enqueue("-100", OutboxKind.unpin, "8", "{}")
        uow.enqueue("-200", OutboxKind.unpin, "7", "{}")

    await store.transact(work)
    found = [
        (outbox_message.queue, outbox_message.kind, outbox_message.target)
        for outbox_message in await store.transact(lambda uow: uow.pending_messages())
    ]
    assert found == [
        ("-100", OutboxKind.pin, "7"),
        ("-100", OutboxKind.unpin, "8"),
        ("-200", OutboxKind.unpin, "7"),
    ]


async def test_a_wish_is_struck_out_unless_its_slot_was_wished_anew(store: SqlStorage) -> None:
    old = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "1", "old", ""))
    done = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "2", "done", ""))
    new = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "1", "new", ""))
    await store.transact(lambda uow: uow.acknowledge([old, done]))
    assert await store.transact(lambda uow: uow.pending_messages()) == [new]
    await store.transact(lambda uow: uow.acknowledge([]))
    await store.transact(lambda uow: uow.acknowledge([new]))
    assert await store.transact(lambda uow: uow.pending_messages()) == []


async def test_a_slot_that_was_shown_and_is_wished_anew_is_not_struck_out_by_what_it_was(store: SqlStorage) -> None:
    shown = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "1", "the same", ""))
    await store.transact(lambda uow: uow.acknowledge([shown]))
    anew = await store.transact(lambda uow: uow.enqueue("chat", OutboxKind.edit_card, "1", "the same", ""))
    await store.transact(lambda uow: uow.acknowledge([shown]))
    assert await store.transact(lambda uow: uow.pending_messages()) == [anew]


async def test_nothing_of_an_erased_case_is_sent_later(store: SqlStorage) -> None:
    def work(uow: UnitOfWork) -> list[str]:
        uow.add(kept("1f"))
        uow.add(kept("2f", owner="bob"))
        uow.enqueue("chat", OutboxKind.send_card, "1f", "{}", "1f")
        for message, case in (("1", "1f"), ("2", "2f"), ("3", "")):
            uow.enqueue("chat", OutboxKind.edit_card, message, "{}", case)
        uow.erase_person("ann")
        return [outbox_message.target for outbox_message in uow.pending_messages()]

    assert await store.transact(work) == ["2", "3"]


async def test_all_is_there_when_the_store_is_opened_again(url: str) -> None:
    store = create_storage(url)
    await store.transact(added(kept()))
    await store.transact(lambda uow: uow.add_updates(letters(1)))
    outbox_message = await store.transact(lambda uow: uow.enqueue("c", OutboxKind.edit_card, "1", "{}", ""))
    await store.close()
    store = create_storage(url)
    assert await store.transact(lambda uow: (uow.get("1f"), uow.pending_updates())) == (kept(), letters(1))
    assert await store.transact(lambda uow: uow.pending_messages()) == [outbox_message]
    await store.transact(lambda uow: uow.acknowledge([outbox_message]))
    await store.close()
    store = create_storage(url)
    anew = await store.transact(lambda uow: uow.enqueue("c", OutboxKind.edit_card, "1", "{}", ""))
    await store.close()
    assert anew.version > outbox_message.version


async def test_jobs_are_done_in_the_order_they_were_given(store: SqlStorage) -> None:
    done: list[int] = []
    await at_once(store, *(lambda _, n=n: done.append(n) for n in range(200)))
    assert done == list(range(200))


async def test_jobs_that_wait_share_a_commit(store: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[str] = []
    driver = store._writer._transactions._statements
    commit = driver.commit

    def counted() -> None:
        commits.append("commit")
        commit()

    monkeypatch.setattr(driver, "commit", counted)
    await store.transact(added(kept()))
    commits.clear()
    assert await at_once(store, *[answered()] * 100) == list(range(1, 101))
    assert len(commits) == 3, "the one that held them up, 64, and 36"


@pytest.mark.parametrize("failing", [{0}, {5}, {15}, {3, 4, 11}, set(range(16))])
async def test_a_job_that_fails_harms_none_of_its_group(store: SqlStorage, failing: set[int]) -> None:
    def job(number: int) -> Callable[[UnitOfWork], int]:
        def work(uow: UnitOfWork) -> int:
            uow.add(kept(f"case{number}"))
            if number in failing:
                raise LookupError(number)
            return number

        return work

    outcomes = await at_once(store, *map(job, range(16)))
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, LookupError)] == sorted(failing)
    there = await store.transact(lambda uow: {n for n in range(16) if uow.get(f"case{n}")})
    assert there == set(range(16)) - failing


async def test_what_the_database_refuses_harms_none_of_its_group(store: SqlStorage) -> None:
    outcomes = await at_once(store, added(kept()), lambda uow: uow.mark_handled(2**70, ""), added(kept("2f")))
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    assert await store.transact(lambda uow: (uow.get("1f"), uow.get("2f"))) == (kept(), kept("2f"))


@pytest.mark.parametrize("overtaken", [0, 1, TRIES - 1, TRIES])
async def test_a_job_that_was_overtaken_is_begun_again_so_often_and_no_more(store: SqlStorage, overtaken: int) -> None:
    begun: list[int] = []

    def work(uow: UnitOfWork) -> int:
        uow.add(kept())
        begun.append(len(begun) + 1)
        if len(begun) <= overtaken:
            raise VersionConflict("1f")
        return begun[-1]

    if overtaken < TRIES:
        assert await store.transact(work) == overtaken + 1
    else:
        with pytest.raises(VersionConflict):
            await store.transact(work)
        assert await store.transact(lambda uow: uow.get("1f")) is None
    assert len(begun) == min(overtaken + 1, TRIES)


async def test_two_processes_lose_no_answer_to_each_other(url: str, store: SqlStorage) -> None:
    def turned_over(uow: UnitOfWork) -> None:  # the card changes, not the revision: still no change may be lost
        present = uow.get("2f")
        assert present
        uow.update(replace(present, card_message_id=(present.card_message_id or 0) + 1), 0)

    other = create_storage(url)
    await store.transact(added(kept(), kept("2f")))
    jobs = [one.transact(work) for one in (store, other) for work in (answered(), turned_over) for _ in range(150)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds <= {int, type(None), VersionConflict}
    answers, turns = sum(isinstance(n, int) for n in outcomes), outcomes.count(None)
    assert min(answers, turns) > 30, f"{answers} answers and {turns} turns of 300 each"
    one, two = await store.transact(lambda uow: (uow.get("1f"), uow.get("2f")))
    assert one
    assert two
    assert (one.case.revision, two.card_message_id) == (answers, turns)
    await other.close()


@pytest.mark.parametrize(("raised", "seen"), [(StopIteration, RuntimeError), (asyncio.CancelledError, None)])
async def test_whatever_work_raises_its_caller_is_told(
    store: SqlStorage, raised: type[BaseException], seen: type[BaseException] | None
) -> None:
    def work(_: UnitOfWork) -> None:
        raise raised

    with pytest.raises(seen or raised):
        await asyncio.wait_for(store.transact(work), 5)
    await store.transact(added(kept()))


async def test_a_caller_who_leaves_takes_nothing_back_and_disturbs_nobody(store: SqlStorage) -> None:
    go = threading.Event()
    held = asyncio.ensure_future(store.transact(lambda _: go.wait()))
    leaving = asyncio.ensure_future(store.transact(added(kept())))
    await asyncio.sleep(0.01)
    leaving.cancel()
    go.set()
    assert await held
    assert await store.transact(lambda uow: uow.get("1f")) == kept()


async def test_closing_finishes_what_was_begun_and_takes_no_more(url: str) -> None:
    store = create_storage(url)
    jobs = [asyncio.ensure_future(store.transact(added(kept(f"case{n}")))) for n in range(100)]
    await asyncio.sleep(0)
    await asyncio.gather(store.close(), store.close())
    assert all(job.done() for job in jobs)
    with pytest.raises(StorageClosed, match="open it anew"):
        await store.transact(lambda uow: uow.get("case1"))
    await store.close()
    assert ask(url, "SELECT count(*) FROM cases") == [(100,)]


async def test_jobs_of_several_loops_are_answered_each_in_its_own(store: SqlStorage) -> None:
    def elsewhere(number: int) -> None:
        asyncio.run(store.transact(added(kept(f"case{number}"))))

    await asyncio.gather(*(asyncio.to_thread(elsewhere, number) for number in range(8)))
    assert await store.transact(lambda uow: all(uow.get(f"case{n}") for n in range(8)))


@pytest.mark.case("F3")
async def test_what_others_were_told_of_an_erased_person_is_said_of_somebody(store: SqlStorage) -> None:
    def said(uow: UnitOfWork) -> None:
        uow.add_updates(letters(1, 2))
        uow.mark_handled(1, f"{person('ann')} answered first: fit.")
        uow.mark_handled(2, f"{person('ben')} answered first: fit.")
        uow.enqueue("-100", OutboxKind.edit_card, "7", f'{{"text": "{person("ann")}, {person("anna")}"}}', "")

    await store.transact(said)
    await store.transact(lambda uow: uow.erase_person("ann"))
    found = await store.transact(lambda uow: [uow.get_update(1), uow.get_update(2), *uow.pending_messages()])
    assert [getattr(each, "answer_text", "") or getattr(each, "payload", "") for each in found] == [
        f"{person('')} answered first: fit.",
        f"{person('ben')} answered first: fit.",
        f'{{"text": "{person("")}, {person("anna")}"}}',
    ]
