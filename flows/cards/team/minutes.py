"""The decisions of a group as a list for a board's minutes: a row for each, without names unless they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from flows.cards.card import person
from flows.cards.team.case import TeamCaseView, code_word
from flows.cards.team.decisions import Decisions
from flows.engine.discussion import Decision, Stage
from flows.export.record_page import Page
from flows.model.rules import facts_of


class Period(NamedTuple):
    """From when to when decisions are listed, in seconds since 1970, UTC."""

    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Minutes:
    """Describes the lists of decisions.

    Attributes:
        decisions: writes a decision in a line.
        when: writes a time (seconds since 1970, UTC) as it is read.
    """

    decisions: Decisions
    when: Callable[[float], str]

    def page(self, views: Iterable[TeamCaseView], period: Period, *, named: bool) -> Page:
        """Return the list of the decisions of cases in a period, those that hold no more too, the earliest first.

        Args:
            views: the cases.
            period: from when to when.
            named: whether members are named; a placeholder stands for each.
        """
        words = self.decisions.blocks.cards.catalog.paper.minutes
        listed = [(decision, view) for view in views for decision in view.discussion.decisions]
        listed = [each for each in listed if period.since <= each[0].at <= period.until]
        listed.sort(key=lambda each: each[0].at)
        columns = [words.time, words.case, words.findings, words.sourced, words.decision, words.disputes, words.status]
        since, until = self.when(period.since), self.when(period.until)
        return {
            "lang": self.decisions.blocks.cards.catalog.paper.page.lang,
            "author": self.decisions.blocks.cards.catalog.paper.page.author,
            "title": words.title.format(until=until),
            "seconds": int(period.until),
            "head": words.head,
            "about": words.about.format(since=since, until=until, number=len(listed)),
            "columns": [*columns, *((words.by, words.voters) if named else ())],
            "rows": [self._row(view, decision, named=named) for decision, view in listed],
            "patient": words.patient,
            "closing": [words.unnamed if not named else words.named, *self._closing()],
        }

    def _row(self, view: TeamCaseView, decision: Decision, *, named: bool) -> list[str]:
        words, blocks = self.decisions.blocks.cards.catalog.paper.minutes, self.decisions.blocks
        then = view.at(decision, blocks.cards.flow)
        result = blocks.recommendation(then.state)
        headline, *_ = blocks.cards.plain.headline(result)
        facts = facts_of(result.headline.decisive) if result.headline and not result.fork else ()
        holds = view.discussion.stage is Stage.decided and decision == view.discussion.decisions[-1]
        outside = [f"{line.text} ({', '.join(line.facts)})" for line in blocks.scope_lines(then)]
        row = [
            self.when(decision.at),
            code_word(view.code_name).capitalize(),
            ". ".join([blocks.cards.plain.findings(then.state.findings), *outside]),
            f"{headline} ({', '.join(facts)})" if facts else headline,
            self.decisions.line(view, decision),
            str(len(decision.settlements)),
            words.holds if holds else words.superseded,
        ]
        return [*row, *((person(decision.who), self._voters(decision)) if named else ())]

    def _voters(self, decision: Decision) -> str:
        """Return who voted for what."""
        told = []
        for option in decision.offered:
            people = [person(who) for who, voted in decision.votes.items() if voted == option]
            told += [f"{self.decisions.blocks.short_name(option)}: {', '.join(people)}"] if people else []
        return "; ".join(told)

    def _closing(self) -> list[str]:
        """Return where the verdicts are from, and what the list is not."""
        cards = self.decisions.blocks.cards
        words, source = cards.catalog.paper.page, cards.catalog.source
        origin = words.source.format(
            source=source.name,
            publisher=source.publisher,
            section=source.section,
            year=source.year,
            edition=cards.catalog.edition,
        )
        return [origin, words.limit]
