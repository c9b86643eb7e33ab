"""What thinking ahead costs: the drawing of question and recommendation cards with it, and what of that is its own.

Run it with `python -m bench.foresight`; it prints processor time a card, first with nothing remembered, then with all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from flows.cards.case import CaseRenderer
from flows.cards.what_if import WhatIfCards
from flows.engine import enumeration as space
from flows.engine.counterfactuals import OutcomeExplorer
from flows.engine.interview import Interview, InterviewState
from flows.model.case import AnswerEvent, AnswerEventKind, Case
from flows.model.findings import Findings
from flows.pathways.registry import flow_registry

Drawn = tuple[Case, InterviewState]
Value = TypeVar("Value")


def main() -> None:
    """Draw every card of every case, cold and warm, and print what each costs."""
    offered = flow_registry()
    flow, catalog = offered.flow(), offered.catalog
    interview, cards = Interview(flow), CaseRenderer(flow, catalog)
    stands = [(case, interview.state(case)) for case in _cases(flow.code, list(space.cases(flow)))]
    asked = [one for one in stands if one[1].current and one[1].answers]
    ended = [one for one in stands if not one[1].current]
    for name, drawn in (("question", asked), ("recommendation", ended)):
        print(f"{name}: {len(drawn)} cards")
        print(f"  the whole card, nothing remembered at first: {_cost(lambda one: cards.case(*one), drawn):7.1f} µs")
        print(f"  the whole card, everything remembered:       {_cost(lambda one: cards.case(*one), drawn):7.1f} µs")
    given = [[{code: step.codes for code, step in one[1].answers.items()} for one in some] for some in (asked, ended)]
    for name in ("cold", "warm"):
        outlook = WhatIfCards(OutcomeExplorer(flow), catalog) if name == "cold" else cards.what_if_cards
        print(f"the line of what is in play, {name}:      {_cost(outlook.in_play, given[0]):7.1f} µs")
        print(f"the line of what would change it, {name}: {_cost(outlook.of_headline, given[1]):7.1f} µs")


def _cases(flow: str, endings: Sequence[Findings]) -> list[Case]:
    """Give every beginning of every case, as its steps."""
    paths = [
        tuple(AnswerEvent(AnswerEventKind.answer, code, codes) for code, codes in end.items() if codes)
        for end in endings
    ]
    beginnings = dict.fromkeys(path[:end] for path in paths for end in range(1, len(path) + 1))
    return [Case("bench", flow, "", len(steps), len(steps), steps) for steps in beginnings]


def _cost(draw: Callable[[Value], object], values: Sequence[Value]) -> float:
    """Give the processor time of one call, in µs."""
    began = time.process_time()
    for value in values:
        draw(value)
    return (time.process_time() - began) / len(values) * 1e6


if __name__ == "__main__":
    main()
