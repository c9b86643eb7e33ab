"""What a team sees of a dispute: the headlines it leaves open, who holds what, and how it was settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flows.cards.card import Block, Line, Style, person
from flows.cards.recommendation import noted
from flows.cards.team.blocks import TeamBlocks
from flows.cards.team.case import Shared
from flows.engine.counterfactuals import Lead
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

    def title(self, shared: Shared) -> str:
        """Name every headline that an answer held by a member leads to; nothing where all lead to the same."""
        every = [self._leads(shared, question, codes) for question in self._disputed(shared) for codes in question[1]]
        if len(dict.fromkeys(every)) < 2:  # noqa: PLR2004 - one headline is no choice
            return ""
        return self._marked(self._named(dict.fromkeys(lead for leads in every for lead in leads)))

    def line(self, shared: Shared) -> str:
        """Name the findings that are disputed, with every answer that is held; nothing where none is."""
        either = f" {self.blocks.cards.catalog.wording.outlook.either} "
        told = [either.join(question.said(codes) for codes in held) for question, held in self._disputed(shared)]
        return self._marked("; ".join(told)) if told else ""

    def block(self, shared: Shared) -> Block:
        """Draw what is disputed: each answer, who holds it, and what would follow from it."""
        if_so = self.blocks.words.heads.if_so
        lines = [
            Line(
                self._follows(shared, question, codes),
                lead=if_so.format(answer=question.said(codes), who=_people(who)),
            )
            for question, held in self._disputed(shared)
            for codes, who in held.items()
        ]
        return Block(tuple(lines), self.line(shared), Style.listed)

    def emergency(self, shared: Shared) -> Block:
        """Draw the emergency note that a disputed answer would bring, where the card has none already."""
        flow = self.blocks.cards.flow
        held = [(question.code, codes) for question, held in self._disputed(shared) for codes in held]
        results = [decide(flow.guidance, self._otherwise(shared, code, codes)) for code, codes in held]
        brought = dict.fromkeys(note for result in results for note in result.notes if note.urgent)
        here = self.blocks.advised(shared.standing).notes if shared.standing.at is None else ()
        return Block(noted(note for note in brought if note not in here), style=Style.urgent)

    def objections(self, shared: Shared, question: Question) -> list[Line]:
        """Return who holds another answer to a question."""
        held = shared.disputes.get(question.code, {})
        return [Line(f"{question.said(codes)} ({person(who)})") for who, codes in held.items()]

    def answers(self, shared: Shared, question: Question) -> list[Codes]:
        """Return the answers that are held to a question, the one that counts first; nothing where all agree."""
        return list(next((held for asked, held in self._disputed(shared) if asked is question), {}))

    def settled(self, settlements: Sequence[Settlement]) -> Block:
        """Draw how disputes were settled: what was held by whom against which answer, for what, and by whom."""
        words = self.blocks.words
        lines: list[Line] = []
        for settlement, question in self._asked(settlements):
            held = ", ".join(f"{question.said(codes)} ({person(who)})" for who, codes in settlement.held.items())
            against = f"{question.said(settlement.counted.codes)} ({person(settlement.counted.who)})"
            settled = words.heads.settled_by.format(answer=question.said(settlement.codes), who=person(settlement.who))
            lines.append(Line(words.heads.against.format(held=held, answer=against) + f" {settled}"))
        more = len(settlements) - MOST_TOLD
        lines += [Line(words.heads.more_disputes.format(number=more))] if more > 0 else []
        return Block(tuple(lines), words.heads.was_disputed, Style.listed)

    def recorded(self, settlements: Sequence[Settlement]) -> list[str]:
        """Write the same for the patient's record, without a person's name."""
        words = self.blocks.words.record
        told: list[str] = []
        for settlement, question in self._asked(settlements):
            held = ", ".join(question.said(codes) for codes in dict.fromkeys(settlement.held.values()))
            number = len(settlement.held)
            by = words.one_member if number == 1 else words.members.format(number=number)
            own = settlement.who == settlement.counted.who
            settled = (words.settled_by_giver if own else words.settled_by_other).format(
                answer=question.said(settlement.codes)
            )
            told.append(words.disputed.format(by=by, held=held, settled=settled))
        return told

    def _asked(self, settlements: Sequence[Settlement]) -> list[tuple[Settlement, Question]]:
        """Return the settlements that are told, each with its question, as far as the flow still has it."""
        flow = self.blocks.cards.flow
        asked = [(each, flow.question(each.counted.question)) for each in settlements[-MOST_TOLD:]]
        return [(each, question) for each, question in asked if question]

    def _disputed(self, shared: Shared) -> list[tuple[Question, Held]]:
        """Return each disputed question with the answers that are held to it."""
        found: list[tuple[Question, Held]] = []
        for code, others in shared.disputes.items():
            question = self.blocks.cards.flow.question(code)
            held: Held = {shared.standing.findings[code]: [shared.standing.answers[code].who]}
            for who, codes in others.items():
                held.setdefault(codes, []).append(who)
            found += [(question, held)] if question else []
        return found

    def _follows(self, shared: Shared, question: Question, codes: Codes) -> str:
        """Return what would follow from an answer: what the source supports, the score, or what would be asked."""
        flow, findings = self.blocks.cards.flow, self._otherwise(shared, question.code, codes)
        waiting, result = flow.waiting(findings), decide(flow.guidance, findings)
        scored = result.band and f"{flow.score(findings)} · {result.band.name}"
        return waiting.text if waiting else scored or self.blocks.supported(result)

    def _leads(self, shared: Shared, question: tuple[Question, Held], codes: Codes) -> tuple[Lead, ...]:
        """Return every headline that is possible with an answer; of a score the score and its class."""
        asked, _ = question
        flow = self.blocks.cards.flow
        if flow.guidance.bands:
            return (Lead(self._follows(shared, asked, codes)),)
        answers = {code: step.codes for code, step in shared.standing.answers.items()}
        return self.blocks.cards.outlook.foresight.ahead({**answers, asked.code: codes}).leads

    def _named(self, leads: Iterable[Lead]) -> str:
        cards = self.blocks.cards
        if not cards.flow.guidance.bands:
            return cards.outlook.headlines(leads)
        either = f" {cards.catalog.wording.outlook.either} "
        return f"{cards.catalog.scales[cards.flow.code].name} {either.join(lead.option for lead in leads)}"

    def _otherwise(self, shared: Shared, question: str, codes: Codes) -> Findings:
        """Return the findings that would count with another answer."""
        answers = {code: step.codes for code, step in shared.standing.answers.items()}
        return self.blocks.cards.flow.counted({**answers, question: codes})

    def _marked(self, text: str) -> str:
        return f"{self.blocks.words.heads.disputed}: {text}"


def _people(ids: Iterable[str]) -> str:
    return ", ".join(map(person, ids))
