"""What must hold of a flow before anybody is asked: what it cites exists, and every option and fact has its rule."""

from __future__ import annotations

from collections.abc import Iterator

from flows.catalog import Catalog
from flows.errors import CatalogFault
from flows.flow import Flow


def check(catalog: Catalog, *flows: Flow) -> None:
    """Check flows against the catalog.

    Raises:
        CatalogFault: where a flow cites what the catalog does not hold, or leaves an option or a fact unused.
    """
    faults = [fault for flow in flows for fault in _faults(flow, catalog)]
    cited = {fact for flow in flows for _, facts in _citations(flow) for fact in facts}
    cited |= {fact for option in catalog.options.values() for said in option.indication for fact in said.facts}
    faults += [f"facts.toml: facts.{fact}: cited by nothing" for fact in catalog.facts if fact not in cited]
    if faults:
        raise CatalogFault(faults)


def _faults(flow: Flow, catalog: Catalog) -> Iterator[str]:
    known = {*catalog.facts, *catalog.gaps}
    for place, facts in _citations(flow):
        for fact in facts:
            if fact not in known:
                yield f"{flow.code}: {place}: {fact!r} is not in facts.toml; allowed: {', '.join(sorted(known))}"
    ruled = {rule.option for rule in flow.guidance.rules}
    if ruled and ruled != set(catalog.options):
        wrong = ", ".join(sorted(ruled ^ set(catalog.options)))
        yield f"{flow.code}: rules and options.toml differ in: {wrong}"


def _citations(flow: Flow) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give each place that cites facts."""
    for question in flow.questions:
        yield f"question {question.code}", question.facts
    for rule in flow.guidance.rules:
        yield f"rule {rule.id} of {rule.option}", rule.facts
    for fork in flow.guidance.forks:
        yield f"fork {fork.title!r}", fork.facts
    for note in flow.guidance.notes:
        yield f"note {note.text[:30]!r}", note.facts
