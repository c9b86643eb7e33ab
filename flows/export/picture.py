"""What the picture of the spine shows of a case, as plain data with all its words: the template has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from flows.catalog.headline import HeadlineText
from flows.catalog.loader import Catalog
from flows.export.scope_text import ScopeText, scope_texts
from flows.model.findings import Codes, Findings
from flows.model.flow import Flow
from flows.model.levels import with_count, within
from flows.model.rules import Recommendation, Verdict, decide
from flows.model.scored import Scored
from flows.model.source_scope import ScopeMark
from flows.pathways.metastasis import EXTENSIVE, POSTERIOR_CORPECTOMY, POSTERIOR_ONLY

Drawing = dict[str, object]
"""What the template reads: codes of what is drawn, and every word."""

NBSP: Final = "\u00a0"


class Theme(StrEnum):
    """On which ground the picture stands."""

    light = "light"
    dark = "dark"


class SpineView(NamedTuple):
    """What is to be drawn of a case.

    Attributes:
        findings: those that count; they need not be complete.
        option: whose approach is drawn; empty for the option that stands as headline.
        theme: the ground.
        name: what the case is called; empty where it has no name.
        disputed: the questions whose answer is disputed.
        scope: what puts the case outside the scope of the source.
        scored: what was scored of it.
        instead: what a team decided where that is none of the options: it stands as headline, without an approach.
    """

    findings: Findings
    option: str = ""
    theme: Theme = Theme.light
    name: str = ""
    disputed: Codes = ()
    scope: tuple[ScopeMark, ...] = ()
    scored: Scored | None = None
    instead: str = ""


@dataclass(frozen=True, slots=True)
class SpinePictures:
    """Describes the pictures of the cases of one flow."""

    flow: Flow
    catalog: Catalog

    def drawing(self, view: SpineView) -> Drawing:
        """Return what the template draws: levels, part, destruction, approach, and all the words."""
        levels, result = list(view.findings.get("levels", ())), self._result(view.findings)
        part = next(iter(view.findings.get("extent", ())), None)
        approach = self._approach(view, result)
        words = self.catalog.wording.picture
        return {
            "theme": view.theme.value,
            "levels": levels,
            "part": part,
            "destruction": next(iter(view.findings.get("destruction", ())), None),
            "ways": approach,
            "words": {
                "label": _unbroken(with_count(levels)) if levels else words.no_level,
                "headline": self._headline(view, result),
                "status": self._status(view, result),
                "warnings": [said.text for said in self._outside(view)],
                "view": words.view,
                "legend": [*self._marks(view, levels, part), *self._legend_of(view, approach, result)],
                "foot": self._foot(),
            },
        }

    def caption(self, view: SpineView) -> str:
        """Return the caption: the name of the case first, its levels, the headline; then what must not be missed."""
        levels, result = view.findings.get("levels", ()), self._result(view.findings)
        words = self.catalog.wording.picture
        first = words.caption.format(
            case=view.name or self.catalog.wording.case,
            levels=with_count(levels) if levels else words.no_level,
            headline=self._headline(view, result),
        )
        status = self._status(view, result)
        urgent = [note.text for note in result.notes if note.urgent] if result else []
        return "\n".join([first, *status, *(said.text for said in self._outside(view)), *urgent])

    def _outside(self, view: SpineView) -> tuple[ScopeText, ...]:
        return scope_texts(self.catalog.wording.scope, view.scope, view.scored)

    def _result(self, findings: Findings) -> Recommendation | None:
        """Return what the source says; None while a question is open."""
        return None if self.flow.next_question(findings) else decide(self.flow.guidance, findings)

    def _meant(self, view: SpineView, result: Recommendation | None) -> str:
        """Return the option whose approach is drawn; none while nothing is settled."""
        if result is None or view.instead:
            return ""
        if view.option:
            return view.option
        return result.headline.option if result.headline and not result.fork and not view.disputed else ""

    def _approach(self, view: SpineView, result: Recommendation | None) -> list[str]:
        """Return from where: anterior, posterior, posterolateral where the source names it (G9)."""
        meant = self._meant(view, result)
        ways: list[str] = list(self.catalog.options[meant].approach) if meant else []
        return [*ways, "posterolateral"] if self._posterolateral(view, meant, ways) else ways

    def _posterolateral(self, view: SpineView, meant: str, ways: list[str]) -> str:
        """Return why a posterolateral approach may be named with an option; nothing where it may not.

        The source advises it at T2–T5 (F4), and for better exposure where a posterior approach must reach the anterior
        vertebra (F5), which is so where a body that is destroyed is replaced from posterior.
        """
        words, findings = self.catalog.wording.picture, view.findings
        if ways != ["posterior"]:
            return ""
        if meant == POSTERIOR_CORPECTOMY and EXTENSIVE.evaluate(findings) and not POSTERIOR_ONLY.evaluate(findings):
            return words.exposure
        return words.upper if within("T2", "T5").issuperset(findings["levels"]) else ""

    def _headline(self, view: SpineView, result: Recommendation | None) -> str:
        """Return the option that is drawn, or what stands as headline."""
        if result is None:
            return self.catalog.wording.picture.incomplete
        if view.instead:
            return view.instead
        if view.option:
            return self.catalog.options[view.option].short
        if result.fork or not result.headline:
            return HeadlineText(self.catalog).title(result)
        return self.catalog.options[result.headline.option].short

    def _status(self, view: SpineView, result: Recommendation | None) -> list[str]:
        """Return what the source says of the option that is drawn, and what is not settled."""
        words = self.catalog.wording
        if result is None or view.instead:
            return []
        disputed = [words.picture.disputed] if view.disputed else []
        if not view.option and result.fork:
            leading = HeadlineText(self.catalog).if_so(result)
            other = self.catalog.options[result.fork.option].short
            return [f"{result.fork.if_so}: {leading}", f"{result.fork.if_not}: {other}", *disputed]
        meant = view.option or (result.headline.option if result.headline else "")
        advice = next((advice for advice in result.options if advice.option == meant), None)
        if advice is None:
            return disputed
        said: str = getattr(words.brief, advice.verdict.name)
        if result.fork and advice.verdict is Verdict.indicated:
            said = f"{said}, {result.fork.if_so.lower()}"
        return [f"{getattr(words.marks, advice.verdict.name)} {said}", *disputed]

    def _marks(self, view: SpineView, levels: list[str], part: str | None) -> list[Mapping[str, str]]:
        """Explain the levels and the part of the vertebra that are marked."""
        words = self.catalog.wording.picture
        if not levels:
            return []
        several = len(levels) > 1
        marks = [{"mark": "level", "sign": levels[0], "text": words.levels if several else words.level}]
        if part is None:
            return list(marks)
        question = self.flow.question("extent")
        extent = words.pedicles if part == "body_pedicle" or question is None else question.finding_text((part,))
        tumour = words.tumour.format(extent=extent)
        if view.findings.get("destruction") == ("extensive",):
            tumour = f"{tumour}, {words.destroyed}"
        marks.append({"mark": "tumour", "text": f"{tumour}; {words.for_all}" if several else tumour})
        return list(marks)

    def _legend_of(
        self, view: SpineView, approach: list[str], result: Recommendation | None
    ) -> list[Mapping[str, str]]:
        """Explain the arrows, with the facts that carry the option where they are stated."""
        words, meant = self.catalog.wording.picture, self._meant(view, result)
        if not meant:
            return []
        cited = self.catalog.options[meant].indication[0].facts
        lines: list[Mapping[str, str]] = []
        for way in approach:
            if way == "posterolateral":
                ways = [way for way in approach if way != "posterolateral"]
                lines.append({"mark": "dashed", "text": self._posterolateral(view, meant, ways)})
            else:
                lines.append({"mark": "way", "text": f"{getattr(words, way)} ({', '.join(cited)})"})
        return lines

    def _foot(self) -> str:
        source = self.catalog.source
        return self.catalog.wording.picture.foot.format(
            source=source.name, year=source.year, edition=self.catalog.edition
        )


def _unbroken(text: str) -> str:
    """Keep a number and what it counts on one line."""
    head, mark, count = text.rpartition(" · ")
    return f"{head}{mark}{count.replace(' ', NBSP)}"
