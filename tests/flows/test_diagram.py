"""The chart and the document of a flow show what the flow asks and says, in the words of its answers."""

from __future__ import annotations

import re
from itertools import chain, pairwise
from pathlib import Path

import decision_table as table
import pytest
from kit import CATALOG, FLOWS, every_path, guiding

from flows.engine.discussion import Stage, machine
from flows.errors import FindingError
from flows.export.mermaid import document, mermaid, stages, words
from flows.model.conditions import AllOf, Always, AnyLevel, AnyOf, Condition, Count, Is, Not, Scores
from flows.model.flow import Choice, Flow, Question
from flows.model.rules import Guidance, Note
from flows.pathways.metastasis import METASTASIS
from flows.pathways.sins import SINS

FOLDER = Path(__file__).parents[2] / "docs" / "flows"
ARROW = re.compile(r"    (\w+) --> (\w+): (\w+(?:, \w+)*)")
EDGE = re.compile(r'    (\w+) -->(?:\|"([^"|]+)"\|)? (\w+)')

every_flow = pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.code)


def edges(flow: Flow) -> dict[tuple[str, str], str | None]:
    """Read the arrows back from the chart, each with its label."""
    drawn = [line for line in mermaid(flow).splitlines() if "-->" in line]
    found = [EDGE.fullmatch(line) for line in drawn]
    assert all(found), "every arrow is one that Mermaid reads"
    return {(match[1], match[3]): match[2] for match in found if match}


def end(flow: Flow) -> str:
    """Give the node in which the chart of a flow ends."""
    return "recommendation" if flow is METASTASIS else "score"


# The chart.


@every_flow
def test_the_chart_has_every_question_by_its_words_and_what_it_ends_in(flow: Flow) -> None:
    lines = mermaid(flow).splitlines()
    assert lines[0] == "flowchart TD"
    for question in flow.questions:
        assert f'    {question.code}["{question.text}"]' in lines
    assert f"    {end(flow)}([{end(flow).capitalize()}])" in lines


@every_flow
def test_the_arrows_are_the_steps_that_cases_take_and_no_others(flow: Flow) -> None:
    taken: set[tuple[str, str]] = set()
    for path in every_path(flow):
        asked = [*(code for code, _ in path), end(flow)]
        taken.update(pairwise(asked))
    assert set(edges(flow)) == taken


def test_the_arrows_are_the_steps_of_the_table_kept_by_hand() -> None:
    taken: set[tuple[str, str]] = set()
    for case in table.every_case():
        asked = [*table.asked(case), "recommendation"]
        taken.update(pairwise(asked))
    assert set(edges(METASTASIS)) == taken


@every_flow
def test_an_arrow_is_labelled_by_its_condition_and_one_without_choice_by_nothing(flow: Flow) -> None:
    found = edges(flow)
    for (source, dest), label in found.items():
        private = [start for start, _ in found].count(source) == 1
        question = flow.question(dest)
        if private:
            assert label is None
        else:
            assert label == (words(flow, question.asked) if question else "otherwise")


@every_flow
def test_the_arrows_leave_a_question_in_the_order_in_which_they_are_tried(flow: Flow) -> None:
    order = [*(question.code for question in flow.questions), end(flow)]
    arrows = [(order.index(source), order.index(dest)) for source, dest in edges(flow)]
    assert arrows == sorted(arrows)


def test_a_chart_of_one_question_leads_straight_to_its_end() -> None:
    one = Flow("one", "One", (Question("only", "Only this?", (Choice("yes", "yes"), Choice("no", "no"))),))
    assert mermaid(one).splitlines() == [
        "flowchart TD",
        '    only["Only this?"]',
        "    recommendation([Recommendation])",
        "    only --> recommendation",
    ]


# Conditions in words.

FIT = Is("fitness", "fit")
UPPER = AnyLevel("T2", "T5")


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (Always(), "always"),
        (FIT, "fit"),
        (Is("deficit", "none"), "no deficit"),
        (Is("fitness", "fit", "undecided"), "fit or fitness undecided"),
        (Is("age", "old"), "age old"),
        (UPPER, "some level in T2–T5"),
        (AnyLevel("T1", "T1"), "T1 among the levels"),
        (Count("levels", 1), "exactly 1 of the levels"),
        (Count("levels", 3), "exactly 3 of the levels"),
        (Scores((), 7, 12), "7 to 12 points"),
        (Not(Count("levels", 1)), "more than one of the levels"),
        (Not(Count("levels", 2)), "not (exactly 2 of the levels)"),
        (Not(UPPER), "no level in T2–T5"),
        (Not(FIT), "not (fit)"),
        (Not(Always()), "not (always)"),
        (Not(Not(FIT)), "not (not (fit))"),
        (AllOf(FIT, UPPER), "fit, some level in T2–T5"),
        (AnyOf(FIT, UPPER), "fit; or some level in T2–T5"),
        (AllOf(FIT, AnyOf(UPPER, Count("levels", 1))), "fit, (some level in T2–T5; or exactly 1 of the levels)"),
        (AnyOf(AllOf(FIT, UPPER), Not(FIT)), "(fit, some level in T2–T5); or not (fit)"),
        (Not(AllOf(FIT, UPPER)), "not (fit, some level in T2–T5)"),
        (Not(AnyOf(FIT, UPPER)), "not (fit; or some level in T2–T5)"),
        (AllOf(AllOf(FIT), AllOf(UPPER)), "(fit), (some level in T2–T5)"),
    ],
)
def test_a_condition_is_written_in_the_words_of_the_answers(condition: Condition, told: str) -> None:
    assert words(METASTASIS, condition) == told


class Weather(Condition):
    """A condition that nobody taught the chart."""

    def evaluate(self, findings: object) -> bool:  # noqa: ARG002 - it looks at nothing
        return True


@pytest.mark.parametrize("condition", [Weather(), Not(Weather()), AllOf(FIT, Weather()), AnyOf(Weather())])
def test_a_kind_of_condition_without_words_is_an_error_wherever_it_stands(condition: Condition) -> None:
    with pytest.raises(TypeError):
        words(METASTASIS, condition)


def test_a_condition_on_an_answer_that_its_question_does_not_have_is_an_error() -> None:
    with pytest.raises(FindingError, match="fitness"):
        words(METASTASIS, Is("fitness", "well"))


@every_flow
def test_every_condition_of_a_flow_can_be_written(flow: Flow) -> None:
    for when in (*guiding(flow), *(question.asked for question in flow.questions)):
        assert words(flow, when)


# The document.


def rows(text: str, heading: str) -> list[list[str]]:
    """Read the rows of the table below a heading."""
    section = text.split(f"\n## {heading}\n")[1].partition("\n## ")[0]
    table_lines = [line for line in section.splitlines() if line.startswith("|")]
    return [re.split(r" (?<!\\)\| ", line.strip("| ")) for line in table_lines[2:]]


@every_flow
def test_the_document_has_every_question_and_every_note(flow: Flow) -> None:
    text = document(flow, CATALOG)
    assert [row[1] for row in rows(text, "The questions")] == [f"`{question.code}`" for question in flow.questions]
    for row, question in zip(rows(text, "The questions"), flow.questions, strict=True):
        assert row[2] == question.text
        assert question.several or all(f"`{choice.code}` {choice.label}" in row[3] for choice in question.choices)
    for row, note in zip(rows(text, "The notes"), flow.guidance.notes, strict=True):
        assert row[1:] == [note.text, ", ".join(note.facts) or "the project's own word"]
        assert note.of or row[0] == words(flow, note.when)


def test_the_document_says_of_which_options_one_must_be_supported_for_a_note() -> None:
    when = {row[2]: row[0] for row in rows(document(METASTASIS, CATALOG), "The notes")}
    assert when["F17"] == f"{CATALOG.options['combined'].short} is indicated or a matter of judgement"
    assert when["F6, F7"] == f"{CATALOG.options['anterior_corpectomy'].short} is indicated or a matter of judgement"
    only = Flow("x", "X", METASTASIS.questions, Guidance(notes=(Note(UPPER, "text", ("F4",), of=("combined",)),)))
    [row] = rows(document(only, CATALOG), "The notes")
    assert row[0] == f"some level in T2–T5, {CATALOG.options['combined'].short} is indicated or a matter of judgement"


def test_the_document_of_a_flow_that_advises_has_every_rule() -> None:
    text = document(METASTASIS, CATALOG)
    for row, rule in zip(rows(text, "The rules"), METASTASIS.guidance.rules, strict=True):
        verdict = getattr(CATALOG.wording.verdicts, rule.verdict.name)
        name = CATALOG.options[rule.option].name
        assert row == [rule.id, name, verdict, words(METASTASIS, rule.when), rule.because, ", ".join(rule.facts)]


def test_the_document_of_a_score_has_the_points_the_classes_and_the_publication() -> None:
    text = document(SINS, CATALOG)
    assert "`lytic` Lytic (2), `mixed` Mixed (1), `blastic` Blastic (0)" in text
    assert [row[1:3] for row in rows(text, "The classes")] == [
        ["stable", "0 to 6 points"],
        ["potentially unstable", "7 to 12 points"],
        ["unstable", "13 to 18 points"],
    ]
    assert "Source: Fisher CG et al. Spine 2010;35(22):E1221–E1229.\n" in text
    assert "- `location` is semirigid spine in a case with exactly 1 of the levels, some level in T3–T10.\n" in text
    assert "The rules" not in text


@every_flow
def test_the_document_has_its_title_the_chart_and_the_edition(flow: Flow) -> None:
    text = document(flow, CATALOG)
    assert f"```mermaid\n{mermaid(flow)}\n```" in text
    assert text.startswith(f"# {flow.title}\n")
    assert CATALOG.edition in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_the_document_of_a_flow_that_advises_has_the_facts_the_gaps_and_the_source() -> None:
    text = document(METASTASIS, CATALOG)
    for part in (CATALOG.source.name, str(CATALOG.source.year), CATALOG.source.publisher):
        assert part in text
    for fact, told in CATALOG.facts.items():
        assert f"- **{fact}** {told}\n" in text
    for gap, words_of in CATALOG.gaps.items():
        assert f"- **{gap}** {words_of.silent} *Here:* {words_of.here}\n" in text


def test_a_bar_in_a_text_does_not_break_its_row() -> None:
    barred = Question("bar", "This | or that?", (Choice("yes", "yes"),))
    [row] = rows(document(Flow("bar", "Bars", (barred,)), CATALOG), "The questions")
    assert row[2] == r"This \| or that?"


@every_flow
def test_the_document_that_is_kept_is_the_one_that_the_flow_writes(flow: Flow) -> None:
    record = FOLDER / f"{flow.code}.md"
    command = f"spinemets flow {flow.code} --document > docs/flows/{flow.code}.md"
    assert record.exists(), f"not written yet; run: {command}"
    assert record.read_text(encoding="utf-8") == document(flow, CATALOG), f"out of date; run: {command}"


# The stages of a discussion.


def test_the_stages_are_drawn_with_every_event_of_the_machine_and_no_other() -> None:
    first, begin, *arrows = stages().splitlines()
    found = [ARROW.fullmatch(line) for line in arrows]
    assert all(found), "every arrow is one that Mermaid reads"
    drawn = {(match[1], match[2], event) for match in found if match for event in match[3].split(", ")}
    events = machine().events.items()
    leads = [(name, edge) for name, event in events for edge in chain(*event.transitions.values())]
    assert drawn == {(edge.source, edge.dest or edge.source, name) for name, edge in leads}
    assert (first, begin) == ("stateDiagram-v2", f"    [*] --> {Stage.gathering}")
