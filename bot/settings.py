"""The settings: read once from the environment and `.env`, every fault named together with where it stands."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import SplitResult, urlsplit

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from bot.env_file import Entry, EnvFileFault, read_env_file
from bot.site_file import read_site
from bot.storage.database_url import check_database_url
from flows.catalog.site import NO_SITE, Site
from flows.errors import SiteFileError

ENV_FILE: Final = Path(".env")

_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LISTEN: Final = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
_ID: Final = re.compile(r"-?[0-9]{1,18}")
_TOKEN: Final = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_LAST_PORT: Final = 65535

SERVED: Final = ("/healthz", "/readyz", "/metrics")
"""What HTTP_LISTEN serves besides the webhook and the page of the spine."""

ELSEWHERE: Final = "set XDG_DATA_HOME to a folder for data, or DATABASE_URL"

TELEGRAM: Final = "https://api.telegram.org"

PLAYGROUND_BOT: Final = 1_000_000_001
"""The number of the playground's bot: the same in every run, so that its database stays its own."""


class SettingsError(Exception):
    """Settings that cannot be used; each fault on a line, no value repeated that may be secret."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults, each one line."""
        self.faults = faults
        super().__init__("settings that cannot be used (environment or .env):\n" + "\n".join(f"  {f}" for f in faults))


class LogLevel(StrEnum):
    """How much is logged."""

    debug = "debug"
    info = "info"
    warning = "warning"
    error = "error"


class Access(StrEnum):
    """Who may use the bot."""

    open = "open"
    listed = "listed"


def _token(value: SecretStr | None) -> SecretStr | None:
    token = value.get_secret_value().strip() if value else ""
    if token and not _TOKEN.fullmatch(token):
        raise ValueError("is not of the form 123456:letters-and-digits that @BotFather gives")
    return SecretStr(token) if token else None


def _address(value: str) -> SplitResult | None:
    """Return the parts of an address on the web; None if it is not one, or bears more than an address."""
    try:
        parts = urlsplit(value)
        fine = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # half a bracket, a port that is not a number or out of range
        return None
    more = "@" in parts.netloc or re.search(r"[\s#]", value)
    return parts if fine and not more else None


def _server(value: str) -> str:
    parts = _address(value)
    if not parts or parts.path.strip("/") or "?" in value:
        raise ValueError(f"must be a scheme, a host and a port, such as {TELEGRAM} or http://127.0.0.1:8080")
    return value.rstrip("/")


def _database(value: str) -> str:
    return check_database_url(value) if value else value


def _hook(value: str) -> str:
    parts = _address(value)
    if value and (not parts or len(parts.path) < len("/x")):
        raise ValueError("must be the whole address that Telegram delivers to, such as https://bot.example.org/hook")
    return value


def _page(value: str) -> str:
    parts = _address(value)
    if value and (not parts or parts.scheme != "https" or len(parts.path) < len("/x") or "?" in value):
        raise ValueError("must be the https address of the page of the spine, such as https://bot.example.org/spine")
    return value


def _secret(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("must be 1 to 256 of A-Z, a-z, 0-9, _ and -")
    return value


def listen_address(value: str) -> tuple[str, int]:
    """Return the host and the port of `host:port`.

    Raises:
        ValueError: if it is not that.
    """
    found = _LISTEN.fullmatch(value)
    if not found or not 1 <= int(found["port"]) <= _LAST_PORT:
        raise ValueError("must be a host and a port, such as 127.0.0.1:8081 or [::1]:8081")
    return found["host"].strip("[]"), int(found["port"])


def _listen(value: str) -> str:
    if value:
        listen_address(value)
    return value


def _ids(value: object) -> object:
    """Read numbers separated by commas."""
    if not isinstance(value, str):
        return value
    numbers = [part.strip() for part in value.split(",") if part.strip()]
    if not all(_ID.fullmatch(number) for number in numbers):
        raise ValueError("must be whole numbers, separated by commas")
    return frozenset(map(int, numbers))


Ids = Annotated[frozenset[int], BeforeValidator(_ids)]


class Settings(BaseModel):
    """Every setting of spinemets. Each is described in `.env.example`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bot_token: Annotated[SecretStr | None, AfterValidator(_token)] = None
    bot_api_url: Annotated[str, AfterValidator(_server)] = TELEGRAM
    database_url: Annotated[str, AfterValidator(_database)] = ""
    log_level: LogLevel = LogLevel.info
    playground_port: Annotated[int, Field(ge=1, le=_LAST_PORT)] = 8080

    access: Access | None = None
    allowed_users: Ids = frozenset()
    allowed_chats: Ids = frozenset()
    site_file: str = ""
    case_rest_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 48
    case_keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    webhook_url: Annotated[str, AfterValidator(_hook)] = ""
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] = SecretStr("")
    http_listen: Annotated[str, AfterValidator(_listen)] = ""
    webapp_url: Annotated[str, AfterValidator(_page)] = ""

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Leave out what is empty, so that its default holds."""
        plain = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in plain.items() if value != ""}

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        """Refuse settings that make no sense together."""
        if self.webhook_url and not (self.webhook_secret.get_secret_value() and self.http_listen):
            raise ValueError("WEBHOOK_URL needs WEBHOOK_SECRET and HTTP_LISTEN as well")
        if self.webapp_url and not self.http_listen:
            raise ValueError("WEBAPP_URL needs HTTP_LISTEN as well")
        if self.webapp_url and urlsplit(self.webapp_url).path in {*SERVED, urlsplit(self.webhook_url).path}:
            raise ValueError("WEBAPP_URL needs a path of its own, such as /spine")
        return self

    @property
    def is_open(self) -> bool:
        """Whether everybody may use the bot: only if it is said, or in the playground."""
        return self.access is Access.open or self.bot_token is None

    @property
    def is_listed(self) -> bool:
        """Whether the settings list who may use the bot; those whom administrators admit come on top."""
        return bool(self.allowed_users or self.allowed_chats)

    @property
    def bot_id(self) -> str:
        """The number of the bot, which its token begins with; that of the playground's bot without one."""
        return self.bot_token.get_secret_value().partition(":")[0] if self.bot_token else str(PLAYGROUND_BOT)

    @property
    def data_folder(self) -> Path:
        """Where data lie: the user's data folder, `$XDG_DATA_HOME/spinemets`.

        Raises:
            SettingsError: if the user has no home folder.
        """
        try:
            return user_data_path("spinemets")
        except RuntimeError:
            raise SettingsError([f"HOME: no home folder is known for this user; {ELSEWHERE}"]) from None

    @property
    def database(self) -> str | Path:
        """The database to use: the one that is set, else a SQLite file in the data folder, one for the playground."""
        name = "spinemets.db" if self.bot_token else "playground/spinemets.db"
        return self.database_url or self.data_folder / name

    @property
    def site(self) -> Site:
        """What the hospital says in its own file; nothing where none is set.

        Raises:
            SettingsError: if the file cannot be read or used; every fault is named with its place.
        """
        try:
            return read_site(Path(self.site_file)) if self.site_file else NO_SITE
        except SiteFileError as error:
            raise SettingsError([f"SITE_FILE: {fault}" for fault in error.faults]) from None


def read_settings() -> Settings:
    """Read the settings: the environment first, then `.env`.

    Raises:
        SettingsError: naming every setting that cannot be used, where it stands, and what is allowed.
    """
    try:
        entries = {name.lower(): entry.value for name, entry in _env_file().items()}
        return Settings.model_validate(entries | {name.lower(): value for name, value in os.environ.items()})
    except EnvFileFault as fault:
        raise SettingsError(list(fault.faults)) from None
    except ValidationError as error:
        raise SettingsError([_told(fault) for fault in error.errors(include_url=False, include_input=False)]) from None


def _env_file() -> dict[str, Entry]:
    return read_env_file(ENV_FILE, [name.upper() for name in Settings.model_fields])


def _told(fault: ErrorDetails) -> str:
    """Return what is wrong with a setting in one line."""
    why = fault["msg"].removeprefix("Value error, ")
    return "".join(f"{str(name).upper()}: {why} ({_where(str(name))})" for name in fault["loc"][:1]) or why


def _where(setting: str) -> str:
    """Return where a setting stands: the environment comes first."""
    if setting in map(str.lower, os.environ):
        return "in the environment"
    lines = {name.lower(): entry.line for name, entry in _env_file().items()}
    return f"line {lines[setting]} of {ENV_FILE}"
