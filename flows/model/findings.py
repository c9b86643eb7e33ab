"""What was found in this patient: answers by the code of their question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Codes = tuple[str, ...]
"""An answer: the code of the choice that was tapped, or of each one where several may be."""

NOT_ASKED: Final[Codes] = ()
"""The finding of a question that is known not to be asked: no condition on it holds."""

Findings = Mapping[str, Codes]
"""Findings by question code. A code that is absent is not known yet."""
