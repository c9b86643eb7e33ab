"""The flow for a symptomatic metastasis T1–L5: seven questions and the rules R1–R8, with the facts that carry them."""

from __future__ import annotations

from typing import Final

from flows.condition import Always, AnyLevel, Count, Either, Every, Is, Not
from flows.flow import Choice, Flow, Question
from flows.levels import LEVELS
from flows.rules import Fork, Guidance, Note, Place, Rule, Verdict

NONOPERATIVE: Final = "nonoperative"
POSTERIOR: Final = "posterior"
POSTERIOR_CORPECTOMY: Final = "posterior_corpectomy"
POSTERIOR_MIS: Final = "posterior_mis"
ANTERIOR_CORPECTOMY: Final = "anterior_corpectomy"
COMBINED: Final = "combined"
OPERATIONS: Final = (POSTERIOR_MIS, POSTERIOR, POSTERIOR_CORPECTOMY, ANTERIOR_CORPECTOMY, COMBINED)

UNFIT: Final = Is("fitness", "unfit_comorbidity", "unfit_advanced")
OPERABLE: Final = Is("fitness", "fit", "undecided")

ONE_LEVEL: Final = Count("levels", 1)
AT_T1: Final = AnyLevel("T1", "T1")
UPPER: Final = AnyLevel("T2", "T5")
LOWER: Final = Not(AnyLevel("T1", "T5"))

BODY: Final = Is("extent", "body")
CIRCUMFERENTIAL: Final = Is("extent", "circumferential")
EXTENSIVE: Final = Is("destruction", "extensive")
SIGNIFICANT: Final = Is("deficit", "significant")
ONE_SIDE_ENOUGH: Final = Is("one_sided", "enough")
ONE_SIDE_NOT_ENOUGH: Final = Is("one_sided", "not_enough")
ONE_SIDE_NOT_JUDGED: Final = Is("one_sided", "not_judged")
PRIOR_LIMITED: Final = Is("prior", "limited")
PRIOR_EXTENSIVE: Final = Is("prior", "extensive")

ONE_LOWER_BODY: Final = Every(ONE_LEVEL, LOWER, BODY)

EMERGENCY: Final = (
    "New or worsening weakness, gait, bladder, bowel or saddle disturbance is an emergency: "
    "follow your local cord or cauda equina compression pathway now."
)

QUESTIONS: Final = (
    Question(
        "levels",
        "Which symptomatic levels are to be treated now?",
        tuple(Choice(level, level) for level in LEVELS),
        several=True,
        rows=(4, 4, 4, 5),
        hint="The source does not say which levels count: take the symptomatic ones to treat now.",
        facts=("G8",),
    ),
    Question(
        "fitness",
        "Is the patient fit for surgery?",
        (
            Choice("fit", "fit"),
            Choice("unfit_comorbidity", "unfit: comorbidities"),
            Choice("unfit_advanced", "unfit: advanced disease", "unfit: advanced"),
            Choice("undecided", "undecided", "fitness undecided"),
        ),
        hint="The source names no scale and no cut-off: you judge.",
        facts=("F8", "G3"),
        scales=("fitness",),
    ),
    Question(
        "deficit",
        "Neurological deficit?",
        (
            Choice("none", "none", "no deficit"),
            Choice("minor", "minor", "minor deficit"),
            Choice("significant", "significant", "significant deficit"),
        ),
        asked=OPERABLE,
        rows=(3,),
        hint="The source says “significant” and does not define it: you judge. "
        "Minor: present, judged not significant.",
        facts=("F12", "G2"),
        caution=EMERGENCY,
        scales=("ais",),
    ),
    Question(
        "extent",
        "Where is the tumour?",
        (
            Choice("body", "body only"),
            Choice("circumferential", "circumferential"),
            Choice("posterior", "posterior only", "posterior elements"),
        ),
        asked=OPERABLE,
        rows=(2, 1),
        hint="Body only: nothing behind the body is involved. Body with any pedicle or posterior element: "
        "circumferential. This is the project's reading.",
        facts=("G11",),
    ),
    Question(
        "destruction",
        "How far is the vertebral body destroyed?",
        (
            Choice("limited", "limited", "limited destruction"),
            Choice("extensive", "extensive", "extensive destruction"),
        ),
        asked=Every(OPERABLE, Is("extent", "body", "circumferential")),
        rows=(2,),
        hint="Extensive: the anterior column must be rebuilt. With several levels the worst body counts.",
        facts=("F11", "G12"),
        aid="sins",
    ),
    Question(
        "one_sided",
        "Would fixation from the front alone, or from the back alone, be stable enough?",
        (
            Choice("enough", "enough", "one side stable enough"),
            Choice("not_enough", "not enough", "one side not enough"),
            Choice("not_judged", "not judged", "stability not judged"),
        ),
        asked=Every(OPERABLE, CIRCUMFERENTIAL),
        rows=(2, 1),
        hint="The source keeps the combined operation for spines that one side cannot hold.",
        facts=("F16",),
        aid="sins",
    ),
    Question(
        "prior",
        "Earlier thoracic or abdominal surgery or radiation?",
        (
            Choice("none", "none", "no prior treatment"),
            Choice("limited", "limited or not known", "prior limited/unknown"),
            Choice("extensive", "extensive", "prior extensive"),
        ),
        asked=Every(OPERABLE, Either(ONE_LOWER_BODY, Every(CIRCUMFERENTIAL, Not(ONE_SIDE_ENOUGH)))),
        rows=(2, 1),
        hint="Surgery through chest or abdomen counts, posterior spine surgery alone does not. "
        "Radiation of the spine alone: the source is silent, you judge.",
        facts=("F15", "G4"),
    ),
)

RULES: Final = (
    Rule(
        "R1",
        NONOPERATIVE,
        Verdict.indicated,
        UNFIT,
        "the patient is not fit; radiotherapy, and a brace if painful movement must be stopped",
        ("F8", "F9"),
    ),
    Rule(
        "R1",
        NONOPERATIVE,
        Verdict.judgement,
        Is("fitness", "undecided"),
        "fitness is not settled; indicated if the patient turns out unfit",
        ("F8",),
    ),
    Rule("R1", NONOPERATIVE, Verdict.not_indicated, Is("fitness", "fit"), "the patient is fit", ("F8",)),
    *(
        Rule(
            "R2",
            operation,
            Verdict.not_indicated,
            UNFIT,
            "the patient is not fit; the source offers non-operative treatment only",
            ("F8",),
        )
        for operation in OPERATIONS
    ),
    Rule(
        "R3",
        POSTERIOR_MIS,
        Verdict.indicated,
        Every(OPERABLE, Not(SIGNIFICANT)),
        "no significant deficit; MIS is generally the first choice where it is possible",
        ("F12", "F2"),
    ),
    Rule(
        "R3",
        POSTERIOR_MIS,
        Verdict.indicated,
        Is("deficit", "minor"),
        "the deficit is judged not significant; the source does not define “significant”",
        ("G2",),
    ),
    Rule(
        "R3",
        POSTERIOR_MIS,
        Verdict.judgement,
        EXTENSIVE,
        "the source does not say that it rebuilds the anterior column",
        ("F12", "F2", "G5"),
    ),
    Rule("R3", POSTERIOR_MIS, Verdict.not_indicated, SIGNIFICANT, "significant deficit", ("F12",)),
    Rule(
        "R4",
        POSTERIOR,
        Verdict.indicated,
        OPERABLE,
        "single- or multi-level and circumferential disease; no limit of level, deficit or destruction is stated",
        ("F10",),
    ),
    Rule(
        "R4",
        POSTERIOR,
        Verdict.judgement,
        EXTENSIVE,
        "the source adds a corpectomy here, and does not say that plain posterior rebuilds the anterior column",
        ("F10", "F11", "G5"),
    ),
    Rule(
        "R5",
        POSTERIOR_CORPECTOMY,
        Verdict.indicated,
        EXTENSIVE,
        "the body is so destroyed that the anterior column must be rebuilt",
        ("F11",),
    ),
    Rule(
        "R5",
        POSTERIOR_CORPECTOMY,
        Verdict.indicated,
        Every(EXTENSIVE, ONE_LOWER_BODY, Is("prior", "none")),
        "anterior corpectomy is supported too: imaging decides, posterior is the favoured route",
        ("F6", "F7"),
    ),
    Rule(
        "R5",
        POSTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        Every(OPERABLE, Not(EXTENSIVE)),
        "body not extensively destroyed, so that a smaller operation may serve",
        ("F11", "F3"),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.contraindicated,
        PRIOR_EXTENSIVE,
        "extensive earlier thoracic or abdominal surgery or radiation",
        ("F15",),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.not_recommended,
        UPPER,
        "the source advises against it at T2–T5 and goes in from behind",
        ("F14", "F4"),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        Every(OPERABLE, Not(ONE_LEVEL)),
        "more than one level",
        ("F13",),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        Every(OPERABLE, AT_T1),
        "indicated at T6–L5; the source is silent on T1",
        ("F13", "G1"),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        Every(OPERABLE, Not(BODY)),
        "the tumour is not one of the vertebral body alone",
        ("F13",),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.judgement,
        PRIOR_LIMITED,
        "earlier chest or abdominal treatment is limited or not known; only “extensive” is a contraindication, "
        "and it is not defined",
        ("F13", "F15", "G4"),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.indicated,
        Every(OPERABLE, ONE_LOWER_BODY),
        "one vertebral body, T6–L5; imaging decides the route, posterior is the favoured one",
        ("F13", "F6", "F7"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.not_indicated,
        Every(OPERABLE, Not(CIRCUMFERENTIAL)),
        "the tumour is not circumferential; rarely needed",
        ("F16", "F17"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.not_indicated,
        ONE_SIDE_ENOUGH,
        "fixation from one side is judged stable enough; rarely needed",
        ("F16", "F17"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        Every(OPERABLE, UPPER),
        "the source contradicts itself at T2–T5 (no level limit here, yet it points away from the front); discuss",
        ("F16", "F4", "F14", "G6"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        Every(OPERABLE, AT_T1),
        "no level limit is stated, but the source is silent on the front of T1",
        ("F16", "G1"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        Either(PRIOR_LIMITED, PRIOR_EXTENSIVE),
        "it has an anterior stage, and earlier chest or abdominal treatment speaks against going in from the front",
        ("F16", "F15", "G7"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        ONE_SIDE_NOT_JUDGED,
        "whether one side alone would hold is not judged; rarely needed",
        ("F16", "F17"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.indicated,
        ONE_SIDE_NOT_ENOUGH,
        "fixing only the front or only the back is judged not stable enough; rarely needed",
        ("F16", "F17"),
    ),
    *(
        Rule(
            "R8",
            operation,
            Verdict.judgement,
            ONE_SIDE_NOT_ENOUGH,
            "you judged that fixation from one side is not stable enough",
            ("F16",),
        )
        for operation in (POSTERIOR_MIS, POSTERIOR, POSTERIOR_CORPECTOMY)
    ),
)

NOTES: Final = (
    Note(Not(Is("deficit", "none")), EMERGENCY, (), urgent=True),
    Note(
        ONE_SIDE_NOT_JUDGED,
        "Stability not yet judged: whether one side alone would hold decides on the combined operation.",
        ("F16",),
    ),
    Note(
        Every(EXTENSIVE, Not(SIGNIFICANT)),
        "MIS meets its indication too and generally comes first where it is possible; "
        "the source does not say that it rebuilds the front.",
        ("F12", "F2", "G5"),
    ),
    Note(
        Every(OPERABLE, UPPER),
        "At T2–T5 the source operates from behind: posterior or posterolateral.",
        ("F4",),
    ),
    Note(
        Every(OPERABLE, Either(UPPER, EXTENSIVE)),
        "From behind, the posterolateral route exposes the front of the vertebra better.",
        ("F5",),
    ),
    Note(OPERABLE, "Front or back is decided case by case on the pre-operative imaging.", ("F6",)),
    Note(OPERABLE, "Larger operations are kept for the patients whom a smaller one cannot serve.", ("F3",)),
    Note(Always(), "Under systemic therapy, aim for the shortest break in it.", ("F1",)),
    Note(
        Always(),
        "Scope: symptomatic metastases T1–L5, unstable, high-grade compression; radiosensitivity not considered.",
        ("G10",),
        closing=True,
        brief="unstable spines, high-grade compression",
    ),
)

ORDER: Final = (
    Place(NONOPERATIVE, (Verdict.indicated, Verdict.judgement)),
    Place(COMBINED, (Verdict.indicated,)),
    Place(POSTERIOR_CORPECTOMY, when=EXTENSIVE),
    Place(ANTERIOR_CORPECTOMY, when=EXTENSIVE),
    Place(POSTERIOR_MIS),
    Place(POSTERIOR),
    Place(ANTERIOR_CORPECTOMY),
    Place(POSTERIOR_CORPECTOMY),
    Place(COMBINED),
    Place(NONOPERATIVE),
)

FITNESS_FIRST: Final = Fork(
    Is("fitness", "undecided"),
    "Settle fitness first",
    "If fit",
    "If unfit",
    NONOPERATIVE,
    ("F8", "F9"),
)

METASTASIS: Final = Flow(
    "metastasis",
    "Symptomatic spinal metastasis, T1–L5",
    QUESTIONS,
    Guidance(RULES, NOTES, ORDER, (FITNESS_FIRST,)),
)
