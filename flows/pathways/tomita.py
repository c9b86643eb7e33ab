"""The flow that scores the Tomita score: three questions, 2 to 10 points, four classes; lower is better."""

from __future__ import annotations

from typing import Final

from flows.model.conditions import Always, Scores
from flows.model.flow import Choice, Flow, Question
from flows.model.rules import Band, Guidance, Note
from flows.pathways.prognosis import CAVEAT, CLOSING, LIMIT

CITED: Final = ("TOMITA",)

QUESTIONS: Final = (
    Question(
        "growth",
        "How fast does the primary tumour grow?",
        (
            Choice("slow", "Slow", "slow growth", 1),
            Choice("moderate", "Moderate", "moderate growth", 2),
            Choice("rapid", "Rapid", "rapid growth", 4),
        ),
        rows=(3,),
        hint="You judge it. The score has 1, 2 and 4 points here, and never 3.",
        facts=CITED,
    ),
    Question(
        "visceral",
        "Are there visceral metastases?",
        (
            Choice("none", "None", "no visceral metastases", 0),
            Choice("treatable", "Treatable", "treatable visceral metastases", 2),
            Choice("untreatable", "Untreatable", "untreatable visceral metastases", 4),
        ),
        rows=(1, 2),
        facts=CITED,
    ),
    Question(
        "bone",
        "How many bone metastases?",
        (
            Choice("solitary", "Solitary", "solitary bone metastasis", 1),
            Choice("multiple", "Multiple", "multiple bone metastases", 2),
        ),
        rows=(2,),
        facts=CITED,
    ),
)

ITEMS: Final = tuple(question.item for question in QUESTIONS)

DIRECTION: Final = "a lower score is better, the other way round than in Bauer and Tokuhashi"

BANDS: Final = (
    Band("lowest", "lowest of four classes", Scores(ITEMS, 2, 3), f"2 to 3 points; {DIRECTION}", CITED),
    Band("second", "second of four classes", Scores(ITEMS, 4, 5), f"4 to 5 points; {DIRECTION}", CITED),
    Band("third", "third of four classes", Scores(ITEMS, 6, 7), f"6 to 7 points; {DIRECTION}", CITED),
    Band("highest", "highest of four classes", Scores(ITEMS, 8, 10), f"8 to 10 points; {DIRECTION}", CITED),
)

NOTES: Final = (
    Note(Always(), f"{CAVEAT} {LIMIT}", CITED),
    CLOSING,
)

TOMITA: Final = Flow(
    "tomita", "Tomita score, 2001", QUESTIONS, Guidance(notes=NOTES, bands=BANDS, direction=DIRECTION, caveat=CAVEAT)
)
