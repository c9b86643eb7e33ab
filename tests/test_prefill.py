"""A start link bears findings as codes: what was written is read back, and nothing else is."""

from __future__ import annotations

import re

import pytest
from kit import FLOWS, T8

from flows import space
from flows.flow import Flow
from flows.pathways.metastasis import METASTASIS
from flows.prefill import read_prefill, write_prefill


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.code)
def test_every_case_comes_back_from_its_link(flow: Flow) -> None:
    for findings in space.cases(flow):
        payload = write_prefill(flow, findings)
        assert re.fullmatch("[A-Za-z0-9_-]{1,64}", payload)
        assert read_prefill(flow, payload) == {code: codes for code, codes in findings.items() if codes}


def test_what_is_missing_stays_missing() -> None:
    assert read_prefill(METASTASIS, write_prefill(METASTASIS, {"levels": ("T8",)})) == {"levels": ("T8",)}


def test_anything_else_is_no_prefill() -> None:
    payload = write_prefill(METASTASIS, T8)
    for forged in ("", "p2", payload[:-1], payload + "a", payload + "\n", payload[:-1] + "z", "p3" + payload[2:]):
        assert read_prefill(METASTASIS, forged) is None
