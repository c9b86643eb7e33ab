"""What is read at each state of a case: the question, the recommendation, one option in detail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap, person
from flows.cards.comparison import OptionComparison
from flows.cards.layout import CHANGE, bind, choice_grid, short_label, wrap_rows
from flows.cards.recommendation import RecommendationText, note_lines
from flows.cards.what_if import LEVELS, WhatIfCards
from flows.catalog.loader import Catalog, Option
from flows.engine.counterfactuals import outcome_explorer
from flows.engine.interview import InterviewState
from flows.errors import StaleTap
from flows.export.plain_text import PlainText, utf16_length
from flows.export.scope_text import CITED, scope_texts
from flows.model.case import AnswerEvent, Case
from flows.model.findings import Codes, Findings
from flows.model.flow import Flow, Question
from flows.model.levels import as_spans
from flows.model.rules import Band, Recommendation, Rule, Verdict, decide
from flows.model.scored import Scored
from flows.model.source_scope import ScopeMark

MOST_COPIED: Final = 256
"""UTF-16 units that a button can put on the clipboard."""

REMEMBERED: Final = 4096
"""How many cards are kept as they were drawn, 8 kB each: all that cases of one level can lead to. The oldest goes
first, and is drawn anew."""


@dataclass(frozen=True, slots=True)
class CaseRenderer:
    """Draws the cards of one flow with one catalog.

    Attributes:
        named: whether each finding says who gave it, as a team wants it.
    """

    flow: Flow
    catalog: Catalog
    named: bool = False
    what_if_cards: WhatIfCards = field(init=False)
    comparison: OptionComparison = field(init=False)
    told: RecommendationText = field(init=False)
    plain: PlainText = field(init=False)
    _memory: dict[object, Card] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the flow ahead, with one memory for all cases."""
        object.__setattr__(self, "what_if_cards", WhatIfCards(outcome_explorer(self.flow), self.catalog))
        object.__setattr__(self, "comparison", OptionComparison(self.catalog))
        object.__setattr__(self, "told", RecommendationText(self.catalog))
        object.__setattr__(self, "plain", PlainText(self.flow, self.catalog))

    def case(self, case: Case, state: InterviewState, scored: Scored | None = None, when: str = "") -> Card:
        """Draw where the case stands: the question at hand, or what follows from the answers.

        Args:
            case: the case.
            state: where it stands.
            scored: what was scored of it, at a question that it helps with and under the recommendation.
            when: the time at which it was answered, as it is read in what is copied.
        """
        helps = state.current is None or state.current.linked_flow
        card = self._render(case, state, scored if helps else None)
        if band := None if state.current else self._band(state):
            text = self.plain.score(state.findings, band, case.level, when)
            first, *others = card.rows
            card = replace(card, rows=((self._copy(text), *first), *others))
        if case.parent_id:
            *rows, last = (tuple(button for button in row if button.tap.action is not Action.new) for row in card.rows)
            back = Button(self.catalog.wording.labels.to_case, Tap(Action.show, case=case.parent_id))
            card = replace(card, rows=(*filter(None, rows), (back,), last))
        return bind(card, case)

    def _render(self, case: Case, state: InterviewState, scored: Scored | None) -> Card:
        """Draw the card, bound to no case yet; another case that stands in the same place has the same one."""
        told = tuple(state.answers.values()) if self.named else tuple(_given_answers(state).items())
        at = state.current and state.current.code
        key = (at, state.selected, told, state.disputed, state.scope, case.edition, case.level, scored)
        card = self._memory.get(key)
        if card is None:
            if len(self._memory) >= REMEMBERED:
                del self._memory[next(iter(self._memory))]
            if state.current:
                card = self._question_card(state.current, case, state, scored)
            elif band := self._band(state):
                card = self._score_card(case, state, band)
            else:
                card = self._recommendation_card(case, state, scored)
            self._memory[key] = card
        return card

    def scored(self, case: Case, state: InterviewState) -> Scored | None:
        """Return what a case that scores has found; None while it is not complete."""
        band = self._band(state)
        if state.current or band is None:
            return None
        return Scored(self.flow.code, self.flow.score(state.findings), band, self._scored_place(case, state))

    def outside(self, marks: Iterable[ScopeMark], scored: Scored | None = None) -> tuple[Line, ...]:
        """Return why a case is outside the scope of the source; it changes no verdict."""
        texts = scope_texts(self.catalog.wording.scope, marks, scored)
        return tuple(Line(said.text, facts=CITED) for said in texts)

    def score(self, scored: Scored, words: str) -> Line:
        """Return what was scored as a line, in words that have blanks for the score, its class and its place."""
        scale = self.catalog.scales[scored.scale]
        disputed = self.catalog.team.heads.disputed_score
        lead = disputed.format(scale=scale.name) if scored.disputed else scale.name
        told = words.format(score=scored.points, band=scored.band.name, where=scored.where)
        return Line(told, lead=lead, facts=(scale.cite,))

    def short_title(self, title: str) -> str:
        """Shorten the title of a recommendation, for a list of cases."""
        words = self.catalog.wording
        shorts = {option.name: option.short for option in self.catalog.options.values()}
        return {**shorts, words.result.none: words.what_if.team}.get(title, title)

    def option(self, case: Case, state: InterviewState, code: str) -> Card:
        """Draw one option in detail, with every reason that holds in this case.

        Raises:
            KeyError: where the catalog has no such option.
        """
        words = self.catalog.wording
        option = self.catalog.options[code]
        result = decide(self.flow.guidance, state.findings)
        advice = next(advice for advice in result.options if advice.option == code)
        verdict = getattr(words.verdicts, advice.verdict.name)
        heading = _conditional(verdict, result) if advice.verdict is Verdict.indicated else verdict
        why = Block(tuple(_reason(rule) for rule in advice.reasons), heading=heading, style=Style.listed)
        urgent = Block(note_lines(note for note in result.notes if note.urgent), style=Style.urgent)
        cited = [fact for rule in advice.reasons for fact in rule.facts]
        linked_result = self.comparison.buttons((code,))
        every = Button(words.labels.all_options, Tap(Action.option))
        picture = Button(words.labels.picture, Tap(Action.picture, code))
        rows = [*wrap_rows(linked_result), (picture,), (every, Button(words.labels.to_card, Tap(Action.show)))]
        card = Card(
            self._findings_label(state),
            option.name,
            tuple(block for block in (why, urgent, *self._detail(option, cited)) if block.lines),
            tuple(rows),
        )
        return bind(card, case)

    def options(self, case: Case, state: InterviewState) -> Card:
        """Draw the verdict on every option, each with the way to its detail."""
        words = self.catalog.wording
        result = decide(self.flow.guidance, state.findings)
        verdicts = Block(self.comparison.verdicts([a.option for a in result.options], result), style=Style.listed)
        buttons = [Button(self.catalog.options[a.option].short, Tap(Action.option, a.option)) for a in result.options]
        rows = (*wrap_rows(buttons), (Button(words.labels.to_card, Tap(Action.show)),))
        blocks = (*self._urgent(state), verdicts)
        return self._with_footer(Card(self._findings_label(state), words.labels.every_option, blocks, rows), case)

    def answers(self, case: Case, state: InterviewState) -> Card:
        """Draw the answers that count, each with the way to change it.

        Raises:
            StaleTap: where there is none but the one to the question at hand.
        """
        words = self.catalog.wording
        buttons = self._changes(state)
        if not buttons:
            raise StaleTap(Action.answers)
        blocks = (*self._answers_block(case, state), Block((Line(words.result.change),), style=Style.small))
        back = words.labels.to_question if state.current else words.labels.to_card
        rows = (*wrap_rows(buttons), (Button(back, Tap(Action.show)),))
        label = self._step(state.current, state) if state.current else self._findings_label(state)
        return bind(Card(label, words.result.changing, blocks, rows), case)

    def starting_over(self, case: Case, state: InterviewState) -> Card:
        """Draw the question whether the case shall begin again, with how many answers would go."""
        words = self.catalog.wording
        label = self._step(state.current, state) if state.current else self._findings_label(state)
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
        return bind(replace(draw(label, _given_answers(state)), blocks=self._urgent(state)), case)

    def what_if(self, case: Case, state: InterviewState, question: str, choice: str) -> Card:
        """Draw an answered case beside what it would be with another answer; the case is not changed.

        Raises:
            StaleTap: where that question does not count, or has no such other answer.
        """
        return self._with_footer(self.what_if_cards.what_if(_given_answers(state), question, choice), case)

    def compare(self, case: Case, state: InterviewState, codes: Codes) -> Card:
        """Draw two or three options side by side, as `abreast.options` reads them from a button.

        Raises:
            KeyError: where the catalog has no such option.
        """
        card = self.comparison.card(codes, decide(self.flow.guidance, state.findings))
        return self._with_footer(replace(card, blocks=(*self._urgent(state), *card.blocks)), case)

    def copy_card(self, case: Case, state: InterviewState, when: str = "", scored: Scored | None = None) -> Card:
        """Draw a recommendation or a score as plain text, for where it does not fit a button.

        Args:
            case: the case.
            state: where it stands.
            when: the time, as it is read.
            scored: what was scored of it.
        """
        if band := self._band(state):
            text = self.plain.score(state.findings, band, case.level, when)
        else:
            text = self.plain.recommendation(state, when, scored)
        words = self.catalog.wording
        paper = () if self._band(state) else ((Button(words.labels.record, Tap(Action.record)),),)
        row = (Button(words.labels.to_card, Tap(Action.show)),)
        how = Block((Line(words.result.copy_block),))
        block = Block(tuple(map(Line, text.splitlines())), style=Style.typed)
        return bind(Card(self._findings_label(state), words.labels.copy_text, (how, block), (*paper, row)), case)

    def _urgent(self, state: InterviewState) -> tuple[Block, ...]:
        """Return the urgent notes of an answered case, if it has any."""
        notes = decide(self.flow.guidance, state.findings).notes
        lines = note_lines(note for note in notes if note.urgent)
        return (Block(lines, style=Style.urgent),) if lines else ()

    def _with_footer(self, card: Card, case: Case) -> Card:
        """End a card with its source and edition, and bind its buttons."""
        footer = Block(self.footer(), style=Style.small)
        return bind(replace(card, blocks=(*card.blocks, footer)), case)

    def browse_card(self, code: str) -> Card:
        """Draw one option without a case.

        Raises:
            KeyError: where the catalog has no such option.
        """
        words = self.catalog.wording
        option = self.catalog.options[code]
        row = (Button(words.labels.all_options, Tap(Action.browse)), Button(words.labels.new, Tap(Action.new)))
        return Card(words.pages.options.title, option.name, self._detail(option, ()), (row,))

    def _question_card(self, at: Question, case: Case, state: InterviewState, scored: Scored | None) -> Card:
        blocks: list[Block] = []
        if at.hint:
            blocks.append(Block((Line(at.hint, facts=at.facts),), style=Style.small))
        if at.caution:
            blocks.append(Block((Line(at.caution),), style=Style.urgent))
        if scored:
            blocks.append(Block((self.score(scored, self.catalog.wording.result.linked_score),)))
        if at.several and state.selected:
            blocks.append(Block((Line(at.finding_text(state.selected)),)))
        told = [line for block in self._answers_block(case, state) for line in block.lines]
        others = {code: codes for code, codes in _given_answers(state).items() if code != at.code}
        if others and not self.flow.guidance.bands:
            told += self.what_if_cards.in_play(others).lines
        blocks += [Block(tuple(told))] if told else []
        rows = (*self._choices(at, state.selected), *self._help_rows(at), self._last_row(state))
        return Card(self._step(at, state), at.text, tuple(blocks), rows)

    def _step(self, at: Question, state: InterviewState) -> str:
        """Return how far the questions have come."""
        words = self.catalog.wording
        progress = self.flow.progress(at, _given_answers(state))
        name = self.catalog.scales[self.flow.code].name if self.flow.guidance.bands else words.case
        left = words.left.said(progress.fewest, progress.most)
        return f"{name} · {words.step.format(number=progress.number, left=left)}"

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
        """Lay out what helps with a question: the flow that scores, the scales to look up; one in a row."""
        words = self.catalog.wording.labels
        aids = (
            [Button(self.catalog.scales[at.linked_flow].name, Tap(Action.linked_case, at.linked_flow))]
            if at.linked_flow
            else []
        )
        scales = [
            Button(words.scale.format(scale=self.catalog.scales[code].name), Tap(Action.scale, code))
            for code in at.scales
        ]
        return [(button,) for button in (*aids, *scales)]

    def _changes(self, state: InterviewState) -> list[Button]:
        """Return a button for each answer that counts, to change it; the question at hand is open already."""
        buttons: list[Button] = []
        for question in self.flow.questions:
            codes = state.findings.get(question.code)
            if codes and question is not state.current:
                buttons.append(Button(f"{CHANGE} {short_label(question, codes)}", Tap(Action.change, question.code)))
        return buttons

    def _last_row(self, state: InterviewState) -> tuple[Button, ...]:
        """Lay out the way back: to any answer, where there is one, by one step, and to the beginning."""
        labels = self.catalog.wording.labels
        back = Button(labels.back, Tap(Action.back))
        return *self._to_answers(state), back, Button(labels.restart, Tap(Action.restart))

    def _to_answers(self, state: InterviewState) -> tuple[Button, ...]:
        """Return the button that leads to the answers; none where there is no answer to change."""
        label = f"{CHANGE} {self.catalog.wording.labels.answers}"
        return (Button(label, Tap(Action.answers)),) if self._changes(state) else ()

    def _answers_block(self, case: Case, state: InterviewState, scored: Scored | None = None) -> list[Block]:
        """Return what has been answered: what counts, what was scored beside it, what is kept but not needed."""
        words = self.catalog.wording
        at = state.current.code if state.current else ""
        lead = words.result.findings if state.current else ""
        if not state.current and not self.named:
            at = self.flow.questions[0].code  # the first line of the card tells it already
        counting = [said for code, said in self.finding_texts(state).items() if code != at]
        lines = [Line(" · ".join(counting), lead=lead)] if counting else []
        lines += [self.score(scored, words.result.scored_finding)] if scored else []
        if state.inactive:
            lines.append(Line(self._finding_texts(state.inactive), lead=words.result.unneeded))
        lines += self.older(case)
        return [Block(tuple(lines))] if lines else []

    def finding_texts(self, state: InterviewState) -> dict[str, str]:
        """Write each finding that counts, by its question; with who gave it, where that is wanted."""
        return {
            question.code: question.finding_text(codes) + self._by(state, question)
            for question in self.flow.questions
            if (codes := state.findings.get(question.code))
        }

    def _by(self, state: InterviewState, question: Question) -> str:
        """Name who gave a finding, where that is wanted, and whether another member of the team disputes it."""
        by = f" ({person(state.answers[question.code].who)})" if self.named else ""
        return f"{by}, {self.catalog.team.heads.disputed.lower()}" if question.code in state.disputed else by

    def older(self, case: Case) -> list[Line]:
        """Return a line that says so where a case was begun under another edition."""
        if case.edition == self.catalog.edition:
            return []
        return [Line(self.catalog.wording.result.older.format(began=case.edition, edition=self.catalog.edition))]

    def _band(self, state: InterviewState) -> Band | None:
        return decide(self.flow.guidance, state.findings).band

    def _finding_texts(self, steps: Iterable[AnswerEvent]) -> str:
        questions = ((self.flow.question(step.question), step) for step in steps)
        return " · ".join(question.finding_text(step.codes) for question, step in questions if question)

    def _findings_label(self, state: InterviewState) -> str:
        """The first line of a result: the first finding, such as "T11–L1 · 3 levels"."""
        first = self.flow.questions[0]
        return first.finding_text(state.findings[first.code])

    def _recommendation_card(self, case: Case, state: InterviewState, scored: Scored | None) -> Card:
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
            (*self._to_answers(state), Button(words.labels.back, Tap(Action.back)), new),
        )
        blocks = (
            *self.told.first_screen(result),
            *self.told.folded_blocks(result, self.what_if_cards.of_headline(_given_answers(state))),
            *self._answers_block(case, state, scored),
            Block((self._closing(result),), style=Style.small),
        )
        shown, above = tuple(block for block in blocks if block.lines), self.outside(state.scope, scored)
        return Card(self._findings_label(state), self.told.headline.title(result), shown, rows, above=above)

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

    def _score_card(self, case: Case, state: InterviewState, band: Band) -> Card:
        """Draw a score: the total and its class, each item with its points, and where the scale comes from."""
        words = self.catalog.wording
        title = words.result.score.format(
            scale=self.catalog.scales[self.flow.code].name, score=self.flow.score(state.findings), band=band.name
        )
        items = tuple(
            Line(f"{choice.points}{self._by(state, question)}", lead=choice.finding_text)
            for question, choice in self.flow.scored_choices(state.findings)
        )
        notes = note_lines(decide(self.flow.guidance, state.findings).notes)
        blocks = (
            Block((Line(band.because, facts=band.facts),)),
            Block(items, heading=words.result.points, style=Style.listed),
            Block((*self.older(case), *notes, *self.footer()), style=Style.small),
        )
        new = (Button(words.labels.new, Tap(Action.new)),)
        return Card(self._scored_place(case, state), title, blocks, (new, self._last_row(state)))

    def _scored_place(self, case: Case, state: InterviewState) -> str:
        """Return what was scored: the level, where the case is bound to one, and the first finding."""
        return ", ".join(filter(None, (case.level, self._findings_label(state))))

    def footer(self) -> tuple[Line, ...]:
        """Return the source with its year, the edition, and what the card is not."""
        words = self.catalog.wording.result
        source, edition = self.catalog.source, self.catalog.edition
        told = words.footer.format(source=source.name, year=source.year, edition=edition)
        if self.flow.guidance.bands:
            told = words.scored.format(source=self.catalog.scales[self.flow.code].source, edition=edition)
        return Line(told), Line(words.disclaimer)

    def _detail(self, option: Option, cited: Iterable[str]) -> tuple[Block, ...]:
        """Return what an option is indicated for, its advantages and disadvantages, its ratings, and its facts."""
        words = self.catalog.wording.detail
        indication = tuple(Line(s.text, facts=s.facts) for s in option.indication)
        ids = dict.fromkeys([*(f for s in option.indication for f in s.facts), *cited])
        facts = tuple(Line(self.catalog.says(fact), lead=fact) for fact in ids)
        return (
            Block(indication, heading=words.indication, style=Style.listed),
            Block(self._traits(option.advantages), heading=words.advantages, style=Style.listed),
            Block(self._traits(option.disadvantages), heading=words.disadvantages, style=Style.listed),
            self._ratings(option),
            Block(facts, heading=words.facts, style=Style.folded),
            Block(self.footer(), style=Style.small),
        )

    def _ratings(self, option: Option) -> Block:
        """Return how an option is rated for skill and equipment; one line where neither is known."""
        words = self.catalog.wording.detail
        if "unknown" == option.skill == option.equipment:
            return Block((Line(words.unknown, lead=words.ratings),))
        skill = Line(words.step(option.skill, words.skill_steps), lead=words.skill)
        equipment = Line(words.step(option.equipment, words.equipment_steps), lead=words.equipment)
        return Block((skill, equipment), heading=words.ratings, style=Style.listed)

    def _traits(self, traits: Codes) -> tuple[Line, ...]:
        told = tuple(Line(self.catalog.traits[trait], facts=(trait,)) for trait in traits)
        return told or (Line(self.catalog.wording.detail.none_stated),)


def _conditional(text: str, result: Recommendation) -> str:
    """Add to what is indicated that it is so only if the open fork is settled that way."""
    return f"{text}, {result.fork.if_so.lower()}" if result.fork else text


def _reason(rule: Rule) -> Line:
    return Line(rule.because[0].upper() + rule.because[1:], facts=rule.facts)


def _given_answers(state: InterviewState) -> Findings:
    """Return every answer that was given, whether it counts or not."""
    return {code: step.codes for code, step in state.answers.items()}
