"""What was found, as lines of a card: each finding with who gave it, what was scored, the way to change it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flows.cards.card import Action, Block, Button, Line, Tap, person
from flows.cards.layout import CHANGE, short_label
from flows.catalog.loader import Catalog
from flows.engine.interview import InterviewState
from flows.export.scope_text import CITED, scope_texts
from flows.model.case import AnswerEvent, Case
from flows.model.findings import Findings
from flows.model.flow import Flow, Question
from flows.model.scored import Scored, caveats_of
from flows.model.source_scope import ScopeMark


@dataclass(frozen=True, slots=True)
class FindingLines:
    """Writes the findings of one flow's cases.

    Attributes:
        named: whether each finding says who gave it, as a team wants it.
    """

    flow: Flow
    catalog: Catalog
    named: bool = False

    def label(self, state: InterviewState) -> str:
        """The first line of a result: the first finding, such as "T11–L1 · 3 levels"."""
        first = self.flow.questions[0]
        return first.finding_text(state.findings[first.code])

    def texts(self, state: InterviewState) -> dict[str, str]:
        """Write each finding that counts, by its question; with who gave it, where that is wanted."""
        return {
            question.code: question.finding_text(codes) + self.by(state, question)
            for question in self.flow.questions
            if (codes := state.findings.get(question.code))
        }

    def by(self, state: InterviewState, question: Question) -> str:
        """Name who gave a finding, where that is wanted, and whether another member of the team disputes it."""
        by = f" ({person(state.answers[question.code].who)})" if self.named else ""
        return f"{by}, {self.catalog.team.heads.disputed.lower()}" if question.code in state.disputed else by

    def answers_block(self, case: Case, state: InterviewState, scored: Sequence[Scored] = ()) -> list[Block]:
        """Return what has been answered: what counts, what was scored beside it, what is kept but not needed."""
        words = self.catalog.wording
        at = state.current.code if state.current else ""
        lead = words.result.findings if state.current else ""
        if not state.current and not self.named:
            at = self.flow.questions[0].code  # the first line of the card tells it already
        counting = [said for code, said in self.texts(state).items() if code != at]
        lines = [Line(" · ".join(counting), lead=lead)] if counting else []
        lines += self.scores(scored)
        if state.inactive:
            lines.append(Line(self._kept(state.inactive), lead=words.result.unneeded))
        lines += self.older(case)
        return [Block(tuple(lines))] if lines else []

    def _kept(self, steps: Iterable[AnswerEvent]) -> str:
        questions = ((self.flow.question(step.question), step) for step in steps)
        return " · ".join(question.finding_text(step.codes) for question, step in questions if question)

    def older(self, case: Case) -> list[Line]:
        """Return a line that says so where a case was begun under another edition."""
        if case.edition == self.catalog.edition:
            return []
        return [Line(self.catalog.wording.result.older.format(began=case.edition, edition=self.catalog.edition))]

    def scores(self, scored: Sequence[Scored], *, asked: bool = False) -> tuple[Line, ...]:
        """Return what was scored as lines, with what must be known of it; beside a question also that you judge."""
        if not scored:
            return ()
        words, (*others, last) = self.catalog.wording.result, scored
        lines = [self._score(score, words.scored_finding) for score in others]
        lines.append(self._score(last, words.linked_score if asked else words.scored_finding))
        return *lines, *map(Line, caveats_of(scored))

    def _score(self, scored: Scored, words: str) -> Line:
        """Return what was scored as a line, in words that have blanks for the score, its class and its place."""
        scale = self.catalog.scales[scored.scale]
        disputed = self.catalog.team.heads.disputed_score
        lead = disputed.format(scale=scale.name) if scored.disputed else scale.name
        told = words.format(score=scored.points, band=scored.band.name, where=scored.about)
        return Line(told, lead=lead, facts=(scale.cite,))

    def outside(self, marks: Iterable[ScopeMark], scored: Iterable[Scored] = ()) -> tuple[Line, ...]:
        """Return why a case is outside the scope of the source; it changes no verdict."""
        texts = scope_texts(self.catalog.wording.scope, marks, scored)
        return tuple(Line(said.text, facts=CITED) for said in texts)

    def step(self, at: Question, state: InterviewState) -> str:
        """Return how far the questions have come."""
        words = self.catalog.wording
        progress = self.flow.progress(at, given_answers(state))
        name = self.catalog.scales[self.flow.code].name if self.flow.guidance.bands else words.case
        left = words.left.said(progress.fewest, progress.most)
        return f"{name} · {words.step.format(number=progress.number, left=left)}"

    def changes(self, state: InterviewState) -> list[Button]:
        """Return a button for each answer that counts, to change it; the question at hand is open already."""
        buttons: list[Button] = []
        for question in self.flow.questions:
            codes = state.findings.get(question.code)
            if codes and question is not state.current:
                buttons.append(Button(f"{CHANGE} {short_label(question, codes)}", Tap(Action.change, question.code)))
        return buttons

    def to_answers(self, state: InterviewState) -> tuple[Button, ...]:
        """Return the button that leads to the answers; none where there is no answer to change."""
        label = f"{CHANGE} {self.catalog.wording.labels.answers}"
        return (Button(label, Tap(Action.answers)),) if self.changes(state) else ()

    def last_row(self, state: InterviewState) -> tuple[Button, ...]:
        """Lay out the way back: to any answer, where there is one, by one step, and to the beginning."""
        labels = self.catalog.wording.labels
        back = Button(labels.back, Tap(Action.back))
        return *self.to_answers(state), back, Button(labels.restart, Tap(Action.restart))

    def scored_place(self, case: Case, state: InterviewState) -> str:
        """Return what was scored: the level, where the case is bound to one, and the first finding."""
        return ", ".join(filter(None, (case.level, self.label(state))))

    def footer(self) -> tuple[Line, ...]:
        """Return the source with its year, the edition, and what the card is not."""
        words = self.catalog.wording.result
        source, edition = self.catalog.source, self.catalog.edition
        told = words.footer.format(source=source.name, year=source.year, edition=edition)
        if self.flow.guidance.bands:
            told = words.scored.format(source=self.catalog.scales[self.flow.code].source, edition=edition)
        return Line(told), Line(words.disclaimer)


def given_answers(state: InterviewState) -> Findings:
    """Return every answer that was given, whether it counts or not."""
    return {code: step.codes for code, step in state.answers.items()}
