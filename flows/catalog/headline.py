"""The headline of a recommendation, in the catalog's words: the same on the card and in plain text."""

from __future__ import annotations

from dataclasses import dataclass

from flows.catalog.loader import Catalog
from flows.model.rules import Recommendation


@dataclass(frozen=True, slots=True)
class HeadlineText:
    """Writes headlines in the words of a catalog."""

    catalog: Catalog

    def title(self, result: Recommendation) -> str:
        """Return the headline: the leading option, what must be settled first, or that nothing is supported."""
        return result.fork.title if result.fork else self.leading(result)

    def leading(self, result: Recommendation) -> str:
        """Return the name of the leading option, or that no option meets an indication."""
        lead = result.headline
        return self.catalog.options[lead.option].name if lead else self.catalog.wording.result.none

    def if_so(self, result: Recommendation) -> str:
        """Return what leads once what must be settled first is settled so: the option, or that none does."""
        return self.leading(result) if result.headline else self.catalog.wording.result.none_if_so
