"""Handles a letter in one transaction: what it does to the case, the screens that follow, the mark that it is done."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import orjson
from structlog.typing import FilteringBoundLogger

from bot.service.case_store import chat_of, thread_of
from bot.service.policies import Access
from bot.service.ports import Desk, Letter, OutboxKind, Wish
from bot.service.private_chat import Conversation
from bot.service.read_links import TO_CASE
from bot.service.replies import FOREIGN, Ask, Deed, Pin, Reply, Said, Show, Stop, Visit, Wipe
from bot.service.team.group_chat import TeamRoom
from bot.telegram.members import Role
from bot.telegram.rendering.callback_data import unpack
from bot.telegram.rendering.html import Press
from bot.telegram.rendering.names import BOT
from bot.telegram.updates.parser import BEGINNING, Arrival, Kind, arrival_in, mark
from flows.cards.card import Tap, Verb


class HandledAlready(Exception):
    """A letter was handled by another process, which also shows what follows."""


class MemberWanted(Exception):
    """Only a member of a group may have that in private; Telegram is to be asked first."""

    def __init__(self, chat: int) -> None:
        """Note the group."""
        super().__init__(chat)
        self.chat = chat


@dataclass(frozen=True, slots=True)
class Terms:
    """How long cases are kept.

    Attributes:
        rest: seconds without a tap after which a team's case rests.
        keep: seconds without a tap after which any case is erased.
    """

    rest: float = 48 * 3600.0
    keep: float = 30 * 86400.0


class Clerk:
    """Turns letters into what the conversation, or the room of a team, makes of them."""

    def __init__(
        self, conversation: Conversation, team: TeamRoom, access: Access, terms: Terms, log: FilteringBoundLogger
    ) -> None:
        """Take the conversation of private chats, that of groups, who may take part, how long cases stay, the log."""
        self._conversation = conversation
        self._team = team
        self._access = access
        self._terms = terms
        self._log = log
        self._press = Press()

    def handle(self, desk: Desk, letter: Letter, role: Role | None = None) -> tuple[Wish, ...]:
        """Handle a letter that waits; give the answer to the tap, if it is one, and what else is to be done.

        Args:
            desk: the transaction.
            letter: the letter.
            role: what the person may do in the group it comes from, or reads of; None where nobody was asked.

        Raises:
            HandledAlready: where another process has handled it meanwhile; nothing is to be kept then.
            MemberWanted: where it hangs on a group of which nobody was asked; nothing is to be kept then.
        """
        arrival = arrival_in(letter)
        reply = self._reply(desk, arrival, role)
        if reply.forged:
            self._log.warning("forged_tap", update_id=letter.update_id, why=reply.forged)
        wishes = self._with_answer(desk, letter, arrival, reply)
        if not desk.handled(letter.update_id, reply.toast):
            raise HandledAlready(letter.update_id)
        return wishes

    def shown(self, desk: Desk, wish: Wish, message: int) -> tuple[Wish, ...]:
        """Strike out a wish that was granted by a new message; its case, or its decision, is now shown there."""
        desk.granted((wish,))
        if not wish.case:
            return ()
        if wish.kind is OutboxKind.send_decision:
            reply = self._team.minuted(desk, wish.case, message)
        else:
            kept = desk.get(wish.case)
            room = self._team if kept and kept.team else self._conversation
            reply = room.shown(desk, wish.case, message)
        fresh = tuple(show for show in reply.shows if show.at != message or self._sent(show) != wish.body)
        return self._wishes(desk, wish.place, replace(reply, shows=fresh))

    def polled(self, desk: Desk, wish: Wish, poll: str, message: int) -> tuple[Wish, ...]:
        """Strike out a wish that was granted by a poll; the votes that come under its id are its case's."""
        desk.granted((wish,))
        return self._wishes(desk, wish.place, self._team.polled(desk, wish.case, wish.number, poll, message))

    def moved(self, desk: Desk, old: str, new: str) -> tuple[Wish, ...]:
        """Go on in the chat that a group has become."""
        return self._wishes(desk, new, self._team.moved(desk, old, new))

    def resent(self, desk: Desk, wish: Wish) -> tuple[Wish, ...]:
        """Wish a new message for a case whose message is gone, in the topic that the case belongs to."""
        desk.granted((wish,))
        kept = desk.get(wish.case)
        body = _in_topic(wish.body, thread_of(kept.place) if kept else 0)
        return (desk.wish(wish.place, OutboxKind.send_card, wish.case, body, wish.case),)

    def unpinned(self, desk: Desk, wish: Wish) -> tuple[Wish, ...]:
        """Strike out the wish for a pin that the bot has no right to, and say so where the decision stands."""
        desk.granted((wish,))
        if wish.kind is OutboxKind.unpin:
            return ()
        topic = orjson.loads(wish.body)["topic"]
        return self._wishes(desk, wish.place, self._team.unpinned(f"{wish.place}/{topic}" if topic else wish.place))

    def redrawn(self, desk: Desk, wish: Wish) -> tuple[Wish, ...]:
        """Tell what a message shall show after an older screen was sent that another process had overtaken.

        A newer wish that still waits is shown once more, as it is: to wish anew would overtake the other process in
        turn, for ever. Where none waits, the newer one may have been shown before the older, so it is drawn again.
        """
        waiting = tuple(newer for newer in desk.wishes(wish.place) if newer.slot == wish.slot)
        if waiting:
            return waiting
        kept = desk.get(wish.case)
        room = self._team if kept and kept.team else self._conversation
        return self._wishes(desk, wish.place, room.redrawn(desk, wish.case))

    def failed(self, desk: Desk, letter: Letter, fault: str) -> tuple[Wish, ...]:
        """Set a letter aside whose handling failed, and say that nothing was changed."""
        desk.set_aside(letter.update_id, fault)
        arrival = arrival_in(letter)
        return self._with_answer(desk, letter, arrival, self._conversation.failed(tapped=bool(arrival.query)))

    def tended(self, desk: Desk) -> tuple[Wish, ...]:
        """Let cases rest that nobody touches, and erase those whose time is over."""
        self._conversation.expire(desk, self._terms.keep)
        return self._wishes(desk, "", self._team.tended(desk, self._terms.rest))

    def _reply(self, desk: Desk, arrival: Arrival, role: Role | None) -> Reply:
        """Let those take part who may; others are told why not. Everybody may have theirs erased."""
        tapped, edited = arrival.kind == Kind.tap, arrival.kind == Kind.edited
        tap = unpack(arrival.data) if tapped else None
        match arrival.kind:
            case Kind.vote | Kind.poll:
                return self._vote(desk, arrival, role)
            case Kind.moved:
                return self._team.moved(desk, str(arrival.chat), arrival.argument)
            case Kind.left:
                return self._team.left(desk, str(arrival.chat))
        forgets = tap.verb is Verb.erase if tap else arrival.data == "forget" and not tapped
        allowed = self._access.allows(arrival.who, arrival.chat) or forgets
        if not arrival.private:
            return self._in_group(desk, arrival, tap, role or Role.member, allowed=allowed)
        visit = Visit(arrival.place, str(arrival.who), arrival.card, bears=arrival.bears)
        if edited:
            return self._conversation.edited(desk, visit, arrival.note or Said()) if allowed else Reply()
        if arrival.data == "start" and re.fullmatch(TO_CASE, arrival.argument):
            return self._linked(desk, arrival, visit, role)
        alone = self._alone(desk, arrival, tap, visit) if allowed else self._not_listed(arrival)
        if tap and tap.case and (not allowed or alone.forged == FOREIGN):
            return self._read(desk, arrival, tap, visit, role) or alone
        return alone

    def _not_listed(self, arrival: Arrival) -> Reply:
        return self._conversation.not_listed(str(arrival.who), tapped=arrival.kind == Kind.tap)

    def _alone(self, desk: Desk, arrival: Arrival, tap: Tap | None, visit: Visit) -> Reply:
        """Handle what a person does in a private chat."""
        if tap and tap.verb is Verb.erase:
            return self._erased(desk, tap, visit)
        if arrival.kind == Kind.tap:
            return self._conversation.tap(desk, tap, visit)
        if arrival.data == "start" and arrival.argument:
            return self._conversation.linked(desk, arrival.argument, visit)
        if arrival.data:
            return self._conversation.command(desk, arrival.data, visit)
        return self._conversation.text(desk, visit, arrival.note or Said())

    def _erased(self, desk: Desk, tap: Tap, visit: Visit) -> Reply:
        """Erase what is kept of a person; the cards of their teams name them no more."""
        worked = desk.said_by(visit.who)
        reply = self._conversation.tap(desk, tap, visit)
        return replace(reply, shows=(*reply.shows, *self._team.unsigned(desk, worked)))

    def _linked(self, desk: Desk, arrival: Arrival, visit: Visit, role: Role | None) -> Reply:
        """Show a member what they asked for in the group; a moment ago they tapped there."""
        tap = self._team.reading.linked(desk, arrival.argument, visit)
        return (tap and self._read(desk, arrival, tap, visit, role)) or self._team.reading.refused(
            "link_gone", tapped=False
        )

    def _read(self, desk: Desk, arrival: Arrival, tap: Tap, visit: Visit, role: Role | None) -> Reply | None:
        """Show a member of a group its case in private; None where it is no team's case.

        Where Telegram does not say who is a member, the link says that they tapped there; a tap says nothing.
        """
        kept = self._team.reading.of(desk, tap)
        if kept is None:
            return None
        chat, tapped = int(chat_of(kept.place)), arrival.kind == Kind.tap
        if not self._access.allows(arrival.who, chat):
            return self._not_listed(arrival)
        if role is None:
            raise MemberWanted(chat)
        if role is Role.outsider or (tapped and role is Role.unknown):
            return self._team.reading.refused("outsider" if role is Role.outsider else "unsure", tapped=tapped)
        return self._team.reading.shown(desk, kept, tap, visit)

    def _in_group(self, desk: Desk, arrival: Arrival, tap: Tap | None, role: Role, *, allowed: bool) -> Reply:
        """Let the members of a group take part, as themselves."""
        tapped, edited = arrival.kind == Kind.tap, arrival.kind == Kind.edited
        masked = arrival.masked or role is Role.unseen
        if edited and (not allowed or masked or role is Role.outsider):
            return Reply()
        if not allowed:
            told = not tapped and not desk.silence(str(arrival.chat))
            return self._team.not_here(str(arrival.chat), str(arrival.who), tapped=tapped, told=told)
        if masked or role is Role.outsider:
            return self._team.refused("masked" if masked else "outsider", "" if tapped else arrival.data)
        admin = role is Role.admin
        visit = Visit(arrival.place, str(arrival.who), arrival.card, admin=admin, bears=arrival.bears)
        if tapped:
            return self._team.tap(desk, tap, visit)
        if edited:
            return self._team.edited(desk, visit, arrival.note or Said())
        if arrival.data in BEGINNING and arrival.note:
            return self._team.typed(desk, visit, arrival.note)
        return self._team.command(desk, arrival.data, arrival.argument, visit)

    def chat_of(self, desk: Desk, vote: Arrival) -> int:
        """Tell the chat of a vote, which bears none itself, by the case of its poll; 0 where it has none."""
        kept = desk.balloted(vote.data)
        return int(chat_of(kept.place)) if kept else 0

    def _vote(self, desk: Desk, arrival: Arrival, role: Role | None) -> Reply:
        """Take a member's vote; a poll that was forwarded can be answered by anyone, and one may be a copy."""
        if arrival.kind == Kind.poll:
            return self._team.uncounted(desk, arrival.data, lambda question: mark(question) == arrival.argument)
        chat = self.chat_of(desk, arrival)
        if not chat or role in (Role.outsider, Role.unseen) or not self._access.allows(arrival.who, chat):
            return Reply()
        numbers = [int(number) for number in arrival.argument.split(",") if number]
        return self._team.vote(desk, arrival.data, numbers, str(arrival.who))

    def _wishes(self, desk: Desk, place: str, reply: Reply) -> tuple[Wish, ...]:
        """Keep all that a reply wishes, where it does not say where in the place of the visit."""
        shown = [self._wish(desk, show.place or place, show) for show in reply.shows]
        return (*shown, *(_deed(desk, deed.place or place, deed) for deed in reply.deeds))

    def _with_answer(self, desk: Desk, letter: Letter, arrival: Arrival, reply: Reply) -> tuple[Wish, ...]:
        """Keep what follows from a letter; a tap is answered even where the process dies before it could be."""
        wishes = self._wishes(desk, arrival.place, reply)
        if not arrival.query:
            return wishes
        # A client that is given words as well shows them, and opens nothing.
        opens = {"url": f"https://t.me/{BOT}?start={reply.opens}"} if reply.opens else {}
        said = {"text": reply.toast, "chat_id": arrival.chat} if reply.toast else opens
        late = {"late": reply.late, "chat_id": arrival.chat} if reply.late else {}
        body = orjson.dumps({"callback_query_id": arrival.query} | said | late).decode()
        answer = OutboxKind.answer_callback, str(letter.update_id)
        return (desk.wish(callback_queue(letter.update_id), *answer, body), *wishes)

    def _wish(self, desk: Desk, place: str, show: Show) -> Wish:
        """Keep what a message shall show: the one named, the card of a case, or the chat's next page.

        Pages share one slot: of those that wait to be sent the newest counts, so that a flood of commands does not
        become a flood of answers.
        """
        chat, topic, body = chat_of(place), thread_of(place), self._press.print(show.card)
        if show.at is not None:
            # A record of a decision that is gone is not posted again; a case's card is.
            return desk.wish(chat, OutboxKind.edit_card, str(show.at), body, "" if show.minutes else show.case)
        body = _in_topic(body, topic)
        if not show.case:
            return desk.wish(chat, OutboxKind.send_page, str(topic), body)
        kind = OutboxKind.send_decision if show.minutes else OutboxKind.send_card
        return desk.wish(chat, kind, show.case, body, show.case)

    def _sent(self, show: Show) -> str:
        """Write the screen of a card as it is kept for a new message, which bears its topic; an edit does not."""
        return _in_topic(self._press.print(show.card), thread_of(show.place))


def callback_queue(update_id: int) -> str:
    """Give the queue of the answer to a tap, by the update that it came as: no screen of the chat keeps it waiting."""
    return f"callback:{update_id}"


def _in_topic(body: str, topic: int) -> str:
    """Put the screen of a new message, as it is kept, into a topic, where there is one."""
    return orjson.dumps(orjson.loads(body) | _where(topic)).decode() if topic else body


def _where(topic: int) -> dict[str, int]:
    """Give the parameter that puts a new message into a topic, where there is one."""
    return {"message_thread_id": topic} if topic else {}


def _deed(desk: Desk, place: str, deed: Deed) -> Wish:
    """Keep that a vote is to be opened or to end, or that a message is to be pinned."""
    chat = chat_of(place)
    match deed:
        case Ask(case=case, number=number, question=question, answers=answers):
            options = [{"text": answer} for answer in answers]
            asked = {"question": question, "options": options, "is_anonymous": False, "allows_revoting": True}
            body = orjson.dumps(asked | _where(thread_of(place))).decode()
            return desk.wish(chat, OutboxKind.open_poll, case, body, case, number)
        case Stop(message=message):
            return desk.wish(chat, OutboxKind.close_poll, str(message), "{}")
        case Wipe(message=message):
            return desk.wish(chat, OutboxKind.delete, str(message), "{}")
        case Pin(message=message, on=on):
            kind = OutboxKind.pin if on else OutboxKind.unpin
            return desk.wish(chat, kind, str(message), orjson.dumps({"topic": thread_of(place)}).decode())
