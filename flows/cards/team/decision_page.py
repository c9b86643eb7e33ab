"""A team's decision as one page of a record: the case as it stood, the disputes, the vote, who gave what."""

from __future__ import annotations

from dataclasses import dataclass

from flows.cards.card import Block, person
from flows.cards.team.blocks import TeamBlocks
from flows.cards.team.case import TeamCaseView, code_word
from flows.cards.team.disputes import Disputes
from flows.engine.discussion import NONE_OF_THESE, Decision, departs
from flows.export.record_page import DecidedPart, Page, PagePart, PageTime, RecordPages, RecordView


@dataclass(frozen=True, slots=True)
class DecisionPages:
    """Describes the pages of decisions; a placeholder stands for each person, and names are inserted on sending."""

    blocks: TeamBlocks
    disputes: Disputes

    def page(self, view: TeamCaseView, decision: Decision, when: str) -> Page:
        """Return what the page of a decision says.

        Args:
            view: the case.
            decision: the decision; the case is told as it stood then.
            when: the time of the decision, as it is read.
        """
        cards = self.blocks.cards
        then = view.at(decision, cards.flow)
        given = {code: person(step.who) for code, step in then.state.answers.items()}
        decided = DecidedPart(
            self.blocks.option_name(decision.option),
            "" if decision.option == NONE_OF_THESE else decision.option,
            self._lines(then, decision),
            (_part(self.blocks.vote(then.state, decision.offered, decision.votes)),),
            (
                _part(self.disputes.settled_block(decision.settlements)),
                _run_on(self.blocks.reasons(decision.reasons)),
            ),
        )
        older = "".join(line.text for line in cards.findings.older(view.case))
        made = PageTime(when, int(decision.at))
        name = code_word(view.code_name).capitalize()
        shown = RecordView(then.state.findings, made, name, then.state.scope, then.scored, older, given, decided)
        return RecordPages(cards.flow, cards.catalog).page(shown)

    def _lines(self, then: TeamCaseView, decision: Decision) -> tuple[tuple[str, str], ...]:
        """Return by whom it was decided and why, and whether there was a vote."""
        words, page = self.blocks.words, self.blocks.cards.catalog.paper.page
        lines = [("", words.heads.by.format(who=person(decision.who)))]
        if not decision.offered:
            lines.append(("", page.no_vote))
        if decision.reason:
            departing = departs(self.blocks.recommendation(then.state), decision.option)
            lines.append((words.heads.departs if departing else words.heads.reason, words.reasons[decision.reason]))
        return tuple(lines)


def _run_on(block: Block) -> PagePart:
    """Return a block of short lines as one line."""
    told = " · ".join(f"{line.lead}: {line.text}" for line in block.lines)
    return PagePart(block.heading, (("", told),) if told else ())


def _part(block: Block) -> PagePart:
    """Return a block of a card as a part of the page."""
    return PagePart(block.heading, tuple((line.lead, line.text) for line in block.lines))
