"""What is read at each state of a case: the question, the recommendation, and what is read beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap
from flows.cards.comparison import OptionComparison
from flows.cards.findings import FindingLines, given_answers
from flows.cards.layout import bind, wrap_rows
from flows.cards.option import OptionCards, urgent_block, with_footer
from flows.cards.question import QuestionCards
from flows.cards.recommendation import RecommendationText
from flows.cards.score import ScoreCards
from flows.cards.what_if import LEVELS, WhatIfCards
from flows.catalog.loader import Catalog
from flows.engine.counterfactuals import outcome_explorer
from flows.engine.interview import InterviewState
from flows.errors import StaleTap
from flows.export.plain_text import PlainText, utf16_length
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.flow import Flow
from flows.model.levels import as_spans
from flows.model.rules import Recommendation, decide
from flows.model.scored import Scored

MOST_COPIED: Final = 256
"""UTF-16 units that a button can put on the clipboard."""

REMEMBERED: Final = 4096
"""How many cards are kept as they were drawn, 8 kB each: all that cases of one level can lead to. The oldest goes
first, and is drawn anew."""


class CaseRenderer:
    """Draws the cards of one flow with one catalog.

    Attributes:
        named: whether each finding says who gave it, as a team wants it.
    """

    def __init__(self, flow: Flow, catalog: Catalog, *, named: bool = False, drawn: bool = False) -> None:
        """Read the flow ahead, with one memory for all cases; `drawn` offers the page of the spine at the levels."""
        self.flow = flow
        self.catalog = catalog
        self.named = named
        self.what_if_cards = WhatIfCards(outcome_explorer(flow), catalog)
        self.comparison = OptionComparison(catalog)
        self.told = RecommendationText(catalog)
        self.plain = PlainText(flow, catalog)
        self.findings = FindingLines(flow, catalog, named)
        self.question_cards = QuestionCards(flow, catalog, self.findings, self.what_if_cards, drawn)
        self.option_cards = OptionCards(flow, catalog, self.findings, self.comparison, self.told)
        self.score_cards = ScoreCards(flow, catalog, self.findings)
        self._memory: dict[object, Card] = {}

    def case(self, case: Case, state: InterviewState, scored: Sequence[Scored] = (), when: str = "") -> Card:
        """Draw where the case stands: the question at hand, or what follows from the answers.

        Args:
            case: the case.
            state: where it stands.
            scored: what was scored of it, at a question that it helps with and under the recommendation.
            when: the time at which it was answered, as it is read in what is copied.
        """
        at = state.current
        helps = tuple(score for score in scored if at is None or score.scale in at.linked_flows)
        card = self._render(case, state, helps)
        if band := None if state.current else self.score_cards.band(state):
            text = self.plain.score(state.findings, band, case.level, when)
            first, *others = card.rows
            card = replace(card, rows=((self._copy(text), *first), *others))
        if case.parent_id:
            *rows, last = (tuple(button for button in row if button.tap.action is not Action.new) for row in card.rows)
            back = Button(self.catalog.wording.labels.to_case, Tap(Action.show, case=case.parent_id))
            card = replace(card, rows=(*filter(None, rows), (back,), last))
        return bind(card, case)

    def _render(self, case: Case, state: InterviewState, scored: tuple[Scored, ...]) -> Card:
        """Draw the card, bound to no case yet; another case that stands in the same place has the same one."""
        told = tuple(state.answers.values()) if self.named else tuple(given_answers(state).items())
        at = state.current and state.current.code
        key = (at, state.selected, told, state.disputed, state.scope, case.edition, case.level, scored)
        card = self._memory.get(key)
        if card is None:
            if len(self._memory) >= REMEMBERED:
                del self._memory[next(iter(self._memory))]
            if state.current:
                card = self.question_cards.card(state.current, case, state, scored)
            elif band := self.score_cards.band(state):
                card = self.score_cards.card(case, state, band)
            else:
                card = self._recommendation_card(case, state, scored)
            self._memory[key] = card
        return card

    def short_title(self, title: str) -> str:
        """Shorten the title of a recommendation, for a list of cases."""
        words = self.catalog.wording
        shorts = {option.name: option.short for option in self.catalog.options.values()}
        return {**shorts, words.result.none: words.what_if.team}.get(title, title)

    def answers(self, case: Case, state: InterviewState) -> Card:
        """Draw the answers that count, each with the way to change it.

        Raises:
            StaleTap: where there is none but the one to the question at hand.
        """
        words = self.catalog.wording
        buttons = self.findings.changes(state)
        if not buttons:
            raise StaleTap(Action.answers)
        blocks = (*self.findings.answers_block(case, state), Block((Line(words.result.change),), style=Style.small))
        back = words.labels.to_question if state.current else words.labels.to_card
        rows = (*wrap_rows(buttons), (Button(back, Tap(Action.show)),))
        label = self.findings.step(state.current, state) if state.current else self.findings.label(state)
        return bind(Card(label, words.result.changing, blocks, rows), case)

    def starting_over(self, case: Case, state: InterviewState) -> Card:
        """Draw the question whether the case shall begin again, with how many answers would go."""
        words = self.catalog.wording
        label = self.findings.step(state.current, state) if state.current else self.findings.label(state)
        back = words.labels.to_question if state.current else words.labels.to_card
        row = (Button(words.labels.start_over, Tap(Action.restart, "sure")), Button(back, Tap(Action.show)))
        title = words.restart.title.format(count=len(state.answers))
        return bind(Card(label, title, (Block((Line(words.restart.line),)),), (row,)), case)

    def changes(self, case: Case, state: InterviewState, of: str = "") -> Card:
        """Draw every single answer that would change the headline or a verdict of an answered case.

        Args:
            case: the case.
            state: where it stands.
            of: the levels, for the screen of their own; empty for all that may be in doubt about the patient.

        Raises:
            StaleTap: where there is no such screen.
        """
        if of not in ("", LEVELS):
            raise StaleTap(of)
        draw = self.what_if_cards.levels if of else self.what_if_cards.changes
        result = decide(self.flow.guidance, state.findings)
        levels = as_spans(state.findings[self.flow.questions[0].code])
        label = f"{levels} · {self.short_title(self.told.headline.title(result))}"
        return bind(replace(draw(label, given_answers(state)), blocks=urgent_block(self.flow, state)), case)

    def what_if(self, case: Case, state: InterviewState, question: str, choice: str) -> Card:
        """Draw an answered case beside what it would be with another answer; the case is not changed.

        Raises:
            StaleTap: where that question does not count, or has no such other answer.
        """
        return with_footer(self.what_if_cards.what_if(given_answers(state), question, choice), self.findings, case)

    def compare(self, case: Case, state: InterviewState, codes: Codes) -> Card:
        """Draw two or three options side by side, as `abreast.options` reads them from a button.

        Raises:
            KeyError: where the catalog has no such option.
        """
        card = self.comparison.card(codes, decide(self.flow.guidance, state.findings))
        return with_footer(replace(card, blocks=(*urgent_block(self.flow, state), *card.blocks)), self.findings, case)

    def copy_card(self, case: Case, state: InterviewState, when: str = "", scored: Sequence[Scored] = ()) -> Card:
        """Draw a recommendation or a score as plain text, for where it does not fit a button.

        Args:
            case: the case.
            state: where it stands.
            when: the time, as it is read.
            scored: what was scored of it.
        """
        if band := self.score_cards.band(state):
            text = self.plain.score(state.findings, band, case.level, when)
        else:
            text = self.plain.recommendation(state, when, scored)
        words = self.catalog.wording
        paper = () if self.score_cards.band(state) else ((Button(words.labels.record, Tap(Action.record)),),)
        row = (Button(words.labels.to_card, Tap(Action.show)),)
        how = Block((Line(words.result.copy_block),))
        block = Block(tuple(map(Line, text.splitlines())), style=Style.typed)
        return bind(Card(self.findings.label(state), words.labels.copy_text, (how, block), (*paper, row)), case)

    def _recommendation_card(self, case: Case, state: InterviewState, scored: Sequence[Scored]) -> Card:
        words = self.catalog.wording
        result = decide(self.flow.guidance, state.findings)
        options = Button(words.labels.every_option, Tap(Action.option))
        share = Button(self.catalog.team.labels.share, Tap(Action.share))
        copy = self._copy(self.plain.recommendation(state, "", scored))
        picture = Button(words.labels.picture, Tap(Action.picture))
        new = Button(words.labels.new, Tap(Action.new))
        rows = (
            (options, Button(words.labels.changes, Tap(Action.changes))),
            (copy, picture, share),
            (*self.findings.to_answers(state), Button(words.labels.back, Tap(Action.back)), new),
        )
        blocks = (
            *self.told.first_screen(result),
            *self.told.folded_blocks(result, self.what_if_cards.of_headline(given_answers(state))),
            *self.findings.answers_block(case, state, scored),
            Block((self._closing(result),), style=Style.small),
        )
        shown, above = tuple(block for block in blocks if block.lines), self.findings.outside(state.scope, scored)
        return Card(self.findings.label(state), self.told.headline.title(result), shown, rows, above=above)

    def _copy(self, text: str) -> Button:
        """Return the button that copies a text, or leads to it where it is too long for a button."""
        copies = text if utf16_length(text) <= MOST_COPIED else ""
        return Button(self.catalog.wording.labels.copy_text, Tap(Action.copy), copy_text=copies)

    def _closing(self, result: Recommendation) -> Line:
        """Return the last line of a recommendation: the source with its year, and its scope."""
        source = self.catalog.source
        scope = ", ".join(note.brief for note in result.notes if note.closing)
        words = self.catalog.wording.result.closing
        return Line(words.format(source=source.name, year=source.year, scope=scope))
