"""The flow that scores the modified Bauer score: three questions, 0 to 4 points, three classes; higher is better."""

from __future__ import annotations

from typing import Final

from flows.model.conditions import Always, Scores
from flows.model.flow import Choice, Flow, Question
from flows.model.rules import Band, Guidance, Note
from flows.pathways.prognosis import CAVEAT, CLOSING, LIMIT

CITED: Final = ("BAUER",)

QUESTIONS: Final = (
    Question(
        "visceral",
        "Are there visceral metastases?",
        (
            Choice("none", "None", "no visceral metastases", 1),
            Choice("present", "Visceral metastases", "visceral metastases", 0),
        ),
        rows=(2,),
        facts=CITED,
    ),
    Question(
        "primary",
        "What is the primary tumour?",
        (
            Choice("favourable", "Favourable (below)", "breast, kidney, lymphoma or myeloma", 2),
            Choice("other", "Another", "another primary tumour", 1),
            Choice("lung", "Lung", "lung cancer", 0),
        ),
        rows=(1, 2),
        hint="Favourable: breast, kidney, lymphoma or myeloma, one point. One more for any that is not lung cancer.",
        facts=CITED,
    ),
    Question(
        "skeletal",
        "How many skeletal metastases?",
        (
            Choice("solitary", "Solitary", "one solitary skeletal metastasis", 1),
            Choice("several", "Several", "several skeletal metastases", 0),
        ),
        rows=(2,),
        facts=CITED,
    ),
)

ITEMS: Final = tuple(question.item for question in QUESTIONS)

DIRECTION: Final = "a higher score is better"

BANDS: Final = (
    Band("lowest", "lowest of three classes", Scores(ITEMS, 0, 1), f"0 to 1 points; {DIRECTION}", CITED),
    Band("middle", "middle of three classes", Scores(ITEMS, 2, 2), f"2 points; {DIRECTION}", CITED),
    Band("highest", "highest of three classes", Scores(ITEMS, 3, 4), f"3 to 4 points; {DIRECTION}", CITED),
)

NOTES: Final = (
    Note(Always(), f"{CAVEAT} {LIMIT}", CITED),
    CLOSING,
)

BAUER: Final = Flow(
    "bauer",
    "Modified Bauer score, 2008",
    QUESTIONS,
    Guidance(notes=NOTES, bands=BANDS, direction=DIRECTION, caveat=CAVEAT),
)
