"""What the playground keeps, in one SQLite file (or in memory), so that a killed process loses nothing."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

Json: TypeAlias = dict[str, Any]
"""An object of the Bot API, as it travels."""

# `owner` is the chat a thing belongs to, 0 where it belongs to none. Numbers never restart, even when all that
# carried them is gone, hence their own table. WAL with synchronous=NORMAL survives a killed process without
# waiting for the platter on every commit.
_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS kept (
    kind TEXT NOT NULL, owner INTEGER NOT NULL, id INTEGER NOT NULL, at REAL NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (kind, owner, id)
) STRICT;
"""


_READABLE: Final = (
    "PRAGMA quick_check(1)",
    "SELECT name, value FROM counter LIMIT 1",
    "SELECT kind, owner, id, at, value FROM kept LIMIT 1",
)


class ChatsUnusable(OSError):
    """The file of the chats cannot be used; its text is fit for the person at the terminal."""

    def __init__(self, path: Path | str, why: str) -> None:
        """Name the file, what is wrong with it, and what to do."""
        name = Path(path).name
        super().__init__(
            f"{path} cannot be used ({why}). The playground's chats are in it, no cases. Move it away with {name}-wal "
            f"and {name}-shm, if they are there, and start again: the chats then begin anew."
        )


class JsonStore:
    """A drawer of JSON objects and bytes by kind, owner and number, written through to the file at once."""

    def __init__(self, path: Path | str = ":memory:", begin: int = 0) -> None:
        """Open the file, and make it where there is none.

        Args:
            path: the file.
            begin: what numbers begin after that were never given before; a later one in each new file keeps what is
                numbered in it apart from what was numbered in one that was deleted.

        Raises:
            ChatsUnusable: where the file cannot be opened, or is no such file.
        """
        self._begin = begin
        self._db = _opened(path)

    def transaction(self) -> AbstractContextManager[object]:
        """Return the context within which all writes hold together: `with disk.transaction(): …`."""
        return self._db

    def number(self, name: str) -> int:
        """Return the next number of this name; it is never given again."""
        row = self._db.execute(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
            (name, self._begin + 1),
        ).fetchone()
        return int(row[0])

    def last_number(self, name: str) -> int:
        """Return the last number that was given of this name, 0 where there was none."""
        row = self._db.execute("SELECT value FROM counter WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def put(self, kind: str, owner: int, number: int, value: Json | bytes, at: float = 0) -> None:
        """Keep a value, in place of what was there."""
        kept = value if isinstance(value, bytes) else orjson.dumps(value)
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", (kind, owner, number, at, kept))

    def raw(self, kind: str, owner: int, number: int) -> bytes | None:
        """Return the bytes kept at a place."""
        row = self._db.execute(
            "SELECT value FROM kept WHERE kind = ? AND owner = ? AND id = ?", (kind, owner, number)
        ).fetchone()
        return row and bytes(row[0])

    def moment(self, kind: str, owner: int, number: int) -> float:
        """Return the moment that a thing was put with, 0 where it is not there."""
        row = self._db.execute(
            "SELECT at FROM kept WHERE kind = ? AND owner = ? AND id = ?", (kind, owner, number)
        ).fetchone()
        return float(row[0]) if row else 0.0

    def get(self, kind: str, owner: int, number: int) -> Json | None:
        """Return the object kept at a place."""
        raw = self.raw(kind, owner, number)
        return None if raw is None else orjson.loads(raw)

    def every(self, kind: str, owner: int, limit: int = -1, above: int = 0) -> list[Json]:
        """Return what is kept of a kind, by number, the `limit` lowest of those above a number."""
        rows = self._db.execute(
            "SELECT value FROM kept WHERE kind = ? AND owner = ? AND id > ? ORDER BY id LIMIT ?",
            (kind, owner, above, limit),
        )
        return [orjson.loads(row[0]) for row in rows]

    def count(self, kind: str, owner: int) -> int:
        """Return how many of a kind are kept."""
        row = self._db.execute("SELECT count(*) FROM kept WHERE kind = ? AND owner = ?", (kind, owner)).fetchone()
        return int(row[0])

    def drop(self, kind: str, owner: int, number: int) -> bool:
        """Delete one value; return whether it was there."""
        gone = self._db.execute("DELETE FROM kept WHERE kind = ? AND owner = ? AND id = ?", (kind, owner, number))
        return gone.rowcount > 0

    def drop_below(self, kind: str, owner: int, number: int) -> None:
        """Delete everything of a kind with a lower number."""
        self._db.execute("DELETE FROM kept WHERE kind = ? AND owner = ? AND id < ?", (kind, owner, number))

    def drop_before(self, kind: str, owner: int, moment: float) -> None:
        """Delete everything of a kind that was stored before a moment."""
        self._db.execute("DELETE FROM kept WHERE kind = ? AND owner = ? AND at < ?", (kind, owner, moment))

    def nth_newest(self, kind: str, owner: int, rank: int) -> int:
        """Return the number of the `rank`th newest of a kind, 0 where there are fewer."""
        row = self._db.execute(
            "SELECT id FROM kept WHERE kind = ? AND owner = ? ORDER BY id DESC LIMIT 1 OFFSET ?",
            (kind, owner, rank - 1),
        ).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _opened(path: Path | str) -> sqlite3.Connection:
    """Open a file, look whether it can be read, and bring it to what is kept today."""
    opened = None
    try:
        opened = sqlite3.connect(path)
        opened.executescript(_TABLES)
        told = [opened.execute(asked).fetchone() for asked in _READABLE]
    except sqlite3.Error as error:
        why = str(error)
    else:
        if told[0] == ("ok",):
            return opened
        why = "it is damaged"
    if opened:
        opened.close()
    raise ChatsUnusable(path, why)
