"""What every flow keeps to: nothing unreachable, nothing unsaid, nothing that a button cannot carry."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import decision_table as table
import orjson
import pytest
from kit import CATALOG, FLOWS, T8, WHO, Path, buttons, every_path, guiding, walked

from bot.telegram.rendering.callback_data import MOST_BYTES, pack, unpack
from bot.telegram.rendering.html import REMEMBERED, ScreenCache, screen
from flows.cards.card import Action, Button, Card, Tap
from flows.cards.case import CaseRenderer
from flows.cards.layout import LONGEST_LABEL
from flows.catalog.loader import Catalog
from flows.engine import enumeration as space
from flows.engine.interview import Interview, InterviewState
from flows.errors import CatalogError
from flows.model.case import Case
from flows.model.conditions import Always, Is
from flows.model.findings import Codes, Findings
from flows.model.flow import Choice, Flow, Progress, Question
from flows.model.levels import LEVELS
from flows.model.rules import Guidance, Note, Rule, Verdict, decide
from flows.pathways.metastasis import METASTASIS
from flows.pathways.registry import flow_registry
from flows.pathways.sins import SINS
from flows.pathways.validation import validate_flows

every_flow = pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.code)
every_flow_that_advises = pytest.mark.parametrize("flow", [METASTASIS], ids=lambda flow: flow.code)
every_flow_that_scores = pytest.mark.parametrize("flow", [SINS], ids=lambda flow: flow.code)


@cache
def complete(flow: Flow) -> tuple[Findings, ...]:
    return tuple(space.cases(flow))


@cache
def paths(flow: Flow) -> tuple[Path, ...]:
    return tuple(every_path(flow))


@cache
def lengths(flow: Flow) -> dict[Path, set[int]]:
    """Tell, for each beginning of each case, how many questions the cases that begin so have."""
    found: dict[Path, set[int]] = {}
    for path in paths(flow):
        for end in range(len(path) + 1):
            found.setdefault(path[:end], set()).add(len(path))
    return found


@cache
def lengths_with(flow: Flow, record: Path, question: str) -> set[int]:
    """Count what the cases that give these answers, wherever they are asked for them, ask besides, and a question."""
    fitting = (case for case in complete(flow) if all(case[code] in (codes, ()) for code, codes in record))
    answered = {code for code, _ in record} | {question}
    return {sum(1 for code, codes in case.items() if codes and code not in answered) for case in fitting}


def answers_of(state: InterviewState) -> dict[str, Codes]:
    return {code: step.codes for code, step in state.answers.items()}


@cache
def cards_of(flow: Flow) -> tuple[Card, ...]:
    """Draw every question and every recommendation, and each option in detail at the first recommendation."""
    interview, cards = Interview(flow), CaseRenderer(flow, CATALOG)
    stands = [(case, interview.state(case)) for case in walked(paths(flow), interview).values()]
    ended = next((case, state) for case, state in stands if state.current is None)
    details = [cards.option_cards.option(*ended, code) for code in flow.guidance.options]
    return (*details, *(cards.case(case, state) for case, state in stands))


@every_flow
def test_every_question_is_reachable(flow: Flow) -> None:
    asked = {code for path in paths(flow) for code, _ in path}
    assert asked == {question.code for question in flow.questions}


@every_flow
def test_every_choice_of_every_question_can_be_part_of_a_case(flow: Flow) -> None:
    given = {(code, choice) for path in paths(flow) for code, codes in path for choice in codes}
    for question in flow.questions:
        if not question.several:
            assert {choice for code, choice in given if code == question.code} == set(question.codes)


@every_flow
def test_every_rule_can_fire(flow: Flow) -> None:
    cases = complete(flow)
    for rule in flow.guidance.rules:
        assert any(rule.when.evaluate(findings) for findings in cases), rule


@every_flow
def test_every_rule_but_those_that_always_hold_can_stay_silent(flow: Flow) -> None:
    cases = complete(flow)
    for rule in flow.guidance.rules:
        assert any(rule.when.evaluate(findings) is False for findings in cases), rule


@every_flow
def test_every_note_can_show(flow: Flow) -> None:
    cases = complete(flow)
    for note in flow.guidance.notes:
        assert any(note.when.evaluate(findings) for findings in cases), note
        silent = any(note.when.evaluate(findings) is False for findings in cases)
        assert silent or isinstance(note.when, Always), note


@every_flow
def test_every_fork_can_open_and_can_stay_closed(flow: Flow) -> None:
    cases = complete(flow)
    for fork in flow.guidance.forks:
        assert {fork.when.evaluate(findings) for findings in cases} == {True, False}, fork
        assert fork.option in CATALOG.options


@every_flow
def test_nothing_is_unknown_at_the_end_of_a_case(flow: Flow) -> None:
    whens = guiding(flow)
    for findings in complete(flow):
        assert None not in [when.evaluate(findings) for when in whens], findings


@every_flow_that_advises
def test_every_end_has_advice_on_every_option(flow: Flow) -> None:
    for findings in complete(flow):
        result = decide(flow.guidance, findings)
        assert {advice.option for advice in result.options} == set(CATALOG.options), findings
        assert all(advice.decisive for advice in result.options), findings
        assert result.with_verdict(Verdict.indicated, Verdict.judgement), findings
        assert result.notes, findings


@every_flow_that_advises
def test_every_option_can_lead_or_is_at_least_left_to_judgement(flow: Flow) -> None:
    verdicts: dict[str, set[Verdict]] = {code: set() for code in CATALOG.options}
    for findings in complete(flow):
        for advice in decide(flow.guidance, findings).options:
            verdicts[advice.option].add(advice.verdict)
    for option, found in verdicts.items():
        assert Verdict.indicated in found, option


@every_flow
def test_a_flow_either_advises_or_scores(flow: Flow) -> None:
    assert bool(flow.guidance.rules) is not bool(flow.guidance.bands)


@every_flow_that_scores
def test_every_end_has_exactly_one_class_and_every_class_can_be_reached(flow: Flow) -> None:
    reached = set()
    for findings in complete(flow):
        [band] = [band for band in flow.guidance.bands if band.when.evaluate(findings)]
        assert decide(flow.guidance, findings).band is band
        reached.add(band)
    assert reached == set(flow.guidance.bands)


@every_flow
def test_what_helps_with_a_question_is_offered(flow: Flow) -> None:
    for question in flow.questions:
        assert all(flow_registry().flow(code).guidance.bands for code in question.linked_flows)
        assert set(question.scales) <= set(CATALOG.scales)


@every_flow
def test_each_case_that_may_help_another_has_an_id_of_its_own_that_a_button_can_carry(flow: Flow) -> None:
    linked = [flow_registry().flow(code) for code in flow.linked_flows]
    case = Case("1f2e3d4c5b", flow.code, CATALOG.edition)
    levels = [(), *((level,) for level in LEVELS)]
    per_level = [case.linked_case_id(each, codes) for each in linked if each.per_level for codes in levels]
    others = [case.linked_case_id(each, ("T8",)) for each in linked if not each.per_level]
    assert len({*per_level, *others}) == len(per_level) + len(others)
    assert all(len(helper) <= 16 for helper in (*per_level, *others))


@every_flow
def test_the_questions_are_asked_in_their_order(flow: Flow) -> None:
    order = [question.code for question in flow.questions]
    for path in paths(flow):
        asked = [code for code, _ in path]
        assert asked == sorted(asked, key=order.index)


@every_flow
def test_the_progress_counts_the_questions_that_may_really_follow(flow: Flow) -> None:
    reached = lengths(flow)
    interview = Interview(flow)
    ends = set(paths(flow))
    for way, case in walked(paths(flow), interview).items():
        state = interview.state(case)
        assert (state.current is None) is (way in ends)
        if state.current:
            number = len(way) + 1
            expected = (number, min(reached[way]) - number, max(reached[way]) - number)
            assert flow.progress(state.current, answers_of(state)) == Progress(*expected), way


@every_flow
def test_the_number_of_the_question_never_goes_back_and_what_is_left_never_grows(flow: Flow) -> None:
    reached = lengths(flow)
    for path in paths(flow):
        left = [max(reached[path[:end]]) - end - 1 for end in range(len(path))]
        assert left == sorted(left, reverse=True)


@pytest.mark.slow
@every_flow
def test_the_progress_of_a_question_put_again_counts_what_its_new_answer_may_open(flow: Flow) -> None:
    interview = Interview(flow)
    one_level = [path for path in paths(flow) if len(path[0][1]) == 1]
    for path, case in walked(one_level, interview).items():
        for number, (question, _) in enumerate(path, 1):
            state = interview.state(interview.change(case, question, WHO))
            record = tuple(answer for answer in path if answer[0] != question)
            assert state.current is not None
            left = lengths_with(flow, record, question)
            expected = Progress(number, min(left), max(left))
            assert flow.progress(state.current, answers_of(state)) == expected, (path, question)


def test_the_longest_case_of_the_table_kept_by_hand_is_as_long() -> None:
    asked = {len(table.asked(case)) for case in table.every_case()}
    assert asked == lengths(METASTASIS)[()]
    assert max(asked) == 7


@pytest.mark.parametrize(
    ("fewest", "most", "said"),
    [
        (0, 0, "the last"),
        (2, 2, "two left"),
        (2, 3, "two or three left"),
        (1, 6, "one to six left"),
        (0, 5, "at most five left"),
        (0, 12, "at most 12 left"),
    ],
)
def test_how_far_the_questions_have_come_is_said_in_words(fewest: int, most: int, said: str) -> None:
    assert CATALOG.wording.left.said(fewest, most) == said


# What a button carries.


@pytest.mark.slow
@every_flow
def test_every_button_fits_64_bytes_and_comes_back_as_it_was_sent(flow: Flow) -> None:
    longest = Case("z" * 16, flow.code, CATALOG.edition, revision=999_999_999, turn=999_999_999)
    wished = {button.tap for card in cards_of(flow) for button in buttons(card)}
    for tap in wished | {tap._replace(case=longest.id, turn=longest.turn) for tap in wished}:
        data = pack(tap)
        assert 1 <= len(data.encode()) <= MOST_BYTES == 64
        assert unpack(data) == tap


@pytest.mark.untraced
@every_flow
def test_no_two_buttons_of_a_card_look_alike_or_wish_the_same(flow: Flow) -> None:
    for card in cards_of(flow):
        labels = [button.label for button in buttons(card)]
        datas = [pack(button.tap) for button in buttons(card)]
        assert len(set(labels)) == len(labels), card
        assert len(set(datas)) == len(datas), card


@pytest.mark.untraced
@every_flow
def test_every_label_fits_its_button(flow: Flow) -> None:
    too_long = {b.label for card in cards_of(flow) for b in buttons(card) if len(b.label) > LONGEST_LABEL == 24}
    assert not too_long, sorted(too_long)
    assert all(button.label.strip() for card in cards_of(flow) for button in buttons(card))


@every_flow
def test_the_rows_of_a_keyboard_are_short_and_the_levels_shorter_still(flow: Flow) -> None:
    for card in cards_of(flow):
        assert len(buttons(card)) <= 100
        for row in card.rows:
            assert 1 <= len(row) <= 8
            width = sum(len(button.label) for button in row)
            assert len(row) <= 3 or width / len(row) <= 6, [button.label for button in row]


@every_flow
def test_every_answer_stands_on_the_keyboard_of_its_question(flow: Flow) -> None:
    asked = 0
    for card in cards_of(flow):
        question = next((q for q in flow.questions if q.text == card.title), None)
        if question:
            asked += 1
            verbs = (Action.mark, Action.unmark) if question.several else (Action.answer,)
            offered = [button.tap.choice for button in buttons(card) if button.tap.action in verbs]
            assert tuple(offered) == question.codes
    assert asked >= len(flow.questions)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "1f",
        "1f.3",
        "1f.3.zz.deficit.none",
        "1f.03.a.deficit.none",
        "1f.-3.a.deficit.none",
        "1f.3.a.deficit.none.more",
        "1f.3.a..none",
        "1f.3.a.deficit.",
        "1f.3.a.deficit.none ",
        "1f.3.a.deficit.none\n",
        "1F.3.a.deficit.none",
        "1f.٣.a.deficit.none",
        "1f.9999999999.a.deficit.none",
        "x" * 17 + ".3.a.deficit.none",
        "1f.3.a.deficit." + "n" * 25,
        "1f.3.A.deficit.none",
    ],
)
def test_what_was_not_packed_here_is_not_unpacked(data: str) -> None:
    assert unpack(data) is None


def test_a_button_bears_case_turn_question_and_the_answer_that_is_wished() -> None:
    tap = Tap(Action.answer, "deficit", "none", "1f", 3)
    assert pack(tap) == "1f.3.a.deficit.none"
    assert unpack("1f.3.a.deficit.none") == tap
    assert unpack(".0.nw") == Tap(Action.new)


def test_every_button_on_the_screen_bears_what_it_wishes_or_the_text_that_it_copies() -> None:
    card = next(card for card in cards_of(SINS) if any(button.copy_text for button in buttons(card)))
    keyboard = screen(card)["reply_markup"]
    assert isinstance(keyboard, dict)
    shown = [button for row in keyboard["inline_keyboard"] for button in row]
    copying = [button["copy_text"]["text"] for button in shown if "copy_text" in button]
    wishing = [unpack(button["callback_data"]) for button in shown if "copy_text" not in button]
    assert copying == [button.copy_text for button in buttons(card) if button.copy_text]
    assert len(copying) == 1
    assert wishing == [button.tap for button in buttons(card) if not button.copy_text]


@pytest.mark.slow
def test_a_screen_that_was_printed_before_is_the_one_of_the_next_case_with_its_own_buttons() -> None:
    press = ScreenCache()
    for card in (*cards_of(SINS), *cards_of(METASTASIS)):
        for case, turn in (("1f", 3), ("2e", 14), ("", 0)):
            mine = replace(card, case=case, turn=turn)
            assert orjson.loads(press.render(mine)) == screen(mine)


def test_a_press_forgets_the_oldest_card_and_prints_it_anew() -> None:
    press = ScreenCache()
    cards = [Card("", str(number), rows=((Button("b", Tap(Action.home)),),)) for number in range(REMEMBERED + 1)]
    for card in (*cards, cards[0]):
        assert orjson.loads(press.render(card)) == screen(card)


# What the decision rules say of the answers' labels.

LABELS = {
    "fitness": ("Fit", "Unfit: comorbidities", "Unfit: advanced disease", "Undecided"),
    "deficit": ("None", "Minor", "Significant"),
    "extent": ("Body only", "Body and pedicle", "Circumferential", "Posterior only"),
    "destruction": ("Limited", "Extensive"),
    "single_approach": ("Enough", "Not enough", "Not judged"),
    "prior": ("None", "Limited", "Extensive", "Not known"),
}


def metastasis(code: str) -> Question:
    question = METASTASIS.question(code)
    assert question
    return question


@pytest.mark.parametrize("code", LABELS)
def test_the_answers_begin_with_the_words_of_the_decision_rules(code: str) -> None:
    question = metastasis(code)
    assert question.codes == table.ANSWERS[code]
    for choice, words in zip(question.choices, LABELS[code], strict=True):
        assert choice.label.startswith(words), choice


def test_the_levels_are_offered_from_t1_to_l5_under_their_names() -> None:
    levels = metastasis("levels")
    names = [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]
    assert [choice.label for choice in levels.choices] == names == list(levels.codes)
    assert sum(levels.rows) == len(names)
    assert max(levels.rows) <= 6


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("levels", "Which symptomatic levels are to be treated now?"),
        ("fitness", "Is the patient fit for surgery?"),
        ("deficit", "Neurological deficit?"),
        ("extent", "Where is the tumour?"),
        ("destruction", "How extensive is the destruction of the vertebral body?"),
        ("single_approach", "Would anterior fixation alone, or posterior fixation alone, be stable enough?"),
        ("prior", "Earlier thoracic or abdominal surgery or radiation?"),
    ],
)
def test_the_questions_are_those_of_the_decision_rules(code: str, words: str) -> None:
    assert metastasis(code).text == words


def test_the_questions_stand_in_the_order_of_the_decision_rules() -> None:
    assert [question.code for question in METASTASIS.questions] == ["levels", *table.ANSWERS]


def statements() -> list[str]:
    """Give every text of the pathway that a clinician reads."""
    told = METASTASIS.guidance
    asked = [
        text for q in METASTASIS.questions for text in (q.text, q.hint, *(c.label + c.finding_text for c in q.choices))
    ]
    gaps = [text for gap in CATALOG.gaps.values() for text in (gap.silent, gap.here)]
    options = [said.text for option in CATALOG.options.values() for said in option.indication]
    reasons = [rule.because for rule in told.rules] + [note.text for note in told.notes]
    return [*asked, *reasons, *CATALOG.facts.values(), *gaps, *options]


@pytest.mark.parametrize("word", ["side", "front", "back", "behind", "route", "rebuil", "favoured", "outright"])
def test_no_text_of_the_pathway_names_an_approach_or_a_reconstruction_in_another_word(word: str) -> None:
    assert [text for text in statements() if re.search(rf"\b{word}", text)] == []


# What the flow cites.


def test_what_the_bot_offers_keeps_every_promise() -> None:
    assert flow_registry() == ({flow.code: flow for flow in FLOWS}, CATALOG)
    assert flow_registry().flow() is METASTASIS


@every_flow
def test_every_cited_id_exists(flow: Flow) -> None:
    cited = {fact for question in flow.questions for fact in question.facts}
    cited |= {fact for rule in flow.guidance.rules for fact in rule.facts}
    cited |= {fact for note in flow.guidance.notes for fact in note.facts}
    cited |= {fact for fork in flow.guidance.forks for fact in fork.facts}
    cited |= {fact for band in flow.guidance.bands for fact in band.facts}
    assert cited <= CATALOG.known
    for fact in cited:
        assert CATALOG.says(fact).strip()
    with pytest.raises(KeyError):
        CATALOG.says("F99")


@every_flow
def test_every_rule_and_every_hint_cites_something(flow: Flow) -> None:
    assert all(rule.facts for rule in flow.guidance.rules)
    assert all(question.facts for question in flow.questions if question.hint)
    assert all(note.facts or note.urgent for note in flow.guidance.notes)
    assert all(fork.facts for fork in flow.guidance.forks)
    assert all(band.facts for band in flow.guidance.bands)


def faults(flow: Flow = METASTASIS, catalog: Catalog = CATALOG) -> list[str]:
    with pytest.raises(CatalogError) as raised:
        validate_flows(catalog, flow)
    assert all(fault in str(raised.value) for fault in raised.value.faults)
    return raised.value.faults


def test_a_fact_that_nothing_cites_is_a_fault() -> None:
    more = CATALOG.model_copy(update={"facts": {**CATALOG.facts, "F99": "Nobody needs this."}})
    assert faults(catalog=more) == ["facts.toml: facts.F99: cited by nothing"]


def with_guidance(rules: tuple[Rule, ...] = (), notes: tuple[Note, ...] = ()) -> Flow:
    told = METASTASIS.guidance
    return replace(METASTASIS, guidance=replace(told, rules=told.rules + rules, notes=told.notes + notes))


def test_an_unknown_fact_of_a_rule_is_a_fault_that_names_the_rule_and_what_is_allowed() -> None:
    rule = Rule("R3", "posterior_mis", Verdict.judgement, Is("fitness", "fit"), "because", ("F12", "F77"))
    [fault] = faults(with_guidance(rules=(rule,)))
    assert "metastasis: rule R3 of posterior_mis: 'F77' is not in the catalog" in fault
    assert "F1, F10, F11" in fault
    assert "G12" in fault


def test_an_unknown_fact_of_a_note_or_of_a_question_is_a_fault_that_names_it() -> None:
    [fault] = faults(with_guidance(notes=(Note(Always(), "A note on nothing that is known", ("G44",)),)))
    assert "metastasis: note 'A note on nothing that is know': 'G44'" in fault
    hinted = replace(metastasis("levels"), facts=("G8", "G45"))
    [fault] = faults(replace(METASTASIS, questions=(hinted, *METASTASIS.questions[1:])))
    assert "metastasis: question levels: 'G45'" in fault


def test_an_unknown_option_of_a_note_is_a_fault_that_names_it() -> None:
    [fault] = faults(with_guidance(notes=(Note(Always(), "A note on cement", ("F3",), of=("combined", "cement")),)))
    assert fault == "metastasis: note 'A note on cement': 'cement' is not in options.toml"


def test_an_unknown_fact_of_a_fork_is_a_fault_that_names_it() -> None:
    told = METASTASIS.guidance
    [fork] = told.forks
    [fault] = faults(replace(METASTASIS, guidance=replace(told, forks=(replace(fork, facts=("F8", "F90")),))))
    assert "metastasis: fork 'Settle fitness first': 'F90'" in fault


def test_a_statement_that_nothing_carries_is_a_fault_that_names_it() -> None:
    hinted = replace(metastasis("levels"), facts=())
    [fault] = faults(replace(METASTASIS, questions=(hinted, *METASTASIS.questions[1:])))
    assert fault == "metastasis: question levels: cites neither a fact nor a scale"
    [bare, *others] = SINS.guidance.bands
    scoring = replace(SINS, guidance=replace(SINS.guidance, bands=(replace(bare, facts=()), *others)))
    assert "sins: band stable: cites neither a fact nor a scale" in faults(scoring)


def test_a_scale_that_the_catalog_lacks_is_a_fault_that_names_the_question() -> None:
    lost = replace(metastasis("levels"), scales=("nurick",))
    [fault] = faults(replace(METASTASIS, questions=(lost, *METASTASIS.questions[1:])))
    assert fault == "metastasis: question levels: 'nurick' is not in scales.toml; allowed: " + ", ".join(
        CATALOG.scales
    )
    assert "nurick: the bands: 'nurick' is not in scales.toml" in " ".join(faults(replace(SINS, code="nurick")))


def test_an_option_that_has_no_rule_is_a_fault_that_names_it() -> None:
    told = METASTASIS.guidance
    rules = tuple(rule for rule in told.rules if rule.option != "combined")
    found = faults(replace(METASTASIS, guidance=replace(told, rules=rules)))
    assert "metastasis: rules and options.toml differ in: combined" in found


def test_a_rule_for_an_option_that_the_catalog_lacks_is_a_fault_that_names_it() -> None:
    rule = Rule("R9", "cement", Verdict.indicated, Always(), "because", ("F1",))
    assert faults(with_guidance(rules=(rule,))) == ["metastasis: rules and options.toml differ in: cement"]


def test_several_faults_are_named_at_once() -> None:
    rule = Rule("R9", "cement", Verdict.indicated, Always(), "because", ("F88",))
    more = CATALOG.model_copy(update={"facts": {**CATALOG.facts, "F99": "Nobody needs this."}})
    assert len(faults(with_guidance(rules=(rule,)), more)) == 3


def test_a_flow_that_gives_no_advice_yet_needs_no_rule_for_any_option() -> None:
    counting = Flow("counting", "Counting", (Question("one", "One?", (Choice("yes", "yes"),)),), Guidance())
    validate_flows(CATALOG, METASTASIS, counting)


def test_an_option_that_the_order_does_not_name_comes_last_in_its_group() -> None:
    bare = replace(METASTASIS.guidance, order=METASTASIS.guidance.order[:1])
    findings = {**dict.fromkeys((question.code for question in METASTASIS.questions), ()), **T8}
    result = decide(bare, findings)
    assert [advice.verdict.is_no for advice in result.options] == [False] * 3 + [True] * 3
