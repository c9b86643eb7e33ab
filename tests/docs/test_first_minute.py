"""The first minute of somebody new: what the README tells them to type works, and what is missing is said at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from first_minute_kit import ROOT, WITHOUT_INDEX, BareMachine, told

README: Final = (ROOT / "README.md").read_text("utf-8")
NEEDED: Final = ("git", "make", "python3", "python3-venv")


@pytest.fixture
def machine(tmp_path: Path) -> BareMachine:
    return BareMachine(tmp_path)


def section(heading: str) -> str:
    return re.split(rf"^## {heading}$", README, flags=re.MULTILINE)[1].partition("\n## ")[0]


def block(text: str) -> list[str]:
    """Return the lines of the first block for a shell."""
    return re.split(r"^```(?:sh)?$", text, flags=re.MULTILINE)[1].strip().splitlines()


# What the README tells to type.


def test_the_first_commands_bring_what_they_need_in_their_order() -> None:
    update, install, clone, enter, run = block(section("Try it"))
    assert update == "apt update"
    assert install.split() == ["apt", "install", "-y", *NEEDED]
    assert (enter, run) == ("cd spinemets", "make run")
    address = clone.removeprefix("git clone ").removesuffix(" spinemets")
    assert re.fullmatch("[A-Z]+", address), "the address of the clone looks like a real one"
    assert f"`{address}` is a placeholder" in section("Try it")
    assert "as root" in section("Try it")


def test_every_document_that_installs_packages_first_fetches_the_list_of_them() -> None:
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"):
        typed = [line for line in path.read_text("utf-8").splitlines() if re.match(r"(sudo )?apt(-get)? ", line)]
        assert not typed or typed[0] == "apt update", path


def test_every_address_to_clone_from_is_said_to_be_a_placeholder() -> None:
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), ROOT / "CONTRIBUTING.md"):
        text = path.read_text("utf-8")
        for address in re.findall(r"git clone (\S+)", text):
            assert f"`{address}` is a placeholder" in text, path


# What is missing is asked for before anything takes long.


def test_make_test_asks_for_a_browser_before_it_installs_or_lints(machine: BareMachine) -> None:
    machine.has("id", "echo 1000")
    [line] = told(machine.types("make test"))
    assert line.startswith("The tests need a browser and an emoji font: apt update && apt install chromium ")
    assert not (machine.clone / ".venv").exists()


FOR_THE_TESTS: Final = {
    "chromium": "true",
    "fc-list": "echo 'Noto Color Emoji'",
    "ldconfig": "echo libatomic.so.1",
}
"""The programs by which it is known that all is there that the tests need."""


@pytest.mark.parametrize("missing", FOR_THE_TESTS)
def test_make_test_asks_where_one_thing_alone_is_missing(machine: BareMachine, missing: str) -> None:
    machine.has("id", "echo 1000")
    for name, script in FOR_THE_TESTS.items():
        machine.has(name, "true" if name == missing else script)
    if missing == "chromium":
        (machine.programs / missing).unlink()
    [line] = told(machine.types("make test"))
    assert line.startswith("The tests need a browser and an emoji font")


def test_contributors_are_told_to_install_what_the_tests_need(machine: BareMachine) -> None:
    machine.has("id", "echo 1000")
    machine.has("ls", "exit 2")
    needed = []
    for script in ("scripts/browser", "scripts/words", "scripts/papers"):
        [line] = told(machine.types(script))
        needed += line.partition(" && apt install ")[2].partition(" (")[0].split()
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").replace("\\\n", "")
    update, install, *_ = block(text)
    assert update == "apt update"
    assert install.split() == ["apt", "install", "-y", *NEEDED, *needed]


def test_what_root_may_install_is_installed(machine: BareMachine) -> None:
    machine.has("id", "echo 0")
    machine.has("apt-get", f'echo "$@" >> {machine.clone}/asked')
    assert machine.types("scripts/browser").returncode == 0
    asked = (machine.clone / "asked").read_text("utf-8").splitlines()
    assert asked[0].startswith("update")
    assert asked[1].startswith("install ")
    assert "chromium" in asked[1]


def test_nothing_is_asked_for_where_everything_is_there(machine: BareMachine) -> None:
    for name, script in FOR_THE_TESTS.items():
        machine.has(name, script)
    ran = machine.types("scripts/browser")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("E: Unable to locate package chromium", "Debian's packages could not be reached. Connect to the network"),
        ("E: Failed to fetch http://host/x  Could not resolve 'host'", "Debian's packages could not be reached"),
        ("E: Could not get lock /var/lib/dpkg/lock-frontend", "It failed here: E: Could not get lock"),
    ],
)
def test_packages_that_cannot_be_fetched_are_told_in_one_line(machine: BareMachine, said: str, line: str) -> None:
    machine.has("id", "echo 0")
    machine.has("apt-get", f'echo "W: much else"; echo "{said}" >&2; exit 100')
    [only] = told(machine.types("make test"))
    assert line in only
    assert "apt update && apt install chromium" in only


@pytest.mark.parametrize(
    ("python", "line"),
    [
        ("", "spinemets needs Python 3.11 or newer: apt update && apt install python3 python3-venv"),
        (
            "case $1 in -V) echo Python 3.9.2;; *) exit 1;; esac",
            "spinemets needs Python 3.11 or newer; python3 is Python 3.9.2",
        ),
        (
            'case "$2" in *ensurepip*) exit 1;; esac',
            "spinemets needs Python's venv module: apt update && apt install python3-venv",
        ),
    ],
)
def test_a_python_that_will_not_do_is_told_in_one_line(machine: BareMachine, python: str, line: str) -> None:
    machine.has("id", "echo 1000")
    if python:
        machine.has("python3", python)
    [only] = told(machine.types("make run"))
    assert only.startswith(line)
    assert not (machine.clone / ".venv").exists()


# Without a network.


@pytest.mark.slow
def test_an_index_that_cannot_be_reached_is_told_in_one_line_and_leaves_nothing_that_seems_done(
    machine: BareMachine,
) -> None:
    line = f"make run PYTHON={sys.executable}"
    for _ in range(2):
        ran = machine.types(line, **WITHOUT_INDEX)
        [only] = told(ran)
        assert only.startswith("The Python package index could not be reached. Connect to the network")
        assert "Retrying" not in ran.stdout
        assert not list((machine.clone / ".venv").glob("*.stamp"))
    machine.has_pip("exit 0")  # the network is there again
    assert machine.types("make .venv/run.stamp").returncode == 0
    assert (machine.clone / ".venv/run.stamp").exists()


PIP_LOG: Final = 'while [ "$1" != --log ]; do shift; done; log=$2'


@pytest.mark.parametrize(
    ("logged", "said", "line"),
    [
        (
            "Could not fetch URL https://host/simple/x/: 503 Server Error",
            "ERROR: No matching distribution found",
            "could not be reached",
        ),
        (
            "connection broken by SSLError([SSL: CERTIFICATE_VERIFY_FAILED])",
            "ERROR: No matching distribution found",
            "set PIP_CERT to its certificate",
        ),
        ("ReadTimeoutError: Read timed out", "Traceback (most recent call last):", "could not be reached"),
        (
            "Could not fetch URL https://host/simple/x/: 404 Client Error",
            "ERROR: No matching distribution found for x",
            "No matching distribution found for x",
        ),
        (
            "connection broken by",
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "DO NOT MATCH THE HASHES",
        ),
        ("fine", "ERROR: [Errno 28] No space left on device", "The disk is full"),
        (
            "fine",
            "Traceback (most recent call last):\nValueError: unforeseen",
            "pip could not install the Python packages: ValueError: unforeseen",
        ),
    ],
)
def test_whatever_pip_fails_with_is_told_in_one_line(machine: BareMachine, logged: str, said: str, line: str) -> None:
    machine.has_pip(f"{PIP_LOG}; echo '{logged}' > $log; echo 'WARNING: Retrying' >&2; echo '{said}' >&2; exit 2")
    [only] = told(machine.types("make .venv/run.stamp"))
    assert line in only
    assert only.endswith("(Details: .venv/install.log)")
    assert not list((machine.clone / ".venv").glob("*.stamp"))


def test_the_scripts_are_plain_shell() -> None:
    for path in (ROOT / "scripts").iterdir():
        assert subprocess.run(["sh", "-n", path], check=False).returncode == 0, path
