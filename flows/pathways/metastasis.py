"""The flow for a symptomatic metastasis T1–L5: seven questions and the rules R1–R8, with the facts that carry them."""

from __future__ import annotations

from typing import Final

from flows.model.conditions import AllOf, Always, AnyLevel, AnyOf, Count, Is, Not
from flows.model.flow import Choice, Flow, Question
from flows.model.levels import LEVELS
from flows.model.rules import DisplayRule, Fork, Guidance, Note, Rule, Verdict

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
BODY_PEDICLE: Final = Is("extent", "body_pedicle")
OF_THE_BODY: Final = Is("extent", "body", "body_pedicle")
CIRCUMFERENTIAL: Final = Is("extent", "circumferential")
POSTERIOR_ONLY: Final = Is("extent", "posterior")
EXTENSIVE: Final = Is("destruction", "extensive")
SIGNIFICANT: Final = Is("deficit", "significant")
APPROACH_ENOUGH: Final = Is("single_approach", "enough")
APPROACH_NOT_ENOUGH: Final = Is("single_approach", "not_enough")
APPROACH_NOT_JUDGED: Final = Is("single_approach", "not_judged")
PRIOR_LIMITED: Final = Is("prior", "limited")
PRIOR_EXTENSIVE: Final = Is("prior", "extensive")
PRIOR_UNKNOWN: Final = Is("prior", "unknown")

ONE_LOWER_BODY: Final = AllOf(ONE_LEVEL, LOWER, OF_THE_BODY)

EMERGENCY: Final = (
    "New or worsening weakness, gait, bladder, bowel or saddle disturbance is an emergency: "
    "follow your local cord or cauda equina compression pathway now."
)

NOT_DEFINED: Final = "the source names extensive treatment only, and does not define it"

QUESTIONS: Final = (
    Question(
        "levels",
        "Which symptomatic levels are to be treated now?",
        tuple(Choice(level, level) for level in LEVELS),
        several=True,
        rows=(4, 4, 4, 5),
        hint="For symptomatic metastases T1–L5, unstable, with high-grade compression. "
        "Take the symptomatic levels to treat now: the source does not say which count.",
        facts=("G10", "G8"),
    ),
    Question(
        "fitness",
        "Is the patient fit for surgery?",
        (
            Choice("fit", "Fit", "fit"),
            Choice("unfit_comorbidity", "Unfit: comorbidities", "unfit: comorbidities"),
            Choice("unfit_advanced", "Unfit: advanced disease", "unfit: advanced disease"),
            Choice("undecided", "Undecided", "fitness undecided"),
        ),
        hint="The source names no scale and no cut-off: you judge.",
        facts=("F8", "G3"),
        scales=("fitness",),
        linked_flows=("bauer", "tokuhashi", "tomita"),
    ),
    Question(
        "deficit",
        "Neurological deficit?",
        (
            Choice("none", "None", "no deficit"),
            Choice("minor", "Minor", "minor deficit"),
            Choice("significant", "Significant", "significant deficit"),
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
            Choice("body", "Body only", "body only"),
            Choice("body_pedicle", "Body and pedicle", "body and pedicle"),
            Choice("circumferential", "Circumferential", "circumferential"),
            Choice("posterior", "Posterior only", "posterior elements only"),
        ),
        asked=OPERABLE,
        rows=(2, 2),
        hint="Body only: nothing posterior to it. Body and pedicle: one or both pedicles too, nothing else. "
        "Circumferential: further posterior elements too. This is the project's reading.",
        facts=("G11",),
    ),
    Question(
        "destruction",
        "How extensive is the destruction of the vertebral body?",
        (
            Choice("limited", "Limited", "limited destruction"),
            Choice("extensive", "Extensive", "extensive destruction"),
        ),
        asked=AllOf(OPERABLE, Is("extent", "body", "body_pedicle", "circumferential")),
        rows=(2,),
        hint="Extensive: the anterior column must be reconstructed. With several levels the worst body counts.",
        facts=("F11", "G12"),
        linked_flows=("sins",),
    ),
    Question(
        "single_approach",
        "Would anterior fixation alone, or posterior fixation alone, be stable enough?",
        (
            Choice("enough", "Enough", "single approach enough"),
            Choice("not_enough", "Not enough", "single approach not enough"),
            Choice("not_judged", "Not judged", "stability not judged"),
        ),
        asked=AllOf(OPERABLE, CIRCUMFERENTIAL),
        rows=(2, 1),
        hint="The combined operation is indicated where a single approach is not stable enough.",
        facts=("F16",),
        linked_flows=("sins",),
    ),
    Question(
        "prior",
        "Earlier thoracic or abdominal surgery or radiation?",
        (
            Choice("none", "None", "no prior treatment"),
            Choice("limited", "Limited", "prior limited"),
            Choice("extensive", "Extensive", "prior extensive"),
            Choice("unknown", "Not known", "prior not known"),
        ),
        asked=AllOf(OPERABLE, AnyOf(ONE_LOWER_BODY, AllOf(CIRCUMFERENTIAL, Not(APPROACH_ENOUGH)))),
        rows=(3, 1),
        hint="“Extensive” is not defined: you judge. Surgery through chest or abdomen counts, posterior spine surgery "
        "alone does not. Radiation of the spine alone: the source is silent, you judge.",
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
        "fitness not settled",
    ),
    Rule("R1", NONOPERATIVE, Verdict.not_indicated, Is("fitness", "fit"), "the patient is fit", ("F8",)),
    *(
        Rule(
            "R2",
            operation,
            Verdict.not_indicated,
            UNFIT,
            "the source names non-operative treatment for patients who are not fit; "
            "it does not discuss operating on them",
            ("F8", "G13"),
        )
        for operation in OPERATIONS
    ),
    Rule(
        "R3",
        POSTERIOR_MIS,
        Verdict.indicated,
        AllOf(OPERABLE, Not(SIGNIFICANT)),
        "no significant deficit; where MIS is possible it is generally the first choice",
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
        "the source does not say whether it reconstructs the anterior column",
        ("F12", "F2", "G5"),
        "reconstruction not stated",
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
        "the source adds a corpectomy here, and does not say whether posterior without it reconstructs "
        "the anterior column",
        ("F10", "F11", "G5"),
        "reconstruction not stated",
    ),
    *(
        Rule(
            rule,
            option,
            Verdict.indicated,
            POSTERIOR_ONLY,
            "tumours of the posterior elements alone are not named; read here as meeting this indication",
            ("G11",),
        )
        for rule, option in (("R3", POSTERIOR_MIS), ("R4", POSTERIOR))
    ),
    Rule(
        "R5",
        POSTERIOR_CORPECTOMY,
        Verdict.indicated,
        EXTENSIVE,
        "the body is so extensively destroyed that the anterior column must be reconstructed",
        ("F11",),
    ),
    Rule(
        "R5",
        POSTERIOR_CORPECTOMY,
        Verdict.indicated,
        AllOf(EXTENSIVE, ONE_LOWER_BODY, BODY, Is("prior", "none", "limited")),
        "anterior corpectomy is indicated too: imaging decides, posterior is the preferred approach",
        ("F6", "F7"),
    ),
    Rule(
        "R5",
        POSTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        Is("destruction", "limited"),
        "the body is not extensively destroyed, so that a smaller operation may be suitable",
        ("F11", "F3"),
    ),
    Rule(
        "R5",
        POSTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        POSTERIOR_ONLY,
        "the tumour spares the vertebral body",
        ("F11", "G11"),
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
        "the source advises against it at T2–T5: a posterior or posterolateral approach there",
        ("F14", "F4"),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        AllOf(OPERABLE, Not(ONE_LEVEL)),
        "more than one level",
        ("F13",),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        AllOf(OPERABLE, AT_T1),
        "indicated at T6–L5; the source is silent on T1",
        ("F13", "G1"),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        CIRCUMFERENTIAL,
        "the tumour is circumferential, not one of the vertebral body alone",
        ("F13",),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.not_indicated,
        POSTERIOR_ONLY,
        "the tumour spares the vertebral body",
        ("F13", "G11"),
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.judgement,
        BODY_PEDICLE,
        "the source speaks of tumours of the vertebral body; whether one that reaches a pedicle counts is not said",
        ("F13", "G11"),
        "tumours that reach a pedicle are not named",
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.judgement,
        PRIOR_UNKNOWN,
        "earlier thoracic or abdominal treatment is not known; extensive treatment is a contraindication",
        ("F13", "F15"),
        "earlier treatment not known",
    ),
    Rule(
        "R6",
        ANTERIOR_CORPECTOMY,
        Verdict.indicated,
        AllOf(OPERABLE, ONE_LOWER_BODY),
        "a single-level tumour, T6–L5; imaging decides, posterior is the preferred approach",
        ("F13", "F6", "F7"),
    ),
    Rule("R6", ANTERIOR_CORPECTOMY, Verdict.indicated, PRIOR_LIMITED, NOT_DEFINED, ("F15", "G4")),
    Rule("R7", COMBINED, Verdict.not_indicated, BODY, "the tumour is not circumferential", ("F16",)),
    Rule(
        "R7",
        COMBINED,
        Verdict.not_indicated,
        BODY_PEDICLE,
        "a tumour of body and pedicle is not read as circumferential",
        ("F16", "G11"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.not_indicated,
        POSTERIOR_ONLY,
        "a tumour of the posterior elements alone is not circumferential",
        ("F16", "G11"),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.not_indicated,
        APPROACH_ENOUGH,
        "a single approach is judged stable enough",
        ("F16",),
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        AllOf(OPERABLE, UPPER),
        "the source contradicts itself at T2–T5: no limit of level is stated here, "
        "yet it advises against an anterior approach there; discuss",
        ("F16", "F4", "F14", "G6"),
        "the source contradicts itself at T2–T5",
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        AllOf(OPERABLE, AT_T1),
        "no limit of level is stated, but the source is silent on an anterior approach to T1",
        ("F16", "G1"),
        "the source is silent on T1",
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        PRIOR_EXTENSIVE,
        "it has an anterior stage, and anterior corpectomy is contraindicated after extensive earlier treatment",
        ("F16", "F15", "G7"),
        "anterior stage after extensive treatment",
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        PRIOR_UNKNOWN,
        "it has an anterior stage, and earlier thoracic or abdominal treatment is not known",
        ("F16", "F15", "G7"),
        "anterior stage, earlier treatment not known",
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.judgement,
        APPROACH_NOT_JUDGED,
        "whether a single approach is stable enough is not judged",
        ("F16",),
        "single approach not judged",
    ),
    Rule(
        "R7",
        COMBINED,
        Verdict.indicated,
        APPROACH_NOT_ENOUGH,
        "neither anterior nor posterior fixation alone is judged stable enough",
        ("F16",),
    ),
    Rule("R7", COMBINED, Verdict.indicated, PRIOR_LIMITED, NOT_DEFINED, ("F15", "G4", "G7")),
    *(
        Rule(
            "R8",
            operation,
            Verdict.judgement,
            APPROACH_NOT_ENOUGH,
            "you judged that a single approach is not stable enough",
            ("F16",),
            "not enough alone",
        )
        for operation in (POSTERIOR_MIS, POSTERIOR, POSTERIOR_CORPECTOMY)
    ),
)

NOTES: Final = (
    Note(Not(Is("deficit", "none")), EMERGENCY, (), urgent=True),
    Note(
        APPROACH_NOT_JUDGED,
        "Stability not yet judged: whether a single approach is stable enough decides on the combined operation.",
        ("F16",),
    ),
    Note(
        AllOf(EXTENSIVE, Not(SIGNIFICANT), Not(APPROACH_NOT_ENOUGH)),
        "The indication for MIS is met as well; the source generally prefers MIS where possible, "
        "but does not say whether it reconstructs the anterior column.",
        ("F12", "F2", "G5"),
    ),
    Note(
        AllOf(EXTENSIVE, Not(ONE_LEVEL)),
        "Several levels: the source does not say which bodies to replace.",
        ("G12",),
    ),
    Note(
        Always(),
        "Whether anterior or posterior is decided case by case on preoperative imaging; "
        "since percutaneous systems were introduced, posterior is the preferred approach.",
        ("F6", "F7"),
        of=(ANTERIOR_CORPECTOMY,),
    ),
    Note(
        AllOf(OPERABLE, UPPER),
        "At T2–T5 the source advises a posterior or posterolateral approach.",
        ("F4",),
    ),
    Note(
        AllOf(OPERABLE, AnyOf(UPPER, EXTENSIVE), Not(POSTERIOR_ONLY)),
        "A posterolateral approach gives better exposure of the anterior vertebra, "
        "for anterior decompression or stabilization.",
        ("F5",),
    ),
    Note(
        Always(),
        "The source calls the combined operation rarely needed: one approach solves most cases.",
        ("F17",),
        of=(COMBINED,),
    ),
    Note(
        Always(),
        "Larger operations are reserved for patients who are not suitable for a smaller one.",
        ("F3",),
        of=OPERATIONS,
    ),
    Note(
        Always(),
        "If the patient is on systemic therapy, keep its interruption as short as possible.",
        ("F1",),
    ),
    Note(
        Always(),
        "Scope: symptomatic metastases T1–L5, unstable, high-grade compression; radiosensitivity not considered.",
        ("G10",),
        closing=True,
        brief="unstable, high-grade compression",
    ),
)

ORDER: Final = (
    DisplayRule(NONOPERATIVE, (Verdict.indicated, Verdict.judgement)),
    DisplayRule(COMBINED, (Verdict.indicated,)),
    DisplayRule(POSTERIOR_CORPECTOMY, when=EXTENSIVE),
    DisplayRule(ANTERIOR_CORPECTOMY, when=EXTENSIVE),
    DisplayRule(POSTERIOR_MIS),
    DisplayRule(POSTERIOR),
    DisplayRule(ANTERIOR_CORPECTOMY),
    DisplayRule(POSTERIOR_CORPECTOMY),
    DisplayRule(COMBINED),
    DisplayRule(NONOPERATIVE),
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
