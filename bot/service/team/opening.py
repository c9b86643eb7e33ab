"""How a team's case is begun, taken over from a private chat, named, brought back and shown anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.service.case_store import CaseRecord, CaseRepository, TeamRecord, chat_of
from bot.service.links.share_links import copied_case_id, verify
from bot.service.replies import (
    ActionContext,
    Reply,
    ShowCard,
)
from bot.service.team.cases import TeamCases
from bot.service.team.linked_cases import copy_linked, roots
from bot.service.times import next_timestamp
from flows.cards.card import Card
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.model.case import Case
from flows.model.code_names import code_name

MOST_OPEN: Final = 8
"""Cases that one member may have opened in a chat and not decided: names, and the pace of a group, are for all."""


class CaseOpening:
    """Opens cases in a group, each under a name that no other open one there has."""

    def __init__(
        self, cases: TeamCases, flow: str, catalog: Catalog, clock: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        """Store what draws a case, the code of the flow that teams work, words, clock (seconds since 1970), ids."""
        self._cases = cases
        self._default = flow
        self._pages = Pages(catalog)
        self._catalog = catalog
        self._words = catalog.team
        self._clock = clock
        self._new_id = new_id

    def fresh(self) -> Case:
        """Return a case that has no answer yet."""
        return Case(self._new_id(), self._default, self._catalog.edition)

    def new(self, repository: CaseRepository, context: ActionContext) -> Reply:
        """Begin a case of this place."""
        return self.open(repository, self.fresh(), context, "")

    def open(
        self,
        repository: CaseRepository,
        case: Case,
        context: ActionContext,
        shared_by: str,
        helps: CaseRecord | None = None,
        wanted: str = "",
    ) -> Reply:
        """Open a case under a name that no other open one here has, with a copy of what helped with it elsewhere."""
        name = self.free_name(repository, case.id, context.chat, wanted)
        if name is None:
            return _new_message(self._pages.bare(self._words.pages.names_taken))
        if self.opened(repository, context) >= MOST_OPEN:
            return _new_message(self._pages.number_page(self._words.pages.too_many, str(MOST_OPEN)))
        others = roots(repository.list_team_cases(context.chat))
        now = max([self._clock(), *(k.team.created_at + 1e-3 for k in others if k.team)])
        record = CaseRecord(case, context.chat, context.user_id, updated_at=now, team=TeamRecord(name, now, shared_by))
        repository.add(record)
        if helps:
            repository.add(copy_linked(record, helps, case.linked_case_id(self._cases.view(record).state.levels)))
        return Reply((self._cases.show_case(repository, record),))

    def opened(self, repository: CaseRepository, context: ActionContext) -> int:
        """Return how many cases of the chat a member has opened that are open still."""
        here = roots(repository.list_in_chat(chat_of(context.chat)))
        return sum(k.owner == context.user_id and self._cases.is_open(k) for k in here)

    def free_name(self, repository: CaseRepository, case_id: str, place: str, wanted: str = "") -> str | None:
        """Choose a name that no other open case of a place has, and no decided one if that can be.

        One that the case had elsewhere is kept where it is free.
        """
        others = [k for k in roots(repository.list_team_cases(place)) if k.case.id != case_id]
        taken = {k.team.code_name for k in others if k.team and self._cases.is_open(k)}
        recent = {k.team.code_name for k in others if k.team}
        free = [n for n in self._words.names if n not in recent] or [n for n in self._words.names if n not in taken]
        if wanted in free:
            return wanted
        return free[sum(case_id.encode()) % len(free)] if free else None

    def unarchive(self, repository: CaseRepository, record: CaseRecord) -> CaseRecord | None:
        """Reopen a case, under another name if its own was given away meanwhile; None if none is free."""
        updated = roots(repository.list_team_cases(record.place))
        others = [k for k in updated if k.case.id != record.case.id and self._cases.is_open(k)]
        team = record.team
        if team and team.code_name in {k.team.code_name for k in others if k.team}:
            name = self.free_name(repository, record.case.id, record.place)
            if name is None:
                return None
            team = replace(team, code_name=name)
        return replace(record, archived=False, team=team)

    def open_shared(self, repository: CaseRepository, token: str, context: ActionContext) -> Reply:
        """Open the case that a link hands to this place; followed again, the link leads to the same one."""
        case_id = verify(repository.signing_secret(), token, context.user_id, self._clock())
        record = repository.get(case_id) if case_id else None
        if record is None or record.team or record.owner != context.user_id or record.case.flow != self._default:
            return _new_message(self._pages.bare(self._words.pages.share_gone))
        updated = repository.get(copied_case_id(token, context.chat, len(record.case.id)))
        if updated:
            return self.bring_here(repository, updated, context)
        case = replace(record.case, id=copied_case_id(token, context.chat, len(record.case.id)), discussion_events=())
        helps = repository.get(record.case.linked_case_id(self._cases.view(record).state.levels))
        return self.open(
            repository, case, context, context.user_id, helps, wanted=code_name(record.case.id, self._words.names)
        )

    def bring_here(self, repository: CaseRepository, record: CaseRecord, context: ActionContext) -> Reply:
        """Show a case: in its card where that was tapped, else in a new one below, and there the one that it helps."""
        if context.message_id is not None and context.message_id == record.card_message_id and not record.archived:
            return Reply((self._cases.show_case(repository, record),))
        parent = repository.get(record.case.parent_id) if record.case.parent_id else None
        record = parent or record
        woken = self.unarchive(repository, record)
        if woken is None:
            return _new_message(self._pages.bare(self._words.pages.names_taken))
        stays = context.message_id is not None and context.message_id == record.card_message_id
        updated = replace(
            woken,
            updated_at=next_timestamp(self._clock, record),
            card_message_id=record.card_message_id if stays else None,
        )
        repository.update(updated, record.case.revision)
        before = record.card_message_id if not stays else None
        outdated = (
            (ShowCard(self._cases.superseded_card(record), before, chat=record.place),) if before is not None else ()
        )
        return Reply((*outdated, self._cases.show_case(repository, updated)))


def _new_message(card: Card) -> Reply:
    return Reply((ShowCard(card),))
