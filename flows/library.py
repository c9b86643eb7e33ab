"""What the bot offers: the pathway and the catalog, checked against each other before anybody is asked."""

from __future__ import annotations

from typing import NamedTuple

from flows.catalog import Catalog, catalog
from flows.flow import Flow
from flows.pathways.metastasis import METASTASIS
from flows.promises import check


class Library(NamedTuple):
    """A flow with the catalog that it cites."""

    flow: Flow
    catalog: Catalog


def library() -> Library:
    """Load and check what the bot offers.

    Raises:
        CatalogFault: where it cannot be used; every fault is named.
    """
    check(catalog(), METASTASIS)
    return Library(METASTASIS, catalog())
