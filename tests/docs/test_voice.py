"""The pages for readers are plain English: no word that the voice of this project has replaced by a plainer one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BY_ROLE: Final = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
PAGES: Final = ("README.md", "CONTRIBUTING.md", *(f"docs/{name}" for name in BY_ROLE))
PLAINER: Final = {
    r"shall": "must, will",
    r"anew": "again",
    r"mend(?:s|ed|ing)?": "fix",
    r"heed(?:s|ed)?": "read, ignore",
    r"bears?|borne": "carry, have",
    r"at hand|in hand": "current, running",
    r"tak(?:e|es|en) up": "resume, pick up",
    r"is none of|are none of": "say what it is",
}
"""What is not written, and what is written for it."""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_for_readers_uses_the_plainer_word(page: str) -> None:
    text = re.sub(r"^```.*?^```|`[^`]*`", "", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = {word: plainer for word, plainer in PLAINER.items() if re.search(rf"\b(?:{word})\b", text)}
    assert found == {}
