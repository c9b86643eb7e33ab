"""What is said to be still possible, and what another answer would change, is what trying everything by hand shows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import groupby

import decision_table as table
import pytest
from kit import (
    CARDS,
    CATALOG,
    INTERVIEW,
    T4,
    T8,
    FakePrivateChat,
    buttons,
    drawn,
    labels,
    lines,
    new_case,
    played,
    read,
    refusals,
)

from flows.cards.card import Action, Button, Card, Style
from flows.engine.counterfactuals import Counterfactual, Headline, OutcomeExplorer, PossibleOutcomes
from flows.errors import StaleTap
from flows.model.findings import Codes, Findings
from flows.model.rules import Recommendation, Rule, Verdict, decide
from flows.pathways.metastasis import METASTASIS

FORESIGHT = OutcomeExplorer(METASTASIS)
WORDS = CATALOG.wording
FORK = "Settle fitness first"
LONGEST = 50
"""Characters of the longest button of what would change it: two lines of a narrow phone."""

Ending = tuple[Findings, Recommendation]


def given(case: table.Findings) -> Findings:
    return {code: codes if isinstance(codes, tuple) else (codes,) for code, codes in case.items()}


@cache
def endings() -> tuple[Ending, ...]:
    """Decide every case of the table kept by hand."""
    found = [METASTASIS.effective(given(case)) for case in table.every_case()]
    return tuple((case, decide(METASTASIS.guidance, case)) for case in found)


def beginnings() -> Iterator[tuple[Findings, list[Recommendation]]]:
    """Give every beginning of every case, with what comes of each case that begins so."""
    for end in range(1, 8):
        paths = [(tuple((code, codes) for code, codes in case.items() if codes), told) for case, told in endings()]
        longer = sorted((path[:end], number) for number, (path, _) in enumerate(paths) if len(path) >= end)
        for beginning, group in groupby(longer, key=lambda pair: pair[0]):
            yield dict(beginning), [paths[number][1] for _, number in group]


def lead_of(case: table.Findings) -> Headline:
    return by_hand(tuple(table.settled(case).items()))[0]


def verdicts_of(case: table.Findings) -> dict[str, str]:
    return by_hand(tuple(table.settled(case).items()))[1]


@cache
def by_hand(case: tuple[tuple[str, str | tuple[str, ...]], ...]) -> tuple[Headline, dict[str, str]]:
    """Read a case from the table, once."""
    findings = dict(case)
    fork = FORK if findings["fitness"] == "undecided" else ""
    verdicts = {option: judged.verdict for option, judged in table.evaluate(findings).items()}
    return Headline(table.headline(findings), fork), verdicts


def finished(case: table.Findings) -> list[table.Findings]:
    """Answer, by the table's own list of questions, whatever a changed case still asks."""
    asked = next((code for code in table.asked(case) if code not in case), None)
    if asked is None:
        return [case]
    return [end for code in table.ANSWERS[asked] for end in finished({**case, asked: code})]


def as_table(codes: Findings) -> table.Findings:
    return {code: answer if code == "levels" else answer[0] for code, answer in codes.items()}


def names(ahead: PossibleOutcomes, option: str) -> set[str]:
    return {verdict.name for verdict in ahead.verdicts[option]}


def test_what_is_in_play_is_exactly_what_some_completion_of_every_beginning_reaches() -> None:
    seen = 0
    for beginning, ends in beginnings():
        ahead = FORESIGHT.outcomes(beginning)
        for option in CATALOG.options:
            reached = {advice.verdict for end in ends for advice in end.options if advice.option == option}
            assert ahead.verdicts[option] == reached, (beginning, option)
            assert ahead.is_ruled_out(option) is all(verdict.is_no for verdict in reached)
        assert set(ahead.headlines) == {
            Headline(end.headline.option if end.headline else "", end.fork.title if end.fork else "") for end in ends
        }
        seen += 1
    assert seen > 1000


def test_a_reason_is_certain_exactly_when_every_completion_gives_it() -> None:
    for beginning, ends in beginnings():
        ahead = FORESIGHT.outcomes(beginning)
        for option in CATALOG.options:
            told = [reasons(end, option) for end in ends]
            assert {id(rule) for rule in ahead.certain_rules[option]} == set.intersection(*told), (beginning, option)


def reasons(end: Recommendation, option: str) -> set[int]:
    rules: list[Rule] = [rule for advice in end.options if advice.option == option for rule in advice.reasons]
    return {id(rule) for rule in rules}


@pytest.mark.slow
def test_every_question_that_is_asked_can_still_change_the_recommendation() -> None:
    idle = set()
    for beginning, _ in beginnings():
        at = METASTASIS.next_question(METASTASIS.effective(beginning))
        if at is None:
            continue
        matters = {told(beginning, at.code, code) for code in at.codes}
        if len(matters) == 1:
            idle.add(at.code)
    assert not idle


@cache
def _told_by(path: tuple[tuple[str, Codes], ...]) -> frozenset[tuple[object, ...]]:
    cases = finished(as_table(dict(path)))
    return frozenset(_signature(decide(METASTASIS.guidance, METASTASIS.effective(given(case)))) for case in cases)


def _signature(end: Recommendation) -> tuple[object, ...]:
    advice = tuple((a.option, a.verdict, tuple(map(id, a.reasons))) for a in end.options)
    return advice, tuple(note.text for note in end.notes), end.fork.title if end.fork else ""


def told(beginning: Findings, question: str, code: str) -> frozenset[tuple[object, ...]]:
    return _told_by((*beginning.items(), (question, (code,))))


def others(case: table.Findings) -> Iterator[tuple[str, table.Findings]]:
    """Give every other answer to every question but the levels, as a case of the table."""
    for code in table.asked(case):
        for other in table.ANSWERS.get(code, ()):
            if other != case[code]:
                yield code, {**case, code: other}


@pytest.mark.slow
def test_the_listed_changes_are_exactly_those_that_change_a_verdict_or_the_headline() -> None:
    for case in table.every_case():
        listed = {
            (c.question, c.codes[0]): c for c in FORESIGHT.counterfactuals(given(case)) if c.question != "levels"
        }
        for code, changed in others(case):
            ends = finished(changed)
            change = listed.pop((code, str(changed[code])), None)
            leads, verdicts = {lead_of(end) for end in ends}, [verdicts_of(end) for end in ends]
            if change is None:
                assert leads == {lead_of(case)}
                assert all(found == verdicts_of(case) for found in verdicts), (case, code)
            else:
                agrees(change, leads, verdicts)
                record = lead_of(case) in leads
                assert change.changes_headline is (True if not record else None if len(leads) > 1 else False)
        assert not listed


def agrees(change: Counterfactual, leads: set[Headline], verdicts: list[dict[str, str]]) -> None:
    """Hold a change against what comes of it by the table."""
    assert set(change.outcomes.headlines) == leads
    for option in CATALOG.options:
        assert names(change.outcomes, option) == {found[option] for found in verdicts}


@pytest.mark.slow
def test_a_listed_change_of_levels_leads_where_the_table_leads() -> None:
    for case in table.every_case():
        for change in FORESIGHT.counterfactuals(given(case)):
            if change.question == "levels":
                ends = finished({**case, "levels": change.codes})
                agrees(change, {lead_of(end) for end in ends}, [verdicts_of(end) for end in ends])


@pytest.mark.slow
def test_no_single_step_of_levels_that_matters_is_left_out() -> None:
    for case in table.every_case():
        levels = set(case["levels"])
        listed = [change for change in FORESIGHT.counterfactuals(given(case)) if change.question == "levels"]
        known = {(change.outcomes.headlines, tuple(change.outcomes.verdicts.items())) for change in listed}
        now = FORESIGHT.outcomes(given(case))
        for level in table.SPINE:
            other = levels ^ {level}
            if other:
                after = FORESIGHT.outcomes({**given(case), "levels": tuple(other)})
                same = (after.headlines, after.verdicts) == (now.headlines, now.verdicts)
                assert same or (after.headlines, tuple(after.verdicts.items())) in known, (case, level)


def test_every_what_if_shows_what_a_fresh_case_with_that_answer_shows() -> None:
    for findings in (T8, T4, {**T8, "fitness": ("undecided",)}, {**T8, "levels": ("T4", "T8")}):
        case = played(findings_that_count(findings))
        state = INTERVIEW.state(case)
        now = {code: step.codes for code, step in state.answers.items()}
        for change in FORESIGHT.counterfactuals(now):
            card = CARDS.what_if(case, state, change.question, change.choice)
            fresh = played(findings_that_count({**now, change.question: change.codes}))
            assert refusals(card) == []
            if INTERVIEW.state(fresh).current is None:
                shown = decide(METASTASIS.guidance, INTERVIEW.state(fresh).findings)
                for advice in shown.options:
                    short = CATALOG.options[advice.option].short
                    [line] = [line for line in lines(card) if line.lead == short]
                    assert line.text.endswith(getattr(WORDS.verdicts, advice.verdict.name))
                urgent = {line.text for line in lines(drawn(fresh), Style.urgent)}
                assert urgent <= {line.text for line in lines(card, Style.urgent)}
            else:
                assert change.outcomes.next_question == getattr(INTERVIEW.state(fresh).current, "code", "")


def findings_that_count(findings: Findings) -> Findings:
    """Leave out what is not asked, in question order."""
    counted = METASTASIS.effective(findings)
    return {question.code: counted.get(question.code, ()) for question in METASTASIS.questions}


def screens_of_changes(findings: Findings) -> tuple[Card, Card]:
    """What would change a case: what is in doubt about the patient, and other levels."""
    case = played({code: codes for code, codes in findings.items() if codes})
    state = INTERVIEW.state(case)
    return CARDS.changes(case, state), CARDS.changes(case, state, "levels")


def what_ifs(card: Card) -> list[Button]:
    return [button for button in buttons(card) if button.tap.action is Action.what_if]


@pytest.mark.slow
def test_every_change_is_one_wide_button_and_stands_nowhere_else() -> None:
    for findings, _ in endings():
        for card in screens_of_changes(findings):
            offered = [button.label for button in what_ifs(card)]
            assert refusals(card) == []
            assert len(offered) == len(set(offered))
            assert all(len(label) <= LONGEST for label in offered), offered
            assert [row for row in card.rows if len(row) > 1 and row[0].tap.action is Action.what_if] == []
            text = read(card).text
            assert not [label for label in offered if label in text]


@pytest.mark.slow
def test_what_is_in_doubt_about_the_patient_stands_by_question_and_levels_are_behind_one_button() -> None:
    order = ["fitness", "deficit", "destruction", "single_approach", "extent", "prior"]
    for findings, _ in endings():
        doubts, levels = screens_of_changes(findings)
        asked = [button.tap.question for button in what_ifs(doubts)]
        assert asked == sorted(asked, key=order.index)
        assert {button.tap.question for button in what_ifs(levels)} <= {"levels"}
        to_levels = [button.label for button in buttons(doubts) if button.tap[:2] == (Action.changes, "levels")]
        assert to_levels == (["Other levels ›"] if what_ifs(levels) else [])


@pytest.mark.slow
def test_no_change_is_left_out_and_answers_with_one_outcome_may_share_a_button() -> None:
    for findings, _ in endings():
        doubts, levels = screens_of_changes(findings)
        changes = FORESIGHT.counterfactuals({code: codes for code, codes in findings.items() if codes})
        shown = {(button.tap.question, button.tap.choice) for button in (*what_ifs(doubts), *what_ifs(levels))}
        outcomes = [
            (c.question, c.outcomes.headlines, c.outcomes.verdicts) for c in changes if (c.question, c.choice) in shown
        ]
        for change in changes:
            if (change.question, change.choice) not in shown:
                assert (change.question, change.outcomes.headlines, change.outcomes.verdicts) in outcomes, change


def test_what_would_follow_is_said_on_the_button() -> None:
    doubts, levels = screens_of_changes(T8)
    assert [button.label for button in what_ifs(doubts)] == [
        "Fitness: unfit → Non-operative",
        "Fitness: undecided → settle this first",
        "Deficit: significant → Posterior (open)",
        "Destruction: extensive → Posterior + corpectomy",
        "Extent: body and pedicle → other verdicts",
        "Extent: circumferential → maybe Combined",
        "Extent: posterior only → other verdicts",
        "Prior: extensive → other verdicts",
        "Prior: not known → other verdicts",
    ]
    assert "With another level in T2–T5" in [button.label for button in what_ifs(levels)]


def test_there_is_no_screen_of_changes_but_these_two() -> None:
    case = played(T8)
    with pytest.raises(StaleTap):
        CARDS.changes(case, INTERVIEW.state(case), "deficit")


def test_a_what_if_of_an_answer_that_does_not_exist_or_does_not_count_is_stale() -> None:
    for question, choice in (
        ("deficit", "none"),
        ("single_approach", "enough"),
        ("levels", "minus_T8"),
        ("age", "old"),
    ):
        with pytest.raises(StaleTap):
            FORESIGHT.counterfactual(T8, question, choice)


def test_a_case_is_compared_with_what_would_come_of_an_answer_kept_and_not_needed() -> None:
    around = {**T8, "extent": ("circumferential",), "single_approach": ("not_enough",)}
    change = FORESIGHT.counterfactual({**around, "extent": ("body",)}, "extent", "circumferential")
    assert change.outcomes.headlines == (Headline("combined"),)
    assert change.outcomes.next_question == ""


def test_levels_are_named_by_their_class_where_several_would_do_the_same() -> None:
    case = played({**T8, "levels": ("T4", "T7", "T9"), "prior": ()})
    offered = labels(CARDS.changes(case, INTERVIEW.state(case), "levels"))
    assert {"Without T4 → other verdicts", "One level in T6–L5 alone → other verdicts"} <= set(offered)


# On the phone.


async def recommended() -> FakePrivateChat:
    private_chat = FakePrivateChat()
    await private_chat.command("new")
    await private_chat.tap("T8", "Only T8 ›", "Fit", "None", "Body only", "Limited", "None")
    return private_chat


async def test_a_what_if_is_read_and_left_and_changes_nothing_of_the_case() -> None:
    private_chat = await recommended()
    before = await private_chat.case()
    await private_chat.tap("What would change it", "Deficit: significant → Posterior (open)")
    assert private_chat.card.title == "no deficit → significant deficit"
    assert [line.text for line in lines(private_chat.card)[:2]] == ["Posterior MIS", "Posterior (open)"]
    assert (await private_chat.case()).answer_events == before.answer_events
    await private_chat.tap("‹ Back to the card")
    assert private_chat.card.title == "Posterior MIS"
    assert (await private_chat.case()).answer_events == before.answer_events


async def test_other_levels_lead_to_their_what_if_and_back_to_what_would_change_it() -> None:
    private_chat = await recommended()
    await private_chat.tap("What would change it", "Other levels ›", "With another level in T2–T5")
    assert private_chat.card.title == "T8 · 1 level → T2, T8 · 2 levels"
    await private_chat.tap("‹ Other levels")
    assert private_chat.card.title == "Other levels"
    await private_chat.tap("‹ What would change it", "‹ Back to the card")
    assert private_chat.card.title == "Posterior MIS"


async def test_a_third_option_may_join_two_that_are_compared() -> None:
    private_chat = await recommended()
    await private_chat.tap("All options", "Posterior MIS", "↔ Posterior (open)", "↔ Anterior corpectomy")
    assert private_chat.card.title == "Posterior MIS ↔ Posterior (open) ↔ Anterior corpectomy"
    assert not [label for label in labels(private_chat.card) if label.startswith("↔")]
    assert refusals(private_chat.card) == []


@pytest.mark.parametrize(
    ("first", "rest"), [("posterior", "1"), ("posterior", "9"), ("knee", "1"), ("posterior", "0_2_3")]
)
def test_options_that_cannot_be_compared_are_stale(first: str, rest: str) -> None:
    with pytest.raises(StaleTap):
        CARDS.comparison.options(first, rest)


def test_each_option_is_told_once_as_in_play_as_certain_or_as_out_in_every_beginning() -> None:
    shorts = {option.short: code for code, option in CATALOG.options.items()}
    certain = 0
    for beginning, ends in beginnings():
        told = {line.lead: line for line in CARDS.what_if_cards.in_play(beginning).lines}
        reached = {
            code: {advice.verdict for end in ends for advice in end.options if advice.option == code}
            for code in CATALOG.options
        }
        sure = {code for code, verdicts in reached.items() if verdicts == {Verdict.indicated}}
        out = {code for code, verdicts in reached.items() if all(verdict.is_no for verdict in verdicts)}
        expected = {WORDS.what_if.in_play: set(reached) - sure - out, WORDS.what_if.certain: sure}
        for lead, codes in expected.items():
            text = told.pop(lead).text if lead in told else ""
            every = text == WORDS.what_if.all_in_play
            assert (set(shorts.values()) if every else {shorts[name] for name in text.split(", ") if name}) == codes
        assert {shorts[name] for line in told.values() for name in line.text.split(", ")} == out
        certain += bool(sure)
    assert certain > 100


def test_the_question_card_names_what_is_in_play_once_something_is_answered() -> None:
    assert "Possible" not in [line.lead for line in lines(drawn(new_case()))]
    told = {line.lead: line for line in lines(drawn(played(dict(list(T4.items())[:4]))))}
    assert told["Possible"].text == "Posterior (open), Posterior + corpectomy, Combined"
    assert (told["Not recommended in the source"].text, told["Not recommended in the source"].facts) == (
        "Anterior corpectomy",
        ("F14", "F4"),
    )


def test_a_recommendation_names_the_answers_that_would_and_that_might_change_its_headline() -> None:
    told = {line.lead: line.text for line in lines(drawn(played(T8)))}
    assert told[WORDS.what_if.would].split("; ") == [
        "unfit: comorbidities",
        "unfit: advanced disease",
        "fitness undecided",
        "significant deficit",
        "extensive destruction",
    ]
    assert told[WORDS.what_if.could] == "circumferential"


def test_an_option_that_is_out_for_one_reason_or_another_is_told_without_facts() -> None:
    told = {line.lead: line for line in lines(drawn(played({"levels": ("T1",)})))}
    assert (told["Ruled out either way"].text, told["Ruled out either way"].facts) == ("Anterior corpectomy", ())
