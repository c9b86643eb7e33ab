"""The flow that scores SINS, the Spinal Instability Neoplastic Score: six items, 0 to 18 points, three classes."""

from __future__ import annotations

from typing import Final

from flows.model.conditions import AllOf, Always, AnyLevel, AnyOf, Count, Scores
from flows.model.flow import Choice, Flow, Question
from flows.model.rules import Band, Guidance, Note
from flows.model.source_scope import ScopeCode

CITED: Final = ("SINS",)

ONE_LEVEL: Final = Count("levels", 1)
JUNCTIONAL: Final = AnyOf(AnyLevel("T1", "T2"), AnyLevel("T11", "L1"), AnyLevel("L5", "L5"))
MOBILE: Final = AnyLevel("L2", "L4")
SEMIRIGID: Final = AnyLevel("T3", "T10")

QUESTIONS: Final = (
    Question(
        "location",
        "Where is the lesion?",
        (
            Choice("junctional", "Junctional", "junctional spine", 3),
            Choice("mobile", "Mobile", "mobile spine", 2),
            Choice("semirigid", "Semirigid", "semirigid spine", 1),
            Choice("rigid", "Rigid", "rigid spine", 0),
        ),
        rows=(2, 2),
        hint="One level at a time. Junctional: occiput–C2, C7–T2, T11–L1, L5–S1. Mobile: C3–C6, L2–L4. "
        "Semirigid: T3–T10. Rigid: S2–S5.",
        facts=CITED,
        prefills=(
            (AllOf(ONE_LEVEL, JUNCTIONAL), "junctional"),
            (AllOf(ONE_LEVEL, MOBILE), "mobile"),
            (AllOf(ONE_LEVEL, SEMIRIGID), "semirigid"),
        ),
    ),
    Question(
        "pain",
        "What is the pain like?",
        (
            Choice("mechanical", "Mechanical", "mechanical pain", 3),
            Choice("occasional", "Occasional", "occasional pain", 1),
            Choice("none", "Pain-free lesion", "pain-free", 0),
        ),
        rows=(2, 1),
        hint="Mechanical: eased by lying down, or provoked by movement or loading. Occasional: not mechanical.",
        facts=CITED,
    ),
    Question(
        "bone",
        "What is the bone lesion like?",
        (
            Choice("lytic", "Lytic", "lytic lesion", 2),
            Choice("mixed", "Mixed", "mixed lesion", 1),
            Choice("blastic", "Blastic", "blastic lesion", 0),
        ),
        rows=(3,),
        facts=CITED,
    ),
    Question(
        "alignment",
        "What does imaging show of the alignment?",
        (
            Choice("translated", "Subluxed or translated", "subluxed or translated", 4),
            Choice("deformed", "New deformity", "new deformity", 2),
            Choice("normal", "Normal", "normal alignment", 0),
        ),
        rows=(1, 2),
        hint="New deformity: kyphosis or scoliosis.",
        facts=CITED,
    ),
    Question(
        "collapse",
        "How far has the vertebral body collapsed?",
        (
            Choice("over_half", "More than 50 %", "collapse over 50 %", 3),
            Choice("under_half", "Less than 50 %", "collapse under 50 %", 2),
            Choice("involved", "None, > 50 % involved", "body > 50 % involved", 1),
            Choice("none", "None of these", "body: none of these", 0),
        ),
        rows=(2, 2),
        hint="The third answer: no collapse, but more than half of the body is involved. "
        "The scale does not place a collapse of exactly 50 %: you pick.",
        facts=CITED,
    ),
    Question(
        "posterolateral",
        "Are the posterolateral elements involved?",
        (
            Choice("bilateral", "Bilateral", "posterolateral: bilateral", 3),
            Choice("unilateral", "Unilateral", "posterolateral: unilateral", 1),
            Choice("none", "None", "posterolateral: none", 0),
        ),
        rows=(3,),
        hint="Facet, pedicle or costovertebral joint: fractured, or replaced by tumour.",
        facts=CITED,
    ),
)

ITEMS: Final = tuple(question.item for question in QUESTIONS)

CONSULT: Final = "from 7 points a surgical consultation is advised"

BANDS: Final = (
    Band("stable", "stable", Scores(ITEMS, 0, 6), "0 to 6 points", CITED, ScopeCode.sins),
    Band("potentially_unstable", "potentially unstable", Scores(ITEMS, 7, 12), f"7 to 12 points; {CONSULT}", CITED),
    Band("unstable", "unstable", Scores(ITEMS, 13, 18), f"13 to 18 points; {CONSULT}", CITED),
)

NOTES: Final = (
    Note(
        Always(),
        "An aid beside a question: the source of the treatment options names no cut-off, "
        "and no score is turned into an answer.",
        ("G2", "G3"),
        closing=True,
    ),
)

SINS: Final = Flow(
    "sins",
    "SINS, Spinal Instability Neoplastic Score",
    QUESTIONS,
    Guidance(notes=NOTES, bands=BANDS),
    per_level=True,
)
