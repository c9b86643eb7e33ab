"""Findings and recommendations as plain records, for JSON: read strictly, written in card order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flows.catalog.loader import Catalog
from flows.errors import FindingError
from flows.export.scope_text import scope_texts
from flows.model.findings import Codes, Findings
from flows.model.flow import Flow, Question
from flows.model.rules import Band, Recommendation, decide
from flows.model.source_scope import ScopeMark

Record = dict[str, object]

_ABSENT: Final = object()


def parse_findings(flow: Flow, record: object) -> Findings:
    """Read the findings that count from a plain record; the first fault in question order is raised.

    A finding whose question is not asked is checked and does not count.

    Args:
        flow: the flow whose questions are answered.
        record: a mapping of question codes to a code, or to a list of codes where several may be chosen.

    Raises:
        FindingError: for a missing, wrong or unknown finding.
    """
    if not isinstance(record, Mapping):
        raise FindingError(None, "not a JSON object", tuple(q.code for q in flow.questions))
    answers: dict[str, Codes] = {}
    for question in flow.questions:
        given = record.get(question.code, _ABSENT)
        if given is not _ABSENT:
            answers[question.code] = _answer(question, given)
        elif flow.next_question(flow.effective(answers)) is question:
            raise FindingError(question.code, f"{question.code} is missing", question.codes)
    known = tuple(question.code for question in flow.questions)
    for code in record:
        if code not in known:
            raise FindingError(str(code), f"{code!r} is not a finding of this flow", known)
    return flow.effective(answers)


def recommendation_record(
    flow: Flow, catalog: Catalog, findings: Findings, scope: tuple[ScopeMark, ...] = ()
) -> Record:
    """Return what the source says of the findings: the questions asked, the headline, all options, the notes.

    A flow that scores gives the total, its class and the points of each item in place of headline and options.

    Args:
        flow: the flow that was asked.
        catalog: its catalog.
        findings: those that count, complete.
        scope: what puts the case outside the scope of the source; it changes no verdict.
    """
    result = decide(flow.guidance, findings)
    asked = [question.code for question in flow.questions if findings[question.code]]
    if result.band:
        return {"asked": asked, **_score_of(flow, catalog, findings, result.band), **_closing_of(catalog, result)}
    return {
        "asked": asked,
        "scope": scope_of(catalog, scope),
        "headline": _headline_of(result),
        "fork": _fork_of(result),
        "options": [
            {
                "code": advice.option,
                "verdict": advice.verdict.name,
                "reasons": [
                    {"verdict": rule.verdict.name, "because": rule.because, "facts": list(rule.facts)}
                    for rule in advice.reasons
                ],
            }
            for advice in result.options
        ],
        "site": site_of(catalog),
        **_closing_of(catalog, result),
    }


def site_of(catalog: Catalog) -> Record | None:
    """Return what the hospital says in a file of its own; None where it has none."""
    site = catalog.site
    if not site.hospital:
        return None
    options = {
        code: {
            "available": (here := site.option(code)).available,
            "skill": here.skill,
            "equipment": here.equipment,
            "reviewer": here.reviewer or None,
            "date": here.date or None,
        }
        for code in catalog.options
    }
    return {"hospital": site.hospital, "emergency": site.emergency or None, "options": options}


def scope_of(catalog: Catalog, marks: tuple[ScopeMark, ...]) -> list[Record]:
    """Return why a case is outside the scope of the source; empty where nothing was found."""
    return [{"code": said.code.value, "text": said.text} for said in scope_texts(catalog.wording.scope, marks)]


def _headline_of(result: Recommendation) -> str | None:
    return result.headline.option if result.headline else None


def _fork_of(result: Recommendation) -> Record | None:
    """Return what is to be settled before the headline holds, and what holds either way; None where nothing is."""
    fork = result.fork
    return {"title": fork.title, "if_fit": _headline_of(result), "if_unfit": fork.option} if fork else None


def error_record(fault: FindingError) -> Record:
    """Write a fault: which finding, what is wrong, what is allowed."""
    return {"error": {"finding": fault.finding, "message": str(fault), "allowed": list(fault.allowed)}}


def _score_of(flow: Flow, catalog: Catalog, findings: Findings, band: Band) -> Record:
    """Write a score: the total, its class, what that means, and each item with its points."""
    return {
        "score": flow.score(findings),
        "class": band.code,
        "because": band.because,
        "facts": list(band.facts),
        "items": [
            {"code": question.code, "answer": choice.code, "points": choice.points}
            for question, choice in flow.scored_choices(findings)
        ],
        "source": catalog.scales[flow.code].source,
    }


def _closing_of(catalog: Catalog, result: Recommendation) -> Record:
    """Write what closes either kind of answer: the notes and the edition."""
    notes = [{"text": note.text, "facts": list(note.facts)} for note in result.notes]
    return {"notes": notes, "edition": catalog.edition}


def _answer(question: Question, given: object) -> Codes:
    """Read one answer, a code or a list of codes."""
    codes = given if question.several else [given]
    if not isinstance(codes, list) or not codes:
        raise FindingError(question.code, f"{question.code} must be a list of one or more", question.codes)
    for code in codes:
        if code not in question.codes:
            raise FindingError(question.code, f"{question.code}: {_shown(code)} is not allowed", question.codes)
    return question.tidy(tuple(codes))


def _shown(value: object, most: int = 40) -> str:
    """Show a wrong value, no longer than fits a line."""
    try:
        text = repr(value)
    except RecursionError:
        return "a value nested that deep"
    return text if len(text) <= most else text[:most] + "…"
