"""A start link bears findings and marks as codes: what was written is read back, and nothing else is."""

from __future__ import annotations

import re
from itertools import chain, combinations

import pytest
from kit import FLOWS, T8

from bot.telegram.updates.inbox import to_inbox
from flows.engine import enumeration as space
from flows.export.start_payload import Prefill, decode_start_payload, encode_start_payload
from flows.model.flow import Flow
from flows.model.source_scope import ScopeCode, ScopeMark
from flows.pathways.metastasis import METASTASIS

MARKS = (
    ScopeMark(ScopeCode.asymptomatic),
    ScopeMark(ScopeCode.stable_spine),
    ScopeMark(ScopeCode.sins, "5"),
    ScopeMark(ScopeCode.escc, "1a"),
    ScopeMark(ScopeCode.level, "C7"),
    ScopeMark(ScopeCode.level, "S1–S2"),
    ScopeMark(ScopeCode.primary),
    ScopeMark(ScopeCode.intradural),
)
SOME = [*chain.from_iterable(combinations(MARKS, size) for size in range(len(MARKS) + 1))]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.code)
def test_every_case_comes_back_from_its_link(flow: Flow) -> None:
    for findings in space.cases(flow):
        payload = encode_start_payload(flow, findings)
        assert re.fullmatch("[A-Za-z0-9_-]{1,64}", payload)
        assert decode_start_payload(flow, payload) == Prefill(
            {code: codes for code, codes in findings.items() if codes}
        )


@pytest.mark.parametrize("marks", SOME, ids=lambda marks: ",".join(f"{m.code}{m.value}" for m in marks) or "none")
def test_what_puts_a_case_outside_the_scope_comes_back_from_its_link(marks: tuple[ScopeMark, ...]) -> None:
    payload = encode_start_payload(METASTASIS, T8, marks)
    assert re.fullmatch("[A-Za-z0-9_-]{1,64}", payload)
    prefill = decode_start_payload(METASTASIS, payload)
    assert prefill
    assert prefill.findings == T8
    assert sorted(prefill.scope) == sorted(marks)
    assert payload in taken_in(payload)


def taken_in(payload: str) -> str:
    who = {"id": 5, "is_bot": False, "first_name": "x"}
    message = {"message_id": 1, "from": who, "chat": {"id": 5, "type": "private"}, "text": f"/start {payload}"}
    inbox_update = to_inbox({"update_id": 1, "message": message})
    assert inbox_update
    return inbox_update.payload


def test_of_more_marks_than_a_link_has_room_for_the_last_levels_are_left_out() -> None:
    levels = tuple(ScopeMark(ScopeCode.level, f"{region}{n}") for region in "CS" for n in range(1, 8))
    payload = encode_start_payload(
        METASTASIS, T8, (*levels, ScopeMark(ScopeCode.primary), ScopeMark(ScopeCode.sins, "0"))
    )
    assert len(payload) <= 64
    prefill = decode_start_payload(METASTASIS, payload)
    assert prefill
    assert prefill.scope[:2] == (ScopeMark(ScopeCode.primary), ScopeMark(ScopeCode.sins, "0"))
    assert prefill.scope[2:] == levels[: len(prefill.scope) - 2] != ()


def test_a_mark_of_which_the_value_is_none_that_links_bear_is_left_out() -> None:
    payload = encode_start_payload(
        METASTASIS, T8, (ScopeMark(ScopeCode.level, "coccyx"), ScopeMark(ScopeCode.sins, "9"))
    )
    assert payload == encode_start_payload(METASTASIS, T8)


def test_what_is_missing_stays_missing() -> None:
    assert decode_start_payload(METASTASIS, encode_start_payload(METASTASIS, {"levels": ("T8",)})) == Prefill(
        {"levels": ("T8",)}
    )


def test_anything_else_is_no_prefill() -> None:
    payload = encode_start_payload(METASTASIS, T8)
    forged = ["", "p2", payload[:-1], payload + "a", payload + "\n", payload[:-1] + "z", "p3" + payload[2:]]
    forged += [f"{payload}{tail}" for tail in ("_", "_c", "_c7", "_h", "_a_", "__a", "_eJohn", "_a1950")]
    for other in forged:
        assert decode_start_payload(METASTASIS, other) is None, other
    assert not any(other in taken_in(other) for other in forged[-8:]), "what somebody writes there is not taken in"


FORMER = (
    # bits of the levels; then fitness, deficit, extent, destruction, one_sided, prior
    ("p100080aaaa-a", {**T8}),
    ("p100080aaaa-b", {code: codes for code, codes in T8.items() if code != "prior"}),
    ("p100080aaaa-c", {**T8, "prior": ("extensive",)}),
    ("p100008acc---", {"levels": ("T4",), "fitness": ("fit",), "deficit": ("significant",), "extent": ("posterior",)}),
    (
        "p100080acbbba",
        {
            "levels": ("T8",),
            "fitness": ("fit",),
            "deficit": ("significant",),
            "destruction": ("extensive",),
            "single_approach": ("not_enough",),
            "prior": ("none",),
        },
    ),
)


@pytest.mark.parametrize(("payload", "findings"), FORMER, ids=[payload for payload, _ in FORMER])
def test_a_link_of_the_former_edition_is_read_as_its_answers_count_now(
    payload: str, findings: dict[str, tuple[str, ...]]
) -> None:
    assert decode_start_payload(METASTASIS, payload) == Prefill(findings)
    assert payload in taken_in(payload)


@pytest.mark.parametrize("payload", ["p100080aaaa-d", "p100080aaada-", "p1", "p100080aaaa-a_a"])
def test_a_link_that_the_former_edition_never_made_is_no_prefill(payload: str) -> None:
    assert decode_start_payload(METASTASIS, payload) is None
