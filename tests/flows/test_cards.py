"""Every card of every case can be sent, read and left again, and says what carries each of its statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import decision_table as table
import pytest
from kit import (
    CARDS,
    CATALOG,
    INTERVIEW,
    T4,
    T8,
    WHO,
    Path,
    TelegramHtml,
    buttons,
    changed,
    drawn,
    labels,
    lines,
    new_case,
    plain,
    played,
    read,
    refusals,
    verbs,
    walked,
)
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from flows.cards.card import Action, Block, Card, Line, Style
from flows.cards.case import CaseRenderer
from flows.cards.layout import WIDE
from flows.engine.interview import Interview, InterviewState
from flows.model.case import Case
from flows.model.findings import Codes, Findings
from flows.model.flow import Choice, Flow, Question
from flows.model.levels import with_count
from flows.model.rules import Recommendation, Verdict, decide
from flows.pathways.metastasis import METASTASIS
from flows.pathways.sins import SINS

pytestmark = pytest.mark.xdist_group("cards")  # one process draws them all, once

WORDS = CATALOG.wording
EMERGENCY = (
    "New or worsening weakness, gait, bladder, bowel or saddle disturbance is an emergency: "
    "follow your local cord or cauda equina compression pathway now."
)
SAID = {
    "indicated": ("✓", "supported"),
    "judgement": ("~", "judgement"),
    "not_indicated": ("✗", "indication not met"),
    "not_recommended": ("✗", "not recommended"),
    "contraindicated": ("✗", "contraindicated"),
}
"""The mark and the word of each verdict."""

MARKS = {mark for mark, _ in SAID.values()}

SPELT = (
    "T1",
    "T3",
    "T2 T3 T5",  # the longest spelling of several upper levels
    "T8",
    "T6 T7 T9 T10 T12 L1 L3 L5",  # the longest of several lower ones
    "T1 T2 T4 T5",
    "T1 T6 T8 T10 T12 L2 L4",  # T1 with lower ones, alternating
    "T2 T3 T5 T6 T8 T9 T11 T12 L2 L3 L5",  # the longest of upper and lower ones
    "T1 T2 T4 T5 T7 T8 T10 T11 L1 L2 L4 L5",  # the longest of all
)


class Shown(NamedTuple):
    """A case, where it stands, and the card that shows it."""

    case: Case
    standing: InterviewState
    card: Card


def completed(given: dict[str, Codes]) -> Iterator[dict[str, Codes]]:
    """Answer every question that is still asked in every way; the table kept by hand says which are."""
    said = {code: codes if code == "levels" else codes[0] for code, codes in given.items()}
    question = next((code for code in table.asked(said) if code not in given), None)
    if question is None:
        yield given
        return
    for code in table.ANSWERS[question]:
        yield from completed({**given, question: (code,)})


@cache
def ways() -> dict[Path, Case]:
    """Play every combination of answers for every spelling of levels: the case after each answer."""
    given = (completed({"levels": tuple(levels.split())}) for levels in SPELT)
    return walked(tuple(answers.items()) for of_levels in given for answers in of_levels)


@cache
def cases() -> tuple[Case, ...]:
    """Give those in which every question is answered."""
    return tuple(case for case in ways().values() if INTERVIEW.state(case).current is None)


def shown(case: Case) -> Shown:
    state = INTERVIEW.state(case)
    return Shown(case, state, CARDS.case(case, state))


def changed_ones() -> Iterator[Case]:
    """Give the cases that are changed again: one lower level, and the longest spelling of all."""
    for case in cases():
        if case.answer_events[1].codes in {tuple(SPELT[n].split()) for n in (3, -1)}:
            yield case


@cache
def recommendations() -> tuple[Shown, ...]:
    return tuple(shown(case) for case in cases())


@cache
def questions() -> tuple[Shown, ...]:
    """Show every question on the way to every case, and each one that is put again at its end."""
    on_the_way = [shown(case) for case in ways().values()]
    again = [
        shown(INTERVIEW.change(case, question, WHO))
        for case in changed_ones()
        for question in _counting(INTERVIEW.state(case))
    ]
    return tuple(one for one in (*on_the_way, *again) if one.standing.current)


@cache
def with_unneeded() -> tuple[Shown, ...]:
    """Show cases that keep answers whose questions are not asked any more."""
    found = []
    for case in changed_ones():
        counting = _counting(INTERVIEW.state(case))
        for question in ("fitness", "extent", "single_approach"):
            for code in table.ANSWERS[question] if question in counting else ():
                other = shown(changed(case, question, (code,)))
                if other.standing.inactive:
                    found.append(other)
    return tuple(found)


@cache
def details() -> tuple[tuple[Shown, str], ...]:
    """Show every option in detail at every recommendation."""
    return tuple(
        (Shown(one.case, one.standing, CARDS.option_cards.option(one.case, one.standing, code)), code)
        for one in recommendations()
        for code in CATALOG.options
    )


def case_cards() -> Iterator[Shown]:
    yield from recommendations()
    yield from questions()
    yield from with_unneeded()


def _counting(state: InterviewState) -> dict[str, Codes]:
    return {code: codes for code, codes in state.findings.items() if codes}


def result_of(one: Shown) -> Recommendation:
    return decide(METASTASIS.guidance, one.standing.findings)


def said(question: str, codes: Codes) -> str:
    if question == "levels":
        return with_count(codes)
    found = METASTASIS.question(question)
    assert found
    return found.choice(codes[0]).finding_text


def led(card: Card, lead: str) -> list[str]:
    return [line.text for line in lines(card) if line.lead == lead]


def block(card: Card, heading: str) -> Block | None:
    found = [block for block in card.blocks if block.heading == heading]
    assert len(found) <= 1, f"{heading!r} heads more than one list"
    return found[0] if found else None


# What Telegram takes.


@pytest.mark.slow
def test_telegram_takes_every_question_and_every_recommendation() -> None:
    for one in case_cards():
        assert refusals(one.card) == [], _counting(one.standing)


@pytest.mark.slow
def test_telegram_takes_every_option_in_detail() -> None:
    for one, code in details():
        assert refusals(one.card) == [], (code, _counting(one.standing))
    for code in CATALOG.options:
        assert refusals(CARDS.option_cards.browse(code)) == [], code


@pytest.mark.untraced
def test_the_space_of_cards_is_as_large_as_it_is_meant_to_be() -> None:
    assert len(recommendations()) > 900
    assert len(details()) == 6 * len(recommendations())
    assert {len(_counting(one.standing)) for one in recommendations()} == {2, 4, 5, 6, 7}
    assert any(one.standing.current is None for one in with_unneeded())
    assert any(one.standing.current for one in with_unneeded())


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<b>x", "never closed"),
        ("<b><i>x</b></i>", "closes nothing"),
        ("x</b>", "closes nothing"),
        ("<p>x</p>", "no tag"),
        ("<b>a <b>b</b></b>", "within"),
        ('<b class="x">x</b>', "has"),
    ],
)
def test_the_reader_of_these_tests_sees_what_telegram_would_refuse(html: str, fault: str) -> None:
    assert fault in " ".join(TelegramHtml(html).faults)


def test_the_reader_of_these_tests_counts_as_telegram_does() -> None:
    reading = TelegramHtml("<b>5 &lt; 6 &amp;</b> 😀")
    assert (reading.text, reading.length, reading.entities, reading.faults) == ("5 < 6 & 😀", 10, 1, [])


@pytest.mark.slow
def test_no_blank_is_left_in_any_card() -> None:
    for one in (*case_cards(), *(one for one, _ in details())):
        said = [label for label in labels(one.card) if label.removesuffix(" ✓") != "None"]  # an answer's own label
        text = " ".join([read(one.card).text, *said])
        assert not re.search(r"[{}]|None|\(\)", text), text


@pytest.mark.untraced
def test_no_block_is_empty_and_no_line_is_blank() -> None:
    for one in (*case_cards(), *(one for one, _ in details())):
        assert all(block.lines for block in one.card.blocks)
        assert all(line.text.strip() for line in lines(one.card))


# What carries the statements.


def is_own_word(line: Line) -> bool:
    """Whether a line is the project's own word, a finding or a name: no statement of the source."""
    told, looked = WORDS.result, WORDS.what_if
    own = {
        EMERGENCY,
        told.disclaimer,
        WORDS.detail.none_stated,
        WORDS.detail.unknown,
        closing(),
        footer(),
        terms(),
    }
    leads = (told.findings, told.unneeded, looked.in_play, looked.out, looked.would, looked.could)
    return line.text in own or line.lead in (*leads, "If fit", *CATALOG.facts, *CATALOG.gaps)


def footer() -> str:
    return f"AO Surgery Reference, text of 2019 · edition {CATALOG.edition}"


def terms() -> str:
    return f"For clinicians: supports, does not replace, clinical judgement. Edition {CATALOG.edition}."


def closing() -> str:
    return "AO Surgery Reference 2019 · unstable, high-grade compression"


@pytest.mark.slow
def test_every_statement_of_the_source_bears_its_facts() -> None:
    known = {*CATALOG.facts, *CATALOG.gaps, *CATALOG.traits}
    for one in (*case_cards(), *(one for one, _ in details())):
        ticked = one.standing.current is not None and one.standing.current.several
        for line in lines(one.card):
            assert set(line.facts) <= known, line
            own = is_own_word(line) or line == Line(findings_of(one))
            assert line.facts or own or (ticked and line.text == with_count(one.standing.selected)), line


def test_the_project_never_puts_its_own_word_into_the_source() -> None:
    for one in case_cards():
        for line in lines(one.card):
            assert not (is_own_word(line) and line.facts), line


def findings_of(one: Shown) -> str:
    """Write what was answered; a question leaves out its own answer, a recommendation the levels of its first line."""
    at = one.standing.current.code if one.standing.current else "levels"
    return " · ".join(said(code, codes) for code, codes in _counting(one.standing).items() if code != at)


def on_the_first_screen(one: Shown) -> dict[str, Line]:
    """Read the line of each option that is no headline, by its short name; every one has a line of its own."""
    lines_of = [line for line in lines(one.card, Style.summary) if line.lead[:1] in MARKS]
    told = {line.lead[2:]: line for line in lines_of}
    assert len(told) == len(lines_of)
    return told


def above(one: Shown) -> set[str]:
    """The options that are named with the headline: the leading one, and what stands in if the patient is unfit."""
    result = result_of(one)
    return {advice.option for advice in (result.headline,) if advice} | (
        {result.fork.option} if result.fork else set()
    )


@pytest.mark.untraced
def test_every_other_option_is_a_line_with_a_mark_and_a_word() -> None:
    for one in recommendations():
        told = on_the_first_screen(one)
        expected = [advice for advice in result_of(one).options if advice.option not in above(one)]
        assert list(told) == [CATALOG.options[advice.option].short for advice in expected]
        for advice in expected:
            line = told[CATALOG.options[advice.option].short]
            mark, said = SAID[advice.verdict.name]
            assert (line.lead[0], line.text.partition(",")[0].partition(";")[0]) == (mark, said)
            assert line.strong is (advice.verdict.name in ("contraindicated", "not_recommended"))


def test_a_matter_of_judgement_says_why_where_nothing_leads_and_no_other_line_does() -> None:
    seen = 0
    for one in recommendations():
        result = result_of(one)
        if_fit = ", if fit" if result.fork else ""
        for name, line in on_the_first_screen(one).items():
            [advice] = [advice for advice in result.options if CATALOG.options[advice.option].short == name]
            reasons = sorted({reason.brief or reason.because for reason in advice.decisive}, key=len)
            if advice.verdict is Verdict.judgement and result.headline is None:
                assert line.text == "; ".join(["judgement", *reasons])
                seen += 1
            else:
                supported = if_fit if advice.verdict is Verdict.indicated else ""
                assert line.text == SAID[advice.verdict.name][1] + supported
    assert seen > 100


def test_every_reason_is_folded_with_its_facts() -> None:
    for one in recommendations():
        why = block(one.card, WORDS.result.why)
        assert why
        for advice in result_of(one).options:
            short = CATALOG.options[advice.option].short
            [line] = [line for line in why.lines if short in line.lead.split(", ")]
            met = [reason for reason in advice.reasons if reason.verdict is Verdict.indicated]
            told = [*advice.decisive, *(met if advice.verdict is Verdict.judgement else ())]
            assert set(line.facts) == {fact for reason in told for fact in reason.facts}
            assert all(reason.because in line.text for reason in told)


def test_no_code_stands_on_the_first_screen_and_each_that_carries_it_is_folded() -> None:
    for one in recommendations():
        text, folded = read(one.card).text, {fact for line in lines(one.card, Style.folded) for fact in line.facts}
        first, _, _ = text.partition(WORDS.result.why)
        assert not re.search(r"\([FG]\d", first)
        assert {fact for line in lines(one.card, Style.summary) for fact in line.facts} <= folded


def test_the_headline_is_the_first_option_that_is_indicated_with_its_reasons_in_full() -> None:
    for one in recommendations():
        result = result_of(one)
        undecided = one.standing.findings["fitness"] == ("undecided",)
        name = CATALOG.options[result.headline.option].name if result.headline else WORDS.result.none
        assert one.card.title == ("Settle fitness first" if undecided else name)
        first = " ".join(line.text for line in one.card.blocks[0].lines).lower()
        for reason in result.headline.decisive if result.headline else ():
            assert reason.because.lower() in first
        if undecided:
            assert led(one.card, "If fit") == [name if result.headline else "no option fully meets an indication"]
            assert led(one.card, "If unfit") == ["Non-operative treatment"] * 2  # with its facts in the fold


def test_every_note_that_applies_is_on_the_card_once() -> None:
    for one in recommendations():
        for note in result_of(one).notes:
            assert [line.facts for line in lines(one.card) if line.text == note.text] == [note.facts]


def test_the_card_ends_with_source_year_and_scope_in_one_line() -> None:
    for one in recommendations():
        assert [line.text for line in one.card.blocks[-1].lines] == [closing()]
        assert "Scope: symptomatic metastases T1–L5" in " ".join(line.text for line in lines(one.card, Style.folded))


def test_what_the_card_is_not_and_its_edition_are_the_first_lines_of_the_fold_which_are_seen() -> None:
    for one in recommendations():
        why = block(one.card, WORDS.result.why)
        assert why
        assert why.lines[0] == Line(terms())


# The emergency.


def test_the_emergency_stands_on_a_recommendation_exactly_when_no_deficit_was_not_answered() -> None:
    both = set()
    for one in (*recommendations(), *with_unneeded()):
        if one.standing.current is None:
            expected = one.standing.findings["deficit"] != ("none",)
            urgent = [line.text for line in lines(one.card, Style.urgent)]
            assert urgent == ([EMERGENCY] if expected else [])
            assert (EMERGENCY in read(one.card).text) is expected
            both.add(expected)
    assert both == {True, False}


@pytest.mark.untraced
def test_the_emergency_stands_beside_the_deficit_question_and_beside_no_other() -> None:
    for one in questions():
        assert one.standing.current
        assert (EMERGENCY in read(one.card).text) is (one.standing.current.code == "deficit")


def test_an_unfit_patient_who_once_had_no_deficit_is_warned_all_the_same() -> None:
    card = drawn(changed(played(T8), "fitness", ("unfit_comorbidity",)))
    assert [line.text for line in lines(card, Style.urgent)] == [EMERGENCY]


# Findings.


def test_a_question_without_a_hint_has_no_empty_line_for_it() -> None:
    bare = Flow("bare", "Bare", (Question("only", "Only this?", (Choice("yes", "yes"), Choice("no", "no"))),))
    case = new_case(bare)
    card = CaseRenderer(bare, CATALOG).case(case, Interview(bare).state(case))
    assert (card.label, card.title, card.blocks) == ("Case · 1, the last", "Only this?", ())
    assert [[button.label for button in row] for row in card.rows] == [["yes"], ["no"], ["‹ Back", "↺ Restart"]]


def test_the_findings_line_shows_all_findings_that_count_in_question_order() -> None:
    for one in case_cards():
        at = one.standing.current.code if one.standing.current else None
        expected = findings_of(one)
        told = [line.text for line in lines(one.card, Style.plain) if line.text == expected]
        assert told == ([expected] if expected else [])
        assert led(one.card, "Findings") == (told if at else [])


def test_what_is_kept_and_not_needed_is_shown_as_such_and_nowhere_else() -> None:
    for one in with_unneeded():
        [text] = led(one.card, "Not needed")
        assert sorted(text.split(" · ")) == sorted(said(s.question, s.codes) for s in one.standing.inactive)
    for one in recommendations():
        assert led(one.card, "Not needed") == []


def test_the_first_line_of_a_question_shows_no_finding() -> None:
    for one in questions():
        assert re.fullmatch(r"Case · [1-7], (the last|[a-z ]+ left)", one.card.label)
        assert one.standing.current
        assert one.card.title == one.standing.current.text


def test_a_question_put_again_shows_its_present_answer_ticked() -> None:
    card = drawn(INTERVIEW.change(played(T4), "extent", WHO))
    assert "Circumferential ✓" in labels(card)
    assert sum("✓" in label for label in labels(card)) == 1
    card = drawn(INTERVIEW.change(played({"levels": ("T8", "T9"), "fitness": ("fit",)}), "levels", WHO))
    assert {"T8 ✓", "T9 ✓", "Done · 2"} < set(labels(card))
    assert "T8–T9 · 2 levels" in [line.text for line in lines(card)]


# The keyboard.


def test_the_answers_come_first_then_what_helps_then_one_row_to_go_back() -> None:
    order = [
        Action.answer,
        Action.mark,
        Action.done,
        Action.linked_case,
        Action.scale,
        Action.answers,
        Action.back,
        Action.restart,
    ]
    for one in questions():
        wished = [Action.mark if b.tap.action is Action.unmark else b.tap.action for b in buttons(one.card)]
        assert wished == sorted(wished, key=order.index)
        assert one.standing.current
        others = set(_counting(one.standing)) - {one.standing.current.code}
        answers = [Action.answers] if others else []
        assert verbs(one.card.rows[-1]) == [*answers, Action.back, Action.restart]


def test_every_recommendation_has_the_same_buttons_in_the_same_places() -> None:
    for one in recommendations():
        assert [verbs(row) for row in one.card.rows] == [
            [Action.option, Action.changes],
            [Action.copy, Action.picture, Action.share],
            [Action.answers, Action.back, Action.new],
        ]


@pytest.mark.untraced
def test_every_option_is_listed_with_its_verdict_and_leads_to_its_detail() -> None:
    for one in recommendations():
        card = CARDS.option_cards.every(one.case, one.standing)
        advised = [(advice.option, advice.verdict) for advice in result_of(one).options]
        told = [(line.lead, line.text) for line in lines(card, Style.listed)]
        assert told == [(CATALOG.options[code].short, getattr(WORDS.verdicts, v.name)) for code, v in advised]
        assert [b.tap.question for b in buttons(card) if b.tap.action is Action.option] == [
            code for code, _ in advised
        ]
        assert buttons(card)[-1].tap.action is Action.show
        assert lines(card, Style.urgent) == lines(one.card, Style.urgent)
        assert [line.text for line in card.blocks[-1].lines] == [line.text for line in CARDS.findings.footer()]
        assert refusals(card) == []


@pytest.mark.slow
def test_every_answer_that_counts_has_a_button_to_change_it_and_no_other_has() -> None:
    for one in case_cards():
        at = one.standing.current.code if one.standing.current else None
        counting = [code for code in _counting(one.standing) if code != at]
        leading = [button.label for button in buttons(one.card) if button.tap.action is Action.answers]
        assert leading == (["✎ Answers"] if counting else [])
        if counting:
            card = CARDS.answers(one.case, one.standing)
            *offered, back = buttons(card)
            assert [(b.tap.action, b.tap.question) for b in offered] == [(Action.change, code) for code in counting]
            assert all(button.label.startswith("✎ ") for button in offered)
            assert (back.tap.action, "✎" in back.label) == (Action.show, False)
            assert set(card.blocks[0].lines) <= set(lines(one.card)), "what was answered"
            assert refusals(card) == []


@pytest.mark.slow
def test_labels_that_share_a_row_are_short_enough_for_a_phone() -> None:
    most = {1: WIDE + 8, 2: 20, 3: 13, 4: 4, 5: 4}
    views = [CARDS.option_cards.every(one.case, one.standing) for one in recommendations()]
    views += [CARDS.answers(one.case, one.standing) for one in recommendations()]
    views += [CARDS.changes(one.case, one.standing) for one in recommendations()]
    for card in (*(one.card for one in case_cards()), *(one.card for one, _ in details()), *views):
        for row in card.rows:
            assert all(len(button.label.removesuffix(" ✓")) <= most[len(row)] for button in row), row


def test_reasons_what_would_change_it_and_the_notes_are_folded_and_nothing_urgent_is() -> None:
    for one in recommendations():
        folded = [block for block in one.card.blocks if block.style is Style.folded]
        at = one.card.blocks.index(folded[0])
        assert list(one.card.blocks[at : at + len(folded)]) == folded, "they follow one another"
        told = [block.heading or block.lines[0].lead for block in folded]
        assert (told[0], told[-1]) == (WORDS.result.why, WORDS.result.notes)
        assert set(told[1:-1]) <= {WORDS.what_if.would, WORDS.what_if.could}
        assert not any(note.urgent for note in result_of(one).notes if note.text in str(folded))


def test_every_button_of_a_case_bears_the_case_and_its_turn() -> None:
    for one in (*case_cards(), *(one for one, _ in details())):
        for button in buttons(one.card):
            assert (button.tap.case, button.tap.turn) == (one.case.id, one.case.turn)


def test_a_detail_leads_to_a_comparison_with_each_other_option_to_all_options_and_to_the_card() -> None:
    for one, code in details():
        *beside, picture, last = one.card.rows
        assert [verb for row in beside for verb in verbs(row)] == [Action.compare] * 5
        assert [(button.tap.action, button.tap.question) for button in picture] == [(Action.picture, code)]
        assert verbs(last) == [Action.option, Action.show]


def test_scattered_levels_are_counted_on_their_button_and_written_out_in_the_findings() -> None:
    case = played({"levels": tuple(SPELT[-1].split()), "fitness": ("fit",)})
    card = CARDS.answers(case, INTERVIEW.state(case))
    assert "✎ 12 levels" in labels(card)
    assert led(card, "Findings") == ["T1–T2, T4–T5, T7–T8, T10–T11, L1–L2, L4–L5 · 12 levels · fit"]


# Details.


@pytest.mark.untraced
def test_a_detail_gives_every_reason_under_the_verdict_with_the_facts_in_full() -> None:
    for one, code in details():
        [advice] = [advice for advice in result_of(one).options if advice.option == code]
        heading = getattr(WORDS.verdicts, advice.verdict.name)
        if advice.verdict is Verdict.indicated and one.standing.findings["fitness"] == ("undecided",):
            heading += ", if fit"
        why = one.card.blocks[0]
        assert one.card.title == CATALOG.options[code].name
        assert (why.heading, [line.text for line in why.lines]) == (
            heading,
            [r.because[0].upper() + r.because[1:] for r in advice.reasons],
        )
        cited = {fact for line in lines(one.card) for fact in line.facts} - set(CATALOG.traits)
        facts = block(one.card, WORDS.detail.facts)
        assert facts
        assert {line.lead: line.text for line in facts.lines} == {fact: CATALOG.says(fact) for fact in cited}


@pytest.mark.parametrize("code", CATALOG.options)
def test_an_option_without_a_case_says_what_it_is_for_and_nothing_of_a_patient(code: str) -> None:
    card = CARDS.option_cards.browse(code)
    option = CATALOG.options[code]
    assert card.title == option.name
    assert block(card, "Indication") == Block(
        tuple(Line(said.text, facts=said.facts) for said in option.indication), "Indication", Style.listed
    )
    for heading, traits in (("Advantages", option.advantages), ("Disadvantages", option.disadvantages)):
        found = block(card, heading)
        assert found
        told = [CATALOG.traits[trait] for trait in traits] or ["none stated in the source"]
        assert [line.text for line in found.lines] == told
    assert [verbs(row) for row in card.rows] == [[Action.browse, Action.new]]
    assert all(not button.tap.case for button in buttons(card))


def test_a_case_begun_under_an_older_edition_says_so_on_every_card() -> None:
    for findings in ({}, {"levels": ("T8",)}, T8):
        old = replace(played(findings), edition="2024-03")
        assert f"Begun under edition 2024-03, shown under edition {CATALOG.edition}." in read(drawn(old)).text
        assert "Begun under" not in read(drawn(played(findings))).text


# A few cards to be read by a person. `pytest --snapshot-update` writes them anew: read them before you keep them.


class AsRead(SingleFileSnapshotExtension):
    """One card, one text file."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def as_read(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(AsRead)


UNDECIDED = {**T8, "fitness": ("undecided",)}
SCORED = {
    "location": ("semirigid",),
    "pain": ("mechanical",),
    "bone": ("lytic",),
    "alignment": ("normal",),
    "collapse": ("under_half",),
    "posterolateral": ("bilateral",),
}
UNFIT = {"levels": ("T4", "T11", "T12", "L1"), "fitness": ("unfit_comorbidity",)}


def test_golden_score(as_read: SnapshotAssertion) -> None:
    scoring = Interview(SINS)
    case = played(SCORED, scoring)
    assert plain(CaseRenderer(SINS, CATALOG).case(case, scoring.state(case))) == as_read


def test_golden_questions(as_read: SnapshotAssertion) -> None:
    grid = new_case()
    for level in ("T11", "T12", "L1"):
        grid = INTERVIEW.mark(grid, "levels", level, WHO, on=True)
    deficit = played({"levels": ("T11", "T12", "L1"), "fitness": ("fit",)})
    assert plain(drawn(grid)) + "\n" + plain(drawn(deficit)) == as_read


@pytest.mark.parametrize(
    "findings",
    [
        pytest.param(T8, id="T8"),
        pytest.param(T4, id="T4-team"),
        pytest.param(UNFIT, id="unfit"),
        pytest.param(UNDECIDED, id="undecided"),
    ],
)
def test_golden_recommendation(as_read: SnapshotAssertion, findings: Findings) -> None:
    assert plain(drawn(played(findings))) == as_read


def test_golden_option(as_read: SnapshotAssertion) -> None:
    case = played(T4)
    assert plain(CARDS.option_cards.option(case, INTERVIEW.state(case), "combined")) == as_read
