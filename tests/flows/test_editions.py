"""Cases that were stored under the former edition: what means something else now is asked again, all else is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson
import pytest
from kit import CATALOG, INTERVIEW, WHO, answer, changed
from store_kit import ask, sqlite_url
from team_kit import ANA, FakeGroup, block, told

from bot.service.case_store import CaseRecord, TeamRecord
from bot.service.ports import UnitOfWork
from bot.service.private.private_chat import PrivateChat
from bot.service.replies import ActionContext
from bot.storage.factory import create_storage
from flows.cards.card import Action, Card, Tap
from flows.engine.discussion import Discussion, Stage
from flows.engine.interview import MAX_EVENTS
from flows.errors import NothingToUndo
from flows.model.case import AnswerEvent, AnswerEventKind, Case, DiscussionAction, DiscussionEvent
from flows.model.editions import upgrade
from flows.pathways.editions import CHANGES, CHOICES_BEFORE
from flows.pathways.metastasis import METASTASIS
from flows.pathways.registry import flow_registry

Result = TypeVar("Result")

pytest_plugins = ("store_fixtures",)

FORMER = "2026-11"
DISCUSSION = Discussion(INTERVIEW)

Answers = dict[str, tuple[str, ...]]

BODY: Answers = {
    "levels": ("T8",),
    "fitness": ("fit",),
    "deficit": ("none",),
    "extent": ("body",),
    "destruction": ("limited",),
    "prior": ("limited",),
}
AROUND: Answers = {
    "levels": ("T9", "T10"),
    "fitness": ("undecided",),
    "deficit": ("significant",),
    "extent": ("circumferential",),
    "destruction": ("extensive",),
    "one_sided": ("not_enough",),
    "prior": ("none",),
}


def steps(answers: Answers, who: str = WHO) -> tuple[AnswerEvent, ...]:
    return tuple(AnswerEvent(AnswerEventKind.answer, question, codes, who) for question, codes in answers.items())


def stored(answers: Answers, *more: AnswerEvent, discussion: tuple[DiscussionEvent, ...] = ()) -> Case:
    """A case as the former edition wrote it."""
    given = (*steps(answers), *more)
    return Case("1f", "metastasis", FORMER, len(given) + len(discussion), len(given), given, discussion)


def now(case: Case) -> Case:
    return upgrade(case, CHANGES)


def findings(case: Case) -> Answers:
    return {question: codes for question, codes in INTERVIEW.state(case).findings.items() if codes}


def at(case: Case) -> str:
    question = INTERVIEW.state(case).current
    return question.code if question else ""


def without(answers: Answers, *questions: str) -> Answers:
    return {question: codes for question, codes in answers.items() if question not in questions}


# What is asked again, and what is kept.


def test_limited_earlier_treatment_is_asked_again_and_all_else_is_kept() -> None:
    case = now(stored(BODY))
    assert (at(case), findings(case)) == ("prior", without(BODY, "prior"))
    assert findings(answer(INTERVIEW, case, "prior", ("limited",))) == BODY


def test_a_circumferential_tumour_is_asked_again_and_what_hangs_on_it_counts_once_it_is_answered() -> None:
    case = now(stored(AROUND))
    assert (at(case), findings(case)) == ("extent", without(AROUND, "extent", "one_sided", "prior", "destruction"))
    around = answer(INTERVIEW, case, "extent", ("circumferential",))
    assert findings(around) == {**without(AROUND, "one_sided"), "single_approach": ("not_enough",)}
    assert at(around) == ""
    pedicle = answer(INTERVIEW, case, "extent", ("body_pedicle",))
    assert at(pedicle) == "", "several levels: the other two are not asked"
    assert {step.question for step in INTERVIEW.state(pedicle).inactive} == {"single_approach", "prior"}


@pytest.mark.parametrize("question", CHOICES_BEFORE)
@pytest.mark.parametrize("base", [BODY, AROUND], ids=["body", "around"])
def test_every_answer_of_the_former_edition_is_kept_or_asked_again(base: Answers, question: str) -> None:
    again = {("prior", ("limited",)), ("extent", ("circumferential",))}
    for code in CHOICES_BEFORE[question]:
        case = now(stored({**base, question: (code,)}))
        record = {step.question: step.codes for step in case.answer_events if step.kind is AnswerEventKind.answer}
        name = "single_approach" if question == "one_sided" else question
        assert record.get(name) == (None if (question, (code,)) in again else (code,)), code
        assert all(METASTASIS.question(other) for other in record), "every question that is kept is one of today"


def test_an_older_answer_does_not_come_up_again_in_the_place_of_one_that_is_asked_again() -> None:
    case = stored(
        {**BODY, "prior": ("none",)},
        AnswerEvent(AnswerEventKind.reopen, "prior", who=WHO),
        *steps({"prior": ("limited",)}),
    )
    assert at(now(case)) == "prior"


def test_an_answer_that_took_the_place_of_one_that_would_be_asked_again_counts() -> None:
    case = stored(BODY, AnswerEvent(AnswerEventKind.reopen, "prior", who=WHO), *steps({"prior": ("extensive",)}))
    assert findings(now(case)) == {**BODY, "prior": ("extensive",)}


def test_what_was_ticked_and_what_was_opened_to_be_changed_is_kept() -> None:
    ticked = stored(
        {"levels": ("T8",)},
        AnswerEvent(AnswerEventKind.reopen, "levels", who=WHO),
        AnswerEvent(AnswerEventKind.mark, "levels", ("T8", "T9"), WHO),
    )
    state = INTERVIEW.state(now(ticked))
    assert (at(now(ticked)), state.selected) == ("levels", ("T8", "T9"))
    opened = stored({**AROUND, "extent": ("body",)}, AnswerEvent(AnswerEventKind.reopen, "fitness", who=WHO))
    assert at(now(opened)) == "fitness"


def test_what_was_read_of_a_note_and_is_not_confirmed_is_asked_again_too() -> None:
    note = AnswerEvent(AnswerEventKind.read, "", ("5",), WHO)
    read = tuple(AnswerEvent(AnswerEventKind.read, question, codes, WHO) for question, codes in AROUND.items())
    case = now(Case("1f", "metastasis", FORMER, 1, 1, (note, *read)))
    assert INTERVIEW.state(case).unconfirmed == {
        **without(AROUND, "extent", "one_sided"),
        "single_approach": ("not_enough",),
    }
    confirmed = INTERVIEW.confirm(case, WHO)
    assert at(confirmed) == "extent"
    assert now(confirmed) is confirmed


def test_a_case_in_which_nothing_was_done_is_one_of_this_edition() -> None:
    assert now(Case("1f", "metastasis", FORMER)) == Case("1f", "metastasis", CATALOG.edition)


# Once, and honestly.


def test_it_is_done_once_whatever_is_answered_afterwards() -> None:
    case = now(stored(BODY))
    assert now(case) is case
    case = answer(INTERVIEW, case, "prior", ("limited",))
    case = changed(case, "extent", ("circumferential",))
    assert now(case) is case
    assert at(case) == "single_approach"


def test_it_is_done_once_however_far_one_goes_back_and_however_long_it_grows() -> None:
    case = now(stored(BODY))
    for _ in range(MAX_EVENTS):
        case = answer(INTERVIEW, case, "prior", ("limited",)) if at(case) == "prior" else case
        case = changed(case, "prior", ("limited",))
    assert len(case.answer_events) <= MAX_EVENTS
    assert now(case) is case
    while any(step.kind is AnswerEventKind.answer for step in case.answer_events):
        case = INTERVIEW.back(case)
    assert now(case) is case
    with pytest.raises(NothingToUndo):
        INTERVIEW.back(case)
    assert now(INTERVIEW.restart(now(stored(BODY)), WHO)).edition == FORMER


def test_the_card_says_under_which_edition_a_case_was_begun() -> None:
    assert now(stored(BODY)).edition == FORMER < CATALOG.edition


def test_a_case_of_this_edition_is_returned_as_it_is() -> None:
    case = Case("1f", "metastasis", CATALOG.edition, 1, 1, steps({"levels": ("T8",)}))
    assert now(case) is case
    scored = Case("1fxt8", "sins", FORMER, 1, 1, (AnswerEvent(AnswerEventKind.answer, "pain", ("none",), WHO),))
    assert now(scored) is scored, "nothing changed in a score"


def test_a_button_that_was_drawn_before_does_not_answer_what_it_did_not_ask() -> None:
    case = stored({**BODY, "prior": ("none",)}, AnswerEvent(AnswerEventKind.reopen, "extent", who=WHO))
    assert now(case).turn == now(case).revision == case.revision + 1


# A team's cases.

ADVISED = {**BODY, "prior": ("none",)}


def stage(case: Case) -> Stage:
    return DISCUSSION.state(case, INTERVIEW.state(case)).stage


def disputes(case: Case) -> dict[str, Any]:
    state = INTERVIEW.state(case)
    return DISCUSSION.state(case, state).disputes(state)


def test_a_dispute_is_kept_under_its_present_name_and_one_that_meant_something_else_is_not() -> None:
    discussion = (
        DiscussionEvent(DiscussionAction.object, "one_sided", ("enough",), "ben", 1.0),
        DiscussionEvent(DiscussionAction.object, "deficit", ("minor",), "ben", 2.0),
        DiscussionEvent(DiscussionAction.object, "prior", ("limited",), "ben", 3.0),
        DiscussionEvent(DiscussionAction.object, "extent", ("posterior",), "ben", 4.0),
    )
    case = now(stored({**AROUND, "extent": ("body",)}, discussion=discussion))
    assert disputes(case) == {"deficit": {"ben": ("minor",)}, "extent": {"ben": ("posterior",)}}
    assert [event.subject for event in case.discussion_events] == ["single_approach", "deficit", "extent"]


@pytest.mark.parametrize(
    ("ends", "frozen"),
    [
        ((DiscussionEvent(DiscussionAction.discuss, "", ("posterior", "none"), "ann", 1.0),), Stage.voting),
        ((DiscussionEvent(DiscussionAction.close, "posterior", (), "ann", 1.0),), Stage.decided),
    ],
    ids=["a vote is open", "it is decided"],
)
def test_what_a_team_votes_on_or_has_decided_stands_as_it_was_answered(
    ends: tuple[DiscussionEvent, ...], frozen: Stage
) -> None:
    case = now(stored(AROUND, discussion=ends))
    assert stage(case) is frozen
    assert findings(case) == {**without(AROUND, "one_sided"), "single_approach": ("not_enough",)}
    assert now(case) == case
    assert case.discussion_events == ends


def test_what_was_decided_and_is_taken_up_again_is_asked_again() -> None:
    closed = DiscussionEvent(DiscussionAction.close, "posterior", (), "ann", 1.0)
    case = now(stored(AROUND, discussion=(closed, DiscussionEvent(DiscussionAction.reopen, "", (), "ann", 2.0))))
    assert (at(case), stage(case)) == ("extent", Stage.gathering)
    state = INTERVIEW.state(case)
    assert [decision.option for decision in DISCUSSION.state(case, state).decisions] == ["posterior"]


# In the database, and on the cards.


def write(url: str, case: Case, team: TeamRecord | None = None, place: str = "p1", owner: str = WHO) -> None:
    """Write a case behind the back of the store, as the former edition left it."""
    asyncio.run(create_storage(url).close())
    rows = {
        "bot_id": "",
        "id": case.id,
        "chat_id": place,
        "thread_id": 0,
        "owner": owner,
        "flow": case.flow,
        "edition": case.edition,
        "revision": case.revision,
        "turn": case.turn,
        "answer_events": orjson.dumps([[s.kind, s.question, s.codes, s.who] for s in case.answer_events]).decode(),
        "card_message_id": 1,
        "updated_at": 1_700_000_000.0,
    }
    if team:
        discussion = [[r.action, r.subject, r.codes, r.who, r.at] for r in case.discussion_events]
        rows |= {
            "discussion_events": orjson.dumps(discussion).decode(),
            "code_name": team.code_name,
            "created_at": team.created_at,
            "shared_by": "",
            "poll_id": "",
            "undelivered": "",
        }
        rows["decision_message_id"] = team.decision_message_id or "null"
    values = ", ".join(str(v) if isinstance(v, int | float) or v == "null" else f"'{v}'" for v in rows.values())
    ask(url, f"INSERT INTO cases ({', '.join(rows)}, archived) VALUES ({values}, false)")  # noqa: S608 - a test's own


def in_store(url: str, work: Callable[[UnitOfWork], Result]) -> Result:
    async def run() -> Result:
        store = create_storage(url)
        try:
            return await store.transact(work)
        finally:
            await store.close()

    return asyncio.run(run())


def conversation() -> PrivateChat:
    return PrivateChat(*flow_registry(), lambda: 1_800_000_000.0, lambda: "2f")


def test_a_stored_case_is_asked_again_and_its_old_buttons_say_so(url: str) -> None:
    case = stored(BODY)
    write(url, case)
    old = Tap(Action.change, "fitness", "", case.id, case.turn)
    reply = in_store(url, lambda uow: conversation().tap(uow, old, ActionContext("p1", WHO, 1)))
    [show] = reply.shows
    assert reply.toast == CATALOG.wording.toasts.stale
    assert show.card.title == "Earlier thoracic or abdominal surgery or radiation?"
    text = " ".join(line.text for block in show.card.blocks for line in block.lines)
    assert f"Begun under edition {FORMER}" in text
    [button] = [b for row in show.card.rows for b in row if b.label == "Limited"]
    reply = in_store(url, lambda uow: conversation().tap(uow, show.card.tap_of(button), ActionContext("p1", WHO, 1)))
    assert (reply.toast, reply.shows[0].card.title) == ("", "Posterior MIS")
    record = in_store(url, lambda uow: uow.get(case.id))
    assert record
    assert findings(record.case) == BODY
    assert record.case.edition == FORMER
    assert in_store(url, lambda uow: uow.get_current("p1", WHO)) == record, "it is the same, read once more"


def test_two_changes_of_a_stored_case_in_one_transaction_are_both_kept(url: str) -> None:
    write(url, stored(BODY))

    def twice(uow: UnitOfWork) -> None:
        record = uow.get("1f")
        assert record
        uow.update(CaseRecord(record.case, record.place, record.owner, 2.0, card_message_id=5), record.case.revision)
        again = uow.get("1f")
        assert again
        case = answer(INTERVIEW, again.case, "prior", ("unknown",))
        uow.update(CaseRecord(case, record.place, record.owner, 3.0, card_message_id=6), again.case.revision)

    in_store(url, twice)
    record = in_store(url, lambda uow: uow.get("1f"))
    assert record
    assert (record.card_message_id, findings(record.case)) == (6, {**BODY, "prior": ("unknown",)})


def test_forget_takes_a_person_out_of_a_team_s_case_of_the_former_edition(url: str) -> None:
    write(url, stored(BODY), TeamRecord("🟦 Heron", 1.0), place="-100", owner="ann")
    in_store(url, lambda uow: uow.erase_person(WHO))
    [record] = in_store(url, lambda uow: uow.list_team_cases("-100"))
    assert {step.who for step in record.case.answer_events if step.kind is AnswerEventKind.answer} == {"-1"}
    assert at(record.case) == "prior"


async def test_a_decided_case_of_a_team_keeps_its_record_and_asks_again_once_it_is_reopened(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    closed = DiscussionEvent(DiscussionAction.close, "posterior", (), ANA, 1_700_000_000.0)
    case = stored({**AROUND, "fitness": ("fit",)}, discussion=(closed,))
    await asyncio.to_thread(write, url, case, TeamRecord("🟦 Heron", 1.0, decision_message_id=2), "-100", ANA)
    store = create_storage(url)
    group = FakeGroup(store=store)  # type: ignore[arg-type] # it keeps cases as the one in memory does
    group.messages |= {1: Card("", "the case"), 2: Card("", "its decision")}
    await group.wish(Tap(Action.show, case=case.id), ANA, 1)
    card = group.messages[1]
    assert card.title.startswith("Decided: Posterior decompression")
    given = block(card, CATALOG.team.heads.given_by)
    assert any(line.startswith("circumferential") for line in given)
    assert any(line.startswith("single approach not enough") for line in given)
    await group.tap("Reopen", at=1)
    assert group.messages[1].title == "Where is the tumour?"
    record = group.messages[2]
    assert record.title.startswith("Superseded: Posterior")
    assert any(line.startswith("circumferential") for _, lines in told(record) for line in lines), "as it was recorded"
    case_record = await store.transact(lambda uow: uow.get(case.id))
    assert case_record
    assert [event.action for event in case_record.case.discussion_events] == [
        DiscussionAction.close,
        DiscussionAction.reopen,
    ]
    await store.close()
