"""What changed with each edition of the pathways, for cases and links that were made under an earlier one."""

from __future__ import annotations

from typing import Final

from flows.model.editions import EditionChange

APPROACH_AND_PEDICLE: Final = EditionChange(
    "metastasis",
    "2026-12",
    renamed={"one_sided": "single_approach"},
    # "limited" included "not known", and "circumferential" a tumour of the body that reaches a pedicle alone.
    asked_again=frozenset({("prior", "limited"), ("extent", "circumferential")}),
)

CHANGES: Final = (APPROACH_AND_PEDICLE,)
"""Every change, the earliest first."""

CHOICES_BEFORE: Final = {
    "levels": tuple([f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]),
    "fitness": ("fit", "unfit_comorbidity", "unfit_advanced", "undecided"),
    "deficit": ("none", "minor", "significant"),
    "extent": ("body", "circumferential", "posterior"),
    "destruction": ("limited", "extensive"),
    "one_sided": ("enough", "not_enough", "not_judged"),
    "prior": ("none", "limited", "extensive"),
}
"""The questions and choices before that change, in the order in which start links bear them."""
