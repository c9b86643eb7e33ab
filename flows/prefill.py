"""Writes findings as the payload of a start link, and reads them back: codes alone, 64 characters at most."""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import Final

from flows.findings import Codes, Findings
from flows.flow import Flow, Question

VERSION: Final = "p2"
"""Begins every payload; another order of questions or choices needs another version."""

_MISSING: Final = "-"


def write_prefill(flow: Flow, answers: Findings) -> str:
    """Write answers: a letter for the place of a choice, hexadecimal bits where several may be chosen."""
    return VERSION + "".join(_written(question, answers.get(question.code, ())) for question in flow.questions)


def read_prefill(flow: Flow, payload: str) -> dict[str, Codes] | None:
    """Read what `write_prefill` wrote of the same flow; None for anything else, to the last character."""
    pattern = "".join(f"([0-9a-f]{{{_width(q)}}})" if q.several else "([a-z-])" for q in flow.questions)
    found = re.fullmatch(VERSION + pattern, payload)
    if found is None:
        return None
    pairs = zip(flow.questions, found.groups(), strict=True)
    answers = {question.code: codes for question, part in pairs if (codes := _read(question, part))}
    return answers if write_prefill(flow, answers) == payload else None


def _width(question: Question) -> int:
    return -(-len(question.codes) // 4)


def _written(question: Question, codes: Codes) -> str:
    if question.several:
        bits = sum(1 << place for place, code in enumerate(question.codes) if code in codes)
        return f"{bits:0{_width(question)}x}"
    return ascii_lowercase[question.codes.index(codes[0])] if codes else _MISSING


def _read(question: Question, part: str) -> Codes:
    if question.several:
        return tuple(code for place, code in enumerate(question.codes) if int(part, 16) >> place & 1)
    return question.codes[ascii_lowercase.index(part) :][:1] if part != _MISSING else ()
