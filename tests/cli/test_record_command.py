"""`spinemets record`: a case in a file becomes a page or a text; a fault says where it is and what is allowed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import pytest

from bot.cli.picture import CaseRefused
from bot.cli.record import record_pdf, record_text
from flows.pathways.registry import flow_registry

CASE: Final = {"levels": ["T1", "T2", "L5"], "fitness": "unfit_comorbidity"}
AT: Final = datetime(2026, 11, 29, 14, 5, tzinfo=timezone(timedelta(hours=1)))


def kept(folder: Path, case: str) -> Path:
    (folder / "case.json").write_text(case, encoding="utf-8")
    return folder / "case.json"


def test_a_case_in_a_file_becomes_a_page(tmp_path: Path) -> None:
    case = kept(tmp_path, json.dumps(CASE))
    page = record_pdf(flow_registry(), case, AT)
    assert page.startswith(b"%PDF-1.7")
    assert page == record_pdf(flow_registry(), case, AT.astimezone(UTC).replace(tzinfo=None))


def test_the_text_is_ascii_of_eighty_columns_with_the_time_in_utc(tmp_path: Path) -> None:
    text = record_text(flow_registry(), kept(tmp_path, json.dumps(CASE)), AT, german=False).decode("ascii")
    assert max(map(len, text.splitlines())) <= 80
    assert "29 Nov 2026, 13:05 UTC" in text
    assert "Findings: T1-T2, L5: unfit: comorbidities" in text
    assert "is an emergency" in " ".join(text.split())
    assert "(G10)" in text.splitlines()[-1]


@pytest.mark.parametrize(
    ("case", "at", "said"),
    [
        ("[", AT, "not a JSON object; allowed: levels, fitness"),
        ('{"levels": ["C7"]}', AT, "'C7' is not allowed; allowed: T1, T2"),
        ('{"levels": ["T8"]}', AT, "fitness is missing; allowed: fit"),
        (json.dumps(CASE), AT.replace(year=1), "1 is not a year of a record; allowed: 2000 to 2100"),
        (json.dumps(CASE), AT.replace(year=9999), "9999 is not a year of a record"),
    ],
)
def test_a_fault_names_what_is_wrong_and_what_is_allowed(tmp_path: Path, case: str, at: datetime, said: str) -> None:
    with pytest.raises(CaseRefused) as refused:
        record_pdf(flow_registry(), kept(tmp_path, case), at)
    assert said in str(refused.value)
    with pytest.raises(CaseRefused):
        record_text(flow_registry(), tmp_path / "case.json", at, german=True)


def test_a_page_that_fails_is_said_without_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.pictures.typesetter._pdf", _fails)
    with pytest.raises(CaseRefused, match=r"^the record could not be set \(MemoryError\)$"):
        record_pdf(flow_registry(), kept(tmp_path, json.dumps(CASE)), AT)


def _fails(*_: object) -> bytes:
    raise MemoryError
