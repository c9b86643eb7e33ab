"""Setting up at a terminal: questions that are asked until the answer can be used, and a `.env` that is whole."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Final

import pytest
from commands import CLEAN
from local_bot_api import TOKEN, running_playground
from pydantic import SecretStr
from telegram.error import InvalidToken, NetworkError

from bot.env_file import read_env_file
from bot.settings import Settings, SettingsError
from bot.setup.env_writer import ValueNotKept, merged, write_env
from bot.setup.pair import begin_pairing
from bot.setup.wizard import SetupEnded, SetupTerminal, SetupWizard
from bot.storage.factory import create_storage

GOOD: Final = "42:abc"
SHORT: Final = (GOOD, "", "p", "c", "y")


class Person:
    """Somebody at the terminal, who answers in order and then goes away."""

    def __init__(self, *answers: str | BaseException) -> None:
        self.answers: Iterator[str | BaseException] = iter(answers)
        self.read: list[str] = []

    def answer(self, question: str) -> str:
        self.read.append(question)
        said = next(self.answers, EOFError())
        if isinstance(said, BaseException):
            raise said
        return said

    @property
    def told(self) -> str:
        return "\n".join(self.read)


def known(token: str, _server: str) -> str:
    if token != GOOD:
        raise InvalidToken("no")
    return "spine_bot"


def away(_token: str, _server: str) -> str:
    raise NetworkError("away")


def sets_up(
    folder: Path, *answers: str | BaseException, tried: object = known, env: dict[str, str] | None = None
) -> Person:
    person = Person(*answers)
    terminal = SetupTerminal(person.read.append, person.answer, person.answer)
    SetupWizard(terminal, folder / ".env", env or {}, tried).run()  # type: ignore[arg-type] # one of the two
    return person


def kept(folder: Path) -> dict[str, str]:
    return {name: entry.value for name, entry in read_env_file(folder / ".env", []).items() if entry.value}


def test_a_first_installation_needs_a_token_and_four_times_enter(tmp_path: Path) -> None:
    person = sets_up(tmp_path, GOOD, "", "", "", "")
    assert kept(tmp_path) == {"BOT_TOKEN": GOOD}
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert "@BotFather" in person.told
    assert "@spine_bot" in person.told
    assert GOOD not in person.told
    assert [file.name for file in tmp_path.iterdir()] == [".env"]


def test_a_webhook_is_asked_for_what_it_needs_and_gets_a_secret(tmp_path: Path) -> None:
    sets_up(tmp_path, GOOD, "postgresql://u:p%40x@db/s", "w", "https://bot.example.org/hook", "", "l", "1,2", "y")
    written = kept(tmp_path)
    assert len(written.pop("WEBHOOK_SECRET")) > 30
    assert written == {
        "BOT_TOKEN": GOOD,
        "DATABASE_URL": "postgresql://u:p%40x@db/s",
        "WEBHOOK_URL": "https://bot.example.org/hook",
        "HTTP_LISTEN": "127.0.0.1:8081",
        "ALLOWED_USERS": "1,2",
    }


def test_an_answer_that_cannot_be_used_is_asked_again_with_the_reason(tmp_path: Path) -> None:
    bad = (
        "",
        "my token",
        "43:revoked",
        GOOD,
        "mysql://x",
        "",
        "x",
        "w",
        "example.org",
        "",
        "https://b.org/h",
        "nowhere",
    )
    person = sets_up(tmp_path, *bad, "0.0.0.0:80", "l", "", "1;2", "7", "maybe", "y")
    for reason in ("is empty", "@BotFather gives", "does not know this token", "sqlite:", "Please answer p or w"):
        assert reason in person.told
    for reason in ("the whole address", "a host and a port", "separated by commas", "Please answer y or n"):
        assert reason in person.told
    assert kept(tmp_path)["ALLOWED_USERS"] == "7"


def test_where_telegram_cannot_be_reached_the_person_decides(tmp_path: Path) -> None:
    person = sets_up(tmp_path, GOOD, "n", GOOD, "y", "", "", "", "", tried=away)
    assert "cannot be reached" in person.told
    assert kept(tmp_path) == {"BOT_TOKEN": GOOD}


@pytest.mark.parametrize("end", [EOFError(), KeyboardInterrupt()])
@pytest.mark.parametrize("before", range(len(SHORT)))
@pytest.mark.parametrize("former", ["", "LOG_LEVEL=debug\n"])
def test_who_goes_away_at_any_question_leaves_everything_as_it_was(
    tmp_path: Path, former: str, before: int, end: BaseException
) -> None:
    (tmp_path / ".env").write_text(former)
    with pytest.raises(type(end)):
        sets_up(tmp_path, "c", *SHORT[:before], end)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(".env", former)]


def test_what_stood_in_the_file_stays_or_goes_as_the_person_says_and_is_kept_either_way(tmp_path: Path) -> None:
    former = "# ours\nexport LOG_LEVEL=debug\nBOT_TOKEN='1:old'\nACCESS=open\nBOT_TOKEN=2:older\n"
    (tmp_path / ".env").write_text(former)
    sets_up(tmp_path, "c", *SHORT)
    assert kept(tmp_path) == {"LOG_LEVEL": "debug", "BOT_TOKEN": GOOD}
    assert (tmp_path / ".env").read_text().startswith("# ours\nexport LOG_LEVEL=debug\nBOT_TOKEN=42:abc\n")
    assert (tmp_path / ".env.before-1").read_text() == former
    assert (tmp_path / ".env.before-1").stat().st_mode & 0o777 == 0o600
    sets_up(tmp_path, "n", *SHORT)
    assert kept(tmp_path) == {"BOT_TOKEN": GOOD}
    assert (tmp_path / ".env.before-2").exists()
    for ending in (("q",), ("c", *SHORT[:-1], "n")):
        with pytest.raises(SetupEnded):
            sets_up(tmp_path, *ending)
    assert not (tmp_path / ".env.before-3").exists()


def test_a_file_that_cannot_be_used_is_only_replaced_and_never_changed(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOT_TOKEN: x\n")
    with pytest.raises(SetupEnded):
        sets_up(tmp_path, "n")
    person = sets_up(tmp_path, "y", *SHORT)
    assert "line 1" in person.told
    assert kept(tmp_path) == {"BOT_TOKEN": GOOD}
    assert (tmp_path / ".env.before-1").read_text() == "BOT_TOKEN: x\n"


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("LOG_LEVEL=debug\n")
    (tmp_path / ".env").symlink_to("real")
    sets_up(tmp_path, "c", *SHORT)
    assert (tmp_path / ".env").is_symlink()
    assert "BOT_TOKEN=42:abc" in (tmp_path / "real").read_text()


@pytest.mark.parametrize("value", ["a b", "it's", "x#y", 'say "x"', "back\\slash", "ü", "${HOME}"])
def test_a_value_is_read_back_as_it_was_given_or_not_written(tmp_path: Path, value: str) -> None:
    path = tmp_path / ".env"
    path.write_text("")
    try:
        write_env(path, merged("", {"SITE_FILE": value}), {"SITE_FILE": value})
    except ValueNotKept:
        assert "$" in value
        assert path.read_text() == ""
    else:
        assert read_env_file(path, [])["SITE_FILE"].value == value


@pytest.mark.parametrize(("choice", "asked"), [("c", "http://127.0.0.1:9"), ("n", "https://api.telegram.org")])
def test_the_token_is_tried_at_the_server_that_the_bot_will_ask(tmp_path: Path, choice: str, asked: str) -> None:
    servers: list[str] = []
    (tmp_path / ".env").write_text("BOT_API_URL=http://127.0.0.1:9\n")

    def tried(token: str, server: str) -> str:
        servers.append(server)
        return known(token, server)

    sets_up(tmp_path, choice, *SHORT, tried=tried)
    assert servers == [asked]


def test_that_the_environment_comes_first_is_said(tmp_path: Path) -> None:
    assert "BOT_TOKEN is set in the environment" in sets_up(tmp_path, *SHORT, env={"BOT_TOKEN": "1:x"}).told


def typed(folder: Path, env: dict[str, str], answers: tuple[tuple[str, str], ...]) -> tuple[str, int]:
    """Run the command on a terminal of its own, answer each question as it comes; give its screen and its status."""
    screen, keyboard = pty.openpty()
    words = ["setsid", "--ctty", "--wait", sys.executable, "-m", "bot", "setup"]
    command = Popen(words, cwd=folder, env=env, stdin=keyboard, stdout=keyboard, stderr=keyboard)
    os.close(keyboard)
    shown, left, asked_from, end = "", list(answers), 0, time.monotonic() + 200
    while time.monotonic() < end and select.select([screen], [], [], 100)[0]:
        try:
            shown += os.read(screen, 4096).decode()
        except OSError:  # the command has ended
            break
        if left and left[0][0] in shown[asked_from:]:
            asked_from = len(shown)
            os.write(screen, left.pop(0)[1].encode() + b"\n")
    os.close(screen)
    return shown, command.wait(60)


async def test_the_command_itself_hides_the_token_writes_and_ends_as_doctor_does(tmp_path: Path) -> None:
    async with running_playground(token=TOKEN) as play:
        env = CLEAN | {"BOT_API_URL": play.url, "XDG_DATA_HOME": str(tmp_path)}
        questions = (("shown): ", TOKEN), ("folder): ", ""), ("(w)?", "p"), ("(o)?", "c"), ("Write .env now?", "y"))
        shown, status = await asyncio.to_thread(typed, tmp_path, env, questions)
    assert TOKEN not in shown
    assert "well   token" in shown
    assert status in (0, 1), "that of doctor"
    assert kept(tmp_path) == {"BOT_TOKEN": TOKEN}


def settings_for(folder: Path, server: str, token: str | None = TOKEN) -> Settings:
    return Settings(
        bot_token=SecretStr(token) if token else None, bot_api_url=server, database_url=f"sqlite:///{folder}/pair.db"
    )


async def test_a_code_with_its_link_is_printed_beside_a_running_server_and_without_one_the_code_alone(
    tmp_path: Path,
) -> None:
    async with running_playground(token=TOKEN) as play:
        linked = "\n".join(await begin_pairing(settings_for(tmp_path, play.url)))
        assert "https://t.me/spinemets_bot?start=" in linked
    alone = "\n".join(await begin_pairing(settings_for(tmp_path, "http://127.0.0.1:1")))
    assert "https://t.me/" not in alone
    store = create_storage(f"sqlite:///{tmp_path}/pair.db")
    assert len(await store.transact(lambda uow: uow.pairing_codes(0.0))) == 2
    await store.close()


async def test_no_code_is_made_without_a_token_or_in_the_database_of_another_bot(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BOT_TOKEN"):
        await begin_pairing(settings_for(tmp_path, "http://127.0.0.1:1", None))
    await begin_pairing(settings_for(tmp_path, "http://127.0.0.1:1"))
    other = TOKEN.replace(TOKEN.partition(":")[0], "987654")
    with pytest.raises(SettingsError, match="belongs to another bot"):
        await begin_pairing(settings_for(tmp_path, "http://127.0.0.1:1", other))
