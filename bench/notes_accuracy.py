"""Count over all annotated notes how many findings the reader finds (recall), and how many are right (precision)."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.notes.lexicon import lexicon
from flows.notes.reader import read_note
from flows.pathways.metastasis import METASTASIS

DATA = Path(__file__).parent.parent / "tests" / "data"


@dataclass(slots=True)
class Count:
    """How often one question was read rightly, wrongly, or not at all.

    Attributes:
        right: the notes in which the answer is the annotated one.
        invented: the notes in which there is an answer, and the annotation has another one or none.
        missed: the notes in which the annotation has an answer, and the reader has another one or none.
    """

    right: int = 0
    invented: int = 0
    missed: int = 0

    @property
    def recall(self) -> float:
        """Return the share of the annotated answers that are found."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        """Return the share of the found answers that are annotated."""
        return self.right / (self.right + self.invented) if self.right + self.invented else 1.0


def annotated_notes() -> Iterator[dict[str, Any]]:
    """Return every annotated note, with the name of its file."""
    for path in sorted(DATA.glob("notes*.toml")):
        for note in tomllib.loads(path.read_text("utf-8"))["note"]:
            yield {**note, "file": path.name}


def counted(notes: Iterable[dict[str, Any]]) -> dict[str, Count]:
    """Return a count for each question."""
    counts = {question.code: Count() for question in METASTASIS.questions}
    for note in notes:
        answers = read_note(METASTASIS, lexicon(), note["text"]).answers
        for code, count in counts.items():
            expected, found = tuple(note["findings"].get(code, ())), answers.get(code, ())
            count.right += bool(found) and found == expected
            count.invented += bool(found) and found != expected
            count.missed += bool(expected) and found != expected
    return counts


def main() -> int:
    """Print recall and precision for each finding; return 1 if a finding was invented."""
    notes = list(annotated_notes())
    counts = counted(notes)
    print(f"{len(notes)} notes\n{'finding':<16}{'answers':>8}{'recall':>9}{'precision':>11}")
    for code, count in counts.items():
        print(f"{code:<16}{count.right + count.missed:>8}{count.recall:>9.1%}{count.precision:>11.1%}")
    return int(any(count.invented for count in counts.values()))


if __name__ == "__main__":
    sys.exit(main())
