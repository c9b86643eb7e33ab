"""Looks at the disk, at the rights of the files, and whether a picture can be drawn."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from bot.doctor.results import CheckResult, well, wrong
from bot.pictures.typesetter import NotDrawn, draw_png, fonts
from flows.export.picture import SpinePictures, SpineView
from flows.pathways.registry import flow_registry

LEAST_FREE: Final = 500_000_000
"""Bytes that must be free: a backup, the log and a day of work fit in."""

MOST_USED: Final = 99
"""Per cent of a disk that may be in use."""

LEAST_FILES: Final = 1000
"""Files that a disk must still have room for, where it counts them."""

FONT: Final = "DejaVu Sans"
_MEGABYTE: Final = 1_000_000


def check_disk(folder: Path) -> CheckResult:
    """Look at the disk that a folder lies on, or will lie on once it is made."""
    there = nearest_existing(folder)
    try:
        usage, counted = shutil.disk_usage(there), os.statvfs(there)
    except OSError as error:
        return wrong("disk", f"{there} cannot be looked at ({error.strerror})", "Check the disk.")
    used = 100 * usage.used / ((usage.used + usage.free) or 1)
    text = f"{usage.free // _MEGABYTE:,} MB free at {there}, {used:.0f} % in use"
    if usage.free < LEAST_FREE or used >= MOST_USED:
        return wrong("disk", text, "Free space, or move the data: a full disk saves no answer.")
    if counted.f_files and counted.f_favail < LEAST_FILES:
        return wrong("disk", f"{text}, but no room for more files", "Remove files: the disk has no inodes left.")
    return well("disk", text)


def nearest_existing(path: Path) -> Path:
    """Return a path, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if is_there(place) or place == place.parent)


def is_there(path: Path) -> bool:
    """Return whether a path is known to exist; one below a folder that may not be entered is not."""
    try:
        return path.exists()
    except OSError:
        return False


def check_rights(files: Iterable[Path]) -> Iterator[CheckResult]:
    """Look whether others on this machine may read or write files that are there."""
    there = [path for path in files if is_there(path)]
    for path in there:
        if whom := others(path):
            yield wrong("rights", f"{whom} may read or write {path}", f"Run: chmod 600 {path}")
    if not any(others(path) for path in there):
        names = ", ".join(path.name for path in there)
        yield well("rights", f"only its owner may read {names}" if there else "no file to look at yet")


def others(path: Path) -> str:
    """Return who besides the owner may read or write a file by its mode, or nothing; a folder above may be opened."""
    mode = path.stat().st_mode
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return "everybody"
    return "its group" if mode & (stat.S_IRGRP | stat.S_IWGRP) else ""


def check_pictures() -> CheckResult:
    """Draw a picture, with the fonts that lie in the package."""
    advice = "Install again: make clean, then make .venv/run.stamp. Until then cards come without a picture."
    registry = flow_registry()
    try:
        families = fonts().families()
        pictures = SpinePictures(registry.flow(), registry.catalog)
        picture = draw_png("picture.typ", pictures.drawing(SpineView({})))
    except NotDrawn as fault:
        return wrong("pictures", f"no picture can be drawn ({fault})", advice)
    except ImportError as error:
        return wrong("pictures", f"no picture can be drawn ({error.name} is missing)", advice)
    if FONT not in families:
        return wrong("pictures", f"the font {FONT} is missing, so pictures have no words", advice)
    return well("pictures", f"one was drawn, {len(picture) // 1000} kB, in {FONT}")
