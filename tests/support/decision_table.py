"""Evaluates the hand-written decision tables, an independent statement of the rules to check the bot against.

It imports nothing of the bot. What each row says is in `decision_table.csv` and `notes_table.csv`; here is
only how rows are matched and weighed, which questions are asked, and how a card is ordered.
"""

import csv
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

Findings: TypeAlias = Mapping[str, str | tuple[str, ...]]
Row: TypeAlias = dict[str, str]

OPTIONS: Final = (
    "nonoperative",
    "posterior",
    "posterior_corpectomy",
    "posterior_mis",
    "anterior_corpectomy",
    "combined",
)
WEAKEST_FIRST: Final = ("indicated", "judgement", "not_indicated", "not_recommended", "contraindicated")
ANSWERS: Final = {
    "fitness": ("fit", "unfit_comorbidity", "unfit_advanced", "undecided"),
    "deficit": ("none", "minor", "significant"),
    "extent": ("body", "body_pedicle", "circumferential", "posterior"),
    "destruction": ("limited", "extensive"),
    "single_approach": ("enough", "not_enough", "not_judged"),
    "prior": ("none", "limited", "extensive", "unknown"),
}
UPPER: Final = frozenset({"T2", "T3", "T4", "T5"})
LOWER: Final = frozenset({f"T{n}" for n in range(6, 13)} | {f"L{n}" for n in range(1, 6)})
SPINE: Final = {"T1"} | UPPER | LOWER
LEVELS: Final[tuple[tuple[str, ...], ...]] = (
    ("T1",),
    ("T2",),
    ("T3",),
    ("T5",),
    ("T6",),
    ("T8",),
    ("L5",),
    ("T3", "T4"),  # several upper
    ("T2", "T3", "T4", "T5"),
    ("T6", "T7"),  # several lower
    ("T12", "L1"),
    ("T1", "T2"),  # T1 and upper
    ("T1", "T8"),  # T1 and lower
    ("T5", "T6"),  # upper and lower
    ("T4", "L2"),
    ("T1", "T5", "T6"),  # all three
)


class Reason(NamedTuple):
    """One row that holds: its own verdict and the facts that carry it."""

    verdict: str
    facts: tuple[str, ...]


class Judged(NamedTuple):
    """An option's verdict and its listed reasons, those of the winning verdict first."""

    verdict: str
    reasons: tuple[Reason, ...]


class Note(NamedTuple):
    """A note on the card: its name in the table and the facts that carry it."""

    name: str
    facts: tuple[str, ...]


def read(name: str) -> list[Row]:
    """The rows of a table beside this file, without its `#` lines and padding."""
    lines = (Path(__file__).parents[1] / "data" / name).read_text(encoding="utf-8").splitlines()
    table = csv.reader((line for line in lines if not line.startswith("#")), skipinitialspace=True)
    header = [cell.strip() for cell in next(table)]
    return [dict(zip(header, (cell.strip() for cell in row), strict=True)) for row in table]


RULES: Final = read("decision_table.csv")
NOTES: Final = read("notes_table.csv")


def asked(findings: Findings) -> tuple[str, ...]:
    """The questions asked, in order; of incomplete findings only the first unanswered one is certain."""
    if str(findings.get("fitness")).startswith("unfit"):
        return ("levels", "fitness")
    levels, extent = set(findings.get("levels", ())), findings.get("extent")
    around = extent == "circumferential"
    anterior_in_play = extent in ("body", "body_pedicle") and len(levels) == 1 and levels <= LOWER
    combined_in_play = around and findings.get("single_approach") != "enough"
    when = {
        "destruction": extent != "posterior",
        "single_approach": around,
        "prior": anterior_in_play or combined_in_play,
    }
    return ("levels", *(question for question in ANSWERS if when.get(question, True)))


def settled(findings: Findings) -> Findings:
    """The findings that count: those asked. A missing one, or an answer that does not exist, is an error."""
    for question in asked(findings):
        answer = findings.get(question)
        known = set(answer or ()) <= SPINE if question == "levels" else answer in ANSWERS[question]
        if not answer or not known:
            raise ValueError(f"{question}: {answer!r}")
    return {question: findings[question] for question in asked(findings)}


def fits(row: Row, findings: Findings) -> bool:
    """Whether every cell of the row fits the findings, which must be settled."""
    levels = set(findings["levels"])
    classes = {
        "any": True,
        "T1": "T1" in levels,
        "upper": not UPPER.isdisjoint(levels),
        "lower": levels <= LOWER,
    }
    counts = {"*": True, "1": len(levels) == 1, ">1": len(levels) > 1}
    return (
        classes[row["levels"]]
        and counts[row["count"]]
        and all(_cell_fits(row[question], str(findings.get(question, "-"))) for question in ANSWERS)
    )


def _cell_fits(cell: str, answer: str) -> bool:
    if cell.startswith("!"):  # what was not asked never counts, so it is not "answered otherwise" either
        return answer not in ("-", cell[1:])
    return cell == "*" or answer in cell.split("|")


def evaluate(findings: Findings) -> dict[str, Judged]:
    """For each option its verdict and its reasons, from the rows of `decision_table.csv`."""
    counted = settled(findings)
    held = [row for row in RULES if fits(row, counted)]
    return {option: _weigh([row for row in held if row["option"] == option]) for option in OPTIONS}


def _weigh(rows: list[Row]) -> Judged:
    verdict = max((row["verdict"] for row in rows), key=WEAKEST_FIRST.index)
    is_no = verdict not in ("indicated", "judgement")
    reasons = [Reason(row["verdict"], tuple(row["facts"].split())) for row in rows]
    listed = [reason for reason in reasons if not (is_no and reason.verdict == "indicated")]
    return Judged(verdict, tuple(sorted(listed, key=lambda reason: reason.verdict != verdict)))


def card_order(findings: Findings) -> tuple[str, ...]:
    """All six options as the card lists them."""
    judged = evaluate(findings)
    rebuild = settled(findings).get("destruction") == "extensive"
    middle = (
        ("posterior_corpectomy", "anterior_corpectomy", "posterior_mis", "posterior")
        if rebuild
        else ("posterior_mis", "posterior", "anterior_corpectomy", "posterior_corpectomy")
    )

    def place(option: str) -> tuple[int, int]:
        verdict = judged[option].verdict
        group = {"indicated": 0, "judgement": 1}.get(verdict, 2)
        if option == "nonoperative":
            return group, 7 if group == 2 else 0
        if option == "combined":
            return group, 1 if group == 0 else 6
        return group, 2 + middle.index(option)

    return tuple(sorted(OPTIONS, key=place))


def headline(findings: Findings) -> str:
    """The first indicated option, or "" for none; where fitness is undecided, the one if fit."""
    first = card_order(findings)[0]
    return first if evaluate(findings)[first].verdict == "indicated" else ""


def notes(findings: Findings) -> tuple[Note, ...]:
    """The notes on the card, each once; the emergency note is the project's own and has no facts."""
    counted = settled(findings)
    held = (Note(row["note"], tuple(row["facts"].split())) for row in NOTES if fits(row, counted))
    return tuple(dict.fromkeys(held))


def every_case() -> Iterator[Findings]:
    """The whole space of findings over each class of levels: only what is asked is answered."""
    for levels in LEVELS:
        yield from _completed({"levels": levels})


def _completed(findings: Findings) -> Iterator[Findings]:
    question = next((question for question in asked(findings) if question not in findings), None)
    if question is None:
        yield findings
        return
    for answer in ANSWERS[question]:
        yield from _completed({**findings, question: answer})


def every_noisy_case() -> Iterator[Findings]:
    """Every combination of answers to every question, asked or not: what is not asked must not count."""
    for levels in LEVELS:
        for answers in product(*ANSWERS.values()):
            yield {"levels": levels, **dict(zip(ANSWERS, answers, strict=True))}
