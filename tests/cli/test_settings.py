"""The settings as they are read: empty means the default, and whatever cannot be used is named, with its place."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import pytest

from bot.settings import Access, LogLevel, Settings, SettingsError, read_settings

NAMES: Final = tuple(name.upper() for name in Settings.model_fields)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own, with no setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def refusal() -> str:
    with pytest.raises(SettingsError) as refused:
        read_settings()
    return str(refused.value)


# What is empty.


@pytest.mark.parametrize("empty", ["", " ", "\t ", "\u00a0"])
def test_every_setting_that_is_empty_in_the_environment_has_its_default(
    monkeypatch: pytest.MonkeyPatch, empty: str
) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, empty)
    assert read_settings() == Settings()


@pytest.mark.parametrize("empty", ["", " ", '""', "''", '"  "', " # none yet", '"" # none yet', "\r"])
def test_every_setting_that_is_empty_in_the_file_has_its_default(folder: Path, empty: str) -> None:
    default = Settings()
    (folder / ".env").write_text("".join(f"{name}={empty}\n" for name in NAMES), "utf-8", newline="")
    assert read_settings() == default


def test_an_empty_setting_in_the_environment_covers_the_one_in_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("BOT_TOKEN=42:abc\nLOG_LEVEL=debug\n", "utf-8")
    monkeypatch.setenv("BOT_TOKEN", "")
    settings = read_settings()
    assert settings.bot_token is None
    assert settings.log_level is LogLevel.debug


def test_the_example_is_the_default_line_by_line_and_so_is_the_example_with_nothing_in_it(folder: Path) -> None:
    default, example = Settings(), (Path(__file__).parents[2] / ".env.example").read_text("utf-8")
    for text in (example, re.sub(r"(?m)^([A-Z_]+)=.*$", r"\1=", example)):
        (folder / ".env").write_text(text, "utf-8")
        assert read_settings() == default


# How the file may be written.


@pytest.mark.parametrize(
    "text",
    [
        b"ACCESS=listed\nALLOWED_USERS=1,2\n",
        b"ACCESS=listed\r\nALLOWED_USERS=1,2\r\n",
        b"ACCESS=listed\rALLOWED_USERS=1,2",
        b"\xef\xbb\xbfACCESS=listed\nALLOWED_USERS=1,2\n",
        b"export ACCESS=listed\nexport  ALLOWED_USERS=1,2\n",
        b"ACCESS = listed\nALLOWED_USERS = 1, 2\n",
        b"ACCESS='listed'\nALLOWED_USERS=\"1,2\"\n",
        b"ACCESS=listed # who may\nALLOWED_USERS=1,2   # Ann, Bo\n",
        b"access=listed\nallowed_users=1,2\n",
        b"\n\n# who may\n\nACCESS=open\nACCESS=listed\nALLOWED_USERS=1,2\nPOSTGRES_PASSWORD=of another program\n",
    ],
)
def test_the_file_is_read_however_it_is_commonly_written(folder: Path, text: bytes) -> None:
    (folder / ".env").write_bytes(text)
    settings = read_settings()
    assert (settings.access, settings.allowed_users) == (Access.listed, frozenset({1, 2}))


def test_a_value_may_bear_a_hash(folder: Path) -> None:
    (folder / ".env").write_text("DATABASE_URL=postgresql://ann:a#b@host/name\n", "utf-8")
    assert read_settings().database == "postgresql://ann:a#b@host/name"


# What cannot be read.


def test_a_file_that_is_a_folder_is_named(folder: Path) -> None:
    (folder / ".env").mkdir()
    assert ".env is a folder, not a file; move it away, and copy .env.example to .env" in refusal()


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("gone", ".env is a link to a file that does not exist; restore that file, or remove the link"),
        (".env", ".env cannot be read (Too many levels of symbolic links)"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(folder: Path, target: str, told: str) -> None:
    (folder / ".env").symlink_to(target)
    assert told in refusal()


def test_a_file_that_may_not_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").touch()

    def denied(*_: object) -> None:  # the tests may run as root, who may read everything
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Path, "open", denied)
    assert ".env cannot be read (Permission denied); make it readable for the user that runs spinemets" in refusal()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("LOG_LEVEL=debug\nACCESS=öffen\n".encode("latin-1"), "line 2 of .env is not UTF-8 text"),
        ("LOG_LEVEL=debug\n".encode("utf-16"), "line 1 of .env is not UTF-8 text"),
        ("LOG_LEVEL=debug\n".encode("utf-16-le"), ".env is not UTF-8 text"),
        (b"LOG_LEVEL=debug\n" * 100_000, ".env is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_text_is_named(folder: Path, text: bytes, told: str) -> None:
    (folder / ".env").write_bytes(text)
    assert told in refusal()


@pytest.mark.parametrize(
    "line",
    [
        "BOT_TOKEN 42:hunter2",
        "BOT_TOKEN",
        'BOT_TOKEN="42:hunter2',
        "BOT_TOKEN='hunter2' x",
        "=hunter2",
        "BOT_TOKEN: x",
    ],
)
def test_a_line_that_cannot_be_understood_is_named_and_not_repeated(folder: Path, line: str) -> None:
    (folder / ".env").write_text(f"# the token\n\n{line}\n", "utf-8")
    said = refusal()
    assert "line 3 of .env cannot be understood; write NAME=value" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("name", "meant"),
    [("BOT_TOKN", "BOT_TOKEN"), ("alowed_users", "ALLOWED_USERS"), ("CASE_KEEP_DAY", "CASE_KEEP_DAYS")],
)
def test_a_misspelt_setting_is_named_with_the_one_that_is_meant(folder: Path, name: str, meant: str) -> None:
    (folder / ".env").write_text(f"LOG_LEVEL=info\n{name}=1\n", "utf-8")
    assert f"line 2 of .env sets {name}, which is not a setting; did you mean {meant}?" in refusal()


@pytest.mark.parametrize("name", ["TEST_DATABASE_URL", "LOGGING", "TOKEN", "PORT"])
def test_a_setting_of_another_program_is_let_be(folder: Path, name: str) -> None:
    (folder / ".env").write_text(f"{name}=1\n", "utf-8")
    assert read_settings() == Settings()


# What cannot be used.


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ACCESS", "everybody", "'open' or 'listed'"),
        ("ALLOWED_USERS", "1;2", "separated by commas"),
        ("BOT_TOKEN", "hunter2", "@BotFather"),
        ("BOT_API_URL", "telegram.example", "a scheme, a host and a port"),
        ("BOT_API_URL", "http://[::1", "a scheme, a host and a port"),
        ("BOT_API_URL", "http://host:port", "a scheme, a host and a port"),
        ("BOT_API_URL", "http://host:99999", "a scheme, a host and a port"),
        ("BOT_API_URL", "http://host:0", "a scheme, a host and a port"),
        ("BOT_API_URL", "http://ann:hunter2@host", "a scheme, a host and a port"),
        ("BOT_API_URL", "http://a host", "a scheme, a host and a port"),
        ("BOT_API_URL", "http://host/#", "a scheme, a host and a port"),
        ("BOT_API_URL", "http://host/?", "a scheme, a host and a port"),
        ("CASE_KEEP_DAYS", "0", "greater than or equal to 1"),
        ("CASE_REST_HOURS", "two", "a valid integer"),
        ("DATABASE_URL", "postgresql://ann:hunter2@hunter2@host/name", "write @ as %40"),
        ("DATABASE_URL", "postgresql://ann:hunter2@[::1/name", "names no host"),
        ("DATABASE_URL", "postgresql://ann:hunter2@host:port/name", "from 1 to 65535"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("HTTP_LISTEN", "8081", "a host and a port"),
        ("HTTP_LISTEN", "127.0.0.1:0", "a host and a port"),
        ("HTTP_LISTEN", "127.0.0.1:99999", "a host and a port"),
        ("HTTP_LISTEN", "::1:8081", "a host and a port"),
        ("HTTP_LISTEN", "[::1:8081", "a host and a port"),
        ("LOG_LEVEL", "loud", "'debug'"),
        ("PLAYGROUND_PORT", "0", "greater than or equal to 1"),
        ("PLAYGROUND_PORT", "65536", "less than or equal to 65535"),
        ("PLAYGROUND_PORT", "http", "a valid integer"),
        ("WEBHOOK_URL", "https://[::1/hook", "the whole address"),
        ("WEBHOOK_URL", "https://host:99999/hook", "the whole address"),
        ("WEBHOOK_SECRET", "hunter2!", "1 to 256 of"),
        ("WEBAPP_URL", "http://bot.example.org/spine", "the https address"),
        ("WEBAPP_URL", "https://bot.example.org", "the https address"),
        ("WEBAPP_URL", "https://bot.example.org/spine?x=hunter2", "the https address"),
        ("WEBAPP_URL", "https://ann:hunter2@bot.example.org/spine", "the https address"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_place_and_not_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    (folder / ".env").write_text(f"# a comment\n{name}={value}\n", "utf-8")
    in_file = refusal()
    monkeypatch.setenv(name, value)
    in_environment = refusal()
    for said, place in ((in_file, "(line 2 of .env)"), (in_environment, "(in the environment)")):
        [line] = [line for line in said.splitlines() if line.startswith(f"  {name}: ")]
        assert told in line
        assert line.endswith(place)
        assert "hunter2" not in said


def test_all_that_cannot_be_used_is_named_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("LOG_LEVEL=loud\n", "utf-8")
    monkeypatch.setenv("PLAYGROUND_PORT", "none")
    said = refusal()
    assert "LOG_LEVEL: " in said
    assert "PLAYGROUND_PORT: " in said


@pytest.mark.parametrize("value", ["127.0.0.1:8081", "localhost:1", "[::1]:65535", "bot.example.org:8081"])
def test_an_address_to_listen_on_is_a_host_and_a_port(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTP_LISTEN", value)
    assert read_settings().http_listen == value


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "WEBAPP_URL needs HTTP_LISTEN as well"),
        (
            {"WEBAPP_URL": "https://bot.example.org/healthz", "HTTP_LISTEN": "[::1]:1"},
            "WEBAPP_URL needs a path of its own",
        ),
        (
            {"WEBHOOK_URL": "https://a.org/spine", "WEBHOOK_SECRET": "x", "HTTP_LISTEN": "[::1]:1"},
            "WEBAPP_URL needs a path of its own",
        ),
    ],
)
def test_the_page_of_the_spine_is_served_somewhere_and_in_the_way_of_nothing(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, str], told: str
) -> None:
    for name, value in ({"WEBAPP_URL": "https://bot.example.org/spine"} | more).items():
        monkeypatch.setenv(name, value)
    assert told in refusal()


# Where data lie.


def test_without_a_home_folder_it_is_said_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(_number: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    settings = read_settings()
    with pytest.raises(SettingsError, match="HOME: no home folder is known for this user; set XDG_DATA_HOME"):
        _ = settings.database
    monkeypatch.setenv("DATABASE_URL", "sqlite:////folder/cases.db")
    assert read_settings().database == "sqlite:////folder/cases.db"


def test_a_data_folder_is_taken_as_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "why? 100%"))
    assert read_settings().database == folder / "why? 100%" / "spinemets/playground/spinemets.db"
