"""Pairing: a code that the terminal prints makes the first person who sends it in private an administrator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.service.access.cards import AccessCards
from bot.service.access.codes import CODE_MINUTES, code_hash, matching, new_code
from bot.service.access.repository import AccessRequest
from bot.service.ports import UnitOfWork
from bot.service.replies import AccessChange, Reply, ShowCard

MOST_WRONG: Final = 5
"""Codes that a person may send in a day that do not pair."""

MOST_REMEMBERED: Final = 1000
"""People without access of whom it is remembered what they were told; who wrote first is forgotten first."""


class Pairing:
    """Makes codes, and takes them."""

    def __init__(self, cards: AccessCards, clock: Callable[[], float]) -> None:
        """Store what draws cards, and the clock (seconds since 1970)."""
        self._cards = cards
        self._clock = clock

    def begin(self, uow: UnitOfWork) -> str:
        """Return a new code; its hash alone is kept."""
        code = new_code()
        uow.add_pairing_code(code_hash(code), self._clock() + CODE_MINUTES * 60)
        return code

    def begin_unless_paired(self, uow: UnitOfWork) -> str:
        """Return a new code where nobody administers the bot; else nothing."""
        return "" if uow.administrators() else self.begin(uow)

    def take(self, uow: UnitOfWork, code: str, user_id: str) -> Reply:
        """Make a person an administrator whose code pairs; each code works once, and the others end with it.

        Args:
            uow: the transaction.
            code: the hash of the code; empty where they sent none.
            user_id: the person.
        """
        if not code:
            return Reply((ShowCard(self._cards.page("wrong_code")),))
        request = uow.get_request(user_id) or AccessRequest(self._clock())
        if request.wrong_codes >= MOST_WRONG:
            return Reply((ShowCard(self._cards.page("many_codes")),))
        if not matching(code, uow.pairing_codes(self._clock())):
            uow.put_request(user_id, replace(request, wrong_codes=request.wrong_codes + 1), MOST_REMEMBERED)
            return Reply((ShowCard(self._cards.page("wrong_code")),), change=AccessChange("code_refused", user_id))
        uow.drop_pairing_codes()
        uow.drop_request(user_id)
        uow.admit(user_id, is_admin=True)
        return Reply((ShowCard(self._cards.page("paired")),), change=AccessChange("paired", user_id))

    def burn(self, uow: UnitOfWork, code: str) -> Reply:
        """Make a code void that somebody sent to a group, where others read it, and say so."""
        if not code:
            return Reply()
        uow.drop_pairing_codes(matching(code, uow.pairing_codes(self._clock())))
        return Reply((ShowCard(self._cards.page("code_in_group")),))
