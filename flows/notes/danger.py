"""Find the signs of an emergency in a note: weakness, a gait or sphincter disturbance, a numb saddle, a low power."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from flows.notes.lexicon import Lexicon, Topic
from flows.notes.scope import Mention, Polarity

_FULL_POWER: Final = 5
_IMPAIRED: Final = frozenset("ABCD")
_LETTER: Final = re.compile(r"[A-E]")
_NUMBER: Final = re.compile(r"\d")


def dangers(lexicon: Lexicon, meanings: Sequence[Mention]) -> list[Mention]:
    """Return the meanings that are signs of an emergency and not denied: "not walking" is one, "no weakness" none."""
    return [mention for mention in meanings if _is_danger(lexicon, mention)]


def _is_danger(lexicon: Lexicon, mention: Mention) -> bool:
    sense = mention.match.sense
    if isinstance(sense, Topic):
        turned = lexicon.topic.get(sense.denied_topic)
        if turned and turned.danger:
            return mention.polarity is not Polarity.affirmed
        return sense.danger and mention.polarity is not Polarity.negated
    return sense == "scale" and mention.polarity is not Polarity.negated and is_impaired(*mention.match.token.words)


def is_impaired(scale: str, value: str) -> bool:
    """Return whether a value of a scale is that of a deficit: MRC below 5, AIS or Frankel A to D."""
    if scale == "MRC":
        grades = _NUMBER.findall(value.partition("/")[0])
        return any(int(grade) < _FULL_POWER for grade in grades)
    return scale in {"AIS", "Frankel"} and bool(_IMPAIRED.intersection(_LETTER.findall(value.upper())))
