"""Code names that tell the cases of a private chat apart: a mark and a word, derived from the id alone."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Final

REMEMBERED: Final = 4096
"""Names that are remembered: a card is drawn at every tap."""


@lru_cache(maxsize=REMEMBERED)
def code_name(case_id: str, names: tuple[str, ...]) -> str:
    """Return the name of a case that has none stored; the same one as long as the list of names has it.

    Each name is weighed against the id (rendezvous hashing), so that a name which is added to the list, or taken out
    of it, renames few cases.

    Args:
        case_id: the case.
        names: those to choose from, each a mark and a word such as "🟦 Heron".
    """
    return max(names, key=lambda name: sha256(f"{case_id} {name}".encode()).digest())
