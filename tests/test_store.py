"""The store: what a ledger and a desk promise, in memory, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from store_kit import STEPS, ask, kept, letters

from bot.service.case_store import Kept, Ledger, Store, Team
from bot.service.ports import Desk, DeskStore, Letter, NumberInUse, OutboxKind, Wish
from bot.service.replies import Said
from bot.storage.errors import StoreClosed
from bot.storage.factory import open_store
from bot.storage.storage import SqlStore
from bot.storage.transactions import TRIES
from flows.cards.card import person
from flows.errors import Overtaken
from flows.model.case import Act, Kind, Remark, Step

pytest_plugins = ("store_fixtures",)

BIG = 2**63 - 1


def added(*cases: Kept) -> Callable[[Ledger], None]:
    """A job that keeps new cases."""

    def work(ledger: Ledger) -> None:
        for case in cases:
            ledger.add(case)

    return work


def answered(case_id: str = "1f") -> Callable[[Ledger], int]:
    """A job that reads a case and keeps it one revision further."""

    def work(ledger: Ledger) -> int:
        present = ledger.get(case_id)
        assert present
        revision = present.case.revision + 1
        ledger.put(replace(present, case=replace(present.case, revision=revision)), revision - 1)
        return revision

    return work


async def at_once(store: DeskStore, *works: Callable[[Desk], object]) -> list[object]:
    """Do jobs that all wait while another one is held up, so that they come in one group."""
    held, go = threading.Event(), threading.Event()

    def hold(_: Desk) -> None:
        held.set()
        go.wait()

    holding = asyncio.ensure_future(store.run(hold))
    await asyncio.to_thread(held.wait)
    rest = [asyncio.ensure_future(store.run(work)) for work in works]
    await asyncio.sleep(0)
    go.set()
    await holding
    return await asyncio.gather(*rest, return_exceptions=True)


async def test_a_case_comes_back_as_it_was_kept(ledger_store: Store) -> None:
    case = kept(
        steps=STEPS,
        revision=BIG,
        turn=3,
        card=-BIG,
        aside=True,
        touched=1_700_000_000.123456,
        parent_id="f",
        level="T8",
    )
    await ledger_store.run(added(case))
    assert await ledger_store.run(lambda ledger: ledger.get("1f")) == case
    assert await ledger_store.run(lambda ledger: ledger.get("2f")) is None


async def test_what_is_written_is_data_whatever_it_looks_like(ledger_store: Store) -> None:
    odd = "'; DROP TABLE cases; -- %s %(x)s :y \\ \u202e 🦴"
    await ledger_store.run(added(kept("1f", odd, odd, steps=(STEPS[0]._replace(who=odd),))))
    back = await ledger_store.run(lambda ledger: ledger.current(odd, odd))
    assert back
    assert back.case.steps[0].who == odd


async def test_a_transaction_sees_what_it_wrote(ledger_store: Store) -> None:
    def work(ledger: Ledger) -> object:
        ledger.add(kept())
        ledger.put(kept(revision=1), 0)
        return ledger.get("1f")

    assert await ledger_store.run(work) == kept(revision=1)


async def test_the_current_case_was_touched_last_and_is_not_put_aside(ledger_store: Store) -> None:
    cases = (
        kept("old", touched=1.0),
        kept("now", touched=2.0),
        kept("aside", touched=3.0, aside=True),
        kept("elsewhere", place="other", touched=4.0),
        kept("theirs", owner="bob", touched=5.0),
    )
    await ledger_store.run(added(*cases))
    current = await ledger_store.run(lambda ledger: ledger.current("chat", "ann"))
    assert current
    assert current.case.id == "now"
    assert await ledger_store.run(lambda ledger: ledger.current("other", "bob")) is None


async def test_a_case_is_put_where_its_revision_is_as_expected(ledger_store: Store) -> None:
    later = kept(revision=8, turn=8, steps=STEPS, card=5, aside=True, touched=9.0)
    await ledger_store.run(added(kept(revision=7)))
    await ledger_store.run(lambda ledger: ledger.put(later, 7))
    assert await ledger_store.run(lambda ledger: ledger.get("1f")) == later


@pytest.mark.parametrize("expected", [6, 8])
async def test_a_case_of_another_revision_is_not_put(ledger_store: Store, expected: int) -> None:
    await ledger_store.run(added(kept(revision=7)))
    with pytest.raises(Overtaken):
        await ledger_store.run(lambda ledger: ledger.put(kept(revision=9), expected))
    assert await ledger_store.run(lambda ledger: ledger.get("1f")) == kept(revision=7)


async def test_a_case_that_is_gone_is_not_put(ledger_store: Store) -> None:
    with pytest.raises(Overtaken):
        await ledger_store.run(lambda ledger: ledger.put(kept(), 0))
    assert await ledger_store.run(lambda ledger: ledger.get("1f")) is None


async def test_work_that_raises_keeps_nothing(ledger_store: Store) -> None:
    def work(ledger: Ledger) -> None:
        ledger.add(kept("2f"))
        ledger.put(kept(revision=1), 0)
        ledger.forget("bob")
        raise LookupError("later")

    await ledger_store.run(added(kept(), kept("3f", owner="bob")))
    with pytest.raises(LookupError, match="later"):
        await ledger_store.run(work)
    found = await ledger_store.run(lambda ledger: [ledger.get(case_id) for case_id in ("1f", "2f", "3f")])
    assert found == [kept(), None, kept("3f", owner="bob")]


async def test_forget_erases_every_case_of_a_person_and_no_other(ledger_store: Store) -> None:
    cases = kept("1f"), kept("2f", place="other", aside=True), kept("3f", owner="bob")
    await ledger_store.run(added(*cases))
    assert await ledger_store.run(lambda ledger: ledger.forget("ann")) == 2
    assert await ledger_store.run(lambda ledger: ledger.forget("ann")) == 0
    found = await ledger_store.run(lambda ledger: [ledger.get(case_id) for case_id in ("1f", "2f", "3f")])
    assert found == [None, None, kept("3f", owner="bob")]


TALK = (
    Remark(Act.object, "deficit", ("minor",), "ben", 1_700_000_000.25),
    Remark(Act.discuss, "", ("posterior", "none"), "ann", 2.0),
    Remark(Act.vote, "", (), "ben", 3.0),
    Remark(Act.settle, "deficit", ("minor",), "ann", 4.0, (Step(Kind.answer, "deficit", ("none",), "cleo"),)),
    Remark(Act.close, "posterior", ("wish",), "ann", 5.0, record=("-100", 17)),
)


def team(case_id: str = "1f", place: str = "-100", name: str = "🟦 Heron", **more: Any) -> Kept:
    """A team's case as it is kept; what is said of poll, giver and so on is the team's."""
    own = {part: more.pop(part) for part in ("opened", "giver", "poll", "ballot", "minutes") if part in more}
    talk = more.pop("talk", ())
    plain = kept(case_id, place, **more)
    return replace(plain, case=replace(plain.case, talk=talk), team=Team(name, own.pop("opened", 1.0), **own))


def ids(cases: list[Kept]) -> list[str]:
    return [found.case.id for found in cases]


async def test_a_team_s_case_comes_back_as_it_was_kept_and_put(ledger_store: Store) -> None:
    case = team(talk=TALK, steps=STEPS, opened=1_700_000_000.5, giver="ann", poll="p1", ballot=BIG, minutes=-BIG)
    await ledger_store.run(added(case, kept("2f")))
    assert await ledger_store.run(lambda ledger: (ledger.get("1f"), ledger.get("2f"))) == (case, kept("2f"))
    later = team(talk=TALK[:1], name="🟥 Otter", revision=1, aside=True)
    await ledger_store.run(lambda ledger: ledger.put(later, 0))
    assert await ledger_store.run(lambda ledger: ledger.get("1f")) == later


async def test_the_cases_of_a_team_are_found_newest_first_by_their_place(ledger_store: Store) -> None:
    await ledger_store.run(
        added(
            team("older", opened=1.0, touched=9.0),
            team("newer", opened=2.0),
            team("resting", opened=3.0, aside=True),
            team("elsewhere", "-200", opened=4.0),
            team("topic", "-100/7", opened=5.0),
            kept("private", "-100"),
        )
    )
    assert ids(await ledger_store.run(lambda ledger: ledger.team_cases("-100"))) == ["newer", "older"]
    assert ids(await ledger_store.run(lambda ledger: ledger.team_cases("-100/7"))) == ["topic"]


async def test_a_chat_is_found_with_all_its_topics_and_no_other_whose_number_begins_alike(ledger_store: Store) -> None:
    places = {"chat": "-100", "topic": "-100/7", "alike": "-1007", "other": "-10"}
    await ledger_store.run(added(*(team(case_id, place) for case_id, place in places.items())))
    assert sorted(ids(await ledger_store.run(lambda ledger: ledger.of_chat("-100")))) == ["chat", "topic"]


async def test_a_case_is_found_by_the_poll_of_its_vote_alone(ledger_store: Store) -> None:
    await ledger_store.run(added(team("1f", poll="p1"), team("2f", poll="p2"), team("3f"), kept("4f")))
    found = await ledger_store.run(lambda ledger: [ledger.balloted(poll) for poll in ("p2", "p3", "")])
    assert [case.case.id if case else None for case in found] == ["2f", None, None]


async def test_cases_that_nobody_touched_are_found_unless_they_rest_or_are_a_person_s(ledger_store: Store) -> None:
    cases = (
        team("old", touched=1.0),
        team("new", touched=2.0),
        team("rests", touched=1.0, aside=True),
        kept(touched=1.0),
    )
    await ledger_store.run(added(*cases))
    assert ids(await ledger_store.run(lambda ledger: ledger.idle(2.0))) == ["old"]


async def test_every_case_whose_time_is_over_is_erased(ledger_store: Store) -> None:
    cases = (
        team("old", touched=1.0),
        team("new", touched=2.0),
        team("rests", touched=1.0, aside=True),
        kept(touched=1.0),
    )
    await ledger_store.run(added(*cases))
    assert await ledger_store.run(lambda ledger: ledger.expire(2.0, 2.0)) == 3
    assert await ledger_store.run(lambda ledger: ledger.expire(2.0, 2.0)) == 0
    there = await ledger_store.run(
        lambda ledger: [ledger.get(case_id) is not None for case_id in ("old", "new", "1f")]
    )
    assert there == [False, True, False]


NOTE = (Step(Kind.read, "", ("5", "left", "#17"), "ann"), Step(Kind.read, "levels", ("T8",), "ann"))
"""What is kept of a note in message 17 that nobody has confirmed."""


async def test_the_last_cases_of_a_person_are_listed_page_by_page_without_notes_and_helpers(
    ledger_store: Store,
) -> None:
    cases = (
        *(kept(f"c{number}", touched=float(number)) for number in range(1, 6)),
        kept("note", steps=NOTE, touched=9.0),
        kept("c1xt8", parent_id="c1", level="T8", touched=9.0),
        kept("theirs", owner="bob", touched=9.0),
        kept("there", place="other", touched=9.0),
        team("team", place="chat", touched=9.0),
    )
    await ledger_store.run(added(*cases))
    pages = [
        await ledger_store.run(lambda ledger, skip=skip: ids(ledger.recent("chat", "ann", 2, skip)))  # type: ignore[misc]
        for skip in (0, 2, 4, 6)
    ]
    assert pages == [["c5", "c4"], ["c3", "c2"], ["c1"], []]
    last = await ledger_store.run(lambda ledger: ledger.last_ids("chat", "ann", 3))
    assert last == ["note", "c5", "c4"], "a note that waits bears a name as well"


async def test_a_note_is_found_by_its_message_until_somebody_confirms_it(ledger_store: Store) -> None:
    note, confirmed = kept("note", steps=NOTE), kept("done", steps=(NOTE[1]._replace(kind=Kind.answer),))
    group = team("group", steps=NOTE, owner="ann")
    await ledger_store.run(added(note, confirmed, group))
    places = (("chat", "ann", 17), ("-100", "ann", 17), ("chat", "bob", 17), ("chat", "ann", 1), ("chat", "ann", 7))
    found = await ledger_store.run(lambda ledger: [ledger.unconfirmed(*place) for place in places])
    assert found == [note, group, None, None, None]


async def test_the_newest_card_of_a_person_in_a_chat_is_known(ledger_store: Store) -> None:
    await ledger_store.run(
        added(
            kept("a", card=7), kept("b", card=9, aside=True), kept("c"), kept("d", card=99, owner="bob"),
            kept("e", card=99, place="other"),
        )
    )  # fmt: skip
    found = await ledger_store.run(lambda ledger: [ledger.newest_card("chat", who) for who in ("ann", "cleo")])
    assert found == [9, 0]


async def test_a_note_that_nobody_confirmed_goes_before_the_cases_do(ledger_store: Store) -> None:
    cases = (
        kept("note", steps=NOTE, touched=4.0),
        kept("young", steps=NOTE, touched=5.0),
        kept("begun", touched=4.0),
        kept("confirmed", steps=(NOTE[1]._replace(kind=Kind.answer),), touched=4.0),
        team("group", steps=NOTE, touched=4.0),
        kept("old", touched=1.0),
    )
    await ledger_store.run(added(*cases))
    assert await ledger_store.run(lambda ledger: ledger.expire(2.0, 5.0)) == 3
    there = await ledger_store.run(lambda ledger: [kept.case.id for kept in cases if ledger.get(kept.case.id)])
    assert there == ["young", "begun", "confirmed"]


async def test_nothing_of_a_note_that_nobody_confirmed_is_sent_later(store: SqlStore) -> None:
    def work(desk: Desk) -> list[str]:
        desk.add(kept("note", steps=NOTE, touched=4.0))
        desk.add(kept("begun", touched=4.0))
        desk.wish("chat", OutboxKind.send_card, "note", "{}", "note")
        desk.wish("chat", OutboxKind.edit_card, "2", "{}", "begun")
        desk.expire(2.0, 5.0)
        return [wish.target for wish in desk.wishes()]

    assert await store.run(work) == ["2"]


async def test_nothing_of_an_expired_case_is_sent_later(store: SqlStore) -> None:
    def work(desk: Desk) -> list[str]:
        desk.add(team("old", touched=1.0))
        desk.add(team("new", touched=2.0))
        desk.wish("-100", OutboxKind.edit_card, "1", "{}", "old")
        desk.wish("-100", OutboxKind.open_poll, "old", "{}", "old", 1)
        desk.wish("-100", OutboxKind.edit_card, "2", "{}", "new")
        desk.wish("-100", OutboxKind.send_page, "0", "{}")
        desk.expire(2.0, 2.0)
        return [wish.kind for wish in desk.wishes()]

    assert await store.run(work) == [OutboxKind.edit_card, OutboxKind.send_page]


async def test_a_chat_that_moves_takes_its_cases_with_it_and_leaves_every_number_behind(ledger_store: Store) -> None:
    numbers: dict[str, Any] = {"card": 5, "ballot": 6, "minutes": 7}
    await ledger_store.run(
        added(team("1f", poll="p1", **numbers), team("2f", "-100/7", **numbers), team("3f", "-1007", **numbers))
    )
    await ledger_store.run(lambda ledger: ledger.move("-100", "-900"))
    found = await ledger_store.run(lambda ledger: [ledger.get(case_id) for case_id in ("1f", "2f", "3f")])
    assert found == [team("1f", "-900", poll="p1"), team("2f", "-900/7"), team("3f", "-1007", **numbers)]


async def test_what_was_to_be_shown_in_a_chat_that_moved_is_not_sent(store: SqlStore) -> None:
    def work(desk: Desk) -> list[str]:
        desk.wish("-100", OutboxKind.edit_card, "1", "{}")
        desk.wish("-1007", OutboxKind.edit_card, "2", "{}")
        desk.move("-100", "-900")
        return [wish.target for wish in desk.wishes()]

    assert await store.run(work) == ["2"]


async def test_the_secret_of_a_bot_is_made_once(store: SqlStore, url: str) -> None:
    await store.run(lambda desk: desk.claim("4242"))
    secret = await store.run(lambda desk: desk.secret())
    other = open_store(url)
    assert await other.run(lambda desk: (desk.secret(), desk.claim("4242"))) == (secret, "4242")
    await other.close()
    assert len(secret) >= 32


async def test_nothing_of_another_bot_is_seen_or_changed(store: SqlStore, url: str) -> None:
    def written(desk: Desk) -> None:
        desk.add(kept())
        desk.add(team("2f", "chat", poll="p1", owner="bob"))
        desk.take_in(letters(1))
        desk.wish("chat", OutboxKind.edit_card, "1", "{}", "1f")
        desk.silence("-1")

    def seen(desk: Desk) -> list[object]:
        found = desk.current("chat", "ann"), desk.recent("chat", "ann", 9), desk.last_ids("chat", "ann", 9)
        teams = desk.team_cases("chat"), desk.of_chat("chat"), desk.balloted("p1"), desk.idle(9.0), desk.said_by("bob")
        card = desk.newest_card("chat", "ann")
        return [desk.get("1f"), *found, *teams, card, desk.letter(1), desk.waiting(), desk.wishes()]

    def erased(desk: Desk) -> None:
        desk.forget("ann")
        desk.move("chat", "else")
        desk.handled(1, "")
        desk.tidy(9, 0)
        desk.expire(9.0, 9.0)

    await store.run(lambda desk: desk.claim("4242"))
    await store.run(written)
    there = await store.run(seen)
    ask(url, "UPDATE bots SET id = '7'")
    other = open_store(url)
    assert not any(await other.run(seen))
    await other.run(erased)
    await other.run(written)
    assert await other.run(seen) == [*there[:-1], await other.run(lambda desk: desk.wishes())]
    await other.close()
    ask(url, "UPDATE bots SET id = '4242'")
    assert await store.run(seen) == there


async def test_a_group_is_told_to_be_left_alone_once(store: SqlStore) -> None:
    assert await store.run(lambda desk: [desk.silence(chat) for chat in ("-1", "-1", "-2")]) == [True, False, True]


async def test_forget_leaves_a_team_s_case_with_all_that_was_said_and_takes_the_id_out(ledger_store: Store) -> None:
    steps = (Step(Kind.answer, "fitness", ("fit",), "ann"), Step(Kind.answer, "deficit", ("none",), "ben"))
    talk = tuple(Remark(Act.vote, "", ("posterior",), who, 1.0) for who in ("ann", "ben", "cleo"))
    cases = team("1f", steps=steps, talk=talk, giver="ann"), team("2f", owner="ben", aside=True), kept("3f")
    await ledger_store.run(added(*cases))
    assert await ledger_store.run(lambda ledger: ledger.forget("ann")) == 1
    assert await ledger_store.run(lambda ledger: ledger.forget("ben")) == 0
    first, second, private = await ledger_store.run(lambda ledger: [ledger.get(i) for i in ("1f", "2f", "3f")])
    assert private is None
    assert first
    assert first.team
    assert second
    assert [step.codes for step in first.case.steps] == [("fit",), ("none",)]
    assert len({remark.who for remark in first.case.talk}) == 3
    assert {"ann", "ben"}.isdisjoint([first.owner, first.team.giver, second.owner, *(s.who for s in first.case.steps)])
    assert first.case.revision == 2


async def test_forget_takes_the_id_out_of_what_counted_when_something_was_said(ledger_store: Store) -> None:
    counted = tuple(Step(Kind.answer, "deficit", ("none",), who) for who in ("ann", "ben"))
    await ledger_store.run(added(team(talk=(Remark(Act.close, "posterior", (), "cleo", 1.0, counted),), owner="cleo")))
    await ledger_store.run(lambda ledger: ledger.forget("ann"))
    [found] = await ledger_store.run(lambda ledger: [ledger.get("1f")])
    assert found
    [remark] = found.case.talk
    assert [step.codes for step in remark.counted] == [("none",), ("none",)]
    assert [step.who for step in remark.counted] == ["-1", "ben"]


async def test_a_case_that_somebody_said_nothing_in_is_left_as_it_is_by_their_forget(ledger_store: Store) -> None:
    case = team(owner="1001", steps=(Step(Kind.answer, "fitness", ("fit",), "11001"),))
    await ledger_store.run(added(case))
    for who in ("1", "100", "10011"):
        await ledger_store.run(lambda ledger, who=who: ledger.forget(who))  # type: ignore[misc]
    assert await ledger_store.run(lambda ledger: ledger.get("1f")) == case


async def test_no_case_takes_the_place_of_another_by_its_id(store: SqlStore) -> None:
    await store.run(added(kept()))
    with pytest.raises(Overtaken):
        await store.run(added(kept(owner="bob")))
    assert await store.run(lambda desk: desk.get("1f")) == kept()


async def test_a_letter_is_taken_in_once(store: SqlStore) -> None:
    assert await store.run(lambda desk: desk.take_in(letters(3, 1, BIG, 3))) == [1, 3, BIG]
    assert await store.run(lambda desk: desk.take_in([Letter(3, "else", "other"), *letters(2)])) == [2]
    assert await store.run(lambda desk: desk.take_in([])) == []
    assert await store.run(lambda desk: desk.waiting()) == letters(1, 2, 3, BIG)
    assert await store.run(lambda desk: desk.letter(4)) is None


async def test_a_backlog_of_ten_thousand_letters_is_taken_in_whole(store: SqlStore) -> None:
    backlog = letters(*range(10_000))
    assert await store.run(lambda desk: desk.take_in(backlog)) == list(range(10_000))
    assert await store.run(lambda desk: desk.waiting()) == backlog


async def test_a_letter_is_handled_once_and_then_holds_no_more_than_its_toast(store: SqlStore) -> None:
    await store.run(lambda desk: desk.take_in(letters(1, 2)))
    assert await store.run(lambda desk: desk.handled(1, "noted"))
    assert not await store.run(lambda desk: desk.handled(1, "again"))
    assert not await store.run(lambda desk: desk.handled(9, "unknown"))
    assert await store.run(lambda desk: desk.letter(1)) == Letter(1, "", "", "noted")
    assert await store.run(lambda desk: desk.waiting()) == letters(2)
    assert await store.run(lambda desk: desk.take_in(letters(1))) == []


async def test_what_was_read_of_a_note_stands_in_columns_until_it_is_handled_or_dropped(
    store: SqlStore, url: str
) -> None:
    note = Said({"levels": ("T8", "T9"), "fitness": ("fit",)}, ("left",), "1", 17, ("asymptomatic",))
    noted = [Letter(number, "chat", "[]", note=note) for number in (1, 2, 3)]
    columns = "note_findings, note_others, note_scope, note_message_id, note_key"

    def work(desk: Desk) -> None:
        desk.handled(1, "")
        desk.set_aside(2, "KeyError")
        desk.drop(2)

    await store.run(lambda desk: desk.take_in([*noted, *letters(4)]))
    found = await store.run(lambda desk: desk.waiting())
    assert found == [*noted, *letters(4)]
    assert [list(letter.note.findings) for letter in found if letter.note] == [["levels", "fitness"]] * 3, "in order"
    await store.run(work)
    assert ask(url, f"SELECT {columns} FROM inbox WHERE update_id <> 3") == [(None,) * 5] * 3  # noqa: S608 - our own
    await store.run(lambda desk: desk.set_aside(3, "KeyError"))
    await store.run(lambda desk: desk.retry(3))
    assert await store.run(lambda desk: desk.waiting()) == [noted[2], *letters(4)]
    await store.run(lambda desk: desk.set_aside(3, "KeyError"))
    await store.run(lambda desk: desk.forget("chat"))
    assert ask(url, f"SELECT {columns} FROM inbox") == [(None,) * 5] * 4  # noqa: S608 - our own


async def test_a_dead_letter_waits_aside_until_it_is_tried_again_or_dropped(store: SqlStore) -> None:
    def died(desk: Desk) -> None:
        desk.take_in(letters(1, 2, 3))
        desk.handled(3, "")
        for update_id in (1, 2, 3):
            desk.set_aside(update_id, "KeyError")

    await store.run(died)
    assert await store.run(lambda desk: desk.dead()) == [(n, "KeyError") for n in letters(1, 2)]
    assert await store.run(lambda desk: desk.waiting()) == []
    assert await store.run(lambda desk: [desk.retry(n) for n in (1, 1, 3, 9)]) == [True, False, False, False]
    assert await store.run(lambda desk: desk.waiting()) == letters(1)
    assert await store.run(lambda desk: [desk.drop(n) for n in (2, 2, 1, 9)]) == [True, False, False, False]
    assert await store.run(lambda desk: (desk.dead(), desk.letter(2))) == ([], Letter(2, "chat", ""))


async def test_tidying_leaves_what_is_not_handled_and_what_may_be_repeated(store: SqlStore) -> None:
    def work(desk: Desk) -> list[bool]:
        desk.take_in(letters(1, 2, 3, 4))
        desk.set_aside(2, "KeyError")
        desk.handled(3, "")
        desk.handled(4, "")
        desk.tidy(4, 0)
        return [desk.letter(update_id) is not None for update_id in (1, 2, 3, 4)]

    assert await store.run(work) == [True, True, False, True]


async def test_what_is_numbered_far_from_the_newest_is_forgotten_on_either_side_of_it(store: SqlStore) -> None:
    def work(desk: Desk) -> list[bool]:
        numbers = (10, 95, 100, 105, 900)
        desk.take_in(letters(*numbers))
        for number in numbers:
            desk.handled(number, "")
        desk.tidy(100, 20)
        return [desk.letter(number) is not None for number in numbers]

    assert await store.run(work) == [False, True, True, True, False]


def numbered(update_id: int, fingerprint: str) -> Letter:
    return Letter(update_id, "chat", f'"{fingerprint}"', fingerprint=fingerprint)


async def test_a_number_that_comes_again_with_other_content_is_a_new_letter(store: SqlStore) -> None:
    def first(desk: Desk) -> None:
        desk.take_in([numbered(7, "old"), numbered(8, "old"), numbered(9, "")])
        for number in (7, 8, 9):
            desk.handled(number, "as it was")

    await store.run(first)
    again = [numbered(7, "new"), numbered(8, "old"), numbered(9, "new"), Letter(8, "chat", "?")]
    assert await store.run(lambda desk: desk.take_in(again)) == [7], (
        "9 and the last are of a program without fingerprints"
    )
    assert await store.run(lambda desk: desk.waiting()) == [numbered(7, "new")]
    assert await store.run(lambda desk: desk.take_in([numbered(7, "new")])) == []
    known = await store.run(lambda desk: desk.letter(8))
    assert known == Letter(8, "", "", "as it was", "old")


async def test_a_number_whose_letter_still_waits_is_not_given_to_another(store: SqlStore) -> None:
    await store.run(lambda desk: desk.take_in([numbered(7, "old")]))
    beside = asyncio.gather(store.run(added(kept())), return_exceptions=True)
    with pytest.raises(NumberInUse):
        await store.run(lambda desk: desk.take_in([numbered(8, "new"), numbered(7, "new")]))
    assert list(await beside) == [None], "whoever shares the transaction is not told of it"
    assert await store.run(lambda desk: desk.waiting()) == [numbered(7, "old")]


async def test_a_dead_letter_gives_its_number_up_and_can_still_be_tried_again_or_dropped(store: SqlStore) -> None:
    def work(desk: Desk) -> list[int]:
        found: list[int] = []
        for fingerprint in ("first", "second", "third"):
            found += desk.take_in([numbered(7, fingerprint)])
            desk.set_aside(7, "KeyError")
        return found

    assert await store.run(work) == [7, 7, 7]
    dead = await store.run(lambda desk: {letter.update_id: letter.fingerprint for letter, _ in desk.dead()})
    assert dead == {-1: "first", -2: "second", 7: "third"}
    assert await store.run(lambda desk: (desk.retry(-1), desk.drop(-2), desk.drop(7))) == (True, True, True)
    assert [letter.fingerprint for letter in await store.run(lambda desk: desk.waiting())] == ["first"]


async def test_the_newest_wish_of_a_slot_waits_where_the_first_one_did(store: SqlStore) -> None:
    first = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "1", "old", "1f"))
    other = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "2", "page", ""))
    there = await store.run(lambda desk: desk.wish("else", OutboxKind.edit_card, "1", "far", ""))
    again = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "1", "new", "2f"))
    last = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "1", "newest", "3f"))
    assert last == Wish("chat", OutboxKind.edit_card, "1", last.version, "newest", "3f")
    assert first.version < again.version < last.version
    assert await store.run(lambda desk: desk.wishes()) == [last, other, there]
    assert await store.run(lambda desk: desk.wishes("chat")) == [last, other]


async def test_each_kind_of_wish_and_each_vote_of_a_case_has_a_slot_of_its_own(store: SqlStore) -> None:
    def work(desk: Desk) -> list[Wish]:
        wished = [desk.wish("-100", kind, "7", "{}") for kind in OutboxKind if kind is not OutboxKind.unpin]
        return [*wished, *(desk.wish("-100", OutboxKind.open_poll, "1f", "{}", "1f", number) for number in (1, 2))]

    wished = await store.run(work)
    assert await store.run(lambda desk: desk.wishes()) == wished


async def test_whether_a_message_is_pinned_is_told_by_the_last_wish(store: SqlStore) -> None:
    def work(desk: Desk) -> None:
        for kind in (OutboxKind.pin, OutboxKind.unpin, OutboxKind.pin):
            desk.wish("-100", kind, "7", "{}")
        desk.wish("-100", OutboxKind.unpin, "8", "{}")
        desk.wish("-200", OutboxKind.unpin, "7", "{}")

    await store.run(work)
    found = [(wish.place, wish.kind, wish.target) for wish in await store.run(lambda desk: desk.wishes())]
    assert found == [
        ("-100", OutboxKind.pin, "7"),
        ("-100", OutboxKind.unpin, "8"),
        ("-200", OutboxKind.unpin, "7"),
    ]


async def test_a_wish_is_struck_out_unless_its_slot_was_wished_anew(store: SqlStore) -> None:
    old = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "1", "old", ""))
    done = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "2", "done", ""))
    new = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "1", "new", ""))
    await store.run(lambda desk: desk.granted([old, done]))
    assert await store.run(lambda desk: desk.wishes()) == [new]
    await store.run(lambda desk: desk.granted([]))
    await store.run(lambda desk: desk.granted([new]))
    assert await store.run(lambda desk: desk.wishes()) == []


async def test_a_slot_that_was_shown_and_is_wished_anew_is_not_struck_out_by_what_it_was(store: SqlStore) -> None:
    shown = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "1", "the same", ""))
    await store.run(lambda desk: desk.granted([shown]))
    anew = await store.run(lambda desk: desk.wish("chat", OutboxKind.edit_card, "1", "the same", ""))
    await store.run(lambda desk: desk.granted([shown]))
    assert await store.run(lambda desk: desk.wishes()) == [anew]


async def test_nothing_of_an_erased_case_is_sent_later(store: SqlStore) -> None:
    def work(desk: Desk) -> list[str]:
        desk.add(kept("1f"))
        desk.add(kept("2f", owner="bob"))
        desk.wish("chat", OutboxKind.send_card, "1f", "{}", "1f")
        for message, case in (("1", "1f"), ("2", "2f"), ("3", "")):
            desk.wish("chat", OutboxKind.edit_card, message, "{}", case)
        desk.forget("ann")
        return [wish.target for wish in desk.wishes()]

    assert await store.run(work) == ["2", "3"]


async def test_all_is_there_when_the_store_is_opened_again(url: str) -> None:
    store = open_store(url)
    await store.run(added(kept()))
    await store.run(lambda desk: desk.take_in(letters(1)))
    wish = await store.run(lambda desk: desk.wish("c", OutboxKind.edit_card, "1", "{}", ""))
    await store.close()
    store = open_store(url)
    assert await store.run(lambda desk: (desk.get("1f"), desk.waiting())) == (kept(), letters(1))
    assert await store.run(lambda desk: desk.wishes()) == [wish]
    await store.run(lambda desk: desk.granted([wish]))
    await store.close()
    store = open_store(url)
    anew = await store.run(lambda desk: desk.wish("c", OutboxKind.edit_card, "1", "{}", ""))
    await store.close()
    assert anew.version > wish.version


async def test_jobs_are_done_in_the_order_they_were_given(store: SqlStore) -> None:
    done: list[int] = []
    await at_once(store, *(lambda _, n=n: done.append(n) for n in range(200)))
    assert done == list(range(200))


async def test_jobs_that_wait_share_a_commit(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[str] = []
    driver = store._writer._transactions._driver
    commit = driver.commit

    def counted() -> None:
        commits.append("commit")
        commit()

    monkeypatch.setattr(driver, "commit", counted)
    await store.run(added(kept()))
    commits.clear()
    assert await at_once(store, *[answered()] * 100) == list(range(1, 101))
    assert len(commits) == 3, "the one that held them up, 64, and 36"


@pytest.mark.parametrize("failing", [{0}, {5}, {15}, {3, 4, 11}, set(range(16))])
async def test_a_job_that_fails_harms_none_of_its_group(store: SqlStore, failing: set[int]) -> None:
    def job(number: int) -> Callable[[Desk], int]:
        def work(desk: Desk) -> int:
            desk.add(kept(f"case{number}"))
            if number in failing:
                raise LookupError(number)
            return number

        return work

    outcomes = await at_once(store, *map(job, range(16)))
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, LookupError)] == sorted(failing)
    there = await store.run(lambda desk: {n for n in range(16) if desk.get(f"case{n}")})
    assert there == set(range(16)) - failing


async def test_what_the_database_refuses_harms_none_of_its_group(store: SqlStore) -> None:
    outcomes = await at_once(store, added(kept()), lambda desk: desk.handled(2**70, ""), added(kept("2f")))
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    assert await store.run(lambda desk: (desk.get("1f"), desk.get("2f"))) == (kept(), kept("2f"))


@pytest.mark.parametrize("overtaken", [0, 1, TRIES - 1, TRIES])
async def test_a_job_that_was_overtaken_is_begun_again_so_often_and_no_more(store: SqlStore, overtaken: int) -> None:
    begun: list[int] = []

    def work(desk: Desk) -> int:
        desk.add(kept())
        begun.append(len(begun) + 1)
        if len(begun) <= overtaken:
            raise Overtaken("1f")
        return begun[-1]

    if overtaken < TRIES:
        assert await store.run(work) == overtaken + 1
    else:
        with pytest.raises(Overtaken):
            await store.run(work)
        assert await store.run(lambda desk: desk.get("1f")) is None
    assert len(begun) == min(overtaken + 1, TRIES)


async def test_two_processes_lose_no_answer_to_each_other(url: str, store: SqlStore) -> None:
    def turned_over(desk: Desk) -> None:  # the card changes, not the revision: still no change may be lost
        present = desk.get("2f")
        assert present
        desk.put(replace(present, card=(present.card or 0) + 1), 0)

    other = open_store(url)
    await store.run(added(kept(), kept("2f")))
    jobs = [one.run(work) for one in (store, other) for work in (answered(), turned_over) for _ in range(150)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    kinds = {type(outcome) for outcome in outcomes}
    assert kinds <= {int, type(None), Overtaken}
    answers, turns = sum(isinstance(n, int) for n in outcomes), outcomes.count(None)
    assert min(answers, turns) > 30, f"{answers} answers and {turns} turns of 300 each"
    one, two = await store.run(lambda desk: (desk.get("1f"), desk.get("2f")))
    assert one
    assert two
    assert (one.case.revision, two.card) == (answers, turns)
    await other.close()


@pytest.mark.parametrize(("raised", "seen"), [(StopIteration, RuntimeError), (asyncio.CancelledError, None)])
async def test_whatever_work_raises_its_caller_is_told(
    store: SqlStore, raised: type[BaseException], seen: type[BaseException] | None
) -> None:
    def work(_: Desk) -> None:
        raise raised

    with pytest.raises(seen or raised):
        await asyncio.wait_for(store.run(work), 5)
    await store.run(added(kept()))


async def test_a_caller_who_leaves_takes_nothing_back_and_disturbs_nobody(store: SqlStore) -> None:
    go = threading.Event()
    held = asyncio.ensure_future(store.run(lambda _: go.wait()))
    leaving = asyncio.ensure_future(store.run(added(kept())))
    await asyncio.sleep(0.01)
    leaving.cancel()
    go.set()
    assert await held
    assert await store.run(lambda desk: desk.get("1f")) == kept()


async def test_closing_finishes_what_was_begun_and_takes_no_more(url: str) -> None:
    store = open_store(url)
    jobs = [asyncio.ensure_future(store.run(added(kept(f"case{n}")))) for n in range(100)]
    await asyncio.sleep(0)
    await asyncio.gather(store.close(), store.close())
    assert all(job.done() for job in jobs)
    with pytest.raises(StoreClosed, match="open it anew"):
        await store.run(lambda desk: desk.get("case1"))
    await store.close()
    assert ask(url, "SELECT count(*) FROM cases") == [(100,)]


async def test_jobs_of_several_loops_are_answered_each_in_its_own(store: SqlStore) -> None:
    def elsewhere(number: int) -> None:
        asyncio.run(store.run(added(kept(f"case{number}"))))

    await asyncio.gather(*(asyncio.to_thread(elsewhere, number) for number in range(8)))
    assert await store.run(lambda desk: all(desk.get(f"case{n}") for n in range(8)))


async def test_f3_what_others_were_told_of_an_erased_person_is_said_of_somebody(store: SqlStore) -> None:
    def said(desk: Desk) -> None:
        desk.take_in(letters(1, 2))
        desk.handled(1, f"{person('ann')} answered first: fit.")
        desk.handled(2, f"{person('ben')} answered first: fit.")
        desk.wish("-100", OutboxKind.edit_card, "7", f'{{"text": "{person("ann")}, {person("anna")}"}}', "")

    await store.run(said)
    await store.run(lambda desk: desk.forget("ann"))
    found = await store.run(lambda desk: [desk.letter(1), desk.letter(2), *desk.wishes()])
    assert [getattr(each, "toast", "") or getattr(each, "body", "") for each in found] == [
        f"{person('')} answered first: fit.",
        f"{person('ben')} answered first: fit.",
        f'{{"text": "{person("")}, {person("anna")}"}}',
    ]
