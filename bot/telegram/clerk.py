"""Handles a letter in one transaction: what it does to the case, the screens that follow, the mark that it is done."""

from __future__ import annotations

from typing import Final

import orjson

from bot.access import Access
from bot.conversation import Conversation, Reply, Show, Visit
from bot.desk import Desk, Letter, Wish
from bot.telegram.buttons import unpack
from bot.telegram.html import screen
from bot.telegram.intake import Arrival, arrival_in
from flows.card import Verb

ANSWER: Final = "answer"
"""The slot of the answer to a tap, whose place is the tap itself: no screen of the chat keeps it waiting."""


class HandledAlready(Exception):
    """A letter was handled by another process, which also shows what follows."""


class Clerk:
    """Turns letters into what the conversation makes of them."""

    def __init__(self, conversation: Conversation, access: Access) -> None:
        """Take the conversation of all chats, and who may take part."""
        self._conversation = conversation
        self._access = access

    def handle(self, desk: Desk, letter: Letter) -> tuple[Wish, ...]:
        """Handle a letter that waits; give the answer to the tap, if it is one, and the screens that follow.

        Raises:
            HandledAlready: where another process has handled it meanwhile; nothing is to be kept then.
        """
        arrival = arrival_in(letter)
        reply = self._reply(desk, arrival)
        wishes = self._wishes(desk, letter, arrival, reply)
        if not desk.handled(letter.update_id, reply.toast):
            raise HandledAlready(letter.update_id)
        return wishes

    def shown(self, desk: Desk, wish: Wish, message: int) -> tuple[Wish, ...]:
        """Strike out a wish that was granted by a new message; its case is now shown there."""
        desk.granted((wish,))
        reply = self._conversation.shown(desk, wish.case, message) if wish.case else Reply()
        return tuple(
            self._wish(desk, wish.place, show)
            for show in reply.shows
            if show.at != message or _body(show) != wish.body
        )

    def resent(self, desk: Desk, wish: Wish) -> tuple[Wish, ...]:
        """Wish a new message for a case whose message is gone."""
        desk.granted((wish,))
        return (desk.wish(wish.place, f"c:{wish.case}", wish.body, wish.case),)

    def redrawn(self, desk: Desk, wish: Wish) -> tuple[Wish, ...]:
        """Tell what a message shall show after an older screen was sent that another process had overtaken.

        A newer wish that still waits is shown once more, as it is: to wish anew would overtake the other process in
        turn, for ever. Where none waits, the newer one may have been shown before the older, so it is drawn again.
        """
        waiting = tuple(newer for newer in desk.wishes(wish.place) if newer.slot == wish.slot)
        shows = () if waiting else self._conversation.redrawn(desk, wish.case).shows
        return (*waiting, *(self._wish(desk, wish.place, show) for show in shows))

    def failed(self, desk: Desk, letter: Letter, fault: str) -> tuple[Wish, ...]:
        """Set a letter aside whose handling failed, and say that nothing was changed."""
        desk.set_aside(letter.update_id, fault)
        arrival = arrival_in(letter)
        return self._wishes(desk, letter, arrival, self._conversation.failed(tapped=bool(arrival.query)))

    def _reply(self, desk: Desk, arrival: Arrival) -> Reply:
        """Let those take part who may, in private chats; others are told why not. Everybody may have theirs erased."""
        who, place, tapped = str(arrival.who), str(arrival.chat), bool(arrival.query)
        tap = unpack(arrival.data) if tapped else None
        if not (arrival.private or tapped or arrival.data):
            return Reply()
        forgets = tap.verb is Verb.erase if tap else arrival.data == "forget" and not tapped
        if not forgets and not self._access.allows(arrival.who, arrival.chat):
            return self._conversation.not_listed(who, tapped=tapped)
        if not arrival.private:
            return self._conversation.elsewhere(tapped=tapped)
        if tapped:
            return self._conversation.tap(desk, tap, Visit(place, who, arrival.card))
        if arrival.data:
            return self._conversation.command(desk, arrival.data, Visit(place, who))
        return self._conversation.text(desk, Visit(place, who))

    def _wishes(self, desk: Desk, letter: Letter, arrival: Arrival, reply: Reply) -> tuple[Wish, ...]:
        """Keep what is to be sent; a tap is answered even where the process dies before it could be."""
        screens = tuple(self._wish(desk, letter.lane, show) for show in reply.shows)
        if not arrival.query:
            return screens
        said = {"callback_query_id": arrival.query} | ({"text": reply.toast} if reply.toast else {})
        return (desk.wish(f"tap:{letter.update_id}", ANSWER, orjson.dumps(said).decode(), ""), *screens)

    @staticmethod
    def _wish(desk: Desk, place: str, show: Show) -> Wish:
        """Keep what a message shall show: the one named, the card of a case, or the chat's next page.

        Pages share one slot: of those that wait to be sent the newest counts, so that a flood of commands does not
        become a flood of answers.
        """
        slot = f"m:{show.at}" if show.at is not None else f"c:{show.case}" if show.case else "page"
        return desk.wish(place, slot, _body(show), show.case)


def _body(show: Show) -> str:
    """Write the screen of a card as it is kept."""
    return orjson.dumps(screen(show.card)).decode()
