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
from team_kit import ANA, Group, block, told

from bot.service.case_store import Kept, Team
from bot.service.ports import Desk
from bot.service.private_chat import Conversation
from bot.service.replies import Visit
from bot.storage.factory import open_store
from flows.cards.card import Card, Tap, Verb
from flows.engine.discussion import Discussion, Stage
from flows.engine.interview import MOST_STEPS
from flows.errors import NothingBefore
from flows.model.case import Act, Case, Kind, Remark, Step
from flows.model.editions import upgrade
from flows.pathways.editions import CHANGES, CHOICES_BEFORE
from flows.pathways.metastasis import METASTASIS
from flows.pathways.registry import library

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


def steps(answers: Answers, who: str = WHO) -> tuple[Step, ...]:
    return tuple(Step(Kind.answer, question, codes, who) for question, codes in answers.items())


def stored(answers: Answers, *more: Step, talk: tuple[Remark, ...] = ()) -> Case:
    """A case as the former edition wrote it."""
    given = (*steps(answers), *more)
    return Case("1f", "metastasis", FORMER, len(given) + len(talk), len(given), given, talk)


def now(case: Case) -> Case:
    return upgrade(case, CHANGES)


def findings(case: Case) -> Answers:
    return {question: codes for question, codes in INTERVIEW.standing(case).findings.items() if codes}


def at(case: Case) -> str:
    question = INTERVIEW.standing(case).at
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
    assert {step.question for step in INTERVIEW.standing(pedicle).unneeded} == {"single_approach", "prior"}


@pytest.mark.parametrize("question", CHOICES_BEFORE)
@pytest.mark.parametrize("base", [BODY, AROUND], ids=["body", "around"])
def test_every_answer_of_the_former_edition_is_kept_or_asked_again(base: Answers, question: str) -> None:
    again = {("prior", ("limited",)), ("extent", ("circumferential",))}
    for code in CHOICES_BEFORE[question]:
        case = now(stored({**base, question: (code,)}))
        kept = {step.question: step.codes for step in case.steps if step.kind is Kind.answer}
        name = "single_approach" if question == "one_sided" else question
        assert kept.get(name) == (None if (question, (code,)) in again else (code,)), code
        assert all(METASTASIS.question(other) for other in kept), "every question that is kept is one of today"


def test_an_older_answer_does_not_come_up_again_in_the_place_of_one_that_is_asked_again() -> None:
    case = stored({**BODY, "prior": ("none",)}, Step(Kind.reopen, "prior", who=WHO), *steps({"prior": ("limited",)}))
    assert at(now(case)) == "prior"


def test_an_answer_that_took_the_place_of_one_that_would_be_asked_again_counts() -> None:
    case = stored(BODY, Step(Kind.reopen, "prior", who=WHO), *steps({"prior": ("extensive",)}))
    assert findings(now(case)) == {**BODY, "prior": ("extensive",)}


def test_what_was_ticked_and_what_was_opened_to_be_changed_is_kept() -> None:
    ticked = stored(
        {"levels": ("T8",)}, Step(Kind.reopen, "levels", who=WHO), Step(Kind.mark, "levels", ("T8", "T9"), WHO)
    )
    standing = INTERVIEW.standing(now(ticked))
    assert (at(now(ticked)), standing.chosen) == ("levels", ("T8", "T9"))
    opened = stored({**AROUND, "extent": ("body",)}, Step(Kind.reopen, "fitness", who=WHO))
    assert at(now(opened)) == "fitness"


def test_what_was_read_of_a_note_and_is_not_confirmed_is_asked_again_too() -> None:
    note = Step(Kind.read, "", ("5",), WHO)
    read = tuple(Step(Kind.read, question, codes, WHO) for question, codes in AROUND.items())
    case = now(Case("1f", "metastasis", FORMER, 1, 1, (note, *read)))
    assert INTERVIEW.standing(case).read == {
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
    for _ in range(MOST_STEPS):
        case = answer(INTERVIEW, case, "prior", ("limited",)) if at(case) == "prior" else case
        case = changed(case, "prior", ("limited",))
    assert len(case.steps) <= MOST_STEPS
    assert now(case) is case
    while any(step.kind is Kind.answer for step in case.steps):
        case = INTERVIEW.back(case)
    assert now(case) is case
    with pytest.raises(NothingBefore):
        INTERVIEW.back(case)
    assert now(INTERVIEW.restart(now(stored(BODY)), WHO)).edition == FORMER


def test_the_card_says_under_which_edition_a_case_was_begun() -> None:
    assert now(stored(BODY)).edition == FORMER < CATALOG.edition


def test_a_case_of_this_edition_is_returned_as_it_is() -> None:
    case = Case("1f", "metastasis", CATALOG.edition, 1, 1, steps({"levels": ("T8",)}))
    assert now(case) is case
    scored = Case("1fxt8", "sins", FORMER, 1, 1, (Step(Kind.answer, "pain", ("none",), WHO),))
    assert now(scored) is scored, "nothing changed in a score"


def test_a_button_that_was_drawn_before_does_not_answer_what_it_did_not_ask() -> None:
    case = stored({**BODY, "prior": ("none",)}, Step(Kind.reopen, "extent", who=WHO))
    assert now(case).turn == now(case).revision == case.revision + 1


# A team's cases.

ADVISED = {**BODY, "prior": ("none",)}


def stage(case: Case) -> Stage:
    return DISCUSSION.talk(case, INTERVIEW.standing(case)).stage


def disputes(case: Case) -> dict[str, Any]:
    standing = INTERVIEW.standing(case)
    return DISCUSSION.talk(case, standing).disputes(standing)


def test_a_dispute_is_kept_under_its_present_name_and_one_that_meant_something_else_is_not() -> None:
    talk = (
        Remark(Act.object, "one_sided", ("enough",), "ben", 1.0),
        Remark(Act.object, "deficit", ("minor",), "ben", 2.0),
        Remark(Act.object, "prior", ("limited",), "ben", 3.0),
        Remark(Act.object, "extent", ("posterior",), "ben", 4.0),
    )
    case = now(stored({**AROUND, "extent": ("body",)}, talk=talk))
    assert disputes(case) == {"deficit": {"ben": ("minor",)}, "extent": {"ben": ("posterior",)}}
    assert [remark.subject for remark in case.talk] == ["single_approach", "deficit", "extent"]


@pytest.mark.parametrize(
    ("ends", "frozen"),
    [
        ((Remark(Act.discuss, "", ("posterior", "none"), "ann", 1.0),), Stage.voting),
        ((Remark(Act.close, "posterior", (), "ann", 1.0),), Stage.decided),
    ],
    ids=["a vote is open", "it is decided"],
)
def test_what_a_team_votes_on_or_has_decided_stands_as_it_was_answered(
    ends: tuple[Remark, ...], frozen: Stage
) -> None:
    case = now(stored(AROUND, talk=ends))
    assert stage(case) is frozen
    assert findings(case) == {**without(AROUND, "one_sided"), "single_approach": ("not_enough",)}
    assert now(case) == case
    assert case.talk == ends


def test_what_was_decided_and_is_taken_up_again_is_asked_again() -> None:
    closed = Remark(Act.close, "posterior", (), "ann", 1.0)
    case = now(stored(AROUND, talk=(closed, Remark(Act.reopen, "", (), "ann", 2.0))))
    assert (at(case), stage(case)) == ("extent", Stage.gathering)
    standing = INTERVIEW.standing(case)
    assert [decision.option for decision in DISCUSSION.talk(case, standing).decisions] == ["posterior"]


# In the database, and on the cards.


def write(url: str, case: Case, team: Team | None = None, place: str = "p1", owner: str = WHO) -> None:
    """Write a case behind the back of the store, as the former edition left it."""
    asyncio.run(open_store(url).close())
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
        "answer_events": orjson.dumps([[s.kind, s.question, s.codes, s.who] for s in case.steps]).decode(),
        "card_message_id": 1,
        "updated_at": 1_700_000_000.0,
    }
    if team:
        talk = [[r.act, r.subject, r.codes, r.who, r.at] for r in case.talk]
        rows |= {
            "discussion_events": orjson.dumps(talk).decode(),
            "code_name": team.name,
            "created_at": team.opened,
            "shared_by": "",
            "poll_id": "",
        }
        rows["decision_message_id"] = team.minutes or "null"
    values = ", ".join(str(v) if isinstance(v, int | float) or v == "null" else f"'{v}'" for v in rows.values())
    ask(url, f"INSERT INTO cases ({', '.join(rows)}, archived) VALUES ({values}, false)")  # noqa: S608 - a test's own


def in_store(url: str, work: Callable[[Desk], Result]) -> Result:
    async def run() -> Result:
        store = open_store(url)
        try:
            return await store.run(work)
        finally:
            await store.close()

    return asyncio.run(run())


def conversation() -> Conversation:
    return Conversation(*library(), lambda: 1_800_000_000.0, lambda: "2f")


def test_a_stored_case_is_asked_again_and_its_old_buttons_say_so(url: str) -> None:
    case = stored(BODY)
    write(url, case)
    old = Tap(Verb.change, "fitness", "", case.id, case.turn)
    reply = in_store(url, lambda desk: conversation().tap(desk, old, Visit("p1", WHO, 1)))
    [show] = reply.shows
    assert reply.toast == CATALOG.wording.toasts.stale
    assert show.card.title == "Earlier thoracic or abdominal surgery or radiation?"
    text = " ".join(line.text for block in show.card.blocks for line in block.lines)
    assert f"Begun under edition {FORMER}" in text
    [button] = [b for row in show.card.rows for b in row if b.label == "Limited"]
    reply = in_store(url, lambda desk: conversation().tap(desk, show.card.wish(button), Visit("p1", WHO, 1)))
    assert (reply.toast, reply.shows[0].card.title) == ("", "Posterior MIS")
    kept = in_store(url, lambda desk: desk.get(case.id))
    assert kept
    assert findings(kept.case) == BODY
    assert kept.case.edition == FORMER
    assert in_store(url, lambda desk: desk.current("p1", WHO)) == kept, "it is the same, read once more"


def test_two_changes_of_a_stored_case_in_one_transaction_are_both_kept(url: str) -> None:
    write(url, stored(BODY))

    def twice(desk: Desk) -> None:
        kept = desk.get("1f")
        assert kept
        desk.put(Kept(kept.case, kept.place, kept.owner, 2.0, card=5), kept.case.revision)
        again = desk.get("1f")
        assert again
        case = answer(INTERVIEW, again.case, "prior", ("unknown",))
        desk.put(Kept(case, kept.place, kept.owner, 3.0, card=6), again.case.revision)

    in_store(url, twice)
    kept = in_store(url, lambda desk: desk.get("1f"))
    assert kept
    assert (kept.card, findings(kept.case)) == (6, {**BODY, "prior": ("unknown",)})


def test_forget_takes_a_person_out_of_a_team_s_case_of_the_former_edition(url: str) -> None:
    write(url, stored(BODY), Team("🟦 Heron", 1.0), place="-100", owner="ann")
    in_store(url, lambda desk: desk.forget(WHO))
    [kept] = in_store(url, lambda desk: desk.team_cases("-100"))
    assert {step.who for step in kept.case.steps if step.kind is Kind.answer} == {"-1"}
    assert at(kept.case) == "prior"


async def test_a_decided_case_of_a_team_keeps_its_record_and_asks_again_once_it_is_reopened(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    closed = Remark(Act.close, "posterior", (), ANA, 1_700_000_000.0)
    case = stored({**AROUND, "fitness": ("fit",)}, talk=(closed,))
    await asyncio.to_thread(write, url, case, Team("🟦 Heron", 1.0, minutes=2), "-100", ANA)
    store = open_store(url)
    group = Group(store=store)  # type: ignore[arg-type] # it keeps cases as the one in memory does
    group.messages |= {1: Card("", "the case"), 2: Card("", "its decision")}
    await group.wish(Tap(Verb.show, case=case.id), ANA, 1)
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
    kept = await store.run(lambda desk: desk.get(case.id))
    assert kept
    assert [remark.act for remark in kept.case.talk] == [Act.close, Act.reopen]
    await store.close()
