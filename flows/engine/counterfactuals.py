"""What is still possible in a case, and what another answer would change: read off the flow, every way tried once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from flows.engine.enumeration import Classes, answers
from flows.errors import StaleTap
from flows.model.findings import NOT_ASKED, Codes, Findings
from flows.model.flow import Flow, Question
from flows.model.rules import Recommendation, Rule, Verdict, decide

KEPT: Final = 8192
"""How many sets of answers are remembered: more than the 4,600 that the flow can tell apart (about 5 MB)."""

RECENT: Final = 1024
"""For how many answered cases the changes are remembered."""

Key = tuple[tuple[str, Codes], ...]
"""Answers by their question, so that they can be remembered by."""


class Lead(NamedTuple):
    """What leads a recommendation: an option, empty where none is indicated, and the fork that is open, if one is."""

    option: str
    fork: str = ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What can still come of a case, over every way in which its open questions may be answered.

    Attributes:
        leads: every headline that is still possible, each once.
        verdicts: the verdicts that each option may still get, by its code.
        certain: the rules of each option that speak in every way, by its code.
        asks: the question that is asked next; empty where all is answered.
    """

    leads: tuple[Lead, ...]
    verdicts: dict[str, frozenset[Verdict]]
    certain: dict[str, tuple[Rule, ...]]
    asks: str = ""

    def out(self, option: str) -> bool:
        """Tell whether every way ends in one of the kinds of "no" for an option."""
        return all(verdict.is_no for verdict in self.verdicts[option])


@dataclass(frozen=True, slots=True)
class Change:
    """One answer given differently, the others kept where they count.

    Attributes:
        question: the question that is answered differently.
        choice: what names the answer on a button ("significant", "plus_T2").
        codes: the answer.
        after: what comes of it.
        moved: the options whose verdict is, or may be, another one.
        leads: True where the headline is another one, None where it may be, False where it is the same.
    """

    question: str
    choice: str
    codes: Codes
    after: Ahead
    moved: Codes
    leads: bool | None


class Foresight:
    """Reads a flow ahead; built once for a flow, it remembers what it has read."""

    def __init__(self, flow: Flow) -> None:
        """Take the flow."""
        self.flow = flow
        self._several = {q.code: Classes(flow, q) for q in flow.questions if q.several}
        self._remembered = lru_cache(maxsize=KEPT)(self._read)
        self._changed = lru_cache(maxsize=RECENT)(self._try)

    def ahead(self, given: Findings) -> Ahead:
        """Tell what can still come of the answers that were given, whether they count or not."""
        return self._remembered(self._key(given))

    def changes(self, given: Findings) -> tuple[Change, ...]:
        """Give each single answer that would, or may, change a verdict or the headline of an answered case."""
        return self._changed(tuple(given.items()))

    def change(self, given: Findings, question: str, choice: str) -> Change:
        """Give one change, whether or not anything comes of it.

        Raises:
            StaleTap: where that question does not count, or has no such other answer.
        """
        asked = self.flow.question(question)
        if asked is None or not self.flow.counted(given).get(question):
            raise StaleTap(question)
        others = dict(self._others(asked, given[question]))
        if choice not in others:
            raise StaleTap(question)
        return self._change(given, self.ahead(given), question, choice, others[choice])

    def members(self, question: str, level: str) -> Codes:
        """Give the choices that no condition tells apart from one choice of a question of several."""
        return self._several[question].of(level)

    def _try(self, answered: Key) -> tuple[Change, ...]:
        """Give every other answer to every question that counts, and keep those that matter."""
        given = dict(answered)
        now, counted = self.ahead(given), self.flow.counted(given)
        asked = [question for question in self.flow.questions if counted.get(question.code)]
        tried = [self._change(given, now, q.code, *other) for q in asked for other in self._others(q, given[q.code])]
        return tuple(change for change in tried if change.moved or change.leads is not False)

    def _change(self, given: Findings, now: Ahead, question: str, choice: str, codes: Codes) -> Change:
        after = self.ahead({**given, question: codes})
        moved = tuple(option for option in now.verdicts if after.verdicts[option] != now.verdicts[option])
        same = now.leads[0] in after.leads
        leads = (None if len(after.leads) > 1 else False) if same else True
        return Change(question, choice, codes, after, moved, leads)

    def _others(self, question: Question, codes: Codes) -> Iterator[tuple[str, Codes]]:
        """Give the other answers to a question by their names; of levels those that are one step away."""
        if not question.several:
            yield from ((code, (code,)) for code in question.codes if code not in codes)
            return
        classes = self._several[question.code]
        seen = {classes.like(codes)}
        for name, other in _steps(classes, question, codes):
            if other and classes.like(other) not in seen:
                seen.add(classes.like(other))
                yield name, other

    def _key(self, given: Findings) -> Key:
        """Give answers in question order, levels by members of their classes: what the conditions can tell apart."""
        return tuple((q.code, self._alike(q.code, given[q.code])) for q in self.flow.questions if q.code in given)

    def _alike(self, question: str, codes: Codes) -> Codes:
        classes = self._several.get(question)
        return classes.like(codes) if classes else codes

    def _read(self, key: Key) -> Ahead:
        """Try every answer to the question at hand, and go on from there."""
        given = dict(key)
        findings = self.flow.counted(given)
        needed = {code: codes for code, codes in given.items() if findings.get(code) != NOT_ASKED}
        if len(needed) < len(given):
            return self.ahead(needed)
        waiting = self.flow.waiting(findings)
        if waiting is None:
            return _end(decide(self.flow.guidance, findings))
        ways = [self.ahead({**given, waiting.code: codes}) for codes in answers(self.flow, waiting)]
        return _together(ways, waiting.code)


@lru_cache(maxsize=8)
def foresight(flow: Flow) -> Foresight:
    """Give the foresight of a flow: one memory, whoever reads it."""
    return Foresight(flow)


def _steps(classes: Classes, question: Question, codes: Codes) -> Iterator[tuple[str, Codes]]:
    """Give levels with one less, with one more of each class, and one of each class alone."""
    for code in codes:
        yield f"minus_{code}", tuple(kept for kept in codes if kept != code)
    for members in classes.all:
        for added in [code for code in members if code not in codes][:1]:
            yield f"plus_{added}", question.tidy((*codes, added))
    for members in classes.all:
        yield f"only_{members[0]}", members[:1]


def _end(result: Recommendation) -> Ahead:
    """Give what came of a case whose questions are all answered."""
    leading = Lead(result.headline.option if result.headline else "", result.fork.title if result.fork else "")
    advised = sorted(result.options, key=lambda advice: advice.option)
    verdicts = {advice.option: frozenset({advice.verdict}) for advice in advised}
    return Ahead((leading,), verdicts, {advice.option: advice.reasons for advice in advised})


def _together(ways: list[Ahead], asks: str) -> Ahead:
    """Give what may come of any of several ways."""
    first = ways[0]
    verdicts = {option: frozenset(v for way in ways for v in way.verdicts[option]) for option in first.verdicts}
    certain = {option: _common(way.certain[option] for way in ways) for option in first.verdicts}
    leads = tuple(dict.fromkeys(lead for way in ways for lead in way.leads))
    return Ahead(leads, verdicts, certain, asks)


def _common(lists: Iterable[tuple[Rule, ...]]) -> tuple[Rule, ...]:
    """Give the rules that every list holds. A rule is told by its identity: its condition has no other."""
    first, *others = lists
    held = [{id(rule) for rule in other} for other in others]
    return tuple(rule for rule in first if all(id(rule) in other for other in held))
