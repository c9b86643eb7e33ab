"""How a person's own cases are read and drawn: what serves each flow, where a case stands, the card that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from bot.service.case_store import CaseRecord, CaseRepository
from bot.service.replies import ActionContext, Reply, ShowCard
from bot.service.times import next_timestamp, time_writer
from flows.cards.card import Action, Button, Card, Tap
from flows.cards.case import CaseRenderer
from flows.cards.note import note_card
from flows.cards.pages import Pages
from flows.cards.team.case import code_word
from flows.catalog.loader import Catalog
from flows.engine.interview import Interview, InterviewState
from flows.errors import StaleTap
from flows.export.picture import SpineView
from flows.export.record_page import Page, PageTime, RecordPages, RecordView
from flows.model.case import Case
from flows.model.code_names import code_name
from flows.model.findings import NOT_ASKED
from flows.model.flow import Flow
from flows.model.levels import as_spans
from flows.model.scored import Scored

APART: Final = 20
"""A new case gets another name than each of so many before it."""

DRAWS: Final = 64
"""How many ids are drawn at most for a name that is free: of 24 names four always are."""


class FlowServices(NamedTuple):
    """What serves the cases of one flow."""

    interview: Interview
    renderer: CaseRenderer


class PrivateCases:
    """Reads and draws the cases of every flow."""

    def __init__(
        self,
        flows: Mapping[str, Flow],
        catalog: Catalog,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        *,
        drawn: bool = False,
    ) -> None:
        """Store the flows, the default first, their words, the clock (seconds since 1970) and the source of ids."""
        self._flow_services = {
            code: FlowServices(Interview(flow), CaseRenderer(flow, catalog, drawn=drawn))
            for code, flow in flows.items()
        }
        self._catalog = catalog
        self._words = catalog.wording
        self._pages = Pages(catalog)
        self._clock = clock
        self._new_id = new_id
        self.time_text = time_writer(catalog.site.zone)
        self.default = next(iter(self._flow_services.values()))

    def serves(self, flow: str) -> bool:
        """Return whether there is a flow of that code."""
        return flow in self._flow_services

    def services_for(self, flow: str) -> FlowServices:
        """Return what serves the cases of a flow, by its code."""
        return self._flow_services[flow]

    def services_of(self, record: CaseRecord) -> FlowServices:
        """Return what serves a case."""
        return self._flow_services[record.case.flow]

    def fresh(self, repository: CaseRepository, context: ActionContext, flow: str = "") -> Case:
        """Return a case of a flow, the default one where none is named, that has no answer yet."""
        code = flow or self.default.interview.flow.code
        return Case(self.free_id(repository, context), code, self._catalog.edition)

    def bring_here(self, repository: CaseRepository, record: CaseRecord, context: ActionContext) -> Reply:
        """Bring a case to the message that was tapped; the one that showed it before is out of date."""
        now = next_timestamp(self._clock, repository.get_current(context.chat, context.user_id))
        updated = replace(record, card_message_id=context.message_id, archived=False, updated_at=now)
        repository.update(updated, record.case.revision)
        return Reply((self.show_case(repository, updated), *self.mark_superseded(record, context.message_id).shows))

    def show_case(self, repository: CaseRepository, record: CaseRecord) -> ShowCard:
        """Draw where a case stands, in the message that shows it."""
        services = self.services_of(record)
        state = services.interview.state(record.case)
        if record.case.unconfirmed:
            return ShowCard(
                self.with_name(record.case, note_card(services.renderer, record.case, state)),
                record.card_message_id,
                record.case.id,
                picture=record.picture.message_id,
            )
        scored = self.scored(repository, record, state)
        card = services.renderer.case(record.case, state, scored, self.time_text(record.updated_at))
        named, picture = self.with_name(record.case, card), record.picture.message_id
        return ShowCard(named, record.card_message_id, record.case.id, picture=picture)

    def scored(self, repository: CaseRepository, record: CaseRecord, state: InterviewState) -> tuple[Scored, ...]:
        """Return what was scored of a case, at its levels where a level is scored: what its card says, if complete."""
        asked = state.current or self.services_of(record).interview.flow
        found: list[Scored | None] = []
        for code in filter(self.serves, asked.linked_flows):
            interview, renderer = self.services_for(code)
            helps = repository.get(record.case.linked_case_id(interview.flow, state.levels))
            found += [renderer.score_cards.scored(helps.case, interview.state(helps.case))] if helps else []
        return tuple(filter(None, found))

    def spine_view(self, repository: CaseRepository, record: CaseRecord) -> SpineView:
        """Return what the picture of a case shows."""
        state = self.services_of(record).interview.state(record.case)
        return SpineView(
            state.findings,
            record.picture.option,
            name=self.name(record.case),
            scope=state.scope,
            scored=self.scored(repository, record, state),
        )

    def record_page(self, repository: CaseRepository, record: CaseRecord, now: float) -> Page | None:
        """Return the page of a finished case; None where a question is open, or its flow advises nothing."""
        interview, cards = self.services_of(record)
        state = interview.state(record.case)
        if state.current or interview.flow.guidance.bands:
            return None
        view = RecordView(
            state.findings,
            PageTime(self.time_text(now), int(now)),
            code_word(self.name(record.case)).capitalize(),
            state.scope,
            self.scored(repository, record, state),
            "".join(line.text for line in cards.findings.older(record.case)),
        )
        return RecordPages(interview.flow, self._catalog).page(view)

    def name_of(self, record: CaseRecord) -> str:
        """Return the name of a case that is kept."""
        return self.name(record.case)

    def short_title(self, record: CaseRecord) -> str:
        """Return a case in a line: its levels, and its headline or how far it has come."""
        interview, cards = self.services_of(record)
        state = interview.state(record.case)
        card = cards.case(record.case, state)
        if state.current is None:
            return f"{card.label.partition(' · ')[0]} · {cards.short_title(card.title)}"
        first = state.current is cards.flow.questions[0]
        levels = as_spans(state.selected if first else state.findings.get("levels", NOT_ASKED))
        scale, _, step = card.label.rpartition(" · ")
        progress = self._words.recent.progress.format(step=step)
        return " · ".join(filter(None, (levels, scale.removeprefix(self._words.case), progress)))

    def name(self, case: Case) -> str:
        """Return the name that tells a case from the others of its chat; one that helps another bears that one's."""
        return code_name(case.parent_id or case.id, self._catalog.team.names)

    def with_name(self, case: Case, card: Card) -> Card:
        """Return the card with the name of its case first."""
        return replace(card, label=with_code_name(self.name(case), card.label, self._words.case))

    def free_id(self, repository: CaseRepository, context: ActionContext) -> str:
        """Draw an id whose name none of the person's last cases here has."""
        names = self._catalog.team.names
        taken = {code_name(last, names) for last in repository.last_ids(context.chat, context.user_id, APART)}
        drawn = [self._new_id()]
        while code_name(drawn[-1], names) in taken and len(drawn) < DRAWS:
            drawn.append(self._new_id())
        return drawn[-1]

    def mark_superseded(self, record: CaseRecord, message: int | None) -> Reply:
        """Mark the card that showed a case before, if it is another message."""
        if record.card_message_id in (None, message):
            return Reply()
        return Reply((ShowCard(self.superseded_card(record), record.card_message_id),))

    def superseded_card(self, record: CaseRecord) -> Card:
        """Draw what a card says that does not hold any more."""
        return self.with_name(record.case, self._pages.bare(self._words.pages.superseded, self.go_on(record)))

    def archived_card(self, record: CaseRecord) -> Card:
        """Draw what a card says while its case is put aside."""
        return self.with_name(record.case, self._pages.plain(self._words.pages.archived, self.go_on(record)))

    def go_on(self, record: CaseRecord) -> Button:
        """Return the button that leads to a case."""
        return Button(self._words.labels.go_on, Tap(Action.show, case=record.case.id))

    def way_back(self, repository: CaseRepository, context: ActionContext) -> Button | None:
        """Return the way back to the open case, where one was begun."""
        record = repository.get_current(context.chat, context.user_id)
        if record is None or not record.case.answer_events:
            return None
        nothing_read = (
            record.case.unconfirmed and not self.services_of(record).interview.state(record.case).unconfirmed
        )
        return None if nothing_read else self.go_on(record)

    def to_read(self, case: Case, tap: Tap, scored: Sequence[Scored] = ()) -> Card:
        """Draw what is read beside a case, or the case itself with what was scored of it; nobody is named on it.

        Raises:
            StaleTap: where there is no such thing to read where the case stands.
        """
        interview, cards = self.services_for(case.flow)
        state = interview.state(case)
        match tap.action:
            case Action.show:
                return note_card(cards, case, state) if case.unconfirmed else cards.case(case, state, scored)
            case Action.scale if state.current is not None and tap.question in state.current.scales:
                return self._pages.scale(
                    tap.question, Button(self._words.labels.to_question, Tap(Action.show, case=case.id))
                )
            case Action.option | Action.changes | Action.what_if | Action.compare:
                return read_only_card(cards, case, state, tap)
            case _:
                raise StaleTap(tap.question)


def read_only_card(cards: CaseRenderer, case: Case, state: InterviewState, tap: Tap) -> Card:
    """Draw what is read beside a case: its answers, an option, what would change it, what if, options side by side.

    Raises:
        StaleTap: where the recommendation is not reached, or has no such thing beside it.
    """
    if tap.action is Action.answers:
        return cards.answers(case, state)
    if state.current or cards.flow.guidance.bands:
        raise StaleTap(tap.question)
    match tap.action:
        case Action.changes:
            return cards.changes(case, state, tap.question)
        case Action.what_if:
            return cards.what_if(case, state, tap.question, tap.choice)
        case Action.compare:
            return cards.compare(case, state, cards.comparison.options(tap.question, tap.choice))
        case Action.option if not tap.question:
            return cards.option_cards.every(case, state)
        case _ if tap.question in cards.catalog.options:
            return cards.option_cards.option(case, state, tap.question)
        case _:
            raise StaleTap(tap.question)


def with_code_name(name: str, label: str, case: str) -> str:
    """Begin the first line of a card with the name of its case, in place of the bare word for one."""
    return " · ".join(filter(None, (name, label.removeprefix(f"{case} · "))))
