"""`spinemets setup`: walks through a first installation, question by question; nothing is written before the last."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError, create_model
from telegram.error import InvalidToken, TelegramError

from bot.env_file import EnvFileFault, read_env_file
from bot.settings import TELEGRAM, Settings
from bot.setup.env_writer import HEAD, ValueNotKept, merged, write_env
from bot.telegram.client import TelegramBot

SECRET_BYTES: Final = 32

BOTFATHER: Final = """\
A bot has a token, which @BotFather on Telegram gives you:
  1. Open https://t.me/BotFather and tap Start.
  2. Write /newbot, then a name such as "Spine board", then a user name that ends in "bot".
  3. Copy the token, which looks like 123456:ABC-def. If you have a bot already: /token.
Then, if you like: /setinline lets people look cases up in any chat. Leave /setprivacy enabled."""

YES: Final = ("y", "yes")
NO: Final = ("n", "no")


class SetupTerminal(NamedTuple):
    """How questions are asked: both raise EOFError where nobody answers any more."""

    say: Callable[[str], None]
    ask: Callable[[str], str]
    ask_hidden: Callable[[str], str]


class SetupEnded(Exception):
    """The person does not want to go on; nothing was written."""


TryToken = Callable[[str, str], str]


def try_token(token: str, server: str) -> str:
    """Return what the bot of a token is called.

    Raises:
        TelegramError: where Telegram refuses the token, or cannot be reached.
    """
    # The loop runs for this alone: in one that ran all the time, Ctrl-C would end no question.
    return asyncio.run(_username(token, server))


async def _username(token: str, server: str) -> str:
    bot = TelegramBot(token, server)
    try:
        await bot.initialize()
        return bot.username or ""
    finally:
        await bot.shutdown()


class SetupWizard:
    """Asks, and writes `.env` in the end."""

    def __init__(
        self,
        terminal: SetupTerminal,
        path: Path,
        environment: Mapping[str, str],
        try_token: TryToken = try_token,
    ) -> None:
        """Store the terminal, where `.env` lies, the environment, and what tries a token."""
        self._terminal = terminal
        self._path = path
        self._server = environment.get("BOT_API_URL") or TELEGRAM
        self._environment = environment
        self._try_token = try_token
        self._values: dict[str, str] = {}

    def run(self) -> None:
        """Ask everything, then write.

        Raises:
            SetupEnded: where the person ends it.
            EOFError: where nobody answers any more.
            OSError: where `.env` cannot be written.
        """
        say = self._terminal.say
        say("This writes .env in this folder, once you have answered everything. Ctrl-C ends it without a change.")
        text = self._former()
        self._token()
        self._database()
        self._delivery()
        self._access()
        for name in sorted({*self._values} & {name.upper() for name in self._environment}):
            say(f"Note: {name} is set in the environment too, which comes before .env.")
        if not self._yes("Write .env now?", default=True):
            raise SetupEnded
        try:
            former = write_env(self._path, merged(text, self._values), self._values)
        except ValueNotKept as fault:
            say(f"Nothing was written. {fault}")
            raise SetupEnded from None
        say(f"{self._path} is written, for your user alone.{f' The former one is {former}.' if former else ''}")

    def _former(self) -> str:
        """Return the text that the answers go into: that of a `.env` that is kept, or a new one."""
        if not self._path.exists():
            return HEAD
        try:
            entries = read_env_file(self._path, [name.upper() for name in Settings.model_fields])
        except EnvFileFault as fault:
            self._terminal.say(f"There is a .env that cannot be used: {fault}")
            if not self._yes("Write a new one, and keep this one beside it?", default=False):
                raise SetupEnded from None
            return HEAD
        self._terminal.say("There is a .env already. Either way it is kept beside the new one.")
        choice = self._choice("Change only what you answer (c), write a new one (n), or quit (q)?", "c", "cnq")
        if choice == "q":
            raise SetupEnded
        if choice == "n":
            return HEAD
        if "BOT_API_URL" in entries and not self._environment.get("BOT_API_URL"):
            self._server = entries["BOT_API_URL"].value or TELEGRAM
        return self._path.read_text("utf-8-sig")

    def _token(self) -> None:
        """Ask for the token until Telegram knows it, or cannot be asked."""
        self._terminal.say(BOTFATHER)
        while True:
            token = self._terminal.ask_hidden("Token (it is not shown): ").strip()
            if fault := _fault("bot_token", token) or ("" if token else "is empty"):
                self._terminal.say(f"That {fault}.")
                continue
            try:
                name = self._try_token(token, self._server)
            except InvalidToken:
                self._terminal.say("Telegram does not know this token. Copy it again: all of it, and nothing else.")
                continue
            except TelegramError:
                self._terminal.say(f"{self._server} cannot be reached now, so the token could not be tried.")
                if not self._yes("Use it all the same?", default=False):
                    continue
            else:
                self._terminal.say(f"That is @{name}.")
            self._values["BOT_TOKEN"] = token
            return

    def _database(self) -> None:
        self._terminal.say("Cases are kept in a file in your data folder, or in a database that you name:")
        self._terminal.say("  sqlite:////srv/spinemets/cases.db   or   postgresql://user:password@host/name")
        self._values["DATABASE_URL"] = self._setting("DATABASE_URL", "Database (Enter: a file in the data folder)")

    def _delivery(self) -> None:
        """Ask how updates come; a webhook needs an address, a place to listen, and a secret, which is made up."""
        self._terminal.say(
            "The bot can poll Telegram, which needs no open port; or Telegram delivers to an address of"
        )
        self._terminal.say("yours (a webhook), which needs https and a reverse proxy.")
        if self._choice("Poll (p) or webhook (w)?", "p", "pw") == "p":
            self._values |= {"WEBHOOK_URL": "", "WEBHOOK_SECRET": ""}
            return
        self._values["WEBHOOK_URL"] = self._setting("WEBHOOK_URL", "Its whole address", required=True)
        listen = self._setting("HTTP_LISTEN", "Where the bot listens for the proxy (Enter: 127.0.0.1:8081)")
        self._values["HTTP_LISTEN"] = listen or "127.0.0.1:8081"
        self._values["WEBHOOK_SECRET"] = secrets.token_urlsafe(SECRET_BYTES)

    def _access(self) -> None:
        self._terminal.say("Nobody may use the bot until you send it the code that its start or `spinemets pair`")
        self._terminal.say(
            "prints; then you admit others in the chat. You can list user IDs now too, or let everybody in."
        )
        choice = self._choice("By code (c), by a list (l), or open to everybody (o)?", "c", "clo")
        self._values["ACCESS"] = "open" if choice == "o" else ""
        if choice == "l":
            asked = "IDs of users, separated by commas"
            self._values["ALLOWED_USERS"] = self._setting("ALLOWED_USERS", asked, required=True)

    def _setting(self, name: str, question: str, *, required: bool = False) -> str:
        """Ask for a setting until it can be used."""
        while True:
            value = self._terminal.ask(f"{question}: ").strip()
            fault = _fault(name.lower(), value) if value else "is empty" if required else ""
            if not fault:
                return value
            self._terminal.say(f"That {fault}.")

    def _choice(self, question: str, default: str, letters: str) -> str:
        """Ask for one of some letters; Enter is the first that is offered."""
        while True:
            said = self._terminal.ask(f"{question} [{default}] ").strip().lower()[:1] or default
            if said in letters:
                return said
            self._terminal.say(f"Please answer {', '.join(letters[:-1])} or {letters[-1]}.")

    def _yes(self, question: str, *, default: bool) -> bool:
        while True:
            said = self._terminal.ask(f"{question} [{'Y/n' if default else 'y/N'}] ").strip().lower()
            if said in (*YES, *NO, ""):
                return said in YES if said else default
            self._terminal.say("Please answer y or n.")


def _fault(name: str, value: str) -> str:
    """Return why a setting cannot have a value, in one line; empty where it can."""
    field: Any = Settings.model_fields[name]
    answer: Any = create_model("_Answer", value=(field.annotation, field))
    try:
        answer.model_validate({"value": value})
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
    return ""
