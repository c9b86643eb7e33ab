"""How the product is laid out: folders that a reader takes in, one class for a name, docstrings after PEP 257."""

from __future__ import annotations

import ast
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("bot", "flows")
MOST_MODULES: Final = 13
BANNED: Final = {f"{verb}{ending}" for verb in ("Give", "Let", "Put", "Say", "Take", "Tell") for ending in ("", "s")}
"""What no docstring begins with: the word does not say whether something is returned, changed or sent."""
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[Path, ast.Module]:
    """Return the modules of the product, parsed."""
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return {file.relative_to(ROOT): ast.parse(file.read_text("utf-8")) for file in files}


def docstrings(module: ast.Module) -> Iterator[str]:
    """Return every docstring of a module."""
    for node in ast.walk(module):
        if isinstance(node, Documented) and (said := ast.get_docstring(node)):
            yield said


def test_no_folder_holds_more_modules_than_a_reader_takes_in() -> None:
    folders: dict[Path, int] = defaultdict(int)
    for file in modules():
        folders[file.parent] += 1
    assert folders
    assert {folder: number for folder, number in folders.items() if number > MOST_MODULES} == {}


def test_no_two_public_classes_share_a_name() -> None:
    classes: dict[str, list[Path]] = defaultdict(list)
    for file, module in modules().items():
        for node in module.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes[node.name].append(file)
    assert classes
    assert {name: files for name, files in classes.items() if len(files) > 1} == {}


def test_docstrings_begin_with_a_word_that_says_what_is_done() -> None:
    said = [(file, text) for file, module in modules().items() for text in docstrings(module)]
    assert len(said) > len(modules())
    assert [(str(file), text) for file, text in said if text.split()[0] in BANNED] == []


def test_no_former_name_comes_back() -> None:
    listed = (ROOT / "tests/data/former_names.txt").read_text("utf-8").splitlines()
    former = {name for name in listed if name and not name.startswith("#")}
    assert len(former) > 150
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    borne = {file.stem for file in files}
    for file in files:
        with file.open("rb") as source:
            borne |= {token.string for token in tokenize.tokenize(source.readline) if token.type == tokenize.NAME}
    assert former & borne == set()
