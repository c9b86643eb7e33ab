"""Levels are read and written as a clinician does; conditions never take back what they said of partial findings."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import FLOWS, guiding

from flows.engine import enumeration as space
from flows.model.conditions import AllOf, Always, AnyLevel, AnyOf, Condition, Count, Is, Not, TruthValue
from flows.model.findings import NOT_ASKED, Findings
from flows.model.flow import Flow
from flows.model.levels import LEVELS, as_spans, between, in_order, with_count

SPINE = [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]

some_levels = st.lists(st.sampled_from(SPINE), min_size=1)


def unfolded(text: str) -> list[str]:
    """Read "T4, T11–L1" back, level by level."""
    levels: list[str] = []
    for span in text.split(", "):
        first, _, last = span.partition("–")
        levels += SPINE[SPINE.index(first) : SPINE.index(last or first) + 1]
    return levels


def test_the_levels_in_scope_are_t1_to_l5_from_above_downwards() -> None:
    assert list(LEVELS) == SPINE


@given(some_levels)
def test_levels_are_put_in_anatomical_order_each_once(levels: list[str]) -> None:
    assert list(in_order(levels)) == [level for level in SPINE if level in levels]


@given(some_levels)
def test_what_is_written_names_exactly_the_levels_chosen(levels: list[str]) -> None:
    assert unfolded(as_spans(levels)) == [level for level in SPINE if level in levels]


@given(some_levels)
def test_levels_that_follow_each_other_are_one_span(levels: list[str]) -> None:
    spans = [span.split("–") for span in as_spans(levels).split(", ")]
    ends = [SPINE.index(span[-1]) for span in spans]
    starts = [SPINE.index(span[0]) for span in spans]
    assert all(start > end + 1 for start, end in zip(starts[1:], ends[:-1], strict=True))
    assert all(span[0] != span[-1] for span in spans if len(span) == 2)


@given(some_levels)
def test_the_count_is_said(levels: list[str]) -> None:
    number = len(set(levels))
    assert with_count(levels) == f"{as_spans(levels)} · {number} level{'s' if number > 1 else ''}"


@pytest.mark.parametrize(
    ("levels", "text"),
    [
        ("T8", "T8 · 1 level"),
        ("L1 T11 T12", "T11–L1 · 3 levels"),
        ("T4 T11 T12 L1", "T4, T11–L1 · 4 levels"),
        ("T3 T9 L1", "T3, T9, L1 · 3 levels"),
        ("T10 T9", "T9–T10 · 2 levels"),
    ],
)
def test_levels_are_written_as_a_clinician_writes_them(levels: str, text: str) -> None:
    assert with_count(levels.split()) == text


def test_between_holds_both_ends_and_crosses_the_junction() -> None:
    assert between("T11", "L2") == ("T11", "T12", "L1", "L2")
    assert between("T1", "T1") == ("T1",)


@pytest.mark.parametrize("wrong", ["C7", "S1", "T13", "L6", "t8", ""])
def test_what_is_no_level_is_refused(wrong: str) -> None:
    with pytest.raises(KeyError):
        between(wrong, "L5")
    with pytest.raises(KeyError):
        between("T1", wrong)
    with pytest.raises(KeyError):
        in_order(["T1", wrong])


# Conditions. The vocabulary is small, so that random conditions and findings meet often.

ANSWERS = {"levels": SPINE, "fitness": ["fit", "unfit"], "prior": ["none", "limited", "extensive"]}


def leaves() -> st.SearchStrategy[Condition]:
    pairs = st.sampled_from([(a, b) for a, b in product(SPINE, SPINE) if SPINE.index(a) <= SPINE.index(b)])
    return st.one_of(
        st.just(Always()),
        st.sampled_from(["fitness", "prior"]).flatmap(
            lambda question: st.lists(st.sampled_from(ANSWERS[question]), min_size=1, max_size=2).map(
                lambda codes: Is(question, *codes)
            )
        ),
        pairs.map(lambda pair: AnyLevel(*pair)),
        st.builds(Count, st.just("levels"), st.integers(1, 3)),
    )


def branches(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, max_size=3)
    return st.one_of(inner.map(Not), several.map(lambda c: AllOf(*c)), several.map(lambda c: AnyOf(*c)))


conditions = st.recursive(leaves(), branches, max_leaves=8)
some_found = st.sets(st.sampled_from(SPINE), min_size=1, max_size=4)
levels_found = st.one_of(st.just(NOT_ASKED), some_found.map(lambda chosen: (*chosen,)))
one_found = {
    code: st.one_of(st.just(NOT_ASKED), st.sampled_from(ANSWERS[code]).map(lambda answer: (answer,)))
    for code in ("fitness", "prior")
}
complete = st.fixed_dictionaries({"levels": levels_found, **one_found})
partly = st.sets(st.sampled_from(list(ANSWERS)))


def plainly(condition: Condition, findings: Findings) -> bool:
    """Read a condition of complete findings, written a second time and with two values only."""
    match condition:
        case Always():
            return True
        case Is(question=question, codes=codes):
            return bool(set(findings[question]) & set(codes))
        case AnyLevel(first=first, last=last):
            return any(SPINE.index(first) <= SPINE.index(level) <= SPINE.index(last) for level in findings["levels"])
        case Count(question=question, exactly=exactly):
            return len(findings[question]) == exactly
        case Not(condition=inner):
            return not plainly(inner, findings)
        case AllOf(conditions=inner):
            return all(plainly(part, findings) for part in inner)
        case AnyOf(conditions=inner):
            return any(plainly(part, findings) for part in inner)
        case _:
            raise TypeError(condition)


@pytest.mark.untraced
@given(conditions, complete)
def test_a_condition_of_complete_findings_is_true_or_false_as_it_reads(
    condition: Condition, findings: Findings
) -> None:
    assert condition.evaluate(findings) is plainly(condition, findings)


@pytest.mark.untraced
@given(conditions, complete, partly)
def test_what_is_true_or_false_of_partial_findings_stays_so_whatever_is_answered_next(
    condition: Condition, findings: Findings, missing: set[str]
) -> None:
    partial = {code: codes for code, codes in findings.items() if code not in missing}
    early = condition.evaluate(partial)
    assert early is None or early is condition.evaluate(findings)


@pytest.mark.parametrize(
    ("parts", "every", "either"),
    [
        ((True, True), True, True),
        ((True, False), False, True),
        ((True, None), None, True),
        ((False, False), False, False),
        ((False, None), False, None),
        ((None, None), None, None),
        ((), True, False),
    ],
)
def test_unknown_yields_only_to_a_part_that_settles_the_whole(
    parts: tuple[TruthValue, ...], every: TruthValue, either: TruthValue
) -> None:
    said: dict[TruthValue, Condition] = {True: Is("a", "yes"), False: Is("b", "yes"), None: Is("unknown", "yes")}
    findings = {"a": ("yes",), "b": ("no",)}
    for order in (parts, parts[::-1]):
        assert AllOf(*(said[part] for part in order)).evaluate(findings) is every
        assert AnyOf(*(said[part] for part in order)).evaluate(findings) is either


@pytest.mark.parametrize(
    "condition",
    [Is("levels", *SPINE), AnyLevel("T1", "L5"), Count("levels", 1), Is("fitness", "fit", "unfit")],
)
def test_no_condition_holds_on_a_question_that_is_not_asked(condition: Condition) -> None:
    assert condition.evaluate({"levels": NOT_ASKED, "fitness": NOT_ASKED}) is False
    assert Not(condition).evaluate({"levels": NOT_ASKED, "fitness": NOT_ASKED}) is True


def test_a_question_that_is_not_answered_yet_leaves_every_condition_on_it_unknown() -> None:
    for condition in (Is("fitness", "fit"), AnyLevel("T1", "L5"), Count("levels", 1)):
        assert condition.evaluate({}) is None
        assert Not(condition).evaluate({}) is None
    assert Always().evaluate({}) is True


def test_a_condition_gives_all_its_parts() -> None:
    fit, upper, one = Is("fitness", "fit"), AnyLevel("T2", "T5"), Count("levels", 1)
    inner = AnyOf(upper, Not(one))
    whole = AllOf(fit, inner)
    assert list(whole.walk()) == [whole, fit, inner, upper, inner.conditions[1], one]
    assert list(fit.walk()) == [fit]


@pytest.mark.parametrize("flow", [flow for flow in FLOWS if flow.question("levels")], ids=lambda flow: flow.code)
@given(levels=st.sets(st.sampled_from(SPINE), min_size=1).map(lambda levels: tuple(sorted(levels, key=SPINE.index))))
def test_every_choice_of_levels_has_one_in_the_space_that_no_condition_tells_apart(
    flow: Flow, levels: tuple[str, ...]
) -> None:
    whens = [*(question.asked for question in flow.questions), *guiding(flow)]
    asked = [part for when in whens for part in when.walk() if isinstance(part, AnyLevel | Count)]
    [grid] = [question for question in flow.questions if question.several]
    readings = {tuple(part.evaluate({"levels": codes}) for part in asked) for codes in space.answers(flow, grid)}
    assert tuple(part.evaluate({"levels": levels}) for part in asked) in readings
