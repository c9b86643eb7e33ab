"""What a team sees of its case: the same cards, with who answered what, the dispute, the vote and the decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap, person
from flows.cards.case import CaseRenderer
from flows.cards.layout import bind, choice_grid, split_rows, wrap_rows
from flows.cards.note import note_card
from flows.cards.team.blocks import TeamBlocks
from flows.cards.team.case import TeamCaseView, code_word
from flows.cards.team.decision_page import DecisionPages
from flows.cards.team.decisions import Decisions
from flows.cards.team.disputes import Disputes
from flows.cards.team.minutes import Minutes
from flows.engine.discussion import Decision, Stage
from flows.export.record_page import Page
from flows.model.findings import Codes
from flows.model.flow import Question
from flows.model.scored import Scored

_PRIVATE_ONLY: Final = (Action.new, Action.share, Action.copy)
"""What a card offers to one person, and not to a team."""

READING: Final = (Action.option, Action.changes, Action.what_if, Action.compare, Action.scale)
"""What is read beside a case; in a group it opens for the reader alone."""


@dataclass(frozen=True, slots=True)
class TeamRenderer:
    """Draws the cards of a team's cases.

    Attributes:
        case_renderer: the cards of the flow, with who gave each finding.
        time_text: writes a time (seconds since 1970, UTC) as it is read.
    """

    case_renderer: CaseRenderer
    time_text: Callable[[float], str]
    blocks: TeamBlocks = field(init=False)
    disputes: Disputes = field(init=False)
    decisions: Decisions = field(init=False)
    minutes: Minutes = field(init=False)

    def __post_init__(self) -> None:
        """Assemble the parts."""
        object.__setattr__(self, "blocks", TeamBlocks(self.case_renderer))
        object.__setattr__(self, "disputes", Disputes(self.blocks))
        object.__setattr__(self, "decisions", Decisions(self.blocks, self.disputes, self.time_text))
        object.__setattr__(self, "minutes", Minutes(self.decisions, self.time_text))

    def case(self, view: TeamCaseView) -> Card:
        """Draw where a team's case stands: the question at hand, the recommendation, the vote, the decision."""
        card = self.case_renderer.case(view.case, view.state, view.scored)
        label, rows = self._label(view, card), self._rows(view, card.rows)
        if view.discussion.stage is Stage.decided:
            return self.decisions.decided_card(view, label, rows)
        card = self.marked(view, card)
        return replace(card, label=label, blocks=self._with_discussion(view, card.blocks), rows=rows)

    def marked(self, view: TeamCaseView, card: Card) -> Card:
        """Mark the headline of a case whose findings are disputed, where it hangs on the dispute."""
        title = self.disputes.title(view) if view.state.current is None else ""
        if not title:
            return card
        first, *others = card.blocks
        if first.style is not Style.summary:
            present = Block((Line(card.title, strong=True),), style=Style.summary)
            return replace(card, title=title, blocks=(present, *card.blocks))
        return replace(card, title=title, blocks=(replace(first, heading=card.title), *others))

    def score(self, view: TeamCaseView) -> Scored | None:
        """Return what a case that scores has found, and whether it is disputed; None while it is not complete."""
        scored = self.case_renderer.score_cards.scored(view.case, view.state)
        return replace(scored, disputed=bool(view.disputes)) if scored else None

    def note(self, view: TeamCaseView) -> Card:
        """Draw what was read of a line; nothing of it counts before a member confirms it."""
        card = note_card(self.case_renderer, view.case, view.state)
        rows = _without_action(card.rows, Action.delete_message)  # any member could have any message deleted by it
        label = f"{view.code_name} · {self.case_renderer.catalog.team.heads.typed}"
        return replace(card, label=label, blocks=self._with_discussion(view, card.blocks), rows=rows)

    def starting_over(self, view: TeamCaseView, who: str) -> Card:
        """Draw the question whether the case shall begin again."""
        card = self.case_renderer.starting_over(view.case, view.state)
        return replace(card, label=self._label(view, card), blocks=(*card.blocks, self._opened_by(who)))

    def answers(self, view: TeamCaseView, who: str) -> Card:
        """Draw the answers that count, each with the way to say that one holds another."""
        card = self.case_renderer.answers(view.case, view.state)
        rows = tuple(tuple(map(_dispute_button, row)) for row in card.rows)
        blocks = (*card.blocks, self._opened_by(who))
        return replace(card, label=self._label(view, card), blocks=blocks, rows=rows)

    def to_read(self, view: TeamCaseView, card: Card, at: float) -> Card:
        """Draw what one member reads beside a case in private: nothing can be answered there.

        Args:
            view: the case.
            card: what is read, drawn without names.
            at: when it is read.
        """
        heads = self.case_renderer.catalog.team.heads
        rows = tuple(
            kept for row in card.rows if (kept := tuple(b for b in row if b.tap.action in (*READING, Action.show)))
        )
        stands = [Line(self.disputes.line(view))] if view.disputes else []
        if view.discussion.stage is Stage.decided:
            option = self.blocks.option_name(view.discussion.decisions[-1].option)
            stands = [Line(heads.decided.format(option=option))]
        note = Block((Line(heads.to_read.format(when=self.time_text(at))),), style=Style.small)
        blocks = tuple(block for block in (note, Block(tuple(stands)), *card.blocks) if block.lines)
        return replace(card, label=self._label(view, card), blocks=blocks, rows=rows)

    def finding(self, view: TeamCaseView, question: Question, who: str) -> Card:
        """Draw one finding: who gave it, who holds another, what helps with it, and the answers to choose from."""
        words = self.case_renderer.catalog.team
        held = view.state.findings[question.code]
        lines = [
            Line(self.case_renderer.findings.texts(view.state)[question.code]),
            *self.disputes.objections(view, question),
        ]
        rows = choice_grid(question, held, Action.dispute, Action.dispute_with, Action.dispute_without)
        if question.several:
            rows.append((Button(words.labels.as_it_stands, Tap(Action.dispute, question.code)),))
        for codes in self.disputes.answers(view, question):
            label = words.labels.settle.format(answer=question.finding_text(codes))
            rows.append((Button(label, Tap(Action.settle, question.code, encode_choices(question, codes))),))
        rows += wrap_rows(self.case_renderer.question_cards.linked(question))
        scored = [score for score in view.scored if score.scale in question.linked_flows]
        helps = Block(self.case_renderer.findings.scores(scored, asked=True))
        blocks = (
            Block(tuple(lines), style=Style.listed),
            helps,
            Block((Line(words.lines.dispute),), style=Style.small),
        )
        return self._view(view, question.text, who, blocks, rows)

    def reasons(self, view: TeamCaseView, who: str) -> Card:
        """Draw the reasons to choose from."""
        words = self.case_renderer.catalog.team
        buttons = [Button(label, Tap(Action.reason, code)) for code, label in self.blocks.reason_labels()]
        rows = [
            *split_rows(buttons, (2,) * len(buttons)),
            (Button(words.labels.withdraw_reasons, Tap(Action.withdraw_reasons)),),
        ]
        blocks = (Block((Line(words.lines.reasons),)), self.blocks.reasons(view.discussion.reasons))
        return self._view(view, words.labels.reasons, who, blocks, rows)

    def option_choice(self, view: TeamCaseView, who: str) -> Card:
        """Draw what can be decided."""
        blocks, rows = self.decisions.options(view)
        return self._view(view, self.case_renderer.catalog.team.heads.choose, who, blocks, rows)

    def confirming(self, view: TeamCaseView, option: str, who: str) -> Card:
        """Ask once whether that is decided, with a reason or without one."""
        title, blocks, rows = self.decisions.confirming(view, option)
        return self._view(view, title, who, blocks, rows)

    def case_choice(self, view: TeamCaseView, tap: Tap, names: Sequence[str]) -> Card:
        """Ask which case a tap means, before it counts."""
        words = self.case_renderer.catalog.team
        rows = [(Button(name, tap._replace(name=code_word(name))),) for name in names]
        rows.append((Button(self.case_renderer.catalog.wording.labels.to_card, Tap(Action.show)),))
        blocks = (Block((Line(words.lines.which),)),)
        return bind(Card("", words.heads.which, blocks, tuple(rows)), view.case)

    def decision(self, view: TeamCaseView, decision: Decision) -> Card:
        """Draw the record of a decision."""
        return self.decisions.record(view, decision)

    def decision_page(self, view: TeamCaseView) -> Page:
        """Return the page of the decision that holds."""
        decision = view.discussion.decisions[-1]
        return DecisionPages(self.blocks, self.disputes).page(view, decision, self.time_text(decision.at))

    def poll(self, view: TeamCaseView) -> tuple[str, tuple[str, ...]]:
        """Write the vote as a poll: its question and its answers, in the order of what is put to the vote."""
        words = self.case_renderer.catalog.team
        answers = tuple(self.blocks.marked_name(option) for option in view.discussion.offered)
        return words.heads.poll.format(name=view.code_name), answers

    def answer_text(self, question: str, codes: Codes) -> str:
        """Write an answer as a finding."""
        asked = self.case_renderer.flow.question(question)
        return asked.finding_text(codes) if asked else ""

    def _label(self, view: TeamCaseView, card: Card) -> str:
        """Begin the first line with the name of the case."""
        step = card.label.removeprefix(f"{self.case_renderer.catalog.wording.case} · ")
        return f"{view.code_name} · {step}"

    def _view(
        self, view: TeamCaseView, title: str, who: str, blocks: Iterable[Block], rows: Iterable[tuple[Button, ...]]
    ) -> Card:
        """Draw what stands in place of the case until somebody acts or goes back to it, and who opened it."""
        back = (Button(self.case_renderer.catalog.wording.labels.to_card, Tap(Action.show)),)
        shown = tuple(block for block in (*blocks, self._opened_by(who)) if block.lines)
        return bind(Card(view.code_name, title, shown, (*rows, back)), view.case)

    def _opened_by(self, who: str) -> Block:
        return Block((Line(self.case_renderer.catalog.team.heads.list_by.format(who=person(who))),), style=Style.small)

    def _with_discussion(self, view: TeamCaseView, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
        """Insert what the team says right below the headline; what is disputed stands before its reasons."""
        heads = self.case_renderer.catalog.team.heads
        begun = [Line(heads.shared_by.format(who=person(view.shared_by)))] if view.shared_by else []
        if not view.state.answers and not view.case.parent_id:
            begun = [Line(heads.opened_by.format(who=person(view.opener)))]
        discussion = view.discussion
        disputed = (self.disputes.block(view), self.disputes.emergency(view))
        no_poll = [Line(self.case_renderer.catalog.team.lines.no_poll)] if "poll" in view.undelivered else []
        added = (
            Block((*begun, *no_poll)),
            self.blocks.vote(view.state, discussion.offered, discussion.votes),
            self.blocks.reasons(discussion.reasons),
        )
        first = (*disputed, *blocks[:1]) if view.state.current is None else (*blocks[:1], *disputed)
        return tuple(block for block in (*first, *added, *blocks[1:]) if block.lines)

    def _rows(self, view: TeamCaseView, rows: tuple[tuple[Button, ...], ...]) -> tuple[tuple[Button, ...], ...]:
        """Return the keyboard of the stage: answers while they are open, then the vote, then the way back."""
        labels = self.case_renderer.catalog.team.labels
        opened = [tuple(_dispute_button(button) for button in row) for row in _without_action(rows, *_PRIVATE_ONLY)]
        details = [row for row in opened if row and row[0].tap.action in (Action.option, Action.picture)]
        more: list[tuple[Button, ...]] = []
        match view.discussion.stage:
            case Stage.gathering:
                return tuple(opened)
            case _ if view.case.parent_id:
                return tuple(opened)
            case Stage.voting:
                close = Button(labels.close, Tap(Action.choose))
                more = [(Button(labels.reasons, Tap(Action.reasons)), close)]
                more.append((Button(labels.withdraw, Tap(Action.withdraw)),))
                opened = details
            case Stage.decided:
                more = [(Button(labels.reopen, Tap(Action.reopen)),)]
                opened = details
            case _:
                more = [(Button(labels.discuss, Tap(Action.discuss)), Button(labels.close, Tap(Action.choose)))]
        return (*opened, *more)


def encode_choices(question: Question, codes: Codes) -> str:
    """Write a whole answer as a button bears it: which choices of its question are in it, as a hexadecimal number."""
    return f"{sum(1 << place for place, code in enumerate(question.codes) if code in codes):x}"


def decode_choices(question: Question, choice: str) -> Codes:
    """Read a whole answer from a button; nothing where it is none."""
    try:
        number = int(choice, 16)
    except ValueError:
        return ()
    return tuple(code for place, code in enumerate(question.codes) if number >> place & 1)


def _without_action(rows: Iterable[tuple[Button, ...]], *verbs: Action) -> tuple[tuple[Button, ...], ...]:
    """Leave out the buttons of some verbs."""
    kept = (tuple(button for button in row if button.tap.action not in verbs) for row in rows)
    return tuple(row for row in kept if row)


def _dispute_button(button: Button) -> Button:
    """Return a button that opens an answer to everybody's word instead of changing it."""
    if button.tap.action is not Action.change:
        return button
    return button._replace(tap=button.tap._replace(action=Action.finding))
