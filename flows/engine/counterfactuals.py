"""What is still possible in a case, and what another answer would change: read off the flow, every way tried once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from flows.engine.enumeration import LevelClasses, answers
from flows.errors import StaleTap
from flows.model.findings import NOT_ASKED, Codes, Findings
from flows.model.flow import Flow, Question
from flows.model.rules import Recommendation, Rule, Verdict, decide

MAX_OUTCOMES: Final = 8192
"""How many sets of answers are remembered: more than the 4,600 that the flow can tell apart (about 5 MB)."""

MAX_COUNTERFACTUALS: Final = 1024
"""For how many answered cases the changes are remembered."""

Key = tuple[tuple[str, Codes], ...]
"""Answers by their question, so that they can be remembered by."""


class Headline(NamedTuple):
    """What leads a recommendation: an option, empty where none is indicated, and the fork that is open, if one is."""

    option: str
    fork: str = ""


@dataclass(frozen=True, slots=True)
class PossibleOutcomes:
    """What can still come of a case, over every way in which its open questions may be answered.

    Attributes:
        headlines: every headline that is still possible, each once.
        verdicts: the verdicts that each option may still get, by its code.
        certain_rules: the rules of each option that speak in every way, by its code.
        next_question: the question that is asked next; empty where all is answered.
    """

    headlines: tuple[Headline, ...]
    verdicts: dict[str, frozenset[Verdict]]
    certain_rules: dict[str, tuple[Rule, ...]]
    next_question: str = ""

    def is_ruled_out(self, option: str) -> bool:
        """Return whether every way ends in one of the kinds of "no" for an option."""
        return all(verdict.is_no for verdict in self.verdicts[option])


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One answer given differently, the others kept where they count.

    Attributes:
        question: the question that is answered differently.
        choice: what names the answer on a button ("significant", "plus_T2").
        codes: the answer.
        outcomes: what comes of it.
        changed_options: the options whose verdict is, or may be, another one.
        changes_headline: True where the headline is another one, None where it may be, False where it is the same.
    """

    question: str
    choice: str
    codes: Codes
    outcomes: PossibleOutcomes
    changed_options: Codes
    changes_headline: bool | None


class OutcomeExplorer:
    """Reads a flow ahead; built once for a flow, it remembers what it has read."""

    def __init__(self, flow: Flow) -> None:
        """Store the flow."""
        self.flow = flow
        self._several = {q.code: LevelClasses(flow, q) for q in flow.questions if q.several}
        self._outcomes = lru_cache(maxsize=MAX_OUTCOMES)(self._explore)
        self._counterfactuals = lru_cache(maxsize=MAX_COUNTERFACTUALS)(self._try_others)

    def outcomes(self, given: Findings) -> PossibleOutcomes:
        """Return what can still come of the answers that were given, whether they count or not."""
        return self._outcomes(self._key(given))

    def counterfactuals(self, given: Findings) -> tuple[Counterfactual, ...]:
        """Return each single answer that would, or may, change a verdict or the headline of an answered case."""
        return self._counterfactuals(tuple(given.items()))

    def counterfactual(self, given: Findings, question: str, choice: str) -> Counterfactual:
        """Return one change, whether or not anything comes of it.

        Raises:
            StaleTap: where that question does not count, or has no such other answer.
        """
        asked = self.flow.question(question)
        if asked is None or not self.flow.effective(given).get(question):
            raise StaleTap(question)
        others = dict(self._others(asked, given[question]))
        if choice not in others:
            raise StaleTap(question)
        return self._counterfactual(given, self.outcomes(given), question, choice, others[choice])

    def level_class(self, question: str, level: str) -> Codes:
        """Return the choices that no condition tells apart from one choice of a question of several."""
        return self._several[question].class_of(level)

    def _try_others(self, answered: Key) -> tuple[Counterfactual, ...]:
        """Return every other answer to every question that counts, and keep those that matter."""
        given = dict(answered)
        now, counted = self.outcomes(given), self.flow.effective(given)
        asked = [question for question in self.flow.questions if counted.get(question.code)]
        tried = [
            self._counterfactual(given, now, q.code, *other) for q in asked for other in self._others(q, given[q.code])
        ]
        return tuple(change for change in tried if change.changed_options or change.changes_headline is not False)

    def _counterfactual(
        self, given: Findings, now: PossibleOutcomes, question: str, choice: str, codes: Codes
    ) -> Counterfactual:
        after = self.outcomes({**given, question: codes})
        moved = tuple(option for option in now.verdicts if after.verdicts[option] != now.verdicts[option])
        same = now.headlines[0] in after.headlines
        leads = (None if len(after.headlines) > 1 else False) if same else True
        return Counterfactual(question, choice, codes, after, moved, leads)

    def _others(self, question: Question, codes: Codes) -> Iterator[tuple[str, Codes]]:
        """Return the other answers to a question by their names; of levels those that are one step away."""
        if not question.several:
            yield from ((code, (code,)) for code in question.codes if code not in codes)
            return
        classes = self._several[question.code]
        seen = {classes.representative(codes)}
        for name, other in _steps(classes, question, codes):
            if other and classes.representative(other) not in seen:
                seen.add(classes.representative(other))
                yield name, other

    def _key(self, given: Findings) -> Key:
        """Return answers in question order, levels by members of their classes: what the conditions can tell apart."""
        return tuple(
            (q.code, self._representative(q.code, given[q.code])) for q in self.flow.questions if q.code in given
        )

    def _representative(self, question: str, codes: Codes) -> Codes:
        classes = self._several.get(question)
        return classes.representative(codes) if classes else codes

    def _explore(self, key: Key) -> PossibleOutcomes:
        """Try every answer to the question at hand, and go on from there."""
        given = dict(key)
        findings = self.flow.effective(given)
        needed = {code: codes for code, codes in given.items() if findings.get(code) != NOT_ASKED}
        if len(needed) < len(given):
            return self.outcomes(needed)
        next_question = self.flow.next_question(findings)
        if next_question is None:
            return _final_outcome(decide(self.flow.guidance, findings))
        ways = [self.outcomes({**given, next_question.code: codes}) for codes in answers(self.flow, next_question)]
        return _union(ways, next_question.code)


@lru_cache(maxsize=8)
def outcome_explorer(flow: Flow) -> OutcomeExplorer:
    """Return the foresight of a flow: one memory, whoever reads it."""
    return OutcomeExplorer(flow)


def _steps(classes: LevelClasses, question: Question, codes: Codes) -> Iterator[tuple[str, Codes]]:
    """Return levels with one less, with one more of each class, and one of each class alone."""
    for code in codes:
        yield f"minus_{code}", tuple(kept for kept in codes if kept != code)
    for members in classes.all:
        for added in [code for code in members if code not in codes][:1]:
            yield f"plus_{added}", question.tidy((*codes, added))
    for members in classes.all:
        yield f"only_{members[0]}", members[:1]


def _final_outcome(result: Recommendation) -> PossibleOutcomes:
    """Return what came of a case whose questions are all answered."""
    leading = Headline(result.headline.option if result.headline else "", result.fork.title if result.fork else "")
    advised = sorted(result.options, key=lambda advice: advice.option)
    verdicts = {advice.option: frozenset({advice.verdict}) for advice in advised}
    return PossibleOutcomes((leading,), verdicts, {advice.option: advice.reasons for advice in advised})


def _union(ways: list[PossibleOutcomes], asks: str) -> PossibleOutcomes:
    """Return what may come of any of several ways."""
    first = ways[0]
    verdicts = {option: frozenset(v for way in ways for v in way.verdicts[option]) for option in first.verdicts}
    certain = {option: _common(way.certain_rules[option] for way in ways) for option in first.verdicts}
    leads = tuple(dict.fromkeys(lead for way in ways for lead in way.headlines))
    return PossibleOutcomes(leads, verdicts, certain, asks)


def _common(lists: Iterable[tuple[Rule, ...]]) -> tuple[Rule, ...]:
    """Return the rules that every list holds. A rule is told by its identity: its condition has no other."""
    first, *others = lists
    held = [{id(rule) for rule in other} for other in others]
    return tuple(rule for rule in first if all(id(rule) in other for other in held))
