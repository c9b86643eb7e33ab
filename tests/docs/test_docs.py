"""The documents are read: what they say of settings, commands, events, files and links is held against the program."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from cyclopts import App
from pydantic import SecretStr

from bot.app import FOREIGN_DATABASE, POLLING_CONFLICT, REFUSED
from bot.cli.decide import decide_lines
from bot.commands import app
from bot.log import ALLOWED
from bot.service.commands import ADMIN_COMMANDS, GROUP_COMMANDS, PRIVATE_COMMANDS
from bot.settings import Settings
from flows.export.mermaid import document
from flows.pathways.registry import flow_registry

ROOT: Final = Path(__file__).parents[2]
FENCED: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
HIDDEN_BUT_OURS: Final = {".ci"}
NOT_OURS: Final = {"__pycache__", "__snapshots__", "build", "dist", "htmlcov", "mutants", "node_modules", "venv"}


def ours(folder: Path = ROOT) -> Iterator[Path]:
    """Return every file of the project, without what tools leave behind."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        hidden = entry.name.startswith(".") and entry.name not in HIDDEN_BUT_OURS
        if entry.is_dir() and not hidden and entry.name not in NOT_OURS:
            yield from ours(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path)


FILES: Final = tuple(ours())
DOCS: Final = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in FILES if path.suffix == ".md"}
README: Final = DOCS["README.md"]
CLI: Final = DOCS["docs/cli.md"]
GUIDE: Final = DOCS["docs/user-guide.md"]
OPERATIONS: Final = DOCS["docs/operations.md"]
SETTINGS_PAGE: Final = DOCS["docs/settings.md"]

MOST_LINES, MOST_WORDS = 120, 800
"""How long the README may be: it wins a reader, other pages tell everything."""

every_document = pytest.mark.parametrize("name", DOCS)


def section(text: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the rows of every table, without the heads."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    heads = [line.strip("| ").split(" | ") for line in re.findall(r"^(\|.*)\n\|[-|]+\n", text, re.MULTILINE)]
    return [line for line in lines if line not in heads]


def codes(text: str) -> list[str]:
    """Return what is set as code within a text."""
    return re.findall(r"`([^`\n]+)`", FENCED.sub("", text))


def first_codes(text: str) -> list[str]:
    """Return what is set as code in the first column of the tables."""
    return [code for row in rows(text) for code in codes(row[0])]


def said_to_a_shell(text: str) -> list[str]:
    """Return the lines of code, in a block or in a sentence."""
    return [line.strip() for _, block in FENCED.findall(text) for line in block.splitlines()] + codes(text)


# The README.


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES
    assert len(README.split()) <= MOST_WORDS


def test_the_readme_names_settings_and_commands_of_the_chat_that_exist() -> None:
    named = codes(section(README, "Configuration"))
    assert named
    assert set(named) <= set(SETTINGS)
    assert set(first_codes(section(README, "Using it"))) <= {
        f"/{command}" for command in (*PRIVATE_COMMANDS, *GROUP_COMMANDS)
    }


# Settings.


def written(default: object) -> str:
    """Write a default as it stands in the environment."""
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, frozenset):
        return ",".join(map(str, sorted(default)))
    return "" if default is None else str(default)


SETTINGS: Final = {name.upper(): written(field.default) for name, field in Settings.model_fields.items()}


def test_the_page_of_settings_has_every_setting_with_its_default_and_no_other() -> None:
    told = {row[0].strip("`"): "" if row[1] == "empty" else row[1].strip("`") for row in rows(SETTINGS_PAGE)}
    assert told == SETTINGS


def test_env_example_holds_every_setting_with_its_default_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert dict(line.split("=", 1) for line in lines if line and not line.startswith("#")) == SETTINGS


# Commands of the program and of the chat.


@dataclass(frozen=True)
class Command:
    """A command of the program: its options, the fewest words that follow it, and the most."""

    options: frozenset[str]
    needed: frozenset[str]
    words: range


def commands(of: App, *names: str) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Return every command, with its name in words."""
    within = [name for name in of if not name.startswith("-")]
    for name in within:
        yield from commands(of[name], *names, name)
    if not within:
        arguments = of.assemble_argument_collection()
        by_name = [argument for argument in arguments if argument.index is None]
        options = frozenset(option for argument in by_name for option in argument.names)
        needed = frozenset(argument.name for argument in by_name if argument.required)
        required = sum(argument.required for argument in arguments if argument.index is not None)
        by_place = [argument for argument in arguments if argument.index is not None]
        yield names, Command(options, needed, range(required, len(by_place) + 1))


PROGRAM: Final = dict(commands(app))


def parted(line: str) -> tuple[tuple[str, ...], set[str], int]:
    """Part a line such as "dead retry UPDATE_ID" into the command, its options, and how many words follow."""
    words = line.split()
    named = tuple(takewhile(lambda word: re.fullmatch(r"[a-z]+", word), words))
    options = [word.partition("=")[0] for word in words if word.startswith("-")]
    return named, set(options), len(words) - len(named) - len(options)


def test_the_page_of_the_command_line_has_every_command_and_option_and_no_other() -> None:
    told = first_codes(section(CLI, "All commands"))
    flags = {code.removeprefix("spinemets ") for code in told if re.fullmatch(r"(?:spinemets )?-\S+", code)}
    assert flags == {flag for flag in app if flag.startswith("-")}
    lines = [parted(code.removeprefix("spinemets ")) for code in told if code.removeprefix("spinemets ") not in flags]
    assert {named for named, _, _ in lines} == set(PROGRAM)
    for name, command in PROGRAM.items():
        ways = [(options, words) for named, options, words in lines if named == name]
        assert set().union(*(options for options, _ in ways)) == command.options, name
        assert any(options == command.needed for options, _ in ways), (
            f"{name}: the plainest way to call it is not told"
        )
        assert {words for _, words in ways} == set(command.words), name


@every_document
def test_a_command_of_the_program_that_a_document_names_exists(name: str) -> None:
    for line in said_to_a_shell(DOCS[name]):
        found = re.match(r"(?:ExecStart=|runuser .*|\$ (?:.*\| )?)?(?:\S*/)?spinemets ([a-z][^|]*)", line)
        if found:
            named, options, _ = parted(found[1])
            within = [known for known in PROGRAM if known[: len(named)] == named[: len(known)]]
            assert within, line
            assert options <= set().union(*(PROGRAM[known].options for known in within)), line


def test_the_guide_has_every_command_of_the_chat_and_no_other() -> None:
    assert sorted(first_codes(section(GUIDE, "All commands"))) == sorted(f"/{command}" for command in PRIVATE_COMMANDS)


def test_the_guide_has_every_command_of_a_group_and_no_other() -> None:
    told = {code for code in codes(section(GUIDE, "In a group")) if code.startswith("/")}
    assert told == {f"/{command}" for command in GROUP_COMMANDS}


NOT_OF_THE_CHAT: Final = {"/newbot", "/revoke", "/setinline", "/healthz", "/readyz", "/metrics"}
"""What @BotFather and a web server understand."""


@every_document
def test_a_command_of_the_chat_that_a_document_names_exists(name: str) -> None:
    named = {code for code in codes(DOCS[name]) if re.fullmatch(r"/[a-z]+", code)}
    assert named - NOT_OF_THE_CHAT <= {
        f"/{command}" for command in (*PRIVATE_COMMANDS, *GROUP_COMMANDS, *ADMIN_COMMANDS)
    }


def begins(shown: Any, real: Any) -> bool:
    """Tell whether what is shown is what there is, its lists perhaps cut short."""
    if isinstance(shown, dict):
        return list(shown) == list(real) and all(begins(shown[key], real[key]) for key in shown)
    if isinstance(shown, list):
        return len(shown) <= len(real) and all(map(begins, shown, real))
    return bool(shown == real)


def test_the_page_of_the_command_line_shows_what_decide_really_answers() -> None:
    blocks = [(kind, block) for kind, block in FENCED.findall(CLI) if kind.startswith("json")]
    [given] = [block for kind, block in blocks if kind == "jsonl"]
    shown = [orjson.loads(block) for kind, block in blocks if kind == "json"]
    said: list[bytes] = []
    offered = flow_registry()
    assert decide_lines(offered.flow(), offered.catalog, given.encode().splitlines(), said.append) == 1
    assert len(shown) == len(said)
    assert all(begins(told, orjson.loads(line)) for told, line in zip(shown, said, strict=True))


# What can be made.


def made() -> set[str]:
    makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(VENV)", ".venv")
    return set(re.findall(r"^([\w./-]+):(?!=)", makefile, re.MULTILINE)) - {".PHONY"}


@every_document
def test_what_a_document_makes_can_be_made(name: str) -> None:
    lines = " && ".join(said_to_a_shell(DOCS[name]))
    assert set(re.findall(r"(?:^|&& )make ([\w./-]+)", lines)) <= made()


def test_contributors_are_told_everything_that_can_be_made() -> None:
    told = {code.removeprefix("make ") for code in first_codes(section(DOCS["CONTRIBUTING.md"], "Run the checks"))}
    assert told == {target for target in made() if not target.startswith(".venv/")}


# What the operator is told.


def test_every_field_of_the_log_is_told_and_no_other() -> None:
    tables = section(OPERATIONS, "Logs").split("| event | what to do |")
    assert sorted(first_codes(tables[0])) == sorted(ALLOWED)


def test_every_event_of_the_log_is_told_and_no_other() -> None:
    logged = {
        event
        for path in (ROOT / "bot").rglob("*.py")
        for event in re.findall(
            r"(?:log\.(?:debug|info|warning|error)|AccessChange)\(\s*\"(\w+)\"", path.read_text("utf-8")
        )
    }
    assert set(first_codes(section(OPERATIONS, "Logs").split("| event |")[1])) == logged


FOR_GOOD = (FOREIGN_DATABASE, POLLING_CONFLICT, REFUSED)
"""The exit statuses after which a start would end the same way."""


def test_the_exit_statuses_are_told_and_obeyed_by_the_unit() -> None:
    told = {row[0] for row in rows(section(OPERATIONS, "Under systemd"))}
    assert told == {"0", "1", *map(str, FOR_GOOD)}
    unit = (ROOT / "deploy/systemd/spinemets.service").read_text("utf-8")
    assert f"RestartPreventExitStatus={' '.join(map(str, FOR_GOOD))}\n" in unit


# Documents among themselves.


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def links(name: str) -> list[tuple[str, Path, str]]:
    """Return each link of a document to a place of the project, with the file and the heading that it leads to."""
    plain = FENCED.sub("", DOCS[name])
    targets = re.findall(r"\]\(([^)\s]+)\)", plain) + re.findall(r'<img [^>]*src="([^"]+)"', plain)
    within = [target.partition("#") for target in targets if not re.match(r"[a-z]+:", target)]
    folder = (ROOT / name).parent
    return [
        (f"{path}#{anchor}", (folder / path).resolve() if path else ROOT / name, anchor) for path, _, anchor in within
    ]


@every_document
def test_every_link_within_the_project_leads_somewhere(name: str) -> None:
    for target, there, anchor in links(name):
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", FENCED.sub("", there.read_text("utf-8")), re.MULTILINE)
            assert anchor in map(slug, headings), target


def test_every_page_and_picture_is_reached_from_the_readme() -> None:
    seen, new = set[str](), {"README.md"}
    while new:
        seen |= new
        led = {there.relative_to(ROOT).as_posix() for name in new if name in DOCS for _, there, _ in links(name)}
        new = led - seen
    pages = {name for name in DOCS if re.fullmatch(r"docs/(?:decisions/|flows/)?[\w.-]+\.md", name)}
    pictures = {path.relative_to(ROOT).as_posix() for path in FILES if path.suffix == ".png" and "docs" in path.parts}
    assert (pages | pictures) - seen == set()


@every_document
def test_every_file_that_a_page_names_exists(name: str) -> None:
    if name.startswith("docs/decisions/") or name == "CHANGELOG.md":
        return  # they tell of their own time
    named = {
        code
        for code in codes(DOCS[name])
        if re.fullmatch(r"(?:bot|flows|tests|docs|scripts|bench|deploy)/[\w./-]+", code)
    }
    assert {code for code in named if not (ROOT / code).exists()} == set()


@every_document
def test_no_document_names_a_place_on_a_machine_or_a_registry(name: str) -> None:
    assert not re.findall(r"(?<![\w.~-])/(?:work|root|home|Users)\b\S*", DOCS[name])
    assert not re.findall(r"\S*(?:pypi|pythonhosted|npmjs|docker|ghcr)\.\w+\S*|index.url\S*", DOCS[name])


def test_every_decision_stands_in_the_list_of_decisions() -> None:
    listed = re.findall(r"^\| \[(\d+)\]\((\d{4})-[\w-]+\.md\) \|", DOCS["docs/decisions/README.md"], re.MULTILINE)
    assert [int(number) for number, _ in listed] == [int(file) for _, file in listed]
    assert [file for _, file in listed] == sorted(path.name[:4] for path in (ROOT / "docs/decisions").glob("0*.md"))


def test_the_newest_version_of_the_changelog_is_the_one_in_the_making() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert re.findall(r"^## \[([\d.]+)\]", DOCS["CHANGELOG.md"], re.MULTILINE)[0] == project["version"]


def test_the_document_of_every_flow_is_the_one_that_the_program_writes() -> None:
    flows, catalog = flow_registry()
    for code, flow in flows.items():
        assert DOCS[f"docs/flows/{code}.md"] == document(flow, catalog), "run `make docs`"


# The first line of every file.

COMMENT: Final = {
    ".css": r"/\* (.+)",
    ".csv": r"# (.+)",
    ".html": r"<!-- (.+)",
    ".js": r"// (.+)",
    ".sh": r"# (.+)",
    ".svg": r"<!-- (.+)",
    ".toml": r"# (.+)",
    ".service": r"# (.+)",
    ".timer": r"# (.+)",
    ".yaml": r"# (.+)",
}


def kind_of(path: Path) -> str:
    """Return the ending of a file, or what stands for it: a script has a shebang, others are known by name."""
    if path.name in {"Makefile", ".env.example", ".gitignore"}:
        return ".sh"
    if path.suffix or path.name == "LICENSE":
        return path.suffix
    return ".sh" if path.read_bytes().startswith(b"#!") else ""


def purpose(path: Path) -> str:
    """Return what the first line of a file says, behind a shebang; nothing where it says nothing."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0] if text.startswith('"""') else ""
    lines = [line for line in text.splitlines()[:2] if not line.startswith("#!")]
    found = re.match(COMMENT[kind_of(path)], lines[0]) if lines else None
    return found[1] if found else ""


def test_every_file_says_in_its_first_line_what_it_is_for() -> None:
    told = {path: purpose(path) for path in FILES if kind_of(path) in {*COMMENT, ".py"} and path.name != ".env"}
    assert len(told) > 100, "these are fewer files than the project has"
    assert not [path.relative_to(ROOT).as_posix() for path, words in told.items() if len(words.split()) < 3]
