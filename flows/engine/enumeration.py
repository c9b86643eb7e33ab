"""The cases of a flow that are worth telling apart: every combination of answers, levels by the classes that count."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from flows.model.conditions import AnyLevel, Condition
from flows.model.findings import Codes, Findings
from flows.model.flow import Flow, Question
from flows.model.levels import between


class LevelClasses:
    """The choices of a question of several, sorted into the classes that no condition on levels tells apart."""

    def __init__(self, flow: Flow, question: Question) -> None:
        """Sort the choices of a question of the flow."""
        spans = [part for part in _conditions(flow) if isinstance(part, AnyLevel)]
        classes: dict[tuple[bool, ...], list[str]] = {}
        for code in question.codes:
            classes.setdefault(tuple(code in between(span.first, span.last) for span in spans), []).append(code)
        self.all = tuple(tuple(codes) for codes in classes.values())
        self._of = {code: codes for codes in self.all for code in codes}
        self._tidy = question.tidy

    def class_of(self, code: str) -> Codes:
        """Return the class of a choice.

        Raises:
            KeyError: where the question has no such choice.
        """
        return self._of[code]

    def representative(self, codes: Codes) -> Codes:
        """Return the answer of `answers` that no condition tells apart from this one.

        Raises:
            KeyError: where the question has no such choice.
        """
        group = tuple(dict.fromkeys(self._of[code] for code in codes))
        if len(group) == 1 and len(codes) > 1:
            return group[0][:2]
        return self._tidy(tuple(members[0] for members in group))


def cases(flow: Flow) -> Iterator[Findings]:
    """Return the findings of every case whose questions are all answered, each class of levels once."""
    return _extend(flow, {})


def steps(flow: Flow) -> Iterator[tuple[str, str]]:
    """Return each question with one that can follow it; an empty code is the end of the questions."""
    seen: dict[tuple[str, str], None] = {}
    for findings in cases(flow):
        asked = [question.code for question in flow.questions if findings[question.code]]
        seen.update(dict.fromkeys(zip(asked, [*asked[1:], ""], strict=True)))
    order = [question.code for question in flow.questions]
    yield from sorted(seen, key=lambda step: (order.index(step[0]), order.index(step[1]) if step[1] else len(order)))


def answers(flow: Flow, question: Question) -> tuple[Codes, ...]:
    """Return the answers to a question that the flow's conditions can tell apart."""
    if not question.several:
        return tuple((code,) for code in question.codes)
    classes = LevelClasses(flow, question)
    chosen = [
        question.tidy(codes)
        for size in range(1, len(classes.all) + 1)
        for group in combinations(classes.all, size)
        for codes in _members(group)
    ]
    return tuple(dict.fromkeys(chosen))


def _extend(flow: Flow, given: Findings) -> Iterator[Findings]:
    """Answer the question at hand in every way, and go on from there."""
    findings = flow.effective(given)
    next_question = flow.next_question(findings)
    if next_question is None:
        yield findings
        return
    for codes in answers(flow, next_question):
        yield from _extend(flow, {**given, next_question.code: codes})


def _members(group: tuple[Codes, ...]) -> Iterator[Codes]:
    """Choose one member of each class, and two of the first that has two, since a count may matter."""
    one = tuple(codes[0] for codes in group)
    yield one
    if len(group) == 1 and len(group[0]) > 1:
        yield group[0][:2]


def _conditions(flow: Flow) -> Iterator[Condition]:
    """Return every condition of a flow, with all its parts."""
    whens = [question.asked for question in flow.questions]
    whens += [rule.when for rule in flow.guidance.rules] + [note.when for note in flow.guidance.notes]
    for when in whens:
        yield from when.walk()
