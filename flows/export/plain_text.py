"""A recommendation or a score in plain text, for the patient's record: whole, with its facts, and without a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.catalog.headline import HeadlineText
from flows.catalog.loader import Catalog
from flows.engine.interview import InterviewState
from flows.export.scope_text import scope_texts
from flows.model.findings import Codes, Findings
from flows.model.flow import Flow
from flows.model.levels import as_spans
from flows.model.rules import Band, OptionVerdict, Recommendation, Rule, Verdict, decide, facts_of
from flows.model.scored import Scored

RULED_OUT = (Verdict.not_indicated, Verdict.not_recommended, Verdict.contraindicated)
"""The kinds of "no", each with a line of its own."""


@dataclass(frozen=True, slots=True)
class PlainText:
    """Writes what is copied of the cases of one flow, a line for each thing."""

    flow: Flow
    catalog: Catalog

    def recommendation(self, state: InterviewState, when: str, scored: Scored | None = None) -> str:
        """Return a recommendation as it is copied.

        Args:
            state: where the case stands: every question is answered.
            when: the time at which it is copied, as it is read.
            scored: what was scored of the case.
        """
        result = decide(self.flow.guidance, state.findings)
        outside = [said.text for said in scope_texts(self.catalog.wording.scope, state.scope, scored)]
        support = self.support(state.findings, result, scored)
        return "\n".join([*outside, *self.headline(result), *support, *self.closing(when)])

    def record(self, state: InterviewState, when: str, scored: Scored | None = None) -> str:
        """Return a recommendation as a hospital system stores it: the same, and for whom the source speaks."""
        notes = decide(self.flow.guidance, state.findings).notes
        scope = [self._carried(note.text, note.facts) for note in notes if note.closing]
        return "\n".join([self.recommendation(state, when, scored), *scope])

    def score(self, findings: Findings, band: Band, level: str, when: str) -> str:
        """Return a score as it is copied: the total, its class, the level if it is known, the points of each item."""
        scale, words = self.catalog.scales[self.flow.code], self.catalog.team.record
        total = words.score.format(scale=scale.name, score=self.flow.score(findings), band=band.name)
        points = ", ".join(
            f"{choice.finding_text} {choice.points}" for _, choice in self.flow.scored_choices(findings)
        )
        origin = words.scored.format(source=scale.source, edition=self.catalog.edition)
        told = words.where.format(told=total, where=level) if level else total
        return "\n".join([told, points, origin, *([when] if when else [])])

    def headline(self, result: Recommendation) -> list[str]:
        """Return the headline with its reasons; first what must be settled before it holds, if anything must."""
        told = HeadlineText(self.catalog)
        leading = told.title(result)
        if fork := result.fork:
            instead = self._carried(self.catalog.options[fork.option].name, fork.facts)
            leading = f"{fork.title}. {fork.if_so}: {told.if_so(result)}. {fork.if_not}: {instead}."
        reasons = result.headline.decisive if result.headline else ()
        return [leading, *(self._reason(rule) for rule in reasons)]

    def support(self, findings: Findings, result: Recommendation, scored: Scored | None = None) -> list[str]:
        """Return what else is supported or a matter of judgement, the findings, what was ruled out and how."""
        words, verdicts = self.catalog.team.record, self.catalog.wording.verdicts
        also = [advice for advice in result.with_verdict(Verdict.indicated) if advice is not result.headline]
        lines = [words.also.format(options=self._options(also))] if also else []
        for advice in result.with_verdict(Verdict.judgement):
            because = "; ".join(rule.because for rule in advice.decisive)
            judged = self._carried(
                f"{self.catalog.options[advice.option].short}: {because}", facts_of(advice.decisive)
            )
            lines.append(f"{verdicts.judgement}: {judged}")
        lines.append(words.findings.format(findings=self.findings(findings)))
        lines += [self._score(scored)] if scored else []
        for no in RULED_OUT:
            advised = result.with_verdict(no)
            lines += [f"{getattr(verdicts, no.name)}: {self._options(advised)}"] if advised else []
        return lines + [note.text for note in result.notes if note.urgent]

    def findings(self, findings: Findings) -> str:
        """Return the findings that count, the levels first."""
        first, *others = self.flow.questions
        said = [question.finding_text(codes) for question in others if (codes := findings[question.code])]
        return f"{as_spans(findings[first.code])}: {', '.join(said)}"

    def closing(self, when: str) -> list[str]:
        """Return where the text is from, when it was written, and what it is not."""
        source, words = self.catalog.source, self.catalog.team.record
        origin = words.source.format(source=source.name, year=source.year, edition=self.catalog.edition)
        return [*([when] if when else []), origin, self.catalog.wording.result.disclaimer]

    def _score(self, scored: Scored) -> str:
        """Return what was scored of a case: the scale, the score, its class, the level."""
        words, scale = self.catalog.team.record, self.catalog.scales[scored.scale].name
        told = words.score.format(scale=scale, score=scored.points, band=scored.band.name)
        return words.where.format(told=told, where=scored.where)

    def _options(self, advised: Iterable[OptionVerdict]) -> str:
        named = ((self.catalog.options[advice.option].short, facts_of(advice.decisive)) for advice in advised)
        return ", ".join(self._carried(short, facts) for short, facts in named)

    def _reason(self, rule: Rule) -> str:
        return self._carried(f"{rule.because[0].upper()}{rule.because[1:]}", rule.facts)

    def _carried(self, text: str, facts: Iterable[str]) -> str:
        """Add the facts that carry a text."""
        return f"{text} ({', '.join(facts)})"


def explained(but: str, advice: OptionVerdict) -> tuple[str, Codes]:
    """Return why an option has its verdict, and what carries that; of a matter of judgement first what is met.

    Args:
        but: the word between what is met and what speaks against it.
        advice: the option with its verdict and reasons.
    """
    met = [rule for rule in advice.reasons if rule.verdict is Verdict.indicated and rule not in advice.decisive]
    because = "; ".join(dict.fromkeys(rule.because for rule in advice.decisive))
    if met:
        because = "; ".join([*(rule.because for rule in met), f"{but} {because}"])
    return because, facts_of((*met, *advice.decisive))


def utf16_length(text: str) -> int:
    """Return the length of a text as Telegram counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
