"""What the tests of a team's case share: a group with its members, no channel between, and what each was told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from kit import buttons, refusals, tap_of

from bot.service.case_store import CaseRecord, CaseRepository, MemoryStorage
from bot.service.replies import ActionContext, ClosePoll, DeleteMessage, Effect, OpenPoll, PinMessage, Reply, ShowCard
from bot.service.services import build_services
from flows.cards.card import Action, Card, Style, Tap
from flows.pathways.registry import flow_registry

ANA, BEN, CLEO = "1001", "1002", "1003"
T8_TAPS = ("T8", "Only T8 ›", "Fit", "None", "Body only", "Limited", "None")
"""Answers to every question; three options are indicated then."""

HOUR = 3600.0


@dataclass
class Poll:
    """A vote as the chat shows it."""

    id: str
    case: str
    question: str
    answers: tuple[str, ...]
    open: bool = True


@dataclass
class FakeGroup:
    """A group in which every member sees the same messages, each with the card it shows now; Telegram takes each."""

    place: str = "-100"
    store: MemoryStorage = field(default_factory=MemoryStorage)
    messages: dict[int, Card] = field(default_factory=dict)
    polls: dict[int, Poll] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    admins: set[str] = field(default_factory=set)
    toast: str = ""
    opens: str = ""
    forged: str = ""
    wiped: list[int] = field(default_factory=list)
    now: float = 1_800_000_000.0
    ids: int = 0

    def __post_init__(self) -> None:
        self.services = build_services(flow_registry(), self._clock, self._new_id)

    @property
    def card(self) -> Card:
        """What the newest card shows."""
        return self.messages[max(self.messages)]

    async def command(self, name: str, who: str = ANA, argument: str = "") -> None:
        """Let a member send a command."""
        await self.do(lambda repository: self.services.team.command(repository, name, argument, self.visit(who)))

    async def tap(self, *labels: str, who: str = ANA, at: int | None = None) -> None:
        """Let a member tap buttons by their labels, in the newest card or in another."""
        for label in labels:
            message = at or max(self.messages)
            await self.wish(tap_of(self.messages[message], label), who, message)

    async def wish(self, tap: Tap | None, who: str, at: int) -> None:
        """Let a tap come from a message, whatever it shows by now."""
        shown = at in self.messages and tap in [button.tap for button in buttons(self.messages[at])]
        context = replace(self.visit(who, at), bears=shown)
        await self.do(lambda repository: self.services.team.tap(repository, tap, context))

    async def finished(self, who: str = ANA) -> int:
        """Let a member begin a case and answer every question; give the message of its card."""
        await self.command("case", who)
        await self.tap(*T8_TAPS, who=who)
        return max(self.messages)

    async def decided(self, who: str = ANA) -> int:
        """Let a member decide a case of theirs for what the source puts first; give the message of its card."""
        card = await self.finished(who)
        await self.tap("Close", "Posterior MIS", "Decide", who=who, at=card)
        return card

    async def vote(self, answer: str, who: str, at: int | None = None) -> None:
        """Let a member vote for an answer of the newest poll, by how it begins; an empty one takes the vote back."""
        poll = self.polls[at or max(self.polls)]
        numbers = [n for n, said in enumerate(poll.answers) if answer and said.startswith(answer)]
        await self.do(lambda repository: self.services.team.votes.count(repository, poll.id, numbers, who))

    async def kept(self) -> dict[str, CaseRecord]:
        """Give what is kept, by case."""
        return dict(self.store._cases)

    async def do(self, work: Callable[[CaseRepository], Reply]) -> None:
        """Do one thing in one transaction, and show what follows, message by message."""
        reply = await self.store.transact(work)
        self.toast, self.opens, self.forged = reply.toast, reply.opens, reply.forged
        await self._follow(reply)

    async def case(self, name: str = "") -> CaseRecord:
        """Give the case of a name, or the only one."""
        [record] = [
            record
            for record in (await self.kept()).values()
            if record.team and (not name or record.team.code_name == name)
        ]
        return record

    def visit(self, who: str, card: int | None = None) -> ActionContext:
        """Let somebody act here."""
        return ActionContext(self.place, who, card, is_admin=who in self.admins)

    async def _follow(self, reply: Reply) -> None:
        for show in reply.shows:
            await self._shown(show)
        for effect in reply.effects:
            await self._done(effect)

    async def _shown(self, show: ShowCard) -> None:
        """Show a card, and go on with what follows from a new one."""
        assert not refusals(show.card)
        message = show.message_id if show.message_id is not None else self._number()
        self.messages[message] = show.card
        if show.message_id is not None or not show.case:
            return
        case, team = show.case, self.services.team
        arrived = team.receipts.on_decision_sent if show.is_decision else team.receipts.on_card_sent
        await self._follow(await self.store.transact(lambda repository: arrived(repository, case, message)))

    async def _done(self, effect: Effect) -> None:
        match effect:
            case OpenPoll(case=case, number=number, question=question, answers=answers):
                message = self._number()
                self.polls[message] = Poll(f"poll{message}", case, question, answers)
                polled = self.services.team.votes.on_poll_sent
                await self._follow(
                    await self.store.transact(
                        lambda repository: polled(repository, case, number, f"poll{message}", message)
                    )
                )
            case ClosePoll(message_id=message):
                self.polls[message].open = False
            case PinMessage(message_id=message, on=on):
                self.pinned = [other for other in self.pinned if other != message] + ([message] if on else [])
            case DeleteMessage(message_id=message):
                self.wiped.append(message)

    def _number(self) -> int:
        return max([*self.messages, *self.polls], default=0) + 1

    def _clock(self) -> float:
        self.now += 1
        return self.now

    def _new_id(self) -> str:
        self.ids += 1
        return f"c{self.ids}"


def block(card: Card, heading: str) -> list[str]:
    """Give the lines of a card below a heading; none where there is no such block."""
    return dict(told(card)).get(heading, [])


def disputed(card: Card) -> list[str]:
    """Give the lines of what is disputed on a card, under a heading that names it; none where nothing is."""
    return next((lines for heading, lines in told(card) if heading.startswith("Disputed: ")), [])


def record(card: Card) -> str:
    """Give the plain text of a decision: what its button copies, or what stands on the card."""
    copies = [button.copy_text for button in buttons(card) if button.copy_text]
    typed = ["\n".join(line.text for line in b.lines) for b in card.blocks if b.style is Style.typed]
    [text] = [*copies, *typed]
    return text


def label(card: Card, verb: Action) -> str:
    """Give the label of the one button that asks for something."""
    [button] = [button for button in buttons(card) if button.tap.action is verb]
    return button.label


def told(card: Card) -> list[tuple[str, list[str]]]:
    """Give the blocks of a card as headings with their lines, for a test to look into."""
    return [
        (b.heading, [f"{line.lead}: {line.text}" if line.lead else line.text for line in b.lines]) for b in card.blocks
    ]


def findings_of(record: Any) -> dict[str, tuple[str, ...]]:
    """Give the answers of a case by question, as they were last settled."""
    return {step.question: step.codes for step in record.case.answer_events if step.kind == "answer"}
