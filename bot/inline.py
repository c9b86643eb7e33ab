"""What is offered while somebody types behind the bot's name: a case that is read, options, scales, facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from flows.card import Block, Card, Line, Style
from flows.cards import Cards
from flows.case import Case
from flows.errors import NoteTooLong
from flows.findings import Findings
from flows.interview import Interview
from flows.library import Library
from flows.model.source_scope import ScopeMark, encode_scope
from flows.notes.lexicon import lexicon
from flows.pages import Pages
from flows.prefill import write_prefill
from flows.shorthand import read

MOST: Final = 8
"""Results that are offered; a thumb reaches no more."""

_LEAST: Final = 2
"""Letters of a word that is looked for."""


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that can be sent.

    Attributes:
        code: tells it from the others.
        card: what is sent; its buttons are not.
        prefill: the payload of the link that opens the case in the private chat; empty where it is no case.
        complete: whether every question that is asked has its answer.
    """

    code: str
    card: Card
    prefill: str = ""
    complete: bool = True


class Lookup:
    """Finds what a typed line means; it keeps nothing."""

    def __init__(self, offered: Library) -> None:
        """Take the flows and their catalog; a line is read as a case of the default flow."""
        self._flow, self._catalog = offered.flow(), offered.catalog
        self._interview, self._cards = Interview(self._flow), Cards(self._flow, self._catalog)
        self._pages = Pages(self._catalog)

    def results(self, line: str) -> tuple[Result, ...]:
        """Give what a line offers, the likeliest first; nothing where it is too long to be read."""
        try:
            reading = read(self._flow, lexicon(), line)
        except NoteTooLong:
            return ()
        case = (self._case(reading.answers, reading.scope),) if reading.answers else ()
        found = [] if case else [result for result, text in self._everything() if _holds(text, line)]
        return (*case, *found)[:MOST]

    def _case(self, answers: Findings, scope: tuple[ScopeMark, ...]) -> Result:
        """Draw what a line says of a case: the recommendation, or what is still asked."""
        fresh = Case("inline", self._flow.code, self._catalog.edition)
        case = self._interview.confirm(self._interview.read(fresh, answers, ("",), "", encode_scope(scope)), "")
        standing, payload = self._interview.standing(case), write_prefill(self._flow, answers, scope)
        card = self._cards.case(case, standing)
        if standing.at is None:
            return Result("case", replace(card, rows=()), payload)
        words = self._catalog.wording
        asked = [question.text for question in self._flow.questions if question.code in self._flow.open(answers)]
        blocks = (
            Block((Line(" · ".join(self._cards.given(standing).values()), lead=words.result.findings),)),
            Block(tuple(map(Line, asked)), words.note.asked, Style.listed),
            Block(self._cards.footer(), style=Style.small),
        )
        card = Card("", words.note.incomplete, blocks, above=self._cards.outside(standing.scope))
        return Result("case", card, payload, complete=False)

    def _everything(self) -> Iterator[tuple[Result, str]]:
        """Give every option, scale and fact with what it is found by."""
        for code, option in self._catalog.options.items():
            said = " ".join(statement.text for statement in option.indication)
            yield (
                Result(f"o-{code}", replace(self._cards.browsed(code), rows=())),
                f"{option.name} {option.short} {said}",
            )
        for code, scale in self._catalog.scales.items():
            card = replace(self._pages.scale(code), rows=())
            yield Result(f"s-{code}", card), f"{code} {scale.name} {scale.title} {scale.helps}"
        for code, text in {**self._catalog.facts, **{c: g.silent for c, g in self._catalog.gaps.items()}}.items():
            blocks = (Block((Line(text, facts=(code,)),)), Block(self._cards.footer(), style=Style.small))
            yield Result(f"f-{code}", Card("", code, blocks)), f"{code} {text}"


def _holds(text: str, line: str) -> bool:
    """Tell whether a text holds every word of a line; short ones as a word of their own. An empty line fits all."""
    low = text.casefold()
    words = [word for word in line.casefold().split() if len(word) >= _LEAST]
    whole = set(low.replace(",", " ").replace("(", " ").replace(")", " ").split())
    return all(word in whole or (len(word) > _LEAST and word in low and not word[-1].isdigit()) for word in words)
