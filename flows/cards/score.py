"""What is read of a score: the total and its class, each item with its points, and where the scale comes from."""

from __future__ import annotations

from dataclasses import dataclass

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap
from flows.cards.findings import FindingLines
from flows.cards.recommendation import note_lines
from flows.catalog.loader import Catalog
from flows.engine.interview import InterviewState
from flows.model.case import Case
from flows.model.flow import Flow
from flows.model.rules import Band, decide
from flows.model.scored import Scored


@dataclass(frozen=True, slots=True)
class ScoreCards:
    """Draws what a flow that scores has found."""

    flow: Flow
    catalog: Catalog
    findings: FindingLines

    def card(self, case: Case, state: InterviewState, band: Band) -> Card:
        """Draw a score: the total and its class, each item with its points, and where the scale comes from."""
        words = self.catalog.wording
        title = words.result.score.format(
            scale=self.catalog.scales[self.flow.code].name, score=self.flow.score(state.findings), band=band.name
        )
        items = tuple(
            Line(f"{choice.points}{self.findings.by(state, question)}", lead=choice.finding_text)
            for question, choice in self.flow.scored_choices(state.findings)
        )
        notes = note_lines(decide(self.flow.guidance, state.findings).notes)
        blocks = (
            Block((Line(band.because, facts=band.facts),)),
            Block(items, heading=words.result.points, style=Style.listed),
            Block((*self.findings.older(case), *notes, *self.findings.footer()), style=Style.small),
        )
        new = (Button(words.labels.new, Tap(Action.new)),)
        return Card(self.findings.scored_place(case, state), title, blocks, (new, self.findings.last_row(state)))

    def band(self, state: InterviewState) -> Band | None:
        """Return the class of the score; None while it is not complete, or where the flow has none."""
        return decide(self.flow.guidance, state.findings).band

    def scored(self, case: Case, state: InterviewState) -> Scored | None:
        """Return what a case that scores has found; None while it is not complete."""
        band = self.band(state)
        if state.current or band is None:
            return None
        where = self.findings.scored_place(case, state) if self.flow.per_level else ""
        told, points = self.flow.guidance, self.flow.score(state.findings)
        return Scored(self.flow.code, points, band, where, told.direction, told.caveat)
