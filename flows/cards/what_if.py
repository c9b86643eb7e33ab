"""What is read of a case's outlook: what is in play, what another answer would change, and what if it were given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flows.cards.card import Block, Button, Card, Line, Style, Tap, Verb
from flows.cards.layout import WIDE
from flows.catalog.loader import Catalog
from flows.engine.counterfactuals import Ahead, Change, Foresight, Lead
from flows.model.findings import Codes, Findings
from flows.model.flow import Question
from flows.model.levels import written
from flows.model.rules import Verdict

ARROW: Final = "→"

LEVELS: Final = "levels"
"""The question whose answers have a screen of their own."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Draws what a flow's foresight tells, in the catalog's words; its buttons are bound to no case yet."""

    foresight: Foresight
    catalog: Catalog

    def in_play(self, given: Findings) -> Block:
        """Tell, in the middle of an interview, which options are in play, certain already, or out and by what.

        Args:
            given: the answers that were given; the one to the question at hand is left out.
        """
        words = self.catalog.wording.outlook
        ahead = self.foresight.ahead(given)
        certain = [option for option in self.catalog.options if ahead.verdicts[option] == {Verdict.indicated}]
        still = [option for option in self.catalog.options if not ahead.out(option) and option not in certain]
        everything = len(still) == len(self.catalog.options)
        lines = [Line(words.all_in_play if everything else self._shorts(still), lead=words.in_play)] if still else []
        if certain:
            lines.append(Line(self._shorts(certain), lead=words.certain, facts=_all_carrying(ahead, certain)))
        against: dict[str, list[tuple[str, Codes]]] = {}
        for option in self.catalog.options:
            if ahead.out(option):
                lead, cited = self._against(ahead, option)
                against.setdefault(lead, []).append((option, cited))
        for lead, out in against.items():
            facts = dict.fromkeys(fact for _, cited in out for fact in cited)
            lines.append(Line(self._shorts(option for option, _ in out), lead=lead, facts=tuple(facts)))
        return Block(tuple(lines))

    def of_headline(self, given: Findings) -> Block:
        """List the single answers that would, or might, change the headline; of other levels that they would."""
        words = self.catalog.wording.outlook
        told: list[Line] = []
        for lead, sure in ((words.would, True), (words.could, None)):
            changes = [change for change in self.foresight.changes(given) if change.leads is sure]
            named = [self.named(change, given) for change in changes if change.question != LEVELS]
            named += [words.levels] if any(change.question == LEVELS for change in changes) else []
            told += [Line("; ".join(named), lead=lead)] if named else []
        return Block(tuple(told))

    def changes(self, label: str, given: Findings) -> Card:
        """Draw each answer in doubt that would change the headline or a verdict, once, as a wide button."""
        labels, doubts = self.catalog.wording.labels, self.catalog.wording.outlook.doubts
        rows = [row for question in doubts for row in self._lines(given, question)]
        levels = (Button(labels.levels, Tap(Verb.changes, LEVELS)),) if self._of(given, LEVELS) else ()
        return Card(label, self.catalog.wording.outlook.title, (), (*rows, (*levels, self._to_card())))

    def levels(self, label: str, given: Findings) -> Card:
        """Draw each step to other levels that would change the headline or a verdict, once, as a wide button."""
        back = Button(self.catalog.wording.labels.to_changes, Tap(Verb.changes))
        rows = (*self._lines(given, LEVELS), (back,), (self._to_card(),))
        return Card(label, self.catalog.wording.outlook.other_levels, (), rows)

    def _of(self, given: Findings, question: str) -> list[Change]:
        return [change for change in self.foresight.changes(given) if change.question == question]

    def _lines(self, given: Findings, question: str) -> list[tuple[Button, ...]]:
        """Return a wide button for each answer to one question; answers with the same outcome share one if it fits."""
        alike: dict[object, list[Change]] = {}
        for change in self._of(given, question):
            outcome = (change.leads, change.after.leads, change.after.asks, tuple(change.after.verdicts.items()))
            alike.setdefault(change.choice if question == LEVELS else outcome, []).append(change)
        rows: list[tuple[Button, ...]] = []
        for changes in alike.values():
            together = self._line(changes, given)
            fits = len(changes) == 1 or len(together.label) <= WIDE
            rows += [(together,)] if fits else [(self._line([change], given),) for change in changes]
        return rows

    def _line(self, changes: Sequence[Change], given: Findings) -> Button:
        """Return the button of one or several answers with the same outcome: "Deficit: significant → …"."""
        words, first = self.catalog.wording.outlook, changes[0]
        answer = self._answer(changes, given)
        label = words.line.format(answer=answer, then=self._then(first, given))
        is_certain = first.leads and len(first.after.leads) == 1
        if len(label) > WIDE and not is_certain:
            label = answer if first.leads is False else words.line.format(answer=answer, then=words.asks)
        return Button(label, Tap(Verb.what_if, first.question, first.choice))

    def _answer(self, changes: Sequence[Change], given: Findings) -> str:
        """Name the answers of a button; several that begin alike, "Unfit: …", by that alone."""
        words, first = self.catalog.wording.outlook, changes[0]
        if first.question == LEVELS:
            named = self.named(first, given)
            return named[0].upper() + named[1:]
        question = self._question(first.question)
        labels = [question.choice(change.choice).label.lower() for change in changes]
        heads = {label.partition(":")[0] for label in labels}
        answer = heads.pop() if len(heads) == 1 else f" {words.either} ".join(labels)
        return words.doubt.format(doubt=words.doubts[first.question], answer=answer)

    def _then(self, change: Change, given: Findings) -> str:
        """Return in a few words what would follow: another headline, maybe another, or other verdicts."""
        words = self.catalog.wording.outlook
        now = self.foresight.ahead(given).leads[0]
        if change.leads is False:
            return words.same_headline
        others = [lead for lead in change.after.leads if lead != now]
        if any(lead.fork and not now.fork for lead in others):
            return words.settle
        options = f" {words.either} ".join(dict.fromkeys(self._lead(lead) for lead in others))
        return options if change.leads else words.maybe.format(options=options)

    def _lead(self, lead: Lead) -> str:
        return self._shorts([lead.option]) if lead.option else self.catalog.wording.outlook.team

    def what_if(self, given: Findings, question: str, choice: str) -> Card:
        """Draw the case as it is beside what it would be with another answer.

        Raises:
            StaleTap: where that question does not count, or has no such other answer.
        """
        words = self.catalog.wording.outlook
        change = self.foresight.change(given, question, choice)
        now, after = self.foresight.ahead(given), change.after
        asked = self._question(after.asks).text if after.asks else ""
        then = [Line(self._leads(after), lead=words.then)]
        then += [Line(words.then_asked.format(question=asked))] if asked else []
        beside = Block((Line(self._leads(now), lead=words.now), *then))
        moved, same = self._parted(change)
        differs = tuple(self._moved(now, after, option) for option in moved) or (Line(words.nothing),)
        blocks = [
            beside,
            self._urgent(given, {**given, question: change.codes}),
            Block(differs, heading=words.differs, style=Style.listed),
        ]
        blocks += [Block(tuple(self._stays(now, option) for option in same), heading=words.same, style=Style.listed)]
        labels = self.catalog.wording.labels
        to_list = Button(labels.to_changes, Tap(Verb.changes))
        if question == LEVELS:
            to_list = Button(labels.to_levels, Tap(Verb.changes, LEVELS))
        kept = self._question(question).said(given[question])
        title = f"{kept} {ARROW} {self._question(question).said(change.codes)}"
        return Card(
            words.what_if, title, tuple(block for block in blocks if block.lines), ((to_list,), (self._to_card(),))
        )

    def named(self, change: Change, given: Findings) -> str:
        """Name the other answer, short enough for a button; of levels the step that leads to it."""
        question = self._question(change.question)
        if not question.several:
            return question.said(change.codes)
        words = self.catalog.wording.outlook
        step, _, level = change.choice.partition("_")
        alike = self.foresight.members(question.code, level)
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
        levels = written(meant) if len(meant) == 1 else f"{alike[0]}–{alike[-1]}"
        return (one if len(meant) == 1 else several).format(levels=levels)

    def _parted(self, change: Change) -> tuple[list[str], list[str]]:
        """Part the options, in the catalog's order, into those whose verdict moves and those that stay."""
        moved = [option for option in self.catalog.options if option in change.moved]
        return moved, [option for option in self.catalog.options if option not in change.moved]

    def _leads(self, ahead: Ahead) -> str:
        return self.headlines(ahead.leads)

    def headlines(self, leads: Iterable[Lead]) -> str:
        """Name headlines, each with the fork that is open before it."""
        words = self.catalog.wording.outlook
        named: dict[str, list[str]] = {}
        for lead in leads:
            named.setdefault(lead.fork, []).append(self._shorts([lead.option]) if lead.option else words.team)
        either = f" {words.either} "
        return either.join(f"{fork} ({either.join(to)})" if fork else either.join(to) for fork, to in named.items())

    def _moved(self, now: Ahead, after: Ahead, option: str) -> Line:
        said = f"{self._verdicts(now, option)} {ARROW} {self._verdicts(after, option)}"
        return Line(said, lead=self.catalog.options[option].short, facts=_carrying(now, after, option=option))

    def _stays(self, now: Ahead, option: str) -> Line:
        said = self._verdicts(now, option)
        return Line(said, lead=self.catalog.options[option].short, facts=_carrying(now, option=option))

    def _verdicts(self, ahead: Ahead, option: str) -> str:
        words = self.catalog.wording
        said = [getattr(words.verdicts, verdict.name) for verdict in sorted(ahead.verdicts[option])]
        return f" {words.outlook.either} ".join(said)

    def _against(self, ahead: Ahead, option: str) -> tuple[str, Codes]:
        """Give the kind of "no" that holds in every way, and what carries it; one kind or another has nothing."""
        weakest = min(ahead.verdicts[option])
        cited = [fact for rule in ahead.certain[option] if rule.verdict is weakest for fact in rule.facts]
        words = self.catalog.wording
        return (getattr(words.verdicts, weakest.name) if cited else words.outlook.out), tuple(cited)

    def _urgent(self, *sides: Findings) -> Block:
        """Give the urgent notes of the case as it is and as it might be: a what-if silences none."""
        flow = self.foresight.flow
        told = [
            Line(note.text, facts=note.facts)
            for note in flow.guidance.notes
            if note.urgent and any(note.when.read(flow.counted(side)) is not False for side in sides)
        ]
        return Block(tuple(told), style=Style.urgent)

    def _shorts(self, options: Iterable[str]) -> str:
        return ", ".join(self.catalog.options[option].short for option in options)

    def _question(self, code: str) -> Question:
        found = self.foresight.flow.question(code)
        if found is None:
            raise KeyError(code)
        return found

    def _to_card(self) -> Button:
        return Button(self.catalog.wording.labels.to_card, Tap(Verb.show))


def _carrying(*sides: Ahead, option: str) -> Codes:
    """Give the facts of the rules that certainly carry an option's possible verdicts on each side."""
    rules = [rule for ahead in sides for rule in ahead.certain[option] if rule.verdict in ahead.verdicts[option]]
    return tuple(dict.fromkeys(fact for rule in rules for fact in rule.facts))


def _all_carrying(ahead: Ahead, options: Iterable[str]) -> Codes:
    """Give the facts that certainly carry the possible verdicts of several options, each once."""
    return tuple(dict.fromkeys(fact for option in options for fact in _carrying(ahead, option=option)))
