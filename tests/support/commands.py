"""Runs `spinemets` as a person does: as a process, in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from coverage import Coverage

from bot.settings import Settings

ROOT: Final = Path(__file__).parents[2]
CLEAN = {k: v for k, v in os.environ.items() if k.lower() not in Settings.model_fields and not k.startswith("XDG_")}


class Spinemets:
    """Runs `spinemets` in a folder of its own."""

    def __init__(self, folder: Path, *, measured: bool = False) -> None:
        self.folder = folder
        self.measured = measured

    def __call__(self, *words: str, given: str | bytes = b"", **settings: str) -> subprocess.CompletedProcess[bytes]:
        typed = given.encode() if isinstance(given, str) else given
        return subprocess.run(  # noqa: PLW1510 - the status is what is looked at
            self.words(*words), input=typed, capture_output=True, cwd=self.folder, env=self.env(settings), timeout=60
        )

    def start(self, *words: str, stderr: Any = subprocess.DEVNULL, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.words(*words),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=self.folder,
            env=self.env(settings),
        )

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "bot", *words]

    def env(self, settings: dict[str, str]) -> dict[str, str]:
        return {
            **CLEAN,
            "XDG_DATA_HOME": str(self.folder / "data"),
            **(coverage() if self.measured else {}),
            **settings,
        }


def coverage() -> dict[str, str]:
    """Return what has a process write down which lines it reaches, where this one does."""
    if Coverage.current() is None:
        return {}
    return {"COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml"), "COVERAGE_FILE": str(ROOT / ".coverage")}


def ended(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    status = process.wait(timeout=10)
    assert process.stdout
    process.stdout.close()
    return status
