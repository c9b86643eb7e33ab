"""What is offered while somebody types behind the bot's name: a case that is read, options, scales, facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from flows.cards.card import Block, Card, Line, Style
from flows.cards.case import CaseRenderer
from flows.cards.note import read_back
from flows.cards.pages import Pages
from flows.engine.interview import Interview, InterviewState
from flows.errors import NoteTooLong
from flows.export.start_payload import encode_start_payload
from flows.model.case import Case
from flows.model.rules import decide
from flows.model.source_scope import encode_scope
from flows.notes.on_demand import read_note
from flows.pathways.registry import FlowRegistry

if TYPE_CHECKING:
    from flows.notes.reader import Reading

MAX_RESULTS: Final = 8
"""Results that are offered; a thumb reaches no more."""

_LEAST: Final = 2
"""Letters of a word that is looked for."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One thing that can be sent.

    Attributes:
        code: tells it from the others.
        card: what is sent; its buttons are not.
        start_payload: the payload of the link that opens the case in the private chat; empty where it is no case.
        complete: whether every question that is asked has its answer.
    """

    code: str
    card: Card
    start_payload: str = ""
    complete: bool = True


class InlineSearch:
    """Finds what a typed line means; it keeps nothing."""

    def __init__(self, offered: FlowRegistry) -> None:
        """Store the flows and their catalog; a line is read as a case of the default flow."""
        self._flow, self._catalog = offered.flow(), offered.catalog
        self._interview, self._cards = Interview(self._flow), CaseRenderer(self._flow, self._catalog)
        self._pages = Pages(self._catalog)

    def results(self, line: str) -> tuple[SearchResult, ...]:
        """Return what a line offers, the likeliest first; nothing where it is too long to be read."""
        try:
            reading = read_note(self._flow, line)
        except NoteTooLong:
            return ()
        case = (self._case(reading),) if reading.answers or reading.danger else ()
        found = [] if case else [result for result, text in self._everything() if _holds(text, line)]
        return (*case, *found)[:MAX_RESULTS]

    def _case(self, reading: Reading) -> SearchResult:
        """Draw what was read of a line, each finding with its words, and then what follows if that is right."""
        words, answers = self._catalog.wording, reading.answers
        above, read_so = self._cards.findings.outside(reading.scope), read_back(self._cards, reading)
        if not answers:
            footer = Block(self._cards.findings.footer(), style=Style.small)
            return SearchResult("case", Card("", words.pages.stray.title, (*read_so, footer), above=above))
        payload = encode_start_payload(self._flow, answers, reading.scope)
        fresh = Case("inline", self._flow.code, self._catalog.edition)
        begun = self._interview.start_from_note(fresh, answers, ("",), "", encode_scope(reading.scope))
        case = self._interview.confirm(begun, "")
        state = self._interview.state(case)
        if state.current is None:
            card = self._cards.case(case, state)
            blocks = (*read_so, self._if_right(state), *(block for block in card.blocks if block not in read_so))
            return SearchResult("case", replace(card, title=words.note.title, blocks=blocks, rows=()), payload)
        asked = [
            question.text for question in self._flow.questions if question.code in self._flow.open_questions(answers)
        ]
        blocks = (
            *read_so,
            Block(tuple(map(Line, asked)), words.note.asked, Style.listed),
            Block(self._cards.findings.footer(), style=Style.small),
        )
        return SearchResult("case", Card("", words.note.title, blocks, above=above), payload, complete=False)

    def _if_right(self, state: InterviewState) -> Block:
        """Draw the headline, on the condition that what was read is right."""
        words, result = self._catalog.wording.note, decide(self._flow.guidance, state.findings)
        told = self._cards.told.headline
        supported = result.headline is not None and result.fork is None
        lead = f"{words.if_right}, {words.supports[0].lower()}{words.supports[1:]}" if supported else words.if_right
        return Block((Line(told.title(result), lead=lead),))

    def _everything(self) -> Iterator[tuple[SearchResult, str]]:
        """Return every option, scale and fact with what it is found by."""
        for code, option in self._catalog.options.items():
            indication = " ".join(statement.text for statement in option.indication)
            yield (
                SearchResult(f"o-{code}", replace(self._cards.option_cards.browse(code), rows=())),
                f"{option.name} {option.short} {indication}",
            )
        for code, scale in self._catalog.scales.items():
            card = replace(self._pages.scale(code), rows=())
            yield SearchResult(f"s-{code}", card), f"{code} {scale.name} {scale.title} {scale.helps}"
        for code, text in {**self._catalog.facts, **{c: g.silent for c, g in self._catalog.gaps.items()}}.items():
            blocks = (Block((Line(text, facts=(code,)),)), Block(self._cards.findings.footer(), style=Style.small))
            yield SearchResult(f"f-{code}", Card("", code, blocks)), f"{code} {text}"


def _holds(text: str, line: str) -> bool:
    """Return whether a text holds every word of a line; short ones as a word of their own. An empty line fits all."""
    low = text.casefold()
    words = [word for word in line.casefold().split() if len(word) >= _LEAST]
    whole = set(low.replace(",", " ").replace("(", " ").replace(")", " ").split())
    return all(word in whole or (len(word) > _LEAST and word in low and not word[-1].isdigit()) for word in words)
