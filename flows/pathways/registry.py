"""What the bot offers: the pathways and the catalog, checked against each other before anybody is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from flows.catalog.loader import Catalog, catalog
from flows.catalog.site import NO_SITE, Site
from flows.errors import UnknownFlow
from flows.model.flow import Flow
from flows.pathways.bauer import BAUER
from flows.pathways.metastasis import METASTASIS
from flows.pathways.sins import SINS
from flows.pathways.tokuhashi import TOKUHASHI
from flows.pathways.tomita import TOMITA
from flows.pathways.validation import validate_flows

FLOWS: Final = (METASTASIS, SINS, BAUER, TOKUHASHI, TOMITA)
"""Every flow that is offered; the first is the one that is meant where none is named."""


class FlowRegistry(NamedTuple):
    """The flows by their codes, the default one first, with the catalog that they cite."""

    flows: Mapping[str, Flow]
    catalog: Catalog

    def flow(self, code: str = "") -> Flow:
        """Return a flow by its code; the default one where none is named.

        Raises:
            UnknownFlow: where no such flow is offered.
        """
        if code and code not in self.flows:
            raise UnknownFlow(f"{code!r} is no flow; allowed: {', '.join(self.flows)}")
        return self.flows[code or next(iter(self.flows))]


def flow_registry(site: Site = NO_SITE) -> FlowRegistry:
    """Load and check what the bot offers.

    Args:
        site: what the hospital says in a file of its own: its emergency line stands wherever the emergency note does.

    Raises:
        CatalogError: where it cannot be used; every fault is named.
    """
    validate_flows(catalog(), *FLOWS)
    flows = {flow.code: flow.with_emergency_line(site.emergency_line) for flow in FLOWS}
    return FlowRegistry(flows, catalog().model_copy(update={"site": site}))
