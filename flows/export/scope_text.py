"""What is said of a case that is outside the scope of the source: on its card, in its copy and record, and in JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from flows.catalog.wording import Scope
from flows.model.scored import Scored
from flows.model.source_scope import ScopeCode, ScopeMark

CITED: Final = ("G10",)
"""What carries each of these sentences."""


class ScopeText(NamedTuple):
    """Why a case is outside the scope of the source, as a code and in a sentence or two."""

    code: ScopeCode
    text: str


def scope_texts(words: Scope, marks: Iterable[ScopeMark], scored: Iterable[Scored] = ()) -> tuple[ScopeText, ...]:
    """Return what is said of the marks that a person's words left, and of the scores that they made."""
    made = [score.mark for score in scored if score.mark]
    said = [ScopeText(mark.code, words.scored.format(value=mark.value)) for mark in made]
    return *said, *(ScopeText(mark.code, words.said(mark)) for mark in dict.fromkeys(marks) if mark not in made)
