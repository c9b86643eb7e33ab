"""What one page of a record says of a case, as plain data with all its words: the template has none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from flows.catalog.headline import HeadlineText
from flows.catalog.loader import Catalog
from flows.catalog.record_wording import PageOfRecordWording
from flows.export.picture import SpinePictures, SpineView
from flows.export.plain_text import PlainText, explained
from flows.export.scope_text import CITED, scope_texts
from flows.model.findings import Codes, Findings
from flows.model.flow import Flow
from flows.model.levels import with_count
from flows.model.rules import OptionVerdict, Recommendation, decide, facts_of
from flows.model.scored import Scored
from flows.model.source_scope import ScopeMark

Page = dict[str, object]
"""What the template reads: the drawing, and every word in the order in which it is read."""


class PageTime(NamedTuple):
    """When a record was made: as it is read, and in seconds since 1970, UTC."""

    text: str
    seconds: int


class PagePart(NamedTuple):
    """A part of the page, under a heading: lines with a lead, or a table.

    Attributes:
        lines: what is said, each with its lead or an empty one.
        columns: the heads of a table; empty where there is none.
        rows: its rows, of which the first cell is the head.
    """

    heading: str
    lines: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class DecidedPart(NamedTuple):
    """What a team decided, as the page says it.

    Attributes:
        head: what was decided, in a few words.
        option: the code of the option; empty where it was none.
        lines: by whom and why, each with its lead.
        beside: what stands beside the picture: the vote.
        below: what stands below it: the disputes, the reasons.
    """

    head: str
    option: str
    lines: tuple[tuple[str, str], ...]
    beside: tuple[PagePart, ...]
    below: tuple[PagePart, ...]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A case of which a record is made.

    Attributes:
        findings: those that count, complete.
        time: when the record was made, or the decision.
        name: the word that the case is called by; empty where it has no name.
        scope: what puts it outside the scope of the source.
        scored: what was scored of it.
        older: that it was begun under another edition; empty where it was not.
        given: by question, who gave the answer; empty where one person gave all.
        decided: what a team decided; None where nothing was decided.
    """

    findings: Findings
    time: PageTime
    name: str = ""
    scope: tuple[ScopeMark, ...] = ()
    scored: Scored | None = None
    older: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    decided: DecidedPart | None = None


@dataclass(frozen=True, slots=True)
class RecordPages:
    """Describes the pages of the cases of one flow."""

    flow: Flow
    catalog: Catalog

    @property
    def _words(self) -> PageOfRecordWording:
        return self.catalog.paper.page

    def page(self, view: RecordView) -> Page:
        """Return what the page says, part by part; what was cited stands at its end in full."""
        words, result = self._words, decide(self.flow.guidance, view.findings)
        decided = view.decided
        said = decided.beside if decided else ()
        beside = (self._lead(view, result), self._findings(view), *said, self._notes(result))
        below = (*(decided.below if decided else ()), self._options(result))
        return {
            "lang": words.lang,
            "author": words.author,
            "title": self._title(view),
            "seconds": view.time.seconds,
            "about": words.about.format(
                case=view.name or words.case, levels=with_count(view.findings["levels"]), when=view.time.text
            ),
            "kind": words.decision if view.decided else words.kind,
            "head": view.decided.head if view.decided else HeadlineText(self.catalog).title(result),
            "urgent": self._urgent(view, result),
            "patient": [words.patient, words.by_hand],
            "spine": self._spine(view),
            "beside": _shown(beside),
            "below": _shown(below),
            "cited": [words.cited, [[fact, self._fact(fact)] for fact in self._cited(view, result)], words.uncited],
            "closing": [words.limits, self._closing(view, result)],
        }

    def _title(self, view: RecordView) -> str:
        """Return what the document is called: no finding, since a reader's window shows it."""
        words = self._words
        if view.name:
            return words.title_named.format(name=view.name, when=view.time.text)
        return words.title.format(when=view.time.text)

    def _spine(self, view: RecordView) -> dict[str, object]:
        """Return the picture, and the words for those who do not see it."""
        pictures, decided = SpinePictures(self.flow, self.catalog), view.decided
        option, instead = decided.option if decided else "", ""
        if decided and not option:
            instead = decided.head
        shown = SpineView(
            view.findings, option, name=view.name, instead=instead
        )  # the page itself says what is outside
        alt = self._words.picture.format(caption=pictures.caption(shown).replace("\n", ". "))
        return {"drawing": pictures.drawing(shown), "alt": alt}

    def _urgent(self, view: RecordView, result: Recommendation) -> list[str]:
        """Return what stands above all else: why the case is out of scope, the emergency note."""
        outside = [said.text for said in scope_texts(self.catalog.wording.scope, view.scope, view.scored)]
        return [
            *([f"{' '.join(outside)} ({', '.join(CITED)})"] if outside else []),
            *(note.text for note in result.notes if note.urgent),
        ]

    def _lead(self, view: RecordView, result: Recommendation) -> PagePart:
        """Return what was decided, and what the source supports with its reasons."""
        first, *reasons = PlainText(self.flow, self.catalog).headline(result)
        lines = [("", reason) for reason in reasons]
        if result.fork:
            lines = [("", first), *lines]
        if not view.decided:
            return PagePart("", tuple(lines))
        sourced = self._words.sourced.format(headline=first)
        return PagePart("", (*view.decided.lines, ("", sourced), *(() if result.fork else lines)))

    def _findings(self, view: RecordView) -> PagePart:
        """Return every question with its answer and who gave it; one that was not asked says so; then the scores."""
        words = self._words
        rows = []
        for question in self.flow.questions:
            codes = view.findings[question.code]
            said = question.finding_text(codes) if codes else words.not_asked
            rows.append((words.topics[question.code], said, view.given.get(question.code, "")))
        rows.append((words.scores, self._score(view.scored), ""))
        if view.given:
            return PagePart(words.findings, columns=(words.finding, words.answer, words.given_by), rows=tuple(rows))
        return PagePart(words.findings, columns=(words.finding, words.answer), rows=tuple(row[:2] for row in rows))

    def _score(self, scored: Scored | None) -> str:
        """Return what was scored, its class and its level, and where the scale is from."""
        if scored is None:
            return self._words.no_score
        scale, words = self.catalog.scales[scored.scale], self.catalog.team.record
        told = words.score.format(scale=scale.name, score=scored.points, band=scored.band.name)
        told = words.where.format(told=told, where=scored.where) if scored.where else told
        told = f"{told}, {self._words.disputed}" if scored.disputed else told
        return f"{told} ({', '.join(scored.band.facts)})"

    def _options(self, result: Recommendation) -> PagePart:
        """Return every option with the kind of verdict and its reasons, in the order of the card."""
        words = self._words
        rows = tuple(self._option(advice) for advice in result.options)
        return PagePart(words.options, columns=(words.option, words.verdict, words.because), rows=rows)

    def _option(self, advice: OptionVerdict) -> tuple[str, str, str]:
        wording = self.catalog.wording
        mark, said = (getattr(table, advice.verdict.name) for table in (wording.marks, wording.brief))
        because, facts = explained(wording.result.but, advice)
        return self.catalog.options[advice.option].name, f"{mark} {said}", f"{because} ({', '.join(facts)})"

    def _notes(self, result: Recommendation) -> PagePart:
        told = (note for note in result.notes if not note.urgent and not note.closing)
        return PagePart(self._words.notes, tuple(("", f"{note.text} ({', '.join(note.facts)})") for note in told))

    def _cited(self, view: RecordView, result: Recommendation) -> Codes:
        """Return what the page cites: facts of the source first, then gaps, then the publications of scales."""
        cited = {*facts_of(rule for advice in result.options for rule in advice.reasons)}
        cited |= {fact for note in result.notes for fact in note.facts}
        cited |= set(result.fork.facts) if result.fork else set()
        cited |= set(CITED) if scope_texts(self.catalog.wording.scope, view.scope, view.scored) else set()
        cited |= set(view.scored.band.facts) if view.scored else set()
        return tuple(
            fact for fact in (*self.catalog.facts, *self.catalog.gaps, *_scales(self.catalog)) if fact in cited
        )

    def _fact(self, fact: str) -> str:
        gap = self.catalog.gaps.get(fact)
        return self._words.here.format(silent=gap.silent, here=gap.here) if gap else self.catalog.says(fact)

    def _closing(self, view: RecordView, result: Recommendation) -> list[str]:
        """Return the scope, the source, its edition and the limits."""
        words, source = self._words, self.catalog.source
        origin = words.source.format(
            source=source.name,
            publisher=source.publisher,
            section=source.section,
            year=source.year,
            edition=self.catalog.edition,
        )
        scope = [f"{note.text} ({', '.join(note.facts)})" for note in result.notes if note.closing]
        own = [words.own_words] if any(note.urgent for note in result.notes) else []
        return [*([view.older] if view.older else []), *scope, origin, *own, words.limit]


def _shown(parts: Iterable[PagePart]) -> list[dict[str, object]]:
    """Return the parts that say anything."""
    return [part._asdict() for part in parts if part.lines or part.rows]


def _scales(catalog: Catalog) -> Iterable[str]:
    return (scale.cite for scale in catalog.scales.values())
