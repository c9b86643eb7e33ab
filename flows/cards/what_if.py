"""What is read of a case's outlook: what is in play, what another answer would change, and what if it were given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap
from flows.cards.layout import WIDE
from flows.catalog.loader import Catalog
from flows.catalog.site_text import SiteText
from flows.engine.counterfactuals import Counterfactual, Headline, OutcomeExplorer, PossibleOutcomes
from flows.model.findings import Codes, Findings
from flows.model.flow import Question
from flows.model.levels import as_spans
from flows.model.rules import Verdict

ARROW: Final = "→"

LEVELS: Final = "levels"
"""The question whose answers have a screen of their own."""


@dataclass(frozen=True, slots=True)
class WhatIfCards:
    """Draws what a flow's foresight tells, in the catalog's words; its buttons are bound to no case yet."""

    explorer: OutcomeExplorer
    catalog: Catalog

    def in_play(self, given: Findings) -> Block:
        """Return, in the middle of an interview, which options are in play, certain already, or out and by what.

        Args:
            given: the answers that were given; the one to the question at hand is left out.
        """
        words = self.catalog.wording.what_if
        outcomes = self.explorer.outcomes(given)
        certain = [option for option in self.catalog.options if outcomes.verdicts[option] == {Verdict.indicated}]
        still = [
            option for option in self.catalog.options if not outcomes.is_ruled_out(option) and option not in certain
        ]
        everything = len(still) == len(self.catalog.options)
        lines = [Line(self._all_in_play() if everything else self._named(still), lead=words.in_play)] if still else []
        if certain:
            lines.append(Line(self._named(certain), lead=words.certain, facts=_all_deciding_rules(outcomes, certain)))
        against: dict[str, list[tuple[str, Codes]]] = {}
        for option in self.catalog.options:
            if outcomes.is_ruled_out(option):
                lead, cited = self._against(outcomes, option)
                against.setdefault(lead, []).append((option, cited))
        for lead, out in against.items():
            facts = dict.fromkeys(fact for _, cited in out for fact in cited)
            lines.append(Line(self._named(option for option, _ in out), lead=lead, facts=tuple(facts)))
        return Block(tuple(lines))

    def of_headline(self, given: Findings) -> Block:
        """List the single answers that would, or might, change the headline; of other levels that they would."""
        words = self.catalog.wording.what_if
        told: list[Line] = []
        for lead, sure in ((words.would, True), (words.could, None)):
            changes = [change for change in self.explorer.counterfactuals(given) if change.changes_headline is sure]
            named = [self.label_of(change, given) for change in changes if change.question != LEVELS]
            named += [words.levels] if any(change.question == LEVELS for change in changes) else []
            told += [Line("; ".join(named), lead=lead)] if named else []
        return Block(tuple(told))

    def changes(self, label: str, given: Findings) -> Card:
        """Draw each answer in doubt that would change the headline or a verdict, once, as a wide button."""
        labels, doubts = self.catalog.wording.labels, self.catalog.wording.what_if.doubts
        rows = [row for question in doubts for row in self._lines(given, question)]
        levels = (Button(labels.levels, Tap(Action.changes, LEVELS)),) if self._of(given, LEVELS) else ()
        return Card(label, self.catalog.wording.what_if.title, (), (*rows, (*levels, self._to_card())))

    def levels(self, label: str, given: Findings) -> Card:
        """Draw each step to other levels that would change the headline or a verdict, once, as a wide button."""
        back = Button(self.catalog.wording.labels.to_changes, Tap(Action.changes))
        rows = (*self._lines(given, LEVELS), (back,), (self._to_card(),))
        return Card(label, self.catalog.wording.what_if.other_levels, (), rows)

    def _of(self, given: Findings, question: str) -> list[Counterfactual]:
        return [change for change in self.explorer.counterfactuals(given) if change.question == question]

    def _lines(self, given: Findings, question: str) -> list[tuple[Button, ...]]:
        """Return a wide button for each answer to one question; answers with the same outcome share one if it fits."""
        alike: dict[object, list[Counterfactual]] = {}
        for change in self._of(given, question):
            outcome = (
                change.changes_headline,
                change.outcomes.headlines,
                change.outcomes.next_question,
                tuple(change.outcomes.verdicts.items()),
            )
            alike.setdefault(change.choice if question == LEVELS else outcome, []).append(change)
        rows: list[tuple[Button, ...]] = []
        for changes in alike.values():
            together = self._line(changes, given)
            fits = len(changes) == 1 or len(together.label) <= WIDE
            rows += [(together,)] if fits else [(self._line([change], given),) for change in changes]
        return rows

    def _line(self, changes: Sequence[Counterfactual], given: Findings) -> Button:
        """Return the button of one or several answers with the same outcome: "Deficit: significant → …"."""
        words, first = self.catalog.wording.what_if, changes[0]
        answer = self._answer(changes, given)
        label = words.line.format(answer=answer, then=self._then(first, given))
        is_certain = first.changes_headline and len(first.outcomes.headlines) == 1
        if len(label) > WIDE and not is_certain:
            label = answer if first.changes_headline is False else words.line.format(answer=answer, then=words.asks)
        return Button(label, Tap(Action.what_if, first.question, first.choice))

    def _answer(self, changes: Sequence[Counterfactual], given: Findings) -> str:
        """Name the answers of a button; several that begin alike, "Unfit: …", by that alone."""
        words, first = self.catalog.wording.what_if, changes[0]
        if first.question == LEVELS:
            named = self.label_of(first, given)
            return named[0].upper() + named[1:]
        question = self._question(first.question)
        labels = [question.choice(change.choice).label.lower() for change in changes]
        heads = {label.partition(":")[0] for label in labels}
        answer = heads.pop() if len(heads) == 1 else f" {words.either} ".join(labels)
        return words.doubt.format(doubt=words.doubts[first.question], answer=answer)

    def _then(self, change: Counterfactual, given: Findings) -> str:
        """Return in a few words what would follow: another headline, maybe another, or other verdicts."""
        words = self.catalog.wording.what_if
        now = self.explorer.outcomes(given).headlines[0]
        if change.changes_headline is False:
            return words.same_headline
        others = [lead for lead in change.outcomes.headlines if lead != now]
        if any(lead.fork and not now.fork for lead in others):
            return words.settle
        options = f" {words.either} ".join(dict.fromkeys(self._lead(lead) for lead in others))
        return options if change.changes_headline else words.maybe.format(options=options)

    def _lead(self, lead: Headline) -> str:
        return self._shorts([lead.option]) if lead.option else self.catalog.wording.what_if.team

    def what_if(self, given: Findings, question: str, choice: str) -> Card:
        """Draw the case as it is beside what it would be with another answer.

        Raises:
            StaleTap: where that question does not count, or has no such other answer.
        """
        words = self.catalog.wording.what_if
        change = self.explorer.counterfactual(given, question, choice)
        now, after = self.explorer.outcomes(given), change.outcomes
        asked = self._question(after.next_question).text if after.next_question else ""
        then = [Line(self._headline_text(after), lead=words.then)]
        then += [Line(words.then_asked.format(question=asked))] if asked else []
        linked_result = Block((Line(self._headline_text(now), lead=words.now), *then))
        moved, same = self._split_levels(change)
        differs = tuple(self._changed_line(now, after, option) for option in moved) or (Line(words.nothing),)
        blocks = [
            linked_result,
            self._urgent(given, {**given, question: change.codes}),
            Block(differs, heading=words.differs, style=Style.listed),
        ]
        blocks += [
            Block(tuple(self._unchanged_line(now, option) for option in same), heading=words.same, style=Style.listed)
        ]
        labels = self.catalog.wording.labels
        to_list = Button(labels.to_changes, Tap(Action.changes))
        if question == LEVELS:
            to_list = Button(labels.to_levels, Tap(Action.changes, LEVELS))
        kept = self._question(question).finding_text(given[question])
        title = f"{kept} {ARROW} {self._question(question).finding_text(change.codes)}"
        return Card(
            words.what_if, title, tuple(block for block in blocks if block.lines), ((to_list,), (self._to_card(),))
        )

    def label_of(self, change: Counterfactual, given: Findings) -> str:
        """Name the other answer, short enough for a button; of levels the step that leads to it."""
        question = self._question(change.question)
        if not question.several:
            return question.finding_text(change.codes)
        words = self.catalog.wording.what_if
        step, _, level = change.choice.partition("_")
        alike = self.explorer.level_class(question.code, level)
        present = given[question.code]
        meant = {
            "minus": [code for code in alike if code in present],
            "plus": [code for code in alike if code not in present],
            "only": list(alike),
        }[step]
        one, several = {
            "minus": (words.less, words.less_of),
            "plus": (words.more, words.more_of),
            "only": (words.only, words.only_of),
        }[step]
        # Levels that lie apart ("T6, T9–L5") are named by the span of their class.
        levels = as_spans(meant) if len(meant) == 1 else f"{alike[0]}–{alike[-1]}"
        return (one if len(meant) == 1 else several).format(levels=levels)

    def _split_levels(self, change: Counterfactual) -> tuple[list[str], list[str]]:
        """Part the options, in the catalog's order, into those whose verdict moves and those that stay."""
        moved = [option for option in self.catalog.options if option in change.changed_options]
        return moved, [option for option in self.catalog.options if option not in change.changed_options]

    def _headline_text(self, outcomes: PossibleOutcomes) -> str:
        return self.headlines(outcomes.headlines)

    def headlines(self, leads: Iterable[Headline]) -> str:
        """Name headlines, each with the fork that is open before it."""
        words = self.catalog.wording.what_if
        named: dict[str, list[str]] = {}
        for lead in leads:
            named.setdefault(lead.fork, []).append(self._named([lead.option]) if lead.option else words.team)
        either = f" {words.either} "
        return either.join(f"{fork} ({either.join(to)})" if fork else either.join(to) for fork, to in named.items())

    def _changed_line(self, now: PossibleOutcomes, after: PossibleOutcomes, option: str) -> Line:
        said = f"{self._verdicts(now, option)} {ARROW} {self._verdicts(after, option)}"
        return Line(said, lead=self._named([option]), facts=_deciding_rules(now, after, option=option))

    def _unchanged_line(self, now: PossibleOutcomes, option: str) -> Line:
        said = self._verdicts(now, option)
        return Line(said, lead=self._named([option]), facts=_deciding_rules(now, option=option))

    def _verdicts(self, outcomes: PossibleOutcomes, option: str) -> str:
        words = self.catalog.wording
        said = [getattr(words.verdicts, verdict.name) for verdict in sorted(outcomes.verdicts[option])]
        return f" {words.what_if.either} ".join(said)

    def _against(self, outcomes: PossibleOutcomes, option: str) -> tuple[str, Codes]:
        """Return the kind of "no" that holds in every way, and what carries it; one kind or another has nothing."""
        weakest = min(outcomes.verdicts[option])
        cited = [fact for rule in outcomes.certain_rules[option] if rule.verdict is weakest for fact in rule.facts]
        words = self.catalog.wording
        return (getattr(words.verdicts, weakest.name) if cited else words.what_if.out), tuple(cited)

    def _urgent(self, *sides: Findings) -> Block:
        """Return the urgent notes of the case as it is and as it might be: a what-if silences none."""
        flow = self.explorer.flow
        told = [
            Line(note.text, facts=note.facts)
            for note in flow.guidance.notes
            if note.urgent and any(note.when.evaluate(flow.effective(side)) is not False for side in sides)
        ]
        return Block(tuple(told), style=Style.urgent)

    def _all_in_play(self) -> str:
        """Return that every option is possible still, and which of them are not available here."""
        elsewhere = [option for option in self.catalog.options if SiteText(self.catalog).mark(option)]
        return "; ".join([self.catalog.wording.what_if.all_in_play, *([self._named(elsewhere)] if elsewhere else [])])

    def _named(self, options: Iterable[str]) -> str:
        """Name options in a line, each with the mark that it is not available here, if it is not."""
        site = SiteText(self.catalog)
        return ", ".join(site.named(self.catalog.options[option].short, option) for option in options)

    def _shorts(self, options: Iterable[str]) -> str:
        return ", ".join(self.catalog.options[option].short for option in options)

    def _question(self, code: str) -> Question:
        found = self.explorer.flow.question(code)
        if found is None:
            raise KeyError(code)
        return found

    def _to_card(self) -> Button:
        return Button(self.catalog.wording.labels.to_card, Tap(Action.show))


def _deciding_rules(*sides: PossibleOutcomes, option: str) -> Codes:
    """Return the facts of the rules that certainly carry an option's possible verdicts on each side."""
    rules = [
        rule
        for outcomes in sides
        for rule in outcomes.certain_rules[option]
        if rule.verdict in outcomes.verdicts[option]
    ]
    return tuple(dict.fromkeys(fact for rule in rules for fact in rule.facts))


def _all_deciding_rules(outcomes: PossibleOutcomes, options: Iterable[str]) -> Codes:
    """Return the facts that certainly carry the possible verdicts of several options, each once."""
    return tuple(dict.fromkeys(fact for option in options for fact in _deciding_rules(outcomes, option=option)))
