"""The settings: read once from the environment and `.env`, every fault named together."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_DATABASE: Final = re.compile(r"sqlite:///.|postgresql://.")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LISTEN: Final = re.compile(r"[A-Za-z0-9.:\[\]-]+:[0-9]{1,5}")
_ID: Final = re.compile(r"-?[0-9]{1,18}")
_TOKEN: Final = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")

TELEGRAM: Final = "https://api.telegram.org"


class SettingsFault(Exception):
    """Settings that cannot be used; each fault on a line, no value repeated that may be secret."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults."""
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


def _server(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"must be a scheme, a host and a port, such as {TELEGRAM} or http://127.0.0.1:8080")
    return value.rstrip("/")


def _database(value: str) -> str:
    if value and not _DATABASE.match(value):
        raise ValueError(
            "must be sqlite:///file.db, sqlite:////folder/file.db or postgresql://user:password@host/name"
        )
    return value


def _hook(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname or len(parts.path) < len("/x")):
        raise ValueError("must be the whole address that Telegram delivers to, such as https://bot.example.org/hook")
    return value


def _secret(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("must be 1 to 256 of A-Z, a-z, 0-9, _ and -")
    return value


def _listen(value: str) -> str:
    if value and not _LISTEN.fullmatch(value):
        raise ValueError("must be a host and a port, such as 127.0.0.1:8081")
    return value


def _ids(value: object) -> object:
    """Read numbers separated by commas."""
    if not isinstance(value, str):
        return value
    numbers = [part.strip() for part in value.split(",") if part.strip()]
    if not all(_ID.fullmatch(number) for number in numbers):
        raise ValueError("must be whole numbers, separated by commas")
    return frozenset(map(int, numbers))


Ids = Annotated[frozenset[int], NoDecode, BeforeValidator(_ids)]


class Settings(BaseSettings):
    """Every setting of spinemets. Each is described in `.env.example`."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    bot_token: Annotated[SecretStr | None, AfterValidator(_token)] = None
    bot_api_url: Annotated[str, AfterValidator(_server)] = TELEGRAM
    database_url: Annotated[str, AfterValidator(_database)] = ""
    log_level: LogLevel = LogLevel.info
    playground_port: Annotated[int, Field(ge=1, le=65535)] = 8080

    access: Access | None = None
    allowed_users: Ids = frozenset()
    allowed_chats: Ids = frozenset()
    case_rest_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 48
    case_keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    webhook_url: Annotated[str, AfterValidator(_hook)] = ""
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] = SecretStr("")
    http_listen: Annotated[str, AfterValidator(_listen)] = ""

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        """Refuse settings that make no sense together."""
        if self.webhook_url and not (self.webhook_secret.get_secret_value() and self.http_listen):
            raise ValueError("WEBHOOK_URL needs WEBHOOK_SECRET and HTTP_LISTEN as well")
        if self.access is Access.listed and not (self.allowed_users or self.allowed_chats):
            raise ValueError("ACCESS=listed needs ALLOWED_USERS or ALLOWED_CHATS as well")
        return self

    @property
    def is_open(self) -> bool:
        """Whether everybody may use the bot: unless it is said, as long as nobody is listed."""
        return self.access is Access.open or (self.access is None and not (self.allowed_users or self.allowed_chats))

    @property
    def data_folder(self) -> Path:
        """Where data lie: the user's data folder, `$XDG_DATA_HOME/spinemets`."""
        return user_data_path("spinemets")

    @property
    def database(self) -> str:
        """The database to use: the one that is set, else a SQLite file in the data folder, one for the playground."""
        name = "spinemets.db" if self.bot_token else "playground/spinemets.db"
        return self.database_url or f"sqlite:///{self.data_folder / name}"


def read_settings() -> Settings:
    """Read the settings.

    Raises:
        SettingsFault: naming every setting that cannot be used, and what is allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            "".join(f"{part}: ".upper() for part in fault["loc"][:1]) + fault["msg"].removeprefix("Value error, ")
            for fault in error.errors(include_url=False, include_input=False)
        ]
    except (UnicodeDecodeError, OSError) as error:
        faults = [f".env cannot be read: {type(error).__name__}"]
    raise SettingsFault(faults)
