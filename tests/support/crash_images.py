"""A disk that loses its power: of what was not flushed, any part may be missing, torn or overtaken by what came later.

What is assumed of it is what SQLite assumes: a sector is written whole or not at all, bytes beside those that are
written stay as they are, and a flush tells the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

from io_recorder import Cut, DiskWrite, Flushed, FolderFlushed, Linked, Opened, Removed, Written

SECTOR: Final = 512


@dataclass
class File:
    """What is durable of a file, and what was done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    since: list[Written | Cut] = field(default_factory=list)

    def flush(self) -> None:
        for deed in self.since:
            _apply(self.durable, deed)
        self.since.clear()

    def after_cut(self, chance: Random, share: float) -> bytearray:
        """Give what may be found in it: each deed since the flush survives with some probability, or in parts."""
        found = bytearray(self.durable)
        for deed in self.since:
            if chance.random() < share:
                _apply(found, deed)
            elif isinstance(deed, Written) and chance.random() < 0.5:
                _tear(found, deed, chance)
        return found


@dataclass
class CrashableDisk:
    """A folder: as it would be found, as those who write see it, and what was entered or struck out in between."""

    _found: dict[str, File] = field(default_factory=dict)
    _seen: dict[str, File] = field(default_factory=dict)
    _since: list[tuple[str, File | None]] = field(default_factory=list)

    def apply(self, deed: DiskWrite) -> None:
        """Do to it what was done to the files."""
        match deed:
            case Opened(name):
                if name not in self._seen:
                    self._list(name, File())
            case Written(name) | Cut(name):
                self._seen[name].since.append(deed)
            case Flushed(name, folder):
                self._seen[name].flush()
                self._flush_if(folder=folder)
            case Linked(name, other):
                self._list(other, self._seen[name])
            case FolderFlushed():
                self._flush_if(folder=True)
            case Removed(name, folder):
                if name in self._seen:
                    self._list(name, None)
                self._flush_if(folder=folder)

    def loses_power(self, chance: Random, folder: Path) -> int:
        """Write down what may be found afterwards; give how much was at stake."""
        share = chance.choice((0.0, 0.5, 0.9, 1.0))
        survived = chance.randint(0, len(self._since)) if share < 1 else len(self._since)
        names = dict(self._found)
        for name, file in self._since[:survived]:  # a list is kept in order
            _enter(names, name, file)
        for name, file in names.items():
            (folder / name).write_bytes(file.after_cut(chance, share))
        return len(self._since) + sum(len(file.since) for file in names.values())

    def _list(self, name: str, file: File | None) -> None:
        _enter(self._seen, name, file)
        self._since.append((name, file))

    def _flush_if(self, *, folder: bool) -> None:
        if folder:
            self._found = dict(self._seen)
            self._since.clear()


def _enter(names: dict[str, File], name: str, file: File | None) -> None:
    """Enter a file under a name, or strike it out."""
    if file:
        names[name] = file
    else:
        names.pop(name, None)


def _apply(content: bytearray, deed: Written | Cut) -> None:
    """Do something to the content of a file; a gap reads as zeros."""
    if isinstance(deed, Cut):
        del content[deed.length :]
        content.extend(bytes(deed.length - len(content)))
        return
    content.extend(bytes(max(0, deed.at - len(content))))
    content[deed.at : deed.at + len(deed.data)] = deed.data


def _tear(content: bytearray, deed: Written, chance: Random) -> None:
    """Write some sectors of it; where others would have made the file grow, anything may stand in their place."""
    for at, data in _sectors(deed):
        if chance.random() < 0.5:
            _apply(content, Written(deed.name, at, data))
        elif at >= len(content) and chance.random() < 0.5:
            _apply(content, Written(deed.name, at, chance.randbytes(len(data))))


def _sectors(deed: Written) -> Sequence[tuple[int, bytes]]:
    """Divide what is written where sectors end."""
    end = deed.at + len(deed.data)
    ends = [*range(deed.at - deed.at % SECTOR + SECTOR, end, SECTOR), end]
    return [(at, deed.data[at - deed.at : after - deed.at]) for at, after in pairwise((deed.at, *ends))]
