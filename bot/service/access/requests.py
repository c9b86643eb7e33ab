"""What happens when somebody writes who has no access: they read how it works, may ask, and administrators decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.service.access.cards import AccessCards
from bot.service.access.pairing import MOST_REMEMBERED
from bot.service.access.repository import AccessRequest, RequestState
from bot.service.notices import Notices
from bot.service.ports import UnitOfWork
from bot.service.replies import AccessChange, ActionContext, Reply, ShowCard
from flows.catalog.loader import Catalog

MOST_ASKING: Final = 20
"""People who may ask in a day: administrators get no more messages than that."""


class AccessRequests:
    """Answers people without access, and takes their requests to the administrators."""

    def __init__(self, cards: AccessCards, catalog: Catalog, clock: Callable[[], float]) -> None:
        """Store what draws cards, the words, and the clock (seconds since 1970)."""
        self._cards = cards
        self._notices = Notices(catalog)
        self._toasts = catalog.access.toasts
        self._clock = clock

    def turn_away(self, uow: UnitOfWork, user_id: str, *, tapped: bool, always: bool) -> Reply:
        """Answer somebody without access; how it works they read once a day, and whenever they send /start.

        Args:
            uow: the transaction.
            user_id: the person.
            tapped: whether they tapped; each tap is answered.
            always: whether they are to read it again.
        """
        if tapped or not uow.administrators():
            return self._notices.not_listed(user_id, tapped=tapped)
        request = uow.get_request(user_id) or AccessRequest(self._clock())
        if request.told and not always:
            return Reply()
        uow.put_request(user_id, replace(request, told=True), MOST_REMEMBERED)
        asked = request.state is RequestState.asked
        return Reply((ShowCard(self._cards.page("asked") if asked else self._cards.unknown(user_id)),))

    def ask(self, uow: UnitOfWork, context: ActionContext) -> Reply:
        """Bring somebody's request to every administrator, once a day."""
        admins, who = uow.administrators(), context.user_id
        if not admins:
            return Reply(toast=self._toasts.nobody)
        request = uow.get_request(who) or AccessRequest(self._clock())
        if request.state is not RequestState.wrote:
            return Reply(toast=self._toasts.asked_before)
        if uow.count_asking() >= MOST_ASKING:
            return Reply(toast=self._toasts.too_many)
        uow.put_request(who, replace(request, told=True, state=RequestState.asked), MOST_REMEMBERED)
        card = self._cards.request(who)
        shows = (ShowCard(card, chat=admin, page_number=int(who)) for admin in admins)
        asked = ShowCard(self._cards.page("asked"), context.message_id)
        return Reply((asked, *shows), self._toasts.asked, change=AccessChange("access_asked", who))

    def admitted(self, context: ActionContext) -> Reply:
        """Answer somebody who asks, and may use the bot by now."""
        return Reply((ShowCard(self._cards.welcome(), context.message_id),), self._toasts.has_access)

    def refuse(self, uow: UnitOfWork, number: str, context: ActionContext) -> Reply:
        """Refuse a request, and say so to whoever asked; where it was decided before, nothing changes."""
        request = uow.get_request(number)
        if uow.is_admitted(number):
            before = self._toasts.admitted_before.format(number=number)
            return Reply((ShowCard(self._cards.page("admitted_before", number), context.message_id),), before)
        refused = ShowCard(self._cards.page("refused", number), context.message_id)
        toast = self._toasts.refused.format(number=number)
        if request is None or request.state is not RequestState.asked:
            return Reply((refused,), toast)
        uow.put_request(number, replace(request, state=RequestState.refused), MOST_REMEMBERED)
        told = ShowCard(self._cards.page("declined"), chat=number)
        return Reply((refused, told), toast, change=AccessChange("access_refused", number))
