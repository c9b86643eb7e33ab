"""What a message, a tap or a vote does to a team's case, the same for every channel: one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from bot.service.case_store import Kept, Ledger, Team, chat_of
from bot.service.private_chat import Conversation, aid_of, heading, later, levels_of
from bot.service.read_links import link_to_page
from bot.service.replies import FOREIGN, MISPLACED, Deed, Pin, Reply, Said, Show, Stop, Visit
from bot.service.share_links import id_at, unsealed
from bot.service.tap_rules import RULES, Where, Who, allows
from bot.service.team.actions import LISTS, leads
from bot.service.team.cases import Wards
from bot.service.team.linked_cases import brought_along, found, helping, leading, put
from bot.service.team.reading import Reading
from bot.service.team.refusals import Retorts
from bot.service.team.tapped_message import instead, kind_of, shows_a_case
from flows.cards.card import Card, Tap, Verb
from flows.cards.pages import Pages
from flows.cards.team.card import READING
from flows.cards.team.case import word
from flows.catalog.loader import Catalog
from flows.engine.discussion import Stage
from flows.errors import AnswersWouldGo, FlowError, ReasonWanted
from flows.model.case import Case
from flows.model.code_names import code_name
from flows.model.editions import upgrade
from flows.model.flow import Flow
from flows.pathways.editions import CHANGES

COMMANDS: Final = ("case", "cases", "options", "scales", "help", "about", "start")
"""Every command of a group, in the order of its menu."""

_ANSWERED: Final = frozenset((*COMMANDS, "new", "cancel", "forget"))
"""Commands that get an answer in a group; some are of private chats, and of no menu there."""

BEGIN: Final = "case"
"""The payload of a link that begins a case in the group it leads to."""

SOON: Final = 86400.0
"""Seconds: no case was touched later than that from now, whatever the clock did."""

_PICKS: Final = 3
"""Names to pick the right one from."""


class TeamRoom:
    """Conducts what the members of a group do to their cases.

    Attributes:
        reading: what a member reads of them in private.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        catalog: Catalog,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        alone: Conversation,
    ) -> None:
        """Take the flows, the one that a team works first, and their words, clock, ids, what a person alone is shown.

        Args:
            flows: by their codes; the others help with a question of the first.
            catalog: their words.
            clock: gives seconds since 1970, UTC.
            new_id: gives an id for a case.
            alone: what answers where it is no matter of a team.
        """
        self._pages = Pages(catalog)
        self._catalog = catalog
        self._words = catalog.team
        self._clock = clock
        self._new_id = new_id
        self._alone = alone
        self._default = next(iter(flows))
        self._wards = Wards(flows, catalog, clock, alone)
        self._retorts = Retorts(self._wards, catalog)
        self.reading = Reading(self._wards, alone, catalog, clock)

    def command(self, ledger: Ledger, name: str, argument: str, visit: Visit) -> Reply:
        """Answer a command, given without its slash; one that is none of ours is nobody's business here."""
        match name:
            case "case" | "new":
                return self._new(ledger, visit)
            case "cases" | "cancel":
                opened = [k for k in leading(ledger.team_cases(visit.place)) if k.team and self._wards.is_open(k)]
                return _said(self._wards.listed(opened, self._clock()))
            case "start" if argument:
                return self._new(ledger, visit) if argument == BEGIN else self._brought(ledger, argument, visit)
            case "forget":
                return _said(self._pages.bare(self._words.pages.erase_privately))
            case "help":
                return _said(self._pages.plain(self._words.pages.help))
            case "start" | "about" | "options" | "scales":
                return self._alone.command(ledger, name, visit)
            case _:
                return Reply()

    def typed(self, ledger: Ledger, visit: Visit, said: Said) -> Reply:
        """Begin a case of this place with what was read of the line behind the command, for a member to confirm.

        Where nothing was found in it, every question is asked; what the line should not hold is said beside.
        """
        case = Case(self._new_id(), self._default, self._catalog.edition)
        if said.findings or said.scope:
            return self._opened(ledger, self._noted(case, said, visit.who), visit, "")
        opened = self._opened(ledger, case, visit, "")
        warning = self._alone.warning(said)
        return replace(opened, shows=(*opened.shows, Show(warning))) if warning else opened

    def edited(self, ledger: Ledger, visit: Visit, said: Said) -> Reply:
        """Read the line again whose message was changed before it was confirmed; a confirmed case stays as it is."""
        kept = ledger.unconfirmed(visit.place, visit.who, said.message) if said.message is not None else None
        if kept is None or kept.team is None:
            return Reply()
        case = self._noted(kept.case, said, visit.who)
        here = replace(kept, case=case, touched=later(self._clock, kept))
        ledger.put(here, kept.case.revision)
        return Reply() if here.aside else Reply((self._wards.drawn(ledger, here),))

    def _noted(self, case: Case, said: Said, who: str) -> Case:
        """Put what was read of a line before the members."""
        return self._wards.serving(case.flow).interview.read(case, said.findings, heading(said), who, said.scope)

    def tap(self, ledger: Ledger, tap: Tap | None, visit: Visit) -> Reply:
        """Do what a button wishes; None is a button that nobody here knows."""
        reply = self._tapped(ledger, tap, visit)
        return replace(reply, late=reply.late or (self._retorts.late(reply.toast) if reply.shows else ""))

    def _tapped(self, ledger: Ledger, tap: Tap | None, visit: Visit) -> Reply:
        """Handle a button press."""
        if tap is None or not tap.case:
            return self._tap_page(ledger, tap, visit)
        toasts = self._catalog.wording.toasts
        kept = found(ledger, tap.case)
        if kept is None and shows_a_case(ledger, visit):
            return self._alone.refused(MISPLACED)
        if kept is None:
            # A record is no less one when its case is erased: nothing takes its place.
            gone = instead(self._pages.bare(self._catalog.wording.pages.gone), visit, toasts.gone)
            return Reply(toast=toasts.gone) if tap.verb is Verb.reopen else gone
        # A message that is gone bears no topic: its tap is known by the chat alone.
        if kept.team is None or chat_of(kept.place) != chat_of(visit.place):
            return Reply(toast=toasts.gone, forged=FOREIGN)
        where = kind_of(ledger, kept, visit)
        if where is None or not allows(tap.verb, where):
            return self._alone.refused(MISPLACED)
        if where is Where.record:
            return self._pressed(ledger, kept, kept, tap, visit)
        return self._tap_case(ledger, kept, tap, visit)

    def _tap_case(self, ledger: Ledger, kept: Kept, tap: Tap, visit: Visit) -> Reply:
        """Handle a button that was pressed on the card of a case, or on a message that once was."""
        toasts = self._catalog.wording.toasts
        if tap.verb is Verb.show:
            return self._bring(ledger, kept, visit)
        if kept.aside and visit.card == kept.card:
            return Reply((Show(self._wards.resting(kept), kept.card),), toasts.put_aside)
        if kept.aside:
            return instead(self._wards.resting(kept), visit, toasts.put_aside)
        if visit.card != kept.card and (kept.card is not None or not visit.bears):
            return instead(self._wards.superseded(kept), visit, toasts.moved)
        here = replace(kept, card=visit.card)
        if tap.verb is Verb.aid:
            return self._aid(ledger, kept, here, tap, visit)
        return self._pressed(ledger, kept, here, tap, visit)

    def _pressed(self, ledger: Ledger, kept: Kept, here: Kept, tap: Tap, visit: Visit) -> Reply:
        """Handle a tap of somebody who may ask for that, once it is plain which case it means."""
        if tap.verb in READING:
            return self.reading.opened(ledger, tap, visit)
        if RULES[tap.verb].who is Who.leader and not leads(kept, visit):
            return Reply(toast=self._words.toasts.leads_only)
        return self._meant(ledger, here, tap) or self._taken(ledger, kept, here, tap, visit)

    def vote(self, ledger: Ledger, poll: str, numbers: Iterable[int], who: str) -> Reply:
        """Take a vote: the number of an answer of the poll, or none where it was taken back."""
        kept = ledger.balloted(poll)
        if kept is None:
            return Reply()
        offered = self._wards.shared(kept).talk.offered
        voted = next((offered[number] for number in numbers if number < len(offered)), "")
        try:
            case = self._wards.of(kept).discussion.vote(kept.case, voted, who, self._clock())
        except FlowError:
            return Reply()
        woken = self._woken(ledger, kept) or kept
        here = replace(woken, case=case, touched=later(self._clock, kept))
        ledger.put(here, kept.case.revision)
        return Reply((self._wards.drawn(ledger, here),))

    def uncounted(self, ledger: Ledger, poll: str, asks: Callable[[str], bool]) -> Reply:
        """Say that a vote was given in a poll that no case knows: its sending was in doubt, so it was sent once more.

        Whose vote it is cannot be told, nor can the poll be stopped: its message is not known. Nothing is said where
        it might be another case's.

        Args:
            ledger: the transaction.
            poll: the channel's id of the poll.
            asks: tells whether a question is the one that the poll asks.
        """
        if ledger.balloted(poll):
            return Reply()
        voting = [k for k in leading(ledger.idle(self._clock() + SOON)) if self._wards.is_voting(k)]
        meant = [k for k in voting if asks(self._wards.asked(k).question)]
        if len(meant) != 1 or meant[0].team is None:
            return Reply()
        title = self._words.heads.uncounted.format(name=meant[0].team.name)
        card = self._pages.listed(title, self._words.lines.uncounted, ())
        return Reply((Show(card, place=meant[0].place),))

    def shown(self, ledger: Ledger, case_id: str, message: int) -> Reply:
        """Remember which message shows a case, and draw how it stands by now; the one before is outdated."""
        kept = found(ledger, case_id)
        if kept is None:
            return Reply()
        here = replace(kept, card=message)
        if here != kept:
            put(ledger, here, kept.case.revision)
        before = kept.card not in (None, message)
        outdated = (Show(self._wards.superseded(kept), kept.card, place=kept.place),) if before else ()
        return Reply((self._wards.drawn(ledger, here), *outdated))

    def polled(self, ledger: Ledger, case_id: str, number: int, poll: str, message: int) -> Reply:
        """Remember the poll of a vote; one that came too late is stopped."""
        kept = ledger.get(case_id)
        if kept is None or kept.team is None:
            return Reply(deeds=(Stop(message),))
        if not self._wards.is_voting(kept) or self._wards.shared(kept).talk.rounds != number:
            return Reply(deeds=(Stop(message, place=kept.place),))
        earlier = kept.team.ballot
        ledger.put(replace(kept, team=replace(kept.team, poll=poll, ballot=message)), kept.case.revision)
        return Reply(deeds=(Stop(earlier, place=kept.place),) if earlier not in (None, message) else ())

    def minuted(self, ledger: Ledger, case_id: str, message: int) -> Reply:
        """Remember which message records the decision, and pin it; one that was sent before it does not hold."""
        kept = ledger.get(case_id)
        if kept is None or kept.team is None:
            return Reply()
        earlier = kept.team.minutes
        case = self._wards.of(kept).discussion.recorded(kept.case, (chat_of(kept.place), message))
        here = replace(kept, case=case, team=replace(kept.team, minutes=message))
        ledger.put(here, kept.case.revision)
        holds = not self._wards.is_open(kept)
        pins: list[Deed] = [Pin(message, place=kept.place)] if holds else []
        late = Show(self._wards.superseded(kept), message, place=kept.place)
        # A record that comes after its case was reopened would bear what was answered since.
        shows = [self._wards.minutes(ledger, here) if holds else late]
        if earlier not in (None, message):
            pins.append(Pin(earlier, on=False, place=kept.place))
            shows.append(Show(self._wards.superseded(kept), earlier, place=kept.place))
        return Reply(tuple(shows), deeds=tuple(pins))

    def unpinned(self, place: str) -> Reply:
        """Say that a decision could not be pinned, and why."""
        card = self._pages.listed(self._words.heads.unpinned, self._words.lines.unpinned, ())
        return Reply((Show(card, place=place),))

    def unsigned(self, ledger: Ledger, cases: Iterable[Kept]) -> tuple[Show, ...]:
        """Draw every card and record anew on which somebody was named whose number was erased from these cases."""
        ids = dict.fromkeys(kept.case.parent_id or kept.case.id for kept in cases)
        return tuple(show for case_id in ids for show in self._shown_anew(ledger.get(case_id), ledger))

    def _shown_anew(self, kept: Kept | None, ledger: Ledger) -> list[Show]:
        """Draw a case in the message that shows it, and its records in theirs, in the chat where it is now."""
        if kept is None:
            return []
        shared, board = self._wards.shared(kept, ledger), self._wards.of(kept).board
        shows = [self._wards.drawn(ledger, kept)] if kept.card is not None and not kept.aside else []
        for decision in shared.talk.decisions:
            chat, message = decision.record or ("", 0)
            if chat == chat_of(kept.place):
                record = board.decision(shared, decision)
                shows.append(Show(record, message, kept.case.id, place=kept.place, minutes=True))
        return shows

    def redrawn(self, ledger: Ledger, case_id: str) -> Reply:
        """Draw where a case stands, in the message that shows it."""
        kept = found(ledger, case_id)
        return Reply((self._wards.drawn(ledger, kept),) if kept and kept.card is not None and not kept.aside else ())

    def tended(self, ledger: Ledger, rest_after: float) -> Reply:
        """Let cases rest that nobody touched for `rest_after` seconds, and say so once in each place."""
        idle = [k for k in leading(ledger.idle(self._clock() - rest_after)) if self._wards.is_open(k)]
        resting: dict[str, list[Kept]] = {}
        shows: list[Show] = []
        for kept in idle:
            ledger.put(replace(kept, aside=True), kept.case.revision)
            resting.setdefault(kept.place, []).append(kept)
            if kept.card is not None:
                shows.append(Show(self._wards.resting(kept), kept.card, place=kept.place))
        hours = round(rest_after / 3600)
        for place, cases in resting.items():
            shows.append(Show(self._wards.reminder(cases, hours), place=place))
        return Reply(tuple(shows))

    def moved(self, ledger: Ledger, old: str, new: str) -> Reply:
        """Go on in the chat that a group has become; its messages bear other numbers there: each case gets a card."""
        ledger.move(old, new)
        shows: list[Show] = []
        deeds: list[Deed] = []
        for kept in leading(ledger.of_chat(new)):
            if self._wards.is_open(kept):
                shows.append(self._wards.drawn(ledger, kept))
                unasked = self._wards.is_voting(kept) and kept.team and kept.team.ballot is None
                deeds += [self._wards.asked(kept)] if unasked else []
            elif kept.team and kept.team.minutes is None:
                shows.append(self._wards.minutes(ledger, kept))
        return Reply(tuple(shows), deeds=tuple(deeds))

    def left(self, ledger: Ledger, chat: str) -> Reply:
        """Let the cases of a chat rest that the bot was removed from."""
        for kept in leading(ledger.of_chat(chat)):
            ledger.put(replace(kept, aside=True, card=None), kept.case.revision)
        return Reply()

    def refused(self, why: str, command: str = "") -> Reply:
        """Say why somebody cannot take part: to who tapped in passing, to who gave a command of ours in a line."""
        if not command:
            return Reply(toast=getattr(self._words.toasts, why))
        return _said(self._pages.bare(getattr(self._words.pages, why))) if command in _ANSWERED else Reply()

    def not_here(self, chat: str, who: str, *, tapped: bool, told: bool) -> Reply:
        """Say once that the bot is not for this group."""
        if tapped:
            return self._alone.not_listed(who, tapped=True)
        return Reply() if told else _said(self._pages.numbered(self._words.pages.not_here, chat))

    def _tap_page(self, ledger: Ledger, tap: Tap | None, visit: Visit) -> Reply:
        """Do what a button wishes that belongs to no case."""
        if tap is None:
            return self._alone.tap(ledger, tap, visit)
        if not allows(tap.verb, Where.group_page) or shows_a_case(ledger, visit):
            return self._alone.refused(MISPLACED)
        return self._new(ledger, visit) if tap.verb is Verb.new else Reply(opens=link_to_page(tap))

    def _meant(self, ledger: Ledger, kept: Kept, tap: Tap) -> Reply | None:
        """Where the card of another open case stands below, have the right name picked before a tap counts."""
        mine = kept.case.parent_id or kept.case.id
        opened = [k for k in leading(ledger.team_cases(kept.place)) if self._wards.is_open(k)]
        above = bool(opened) and max(opened, key=_depth).case.id != mine
        if tap.verb in LISTS or not above or not kept.team or tap.name == word(kept.team.name):
            return None
        if tap.name:
            return Reply((self._wards.drawn(ledger, kept),), self._words.toasts.wrong_name)
        others = [k.team.name for k in opened if k.team and k.case.id != mine]
        more = [name for name in self._words.names if name not in (*others, kept.team.name)]
        names = sorted([kept.team.name, *[*others, *more][: _PICKS - 1]], key=word)
        card = self._wards.of(kept).board.which(self._wards.shared(kept), tap, names)
        return Reply((Show(card, kept.card, kept.case.id),), self._words.toasts.which)

    def _taken(self, ledger: Ledger, kept: Kept, here: Kept, tap: Tap, visit: Visit) -> Reply:
        """Take a tap, or say why not and draw where the case stands."""
        shared, ward = self._wards.shared(kept, ledger), self._wards.of(kept)
        try:
            if tap.verb in LISTS:
                card = ward.teamwork.viewed(shared, tap, visit.who)
                return Reply((Show(card, here.card, kept.case.id),))
            here = replace(here, case=ward.teamwork.taken(kept, shared, tap, visit), touched=later(self._clock, kept))
        except AnswersWouldGo:
            return Reply((Show(ward.board.starting_over(shared, visit.who), here.card, kept.case.id),))
        except ReasonWanted:
            asked = ward.board.confirming(shared, tap.question, visit.who)
            return Reply((Show(asked, here.card, kept.case.id),))
        except FlowError as refused:
            toast = self._retorts.why(refused, shared, tap, visit)
        else:
            toast = self._retorts.told(shared, here, tap)
        here, follows = self._following(ledger, kept, here)
        # What was frozen by the vote or the decision is asked again now, if it means something else by now.
        here = replace(here, case=upgrade(here.case, CHANGES)) if tap.verb in (Verb.withdraw, Verb.reopen) else here
        if tap.verb is Verb.reopen and here.case is not kept.case:
            here = self._woken(ledger, here) or here
        if here != kept:
            put(ledger, here, kept.case.revision)
        late = self._retorts.late(toast or self._words.toasts.counted) if here.case != kept.case else ""
        return replace(follows, shows=(self._wards.drawn(ledger, here), *follows.shows), toast=toast, late=late)

    def _aid(self, ledger: Ledger, kept: Kept, here: Kept, tap: Tap, visit: Visit) -> Reply:
        """Open the case that helps with the question at hand or with a finding, in the same card, from what is found.

        It changes nothing of the case that it helps, so no name is asked for.
        """
        shared = self._wards.shared(kept)
        standing = shared.standing
        if here != kept:
            ledger.put(here, kept.case.revision)
        questions = self._wards.of(kept).board.cards.flow.questions
        helped = [
            q for q in questions if q.aid == tap.question and (q is standing.at or standing.findings.get(q.code))
        ]
        if tap.turn != kept.case.turn or not helped or not shared.talk.open:
            return Reply((self._wards.drawn(ledger, here),), self._catalog.wording.toasts.stale)
        aid = aid_of(kept.case, standing)
        begun = found(ledger, aid)
        if begun is None:
            fresh = kept.case.helper(tap.question, self._catalog.edition, levels_of(standing))
            case = self._wards.serving(tap.question).interview.told(fresh, standing.findings, visit.who)
            begun = helping(here, Kept(case, here.place, here.owner, later(self._clock, kept)))
            ledger.add(begun)
        return Reply((self._wards.drawn(ledger, begun),))

    def _following(self, ledger: Ledger, kept: Kept, here: Kept) -> tuple[Kept, Reply]:
        """Give what a change of stage brings with it: a poll, its end, the decision card, that it does not hold."""
        if here.team is None or here.case.talk == kept.case.talk:
            return here, Reply()
        before, now = self._wards.shared(kept).talk, self._wards.shared(here).talk
        deeds: list[Deed] = []
        shows: list[Show] = []
        if now.stage is Stage.voting and before.stage is not Stage.voting:
            deeds.append(self._wards.asked(here))
        if before.stage is Stage.voting and now.stage is not Stage.voting:
            if here.team.ballot is not None:
                deeds.append(Stop(here.team.ballot, place=here.place))
            here = replace(here, team=replace(here.team, poll="", ballot=None))
        if now.stage is Stage.decided and before.stage is not Stage.decided:
            here = replace(here, team=replace(here.team, minutes=None)) if here.team else here
            shows.append(self._wards.minutes(ledger, here))
        if before.stage is Stage.decided and here.team and here.team.minutes is not None:
            deeds.append(Pin(here.team.minutes, on=False, place=here.place))
            shows.append(self._wards.minutes(ledger, here))
        return here, Reply(tuple(shows), deeds=tuple(deeds))

    def _new(self, ledger: Ledger, visit: Visit) -> Reply:
        """Begin a case of this place."""
        return self._opened(ledger, Case(self._new_id(), self._default, self._catalog.edition), visit, "")

    def _opened(
        self, ledger: Ledger, case: Case, visit: Visit, giver: str, helps: Kept | None = None, wanted: str = ""
    ) -> Reply:
        """Open a case under a name that no other open one here has, with a copy of what helped with it elsewhere."""
        name = self._free_name(ledger, case.id, visit.place, wanted)
        if name is None:
            return _said(self._pages.bare(self._words.pages.names_taken))
        others = leading(ledger.team_cases(visit.place))
        now = max([self._clock(), *(k.team.opened + 1e-3 for k in others if k.team)])
        kept = Kept(case, visit.place, visit.who, touched=now, team=Team(name, now, giver))
        ledger.add(kept)
        if helps:
            ledger.add(brought_along(kept, helps, aid_of(case, self._wards.shared(kept).standing)))
        return Reply((self._wards.drawn(ledger, kept),))

    def _free_name(self, ledger: Ledger, case_id: str, place: str, wanted: str = "") -> str | None:
        """Choose a name that no other open case of a place has, and no decided one if that can be.

        One that the case had elsewhere is kept where it is free.
        """
        others = [k for k in leading(ledger.team_cases(place)) if k.case.id != case_id]
        taken = {k.team.name for k in others if k.team and self._wards.is_open(k)}
        recent = {k.team.name for k in others if k.team}
        free = [n for n in self._words.names if n not in recent] or [n for n in self._words.names if n not in taken]
        if wanted in free:
            return wanted
        return free[sum(case_id.encode()) % len(free)] if free else None

    def _woken(self, ledger: Ledger, kept: Kept) -> Kept | None:
        """Take a case up again, under another name where its own was given away meanwhile; None where none is free."""
        here = leading(ledger.team_cases(kept.place))
        others = [k for k in here if k.case.id != kept.case.id and self._wards.is_open(k)]
        team = kept.team
        if team and team.name in {k.team.name for k in others if k.team}:
            name = self._free_name(ledger, kept.case.id, kept.place)
            if name is None:
                return None
            team = replace(team, name=name)
        return replace(kept, aside=False, team=team)

    def _brought(self, ledger: Ledger, token: str, visit: Visit) -> Reply:
        """Open the case that a link hands to this place; followed again, the link leads to the same one."""
        case_id = unsealed(ledger.secret(), token, visit.who, self._clock())
        kept = ledger.get(case_id) if case_id else None
        if kept is None or kept.team or kept.owner != visit.who or kept.case.flow != self._default:
            return _said(self._pages.bare(self._words.pages.share_gone))
        here = ledger.get(id_at(token, visit.place, len(kept.case.id)))
        if here:
            return self._bring(ledger, here, visit)
        case = replace(kept.case, id=id_at(token, visit.place, len(kept.case.id)), talk=())
        helps = ledger.get(aid_of(kept.case, self._wards.shared(kept).standing))
        return self._opened(ledger, case, visit, visit.who, helps, wanted=code_name(kept.case.id, self._words.names))

    def _bring(self, ledger: Ledger, kept: Kept, visit: Visit) -> Reply:
        """Show a case: in its card where that was tapped, else in a new one below, and there the one that it helps."""
        if visit.card is not None and visit.card == kept.card and not kept.aside:
            return Reply((self._wards.drawn(ledger, kept),))
        helped = ledger.get(kept.case.parent_id) if kept.case.parent_id else None
        kept = helped or kept
        woken = self._woken(ledger, kept)
        if woken is None:
            return _said(self._pages.bare(self._words.pages.names_taken))
        stays = visit.card is not None and visit.card == kept.card
        here = replace(woken, touched=later(self._clock, kept), card=kept.card if stays else None)
        ledger.put(here, kept.case.revision)
        before = kept.card if not stays else None
        outdated = (Show(self._wards.superseded(kept), before, place=kept.place),) if before is not None else ()
        return Reply((*outdated, self._wards.drawn(ledger, here)))


def _depth(kept: Kept) -> tuple[bool, int, float]:
    """Tell how far down in its chat the card of a case stands; one that is yet to come stands below all."""
    return kept.card is None, kept.card or 0, kept.team.opened if kept.team else 0.0


def _said(card: Card) -> Reply:
    return Reply((Show(card),))
