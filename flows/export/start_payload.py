"""Writes what was read of a note as the payload of a start link, and reads it back: codes alone, at most 64 signs.

"p2", then for each question a letter for the place of its choice, or hexadecimal bits if several may be chosen, then
what puts the case outside the scope of the source, each as "_", a letter and a value: "p200080aaaab-a_c5".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_lowercase
from typing import Final, NamedTuple

from flows.model.findings import Codes, Findings
from flows.model.flow import Flow
from flows.model.source_scope import ScopeCode, ScopeMark
from flows.pathways.editions import APPROACH_AND_PEDICLE, CHOICES_BEFORE

VERSION: Final = "p2"
"""Begins every payload; another order of questions or choices needs another version."""

FORMER: Final = "p1"
"""Begins the payloads of the edition before, which know no scope."""

MOST: Final = 64
"""Characters that Telegram carries in a start link."""

_MISSING: Final = "-"
_SEVERAL: Final = "levels"
"""The one question of which several choices may be tapped."""

_LETTERS: Final = dict(zip(ScopeCode, ascii_lowercase, strict=False))
_VALUES: Final = {
    ScopeCode.sins: "[0-6]",
    ScopeCode.escc: "0|1[ab]",
    ScopeCode.level: "[CTLS][0-9]{1,2}(?:-[CTLS][0-9]{1,2})?",
}
"""What the value of a mark looks like in a payload; the others have none."""

SCOPE_PATTERN: Final = "(?:_(?:" + "|".join(f"{x}(?:{_VALUES.get(c, '')})" for c, x in _LETTERS.items()) + "))*"
"""What follows the answers in a payload."""


class Prefill(NamedTuple):
    """What a start link bears: findings by question, and what puts the case outside the scope of the source."""

    findings: dict[str, Codes]
    scope: tuple[ScopeMark, ...] = ()


def encode_start_payload(flow: Flow, answers: Findings, scope: tuple[ScopeMark, ...] = ()) -> str:
    """Return answers and marks as a payload; marks that find no room are left out, levels first."""
    payload = VERSION + _written(_choices(flow), answers)
    for mark in sorted(scope, key=lambda mark: mark.code is ScopeCode.level):
        part = _mark(mark)
        payload += part if len(payload) + len(part) <= MOST else ""
    return payload


def decode_start_payload(flow: Flow, payload: str) -> Prefill | None:
    """Return what `encode_start_payload` wrote of the same flow, in this or the former edition; else None."""
    version, written = payload[: len(VERSION)], payload[len(VERSION) :]
    if version == FORMER and flow.code == APPROACH_AND_PEDICLE.flow:
        answers = _read(CHOICES_BEFORE, written)
        return Prefill(APPROACH_AND_PEDICLE.findings(answers)) if answers is not None else None
    answered, mark, marks = written.partition("_")
    answers = _read(_choices(flow), answered) if version == VERSION else None
    if answers is None or not re.fullmatch(SCOPE_PATTERN, mark + marks):
        return None
    return Prefill(answers, tuple(_marked(part) for part in marks.split("_") if part))


def _choices(flow: Flow) -> dict[str, Codes]:
    return {question.code: question.codes for question in flow.questions}


def _written(choices: Mapping[str, Codes], answers: Findings) -> str:
    return "".join(_answer(question, codes, answers.get(question, ())) for question, codes in choices.items())


def _answer(question: str, choices: Codes, codes: Codes) -> str:
    """Return an answer as its place among the choices, or of several as bits."""
    if question == _SEVERAL:
        bits = sum(1 << place for place, code in enumerate(choices) if code in codes)
        return f"{bits:0{_width(choices)}x}"
    return ascii_lowercase[choices.index(codes[0])] if codes else _MISSING


def _read(choices: Mapping[str, Codes], written: str) -> dict[str, Codes] | None:
    """Return the answers that were written; None where it is anything else, to the last character."""
    parts = (f"([0-9a-f]{{{_width(c)}}})" if q == _SEVERAL else "([a-z-])" for q, c in choices.items())
    found = re.fullmatch("".join(parts), written)
    if found is None:
        return None
    pairs = zip(choices.items(), found.groups(), strict=True)
    answers = {question: codes for (question, c), part in pairs if (codes := _codes(question, c, part))}
    return answers if _written(choices, answers) == written else None


def _codes(question: str, choices: Codes, part: str) -> Codes:
    if question == _SEVERAL:
        return tuple(code for place, code in enumerate(choices) if int(part, 16) >> place & 1)
    return choices[ascii_lowercase.index(part) :][:1] if part != _MISSING else ()


def _width(choices: Codes) -> int:
    return -(-len(choices) // 4)


def _mark(mark: ScopeMark) -> str:
    """Return a mark as it stands in a payload; nothing where its value is none that is written there."""
    part = f"_{_LETTERS[mark.code]}{mark.value.replace('–', '-')}"
    return part if re.fullmatch(SCOPE_PATTERN, part) else ""


def _marked(part: str) -> ScopeMark:
    code = next(code for code, letter in _LETTERS.items() if letter == part[0])
    return ScopeMark(code, part[1:].replace("-", "–"))
