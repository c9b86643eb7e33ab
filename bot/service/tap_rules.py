"""Where each button may be pressed, and by whom: the one table that every handler obeys."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from flows.cards.card import Verb


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


class Who(StrEnum):
    """Whose tap is taken; in a private chat it is always the one person there."""

    member = "member"
    """Every member of the group."""

    giver = "giver"
    """Whoever gave the answer, opened the case or administers the group."""

    leader = "leader"
    """Whoever opened the case or administers the group."""


class Rule(NamedTuple):
    """Where a button may be pressed, and whose tap in a group is taken."""

    where: frozenset[Where]
    who: Who = Who.member


_ANSWERING: Final = Rule(frozenset({Where.own, Where.card}))
_ALONE: Final = Rule(frozenset({Where.own}))
_READING: Final = Rule(frozenset({Where.own, Where.reading, Where.card}))
_ANYWHERE_TO_READ: Final = Rule(frozenset({Where.page, Where.group_page}))
_TEAM: Final = Rule(frozenset({Where.card}))
_LEADER: Final = Rule(frozenset({Where.card}), Who.leader)

RULES: Final[dict[Verb, Rule]] = {
    # The question at hand.
    Verb.answer: _ANSWERING,
    Verb.mark: _ANSWERING,
    Verb.unmark: _ANSWERING,
    Verb.done: _ANSWERING,
    Verb.confirm: _ANSWERING,
    Verb.drop: _ANSWERING,
    Verb.aid: _ANSWERING,
    Verb.back: _ANSWERING._replace(who=Who.giver),
    Verb.restart: _ANSWERING._replace(who=Who.leader),
    Verb.answers: _ANSWERING,
    Verb.change: _ALONE,
    # What is read beside a case.
    Verb.show: _READING,
    Verb.option: _READING,
    Verb.changes: _READING,
    Verb.what_if: _READING,
    Verb.compare: _READING,
    Verb.scale: Rule(_READING.where | _ANYWHERE_TO_READ.where),
    Verb.copy: _ALONE,
    Verb.share: _ALONE,
    # What belongs to no case.
    Verb.new: Rule(_ANYWHERE_TO_READ.where | {Where.own}),
    Verb.home: _ANYWHERE_TO_READ,
    Verb.help: _ANYWHERE_TO_READ,
    Verb.about: _ANYWHERE_TO_READ,
    Verb.browse: _ANYWHERE_TO_READ,
    Verb.recent: Rule(frozenset({Where.page})),
    Verb.erase: Rule(frozenset({Where.page})),
    Verb.wipe: Rule(frozenset({Where.page, Where.own})),
    # What a team says of its case.
    Verb.finding: _TEAM,
    Verb.hold: _TEAM,
    Verb.hold_with: _TEAM,
    Verb.hold_without: _TEAM,
    Verb.settle: _TEAM._replace(who=Who.giver),
    Verb.discuss: _TEAM,
    Verb.reasons: _TEAM,
    Verb.reason: _TEAM,
    Verb.unsay: _TEAM,
    Verb.withdraw: _LEADER,
    Verb.choose: _LEADER,
    Verb.decide: _LEADER,
    Verb.reopen: Rule(frozenset({Where.card, Where.record}), Who.leader),
}
"""Every button. What it does not allow is refused, said, and logged as forged."""


def allows(verb: Verb, where: Where) -> bool:
    """Return whether a button may be pressed on such a message."""
    return where in RULES[verb].where
