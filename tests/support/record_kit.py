"""What the tests of the record share: cases that are short, long, unknown or decided, and what reads their pages."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from kit import CARDS, CATALOG

from bot.service.times import in_utc
from bot.telegram.rendering.names import insert_page_names
from flows.cards.team.blocks import TeamBlocks
from flows.cards.team.case import TeamCaseView
from flows.cards.team.decision_page import DecisionPages
from flows.cards.team.disputes import Disputes
from flows.engine.discussion import NONE_OF_THESE, Decision, DiscussionState, Settlement, Stage
from flows.engine.interview import InterviewState
from flows.export.record_page import Page, PageTime, RecordPages, RecordView
from flows.model.case import AnswerEvent, AnswerEventKind, Case
from flows.model.findings import Findings
from flows.model.levels import LEVELS
from flows.model.rules import decide
from flows.model.source_scope import ScopeCode, ScopeMark
from flows.pathways.metastasis import METASTASIS

AT: Final = 1_796_000_000
TIME: Final = PageTime(in_utc(AT), AT)
PAGES: Final = RecordPages(METASTASIS, CATALOG)
NAMES: Final = (
    "Ana Albrecht",
    "Ben",
    "Cleo",
    "Dr. Maximiliane Oberhuber-Schwarz",
    "Егор Петров",
    "Ελένη",
    "Jürgen Müßig",
)
_ANSWERS: Final = {
    "fitness": "fit",
    "deficit": "none",
    "extent": "body",
    "destruction": "limited",
    "single_approach": "enough",
    "prior": "none",
}


def findings(*levels: str, **answers: str) -> Findings:
    said = {code: (answer,) for code, answer in (_ANSWERS | answers).items()}
    return METASTASIS.effective({"levels": levels, **said})


SHORT: Final = findings("L2", fitness="unfit_advanced")
SIMPLE: Final = findings("T8")
UNKNOWN: Final = findings(
    "T8", fitness="undecided", extent="circumferential", single_approach="not_judged", prior="unknown"
)
ALL: Final = findings(
    *LEVELS, extent="circumferential", destruction="extensive", single_approach="not_enough", deficit="significant"
)
LONGEST: Final = findings(
    *LEVELS[::2],
    fitness="undecided",
    deficit="minor",
    extent="circumferential",
    destruction="extensive",
    single_approach="not_judged",
    prior="extensive",
)
OUTSIDE: Final = tuple(ScopeMark(code, "5") for code in ScopeCode)


def decision_page(
    found: Findings,
    option: str,
    disputes: int = 0,
    voters: int = 0,
    reason: str = "",
    scope: tuple[ScopeMark, ...] = (),
) -> Page:
    """Give the page of a decision with so many disputes and voters, with names in it."""
    counted = tuple(
        AnswerEvent(AnswerEventKind.answer, question, codes, f"p{n}")
        for n, (question, codes) in enumerate(found.items())
        if codes
    )
    offered = (*(a.option for a in decide(METASTASIS.guidance, found).options if not a.verdict.is_no), NONE_OF_THESE)
    decision = Decision(
        option,
        reason,
        "p0",
        float(AT),
        offered if voters else (),
        {f"p{n}": offered[n % len(offered)] for n in range(voters)},
        {code: tuple(f"p{n}" for n in range(voters)) for code in CATALOG.team.reasons} if voters > 9 else {},
        counted,
        tuple(_settlement(counted[n % len(counted)]) for n in range(disputes)),
    )
    answers = {event.question: event for event in counted}
    view = TeamCaseView(
        Case("abc", METASTASIS.code, CATALOG.edition),
        InterviewState(None, found, answers, (), scope=scope),
        DiscussionState(Stage.decided, decisions=(decision,)),
        "🟦 Heron",
        "p0",
    )
    blocks = TeamBlocks(CARDS)
    page = DecisionPages(blocks, Disputes(blocks)).page(view, decision, TIME.text)
    return insert_page_names(
        page, {f"p{n}": NAMES[n] if n < len(NAMES) else f"Member number {n:02} of many" for n in range(40)}
    )


def _settlement(counted: AnswerEvent) -> Settlement:
    question = METASTASIS.question(counted.question)
    assert question
    others = [(code,) for code in question.codes if (code,) != counted.codes]
    held = {"p1": LEVELS[1::2] if question.several else others[0], "p2": others[-1]}
    return Settlement(counted, held, counted.codes, "p3")


def pages() -> dict[str, Page]:
    """Give a page of every kind, by name."""
    views = {
        "short": RecordView(SHORT, TIME),
        "simple": RecordView(SIMPLE, TIME),
        "unknown": RecordView(UNKNOWN, TIME, name="Heron"),
        "all": RecordView(ALL, TIME),
        "longest": RecordView(LONGEST, TIME, scope=OUTSIDE, older="Begun under edition 2026-11."),
    }
    decided = {
        "decision": decision_page(SIMPLE, "posterior_mis", disputes=2, voters=4),
        "none": decision_page(SHORT, NONE_OF_THESE, reason="wish"),
        "longest decision": decision_page(LONGEST, "anterior_corpectomy", 6, 30, "wish", OUTSIDE),
    }
    return {name: PAGES.page(view) for name, view in views.items()} | decided


def told_by(tool: str, *arguments: str, pdf: bytes) -> str:
    """Give what a tool of poppler says of a document."""
    return subprocess.run([tool, *arguments], input=pdf, capture_output=True, check=True).stdout.decode()


def on_disk(folder: Path, pdf: bytes) -> Path:
    path = folder / "page.pdf"
    path.write_bytes(pdf)
    return path
