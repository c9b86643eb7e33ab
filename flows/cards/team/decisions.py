"""What a team sees of a decision: its record, the same as plain text, the card of the case, and what asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from flows.cards.card import Block, Button, Card, Line, Style, Tap, Verb, person
from flows.cards.layout import bound, laid_out
from flows.cards.team.blocks import TeamBlocks
from flows.cards.team.case import Shared, word
from flows.cards.team.disputes import Disputes
from flows.engine.discussion import NONE_OF_THESE, Decision, Stage, departs

_TWO: Final = (2,)
"""Reasons in a row."""

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

    def options(self, shared: Shared) -> tuple[list[Block], Rows]:
        """Draw what can be decided: the vote so far, and every option."""
        words, standing = self.blocks.words, shared.standing
        offered = [*(advice.option for advice in self.blocks.advised(standing).options), NONE_OF_THESE]
        rows = tuple((Button(self.blocks.short(option), Tap(Verb.choose, option)),) for option in offered)
        vote = self.blocks.vote(standing, shared.talk.offered, shared.talk.votes)
        return [Block((Line(words.lines.choose),)), vote], rows

    def confirming(self, shared: Shared, option: str) -> tuple[str, list[Block], Rows]:
        """Ask once whether that is decided; a reason may be given, and must where the source does not support it."""
        words = self.blocks.words
        departing = departs(self.blocks.advised(shared.standing), option)
        reasons = [Button(label, Tap(Verb.decide, option, code)) for code, label in self.blocks.reason_labels()]
        decide: Rows = () if departing else ((Button(words.labels.decide, Tap(Verb.decide, option)),),)
        rows = (*decide, *laid_out(reasons, _TWO * len(reasons)))
        line = words.lines.departs if departing else words.lines.decide
        return words.heads.decide.format(option=self.blocks.short(option)), [Block((Line(line),))], rows

    def record(self, shared: Shared, decision: Decision) -> Card:
        """Draw the record of a decision: findings with who gave them, what the source supports, the vote, the dissent.

        Its first line is what was decided, since a pinned message shows nothing but its beginning. One that does not
        hold any more says so, and keeps what it recorded.
        """
        words, blocks = self.blocks.words, self.blocks
        holds = shared.talk.stage is Stage.decided and decision == shared.talk.decisions[-1]
        heading = words.heads.decision if holds else words.heads.superseded
        then = shared.at(decision, blocks.cards.flow)
        parts: tuple[Block, ...] = (
            Block(blocks.outside(then), style=Style.urgent),
            Block(self._begins(then, decision, holds=holds)),
            blocks.urgent(then.standing),
            blocks.given(then),
            self.disputes.settled(decision.settlements),
            blocks.support(then.standing),
            blocks.vote(then.standing, decision.offered, decision.votes),
            Block(self._dissent(decision), words.heads.dissent, Style.listed),
            blocks.reasons(decision.reasons),
            blocks.closing(then),
        )
        rows: Rows = ()
        if holds:
            typed = Block(tuple(map(Line, self.text(shared, decision).splitlines())), style=Style.typed)
            parts = (*parts, Block((Line(words.lines.record),)), typed)
            rows = ((Button(words.labels.reopen, Tap(Verb.reopen)),),)
        title = f"{heading.format(option=blocks.short(decision.option))} · {shared.name}"
        shown = tuple(part for part in parts if part.lines)
        return bound(Card("", title, shown, rows), shared.case)

    def text(self, shared: Shared, decision: Decision) -> str:
        """Write a decision in plain text for the patient's record: all of it, without a person's name."""
        words, text, cards = self.blocks.words.record, self.blocks.cards.plain, self.blocks.cards
        then = shared.at(decision, cards.flow)
        result = self.blocks.advised(then.standing)
        headline, *reasons = text.headline(result)
        lines = [
            *(line.text for line in self.blocks.outside(then)),
            self._told(shared, decision),
            words.begins.format(name=word(shared.name).capitalize(), when=self.when(decision.at)),
            words.sourced.format(headline=headline),
            *reasons,
            *text.support(then.standing.findings, result, then.scored),
            *self.disputes.recorded(decision.settlements),
            *(line.text for line in cards.older(shared.case)),
            *text.closing(""),
        ]
        return "\n".join(lines)

    def closed(self, shared: Shared, label: str, rows: Rows) -> Card:
        """Draw a case that is decided: its record is a card of its own."""
        words, blocks, decision = self.blocks.words, self.blocks, shared.talk.decisions[-1]
        then = shared.at(decision, blocks.cards.flow)
        parts = (
            Block((Line(words.lines.decided),)),
            blocks.urgent(then.standing),
            blocks.support(then.standing),
            blocks.vote(then.standing, decision.offered, decision.votes),
            blocks.given(then),
            self.disputes.settled(decision.settlements),
            blocks.closing(then),
        )
        title = words.heads.decided.format(option=blocks.option(decision.option))
        shown = tuple(part for part in parts if part.lines)
        return bound(Card(label, title, shown, rows, above=blocks.outside(then)), shared.case)

    def _begins(self, shared: Shared, decision: Decision, *, holds: bool) -> tuple[Line, ...]:
        """Return when and by whom it was decided, and why; first that it holds no more, and the option in full."""
        words, full = self.blocks.words, self.blocks.option(decision.option)
        said = [] if holds else [Line(words.lines.superseded)]
        said += [Line(full)] if full != self.blocks.short(decision.option) else []
        said.append(Line(f"{self.when(decision.at)} · {words.heads.by.format(who=person(decision.who))}"))
        if decision.reason:
            lead = words.heads.departs if self._departs(shared, decision) else words.heads.reason
            said.append(Line(words.reasons[decision.reason], lead=lead))
        return tuple(said)

    def _departs(self, shared: Shared, decision: Decision) -> bool:
        standing = shared.at(decision, self.blocks.cards.flow).standing
        return departs(self.blocks.advised(standing), decision.option)

    def _told(self, shared: Shared, decision: Decision) -> str:
        """Write in one line what was decided, why, and the votes for it and for others."""
        words, reasons = self.blocks.words.record, self.blocks.words.reasons
        decided = words.decided if decision.offered else words.decided_alone
        told = [decided.format(option=self._recorded(decision.option))]
        if decision.reason:
            why = words.departs if self._departs(shared, decision) else words.reason
            told.append(why.format(reason=reasons[decision.reason]))
        if decision.offered:
            tally = Counter(decision.votes.values())
            told.append(words.votes.format(number=tally[decision.option], all=len(decision.votes)))
            others = [f"{self._recorded(option)} {n}" for option, n in tally.items() if option != decision.option]
            told += [words.otherwise.format(votes=", ".join(others))] if others else []
        return "; ".join(told)

    def _recorded(self, option: str) -> str:
        return self.blocks.words.record.none if option == NONE_OF_THESE else self.blocks.short(option)

    def _dissent(self, decision: Decision) -> tuple[Line, ...]:
        return tuple(Line(self.blocks.short(decision.votes[who]), lead=person(who)) for who in decision.dissent)
