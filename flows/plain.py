"""A recommendation in plain text, for the patient's record: findings, what the source says, where that is from."""

from __future__ import annotations

from flows.catalog import Catalog
from flows.flow import Flow
from flows.interview import Standing
from flows.levels import written
from flows.rules import Verdict, decide
from flows.scope_text import scope_texts
from flows.scored import Scored


def plain(flow: Flow, catalog: Catalog, standing: Standing, scored: Scored | None = None) -> str:
    """Return the recommendation of a case that is answered, a line for each thing; no person is named."""
    findings = standing.findings
    words, result = catalog.team.record, decide(flow.guidance, findings)
    first, *others = flow.questions
    said = [question.said(codes) for question in others if (codes := findings[question.code])]
    lines = [said.text for said in scope_texts(catalog.wording.scope, standing.scope, scored)]
    lines.append(words.findings.format(levels=written(findings[first.code]), findings=", ".join(said)))
    lines += [score_text(catalog, scored)] if scored else []
    options = ", ".join(catalog.options[advice.option].short for advice in result.having(Verdict.indicated))
    supported = words.supports.format(options=options or words.nothing)
    lines.append(f"{result.fork.if_so}: {supported}" if result.fork else supported)
    if result.fork:
        lines.append(f"{result.fork.if_not}: {catalog.options[result.fork.option].short}")
    judged = ", ".join(catalog.options[advice.option].short for advice in result.having(Verdict.judgement))
    lines += [f"{catalog.wording.verdicts.judgement}: {judged}"] if judged else []
    lines += [note.text for note in result.notes if note.urgent]
    source = catalog.source
    return "\n".join([*lines, words.source.format(source=source.name, year=source.year, edition=catalog.edition)])


def score_text(catalog: Catalog, scored: Scored) -> str:
    """Return what was scored of a case: the scale, the score, its class, the level."""
    found = catalog.wording.result.scored_finding
    told = found.format(score=scored.points, band=scored.band.name, where=scored.where)
    return f"{catalog.scales[scored.scale].name} {told}"


def units(text: str) -> int:
    """Count a text as Telegram does, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
