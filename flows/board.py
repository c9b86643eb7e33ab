"""What a team sees of its case: the same cards, with who answered what, the dispute, the vote and the decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flows.card import Block, Button, Card, Line, Style, Tap, Verb, person
from flows.cards import MOST_COPIED, Cards, noted
from flows.case import Case
from flows.discussion import NONE_OF_THESE, Decision, Stage, Talk
from flows.findings import Codes, Findings
from flows.flow import Question
from flows.interview import Standing
from flows.keyboard import bound, grid, laid_out
from flows.levels import written
from flows.plain import score_text, units
from flows.rules import Recommendation, Verdict, decide
from flows.scored import Scored

_ALONE: Final = (Verb.new, Verb.share, Verb.copy)
"""What a card offers to one person, and not to a team."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A case of a team, with what follows from it.

    Attributes:
        name: the name that tells it from the other cases of its chat.
        opener: the opaque id of whoever opened it.
        giver: the opaque id of whoever brought it from a private chat; empty where it was begun here.
        scored: what was scored of it, in the case that helps it at its levels.
    """

    case: Case
    standing: Standing
    talk: Talk
    name: str
    opener: str
    giver: str = ""
    scored: Scored | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """Draws the cards of a team's cases.

    Attributes:
        cards: the cards of the flow, with who gave each finding.
        when: writes a time (seconds since 1970, UTC) as it is read.
    """

    cards: Cards
    when: Callable[[float], str]

    def case(self, shared: Shared) -> Card:
        """Draw where a team's case stands: the question at hand, the recommendation, the vote, the decision."""
        card = self.cards.case(shared.case, shared.standing, shared.scored)
        rows = self._rows(shared, card.rows)
        if shared.talk.stage is Stage.decided:
            return replace(self._decided(shared, self._label(shared, card), rows), above=self._outside(shared))
        return replace(card, label=self._label(shared, card), blocks=self._with_talk(shared, card.blocks), rows=rows)

    def score(self, shared: Shared) -> Scored | None:
        """Return what a case that scores has found, and whether it is disputed; None while it is not complete."""
        scored = self.cards.scored(shared.case, shared.standing)
        return replace(scored, disputed=bool(shared.talk.disputes(shared.standing))) if scored else None

    def _outside(self, shared: Shared) -> tuple[Line, ...]:
        """Return why the case is outside the scope of the source."""
        return self.cards.outside(shared.standing.scope, shared.scored)

    def beside(self, shared: Shared, card: Card) -> Card:
        """Draw what is read beside a case: its answers, an option, what would change it, what if, options compared."""
        rows = tuple(tuple(map(_challenged, row)) for row in _without(card.rows, Verb.restart))
        return replace(card, label=self._label(shared, card), rows=rows)

    def finding(self, shared: Shared, question: Question) -> Card:
        """Draw one finding: who gave it, who holds another, what helps with it, and the answers to choose from."""
        words = self.cards.catalog.team
        held = shared.standing.findings[question.code]
        lines = [Line(self.cards.given(shared.standing)[question.code])]
        lines += self._objections(shared, question)
        rows = grid(question, held, Verb.hold, Verb.hold_with, Verb.hold_without)
        if question.several:
            rows.append((Button(words.labels.as_it_stands, Tap(Verb.hold, question.code)),))
        disputed = question.code in shared.talk.disputes(shared.standing)
        for codes in _answers(shared, question.code) if disputed else ():
            label = words.labels.settle.format(answer=question.said(codes))
            rows.append((Button(label, Tap(Verb.settle, question.code, packed(question, codes))),))
        if question.aid:
            rows.append((Button(self.cards.catalog.scales[question.aid].name, Tap(Verb.aid, question.aid)),))
        scored = shared.scored if question.aid else None
        helps = Block((self.cards.score(scored, self.cards.catalog.wording.result.beside),) if scored else ())
        blocks = (Block(tuple(lines), style=Style.listed), helps, Block((Line(words.lines.hold),), style=Style.small))
        return self._view(shared, question.text, blocks, rows)

    def reasons(self, shared: Shared) -> Card:
        """Draw the reasons to choose from."""
        words = self.cards.catalog.team
        buttons = [Button(said, Tap(Verb.reason, code)) for code, said in words.reasons.items()]
        rows = [*laid_out(buttons, (2,) * len(buttons)), (Button(words.labels.unsay, Tap(Verb.unsay)),)]
        blocks = (Block((Line(words.lines.reasons),)), self._reasons(shared.talk.reasons))
        return self._view(shared, words.labels.reasons, blocks, rows)

    def choosing(self, shared: Shared) -> Card:
        """Draw what can be decided."""
        words = self.cards.catalog.team
        offered = [*(advice.option for advice in self.advised(shared).options), NONE_OF_THESE]
        rows = [(Button(self._short(option), Tap(Verb.decide, option)),) for option in offered]
        vote = self._vote(shared, shared.talk.offered, shared.talk.votes)
        return self._view(shared, words.heads.choose, (Block((Line(words.lines.choose),)), vote), rows)

    def departing(self, shared: Shared, option: str) -> Card:
        """Draw the reasons for a decision that the source does not support outright."""
        words = self.cards.catalog.team
        buttons = [Button(said, Tap(Verb.decide, option, code)) for code, said in words.reasons.items()]
        blocks = (Block((Line(words.lines.departs),)),)
        return self._view(shared, self._option(option), blocks, laid_out(buttons, (2,) * len(buttons)))

    def which(self, shared: Shared, tap: Tap, names: Sequence[str]) -> Card:
        """Ask which case a tap means, before it counts."""
        words = self.cards.catalog.team
        rows = [(Button(name, tap._replace(name=word(name))),) for name in names]
        rows.append((Button(self.cards.catalog.wording.labels.to_card, Tap(Verb.show)),))
        blocks = (Block((Line(words.lines.which),)),)
        return bound(Card("", words.heads.which, blocks, tuple(rows)), shared.case)

    def decision(self, shared: Shared, decision: Decision) -> Card:
        """Draw the record of a decision: findings with who gave them, what the source supports, the vote, the dissent.

        One that does not hold any more says so, and keeps what it recorded.
        """
        words = self.cards.catalog.team
        holds = shared.talk.stage is Stage.decided and decision == shared.talk.decisions[-1]
        heading = words.heads.decision if holds else words.heads.superseded
        said = [] if holds else [Line(words.lines.superseded)]
        said.append(Line(words.heads.by.format(who=person(decision.who))))
        if decision.reason:
            said.append(Line(words.reasons[decision.reason], lead=words.heads.departs))
        blocks: tuple[Block, ...] = (
            Block(tuple(said)),
            self._urgent(shared),
            self._given(shared),
            self._support(shared),
            self._vote(shared, decision.offered, decision.votes),
            Block(self._dissent(decision), words.heads.dissent, Style.listed),
            self._reasons(decision.reasons),
            self._closing(shared),
        )
        record = self.record(shared, decision)
        reopen = (Button(words.labels.reopen, Tap(Verb.reopen)),)
        rows: tuple[tuple[Button, ...], ...] = ()
        if holds and units(record) <= MOST_COPIED:
            rows = ((Button(words.labels.copy_record, Tap(Verb.show), copies=record),), reopen)
        elif holds:
            typed = Block(tuple(map(Line, record.splitlines())), style=Style.typed)
            blocks, rows = (*blocks, Block((Line(words.lines.record),)), typed), (reopen,)
        title = heading.format(option=self._option(decision.option))
        label = f"{shared.name} · {self.when(decision.at)}"
        shown = tuple(block for block in blocks if block.lines)
        return bound(Card(label, title, shown, rows, above=self._outside(shared)), shared.case)

    def record(self, shared: Shared, decision: Decision) -> str:
        """Write a decision in plain text for the patient's record: all of it, without a person's name."""
        words, catalog = self.cards.catalog.team.record, self.cards.catalog
        (_, levels), *others = [
            (question, codes)
            for question in self.cards.flow.questions
            if (codes := shared.standing.findings.get(question.code))
        ]
        found = ", ".join(question.said(codes) for question, codes in others)
        origin = words.source.format(source=catalog.source.name, year=catalog.source.year, edition=catalog.edition)
        scored = [score_text(catalog, shared.scored)] if shared.scored else []
        lines = [
            *(said.text for said in self._outside(shared)),
            words.begins.format(name=word(shared.name).capitalize(), when=self.when(decision.at)),
            words.findings.format(levels=written(levels), findings=found),
            *scored,
            words.sourced.format(source=origin, options=self._supported(self.advised(shared), words.nothing)),
            self._told(decision),
        ]
        return "\n".join(lines)

    def advised(self, shared: Shared) -> Recommendation:
        """Give what the source says of the case."""
        return decide(self.cards.flow.guidance, shared.standing.findings)

    def poll(self, shared: Shared) -> tuple[str, tuple[str, ...]]:
        """Write the vote as a poll: its question and its answers, in the order of what is put to the vote."""
        words = self.cards.catalog.team
        answers = tuple(self._option(option) for option in shared.talk.offered)
        return words.heads.poll.format(name=shared.name), answers

    def said(self, question: str, codes: Codes) -> str:
        """Write an answer as a finding."""
        asked = self.cards.flow.question(question)
        return asked.said(codes) if asked else ""

    def _label(self, shared: Shared, card: Card) -> str:
        """Begin the first line with the name of the case."""
        step = card.label.removeprefix(f"{self.cards.catalog.wording.case} · ")
        return f"{shared.name} · {step}"

    def _view(self, shared: Shared, title: str, blocks: Iterable[Block], rows: Iterable[tuple[Button, ...]]) -> Card:
        """Draw a card that stands in place of the case's until one goes back to it."""
        back = (Button(self.cards.catalog.wording.labels.to_card, Tap(Verb.show)),)
        shown = tuple(block for block in blocks if block.lines)
        return bound(Card(shared.name, title, shown, (*rows, back)), shared.case)

    def _with_talk(self, shared: Shared, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """Put what the team says right below the headline."""
        who = self.cards.catalog.team.heads
        begun = [Line(who.handed_by.format(who=person(shared.giver)))] if shared.giver else []
        if not shared.standing.answers and not shared.case.helped:
            begun = [Line(who.opened_by.format(who=person(shared.opener)))]
        talk = shared.talk
        added = (
            Block(tuple(begun)),
            self._disputed(shared),
            self._emergency(shared),
            self._vote(shared, talk.offered, talk.votes),
            self._reasons(talk.reasons),
        )
        return (*blocks[:1], *(block for block in added if block.lines), *blocks[1:])

    def _rows(self, shared: Shared, rows: tuple[tuple[Button, ...], ...]) -> tuple[tuple[Button, ...], ...]:
        """Give the keyboard of the stage: answers while they are open, then the vote, then the way back."""
        labels = self.cards.catalog.team.labels
        opened = [tuple(_challenged(button) for button in row) for row in _without(rows, *_ALONE)]
        details = [row for row in opened if row and row[0].tap.verb is Verb.option]
        more: list[tuple[Button, ...]] = []
        match shared.talk.stage:
            case Stage.gathering:
                return tuple(opened)
            case _ if shared.case.helped:
                return tuple(opened)
            case Stage.voting:
                close = Button(labels.close, Tap(Verb.choose))
                more = [(Button(labels.reasons, Tap(Verb.reasons)), close)]
                more.append((Button(labels.withdraw, Tap(Verb.withdraw)),))
                opened = details
            case Stage.decided:
                more = [(Button(labels.reopen, Tap(Verb.reopen)),)]
                opened = details
            case _:
                more = [(Button(labels.discuss, Tap(Verb.discuss)), Button(labels.close, Tap(Verb.choose)))]
        return (*opened, *more)

    def _decided(self, shared: Shared, label: str, rows: tuple[tuple[Button, ...], ...]) -> Card:
        """Draw a case that is decided: its record is a card of its own."""
        words, decision = self.cards.catalog.team, shared.talk.decisions[-1]
        blocks = (
            Block((Line(words.lines.decided),)),
            self._urgent(shared),
            self._support(shared),
            self._vote(shared, decision.offered, decision.votes),
            self._given(shared),
            self._closing(shared),
        )
        title = words.heads.decided.format(option=self._option(decision.option))
        return bound(Card(label, title, tuple(block for block in blocks if block.lines), rows), shared.case)

    def _given(self, shared: Shared) -> Block:
        """Tell each finding with who gave it."""
        given = [Line(said) for said in self.cards.given(shared.standing).values()]
        if shared.scored:
            given.append(self.cards.score(shared.scored, self.cards.catalog.wording.result.scored_finding))
        return Block(tuple(given), self.cards.catalog.team.heads.given_by, Style.listed)

    def _urgent(self, shared: Shared) -> Block:
        """Keep the emergency note where the recommendation bears it."""
        return Block(noted(note for note in self.advised(shared).notes if note.urgent), style=Style.urgent)

    def _closing(self, shared: Shared) -> Block:
        """Close with the scope, the source and its edition, as the recommendation does."""
        closing = noted(note for note in self.advised(shared).notes if note.closing)
        return Block((*closing, *self.cards.footer()), style=Style.small)

    def _support(self, shared: Shared) -> Block:
        """Tell in one line what the source supports."""
        heading = self.cards.catalog.team.heads.supports
        return Block((Line(self._supported(self.advised(shared))),), heading)

    def _told(self, decision: Decision) -> str:
        """Tell in one line what was decided, why it departs, if it does, and the votes for it and for others."""
        words = self.cards.catalog.team.record
        decided = words.decided if decision.offered else words.decided_alone
        told = [decided.format(option=self._recorded(decision.option))]
        if decision.reason:
            told.append(words.departs.format(reason=self.cards.catalog.team.reasons[decision.reason]))
        if decision.offered:
            tally = Counter(decision.votes.values())
            told.append(words.votes.format(number=tally[decision.option], all=len(decision.votes)))
            others = [f"{self._recorded(option)} {n}" for option, n in tally.items() if option != decision.option]
            told += [words.otherwise.format(votes=", ".join(others))] if others else []
        return "; ".join(told)

    def _recorded(self, option: str) -> str:
        return self.cards.catalog.team.record.none if option == NONE_OF_THESE else self._short(option)

    def _disputed(self, shared: Shared) -> Block:
        """Tell what is disputed, and what the source supports with each answer, side by side."""
        lines: list[Line] = []
        for code in shared.talk.disputes(shared.standing):
            question = self.cards.flow.question(code)
            if question:
                lines.append(Line(self.cards.given(shared.standing)[code]))
                lines += self._objections(shared, question)
                lines += [self._if_so(shared, question, codes) for codes in _answers(shared, code)]
        return Block(tuple(lines), self.cards.catalog.team.heads.disputed, Style.listed)

    def _objections(self, shared: Shared, question: Question) -> list[Line]:
        held = shared.talk.disputes(shared.standing).get(question.code, {})
        return [Line(f"{question.said(codes)} ({person(who)})") for who, codes in held.items()]

    def _if_so(self, shared: Shared, question: Question, codes: Codes) -> Line:
        """Tell what would follow from another answer: what the source supports, the score, or what would be asked."""
        flow, findings = self.cards.flow, self._otherwise(shared, question.code, codes)
        waiting, result = flow.waiting(findings), decide(flow.guidance, findings)
        scored = result.band and f"{flow.score(findings)} · {result.band.name}"
        told = waiting.text if waiting else scored or self._supported(result)
        return Line(told, lead=self.cards.catalog.team.heads.if_so.format(answer=question.said(codes)))

    def _emergency(self, shared: Shared) -> Block:
        """Give the emergency note that a disputed answer would bring, where the card does not bear it already."""
        disputes = shared.talk.disputes(shared.standing)
        held = [(code, codes) for code, others in disputes.items() for codes in others.values()]
        guidance = self.cards.flow.guidance
        results = [decide(guidance, self._otherwise(shared, code, codes)) for code, codes in held]
        brought = dict.fromkeys(note for result in results for note in result.notes if note.urgent)
        here = self.advised(shared).notes if shared.standing.at is None else ()
        return Block(noted(note for note in brought if note not in here), style=Style.urgent)

    def _otherwise(self, shared: Shared, question: str, codes: Codes) -> Findings:
        """Give the findings that would count with another answer."""
        answers = {code: step.codes for code, step in shared.standing.answers.items()}
        return self.cards.flow.counted({**answers, question: codes})

    def _supported(self, result: Recommendation, nothing: str = "") -> str:
        """Name what is indicated, first the headline; or say that nothing is."""
        named = [self._short(advice.option) for advice in result.having(Verdict.indicated)]
        text = ", ".join(named) or nothing or self.cards.catalog.team.heads.nothing
        return f"{result.fork.if_so}: {text}" if result.fork else text

    def _vote(self, shared: Shared, offered: Codes, votes: Mapping[str, str]) -> Block:
        """Tell the vote: for each option what the source says of it, and who is for it."""
        heads, verdicts = self.cards.catalog.team.heads, self.cards.catalog.wording.verdicts
        verdict = {advice.option: getattr(verdicts, advice.verdict.name) for advice in self.advised(shared).options}
        lines: list[Line] = []
        for option in offered:
            mine = [person(who) for who, voted in votes.items() if voted == option]
            told = (str(len(mine)), ", ".join(mine), verdict.get(option, ""))
            lines.append(Line(" · ".join(filter(None, told)), lead=self._short(option)))
        return Block(tuple(lines), heads.vote, Style.listed)

    def _dissent(self, decision: Decision) -> tuple[Line, ...]:
        return tuple(Line(self._short(decision.votes[who]), lead=person(who)) for who in decision.dissent)

    def _reasons(self, reasons: Mapping[str, tuple[str, ...]]) -> Block:
        words = self.cards.catalog.team
        given = {code: who for code, who in reasons.items() if who and code in words.reasons}
        lines = tuple(Line(", ".join(map(person, who)), lead=words.reasons[code]) for code, who in given.items())
        return Block(lines, words.heads.reasons, Style.listed)

    def _option(self, option: str) -> str:
        """Name an option in full."""
        known = self.cards.catalog.options.get(option)
        return known.name if known else self.cards.catalog.team.heads.none_of_these

    def _short(self, option: str) -> str:
        known = self.cards.catalog.options.get(option)
        return known.short if known else self.cards.catalog.team.heads.none_of_these


def packed(question: Question, codes: Codes) -> str:
    """Write a whole answer as a button bears it: which choices of its question are in it, as a hexadecimal number."""
    return f"{sum(1 << place for place, code in enumerate(question.codes) if code in codes):x}"


def unpacked(question: Question, choice: str) -> Codes:
    """Read a whole answer from a button; nothing where it is none."""
    try:
        number = int(choice, 16)
    except ValueError:
        return ()
    return tuple(code for place, code in enumerate(question.codes) if number >> place & 1)


def word(name: str) -> str:
    """Give the word of a case's name, as a button bears it: "heron" of "🟦 Heron"."""
    return name.rpartition(" ")[2].lower()


def _answers(shared: Shared, question: str) -> list[Codes]:
    """Give the answers that are held to a disputed question, the one that counts first."""
    held = shared.talk.disputes(shared.standing)[question].values()
    return list(dict.fromkeys([shared.standing.findings[question], *held]))


def _without(rows: Iterable[tuple[Button, ...]], *verbs: Verb) -> tuple[tuple[Button, ...], ...]:
    """Leave out the buttons of some verbs."""
    kept = (tuple(button for button in row if button.tap.verb not in verbs) for row in rows)
    return tuple(row for row in kept if row)


def _challenged(button: Button) -> Button:
    """Let a button that changes an answer open it to everybody's word instead."""
    if button.tap.verb is not Verb.change:
        return button
    return button._replace(tap=button.tap._replace(verb=Verb.finding))
