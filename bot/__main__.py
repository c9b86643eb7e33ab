"""Starts `spinemets`: carries a command out, and says in plain words what the user can mend."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Final

from bot.run import INTERRUPTED, quick_imports, run

MISCONFIGURED: Final = 78
"""Exit status after a setting that cannot be used: a start would end the same way until somebody changes it."""


def main() -> None:
    """Run a command; what the user can mend is told in plain words, without a stack trace."""
    with quick_imports():
        from bot.settings import SettingsError
        from bot.storage.errors import DatabaseUnusable, StorageError
        from flows.errors import CatalogError, NoteTooLong, SiteFileError, UnknownFlow

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a folder's name may be no text
    try:
        sys.exit(_execute())
    except (CatalogError, NoteTooLong, SettingsError, SiteFileError, StorageError, UnknownFlow) as fault:
        sys.stderr.write(f"spinemets: {fault}\n")
        sys.exit(MISCONFIGURED if isinstance(fault, (SettingsError, DatabaseUnusable)) else 1)
    except BrokenPipeError:
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except OSError as fault:
        sys.exit(f"spinemets: {fault}")


def _execute() -> int | None:
    """Carry out what the command line says; what reads one is loaded for any other command than `run`."""
    if sys.argv[1:] == ["run"]:
        return run()
    from bot.commands import app

    status: int | None = app()
    return status


if __name__ == "__main__":
    main()
