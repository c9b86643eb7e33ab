"""What a team sees of its case: the same cards, with who answered what, the dispute, the vote and the decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flows.cards.card import Block, Button, Card, Line, Style, Tap, Verb, person
from flows.cards.case import Cards
from flows.cards.layout import bound, grid, laid_out
from flows.cards.note import heard
from flows.cards.team.blocks import TeamBlocks
from flows.cards.team.case import Shared, word
from flows.cards.team.decisions import Decisions
from flows.cards.team.disputes import Disputes
from flows.engine.discussion import Decision, Stage
from flows.model.findings import Codes
from flows.model.flow import Question
from flows.model.scored import Scored

_ALONE: Final = (Verb.new, Verb.share, Verb.copy)
"""What a card offers to one person, and not to a team."""

READING: Final = (Verb.option, Verb.changes, Verb.what_if, Verb.compare, Verb.scale)
"""What is read beside a case; in a group it opens for the reader alone."""


@dataclass(frozen=True, slots=True)
class Board:
    """Draws the cards of a team's cases.

    Attributes:
        cards: the cards of the flow, with who gave each finding.
        when: writes a time (seconds since 1970, UTC) as it is read.
    """

    cards: Cards
    when: Callable[[float], str]
    blocks: TeamBlocks = field(init=False)
    disputes: Disputes = field(init=False)
    decisions: Decisions = field(init=False)

    def __post_init__(self) -> None:
        """Assemble the parts."""
        object.__setattr__(self, "blocks", TeamBlocks(self.cards))
        object.__setattr__(self, "disputes", Disputes(self.blocks))
        object.__setattr__(self, "decisions", Decisions(self.blocks, self.disputes, self.when))

    def case(self, shared: Shared) -> Card:
        """Draw where a team's case stands: the question at hand, the recommendation, the vote, the decision."""
        card = self.cards.case(shared.case, shared.standing, shared.scored)
        label, rows = self._label(shared, card), self._rows(shared, card.rows)
        if shared.talk.stage is Stage.decided:
            return self.decisions.closed(shared, label, rows)
        card = self.marked(shared, card)
        return replace(card, label=label, blocks=self._with_talk(shared, card.blocks), rows=rows)

    def marked(self, shared: Shared, card: Card) -> Card:
        """Mark the headline of a case whose findings are disputed, where it hangs on the dispute."""
        title = self.disputes.title(shared) if shared.standing.at is None else ""
        if not title:
            return card
        first, *others = card.blocks
        if first.style is not Style.summary:
            present = Block((Line(card.title, strong=True),), style=Style.summary)
            return replace(card, title=title, blocks=(present, *card.blocks))
        return replace(card, title=title, blocks=(replace(first, heading=card.title), *others))

    def score(self, shared: Shared) -> Scored | None:
        """Return what a case that scores has found, and whether it is disputed; None while it is not complete."""
        scored = self.cards.scored(shared.case, shared.standing)
        return replace(scored, disputed=bool(shared.disputes)) if scored else None

    def note(self, shared: Shared) -> Card:
        """Draw what was read of a line; nothing of it counts before a member confirms it."""
        card = heard(self.cards, shared.case, shared.standing)
        rows = _without(card.rows, Verb.wipe)  # any member could have any message deleted by it
        label = f"{shared.name} · {self.cards.catalog.team.heads.typed}"
        return replace(card, label=label, blocks=self._with_talk(shared, card.blocks), rows=rows)

    def starting_over(self, shared: Shared, who: str) -> Card:
        """Draw the question whether the case shall begin again."""
        card = self.cards.starting_over(shared.case, shared.standing)
        return replace(card, label=self._label(shared, card), blocks=(*card.blocks, self._opened_by(who)))

    def answers(self, shared: Shared, who: str) -> Card:
        """Draw the answers that count, each with the way to say that one holds another."""
        card = self.cards.answers(shared.case, shared.standing)
        rows = tuple(tuple(map(_challenged, row)) for row in card.rows)
        blocks = (*card.blocks, self._opened_by(who))
        return replace(card, label=self._label(shared, card), blocks=blocks, rows=rows)

    def to_read(self, shared: Shared, card: Card, at: float) -> Card:
        """Draw what one member reads beside a case in private: nothing can be answered there.

        Args:
            shared: the case.
            card: what is read, drawn without names.
            at: when it is read.
        """
        heads = self.cards.catalog.team.heads
        rows = tuple(
            kept for row in card.rows if (kept := tuple(b for b in row if b.tap.verb in (*READING, Verb.show)))
        )
        stands = [Line(self.disputes.line(shared))] if shared.disputes else []
        if shared.talk.stage is Stage.decided:
            option = self.blocks.option(shared.talk.decisions[-1].option)
            stands = [Line(heads.decided.format(option=option))]
        note = Block((Line(heads.to_read.format(when=self.when(at))),), style=Style.small)
        blocks = tuple(block for block in (note, Block(tuple(stands)), *card.blocks) if block.lines)
        return replace(card, label=self._label(shared, card), blocks=blocks, rows=rows)

    def finding(self, shared: Shared, question: Question, who: str) -> Card:
        """Draw one finding: who gave it, who holds another, what helps with it, and the answers to choose from."""
        words = self.cards.catalog.team
        held = shared.standing.findings[question.code]
        lines = [Line(self.cards.given(shared.standing)[question.code]), *self.disputes.objections(shared, question)]
        rows = grid(question, held, Verb.hold, Verb.hold_with, Verb.hold_without)
        if question.several:
            rows.append((Button(words.labels.as_it_stands, Tap(Verb.hold, question.code)),))
        for codes in self.disputes.answers(shared, question):
            label = words.labels.settle.format(answer=question.said(codes))
            rows.append((Button(label, Tap(Verb.settle, question.code, packed(question, codes))),))
        if question.aid:
            rows.append((Button(self.cards.catalog.scales[question.aid].name, Tap(Verb.aid, question.aid)),))
        scored = shared.scored if question.aid else None
        helps = Block((self.cards.score(scored, self.cards.catalog.wording.result.beside),) if scored else ())
        blocks = (Block(tuple(lines), style=Style.listed), helps, Block((Line(words.lines.hold),), style=Style.small))
        return self._view(shared, question.text, who, blocks, rows)

    def reasons(self, shared: Shared, who: str) -> Card:
        """Draw the reasons to choose from."""
        words = self.cards.catalog.team
        buttons = [Button(label, Tap(Verb.reason, code)) for code, label in self.blocks.reason_labels()]
        rows = [*laid_out(buttons, (2,) * len(buttons)), (Button(words.labels.unsay, Tap(Verb.unsay)),)]
        blocks = (Block((Line(words.lines.reasons),)), self.blocks.reasons(shared.talk.reasons))
        return self._view(shared, words.labels.reasons, who, blocks, rows)

    def choosing(self, shared: Shared, who: str) -> Card:
        """Draw what can be decided."""
        blocks, rows = self.decisions.options(shared)
        return self._view(shared, self.cards.catalog.team.heads.choose, who, blocks, rows)

    def confirming(self, shared: Shared, option: str, who: str) -> Card:
        """Ask once whether that is decided, with a reason or without one."""
        title, blocks, rows = self.decisions.confirming(shared, option)
        return self._view(shared, title, who, blocks, rows)

    def which(self, shared: Shared, tap: Tap, names: Sequence[str]) -> Card:
        """Ask which case a tap means, before it counts."""
        words = self.cards.catalog.team
        rows = [(Button(name, tap._replace(name=word(name))),) for name in names]
        rows.append((Button(self.cards.catalog.wording.labels.to_card, Tap(Verb.show)),))
        blocks = (Block((Line(words.lines.which),)),)
        return bound(Card("", words.heads.which, blocks, tuple(rows)), shared.case)

    def decision(self, shared: Shared, decision: Decision) -> Card:
        """Draw the record of a decision."""
        return self.decisions.record(shared, decision)

    def poll(self, shared: Shared) -> tuple[str, tuple[str, ...]]:
        """Write the vote as a poll: its question and its answers, in the order of what is put to the vote."""
        words = self.cards.catalog.team
        answers = tuple(self.blocks.short(option) for option in shared.talk.offered)
        return words.heads.poll.format(name=shared.name), answers

    def said(self, question: str, codes: Codes) -> str:
        """Write an answer as a finding."""
        asked = self.cards.flow.question(question)
        return asked.said(codes) if asked else ""

    def _label(self, shared: Shared, card: Card) -> str:
        """Begin the first line with the name of the case."""
        step = card.label.removeprefix(f"{self.cards.catalog.wording.case} · ")
        return f"{shared.name} · {step}"

    def _view(
        self, shared: Shared, title: str, who: str, blocks: Iterable[Block], rows: Iterable[tuple[Button, ...]]
    ) -> Card:
        """Draw what stands in place of the case until somebody acts or goes back to it, and who opened it."""
        back = (Button(self.cards.catalog.wording.labels.to_card, Tap(Verb.show)),)
        shown = tuple(block for block in (*blocks, self._opened_by(who)) if block.lines)
        return bound(Card(shared.name, title, shown, (*rows, back)), shared.case)

    def _opened_by(self, who: str) -> Block:
        return Block((Line(self.cards.catalog.team.heads.list_by.format(who=person(who))),), style=Style.small)

    def _with_talk(self, shared: Shared, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """Insert what the team says right below the headline; what is disputed stands before its reasons."""
        heads = self.cards.catalog.team.heads
        begun = [Line(heads.handed_by.format(who=person(shared.giver)))] if shared.giver else []
        if not shared.standing.answers and not shared.case.parent_id:
            begun = [Line(heads.opened_by.format(who=person(shared.opener)))]
        talk = shared.talk
        disputed = (self.disputes.block(shared), self.disputes.emergency(shared))
        added = (
            Block(tuple(begun)),
            self.blocks.vote(shared.standing, talk.offered, talk.votes),
            self.blocks.reasons(talk.reasons),
        )
        first = (*disputed, *blocks[:1]) if shared.standing.at is None else (*blocks[:1], *disputed)
        return tuple(block for block in (*first, *added, *blocks[1:]) if block.lines)

    def _rows(self, shared: Shared, rows: tuple[tuple[Button, ...], ...]) -> tuple[tuple[Button, ...], ...]:
        """Give the keyboard of the stage: answers while they are open, then the vote, then the way back."""
        labels = self.cards.catalog.team.labels
        opened = [tuple(_challenged(button) for button in row) for row in _without(rows, *_ALONE)]
        details = [row for row in opened if row and row[0].tap.verb is Verb.option]
        more: list[tuple[Button, ...]] = []
        match shared.talk.stage:
            case Stage.gathering:
                return tuple(opened)
            case _ if shared.case.parent_id:
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


def _without(rows: Iterable[tuple[Button, ...]], *verbs: Verb) -> tuple[tuple[Button, ...], ...]:
    """Leave out the buttons of some verbs."""
    kept = (tuple(button for button in row if button.tap.verb not in verbs) for row in rows)
    return tuple(row for row in kept if row)


def _challenged(button: Button) -> Button:
    """Let a button that changes an answer open it to everybody's word instead."""
    if button.tap.verb is not Verb.change:
        return button
    return button._replace(tap=button.tap._replace(verb=Verb.finding))
