"""How a team's cases are read and drawn: what serves each flow, where a case stands, and every card that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from bot.service.case_store import CARD, RECORD, CaseRecord, CaseRepository
from bot.service.replies import OpenPoll, Reply, ShowCard
from bot.service.team.actions import TeamActions
from bot.service.team.linked_cases import load
from bot.service.times import age_text, in_utc
from flows.cards.card import Action, Button, Card, Tap
from flows.cards.case import CaseRenderer
from flows.cards.pages import Pages
from flows.cards.team.card import TeamRenderer
from flows.cards.team.case import TeamCaseView
from flows.catalog.loader import Catalog
from flows.catalog.wording import PageWording
from flows.engine.discussion import NONE_OF_THESE, Discussion, Stage
from flows.engine.interview import Interview, InterviewState
from flows.export.picture import SpineView
from flows.export.record_page import Page
from flows.model.flow import Flow
from flows.model.scored import Scored


class TeamFlowServices(NamedTuple):
    """What serves the cases of one flow."""

    interview: Interview
    discussion: Discussion
    renderer: TeamRenderer
    actions: TeamActions


class TeamCases:
    """Reads and draws the cases of every flow that a team works."""

    def __init__(self, flows: Mapping[str, Flow], catalog: Catalog, clock: Callable[[], float]) -> None:
        """Store the flows by their codes, their words, and a clock (seconds since 1970, UTC)."""
        self._catalog = catalog
        self._words = catalog.team
        self._pages = Pages(catalog)
        self._clock = clock
        self._flows = {code: self._build(flow) for code, flow in flows.items()}

    def services_for(self, flow: str) -> TeamFlowServices:
        """Return what serves the cases of a flow, by its code."""
        return self._flows[flow]

    @property
    def renderer(self) -> TeamRenderer:
        """Return what draws the cases of the flow that teams work."""
        return next(iter(self._flows.values())).renderer

    def open_poll(self, record: CaseRecord) -> OpenPoll:
        """Return the poll of the vote that is open."""
        view = self.view(record)
        question, answers = self.services_of(record).renderer.poll(view)
        return OpenPoll(record.case.id, view.discussion.rounds, question, answers, chat=record.place)

    def services_of(self, record: CaseRecord) -> TeamFlowServices:
        """Return what serves a case."""
        return self._flows[record.case.flow]

    def view(self, record: CaseRecord, repository: CaseRepository | None = None) -> TeamCaseView:
        """Return where a case and its discussion stand; with a ledger, also what was scored of it."""
        services = self.services_of(record)
        state = services.interview.state(record.case)
        discussion = services.discussion.state(record.case, state)
        state = replace(state, disputed=tuple(discussion.disputes(state)))
        team = record.team
        named = (team.code_name, record.owner, team.shared_by) if team else ("", record.owner, "")
        scored = self._scored(repository, record, state) if repository else None
        missing = tuple(team.undelivered.split()) if team else ()
        return TeamCaseView(record.case, state, discussion, *named, scored, missing)

    def is_open(self, record: CaseRecord) -> bool:
        """Return whether a case is not decided."""
        return self.view(record).discussion.stage is not Stage.decided

    def is_voting(self, record: CaseRecord) -> bool:
        """Return whether a vote on a case is open."""
        return self.view(record).discussion.stage is Stage.voting

    def show_case(self, repository: CaseRepository, record: CaseRecord) -> ShowCard:
        """Draw where a case stands, with what was scored of it."""
        view, board = self.view(record, repository), self.services_of(record).renderer
        card = board.note(view) if record.case.unconfirmed else board.case(view)
        picture = record.picture.message_id
        return ShowCard(card, record.card_message_id, record.case.id, chat=record.place, picture=picture)

    def spine_view(self, repository: CaseRepository, record: CaseRecord) -> SpineView:
        """Return what the picture of a case shows: once it is decided, the option that was."""
        view = self.view(record, repository)
        decided = view.discussion.decisions[-1].option if view.discussion.stage is Stage.decided else ""
        return SpineView(
            view.state.findings,
            decided if decided in self._catalog.options else record.picture.option,
            name=view.code_name,
            disputed=view.state.disputed,
            scope=view.state.scope,
            scored=view.scored,
            instead=self._catalog.team.heads.none_of_these if decided == NONE_OF_THESE else "",
        )

    def record_page(self, repository: CaseRepository, record: CaseRecord, _now: float) -> Page | None:
        """Return the page of the decision that holds; None where the case is not decided."""
        view = self.view(record, repository)
        return None if self.is_open(record) else self.services_of(record).renderer.decision_page(view)

    @staticmethod
    def name_of(record: CaseRecord) -> str:
        """Return the name of a case that is kept."""
        return record.team.code_name if record.team else ""

    def _scored(self, repository: CaseRepository, record: CaseRecord, state: InterviewState) -> Scored | None:
        """Return what was scored of a case at its levels, once that is complete."""
        begun = (
            load(repository, record.case.linked_case_id(state.levels))
            if self.services_of(record).interview.flow.is_aided
            else None
        )
        return self.services_of(begun).renderer.score(self.view(begun)) if begun else None

    def show_decision(self, repository: CaseRepository, record: CaseRecord) -> ShowCard:
        """Draw the card of the latest decision."""
        view = self.view(record, repository)
        card = self.services_of(record).renderer.decision(view, view.discussion.decisions[-1])
        at = record.team.decision_message_id if record.team else None
        return ShowCard(card, at, record.case.id, chat=record.place, is_decision=True)

    def superseded_card(self, record: CaseRecord) -> Card:
        """Draw what a card says that does not hold any more."""
        return self._in_place(self._catalog.wording.pages.superseded, record)

    def archived_card(self, record: CaseRecord) -> Card:
        """Draw what a card says while its case rests."""
        return self._in_place(self._catalog.wording.pages.archived, record)

    def _in_place(self, page: PageWording, record: CaseRecord) -> Card:
        """Draw what stands in place of a case, under its name, with the way to it."""
        return replace(self._pages.bare(page, self._go_on(record)), label=record.team.code_name if record.team else "")

    def notice(self, place: str, title: str, line: str) -> Reply:
        """Return a notice for a place that belongs to no card."""
        return Reply((ShowCard(self._pages.list_page(title, line, ()), chat=place),))

    def archive_notice(self, cases: list[CaseRecord], hours: int) -> Card:
        """Return the card that says which cases are archived from now on."""
        names = [record.team.code_name for record in cases if record.team]
        rows = tuple(
            (Button(f"{self._catalog.wording.labels.go_on}: {name}", _show_tap(k)),)
            for name, k in zip(names, cases, strict=True)
        )
        title = self._words.heads.archived.format(name=", ".join(names))
        return self._pages.list_page(title, self._words.lines.archived.format(hours=hours), rows)

    def _go_on(self, record: CaseRecord) -> Button:
        return Button(self._catalog.wording.labels.go_on, _show_tap(record))

    def case_list(self, opened: list[CaseRecord], now: float) -> Card:
        """List open cases, each with its age and the way to its card."""
        if not opened:
            page = self._catalog.wording.pages.nothing_open
            return self._pages.list_page(page.title, self._words.lines.no_cases, ())
        rows = [(Button(self._listed(k, now), _show_tap(k)),) for k in opened]
        return self._pages.list_page(self._words.heads.cases, self._words.lines.cases, tuple(rows))

    def _listed(self, record: CaseRecord, now: float) -> str:
        """Name a case in the list: how old it is, and what of it waits to be posted."""
        team, labels = record.team, self._words.labels
        if team is None:
            return ""
        waits = [labels.waits] if team.lacks(RECORD) or team.lacks(CARD) else []
        return " · ".join((team.code_name, age_text(now - team.created_at), *waits))

    def _build(self, flow: Flow) -> TeamFlowServices:
        interview = Interview(flow)
        discussion = Discussion(interview)
        board = TeamRenderer(CaseRenderer(flow, self._catalog, named=True), in_utc)
        return TeamFlowServices(interview, discussion, board, TeamActions(interview, discussion, board, self._clock))


def _show_tap(record: CaseRecord) -> Tap:
    return Tap(Action.show, case=record.case.parent_id or record.case.id)
