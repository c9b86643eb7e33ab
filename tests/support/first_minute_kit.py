"""A machine that is bare but for what a test puts on it: its own `PATH`, with stand-ins for apt-get, id and pip."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

TOOLS: Final = (
    "cat",
    "cut",
    "dirname",
    "env",
    "grep",
    "ls",
    "make",
    "mkdir",
    "mktemp",
    "rm",
    "sed",
    "sh",
    "tail",
    "touch",
)
"""What a shell script may count on everywhere, and `make`, which the README has installed."""


class BareMachine:
    """A clone of the project, and the few programs that its scripts find."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in TOOLS:
            found = shutil.which(name)
            assert found, name
            (self.programs / name).symlink_to(found)
        for name in ("Makefile", "pyproject.toml", ".env.example"):
            self.clone.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, self.clone / name)
        for name in ("scripts", "requirements"):
            shutil.copytree(ROOT / name, self.clone / name)

    def has(self, name: str, script: str) -> None:
        """Put a program on the machine: a few lines of shell."""
        self._write(self.programs / name, script)

    def has_pip(self, script: str) -> None:
        """Put a virtual environment into the clone, with this in the place of pip."""
        (self.clone / ".venv/bin").mkdir(parents=True, exist_ok=True)
        self._write(self.clone / ".venv/bin/pip", script)

    def types(self, line: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Type a line into a shell in the clone."""
        return subprocess.run(  # noqa: PLW1510 - the status is what is looked at
            [str(self.programs / "sh"), "-c", line],
            cwd=self.clone,
            env={"PATH": str(self.programs), "HOME": str(self.clone.parent), **settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def _write(self, path: Path, script: str) -> None:
        path.unlink(missing_ok=True)  # it may be a link to the program of the machine beneath
        path.write_text(f"#!{self.programs / 'sh'}\n{script}\n", "utf-8")
        path.chmod(0o755)


def told(ran: subprocess.CompletedProcess[str]) -> list[str]:
    """Return what was said of a failure, without make's own last word."""
    assert ran.returncode != 0
    return [line for line in ran.stderr.splitlines() if not line.startswith("make")]


WITHOUT_INDEX: Final = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "1",
}
"""pip as it is where no network is: nothing listens there."""
