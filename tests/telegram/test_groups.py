"""A team's case through the strict local Bot API: who may answer, what the group hears of it, and what survives."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from group_kit import (
    ADVISED,
    ANSWERS,
    BASIC,
    BOARD,
    CHATS,
    FORUM,
    LEVELS,
    LINDQVIST,
    OKAFOR,
    OPEN,
    REYES,
    ROUNDS,
    THREE,
    Group,
    grouped,
    isolated,
)
from starlette.responses import JSONResponse, Response
from store_kit import ask
from telegram_kit import PlaygroundHarness, data

from bot.playground.chats.models import (
    DR_LINDQVIST,
    DR_OKAFOR,
    DR_REYES,
    SPINE_BOARD,
    START,
    ChatMember,
    Person,
)
from bot.service.policies import AccessPolicy
from bot.service.retention import LOOKS_APART, RetentionPolicy


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a group have as many calls as it likes; how many it has otherwise is tested with the pace."""
    monkeypatch.setattr("bot.telegram.sending.rate_limit.GROUP_BURST", 10_000)
    monkeypatch.setattr("bot.telegram.sending.rate_limit.CHAT_BURST", 10_000)


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Group]:
    async with grouped(tmp_path) as board:
        yield board


@pytest.mark.case("C2")
async def test_of_two_answers_at_once_the_first_counts_and_the_second_is_told_who_gave_it_and_what(
    board: Group,
) -> None:
    await board.say("/case", answer=LEVELS)
    await board.tap("T8")
    await board.reads("T8 · 1 level")
    await board.tap("Only T8")
    card = await board.reads("fit for surgery")
    for who, label in ((OKAFOR, "Fit"), (LINDQVIST, "Undecided")):
        button = data(card, label)
        await board.seat.play.tap(card["message_id"], button, chat_id=BOARD, person_id=who, stale=True)
    await board.told(LINDQVIST, f"{isolated(DR_OKAFOR)} answered first: fit.")
    await board.reads("Neurological")
    [record] = await board.cases()
    assert [(step.codes, step.who) for step in record.case.answer_events if step.question == "fitness"] == [
        (("fit",), str(OKAFOR))
    ]


@pytest.mark.case("C3")
async def test_an_onlooker_of_a_public_group_is_told_and_nothing_is_stored(tmp_path: Path) -> None:
    stranger = replace(ROUNDS, members=THREE[:2])
    async with grouped(tmp_path, OPEN, (*START, stranger)) as rounds:
        await rounds.say("/case", answer=LEVELS)
        before = await rounds.worked()
        await rounds.tap("T8", LINDQVIST)
        await rounds.told(LINDQVIST, "Only members of this group may take part")
        assert await rounds.worked() == before


@pytest.mark.case("C3")
async def test_an_onlooker_who_was_a_member_until_just_now_is_told_and_nothing_is_stored(tmp_path: Path) -> None:
    async with grouped(tmp_path, OPEN) as rounds:
        await rounds.say("/case", answer=LEVELS)
        await rounds.tap("T8", LINDQVIST)
        await rounds.reads("T8 · 1 level")
        before = await rounds.worked()
        rounds.seat.play.world.admin.leave(OPEN, LINDQVIST)
        await rounds.tap("T9", LINDQVIST)
        await rounds.told(LINDQVIST, "Only members of this group may take part")
        assert await rounds.worked() == before


@pytest.mark.case("C4")
async def test_a_case_whose_owner_leaves_goes_on_with_those_who_stay_until_the_owner_is_back(
    tmp_path: Path,
) -> None:
    async with grouped(tmp_path, OPEN) as rounds:
        stage = rounds.seat.play.world.admin
        await rounds.finished(LINDQVIST)
        stage.leave(OPEN, LINDQVIST)
        before = await rounds.worked()
        await rounds.tap("Close", LINDQVIST)
        await rounds.told(LINDQVIST, "Only members of this group may take part")
        assert await rounds.worked() == before
        await rounds.tap("‹ Back", OKAFOR)
        await rounds.reads("Earlier thoracic or abdominal")
        await rounds.tap("None", OKAFOR)
        await rounds.reads(ADVISED)
        stage.join(OPEN, LINDQVIST)
        await rounds.tap("Close", LINDQVIST)
        await rounds.reads("What did you decide?")
        [record] = await rounds.cases()
        assert [step.who for step in record.case.answer_events if step.question == "prior"] == [str(OKAFOR)]


@pytest.mark.case("C3")
async def test_who_comments_in_a_group_without_being_in_it_is_told_so(tmp_path: Path) -> None:
    stranger = replace(ROUNDS, members=THREE[:2])
    async with grouped(tmp_path, OPEN, (*START, stranger)) as rounds:
        await rounds.beyond()
        chat = {"id": OPEN, "type": "supergroup", "title": "Open rounds"}
        message = {"message_id": 700, "date": 1, "chat": chat, "from": DR_LINDQVIST.user(), "text": "/case"}
        await rounds.seat.application.receiver.accept([{"update_id": 900_002, "message": message}])
        await rounds.reads("Only members of this group may take part")
        assert not await rounds.cases()


@pytest.mark.case("C12")
async def test_who_writes_as_the_group_or_as_a_channel_is_told_to_write_as_themselves(board: Group) -> None:
    board.seat.play.world.admin.make_anonymous(BOARD, REYES)
    for told, (who, masked) in enumerate(((REYES, {}), (LINDQVIST, {"channel": "Spine news"})), start=1):
        await board.say("/case", who, **masked)
        await board.until(partial(lambda told: len(board.cards()) == told, told))
        assert "Please write as yourself" in board.cards()[-1]["text"]
    assert not await board.cases()


@pytest.mark.case("C12")
async def test_what_is_no_command_of_ours_is_nobody_s_business_whoever_writes_it(board: Group) -> None:
    board.seat.play.world.admin.make_anonymous(BOARD, REYES)
    for said in ("/weather@spinemets_bot", "/case@other_bot", "/sins@spinemets_bot", "T8, no deficit"):
        await board.say(said, REYES)
        await board.say(said, LINDQVIST, channel="Spine news")
    await board.beyond()
    assert [card["text"].splitlines()[0] for card in board.cards()] == ["How to use it in a group"]


@pytest.mark.case("C12")
async def test_an_anonymous_administrator_who_taps_is_told_and_counts_again_once_they_can_be_seen(
    board: Group,
) -> None:
    stage = board.seat.play.world.admin
    await board.say("/case", answer=LEVELS)
    before = await board.worked()
    stage.make_anonymous(BOARD, OKAFOR)
    await board.tap("T8", OKAFOR)
    await board.told(OKAFOR, "Please answer as yourself")
    assert await board.worked() == before
    stage.make_anonymous(BOARD, OKAFOR, on=False)
    await board.tap("T8", OKAFOR)
    await board.reads("T8 · 1 level")
    [record] = await board.cases()
    assert [step.who for step in record.case.answer_events] == [str(OKAFOR)]


@pytest.mark.case("C12")
async def test_a_tap_that_bears_a_mask_is_told_to_come_as_oneself(board: Group) -> None:
    await board.say("/case", answer=LEVELS)
    card = board.card(LEVELS)
    before = await board.worked()
    masked = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    query = {"id": "777", "from": masked, "message": card, "chat_instance": "1", "data": data(card, "T8")}
    await board.seat.application.receiver.accept([{"update_id": 900_001, "callback_query": query}])
    await board.beyond()
    inbox_update = await board.seat.store.transact(lambda uow: uow.get_update(900_001))
    assert inbox_update
    assert inbox_update.answer_text.startswith("Please answer as yourself")
    assert await board.worked() == before


@pytest.mark.case("C12")
async def test_a_vote_in_the_name_of_the_group_counts_for_nobody(board: Group) -> None:
    poll = await board.voting()
    board.seat.play.world.admin.make_anonymous(BOARD, OKAFOR)
    assert await board.seat.play.vote(poll, OKAFOR, 0) == 200
    assert await board.seat.play.vote(poll, LINDQVIST, 1) == 200
    await board.reads(isolated(DR_LINDQVIST))
    [record] = await board.cases()
    assert [said.who for said in record.case.discussion_events if said.action == "vote"] == [str(LINDQVIST)]


@pytest.mark.case("C13")
async def test_a_group_that_is_not_listed_is_told_its_number_once_and_nothing_after(tmp_path: Path) -> None:
    listed = AccessPolicy(open=False, users=frozenset({OKAFOR}))
    async with grouped(tmp_path, access=listed) as board:
        await board.say("/case", answer="This group doesn't have access yet")
        assert str(BOARD) in board.cards()[0]["text"]
        await board.say("/case", LINDQVIST)
        await board.say("/help")
        await board.beyond()
        assert len(board.cards()) == 2
        await board.tap("Start", LINDQVIST)
        await board.told(LINDQVIST, f"Send your ID, {LINDQVIST},")
        assert not await board.cases()


@pytest.mark.case("C13")
async def test_a_bot_that_is_added_to_a_foreign_group_says_one_line(tmp_path: Path) -> None:
    absent = replace(SPINE_BOARD, bot="left")
    async with grouped(tmp_path, chats=(*START[:3], absent), access=AccessPolicy(open=False)) as board:
        board.seat.play.world.admin.set_bot(BOARD, "member")
        await board.reads("Until then the bot stays silent here")
        assert len(board.cards()) == 1


@pytest.mark.case("A18")
async def test_a_group_that_became_a_supergroup_goes_on_with_its_case_under_a_card_there(tmp_path: Path) -> None:
    async with grouped(tmp_path, BASIC) as night:
        await night.say("/case", answer=LEVELS)
        await night.tap("T8")
        await night.reads("T8 · 1 level")
        [before] = await night.cases()
        anew = Group(night.seat, night.seat.play.world.admin.migrate(BASIC))
        await anew.reads("T8 · 1 level")
        await anew.tap("Only T8", LINDQVIST)
        await anew.reads("fit for surgery")
        [after] = await anew.cases()
        assert (after.case.id, after.team and after.team.code_name) == (
            before.case.id,
            before.team and before.team.code_name,
        )
        assert not await night.cases()


@pytest.mark.case("A18")
async def test_a_decision_is_posted_and_pinned_anew_in_the_supergroup(tmp_path: Path) -> None:
    async with grouped(tmp_path, BASIC) as night:
        await night.finished()
        await night.decided()
        world = night.seat.play.world
        await night.until(lambda: bool(world.chats.get(BASIC).pinned))
        anew = Group(night.seat, world.admin.migrate(BASIC))
        record = await anew.reads("Decision: Posterior MIS")
        await anew.until(lambda: world.chats.get(anew.chat).pinned == (record["message_id"],))


@pytest.mark.case("A18")
async def test_a_vote_that_is_open_while_the_group_moves_is_asked_anew_there(tmp_path: Path) -> None:
    async with grouped(tmp_path, BASIC) as night:
        await night.voting()
        anew = Group(night.seat, night.seat.play.world.admin.migrate(BASIC))
        await anew.until(lambda: bool(anew.polls()))
        assert await anew.seat.play.vote(anew.polls()[-1], LINDQVIST, 0) == 200
        await anew.reads("The vote")
        await anew.until(lambda: isolated(DR_LINDQVIST) in anew.cards()[-1]["text"])
        [record] = await anew.cases()
        assert [said.who for said in record.case.discussion_events if said.action == "vote"] == [str(LINDQVIST)]


async def test_a_case_of_a_topic_its_vote_and_its_decision_stay_in_that_topic(tmp_path: Path) -> None:
    async with grouped(tmp_path, FORUM) as forum:
        forum.thread = forum.seat.play.world.chats.get(FORUM).topics[1].id
        await forum.voting()
        await forum.decided()
        assert {message.get("message_thread_id") for message in forum.messages()} == {forum.thread}
        assert len(forum.messages()) == 3


@pytest.mark.slow
@pytest.mark.parametrize("chat", [BOARD, FORUM])
async def test_a_new_card_is_not_edited_to_what_it_says_already(tmp_path: Path, chat: int) -> None:
    edits: list[dict[str, Any]] = []

    async def count(when: str, method: str, params: dict[str, Any]) -> None:
        edits.extend([params] if (when, method) == ("before", "editMessageText") else [])

    async with grouped(tmp_path, chat, fault_hook=count) as group:
        topics = group.seat.play.world.chats.get(chat).topics
        group.thread = topics[0].id if topics else 0
        await group.say("/case", answer=LEVELS)
        await group.beyond()
        assert not edits


async def test_a_card_that_was_deleted_in_a_topic_is_sent_anew_in_that_topic(tmp_path: Path) -> None:
    async with grouped(tmp_path, FORUM) as forum:
        topic = forum.thread = forum.seat.play.world.chats.get(FORUM).topics[0].id
        await forum.say("/case", answer=LEVELS)
    async with grouped(tmp_path, FORUM, start=False) as forum:
        await forum.tap("T8", OKAFOR)
        forum.seat.play.world.delete(FORUM, forum.card(LEVELS)["message_id"])
        forum.seat.task = asyncio.create_task(forum.seat.application.run_polling())
        anew = await forum.reads("T8 · 1 level")
        assert anew.get("message_thread_id") == topic


async def test_a_tap_on_a_card_that_is_gone_from_a_topic_counts_and_brings_the_card_back_there(tmp_path: Path) -> None:
    async with grouped(tmp_path, FORUM) as forum:
        topic = forum.thread = forum.seat.play.world.chats.get(FORUM).topics[0].id
        await forum.say("/case", answer=LEVELS)
        card = forum.card(LEVELS)
        forum.seat.play.world.delete(FORUM, card["message_id"])
        gone = {"chat_id": FORUM, "message_id": card["message_id"], "data": data(card, "T8"), "stale": True}
        await forum.seat.play.page("tap", person_id=OKAFOR, **gone)
        anew = await forum.reads("T8 · 1 level")
        assert anew.get("message_thread_id") == topic


async def test_a_case_stays_with_its_chat_whatever_a_button_elsewhere_says(board: Group) -> None:
    await board.say("/case", answer=LEVELS)
    before = [record.case for record in await board.cases()]
    card = board.card(LEVELS)
    forged = data(card, "T8")
    await board.seat.play.page(
        "tap", chat_id=OPEN, message_id=card["message_id"], data=forged, person_id=LINDQVIST, stale=True
    )
    await board.told(LINDQVIST, "This case was erased")
    assert [record.case for record in await board.cases()] == before
    assert forgeries(board) == ["foreign"]


@pytest.mark.case("D2")
async def test_a_forged_tap_is_refused_and_logged_in_codes_and_a_late_one_is_not(board: Group) -> None:
    await board.say("/case", answer=LEVELS)
    card = board.card(LEVELS)
    late = data(card, "T8")
    await board.tap("T8", OKAFOR)
    await board.reads("T8 · 1 level")
    await board.tap("Only T8", OKAFOR)
    await board.reads("fit for surgery")
    before = [record.case for record in await board.cases()]
    for bearing in (late, "DROP TABLE cases; T8 John Smith", "ffffffffff.0.a.levels.T8"):
        tapped = {"chat_id": BOARD, "message_id": card["message_id"], "data": bearing, "stale": True}
        await board.seat.play.page("tap", person_id=LINDQVIST, **tapped)
    await board.until(lambda: [who for who, _ in board.toasts].count(LINDQVIST) == 3)
    for told in ("This button no longer works", "This button does not work here"):
        await board.told(LINDQVIST, told)
    assert [record.case for record in await board.cases()] == before
    assert forgeries(board) == ["unreadable", "misplaced"]
    assert "Smith" not in board.seat.log.getvalue()
    assert str(LINDQVIST) not in board.seat.log.getvalue()


@pytest.mark.case("D2")
async def test_no_member_deletes_or_paints_over_the_record_of_a_decision_with_made_up_data(board: Group) -> None:
    await board.finished()
    record = await board.decided()
    await board.until(lambda: bool(board.seat.play.world.chats.get(BOARD).pinned))
    [case_record] = await board.cases()
    note = await board.seat.play.say("who is on call?", BOARD, person_id=OKAFOR)
    card, case = board.cards()[-2], case_record.case.id
    made_up = [f".0.wp.m.{record['message_id']}", f".0.wp.m.{note}", f"{case}.0.wp.m.{record['message_id']}"]
    made_up += [".0.hp", ".0.hm", ".0.br", ".0.er", ".0.sc.sins", f"{case}.0.bk", f"{case}.0.op", "c0ffee.0.a"]
    for bearing in made_up:
        tapped = {"chat_id": BOARD, "message_id": record["message_id"], "data": bearing, "stale": True}
        await board.seat.play.page("tap", person_id=LINDQVIST, **tapped)
    await board.beyond()
    assert board.seat.play.world.messages.get(BOARD, note)
    assert board.card("Decision: Posterior MIS") == record
    assert board.card("Decided: Posterior MIS")["message_id"] == card["message_id"]
    assert forgeries(board) == ["misplaced"] * len(made_up)


async def test_two_topics_have_each_their_own_cases(tmp_path: Path) -> None:
    async with grouped(tmp_path, FORUM) as week:
        first, second = (topic.id for topic in week.seat.play.world.chats.get(FORUM).topics)
        week.thread = first
        await week.say("/case", answer=LEVELS)
        later = Group(week.seat, FORUM, second)
        await later.say("/cases", answer="/case starts one")
        assert len(await week.cases()) == 1
        assert not await later.cases()


async def test_the_cases_of_a_group_that_removed_the_bot_rest_and_go_on_once_it_is_back(board: Group) -> None:
    await board.say("/case", answer=LEVELS)
    await board.tap("T8")
    await board.reads("T8 · 1 level")
    stage = board.seat.play.world.admin
    stage.set_bot(BOARD, "kicked")
    stage.set_bot(BOARD, "member")
    await board.beyond()
    assert not await board.cases()
    await board.tap("Only T8", OKAFOR, at="T8 · 1 level")
    await board.until(lambda: "Set aside" in board.cards()[0]["text"])
    await board.tap("Continue", OKAFOR, at="Set aside")
    await board.reads("T8 · 1 level")
    await board.tap("Only T8", OKAFOR)
    await board.reads("fit for surgery")


async def test_a_score_stands_beside_the_question_of_a_team_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with grouped(tmp_path) as board:
        await board.say("/case", answer=LEVELS)
        for question, label in (*ANSWERS[:4], ("Where is the tumour", "Circumferential")):
            await board.reads(question)
            await board.tap(label)
        await board.reads("How extensive is the destruction")
        await board.tap("SINS", OKAFOR)
        await board.reads("SINS · 2, four left")
        await board.tap("Mechanical", LINDQVIST)
        await board.reads("SINS · 3, three left")
    async with grouped(tmp_path) as board:
        rest = {"bone lesion": "Lytic", "alignment": "Normal", "collapsed": "Less than", "elements": "Bilateral"}
        for question, label in rest.items():
            await board.reads(question)
            await board.tap(label, OKAFOR)
        await board.reads("SINS 11 · potentially unstable")
        await board.tap("‹ Back to the case", LINDQVIST)
        card = await board.reads("How extensive is the destruction")
        assert "SINS: 11 · potentially unstable" in card["text"]
        assert len(board.cards()) == 1
        assert not forgeries(board)


async def test_votes_that_were_cast_while_the_bot_was_away_are_counted_after_its_next_start(tmp_path: Path) -> None:
    async with grouped(tmp_path) as board:
        poll = await board.voting()
        assert await board.seat.play.vote(poll, REYES, 0) == 200
        await board.until(lambda: isolated(DR_REYES) in board.card("The vote")["text"])
    async with grouped(tmp_path, start=False) as board:
        for who, option in ((OKAFOR, 0), (LINDQVIST, 1)):
            assert await board.seat.play.vote(poll, who, option) == 200
        board.seat.task = asyncio.create_task(board.seat.application.run_polling())
        await board.until(lambda: isolated(DR_LINDQVIST) in board.card("The vote")["text"])
        [record] = await board.cases()
        assert {said.who for said in record.case.discussion_events if said.action == "vote"} == {
            str(REYES),
            str(OKAFOR),
            str(LINDQVIST),
        }


@pytest.mark.case("A7")
async def test_a_vote_in_the_first_of_two_copies_of_a_poll_is_said_not_to_count(tmp_path: Path) -> None:
    unconfirmed = [JSONResponse({"ok": False, "error_code": 502, "description": "Bad Gateway"}, 502)]

    async def lost(when: str, method: str, _: dict[str, Any]) -> Response | None:
        return unconfirmed.pop() if (when, method) == ("after", "sendPoll") and unconfirmed else None

    async with grouped(tmp_path, fault_hook=lost) as board:
        await board.finished()
        await board.tap("Discuss")
        await board.until(lambda: len(board.polls()) == 2)
        first, second = board.polls()
        assert await board.seat.play.vote(second, REYES, 0) == 200
        await board.until(lambda: isolated(DR_REYES) in board.card("The vote")["text"])
        for who in (OKAFOR, LINDQVIST):
            assert await board.seat.play.vote(first, who, 1) == 200
        said = await board.reads("a vote was not counted")
        [record] = await board.cases()
        assert record.team
        assert said["text"].startswith(record.team.code_name)
        assert said["message_id"] > second["message_id"]
        assert await board.seat.play.vote(second, OKAFOR, 1) == 200
        await board.until(lambda: isolated(DR_OKAFOR) in board.card("The vote")["text"])
        [record] = await board.cases()
        assert {said.who for said in record.case.discussion_events if said.action == "vote"} == {
            str(REYES),
            str(OKAFOR),
        }
        assert len([card for card in board.cards() if "was not counted" in card["text"]]) == 1


async def test_the_decision_ends_the_vote_and_is_pinned(board: Group) -> None:
    await board.voting()
    record = await board.decided()
    world = board.seat.play.world
    await board.until(lambda: world.chats.get(BOARD).pinned == (record["message_id"],))
    await board.until(lambda: bool(board.polls()[-1]["poll"]["is_closed"]))


@pytest.mark.parametrize(("status", "pins"), [("member", True), ("administrator", False)])
async def test_a_bot_that_may_not_pin_posts_the_decision_and_says_why_it_is_not_pinned(
    board: Group, status: str, *, pins: bool
) -> None:
    board.seat.play.world.admin.set_bot(BOARD, status, pins=pins)
    await board.voting()
    await board.decided()
    await board.reads("The decision above is not pinned")
    assert board.seat.play.world.chats.get(BOARD).pinned == ()
    await board.tap("Reopen", at="Decision: Posterior MIS")
    await board.beyond()
    assert len([card for card in board.cards() if "is not pinned" in card["text"]]) == 1, "to unpin is not missed"


async def test_what_is_not_pinned_in_a_topic_is_said_in_that_topic(tmp_path: Path) -> None:
    chats = tuple(replace(room, bot="member") if room.id == FORUM else room for room in CHATS)
    async with grouped(tmp_path, FORUM, chats) as week:
        week.thread = week.seat.play.world.chats.get(FORUM).topics[0].id
        await week.finished()
        await week.decided()
        said = await week.reads("The decision above is not pinned")
        assert said["message_thread_id"] == week.thread


async def test_forget_takes_the_name_off_every_card_and_record_that_the_group_still_shows(board: Group) -> None:
    named = DR_OKAFOR.first_name
    await board.finished(OKAFOR)
    await board.tap("✎ Answers", LINDQVIST)
    await board.reads("Change an answer")
    await board.tap("✎ no deficit", LINDQVIST)
    await board.reads("Disagree?")
    await board.tap("Minor", LINDQVIST)
    await board.reads("Disputed: no deficit or minor deficit")
    await board.tap("✎ Answers", OKAFOR)
    await board.reads("Change an answer")
    await board.tap("✎ no deficit", OKAFOR)
    await board.reads("Disagree?")
    await board.tap("Settle: no deficit", OKAFOR)
    await board.until(lambda: "Disputed" not in board.cards()[-1]["text"] and ADVISED in board.cards()[-1]["text"])
    await board.decided(OKAFOR)
    await board.tap("Reopen", OKAFOR, at="Decided: Posterior MIS")
    await board.until(lambda: "Superseded: Posterior MIS" in board.cards()[-1]["text"])
    await board.until(lambda: "Close" in str(board.cards()[0]["reply_markup"]))
    await board.decided(OKAFOR, at=ADVISED)
    await board.until(lambda: "Decided: Posterior MIS" in board.cards()[0]["text"])
    assert [named in card["text"] for card in board.cards()] == [True] * 3
    playground = board.seat.play
    await playground.say("/forget", OKAFOR, person_id=OKAFOR)
    await board.until(
        lambda: "Erase everything" in str(playground.world.messages.every(OKAFOR)[-1].get("reply_markup"))
    )
    page = playground.world.messages.every(OKAFOR)[-1]
    await playground.tap(page["message_id"], data(page, "Erase everything"), chat_id=OKAFOR, person_id=OKAFOR)
    await board.until(lambda: not any(named in card["text"] for card in board.cards()))
    card, superseded, record = board.cards()
    assert superseded["text"].startswith("Superseded: Posterior MIS")
    assert record["text"].startswith("Decision: Posterior MIS")
    for shown in (card, superseded, record):
        assert "no deficit (someone)" in shown["text"]
        assert f"minor deficit ({isolated(DR_LINDQVIST)}) against no deficit (someone)" in shown["text"]


async def shared(harness: PlaygroundHarness) -> str:
    """Finish a case alone and ask for the link that hands it to a group; give what the link says."""
    await harness.say("/new", LEVELS)
    await harness.answer(*ANSWERS)
    await harness.reads("✓ Posterior (open): supported")
    await harness.tap("Share to team", "Share this case with a team")
    [link] = [
        b["url"] for row in (await harness.newest())["reply_markup"]["inline_keyboard"] for b in row if "url" in b
    ]
    return str(link).partition("startgroup=")[2]


async def test_a_link_brings_a_case_of_ones_own_to_the_group_once(board: Group) -> None:
    token = await shared(board.seat)
    for _ in range(2):
        await board.say(f"/start@spinemets_bot {token}", answer=f"shared by {isolated(DR_REYES)}")
    await board.beyond()
    [record] = await board.cases()
    assert record.owner == str(REYES)
    [private] = await board.seat.store.transact(lambda uow: [uow.get(token.partition("-")[0])])
    assert private
    assert [step.codes for step in record.case.answer_events] == [step.codes for step in private.case.answer_events]


async def test_a_link_opens_nothing_for_another_person(board: Group) -> None:
    token = await shared(board.seat)
    await board.say(f"/start@spinemets_bot {token}", OKAFOR, "This link has expired")
    assert not await board.cases()


async def slowly(when: str, method: str, _: dict[str, Any]) -> None:
    """Take longer over a new message than the bot takes over its start."""
    if (when, method) == ("before", "sendMessage"):
        await asyncio.sleep(0.5)


@pytest.mark.slow
async def test_two_cases_that_nobody_touches_rest_with_one_reminder_and_go_on_by_it(tmp_path: Path) -> None:
    async with grouped(tmp_path) as board:
        await board.say("/case", answer=LEVELS)
        await board.tap("T8")
        await board.reads("T8 · 1 level")
        await board.say("/case", OKAFOR)
        await board.until(lambda: len(board.cards()) == 2)
        first, second = (record.team.code_name for record in reversed(await board.cases()) if record.team)
    for _ in range(2):
        async with grouped(tmp_path, retention=RetentionPolicy(archive_after=0.0), fault_hook=slowly) as board:
            await board.until(lambda: len(board.cards()) > 2)
            await board.beyond()
            assert not await board.cases()
            [reminder] = [card for card in board.cards() if "Nobody has tapped here" in card["text"]]
            assert {first, second} <= {*reminder["text"].splitlines()[0].removesuffix(" is paused").split(", ")}
    async with grouped(tmp_path) as board:
        await board.tap(f"Continue: {first}", LINDQVIST, at="Nobody has tapped here")
        await board.reads("T8 · 1 level")
        assert [record.team.code_name for record in await board.cases() if record.team] == [first]


async def test_a_case_whose_time_is_over_is_erased_and_its_card_says_so_when_it_is_tapped(tmp_path: Path) -> None:
    async with grouped(tmp_path) as board:
        await board.say("/case", answer=LEVELS)
        await board.tap("T8")
        await board.reads("T8 · 1 level")
    seen_a_day_ago = -LOOKS_APART
    ask(f"sqlite:///{tmp_path}/cases.db", f"UPDATE cases SET due_since = {seen_a_day_ago}")  # noqa: S608 - our number
    async with grouped(tmp_path, retention=RetentionPolicy(delete_after=0.0)) as board:
        await board.tap("Only T8", OKAFOR)
        await board.reads("This case is no longer here")
        await board.told(OKAFOR, "was erased")
        assert not await board.cases()
    assert b"levels" not in stored(tmp_path)


async def test_what_the_members_say_to_each_other_is_never_taken_in(tmp_path: Path) -> None:
    reading = replace(SPINE_BOARD, bot="administrator")
    async with grouped(tmp_path, chats=(*START[:3], reading)) as board:
        for said in ("John Smith 12.03.1950, T8, no deficit", "/case@other_bot", "T8"):
            await board.say(said, LINDQVIST)
        await board.beyond()
        assert len(board.cards()) == 1
    with closing(sqlite3.connect(tmp_path / "cases.db")) as database:
        assert database.execute("SELECT count(*) FROM inbox").fetchone() == (1,)
    for word in (b"Smith", b"1950", b"no deficit"):
        assert word not in stored(tmp_path)


@pytest.mark.case("D5", "D6")
async def test_names_with_markup_or_from_right_to_left_are_shown_as_they_stand_and_kept_nowhere(
    tmp_path: Path,
) -> None:
    marked = Person(1004, "<b>Bobby</b> & *Co*")
    turned = Person(1005, "\u202eאברהם\u200b")
    people = (ChatMember(DR_REYES, "creator"), ChatMember(marked), ChatMember(turned))
    async with grouped(tmp_path, chats=(*START[:3], replace(SPINE_BOARD, members=people))) as board:
        await board.say("/case", marked.id, LEVELS)
        for (question, label), who in zip(ANSWERS, (marked, turned) * 4, strict=False):
            await board.reads(question)
            await board.tap(label, who.id)
        card = await board.reads(ADVISED)
        assert isolated(marked) in card["text"]
        assert "\u2068אברהם\u2069" in card["text"]
        assert "\u202e" not in card["text"]
        log = board.seat.log.getvalue()
    for name in ("Bobby", "אברהם", "Reyes"):
        assert name.encode() not in stored(tmp_path)
        assert name not in log


def forgeries(group: Group) -> list[str]:
    """Give what the log says of forged taps."""
    said = [json.loads(line) for line in group.seat.log.getvalue().splitlines()]
    told = [line for line in said if line["event"] == "forged_tap"]
    assert all({*line} == {"event", "update_id", "why"} for line in told), told
    return [line["why"] for line in told]


def stored(folder: Path) -> bytes:
    """Give every byte of the database."""
    return b"".join(path.read_bytes() for path in folder.glob("cases.db*"))
