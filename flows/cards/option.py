"""What is read of one option, with a case or without: what it is indicated for, its ratings, its facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap
from flows.cards.comparison import OptionComparison
from flows.cards.findings import FindingLines
from flows.cards.layout import bind, wrap_rows
from flows.cards.recommendation import RecommendationText, note_lines
from flows.catalog.loader import Catalog, Option
from flows.engine.interview import InterviewState
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.flow import Flow
from flows.model.rules import Recommendation, Rule, Verdict, decide


@dataclass(frozen=True, slots=True)
class OptionCards:
    """Draws the options of the catalog."""

    flow: Flow
    catalog: Catalog
    findings: FindingLines
    comparison: OptionComparison
    told: RecommendationText

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
        heading = self.told.site.marked(heading, code)
        why = Block(tuple(_reason(rule) for rule in advice.reasons), heading=heading, style=Style.listed)
        urgent = Block(note_lines(note for note in result.notes if note.urgent), style=Style.urgent)
        cited = [fact for rule in advice.reasons for fact in rule.facts]
        linked_result = self.comparison.buttons((code,))
        every = Button(words.labels.all_options, Tap(Action.option))
        picture = Button(words.labels.picture, Tap(Action.picture, code))
        rows = [*wrap_rows(linked_result), (picture,), (every, Button(words.labels.to_card, Tap(Action.show)))]
        card = Card(
            self.findings.label(state),
            option.name,
            tuple(block for block in (why, urgent, *self._detail(code, cited)) if block.lines),
            tuple(rows),
        )
        return bind(card, case)

    def every(self, case: Case, state: InterviewState) -> Card:
        """Draw the verdict on every option, each with the way to its detail."""
        words = self.catalog.wording
        result = decide(self.flow.guidance, state.findings)
        verdicts = Block(self.comparison.verdicts([a.option for a in result.options], result), style=Style.listed)
        buttons = [Button(self.catalog.options[a.option].short, Tap(Action.option, a.option)) for a in result.options]
        rows = (*wrap_rows(buttons), (Button(words.labels.to_card, Tap(Action.show)),))
        blocks = (*urgent_block(self.flow, state), verdicts)
        return with_footer(
            Card(self.findings.label(state), words.labels.every_option, blocks, rows), self.findings, case
        )

    def browse(self, code: str) -> Card:
        """Draw one option without a case.

        Raises:
            KeyError: where the catalog has no such option.
        """
        words = self.catalog.wording
        option, detail = self.catalog.options[code], self._detail(code, ())
        row = (Button(words.labels.all_options, Tap(Action.browse)), Button(words.labels.new, Tap(Action.new)))
        return Card(words.pages.options.title, option.name, tuple(block for block in detail if block.lines), (row,))

    def _detail(self, code: str, cited: Iterable[str]) -> tuple[Block, ...]:
        """Return what an option is indicated for, its advantages and disadvantages, its ratings, and its facts.

        First that it is not available here, if it is not.
        """
        words, option = self.catalog.wording.detail, self.catalog.options[code]
        indication = tuple(Line(s.text, facts=s.facts) for s in option.indication)
        ids = dict.fromkeys([*(f for s in option.indication for f in s.facts), *cited])
        facts = tuple(Line(self.catalog.says(fact), lead=fact) for fact in ids)
        return (
            Block(self.told.refer((code,)), style=Style.summary),
            Block(indication, heading=words.indication, style=Style.listed),
            Block(self._traits(option.advantages), heading=words.advantages, style=Style.listed),
            Block(self._traits(option.disadvantages), heading=words.disadvantages, style=Style.listed),
            *self._ratings(code, option),
            Block(facts, heading=words.facts, style=Style.folded),
            Block(self.findings.footer(), style=Style.small),
        )

    def _ratings(self, code: str, option: Option) -> tuple[Block, ...]:
        """Return how the source rates an option for skill and equipment, and how the hospital does.

        Where neither is known of the source, there is one line, or none beside the hospital's own rating.
        """
        words, site = self.catalog.wording.detail, self.told.site
        own = [Line(said, lead=lead) for lead, said in site.steps(code).items()]
        own += [Line(reviewed[0].upper() + reviewed[1:])] if (reviewed := site.reviewed(code)) else []
        ours = (Block(tuple(own), heading=site.heading, style=Style.listed),) if own else ()
        if "unknown" == option.skill == option.equipment:
            return ours or (Block((Line(words.unknown, lead=words.ratings),)),)
        skill = Line(words.step(option.skill, words.skill_steps), lead=words.skill)
        equipment = Line(words.step(option.equipment, words.equipment_steps), lead=words.equipment)
        return Block((skill, equipment), heading=words.ratings, style=Style.listed), *ours

    def _traits(self, traits: Codes) -> tuple[Line, ...]:
        told = tuple(Line(self.catalog.traits[trait], facts=(trait,)) for trait in traits)
        return told or (Line(self.catalog.wording.detail.none_stated),)


def _conditional(text: str, result: Recommendation) -> str:
    """Add to what is indicated that it is so only if the open fork is settled that way."""
    return f"{text}, {result.fork.if_so.lower()}" if result.fork else text


def _reason(rule: Rule) -> Line:
    return Line(rule.because[0].upper() + rule.because[1:], facts=rule.facts)


def urgent_block(flow: Flow, state: InterviewState) -> tuple[Block, ...]:
    """Return the urgent notes of an answered case, if it has any."""
    notes = decide(flow.guidance, state.findings).notes
    lines = note_lines(note for note in notes if note.urgent)
    return (Block(lines, style=Style.urgent),) if lines else ()


def with_footer(card: Card, findings: FindingLines, case: Case) -> Card:
    """End a card with its source and edition, and bind its buttons."""
    footer = Block(findings.footer(), style=Style.small)
    return bind(replace(card, blocks=(*card.blocks, footer)), case)
