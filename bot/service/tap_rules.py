"""Where each button may be pressed, and by whom: the one table that every handler obeys."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from flows.cards.card import Action


class Where(StrEnum):
    """What kind of message a tap came from, in which kind of chat; a client can send any bytes for any of them."""

    page = "page"
    """In a private chat, what belongs to no case."""

    own = "own"
    """In a private chat, a case of one's own."""

    reading = "reading"
    """In a private chat, what a member of a team reads of its case."""

    group_page = "group_page"
    """In a group, what belongs to no case."""

    card = "card"
    """In a group, the card of a case, or one that was its card before."""

    record = "record"
    """In a group, the record of a decision."""

    picture = "picture"
    """In a group, the picture of a case."""


class Who(StrEnum):
    """Whose tap is taken; in a private chat it is always the one person there."""

    member = "member"
    """Every member of the group."""

    giver = "giver"
    """Whoever gave the answer, opened the case or administers the group."""

    leader = "leader"
    """Whoever opened the case or administers the group."""


class TapRule(NamedTuple):
    """Where a button may be pressed, and whose tap in a group is taken."""

    where: frozenset[Where]
    who: Who = Who.member


_ANSWERING: Final = TapRule(frozenset({Where.own, Where.card}))
_ALONE: Final = TapRule(frozenset({Where.own}))
_READING: Final = TapRule(frozenset({Where.own, Where.reading, Where.card}))
_ANYWHERE_TO_READ: Final = TapRule(frozenset({Where.page, Where.group_page}))
_TEAM: Final = TapRule(frozenset({Where.card}))
_LEADER: Final = TapRule(frozenset({Where.card}), Who.leader)

RULES: Final[dict[Action, TapRule]] = {
    # The question at hand.
    Action.answer: _ANSWERING,
    Action.mark: _ANSWERING,
    Action.unmark: _ANSWERING,
    Action.done: _ANSWERING,
    Action.confirm: _ANSWERING,
    Action.drop: _ANSWERING,
    Action.linked_case: _ANSWERING,
    Action.back: _ANSWERING._replace(who=Who.giver),
    Action.restart: _ANSWERING._replace(who=Who.leader),
    Action.answers: _ANSWERING,
    Action.change: _ALONE,
    Action.draw: _ALONE,
    # What is read beside a case.
    Action.show: _READING,
    Action.option: _READING,
    Action.changes: _READING,
    Action.what_if: _READING,
    Action.compare: _READING,
    Action.scale: TapRule(_READING.where | _ANYWHERE_TO_READ.where),
    Action.picture: _ANSWERING,
    Action.theme: TapRule(frozenset({Where.own, Where.picture})),
    Action.copy: _ALONE,
    Action.record: TapRule(frozenset({Where.own, Where.record})),
    Action.share: _ALONE,
    # What belongs to no case.
    Action.new: TapRule(_ANYWHERE_TO_READ.where | {Where.own}),
    Action.home: _ANYWHERE_TO_READ,
    Action.help: _ANYWHERE_TO_READ,
    Action.about: _ANYWHERE_TO_READ,
    Action.browse: _ANYWHERE_TO_READ,
    Action.recent: TapRule(frozenset({Where.page})),
    Action.erase: TapRule(frozenset({Where.page})),
    Action.delete_message: TapRule(frozenset({Where.page, Where.own})),
    # Who may use the bot; all but the first are taken from its administrators alone.
    Action.ask: TapRule(frozenset({Where.page})),
    Action.admit: TapRule(frozenset({Where.page})),
    Action.refuse: TapRule(frozenset({Where.page})),
    Action.expel: TapRule(frozenset({Where.page})),
    Action.admitted: TapRule(frozenset({Where.page})),
    # What a team says of its case.
    Action.finding: _TEAM,
    Action.dispute: _TEAM,
    Action.dispute_with: _TEAM,
    Action.dispute_without: _TEAM,
    Action.settle: _TEAM._replace(who=Who.giver),
    Action.discuss: _TEAM,
    Action.reasons: _TEAM,
    Action.reason: _TEAM,
    Action.withdraw_reasons: _TEAM,
    Action.withdraw: _LEADER,
    Action.choose: _LEADER,
    Action.decide: _LEADER,
    Action.reopen: TapRule(frozenset({Where.card, Where.record}), Who.leader),
}
"""Every button. What it does not allow is refused, said, and logged as forged."""


def allows(verb: Action, where: Where) -> bool:
    """Return whether a button may be pressed on such a message."""
    return where in RULES[verb].where
