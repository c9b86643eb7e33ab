"""The spine from the side as outlines for a page: the bones of `spine.typ`, each a path that is marked by itself."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from itertools import pairwise
from math import cos, radians, sin
from typing import Final, NamedTuple

SCALE: Final = 0.82
START: Final = (36.0, 16.0)
"""Where the middle of T1 lies on the page."""

WIDTH: Final = 112
HEIGHT: Final = 396
"""Of the page that is drawn on, in pixels of a phone: nine rows of 44, the smallest that a thumb hits."""

CANAL: Final = 16.5
SACRUM: Final = (
    ((-17.0, -11.0), (17.0, -12.0)),
    ((22.0, -10.0), (26.0, -2.0), (25.0, 8.0)),
    ((22.0, 16.0), (16.0, 22.0), (8.0, 25.0)),
    ((2.0, 21.0), (-6.0, 12.0), (-12.0, 3.0)),
    ((-15.0, -2.0), (-17.0, -6.0), (-17.0, -11.0)),
)
_LUMBAR: Final = "L"
_LOW_THORACIC: Final = ("T11", "T12")

Point = tuple[float, float]
Parts = tuple[tuple[Point, ...], ...]
"""A closed outline: where it begins, then points by one for a line, by three for a curve."""


class Bone(NamedTuple):
    """A row of `bones.csv`, in millimetres and degrees."""

    name: str
    height: float
    depth: float
    gap: float
    tilt: float
    lower: float
    slope: float
    length: float


class Outline(NamedTuple):
    """A vertebra as paths of SVG, and how far it reaches.

    Attributes:
        body: the vertebral body.
        pedicle: where the arch leaves the body.
        arch: all that is posterior to the body.
        disc: the disc below.
        front: the point of the body that is furthest anterior.
        tip: the point of the arch that is furthest posterior.
    """

    name: str
    body: str
    pedicle: str
    arch: str
    disc: str
    front: Point
    tip: Point


@cache
def outlines() -> tuple[Outline, ...]:
    """Return the vertebrae from T1 to L5."""
    bones = _bones()
    return tuple(
        Outline(
            bone.name,
            _path(_body(bone), place),
            _path(_pedicle(bone), place),
            _path(_arch(bone, bones[place - 1].gap if place else 4.0), place),
            _disc(place),
            _onto(place, -bone.depth / 2, 0.0),
            max(_onto(place, *point) for part in _arch(bone, 4.0) for point in part),
        )
        for place, bone in enumerate(bones[:-1])
    )


@cache
def sacrum() -> str:
    """Return the outline of the sacrum, for orientation."""
    first, *curves = SACRUM
    begin, end = first
    return _path(((begin,), (end,), *curves), len(_bones()) - 1)


@cache
def _bones() -> tuple[Bone, ...]:
    text = resources.files("bot.pictures.templates").joinpath("bones.csv").read_text(encoding="utf-8")
    _, _, *rows = csv.reader(text.splitlines())
    return tuple(Bone(name, *map(float, numbers)) for name, *numbers in rows)


@cache
def _middles() -> tuple[Point, ...]:
    """Return the middle of each body, in mm below and behind that of T1."""
    bones, found, x, y = _bones(), [(0.0, 0.0)], 0.0, 0.0
    for above, bone in pairwise(bones):
        between = (above.tilt + bone.tilt) / 2
        for length, tilt in ((above.height / 2, above.tilt), (above.gap, between), (bone.height / 2, bone.tilt)):
            x, y = x + length * sin(radians(tilt)), y + length * cos(radians(tilt))
        found.append((x, y))
    return tuple(found)


def _onto(place: int, back: float, down: float) -> Point:
    """Return where a point of a bone lies on the page, from the bone's own axes."""
    (x, y), tilt = _middles()[place], radians(_bones()[place].tilt)
    return (
        START[0] + SCALE * (x + back * cos(tilt) + down * sin(tilt)),
        START[1] + SCALE * (y - back * sin(tilt) + down * cos(tilt)),
    )


def _path(parts: Parts, place: int) -> str:
    """Write a closed outline as a path."""
    written = []
    for number, part in enumerate(parts):
        sign = "M" if number == 0 else ("L" if len(part) == 1 else "C")
        written.append(sign + " ".join(f"{x:.1f},{y:.1f}" for x, y in (_onto(place, *point) for point in part)))
    return "".join(written) + "Z"


def _body(bone: Bone) -> Parts:
    depth, height = bone.depth, bone.height
    d, f, b, r = depth / 2, (height - bone.lower) / 2, height / 2, 1.5
    e, w = 0.05 * height, 0.07 * depth  # how hollow the endplates and the walls are
    return (
        ((-d + r, -f),),
        ((-0.4 * d, -f + e), (0.4 * d, -b + e), (d - r, -b)),
        ((d - r / 3, -b), (d, -b + r / 3), (d, -b + r)),
        ((d - w, -0.4 * b), (d - w, 0.4 * b), (d, b - r)),
        ((d, b - r / 3), (d - r / 3, b), (d - r, b)),
        ((0.4 * d, b - e), (-0.4 * d, f - e), (-d + r, f)),
        ((-d + r / 3, f), (-d, f - r / 3), (-d, f - r)),
        ((-d + w, 0.4 * f), (-d + w, -0.4 * f), (-d, -f + r)),
        ((-d, -f + r / 3), (-d + r / 3, -f), (-d + r, -f)),
    )


def _pedicle(bone: Bone) -> Parts:
    d, h, c = bone.depth * 0.42, bone.height, CANAL
    return (
        ((d, -0.42 * h),),
        ((d + 0.20 * c, -0.42 * h), (d + 0.28 * c, -0.44 * h), (d + 0.32 * c, -0.46 * h)),
        ((d + 0.36 * c, -0.2 * h), (d + 0.36 * c, -0.1 * h), (d + 0.34 * c, 0.09 * h)),
        ((d, 0.05 * h),),
    )


def _arch(bone: Bone, over: float) -> Parts:
    """Draw pedicle, articular processes, lamina and spinous process as one; `over` is the height of the disc above."""
    d, h, c, length = bone.depth * 0.42, bone.height, CANAL, bone.length
    s, k, lumbar = sin(radians(bone.slope)), cos(radians(bone.slope)), bone.name.startswith(_LUMBAR)
    tip = 0.40 * h if lumbar else (4.6 if bone.name in _LOW_THORACIC else 3.0)
    root = d + c
    x, y = root + length * k, (0.02 if lumbar else 0.04) * h + length * s

    def on(back: float, up: float) -> Point:
        """Return a point back along the process and up from its middle."""
        return (x - back * k + up * s, y - back * s - up * k)

    return (
        ((d, -0.42 * h),),
        ((d + 0.30 * c, -0.42 * h), (d + 0.38 * c, -0.50 * h), (d + 0.42 * c, -0.5 * h - 0.7 * over - 1.0)),
        (
            (d + 0.48 * c, -0.5 * h - 0.8 * over - 3.0),
            (d + 0.72 * c, -0.5 * h - 0.7 * over - 2.2),
            (d + 0.75 * c, -0.46 * h),
        ),
        ((d + 0.82 * c, -0.30 * h), (root - 1, -0.30 * h), on(length - 2, 0.30 * h if lumbar else 4.6)),
        (on(0.6 * length, 0.27 * h if lumbar else 3.4), on(0.25 * length, tip), on(2.5, tip)),
        (on(-0.8, tip), on(-1.6, 0.5 * tip), on(-1.6, 0)),
        (on(-1.6, -0.8 * tip), on(0, -1.15 * tip), on(3.5, -1.1 * tip)),
        (
            on(0.4 * length, (-0.92 if lumbar else -1.0) * tip),
            on(0.7 * length, -0.30 * h if lumbar else -4.4),
            (d + 1.02 * c, 0.38 * h),
        ),
        ((d + 1.06 * c, 0.52 * h), (d + 1.02 * c, 0.5 * h + bone.gap), (d + 0.92 * c, 0.5 * h + bone.gap + 2.0)),
        ((d + 0.80 * c, 0.5 * h + bone.gap + 1.0), (d + 0.76 * c, 0.5 * h), (d + 0.62 * c, 0.22 * h)),
        ((d + 0.5 * c, 0.08 * h), (d + 0.3 * c, 0.08 * h), (d, 0.05 * h)),
    )


def _disc(place: int) -> str:
    above, below = _bones()[place], _bones()[place + 1]
    d, f, b = above.depth / 2 - 0.6, (above.height - above.lower) / 2, above.height / 2
    d2, f2, b2 = below.depth / 2 - 0.6, (below.height - below.lower) / 2, below.height / 2
    corners = (
        _onto(place, -d, f - 0.6),
        _onto(place, d, b - 0.6),
        _onto(place + 1, d2, -b2 + 0.6),
        _onto(place + 1, -d2, -f2 + 0.6),
    )
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in corners) + "Z"
