"""The examples of the documents are run: commands print what is shown, and taps lead where a reader is told."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from kit import FakePrivateChat, plain

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))))
CONSOLE: Final = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
STEP: Final = re.compile(r"^\d+\. (.*?)(?=^\d+\. |^\n)", re.MULTILINE | re.DOTALL)
SETTING: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+")


def examples(page: str) -> list[tuple[str, str]]:
    """Return each command of a page with the output that is shown below it."""
    blocks = "".join(CONSOLE.findall((ROOT / page).read_text("utf-8")))
    parts = re.split(r"^\$ (.*)\n", blocks, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def steps(page: str, heading: str) -> list[str]:
    """Return the numbered steps of a section."""
    text = re.split(rf"^## {heading}$", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE)[1]
    return STEP.findall(text.partition("\n## ")[0])


def shown_as(output: str) -> re.Pattern[str]:
    """Return what an output matches in which `...` stands for anything, as in a doctest."""
    return re.compile(re.escape(output).replace(re.escape("..."), ".*?"), re.DOTALL)


WITH_EXAMPLES: Final = [page for page in PAGES if examples(page)]


def test_the_pages_that_show_commands_are_found() -> None:
    assert {"README.md", "docs/cli.md", "docs/settings.md"} <= set(WITH_EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_a_command_of_a_page_prints_what_the_page_shows(page: str, tmp_path: Path) -> None:
    shutil.copy(ROOT / ".env.example", tmp_path)
    own = {name: value for name, value in os.environ.items() if not SETTING.fullmatch(name)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**own, "PATH": path, "XDG_DATA_HOME": str(tmp_path / "data"), "COLUMNS": "80", "PYTHONUTF8": "1"}
    for command, output in examples(page):
        ran = subprocess.run(
            ["sh", "-c", command],
            cwd=tmp_path,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        assert shown_as(output.rstrip()).fullmatch(ran.stdout.rstrip()), f"{command}\n{ran.stdout}"


@pytest.mark.parametrize(("page", "heading"), [("README.md", "Try it"), ("docs/user-guide.md", "A first case")])
async def test_the_taps_of_a_page_lead_to_what_it_says_the_card_reads(page: str, heading: str) -> None:
    private_chat = FakePrivateChat()
    read = []
    for step in steps(page, heading):
        for tapped, said in re.findall(r"\*\*(.+?)\*\*|\*(.+?)\*", step):
            if tapped == "START":  # the page of the playground, and Telegram, send this for it
                await private_chat.command("start")
            elif tapped:
                await private_chat.tap(tapped)
            else:
                assert said in plain(private_chat.card), step
                read.append(said)
    assert "Posterior MIS" in read
