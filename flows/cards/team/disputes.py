"""What a team sees of a dispute: the headlines it leaves open, who holds what, and how it was settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flows.cards.card import Block, Line, Style, person
from flows.cards.recommendation import note_lines
from flows.cards.team.blocks import TeamBlocks
from flows.cards.team.case import TeamCaseView
from flows.engine.counterfactuals import Headline
from flows.engine.discussion import Settlement
from flows.model.findings import Codes, Findings
from flows.model.flow import Question
from flows.model.rules import decide

MOST_TOLD: Final = 6
"""How many settled disputes a card or a record tells; a message has no room for all that could be."""

Held = dict[Codes, list[str]]
"""The answers that are held to one question, the one that counts first, each with who holds it."""


@dataclass(frozen=True, slots=True)
class Disputes:
    """Draws disputes."""

    blocks: TeamBlocks

    def title(self, view: TeamCaseView) -> str:
        """Name every headline that an answer held by a member leads to; nothing where all lead to the same."""
        every = [self._leads(view, question, codes) for question in self._open_disputes(view) for codes in question[1]]
        if len(dict.fromkeys(every)) < 2:  # noqa: PLR2004 - one headline is no choice
            return ""
        return self._with_mark(self._option_names(dict.fromkeys(lead for leads in every for lead in leads)))

    def line(self, view: TeamCaseView) -> str:
        """Name the findings that are disputed, with every answer that is held; nothing where none is."""
        either = f" {self.blocks.cards.catalog.wording.what_if.either} "
        told = [
            either.join(question.finding_text(codes) for codes in held) for question, held in self._open_disputes(view)
        ]
        return self._with_mark("; ".join(told)) if told else ""

    def block(self, view: TeamCaseView) -> Block:
        """Draw what is disputed: each answer, who holds it, and what would follow from it."""
        if_so = self.blocks.words.heads.if_so
        lines = [
            Line(
                self._headline_if(view, question, codes),
                lead=if_so.format(answer=question.finding_text(codes), who=_people(who)),
            )
            for question, held in self._open_disputes(view)
            for codes, who in held.items()
        ]
        return Block(tuple(lines), self.line(view), Style.listed)

    def emergency(self, view: TeamCaseView) -> Block:
        """Draw the emergency note that a disputed answer would bring, where the card has none already."""
        flow = self.blocks.cards.flow
        held = [(question.code, codes) for question, held in self._open_disputes(view) for codes in held]
        results = [decide(flow.guidance, self._findings_if(view, code, codes)) for code, codes in held]
        brought = dict.fromkeys(note for result in results for note in result.notes if note.urgent)
        here = self.blocks.recommendation(view.state).notes if view.state.current is None else ()
        return Block(note_lines(note for note in brought if note not in here), style=Style.urgent)

    def objections(self, view: TeamCaseView, question: Question) -> list[Line]:
        """Return who holds another answer to a question."""
        held = view.disputes.get(question.code, {})
        return [Line(f"{question.finding_text(codes)} ({person(who)})") for who, codes in held.items()]

    def answers(self, view: TeamCaseView, question: Question) -> list[Codes]:
        """Return the answers that are held to a question, the one that counts first; nothing where all agree."""
        return list(next((held for asked, held in self._open_disputes(view) if asked is question), {}))

    def settled_block(self, settlements: Sequence[Settlement]) -> Block:
        """Draw how disputes were settled: what was held by whom against which answer, for what, and by whom."""
        words = self.blocks.words
        lines: list[Line] = []
        for settlement, question in self._with_questions(settlements):
            held = ", ".join(
                f"{question.finding_text(codes)} ({person(who)})" for who, codes in settlement.held.items()
            )
            against = f"{question.finding_text(settlement.counted.codes)} ({person(settlement.counted.who)})"
            settled = words.heads.settled_by.format(
                answer=question.finding_text(settlement.codes), who=person(settlement.who)
            )
            lines.append(Line(words.heads.against.format(held=held, answer=against) + f" {settled}"))
        more = len(settlements) - MOST_TOLD
        lines += [Line(words.heads.more_disputes.format(number=more))] if more > 0 else []
        return Block(tuple(lines), words.heads.was_disputed, Style.listed)

    def record_lines(self, settlements: Sequence[Settlement]) -> list[str]:
        """Write the same for the patient's record, without a person's name."""
        words = self.blocks.words.record
        told: list[str] = []
        for settlement, question in self._with_questions(settlements):
            held = ", ".join(question.finding_text(codes) for codes in dict.fromkeys(settlement.held.values()))
            number = len(settlement.held)
            by = words.one_member if number == 1 else words.members.format(number=number)
            own = settlement.who == settlement.counted.who
            settled = (words.settled_by_giver if own else words.settled_by_other).format(
                answer=question.finding_text(settlement.codes)
            )
            told.append(words.disputed.format(by=by, held=held, settled=settled))
        return told

    def _with_questions(self, settlements: Sequence[Settlement]) -> list[tuple[Settlement, Question]]:
        """Return the settlements that are told, each with its question, as far as the flow still has it."""
        flow = self.blocks.cards.flow
        asked = [(each, flow.question(each.counted.question)) for each in settlements[-MOST_TOLD:]]
        return [(each, question) for each, question in asked if question]

    def _open_disputes(self, view: TeamCaseView) -> list[tuple[Question, Held]]:
        """Return each disputed question with the answers that are held to it."""
        found: list[tuple[Question, Held]] = []
        for code, others in view.disputes.items():
            question = self.blocks.cards.flow.question(code)
            held: Held = {view.state.findings[code]: [view.state.answers[code].who]}
            for who, codes in others.items():
                held.setdefault(codes, []).append(who)
            found += [(question, held)] if question else []
        return found

    def _headline_if(self, view: TeamCaseView, question: Question, codes: Codes) -> str:
        """Return what would follow from an answer: what the source supports, the score, or what would be asked."""
        flow, findings = self.blocks.cards.flow, self._findings_if(view, question.code, codes)
        next_question, result = flow.next_question(findings), decide(flow.guidance, findings)
        scored = result.band and f"{flow.score(findings)} · {result.band.name}"
        return next_question.text if next_question else scored or self.blocks.supported_options(result)

    def _leads(self, view: TeamCaseView, question: tuple[Question, Held], codes: Codes) -> tuple[Headline, ...]:
        """Return every headline that is possible with an answer; of a score the score and its class."""
        asked, _ = question
        flow = self.blocks.cards.flow
        if flow.guidance.bands:
            return (Headline(self._headline_if(view, asked, codes)),)
        answers = {code: step.codes for code, step in view.state.answers.items()}
        return self.blocks.cards.what_if_cards.explorer.outcomes({**answers, asked.code: codes}).headlines

    def _option_names(self, leads: Iterable[Headline]) -> str:
        cards = self.blocks.cards
        if not cards.flow.guidance.bands:
            return cards.what_if_cards.headlines(leads)
        either = f" {cards.catalog.wording.what_if.either} "
        return f"{cards.catalog.scales[cards.flow.code].name} {either.join(lead.option for lead in leads)}"

    def _findings_if(self, view: TeamCaseView, question: str, codes: Codes) -> Findings:
        """Return the findings that would count with another answer."""
        answers = {code: step.codes for code, step in view.state.answers.items()}
        return self.blocks.cards.flow.effective({**answers, question: codes})

    def _with_mark(self, text: str) -> str:
        return f"{self.blocks.words.heads.disputed}: {text}"


def _people(ids: Iterable[str]) -> str:
    return ", ".join(map(person, ids))
