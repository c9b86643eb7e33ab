"""Comes last: looks through every byte that the tests before it had written for what was planted to be looked for."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from conftest import DONE, SECRET_PART, Report
from test_fuzz import NAMED
from test_leaks import CANARIES

pytestmark = pytest.mark.slow

PLANTED = {word.lower().encode() for word in (SECRET_PART, *NAMED, *CANARIES.values())}
NOT_OURS = ("chats.db",)
"""Where the local Bot API keeps the chats, in Telegram's place: what people wrote belongs there."""
INSTALLED = "site-packages"
"""Where pip puts other people's code, which may well hold a planted word."""


def planted_in(folder: Path) -> tuple[dict[Path, set[bytes]], int, int]:
    """Give what is found in the files of a folder, by file; how many were looked through, and how many bytes."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    ours = [path for path in files if not path.name.startswith(NOT_OURS) and INSTALLED not in path.parts]
    found: dict[Path, set[bytes]] = {}
    size = 0
    for path in ours:
        content = path.read_bytes().lower()
        size += len(content)
        if hits := {word for word in PLANTED if word in content}:
            found[path] = hits
    return found, len(ours), size


def folders(mine: Path) -> list[Path]:
    """Return the folders of all processes that share the tests, once the others have no more to run."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return [mine]
    view = [mine.parent / f"popen-gw{number}" for number in range(int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))]
    for folder in view:
        while folder != mine and not (folder / DONE).exists():
            time.sleep(0.2)
    return view


@pytest.mark.case("S1", "F1")
def test_no_byte_that_the_tests_before_had_written_bears_the_token_or_what_a_person_wrote(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, report: Report
) -> None:
    mine = tmp_path / "planted here"
    mine.write_text("".join(CANARIES.values()), "utf-8")
    found: dict[Path, set[bytes]] = {}
    for folder in folders(tmp_path_factory.getbasetemp()):
        hits, files, size = planted_in(folder)
        report(f"every byte: {len(PLANTED)} planted words looked for in {files} files, {size / 1e6:.1f} MB")
        found |= hits
    seen_by_itself = found.pop(mine)
    assert len(seen_by_itself) >= len(CANARIES)
    assert found == {}
