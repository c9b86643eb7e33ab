"""The recommendation as a card: one screen with the headline, a line for each other option, and the reasons folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from flows.cards.card import Block, Line, Style
from flows.catalog.headline import HeadlineText
from flows.catalog.loader import Catalog
from flows.export.plain_text import explained
from flows.model.rules import Note, OptionVerdict, Recommendation, Verdict, facts_of

WARNINGS: Final = (Verdict.contraindicated, Verdict.not_recommended)
"""The kinds of "no" that stand out among the options."""


@dataclass(frozen=True, slots=True)
class RecommendationText:
    """Writes the parts of a recommendation in the catalog's words."""

    catalog: Catalog

    @property
    def headline(self) -> HeadlineText:
        """Return what words the headline."""
        return HeadlineText(self.catalog)

    def first_screen(self, result: Recommendation) -> tuple[Block, ...]:
        """Return what stands before the fold: the headline's reason, what is urgent, a line for each other option."""
        others = (advice for advice in result.options if not _is_in_headline(advice, result))
        options = tuple(self._option_line(advice, result) for advice in others)
        urgent = note_lines(note for note in result.notes if note.urgent)
        return (
            Block(self._headline(result), style=Style.summary),
            Block(urgent, style=Style.urgent),
            Block(options, style=Style.summary),
        )

    def folded_blocks(self, result: Recommendation, changes: Block) -> tuple[Block, ...]:
        """Return what is folded: every reason with its facts, what would change the headline, what the source adds.

        Its first lines are seen while it is folded: they say what the card is not.
        """
        words = self.catalog.wording.result
        terms = Line(words.terms.format(edition=self.catalog.edition))
        why = (terms, *self.reasons(result.options), *self._alternative(result))
        notes = note_lines(note for note in result.notes if not note.urgent)
        return (
            Block(why, heading=words.why, style=Style.folded),
            replace(changes, style=Style.folded),
            Block(notes, heading=words.notes, style=Style.folded),
        )

    def reasons(self, advised: Sequence[OptionVerdict]) -> tuple[Line, ...]:
        """Return the reasons for the verdict on each option; options with the same reasons share a line."""
        named: dict[Line, list[str]] = {}
        for advice in advised:
            named.setdefault(self._reason_line(advice), []).append(self.catalog.options[advice.option].short)
        return tuple(replace(line, lead=", ".join(options)) for line, options in named.items())

    def _headline(self, result: Recommendation) -> tuple[Line, ...]:
        rules = result.headline.decisive if result.headline else ()
        because = " ".join(f"{rule.because[0].upper()}{rule.because[1:]}." for rule in rules)
        reason = (Line(because, facts=facts_of(rules)),) if rules else ()
        if not result.fork:
            return reason
        return Line(self.headline.if_so(result), lead=result.fork.if_so), *reason, *self._alternative(result)

    def _alternative(self, result: Recommendation) -> tuple[Line, ...]:
        """Return what stands in place of the headline if what must be settled first turns out otherwise."""
        fork = result.fork
        return (Line(self.catalog.options[fork.option].name, lead=fork.if_not, facts=fork.facts),) if fork else ()

    def _option_line(self, advice: OptionVerdict, result: Recommendation) -> Line:
        """Return one line: a mark, the option, what the source says of it; the reason too if nothing is supported."""
        words = self.catalog.wording
        mark, said = (getattr(table, advice.verdict.name) for table in (words.marks, words.brief))
        lead = f"{mark} {self.catalog.options[advice.option].short}"
        if result.fork and advice.verdict is Verdict.indicated:
            said = f"{said}, {result.fork.if_so.lower()}"
        if result.headline or advice.verdict is not Verdict.judgement:
            return Line(said, lead=lead, facts=facts_of(advice.decisive), strong=advice.verdict in WARNINGS)
        because = "; ".join(sorted({rule.brief or rule.because for rule in advice.decisive}, key=len))
        return Line(f"{said}; {because}", lead=lead, facts=facts_of(advice.decisive))

    def _reason_line(self, advice: OptionVerdict) -> Line:
        """Return why, in one line: for a matter of judgement also the indication that is met."""
        because, facts = explained(self.catalog.wording.result.but, advice)
        return Line(because, facts=facts)


def note_lines(notes: Iterable[Note]) -> tuple[Line, ...]:
    """Write notes as lines."""
    return tuple(Line(note.text, facts=note.facts) for note in notes)


def _is_in_headline(advice: OptionVerdict, result: Recommendation) -> bool:
    """Return whether an option is named with the headline already."""
    return advice is result.headline or (result.fork is not None and advice.option == result.fork.option)
