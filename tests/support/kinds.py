"""The eight kinds of recommendation that a phone must hold on one screen: a patient of each, tapped through."""

from __future__ import annotations

from typing import Final

from browser import BrowserUser
from kit import T4, T8

from flows.model.findings import Findings
from flows.pathways.metastasis import METASTASIS

KINDS: Final[dict[str, Findings]] = {
    "unfit": {"levels": ("T4", "T11", "T12", "L1"), "fitness": ("unfit_comorbidity",)},
    "simple": T8,
    "deficit": {**T8, "deficit": ("significant",)},
    "undecided": {**T8, "fitness": ("undecided",)},
    "circumferential": {
        "levels": ("T8",),
        "fitness": ("fit",),
        "deficit": ("none",),
        "extent": ("circumferential",),
        "destruction": ("limited",),
        "single_approach": ("not_enough",),
        "prior": ("none",),
    },
    "extensive": {**T8, "deficit": ("significant",), "destruction": ("extensive",)},
    "several": {
        "levels": ("T4", "T8", "T11", "L1"),
        "fitness": ("fit",),
        "deficit": ("minor",),
        "extent": ("body",),
        "destruction": ("extensive",),
    },
    "t4": T4,
}
"""By name, in the order in which the pictures stand."""

SIZES: Final = ((390, 844), (360, 780))
"""Phones, width and height."""


async def reach(private_chat: BrowserUser, findings: Findings) -> None:
    """Begin a case and answer it until its recommendation is read."""
    await private_chat.write("/new")
    for question in METASTASIS.questions:
        codes = findings.get(question.code, ())
        if not codes:
            continue
        await private_chat.reads(question.text)
        for code in codes:
            await private_chat.tap(question.choice(code).label)
        if question.several:
            await private_chat.reads(f"{len(codes)} level")
            await private_chat.tap("Only" if len(codes) == 1 else "Done")
    await private_chat.reads("What the source adds")
