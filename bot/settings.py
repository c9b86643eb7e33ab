"""The settings: read once from the environment and `.env`, every fault named together."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

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
    if value and not value.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return value


class Settings(BaseSettings):
    """Every setting of spinemets. Each is described in `.env.example`."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    bot_token: Annotated[SecretStr | None, AfterValidator(_token)] = None
    bot_api_url: Annotated[str, AfterValidator(_server)] = TELEGRAM
    database_url: Annotated[str, AfterValidator(_database)] = ""
    log_level: LogLevel = LogLevel.info
    playground_port: Annotated[int, Field(ge=1, le=65535)] = 8080

    @property
    def data_folder(self) -> Path:
        """Where data lie: the user's data folder, `$XDG_DATA_HOME/spinemets`."""
        return user_data_path("spinemets")

    def database(self, name: str) -> str:
        """Give the database to use: the one that is set, else a SQLite file of that name in the data folder."""
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
            f"{str(fault['loc'][0]).upper()}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False, include_input=False)
        ]
    except (UnicodeDecodeError, OSError) as error:
        faults = [f".env cannot be read: {type(error).__name__}"]
    raise SettingsFault(faults)
