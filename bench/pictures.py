"""How long a picture takes, the first and each further one, and what it weighs: `python -m bench.pictures`."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from bot.pictures.typesetter import draw_png
from flows.catalog.loader import catalog
from flows.export.picture import SpinePictures, SpineView, Theme
from flows.model.levels import LEVELS
from flows.pathways.metastasis import METASTASIS

ANSWERS = {"fitness": ("fit",), "deficit": ("none",), "extent": ("circumferential",), "destruction": ("extensive",)}
LAST = {"single_approach": ("enough",), "prior": ("none",)}


def main() -> None:
    """Draw a picture of each level, in both themes."""
    pictures = SpinePictures(METASTASIS, catalog())
    took, sizes = [], []
    for theme in Theme:
        for level in LEVELS:
            findings = METASTASIS.effective({"levels": (level,), **ANSWERS, **LAST})
            drawing = pictures.drawing(SpineView(findings, theme=theme))
            began = perf_counter()
            sizes.append(len(draw_png("picture.typ", drawing)) / 1000)
            took.append(1000 * (perf_counter() - began))
    first, *further = took
    print(f"first {first:.0f} ms, further {median(further):.0f} ms (at most {max(further):.0f})")
    print(f"{min(sizes):.0f} to {max(sizes):.0f} kB")


if __name__ == "__main__":
    main()
