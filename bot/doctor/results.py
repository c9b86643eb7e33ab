"""What the doctor found: one line for each thing it looked at, and nothing secret in any of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

_WIDEST_SUBJECT: Final = 12
_HIDDEN: Final = "…"


class Mark(StrEnum):
    """How something is."""

    well = "well"
    wrong = "wrong"
    skipped = "-"
    """It could not be looked at, or there is nothing to look at; another line says why."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was looked at, how it is, and what to do where it is wrong."""

    mark: Mark
    subject: str
    text: str
    advice: str = ""

    @property
    def line(self) -> str:
        """Return it on one line."""
        said = " ".join(f"{self.text}. {self.advice}".split()) if self.advice else " ".join(self.text.split())
        return f"{self.mark:<5}  {self.subject:<{_WIDEST_SUBJECT}}  {said}"


def well(subject: str, text: str) -> CheckResult:
    """Return that something is as it should be."""
    return CheckResult(Mark.well, subject, text)


def wrong(subject: str, text: str, advice: str) -> CheckResult:
    """Return what is wrong, and what to do."""
    return CheckResult(Mark.wrong, subject, text, advice)


def skipped(subject: str, text: str) -> CheckResult:
    """Return that something was not looked at, and why."""
    return CheckResult(Mark.skipped, subject, text)


def without(secrets: Iterable[str], result: CheckResult) -> CheckResult:
    """Return a result in which no secret stands: what a server or a driver said may repeat one."""
    text, advice = result.text, result.advice
    for secret in filter(None, secrets):
        text, advice = text.replace(secret, _HIDDEN), advice.replace(secret, _HIDDEN)
    return replace(result, text=text, advice=advice)
