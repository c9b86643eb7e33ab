"""What reading a typed note costs: the first with the reader built, each note of the tests, the longest."""

from __future__ import annotations

import statistics
import time
import tomllib
from pathlib import Path

from flows.notes.lexicon import lexicon
from flows.notes.reader import MOST_CHARACTERS, read_note
from flows.pathways.metastasis import METASTASIS

NOTES = Path(__file__).parent.parent / "tests" / "data" / "notes.toml"
ROUNDS = 5


def milliseconds(note: str) -> float:
    """Measure the processor time of one reading of a note, the least of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        read_note(METASTASIS, lexicon(), note)
        best = min(best, (time.process_time() - started) * 1e3)
    return best


def main() -> None:
    """Print what the first note costs, then the others, then the longest that is read."""
    started = time.perf_counter()
    read_note(METASTASIS, lexicon(), "T8, fit")
    print(f"first note, the reader built with it: {(time.perf_counter() - started) * 1e3:.0f} ms")
    notes = [note["text"] for note in tomllib.loads(NOTES.read_text("utf-8"))["note"]]
    took = sorted(map(milliseconds, notes))
    print(f"{len(took)} notes: median {statistics.median(took):.2f} ms, slowest {took[-1]:.2f} ms")
    print(f"{MOST_CHARACTERS} characters: {milliseconds('; '.join(notes)[:MOST_CHARACTERS]):.2f} ms")


if __name__ == "__main__":
    main()
