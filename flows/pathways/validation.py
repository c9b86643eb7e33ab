"""What must hold of a flow before anybody is asked: what it cites exists, and every option and fact has its rule."""

from __future__ import annotations

from collections.abc import Iterator

from flows.catalog.loader import Catalog
from flows.errors import CatalogError
from flows.model.findings import Codes
from flows.model.flow import Flow


def validate_flows(catalog: Catalog, *flows: Flow) -> None:
    """Check flows against the catalog.

    Raises:
        CatalogError: where a flow cites what the catalog does not hold, says what nothing carries, or leaves an
            option or a fact unused.
    """
    faults = [fault for flow in flows for fault in _faults(flow, catalog)]
    cited = {fact for flow in flows for _, facts in _citations(flow) for fact in facts}
    cited |= {fact for option in catalog.options.values() for said in option.indication for fact in said.facts}
    faults += [f"facts.toml: facts.{fact}: cited by nothing" for fact in catalog.facts if fact not in cited]
    if faults:
        raise CatalogError(faults)


def _faults(flow: Flow, catalog: Catalog) -> Iterator[str]:
    allowed = ", ".join(sorted(catalog.known))
    for place, facts in _citations(flow):
        if not facts:
            yield f"{flow.code}: {place}: cites neither a fact nor a scale"
        for fact in facts:
            if fact not in catalog.known:
                yield f"{flow.code}: {place}: {fact!r} is not in the catalog; allowed: {allowed}"
    for place, scale in _scales(flow):
        if scale not in catalog.scales:
            yield f"{flow.code}: {place}: {scale!r} is not in scales.toml; allowed: {', '.join(catalog.scales)}"
    for note in flow.guidance.notes:
        unknown = [option for option in note.of if option not in catalog.options]
        yield from (f"{flow.code}: note {note.text[:30]!r}: {option!r} is not in options.toml" for option in unknown)
    ruled = flow.guidance.options
    if ruled and ruled != set(catalog.options):
        wrong = ", ".join(sorted(ruled ^ set(catalog.options)))
        yield f"{flow.code}: rules and options.toml differ in: {wrong}"


def _citations(flow: Flow) -> Iterator[tuple[str, Codes]]:
    """Return each statement with what carries it; cautions and urgent notes are the project's own word."""
    told = flow.guidance
    for question in flow.questions:
        if question.hint or question.facts:
            yield f"question {question.code}", question.facts
    for rule in told.rules:
        yield f"rule {rule.id} of {rule.option}", rule.facts
    for fork in told.forks:
        yield f"fork {fork.title!r}", fork.facts
    for band in told.bands:
        yield f"band {band.code}", band.facts
    for note in told.notes:
        if note.facts or not note.urgent:
            yield f"note {note.text[:30]!r}", note.facts


def _scales(flow: Flow) -> Iterator[tuple[str, str]]:
    """Return each place that names a scale."""
    if flow.guidance.bands:
        yield "the bands", flow.code
    for question in flow.questions:
        yield from ((f"question {question.code}", scale) for scale in (*question.scales, *question.linked_flows))
