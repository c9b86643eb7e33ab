"""How far a "no" and a doubt reach in a note: each meaning comes out as said, denied or open, in its clause."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
from typing import Final, NamedTuple

from flows.notes.lexicon import Answer, Topic
from flows.notes.matcher import Match

_MENTIONS: Final = frozenset({"levels", "scale", "percent"})
_NOTHING_ELSE: Final = "-"
"""A denied answer stands alone: in "not fit: COPD" the illness is said."""
_SILENT: Final = frozenset({"filler", "lesion", "spine", "mark", "or", "and", "value", "tick", "cross", "empty"})
_MARKS: Final = frozenset({"asymptomatic", "stable", "intradural", "primary"})
_SPARING: Final = frozenset({"no", "nil", "gone", "sound", "fine"})
_COLON: Final = (":",)
_ENDED: Final = frozenset({"sep", "break"})


class Polarity(Enum):
    """What a note makes of a meaning."""

    affirmed = "said"
    negated = "denied"
    uncertain = "open"


class Mention(NamedTuple):
    """A phrase that means something to the questions, with what the note makes of it.

    Attributes:
        match: the phrase.
        polarity: said, denied, or open where the note leaves a doubt.
        start: where its words begin, the "no" or the doubt included.
        clause: the number of its clause.
        joined: whether only silent words part it from the meaning before it in the clause.
    """

    match: Match
    polarity: Polarity
    start: int
    clause: int
    joined: bool


@dataclass(slots=True)
class _Clause:
    """Reads one clause from left to right."""

    number: int
    mentions: list[Mention] = field(default_factory=list)
    no: Match | None = None
    doubt: Match | None = None
    denies: str = ""
    carried: str = ""
    gap: bool = False
    far: bool = False
    spent: bool = False
    alien: bool = False
    marked: bool = False
    joined: bool = False
    near: bool = False
    doubted: bool = False
    timed: bool = False
    degree: Match | None = None
    sound: Match | None = None
    before: Match | None = None

    def take(self, match_: Match, after: Match | None) -> None:
        """Read the next item of the clause; `after` is the one that follows it."""
        self._take(match_, after)
        self.before = match_

    def _take(self, match_: Match, after: Match | None) -> None:
        sense = match_.sense
        if isinstance(sense, Answer | Topic) or sense in _MENTIONS:
            self._mention(match_)
            self.joined, self.near, self.degree, self.sound = True, True, None, None
            return
        if sense in _SPARING and self._spare(match_, after):
            return
        self._modify(match_, after)
        if sense not in _SILENT:
            self.joined = False
            self.near = self.near and sense == "neutral"
            self.degree = (self.degree or match_) if sense == "degree" else None
            self.sound = match_ if sense == "sound" else None

    def _modify(self, match_: Match, after: Match | None) -> None:
        """Read what says something of the items around it: a no, a doubt, an end, or nothing that counts."""
        sense = match_.sense
        if sense == "lesion":
            self._name()
        elif sense in _MARKS:
            self.no, self.doubt, self.gap, self.spent, self.marked = None, None, False, False, True
        elif sense in {"no", "not", "nil"}:
            self._deny(match_)
        elif sense == "and":
            self.carried = "and"
        elif sense == "or":
            self.carried = "or"
            self._choose(match_)
        elif sense in {"next", "around", "last", "more", "clause", "time"} or _asks(match_):
            if not (self.before and self.before.sense in _MARKS):
                self._doubt(match_, after)
        elif sense not in _SILENT or sense == "spine":
            self.gap = self.gap or (self.no is not None and not self.denies)
            self.alien = self.alien or sense not in _SILENT

    @property
    def only_doubts(self) -> bool:
        """Whether there is a doubt, or a bare "no", and nothing that it could fall on."""
        doubts = self.doubted or self.timed or self.doubt or (self.no and not self.gap and not self.spent)
        return bool(doubts) and not self.mentions and not self.marked

    @property
    def spares_levels(self) -> bool:
        """Whether its doubt is of a time or a condition alone, which no level has, or of something unknown."""
        return self.alien or ((self.timed or self.doubted) and not (self.doubt or self.no))

    @property
    def pending(self) -> Match | None:
        """What a line ends with that may be of the next one: a "no" or a doubt that has found nothing."""
        idle = self.no is not None and not self.denies and not self.gap and not self.spent
        return self.doubt or (self.no if idle else None)

    def close(self) -> list[Mention]:
        """End the clause: a "no" or a doubt that found nothing ahead falls on what was said last."""
        idle = self.no is not None and not self.denies and (not self.gap or self.no.sense == "not")
        at_level = bool(self.mentions) and self.mentions[-1].match.sense == "levels"
        if self.spent:
            idle = at_level and self.joined
        if self.doubt or (idle and not (self.far and at_level)):
            self._open_last()
        if self.doubted or self.timed:
            return [
                mention if mention.match.sense == "levels" else mention._replace(polarity=Polarity.uncertain)
                for mention in self.mentions
            ]
        return self.mentions

    def _name(self) -> None:
        """Spend a "no" or a doubt on the tumour that it stands before, and so on the level beside that."""
        level = self.joined and bool(self.mentions) and self.mentions[-1].match.sense == "levels"
        if self.doubt and level:
            self._open_last()
            self.doubt = None
        self.spent = self.spent or (self.no is not None and not self.denies)

    def _mention(self, match_: Match) -> None:
        """Add a meaning as the words before it make it."""
        topic = match_.sense if isinstance(match_.sense, Topic) else None
        last = self.mentions[-1].match if self.joined else None
        if last and topic and _answers(last) in topic.opens:
            self._open_last()
        apart = last is not None and isinstance(last.sense, Topic) and _answers(match_) in last.sense.opens
        sound = self.sound if topic and topic.part and self.no is None else None
        polarity = self._polarity(_question(match_))
        if sound and polarity is Polarity.affirmed:
            polarity = Polarity.negated
        if match_.token.open or apart or match_.value == "open":
            polarity = Polarity.uncertain
        elif match_.value == "denied":
            polarity = Polarity.negated if polarity is Polarity.affirmed else Polarity.uncertain
        if polarity is Polarity.negated and isinstance(match_.sense, Answer):
            self.denies = _NOTHING_ELSE
        before = self.no if polarity is not Polarity.affirmed else None
        leading = (before, self.doubt, sound, self.degree if topic else None)
        start = min([match_.start, *(word.start for word in leading if word)])
        self.mentions.append(Mention(match_, polarity, start, self.number, self.joined))
        self.doubt, self.carried = None, ""

    def _polarity(self, question: str) -> Polarity:
        """Return what the words before make of a meaning: a "no" reaches on to its own question, or behind an "or"."""
        if self.no is None:
            return Polarity.uncertain if self.doubt else Polarity.affirmed
        if self.spent and question != "levels":
            self.no, self.denies, self.gap, self.spent = None, "", False, False
            return Polarity.uncertain
        if self.denies in {"", question} or self.carried == "or":
            self.denies = question
            return Polarity.uncertain if self.doubt or self.gap else Polarity.negated
        if self.carried == "and":
            return Polarity.uncertain
        self.no, self.denies, self.gap = None, "", False
        return Polarity.uncertain if self.doubt else Polarity.affirmed

    def _spare(self, match_: Match, after: Match | None) -> bool:
        """Deny what stands right before a word such as "intact" or "none", as far as it can; tell whether it could."""
        last = self.mentions[-1] if self.joined and self.mentions else None
        topic = last.match.sense if last and last.polarity is Polarity.affirmed else None
        if last is None or not isinstance(topic, Topic) or (match_.sense in {"sound", "fine"} and not topic.part):
            return False
        ended = after is None or after.sense in _ENDED or (match_.sense == "nil" and isinstance(after.sense, Answer))
        if match_.sense in {"no", "nil"} and not ended:
            return False
        place = len(self.mentions) - 1
        while place and self.mentions[place].joined and _same(self.mentions[place - 1], last):
            place -= 1
        spared = [mention._replace(polarity=Polarity.negated) for mention in self.mentions[place:]]
        spared[-1] = spared[-1]._replace(match=last.match._replace(end=match_.end))
        self.mentions[place:] = spared
        return True

    def _choose(self, match_: Match) -> None:
        """Leave open an answer that is one of two: "limited or extensive"; a "no" before them denies both."""
        if self.no is None and self.near and _answers(self.mentions[-1].match):
            self._open_last()
            self.doubt = match_

    def _deny(self, match_: Match) -> None:
        if self.before and self.before.token.words == _COLON and self.joined and _answers(self.mentions[-1].match):
            self._open_last()
        if self.no and not self.denies:
            self.doubt = match_
        else:
            self.no, self.denies, self.gap, self.far, self.spent = match_, "", False, not self.joined, False

    def _doubt(self, match_: Match, after: Match | None) -> None:
        """Cast a doubt ahead, back or over the clause; "?circ" asks ahead and "circ?" back."""
        asks = _asks(match_)
        touching = asks and after is not None and after.start == match_.end and not _asks(after)
        if asks and not touching and self.before and self.before.end < match_.start:
            self._open_last()
            touching = True
        ended = after is None or after.sense in _ENDED
        of_level = bool(self.mentions) and self.mentions[-1].match.sense == "levels"
        ahead = match_.sense in {"next", "around"} or touching or (match_.sense == "last" and of_level and not ended)
        if match_.sense in {"clause", "time"}:
            self.doubted = self.doubted or match_.sense == "clause"
            self.timed = self.timed or match_.sense == "time"
        elif ahead or not self.mentions:
            self.doubt = match_
        else:
            self._open_last()

    def _open_last(self) -> None:
        if self.mentions:
            self.mentions[-1] = self.mentions[-1]._replace(polarity=Polarity.uncertain)


def resolve_mentions(matches: list[Match]) -> list[Mention]:
    """Return the meanings of a note with what it makes of each; separators and "but" end a clause."""
    clause = _Clause(0)
    closed: list[Mention] = []
    for match_, after in zip_longest(matches, matches[1:]):
        if match_.sense in {"sep", "break"}:
            closed = _closed(closed, clause)
            pending = clause.pending if set(match_.words[0]) == {"\n"} else None
            clause = _Clause(clause.number + 1, doubt=pending)
        else:
            clause.take(match_, after)
    return _closed(closed, clause)


def _closed(before: list[Mention], clause: _Clause) -> list[Mention]:
    """Add the meanings of a clause; one that is nothing but a doubt falls on what was said last before it."""
    found = clause.close()
    if (
        before
        and not found
        and clause.only_doubts
        and not (clause.spares_levels and before[-1].match.sense == "levels")
    ):
        return [*before[:-1], before[-1]._replace(polarity=Polarity.uncertain)]
    return before + found


def _question(match_: Match) -> str:
    """Return the code of the question that a phrase touches; what touches none is told apart by its scale."""
    if isinstance(match_.sense, Topic):
        return match_.sense.question or match_.sense.scale
    return match_.sense.question if isinstance(match_.sense, Answer) else str(match_.sense)


def _answers(match_: Match) -> str:
    """Return the code of the question that a phrase answers, or that it would if it were denied."""
    answers = isinstance(match_.sense, Answer) or (isinstance(match_.sense, Topic) and match_.sense.denied_answer)
    return _question(match_) if answers else ""


def _same(one: Mention, two: Mention) -> bool:
    """Return whether two topics are said of the same."""
    topics = [mention.match.sense for mention in (one, two) if isinstance(mention.match.sense, Topic)]
    return one.polarity is two.polarity and [topic.scale for topic in topics] == [topics[0].scale] * 2


def _asks(match_: Match) -> bool:
    return match_.sense == "mark" and match_.token.words == ("?",)
