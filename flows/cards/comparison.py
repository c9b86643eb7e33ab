"""Two or three options side by side: what each is for, what the case says of it, its advantages and disadvantages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flows.cards.card import Action, Block, Button, Card, Line, Style, Tap
from flows.cards.layout import wrap_rows
from flows.catalog.loader import Catalog, Option
from flows.catalog.site_text import SiteText
from flows.errors import StaleTap
from flows.model.findings import Codes
from flows.model.rules import Recommendation

MAX_OPTIONS: Final = 3
"""More options than these are no comparison on a phone."""


@dataclass(frozen=True, slots=True)
class OptionComparison:
    """Draws options side by side as grouped lines: a table of two columns does not fit a phone's width."""

    catalog: Catalog

    def options(self, first: str, others: str) -> Codes:
        """Read which options a button compares: a code, and the places of the others in the catalog ("2_4").

        Raises:
            StaleTap: where these are not two or three different options.
        """
        known = tuple(self.catalog.options)
        places = {str(place): code for place, code in enumerate(known)}
        codes = tuple(dict.fromkeys([first, *(places.get(place, "") for place in others.split("_"))]))
        if not set(codes) <= set(known) or not 1 < len(codes) <= MAX_OPTIONS:
            raise StaleTap(first)
        return codes

    def buttons(self, codes: Codes) -> list[Button]:
        """Return a button for each option that may stand beside these."""
        if len(codes) == MAX_OPTIONS:
            return []
        known = tuple(self.catalog.options)
        versus = self.catalog.wording.what_if.versus
        places = [str(known.index(code)) for code in codes[1:]]
        return [
            Button(f"{versus} {option.short}", Tap(Action.compare, codes[0], "_".join([*places, str(place)])))
            for place, (code, option) in enumerate(self.catalog.options.items())
            if code not in codes
        ]

    def card(self, codes: Codes, result: Recommendation) -> Card:
        """Draw two or three options side by side, with the verdict of each in this case."""
        words = self.catalog.wording
        options = [self.catalog.options[code] for code in codes]
        blocks = (
            Block(self.verdicts(codes, result), heading=words.what_if.verdict, style=Style.listed),
            Block(_indications(options), heading=words.detail.indication, style=Style.listed),
            Block(self._shared(options, _advantages), heading=words.detail.advantages, style=Style.listed),
            Block(self._shared(options, _disadvantages), heading=words.detail.disadvantages, style=Style.listed),
            Block(self._ratings(options), heading=words.detail.ratings, style=Style.listed),
            Block(self._own_ratings(codes), heading=SiteText(self.catalog).heading, style=Style.listed),
        )
        title = f" {words.what_if.versus} ".join(option.short for option in options)
        back = Button(words.labels.to_card, Tap(Action.show))
        detail = Button(options[0].short, Tap(Action.option, codes[0]))
        return Card(
            words.what_if.compared,
            title,
            tuple(block for block in blocks if block.lines),
            (*wrap_rows(self.buttons(codes)), (back, detail)),
        )

    def verdicts(self, codes: Iterable[str], result: Recommendation) -> tuple[Line, ...]:
        """Return the verdict on each option, with what carries it."""
        advised, site = {advice.option: advice for advice in result.options}, SiteText(self.catalog)
        return tuple(
            Line(
                site.marked(getattr(self.catalog.wording.verdicts, advised[code].verdict.name), code),
                lead=self.catalog.options[code].short,
                facts=tuple(dict.fromkeys(fact for rule in advised[code].decisive for fact in rule.facts)),
            )
            for code in codes
        )

    def _shared(self, options: Sequence[Option], traits: Callable[[Option], Codes]) -> tuple[Line, ...]:
        """Return what all have in common first, then what each has of its own."""
        words = self.catalog.wording
        common = [trait for trait in traits(options[0]) if all(trait in traits(option) for option in options)]
        lines = [self._traits(words.what_if.all_share, tuple(common))] if common else []
        for option in options:
            own = tuple(trait for trait in traits(option) if trait not in common)
            silent = words.what_if.nothing_more if common else words.detail.none_stated
            lines.append(self._traits(option.short, own) if own else Line(silent, lead=option.short))
        return tuple(lines)

    def _traits(self, lead: str, traits: Codes) -> Line:
        return Line("; ".join(self.catalog.traits[trait] for trait in traits), lead=lead, facts=traits)

    def _ratings(self, options: Sequence[Option]) -> tuple[Line, ...]:
        """Return the ratings of the options that have one; those that rate alike share a line."""
        words = self.catalog.wording.detail
        rated: dict[str, list[str]] = {}
        for option in filter(_is_rated, options):
            skill = words.step(option.skill, words.skill_steps)
            equipment = words.step(option.equipment, words.equipment_steps)
            told = skill if skill == equipment else f"{words.skill} {skill}; {words.equipment} {equipment}"
            rated.setdefault(told, []).append(option.short)
        return tuple(Line(told, lead=", ".join(named)) for told, named in rated.items())

    def _own_ratings(self, codes: Codes) -> tuple[Line, ...]:
        """Return how the hospital rates the options that it rates, each with who reviewed it."""
        site = SiteText(self.catalog)
        return tuple(
            Line(
                "; ".join(
                    [*(f"{lead.lower()} {said}" for lead, said in site.steps(code).items()), site.reviewed(code)]
                ),
                lead=self.catalog.options[code].short,
            )
            for code in codes
            if site.steps(code)
        )


def _indications(options: Sequence[Option]) -> tuple[Line, ...]:
    return tuple(
        Line(
            " ".join(said.text for said in option.indication),
            lead=option.short,
            facts=tuple(dict.fromkeys(fact for said in option.indication for fact in said.facts)),
        )
        for option in options
    )


def _is_rated(option: Option) -> bool:
    return isinstance(option.skill, int) or isinstance(option.equipment, int)


def _advantages(option: Option) -> Codes:
    return option.advantages


def _disadvantages(option: Option) -> Codes:
    return option.disadvantages
