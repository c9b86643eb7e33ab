"""`spinemets site check`: what a site file says, line by line, for whoever checks it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from flows.catalog.site import Site

_UNSAID: Final = "not stated"


def summary(site: Site, options: Collection[str]) -> Iterator[str]:
    """Yield what a hospital says of itself and of every option, also where it says nothing."""
    yield f"hospital: {site.hospital}"
    yield f"emergency: {site.emergency or _UNSAID}"
    yield f"zone: {site.zone or f'{_UNSAID}, so times are in UTC'}"
    yield f"picture: {site.picture or f'{_UNSAID}, so light'}"
    for code in options:
        yield f"options.{code}: {', '.join(_option(site, code))}"


def _option(site: Site, code: str) -> Iterator[str]:
    """Yield what a hospital says of one option."""
    here = site.option(code)
    yield "available" if here.available else "not available here"
    if not here.is_rated:
        yield "not rated"
        return
    yield f"skill {here.skill or _UNSAID}"
    yield f"equipment {here.equipment or _UNSAID}"
    yield f"reviewed by {here.reviewer} on {here.date}"
