"""Blocks that several cards of a team share: who answered, what the source supports, the vote, the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.cards.card import Block, Line, Style, person
from flows.cards.case import Cards
from flows.cards.recommendation import noted
from flows.cards.team.case import Shared
from flows.catalog.team_wording import TeamWords
from flows.engine.interview import Standing
from flows.model.findings import Codes
from flows.model.rules import Recommendation, Verdict, decide


@dataclass(frozen=True, slots=True)
class TeamBlocks:
    """Draws them.

    Attributes:
        cards: the cards of the flow, with who gave each finding.
    """

    cards: Cards

    @property
    def words(self) -> TeamWords:
        """The words of a team's case."""
        return self.cards.catalog.team

    def advised(self, standing: Standing) -> Recommendation:
        """Return what the source says of the findings."""
        return decide(self.cards.flow.guidance, standing.findings)

    def outside(self, shared: Shared) -> tuple[Line, ...]:
        """Return why a case is outside the scope of the source."""
        return self.cards.outside(shared.standing.scope, shared.scored)

    def given(self, shared: Shared) -> Block:
        """Draw each finding with who gave it, and what was scored beside them."""
        given = [Line(said) for said in self.cards.given(shared.standing).values()]
        if shared.scored:
            given.append(self.cards.score(shared.scored, self.cards.catalog.wording.result.scored_finding))
        return Block(tuple(given), self.words.heads.given_by, Style.listed)

    def urgent(self, standing: Standing) -> Block:
        """Draw the emergency note where the recommendation has it."""
        return Block(noted(note for note in self.advised(standing).notes if note.urgent), style=Style.urgent)

    def closing(self, shared: Shared) -> Block:
        """Draw the scope, the source and its edition, as the recommendation ends."""
        closing = noted(note for note in self.advised(shared.standing).notes if note.closing)
        return Block((*self.cards.older(shared.case), *closing, *self.cards.footer()), style=Style.small)

    def support(self, standing: Standing) -> Block:
        """Draw in one line what the source supports."""
        return Block((Line(self.supported(self.advised(standing))),), self.words.heads.supports)

    def supported(self, result: Recommendation) -> str:
        """Name what is indicated, first the headline; or write that nothing is."""
        named = [self.short(advice.option) for advice in result.having(Verdict.indicated)]
        text = ", ".join(named) or self.words.heads.nothing
        return f"{result.fork.if_so}: {text}" if result.fork else text

    def vote(self, standing: Standing, offered: Codes, votes: Mapping[str, str]) -> Block:
        """Draw the vote: for each option what the source says of it, and who is for it."""
        verdicts = self.cards.catalog.wording.verdicts
        verdict = {advice.option: getattr(verdicts, advice.verdict.name) for advice in self.advised(standing).options}
        lines: list[Line] = []
        for option in offered:
            mine = [person(who) for who, voted in votes.items() if voted == option]
            told = (str(len(mine)), ", ".join(mine), verdict.get(option, ""))
            lines.append(Line(" · ".join(filter(None, told)), lead=self.short(option)))
        return Block(tuple(lines), self.words.heads.vote, Style.listed)

    def reasons(self, reasons: Mapping[str, tuple[str, ...]]) -> Block:
        """Draw the reasons that were given, each with who gave it."""
        given = {code: who for code, who in reasons.items() if who and code in self.words.reasons}
        lines = tuple(Line(", ".join(map(person, who)), lead=self.words.reasons[code]) for code, who in given.items())
        return Block(lines, self.words.heads.reasons, Style.listed)

    def reason_labels(self) -> list[tuple[str, str]]:
        """Return the reasons as buttons name them, by their codes."""
        return [(code, f"{said[:1].upper()}{said[1:]}") for code, said in self.words.reasons.items()]

    def option(self, option: str) -> str:
        """Name an option in full."""
        known = self.cards.catalog.options.get(option)
        return known.name if known else self.words.heads.none_of_these

    def short(self, option: str) -> str:
        """Name an option in short."""
        known = self.cards.catalog.options.get(option)
        return known.short if known else self.words.heads.none_of_these
