"""How a team discusses a case: who may say what at each stage, what is kept of it, and that replay gives the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from discussion_kit import (
    AT,
    BEN,
    CLEO,
    CORPECTOMY,
    DEBATED,
    DISCUSSION,
    GIVER,
    MIS,
    OPENER,
    advice,
    closed,
    disputes,
    finding,
    finished,
    held,
    settled,
    talk,
    voting,
)
from kit import INTERVIEW, T4, T8, new_case, played
from transitions import MachineError

from flows.engine.discussion import MAX_EVENTS, NONE_OF_THESE, Discussion, Member, Stage, machine
from flows.engine.interview import Interview
from flows.errors import (
    DiscussionFull,
    NothingToUndo,
    NotPermitted,
    OpenDisputes,
    ReasonWanted,
    StaleTap,
    WrongStage,
)
from flows.model.case import AnswerEventKind, Case, DiscussionAction, DiscussionEvent
from flows.pathways.metastasis import METASTASIS

LEADS_TO = """
            complete  ask        object     settle     discuss  vote    reason  withdraw  close    reopen
gathering   advised   .          gathering  gathering  .        .       .       .         .        .
advised     .         gathering  advised    advised    voting   .       .       .         decided  .
voting      .         .          .          .          .        voting  voting  advised   decided  .
decided     .         .          .          .          .        .       .       .         .        reopened
reopened    .         gathering  reopened   reopened   voting   .       .       .         decided  .
"""
"""Written by hand: the stage that each event leads to from each stage; a point where it is not taken."""


class Walk:
    """A stage that the machine moves."""

    def __init__(self, state: str) -> None:
        self.state = state


def test_each_event_leads_from_each_stage_where_the_table_says() -> None:
    events, *rows = (line.split() for line in LEADS_TO.strip().splitlines())
    found = machine()
    assert set(found.events) == set(events)
    assert [row[0] for row in rows] == list(Stage)
    for stage, *ends in rows:
        for event, end in zip(events, ends, strict=True):
            walk = Walk(stage)
            if end == ".":
                with pytest.raises(MachineError):
                    found.events[event].trigger(walk)
            else:
                found.events[event].trigger(walk)
            assert walk.state == (stage if end == "." else end), (stage, event)


STAGES: dict[Stage, Callable[[], Case]] = {
    Stage.gathering: lambda: INTERVIEW.back(finished()),
    Stage.advised: finished,
    Stage.voting: voting,
    Stage.decided: lambda: closed(finished()),
    Stage.reopened: lambda: DISCUSSION.reopen(closed(finished()), OPENER, AT),
}
DEEDS: dict[str, Callable[[Case], Case]] = {
    "object": lambda case: held(case, "fitness", "undecided", BEN),
    "settle": lambda case: held(case, "fitness", "undecided", GIVER),
    "discuss": lambda case: DISCUSSION.discuss(case, advice(finished()), BEN, AT),
    "vote": lambda case: DISCUSSION.vote(case, MIS, "ben", AT),
    "reason": lambda case: DISCUSSION.reason(case, "wish", "ben", AT, on=True),
    "withdraw": lambda case: DISCUSSION.withdraw(case, OPENER, AT),
    "close": lambda case: DISCUSSION.close(case, advice(finished()), MIS, "", OPENER, AT),
    "reopen": lambda case: DISCUSSION.reopen(case, OPENER, AT),
}


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_member_does_is_taken_at_the_stages_of_the_table_and_else_refused(stage: Stage) -> None:
    events, *rows = (line.split() for line in LEADS_TO.strip().splitlines())
    [leads] = [dict(zip(events, row[1:], strict=True)) for row in rows if row[0] == stage]
    assert talk(STAGES[stage]()).stage is stage
    for deed, do in DEEDS.items():
        if leads[deed] == ".":
            with pytest.raises(WrongStage):
                do(STAGES[stage]())
        else:
            assert talk(do(STAGES[stage]())).stage == leads[deed], deed


def test_everything_that_is_said_bears_who_said_it_and_when() -> None:
    case = held(finished(), "deficit", "significant", BEN)
    said = [case]
    said.append(DISCUSSION.settle(said[-1], "deficit", ("none",), OPENER, AT + 1))
    said.append(DISCUSSION.discuss(said[-1], advice(said[-1]), CLEO, AT + 2))
    said.append(DISCUSSION.withdraw(said[-1], OPENER, AT + 3))
    said.append(DISCUSSION.discuss(said[-1], advice(said[-1]), BEN, AT + 4))
    said.append(DISCUSSION.vote(said[-1], MIS, "cleo", AT + 5))
    said.append(DISCUSSION.reason(said[-1], "prognosis", "ben", AT + 6, on=True))
    said.append(DISCUSSION.close(said[-1], advice(said[-1]), MIS, "", OPENER, AT + 7))
    said.append(DISCUSSION.reopen(said[-1], OPENER, AT + 8))
    assert [
        (one.discussion_events[-1].action.value, one.discussion_events[-1].who, one.discussion_events[-1].at - AT)
        for one in said
    ] == [
        ("object", "ben", 0),
        ("settle", "u1", 1),
        ("discuss", "cleo", 2),
        ("withdraw", "u1", 3),
        ("discuss", "ben", 4),
        ("vote", "cleo", 5),
        ("reason", "ben", 6),
        ("close", "u1", 7),
        ("reopen", "u1", 8),
    ]


def test_back_and_restart_wait_until_the_vote_is_taken_back_or_the_case_reopened() -> None:
    for stage in (Stage.voting, Stage.decided):
        with pytest.raises(WrongStage):
            DISCUSSION.back(STAGES[stage](), OPENER)
        with pytest.raises(WrongStage):
            DISCUSSION.restart(STAGES[stage](), OPENER)
    for stage in (Stage.gathering, Stage.advised, Stage.reopened):
        assert DISCUSSION.back(STAGES[stage](), OPENER).answer_events == STAGES[stage]().answer_events[:-1]
        assert DISCUSSION.restart(STAGES[stage](), OPENER).answer_events[-1].kind is AnswerEventKind.restart


def test_what_another_member_holds_stands_beside_the_answer_as_disputed() -> None:
    case = held(held(finished(), "deficit", "minor", BEN), "deficit", "significant", CLEO)
    assert finding(case, "deficit") == ("none",)
    assert disputes(case) == {"deficit": {"ben": ("minor",), "cleo": ("significant",)}}


def test_of_what_one_member_holds_the_last_word_counts_and_one_like_the_answer_ends_it() -> None:
    case = held(held(finished(), "deficit", "minor", BEN), "deficit", "significant", BEN)
    assert disputes(case) == {"deficit": {"ben": ("significant",)}}
    assert len(case.discussion_events) == 1
    assert disputes(held(case, "deficit", "none", BEN)) == {}


@pytest.mark.parametrize("settler", [GIVER, Member("admin", leads=True)])
@pytest.mark.parametrize("answer", ["none", "minor", "significant"])
def test_whoever_gave_the_answer_or_leads_settles_it_for_any_answer_that_is_held(settler: Member, answer: str) -> None:
    case = held(held(finished(), "deficit", "minor", BEN), "deficit", "significant", CLEO)
    case = held(case, "fitness", "undecided", BEN)
    case = settled(case, "deficit", answer, settler)
    assert finding(case, "deficit") == (answer,)
    assert disputes(case) == {"fitness": {"ben": ("undecided",)}}
    giver = INTERVIEW.state(case).answers["deficit"].who
    assert giver == ("u1" if answer == "none" else settler.who)


@pytest.mark.parametrize("answer", ["none", "minor", "significant"])
def test_whoever_gave_an_answer_settles_it_by_saying_what_they_hold_now(answer: str) -> None:
    case = held(held(finished(), "deficit", "minor", BEN), "deficit", answer, GIVER)
    assert (finding(case, "deficit"), disputes(case)) == ((answer,), {})


def test_whoever_leads_and_holds_another_answer_than_was_given_disputes_it_as_any_member_does() -> None:
    chief = Member("chief", leads=True)
    case = held(finished(), "deficit", "minor", chief)
    assert (finding(case, "deficit"), disputes(case)) == (("none",), {"deficit": {"chief": ("minor",)}})
    assert held(case, "deficit", "minor", chief).discussion_events == case.discussion_events
    assert disputes(settled(case, "deficit", "minor", chief)) == {}


def test_only_what_is_disputed_is_settled_by_who_may_and_for_an_answer_that_is_held() -> None:
    chief = Member("chief", leads=True)
    with pytest.raises(StaleTap):
        settled(finished(), "deficit", "none", chief)
    case = held(finished(), "deficit", "minor", BEN)
    with pytest.raises(StaleTap):
        settled(case, "deficit", "significant", chief)
    with pytest.raises(NotPermitted, match="u1"):
        settled(case, "deficit", "minor", BEN)
    case = settled(case, "deficit", "minor", chief)
    with pytest.raises(StaleTap):
        settled(case, "deficit", "none", chief)


def test_whoever_changes_an_answer_has_given_it_and_settles_it_from_then_on() -> None:
    case = held(finished(), "deficit", "minor", CLEO)
    case = settled(case, "deficit", "minor", Member("cleo", leads=True))
    case = held(case, "deficit", "significant", CLEO)
    assert finding(case, "deficit") == ("significant",)
    assert disputes(held(case, "deficit", "none", GIVER)) == {"deficit": {"u1": ("none",)}}


def test_to_hold_what_counts_already_changes_nothing_and_takes_nobody_s_answer() -> None:
    case = finished()
    assert held(case, "deficit", "none", GIVER) == case
    several = played({**T4, "levels": ("T2", "T4", "T7")})
    for codes in (("T7", "T4", "T2"), ("T4", "T2", "T7")):
        assert DISCUSSION.dispute(several, "levels", codes, GIVER, AT) == several


def test_what_was_settled_may_be_disputed_again() -> None:
    case = held(held(finished(), "deficit", "minor", BEN), "deficit", "none", GIVER)
    assert disputes(held(case, "deficit", "significant", BEN)) == {"deficit": {"ben": ("significant",)}}


@pytest.mark.parametrize(
    ("question", "codes"),
    [("deficit", ("dubious",)), ("deficit", ()), ("single_approach", ("enough",)), ("nothing", ("x",))],
)
def test_only_an_answer_that_counts_can_be_held_against_and_only_by_one_of_its_choices(
    question: str, codes: tuple[str, ...]
) -> None:
    for member in (OPENER, BEN):
        with pytest.raises(StaleTap):
            DISCUSSION.dispute(finished(), question, codes, member, AT)


def test_an_answer_that_asks_more_leads_back_to_the_questions_and_then_on() -> None:
    case = held(finished(), "extent", "circumferential", OPENER)
    assert talk(case).stage is Stage.gathering
    with pytest.raises(WrongStage):
        voting(case)
    case = INTERVIEW.answer(case, "single_approach", "enough", "ben")
    assert talk(case).stage is Stage.advised
    assert talk(voting(case)).stage is Stage.voting


def test_no_vote_and_no_decision_while_a_finding_is_disputed() -> None:
    case = held(finished(), "deficit", "minor", BEN)
    with pytest.raises(OpenDisputes):
        voting(case)
    with pytest.raises(OpenDisputes):
        closed(case)
    assert talk(voting(held(case, "deficit", "none", GIVER))).stage is Stage.voting


def test_an_objection_to_a_question_that_is_not_asked_any_more_keeps_nobody_from_the_vote() -> None:
    case = held(finished(), "prior", "extensive", BEN)
    case = held(case, "fitness", "unfit_advanced", OPENER)
    assert disputes(case) == {}
    assert talk(voting(case)).offered == ("nonoperative", NONE_OF_THESE)


def test_put_to_the_vote_is_what_the_source_supports_or_leaves_to_judgement_and_none_of_these() -> None:
    assert talk(voting()).offered == (MIS, DEBATED, "anterior_corpectomy", NONE_OF_THESE)
    judged = talk(voting(played(T4))).offered
    assert judged == ("posterior_corpectomy", "posterior", "combined", NONE_OF_THESE)


def test_each_member_has_one_vote_that_can_be_changed_and_taken_back() -> None:
    case = voting()
    for option in (MIS, DEBATED, DEBATED, NONE_OF_THESE):
        case = DISCUSSION.vote(case, option, "ben", AT)
        assert talk(case).votes == {"ben": option}
        assert len(case.discussion_events) == 2
    case = DISCUSSION.vote(case, MIS, "cleo", AT)
    assert talk(DISCUSSION.vote(case, "", "ben", AT)).votes == {"cleo": MIS}


def test_only_what_is_put_to_the_vote_can_be_voted_for() -> None:
    with pytest.raises(StaleTap):
        DISCUSSION.vote(voting(), CORPECTOMY, "ben", AT)


def test_reasons_are_given_by_name_and_taken_back() -> None:
    case = voting()
    for who in ("ben", "cleo", "ben"):
        case = DISCUSSION.reason(case, "wish", who, AT, on=True)
    assert talk(case).reasons == {"wish": ("cleo", "ben")}
    assert talk(DISCUSSION.reason(case, "wish", "ben", AT, on=False)).reasons == {"wish": ("cleo",)}


def test_a_vote_that_was_taken_back_leaves_no_votes_to_the_next() -> None:
    case = DISCUSSION.vote(voting(), MIS, "ben", AT)
    case = DISCUSSION.withdraw(DISCUSSION.reason(case, "wish", "ben", AT, on=True), OPENER, AT)
    assert (talk(case).votes, talk(case).reasons, talk(case).offered) == ({}, {}, ())
    again = talk(DISCUSSION.vote(voting(case), DEBATED, "cleo", AT))
    assert (again.votes, again.reasons, again.rounds) == ({"cleo": DEBATED}, {}, 2)


def test_a_decision_keeps_the_vote_with_names_and_who_voted_otherwise() -> None:
    case = voting()
    for who, option in (("ben", MIS), ("cleo", DEBATED), ("u1", MIS)):
        case = DISCUSSION.vote(case, option, who, AT)
    case = closed(DISCUSSION.reason(case, "wish", "cleo", AT, on=True))
    [decision] = talk(case).decisions
    assert (decision.option, decision.who, decision.at, decision.reason) == (MIS, "u1", AT, "")
    assert decision.votes == {"ben": MIS, "cleo": DEBATED, "u1": MIS}
    assert decision.dissent == ("cleo",)
    assert decision.reasons == {"wish": ("cleo",)}


@pytest.mark.parametrize("option", [CORPECTOMY, "nonoperative", NONE_OF_THESE])
def test_a_decision_that_departs_from_what_the_source_supports_needs_a_reason(option: str) -> None:
    with pytest.raises(ReasonWanted):
        closed(voting(), option)
    assert talk(closed(voting(), option, "wish")).decisions[-1].reason == "wish"


def test_where_no_decision_departs_a_reason_may_be_given_and_none_is_asked_for() -> None:
    for option in ("combined", "nonoperative", NONE_OF_THESE):
        assert talk(closed(played(T4), option)).decisions[-1].reason == ""
        assert talk(closed(played(T4), option, "wish")).decisions[-1].reason == "wish"
    assert talk(closed(finished(), MIS)).decisions[-1].reason == ""
    assert talk(closed(finished(), MIS, "wish")).decisions[-1].reason == "wish"


def test_a_decision_keeps_the_findings_it_was_made_on_whatever_is_answered_later() -> None:
    case = DISCUSSION.reopen(closed(finished()), OPENER, AT)
    changed = held(case, "deficit", "significant", OPENER)
    [decision] = talk(changed).decisions
    assert {step.question: (step.codes, step.who) for step in decision.counted} == {
        question: (codes, "u1") for question, codes in T8.items()
    }


def test_a_dispute_that_was_settled_keeps_who_held_what_against_which_answer_and_who_settled_it() -> None:
    case = held(held(finished(), "deficit", "minor", BEN), "deficit", "significant", CLEO)
    case = settled(case, "deficit", "minor", OPENER)
    [settlement] = talk(case).settlements
    assert (settlement.counted.codes, settlement.counted.who) == (("none",), "u1")
    assert settlement.held == {"ben": ("minor",), "cleo": ("significant",)}
    assert (settlement.codes, settlement.who) == (("minor",), "u1")


def test_a_dispute_that_begins_anew_leaves_the_settled_one_on_record() -> None:
    case = settled(held(finished(), "deficit", "minor", BEN), "deficit", "none", OPENER)
    again = held(case, "deficit", "significant", BEN)
    assert talk(again).settlements == talk(case).settlements
    assert disputes(again) == {"deficit": {"ben": ("significant",)}}
    decision = talk(closed(settled(again, "deficit", "none", OPENER))).decisions[-1]
    assert [settlement.held for settlement in decision.settlements] == [{"ben": ("minor",)}, {"ben": ("significant",)}]


def test_an_option_that_does_not_exist_is_not_decided() -> None:
    with pytest.raises(StaleTap):
        closed(finished(), "prayer", "wish")


def test_a_decision_is_made_once_and_stays_on_record_when_it_is_taken_up_again() -> None:
    case = closed(DISCUSSION.vote(voting(), MIS, "ben", AT))
    with pytest.raises(WrongStage):
        closed(case, DEBATED)
    case = DISCUSSION.reopen(case, OPENER, AT)
    assert talk(case).stage is Stage.reopened
    case = closed(held(case, "deficit", "minor", OPENER), DEBATED)
    assert [(decision.option, decision.votes) for decision in talk(case).decisions] == [
        (MIS, {"ben": MIS}),
        (DEBATED, {}),
    ]


@pytest.mark.parametrize(
    "deed",
    [
        lambda: DISCUSSION.withdraw(voting(), BEN, AT),
        lambda: closed(voting(), member=BEN),
        lambda: DISCUSSION.reopen(closed(finished()), BEN, AT),
        lambda: DISCUSSION.restart(finished(), BEN),
    ],
    ids=["withdraw", "close", "reopen", "restart"],
)
def test_only_who_leads_takes_the_vote_back_decides_reopens_and_begins_again(deed: Callable[[], Case]) -> None:
    with pytest.raises(NotPermitted):
        deed()


def test_anybody_opens_the_vote_and_votes() -> None:
    assert talk(DISCUSSION.vote(voting(member=CLEO), MIS, "cleo", AT)).votes == {"cleo": MIS}


def test_a_step_is_undone_by_who_took_it_or_who_leads() -> None:
    case = finished()
    with pytest.raises(NotPermitted) as refused:
        DISCUSSION.back(case, BEN)
    assert refused.value.args == ("u1",)
    for member in (GIVER, Member("admin", leads=True)):
        assert DISCUSSION.back(case, member).answer_events == case.answer_events[:-1]
    with pytest.raises(NothingToUndo):
        DISCUSSION.back(new_case(), BEN)


def test_a_tick_gives_nobody_the_right_to_undo_the_step_before_it() -> None:
    case = INTERVIEW.mark(INTERVIEW.restart(finished(), "u1"), "levels", "T3", "ben", on=True)
    with pytest.raises(NotPermitted):
        DISCUSSION.back(case, BEN)
    assert DISCUSSION.back(case, GIVER).answer_events == finished().answer_events


def test_a_tap_under_way_outlives_what_others_say_but_not_a_new_stage() -> None:
    case = finished()
    assert held(case, "deficit", "minor", BEN).turn == case.turn
    opened = voting()
    assert opened.turn == opened.revision
    assert DISCUSSION.vote(opened, MIS, "ben", AT).turn == opened.turn
    for moved in (DISCUSSION.withdraw(opened, OPENER, AT), closed(opened)):
        assert moved.turn == moved.revision == opened.revision + 1


def crowded(case: Case) -> Case:
    """Give a case of which as much was said as is taken."""
    room = MAX_EVENTS - len(case.discussion_events)
    return replace(
        case,
        discussion_events=case.discussion_events
        + tuple(DiscussionEvent(DiscussionAction.reason, "wish", ("wish",), f"p{n}", AT) for n in range(room)),
    )


def test_a_discussion_grows_no_further_than_its_limit_and_can_always_be_brought_to_an_end() -> None:
    case = crowded(voting())
    deeds: tuple[Callable[[], Case], ...] = (
        lambda: DISCUSSION.vote(case, MIS, "ben", AT),
        lambda: DISCUSSION.reason(case, "wish", "ben", AT, on=True),
        lambda: DISCUSSION.reopen(closed(case), OPENER, AT),
        lambda: voting(DISCUSSION.withdraw(case, OPENER, AT)),
    )
    for more in deeds:
        with pytest.raises(DiscussionFull):
            more()
    assert talk(DISCUSSION.reason(case, "wish", "p7", AT, on=False)).reasons["wish"].count("p7") == 0
    assert talk(closed(case)).stage is Stage.decided


@pytest.mark.slow
def test_nobody_fills_a_discussion_alone_however_often_they_tap() -> None:
    case = finished()
    for number in range(3 * MAX_EVENTS):
        case = held(case, "deficit", ("minor", "none")[number % 2], BEN)
        case = held(case, "fitness", "fit", OPENER)
    assert len(case.discussion_events) == 1
    for _ in range(MAX_EVENTS):
        try:
            case = DISCUSSION.withdraw(voting(case), OPENER, AT)
        except DiscussionFull:
            break
    assert MAX_EVENTS <= len(case.discussion_events) <= MAX_EVENTS + 1


def test_where_a_discussion_stands_is_the_same_for_every_reader_of_its_remarks() -> None:
    case = held(finished(), "deficit", "minor", BEN)
    case = voting(held(case, "deficit", "minor", OPENER))
    case = DISCUSSION.reopen(closed(DISCUSSION.vote(case, MIS, "ben", AT)), OPENER, AT)
    case = held(case, "levels", "T2", CLEO)
    record = Case(
        case.id, case.flow, case.edition, case.revision, case.turn, case.answer_events, case.discussion_events
    )
    other = Interview(METASTASIS)
    assert Discussion(other).state(record, other.state(record)) == talk(case)


@pytest.mark.parametrize("count", range(6))
def test_every_beginning_of_a_discussion_is_a_discussion(count: int) -> None:
    case = DISCUSSION.vote(voting(), MIS, "ben", AT)
    case = closed(voting(DISCUSSION.reopen(closed(case), OPENER, AT)))
    assert isinstance(talk(replace(case, discussion_events=case.discussion_events[:count])).stage, Stage)
