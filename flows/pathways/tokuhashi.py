"""The flow that scores the revised Tokuhashi score of 2005: 0 to 15 points, three classes; higher is better."""

from __future__ import annotations

from typing import Final

from flows.model.conditions import Always, Scores
from flows.model.flow import Choice, Flow, Question
from flows.model.rules import Band, Guidance, Note
from flows.pathways.prognosis import CAVEAT, CLOSING, LIMIT

CITED: Final = ("TOKUHASHI",)

QUESTIONS: Final = (
    Question(
        "condition",
        "What is the general condition (Karnofsky)?",
        (
            Choice("poor", "10–40 %", "Karnofsky 10–40 %", 0),
            Choice("moderate", "50–70 %", "Karnofsky 50–70 %", 1),
            Choice("good", "80–100 %", "Karnofsky 80–100 %", 2),
        ),
        rows=(3,),
        facts=CITED,
    ),
    Question(
        "bone",
        "How many bone metastases outside the spine?",
        (
            Choice("three", "3 or more", "3 or more bone metastases outside the spine", 0),
            Choice("two", "1–2", "1–2 bone metastases outside the spine", 1),
            Choice("none", "0", "no bone metastases outside the spine", 2),
        ),
        rows=(3,),
        facts=CITED,
    ),
    Question(
        "bodies",
        "How many metastases in vertebral bodies?",
        (
            Choice("three", "3 or more", "3 or more metastases in vertebral bodies", 0),
            Choice("two", "2", "2 metastases in vertebral bodies", 1),
            Choice("one", "1", "1 metastasis in vertebral bodies", 2),
        ),
        rows=(3,),
        facts=CITED,
    ),
    Question(
        "organs",
        "Are there metastases to major internal organs?",
        (
            Choice("unremovable", "Not removable", "organ metastases not removable", 0),
            Choice("removable", "Removable", "organ metastases removable", 1),
            Choice("none", "None", "no organ metastases", 2),
        ),
        rows=(2, 1),
        facts=CITED,
    ),
    Question(
        "primary",
        "What is the primary tumour?",
        (
            Choice("lung", "Lung, stomach, …", "lung, osteosarcoma, stomach, bladder, oesophagus or pancreas", 0),
            Choice("liver", "Liver, unidentified, …", "liver, gallbladder or unidentified", 1),
            Choice("other", "Another", "another primary tumour", 2),
            Choice("kidney", "Kidney, uterus", "kidney or uterus", 3),
            Choice("rectum", "Rectum", "rectum", 4),
            Choice("breast", "Breast, prostate, …", "thyroid, breast, prostate or carcinoid", 5),
        ),
        rows=(1, 1, 2, 1, 1),
        hint="With lung and stomach stand osteosarcoma, bladder, oesophagus and pancreas; with liver gallbladder; "
        "with breast and prostate thyroid and carcinoid.",
        facts=CITED,
    ),
    Question(
        "palsy",
        "Is there a palsy?",
        (
            Choice("complete", "Complete", "complete palsy (Frankel A, B)", 0),
            Choice("incomplete", "Incomplete", "incomplete palsy (Frankel C, D)", 1),
            Choice("none", "None", "no palsy (Frankel E)", 2),
        ),
        rows=(2, 1),
        hint="Complete: Frankel A or B. Incomplete: Frankel C or D. None: Frankel E.",
        facts=CITED,
        scales=("ais",),
    ),
)

ITEMS: Final = tuple(question.item for question in QUESTIONS)

DIRECTION: Final = "a higher score is better"

BANDS: Final = (
    Band("under_six", "group survival under 6 months", Scores(ITEMS, 0, 8), f"0 to 8 points; {DIRECTION}", CITED),
    Band(
        "six_or_more", "group survival 6 months or more", Scores(ITEMS, 9, 11), f"9 to 11 points; {DIRECTION}", CITED
    ),
    Band(
        "year_or_more", "group survival 1 year or more", Scores(ITEMS, 12, 15), f"12 to 15 points; {DIRECTION}", CITED
    ),
)

NOTES: Final = (
    Note(
        Always(),
        f"The class is the survival that was predicted for a group, before today's systemic therapy. {LIMIT}",
        CITED,
    ),
    CLOSING,
)

TOKUHASHI: Final = Flow(
    "tokuhashi",
    "Revised Tokuhashi score, 2005",
    QUESTIONS,
    Guidance(notes=NOTES, bands=BANDS, direction=DIRECTION, caveat=CAVEAT),
)
