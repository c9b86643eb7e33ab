"""What is read at a question: the hint, the answers so far, the choices, and what helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap
from flows.cards.findings import FindingLines, given_answers
from flows.cards.layout import choice_grid, wrap_rows
from flows.cards.what_if import LEVELS, WhatIfCards
from flows.catalog.loader import Catalog
from flows.engine.interview import InterviewState
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.flow import Flow, Question
from flows.model.scored import Scored


@dataclass(frozen=True, slots=True)
class QuestionCards:
    """Draws the questions of one flow.

    Attributes:
        drawn: whether the channel has a page on which levels and extent are tapped on a drawing.
    """

    flow: Flow
    catalog: Catalog
    findings: FindingLines
    what_if_cards: WhatIfCards
    drawn: bool = False

    def card(self, at: Question, case: Case, state: InterviewState, scored: Sequence[Scored]) -> Card:
        """Draw a question, with what was scored that helps with it."""
        blocks: list[Block] = []
        if at.hint:
            blocks.append(Block((Line(at.hint, facts=at.facts),), style=Style.small))
        if at.caution:
            blocks.append(Block((Line(at.caution),), style=Style.urgent))
        if scored:
            blocks.append(Block(self.findings.scores(scored, asked=True)))
        if at.several and state.selected:
            blocks.append(Block((Line(at.finding_text(state.selected)),)))
        told = [line for block in self.findings.answers_block(case, state) for line in block.lines]
        others = {code: codes for code, codes in given_answers(state).items() if code != at.code}
        if others and not self.flow.guidance.bands:
            told += self.what_if_cards.in_play(others).lines
        blocks += [Block(tuple(told))] if told else []
        rows = (*self._choices(at, state.selected), *self._help_rows(at), self.findings.last_row(state))
        return Card(self.findings.step(at, state), at.text, tuple(blocks), rows)

    def _choices(self, at: Question, chosen: Codes) -> list[tuple[Button, ...]]:
        """Lay out the answers; each button of a choice of several bears the state that is wished."""
        rows = choice_grid(at, chosen, Action.answer, Action.mark, Action.unmark)
        if at.several:
            rows.append((self._done(at, chosen),))
        return rows

    def _done(self, at: Question, chosen: Codes) -> Button:
        """Settle what is ticked; a single choice is named, and settles only while it is the only one."""
        labels = self.catalog.wording.labels
        if len(chosen) == 1:
            only = labels.only.format(choice=at.choice(chosen[0]).label)
            return Button(only, Tap(Action.done, at.code, chosen[0]))
        count = f" · {len(chosen)}" if chosen else ""
        return Button(labels.done + count, Tap(Action.done, at.code))

    def _help_rows(self, at: Question) -> list[tuple[Button, ...]]:
        """Lay out what helps with a question: the flows that score, and the scales to look up, one in a row."""
        words = self.catalog.wording.labels
        scales = [
            Button(words.scale.format(scale=self.catalog.scales[code].name), Tap(Action.scale, code))
            for code in at.scales
        ]
        page = [Button(words.draw, Tap(Action.draw, at.code), opens_page=True)] if self._is_drawn(at) else []
        return [*wrap_rows(self.linked(at)), *((button,) for button in (*page, *scales))]

    def _is_drawn(self, at: Question) -> bool:
        """Return whether a drawing can answer a question: the levels, where their extent is asked too."""
        return self.drawn and at.code == LEVELS and self.flow.question("extent") is not None

    def linked(self, question: Question) -> list[Button]:
        """Return the buttons that open the cases which score what helps with a question."""
        return [
            Button(self.catalog.scales[code].name, Tap(Action.linked_case, code)) for code in question.linked_flows
        ]
