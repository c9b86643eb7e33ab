"""What can go wrong with the store itself, each named for what happened and carrying what can be done about it."""

from __future__ import annotations

from pathlib import Path


class StorageError(Exception):
    """Why a store cannot be opened; its text is fit for whoever runs the bot, and bears no password."""


class CorruptDatabase(StorageError):
    """The file is damaged, or no database; it was left as it was found."""

    def __init__(self, path: Path, why: str) -> None:
        """Name the file and what is wrong with it."""
        super().__init__(
            f"{path} is damaged ({why}). It was left untouched, and nothing was started in its place. "
            f"Move it away together with {path.name}-wal and {path.name}-shm, if they are there, "
            "restore the last backup under its name and start again."
        )
        self.path = path


class NewerDatabase(StorageError):
    """The database was written by a newer version than this one."""

    def __init__(self, found: str, known: str) -> None:
        """Name the version of the tables that was found, and the newest that is known."""
        super().__init__(
            f"The database is of version {found}; this program knows versions up to {known}. Nothing was changed. "
            "Run the newer program again, or restore the backup from before the upgrade."
        )
        self.found = found


class DatabaseUnusable(StorageError):
    """What DATABASE_URL names can be no database, until somebody changes the setting or the rights to the file."""


class OlderDatabase(DatabaseUnusable):
    """The tables are those of a program from before the first release, which no migration leads on from."""

    def __init__(self, name: str, found: str) -> None:
        """Name the database and the version of its tables."""
        super().__init__(
            f"{name} has the tables of an older program ({found}), which this one does not read; nothing was changed. "
            "Let DATABASE_URL name a new, empty database, or move the old file away; the cases in it are left behind."
        )


class DatabaseUnavailable(StorageError):
    """The database cannot be reached now; it may be there again later."""


class StorageClosed(RuntimeError):
    """Something was asked of a store after it was closed: a fault of the program, not of the database."""

    def __init__(self) -> None:
        """Fill in the message."""
        super().__init__("the store is closed: open it anew before giving it work")
