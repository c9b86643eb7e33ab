"""What the program is made of: every dependency is pinned by hash, and pip refuses one that is not what was pinned."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PINS: Final = sorted((ROOT / "requirements").glob("*.txt"))


def entries(pins: Path) -> list[str]:
    """Give the entries of a file of requirements, each with its hashes on one line."""
    return pins.read_text("utf-8").replace("\\\n", " ").splitlines()


def wheel(folder: Path, says: str, name: str = "probe") -> Path:
    """Make a package of one line by hand; give its wheel."""
    made = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr(f"{name}.py", f"SAYS = {says!r}\n")
        packed.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        packed.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr(f"{about}/RECORD", "")
    return made


def pin(made: Path) -> str:
    return f"probe==1.0 --hash=sha256:{hashlib.sha256(made.read_bytes()).hexdigest()}"


def installed(folder: Path, *pins: str) -> tuple[int, str, bool]:
    """Install as the Makefile does, but from a folder; give the status, the words, and whether it is there."""
    (folder / "pins.txt").write_text("\n".join(pins), "utf-8")
    words = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--no-cache-dir"]
    from_here = ["--no-index", f"--find-links={folder}", f"--target={folder / 'target'}"]
    ran = subprocess.run(
        [*words, *from_here, f"--requirement={folder / 'pins.txt'}"],
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr, (folder / "target/probe.py").exists()


@pytest.mark.slow
@pytest.mark.case("S4")
def test_a_package_that_is_what_was_pinned_is_installed(tmp_path: Path) -> None:
    status, _, there = installed(tmp_path, pin(wheel(tmp_path, "as it was")))
    assert (status, there) == (0, True)


@pytest.mark.case("S4")
def test_a_package_that_is_not_what_was_pinned_is_refused(tmp_path: Path) -> None:
    pinned = pin(wheel(tmp_path, "as it was"))
    wheel(tmp_path, "altered")
    status, words, there = installed(tmp_path, pinned)
    assert status != 0
    assert "DO NOT MATCH THE HASHES" in words
    assert not there


@pytest.mark.case("S4")
def test_one_pin_without_a_hash_among_pins_with_one_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path, "not pinned", "other")
    status, words, there = installed(tmp_path, pin(wheel(tmp_path, "as it was")), "other==1.0")
    assert status != 0
    assert "Hashes are required" in words
    assert not there


@pytest.mark.parametrize("pins", PINS, ids=lambda pins: pins.name)
@pytest.mark.case("S4")
def test_every_dependency_is_pinned_to_a_version_by_hash_and_names_no_index(pins: Path) -> None:
    lines = entries(pins)
    assert len(lines) > 20
    pinned = re.compile(r"[\w.\[\],-]+==[\w.+!]+(?: *;[^#]*?)?(?: +--hash=sha256:[0-9a-f]{64})+ *")
    assert [line for line in lines if not pinned.fullmatch(line)] == []


@pytest.mark.case("S4")
def test_what_is_installed_to_run_and_to_test_is_what_is_pinned() -> None:
    assert [pins.name for pins in PINS] == ["run.txt", "test.txt"]
    made = (ROOT / "Makefile").read_text("utf-8")
    named = re.findall(r"\$\(PIP\) (.*)", made)
    assert sorted(named) == [
        "--no-deps --no-build-isolation --editable .",
        "--requirement requirements/run.txt",
        "--requirement requirements/test.txt",
    ]
