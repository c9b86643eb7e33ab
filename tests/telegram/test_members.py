"""Who is a member and what they are called, while Telegram says so late, not now or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Fields, person, virtual_bot_harness
from kit import CATALOG
from members_kit import (
    ANSWERS,
    BROKEN,
    FLOODED,
    GROUP,
    HIDDEN,
    INACCESSIBLE,
    Crowd,
    Say,
    always,
    hang,
    member,
    restarted,
)

from bot.telegram.members import FAILURE_SECONDS, WAIT
from bot.telegram.rendering.names import SOMEBODY
from bot.telegram.sending.unnamed import GIVE_UP

TOASTS, PAGES = CATALOG.team.toasts, CATALOG.team.pages


@pytest.fixture
def group(tmp_path: Path) -> Iterator[tuple[Any, Crowd]]:
    with virtual_bot_harness(tmp_path) as (run, harness):
        yield run, Crowd(harness)


def arriving(group: Crowd, status: str, user: int) -> Fields:
    """A service message tells that somebody came, or went."""
    update = group.writing(user, "")
    del update["message"]["text"]
    who: Any = [person(user)] if status == "new_chat_members" else person(user)
    update["message"][status] = who
    return update


# X8: where Telegram does not say who is a member


@pytest.mark.parametrize("refusal", [HIDDEN, INACCESSIBLE])
@pytest.mark.case("X8")
def test_where_telegram_hides_the_members_no_answer_of_a_stranger_counts_and_the_way_out_is_said(
    group: tuple[Any, Crowd], refusal: Fields
) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    crowd.say = always(refusal)
    assert run(crowd.taps(2, "T8")) == TOASTS.hidden
    assert "administrator" in TOASTS.hidden
    assert run(crowd.answered_by()) == []
    assert run(crowd.taps(1, "T8")) == "", "who has written here is a member"
    assert run(crowd.answered_by()) == ["1"]


@pytest.mark.parametrize("say", [always(FLOODED), always(BROKEN), hang], ids=["429", "502", "hanging"])
@pytest.mark.case("X8")
def test_while_telegram_cannot_be_asked_a_stranger_is_told_to_tap_again_and_counts_once_it_can(
    group: tuple[Any, Crowd], say: Say
) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    crowd.say = say
    assert run(crowd.taps(2, "T8")) == TOASTS.unproven
    assert run(crowd.answered_by()) == []
    crowd.say = None
    run(asyncio.sleep(FAILURE_SECONDS))
    assert run(crowd.taps(2, "T8")) == ""
    assert run(crowd.answered_by()) == ["2"]


@pytest.mark.case("X8")
def test_one_failure_is_asked_again_before_anybody_is_refused(group: tuple[Any, Crowd]) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    failures = [BROKEN, BROKEN]

    async def recovering(user: int) -> Fields:
        return failures.pop() if failures else member(user)

    crowd.say = recovering
    assert run(crowd.taps(2, "T8")) == ""
    assert run(crowd.answered_by()) == ["2"]


@pytest.mark.case("X8")
def test_who_came_by_a_word_of_telegram_is_a_member_and_who_went_is_not(group: tuple[Any, Crowd]) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    crowd.say = always(HIDDEN)
    run(crowd.harness.accept(arriving(crowd, "new_chat_members", 2)))
    assert run(crowd.taps(2, "T8")) == ""
    run(crowd.harness.accept(arriving(crowd, "left_chat_member", 2)))
    assert run(crowd.taps(2, "T9")) == TOASTS.hidden
    assert run(crowd.answered_by()) == ["2"]


@pytest.mark.case("X8")
def test_who_was_seen_in_one_group_is_no_member_of_another(group: tuple[Any, Crowd]) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    crowd.say = always(HIDDEN)
    run(crowd.harness.accept(crowd.writing(2, "/help", chat={"id": GROUP - 1, "type": "supergroup"})))
    assert run(crowd.taps(2, "T8")) == TOASTS.hidden


@pytest.mark.parametrize(
    "more",
    [
        {"message_thread_id": 5, "reply_to_message": {"message_id": 5}},
        {"reply_to_message": {"message_id": 5}},
        {"sender_chat": {"id": -5, "type": "channel"}},
    ],
)
@pytest.mark.case("X8")
def test_a_comment_below_a_channel_s_post_or_a_channel_s_word_proves_no_membership(
    group: tuple[Any, Crowd], more: Fields
) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    crowd.say = always(HIDDEN)
    run(crowd.harness.accept(crowd.writing(2, "/case", **more)))
    assert run(crowd.taps(2, "T8", at="Which symptomatic levels")) == TOASTS.hidden
    assert len(run(crowd.cases())) == 1, "nor does it begin a case"


@pytest.mark.case("X8")
def test_a_bot_that_becomes_an_administrator_asks_again_at_once(group: tuple[Any, Crowd]) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    crowd.say = always(HIDDEN)
    assert run(crowd.taps(2, "T8")) == TOASTS.hidden
    crowd.say = None
    sides = {
        side: {"status": "administrator", "user": person(4242)} for side in ("new_chat_member", "old_chat_member")
    }
    change = {"chat": {"id": GROUP, "type": "supergroup"}, "from": person(1), "date": 1, **sides}
    run(crowd.harness.accept({"update_id": crowd.harness.telegram.number(), "my_chat_member": change}))
    assert run(crowd.taps(2, "T8")) == ""


@pytest.mark.case("X8")
def test_a_vote_of_a_stranger_is_not_counted_and_the_group_is_told_once(group: tuple[Any, Crowd]) -> None:
    run, crowd = group
    run(crowd.finished())
    run(crowd.taps(1, "Discuss"))
    crowd.say = always(HIDDEN)
    for _ in range(3):
        run(crowd.harness.accept(crowd.voting(2, 0)))
    run(crowd.harness.accept(crowd.voting(1, 0)))
    [record] = run(crowd.cases())
    assert [said.who for said in record.case.discussion_events if said.action == "vote"] == ["1"]
    told = [text for text in crowd.texts() if CATALOG.team.lines.unproven_vote.partition(".")[0] in text]
    assert len(told) == 1
    assert record.team
    assert record.team.code_name in told[0]


@pytest.mark.case("X17")
def test_a_voter_of_a_poll_that_no_case_knows_is_told_so_in_private(group: tuple[Any, Crowd]) -> None:
    """As after a restored backup that is older than the poll; a vote that is taken back needs no word."""
    run, crowd = group
    unknown = crowd.voting(2, 0)
    unknown["poll_answer"]["poll_id"] = "1234567"
    taken_back = crowd.voting(1, 0)
    taken_back["poll_answer"] |= {"poll_id": "1234567", "option_ids": []}
    for update in (unknown, taken_back):
        run(crowd.harness.accept(update))
    sent = [call for call in crowd.harness.telegram.of("sendMessage") if call.chat != GROUP]
    assert [call.chat for call in sent] == [2]
    assert CATALOG.team.heads.unknown_poll in sent[0].text


@pytest.mark.case("X8")
def test_a_vote_waits_for_as_long_as_telegram_cannot_be_asked_and_the_newest_one_counts(
    group: tuple[Any, Crowd],
) -> None:
    run, crowd = group
    run(crowd.finished())
    run(crowd.taps(1, "Discuss"))
    crowd.say = hang

    async def voted() -> None:
        receiver = crowd.harness.application.receiver
        await receiver.accept([crowd.voting(2, 0)])
        await asyncio.sleep(20)
        crowd.say = None
        await receiver.accept([crowd.voting(2, 1)])
        await crowd.harness.settled()

    run(voted())
    [record] = run(crowd.cases())
    votes = [said.codes for said in record.case.discussion_events if said.action == "vote"]
    offered = crowd.harness.application._housekeeping._team.cases.view(record).discussion.offered
    assert votes == [(offered[1],)]


# X7: many at once, and a question that hangs


@pytest.mark.case("X7")
def test_thirty_people_who_tap_at_once_are_answered_within_three_calls_time_and_the_first_tap_counts(
    group: tuple[Any, Crowd],
) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    run(crowd.taps(1, "T8", "Only T8"))
    crowd.delay = 0.1

    async def tapped() -> float:
        taps = [crowd.tapping(user, "Fit" if user % 2 else "Undecided") for user in range(101, 131)]
        began = asyncio.get_running_loop().time()
        for tap in taps:
            await crowd.harness.application.receiver.accept([tap])
            await asyncio.sleep(0.05 / len(taps))
        await crowd.harness.settled()
        at = crowd.answered_at()
        return max(at[tap["callback_query"]["id"]] for tap in taps) - began

    assert run(tapped()) <= 0.3
    assert run(crowd.answered_by())[-1] == "101"
    assert len(crowd.asked) == len({*crowd.asked})


@pytest.mark.case("X7")
def test_who_is_asked_after_longer_keeps_their_place_before_those_who_tapped_later(
    group: tuple[Any, Crowd],
) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    run(crowd.taps(1, "T8", "Only T8"))

    async def unequal(user: int) -> Fields:
        await asyncio.sleep(2.0 if user == 101 else 0.01)
        return member(user)

    crowd.say = unequal
    run(crowd.harness.accept(crowd.tapping(101, "Fit"), crowd.tapping(102, "Undecided")))
    assert run(crowd.answered_by())[-1] == "101"


@pytest.mark.case("X7")
def test_while_the_question_hangs_thirty_taps_are_answered_within_one_wait_and_the_next_ones_at_once(
    group: tuple[Any, Crowd],
) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))
    crowd.say = hang

    async def tapped() -> tuple[float, float]:
        loop, receiver = asyncio.get_running_loop(), crowd.harness.application.receiver
        taps = [crowd.tapping(user, "T8") for user in range(101, 131)]
        began = loop.time()
        await receiver.accept(taps)
        await crowd.harness.settled()
        at = crowd.answered_at()
        first = max(at[tap["callback_query"]["id"]] for tap in taps) - began
        again = [crowd.tapping(user, "T8") for user in range(101, 131)]
        began = loop.time()
        await receiver.accept(again)
        await crowd.harness.settled()
        at = crowd.answered_at()
        return first, max(at[tap["callback_query"]["id"]] for tap in again) - began

    first, again = run(tapped())
    assert first <= WAIT + 0.2
    assert again <= 0.2
    assert run(crowd.taps(1, "T8")) == "", "who was seen is not refused"


@pytest.mark.case("X7")
def test_after_a_restart_a_card_with_twelve_names_is_sent_within_one_wait_while_names_hang(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        crowd = Crowd(harness)
        run(crowd.finished())
        run(crowd.taps(1, "Discuss"))
        for user in range(101, 113):
            run(harness.accept(crowd.voting(user, 0)))
    with virtual_bot_harness(tmp_path) as (run, after):
        restarted(harness, after)
        crowd = Crowd(after, hang, polls=1)

        async def shown() -> float:
            await crowd.says(1, "/cases")
            began = asyncio.get_running_loop().time()
            [record] = await crowd.cases()
            assert record.team
            await crowd.taps(1, record.team.code_name, at="Open cases")
            return max(c.at for c in after.telegram.of("sendMessage", "editMessageText")) - began

        assert run(shown()) <= WAIT + 0.2
        assert sorted(crowd.asked) == [1, *range(101, 113)]


@pytest.mark.case("X7")
def test_who_rules_unseen_is_asked_after_beside_the_others_too(group: tuple[Any, Crowd]) -> None:
    run, crowd = group
    run(crowd.says(1, "/case"))

    async def masked(user: int) -> Fields:
        await asyncio.sleep(0.1)
        answer = member(user, "administrator")
        answer["result"]["is_anonymous"] = True
        return answer

    crowd.say = masked

    async def tapped() -> float:
        began = asyncio.get_running_loop().time()
        await crowd.harness.accept(*(crowd.tapping(user, "T8") for user in range(101, 131)))
        return max(crowd.answered_at().values()) - began

    assert run(tapped()) <= 0.3
    assert {*crowd.harness.telegram.toasts().values()} == {TOASTS.anonymous}


# X6: a name that is not known yet


@contextmanager
def started(folder: Path, before: Crowd | None = None, say: Say | None = None) -> Iterator[tuple[Any, Crowd]]:
    """Start a bot on what was kept, before the same group; it sends what an earlier process left."""
    with virtual_bot_harness(folder) as (run, harness):
        if before:
            restarted(before.harness, harness)

        async def left_behind() -> None:
            harness.application._outbox.enqueue(await harness.store.transact(lambda uow: uow.pending_messages()))

        crowd = Crowd(harness, say, polls=before.polls if before else 0)
        run(left_behind())
        yield run, crowd


@pytest.fixture
def discussed(tmp_path: Path) -> Crowd:
    """A case that six have answered and voted on; then the bot ends."""
    with started(tmp_path) as (run, crowd):
        run(crowd.says(1, "/case"))
        for user, label in enumerate(ANSWERS, start=1):
            run(crowd.taps(min(user, 6), label))
        run(crowd.taps(1, "Discuss"))
        for user in range(2, 7):
            run(crowd.harness.accept(crowd.voting(user, 0)))
        return crowd


def record_of(crowd: Crowd) -> str:
    """Give what the newest record of a decision says."""
    return str([text for text in crowd.texts() if "Decision: " in text.split("\n")[0]][-1])


def away(seconds: float) -> Say:
    """Answer nothing for so long, from the first question on."""
    began: list[float] = []

    async def say(user: int) -> Fields:
        now = asyncio.get_running_loop().time()
        began.append(now)
        return BROKEN if now < began[0] + seconds else member(user)

    return say


@pytest.mark.case("X6")
def test_a_record_waits_for_names_that_come_within_seconds(discussed: Crowd, tmp_path: Path) -> None:
    with started(tmp_path, discussed, away(9.0)) as (run, crowd):
        crowd.harness.application._members.observe(crowd.writing(1, "hello"))
        before = len(crowd.harness.telegram.calls)
        run(crowd.decide())
        sent = [c.text for c in crowd.harness.telegram.calls[before:] if c.method == "sendMessage"]
        [posted] = [text for text in sent if "Decision: " in text]
        assert SOMEBODY not in posted
        assert all(f"P{user}" in posted for user in range(1, 7))


@pytest.mark.case("X6")
def test_a_record_and_a_card_that_lack_names_are_drawn_again_once_they_can_be_had(
    discussed: Crowd, tmp_path: Path
) -> None:
    with started(tmp_path, discussed, away(30.0)) as (run, crowd):
        crowd.harness.application._members.observe(crowd.writing(1, "hello"))
        run(crowd.decide())
        assert SOMEBODY in record_of(crowd)
        run(asyncio.sleep(60))
        run(crowd.harness.settled())
        assert not any(SOMEBODY in text for text in crowd.texts())
        assert all(f"P{user}" in record_of(crowd) for user in range(1, 7))
        assert run(crowd.harness.store.transact(lambda uow: uow.pending_messages())) == []


@pytest.mark.case("X6")
def test_what_lacks_names_is_drawn_again_by_the_next_process_too(discussed: Crowd, tmp_path: Path) -> None:
    with started(tmp_path, discussed, hang) as (run, crowd):
        crowd.harness.application._members.observe(crowd.writing(1, "hello"))
        run(crowd.decide())
        assert SOMEBODY in record_of(crowd)
    with started(tmp_path, crowd) as (run, after):
        run(after.harness.settled())
        assert not any(SOMEBODY in text for text in after.texts())


@pytest.mark.case("X6")
def test_a_name_that_its_owner_brings_is_put_in_though_telegram_never_says_it(
    discussed: Crowd, tmp_path: Path
) -> None:
    with started(tmp_path, discussed, always(HIDDEN)) as (run, crowd):
        crowd.harness.application._members.observe(crowd.writing(1, "hello"))
        run(crowd.decide())
        assert SOMEBODY in record_of(crowd)
        for user in range(2, 7):
            run(crowd.says(user, "hello"))
        run(asyncio.sleep(30))
        run(crowd.harness.settled())
        assert SOMEBODY not in record_of(crowd)


@pytest.mark.case("X6")
def test_a_name_that_was_erased_meanwhile_is_never_put_in(discussed: Crowd, tmp_path: Path) -> None:
    with started(tmp_path, discussed, hang) as (run, crowd):
        crowd.harness.application._members.observe(crowd.writing(1, "hello"))
        run(crowd.decide())
        before = len(crowd.harness.telegram.calls)
        run(crowd.harness.accept(crowd.harness.telegram.writes(2, "/forget")))
        run(crowd.harness.tap(2, "Erase everything"))
        crowd.say = None
        run(asyncio.sleep(120))
        run(crowd.harness.settled())
        later = [c.text for c in crowd.harness.telegram.calls[before:] if c.chat == GROUP]
        assert later
        assert not any("P2" in text for text in later)
        assert all(f"P{user}" in record_of(crowd) for user in (1, 3, 4, 5, 6))


@pytest.mark.case("X6")
def test_a_name_that_never_comes_is_given_up_after_a_day(discussed: Crowd, tmp_path: Path) -> None:
    with started(tmp_path, discussed, always(HIDDEN)) as (run, crowd):
        crowd.harness.application._members.observe(crowd.writing(1, "hello"))
        run(crowd.decide())
        run(asyncio.sleep(GIVE_UP + 60))
        run(crowd.harness.settled())
        assert SOMEBODY in record_of(crowd)
        assert run(crowd.harness.store.transact(lambda uow: uow.pending_messages())) == []
