"""What a tap on the card of a team's case does: it answers, says what a member holds, or opens what one needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.service.case_store import CARD, POLL, RECORD, CaseRecord, CaseRepository
from bot.service.pictures.requests import require_picture, send_picture
from bot.service.replies import (
    ActionContext,
    ClosePoll,
    DeleteMessage,
    Effect,
    PinMessage,
    Reply,
    ShowCard,
)
from bot.service.tap_rules import RULES, Who
from bot.service.team.actions import LISTS, leads
from bot.service.team.cases import TeamCases
from bot.service.team.linked_cases import as_linked, load, roots, save
from bot.service.team.opening import CaseOpening
from bot.service.team.reading import PrivateReading
from bot.service.team.refusals import RefusalTexts
from bot.service.team.tapped_message import instead
from bot.service.times import next_timestamp
from flows.cards.card import Action, Tap
from flows.cards.team.card import READING
from flows.cards.team.case import code_word
from flows.catalog.loader import Catalog
from flows.engine.discussion import Stage
from flows.errors import AnswersWouldGo, FlowError, ReasonWanted, StaleTap
from flows.model.editions import upgrade
from flows.pathways.editions import CHANGES

_NAME_CHOICES: Final = 3
"""Names to pick the right one from."""


class TeamCaseTaps:
    """Applies taps to a case, and shows what follows."""

    def __init__(
        self,
        cases: TeamCases,
        opening: CaseOpening,
        reading: PrivateReading,
        refusals: RefusalTexts,
        catalog: Catalog,
        clock: Callable[[], float],
    ) -> None:
        """Store what draws a case, opens it, reads it in private, says why not, words, clock (seconds since 1970)."""
        self._cases = cases
        self._opening = opening
        self._reading = reading
        self._refusals = refusals
        self._catalog = catalog
        self._words = catalog.team
        self._clock = clock

    def on_card(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Handle a button that was pressed on the card of a case, or on a message that once was."""
        toasts = self._catalog.wording.toasts
        if tap.action is Action.show:
            return self._opening.bring_here(repository, record, context)
        if record.archived and context.message_id == record.card_message_id:
            return Reply((ShowCard(self._cases.archived_card(record), record.card_message_id),), toasts.archived)
        if record.archived:
            return instead(self._cases.archived_card(record), context, toasts.archived)
        if context.message_id != record.card_message_id and (record.card_message_id is not None or not context.bears):
            return instead(self._cases.superseded_card(record), context, toasts.shown_elsewhere)
        team = record.team.delivered(CARD) if record.team else None
        updated = replace(record, card_message_id=context.message_id, team=team)
        if tap.action is Action.linked_case:
            return self._open_linked(repository, record, updated, tap, context)
        if tap.action is Action.picture:
            return self._send_picture(repository, record, updated)
        return self.on_button(repository, record, updated, tap, context)

    def on_button(
        self, repository: CaseRepository, record: CaseRecord, updated: CaseRecord, tap: Tap, context: ActionContext
    ) -> Reply:
        """Handle a tap of somebody who may ask for that, once it is plain which case it means."""
        if tap.action in READING:
            return self._reading.opened(repository, tap, context)
        if RULES[tap.action].who is Who.leader and not leads(record, context):
            return Reply(toast=self._refusals.no_leader(context))
        return self._ask_which_case(repository, updated, tap) or self._apply(repository, record, updated, tap, context)

    def _ask_which_case(self, repository: CaseRepository, record: CaseRecord, tap: Tap) -> Reply | None:
        """Where the card of another open case stands below, have the right name picked before a tap counts."""
        mine = record.case.parent_id or record.case.id
        opened = [k for k in roots(repository.list_team_cases(record.place)) if self._cases.is_open(k)]
        above = bool(opened) and max(opened, key=_depth).case.id != mine
        if tap.action in LISTS or not above or not record.team or tap.name == code_word(record.team.code_name):
            return None
        if tap.name:
            return Reply((self._cases.show_case(repository, record),), self._words.toasts.wrong_name)
        others = [k.team.code_name for k in opened if k.team and k.case.id != mine]
        more = [name for name in self._words.names if name not in (*others, record.team.code_name)]
        names = sorted([record.team.code_name, *[*others, *more][: _NAME_CHOICES - 1]], key=code_word)
        card = self._cases.services_of(record).renderer.case_choice(self._cases.view(record), tap, names)
        return Reply((ShowCard(card, record.card_message_id, record.case.id),), self._words.toasts.which)

    def _apply(
        self, repository: CaseRepository, record: CaseRecord, updated: CaseRecord, tap: Tap, context: ActionContext
    ) -> Reply:
        """Apply a tap, or answer why not and draw where the case stands."""
        view, services = self._cases.view(record, repository), self._cases.services_of(record)
        try:
            if tap.action in LISTS:
                card = services.actions.view(view, tap, context.user_id)
                return Reply((ShowCard(card, updated.card_message_id, record.case.id),))
            updated = replace(
                updated,
                case=services.actions.apply(record, view, tap, context),
                updated_at=next_timestamp(self._clock, record),
            )
        except AnswersWouldGo:
            return Reply(
                (
                    ShowCard(
                        services.renderer.starting_over(view, context.user_id), updated.card_message_id, record.case.id
                    ),
                )
            )
        except ReasonWanted:
            asked = services.renderer.confirming(view, tap.question, context.user_id)
            return Reply((ShowCard(asked, updated.card_message_id, record.case.id),))
        except FlowError as refused:
            toast = self._refusals.refusal(refused, view, tap, context)
        else:
            toast = self._refusals.confirmation(view, updated, tap)
        updated, follows = self._stage_effects(repository, record, updated)
        # What was frozen by the vote or the decision is asked again now, if it means something else by now.
        updated = (
            replace(updated, case=upgrade(updated.case, CHANGES))
            if tap.action in (Action.withdraw, Action.reopen)
            else updated
        )
        if tap.action is Action.reopen and updated.case is not record.case:
            updated = self._opening.unarchive(repository, updated) or updated
        if updated != record:
            save(repository, updated, record.case.revision)
        late = self._refusals.late(toast or self._words.toasts.counted) if updated.case != record.case else ""
        return replace(
            follows, shows=(self._cases.show_case(repository, updated), *follows.shows), toast=toast, late=late
        )

    def _stage_effects(
        self, repository: CaseRepository, record: CaseRecord, updated: CaseRecord
    ) -> tuple[CaseRecord, Reply]:
        """Return what a change of stage brings with it: a poll, its end, the decision card, that it does not hold."""
        if updated.team is None or updated.case.discussion_events == record.case.discussion_events:
            return updated, Reply()
        before, now = self._cases.view(record).discussion, self._cases.view(updated).discussion
        effects: list[Effect] = []
        shows: list[ShowCard] = []
        over = (POLL,) if now.stage is not before.stage else ()
        over = over if now.stage is Stage.decided else (*over, RECORD)
        team = updated.team.delivered(*over)
        updated = replace(updated, team=team)
        if now.stage is Stage.voting and before.stage is not Stage.voting:
            effects.append(self._cases.open_poll(updated))
        if before.stage is Stage.voting and now.stage is not Stage.voting:
            if team.poll_message_id is not None:
                effects.append(ClosePoll(team.poll_message_id, chat=updated.place))
            updated = replace(updated, team=replace(team, poll_id="", poll_message_id=None))
        if now.stage is Stage.decided and before.stage is not Stage.decided:
            updated = (
                replace(updated, team=replace(updated.team, decision_message_id=None)) if updated.team else updated
            )
            shows.append(self._cases.show_decision(repository, updated))
        if before.stage is Stage.decided and updated.team and updated.team.decision_message_id is not None:
            effects.append(PinMessage(updated.team.decision_message_id, on=False, chat=updated.place))
            shows.append(self._cases.show_decision(repository, updated))
        if before.stage is Stage.decided and updated.picture.record_message_id is not None:
            effects.append(DeleteMessage(updated.picture.record_message_id, chat=updated.place))
            updated = replace(updated, picture=updated.picture._replace(record_message_id=None))
        return updated, Reply(tuple(shows), effects=tuple(effects))

    def _open_linked(
        self, repository: CaseRepository, record: CaseRecord, updated: CaseRecord, tap: Tap, context: ActionContext
    ) -> Reply:
        """Open the case that helps with the question at hand or with a finding, in the same card, from what is found.

        It changes nothing of the case that it helps, so no name is asked for.
        """
        view = self._cases.view(record)
        state = view.state
        if updated != record:
            repository.update(updated, record.case.revision)
        questions = self._cases.services_of(record).renderer.case_renderer.flow.questions
        parent = [
            q
            for q in questions
            if q.linked_flow == tap.question and (q is state.current or state.findings.get(q.code))
        ]
        if tap.turn != record.case.turn or not parent or not view.discussion.is_open:
            return Reply((self._cases.show_case(repository, updated),), self._catalog.wording.toasts.stale)
        linked_id = record.case.linked_case_id(state.levels)
        begun = load(repository, linked_id)
        if begun is None:
            fresh = record.case.helper(tap.question, self._catalog.edition, state.levels)
            case = self._cases.services_for(tap.question).interview.prefill(fresh, state.findings, context.user_id)
            begun = as_linked(
                updated, CaseRecord(case, updated.place, updated.owner, next_timestamp(self._clock, record))
            )
            repository.add(begun)
        return Reply((self._cases.show_case(repository, begun),))

    def _send_picture(self, repository: CaseRepository, record: CaseRecord, updated: CaseRecord) -> Reply:
        """Have the picture of a case sent; it changes nothing of the case, so no name is asked for."""
        services = self._cases.services_of(record)
        try:
            require_picture(services.interview.flow, self._cases.view(record).state, "")
        except StaleTap:
            return Reply((self._cases.show_case(repository, updated),), self._catalog.wording.toasts.stale)
        others = repository.list_team_cases(record.place)
        return send_picture(repository, updated, record.case.revision, "", others)


def _depth(record: CaseRecord) -> tuple[bool, int, float]:
    """Return how far down in its chat the card of a case stands; one that is yet to come stands below all."""
    return record.card_message_id is None, record.card_message_id or 0, record.team.created_at if record.team else 0.0
