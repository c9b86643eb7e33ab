"""A flow: its questions in order, when each is asked, and the rules that turn findings into advice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from flows.errors import FindingError
from flows.model.conditions import Always, Condition, ScoreItem, TruthValue
from flows.model.findings import NOT_ASKED, Codes, Findings
from flows.model.levels import with_count as levels_counted
from flows.model.rules import Guidance


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that a clinician taps.

    Attributes:
        code: what is stored.
        label: what the button says.
        finding: what it says once it is an answer ("no deficit"); the label where that is enough.
        points: what it adds to a score; nothing in a flow that does not score.
    """

    code: str
    label: str
    finding: str = ""
    points: int = 0

    @property
    def finding_text(self) -> str:
        """What the answer is called in a list of findings."""
        return self.finding or self.label


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the interview.

    Attributes:
        text: the question as it is asked.
        choices: its answers, in the order of the keyboard.
        asked: when it is asked.
        several: whether more than one choice may be tapped, closed by Done; so far levels alone are so.
        hint: a line below the question, in the source's absence the project's reading.
        facts: the facts and gaps that the hint rests on.
        rows: how many choices stand in each row of the keyboard; one a row where empty.
        caution: a safety line of the project beside the question.
        scales: the reference cards that help to answer it, by their codes in the catalog.
        linked_flows: the flows that score what helps to answer it, by their codes.
        prefills: what another flow's findings tell of the answer: a condition on them, the code of the choice.
        codes: the codes of the choices.
    """

    code: str
    text: str
    choices: tuple[Choice, ...]
    asked: Condition = field(default_factory=Always)
    several: bool = False
    hint: str = ""
    facts: Codes = ()
    rows: tuple[int, ...] = ()
    caution: str = ""
    scales: Codes = ()
    linked_flows: Codes = ()
    prefills: tuple[tuple[Condition, str], ...] = ()
    codes: Codes = field(init=False)

    def __post_init__(self) -> None:
        """Gather the codes of the choices once: they are looked at with every tap."""
        object.__setattr__(self, "codes", tuple(choice.code for choice in self.choices))

    @property
    def item(self) -> ScoreItem:
        """The question as a part of a score."""
        return ScoreItem(self.code, tuple((choice.code, choice.points) for choice in self.choices))

    def choice(self, code: str) -> Choice:
        """Find a choice by its code.

        Raises:
            FindingError: where the question has no such choice.
        """
        for choice in self.choices:
            if choice.code == code:
                return choice
        raise FindingError(self.code, f"{self.code}: {code!r} is not one of its answers", self.codes)

    def tidy(self, codes: Codes) -> Codes:
        """Return an answer in the order of the choices, each once."""
        return tuple(code for code in self.codes if code in codes)

    def prefilled_choice(self, findings: Findings) -> str:
        """Return the choice that another flow's findings tell; nothing where they leave it open."""
        return next((code for when, code in self.prefills if when.evaluate(findings)), "")

    def finding_text(self, codes: Codes) -> str:
        """Write an answer as a finding: "no deficit"; levels as spans with their count."""
        if self.several:
            return levels_counted(codes)
        return " · ".join(self.choice(code).finding_text for code in codes)


class Progress(NamedTuple):
    """The number of the question at hand, and how many questions follow it at least and at most."""

    number: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True)
class Flow:
    """A pathway: questions, and what follows from their answers. One file in `flows/pathways` is one flow.

    One that scores bears the code of its scale in the catalog.

    Attributes:
        per_level: whether it scores one level, so that each level of a case that it helps has a score of its own.
    """

    code: str
    title: str
    questions: tuple[Question, ...]
    guidance: Guidance = Guidance()  # noqa: RUF009 - immutable
    per_level: bool = False

    @property
    def linked_flows(self) -> Codes:
        """The flows that score what helps with its questions, by their codes, each once."""
        return tuple(dict.fromkeys(code for question in self.questions for code in question.linked_flows))

    def bound_level(self, levels: Codes) -> str:
        """Return the level that a case of it is bound to when it helps a case of these levels; nothing for none."""
        return levels[0] if self.per_level and len(levels) == 1 else ""

    def with_emergency_line(self, line: str) -> Flow:
        """Return the flow with a line added to each text on signs of an emergency; the flow itself without a line."""
        if not line:
            return self
        questions = tuple(replace(q, caution=f"{q.caution} {line}") if q.caution else q for q in self.questions)
        notes = tuple(replace(n, text=f"{n.text} {line}") if n.urgent else n for n in self.guidance.notes)
        return replace(self, questions=questions, guidance=replace(self.guidance, notes=notes))

    def question(self, code: str) -> Question | None:
        """Find a question by its code."""
        return next((question for question in self.questions if question.code == code), None)

    def scored_choices(self, findings: Findings) -> tuple[tuple[Question, Choice], ...]:
        """Return each question of a score with the choice that was made."""
        asked = (question for question in self.questions if findings[question.code])
        return tuple((question, question.choice(findings[question.code][0])) for question in asked)

    def score(self, findings: Findings) -> int:
        """Add up the points of complete findings."""
        return sum(choice.points for _, choice in self.scored_choices(findings))

    def effective(self, answers: Findings) -> Findings:
        """Return the answers that count: those whose question is asked, NOT_ASKED where it is known not to be."""
        return self._findings_where(answers, (True,))

    def next_question(self, findings: Findings) -> Question | None:
        """Return the first question that is asked and has no finding yet; None when all is answered."""
        return next((question for question in self.questions if self.is_due(question, findings)), None)

    def is_due(self, question: Question, findings: Findings) -> bool:
        """Return whether a question is asked and has no finding yet."""
        return question.code not in findings and question.asked.evaluate(findings) is True

    def open_questions(self, answers: Findings) -> Codes:
        """Return the questions that have no answer and are asked, or may be once another is answered, in order."""
        findings = self._findings_where(answers, (True, None))
        return tuple(question.code for question in self.questions if question.code not in findings)

    def progress(self, question: Question, answers: Findings) -> Progress:
        """Return how far the interview has come: the question at hand, and how many may still follow it.

        Args:
            question: the question at hand; an answer that it had before is open again.
            answers: every answer that was given, whether it counts or not.
        """
        others = {code: codes for code, codes in answers.items() if code != question.code}
        ways = [others]
        if question.code in answers:
            # The answers that follow are known: what each new answer would open is counted, not what all would.
            ways = [{**others, question.code: (code,)} for code in question.codes]
        findings = self._findings_where(others, (True, None))
        earlier = self.questions[: self.questions.index(question)]
        number = 1 + sum(other.asked.evaluate(findings) is not False for other in earlier)
        fewest = min(self._left(question, way, (True,)) for way in ways)
        most = max(self._left(question, way, (True, None)) for way in ways)
        return Progress(number, fewest, most)

    def _left(self, question: Question, answers: Findings, truths: tuple[TruthValue, ...]) -> int:
        """Count the other questions that have no answer and are asked, as far as that is known."""
        findings = self._findings_where(answers, (True, None))
        others = (other for other in self.questions if other is not question and other.code not in findings)
        return sum(other.asked.evaluate(findings) in truths for other in others)

    def _findings_where(self, answers: Findings, asked: tuple[TruthValue, ...]) -> Findings:
        """Return the answers of the questions whose condition holds, NOT_ASKED where it is false."""
        findings: dict[str, Codes] = {}
        for question in self.questions:
            truth = question.asked.evaluate(findings)
            if truth is False:
                findings[question.code] = NOT_ASKED
            elif truth in asked and question.code in answers:
                findings[question.code] = answers[question.code]
        return findings
