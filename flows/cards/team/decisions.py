"""What a team sees of a decision: its record, the same as plain text, the card of the case, and what asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap, person
from flows.cards.layout import bind, split_rows
from flows.cards.team.blocks import TeamBlocks
from flows.cards.team.case import TeamCaseView, code_word
from flows.cards.team.disputes import Disputes
from flows.engine.discussion import NONE_OF_THESE, Decision, Stage, departs

_TWO: Final = (2,)
"""Reasons in a row."""

MOST_DISSENTERS: Final = 8
"""Who voted otherwise gets a line each; more of them are listed by what they voted for."""

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Draws decisions.

    Attributes:
        when: writes a time (seconds since 1970, UTC) as it is read.
    """

    blocks: TeamBlocks
    disputes: Disputes
    when: Callable[[float], str]

    def options(self, view: TeamCaseView) -> tuple[list[Block], Rows]:
        """Draw what can be decided: the vote so far, and every option."""
        words, state = self.blocks.words, view.state
        offered = [*(advice.option for advice in self.blocks.recommendation(state).options), NONE_OF_THESE]
        rows = tuple((Button(self.blocks.short_name(option), Tap(Action.choose, option)),) for option in offered)
        vote = self.blocks.vote(state, view.discussion.offered, view.discussion.votes)
        return [Block((Line(words.lines.choose),)), vote], rows

    def confirming(self, view: TeamCaseView, option: str) -> tuple[str, list[Block], Rows]:
        """Ask once whether that is decided; a reason may be given, and must where the source does not support it."""
        words = self.blocks.words
        departing = departs(self.blocks.recommendation(view.state), option)
        reasons = [Button(label, Tap(Action.decide, option, code)) for code, label in self.blocks.reason_labels()]
        decide: Rows = () if departing else ((Button(words.labels.decide, Tap(Action.decide, option)),),)
        rows = (*decide, *split_rows(reasons, _TWO * len(reasons)))
        line = words.lines.departs if departing else words.lines.decide
        shown = [self.blocks.refer(option), Block((Line(line),))]
        return words.heads.decide.format(option=self.blocks.short_name(option)), shown, rows

    def record(self, view: TeamCaseView, decision: Decision) -> Card:
        """Draw the record of a decision: findings with who gave them, what the source supports, the vote, the dissent.

        Its first line is what was decided, since a pinned message shows nothing but its beginning. One that does not
        hold any more says so, and keeps what it recorded.
        """
        words, blocks = self.blocks.words, self.blocks
        holds = view.discussion.stage is Stage.decided and decision == view.discussion.decisions[-1]
        heading = words.heads.decision if holds else words.heads.superseded
        then = view.at(decision, blocks.cards.flow)
        parts: tuple[Block, ...] = (
            Block(blocks.scope_lines(then), style=Style.urgent),
            Block(self._opening_lines(then, decision, holds=holds)),
            blocks.refer(decision.option),
            blocks.urgent(then.state),
            blocks.findings_block(then),
            self.disputes.settled_block(decision.settlements),
            blocks.support(then.state),
            blocks.vote(then.state, decision.offered, decision.votes),
            Block(self._dissent(decision), words.heads.dissent, Style.listed),
            blocks.reasons(decision.reasons),
            blocks.closing(then),
        )
        rows: Rows = ()
        if holds:
            typed = Block(tuple(map(Line, self.text(view, decision).splitlines())), style=Style.typed)
            parts = (*parts, Block((Line(words.lines.record),)), typed)
            paper = Button(blocks.cards.catalog.wording.labels.record, Tap(Action.record))
            rows = ((paper, Button(words.labels.reopen, Tap(Action.reopen))),)
        title = f"{heading.format(option=blocks.short_name(decision.option))} · {view.code_name}"
        shown = tuple(part for part in parts if part.lines)
        return bind(Card("", title, shown, rows), view.case)

    def text(self, view: TeamCaseView, decision: Decision) -> str:
        """Write a decision in plain text for the patient's record: all of it, without a person's name."""
        words, text, cards = self.blocks.words.record, self.blocks.cards.plain, self.blocks.cards
        then = view.at(decision, cards.flow)
        result = self.blocks.recommendation(then.state)
        headline, *reasons = text.headline(result)
        lines = [
            *(line.text for line in self.blocks.scope_lines(then)),
            self.line(view, decision),
            words.begins.format(name=code_word(view.code_name).capitalize(), when=self.when(decision.at)),
            words.sourced.format(headline=headline),
            *reasons,
            *text.site_lines(result, decision.option),
            *text.support(then.state.findings, result, then.scored),
            *self.disputes.record_lines(decision.settlements),
            *(line.text for line in cards.findings.older(view.case)),
            *text.closing(""),
        ]
        return "\n".join(lines)

    def decided_card(self, view: TeamCaseView, label: str, rows: Rows) -> Card:
        """Draw a case that is decided: its record is a card of its own."""
        words, blocks, decision = self.blocks.words, self.blocks, view.discussion.decisions[-1]
        then = view.at(decision, blocks.cards.flow)
        parts = (
            Block((Line(words.lines.record_waits if "record" in view.undelivered else words.lines.decided),)),
            blocks.refer(decision.option),
            blocks.urgent(then.state),
            blocks.support(then.state),
            blocks.vote(then.state, decision.offered, decision.votes),
            blocks.findings_block(then),
            self.disputes.settled_block(decision.settlements),
            blocks.closing(then),
        )
        title = words.heads.decided.format(option=blocks.option_name(decision.option))
        shown = tuple(part for part in parts if part.lines)
        return bind(Card(label, title, shown, rows, above=blocks.scope_lines(then)), view.case)

    def _opening_lines(self, view: TeamCaseView, decision: Decision, *, holds: bool) -> tuple[Line, ...]:
        """Return when and by whom it was decided, and why; first that it holds no more, and the option in full."""
        words, full = self.blocks.words, self.blocks.option_name(decision.option)
        said = [] if holds else [Line(words.lines.superseded)]
        said += [Line(full)] if full != self.blocks.short_name(decision.option) else []
        said.append(Line(f"{self.when(decision.at)} · {words.heads.by.format(who=person(decision.who))}"))
        if decision.reason:
            lead = words.heads.departs if self._departs(view, decision) else words.heads.reason
            said.append(Line(words.reasons[decision.reason], lead=lead))
        return tuple(said)

    def _departs(self, view: TeamCaseView, decision: Decision) -> bool:
        state = view.at(decision, self.blocks.cards.flow).state
        return departs(self.blocks.recommendation(state), decision.option)

    def line(self, view: TeamCaseView, decision: Decision) -> str:
        """Write in one line what was decided, why, and the votes for it and for others."""
        words, reasons = self.blocks.words.record, self.blocks.words.reasons
        decided = words.decided if decision.offered else words.decided_alone
        told = [decided.format(option=self._record_name(decision.option))]
        if decision.reason:
            why = words.departs if self._departs(view, decision) else words.reason
            told.append(why.format(reason=reasons[decision.reason]))
        if decision.offered:
            tally = Counter(decision.votes.values())
            told.append(words.votes.format(number=tally[decision.option], all=len(decision.votes)))
            others = [f"{self._record_name(option)} {n}" for option, n in tally.items() if option != decision.option]
            told += [words.otherwise.format(votes=", ".join(others))] if others else []
        return "; ".join(told)

    def _record_name(self, option: str) -> str:
        return self.blocks.words.record.none if option == NONE_OF_THESE else self.blocks.short_name(option)

    def _dissent(self, decision: Decision) -> tuple[Line, ...]:
        dissent = [(decision.votes[who], person(who)) for who in decision.dissent]
        if len(dissent) <= MOST_DISSENTERS:
            return tuple(Line(self.blocks.short_name(option), lead=who) for option, who in dissent)
        options = dict.fromkeys(option for option, _ in dissent)
        return tuple(
            Line(", ".join(who for voted, who in dissent if voted == option), lead=self.blocks.short_name(option))
            for option in options
        )
