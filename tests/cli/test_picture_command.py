"""`spinemets picture`: a case in a file becomes a PNG; a fault says where it is and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from bot.cli.picture import CaseRefused, draw_case
from flows.export.picture import Theme
from flows.pathways.registry import flow_registry

CASE: Final = {"levels": ["T8"], "fitness": "unfit_comorbidity"}
PNG: Final = b"\x89PNG"


def drawn(folder: Path, case: str, option: str = "") -> str:
    """Draw what a file holds, and return the caption."""
    (folder / "case.json").write_text(case, encoding="utf-8")
    return draw_case(flow_registry(), folder / "case.json", folder / "out.png", option, Theme.dark)


def test_a_case_in_a_file_becomes_a_picture_with_its_caption(tmp_path: Path) -> None:
    assert drawn(tmp_path, json.dumps(CASE)).startswith("Case · T8 · 1 level · Non-operative\n✓ supported\n")
    assert (tmp_path / "out.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("case", "option", "said"),
    [
        ("[", "", "not a JSON object; allowed: levels, fitness"),
        ('{"levels": ["C7"]}', "", "'C7' is not allowed; allowed: T1, T2"),
        ('{"levels": ["T8"]}', "", "fitness is missing; allowed: fit"),
        ('{"levels": ["T8"], "levels": ["T9"]}', "", "'levels' is given twice"),
        (json.dumps(CASE), "screws", "'screws' is not an option; allowed: posterior_mis"),
    ],
)
def test_a_fault_names_what_is_wrong_and_what_is_allowed(tmp_path: Path, case: str, option: str, said: str) -> None:
    with pytest.raises(CaseRefused) as refused:
        drawn(tmp_path, case, option)
    assert said in str(refused.value)
    assert not (tmp_path / "out.png").exists()


def test_a_picture_that_fails_is_said_without_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.pictures.typesetter._png", _fails)
    with pytest.raises(CaseRefused, match=r"^the picture could not be drawn \(MemoryError\)$"):
        drawn(tmp_path, json.dumps(CASE))


def _fails(_: str, case: str) -> bytes:
    raise MemoryError(case)
