"""What a message or a tap does to a case, the same for every channel: a value in, a value out, one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from flows.card import Button, Card, Tap, Verb
from flows.cards import Cards
from flows.case import Case
from flows.catalog import Catalog
from flows.errors import NothingBefore, NothingChosen, StaleTap
from flows.flow import Flow
from flows.interview import Interview
from flows.pages import Pages
from flows.store import Kept, Ledger

COMMANDS: Final = ("new", "options", "help", "about", "cancel", "forget", "start")
"""Every command, in the order of the menu."""


BESIDE: Final = frozenset({Verb.option, Verb.changes, Verb.what_if, Verb.compare})
"""What is read beside a recommendation and changes nothing of the case."""

A_MOMENT: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Visit:
    """Who acts, and where.

    Attributes:
        place: the opaque key of the chat.
        who: the opaque id of the person.
        card: the message that was tapped; None for what was typed.
    """

    place: str
    who: str
    card: int | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """A card that is to be seen: in the message `at`, or in a new one; `case` is the case it then shows."""

    card: Card
    at: int | None = None
    case: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What follows from a message or a tap: cards to show, and a few words in passing."""

    shows: tuple[Show, ...] = ()
    toast: str = ""


class Conversation:
    """Conducts: fetches the case, lets the interview take the answer, keeps it, and draws the card."""

    def __init__(self, flow: Flow, catalog: Catalog, clock: Callable[[], float], new_id: Callable[[], str]) -> None:
        """Take the flow and its words; the clock (seconds since 1970) and the ids are handed in."""
        self._interview = Interview(flow)
        self._cards = Cards(flow, catalog)
        self._pages = Pages(catalog)
        self._words = catalog.wording
        self._catalog = catalog
        self._clock = clock
        self._new_id = new_id

    def command(self, ledger: Ledger, name: str, visit: Visit) -> Reply:
        """Answer a command, given without its slash."""
        pages = self._pages
        match name:
            case "new":
                return self._new(ledger, visit)
            case "cancel":
                return self._cancel(ledger, visit)
            case "start":
                card = pages.start(self._open_case(ledger, visit))
            case "help" | "about" | "options" | "forget":
                card = getattr(pages, name)()
            case _:
                card = pages.plain(self._words.pages.unknown_command)
        return _said(card)

    def text(self, ledger: Ledger, visit: Visit) -> Reply:
        """Answer a stray message; what it says is neither read nor kept."""
        open_case = self._open_case(ledger, visit)
        return _said(self._pages.plain(self._words.pages.stray, *((open_case,) if open_case else ())))

    def tap(self, ledger: Ledger, tap: Tap | None, visit: Visit) -> Reply:
        """Do what a button wishes; None is a button that nobody here knows."""
        if tap is None:
            return Reply(toast=self._words.toasts.unknown_button)
        if tap.verb is Verb.new:
            return self._new(ledger, visit)
        if not tap.case:
            return self._tap_page(ledger, tap, visit)
        kept = ledger.get(tap.case)
        if kept is None or (kept.place, kept.owner) != (visit.place, visit.who):
            return self._instead(self._pages.plain(self._words.pages.gone), visit, self._words.toasts.gone)
        if tap.verb is Verb.show:
            return self._bring(ledger, kept, visit)
        if kept.aside:
            return self._instead(self._aside(kept), visit, self._words.toasts.put_aside)
        if kept.card not in (None, visit.card):
            return self._instead(self._superseded(kept), visit, self._words.toasts.moved)
        return self._tap_case(ledger, kept, tap, visit)

    def shown(self, ledger: Ledger, case_id: str, message: int) -> Reply:
        """Remember which message shows a case, and draw how it stands by now; one that showed it before is outdated.

        The case may have gone on since the message was drawn: where its sending was in doubt it was sent once more,
        and the first one was tapped meanwhile.
        """
        kept = ledger.get(case_id)
        if kept is None:
            return Reply()
        here = replace(kept, card=message)
        if here != kept:
            ledger.put(here, kept.case.revision)
        present = Show(self._aside(here), message) if here.aside else self._drawn(here)
        return Reply((present, *self._out_of_date(kept, message).shows))

    def failed(self, *, tapped: bool) -> Reply:
        """Say that nothing was changed."""
        words = self._words
        return Reply(toast=words.toasts.failed) if tapped else _said(self._pages.plain(words.pages.failed))

    def elsewhere(self, *, tapped: bool) -> Reply:
        """Say that cases are worked in private chats."""
        words = self._words
        return Reply(toast=words.toasts.private_only) if tapped else _said(self._pages.bare(words.pages.private_only))

    def not_listed(self, who: str, *, tapped: bool) -> Reply:
        """Say that the bot is for listed people, and under which number this one would be listed."""
        words = self._words
        if tapped:
            return Reply(toast=words.toasts.not_listed.format(number=who))
        return _said(self._pages.numbered(words.pages.not_listed, who))

    def redrawn(self, ledger: Ledger, case_id: str) -> Reply:
        """Draw where a case stands, in the message that shows it."""
        kept = ledger.get(case_id)
        return Reply((self._drawn(kept),) if kept and kept.card is not None and not kept.aside else ())

    def not_saved(self) -> Reply:
        """Say that the database could not keep it."""
        return Reply(toast=self._words.toasts.not_saved)

    def _tap_page(self, ledger: Ledger, tap: Tap, visit: Visit) -> Reply:
        """Turn a card that belongs to no case into another."""
        pages = self._words.pages
        match tap.verb:
            case Verb.home if tap.question == "keep":
                card = self._pages.plain(pages.nothing_kept)
            case Verb.home:
                card = self._pages.start(self._open_case(ledger, visit))
            case Verb.help:
                card = self._pages.help()
            case Verb.about:
                card = self._pages.about()
            case Verb.browse if not tap.question:
                card = self._pages.options()
            case Verb.browse if tap.question in self._catalog.options:
                card = self._cards.browsed(tap.question)
            case Verb.erase:
                return self._erase(ledger, visit)
            case _:
                return Reply(toast=self._words.toasts.unknown_button)
        return Reply((Show(card, visit.card),))

    def _tap_case(self, ledger: Ledger, kept: Kept, tap: Tap, visit: Visit) -> Reply:
        """Let the interview take a tap; one that comes too late redraws where the case stands, and says so."""
        here, toast = replace(kept, card=visit.card), ""
        try:
            if tap.verb in BESIDE:
                return self._beside(here, tap)
            here = replace(here, case=self._taken(kept.case, tap, visit.who), touched=self._later(kept))
        except StaleTap:
            toast = self._words.toasts.stale
        except NothingChosen:
            toast = self._words.toasts.nothing_chosen
        except NothingBefore:
            toast = self._words.toasts.nothing_before
        if here != kept:
            ledger.put(here, kept.case.revision)
        return Reply((self._drawn(here),), toast)

    def _taken(self, case: Case, tap: Tap, who: str) -> Case:
        """Let the interview take a tap on the question at hand.

        Raises:
            StaleTap, NothingChosen, NothingBefore: as the interview does.
        """
        interview = self._interview
        if tap.turn != case.turn:
            raise StaleTap(tap.question)
        match tap.verb:
            case Verb.answer:
                return interview.answer(case, tap.question, tap.choice, who)
            case Verb.mark | Verb.unmark:
                return interview.mark(case, tap.question, tap.choice, who, on=tap.verb is Verb.mark)
            case Verb.done:
                return interview.done(case, tap.question, who)
            case Verb.change:
                return interview.change(case, tap.question, who)
            case Verb.back:
                return interview.back(case)
            case Verb.restart:
                return interview.restart(case, who)
            case _:
                raise StaleTap(tap.question)

    def _beside(self, kept: Kept, tap: Tap) -> Reply:
        """Show what is read beside a recommendation; it changes nothing of the case.

        Raises:
            StaleTap: where the recommendation is not reached, or has no such thing beside it.
        """
        cards, case, standing = self._cards, kept.case, self._interview.standing(kept.case)
        if standing.at:
            raise StaleTap(tap.question)
        match tap.verb:
            case Verb.changes:
                card = cards.changes(case, standing)
            case Verb.what_if:
                card = cards.what_if(case, standing, tap.question, tap.choice)
            case Verb.compare:
                card = cards.compare(case, standing, cards.beside.options(tap.question, tap.choice))
            case _ if tap.question in self._catalog.options:
                card = cards.option(case, standing, tap.question)
            case _:
                raise StaleTap(tap.question)
        return Reply((Show(card, kept.card, case.id),))

    def _new(self, ledger: Ledger, visit: Visit) -> Reply:
        """Begin a case; one that was begun and never answered is taken instead of another."""
        present = ledger.current(visit.place, visit.who)
        now = self._later(present)
        if present and not present.case.steps:
            case = replace(present.case, edition=self._catalog.edition)
            fresh = replace(present, case=case, card=None, touched=now)
            ledger.put(fresh, present.case.revision)
            before = self._out_of_date(present, None).shows
        else:
            case = Case(self._new_id(), self._interview.flow.code, self._catalog.edition)
            fresh = Kept(case, visit.place, visit.who, touched=now)
            ledger.add(fresh)
            before = ()
        return Reply((*before, self._drawn(fresh)))

    def _bring(self, ledger: Ledger, kept: Kept, visit: Visit) -> Reply:
        """Bring a case to the message that was tapped; the one that showed it before is out of date."""
        now = self._later(ledger.current(visit.place, visit.who))
        here = replace(kept, card=visit.card, aside=False, touched=now)
        ledger.put(here, kept.case.revision)
        return Reply((self._drawn(here), *self._out_of_date(kept, visit.card).shows))

    def _cancel(self, ledger: Ledger, visit: Visit) -> Reply:
        """Put the open case aside; nothing of it is lost."""
        kept = ledger.current(visit.place, visit.who)
        if kept is None:
            return _said(self._pages.plain(self._words.pages.nothing_open))
        ledger.put(replace(kept, aside=True, touched=self._later(kept)), kept.case.revision)
        card = self._aside(kept)
        return Reply((*((Show(card, kept.card),) if kept.card else ()), Show(card)))

    def _erase(self, ledger: Ledger, visit: Visit) -> Reply:
        """Erase everything kept about the person's cases; the open card no longer shows findings."""
        kept = ledger.current(visit.place, visit.who)
        ledger.forget(visit.who)
        shows = [Show(self._pages.plain(self._words.pages.forgotten), visit.card)]
        if kept and kept.card:
            shows.append(Show(self._pages.plain(self._words.pages.gone), kept.card))
        return Reply(tuple(shows))

    @staticmethod
    def _instead(card: Card, visit: Visit, toast: str) -> Reply:
        """Put a card in place of the one that was tapped, and say why."""
        return Reply((Show(card, visit.card),), toast)

    def _drawn(self, kept: Kept) -> Show:
        """Draw where a case stands, in the message that shows it."""
        return Show(self._cards.case(kept.case, self._interview.standing(kept.case)), kept.card, kept.case.id)

    def _out_of_date(self, kept: Kept, message: int | None) -> Reply:
        """Mark the card that showed a case before, if it is another message."""
        if kept.card in (None, message):
            return Reply()
        return Reply((Show(self._superseded(kept), kept.card),))

    def _superseded(self, kept: Kept) -> Card:
        return self._pages.bare(self._words.pages.superseded, self._go_on(kept))

    def _aside(self, kept: Kept) -> Card:
        return self._pages.plain(self._words.pages.aside, self._go_on(kept))

    def _go_on(self, kept: Kept) -> Button:
        return Button(self._words.labels.go_on, Tap(Verb.show, case=kept.case.id))

    def _later(self, kept: Kept | None) -> float:
        """Tell the time, but never one before a case was touched: the clock may have been set back."""
        return max(self._clock(), kept.touched + A_MOMENT) if kept else self._clock()

    def _open_case(self, ledger: Ledger, visit: Visit) -> Button | None:
        """Give the way back to the open case, where one was begun."""
        kept = ledger.current(visit.place, visit.who)
        return self._go_on(kept) if kept and kept.case.steps else None


def _said(card: Card) -> Reply:
    """Answer with a new message."""
    return Reply((Show(card),))
