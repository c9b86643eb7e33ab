"""A recommendation in plain text, for the patient's record: findings, what the source says, where that is from."""

from __future__ import annotations

from flows.catalog import Catalog
from flows.findings import Findings
from flows.flow import Flow
from flows.levels import written
from flows.rules import Verdict, decide


def plain(flow: Flow, catalog: Catalog, findings: Findings) -> str:
    """Write the recommendation for findings that are complete, a line for each thing; no person is named."""
    words, result = catalog.team.record, decide(flow.guidance, findings)
    first, *others = flow.questions
    said = [question.said(codes) for question in others if (codes := findings[question.code])]
    lines = [words.findings.format(levels=written(findings[first.code]), findings=", ".join(said))]
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


def units(text: str) -> int:
    """Count a text as Telegram does, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2
