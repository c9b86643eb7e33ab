"""The interview as the tests understand it: written down a second time, from the questions and the labels alone.

It shares nothing with the program: no flow, no fold over steps, no state machine. A case is what was answered, what is
ticked, where it stands, and a pile of how it was before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

LEVELS: Final = tuple([f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)])
TITLES: Final = {
    "levels": "Which symptomatic levels are to be treated now?",
    "fitness": "Is the patient fit for surgery?",
    "deficit": "Neurological deficit?",
    "extent": "Where is the tumour?",
    "destruction": "How extensive is the destruction of the vertebral body?",
    "single_approach": "Would anterior fixation alone, or posterior fixation alone, be stable enough?",
    "prior": "Earlier thoracic or abdominal surgery or radiation?",
}
SAID: Final = {
    "fitness": {
        "fit": "fit",
        "unfit_comorbidity": "unfit: comorbidities",
        "unfit_advanced": "unfit: advanced disease",
        "undecided": "fitness undecided",
    },
    "deficit": {"none": "no deficit", "minor": "minor deficit", "significant": "significant deficit"},
    "extent": {
        "body": "body only",
        "body_pedicle": "body and pedicle",
        "circumferential": "circumferential",
        "posterior": "posterior elements only",
    },
    "destruction": {"limited": "limited destruction", "extensive": "extensive destruction"},
    "single_approach": {
        "enough": "single approach enough",
        "not_enough": "single approach not enough",
        "not_judged": "stability not judged",
    },
    "prior": {
        "none": "no prior treatment",
        "limited": "prior limited",
        "extensive": "prior extensive",
        "unknown": "prior not known",
    },
}

Answers = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class State:
    """Where a case stands: what was answered, the question at hand (none: the end), what is ticked since, by what."""

    answers: Answers = ()
    at: str = "levels"
    ticks: frozenset[str] | None = None
    after: str = ""

    @property
    def known(self) -> dict[str, tuple[str, ...]]:
        return dict(self.answers)

    @property
    def ticked(self) -> frozenset[str]:
        """What the grid shows: what was ticked since, or the answer that it had."""
        return frozenset(self.known.get("levels", ())) if self.ticks is None else self.ticks

    @property
    def display(self) -> tuple[str, frozenset[str], str]:
        """What is seen of it: the question, the ticks, the line of findings."""
        known = self.known
        counting = [question for question in TITLES if question in known and is_asked(question, known)]
        said = [_said(question, known[question]) for question in counting if question != self.at]
        return self.at, self.ticked if self.at == "levels" else frozenset(), " · ".join(said)


def is_asked(question: str, known: dict[str, tuple[str, ...]]) -> bool:
    """Tell whether the answers so far lead to a question."""
    value = {other: codes[0] for other, codes in known.items()}
    operable = value.get("fitness") in {"fit", "undecided"}
    around = operable and value.get("extent") == "circumferential"
    if question in {"levels", "fitness"}:
        return True
    if question in {"deficit", "extent"}:
        return operable
    if question == "destruction":
        return operable and value.get("extent") in {"body", "body_pedicle", "circumferential"}
    if question == "single_approach":
        return around
    levels = known.get("levels", ())
    one_lower = len(levels) == 1 and LEVELS.index(levels[0]) > LEVELS.index("T5")
    one_lower_body = one_lower and value.get("extent") in {"body", "body_pedicle"}
    return operable and (one_lower_body or (around and value.get("single_approach") in {"not_enough", "not_judged"}))


def _said(question: str, codes: tuple[str, ...]) -> str:
    if question != "levels":
        return SAID[question][codes[0]]
    return f"{spans(codes)} · {len(codes)} level{'s' * (len(codes) > 1)}"


def spans(levels: tuple[str, ...]) -> str:
    """Write levels as spans: "T4, T11–L1"."""
    places = sorted(map(LEVELS.index, levels))
    firsts = [place for place in places if place - 1 not in places]
    lasts = [place for place in places if place + 1 not in places]
    pairs = zip(firsts, lasts, strict=True)
    return ", ".join(LEVELS[a] if a == b else f"{LEVELS[a]}–{LEVELS[b]}" for a, b in pairs)


@dataclass
class CaseModel:
    """One case, and everything it ever was."""

    state: State = field(default_factory=State)
    pile: list[State] = field(default_factory=list)
    turn: int = 0
    revision: int = 0

    def __post_init__(self) -> None:
        self.past = {(self.turn, self.state.display)}

    def tap(self, verb: str, question: str, choice: str, turn: int) -> str:
        """Do what a button wishes; give what is said in passing: nothing, or the name of the refusal."""
        if verb == "sh":
            return ""
        if verb == "op":
            return "stale" if self.state.at else ""
        if verb == "an":
            return "" if any(self._offers("ch", other) for other in TITLES) else "stale"
        if turn != self.turn or not self._offers(verb, question):
            return "stale"
        refusal = self._done(verb, question, choice)
        self.past.add((self.turn, self.state.display))
        return refusal

    def _offers(self, verb: str, question: str) -> bool:
        """Tell whether the card at hand has such a button."""
        known = self.state.known
        if verb == "ch":
            return question != self.state.at and question in known and is_asked(question, known)
        return verb in {"bk", "rs"} or question == self.state.at

    def _done(self, verb: str, question: str, choice: str) -> str:
        now = self.state
        match verb:
            case "on" | "off":
                self._mark(choice, on=verb == "on")
            case "ok":
                return self._ticked(choice)
            case "a":
                self._answer(question, (choice,))
            case "ch":
                self._settle(replace(now, at=question, ticks=None, after="reopen"))
            case "rs" if now.ticks is None and now.after in {"", "restart"}:
                return "nothing_to_undo"
            case "rs" if len(now.answers) <= 3 or question == "sure":  # else it is asked first
                self._settle(State(after="restart"))
            case "bk" if not self.pile:
                return "nothing_to_undo"
            case "bk":
                self._stand(self.pile.pop())
        return ""

    def _ticked(self, only: str) -> str:
        """Settle what is ticked, or the only one that the button named."""
        ticked = self.state.ticked
        if not ticked or (only and ticked != {only}):
            return "chosen_otherwise" if ticked else "empty_selection"
        self._answer("levels", tuple(sorted(ticked, key=LEVELS.index)))
        return ""

    def _mark(self, choice: str, *, on: bool) -> None:
        now = self.state
        if (choice in now.ticked) is not on:
            ticks = now.ticked | {choice} if on else now.ticked - {choice}
            self.state, self.revision = replace(now, ticks=ticks), self.revision + 1

    def _answer(self, question: str, codes: tuple[str, ...]) -> None:
        answers = {**self.state.known, question: codes}
        at = next((other for other in TITLES if other not in answers and is_asked(other, answers)), "")
        self._settle(State(tuple(answers.items()), at, None, "answer"))

    def _settle(self, state: State) -> None:
        self.pile.append(self.state)
        self._stand(state)

    def _stand(self, state: State) -> None:
        self.state, self.revision = state, self.revision + 1
        self.turn = self.revision
