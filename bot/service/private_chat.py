"""What a message or a tap does to a case, the same for every channel: a value in, a value out, one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from bot.service.case_store import Kept, Ledger
from bot.service.read_links import page_in
from bot.service.replies import FOREIGN, MISPLACED, UNREADABLE, Reply, Said, Show, Visit, Wipe
from bot.service.share_links import sealed
from bot.service.tap_rules import Where, allows
from bot.service.times import in_utc
from bot.service.wipe_offers import offer, offered
from flows.cards.card import Block, Button, Card, Line, Tap, Verb
from flows.cards.case import Cards
from flows.cards.note import DANGER, IDENTIFIERS, LONG, emergency, heard, wiper
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.engine.interview import Interview, Standing
from flows.errors import AnswersWouldGo, ChosenOtherwise, FlowError, NothingBefore, NothingChosen, StaleTap
from flows.export.start_payload import read_prefill
from flows.model.case import MESSAGE, Case
from flows.model.code_names import code_name
from flows.model.findings import NOT_ASKED, Codes
from flows.model.flow import Flow
from flows.model.levels import written
from flows.model.scored import Scored
from flows.model.source_scope import decode_scope, encode_scope

COMMANDS: Final = ("new", "recent", "sins", "options", "scales", "help", "about", "cancel", "forget", "start")
"""Every command, in the order of the menu."""


SLOW: Final = "slow"
"""What stands in place of a command that is one too many; nobody can type it."""

NO_TEXT: Final = "no_text"
OWN_CARD: Final = "own_card"
"""What stands in place of a command for a message that holds no text, and for a card of the bot's that comes back."""

BESIDE: Final = frozenset({Verb.answers, Verb.option, Verb.changes, Verb.what_if, Verb.compare, Verb.copy})
"""What is read beside a case and changes nothing of it: its answers at any time, the rest beside a recommendation."""

A_MOMENT: Final = 1e-6

MOST_RECENT: Final = 8
"""Cases on a page of the list."""

APART: Final = 20
"""A new case gets another name than each of so many before it."""

DRAWS: Final = 64
"""How many ids are drawn at most for a name that is free: of 24 names four always are."""

ASKS_ABOVE: Final = 3
"""Answers that start over without a question; where more would go, it is asked first."""

SURE: Final = "sure"
"""What the button bears that starts over after it was asked."""

HOUR: Final = 60
DAY: Final = 24 * HOUR
"""Minutes."""

REFUSALS: Final[Mapping[type[FlowError], str]] = {
    StaleTap: "stale",
    NothingChosen: "nothing_chosen",
    ChosenOtherwise: "chosen_otherwise",
    NothingBefore: "nothing_before",
}
"""The toast for each reason why a tap is not taken."""

MINUTE: Final = 60.0
"""Seconds."""

NOTE_KEPT: Final = 86400.0
"""Seconds that a note is kept which nobody confirms."""


class Clinic(NamedTuple):
    """What serves the cases of one flow."""

    interview: Interview
    cards: Cards


class Conversation:
    """Conducts: fetches the case, lets the interview take the answer, keeps it, and draws the card."""

    def __init__(
        self, flows: Mapping[str, Flow], catalog: Catalog, clock: Callable[[], float], new_id: Callable[[], str]
    ) -> None:
        """Take the flows, the default one first, and their words; clock (seconds since 1970) and ids are handed in."""
        self._clinics = {code: Clinic(Interview(flow), Cards(flow, catalog)) for code, flow in flows.items()}
        self._default = next(iter(flows))
        self._pages = Pages(catalog)
        self._words = catalog.wording
        self._catalog = catalog
        self._clock = clock
        self._new_id = new_id

    def command(self, ledger: Ledger, name: str, visit: Visit) -> Reply:
        """Answer a command, given without its slash."""
        pages = self._pages
        match name:
            case "new" | "case":
                return self._new(ledger, visit)
            case "sins":
                return self._new(ledger, visit, name)
            case "cancel":
                return self._cancel(ledger, visit)
            case "recent":
                card = self._recent(ledger, visit)
            case "start":
                card = pages.start(self._open_case(ledger, visit))
            case "slow":
                card = pages.plain(self._words.pages.slow)
            case "no_text" | "own_card":
                open_case = self._open_case(ledger, visit)
                card = pages.plain(getattr(self._words.pages, name), *((open_case,) if open_case else ()))
            case "help" | "about" | "options" | "scales" | "forget":
                card = getattr(pages, name)()
            case _:
                card = pages.plain(self._words.pages.unknown_command)
        return _said(card)

    def linked(self, ledger: Ledger, payload: str, visit: Visit) -> Reply:
        """Begin where a link leads: a page, a case to be confirmed; a link that is none of ours leads to the start."""
        page = page_in(payload)
        if page and page.verb is Verb.help:
            return _said(self._pages.plain(self._catalog.team.pages.help))
        if page:
            return self._tap_page(ledger, page, replace(visit, card=None))
        prefill = read_prefill(self._clinics[self._default].interview.flow, payload)
        if prefill is None or not prefill.findings:
            return self.command(ledger, "start", visit)
        return self._read(ledger, visit, Said(prefill.findings, scope=encode_scope(prefill.scope)))

    def text(self, ledger: Ledger, visit: Visit, said: Said) -> Reply:
        """Read a typed note back, as a case to be confirmed; where nothing was found in it, say what can be typed."""
        if said.findings:
            return self._read(ledger, visit, said)
        open_case = self._open_case(ledger, visit)
        return _said(self._unread(ledger, visit, said, *((open_case,) if open_case else ())))

    def edited(self, ledger: Ledger, visit: Visit, said: Said) -> Reply:
        """Read a note again whose message was changed before it was confirmed; a confirmed case stays as it is.

        A message of which nothing was read, and after which no case was shown, is read as if it had just been typed.
        """
        if said.message is None:
            return Reply()
        kept = ledger.unconfirmed(visit.place, visit.who, said.message)
        if kept is None:
            newest = ledger.newest_card(visit.place, visit.who)
            return self._read(ledger, visit, said) if said.findings and newest < said.message else Reply()
        interview = self._clinics[kept.case.flow].interview
        case = interview.read(kept.case, said.findings, heading(said), visit.who, said.scope)
        here = replace(kept, case=case, touched=later(self._clock, kept))
        ledger.put(here, kept.case.revision)
        return Reply() if here.aside else Reply((self._drawn(ledger, here),))

    def tap(self, ledger: Ledger, tap: Tap | None, visit: Visit) -> Reply:
        """Do what a button wishes; None is a button that nobody here knows."""
        if tap is None:
            return self.refused(UNREADABLE)
        if not allows(tap.verb, Where.own if tap.case else Where.page):
            return self.refused(MISPLACED)
        if tap.verb is Verb.new:
            return self._new(ledger, visit)
        if not tap.case:
            return self._tap_page(ledger, tap, visit)
        kept = ledger.get(tap.case)
        if kept is None or (kept.place, kept.owner) != (visit.place, visit.who):
            gone = self._instead(self._pages.plain(self._words.pages.gone), visit, self._words.toasts.gone)
            return replace(gone, forged=FOREIGN if kept else "")
        return self._tap_own(ledger, kept, tap, visit)

    def _tap_own(self, ledger: Ledger, kept: Kept, tap: Tap, visit: Visit) -> Reply:
        """Handle a button of a case of the person's own."""
        if tap.verb is Verb.show:
            return self._bring(ledger, kept, visit)
        if tap.verb is Verb.wipe:
            message = kept.case.note_message
            return self._wiped(message) if message and str(message) == tap.choice else self.refused(MISPLACED)
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
        present = Show(self._aside(here), message) if here.aside else self._drawn(ledger, here)
        return Reply((present, *self._out_of_date(kept, message).shows))

    def failed(self, *, tapped: bool) -> Reply:
        """Say that nothing was changed."""
        words = self._words
        return Reply(toast=words.toasts.failed) if tapped else _said(self._pages.plain(words.pages.failed))

    def not_listed(self, who: str, *, tapped: bool) -> Reply:
        """Say that the bot is for listed people, and under which number this one would be listed."""
        words = self._words
        if tapped:
            return Reply(toast=words.toasts.not_listed.format(number=who))
        return _said(self._pages.numbered(words.pages.not_listed, who))

    def redrawn(self, ledger: Ledger, case_id: str) -> Reply:
        """Draw where a case stands, in the message that shows it."""
        kept = ledger.get(case_id)
        return Reply((self._drawn(ledger, kept),) if kept and kept.card is not None and not kept.aside else ())

    def expire(self, ledger: Ledger, keep: float) -> int:
        """Erase the cases that nobody has touched for `keep` seconds, and tell how many they were.

        A note that nobody confirms is kept for a day at most.
        """
        now = self._clock()
        return ledger.expire(now - keep, now - NOTE_KEPT)

    def warning(self, said: Said) -> Card | None:
        """Draw what a group's line should not hold of which nothing was read; None where all is well with it."""
        texts = {IDENTIFIERS: self._words.note.leave_out, LONG: self._words.note.long}
        told = [text for fault, text in texts.items() if fault in said.beside]
        danger = self._dangers(said)
        if not told and not danger:
            return None
        card = self._pages.listed(self._words.pages.stray.title, told[0] if told else "", ())
        blocks = tuple(block for block in card.blocks if any(line.text for line in block.lines))
        return replace(card, blocks=(*danger, *blocks))

    def _dangers(self, said: Said) -> tuple[Block, ...]:
        """Draw the emergency note for a note that holds a sign of one."""
        return (emergency(self._clinics[self._default].cards),) if DANGER in said.beside else ()

    def refused(self, forged: str) -> Reply:
        """Refuse what no button of ours can have asked for there."""
        toasts = self._words.toasts
        return Reply(toast=toasts.misplaced if forged == MISPLACED else toasts.unknown_button, forged=forged)

    def not_saved(self) -> Reply:
        """Say that the database could not keep it."""
        return Reply(toast=self._words.toasts.not_saved)

    def _tap_page(self, ledger: Ledger, tap: Tap, visit: Visit) -> Reply:
        """Turn a card that belongs to no case into another."""
        match tap.verb:
            case Verb.erase:
                return self._erase(ledger, visit)
            case Verb.wipe:
                message = offered(ledger.secret(), visit.place, tap.choice)
                return self._wiped(message) if message is not None else self.refused(MISPLACED)
        card = self._page(ledger, tap, visit)
        return Reply((Show(card, visit.card),)) if card else Reply(toast=self._words.toasts.unknown_button)

    def _page(self, ledger: Ledger, tap: Tap, visit: Visit) -> Card | None:
        """Draw the page that a button leads to; None where it leads to none."""
        match tap.verb:
            case Verb.home if tap.question == "keep":
                return self._pages.plain(self._words.pages.nothing_kept)
            case Verb.home:
                return self._pages.start(self._open_case(ledger, visit))
            case Verb.help | Verb.about:
                card: Card = getattr(self._pages, tap.verb.name)()
                return card
            case Verb.recent:
                return self._recent(ledger, visit, int(tap.choice[:4]) if tap.choice.isdecimal() else 0)
            case _:
                return self._looked_up(tap)

    def _looked_up(self, tap: Tap) -> Card | None:
        """Draw the options or the scales, or one of them; None where there is no such thing."""
        match tap.verb:
            case Verb.browse if not tap.question:
                return self._pages.options()
            case Verb.browse if tap.question in self._catalog.options:
                return self._clinics[self._default].cards.browsed(tap.question)
            case Verb.scale if not tap.question:
                return self._pages.scales()
            case Verb.scale if tap.question in self._catalog.scales:
                return self._pages.scale(tap.question)
            case _:
                return None

    def _wiper(self, ledger: Ledger, visit: Visit, message: int) -> tuple[Button, ...]:
        """Offer to delete a message of which no case was read."""
        return (wiper(self._words.labels.wipe, offer(ledger.secret(), visit.place, message)),)

    def _wiped(self, message: int) -> Reply:
        """Delete a message that the person was offered to delete."""
        return Reply(toast=self._words.toasts.wiped, deeds=(Wipe(message),))

    def _tap_case(self, ledger: Ledger, kept: Kept, tap: Tap, visit: Visit) -> Reply:
        """Let the interview take a tap; one that comes too late redraws where the case stands, and says so."""
        here, toast = replace(kept, card=visit.card), ""
        try:
            if tap.verb in BESIDE:
                return self._beside(ledger, here, tap)
            if tap.verb is Verb.share:
                return self._share(ledger, here)
            if tap.verb is Verb.scale:
                return self._scale(here, tap)
            if tap.verb is Verb.aid:
                return self._aid(ledger, here, tap, visit)
            here = replace(here, case=self.taken(kept.case, tap, visit.who), touched=later(self._clock, kept))
        except AnswersWouldGo:
            return self._start_over(here)
        except (StaleTap, NothingChosen, ChosenOtherwise, NothingBefore) as refused:
            toast = getattr(self._words.toasts, REFUSALS[type(refused)])
        if here != kept:
            ledger.put(here, kept.case.revision)
        return Reply((self._drawn(ledger, here),), toast)

    def taken(self, case: Case, tap: Tap, who: str) -> Case:
        """Let the interview take a tap on the question at hand.

        Raises:
            StaleTap, NothingChosen, ChosenOtherwise, NothingBefore: as the interview does.
            AnswersWouldGo: as `sure_to_start_over` does.
        """
        interview = self._clinics[case.flow].interview
        if tap.turn != case.turn:
            raise StaleTap(tap.question)
        match tap.verb:
            case Verb.answer:
                return interview.answer(case, tap.question, tap.choice, who)
            case Verb.mark | Verb.unmark:
                return interview.mark(case, tap.question, tap.choice, who, on=tap.verb is Verb.mark)
            case Verb.done:
                return interview.done(case, tap.question, who, tap.choice)
            case Verb.change:
                return interview.change(case, tap.question, who)
            case Verb.back:
                return interview.back(case)
            case Verb.restart:
                begun = interview.restart(case, who)
                sure_to_start_over(interview.standing(case), tap)
                return begun
            case Verb.confirm:
                return interview.confirm(case, who)
            case Verb.drop:
                return interview.drop(case, tap.question)
            case _:
                raise StaleTap(tap.question)

    def read(self, case: Case, tap: Tap, scored: Scored | None = None) -> Card:
        """Draw what is read beside a case, or the case itself with what was scored of it; nobody is named on it.

        Raises:
            StaleTap: where there is no such thing to read where the case stands.
        """
        interview, cards = self._clinics[case.flow]
        standing = interview.standing(case)
        match tap.verb:
            case Verb.show:
                return heard(cards, case, standing) if case.unconfirmed else cards.case(case, standing, scored)
            case Verb.scale if standing.at is not None and tap.question in standing.at.scales:
                return self._pages.scale(tap.question, Button(self._words.labels.to_question, self._show(case)))
            case Verb.option | Verb.changes | Verb.what_if | Verb.compare:
                return beside(cards, case, standing, tap)
            case _:
                raise StaleTap(tap.question)

    @staticmethod
    def _show(case: Case) -> Tap:
        return Tap(Verb.show, case=case.id)

    def _beside(self, ledger: Ledger, kept: Kept, tap: Tap) -> Reply:
        """Show what is read beside a recommendation; it changes nothing of the case."""
        interview, cards = self._clinics[kept.case.flow]
        standing, now = interview.standing(kept.case), in_utc(self._clock())
        if standing.at is None and tap.verb is Verb.copy:
            card = cards.copied(kept.case, standing, now, self._scored(ledger, kept, standing))
        else:
            card = beside(cards, kept.case, standing, tap)
        return Reply((Show(self._named(kept.case, card), kept.card, kept.case.id),))

    def _start_over(self, kept: Kept) -> Reply:
        """Ask whether a case shall begin again."""
        interview, cards = self._clinics[kept.case.flow]
        card = cards.starting_over(kept.case, interview.standing(kept.case))
        return Reply((Show(self._named(kept.case, card), kept.card, kept.case.id),))

    def _share(self, ledger: Ledger, kept: Kept) -> Reply:
        """Offer the link that hands a finished case to a group."""
        if self._clinics[kept.case.flow].interview.standing(kept.case).at:
            return Reply((self._drawn(ledger, kept),), self._catalog.team.toasts.not_finished)
        token = sealed(ledger.secret(), kept.case.id, kept.owner, self._clock())
        labels = self._catalog.team.labels
        to_group = Button(labels.to_group, self._go_on(kept).tap, hands=token)
        back = Button(self._words.labels.to_card, self._go_on(kept).tap)
        card = self._pages.bare(self._catalog.team.pages.share, to_group, back)
        return Reply((Show(self._named(kept.case, card), kept.card, kept.case.id),))

    def _scale(self, kept: Kept, tap: Tap) -> Reply:
        """Show a scale beside the question at hand."""
        return Reply((Show(self.read(kept.case, tap), kept.card, kept.case.id),))

    def _aid(self, ledger: Ledger, kept: Kept, tap: Tap, visit: Visit) -> Reply:
        """Open the case that helps with the question at hand; it starts from what is found already."""
        standing = self._clinics[kept.case.flow].interview.standing(kept.case)
        if tap.turn != kept.case.turn or standing.at is None or standing.at.aid != tap.question:
            raise StaleTap(tap.question)
        aid = aid_of(kept.case, standing)
        begun = ledger.get(aid)
        if begun:
            return self._bring(ledger, begun, visit)
        fresh = kept.case.helper(tap.question, self._catalog.edition, levels_of(standing))
        case = self._clinics[tap.question].interview.told(fresh, standing.findings, visit.who)
        opened = Kept(case, visit.place, visit.who, later(self._clock, kept), visit.card)
        ledger.add(opened)
        return Reply((self._drawn(ledger, opened),))

    def _read(self, ledger: Ledger, visit: Visit, said: Said) -> Reply:
        """Begin a case with what was read of a note."""
        fresh = Case(self._free_id(ledger, visit), self._default, self._catalog.edition)
        interview = self._clinics[self._default].interview
        case = interview.read(fresh, said.findings, heading(said), visit.who, said.scope)
        now = later(self._clock, ledger.current(visit.place, visit.who))
        kept = Kept(case, visit.place, visit.who, touched=now)
        ledger.add(kept)
        return Reply((self._drawn(ledger, kept),))

    def _new(self, ledger: Ledger, visit: Visit, flow: str = "") -> Reply:
        """Begin a case; one that was begun and never answered is taken instead of another."""
        code = flow or self._default
        present = ledger.current(visit.place, visit.who)
        now = later(self._clock, present)
        if present and present.case.flow == code and not present.case.steps and not present.case.parent_id:
            case = replace(present.case, edition=self._catalog.edition)
            fresh = replace(present, case=case, card=None, touched=now)
            ledger.put(fresh, present.case.revision)
            before = self._out_of_date(present, None).shows
        else:
            case = Case(self._free_id(ledger, visit), code, self._catalog.edition)
            fresh = Kept(case, visit.place, visit.who, touched=now)
            ledger.add(fresh)
            before = ()
        return Reply((*before, self._drawn(ledger, fresh)))

    def _bring(self, ledger: Ledger, kept: Kept, visit: Visit) -> Reply:
        """Bring a case to the message that was tapped; the one that showed it before is out of date."""
        now = later(self._clock, ledger.current(visit.place, visit.who))
        here = replace(kept, card=visit.card, aside=False, touched=now)
        ledger.put(here, kept.case.revision)
        return Reply((self._drawn(ledger, here), *self._out_of_date(kept, visit.card).shows))

    def _recent(self, ledger: Ledger, visit: Visit, page: int = 0) -> Card:
        """List a person's last cases, each with its name, its level, its headline or how far it has come, its age."""
        found = ledger.recent(visit.place, visit.who, MOST_RECENT + 1, page * MOST_RECENT)
        if not found:
            return self._recent(ledger, visit) if page else self._pages.none_recent()
        rows = [
            (Button(name, self._go_on(kept).tap), Line(f"{self._brief(kept)} · {self._ago(kept)}", lead=name))
            for kept in found[:MOST_RECENT]
            if (name := self._name(kept.case))
        ]
        return self._pages.recent(rows, page, more=len(found) > MOST_RECENT)

    def _ago(self, kept: Kept) -> str:
        """Tell how long ago a case was touched."""
        words, seconds = self._words.recent, self._clock() - kept.touched
        return words.now if seconds < MINUTE else words.ago.format(age=aged(seconds))

    def _brief(self, kept: Kept) -> str:
        """Tell a case in a line: its levels, and its headline or how far it has come."""
        interview, cards = self._clinics[kept.case.flow]
        standing = interview.standing(kept.case)
        card = cards.case(kept.case, standing)
        if standing.at is None:
            return f"{card.label.partition(' · ')[0]} · {cards.shortly(card.title)}"
        first = standing.at is cards.flow.questions[0]
        levels = written(standing.chosen if first else standing.findings.get("levels", NOT_ASKED))
        scale, _, step = card.label.rpartition(" · ")
        progress = self._words.recent.progress.format(step=step)
        return " · ".join(filter(None, (levels, scale.removeprefix(self._words.case), progress)))

    def _name(self, case: Case) -> str:
        """Return the name that tells a case from the others of its chat; one that helps another bears that one's."""
        return code_name(case.parent_id or case.id, self._catalog.team.names)

    def _named(self, case: Case, card: Card) -> Card:
        """Put the name of a case first on its card."""
        return replace(card, label=labelled(self._name(case), card.label, self._words.case))

    def _free_id(self, ledger: Ledger, visit: Visit) -> str:
        """Draw an id whose name none of the person's last cases here has."""
        names = self._catalog.team.names
        taken = {code_name(last, names) for last in ledger.last_ids(visit.place, visit.who, APART)}
        drawn = [self._new_id()]
        while code_name(drawn[-1], names) in taken and len(drawn) < DRAWS:
            drawn.append(self._new_id())
        return drawn[-1]

    def _cancel(self, ledger: Ledger, visit: Visit) -> Reply:
        """Put the open case aside; nothing of it is lost."""
        kept = ledger.current(visit.place, visit.who)
        if kept is None:
            return _said(self._pages.plain(self._words.pages.nothing_open))
        ledger.put(replace(kept, aside=True, touched=later(self._clock, kept)), kept.case.revision)
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

    def _drawn(self, ledger: Ledger, kept: Kept) -> Show:
        """Draw where a case stands, in the message that shows it."""
        clinic = self._clinics[kept.case.flow]
        standing = clinic.interview.standing(kept.case)
        if kept.case.unconfirmed:
            return Show(self._named(kept.case, heard(clinic.cards, kept.case, standing)), kept.card, kept.case.id)
        scored = self._scored(ledger, kept, standing)
        card = clinic.cards.case(kept.case, standing, scored, in_utc(kept.touched))
        return Show(self._named(kept.case, card), kept.card, kept.case.id)

    def _unread(self, ledger: Ledger, visit: Visit, said: Said, *more: Button) -> Card:
        """Draw why nothing of a case was found in a text, and what can be typed; more buttons come first."""
        words, title = self._words.note, self._words.pages.stray.title
        if IDENTIFIERS in said.beside:
            wipe = self._wiper(ledger, visit, said.message) if said.message is not None else ()
            card = self._pages.said(title, words.leave_out, *wipe, *more)
        elif LONG in said.beside:
            card = self._pages.said(title, words.long, *more)
        else:
            outside = self._clinics[self._default].cards.outside(decode_scope(said.scope))
            card = replace(self._pages.plain(self._words.pages.stray, *more), above=outside)
        return replace(card, blocks=(*self._dangers(said), *card.blocks))

    def _scored(self, ledger: Ledger, kept: Kept, standing: Standing) -> Scored | None:
        """Return what was scored of a case at its levels, where its card says it and it is complete."""
        flow = self._clinics[kept.case.flow].interview.flow
        said = flow.is_aided if standing.at is None else standing.at.aid
        helps = ledger.get(aid_of(kept.case, standing)) if said else None
        if helps is None:
            return None
        clinic = self._clinics[helps.case.flow]
        return clinic.cards.scored(helps.case, clinic.interview.standing(helps.case))

    def _out_of_date(self, kept: Kept, message: int | None) -> Reply:
        """Mark the card that showed a case before, if it is another message."""
        if kept.card in (None, message):
            return Reply()
        return Reply((Show(self._superseded(kept), kept.card),))

    def _superseded(self, kept: Kept) -> Card:
        return self._named(kept.case, self._pages.bare(self._words.pages.superseded, self._go_on(kept)))

    def _aside(self, kept: Kept) -> Card:
        return self._named(kept.case, self._pages.plain(self._words.pages.aside, self._go_on(kept)))

    def _go_on(self, kept: Kept) -> Button:
        return Button(self._words.labels.go_on, Tap(Verb.show, case=kept.case.id))

    def _open_case(self, ledger: Ledger, visit: Visit) -> Button | None:
        """Give the way back to the open case, where one was begun."""
        kept = ledger.current(visit.place, visit.who)
        if kept is None or not kept.case.steps:
            return None
        nothing_read = kept.case.unconfirmed and not self._clinics[kept.case.flow].interview.standing(kept.case).read
        return None if nothing_read else self._go_on(kept)


def heading(said: Said) -> Codes:
    """Write what begins a note in a case: which note it was, what else was in it, its message."""
    return said.note, *said.beside, *((f"{MESSAGE}{said.message}",) if said.message is not None else ())


def labelled(name: str, label: str, case: str) -> str:
    """Begin the first line of a card with the name of its case, in place of the bare word for one."""
    return " · ".join(filter(None, (name, label.removeprefix(f"{case} · "))))


def sure_to_start_over(standing: Standing, tap: Tap) -> None:
    """Check that few answers would go, or that it was asked before.

    Raises:
        AnswersWouldGo: where it is to be asked first.
    """
    if len(standing.answers) > ASKS_ABOVE and tap.question != SURE:
        raise AnswersWouldGo


def later(clock: Callable[[], float], kept: Kept | None) -> float:
    """Tell the time, but never one before a case was touched: the clock may have been set back."""
    return max(clock(), kept.touched + A_MOMENT) if kept else clock()


def beside(cards: Cards, case: Case, standing: Standing, tap: Tap) -> Card:
    """Draw what is read beside a case: its answers, an option, what would change it, what if, options side by side.

    Raises:
        StaleTap: where the recommendation is not reached, or has no such thing beside it.
    """
    if tap.verb is Verb.answers:
        return cards.answers(case, standing)
    if standing.at or cards.flow.guidance.bands:
        raise StaleTap(tap.question)
    match tap.verb:
        case Verb.changes:
            return cards.changes(case, standing, tap.question)
        case Verb.what_if:
            return cards.what_if(case, standing, tap.question, tap.choice)
        case Verb.compare:
            return cards.compare(case, standing, cards.abreast.options(tap.question, tap.choice))
        case Verb.option if not tap.question:
            return cards.options(case, standing)
        case _ if tap.question in cards.catalog.options:
            return cards.option(case, standing, tap.question)
        case _:
            raise StaleTap(tap.question)


def aid_of(case: Case, standing: Standing) -> str:
    """Give the id of the case that helps where this one stands, at its level."""
    return case.aid(levels_of(standing))


def levels_of(standing: Standing) -> Codes:
    """Give the levels that were found; none where they were not asked."""
    return standing.findings.get("levels", NOT_ASKED)


def aged(seconds: float) -> str:
    """Write an age in its largest unit: "5 min", "3 h", "2 d"."""
    minutes = max(0, int(seconds // 60))
    if minutes < HOUR:
        return f"{minutes} min"
    return f"{minutes // HOUR} h" if minutes < 2 * DAY else f"{minutes // DAY} d"


def _said(card: Card) -> Reply:
    """Answer with a new message."""
    return Reply((Show(card),))
