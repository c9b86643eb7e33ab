"""What administrators of the bot do in the chat: admit and expel people and groups, and list who is admitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.service.access.cards import AccessCards, number_of
from bot.service.access.pairing import Pairing
from bot.service.access.repository import RequestState
from bot.service.access.requests import AccessRequests
from bot.service.commands import UNREADABLE
from bot.service.policies import AccessPolicy
from bot.service.ports import UnitOfWork
from bot.service.replies import UNREADABLE as UNREADABLE_TAP
from bot.service.replies import AccessChange, ActionContext, Reply, ShowCard
from flows.cards.card import Action, Card, Tap
from flows.catalog.loader import Catalog

ON_PAGE: Final = 8
"""Numbers on a page of the list."""

KEPT: Final = 86_400.0
"""Seconds for which it is remembered that somebody without access wrote."""


class AccessAdministration:
    """Hands what an administrator of the bot does to the lists.

    Attributes:
        pairing: makes codes, and takes them.
        requests: answers people without access.
    """

    def __init__(self, catalog: Catalog, clock: Callable[[], float]) -> None:
        """Store the words, and the clock (seconds since 1970)."""
        self._cards = AccessCards(catalog)
        self._toasts = catalog.access.toasts
        self._unreadable = catalog.wording.toasts.unknown_button
        self._clock = clock
        self.pairing = Pairing(self._cards, clock)
        self.requests = AccessRequests(self._cards, catalog, clock)

    def command(
        self, uow: UnitOfWork, name: str, number: str, context: ActionContext, policy: AccessPolicy, *, group: str = ""
    ) -> Reply:
        """Answer /admit, /expel or /admitted.

        Args:
            uow: the transaction.
            name: the command, without its slash.
            number: whom it concerns; empty for nobody, UNREADABLE for what is no number.
            context: who writes.
            policy: the lists of the settings.
            group: the group that it was written in; empty in a private chat.
        """
        if context.user_id not in uow.administrators():
            return self._page("open" if policy.open else "only_admins")
        if name == "admitted":
            return self._page("privately") if group else Reply((ShowCard(self._list(uow)),))
        if name == "expel" and not (number or group):
            return Reply((ShowCard(self._list(uow)),))
        whom = number or group
        if whom in ("", UNREADABLE) or not int(whom):
            return self._page("whom")
        whom = str(int(whom))
        if whom == group:
            return self._group(uow, name, group, context, policy)
        done, change = self._change(uow, name, whom, context, policy)
        welcome = self._welcome(uow, whom) if done == "admitted" else ()
        return Reply((ShowCard(self._named(done, whom)), *welcome), change=change)

    def tap(self, uow: UnitOfWork, tap: Tap, context: ActionContext, policy: AccessPolicy) -> Reply:
        """Handle a button of an administrator."""
        if context.user_id not in uow.administrators():
            return Reply(toast=self._toasts.only_admins)
        if tap.action is Action.admitted:
            page = int(tap.choice[:4]) if tap.choice.isdecimal() else 0
            return Reply((ShowCard(self._list(uow, page), context.message_id),))
        number = number_of(tap.choice)
        if not number:
            return Reply(toast=self._unreadable, forged=UNREADABLE_TAP)
        if tap.action is Action.refuse:
            return self.requests.refuse(uow, number, context)
        done, change = self._change(uow, tap.action.name, number, context, policy)
        toast: str = getattr(self._toasts, done).format(number=number)
        if tap.action is Action.expel:
            return Reply((ShowCard(self._list(uow), context.message_id),), toast, change=change)
        welcome = self._welcome(uow, number) if done == "admitted" else ()
        return Reply((ShowCard(self._named(done, number), context.message_id), *welcome), toast, change=change)

    def expire(self, uow: UnitOfWork) -> None:
        """Forget codes whose time is over, and people without access who wrote a day ago."""
        uow.expire_access(self._clock(), KEPT)

    def _group(self, uow: UnitOfWork, name: str, group: str, context: ActionContext, policy: AccessPolicy) -> Reply:
        """Admit or expel the group that the command was written in, and say so there."""
        done, change = self._change(uow, name, group, context, policy)
        card = {"admitted": "group_welcome", "expelled": "group_expelled"}.get(done)
        return Reply((ShowCard(self._cards.page(card) if card else self._named(done, group)),), change=change)

    def _change(
        self, uow: UnitOfWork, name: str, number: str, context: ActionContext, policy: AccessPolicy
    ) -> tuple[str, AccessChange | None]:
        """Admit or expel a number; return what became of it, as the name of its words, and the change."""
        if int(number) in policy.users | policy.chats:
            return "settings", None
        by = context.user_id
        if name == "admit":
            if uow.is_admitted(number):
                return "admitted_before", None
            uow.admit(number)
            return "admitted", AccessChange("admitted", number, by)
        if uow.administrators() == [number]:
            return "last_admin", None
        if not uow.expel(number):
            return "not_admitted", None
        return "expelled", AccessChange("expelled", number, by)

    def _welcome(self, uow: UnitOfWork, number: str) -> tuple[ShowCard, ...]:
        """Return the word to somebody who asked that they are admitted; a bot may not write to others."""
        request = uow.get_request(number)
        uow.drop_request(number)
        asked = request and request.state is not RequestState.wrote
        return (ShowCard(self._cards.welcome(), chat=number),) if asked else ()

    def _list(self, uow: UnitOfWork, page: int = 0) -> Card:
        """Draw a page of the list; one that is empty leads to the first."""
        found = uow.list_admitted(ON_PAGE + 1, page * ON_PAGE)
        if page and not found:
            return self._list(uow)
        listed = [(admission.number, admission.is_admin) for admission in found[:ON_PAGE]]
        return self._cards.admitted(listed, page, more=len(found) > ON_PAGE)

    def _named(self, page: str, number: str) -> Card:
        """Draw what became of a number."""
        return self._cards.page(page, "" if page == "last_admin" else number)

    def _page(self, name: str) -> Reply:
        return Reply((ShowCard(self._cards.page(name)),))
