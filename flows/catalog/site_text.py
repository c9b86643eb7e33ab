"""What is said in the name of the hospital: its ratings with reviewer and date, and what is not available there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flows.catalog.loader import Catalog
from flows.catalog.site import LocalOption


@dataclass(frozen=True, slots=True)
class SiteText:
    """Writes what the file of a hospital says; nothing where there is none."""

    catalog: Catalog

    def mark(self, code: str) -> str:
        """Return the words that an option is not available here; nothing where it is."""
        return "" if self.catalog.site.option(code).available else self.catalog.wording.site.not_here

    def marked(self, text: str, code: str) -> str:
        """Return what is said of an option, with the mark behind it."""
        return " · ".join(filter(None, (text, self.mark(code))))

    def named(self, name: str, code: str) -> str:
        """Return the name of an option, with the mark in brackets."""
        mark = self.mark(code)
        return f"{name} ({mark})" if mark else name

    def refer(self, codes: Iterable[str]) -> str:
        """Return that one of some options is not available here, and to refer; nothing where all are available."""
        return self.catalog.wording.site.refer if any(map(self.mark, codes)) else ""

    def referred(self, code: str) -> str:
        """Return the same of one option, as it is read elsewhere: with its name, and that of the hospital."""
        if not self.mark(code):
            return ""
        words, option = self.catalog.wording.site, self.catalog.options[code]
        return words.referred.format(option=option.short, hospital=self.catalog.site.hospital)

    @property
    def heading(self) -> str:
        """Whose the ratings are."""
        return self.catalog.wording.site.rating.format(hospital=self.catalog.site.hospital)

    def steps(self, code: str) -> dict[str, str]:
        """Return what the hospital rates of an option, each with its step in words."""
        words, here = self.catalog.wording.detail, self.catalog.site.option(code)
        rated = {
            words.skill: here.skill and words.step(here.skill, words.skill_steps),
            words.equipment: here.equipment and words.step(here.equipment, words.equipment_steps),
        }
        return {lead: said for lead, said in rated.items() if said}

    def reviewed(self, code: str) -> str:
        """Return who reviewed the ratings of an option, and when; nothing where it has none."""
        here = self.catalog.site.option(code)
        words = self.catalog.wording.site.reviewed
        return words.format(reviewer=here.reviewer, date=self._day(here)) if here.is_rated else ""

    def rated(self, code: str) -> str:
        """Return the ratings of an option in one line; nothing where it has none."""
        if not self.catalog.site.option(code).is_rated:
            return ""
        steps = "; ".join(f"{lead.lower()} {said}" for lead, said in self.steps(code).items())
        short = self.catalog.options[code].short
        words = self.catalog.wording.site.rated
        return words.format(rating=self.heading, option=short, steps=steps, reviewed=self.reviewed(code))

    def lines(self, codes: Iterable[str]) -> list[str]:
        """Return what is said of options for a record: what is not available, then the ratings."""
        known = [code for code in dict.fromkeys(codes) if code in self.catalog.options]
        return [*filter(None, map(self.referred, known)), *filter(None, map(self.rated, known))]

    def _day(self, here: LocalOption) -> str:
        year, month, day = here.date.split("-")
        return f"{int(day)} {self.catalog.wording.site.months[int(month) - 1]} {year}"
