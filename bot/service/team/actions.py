"""Lets the discussion or the interview take a member's tap on a team's case: a case in, a case out, or why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.service.case_store import Kept
from bot.service.private_chat import Conversation, sure_to_start_over
from bot.service.replies import Visit
from flows.cards.card import Card, Tap, Verb
from flows.cards.team.card import Board, unpacked
from flows.cards.team.case import Shared
from flows.engine.discussion import NONE_OF_THESE, Discussion, Member, Stage
from flows.errors import NothingChosen, NotNow, StaleTap, Unsettled
from flows.model.case import Case
from flows.model.findings import Codes
from flows.model.rules import Recommendation

ANSWERS: Final = (Verb.answer, Verb.mark, Verb.unmark, Verb.done)
"""Taps that answer the question at hand: the first one counts."""

LISTS: Final = (Verb.answers, Verb.finding, Verb.reasons, Verb.choose)
"""Taps that open what one needs in order to act, in place of the case; they change nothing."""

_WORDS: Final = (Verb.hold, Verb.hold_with, Verb.hold_without, Verb.settle, Verb.reason, Verb.unsay)
"""Taps that say what one holds, whatever has happened since: they may come late and twice."""


class Teamwork:
    """Knows which tap asks what of the discussion, and what of the interview."""

    def __init__(
        self,
        discussion: Discussion,
        board: Board,
        alone: Conversation,
        clock: Callable[[], float],
    ) -> None:
        """Take the discussion, what it is drawn by, what takes an answer, the clock (seconds since 1970)."""
        self._discussion = discussion
        self._board = board
        self._reasons = board.cards.catalog.team.reasons
        self._alone = alone
        self._clock = clock

    def viewed(self, shared: Shared, tap: Tap, who: str) -> Card:
        """Draw the list that somebody needs in order to act.

        Raises:
            NotNow: where the discussion does not stand there.
            StaleTap: where there is no such thing to look at.
            Unsettled: where it is to be decided while a finding is disputed.
        """
        board, stage = self._board, shared.talk.stage
        match tap.verb:
            case Verb.answers:
                return board.answers(shared, who)
            case Verb.finding:
                return self._finding(shared, tap.question, who)
            case Verb.reasons if stage is Stage.voting:
                return board.reasons(shared, who)
            case Verb.choose if not shared.case.parent_id and stage in (Stage.advised, Stage.voting, Stage.reopened):
                return self._choosing(shared, tap.question, who)
            case _:
                raise NotNow

    def _choosing(self, shared: Shared, option: str, who: str) -> Card:
        """Draw what can be decided, or ask once whether that is."""
        if shared.disputes:
            raise Unsettled
        if not option:
            return self._board.choosing(shared, who)
        if option not in (NONE_OF_THESE, *self._board.cards.catalog.options):
            raise StaleTap(option)
        return self._board.confirming(shared, option, who)

    def _finding(self, shared: Shared, code: str, who: str) -> Card:
        """Draw a finding, while answers may be given."""
        question = self._board.cards.flow.question(code)
        if question is None or not shared.standing.findings.get(code):
            raise StaleTap(code)
        if not shared.talk.open:
            raise NotNow
        return self._board.finding(shared, question, who)

    def taken(self, kept: Kept, shared: Shared, tap: Tap, visit: Visit) -> Case:
        """Give the case with what a tap did to it.

        Raises:
            FlowError: as the discussion and the interview do.
        """
        member = Member(visit.who, leads=leads(kept, visit))
        if tap.verb in _WORDS:
            return self._held(shared, tap, member)
        if tap.turn != shared.case.turn:
            raise StaleTap(tap.question)
        if tap.verb not in ANSWERS:
            return self._moved(shared, tap, member)
        if not shared.talk.open:
            raise NotNow
        return self._alone.taken(shared.case, tap, visit.who)

    def _held(self, shared: Shared, tap: Tap, member: Member) -> Case:
        """Take what somebody holds: an answer, what shall count of those that are held, or a reason."""
        case, now = shared.case, self._clock()
        if tap.verb is Verb.reason and tap.question in self._reasons:
            return self._discussion.reason(case, tap.question, member.who, now, on=True)
        if tap.verb is Verb.unsay:
            for reason in [code for code, given in shared.talk.reasons.items() if member.who in given]:
                case = self._discussion.reason(case, reason, member.who, now, on=False)
            return case
        if tap.verb is Verb.settle:
            question = self._board.cards.flow.question(tap.question)
            codes = unpacked(question, tap.choice) if question else ()
            return self._discussion.settle(case, tap.question, codes, member, now)
        return self._discussion.hold(case, tap.question, _answer(shared, tap, member.who), member, now)

    def _moved(self, shared: Shared, tap: Tap, member: Member) -> Case:
        """Take what leads the discussion to another stage, which a score has none of, or undoes an answer."""
        case, now, discussion = shared.case, self._clock(), self._discussion
        if case.parent_id and tap.verb not in (Verb.back, Verb.restart):
            raise StaleTap(tap.question)
        match tap.verb:
            case Verb.discuss:
                return discussion.discuss(case, self._advised(shared), member, now)
            case Verb.withdraw:
                return discussion.withdraw(case, member, now)
            case Verb.decide if tap.choice in ("", *self._reasons):
                return discussion.close(case, self._advised(shared), tap.question, tap.choice, member, now)
            case Verb.reopen:
                return discussion.reopen(case, member, now)
            case Verb.back:
                return discussion.back(case, member)
            case Verb.restart:
                begun = discussion.restart(case, member)
                sure_to_start_over(shared.standing, tap)
                return begun
            case Verb.confirm | Verb.drop:
                return self._alone.taken(case, tap, member.who)
            case _:
                raise StaleTap(tap.question)

    def _advised(self, shared: Shared) -> Recommendation:
        return self._board.blocks.advised(shared.standing)


def leads(kept: Kept, visit: Visit) -> bool:
    """Return whether somebody leads in a case: opened it, or administers the group."""
    return visit.admin or visit.who == kept.owner


def _answer(shared: Shared, tap: Tap, who: str) -> Codes:
    """Give the whole answer that somebody holds: of several, what they held before with one more or one less.

    Raises:
        NothingChosen: where nothing would be left of it.
    """
    standing = shared.standing.findings.get(tap.question, ())
    if tap.verb is Verb.hold:
        return (tap.choice,) if tap.choice else standing
    before = {*shared.talk.objections.get(tap.question, {}).get(who, standing)}
    codes = before | {tap.choice} if tap.verb is Verb.hold_with else before - {tap.choice}
    if not codes:
        raise NothingChosen(tap.question)
    return tuple(codes)
