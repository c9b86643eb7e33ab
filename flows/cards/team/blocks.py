"""Blocks that several cards of a team share: who answered, what the source supports, the vote, the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.cards.card import Block, Line, Style, person
from flows.cards.case import CaseRenderer
from flows.cards.recommendation import note_lines
from flows.cards.team.case import TeamCaseView
from flows.catalog.team_wording import TeamWording
from flows.engine.interview import InterviewState
from flows.model.findings import Codes
from flows.model.rules import Recommendation, Verdict, decide


@dataclass(frozen=True, slots=True)
class TeamBlocks:
    """Draws them.

    Attributes:
        cards: the cards of the flow, with who gave each finding.
    """

    cards: CaseRenderer

    @property
    def words(self) -> TeamWording:
        """The words of a team's case."""
        return self.cards.catalog.team

    def recommendation(self, state: InterviewState) -> Recommendation:
        """Return what the source says of the findings."""
        return decide(self.cards.flow.guidance, state.findings)

    def scope_lines(self, view: TeamCaseView) -> tuple[Line, ...]:
        """Return why a case is outside the scope of the source."""
        return self.cards.findings.outside(view.state.scope, view.scored)

    def findings_block(self, view: TeamCaseView) -> Block:
        """Draw each finding with who gave it, and what was scored beside them."""
        given = map(Line, self.cards.findings.texts(view.state).values())
        return Block((*given, *self.cards.findings.scores(view.scored)), self.words.heads.given_by, Style.listed)

    def urgent(self, state: InterviewState) -> Block:
        """Draw the emergency note where the recommendation has it."""
        return Block(note_lines(note for note in self.recommendation(state).notes if note.urgent), style=Style.urgent)

    def closing(self, view: TeamCaseView) -> Block:
        """Draw the scope, the source and its edition, as the recommendation ends."""
        closing = note_lines(note for note in self.recommendation(view.state).notes if note.closing)
        return Block(
            (*self.cards.findings.older(view.case), *closing, *self.cards.findings.footer()), style=Style.small
        )

    def support(self, state: InterviewState) -> Block:
        """Draw in one line what the source supports."""
        return Block((Line(self.supported_options(self.recommendation(state))),), self.words.heads.supports)

    def supported_options(self, result: Recommendation) -> str:
        """Name what is indicated, first the headline; or write that nothing is."""
        named = [self.marked_name(advice.option) for advice in result.with_verdict(Verdict.indicated)]
        text = ", ".join(named) or self.words.heads.nothing
        return f"{result.fork.if_so}: {text}" if result.fork else text

    def vote(self, state: InterviewState, offered: Codes, votes: Mapping[str, str]) -> Block:
        """Draw the vote: for each option what the source says of it, and who is for it."""
        verdicts = self.cards.catalog.wording.verdicts
        verdict = {
            advice.option: getattr(verdicts, advice.verdict.name) for advice in self.recommendation(state).options
        }
        lines: list[Line] = []
        for option in offered:
            mine = [person(who) for who, voted in votes.items() if voted == option]
            here = self.cards.told.site.mark(option)
            told = (str(len(mine)), ", ".join(mine), verdict.get(option, ""), here)
            lines.append(Line(" · ".join(filter(None, told)), lead=self.short_name(option)))
        return Block(tuple(lines), self.words.heads.vote, Style.listed)

    def reasons(self, reasons: Mapping[str, tuple[str, ...]]) -> Block:
        """Draw the reasons that were given, each with who gave it."""
        given = {code: who for code, who in reasons.items() if who and code in self.words.reasons}
        lines = tuple(Line(", ".join(map(person, who)), lead=self.words.reasons[code]) for code, who in given.items())
        return Block(lines, self.words.heads.reasons, Style.listed)

    def reason_labels(self) -> list[tuple[str, str]]:
        """Return the reasons as buttons name them, by their codes."""
        return [(code, f"{said[:1].upper()}{said[1:]}") for code, said in self.words.reasons.items()]

    def option_name(self, option: str) -> str:
        """Name an option in full."""
        known = self.cards.catalog.options.get(option)
        return known.name if known else self.words.heads.none_of_these

    def marked_name(self, option: str) -> str:
        """Name an option in short, with the mark that it is not available here, if it is not."""
        return self.cards.told.site.named(self.short_name(option), option)

    def refer(self, option: str) -> Block:
        """Draw that an option is not available here, and to refer; nothing where it is."""
        return Block(self.cards.told.refer((option,)), style=Style.summary)

    def short_name(self, option: str) -> str:
        """Name an option in short."""
        known = self.cards.catalog.options.get(option)
        return known.short if known else self.words.heads.none_of_these
