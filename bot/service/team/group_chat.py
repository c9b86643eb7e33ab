"""What a message, a tap or a vote does to a team's case, the same for every channel: one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from bot.service.case_store import CARD, POLL, RECORD, CaseRecord, CaseRepository, TeamRecord, chat_of, place_of
from bot.service.pictures.requests import change_theme, require_picture, send_picture
from bot.service.private_chat import PrivateChat, heading, levels_of, linked_case_id, next_timestamp
from bot.service.read_links import link_to_page
from bot.service.replies import (
    FOREIGN,
    MISPLACED,
    ActionContext,
    ClosePoll,
    Effect,
    NoteInput,
    PinMessage,
    Reply,
    ShowCard,
)
from bot.service.share_links import copied_case_id, verify
from bot.service.tap_rules import RULES, Where, Who, allows
from bot.service.team.actions import LISTS, leads
from bot.service.team.cases import TeamCases
from bot.service.team.linked_cases import as_linked, copy_linked, load, roots, save
from bot.service.team.reading import PrivateReading
from bot.service.team.refusals import RefusalTexts
from bot.service.team.tapped_message import instead, kind_of, shows_a_case
from flows.cards.card import Action, Card, Tap
from flows.cards.pages import Pages
from flows.cards.team.card import READING
from flows.cards.team.case import code_word
from flows.catalog.loader import Catalog
from flows.engine.discussion import Member, Stage
from flows.errors import AnswersWouldGo, FlowError, ReasonWanted, StaleTap
from flows.export.picture import SpineView
from flows.model.case import Case, DiscussionAction
from flows.model.code_names import code_name
from flows.model.editions import upgrade
from flows.model.flow import Flow
from flows.pathways.editions import CHANGES

COMMANDS: Final = ("case", "cases", "options", "scales", "help", "about", "start")
"""Every command of a group, in the order of its menu."""

_ANSWERED: Final = frozenset((*COMMANDS, "new", "cancel", "forget"))
"""Commands that get an answer in a group; some are of private chats, and of no menu there."""

BEGIN_PAYLOAD: Final = "case"
"""The payload of a link that begins a case in the group it leads to."""

CLOCK_SKEW: Final = 86400.0
"""Seconds: no case was touched later than that from now, whatever the clock did."""

_NAME_CHOICES: Final = 3
"""Names to pick the right one from."""


class GroupChat:
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
        private: PrivateChat,
    ) -> None:
        """Store the flows, the one that a team works first, and their words, clock, ids, what a person alone is shown.

        Args:
            flows: by their codes; the others help with a question of the first.
            catalog: their words.
            clock: gives seconds since 1970, UTC.
            new_id: gives an id for a case.
            private: what answers where it is no matter of a team.
        """
        self._pages = Pages(catalog)
        self._catalog = catalog
        self._words = catalog.team
        self._clock = clock
        self._new_id = new_id
        self._private = private
        self._default = next(iter(flows))
        self._cases = TeamCases(flows, catalog, clock, private)
        self._refusals = RefusalTexts(self._cases, catalog)
        self.reading = PrivateReading(self._cases, private, catalog, clock)

    def command(self, repository: CaseRepository, name: str, argument: str, context: ActionContext) -> Reply:
        """Answer a command, given without its slash; one that is none of ours is nobody's business here."""
        match name:
            case "case" | "new":
                return self._new(repository, context)
            case "cases" | "cancel":
                return self._list(repository, context.chat)
            case "start" if argument:
                return (
                    self._new(repository, context)
                    if argument == BEGIN_PAYLOAD
                    else self._open_shared(repository, argument, context)
                )
            case "forget":
                return _new_message(self._pages.bare(self._words.pages.erase_privately))
            case "help":
                return _new_message(self._pages.plain(self._words.pages.help))
            case "start" | "about" | "options" | "scales":
                return self._private.command(repository, name, context)
            case _:
                return Reply()

    def _list(self, repository: CaseRepository, place: str) -> Reply:
        """List what is open, with the cases that no message shows and those whose decision waits, which is tried."""
        unshown = roots(repository.list_unshown(place))
        known = {k.case.id: k for k in (*roots(repository.list_team_cases(place)), *unshown)}
        listed = [k for k in known.values() if self._cases.is_open(k) or (k.team and k.team.undelivered)]
        listed.sort(key=lambda k: -k.team.created_at if k.team else 0.0)
        page = ShowCard(self._cases.case_list(listed, self._clock()))
        waiting = self.retry(repository, [k for k in unshown if not k.archived])
        return Reply((page, *waiting.shows), effects=waiting.effects)

    def typed(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Begin a case of this place with what was read of the line behind the command, for a member to confirm.

        Where nothing was found in it, every question is asked; what the line should not hold is said beside.
        """
        case = Case(self._new_id(), self._default, self._catalog.edition)
        if note_input.findings or note_input.scope:
            return self._open(repository, self._with_note(case, note_input, context.user_id), context, "")
        opened = self._open(repository, case, context, "")
        warning = self._private.warning(note_input)
        return replace(opened, shows=(*opened.shows, ShowCard(warning))) if warning else opened

    def edited(self, repository: CaseRepository, context: ActionContext, note_input: NoteInput) -> Reply:
        """Read the line again whose message was changed before it was confirmed; a confirmed case stays as it is."""
        record = (
            repository.unconfirmed(context.chat, context.user_id, note_input.message_id)
            if note_input.message_id is not None
            else None
        )
        if record is None or record.team is None:
            return Reply()
        case = self._with_note(record.case, note_input, context.user_id)
        updated = replace(record, case=case, updated_at=next_timestamp(self._clock, record))
        repository.update(updated, record.case.revision)
        return Reply() if updated.archived else Reply((self._cases.show_case(repository, updated),))

    def _with_note(self, case: Case, note_input: NoteInput, user_id: str) -> Case:
        """Show the members what was read of a line."""
        return self._cases.services_for(case.flow).interview.start_from_note(
            case, note_input.findings, heading(note_input), user_id, note_input.scope
        )

    def tap(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle a tap; None where its callback data could not be parsed."""
        reply = self._on_tap(repository, tap, context)
        return replace(reply, late=reply.late or (self._refusals.late(reply.toast) if reply.shows else ""))

    def _on_tap(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle a button press."""
        if tap is None or not tap.case:
            return self._tap_page(repository, tap, context)
        toasts = self._catalog.wording.toasts
        record = load(repository, tap.case)
        if record is None and shows_a_case(repository, context):
            return self._private.refused(MISPLACED)
        if record is None:
            # A record is no less one when its case is erased: nothing takes its place.
            gone = instead(self._pages.bare(self._catalog.wording.pages.gone), context, toasts.gone)
            return Reply(toast=toasts.gone) if tap.action is Action.reopen else gone
        # A message that is gone bears no topic: its tap is known by the chat alone.
        if record.team is None or chat_of(record.place) != chat_of(context.chat):
            return Reply(toast=toasts.gone, forged=FOREIGN)
        where = kind_of(repository, record, context)
        if where is None or not allows(tap.action, where):
            return self._private.refused(MISPLACED)
        if where is Where.record:
            return self._on_button(repository, record, record, tap, context)
        if where is Where.picture:
            return change_theme(repository, record, tap.question, context.message_id, toasts.old_picture)
        return self._tap_case(repository, record, tap, context)

    def _tap_case(self, repository: CaseRepository, record: CaseRecord, tap: Tap, context: ActionContext) -> Reply:
        """Handle a button that was pressed on the card of a case, or on a message that once was."""
        toasts = self._catalog.wording.toasts
        if tap.action is Action.show:
            return self._bring_here(repository, record, context)
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
        return self._on_button(repository, record, updated, tap, context)

    def _on_button(
        self, repository: CaseRepository, record: CaseRecord, updated: CaseRecord, tap: Tap, context: ActionContext
    ) -> Reply:
        """Handle a tap of somebody who may ask for that, once it is plain which case it means."""
        if tap.action in READING:
            return self.reading.opened(repository, tap, context)
        if RULES[tap.action].who is Who.leader and not leads(record, context):
            return Reply(toast=self._refusals.no_leader(context))
        return self._ask_which_case(repository, updated, tap) or self._apply(repository, record, updated, tap, context)

    def vote(self, repository: CaseRepository, poll: str, numbers: Iterable[int], user_id: str) -> Reply:
        """Record a vote: the number of an answer of the poll, or none if it was taken back."""
        record = repository.get_by_poll(poll)
        if record is None:
            return Reply()
        offered = self._cases.view(record).discussion.offered
        voted = next((offered[number] for number in numbers if number < len(offered)), "")
        try:
            case = self._cases.services_of(record).discussion.vote(record.case, voted, user_id, self._clock())
        except FlowError:
            return Reply()
        woken = self._unarchive(repository, record) or record
        updated = replace(woken, case=case, updated_at=next_timestamp(self._clock, record))
        repository.update(updated, record.case.revision)
        return Reply((self._cases.show_case(repository, updated),))

    def on_stray_vote(self, repository: CaseRepository, poll: str, asks: Callable[[str], bool]) -> Reply:
        """Answer a vote in a poll that no case knows: its sending was in doubt, so it was sent once more.

        Whose vote it is cannot be told, nor can the poll be stopped: its message is not known. Nothing is said where
        it might be another case's.

        Args:
            repository: the transaction.
            poll: the channel's id of the poll.
            asks: tells whether a question is the one that the poll asks.
        """
        if repository.get_by_poll(poll):
            return Reply()
        voting = [k for k in roots(repository.list_idle(self._clock() + CLOCK_SKEW)) if self._cases.is_voting(k)]
        meant = [k for k in voting if asks(self._cases.open_poll(k).question)]
        if len(meant) != 1 or meant[0].team is None:
            return Reply()
        title = self._words.heads.stray_vote.format(name=meant[0].team.code_name)
        card = self._pages.list_page(title, self._words.lines.stray_vote, ())
        return Reply((ShowCard(card, chat=meant[0].place),))

    def on_card_sent(self, repository: CaseRepository, case_id: str, message: int) -> Reply:
        """Remember which message shows a case, and draw how it stands by now; the one before is outdated."""
        record = load(repository, case_id)
        if record is None:
            return Reply()
        updated = replace(record, card_message_id=message, team=record.team.delivered(CARD) if record.team else None)
        if updated != record:
            save(repository, updated, record.case.revision)
        before = record.card_message_id not in (None, message)
        outdated = (
            (ShowCard(self._cases.superseded_card(record), record.card_message_id, chat=record.place),)
            if before
            else ()
        )
        return Reply((self._cases.show_case(repository, updated), *outdated))

    def on_poll_sent(self, repository: CaseRepository, case_id: str, number: int, poll: str, message: int) -> Reply:
        """Remember the poll of a vote; one that came too late is stopped."""
        record = repository.get(case_id)
        if record is None or record.team is None:
            return Reply(effects=(ClosePoll(message),))
        if not self._cases.is_voting(record) or self._cases.view(record).discussion.rounds != number:
            return Reply(effects=(ClosePoll(message, chat=record.place),))
        earlier = record.team.poll_message_id
        repository.update(
            replace(record, team=replace(record.team, poll_id=poll, poll_message_id=message)), record.case.revision
        )
        return Reply(effects=(ClosePoll(earlier, chat=record.place),) if earlier not in (None, message) else ())

    def on_decision_sent(self, repository: CaseRepository, case_id: str, message: int) -> Reply:
        """Remember which message records the decision, and pin it; one that was sent before it does not hold."""
        record = repository.get(case_id)
        if record is None or record.team is None:
            return Reply()
        earlier = record.team.decision_message_id
        case = self._cases.services_of(record).discussion.recorded(record.case, (chat_of(record.place), message))
        team = replace(record.team.delivered(RECORD), decision_message_id=message)
        updated = replace(record, case=case, team=team)
        repository.update(updated, record.case.revision)
        waited = record.team.lacks(RECORD) and record.card_message_id is not None and not record.archived
        holds = not self._cases.is_open(record)
        pins: list[Effect] = [PinMessage(message, chat=record.place)] if holds else []
        late = ShowCard(self._cases.superseded_card(record), message, chat=record.place)
        # A record that comes after its case was reopened would bear what was answered since.
        shows = [self._cases.show_decision(repository, updated) if holds else late]
        shows += [self._cases.show_case(repository, updated)] if waited else []
        if earlier not in (None, message):
            pins.append(PinMessage(earlier, on=False, chat=record.place))
            shows.append(ShowCard(self._cases.superseded_card(record), earlier, chat=record.place))
        return Reply(tuple(shows), effects=tuple(pins))

    def unpinned(self, place: str) -> Reply:
        """Return the notice that a decision could not be pinned, and why."""
        card = self._pages.list_page(self._words.heads.unpinned, self._words.lines.unpinned, ())
        return Reply((ShowCard(card, chat=place),))

    def unsigned(self, repository: CaseRepository, cases: Iterable[CaseRecord]) -> tuple[ShowCard, ...]:
        """Draw every card and record anew on which somebody was named whose number was erased from these cases."""
        ids = dict.fromkeys(record.case.parent_id or record.case.id for record in cases)
        return tuple(show for case_id in ids for show in self._shown_anew(repository.get(case_id), repository))

    def _shown_anew(self, case_record: CaseRecord | None, repository: CaseRepository) -> list[ShowCard]:
        """Draw a case in the message that shows it, and its records in theirs, in the chat where it is now."""
        if case_record is None:
            return []
        view, board = self._cases.view(case_record, repository), self._cases.services_of(case_record).renderer
        shows = (
            [self._cases.show_case(repository, case_record)]
            if case_record.card_message_id is not None and not case_record.archived
            else []
        )
        for decision in view.discussion.decisions:
            chat, message = decision.record or ("", 0)
            if chat == chat_of(case_record.place):
                record = board.decision(view, decision)
                shows.append(ShowCard(record, message, case_record.case.id, chat=case_record.place, is_decision=True))
        return shows

    def redraw(self, repository: CaseRepository, case_id: str) -> Reply:
        """Draw where a case stands, in the message that shows it."""
        record = load(repository, case_id)
        return Reply(
            (self._cases.show_case(repository, record),)
            if record and record.card_message_id is not None and not record.archived
            else ()
        )

    def archive_idle(self, repository: CaseRepository, rest_after: float) -> Reply:
        """Archive cases that nobody touched for `rest_after` seconds, and announce it once in each place."""
        idle = [k for k in roots(repository.list_idle(self._clock() - rest_after)) if self._cases.is_open(k)]
        resting: dict[str, list[CaseRecord]] = {}
        shows: list[ShowCard] = []
        for record in idle:
            repository.update(replace(record, archived=True), record.case.revision)
            resting.setdefault(record.place, []).append(record)
            if record.card_message_id is not None:
                shows.append(ShowCard(self._cases.archived_card(record), record.card_message_id, chat=record.place))
        hours = round(rest_after / 3600)
        for place, cases in resting.items():
            shows.append(ShowCard(self._cases.archive_notice(cases, hours), chat=place))
        return Reply(tuple(shows))

    def on_chat_migrated(self, repository: CaseRepository, old: str, new: str) -> Reply:
        """Go on in the chat that a group has become; its messages bear other numbers there: each case gets a card."""
        repository.migrate_chat(old, new)
        shows: list[ShowCard] = []
        effects: list[Effect] = []
        for record in roots(repository.list_in_chat(new)):
            if self._cases.is_open(record):
                shows.append(self._cases.show_case(repository, record))
                unasked = self._cases.is_voting(record) and record.team and record.team.poll_message_id is None
                effects += [self._cases.open_poll(record)] if unasked else []
            elif record.team and record.team.decision_message_id is None:
                shows.append(self._cases.show_decision(repository, record))
        return Reply(tuple(shows), effects=tuple(effects))

    def on_bot_removed(self, repository: CaseRepository, chat: str) -> Reply:
        """Archive the cases of a chat that the bot was removed from; `/cases` offers them once it is back."""
        for record in roots(repository.list_in_chat(chat)):
            unposted = record.team and not self._cases.is_open(record) and record.team.decision_message_id is None
            rested = replace(record, archived=True, card_message_id=None, picture=record.picture.gone())
            rested = replace(rested, team=record.team.refused(RECORD)) if record.team and unposted else rested
            unasked = self._cases.is_voting(record) and record.team and record.team.poll_message_id is None
            repository.update(self._without_vote(rested) if unasked else rested, record.case.revision)
        return Reply()

    def on_part_refused(self, repository: CaseRepository, case_id: str, part: str) -> Reply:
        """Note that Telegram refused the card or the record of a case; the card says so, where there is one."""
        record = repository.get(case_id)
        if record is None or record.team is None:
            return Reply()
        card = None if part == CARD else record.card_message_id
        updated = replace(record, team=record.team.refused(part), card_message_id=card)
        repository.update(updated, record.case.revision)
        return self.redraw(repository, case_id) if not record.team.lacks(part) else Reply()

    def on_poll_refused(self, repository: CaseRepository, case_id: str, number: int) -> Reply:
        """End a vote whose poll Telegram refused; the card says so."""
        record = repository.get(case_id)
        if record is None or not self._cases.is_voting(record) or self._cases.view(record).discussion.rounds != number:
            return Reply()
        updated = self._without_vote(record)
        repository.update(updated, record.case.revision)
        return Reply((self._cases.show_case(repository, updated),)) if not record.archived else Reply()

    def _without_vote(self, record: CaseRecord) -> CaseRecord:
        """Return a case whose vote has no poll as it was before the vote, with a word that the poll was refused."""
        asked = next(s.who for s in reversed(record.case.discussion_events) if s.action is DiscussionAction.discuss)
        discussion = self._cases.services_of(record).discussion
        case = upgrade(discussion.withdraw(record.case, Member(asked, leads=True), self._clock()), CHANGES)
        return replace(record, case=case, team=record.team.refused(POLL) if record.team else None)

    def on_poll_stays(self, place: str) -> Reply:
        """Announce that a poll which is over could not be closed."""
        return self._notice(place, self._words.heads.poll_stays, self._words.lines.poll_stays)

    def on_record_stays(self, repository: CaseRepository, chat: str, message: int) -> Reply:
        """Announce that the record of a decision could not be changed, where that message is one."""
        for record in roots(repository.list_in_chat(chat)):
            places = [decision.record for decision in self._cases.view(record).discussion.decisions]
            if record.team and (chat, message) in places:
                title = self._words.heads.record_stays.format(name=record.team.code_name)
                return self._notice(record.place, title, self._words.lines.record_stays)
        return Reply()

    def on_topic_gone(self, repository: CaseRepository, chat: str, topic: int) -> Reply:
        """Go on in the chat itself with the cases of a topic that is closed or gone, and say so."""
        place = place_of(chat, topic)
        moving = {k.case.id for k in roots(repository.list_in_chat(chat)) if k.place == place}
        if not repository.leave_topic(chat, topic) or not moving:
            return Reply()
        shows: list[ShowCard] = []
        names: list[str] = []
        for record in (k for k in roots(repository.list_in_chat(chat)) if k.case.id in moving):
            named = self._unarchive(repository, record) or record
            repository.update(named, record.case.revision)
            if named.team and self._cases.is_open(named):
                names.append(named.team.code_name)
                shows.append(self._cases.show_case(repository, named))
        title = self._words.heads.topic_gone.format(name=", ".join(names))
        notice = self._notice(chat, title, self._words.lines.topic_gone)
        return Reply((*notice.shows, *shows)) if names else Reply()

    def retry(self, repository: CaseRepository, cases: Iterable[CaseRecord]) -> Reply:
        """Show once more what Telegram has refused of some cases."""
        shows: list[ShowCard] = []
        for record in roots(cases):
            if record.team and record.team.lacks(RECORD) and not self._cases.is_open(record):
                shows.append(self._cases.show_decision(repository, record))
            if record.team and record.team.lacks(CARD):
                shows.append(self._cases.show_case(repository, record))
        return Reply(tuple(shows))

    def _notice(self, place: str, title: str, line: str) -> Reply:
        """Return a notice for a place that belongs to no card."""
        return Reply((ShowCard(self._pages.list_page(title, line, ()), chat=place),))

    def refusal(self, why: str, command: str = "") -> Reply:
        """Answer why somebody cannot take part: a tap by a toast, a command by a line."""
        if not command:
            return Reply(toast=getattr(self._words.toasts, why))
        return _new_message(self._pages.bare(getattr(self._words.pages, why))) if command in _ANSWERED else Reply()

    def not_allowed_notice(self, chat: str, user_id: str, *, tapped: bool, told: bool) -> Reply:
        """Answer once that the bot is not for this group."""
        if tapped:
            return self._private.not_listed_notice(user_id, tapped=True)
        return Reply() if told else _new_message(self._pages.number_page(self._words.pages.not_here, chat))

    def _tap_page(self, repository: CaseRepository, tap: Tap | None, context: ActionContext) -> Reply:
        """Handle a tap on a button that belongs to no case."""
        if tap is None:
            return self._private.tap(repository, tap, context)
        if not allows(tap.action, Where.group_page) or shows_a_case(repository, context):
            return self._private.refused(MISPLACED)
        return self._new(repository, context) if tap.action is Action.new else Reply(opens=link_to_page(tap))

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
            updated = self._unarchive(repository, updated) or updated
        if updated != record:
            save(repository, updated, record.case.revision)
        late = self._refusals.late(toast or self._words.toasts.counted) if updated.case != record.case else ""
        return replace(
            follows, shows=(self._cases.show_case(repository, updated), *follows.shows), toast=toast, late=late
        )

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
        linked_id = linked_case_id(record.case, state)
        begun = load(repository, linked_id)
        if begun is None:
            fresh = record.case.helper(tap.question, self._catalog.edition, levels_of(state))
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

    def spine_view(self, repository: CaseRepository, record: CaseRecord) -> SpineView:
        """Return what the picture of a case shows."""
        return self._cases.spine_view(repository, record)

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
        return updated, Reply(tuple(shows), effects=tuple(effects))

    def _new(self, repository: CaseRepository, context: ActionContext) -> Reply:
        """Begin a case of this place."""
        return self._open(repository, Case(self._new_id(), self._default, self._catalog.edition), context, "")

    def _open(
        self,
        repository: CaseRepository,
        case: Case,
        context: ActionContext,
        shared_by: str,
        helps: CaseRecord | None = None,
        wanted: str = "",
    ) -> Reply:
        """Open a case under a name that no other open one here has, with a copy of what helped with it elsewhere."""
        name = self._free_name(repository, case.id, context.chat, wanted)
        if name is None:
            return _new_message(self._pages.bare(self._words.pages.names_taken))
        others = roots(repository.list_team_cases(context.chat))
        now = max([self._clock(), *(k.team.created_at + 1e-3 for k in others if k.team)])
        record = CaseRecord(case, context.chat, context.user_id, updated_at=now, team=TeamRecord(name, now, shared_by))
        repository.add(record)
        if helps:
            repository.add(copy_linked(record, helps, linked_case_id(case, self._cases.view(record).state)))
        return Reply((self._cases.show_case(repository, record),))

    def _free_name(self, repository: CaseRepository, case_id: str, place: str, wanted: str = "") -> str | None:
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

    def _unarchive(self, repository: CaseRepository, record: CaseRecord) -> CaseRecord | None:
        """Reopen a case, under another name if its own was given away meanwhile; None if none is free."""
        updated = roots(repository.list_team_cases(record.place))
        others = [k for k in updated if k.case.id != record.case.id and self._cases.is_open(k)]
        team = record.team
        if team and team.code_name in {k.team.code_name for k in others if k.team}:
            name = self._free_name(repository, record.case.id, record.place)
            if name is None:
                return None
            team = replace(team, code_name=name)
        return replace(record, archived=False, team=team)

    def _open_shared(self, repository: CaseRepository, token: str, context: ActionContext) -> Reply:
        """Open the case that a link hands to this place; followed again, the link leads to the same one."""
        case_id = verify(repository.signing_secret(), token, context.user_id, self._clock())
        record = repository.get(case_id) if case_id else None
        if record is None or record.team or record.owner != context.user_id or record.case.flow != self._default:
            return _new_message(self._pages.bare(self._words.pages.share_gone))
        updated = repository.get(copied_case_id(token, context.chat, len(record.case.id)))
        if updated:
            return self._bring_here(repository, updated, context)
        case = replace(record.case, id=copied_case_id(token, context.chat, len(record.case.id)), discussion_events=())
        helps = repository.get(linked_case_id(record.case, self._cases.view(record).state))
        return self._open(
            repository, case, context, context.user_id, helps, wanted=code_name(record.case.id, self._words.names)
        )

    def _bring_here(self, repository: CaseRepository, record: CaseRecord, context: ActionContext) -> Reply:
        """Show a case: in its card where that was tapped, else in a new one below, and there the one that it helps."""
        if context.message_id is not None and context.message_id == record.card_message_id and not record.archived:
            return Reply((self._cases.show_case(repository, record),))
        parent = repository.get(record.case.parent_id) if record.case.parent_id else None
        record = parent or record
        woken = self._unarchive(repository, record)
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


def _depth(record: CaseRecord) -> tuple[bool, int, float]:
    """Return how far down in its chat the card of a case stands; one that is yet to come stands below all."""
    return record.card_message_id is None, record.card_message_id or 0, record.team.created_at if record.team else 0.0


def _new_message(card: Card) -> Reply:
    return Reply((ShowCard(card),))
