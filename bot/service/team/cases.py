"""How a team's cases are read and drawn: what serves each flow, where a case stands, and every card that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from bot.service.case_store import Kept, Ledger
from bot.service.private_chat import Conversation, aged, aid_of
from bot.service.replies import Ask, Show
from bot.service.team.actions import Teamwork
from bot.service.team.linked_cases import found
from bot.service.times import in_utc
from flows.cards.card import Button, Card, Tap, Verb
from flows.cards.case import Cards
from flows.cards.pages import Pages
from flows.cards.team.card import Board
from flows.cards.team.case import Shared
from flows.catalog.loader import Catalog
from flows.catalog.wording import Page
from flows.engine.discussion import Discussion, Stage
from flows.engine.interview import Interview, Standing
from flows.model.flow import Flow
from flows.model.scored import Scored


class Ward(NamedTuple):
    """What serves the cases of one flow."""

    interview: Interview
    discussion: Discussion
    board: Board
    teamwork: Teamwork


class Wards:
    """Reads and draws the cases of every flow that a team works."""

    def __init__(
        self, flows: Mapping[str, Flow], catalog: Catalog, clock: Callable[[], float], alone: Conversation
    ) -> None:
        """Take the flows by their codes, their words, a clock (seconds since 1970, UTC), and what takes an answer."""
        self._catalog = catalog
        self._words = catalog.team
        self._pages = Pages(catalog)
        self._clock = clock
        self._alone = alone
        self._flows = {code: self._built(flow) for code, flow in flows.items()}

    def serving(self, flow: str) -> Ward:
        """Give what serves the cases of a flow, by its code."""
        return self._flows[flow]

    def asked(self, kept: Kept) -> Ask:
        """Put the vote that is open to the chat."""
        shared = self.shared(kept)
        question, answers = self.of(kept).board.poll(shared)
        return Ask(kept.case.id, shared.talk.rounds, question, answers, place=kept.place)

    def of(self, kept: Kept) -> Ward:
        """Give what serves a case."""
        return self._flows[kept.case.flow]

    def shared(self, kept: Kept, ledger: Ledger | None = None) -> Shared:
        """Return where a case and its discussion stand; with a ledger, also what was scored of it."""
        ward = self.of(kept)
        standing = ward.interview.standing(kept.case)
        talk = ward.discussion.talk(kept.case, standing)
        standing = replace(standing, disputed=tuple(talk.disputes(standing)))
        team = kept.team
        named = (team.name, kept.owner, team.giver) if team else ("", kept.owner, "")
        scored = self._scored(ledger, kept, standing) if ledger else None
        return Shared(kept.case, standing, talk, *named, scored)

    def is_open(self, kept: Kept) -> bool:
        """Tell whether a case is not decided."""
        return self.shared(kept).talk.stage is not Stage.decided

    def is_voting(self, kept: Kept) -> bool:
        """Tell whether a vote on a case is open."""
        return self.shared(kept).talk.stage is Stage.voting

    def drawn(self, ledger: Ledger, kept: Kept) -> Show:
        """Draw where a case stands, with what was scored of it."""
        shared, board = self.shared(kept, ledger), self.of(kept).board
        card = board.note(shared) if kept.case.unconfirmed else board.case(shared)
        return Show(card, kept.card, kept.case.id, place=kept.place)

    def _scored(self, ledger: Ledger, kept: Kept, standing: Standing) -> Scored | None:
        """Return what was scored of a case at its levels, once that is complete."""
        begun = found(ledger, aid_of(kept.case, standing)) if self.of(kept).interview.flow.is_aided else None
        return self.of(begun).board.score(self.shared(begun)) if begun else None

    def minutes(self, ledger: Ledger, kept: Kept) -> Show:
        """Draw the card of the latest decision."""
        shared = self.shared(kept, ledger)
        card = self.of(kept).board.decision(shared, shared.talk.decisions[-1])
        at = kept.team.minutes if kept.team else None
        return Show(card, at, kept.case.id, place=kept.place, minutes=True)

    def superseded(self, kept: Kept) -> Card:
        """Draw what a card says that does not hold any more."""
        return self._instead(self._catalog.wording.pages.superseded, kept)

    def resting(self, kept: Kept) -> Card:
        """Draw what a card says while its case rests."""
        return self._instead(self._catalog.wording.pages.aside, kept)

    def _instead(self, page: Page, kept: Kept) -> Card:
        """Draw what stands in place of a case, under its name, with the way to it."""
        return replace(self._pages.bare(page, self._go_on(kept)), label=kept.team.name if kept.team else "")

    def reminder(self, cases: list[Kept], hours: int) -> Card:
        """Say which cases rest from now on."""
        names = [kept.team.name for kept in cases if kept.team]
        rows = tuple(
            (Button(f"{self._catalog.wording.labels.go_on}: {name}", _show(k)),)
            for name, k in zip(names, cases, strict=True)
        )
        title = self._words.heads.resting.format(name=", ".join(names))
        return self._pages.listed(title, self._words.lines.resting.format(hours=hours), rows)

    def _go_on(self, kept: Kept) -> Button:
        return Button(self._catalog.wording.labels.go_on, _show(kept))

    def listed(self, opened: list[Kept], now: float) -> Card:
        """List open cases, each with its age and the way to its card."""
        if not opened:
            page = self._catalog.wording.pages.nothing_open
            return self._pages.listed(page.title, self._words.lines.no_cases, ())
        rows = [(Button(f"{k.team.name} · {aged(now - k.team.opened)}", _show(k)),) for k in opened if k.team]
        return self._pages.listed(self._words.heads.cases, self._words.lines.cases, tuple(rows))

    def _built(self, flow: Flow) -> Ward:
        interview = Interview(flow)
        discussion = Discussion(interview)
        board = Board(Cards(flow, self._catalog, named=True), in_utc)
        return Ward(interview, discussion, board, Teamwork(discussion, board, self._alone, self._clock))


def _show(kept: Kept) -> Tap:
    return Tap(Verb.show, case=kept.case.parent_id or kept.case.id)
