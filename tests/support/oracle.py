"""A person in front of a chat, who remembers all that was shown and said there, and holds it against the model."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from interview_model import TITLES, CaseModel

Json = dict[str, Any]

_WORDING: Final = Path(__file__).parents[2] / "flows/catalog/data/wording.toml"
TOASTS: Final = {said: name for name, said in tomllib.loads(_WORDING.read_text("utf-8"))["toasts"].items()} | {"": ""}
"""What is said in passing, by its name."""

CHANGING: Final = tomllib.loads(_WORDING.read_text("utf-8"))["result"]["changing"]
"""The title of the list of answers: it stands in place of where the case stands, and is left again."""

STEPS: Final = frozenset({"a", "on", "off", "ok", "ch", "bk", "rs"})
"""The verbs that change a case."""

MODELLED: Final = STEPS | {"an", "op", "sh", "nw", "hm", "hp", "ab", "br", "fg", "er"}
"""The verbs that the model knows: the interview and its pages. What is read beside a recommendation changes nothing
of a case; a score is a case of its own."""


@dataclass(frozen=True)
class Button:
    """A button as it was seen: where, and what it carries."""

    message: int
    data: str

    @property
    def case(self) -> str:
        return self.data.split(".")[0]

    @property
    def turn(self) -> int:
        return int(self.data.split(".")[1])

    @property
    def verb(self) -> str:
        return self.data.split(".")[2]

    @property
    def wish(self) -> tuple[str, str, str]:
        """The verb, the question and the choice."""
        _, _, verb, question, choice, *_ = (*self.data.split("."), "", "")
        return verb, question, choice


@dataclass(frozen=True)
class Seen:
    """A card of a case as it was shown: in which message, at which turn, and what is read on it."""

    message: int
    case: str
    turn: int
    display: tuple[str, frozenset[str], str]


def buttons_of(message: Json) -> list[tuple[str, Button]]:
    """Give the buttons of a message that the model knows, with their labels."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    number = int(message["message_id"])
    every = [(b["text"], Button(number, b["callback_data"])) for row in rows for b in row if "callback_data" in b]
    return [(said, button) for said, button in every if button.verb in MODELLED]


def seen_in(message: Json) -> Seen | None:
    """Read a card that shows where a case stands; None for any other."""
    buttons = buttons_of(message)
    steps = [button for _, button in buttons if button.verb in STEPS - {"rs"}]
    if not steps:
        return None
    lines = message["text"].split("\n")
    if lines[1] == CHANGING:
        return None
    at = next((question for question, title in TITLES.items() if lines[1] == title), "")
    ticks = frozenset(label.split()[0] for label, _ in buttons if at == "levels" and label.endswith("✓"))
    found = next((line.removeprefix("Findings: ") for line in lines if line.startswith("Findings: ")), "")
    found = found if at else _concluded(lines)
    return Seen(steps[0].message, steps[0].case, steps[0].turn, (at, ticks, found))


def _concluded(lines: list[str]) -> str:
    """Read the findings of a recommendation: its levels behind the name of the case, the others above the end."""
    others = [line for line in lines[1:-1] if not line.startswith(("Not needed: ", "Begun under "))]
    _, _, levels = lines[0].partition(" · ")
    return f"{levels} · {others[-1]}"


@dataclass
class UserOracle:
    """What one person saw, in the order it happened.

    Attributes:
        taps: every tap in order: the callback query, and the button.
        waiting: the taps that still wait for an answer, by their callback query.
        told: what each tap was answered.
        acknowledged: how many answers were taken, as far as the person was told.
        seen: every card of a case that was shown, in order.
        messages: each message as it stands now.
    """

    taps: list[tuple[str, Button]] = field(default_factory=list)
    waiting: dict[str, Button] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    acknowledged: int = 0
    seen: list[Seen] = field(default_factory=list)
    messages: dict[int, Json] = field(default_factory=dict)

    def taps_on(self, query: str, button: Button) -> None:
        """Tap."""
        self.taps.append((query, button))
        self.waiting[query] = button

    def sees(self, message: Json) -> None:
        """See a message of the bot, new or changed."""
        self.messages[int(message["message_id"])] = message
        seen = seen_in(message)
        if seen:
            self.seen.append(seen)

    def hears(self, query: str, toast: str) -> None:
        """Hear what a tap is answered."""
        button = self.waiting.pop(query)
        self.told[query] = TOASTS[toast]
        self.acknowledged += not toast and button.verb in STEPS

    @property
    def newest(self) -> Seen | None:
        """The case card that was shown last."""
        return self.seen[-1] if self.seen else None

    def faults(self) -> list[str]:
        """Play what was tapped and told once more, in the model; tell wherever the two part."""
        cases: dict[str, CaseModel] = {}
        shown: dict[str, set[int]] = {}
        for seen in self.seen:
            shown.setdefault(seen.case, set()).add(seen.message)
        found = [f"{query} was never answered" for query in self.waiting]
        for query, button in self.taps:
            told = self.told.get(query, "")
            if button.verb not in STEPS | {"an", "op", "sh"}:
                found += [f"{button}: told {told}"] if told else []
            elif told == "shown_elsewhere":
                found += [] if len(shown[button.case]) > 1 else [f"{button}: there was no other card"]
            else:
                expected = cases.setdefault(button.case, CaseModel()).tap(*button.wish, button.turn)
                found += [] if told == expected else [f"{query} {button}: told {told!r}, not {expected!r}"]
        return found + self._misshown(cases)

    def _misshown(self, cases: dict[str, CaseModel]) -> list[str]:
        """Tell which cards showed what a case never was, and which show last what it is not."""
        unknown = CaseModel()
        wrong = [seen for seen in self.seen if (seen.turn, seen.display) not in cases.get(seen.case, unknown).past]
        last = {seen.case: seen for seen in self.seen}
        stale = [
            (seen, case.state.display)
            for seen in last.values()
            if (case := cases.get(seen.case, unknown)).state.display != seen.display and not self._covered(seen, case)
        ]
        return [f"never so: {seen}" for seen in wrong] + [
            f"{seen} shown last, it is {now}; tapped last {self._tapped_last(seen.case)}" for seen, now in stale
        ]

    def _covered(self, seen: Seen, case: CaseModel) -> bool:
        """Tell whether a page of the case lies where its card was: asked for so soon that the card was never drawn.

        It must have been drawn from how the case stands now.
        """
        message = self.messages[seen.message]
        own = [button for _, button in buttons_of(message) if button.case == seen.case]
        return seen_in(message) is None and any(button.turn == case.turn for button in own)

    def _tapped_last(self, case: str) -> list[tuple[int, str, str]]:
        """Give the last taps on a case, each with what it was told."""
        taps = [(b.message, b.data, self.told.get(query, "nothing")) for query, b in self.taps if b.case == case]
        return taps[-5:]
