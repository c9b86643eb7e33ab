"""How cases of an earlier edition are read: what has another name now, and what is asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flows.model.case import AnswerEvent, AnswerEventKind, Case, DiscussionAction, DiscussionEvent
from flows.model.findings import Codes, Findings

_ANSWERING = (AnswerEventKind.answer, AnswerEventKind.mark, AnswerEventKind.read)
_STAGES = (DiscussionAction.discuss, DiscussionAction.withdraw, DiscussionAction.close, DiscussionAction.reopen)


@dataclass(frozen=True, slots=True)
class EditionChange:
    """What a stored answer means otherwise since an edition.

    Attributes:
        flow: the flow whose answers these are.
        edition: the first edition that has the change.
        renamed: by the earlier code of a question, its present one.
        asked_again: the answers that meant something else before, each as its question's present code and its own.
    """

    flow: str
    edition: str
    renamed: Mapping[str, str]
    asked_again: frozenset[tuple[str, str]]

    def name(self, question: str) -> str:
        """Return the present code of a question."""
        return self.renamed.get(question, question)

    def is_asked_again(self, question: str, codes: Codes) -> bool:
        """Return whether an answer to a question, by its present code, meant something else before."""
        return any((question, code) in self.asked_again for code in codes)

    def findings(self, findings: Findings) -> dict[str, Codes]:
        """Return findings of an earlier edition as they count now; what is asked again is left out."""
        named = {self.name(question): codes for question, codes in findings.items()}
        return {question: codes for question, codes in named.items() if not self.is_asked_again(question, codes)}


def upgrade(case: Case, changes: Iterable[EditionChange]) -> Case:
    """Return a stored case as the present edition reads it; a case that was read so before is returned as it is.

    The case keeps the edition under which it was begun. A step tells from where on its answers are of a later one.
    What a team votes on or has decided stands as it was answered; it is asked again once answers are open again.
    """
    for change in changes:
        if case.flow == change.flow and case.edition < change.edition > _answered_under(case):
            case = _upgraded(case, change)
    return case


def _answered_under(case: Case) -> str:
    """Return the latest edition under which answers of a case were given."""
    later = (code for step in case.answer_events if step.kind is AnswerEventKind.edition for code in step.codes)
    return max((case.edition, *later))


def _upgraded(case: Case, change: EditionChange) -> Case:
    if not case.answer_events and not case.discussion_events:
        return replace(case, edition=change.edition)
    steps = _named(case.answer_events, change)
    discussion = tuple(_renamed(remark, change) for remark in case.discussion_events)
    if _is_frozen(discussion):
        return replace(case, answer_events=steps, discussion_events=discussion)
    kept = tuple(remark for remark in discussion if not _objects_so(remark, change))
    marker = AnswerEvent(AnswerEventKind.edition, codes=(change.edition,))
    # Buttons that were drawn before bear an earlier turn: they meant the earlier question.
    revision = case.revision + 1
    return replace(
        case,
        revision=revision,
        turn=revision,
        answer_events=(*_remaining(steps, change), marker),
        discussion_events=kept,
    )


def _remaining(steps: tuple[AnswerEvent, ...], change: EditionChange) -> tuple[AnswerEvent, ...]:
    """Return the steps without the answers that are asked again, and without older answers they had replaced."""
    latest = {step.question: step for step in steps if step.kind is AnswerEventKind.answer}
    again = {question for question, step in latest.items() if change.is_asked_again(question, step.codes)}
    return tuple(
        step
        for step in steps
        if step.kind not in _ANSWERING
        or not (change.is_asked_again(step.question, step.codes) or step.question in again)
    )


def _named(steps: tuple[AnswerEvent, ...], change: EditionChange) -> tuple[AnswerEvent, ...]:
    """Return steps under the present names of their questions."""
    return tuple(step._replace(question=change.name(step.question)) for step in steps)


def _renamed(remark: DiscussionEvent, change: EditionChange) -> DiscussionEvent:
    """Return a remark under the present names of the questions it concerns."""
    concerns = remark.action in (DiscussionAction.object, DiscussionAction.settle)
    subject = change.name(remark.subject) if concerns else remark.subject
    return replace(remark, subject=subject, counted=_named(remark.counted, change))


def _objects_so(remark: DiscussionEvent, change: EditionChange) -> bool:
    """Return whether a remark holds an answer right that meant something else."""
    return remark.action is DiscussionAction.object and change.is_asked_again(remark.subject, remark.codes)


def _is_frozen(discussion: tuple[DiscussionEvent, ...]) -> bool:
    """Return whether a vote is open or the case is decided, so that no answer can be given."""
    last = next((remark.action for remark in reversed(discussion) if remark.action in _STAGES), None)
    return last in (DiscussionAction.discuss, DiscussionAction.close)
