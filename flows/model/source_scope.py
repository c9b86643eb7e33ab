"""What puts a case outside the scope of the source (gap G10): coded marks that are said and change no verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from flows.model.findings import Codes


class ScopeCode(StrEnum):
    """Why the source is about something else (evidence.md G10)."""

    asymptomatic = "asymptomatic"
    stable_spine = "stable_spine"
    sins = "sins"
    escc = "escc"
    level = "level"
    primary = "primary"
    intradural = "intradural"


class ScopeMark(NamedTuple):
    """One reason why a case is outside the scope of the source.

    Attributes:
        code: the reason.
        value: the score ("5" for SINS, "1a" for ESCC) or the vertebra ("C7", "S1"); empty for the others.
    """

    code: ScopeCode
    value: str = ""


def encode_scope(marks: tuple[ScopeMark, ...]) -> Codes:
    """Return marks as the codes that a case stores: "sins:5", "asymptomatic"."""
    return tuple(f"{mark.code}:{mark.value}" if mark.value else mark.code.value for mark in marks)


def decode_scope(codes: Codes) -> tuple[ScopeMark, ...]:
    """Return the marks that a case stores; a code that this edition does not know is passed over."""
    parts = (code.partition(":") for code in codes)
    return tuple(ScopeMark(ScopeCode(code), value) for code, _, value in parts if code in ScopeCode.__members__)
